package reports

import (
	"context"

	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/gen/db"
	"github.com/ai-interviewer-platform/interviewer/server/access"
	"github.com/ai-interviewer-platform/interviewer/server/edge/page"
	"github.com/ai-interviewer-platform/interviewer/server/hiring/visibility"
)

// ListInterviewerFigures lists by name who is on a panel that the caller sees, with the figures of those panels.
func (r *Reports) ListInterviewerFigures(
	ctx context.Context, request api.ListInterviewerFiguresRequestObject,
) (api.ListInterviewerFiguresResponseObject, error) {
	who, wanted := access.Of(ctx), request.Params
	filters := wanted
	filters.Cursor, filters.Limit = nil, nil
	scope := page.Scope{Company: who.CompanyID, Operation: "ListInterviewerFigures", Query: filters}
	list, err := r.Cursors.Open(scope, wanted.Cursor, wanted.Limit)
	if err != nil {
		return nil, err
	}
	seen, err := visibility.Of(ctx, r.Store.Of(who.CompanyID), who)
	if err != nil {
		return nil, err
	}
	rows, err := r.Store.Planned(who.CompanyID).ListInterviewerFigures(ctx, db.ListInterviewerFiguresParams{
		CompanyID: who.CompanyID, SeesAll: seen.All, Jobs: seen.Jobs, JobID: wanted.JobID,
		AfterText: list.After.Text, AfterID: list.After.ID, MaxRows: list.MaxRows(),
	})
	if err != nil {
		return nil, err
	}
	shown, err := page.Close(ctx, list, rows, func(row db.ListInterviewerFiguresRow) page.Place {
		return page.By(row.NameKey, row.ID)
	})
	if err != nil {
		return nil, err
	}
	data := make([]api.InterviewerFigures, len(shown.Rows))
	for i, row := range shown.Rows {
		data[i] = convertInterviewer(row)
	}
	return api.ListInterviewerFigures200JSONResponse{
		Body:    api.InterviewerFiguresPage{Data: data, NextCursor: shown.Next, HasMore: shown.More},
		Headers: api.ListInterviewerFigures200ResponseHeaders{Link: shown.Link},
	}, nil
}
