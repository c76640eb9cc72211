package interviews

import (
	"context"

	"github.com/google/uuid"

	"github.com/ai-interviewer-platform/interviewer/db/stored"
	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/gen/db"
	"github.com/ai-interviewer-platform/interviewer/server/access"
	"github.com/ai-interviewer-platform/interviewer/server/edge/etag"
)

// interviewDetails is an interview with the data of other tables that responses contain.
type interviewDetails struct {
	row     db.Interview
	related db.ListInterviewSurroundingsRow
	panel   []db.ListInterviewPanelsRow
}

// loadDetails reads the data that responses contain besides the rows of interviews, in two statements for any number of
// interviews. All interviews must belong to the same company.
func (i *Interviews) loadDetails(
	ctx context.Context, tenant *db.Queries, rows []db.Interview,
) ([]interviewDetails, error) {
	if len(rows) == 0 {
		return nil, nil
	}
	ids := make([]uuid.UUID, len(rows))
	for n, row := range rows {
		ids[n] = row.ID
	}
	company := rows[0].CompanyID
	related, err := tenant.ListInterviewSurroundings(ctx, db.ListInterviewSurroundingsParams{
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
	indexes := make(map[uuid.UUID]int, len(rows))
	all := make([]interviewDetails, len(rows))
	for n, row := range rows {
		indexes[row.ID], all[n].row = n, row
	}
	for _, r := range related {
		all[indexes[r.ID]].related = r
	}
	for _, p := range panels {
		n := indexes[p.InterviewPanelist.InterviewID]
		all[n].panel = append(all[n].panel, p)
	}
	return all, nil
}

// convertAll converts listed interviews for the actor.
func (i *Interviews) convertAll(
	ctx context.Context, tenant *db.Queries, actor access.Actor, rows []db.ListInterviewsRow,
) ([]api.Interview, error) {
	interviews := make([]db.Interview, len(rows))
	for n, row := range rows {
		interviews[n] = row.Interview
	}
	all, err := i.loadDetails(ctx, tenant, interviews)
	if err != nil {
		return nil, err
	}
	converted, zones := make([]api.Interview, len(all)), zoneCache{}
	for n, d := range all {
		converted[n] = convert(d, relationOf(actor, rows[n].IsMember, d.panel), actor.ID, zones)
	}
	return converted, nil
}

// interviewResponse returns the response for one interview, with its conflicts if the actor may schedule it. The ETag
// covers the complete body, because parts of it change without the interview's version: names, responses, submitted
// scores and conflicts.
func (i *Interviews) interviewResponse(
	ctx context.Context, tenant *db.Queries, actor access.Actor, row db.GetInterviewRow,
) (api.InterviewJSONResponse, error) {
	all, err := i.loadDetails(ctx, tenant, []db.Interview{row.Interview})
	if err != nil {
		return api.InterviewJSONResponse{}, err
	}
	d := all[0]
	relation := relationOf(actor, row.IsMember, d.panel)
	body := convert(d, relation, actor.ID, zoneCache{})
	if canSchedule(relation) && occupiesTime(d.row.Status) {
		conflicts, err := i.conflicts(ctx, tenant, d)
		if err != nil {
			return api.InterviewJSONResponse{}, err
		}
		body.Conflicts = convertConflicts(conflicts, *d.row.Timezone)
	}
	return api.InterviewJSONResponse{
		Body: body, Headers: api.InterviewResponseHeaders{ETag: etag.Of(d.row.Version, body)},
	}, nil
}

// conflicts returns the other bookings of the candidate and the panelists of an interview at its time. Panelists who
// declined are not busy.
func (i *Interviews) conflicts(
	ctx context.Context, tenant *db.Queries, d interviewDetails,
) ([]db.ListBookingsRow, error) {
	panelists := []uuid.UUID{}
	for _, p := range d.panel {
		if p.InterviewPanelist.Response != stored.PanelResponseDeclined {
			panelists = append(panelists, p.InterviewPanelist.UserID)
		}
	}
	return i.bookings(ctx, tenant, booking{
		company: d.row.CompanyID, interview: d.row.ID, panelists: panelists, candidate: &d.row.CandidateID,
		during: span{*d.row.StartsAt, *d.row.EndsAt}, zone: *d.row.Timezone,
	})
}

// booking is the time of an interview and the people who are busy at that time.
type booking struct {
	company, interview uuid.UUID
	panelists          []uuid.UUID
	// candidate is nil if only panelists are booked.
	candidate *uuid.UUID
	during    span
	// zone is the time zone of the interview, in which conflicts are reported.
	zone string
}

// bookings returns the other interviews of the people of a booking that overlap its time.
func (i *Interviews) bookings(ctx context.Context, tenant *db.Queries, b booking) ([]db.ListBookingsRow, error) {
	rows, err := tenant.ListBookings(ctx, db.ListBookingsParams{
		CompanyID: b.company, InterviewID: b.interview, Panelists: b.panelists, CandidateID: b.candidate,
		// An interview that overlaps cannot have started earlier than this.
		StartsAfter: b.during.from.Add(-maxDuration), StartsBefore: b.during.to,
	})
	return overlapping(b.during, rows), err
}
