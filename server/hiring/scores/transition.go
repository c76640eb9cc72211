package scores

import (
	"context"
	"strings"

	"github.com/google/uuid"

	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/gen/db"
	"github.com/ai-interviewer-platform/interviewer/server/access"
	"github.com/ai-interviewer-platform/interviewer/server/compliance/audit"
	"github.com/ai-interviewer-platform/interviewer/server/edge/etag"
	"github.com/ai-interviewer-platform/interviewer/server/hiring/completion"
	"github.com/ai-interviewer-platform/interviewer/server/hiring/visibility"
	"github.com/ai-interviewer-platform/interviewer/server/platform/postgres"
)

// SubmitScore lets the caller's own draft count, and completes the interview where no required score is missing any
// more. The interview is locked, so of simultaneous submissions the last one completes it.
func (s *Scores) SubmitScore(
	ctx context.Context, request api.SubmitScoreRequestObject,
) (api.SubmitScoreResponseObject, error) {
	who := access.Of(ctx)
	var shown api.ScoreJSONResponse
	err := s.Store.InTx(ctx, who.CompanyID, func(tx *db.Queries) error {
		score, interview, err := s.hold(ctx, tx, own(who, request.ScoreID))
		if err != nil {
			return err
		}
		to, err := decide(who, score, interview.Status, api.ScoreActionSubmit, nil)
		if err := etag.If(request.Params.IfMatch).Before(score.Version, err); err != nil {
			return err
		}
		criteria, err := s.criteria(ctx, tx, who.CompanyID, interview.KitVersionID)
		if err != nil {
			return err
		}
		said, err := readJudgement(score)
		if err != nil {
			return err
		}
		if err := said.complete(criteria); err != nil {
			return err
		}
		submitted, err := s.transition(ctx, tx, score, to, nil)
		if err != nil {
			return err
		}
		if err := s.record(ctx, tx, audit.ScoreSubmitted, submitted); err != nil {
			return err
		}
		completer := completion.Completer{Clock: s.Clock, Audit: s.Audit}
		if _, err := completer.Complete(ctx, tx, interview); err != nil {
			return err
		}
		shown, err = s.present(ctx, tx, own(who, score.ID))
		return err
	})
	if err != nil {
		return nil, err
	}
	return api.SubmitScore200JSONResponse{ScoreJSONResponse: shown}, nil
}

// ReopenScore makes a submitted score a draft of its author again.
func (s *Scores) ReopenScore(
	ctx context.Context, request api.ReopenScoreRequestObject,
) (api.ReopenScoreResponseObject, error) {
	outcome, err := s.override(
		ctx, request.ScoreID, request.Params.IfMatch, override{
			api.ScoreActionReopen, api.ScoreEventReopen, audit.ScoreReopened, request.Body.Reason,
		})
	if err != nil {
		return nil, err
	}
	return api.ReopenScore200JSONResponse{ScoreOutcomeJSONResponse: outcome}, nil
}

// VoidScore lets a submitted score no longer count.
func (s *Scores) VoidScore(
	ctx context.Context, request api.VoidScoreRequestObject,
) (api.VoidScoreResponseObject, error) {
	outcome, err := s.override(
		ctx, request.ScoreID, request.Params.IfMatch, override{
			api.ScoreActionVoid, api.ScoreEventVoid, audit.ScoreVoided, request.Body.Reason,
		})
	if err != nil {
		return nil, err
	}
	return api.VoidScore200JSONResponse{ScoreOutcomeJSONResponse: outcome}, nil
}

// override is an action that ends a revision of a submitted score, how its history and the audit log name it, and why.
type override struct {
	action   api.ScoreAction
	event    api.ScoreEvent
	happened audit.Action
	reason   string
}

// override ends a revision of a submitted score that the caller reads: what it said is kept with the reason.
func (s *Scores) override(
	ctx context.Context, id uuid.UUID, match *string, o override,
) (api.ScoreOutcomeJSONResponse, error) {
	who, reason := access.Of(ctx), strings.TrimSpace(o.reason)
	var saved db.Score
	err := s.Store.InTx(ctx, who.CompanyID, func(tx *db.Queries) error {
		seen, err := visibility.Of(ctx, tx, who)
		if err != nil {
			return err
		}
		score, interview, err := s.hold(ctx, tx, reading(who, seen, id))
		if err != nil {
			return err
		}
		to, err := decide(who, score, interview.Status, o.action, &reason)
		if err := etag.If(match).Before(score.Version, err); err != nil {
			return err
		}
		if err := checkReason(reason); err != nil {
			return err
		}
		kept := revisionOf(score, o.event, reason, who.ID)
		kept.ID, kept.Now = s.Clock.ID(), s.Clock.Now()
		if err := tx.InsertScoreRevision(ctx, kept); err != nil {
			return err
		}
		if saved, err = s.transition(ctx, tx, score, to, &reason); err != nil {
			return err
		}
		return s.record(ctx, tx, o.happened, saved)
	})
	return api.ScoreOutcomeJSONResponse{
		ID: saved.ID, InterviewID: saved.InterviewID, Status: saved.Status, Revision: saved.Revision,
	}, err
}

// hold locks the interview of a score, and then the score.
func (s *Scores) hold(ctx context.Context, tx *db.Queries, by db.GetScoreParams) (db.Score, db.Interview, error) {
	interview, err := tx.GetScoredInterviewForUpdate(ctx, db.GetScoredInterviewForUpdateParams(by))
	if err != nil {
		return db.Score{}, interview, err
	}
	score, err := tx.GetScoreForUpdate(ctx, db.GetScoreForUpdateParams(by))
	return score, interview, err
}

// transition writes the state that was decided on.
func (s *Scores) transition(
	ctx context.Context, tx *db.Queries, score db.Score, to api.ScoreStatus, reason *string,
) (db.Score, error) {
	saved, err := tx.TransitionScore(ctx, db.TransitionScoreParams{
		CompanyID: score.CompanyID, ID: score.ID, FromStatus: score.Status, ToStatus: to, Reason: reason, Now: s.Clock.Now(),
	})
	return saved, postgres.Guarded(err)
}
