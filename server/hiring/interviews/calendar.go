package interviews

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/ai-interviewer-platform/interviewer/db/stored"
	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/gen/db"
	"github.com/ai-interviewer-platform/interviewer/server/access"
	"github.com/ai-interviewer-platform/interviewer/server/edge/etag"
	"github.com/ai-interviewer-platform/interviewer/server/hiring/calendar"
	"github.com/ai-interviewer-platform/interviewer/server/service"
)

const (
	// calendarPast is the age of the oldest interviews in a user's calendar.
	calendarPast = 30 * 24 * time.Hour
	// maxEvents is the largest number of interviews in a user's calendar.
	maxEvents = 1000
)

// GetInterviewCalendar returns an interview that the actor sees as a calendar file.
func (i *Interviews) GetInterviewCalendar(
	ctx context.Context, call service.Call, request api.GetInterviewCalendarRequestObject,
) (api.GetInterviewCalendarResponseObject, error) {
	actor := call.Actor
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

// GetMyCalendar returns the interviews on whose panel the user is as a calendar file, without cancelled interviews and
// interviews that the user declined. It contains interviews from the last 30 days on, at most the first 1,000.
func (i *Interviews) GetMyCalendar(
	ctx context.Context, call service.Call, _ api.GetMyCalendarRequestObject,
) (api.GetMyCalendarResponseObject, error) {
	actor := call.Actor
	tenant := i.Store.Of(actor.CompanyID)
	rows, err := tenant.ListMyInterviews(ctx, db.ListMyInterviewsParams{
		CompanyID: actor.CompanyID, UserID: actor.ID, Since: i.Clock.Now().Add(-calendarPast), MaxRows: maxEvents,
	})
	if err != nil {
		return nil, err
	}
	file, err := i.calendar(ctx, tenant, actor, "interviews", rows...)
	if err != nil {
		return nil, err
	}
	return api.GetMyCalendar200TextCalendarResponse{CalendarTextCalendarResponse: file}, nil
}

// calendar returns a file with those of the given interviews that have a time. name is the file name without extension.
func (i *Interviews) calendar(
	ctx context.Context, tenant *db.Queries, actor access.Actor, name string, rows ...db.Interview,
) (api.CalendarTextCalendarResponse, error) {
	all, err := i.loadDetails(ctx, tenant, rows)
	if err != nil {
		return api.CalendarTextCalendarResponse{}, err
	}
	events := []calendar.Event{}
	for _, d := range all {
		if d.row.StartsAt != nil {
			events = append(events, event(d, actor))
		}
	}
	file, err := calendar.Write(events)
	if err != nil {
		return api.CalendarTextCalendarResponse{}, fmt.Errorf("write calendar: %w", err)
	}
	return api.CalendarTextCalendarResponse{
		Body: bytes.NewReader(file), ContentLength: int64(len(file)),
		Headers: api.CalendarResponseHeaders{
			ContentDisposition: fmt.Sprintf(`attachment; filename="%s.ics"`, name), ETag: etag.OfContent(file),
		},
	}, nil
}

// event converts an interview to a calendar event. iCalendar identifies people by their email addresses, which
// employees cannot read. Their files therefore list only themselves as an attendee; the description names the whole
// panel. The version increases with every change of time, place or panel, so it serves as the event's sequence.
func event(d interviewDetails, actor access.Actor) calendar.Event {
	row := d.row
	person := func(id uuid.UUID, name, email string) calendar.Person {
		if id != actor.ID && !actor.ReadsUsers() {
			email = ""
		}
		return calendar.Person{Name: name, Email: email}
	}
	e := calendar.Event{
		UID: row.ID.String(), Sequence: int(row.Version) - 1,
		Summary:     row.Title + ": " + d.related.CandidateFirstName + " " + d.related.CandidateLastName,
		Description: describe(d), Location: textOf(row.Location), URL: textOf(row.MeetingURL),
		Start: *row.StartsAt, End: roundUpToSecond(*row.EndsAt), Zone: textOf(row.Timezone), Status: calendar.Confirmed,
		Created: row.CreatedAt, Modified: row.UpdatedAt,
		Organizer: person(d.related.CreatorID, d.related.CreatorName, d.related.CreatorEmail),
	}
	if row.Status == stored.InterviewStatusCancelled {
		e.Status = calendar.Cancelled
	}
	for _, p := range d.panel {
		e.Attendees = append(e.Attendees, calendar.Attendee{
			Person:   person(p.InterviewPanelist.UserID, p.FirstName+" "+p.LastName, p.Email),
			Response: calendar.Response(p.InterviewPanelist.Response),
		})
	}
	return e
}

// describe returns the description of an event: the candidate, the job, the panel and the instructions.
func describe(d interviewDetails) string {
	names := make([]string, len(d.panel))
	for n, p := range d.panel {
		names[n] = p.FirstName + " " + p.LastName
	}
	lines := []string{
		"Candidate: " + d.related.CandidateFirstName + " " + d.related.CandidateLastName,
		"Job: " + d.related.JobTitle,
	}
	if len(names) > 0 {
		lines = append(lines, "Panel: "+strings.Join(names, ", "))
	}
	if d.row.Instructions != nil {
		lines = append(lines, "", *d.row.Instructions)
	}
	return strings.Join(lines, "\n")
}

// roundUpToSecond rounds a time up to a full second, the precision of iCalendar, so that an event shorter than a second
// does not become empty.
func roundUpToSecond(t time.Time) time.Time {
	if second := t.Truncate(time.Second); second.Before(t) {
		return second.Add(time.Second)
	}
	return t
}

// textOf returns a text, or the empty string if it is nil.
func textOf(text *string) string {
	if text == nil {
		return ""
	}
	return *text
}
