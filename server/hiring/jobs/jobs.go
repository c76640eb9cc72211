// Package jobs manages jobs and their members.
//
// A change of a job and its audit entry commit together. Every change locks the job's row first, so that of two
// concurrent changes the second is decided on the result of the first.
package jobs

import (
	"context"
	"errors"

	"github.com/google/uuid"

	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/gen/db"
	"github.com/ai-interviewer-platform/interviewer/server/access"
	"github.com/ai-interviewer-platform/interviewer/server/compliance/audit"
	"github.com/ai-interviewer-platform/interviewer/server/edge/etag"
	"github.com/ai-interviewer-platform/interviewer/server/hiring/lifecycle"
	"github.com/ai-interviewer-platform/interviewer/server/platform/fault"
	"github.com/ai-interviewer-platform/interviewer/server/platform/optional"
	"github.com/ai-interviewer-platform/interviewer/server/platform/postgres"
	"github.com/ai-interviewer-platform/interviewer/server/service"
)

// Jobs implements the operations of the tag jobs.
type Jobs struct{ service.Deps }

// New returns an error that names every missing dependency.
func New(deps service.Deps) (*Jobs, error) {
	if err := service.Check("jobs", deps); err != nil {
		return nil, err
	}
	return &Jobs{deps}, nil
}

// GetJob returns a job that is visible to the actor.
func (j *Jobs) GetJob(
	ctx context.Context, call service.Call, request api.GetJobRequestObject,
) (api.GetJobResponseObject, error) {
	actor := call.Actor
	row, err := j.get(ctx, actor, request.JobID)
	if err != nil {
		return nil, err
	}
	return api.GetJob200JSONResponse{JobJSONResponse: jobResponse(actor, row)}, nil
}

// CreateJob creates a job in its initial state.
func (j *Jobs) CreateJob(
	ctx context.Context, call service.Call, request api.CreateJobRequestObject,
) (api.CreateJobResponseObject, error) {
	actor := call.Actor
	row := newJob(*request.Body, actor.CompanyID)
	if err := checkText(row.Title, row.Department, row.Location, row.Description); err != nil {
		return nil, err
	}
	row.ID, row.Now = j.Clock.ID(), j.Clock.Now()
	response, err := service.Commit(ctx, j.Store, call, func(tx *postgres.Tx) (api.CreateJobResponseObject, error) {
		var created db.Job
		var err error
		if created, err = tx.InsertJob(ctx, row); err != nil {
			return nil, err
		}
		err = j.record(ctx, tx, actor, audit.JobCreated, row.ID, audit.Diff(emptyAttributes(), attributes(created)))
		if err != nil {
			return nil, err
		}
		response := jobResponse(actor, created)
		return api.CreateJob201JSONResponse{
			Body: response.Body,
			Headers: api.CreateJob201ResponseHeaders{
				ETag: response.Headers.ETag, Location: "/api/v1/jobs/" + created.ID.String(),
			},
		}, nil
	})
	return response, j.nameConflict(ctx, actor, row.ExternalID, err)
}

// UpdateJob applies a merge patch to the fields of a job. A patch that changes nothing writes nothing: version, ETag
// and updated_at stay the same.
func (j *Jobs) UpdateJob(
	ctx context.Context, call service.Call, request api.UpdateJobRequestObject,
) (api.UpdateJobResponseObject, error) {
	actor := call.Actor
	response, err := service.Commit(ctx, j.Store, call, func(tx *postgres.Tx) (api.UpdateJobResponseObject, error) {
		row, err := lock(ctx, tx, actor, request.JobID)
		if err != nil {
			return nil, err
		}
		_, err = lifecycle.Job().Decide(row.Status, api.JobActionUpdate, lifecycle.RelationOf(actor, false), nil)
		if err := etag.If(request.Params.IfMatch).Before(row.Version, err); err != nil {
			return nil, err
		}
		saved, err := j.save(ctx, tx, actor, row, applyPatch(row, *request.Body))
		return api.UpdateJob200JSONResponse{JobJSONResponse: jobResponse(actor, saved)}, err
	})
	return response, j.nameConflict(ctx, actor, optional.Patched(nil, request.Body.ExternalID), err)
}

// nameConflict adds the job that has an external_id to the fault ExternalIDTaken, if the actor can read it. It returns
// all other errors as they are.
func (j *Jobs) nameConflict(ctx context.Context, actor access.Actor, externalID *string, err error) error {
	var taken *fault.Fault
	if externalID == nil || !fault.Is(err, fault.ExternalIDTaken) || !errors.As(err, &taken) || !actor.Holds("jobs:read") {
		return err
	}
	other, lookup := j.Store.Of(actor.CompanyID).FindJob(ctx, db.FindJobParams{
		CompanyID: actor.CompanyID, ActorID: actor.ID, Reach: actor.Standing().Jobs.String(), ExternalID: *externalID,
	})
	if lookup == nil {
		return taken.ConflictsWith(audit.Job, other)
	}
	return err
}

// save writes the changed texts of a job, or nothing if none has changed.
func (j *Jobs) save(
	ctx context.Context, tx *postgres.Tx, actor access.Actor, row db.Job, change db.UpdateJobParams,
) (db.Job, error) {
	if !hasChanges(row, change) {
		return row, nil
	}
	if err := checkText(change.Title, change.Department, change.Location, change.Description); err != nil {
		return row, err
	}
	change.Now = j.Clock.Now()
	saved, err := tx.UpdateJob(ctx, change)
	if err != nil {
		return row, postgres.Guarded(err)
	}
	return saved, j.record(ctx, tx, actor, audit.JobUpdated, row.ID, audit.Diff(attributes(row), attributes(saved)))
}

// get reads a job that is visible to the actor.
func (j *Jobs) get(ctx context.Context, actor access.Actor, id uuid.UUID) (db.Job, error) {
	return j.Store.Of(actor.CompanyID).GetJob(ctx, db.GetJobParams{
		CompanyID: actor.CompanyID, ActorID: actor.ID, Reach: actor.Standing().Jobs.String(), ID: id,
	})
}

// lock reads a job that is visible to the actor and locks its row until the transaction ends.
func lock(ctx context.Context, tx *postgres.Tx, actor access.Actor, id uuid.UUID) (db.Job, error) {
	return tx.GetJobForUpdate(ctx, db.GetJobForUpdateParams{
		CompanyID: actor.CompanyID, ActorID: actor.ID, Reach: actor.Standing().Jobs.String(), ID: id,
	})
}

// record writes an audit entry about a job.
func (j *Jobs) record(
	ctx context.Context, tx *postgres.Tx, actor access.Actor, action audit.Action, id uuid.UUID, details audit.Details,
) error {
	return j.Audit.Record(ctx, tx, actor, audit.Entry{
		Action: action, Resource: audit.Job, ID: &id, Details: details,
	})
}
