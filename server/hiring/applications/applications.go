// Package applications moves candidates through the stages of a job. It guarantees that the history contains every
// move, with its actor and reason, in the same transaction as the application's new state; that a candidate has at most
// one open application to a job, and only an active candidate applies, only to an open job; and that of two concurrent
// moves, the second is decided on the state after the first.
package applications

import (
	"context"

	"github.com/google/uuid"

	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/gen/db"
	"github.com/ai-interviewer-platform/interviewer/server/access"
	"github.com/ai-interviewer-platform/interviewer/server/compliance/audit"
	"github.com/ai-interviewer-platform/interviewer/server/hiring/lifecycle"
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

// GetApplication shows an application that the actor sees.
func (a *Applications) GetApplication(
	ctx context.Context, request api.GetApplicationRequestObject,
) (api.GetApplicationResponseObject, error) {
	actor := access.Of(ctx)
	row, err := a.get(ctx, actor, request.ApplicationID)
	if err != nil {
		return nil, err
	}
	return api.GetApplication200JSONResponse{ApplicationJSONResponse: present(actor, row)}, nil
}

// get reads an application that the actor sees.
func (a *Applications) get(ctx context.Context, actor access.Actor, id uuid.UUID) (db.GetApplicationRow, error) {
	return a.Store.Of(actor.CompanyID).GetApplication(ctx, db.GetApplicationParams{
		CompanyID: actor.CompanyID, ActorID: actor.ID, Reach: actor.Reach().String(), ID: id,
	})
}

// CreateApplication creates an application of a candidate to a job.
func (a *Applications) CreateApplication(
	ctx context.Context, request api.CreateApplicationRequestObject,
) (api.CreateApplicationResponseObject, error) {
	actor := access.Of(ctx)
	row := newApplication(*request.Body, actor.CompanyID)
	row.ID, row.Now = a.Clock.ID(), a.Clock.Now()
	var shown api.ApplicationJSONResponse
	err := a.Store.InTx(ctx, actor.CompanyID, func(tx *db.Queries) error {
		candidate, job, err := a.lockParties(ctx, tx, row)
		if err != nil {
			return err
		}
		member, err := tx.LeadsJob(ctx, db.LeadsJobParams{
			CompanyID: actor.CompanyID, ActorID: actor.ID, Reach: actor.Reach().String(), JobID: job.ID,
		})
		if err != nil {
			return err
		}
		if err := mayApply(candidate.Status, job.Status, lifecycle.StandingOf(actor, member)); err != nil {
			return err
		}
		created, err := tx.InsertApplication(ctx, row)
		if err != nil {
			return err
		}
		err = tx.InsertApplicationMove(ctx, db.InsertApplicationMoveParams{
			CompanyID: row.CompanyID, ID: a.Clock.ID(), ApplicationID: row.ID, JobID: row.JobID, CandidateID: row.CandidateID,
			Event: api.ApplicationEventApply, ToStage: row.Stage, ToStatus: row.Status, ActorID: actor.ID, Now: row.Now,
		})
		if err != nil {
			return err
		}
		shown = present(actor, db.GetApplicationRow{
			Application: created, FirstName: candidate.FirstName, LastName: candidate.LastName, JobTitle: job.Title,
			IsMember: member,
		})
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

// lockParties returns the candidate and the job of a new application, locked until the transaction ends. Unknown ids
// and an invalid source are reported together, as the fault RuleViolated.
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

// record writes an audit log entry about an application.
func (a *Applications) record(
	ctx context.Context, tx *db.Queries, action audit.Action, id uuid.UUID, details audit.Details,
) error {
	return a.Audit.Record(ctx, tx, access.Of(ctx).CompanyID, audit.Entry{
		Action: action, Resource: audit.Application, ID: &id, Details: details,
	})
}
