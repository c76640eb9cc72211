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
	"github.com/ai-interviewer-platform/interviewer/server/platform/postgres"
)

// OpenJob opens a job for applications.
func (j *Jobs) OpenJob(ctx context.Context, request api.OpenJobRequestObject) (api.OpenJobResponseObject, error) {
	response, err := j.transition(ctx, request.JobID, request.Params.IfMatch, api.JobActionOpen, audit.JobOpened)
	if err != nil {
		return nil, err
	}
	return api.OpenJob200JSONResponse{JobJSONResponse: response}, nil
}

// HoldJob puts a job on hold, so that it accepts no new applications.
func (j *Jobs) HoldJob(ctx context.Context, request api.HoldJobRequestObject) (api.HoldJobResponseObject, error) {
	response, err := j.transition(ctx, request.JobID, request.Params.IfMatch, api.JobActionHold, audit.JobHeld)
	if err != nil {
		return nil, err
	}
	return api.HoldJob200JSONResponse{JobJSONResponse: response}, nil
}

// CloseJob closes a job.
func (j *Jobs) CloseJob(ctx context.Context, request api.CloseJobRequestObject) (api.CloseJobResponseObject, error) {
	response, err := j.transition(ctx, request.JobID, request.Params.IfMatch, api.JobActionClose, audit.JobClosed)
	if err != nil {
		return nil, err
	}
	return api.CloseJob200JSONResponse{JobJSONResponse: response}, nil
}

// transition performs an action that changes a job's status, and records it in the audit log.
func (j *Jobs) transition(
	ctx context.Context, id uuid.UUID, match *string, action api.JobAction, auditAction audit.Action,
) (api.JobJSONResponse, error) {
	actor := access.Of(ctx)
	var saved db.Job
	err := j.Store.InTx(ctx, actor.CompanyID, func(tx *db.Queries) error {
		row, err := lock(ctx, tx, actor, id)
		if err != nil {
			return err
		}
		to, err := lifecycle.Job().Decide(row.Status, action, lifecycle.RelationOf(actor, false), nil)
		if err := etag.If(match).Before(row.Version, err); err != nil {
			return err
		}
		saved, err = tx.TransitionJob(ctx, db.TransitionJobParams{
			CompanyID: actor.CompanyID, ID: id, FromStatus: row.Status, ToStatus: to, Now: j.Clock.Now(),
		})
		if err != nil {
			return postgres.Guarded(err)
		}
		return j.record(ctx, tx, auditAction, id, audit.Diff(attributes(row), attributes(saved)))
	})
	if err != nil {
		return api.JobJSONResponse{}, err
	}
	return jobResponse(actor, saved), nil
}
