// Package jobs looks after the positions that people are hired for: what they say, whether candidates may apply, and
// whose they are. It promises that a change of a job and its record stand together, and that of two requests at once
// the second decides on what the first has left.
package jobs

import (
	"context"

	"github.com/google/uuid"

	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/gen/db"
	"github.com/ai-interviewer-platform/interviewer/server/access"
	"github.com/ai-interviewer-platform/interviewer/server/compliance/audit"
	"github.com/ai-interviewer-platform/interviewer/server/edge/etag"
	"github.com/ai-interviewer-platform/interviewer/server/hiring/lifecycle"
	"github.com/ai-interviewer-platform/interviewer/server/hiring/visibility"
	"github.com/ai-interviewer-platform/interviewer/server/platform/postgres"
	"github.com/ai-interviewer-platform/interviewer/server/service"
)

// Jobs implements the operations of the tag jobs.
type Jobs struct{ service.Deps }

// New fails if a dependency is missing.
func New(deps service.Deps) (*Jobs, error) {
	if err := service.Check("jobs", deps); err != nil {
		return nil, err
	}
	return &Jobs{deps}, nil
}

// GetJob shows one job to those who may see it.
func (j *Jobs) GetJob(ctx context.Context, request api.GetJobRequestObject) (api.GetJobResponseObject, error) {
	row, err := j.see(ctx, request.JobID)
	if err != nil {
		return nil, err
	}
	shown := present(access.Of(ctx), row)
	return api.GetJob200JSONResponse{JobJSONResponse: shown}, nil
}

// CreateJob creates a job in the state in which jobs begin.
func (j *Jobs) CreateJob(ctx context.Context, request api.CreateJobRequestObject) (api.CreateJobResponseObject, error) {
	who := access.Of(ctx)
	row := newJob(*request.Body, who.CompanyID)
	if err := checkText(row.Title, row.Department, row.Location, row.Description); err != nil {
		return nil, err
	}
	row.ID, row.Now = j.Clock.ID(), j.Clock.Now()
	var created db.Job
	err := j.Store.InTx(ctx, who.CompanyID, func(tx *db.Queries) (err error) {
		if created, err = tx.InsertJob(ctx, row); err != nil {
			return err
		}
		return j.record(ctx, tx, audit.JobCreated, row.ID, audit.Diff(blank(), attributes(created)))
	})
	if err != nil {
		return nil, err
	}
	shown := present(who, created)
	return api.CreateJob201JSONResponse{
		Body: shown.Body,
		Headers: api.CreateJob201ResponseHeaders{
			ETag: shown.Headers.ETag, Location: "/api/v1/jobs/" + created.ID.String(),
		},
	}, nil
}

// UpdateJob changes what a job says; one that changes nothing leaves the row and its version alone.
func (j *Jobs) UpdateJob(ctx context.Context, request api.UpdateJobRequestObject) (api.UpdateJobResponseObject, error) {
	who, patch := access.Of(ctx), request.Body
	var saved db.Job
	err := j.Store.InTx(ctx, who.CompanyID, func(tx *db.Queries) error {
		row, err := tx.GetJobForUpdate(ctx, db.GetJobForUpdateParams{CompanyID: who.CompanyID, ID: request.JobID})
		if err != nil {
			return err
		}
		_, err = lifecycle.Job().Decide(row.Status, api.JobActionUpdate, standing(who), nil)
		if err := etag.If(request.Params.IfMatch).Before(row.Version, err); err != nil {
			return err
		}
		change := edit(row, *patch)
		if saved = row; !changes(row, change) {
			return nil
		}
		if err := checkText(change.Title, change.Department, change.Location, change.Description); err != nil {
			return err
		}
		change.Now = j.Clock.Now()
		if saved, err = tx.UpdateJob(ctx, change); err != nil {
			return postgres.Guarded(err)
		}
		return j.record(ctx, tx, audit.JobUpdated, row.ID, audit.Diff(attributes(row), attributes(saved)))
	})
	if err != nil {
		return nil, err
	}
	return api.UpdateJob200JSONResponse{JobJSONResponse: present(who, saved)}, nil
}

// see gives a job that the caller may see.
func (j *Jobs) see(ctx context.Context, id uuid.UUID) (db.Job, error) {
	who := access.Of(ctx)
	tenant := j.Store.Of(who.CompanyID)
	listed, err := j.listed(ctx, tenant, who)
	if err != nil {
		return db.Job{}, err
	}
	return tenant.GetJob(ctx, db.GetJobParams{
		CompanyID: who.CompanyID, ID: id, SeesAll: seesAll(who), Jobs: listed,
	})
}

// listed are the jobs that somebody sees who does not see all of them: those whose interviews they are on the panel of,
// and those that they are a member of.
func (j *Jobs) listed(ctx context.Context, tenant *db.Queries, who access.Actor) ([]uuid.UUID, error) {
	if seesAll(who) {
		return []uuid.UUID{}, nil
	}
	seen, err := visibility.Of(ctx, tenant, who)
	return append(seen.InterviewJobs, seen.MemberJobs...), err
}

// record writes what happened to a job.
func (j *Jobs) record(ctx context.Context, tx *db.Queries, action audit.Action, id uuid.UUID, details audit.Details) error {
	return j.Audit.Record(ctx, tx, access.Of(ctx).CompanyID, audit.Entry{
		Action: action, Resource: audit.Job, ID: &id, Details: details,
	})
}
