// Package scores manages the scores that panelists write about candidates, and enforces blindness. It guarantees that
// only the rater sees a draft; that a panelist, whatever their role, sees no other score of an interview before they
// submit their own; that only the rater changes the content of a score; and that the last required score completes the
// interview exactly once. The database function visible_scores is the visibility rule.
package scores

import (
	"context"
	"reflect"

	"github.com/google/uuid"

	"github.com/ai-interviewer-platform/interviewer/db/stored"
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

// New returns an error if a dependency is missing.
func New(deps service.Deps) (*Scores, error) {
	if err := service.Check("scores", deps); err != nil {
		return nil, err
	}
	return &Scores{deps}, nil
}

// GetScore returns a score that the actor sees.
func (s *Scores) GetScore(
	ctx context.Context, call service.Call, request api.GetScoreRequestObject,
) (api.GetScoreResponseObject, error) {
	actor := call.Actor
	tenant := s.Store.Of(actor.CompanyID)
	row, err := getScore(ctx, tenant, actor, request.ScoreID)
	if err != nil {
		return nil, err
	}
	converted, err := s.convertAll(ctx, tenant, actor, []db.ListScoresRow{db.ListScoresRow(row)})
	if err != nil {
		return nil, err
	}
	return api.GetScore200JSONResponse{ScoreJSONResponse: scoreResponse(row.Score, converted[0])}, nil
}

// getScore reads a score that the actor sees. The error is ResourceNotFound if there is none.
func getScore(ctx context.Context, tenant *db.Queries, actor access.Actor, id uuid.UUID) (db.GetScoreRow, error) {
	return tenant.GetScore(ctx, db.GetScoreParams{
		CompanyID: actor.CompanyID, ActorID: actor.ID, Reach: actor.Reach().String(), ID: id,
	})
}

// CreateScore creates the actor's own score of an interview as a draft.
func (s *Scores) CreateScore(
	ctx context.Context, call service.Call, request api.CreateScoreRequestObject,
) (api.CreateScoreResponseObject, error) {
	actor, id := call.Actor, s.Clock.ID()
	var patch api.UpdateScoreRequest
	if request.Body != nil {
		patch = api.UpdateScoreRequest(*request.Body)
	}
	return service.Commit(ctx, s.Store, call, func(tx *postgres.Tx) (api.CreateScoreResponseObject, error) {
		var response api.ScoreJSONResponse
		interview, rater, err := s.lockInterview(ctx, tx, actor, request.InterviewID)
		if err != nil {
			return nil, err
		}
		criteria, err := s.criteria(ctx, tx.Queries, interview)
		if err != nil {
			return nil, err
		}
		content, err := applyPatch(criteria, scoreContent{ratings: []stored.ScoreRatingV1{}}, patch)
		if err != nil {
			return nil, err
		}
		row := newInsert(interview, actor.ID, criteria, content)
		row.ID, row.Now = id, s.Clock.Now()
		created, err := tx.InsertScore(ctx, row)
		if err != nil {
			return nil, err
		}
		response = scoreResponse(created, convert(actor, db.ListScoresRow{
			Score: created, FirstName: rater.FirstName, LastName: rater.LastName, InterviewStatus: interview.Status,
		}, content, criteria))
		if err := s.record(ctx, tx, actor, audit.ScoreCreated, created); err != nil {
			return nil, err
		}
		return api.CreateScore201JSONResponse{
			Body: response.Body,
			Headers: api.CreateScore201ResponseHeaders{
				ETag: response.Headers.ETag, Location: "/api/v1/scores/" + id.String(),
			},
		}, nil
	})
}

// UpdateScore changes the actor's own draft. A patch that changes nothing leaves the row and its version unchanged.
func (s *Scores) UpdateScore(
	ctx context.Context, call service.Call, request api.UpdateScoreRequestObject,
) (api.UpdateScoreResponseObject, error) {
	actor, patch := call.Actor, request.Body
	return service.Commit(ctx, s.Store, call, func(tx *postgres.Tx) (api.UpdateScoreResponseObject, error) {
		var response api.ScoreJSONResponse
		row, interview, err := s.lock(ctx, tx, actor, request.ScoreID, true)
		if err != nil {
			return nil, err
		}
		_, err = decide(actor, row.Score, interview.Status, api.ScoreActionUpdate, nil)
		if err := etag.Needed(request.Params.IfMatch).Before(row.Score.Version, err); err != nil {
			return nil, err
		}
		criteria, err := s.criteria(ctx, tx.Queries, interview)
		if err != nil {
			return nil, err
		}
		before := contentIn(row.Score)
		after, err := applyPatch(criteria, before, *patch)
		if err != nil {
			return nil, err
		}
		if !reflect.DeepEqual(before, after) {
			if row.Score, err = s.save(ctx, tx, actor, row.Score, criteria, after); err != nil {
				return nil, err
			}
		}
		response = scoreResponse(row.Score, convert(actor, row, after, criteria))
		return api.UpdateScore200JSONResponse{ScoreJSONResponse: response}, nil
	})
}

// save updates a draft with changed content.
func (s *Scores) save(
	ctx context.Context, tx *postgres.Tx, actor access.Actor, score db.Score, criteria []scoring.Criterion,
	content scoreContent,
) (db.Score, error) {
	change := newUpdate(score, criteria, content)
	change.Now = s.Clock.Now()
	saved, err := tx.UpdateScore(ctx, change)
	if err != nil {
		return score, postgres.Guarded(err)
	}
	return saved, s.record(ctx, tx, actor, audit.ScoreUpdated, saved)
}

// lockInterview locks an interview that the actor sees and returns it with the actor's names. The error is
// ResourceNotFound if the actor sees no such interview, and RoleNotAllowed or StateConflict if the actor may not create
// a score of it.
func (s *Scores) lockInterview(
	ctx context.Context, tx *postgres.Tx, actor access.Actor, id uuid.UUID,
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
	relation := lifecycle.RelationOf(actor, locked.IsMember)
	relation.Panelist = err == nil
	_, err = lifecycle.Interview().Decide(locked.Interview.Status, api.InterviewActionCreateScore, relation, nil)
	return locked.Interview, rater, err
}

// record writes an audit log entry about a score. The entry omits the content of the score, because readers of the log
// may not be allowed to see it.
func (s *Scores) record(
	ctx context.Context, tx *postgres.Tx, actor access.Actor, action audit.Action, score db.Score,
) error {
	return s.Audit.Record(ctx, tx, actor, audit.Entry{
		Action: action, Resource: audit.Score, ID: &score.ID,
		Details: audit.Details{"interview_id": score.InterviewID, "revision": score.Revision},
	})
}
