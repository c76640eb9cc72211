// Package applications moves candidates through the stages of a job. It promises that every move stands in the history
// with who made it and why, together with the application as it is after; that a candidate is considered for a job once
// at a time, and only an active candidate for an open job; and that of two moves at once the second is decided on what
// the first has left.
package applications

import (
	"context"

	"github.com/google/uuid"

	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/gen/db"
	"github.com/ai-interviewer-platform/interviewer/server/access"
	"github.com/ai-interviewer-platform/interviewer/server/compliance/audit"
	"github.com/ai-interviewer-platform/interviewer/server/hiring/visibility"
	"github.com/ai-interviewer-platform/interviewer/server/platform/fault"
	"github.com/ai-interviewer-platform/interviewer/server/service"
)

// Applications implements the operations of the tag applications.
type Applications struct{ service.Deps }

// New fails if a dependency is missing.
func New(deps service.Deps) (*Applications, error) {
	if err := service.Check("applications", deps); err != nil {
		return nil, err
	}
	return &Applications{deps}, nil
}

// GetApplication shows one application to those who may see it.
func (a *Applications) GetApplication(
	ctx context.Context, request api.GetApplicationRequestObject,
) (api.GetApplicationResponseObject, error) {
	row, seen, err := a.see(ctx, request.ApplicationID)
	if err != nil {
		return nil, err
	}
	shown := present(row, seen)
	return api.GetApplication200JSONResponse{ApplicationJSONResponse: shown}, nil
}

// see gives an application that the caller may see, and what else they may.
func (a *Applications) see(ctx context.Context, id uuid.UUID) (db.GetApplicationRow, visibility.Sight, error) {
	who := access.Of(ctx)
	tenant := a.Store.Of(who.CompanyID)
	seen, err := visibility.Of(ctx, tenant, who)
	if err != nil {
		return db.GetApplicationRow{}, seen, err
	}
	row, err := tenant.GetApplication(ctx, db.GetApplicationParams{
		CompanyID: who.CompanyID, ID: id, SeesAll: seen.All, Jobs: seen.Jobs, Applications: seen.Applications,
	})
	return row, seen, err
}

// CreateApplication brings a candidate and a job together.
func (a *Applications) CreateApplication(
	ctx context.Context, request api.CreateApplicationRequestObject,
) (api.CreateApplicationResponseObject, error) {
	who := access.Of(ctx)
	row := newApplication(*request.Body, who.CompanyID)
	row.ID, row.Now = a.Clock.ID(), a.Clock.Now()
	var shown api.ApplicationJSONResponse
	err := a.Store.InTx(ctx, who.CompanyID, func(tx *db.Queries) error {
		candidate, job, err := a.lockParties(ctx, tx, row)
		if err != nil {
			return err
		}
		seen, err := visibility.Of(ctx, tx, who)
		if err != nil {
			return err
		}
		if err := mayApply(candidate.Status, job.Status, seen.Standing(job.ID)); err != nil {
			return err
		}
		created, err := tx.InsertApplication(ctx, row)
		if err != nil {
			return err
		}
		err = tx.InsertApplicationMove(ctx, db.InsertApplicationMoveParams{
			CompanyID: row.CompanyID, ID: a.Clock.ID(), ApplicationID: row.ID, JobID: row.JobID, CandidateID: row.CandidateID,
			Event: api.ApplicationEventApply, ToStage: row.Stage, ToStatus: row.Status, ActorID: who.ID, Now: row.Now,
		})
		if err != nil {
			return err
		}
		shown = present(db.GetApplicationRow{
			Application: created, FirstName: candidate.FirstName, LastName: candidate.LastName, JobTitle: job.Title,
		}, seen)
		return a.record(ctx, tx, audit.ApplicationCreated, row.ID, audit.Diff(blank(), attributes(created)))
	})
	if err != nil {
		return nil, err
	}
	return api.CreateApplication201JSONResponse{
		Body: shown.Body,
		Headers: api.CreateApplication201ResponseHeaders{
			ETag: shown.Headers.ETag, Location: "/api/v1/applications/" + shown.Body.ID.String(),
		},
	}, nil
}

// lockParties gives the candidate and the job of a new application, neither of which changes before it is written. It
// fails with all that is wrong with what the client sent: ids that name nothing in the company, and the source.
func (a *Applications) lockParties(
	ctx context.Context, tx *db.Queries, row db.InsertApplicationParams,
) (db.Candidate, db.Job, error) {
	f := fault.New(fault.RuleViolated)
	candidate, err := tx.LockApplicant(ctx, db.LockApplicantParams{
		CompanyID: row.CompanyID, ID: row.CandidateID,
	})
	if err := known(f, "/candidate_id", err); err != nil {
		return db.Candidate{}, db.Job{}, err
	}
	job, err := tx.LockAppliedJob(ctx, db.LockAppliedJobParams{CompanyID: row.CompanyID, ID: row.JobID})
	if err := known(f, "/job_id", err); err != nil {
		return db.Candidate{}, db.Job{}, err
	}
	return candidate, job, checkSource(f, row.Source)
}

// record writes what happened to an application.
func (a *Applications) record(
	ctx context.Context, tx *db.Queries, action audit.Action, id uuid.UUID, details audit.Details,
) error {
	return a.Audit.Record(ctx, tx, access.Of(ctx).CompanyID, audit.Entry{
		Action: action, Resource: audit.Application, ID: &id, Details: details,
	})
}
