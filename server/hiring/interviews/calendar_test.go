package interviews_test

import (
	"fmt"
	"maps"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/ai-interviewer-platform/interviewer/gen/api"
)

// calendarFile returns a calendar file with unfolded lines.
func (f fixture) calendarFile(name, target string) string {
	f.t.Helper()
	answer := f.clients[name].Get(target).Expect(http.StatusOK)
	if mediaType := answer.Header.Get("Content-Type"); !strings.HasPrefix(mediaType, "text/calendar") {
		f.t.Errorf("got the media type %q, want text/calendar", mediaType)
	}
	body := string(answer.Body)
	if !strings.HasPrefix(body, "BEGIN:VCALENDAR\r\n") || !strings.HasSuffix(body, "END:VCALENDAR\r\n") {
		f.t.Errorf("got %s, want one VCALENDAR", body)
	}
	return strings.ReplaceAll(body, "\r\n ", "")
}

// hasLine reports whether a calendar file contains a line.
func hasLine(file, line string) bool { return strings.Contains(file, "\r\n"+line+"\r\n") }

func TestInterviewCalendar(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	t.Run("content and updates", func(t *testing.T) {
		t.Parallel()
		testCalendarContent(t, f.in(t))
	})
	t.Run("addresses", func(t *testing.T) {
		t.Parallel()
		testCalendarAddresses(t, f.in(t))
	})
	t.Run("statuses", func(t *testing.T) {
		t.Parallel()
		testCalendarStatuses(t, f.in(t))
	})
}

// testCalendarContent reads the file of an interview that is created, rescheduled and cancelled.
func testCalendarContent(t *testing.T, f fixture) {
	created := decode(f.clients["lead"].Post(collection, f.createBody(map[string]any{
		"title": "Tech, round; 2", "location": "Room 4", "meeting_url": "https://meet.example/a",
		"instructions": "Bring questions.\nBEGIN:VEVENT", "panel": f.panelOf("panelist", "hr"),
		"schedule": map[string]any{
			"starts_at": "2027-03-28T01:30:00+01:00", "ends_at": "2027-03-28T03:30:00.000001+02:00",
			"timezone": "Europe/Berlin",
		},
	})).Expect(http.StatusCreated))
	id := created.ID
	f.clients["panelist"].Post(path(id, "respond"), map[string]any{"response": "accepted"}).Expect(http.StatusOK)
	candidate := created.Candidate.FirstName + " " + created.Candidate.LastName

	file := f.calendarFile("lead", path(id, "calendar.ics"))
	for _, line := range []string{
		"UID:" + id.String(), "SEQUENCE:1", "STATUS:CONFIRMED", `SUMMARY:Tech\, round\; 2: ` + candidate,
		"DTSTART;TZID=Europe/Berlin:20270328T013000", "DTEND;TZID=Europe/Berlin:20270328T033001",
		"LOCATION:Room 4", "URL:https://meet.example/a",
		fmt.Sprintf(`DESCRIPTION:Candidate: %s\nJob: %s\nPanel: employee Example\, hr Example`+
			`\n\nBring questions.\nBEGIN:VEVENT`, candidate, created.Job.Title),
		`ORGANIZER;CN="team_lead Example":mailto:team_lead@acme.example`,
		`ATTENDEE;CN="employee Example";PARTSTAT=ACCEPTED:mailto:employee@acme.example`,
		`ATTENDEE;CN="hr Example";PARTSTAT=NEEDS-ACTION:mailto:hr@acme.example`,
	} {
		if !hasLine(file, line) {
			t.Errorf("the line %q is missing in\n%s", line, file)
		}
	}
	if n := strings.Count(file, "\r\nBEGIN:VEVENT\r\n"); n != 1 {
		t.Errorf("got %d events, want 1", n)
	}
	disposition := f.clients["lead"].Get(path(id, "calendar.ics")).Header.Get("Content-Disposition")
	if want := `attachment; filename="interview-` + id.String() + `.ics"`; disposition != want {
		t.Errorf("got the disposition %s, want %s", disposition, want)
	}

	// Every change increases the sequence, so that a later file replaces an earlier one.
	f.clients["lead"].Post(path(id, "reschedule"), scheduleAt(0)).Expect(http.StatusOK)
	file = f.calendarFile("lead", path(id, "calendar.ics"))
	if !hasLine(file, "SEQUENCE:2") || !hasLine(file, "DTSTART;TZID=Europe/Berlin:20270112T100000") {
		t.Errorf("rescheduled: got\n%s\nwant the sequence 2 and the new time", file)
	}
	f.clients["lead"].Post(path(id, "cancel"), nil).Expect(http.StatusOK)
	file = f.calendarFile("lead", path(id, "calendar.ics"))
	if !hasLine(file, "SEQUENCE:3") || !hasLine(file, "STATUS:CANCELLED") {
		t.Errorf("cancelled: got\n%s\nwant the sequence 3 and the status CANCELLED", file)
	}
}

// testCalendarAddresses verifies that employees, who cannot read users, get no email address but their own.
func testCalendarAddresses(t *testing.T, f fixture) {
	id := f.newInterview(api.InterviewStatusScheduled, "panelist", "hr", "lead")
	file := f.calendarFile("panelist", path(id, "calendar.ics"))
	for _, address := range []string{"hr@", "team_lead@"} {
		if strings.Contains(file, address) {
			t.Errorf("the employee's file contains %q:\n%s", address, file)
		}
	}
	for _, text := range []string{"mailto:employee@acme.example", "hr Example"} {
		if !strings.Contains(file, text) {
			t.Errorf("the employee's file does not contain %q:\n%s", text, file)
		}
	}
	for _, address := range []string{"hr@", "team_lead@", "employee@"} {
		if file := f.calendarFile("lead", path(id, "calendar.ics")); !strings.Contains(file, address) {
			t.Errorf("the lead's file does not contain %q:\n%s", address, file)
		}
	}
}

// testCalendarStatuses reads the file of an interview in each status.
func testCalendarStatuses(t *testing.T, f fixture) {
	for status, want := range map[api.InterviewStatus]string{
		api.InterviewStatusScheduled: "CONFIRMED", api.InterviewStatusInProgress: "CONFIRMED",
		api.InterviewStatusAwaitingScores: "CONFIRMED", api.InterviewStatusCompleted: "CONFIRMED",
		api.InterviewStatusNoShow: "CONFIRMED", api.InterviewStatusCancelled: "CANCELLED",
	} {
		t.Run(string(status), func(t *testing.T) {
			f := f.in(t)
			file := f.calendarFile("hr", path(f.newInterview(status), "calendar.ics"))
			if !hasLine(file, "STATUS:"+want) {
				t.Errorf("got\n%s\nwant the status %s", file, want)
			}
		})
	}
	draft := f.calendarFile("hr", path(f.newInterview(api.InterviewStatusDraft), "calendar.ics"))
	if strings.Contains(draft, "VEVENT") {
		t.Errorf("draft: got\n%s\nwant no event, because a draft has no time", draft)
	}
}

func TestMyCalendar(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	const target = "/api/v1/users/me/calendar.ics"
	// uids returns the interviews in a user's calendar.
	uids := func(name string) map[string]bool {
		t.Helper()
		found := map[string]bool{}
		for line := range strings.SplitSeq(f.calendarFile(name, target), "\r\n") {
			if id, ok := strings.CutPrefix(line, "UID:"); ok {
				found[id] = true
			}
		}
		return found
	}
	if got := uids("panelist"); len(got) != 0 {
		t.Errorf("without interviews: got %v, want an empty calendar", got)
	}

	want := map[string]bool{}
	expect := func(id uuid.UUID, included bool) {
		if included {
			want[id.String()] = true
		}
	}
	for _, status := range statuses() {
		expect(f.newInterview(status, "panelist", "other_lead"),
			status != api.InterviewStatusDraft && status != api.InterviewStatusCancelled)
		f.newInterview(status, "other_lead")
	}
	for _, response := range []string{"needs_action", "accepted", "declined", "tentative"} {
		id := f.newInterview(api.InterviewStatusScheduled)
		f.Exec(`UPDATE interview_panelists SET response = $2 WHERE interview_id = $1`, id, response)
		expect(id, response != "declined")
	}
	for _, days := range []int{29, 31, 400} {
		id := f.newInterview(api.InterviewStatusCompleted)
		from := time.Now().AddDate(0, 0, -days)
		f.Exec(`UPDATE interviews SET starts_at = $2, ends_at = $3 WHERE id = $1`, id, from, from.Add(time.Hour))
		expect(id, days < 30)
	}

	if got := uids("panelist"); !maps.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	for _, name := range []string{"hr", "lead", "outsider"} {
		if got := uids(name); len(got) != 0 {
			t.Errorf("%s is on no panel: got %v, want an empty calendar", name, got)
		}
	}
	disposition := f.clients["hr"].Get(target).Header.Get("Content-Disposition")
	if want := `attachment; filename="interviews.ics"`; disposition != want {
		t.Errorf("got the disposition %s, want %s", disposition, want)
	}
	f.replica.Anonymous(t).Get(target).Refused(http.StatusUnauthorized, "missing_token")
}

// TestMyCalendarIsLimited verifies that a calendar contains the first 1,000 interviews.
func TestMyCalendarIsLimited(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.Exec(`WITH created AS (
			INSERT INTO interviews (company_id, id, application_id, job_id, candidate_id, kit_version_id, title, kind, status,
				starts_at, ends_at, timezone, created_by, created_at, updated_at)
			SELECT $1, gen_random_uuid(), $2, $3, $4, $5, 'Number ' || n, 'video', 'scheduled',
				now() + make_interval(hours => n), now() + make_interval(hours => n + 1), 'UTC', $6, now(), now()
			FROM generate_series(1, 1003) AS n RETURNING id
		)
		INSERT INTO interview_panelists (company_id, interview_id, user_id, created_at, updated_at)
		SELECT $1, id, $6, now(), now() FROM created`,
		f.company.ID, f.application, f.job, f.candidate, f.kitVersion, f.users["hr"].ID)
	file := string(f.clients["hr"].Get("/api/v1/users/me/calendar.ics").Expect(http.StatusOK).Body)
	if n := strings.Count(file, "BEGIN:VEVENT"); n != 1000 {
		t.Errorf("got %d events, want 1000", n)
	}
	if !strings.Contains(file, "Number 1000:") || strings.Contains(file, "Number 1001:") {
		t.Error("the calendar does not contain exactly the first 1000 interviews")
	}
}
