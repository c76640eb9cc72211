package reports

import (
	"context"

	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/gen/db"
	"github.com/ai-interviewer-platform/interviewer/server/edge/page"
	"github.com/ai-interviewer-platform/interviewer/server/service"
)

// ListInterviewerFigures lists the panelists of the jobs of which the actor sees all interviews, ordered by name, with
// the figures of their interviews in these jobs.
func (r *Reports) ListInterviewerFigures(
	ctx context.Context, call service.Call, request api.ListInterviewerFiguresRequestObject,
) (api.ListInterviewerFiguresResponseObject, error) {
	actor, filters := call.Actor, request.Params
	filters.Cursor, filters.Limit = nil, nil
	response, err := page.Read(ctx, r.Cursors, page.List[db.ListInterviewerFiguresRow, api.InterviewerFigures]{
		Scope:  page.Scope{Company: actor.CompanyID, Operation: "ListInterviewerFigures", Query: filters},
		Cursor: request.Params.Cursor, Limit: request.Params.Limit,
		Fetch: func(w page.Window) ([]db.ListInterviewerFiguresRow, error) {
			return r.Store.Planned(actor.CompanyID).ListInterviewerFigures(ctx, db.ListInterviewerFiguresParams{
				CompanyID: actor.CompanyID, ActorID: actor.ID, Reach: actor.Reach().String(), JobID: filters.JobID,
				AfterText: w.AfterText, AfterID: w.AfterID, MaxRows: w.MaxRows,
			})
		},
		Place: func(row db.ListInterviewerFiguresRow) page.Place {
			return page.ByName(row.LastName, row.FirstName, row.ID)
		},
		Show: page.Each(convertInterviewer),
	})
	if err != nil {
		return nil, err
	}
	return api.ListInterviewerFigures200JSONResponse{
		Body:    api.InterviewerFiguresPage(response.Body),
		Headers: api.ListInterviewerFigures200ResponseHeaders{Link: response.Link},
	}, nil
}
