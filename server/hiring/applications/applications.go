// Package applications manages the applications of candidates to jobs, and moves them through the stages.
//
// A candidate has at most one open application to a job. Only active candidates can apply, and only to open jobs. Every
// move is in the history, with its actor and reason, and commits together with the application's new state. Every move
// locks the application's row first, so that of two concurrent moves the second is decided on the result of the first.
package applications

import (
	"context"
	"errors"

	"github.com/google/uuid"

	"github.com/ai-interviewer-platform/interviewer/db/stored"
	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/gen/db"
	"github.com/ai-interviewer-platform/interviewer/server/access"
	"github.com/ai-interviewer-platform/interviewer/server/compliance/audit"
	"github.com/ai-interviewer-platform/interviewer/server/hiring/lifecycle"
	"github.com/ai-interviewer-platform/interviewer/server/platform/fault"
	"github.com/ai-interviewer-platform/interviewer/server/platform/optional"
	"github.com/ai-interviewer-platform/interviewer/server/platform/postgres"
	"github.com/ai-interviewer-platform/interviewer/server/service"
)

// Applications implements the operations of the tag applications.
type Applications struct{ service.Deps }

// New returns an error that names every missing dependency.
func New(deps service.Deps) (*Applications, error) {
	if err := service.Check("applications", deps); err != nil {
		return nil, err
	}
	return &Applications{deps}, nil
}

// GetApplication returns an application that is visible to the actor.
func (a *Applications) GetApplication(
	ctx context.Context, call service.Call, request api.GetApplicationRequestObject,
) (api.GetApplicationResponseObject, error) {
	actor := call.Actor
	row, err := a.get(ctx, actor, request.ApplicationID)
	if err != nil {
		return nil, err
	}
	return api.GetApplication200JSONResponse{ApplicationJSONResponse: applicationResponse(actor, row)}, nil
}

// get reads an application that is visible to the actor.
func (a *Applications) get(ctx context.Context, actor access.Actor, id uuid.UUID) (db.GetApplicationRow, error) {
	return a.Store.Of(actor.CompanyID).GetApplication(ctx, db.GetApplicationParams{
		CompanyID: actor.CompanyID, ActorID: actor.ID, Reach: actor.Reach().String(), ID: id,
	})
}

// CreateApplication creates an application of a candidate to a job, with the first entry of its history.
func (a *Applications) CreateApplication(
	ctx context.Context, call service.Call, request api.CreateApplicationRequestObject,
) (api.CreateApplicationResponseObject, error) {
	actor := call.Actor
	row := newApplication(*request.Body, actor.CompanyID)
	if err := checkReferences(*request.Body); err != nil {
		return nil, err
	}
	row.ID, row.Now = a.Clock.ID(), a.Clock.Now()
	created, err := service.Commit(ctx, a.Store, call, func(tx *postgres.Tx) (api.CreateApplicationResponseObject, error) {
		var response api.ApplicationJSONResponse
		candidate, job, err := a.lockReferences(ctx, tx, actor, *request.Body)
		if err != nil {
			return nil, err
		}
		row.CandidateID, row.JobID = candidate.ID, job.ID
		member, err := tx.LeadsJob(ctx, db.LeadsJobParams{
			CompanyID: actor.CompanyID, ActorID: actor.ID, Reach: actor.Reach().String(), JobID: job.ID,
		})
		if err != nil {
			return nil, err
		}
		if err := checkApply(candidate.Status, job.Status, lifecycle.RelationOf(actor, member)); err != nil {
			return nil, err
		}
		created, err := tx.InsertApplication(ctx, row)
		if err != nil {
			return nil, err
		}
		err = tx.InsertApplicationMove(ctx, db.InsertApplicationMoveParams{
			CompanyID: row.CompanyID, ID: a.Clock.ID(), ApplicationID: row.ID, JobID: row.JobID, CandidateID: row.CandidateID,
			Event: stored.ApplicationEventApply, ToStage: row.Stage, ToStatus: row.Status, ActorID: actor.ID, Now: row.Now,
		})
		if err != nil {
			return nil, err
		}
		response = applicationResponse(actor, db.GetApplicationRow{
			Application: created, FirstName: candidate.FirstName, LastName: candidate.LastName,
			ExternalID: candidate.ExternalID, Email: candidate.Email, JobTitle: job.Title, IsMember: member,
		})
		err = a.record(ctx, tx, actor, audit.ApplicationCreated, row.ID, audit.Diff(emptyAttributes(), attributes(created)))
		if err != nil {
			return nil, err
		}
		return api.CreateApplication201JSONResponse{
			Body: response.Body,
			Headers: api.CreateApplication201ResponseHeaders{
				ETag: response.Headers.ETag, Location: "/api/v1/applications/" + response.Body.ID.String(),
			},
		}, nil
	})
	return created, a.nameConflict(ctx, actor, row.CandidateID, row.JobID, err)
}

// nameConflict adds the open application of a candidate to a job to the fault ApplicationExists, if the actor can read
// it. It returns all other errors as they are.
func (a *Applications) nameConflict(
	ctx context.Context, actor access.Actor, candidate, job uuid.UUID, err error,
) error {
	var exists *fault.Fault
	if !fault.Is(err, fault.ApplicationExists) || !errors.As(err, &exists) || !actor.Holds("applications:read") {
		return err
	}
	other, lookup := a.Store.Of(actor.CompanyID).FindOpenApplication(ctx, db.FindOpenApplicationParams{
		CompanyID: actor.CompanyID, ActorID: actor.ID, Reach: actor.Reach().String(), CandidateID: candidate, JobID: job,
	})
	if lookup == nil {
		return exists.ConflictsWith(audit.Application, other)
	}
	return err
}

// lockReferences returns the candidate and the job of a new application, locked until the transaction ends. Unknown ids
// and an invalid source are reported together, as the fault RuleViolated. It names the candidate that remains if the
// one with the id was merged.
func (a *Applications) lockReferences(
	ctx context.Context, tx *postgres.Tx, actor access.Actor, wanted api.CreateApplicationRequest,
) (db.Candidate, db.Job, error) {
	company := actor.CompanyID
	f := fault.New(fault.RuleViolated)
	candidate, err := tx.LockApplicant(ctx, db.LockApplicantParams{
		CompanyID: company, ID: wanted.CandidateID, ExternalID: wanted.CandidateExternalID,
	})
	if wanted.CandidateID != nil && fault.Is(err, fault.ResourceNotFound) {
		err = checkMerged(ctx, tx.Queries, actor, *wanted.CandidateID, f)
	} else {
		err = checkKnown(f, pointerOf("/candidate", wanted.CandidateID), err)
	}
	if err != nil {
		return db.Candidate{}, db.Job{}, err
	}
	job, err := tx.LockAppliedJob(ctx, db.LockAppliedJobParams{
		CompanyID: company, ID: wanted.JobID, ExternalID: wanted.JobExternalID,
	})
	if err := checkKnown(f, pointerOf("/job", wanted.JobID), err); err != nil {
		return db.Candidate{}, db.Job{}, err
	}
	return candidate, job, checkSource(f, optional.Text(nil, wanted.Source))
}

// checkMerged adds an error to a fault for a candidate that was not found. It names the candidate that it was merged
// into, if the actor can read that.
func checkMerged(ctx context.Context, tenant *db.Queries, actor access.Actor, id uuid.UUID, f *fault.Fault) error {
	survivor, err := tenant.FindSurvivor(ctx, db.FindSurvivorParams{
		CompanyID: actor.CompanyID, ActorID: actor.ID, Reach: actor.Reach().String(), ID: id,
	})
	switch {
	case err != nil:
		return checkKnown(f, "/candidate_id", err)
	case !actor.Holds("candidates:read"):
		return checkKnown(f, "/candidate_id", fault.New(fault.ResourceNotFound))
	}
	_ = f.MergedInto(survivor).
		Field("/candidate_id", "merged", "was merged into the candidate "+survivor.String()+"; use that one")
	return nil
}

// record writes an audit entry about an application.
func (a *Applications) record(
	ctx context.Context, tx *postgres.Tx, actor access.Actor, action audit.Action, id uuid.UUID, details audit.Details,
) error {
	return a.Audit.Record(ctx, tx, actor, audit.Entry{
		Action: action, Resource: audit.Application, ID: &id, Details: details,
	})
}
