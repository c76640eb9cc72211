package interviews

import (
	"context"

	"github.com/google/uuid"

	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/gen/db"
	"github.com/ai-interviewer-platform/interviewer/server/access"
	"github.com/ai-interviewer-platform/interviewer/server/edge/etag"
)

// whole is an interview with what responses show besides its row.
type whole struct {
	row    db.Interview
	around db.ListInterviewSurroundingsRow
	panel  []db.ListInterviewPanelsRow
}

// complement reads what responses show besides the rows of interviews, in two statements for any number of interviews.
func (i *Interviews) complement(ctx context.Context, tenant *db.Queries, rows []db.Interview) ([]whole, error) {
	if len(rows) == 0 {
		return nil, nil
	}
	ids := make([]uuid.UUID, len(rows))
	for n, row := range rows {
		ids[n] = row.ID
	}
	company := rows[0].CompanyID
	around, err := tenant.ListInterviewSurroundings(ctx, db.ListInterviewSurroundingsParams{
		CompanyID: company, Ids: ids,
	})
	if err != nil {
		return nil, err
	}
	panels, err := tenant.ListInterviewPanels(ctx, db.ListInterviewPanelsParams{
		CompanyID: company, InterviewIds: ids,
	})
	if err != nil {
		return nil, err
	}
	places := make(map[uuid.UUID]int, len(rows))
	all := make([]whole, len(rows))
	for n, row := range rows {
		places[row.ID], all[n].row = n, row
	}
	for _, one := range around {
		all[places[one.ID]].around = one
	}
	for _, one := range panels {
		n := places[one.InterviewPanelist.InterviewID]
		all[n].panel = append(all[n].panel, one)
	}
	return all, nil
}

// show converts interviews for the actor.
func (i *Interviews) show(
	ctx context.Context, tenant *db.Queries, actor access.Actor, rows []db.ListInterviewsRow,
) ([]api.Interview, error) {
	interviews := make([]db.Interview, len(rows))
	for n, row := range rows {
		interviews[n] = row.Interview
	}
	all, err := i.complement(ctx, tenant, interviews)
	if err != nil {
		return nil, err
	}
	shown, zones := make([]api.Interview, len(all)), clocks{}
	for n, w := range all {
		shown[n] = convert(w, standing(actor, rows[n].IsMember, w.panel), actor.ID, zones)
	}
	return shown, nil
}

// present returns one interview as the actor sees it, with its conflicts. The ETag covers everything that is shown,
// because much of it changes without the interview's version: names, responses, submitted scores and conflicts.
func (i *Interviews) present(
	ctx context.Context, tenant *db.Queries, actor access.Actor, row db.GetInterviewRow,
) (api.InterviewJSONResponse, error) {
	all, err := i.complement(ctx, tenant, []db.Interview{row.Interview})
	if err != nil {
		return api.InterviewJSONResponse{}, err
	}
	w := all[0]
	by := standing(actor, row.IsMember, w.panel)
	shown := convert(w, by, actor.ID, clocks{})
	if maySchedule(by) && occupies(w.row.Status) {
		conflicts, err := i.conflicts(ctx, tenant, w)
		if err != nil {
			return api.InterviewJSONResponse{}, err
		}
		shown.Conflicts = convertConflicts(conflicts)
	}
	return api.InterviewJSONResponse{
		Body: shown, Headers: api.InterviewResponseHeaders{ETag: etag.Of(w.row.Version, shown)},
	}, nil
}

// conflicts returns the other bookings of the candidate and the panelists of an interview at its time. Panelists who
// declined are not busy.
func (i *Interviews) conflicts(ctx context.Context, tenant *db.Queries, w whole) ([]db.ListBookingsRow, error) {
	panelists := []uuid.UUID{}
	for _, p := range w.panel {
		if p.InterviewPanelist.Response != api.PanelResponseDeclined {
			panelists = append(panelists, p.InterviewPanelist.UserID)
		}
	}
	return i.bookings(ctx, tenant, booking{
		company: w.row.CompanyID, interview: w.row.ID, panelists: panelists, candidate: &w.row.CandidateID,
		during: span{*w.row.StartsAt, *w.row.EndsAt},
	})
}

// booking is the time of an interview and the people it takes.
type booking struct {
	company, interview uuid.UUID
	panelists          []uuid.UUID
	// candidate is nil if only panelists are booked.
	candidate *uuid.UUID
	during    span
}

// bookings returns the other interviews of the people of a booking that overlap its time.
func (i *Interviews) bookings(ctx context.Context, tenant *db.Queries, b booking) ([]db.ListBookingsRow, error) {
	near, err := tenant.ListBookings(ctx, db.ListBookingsParams{
		CompanyID: b.company, InterviewID: b.interview, Panelists: b.panelists, CandidateID: b.candidate,
		StartsAfter: b.during.from.Add(-longest), StartsBefore: b.during.to,
	})
	return booked(b.during, near), err
}
