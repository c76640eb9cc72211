package interviews_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/ai-interviewer-platform/interviewer/gen/api"
)

// calendar reads a calendar file, with its folded lines put together.
func (h house) calendar(as, target string) string {
	h.t.Helper()
	answer := h.as[as].Get(target).Expect(http.StatusOK)
	if kind := answer.Header.Get("Content-Type"); !strings.HasPrefix(kind, "text/calendar") {
		h.t.Errorf("the file is %q", kind)
	}
	body := string(answer.Body)
	if !strings.HasPrefix(body, "BEGIN:VCALENDAR\r\n") || !strings.HasSuffix(body, "END:VCALENDAR\r\n") {
		h.t.Errorf("no calendar: %s", body)
	}
	return strings.ReplaceAll(body, "\r\n ", "")
}

// has tells whether a calendar has a line.
func has(file, line string) bool { return strings.Contains(file, "\r\n"+line+"\r\n") }

func TestInterviewCalendar(t *testing.T) {
	t.Parallel()
	h := build(t)
	created := shown(h.as["lead"].Post(collection, h.wanted(map[string]any{
		"title": "Tech, round; 2", "location": "Room 4", "meeting_url": "https://meet.example/a", "instructions": "Bring questions.\nBEGIN:VEVENT",
		"panel": h.on("panelist", "hr"), "schedule": map[string]any{
			"starts_at": "2027-03-28T01:30:00+01:00", "ends_at": "2027-03-28T03:30:00.000001+02:00", "timezone": "Europe/Berlin",
		},
	})).Expect(http.StatusCreated))
	id := created.ID
	h.as["panelist"].Post(path(id, "respond"), map[string]any{"response": "accepted"}).Expect(http.StatusOK)
	candidate := created.Candidate.FirstName + " " + created.Candidate.LastName
	file := h.calendar("lead", path(id, "calendar.ics"))
	for _, line := range []string{
		"UID:" + id.String(), "SEQUENCE:1", "STATUS:CONFIRMED", `SUMMARY:Tech\, round\; 2: ` + candidate,
		"DTSTART;TZID=Europe/Berlin:20270328T013000", "DTEND;TZID=Europe/Berlin:20270328T033001", "LOCATION:Room 4", "URL:https://meet.example/a",
		fmt.Sprintf(`DESCRIPTION:Candidate: %s\nJob: %s\nPanel: employee Example\, hr Example\n\nBring questions.\nBEGIN:VEVENT`, candidate, created.Job.Title),
		`ORGANIZER;CN="team_lead Example":mailto:team_lead@acme.example`,
		`ATTENDEE;CN="employee Example";PARTSTAT=ACCEPTED:mailto:employee@acme.example`,
		`ATTENDEE;CN="hr Example";PARTSTAT=NEEDS-ACTION:mailto:hr@acme.example`,
	} {
		if !has(file, line) {
			t.Errorf("the line %q is missing in\n%s", line, file)
		}
	}
	if n := strings.Count(file, "\r\nBEGIN:VEVENT\r\n"); n != 1 {
		t.Errorf("there are %d events", n)
	}
	disposition := h.as["lead"].Get(path(id, "calendar.ics")).Header.Get("Content-Disposition")
	if want := `attachment; filename="interview-` + id.String() + `.ics"`; disposition != want {
		t.Errorf("the file is called %s, want %s", disposition, want)
	}
	// Employees do not read users, and so nobody's address but their own.
	theirs := h.calendar("panelist", path(id, "calendar.ics"))
	if strings.Contains(theirs, "hr@") || strings.Contains(theirs, "team_lead@") || !strings.Contains(theirs, "mailto:employee@acme.example") ||
		!strings.Contains(theirs, "hr Example") {
		t.Errorf("an employee is given\n%s", theirs)
	}
	// Another time, and then no time: later files replace earlier ones.
	h.as["lead"].Post(path(id, "reschedule"), at(0)).Expect(http.StatusOK)
	if file := h.calendar("lead", path(id, "calendar.ics")); !has(file, "SEQUENCE:2") || !has(file, "DTSTART;TZID=Europe/Berlin:20270112T100000") {
		t.Errorf("after the move\n%s", file)
	}
	h.as["lead"].Post(path(id, "cancel"), nil).Expect(http.StatusOK)
	if file := h.calendar("lead", path(id, "calendar.ics")); !has(file, "SEQUENCE:3") || !has(file, "STATUS:CANCELLED") {
		t.Errorf("after it was called off\n%s", file)
	}
	for status, want := range map[api.InterviewStatus]string{
		api.InterviewStatusScheduled: "CONFIRMED", api.InterviewStatusInProgress: "CONFIRMED", api.InterviewStatusAwaitingScores: "CONFIRMED",
		api.InterviewStatusCompleted: "CONFIRMED", api.InterviewStatusNoShow: "CONFIRMED", api.InterviewStatusCancelled: "CANCELLED",
	} {
		if file := h.calendar("hr", path(h.held(status), "calendar.ics")); !has(file, "STATUS:"+want) {
			t.Errorf("%s:\n%s", status, file)
		}
	}
	if file := h.calendar("hr", path(h.held(api.InterviewStatusDraft), "calendar.ics")); strings.Contains(file, "VEVENT") {
		t.Errorf("a draft has no time, and its calendar has\n%s", file)
	}
}

func TestMyCalendar(t *testing.T) {
	t.Parallel()
	h := build(t)
	mine := func(as string) map[string]bool {
		t.Helper()
		found := map[string]bool{}
		for line := range strings.SplitSeq(h.calendar(as, "/api/v1/users/me/calendar.ics"), "\r\n") {
			if id, is := strings.CutPrefix(line, "UID:"); is {
				found[id] = true
			}
		}
		return found
	}
	if got := mine("panelist"); len(got) != 0 {
		t.Errorf("nothing yet, and the calendar has %v", got)
	}
	want := map[string]bool{}
	add := func(id uuid.UUID, is bool) {
		if is {
			want[id.String()] = true
		}
	}
	for _, status := range statuses() {
		add(h.held(status, "panelist", "rival"), status != api.InterviewStatusDraft && status != api.InterviewStatusCancelled)
		h.held(status, "rival")
	}
	for _, response := range []string{"needs_action", "accepted", "declined", "tentative"} {
		id := h.held(api.InterviewStatusScheduled)
		h.Exec(`UPDATE interview_panelists SET response = $2 WHERE interview_id = $1`, id, response)
		add(id, response != "declined")
	}
	for _, days := range []int{29, 31, 400} {
		id := h.held(api.InterviewStatusCompleted)
		from := time.Now().AddDate(0, 0, -days)
		h.Exec(`UPDATE interviews SET starts_at = $2, ends_at = $3 WHERE id = $1`, id, from, from.Add(time.Hour))
		add(id, days < 30)
	}
	if got := mine("panelist"); fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("the calendar has %v, want %v", got, want)
	}
	for _, as := range []string{"hr", "lead", "other"} {
		if got := mine(as); len(got) != 0 {
			t.Errorf("%s, who is on no panel, is given %v", as, got)
		}
	}
	disposition := h.as["hr"].Get("/api/v1/users/me/calendar.ics").Header.Get("Content-Disposition")
	if disposition != `attachment; filename="interviews.ics"` {
		t.Errorf("the file is called %s", disposition)
	}
	h.replica.Anonymous(t).Get("/api/v1/users/me/calendar.ics").Refused(http.StatusUnauthorized, "missing_token")
}

// TestMyCalendarIsBounded: the thousand that come first.
func TestMyCalendarIsBounded(t *testing.T) {
	t.Parallel()
	h := build(t)
	h.Exec(`WITH created AS (
			INSERT INTO interviews (company_id, id, application_id, job_id, candidate_id, kit_version_id, title, kind, status, starts_at, ends_at,
				timezone, created_by, created_at, updated_at)
			SELECT $1, gen_random_uuid(), $2, $3, $4, $5, 'Number ' || n, 'video', 'scheduled', now() + make_interval(hours => n),
				now() + make_interval(hours => n + 1), 'UTC', $6, now(), now()
			FROM generate_series(1, 1003) AS n RETURNING id
		)
		INSERT INTO interview_panelists (company_id, interview_id, user_id, created_at, updated_at) SELECT $1, id, $6, now(), now() FROM created`,
		h.acme.ID, h.applies, h.job, h.mira, h.version, h.people["hr"].ID)
	file := string(h.as["hr"].Get("/api/v1/users/me/calendar.ics").Expect(http.StatusOK).Body)
	if n := strings.Count(file, "BEGIN:VEVENT"); n != 1000 || !strings.Contains(file, "Number 1000:") || strings.Contains(file, "Number 1001:") {
		t.Errorf("the calendar has %d events", n)
	}
}
