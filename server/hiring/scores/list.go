package scores

import (
	"context"
	"strings"

	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/gen/db"
	"github.com/ai-interviewer-platform/interviewer/server/access"
	"github.com/ai-interviewer-platform/interviewer/server/edge/page"
)

// ListScores lists the scores that the actor sees.
func (s *Scores) ListScores(
	ctx context.Context, request api.ListScoresRequestObject,
) (api.ListScoresResponseObject, error) {
	actor, wanted := access.Of(ctx), request.Params
	sort := api.ScoreSortCreatedAtDesc
	if wanted.Sort != nil {
		sort = *wanted.Sort
	}
	query := listQuery(actor, api.ExportScoresParams{
		InterviewID: wanted.InterviewID, ApplicationID: wanted.ApplicationID, JobID: wanted.JobID, RaterID: wanted.RaterID,
		Status: wanted.Status, UpdatedSince: wanted.UpdatedSince,
	}, sort)
	scope := wanted
	scope.Cursor, scope.Limit, scope.Sort = nil, nil, &sort
	tenant := s.Store.Of(actor.CompanyID)
	shown, err := page.Read(ctx, s.Cursors, page.List[db.ListScoresRow, api.Score]{
		Scope:  page.Scope{Company: actor.CompanyID, Operation: "ListScores", Query: scope},
		Cursor: wanted.Cursor, Limit: wanted.Limit,
		Fetch: func(w page.Window) ([]db.ListScoresRow, error) {
			query.AfterTime, query.AfterID, query.MaxRows = w.AfterTime, w.AfterID, w.MaxRows
			return tenant.ListScores(ctx, query)
		},
		Place: func(row db.ListScoresRow) page.Place { return placeOf(row.Score, sort) },
		Show:  func(rows []db.ListScoresRow) ([]api.Score, error) { return s.show(ctx, tenant, rows) },
	})
	if err != nil {
		return nil, err
	}
	return api.ListScores200JSONResponse{
		Body:    api.ScorePage(shown.Body),
		Headers: api.ListScores200ResponseHeaders{Link: shown.Link},
	}, nil
}

// listQuery selects the scores that the actor sees and the filters match.
func listQuery(actor access.Actor, filters api.ExportScoresParams, sort api.ScoreSort) db.ListScoresParams {
	return db.ListScoresParams{
		CompanyID: actor.CompanyID, ActorID: actor.ID, Reach: actor.Reach().String(), InterviewID: filters.InterviewID,
		ApplicationID: filters.ApplicationID, JobID: filters.JobID, RaterID: filters.RaterID,
		Status: (*string)(filters.Status), UpdatedSince: filters.UpdatedSince, Sort: string(sort),
	}
}

func placeOf(score db.Score, sort api.ScoreSort) page.Place {
	if strings.HasSuffix(string(sort), "updated_at") {
		return page.At(score.UpdatedAt, score.ID)
	}
	return page.At(score.CreatedAt, score.ID)
}
