package interviews

import (
	"context"

	"github.com/google/uuid"

	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/gen/db"
	"github.com/ai-interviewer-platform/interviewer/server/access"
	"github.com/ai-interviewer-platform/interviewer/server/edge/etag"
	"github.com/ai-interviewer-platform/interviewer/server/hiring/visibility"
)

// whole is an interview with what it shows besides its row.
type whole struct {
	row    db.Interview
	around db.ListInterviewSurroundingsRow
	panel  []db.ListInterviewPanelsRow
}

// complement reads what interviews show besides their rows, in two statements however many they are.
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

// present shows an interview as the caller may see and handle it. Its tag covers all that is shown, because much of it
// changes without the interview's version: names, responses, whether scores are submitted, who else is booked.
func (i *Interviews) present(
	ctx context.Context, tenant *db.Queries, who access.Actor, seen visibility.Sight, row db.Interview,
) (api.InterviewJSONResponse, error) {
	all, err := i.complement(ctx, tenant, []db.Interview{row})
	if err != nil {
		return api.InterviewJSONResponse{}, err
	}
	w := all[0]
	shown := convert(w, standing(seen, who, row, w.panel), who.ID, clocks{})
	if maySchedule(standing(seen, who, row, w.panel)) && occupies(row.Status) {
		conflicts, err := i.conflicts(ctx, tenant, w)
		if err != nil {
			return api.InterviewJSONResponse{}, err
		}
		shown.Conflicts = convertConflicts(conflicts)
	}
	return api.InterviewJSONResponse{
		Body: shown, Headers: api.InterviewResponseHeaders{ETag: etag.Of(row.Version, shown)},
	}, nil
}

// conflicts gives what else the people of an interview are booked for at its time. Who has declined is not booked by
// it.
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

// booking is who is booked for an interview, and when.
type booking struct {
	company, interview uuid.UUID
	panelists          []uuid.UUID
	// candidate is nil where only panelists are booked.
	candidate *uuid.UUID
	during    span
}

// bookings gives what else the people of a booking are booked for at its time.
func (i *Interviews) bookings(ctx context.Context, tenant *db.Queries, b booking) ([]db.ListBookingsRow, error) {
	near, err := tenant.ListBookings(ctx, db.ListBookingsParams{
		CompanyID: b.company, InterviewID: b.interview, Panelists: b.panelists, CandidateID: b.candidate,
		StartsAfter: b.during.from.Add(-longest), StartsBefore: b.during.to,
	})
	return booked(b.during, near), err
}
