package scores

import (
	"context"
	"strings"

	"github.com/google/uuid"

	"github.com/ai-interviewer-platform/interviewer/db/stored"
	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/gen/db"
	"github.com/ai-interviewer-platform/interviewer/server/access"
	"github.com/ai-interviewer-platform/interviewer/server/compliance/audit"
	"github.com/ai-interviewer-platform/interviewer/server/edge/etag"
	"github.com/ai-interviewer-platform/interviewer/server/hiring/completion"
	"github.com/ai-interviewer-platform/interviewer/server/platform/postgres"
	"github.com/ai-interviewer-platform/interviewer/server/service"
)

// SubmitScore submits the actor's own draft and completes the interview if no required score is missing. It locks the
// interview, so that of concurrent submissions exactly the last one completes it.
func (s *Scores) SubmitScore(
	ctx context.Context, call service.Call, request api.SubmitScoreRequestObject,
) (api.SubmitScoreResponseObject, error) {
	actor := call.Actor
	return service.Commit(ctx, s.Store, call, func(tx *postgres.Tx) (api.SubmitScoreResponseObject, error) {
		var response api.ScoreJSONResponse
		row, interview, err := s.lock(ctx, tx, actor, request.ScoreID, true)
		if err != nil {
			return nil, err
		}
		to, err := decide(actor, row.Score, interview.Status, api.ScoreActionSubmit, nil)
		if err := etag.If(request.Params.IfMatch).Before(row.Score.Version, err); err != nil {
			return nil, err
		}
		criteria, err := s.criteria(ctx, tx.Queries, interview)
		if err != nil {
			return nil, err
		}
		content := contentIn(row.Score)
		if err := content.checkComplete(criteria); err != nil {
			return nil, err
		}
		if row.Score, err = s.transition(ctx, tx, row.Score, to, nil); err != nil {
			return nil, err
		}
		if err := s.record(ctx, tx, actor, audit.ScoreSubmitted, row.Score); err != nil {
			return nil, err
		}
		completer := completion.Completer{Clock: s.Clock, Audit: s.Audit}
		if interview, err = completer.Complete(ctx, tx, actor, interview); err != nil {
			return nil, err
		}
		row.InterviewStatus = interview.Status
		response = scoreResponse(row.Score, convert(actor, row, content, criteria))
		return api.SubmitScore200JSONResponse{ScoreJSONResponse: response}, nil
	})
}

// ReopenScore returns a submitted score to its rater as a draft.
func (s *Scores) ReopenScore(
	ctx context.Context, call service.Call, request api.ReopenScoreRequestObject,
) (api.ReopenScoreResponseObject, error) {
	return service.Commit(ctx, s.Store, call, func(tx *postgres.Tx) (api.ReopenScoreResponseObject, error) {
		outcome, err := s.override(
			ctx, tx, call.Actor, request.ScoreID, request.Params.IfMatch, override{
				api.ScoreActionReopen, stored.ScoreEventReopen, audit.ScoreReopened, request.Body.Reason,
			})
		return api.ReopenScore200JSONResponse{ScoreOutcomeJSONResponse: outcome}, err
	})
}

// VoidScore voids a submitted score, so that it no longer counts.
func (s *Scores) VoidScore(
	ctx context.Context, call service.Call, request api.VoidScoreRequestObject,
) (api.VoidScoreResponseObject, error) {
	return service.Commit(ctx, s.Store, call, func(tx *postgres.Tx) (api.VoidScoreResponseObject, error) {
		outcome, err := s.override(
			ctx, tx, call.Actor, request.ScoreID, request.Params.IfMatch, override{
				api.ScoreActionVoid, stored.ScoreEventVoid, audit.ScoreVoided, request.Body.Reason,
			})
		return api.VoidScore200JSONResponse{ScoreOutcomeJSONResponse: outcome}, err
	})
}

// override is a reopening or voiding of a submitted score.
type override struct {
	action      api.ScoreAction
	event       stored.ScoreEvent
	auditAction audit.Action
	reason      string
}

// override performs an override of a score that the actor sees. It keeps the content of the score as a revision, with
// the reason.
func (s *Scores) override(
	ctx context.Context, tx *postgres.Tx, actor access.Actor, id uuid.UUID, match *string, o override,
) (outcome api.ScoreOutcomeJSONResponse, err error) {
	reason := strings.TrimSpace(o.reason)
	row, interview, err := s.lock(ctx, tx, actor, id, false)
	if err != nil {
		return outcome, err
	}
	score := row.Score
	to, err := decide(actor, score, interview.Status, o.action, &reason)
	if err := etag.If(match).Before(score.Version, err); err != nil {
		return outcome, err
	}
	if err := checkReason(reason); err != nil {
		return outcome, err
	}
	revision := newRevision(score, o.event, reason, actor.ID)
	revision.ID, revision.Now = s.Clock.ID(), s.Clock.Now()
	if err := tx.InsertScoreRevision(ctx, revision); err != nil {
		return outcome, err
	}
	saved, err := s.transition(ctx, tx, score, to, &reason)
	if err != nil {
		return outcome, err
	}
	return api.ScoreOutcomeJSONResponse{
		ID: saved.ID, InterviewID: saved.InterviewID, Status: api.ScoreStatus(saved.Status), Revision: saved.Revision,
	}, s.record(ctx, tx, actor, o.auditAction, saved)
}

// lock locks the interview of a score that the actor sees, and then the score. If ownOnly is true, it finds only the
// actor's own score. The error is ResourceNotFound if there is none.
func (s *Scores) lock(
	ctx context.Context, tx *postgres.Tx, actor access.Actor, id uuid.UUID, ownOnly bool,
) (db.ListScoresRow, db.Interview, error) {
	query := db.GetScoreForUpdateParams{
		CompanyID: actor.CompanyID, ActorID: actor.ID, Reach: actor.Reach().String(), ID: id, OwnOnly: ownOnly,
	}
	interview, err := tx.GetScoredInterviewForUpdate(ctx, db.GetScoredInterviewForUpdateParams(query))
	if err != nil {
		return db.ListScoresRow{}, interview, err
	}
	score, err := tx.GetScoreForUpdate(ctx, query)
	return db.ListScoresRow{
		Score: score.Score, FirstName: score.FirstName, LastName: score.LastName, InterviewStatus: interview.Status,
		KitVersionID: interview.KitVersionID,
	}, interview, err
}

// transition updates the status of a score. The error is ConcurrentRequest if the status has changed meanwhile.
func (s *Scores) transition(
	ctx context.Context, tx *postgres.Tx, score db.Score, to stored.ScoreStatus, reason *string,
) (db.Score, error) {
	saved, err := tx.TransitionScore(ctx, db.TransitionScoreParams{
		CompanyID: score.CompanyID, ID: score.ID, FromStatus: score.Status, ToStatus: to, Reason: reason, Now: s.Clock.Now(),
	})
	return saved, postgres.Guarded(err)
}
