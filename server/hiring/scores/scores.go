// Package scores takes what panelists think of a candidate, and keeps it from the others until they have said what they
// think. It promises that nobody reads another's draft; that whoever is on the panel of an interview, whatever their
// role, reads nothing of another's score of it before their own is submitted; that nobody writes another's score; and
// that an interview completes with the last required score, exactly once.
package scores

import (
	"context"

	"github.com/google/uuid"

	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/gen/db"
	"github.com/ai-interviewer-platform/interviewer/server/access"
	"github.com/ai-interviewer-platform/interviewer/server/compliance/audit"
	"github.com/ai-interviewer-platform/interviewer/server/edge/etag"
	"github.com/ai-interviewer-platform/interviewer/server/hiring/lifecycle"
	"github.com/ai-interviewer-platform/interviewer/server/hiring/visibility"
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

// GetScore shows one score to those who may read it.
func (s *Scores) GetScore(ctx context.Context, request api.GetScoreRequestObject) (api.GetScoreResponseObject, error) {
	who := access.Of(ctx)
	tenant := s.Store.Of(who.CompanyID)
	seen, err := visibility.Of(ctx, tenant, who)
	if err != nil {
		return nil, err
	}
	shown, err := s.present(ctx, tenant, reading(who, seen, request.ScoreID))
	if err != nil {
		return nil, err
	}
	return api.GetScore200JSONResponse{ScoreJSONResponse: shown}, nil
}

// CreateScore begins the caller's own score of an interview, as a draft.
func (s *Scores) CreateScore(
	ctx context.Context, request api.CreateScoreRequestObject,
) (api.CreateScoreResponseObject, error) {
	who, id := access.Of(ctx), s.Clock.ID()
	var said api.UpdateScoreRequest
	if request.Body != nil {
		said = api.UpdateScoreRequest(*request.Body)
	}
	var shown api.ScoreJSONResponse
	err := s.Store.InTx(ctx, who.CompanyID, func(tx *db.Queries) error {
		interview, err := s.seat(ctx, tx, request.InterviewID)
		if err != nil {
			return err
		}
		criteria, err := s.criteria(ctx, tx, who.CompanyID, interview.KitVersionID)
		if err != nil {
			return err
		}
		wanted, err := revise(criteria, judgement{ratings: []api.ScoreRating{}}, said)
		if err != nil {
			return err
		}
		row, err := newScore(interview, who.ID, criteria, wanted)
		if err != nil {
			return err
		}
		row.ID, row.Now = id, s.Clock.Now()
		created, err := tx.InsertScore(ctx, row)
		if err != nil {
			return err
		}
		if err := s.record(ctx, tx, audit.ScoreCreated, created); err != nil {
			return err
		}
		shown, err = s.present(ctx, tx, own(who, id))
		return err
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

// UpdateScore changes the caller's own draft; a patch that changes nothing leaves the row and its version alone.
func (s *Scores) UpdateScore(
	ctx context.Context, request api.UpdateScoreRequestObject,
) (api.UpdateScoreResponseObject, error) {
	who, patch := access.Of(ctx), request.Body
	var shown api.ScoreJSONResponse
	err := s.Store.InTx(ctx, who.CompanyID, func(tx *db.Queries) error {
		score, interview, err := s.hold(ctx, tx, own(who, request.ScoreID))
		if err != nil {
			return err
		}
		_, err = decide(who, score, interview.Status, api.ScoreActionUpdate, nil)
		if err := etag.Needed(request.Params.IfMatch).Before(score.Version, err); err != nil {
			return err
		}
		criteria, err := s.criteria(ctx, tx, who.CompanyID, interview.KitVersionID)
		if err != nil {
			return err
		}
		change, changed, err := edit(score, criteria, *patch)
		if err != nil {
			return err
		}
		if changed {
			change.Now = s.Clock.Now()
			saved, err := tx.UpdateScore(ctx, change)
			if err != nil {
				return postgres.Guarded(err)
			}
			if err := s.record(ctx, tx, audit.ScoreUpdated, saved); err != nil {
				return err
			}
		}
		shown, err = s.present(ctx, tx, own(who, score.ID))
		return err
	})
	if err != nil {
		return nil, err
	}
	return api.UpdateScore200JSONResponse{ScoreJSONResponse: shown}, nil
}

// seat locks an interview that the caller sees, and fails where they may not begin a score of it.
func (s *Scores) seat(ctx context.Context, tx *db.Queries, id uuid.UUID) (db.Interview, error) {
	who := access.Of(ctx)
	seen, err := visibility.Of(ctx, tx, who)
	if err != nil {
		return db.Interview{}, err
	}
	interview, err := tx.GetInterviewForScoring(ctx, db.GetInterviewForScoringParams{
		CompanyID: who.CompanyID, ID: id, SeesAll: seen.All, Jobs: seen.Jobs, Interviews: seen.Interviews,
	})
	if err != nil {
		return interview, err
	}
	standing := seen.Standing(interview.JobID)
	standing.Panelist, err = tx.IsPanelist(ctx, db.IsPanelistParams{
		CompanyID: who.CompanyID, InterviewID: id, UserID: who.ID,
	})
	if err != nil {
		return interview, err
	}
	_, err = lifecycle.Interview().Decide(interview.Status, api.InterviewActionCreateScore, standing, nil)
	return interview, err
}

// record writes what happened to a score, and nothing of what it says: the audit log is read by people who may not.
func (s *Scores) record(ctx context.Context, tx *db.Queries, action audit.Action, score db.Score) error {
	return s.Audit.Record(ctx, tx, score.CompanyID, audit.Entry{
		Action: action, Resource: audit.Score, ID: &score.ID,
		Details: audit.Details{"interview_id": score.InterviewID, "revision": score.Revision},
	})
}
