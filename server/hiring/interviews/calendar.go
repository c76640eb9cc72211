package interviews

import (
	"bytes"
	"context"
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/ai-interviewer-platform/interviewer/db/stored"
	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/gen/db"
	"github.com/ai-interviewer-platform/interviewer/server/access"
	"github.com/ai-interviewer-platform/interviewer/server/edge/etag"
	"github.com/ai-interviewer-platform/interviewer/server/hiring/calendar"
	"github.com/ai-interviewer-platform/interviewer/server/platform/postgres"
	"github.com/ai-interviewer-platform/interviewer/server/service"
)

const (
	// calendarPast is the age of the oldest interviews in a user's calendar.
	calendarPast = 30 * 24 * time.Hour
	// maxEvents is the largest number of interviews in a user's calendar.
	maxEvents = 1000
	// removalsKept is how long a user's calendar cancels the events of interviews from whose panel the user was removed.
	removalsKept = 30 * 24 * time.Hour
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
	details, err := detailsOf(row)
	if err != nil {
		return nil, err
	}
	wanted := calendar.File{Events: events([]interviewDetails{details}, actor)}
	if len(wanted.Events) > 0 {
		wanted.Method = method(wanted.Events[0])
	}
	file, err := i.calendar(ctx, tenant, actor, "interview-"+row.Interview.ID.String(), wanted)
	if err != nil {
		return nil, err
	}
	return api.GetInterviewCalendar200TextCalendarResponse{CalendarTextCalendarResponse: file}, nil
}

// GetMyCalendar returns the interviews on whose panel the user is as a calendar file. Cancelled, missed and declined
// interviews are marked, because a calendar program keeps an event that a file no longer contains. For the same reason,
// interviews from whose panel the user was removed in the last 30 days are cancelled. The file contains interviews from
// the last 30 days on, at most the first 1,000, and at most 1,000 of the removals.
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
	removals, err := tenant.ListPanelRemovals(ctx, db.ListPanelRemovalsParams{
		CompanyID: actor.CompanyID, UserID: actor.ID, Since: i.Clock.Now().Add(-removalsKept), MaxRows: maxEvents,
	})
	if err != nil {
		return nil, err
	}
	shown := make([]db.ListInterviewsRow, len(rows))
	for n, row := range rows {
		shown[n] = db.ListInterviewsRow(row)
	}
	all, err := i.loadDetails(ctx, tenant, shown)
	if err != nil {
		return nil, err
	}
	events := events(all, actor)
	for _, removal := range removals {
		events = append(events, removedEvent(removal))
	}
	file, err := i.calendar(ctx, tenant, actor, "interviews", calendar.File{Events: events})
	if err != nil {
		return nil, err
	}
	return api.GetMyCalendar200TextCalendarResponse{CalendarTextCalendarResponse: file}, nil
}

// events returns the events of those interviews that have a time.
func events(all []interviewDetails, actor access.Actor) (found []calendar.Event) {
	for _, d := range all {
		if d.row.StartsAt != nil {
			found = append(found, event(d, actor))
		}
	}
	return found
}

// calendar returns a file. A file without events contains the zone of the company. name is the file name without
// extension.
func (i *Interviews) calendar(
	ctx context.Context, tenant *db.Queries, actor access.Actor, name string, wanted calendar.File,
) (api.CalendarTextCalendarResponse, error) {
	wanted.At = i.Clock.Now()
	if len(wanted.Events) == 0 {
		company, err := tenant.GetCompany(ctx, actor.CompanyID)
		if err != nil {
			return api.CalendarTextCalendarResponse{}, err
		}
		wanted.Zone = company.Timezone
	}
	file, err := calendar.Write(wanted)
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

// method returns the method of a file with one event. A cancelled event is removed by METHOD:CANCEL, which is valid
// only with an organizer (RFC 5546, section 3.2.5). Other files have no method.
func method(e calendar.Event) calendar.Method {
	if e.Status == calendar.Cancelled && e.Organizer.Email != "" {
		return calendar.Cancel
	}
	return ""
}

// event converts an interview to a calendar event. iCalendar identifies people by their email addresses, which
// employees cannot read. Their files therefore list only themselves as an attendee; the description names the whole
// panel. The version increases with every change of time, place, panel or status, and responses with every response of
// a panelist, so that their sum increases with every change of the event.
func event(d interviewDetails, actor access.Actor) calendar.Event {
	row := d.row
	person := func(id uuid.UUID, name, email string) calendar.Person {
		if id != actor.ID && !actor.ReadsUsers() {
			email = ""
		}
		return calendar.Person{Name: name, Email: email}
	}
	mark := markOf(d, actor)
	e := calendar.Event{
		UID: row.ID.String(), Sequence: int(row.Version) - 1 + int(row.Responses),
		Summary:     mark + row.Title + ": " + d.related.CandidateFirstName + " " + d.related.CandidateLastName,
		Description: describe(d), Location: place(row), URL: textOf(row.MeetingURL),
		Start: *row.StartsAt, End: roundUpToSecond(*row.EndsAt), Zone: textOf(row.Timezone),
		Status: calendar.Confirmed, Free: mark != "", Created: row.CreatedAt, Modified: row.UpdatedAt,
		Organizer: person(row.CreatedBy, d.related.CreatorName, d.related.CreatorEmail),
	}
	if row.Status == stored.InterviewStatusCancelled || row.Status == stored.InterviewStatusNoShow {
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

// removedEvent cancels the event of an interview from whose panel the user was removed. It has nothing about the
// interview but its time, because the user may no longer see it.
func removedEvent(removal db.ListPanelRemovalsRow) calendar.Event {
	return calendar.Event{
		UID: removal.InterviewID.String(), Sequence: int(removal.Sequence),
		Summary: "Removed: you are no longer on the panel of this interview",
		Start:   removal.StartsAt, End: roundUpToSecond(removal.EndsAt), Zone: removal.Timezone,
		Status: calendar.Cancelled, Free: true, Created: removal.RemovedAt, Modified: removal.RemovedAt,
	}
}

// DeleteOldRemovals deletes removals from panels of all companies that calendars no longer contain, at most so many,
// the oldest first, and returns their number.
func DeleteOldRemovals(ctx context.Context, s *postgres.Store, now time.Time, atMost int) (int64, error) {
	return s.Lookup().DeleteOldPanelRemovals(ctx, db.DeleteOldPanelRemovalsParams{
		Before: now.Add(-removalsKept),
		AtMost: int32(min(atMost, math.MaxInt32)), //nolint:gosec // bounded on this line
	})
}

// markOf returns the beginning of the summary of an interview that does not take place, or not with the actor; empty
// for others. Google Calendar ignores the status of events in calendars that it subscribes to, and Outlook that of
// imported files, so the summary says it too.
func markOf(d interviewDetails, actor access.Actor) string {
	own := panelist(d.panel, actor.ID)
	switch {
	case d.row.Status == stored.InterviewStatusCancelled:
		return "Cancelled: "
	case d.row.Status == stored.InterviewStatusNoShow:
		return "No-show: "
	case own != nil && own.InterviewPanelist.Response == stored.PanelResponseDeclined:
		return "Declined: "
	}
	return ""
}

// place returns the location of an event: the place of the interview, the URL of its meeting, or both. Outlook and the
// phones' calendars show the URL of an event nowhere else.
func place(row db.Interview) string {
	if row.Location == nil || row.MeetingURL == nil {
		return textOf(row.Location) + textOf(row.MeetingURL)
	}
	return *row.Location + ", " + *row.MeetingURL
}

// describe returns the description of an event: the candidate, the job, the panel, the URL of the meeting and the
// instructions.
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
	if d.row.MeetingURL != nil {
		lines = append(lines, "Meeting: "+*d.row.MeetingURL)
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
