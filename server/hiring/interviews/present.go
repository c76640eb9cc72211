package interviews

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/ai-interviewer-platform/interviewer/db/stored"
	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/gen/db"
	"github.com/ai-interviewer-platform/interviewer/server/access"
	"github.com/ai-interviewer-platform/interviewer/server/edge/etag"
	"github.com/ai-interviewer-platform/interviewer/server/platform/postgres"
)

// interviewDetails is an interview with the data of other tables that responses contain.
type interviewDetails struct {
	row     db.Interview
	related db.GetInterviewSurroundingsRow
	panel   []db.ListInterviewPanelsRow
	// isMember says that the actor leads the job of the interview.
	isMember bool
}

// panelistInJSON is an element of the panel of GetInterview.
type panelistInJSON struct {
	UserID        uuid.UUID            `json:"user_id"`
	Response      stored.PanelResponse `json:"response"`
	Comment       *string              `json:"comment"`
	RespondedAt   *time.Time           `json:"responded_at"`
	ScoreRequired bool                 `json:"score_required"`
	CreatedAt     time.Time            `json:"created_at"`
	FirstName     string               `json:"first_name"`
	LastName      string               `json:"last_name"`
	Email         string               `json:"email"`
	ScoreStatus   *stored.ScoreStatus  `json:"score_status"`
}

// detailsOf returns an interview that was read with its panel.
func detailsOf(row db.GetInterviewRow) (interviewDetails, error) {
	d := interviewDetails{row: row.Interview, isMember: row.IsMember, related: db.GetInterviewSurroundingsRow{
		CandidateFirstName: row.CandidateFirstName, CandidateLastName: row.CandidateLastName, JobTitle: row.JobTitle,
		KitID: row.KitID, CreatorName: row.CreatorName, CreatorEmail: row.CreatorEmail,
		ApplicationStatus: row.ApplicationStatus,
	}}
	if row.Panel == nil { // nobody is on it
		return d, nil
	}
	var panel []panelistInJSON
	if err := json.Unmarshal(row.Panel, &panel); err != nil {
		return d, fmt.Errorf("decode the panel of an interview: %w", err)
	}
	d.panel = make([]db.ListInterviewPanelsRow, len(panel))
	for n, p := range panel {
		d.panel[n] = db.ListInterviewPanelsRow{
			InterviewPanelist: db.InterviewPanelist{
				CompanyID: row.Interview.CompanyID, InterviewID: row.Interview.ID, UserID: p.UserID, Response: p.Response,
				Comment: p.Comment, RespondedAt: p.RespondedAt, ScoreRequired: p.ScoreRequired, CreatedAt: p.CreatedAt,
			},
			FirstName: p.FirstName, LastName: p.LastName, Email: p.Email, ScoreStatus: p.ScoreStatus,
		}
	}
	return d, nil
}

// loadDetails reads the panels of interviews, in one statement. All interviews must belong to the same company.
func (i *Interviews) loadDetails(
	ctx context.Context, tenant *db.Queries, rows []db.ListInterviewsRow,
) ([]interviewDetails, error) {
	if len(rows) == 0 {
		return nil, nil
	}
	ids := make([]uuid.UUID, len(rows))
	indexes := make(map[uuid.UUID]int, len(rows))
	all := make([]interviewDetails, len(rows))
	for n, row := range rows {
		ids[n], indexes[row.Interview.ID] = row.Interview.ID, n
		all[n] = interviewDetails{row: row.Interview, isMember: row.IsMember, related: db.GetInterviewSurroundingsRow{
			CandidateFirstName: row.CandidateFirstName, CandidateLastName: row.CandidateLastName, JobTitle: row.JobTitle,
			KitID: row.KitID, CreatorName: row.CreatorName, CreatorEmail: row.CreatorEmail,
			ApplicationStatus: row.ApplicationStatus,
		}}
	}
	panels, err := tenant.ListInterviewPanels(ctx, db.ListInterviewPanelsParams{
		CompanyID: rows[0].Interview.CompanyID, InterviewIds: ids,
	})
	for _, p := range panels {
		n := indexes[p.InterviewPanelist.InterviewID]
		all[n].panel = append(all[n].panel, p)
	}
	return all, err
}

// convertAll converts listed interviews for the actor.
func (i *Interviews) convertAll(
	ctx context.Context, tenant *db.Queries, actor access.Actor, rows []db.ListInterviewsRow,
) ([]api.Interview, error) {
	all, err := i.loadDetails(ctx, tenant, rows)
	if err != nil {
		return nil, err
	}
	converted, zones := make([]api.Interview, len(all)), zoneCache{}
	for n, d := range all {
		converted[n] = convert(d, relationOf(actor, d.isMember, d.panel), actor.ID, zones)
	}
	return converted, nil
}

// changedResponse returns the response of a transaction that has changed an interview.
func (i *Interviews) changedResponse(
	ctx context.Context, tx *postgres.Tx, actor access.Actor, row db.Interview, isMember bool,
) (api.InterviewJSONResponse, error) {
	related, err := tx.GetInterviewSurroundings(ctx, db.GetInterviewSurroundingsParams{
		CompanyID: row.CompanyID, ID: row.ID,
	})
	if err != nil {
		return api.InterviewJSONResponse{}, err
	}
	panel, err := tx.ListInterviewPanels(ctx, db.ListInterviewPanelsParams{
		CompanyID: row.CompanyID, InterviewIds: []uuid.UUID{row.ID},
	})
	if err != nil {
		return api.InterviewJSONResponse{}, err
	}
	return i.interviewResponse(ctx, tx.Queries, actor, interviewDetails{row, related, panel, isMember})
}

// interviewResponse returns the response for one interview, with its conflicts if the actor may schedule it. The ETag
// covers the complete body, because parts of it change without the interview's version: names, responses, submitted
// scores and conflicts.
func (i *Interviews) interviewResponse(
	ctx context.Context, tenant *db.Queries, actor access.Actor, d interviewDetails,
) (api.InterviewJSONResponse, error) {
	relation := relationOf(actor, d.isMember, d.panel)
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
