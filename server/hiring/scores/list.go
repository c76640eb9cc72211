package scores

import (
	"context"
	"strings"

	"github.com/google/uuid"

	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/gen/db"
	"github.com/ai-interviewer-platform/interviewer/server/access"
	"github.com/ai-interviewer-platform/interviewer/server/edge/page"
	"github.com/ai-interviewer-platform/interviewer/server/hiring/visibility"
)

// fewScores is up to how many scores a list reads one by one, and puts in order itself. Of more there are enough on the
// way through all of the company's.
const fewScores = 10_000

// ListScores lists the scores that the caller reads, by filters and in an order of their choice.
func (s *Scores) ListScores(
	ctx context.Context, request api.ListScoresRequestObject,
) (api.ListScoresResponseObject, error) {
	who, wanted := access.Of(ctx), request.Params
	order := api.ScoreSortCreatedAtDesc
	if wanted.Sort != nil {
		order = *wanted.Sort
	}
	scoped := wanted
	scoped.Cursor, scoped.Limit, scoped.Sort = nil, nil, &order
	scope := page.Scope{Company: who.CompanyID, Operation: "ListScores", Query: scoped}
	list, err := s.Cursors.Open(scope, wanted.Cursor, wanted.Limit)
	if err != nil {
		return nil, err
	}
	query, err := s.query(ctx, api.ExportScoresParams{
		InterviewID: wanted.InterviewID, ApplicationID: wanted.ApplicationID, JobID: wanted.JobID, RaterID: wanted.RaterID,
		Status: wanted.Status, UpdatedSince: wanted.UpdatedSince,
	})
	if err != nil {
		return nil, err
	}
	query.Sort, query.AfterTime, query.AfterID = string(order), list.After.Time, list.After.ID
	query.MaxRows = list.MaxRows()
	tenant := s.Store.Planned(who.CompanyID)
	rows, err := tenant.ListScores(ctx, query)
	if err != nil {
		return nil, err
	}
	shown, err := page.Close(ctx, list, rows, func(row db.ListScoresRow) page.Place { return placeOf(row.Score, order) })
	if err != nil {
		return nil, err
	}
	data, err := s.show(ctx, tenant, shown.Rows)
	if err != nil {
		return nil, err
	}
	return api.ListScores200JSONResponse{
		Body:    api.ScorePage{Data: data, NextCursor: shown.Next, HasMore: shown.More},
		Headers: api.ListScores200ResponseHeaders{Link: shown.Link},
	}, nil
}

// query selects the scores that the filters match and the caller reads.
func (s *Scores) query(ctx context.Context, wanted api.ExportScoresParams) (db.ListScoresParams, error) {
	who := access.Of(ctx)
	tenant := s.Store.Planned(who.CompanyID)
	seen, err := visibility.Of(ctx, tenant, who)
	if err != nil {
		return db.ListScoresParams{}, err
	}
	query := db.ListScoresParams{
		CompanyID: who.CompanyID, CallerID: who.ID, SeesAll: seen.All, Jobs: seen.Jobs, Interviews: seen.Interviews,
		ByKey: who.Key != nil, Eyes: who.Persons(),
		InterviewID: wanted.InterviewID, ApplicationID: wanted.ApplicationID, JobID: wanted.JobID, RaterID: wanted.RaterID,
		Status: (*string)(wanted.Status), UpdatedSince: wanted.UpdatedSince,
	}
	query.Ids, err = s.narrow(ctx, tenant, query)
	return query, err
}

// narrow gives the scores that those of a query are among, nil where the caller sees all or they are many. PostgreSQL
// takes the scores of a job to be spread over all times: those of one that is long past it would look for through all
// that came later, unless it is told which they are.
func (s *Scores) narrow(ctx context.Context, tenant *db.Queries, query db.ListScoresParams) ([]uuid.UUID, error) {
	if query.SeesAll {
		return nil, nil
	}
	ids, err := tenant.ListScoresInSight(ctx, db.ListScoresInSightParams{
		CompanyID: query.CompanyID, CallerID: query.CallerID, Jobs: query.Jobs, Interviews: query.Interviews,
		AtMost: fewScores + 1,
	})
	if err != nil || len(ids) > fewScores {
		return nil, err
	}
	return ids, nil
}

func placeOf(score db.Score, order api.ScoreSort) page.Place {
	if strings.HasSuffix(string(order), "updated_at") {
		return page.At(score.UpdatedAt, score.ID)
	}
	return page.At(score.CreatedAt, score.ID)
}
