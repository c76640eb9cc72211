package interviews

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/gen/db"
	"github.com/ai-interviewer-platform/interviewer/server/access"
	"github.com/ai-interviewer-platform/interviewer/server/edge/etag"
	"github.com/ai-interviewer-platform/interviewer/server/hiring/calendar"
)

const (
	// calendarPast is how far back a person's calendar reaches.
	calendarPast = 30 * 24 * time.Hour
	// maxEvents is how many interviews a person's calendar holds.
	maxEvents = 1000
)

// GetInterviewCalendar gives an interview as a calendar file, to those who see it.
func (i *Interviews) GetInterviewCalendar(
	ctx context.Context, request api.GetInterviewCalendarRequestObject,
) (api.GetInterviewCalendarResponseObject, error) {
	actor := access.Of(ctx)
	tenant := i.Store.Of(actor.CompanyID)
	row, err := get(ctx, tenant, actor, request.InterviewID)
	if err != nil {
		return nil, err
	}
	file, err := i.calendar(ctx, tenant, actor, "interview-"+row.Interview.ID.String(), row.Interview)
	if err != nil {
		return nil, err
	}
	return api.GetInterviewCalendar200TextCalendarResponse{CalendarTextCalendarResponse: file}, nil
}

// GetMyCalendar gives the interviews that the caller is on the panel of as a calendar file, without cancelled ones and
// those that they have declined.
func (i *Interviews) GetMyCalendar(
	ctx context.Context, _ api.GetMyCalendarRequestObject,
) (api.GetMyCalendarResponseObject, error) {
	who := access.Of(ctx)
	tenant := i.Store.Of(who.CompanyID)
	rows, err := tenant.ListMyInterviews(ctx, db.ListMyInterviewsParams{
		CompanyID: who.CompanyID, UserID: who.ID, Since: i.Clock.Now().Add(-calendarPast), MaxRows: maxEvents,
	})
	if err != nil {
		return nil, err
	}
	file, err := i.calendar(ctx, tenant, who, "interviews", rows...)
	if err != nil {
		return nil, err
	}
	return api.GetMyCalendar200TextCalendarResponse{CalendarTextCalendarResponse: file}, nil
}

// calendar makes the file of interviews, without those that have no time.
func (i *Interviews) calendar(
	ctx context.Context, tenant *db.Queries, who access.Actor, name string, rows ...db.Interview,
) (api.CalendarTextCalendarResponse, error) {
	all, err := i.complement(ctx, tenant, rows)
	if err != nil {
		return api.CalendarTextCalendarResponse{}, err
	}
	events := []calendar.Event{}
	for _, w := range all {
		if w.row.StartsAt != nil {
			events = append(events, event(w, who))
		}
	}
	file, err := calendar.Write(events)
	if err != nil {
		return api.CalendarTextCalendarResponse{}, err
	}
	return api.CalendarTextCalendarResponse{
		Body: bytes.NewReader(file), ContentLength: int64(len(file)),
		Headers: api.CalendarResponseHeaders{
			ContentDisposition: fmt.Sprintf(`attachment; filename="%s.ics"`, name), ETag: etag.OfContent(file),
		},
	}, nil
}

// event is an interview as calendars know it. They know people by their email addresses, which employees do not read:
// they find the names of the panel in the description, and only themselves among the attendees. Every change of time,
// place or panel raises the version, so a later file replaces an earlier one.
func event(w whole, who access.Actor) calendar.Event {
	row := w.row
	person := func(id uuid.UUID, name, email string) calendar.Person {
		if id != who.ID && !who.ReadsUsers() {
			email = ""
		}
		return calendar.Person{Name: name, Email: email}
	}
	e := calendar.Event{
		UID: row.ID.String(), Sequence: int(row.Version) - 1,
		Summary:     row.Title + ": " + w.around.CandidateFirstName + " " + w.around.CandidateLastName,
		Description: describe(w), Location: plain(row.Location), URL: plain(row.MeetingURL),
		Start: *row.StartsAt, End: ceiling(*row.EndsAt), Zone: plain(row.Timezone), Status: calendar.Confirmed,
		Created: row.CreatedAt, Modified: row.UpdatedAt,
		Organizer: person(w.around.CreatorID, w.around.CreatorName, w.around.CreatorEmail),
	}
	if row.Status == api.InterviewStatusCancelled {
		e.Status = calendar.Cancelled
	}
	for _, p := range w.panel {
		e.Attendees = append(e.Attendees, calendar.Attendee{
			Person:   person(p.InterviewPanelist.UserID, p.FirstName+" "+p.LastName, p.Email),
			Response: calendar.Response(p.InterviewPanelist.Response),
		})
	}
	return e
}

// describe says who takes part, and what the panel should know.
func describe(w whole) string {
	names := make([]string, len(w.panel))
	for n, p := range w.panel {
		names[n] = p.FirstName + " " + p.LastName
	}
	lines := []string{
		"Candidate: " + w.around.CandidateFirstName + " " + w.around.CandidateLastName,
		"Job: " + w.around.JobTitle,
	}
	if len(names) > 0 {
		lines = append(lines, "Panel: "+strings.Join(names, ", "))
	}
	if w.row.Instructions != nil {
		lines = append(lines, "", *w.row.Instructions)
	}
	return strings.Join(lines, "\n")
}

// ceiling is a time in whole seconds, which is what calendars know, and not before it: an event that lasts less than
// one lasts one.
func ceiling(t time.Time) time.Time {
	if whole := t.Truncate(time.Second); whole.Before(t) {
		return whole.Add(time.Second)
	}
	return t
}

func plain(text *string) string {
	if text == nil {
		return ""
	}
	return *text
}
