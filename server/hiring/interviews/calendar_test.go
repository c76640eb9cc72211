package interviews_test

import (
	"fmt"
	"maps"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/server/hiring/calendar/calendartest"
	"github.com/ai-interviewer-platform/interviewer/server/hiring/interviews"
)

// calendarFile returns a calendar file with unfolded lines. It fails the test if the file violates RFC 5545.
func (f fixture) calendarFile(name, target string) string {
	f.t.Helper()
	answer := f.clients[name].Get(target).Expect(http.StatusOK)
	if mediaType := answer.Header.Get("Content-Type"); !strings.HasPrefix(mediaType, "text/calendar") {
		f.t.Errorf("got the media type %q, want text/calendar", mediaType)
	}
	body := string(answer.Body)
	calendartest.Parse(f.t, answer.Body)
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
			"starts_at": "2055-03-28T01:30:00+01:00", "ends_at": "2055-03-28T03:30:00.000001+02:00",
			"timezone": "Europe/Berlin",
		},
	})).Expect(http.StatusCreated))
	id := created.ID
	f.clients["panelist"].Post(path(id, "respond"), map[string]any{"response": "accepted"}).Expect(http.StatusOK)
	candidate := created.Candidate.FirstName + " " + created.Candidate.LastName

	file := f.calendarFile("lead", path(id, "calendar.ics"))
	for _, line := range []string{
		"UID:" + id.String(), "SEQUENCE:2", "STATUS:CONFIRMED", `SUMMARY:Tech\, round\; 2: ` + candidate,
		"DTSTART;TZID=Europe/Berlin:20550328T013000", "DTEND;TZID=Europe/Berlin:20550328T033001",
		`LOCATION:Room 4\, https://meet.example/a`, "URL:https://meet.example/a",
		fmt.Sprintf(`DESCRIPTION:Candidate: %s\nJob: %s\nPanel: employee Example\, hr Example`+
			`\nMeeting: https://meet.example/a\n\nBring questions.\nBEGIN:VEVENT`, candidate, created.Job.Title),
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
	if !hasLine(file, "SEQUENCE:3") || !hasLine(file, "DTSTART;TZID=Europe/Berlin:20550112T100000") {
		t.Errorf("rescheduled: got\n%s\nwant the sequence 3 and the new time", file)
	}
	f.clients["lead"].Post(path(id, "cancel"), nil).Expect(http.StatusOK)
	file = f.calendarFile("lead", path(id, "calendar.ics"))
	if !hasLine(file, "SEQUENCE:4") || !hasLine(file, "STATUS:CANCELLED") {
		t.Errorf("cancelled: got\n%s\nwant the sequence 4 and the status CANCELLED", file)
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

// testCalendarStatuses reads the file of an interview in each status, as HR and as an employee on its panel, who cannot
// read the organizer's address.
func testCalendarStatuses(t *testing.T, f fixture) {
	for status, want := range map[api.InterviewStatus]struct{ status, method, mark string }{
		api.InterviewStatusScheduled: {"CONFIRMED", "", ""}, api.InterviewStatusInProgress: {"CONFIRMED", "", ""},
		api.InterviewStatusAwaitingScores: {"CONFIRMED", "", ""}, api.InterviewStatusCompleted: {"CONFIRMED", "", ""},
		api.InterviewStatusNoShow:    {"CANCELLED", "CANCEL", "No-show: "},
		api.InterviewStatusCancelled: {"CANCELLED", "CANCEL", "Cancelled: "},
	} {
		t.Run(string(status), func(t *testing.T) {
			f := f.in(t)
			id := f.newInterview(status)
			for _, name := range []string{"hr", "panelist"} {
				method := want.method
				if name == "panelist" {
					method = ""
				}
				checkMarks(t, name, f.events(name, path(id, "calendar.ics"))[id], status, want.status, want.mark)
				got := calendartest.Parse(t, f.clients[name].Get(path(id, "calendar.ics")).Body).Property("METHOD").Value
				if got != method {
					t.Errorf("%s: got the method %q, want %q", name, got, method)
				}
			}
		})
	}
	draft := f.calendarFile("hr", path(f.newInterview(api.InterviewStatusDraft), "calendar.ics"))
	if strings.Contains(draft, "VEVENT") || !hasLine(draft, "BEGIN:VTIMEZONE") {
		t.Errorf("draft: got\n%s\nwant a zone and no event, because a draft has no time", draft)
	}
}

// events returns the events of a calendar file by their interviews.
func (f fixture) events(name, target string) map[uuid.UUID]*calendartest.Component {
	f.t.Helper()
	answer := f.clients[name].Get(target).Expect(http.StatusOK)
	found := map[uuid.UUID]*calendartest.Component{}
	for _, event := range calendartest.Parse(f.t, answer.Body).Children("VEVENT") {
		found[uuid.MustParse(event.Property("UID").Value)] = event
	}
	return found
}

// checkMarks verifies the status of an event and the beginning of its summary. An event with a mark must not block time.
func checkMarks(
	t *testing.T, name string, event *calendartest.Component, status api.InterviewStatus, want, mark string,
) {
	t.Helper()
	if event == nil {
		t.Errorf("%s: the %s interview is missing", name, status)
		return
	}
	summary, free := event.Property("SUMMARY").Value, ""
	if mark != "" {
		free = "TRANSPARENT FREE"
	}
	got := strings.TrimSpace(event.Property("TRANSP").Value + " " + event.Property("X-MICROSOFT-CDO-BUSYSTATUS").Value)
	before := ""
	for _, mark := range []string{"Cancelled: ", "No-show: ", "Declined: "} {
		if strings.HasPrefix(summary, mark) {
			before = mark
		}
	}
	if event.Property("STATUS").Value != want || before != mark || got != free {
		t.Errorf("%s, %s: got the status %s, the summary %q and %q, want %s, the beginning %q and %q",
			name, status, event.Property("STATUS").Value, summary, got, want, mark, free)
	}
}

// TestCalendarSequenceIncreases changes an interview in every way that its calendar file shows. Every later file must
// have a higher sequence, the same UID and a stamp that is not earlier, in both calendars.
func TestCalendarSequenceIncreases(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	lead, panelist := f.clients["lead"], f.clients["panelist"]
	id := decode(lead.Post(collection, f.createBody(map[string]any{
		"panel": f.panelOf("panelist", "hr"), "schedule": scheduleAt(0),
	})).Expect(http.StatusCreated)).ID
	respond := func(response string) func() {
		return func() {
			panelist.Post(path(id, "respond"), map[string]any{"response": response}).Expect(http.StatusOK)
		}
	}
	act := func(action string, body any) func() {
		return func() { lead.Post(path(id, action), body).Expect(http.StatusOK) }
	}
	last, stamp := -1, ""
	for _, step := range []struct {
		name string
		act  func()
		// The values of the panelist's own calendar.
		status, response, mark string
	}{
		{"created", func() {}, "CONFIRMED", "NEEDS-ACTION", ""},
		{"accepted", respond("accepted"), "CONFIRMED", "ACCEPTED", ""},
		{"declined", respond("declined"), "CONFIRMED", "DECLINED", "Declined: "},
		{"tentative", respond("tentative"), "CONFIRMED", "TENTATIVE", ""},
		{"declined again", respond("declined"), "CONFIRMED", "DECLINED", "Declined: "},
		{"rescheduled", act("reschedule", scheduleAt(30)), "CONFIRMED", "NEEDS-ACTION", ""},
		{"another place", func() {
			tag := lead.Get(path(id)).Header.Get("ETag")
			lead.Do(http.MethodPatch, path(id), map[string]any{"meeting_url": "https://meet.example/b"}, "If-Match", tag).
				Expect(http.StatusOK)
		}, "CONFIRMED", "NEEDS-ACTION", ""},
		{"panelist added", func() {
			f.setPanelist("lead", id, f.users["outsider"].ID, map[string]any{}).Expect(http.StatusOK)
		}, "CONFIRMED", "NEEDS-ACTION", ""},
		{"panelist removed", func() {
			f.removePanelist("lead", id, f.users["outsider"].ID).Expect(http.StatusOK)
		}, "CONFIRMED", "NEEDS-ACTION", ""},
		{"no-show", act("no-show", nil), "CANCELLED", "NEEDS-ACTION", "No-show: "},
		{"scheduled again", act("schedule", scheduleAt(60)), "CONFIRMED", "NEEDS-ACTION", ""},
		{"cancelled", act("cancel", nil), "CANCELLED", "NEEDS-ACTION", "Cancelled: "},
	} {
		step.act()
		own := f.events("panelist", "/api/v1/users/me/calendar.ics")[id]
		checkMarks(t, step.name, own, "", step.status, step.mark)
		if own == nil {
			continue
		}
		if got := own.Property("ATTENDEE").Parameters["PARTSTAT"]; got != step.response {
			t.Errorf("%s: got the response %s, want %s", step.name, got, step.response)
		}
		sequence, err := strconv.Atoi(own.Property("SEQUENCE").Value)
		if err != nil || sequence <= last {
			t.Errorf("%s: got the sequence %d (%v), want more than %d", step.name, sequence, err, last)
		}
		single := f.events("lead", path(id, "calendar.ics"))[id]
		for _, property := range []string{"SEQUENCE", "DTSTAMP", "LAST-MODIFIED", "DTSTART", "LOCATION"} {
			if got, want := single.Property(property).Value, own.Property(property).Value; got != want {
				t.Errorf("%s: got %s %s in the file of the interview, %s in the calendar", step.name, property, got, want)
			}
		}
		if own.Property("DTSTAMP").Value < stamp {
			t.Errorf("%s: got the stamp %s, which is before %s", step.name, own.Property("DTSTAMP").Value, stamp)
		}
		last, stamp = sequence, own.Property("DTSTAMP").Value
	}
}

// TestCalendarCancelsRemovals removes a panelist and adds them again. Their calendar cancels the event for 30 days, without
// what they may no longer know, and each file has a higher sequence than the one before.
func TestCalendarCancelsRemovals(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	const target = "/api/v1/users/me/calendar.ics"
	lead := f.clients["lead"]
	created := decode(lead.Post(collection, f.createBody(map[string]any{
		"panel": f.panelOf("panelist", "hr"), "schedule": scheduleAt(0), "instructions": "secret",
	})).Expect(http.StatusCreated))
	id := created.ID
	store := f.Store(2)
	last := -1
	check := func(step, want, mark string) *calendartest.Component {
		t.Helper()
		event := f.events("panelist", target)[id]
		if event == nil {
			t.Fatalf("%s: the event is missing", step)
		}
		sequence, err := strconv.Atoi(event.Property("SEQUENCE").Value)
		if err != nil || sequence <= last {
			t.Errorf("%s: got the sequence %d (%v), want more than %d", step, sequence, err, last)
		}
		if got := event.Property("STATUS").Value; got != want || strings.HasPrefix(event.Property("SUMMARY").Value, "Removed: ") != (mark != "") {
			t.Errorf("%s: got the status %s and the summary %q, want %s", step, got, event.Property("SUMMARY").Value, want)
		}
		last = sequence
		return event
	}
	user := f.users["panelist"].ID
	start := check("created", "CONFIRMED", "").Property("DTSTART").Value
	f.clients["panelist"].Post(path(id, "respond"), map[string]any{"response": "accepted"}).Expect(http.StatusOK)
	check("accepted", "CONFIRMED", "")
	for range 2 {
		f.removePanelist("lead", id, user).Expect(http.StatusOK)
		event := check("removed", "CANCELLED", "Removed: ")
		if got := event.Property("DTSTART").Value; got != start || event.Property("TRANSP").Value != "TRANSPARENT" {
			t.Errorf("removed: got %s, %q, want %s and free time", got, event.Property("TRANSP").Value, start)
		}
		file := f.calendarFile("panelist", target)
		for _, unknown := range []string{"secret", "DESCRIPTION", "ATTENDEE", "ORGANIZER", "LOCATION", created.Candidate.LastName} {
			if strings.Contains(file, unknown) {
				t.Errorf("removed: the file contains %q:\n%s", unknown, file)
			}
		}
		f.setPanelist("lead", id, user, map[string]any{}).Expect(http.StatusOK)
		check("added again", "CONFIRMED", "")
	}
	f.removePanelist("lead", id, user).Expect(http.StatusOK)
	deleted := func() int64 {
		n, err := interviews.DeleteOldRemovals(t.Context(), store, time.Now(), 10)
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	f.Exec(`UPDATE panel_removals SET removed_at = removed_at - interval '29 days'`)
	if f.events("panelist", target)[id] == nil || deleted() != 0 {
		t.Error("after 29 days: the event is missing, or its removal was deleted")
	}
	f.Exec(`UPDATE panel_removals SET removed_at = removed_at - interval '2 days'`)
	if f.events("panelist", target)[id] != nil {
		t.Error("after 31 days: the event is still there")
	}
	if got := deleted(); got != 1 {
		t.Errorf("after 31 days: got %d rows deleted, want 1", got)
	}
}

// TestCalendarPlaces verifies that the URL of the meeting is where each calendar program looks for it.
func TestCalendarPlaces(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	const url = "https://meet.example/a,b;c?d=1&e=2"
	for name, test := range map[string]struct {
		location, url      any
		wantPlace, wantURL string
	}{
		"place and meeting": {"Room 4", url, "Room 4, " + url, url},
		"meeting":           {nil, url, url, url},
		"place":             {"Room 4", nil, "Room 4", ""},
		"neither":           {nil, nil, "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := f.in(t)
			id := decode(f.clients["lead"].Post(collection, f.createBody(map[string]any{
				"location": test.location, "meeting_url": test.url, "panel": f.panelOf("panelist"),
				"schedule": scheduleAt(0, "allow_conflicts", true),
			})).Expect(http.StatusCreated)).ID
			event := f.events("lead", path(id, "calendar.ics"))[id]
			if place, url := event.Property("LOCATION").Value, event.Property("URL").Value; place != test.wantPlace ||
				url != test.wantURL {
				t.Errorf("got the location %q and the URL %q, want %q and %q", place, url, test.wantPlace, test.wantURL)
			}
			description := event.Property("DESCRIPTION").Value
			if strings.Contains(description, "\nMeeting: "+url) != (test.wantURL != "") {
				t.Errorf("got the description %q, want the URL %q", description, test.wantURL)
			}
		})
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
	for _, zone := range []string{"UTC", "Europe/Berlin", "America/New_York"} {
		f.Exec(`UPDATE companies SET timezone = $2 WHERE id = $1`, f.company.ID, zone)
		file := f.calendarFile("panelist", target)
		if strings.Contains(file, "VEVENT") || !hasLine(file, "TZID:"+zone) {
			t.Errorf("without interviews: got %s, want only the zone %s", file, zone)
		}
	}

	want := map[string]bool{}
	expect := func(id uuid.UUID, included bool) {
		if included {
			want[id.String()] = true
		}
	}
	for _, status := range statuses() {
		expect(f.newInterview(status, "panelist", "other_lead"),
			status != api.InterviewStatusDraft)
		f.newInterview(status, "other_lead")
	}
	for _, response := range []string{"needs_action", "accepted", "declined", "tentative"} {
		id := f.newInterview(api.InterviewStatusScheduled)
		f.Exec(`UPDATE interview_panelists SET response = $2 WHERE interview_id = $1`, id, response)
		expect(id, true)
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
