// Package scores manages the scores that panelists give candidates, and hides each from the other panelists until they
// have submitted theirs. It guarantees that nobody sees the draft of another; that a panelist, whatever their role,
// sees no other score of an interview before submitting their own; that only its rater changes a score; and that an
// interview is completed exactly once, with its last required score. The function visible_scores of the database is the
// rule of who sees which score.
package scores

import (
	"context"
	"reflect"

	"github.com/google/uuid"

	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/gen/db"
	"github.com/ai-interviewer-platform/interviewer/server/access"
	"github.com/ai-interviewer-platform/interviewer/server/compliance/audit"
	"github.com/ai-interviewer-platform/interviewer/server/edge/etag"
	"github.com/ai-interviewer-platform/interviewer/server/hiring/lifecycle"
	"github.com/ai-interviewer-platform/interviewer/server/hiring/scoring"
	"github.com/ai-interviewer-platform/interviewer/server/platform/fault"
	"github.com/ai-interviewer-platform/interviewer/server/platform/postgres"
	"github.com/ai-interviewer-platform/interviewer/server/service"
)

// Scores implements the operations of the tag scores.
type Scores struct{ service.Deps }

// New fails if a dependency is missing.
func New(deps service.Deps) (*Scores, error) {
	if err := service.Check("scores", deps); err != nil {
		return nil, err
	}
	return &Scores{deps}, nil
}

// GetScore shows a score that the actor sees.
func (s *Scores) GetScore(ctx context.Context, request api.GetScoreRequestObject) (api.GetScoreResponseObject, error) {
	actor := access.Of(ctx)
	tenant := s.Store.Of(actor.CompanyID)
	row, err := get(ctx, tenant, actor, request.ScoreID)
	if err != nil {
		return nil, err
	}
	shown, err := s.show(ctx, tenant, []db.ListScoresRow{db.ListScoresRow(row)})
	if err != nil {
		return nil, err
	}
	return api.GetScore200JSONResponse{ScoreJSONResponse: present(row.Score, shown[0])}, nil
}

// get reads a score that the actor sees.
func get(ctx context.Context, tenant *db.Queries, actor access.Actor, id uuid.UUID) (db.GetScoreRow, error) {
	return tenant.GetScore(ctx, db.GetScoreParams{
		CompanyID: actor.CompanyID, ActorID: actor.ID, Reach: actor.Reach().String(), ID: id,
	})
}

// CreateScore creates the actor's own score of an interview, as a draft.
func (s *Scores) CreateScore(
	ctx context.Context, request api.CreateScoreRequestObject,
) (api.CreateScoreResponseObject, error) {
	actor, id := access.Of(ctx), s.Clock.ID()
	var patch api.UpdateScoreRequest
	if request.Body != nil {
		patch = api.UpdateScoreRequest(*request.Body)
	}
	var shown api.ScoreJSONResponse
	err := s.Store.InTx(ctx, actor.CompanyID, func(tx *db.Queries) error {
		interview, rater, err := s.seat(ctx, tx, actor, request.InterviewID)
		if err != nil {
			return err
		}
		criteria, err := s.criteria(ctx, tx, interview)
		if err != nil {
			return err
		}
		said, err := revise(criteria, judgement{ratings: []api.ScoreRating{}}, patch)
		if err != nil {
			return err
		}
		row, err := newScore(interview, actor.ID, criteria, said)
		if err != nil {
			return err
		}
		row.ID, row.Now = id, s.Clock.Now()
		created, err := tx.InsertScore(ctx, row)
		if err != nil {
			return err
		}
		shown = present(created, convert(actor, db.ListScoresRow{
			Score: created, FirstName: rater.FirstName, LastName: rater.LastName, InterviewStatus: interview.Status,
		}, said, criteria))
		return s.record(ctx, tx, audit.ScoreCreated, created)
	})
	if err != nil {
		return nil, err
	}
	return api.CreateScore201JSONResponse{
		Body: shown.Body,
		Headers: api.CreateScore201ResponseHeaders{
			ETag: shown.Headers.ETag, Location: "/api/v1/scores/" + id.String(),
		},
	}, nil
}

// UpdateScore changes the actor's own draft. If nothing changed, it leaves the row and its version as they are.
func (s *Scores) UpdateScore(
	ctx context.Context, request api.UpdateScoreRequestObject,
) (api.UpdateScoreResponseObject, error) {
	actor, patch := access.Of(ctx), request.Body
	var shown api.ScoreJSONResponse
	err := s.Store.InTx(ctx, actor.CompanyID, func(tx *db.Queries) error {
		row, interview, err := s.lock(ctx, tx, actor, request.ScoreID, true)
		if err != nil {
			return err
		}
		_, err = decide(actor, row.Score, interview.Status, api.ScoreActionUpdate, nil)
		if err := etag.Needed(request.Params.IfMatch).Before(row.Score.Version, err); err != nil {
			return err
		}
		criteria, err := s.criteria(ctx, tx, interview)
		if err != nil {
			return err
		}
		was, err := readJudgement(row.Score)
		if err != nil {
			return err
		}
		is, err := revise(criteria, was, *patch)
		if err != nil {
			return err
		}
		if !reflect.DeepEqual(was, is) {
			if row.Score, err = s.save(ctx, tx, row.Score, criteria, is); err != nil {
				return err
			}
		}
		shown = present(row.Score, convert(actor, row, is, criteria))
		return nil
	})
	if err != nil {
		return nil, err
	}
	return api.UpdateScore200JSONResponse{ScoreJSONResponse: shown}, nil
}

// save saves an edited draft.
func (s *Scores) save(
	ctx context.Context, tx *db.Queries, score db.Score, criteria []scoring.Criterion, said judgement,
) (db.Score, error) {
	change, err := edit(score, criteria, said)
	if err != nil {
		return score, err
	}
	change.Now = s.Clock.Now()
	saved, err := tx.UpdateScore(ctx, change)
	if err != nil {
		return score, postgres.Guarded(err)
	}
	return saved, s.record(ctx, tx, audit.ScoreUpdated, saved)
}

// seat locks an interview that the actor sees, and returns it with the actor's names. It fails if the actor may not
// create a score of it.
func (s *Scores) seat(
	ctx context.Context, tx *db.Queries, actor access.Actor, id uuid.UUID,
) (db.Interview, db.GetPanelistRow, error) {
	locked, err := tx.GetInterviewForUpdate(ctx, db.GetInterviewForUpdateParams{
		CompanyID: actor.CompanyID, ActorID: actor.ID, Reach: actor.Reach().String(), ID: id,
	})
	if err != nil {
		return db.Interview{}, db.GetPanelistRow{}, err
	}
	rater, err := tx.GetPanelist(ctx, db.GetPanelistParams{
		CompanyID: actor.CompanyID, InterviewID: id, UserID: actor.ID,
	})
	if err != nil && !fault.Is(err, fault.ResourceNotFound) {
		return locked.Interview, rater, err
	}
	by := lifecycle.StandingOf(actor, locked.IsMember)
	by.Panelist = err == nil
	_, err = lifecycle.Interview().Decide(locked.Interview.Status, api.InterviewActionCreateScore, by, nil)
	return locked.Interview, rater, err
}

// record writes an audit log entry about a score. The entry does not contain what the score says, because readers of
// the log may not be allowed to see it.
func (s *Scores) record(ctx context.Context, tx *db.Queries, action audit.Action, score db.Score) error {
	return s.Audit.Record(ctx, tx, score.CompanyID, audit.Entry{
		Action: action, Resource: audit.Score, ID: &score.ID,
		Details: audit.Details{"interview_id": score.InterviewID, "revision": score.Revision},
	})
}
