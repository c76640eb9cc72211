package interviews_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/server/testkit"
)

// TestLocalTimesAcrossClockChanges schedules interviews before, during and after changes of the clocks, with the
// offsets of the zone, or in UTC. Responses and lists contain the wall time of the zone.
func TestLocalTimesAcrossClockChanges(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	id := f.newInterview(api.InterviewStatusScheduled)
	for _, test := range []struct{ name, zone, starts, ends, utc, localStart, localEnd string }{
		// Berlin: from 2:00 to 3:00 on 28 March 2055, and from 3:00 back to 2:00 on 31 October.
		{
			"Berlin in spring",
			"Europe/Berlin", "2055-03-28T01:30:00+01:00", "2055-03-28T03:30:00+02:00",
			"2055-03-28T00:30:00Z", "2055-03-28T01:30:00+01:00", "2055-03-28T03:30:00+02:00",
		},
		{
			"Berlin in autumn",
			"Europe/Berlin", "2055-10-31T02:30:00+02:00", "2055-10-31T02:30:00+01:00",
			"2055-10-31T00:30:00Z", "2055-10-31T02:30:00+02:00", "2055-10-31T02:30:00+01:00",
		},
		// New York: on 14 March and 7 November.
		{
			"New York in spring",
			"America/New_York", "2055-03-14T06:30:00Z", "2055-03-14T07:30:00Z",
			"2055-03-14T06:30:00Z", "2055-03-14T01:30:00-05:00", "2055-03-14T03:30:00-04:00",
		},
		{
			"New York in autumn",
			"America/New_York", "2055-11-07T01:30:00-04:00", "2055-11-07T01:30:00-05:00",
			"2055-11-07T05:30:00Z", "2055-11-07T01:30:00-04:00", "2055-11-07T01:30:00-05:00",
		},
		// Lord Howe: by half an hour, on 4 April and 3 October.
		{
			"Lord Howe in April",
			"Australia/Lord_Howe", "2055-04-04T01:45:00+11:00", "2055-04-04T01:45:00+10:30",
			"2055-04-03T14:45:00Z", "2055-04-04T01:45:00+11:00", "2055-04-04T01:45:00+10:30",
		},
		{
			"Lord Howe in October",
			"Australia/Lord_Howe", "2055-10-02T15:15:00Z", "2055-10-02T16:00:00Z",
			"2055-10-02T15:15:00Z", "2055-10-03T01:45:00+10:30", "2055-10-03T03:00:00+11:00",
		},
		// Times are truncated to microseconds.
		{
			"microseconds",
			"UTC", "2055-01-12T09:00:00.1234567+00:00", "2055-01-12T10:00:00.9999999Z",
			"2055-01-12T09:00:00.123456Z", "2055-01-12T09:00:00.123456Z", "2055-01-12T10:00:00.999999Z",
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			f := f.in(t)
			body := map[string]any{"starts_at": test.starts, "ends_at": test.ends, "timezone": test.zone}
			answer := f.clients["lead"].Post(path(id, "reschedule"), body).Expect(http.StatusOK)
			got := testkit.Decode[map[string]any](answer)
			if got["starts_at"] != test.utc || got["starts_at_local"] != test.localStart ||
				got["ends_at_local"] != test.localEnd || got["timezone"] != test.zone {
				t.Errorf("%+v: got %s", test, answer.Body)
			}
			listed := testkit.Decode[struct{ Data []map[string]any }](f.clients["lead"].Get(collection)).Data[0]
			if listed["starts_at_local"] != test.localStart || listed["ends_at_local"] != test.localEnd {
				t.Errorf("%+v: got %v in the list", test, listed)
			}
		})
	}
}

func TestScheduleRefusals(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	for action, status := range map[string]api.InterviewStatus{
		"schedule": api.InterviewStatusNoShow, "reschedule": api.InterviewStatusScheduled,
	} {
		t.Run(action, func(t *testing.T) {
			t.Parallel()
			f := f.in(t)
			id := f.newInterview(status)
			for _, test := range []struct {
				name string
				body map[string]any
				want []string
			}{
				{
					"unknown zone and end before start",
					scheduleAt(0, "ends_at", "2055-01-12T08:00:00Z", "timezone", "Local", "reason", "\u202e"),
					[]string{"/ends_at not_after_start", "/timezone unknown", "/reason control_character"},
				},
				{
					"years out of range",
					scheduleAt(0, "starts_at", "9999-12-31T23:59:59-14:00", "ends_at", "0000-01-01T00:00:00+14:00"),
					[]string{"/starts_at out_of_range", "/ends_at out_of_range", "/ends_at not_after_start"},
				},
				// Both times are equal after truncation to microseconds.
				{
					"equal after truncation",
					scheduleAt(0, "starts_at", "2055-01-12T09:00:00.0000001Z", "ends_at", "2055-01-12T09:00:00.0000009Z"),
					[]string{"/ends_at not_after_start"},
				},
			} {
				t.Run(test.name, func(t *testing.T) {
					f := f.in(t)
					p := f.clients["lead"].Post(path(id, action), test.body).
						Refused(http.StatusUnprocessableEntity, "rule_violated")
					wantEqual(t, fmt.Sprint(test.body), violations(p), test.want)
				})
			}
			for _, body := range []any{
				nil,
				map[string]any{},
				scheduleAt(0, "timezone", ""), scheduleAt(0, "starts_at", "tomorrow"),
				scheduleAt(0, "starts_at", "2055-01-12T09:00:00"), scheduleAt(0, "ends_at", nil),
				scheduleAt(0, "duration", 60), scheduleAt(0, "allow_conflicts", "yes"),
			} {
				if got := f.clients["lead"].Post(path(id, action), body).Status; got != http.StatusBadRequest {
					t.Errorf("%v: got status %d, want %d", body, got, http.StatusBadRequest)
				}
			}
			if events := f.history(id); len(events) != 0 {
				t.Errorf("got the history %+v, want none", events)
			}
		})
	}

	withoutPanel := f.newInterview(api.InterviewStatusDraft)
	p := f.clients["lead"].Post(path(withoutPanel, "schedule"), scheduleAt(0)).
		Refused(http.StatusConflict, "state_conflict")
	if *p.State != "draft" || !strings.Contains(p.Detail, "panel") {
		t.Errorf("without a panel: got %+v, want a conflict that names the panel", p)
	}
	wantEqual(t, "allowed actions without a panel", *p.AllowedActions, []string{"update", "set_panel", "cancel"})
}

// TestNewTimeResetsResponses verifies that a new time resets all responses, but keeps the panel and its scores.
func TestNewTimeResetsResponses(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	for action, status := range map[string]api.InterviewStatus{
		"schedule": api.InterviewStatusNoShow, "reschedule": api.InterviewStatusScheduled,
	} {
		t.Run(action, func(t *testing.T) {
			f := f.in(t)
			id := f.newInterview(status, "panelist", "other_lead", "hr")
			f.Exec(`UPDATE interview_panelists SET response = CASE WHEN user_id = $2 THEN 'declined' ELSE 'accepted' END,
			comment = 'Said.', responded_at = now(), score_required = false WHERE interview_id = $1 AND user_id <> $3`,
				id, f.users["other_lead"].ID, f.users["hr"].ID)
			f.Score(id, f.users["panelist"], api.ScoreStatusSubmitted, 4)
			before := f.get("lead", id)
			got := decode(f.clients["lead"].Post(path(id, action), scheduleAt(0)).Expect(http.StatusOK))
			if len(got.Panel) != 3 {
				t.Fatalf("got the panel %+v, want 3 panelists", got.Panel)
			}
			for n, p := range got.Panel {
				if p.Response != api.PanelResponseNeedsAction || !p.Comment.IsNull() || !p.RespondedAt.IsNull() {
					t.Errorf("got the panelist %+v, want no response", p)
				}
				if was := before.Panel[n]; p.User != was.User || p.ScoreRequired != was.ScoreRequired ||
					p.HasSubmitted != was.HasSubmitted {
					t.Errorf("got the panelist %+v, want the user and score of %+v", p, was)
				}
			}
			if want := map[string]int32{"schedule": 0, "reschedule": 1}[action]; got.Reschedules != want {
				t.Errorf("got %d reschedules, want %d", got.Reschedules, want)
			}
			f.clients["lead"].Post(path(id, "cancel"), nil).Expect(http.StatusOK)
		})
	}
}

// TestScheduleConflicts schedules interviews before, during and after an interview from 9:00 to 10:00.
func TestScheduleConflicts(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	first := decode(f.clients["hr"].Post(collection, f.createBody(map[string]any{
		"panel": f.panelOf("panelist", "other_lead"), "schedule": scheduleAt(0),
	})).Expect(http.StatusCreated)).ID
	elsewhere := f.Application(f.Candidate(), f.job, api.ApplicationStageInterview)
	// schedule schedules a new interview and cancels it again. It returns the first names in the conflict.
	schedule := func(minutes int, application uuid.UUID, panel ...string) []string {
		t.Helper()
		users := make([]testkit.User, len(panel))
		for i, name := range panel {
			users[i] = f.users[name]
		}
		id := f.Interview(application, f.kitVersion, api.InterviewStatusDraft, users...)
		answer := f.clients["lead"].Post(path(id, "schedule"), scheduleAt(minutes))
		if answer.Status == http.StatusOK {
			f.clients["lead"].Post(path(id, "cancel"), nil).Expect(http.StatusOK)
			return []string{}
		}
		booked := []string{}
		for _, e := range answer.Refused(http.StatusConflict, "schedule_conflict").Errors {
			if *e.Pointer != "" || e.Code != "booked" {
				t.Errorf("got %+v, want booked without a pointer", e)
			}
			booked = append(booked, strings.Fields(e.Detail)[0])
		}
		slices.Sort(booked)
		return booked
	}
	candidate := f.get("hr", first).Candidate.FirstName
	for _, test := range []struct {
		name        string
		minutes     int
		application uuid.UUID
		panel       []string
		want        []string
	}{
		{"adjacent before", -60, f.application, []string{"panelist"}, nil},
		{"adjacent after", 60, f.application, []string{"panelist"}, nil},
		{"first minute", -59, f.application, []string{"panelist"}, []string{candidate, "employee"}},
		{"last minute", 59, f.application, []string{"panelist"}, []string{candidate, "employee"}},
		{
			"same time", 0, f.application,
			[]string{"panelist", "other_lead", "outsider"},
			[]string{candidate, "employee", "other_lead"},
		},
		{"same panelist", 30, elsewhere, []string{"outsider", "panelist"}, []string{"employee"}},
		{"same candidate", 30, f.application, []string{"outsider"}, []string{candidate}},
		{"other people", 30, elsewhere, []string{"outsider"}, nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			wantEqual(t, test.name, schedule(test.minutes, test.application, test.panel...), append([]string{}, test.want...))
		})
	}

	// An interview of a day overlaps until its end. Panelists who declined are not busy.
	f.Exec(`UPDATE interviews SET starts_at = '2055-01-11T09:30:00Z', ends_at = '2055-01-12T09:30:00Z'
		WHERE id = $1`, first)
	wantEqual(t, "last minute of a day", schedule(29, elsewhere, "panelist"), []string{"employee"})
	wantEqual(t, "adjacent after a day", schedule(30, elsewhere, "panelist"), []string{})
	f.clients["panelist"].Post(path(first, "respond"), map[string]any{"response": "declined"}).Expect(http.StatusOK)
	wantEqual(t, "declined", schedule(0, elsewhere, "panelist"), []string{})
	for _, response := range []string{"tentative", "accepted"} {
		f.clients["panelist"].Post(path(first, "respond"), map[string]any{"response": response}).Expect(http.StatusOK)
		wantEqual(t, response, schedule(0, elsewhere, "panelist"), []string{"employee"})
	}
	for _, status := range statuses() {
		t.Run(string(status), func(t *testing.T) {
			f.Exec(`UPDATE interviews SET status = $2 WHERE id = $1`, first, status)
			want := []string{}
			if status == api.InterviewStatusScheduled || status == api.InterviewStatusInProgress {
				want = []string{"employee"}
			}
			wantEqual(t, string(status), schedule(0, elsewhere, "panelist"), want)
		})
	}
}

// TestRescheduleIgnoresItself verifies that an interview conflicts with others, but not with its own previous time.
func TestRescheduleIgnoresItself(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	create := func(minutes int) uuid.UUID {
		return decode(f.clients["lead"].Post(collection, f.createBody(map[string]any{
			"panel": f.panelOf("panelist"), "schedule": scheduleAt(minutes),
		})).Expect(http.StatusCreated)).ID
	}
	first, second := create(0), create(60)
	f.clients["lead"].Post(path(first, "reschedule"), scheduleAt(-30)).Expect(http.StatusOK)
	f.clients["lead"].Post(path(first, "reschedule"), scheduleAt(30)).Refused(http.StatusConflict, "schedule_conflict")
	if got := f.get("lead", first); got.Reschedules != 1 || got.Conflicts != nil {
		t.Errorf("got %+v, want one reschedule and no conflicts", got)
	}

	// Allowed conflicts are in the response.
	moved := decode(f.clients["lead"].Post(path(first, "reschedule"), scheduleAt(30, "allow_conflicts", true)).
		Expect(http.StatusOK))
	starts, ends := time.Date(2055, 1, 12, 10, 0, 0, 0, time.UTC), time.Date(2055, 1, 12, 11, 0, 0, 0, time.UTC)
	want := []api.ScheduleConflict{
		{Kind: api.ScheduleConflictKindPanelist, Person: moved.Panel[0].User, StartsAt: starts, EndsAt: ends},
		{Kind: api.ScheduleConflictKindCandidate, Person: moved.Candidate, StartsAt: starts, EndsAt: ends},
	}
	for n, got := range moved.Conflicts {
		local := []string{got.StartsAtLocal.Format(time.RFC3339), got.EndsAtLocal.Format(time.RFC3339)}
		wantEqual(t, "local times", local, []string{"2055-01-12T11:00:00+01:00", "2055-01-12T12:00:00+01:00"})
		moved.Conflicts[n].StartsAtLocal, moved.Conflicts[n].EndsAtLocal = time.Time{}, time.Time{}
	}
	wantEqual(t, "conflicts", moved.Conflicts, want)
	tag := f.clients["lead"].Get(path(second)).Header.Get("ETag")
	if got := f.get("lead", second).Conflicts; len(got) != 2 {
		t.Errorf("other interview: got the conflicts %+v, want 2", got)
	}

	// Lists do not contain conflicts, and only users who can schedule read them.
	for _, name := range []string{"lead", "hr", "panelist"} {
		body := f.clients[name].Get(collection).Expect(http.StatusOK).Body
		if strings.Contains(string(body), "conflicts") {
			t.Errorf("the list of %s contains conflicts: %s", name, body)
		}
	}
	body := f.clients["panelist"].Get(path(second)).Expect(http.StatusOK).Body
	if strings.Contains(string(body), "conflicts") {
		t.Errorf("the panelist's response contains conflicts: %s", body)
	}

	// Panelists who decline are not busy, and cancelled interviews do not conflict.
	f.clients["panelist"].Post(path(second, "respond"), map[string]any{"response": "declined"}).Expect(http.StatusOK)
	if got := f.get("lead", second).Conflicts; len(got) != 1 || got[0].Kind != api.ScheduleConflictKindCandidate {
		t.Errorf("declined: got the conflicts %+v, want the candidate's", got)
	}
	f.clients["lead"].Post(path(first, "cancel"), nil).Expect(http.StatusOK)
	if got := f.get("lead", second).Conflicts; got != nil {
		t.Errorf("other interview cancelled: got the conflicts %+v, want none", got)
	}
	if f.clients["lead"].Get(path(second)).Header.Get("ETag") == tag {
		t.Error("the conflicts changed, but the ETag did not")
	}
}

// TestConflictsRevealOnlyTimes verifies that a lead of another job reads who is booked and when, and nothing else.
func TestConflictsRevealOnlyTimes(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	first := decode(f.clients["lead"].Post(collection, f.createBody(map[string]any{
		"title": "Secret round", "location": "Secret room", "panel": f.panelOf("panelist", "hr"), "schedule": scheduleAt(0),
	})).Expect(http.StatusCreated))
	job := f.Job(api.JobStatusOpen, f.users["other_lead"])
	application := f.Application(f.candidate, job, api.ApplicationStageInterview)
	body := f.createBody(map[string]any{
		"application_id": application, "panel": f.panelOf("outsider", "panelist"), "schedule": scheduleAt(15),
	})
	secrets := []string{
		first.ID.String(), f.application.String(), f.job.String(), first.Job.Title, "Secret",
		f.users["hr"].ID.String(), "hr Example", f.users["lead"].ID.String(),
	}
	check := func(name string, answer *testkit.Answer) {
		t.Helper()
		for _, secret := range secrets {
			if strings.Contains(string(answer.Body), secret) {
				t.Errorf("%s reveals %q of the other interview: %s", name, secret, answer.Body)
			}
		}
	}

	answer := f.clients["other_lead"].Post(collection, body)
	p := answer.Refused(http.StatusConflict, "schedule_conflict")
	wantEqual(t, "violations", violations(p), []string{"/panel/1 booked", "/application_id booked"})
	check("the refused creation", answer)
	body["schedule"] = scheduleAt(15, "allow_conflicts", true)
	answer = f.clients["other_lead"].Post(collection, body).Expect(http.StatusCreated)
	if got := decode(answer).Conflicts; len(got) != 2 {
		t.Errorf("got the conflicts %+v, want 2", got)
	}
	check("the creation", answer)
	id := decode(answer).ID
	check("the interview", f.clients["other_lead"].Get(path(id)).Expect(http.StatusOK))
	answer = f.clients["other_lead"].Post(path(id, "reschedule"), scheduleAt(20))
	answer.Refused(http.StatusConflict, "schedule_conflict")
	check("the refused reschedule", answer)
	check("the list", f.clients["other_lead"].Get(collection).Expect(http.StatusOK))
	f.clients["other_lead"].Get(path(first.ID)).Refused(http.StatusNotFound, "not_found")

	// Interviews of another company do not conflict.
	globex := f.Company("globex")
	foreign := f.Installation.Hiring(globex)
	_, version := foreign.KitVersion(api.KitVersionStatusPublished)
	body = map[string]any{
		"application_id": foreign.Application(
			foreign.Candidate(), foreign.Job(api.JobStatusOpen), api.ApplicationStageInterview),
		"kit_version_id": version, "title": "T", "kind": "ai",
		"panel": []any{map[string]any{"user_id": globex.Users[api.RoleHr].ID}}, "schedule": scheduleAt(0),
	}
	f.replica.SignIn(t, globex.Users[api.RoleHr]).Post(collection, body).Expect(http.StatusCreated)
}

// TestConcurrentSchedulesBookPanelistOnce books the same panelist at overlapping times by three operations at once, on
// two replicas. Exactly one request succeeds.
func TestConcurrentSchedulesBookPanelistOnce(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	other := f.Replica()
	for round := range 6 {
		day := func(minutes int) map[string]any { return scheduleAt(round*24*60 + minutes) }
		applications, drafts, joins := make([]uuid.UUID, 9), make([]uuid.UUID, 3), make([]uuid.UUID, 3)
		for n := range applications {
			applications[n] = f.Application(f.Candidate(), f.job, api.ApplicationStageInterview)
		}
		for n := range drafts {
			drafts[n] = f.Interview(
				applications[n], f.kitVersion, api.InterviewStatusDraft, f.users["panelist"], f.users["outsider"])
			joins[n] = decode(f.clients["lead"].Post(collection, f.createBody(map[string]any{
				"application_id": applications[3+n], "panel": f.panelOf([]string{"hr", "admin", "lead"}[n]),
				"schedule": day(10 + n),
			})).Expect(http.StatusCreated)).ID
		}
		requests := []func(*testkit.Client) *testkit.Answer{}
		for n := range 3 {
			panel := f.panelOf("outsider", "panelist")
			if n == 1 {
				slices.Reverse(panel)
			}
			requests = append(requests,
				func(c *testkit.Client) *testkit.Answer { return c.Post(path(drafts[n], "schedule"), day(n)) },
				func(c *testkit.Client) *testkit.Answer {
					panelist := f.users["panelist"].ID.String()
					return c.Do(http.MethodPut, path(joins[n], "panel", panelist), map[string]any{})
				},
				func(c *testkit.Client) *testkit.Answer {
					return c.Post(collection, f.createBody(map[string]any{
						"application_id": applications[6+n], "panel": panel, "schedule": day(20 + n),
					}))
				})
		}
		got := make([]int, len(requests))
		var all sync.WaitGroup
		for n, send := range requests {
			client := f.clients["lead"]
			if n%2 == 0 {
				client = client.At(other)
			}
			all.Go(func() {
				answer := send(client)
				if got[n] = answer.Status; got[n] == http.StatusConflict {
					answer.Refused(http.StatusConflict, "schedule_conflict")
				}
			})
		}
		all.Wait()
		succeeded := 0
		for _, status := range got {
			if status == http.StatusOK || status == http.StatusCreated {
				succeeded++
			} else if status != http.StatusConflict {
				t.Errorf("round %d: got the statuses %v, want 200, 201 or 409", round, got)
			}
		}
		if succeeded != 1 {
			t.Errorf("round %d: got %d successes, want 1: %v", round, succeeded, got)
		}
	}
	f.checkNoDoubleBookings()
}

// checkNoDoubleBookings verifies in the database that no person has two scheduled interviews at the same time.
func (f fixture) checkNoDoubleBookings() {
	f.t.Helper()
	var count int
	err := f.Database.QueryRow(f.t.Context(), `
		WITH booked AS (
			SELECT p.user_id AS person, i.id, tstzrange(i.starts_at, i.ends_at) AS during FROM interview_panelists AS p
			JOIN interviews AS i ON i.id = p.interview_id WHERE i.status = 'scheduled' AND p.response <> 'declined'
			UNION ALL SELECT candidate_id, id, tstzrange(starts_at, ends_at) FROM interviews WHERE status = 'scheduled'
		)
		SELECT count(*) FROM booked AS a
		JOIN booked AS b ON a.person = b.person AND a.id < b.id AND a.during && b.during`).Scan(&count)
	if err != nil || count != 0 {
		f.t.Errorf("got %d double bookings (%v), want none", count, err)
	}
}

// TestConcurrentSchedulesBookCandidateOnce schedules interviews at once that share only the candidate.
func TestConcurrentSchedulesBookCandidateOnce(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	for round := range 5 {
		got := make([]int, 4)
		var all sync.WaitGroup
		for n := range got {
			user := f.User(f.company, fmt.Sprintf("p%d-%d", round, n), api.RoleEmployee)
			id := f.Interview(f.application, f.kitVersion, api.InterviewStatusDraft, user)
			all.Go(func() { got[n] = f.clients["lead"].Post(path(id, "schedule"), scheduleAt(round*24*60)).Status })
		}
		all.Wait()
		slices.Sort(got)
		wantEqual(t, "statuses", got, []int{200, 409, 409, 409})
	}
	f.checkNoDoubleBookings()
}
