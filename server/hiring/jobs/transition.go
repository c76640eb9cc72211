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
	"github.com/ai-interviewer-platform/interviewer/server/service"
)

// OpenJob opens a job for applications.
func (j *Jobs) OpenJob(
	ctx context.Context, call service.Call, request api.OpenJobRequestObject,
) (api.OpenJobResponseObject, error) {
	return service.Commit(ctx, j.Store, call, func(tx *postgres.Tx) (api.OpenJobResponseObject, error) {
		response, err := j.transition(ctx, tx, call.Actor, request.JobID, request.Params.IfMatch, api.JobActionOpen,
			audit.JobOpened)
		return api.OpenJob200JSONResponse{JobJSONResponse: response}, err
	})
}

// HoldJob puts a job on hold, so that it accepts no new applications.
func (j *Jobs) HoldJob(
	ctx context.Context, call service.Call, request api.HoldJobRequestObject,
) (api.HoldJobResponseObject, error) {
	return service.Commit(ctx, j.Store, call, func(tx *postgres.Tx) (api.HoldJobResponseObject, error) {
		response, err := j.transition(ctx, tx, call.Actor, request.JobID, request.Params.IfMatch, api.JobActionHold,
			audit.JobHeld)
		return api.HoldJob200JSONResponse{JobJSONResponse: response}, err
	})
}

// CloseJob closes a job.
func (j *Jobs) CloseJob(
	ctx context.Context, call service.Call, request api.CloseJobRequestObject,
) (api.CloseJobResponseObject, error) {
	return service.Commit(ctx, j.Store, call, func(tx *postgres.Tx) (api.CloseJobResponseObject, error) {
		response, err := j.transition(ctx, tx, call.Actor, request.JobID, request.Params.IfMatch, api.JobActionClose,
			audit.JobClosed)
		return api.CloseJob200JSONResponse{JobJSONResponse: response}, err
	})
}

// transition performs an action that changes a job's status, and records it in the audit log.
func (j *Jobs) transition(
	ctx context.Context, tx *postgres.Tx, actor access.Actor, id uuid.UUID, match *string, action api.JobAction,
	auditAction audit.Action,
) (response api.JobJSONResponse, err error) {
	row, err := lock(ctx, tx, actor, id)
	if err != nil {
		return response, err
	}
	to, err := lifecycle.Job().Decide(row.Status, action, lifecycle.RelationOf(actor, false), nil)
	if err := etag.If(match).Before(row.Version, err); err != nil {
		return response, err
	}
	saved, err := tx.TransitionJob(ctx, db.TransitionJobParams{
		CompanyID: actor.CompanyID, ID: id, FromStatus: row.Status, ToStatus: to, Now: j.Clock.Now(),
	})
	if err != nil {
		return response, postgres.Guarded(err)
	}
	return jobResponse(actor, saved), j.record(ctx, tx, actor, auditAction, id, audit.Diff(attributes(row),
		attributes(saved)))
}
