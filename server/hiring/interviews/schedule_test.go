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

// TestTimesByTheClocks schedules interviews on either side of changes of the clocks, with whatever offset the client
// sends, and reads them by the clocks of their zone.
func TestTimesByTheClocks(t *testing.T) {
	t.Parallel()
	h := build(t)
	id := h.held(api.InterviewStatusScheduled)
	for _, test := range []struct{ zone, starts, ends, utc, localStart, localEnd string }{
		// Berlin's clocks go from 2:00 to 3:00 on 28 March 2027, and from 3:00 back to 2:00 on 31 October.
		{"Europe/Berlin", "2027-03-28T01:30:00+01:00", "2027-03-28T03:30:00+02:00", "2027-03-28T00:30:00Z", "2027-03-28T01:30:00+01:00", "2027-03-28T03:30:00+02:00"},
		{"Europe/Berlin", "2027-10-31T02:30:00+02:00", "2027-10-31T02:30:00+01:00", "2027-10-31T00:30:00Z", "2027-10-31T02:30:00+02:00", "2027-10-31T02:30:00+01:00"},
		// New York's on 14 March and 7 November.
		{"America/New_York", "2027-03-14T06:30:00Z", "2027-03-14T07:30:00Z", "2027-03-14T06:30:00Z", "2027-03-14T01:30:00-05:00", "2027-03-14T03:30:00-04:00"},
		{"America/New_York", "2027-11-07T07:30:00+02:00", "2027-11-07T08:30:00+02:00", "2027-11-07T05:30:00Z", "2027-11-07T01:30:00-04:00", "2027-11-07T01:30:00-05:00"},
		// Lord Howe's by half an hour, on 4 April and 3 October.
		{"Australia/Lord_Howe", "2027-04-04T01:45:00+11:00", "2027-04-04T01:45:00+10:30", "2027-04-03T14:45:00Z", "2027-04-04T01:45:00+11:00", "2027-04-04T01:45:00+10:30"},
		{"Australia/Lord_Howe", "2027-10-02T15:15:00Z", "2027-10-02T16:00:00Z", "2027-10-02T15:15:00Z", "2027-10-03T01:45:00+10:30", "2027-10-03T03:00:00+11:00"},
		// Microseconds are kept, and what is finer is not.
		{"UTC", "2027-01-12T10:00:00.1234567+01:00", "2027-01-12T11:00:00.9999999+01:00", "2027-01-12T09:00:00.123456Z", "2027-01-12T09:00:00.123456Z", "2027-01-12T10:00:00.999999Z"},
		// The past is for interviews that are recorded after they were held.
		{"Asia/Kolkata", "2019-01-12T10:00:00Z", "2019-01-13T10:00:00Z", "2019-01-12T10:00:00Z", "2019-01-12T15:30:00+05:30", "2019-01-13T15:30:00+05:30"},
	} {
		body := map[string]any{"starts_at": test.starts, "ends_at": test.ends, "timezone": test.zone}
		answer := h.as["lead"].Post(path(id, "reschedule"), body).Expect(http.StatusOK)
		got := testkit.Decode[map[string]any](answer)
		if got["starts_at"] != test.utc || got["starts_at_local"] != test.localStart || got["ends_at_local"] != test.localEnd || got["timezone"] != test.zone {
			t.Errorf("%+v: %s", test, answer.Body)
		}
		// In a list it is the same.
		listed := testkit.Decode[struct{ Data []map[string]any }](h.as["lead"].Get(collection)).Data[0]
		if listed["starts_at_local"] != test.localStart || listed["ends_at_local"] != test.localEnd {
			t.Errorf("%+v: listed as %v", test, listed)
		}
	}
}

func TestScheduleRefusals(t *testing.T) {
	t.Parallel()
	h := build(t)
	for action, status := range map[string]api.InterviewStatus{"schedule": api.InterviewStatusNoShow, "reschedule": api.InterviewStatusScheduled} {
		id := h.held(status)
		p := h.as["lead"].Post(path(id, action), at(0, "ends_at", "2027-01-12T08:00:00Z", "timezone", "Local", "reason", "\u202e")).
			Refused(http.StatusUnprocessableEntity, "rule_violated")
		same(t, action, wrong(p), []string{"/ends_at not_after_start", "/timezone unknown", "/reason control_character"})
		p = h.as["lead"].Post(path(id, action), at(0, "starts_at", "9999-12-31T23:59:59-14:00", "ends_at", "0000-01-01T00:00:00+14:00")).
			Refused(http.StatusUnprocessableEntity, "rule_violated")
		same(t, action, wrong(p), []string{"/starts_at out_of_range", "/ends_at out_of_range", "/ends_at not_after_start"})
		// What is left of it in whole microseconds is no time.
		p = h.as["lead"].Post(path(id, action), at(0, "starts_at", "2027-01-12T09:00:00.0000001Z", "ends_at", "2027-01-12T09:00:00.0000009Z")).
			Refused(http.StatusUnprocessableEntity, "rule_violated")
		same(t, action, wrong(p), []string{"/ends_at not_after_start"})
		for _, body := range []any{
			nil,
			map[string]any{},
			at(0, "timezone", ""), at(0, "starts_at", "tomorrow"), at(0, "starts_at", "2027-01-12T09:00:00"),
			at(0, "ends_at", nil), at(0, "duration", 60), at(0, "allow_conflicts", "yes"),
		} {
			if got := h.as["lead"].Post(path(id, action), body).Status; got != http.StatusBadRequest {
				t.Errorf("%s: %v: %d", action, body, got)
			}
		}
		if got := h.history(id); len(got) != 0 {
			t.Errorf("%s: the refused requests left %+v", action, got)
		}
	}
	empty := h.held(api.InterviewStatusDraft)
	p := h.as["lead"].Post(path(empty, "schedule"), at(0)).Refused(http.StatusConflict, "state_conflict")
	if *p.State != "draft" || !strings.Contains(p.Detail, "panel") {
		t.Errorf("without a panel: %+v", p)
	}
	same(t, "without a panel", *p.AllowedActions, []string{"update", "set_panel", "cancel"})
}

// TestEveryoneIsAskedAnew: another time takes back what was said about the one before, and nothing of any score.
func TestEveryoneIsAskedAnew(t *testing.T) {
	t.Parallel()
	h := build(t)
	for action, status := range map[string]api.InterviewStatus{"schedule": api.InterviewStatusNoShow, "reschedule": api.InterviewStatusScheduled} {
		id := h.held(status, "panelist", "rival", "hr")
		h.Exec(`UPDATE interview_panelists SET response = CASE WHEN user_id = $2 THEN 'declined' ELSE 'accepted' END, comment = 'Said.',
			responded_at = now(), score_required = false WHERE interview_id = $1 AND user_id <> $3`, id, h.people["rival"].ID, h.people["hr"].ID)
		h.Score(id, h.people["panelist"], api.ScoreStatusSubmitted, 4)
		before := h.get("lead", id)
		got := shown(h.as["lead"].Post(path(id, action), at(0)).Expect(http.StatusOK))
		for n, p := range got.Panel {
			if p.Response != api.PanelResponseNeedsAction || !p.Comment.IsNull() || !p.RespondedAt.IsNull() {
				t.Errorf("%s: %+v was not asked anew", action, p)
			}
			if was := before.Panel[n]; p.User != was.User || p.ScoreRequired != was.ScoreRequired || p.HasSubmitted != was.HasSubmitted {
				t.Errorf("%s: %+v has become %+v", action, was, p)
			}
		}
		if want := map[string]int32{"schedule": 0, "reschedule": 1}[action]; got.Reschedules != want {
			t.Errorf("%s: moved %d times, want %d", action, got.Reschedules, want)
		}
		h.as["lead"].Post(path(id, "cancel"), nil).Expect(http.StatusOK)
	}
}

// TestConflicts schedules against an interview from 9:00 to 10:00 in every way that it can stand to it.
func TestConflicts(t *testing.T) {
	t.Parallel()
	h := build(t)
	first := shown(h.as["hr"].Post(collection, h.wanted(map[string]any{"panel": h.on("panelist", "rival"), "schedule": at(0)})).
		Expect(http.StatusCreated)).ID
	elsewhere := h.Application(h.Candidate(), h.job, api.ApplicationStageInterview)
	try := func(minutes int, application uuid.UUID, panel ...string) []string {
		t.Helper()
		users := make([]testkit.User, len(panel))
		for i, name := range panel {
			users[i] = h.people[name]
		}
		id := h.Interview(application, h.version, api.InterviewStatusDraft, users...)
		answer := h.as["lead"].Post(path(id, "schedule"), at(minutes))
		if answer.Status == http.StatusOK {
			h.as["lead"].Post(path(id, "cancel"), nil).Expect(http.StatusOK)
			return []string{}
		}
		told := []string{}
		for _, e := range answer.Refused(http.StatusConflict, "schedule_conflict").Errors {
			if *e.Pointer != "" || e.Code != "booked" {
				t.Errorf("%+v", e)
			}
			told = append(told, strings.Fields(e.Detail)[0])
		}
		slices.Sort(told)
		return told
	}
	candidate := h.get("hr", first).Candidate.FirstName
	for _, test := range []struct {
		name        string
		minutes     int
		application uuid.UUID
		panel       []string
		want        []string
	}{
		{"just before", -60, h.applies, []string{"panelist"}, nil},
		{"just after", 60, h.applies, []string{"panelist"}, nil},
		{"a minute into it", -59, h.applies, []string{"panelist"}, []string{candidate, "employee"}},
		{"a minute before its end", 59, h.applies, []string{"panelist"}, []string{candidate, "employee"}},
		{"at the same time", 0, h.applies, []string{"panelist", "rival", "other"}, []string{candidate, "employee", "rival"}},
		{"the same panelist", 30, elsewhere, []string{"other", "panelist"}, []string{"employee"}},
		{"the same candidate", 30, h.applies, []string{"other"}, []string{candidate}},
		{"nobody of them", 30, elsewhere, []string{"other"}, nil},
	} {
		same(t, test.name, try(test.minutes, test.application, test.panel...), append([]string{}, test.want...))
	}
	// One that lasts a day and began long before reaches into it; whoever declined has the time.
	h.Exec(`UPDATE interviews SET starts_at = '2027-01-11T09:30:00Z', ends_at = '2027-01-12T09:30:00Z' WHERE id = $1`, first)
	same(t, "a day long", try(29, elsewhere, "panelist"), []string{"employee"})
	same(t, "a day long, over", try(30, elsewhere, "panelist"), []string{})
	h.as["panelist"].Post(path(first, "respond"), map[string]any{"response": "declined"}).Expect(http.StatusOK)
	same(t, "declined", try(0, elsewhere, "panelist"), []string{})
	for _, response := range []string{"tentative", "accepted"} {
		h.as["panelist"].Post(path(first, "respond"), map[string]any{"response": response}).Expect(http.StatusOK)
		same(t, response, try(0, elsewhere, "panelist"), []string{"employee"})
	}
	for _, status := range statuses() {
		h.Exec(`UPDATE interviews SET status = $2 WHERE id = $1`, first, status)
		want := []string{}
		if status == api.InterviewStatusScheduled || status == api.InterviewStatusInProgress {
			want = []string{"employee"}
		}
		same(t, string(status), try(0, elsewhere, "panelist"), want)
	}
}

// TestRescheduleMindsOthersAndNotItself: an interview is no conflict with its own time.
func TestRescheduleMindsOthersAndNotItself(t *testing.T) {
	t.Parallel()
	h := build(t)
	create := func(minutes int) uuid.UUID {
		return shown(h.as["lead"].Post(collection, h.wanted(map[string]any{"panel": h.on("panelist"), "schedule": at(minutes)})).
			Expect(http.StatusCreated)).ID
	}
	first, second := create(0), create(60)
	h.as["lead"].Post(path(first, "reschedule"), at(-30)).Expect(http.StatusOK)
	h.as["lead"].Post(path(first, "reschedule"), at(30)).Refused(http.StatusConflict, "schedule_conflict")
	if got := h.get("lead", first); got.Reschedules != 1 || got.Conflicts != nil {
		t.Errorf("the refused request left %+v", got)
	}
	moved := shown(h.as["lead"].Post(path(first, "reschedule"), at(30, "allow_conflicts", true)).Expect(http.StatusOK))
	want := []api.ScheduleConflict{
		{Kind: api.ScheduleConflictKindPanelist, Person: moved.Panel[0].User, StartsAt: time.Date(2027, 1, 12, 10, 0, 0, 0, time.UTC), EndsAt: time.Date(2027, 1, 12, 11, 0, 0, 0, time.UTC)},
		{Kind: api.ScheduleConflictKindCandidate, Person: moved.Candidate, StartsAt: time.Date(2027, 1, 12, 10, 0, 0, 0, time.UTC), EndsAt: time.Date(2027, 1, 12, 11, 0, 0, 0, time.UTC)},
	}
	same(t, "the conflicts", moved.Conflicts, want)
	tag := h.as["lead"].Get(path(second)).Header.Get("ETag")
	if got := h.get("lead", second).Conflicts; len(got) != 2 {
		t.Errorf("the other one shows %+v", got)
	}
	// They are shown in single interviews only, and to those who schedule.
	for _, reader := range []string{"lead", "hr", "panelist"} {
		body := h.as[reader].Get(collection).Expect(http.StatusOK).Body
		if strings.Contains(string(body), "conflicts") {
			t.Errorf("a list of %s has conflicts: %s", reader, body)
		}
	}
	if body := h.as["panelist"].Get(path(second)).Expect(http.StatusOK).Body; strings.Contains(string(body), "conflicts") {
		t.Errorf("a panelist reads of conflicts: %s", body)
	}
	// Who declines is no longer booked twice; the candidate is, until one of the two is called off.
	h.as["panelist"].Post(path(second, "respond"), map[string]any{"response": "declined"}).Expect(http.StatusOK)
	if got := h.get("lead", second).Conflicts; len(got) != 1 || got[0].Kind != api.ScheduleConflictKindCandidate {
		t.Errorf("after declining: %+v", got)
	}
	h.as["lead"].Post(path(first, "cancel"), nil).Expect(http.StatusOK)
	if got := h.get("lead", second).Conflicts; got != nil {
		t.Errorf("after calling the other off: %+v", got)
	}
	if h.as["lead"].Get(path(second)).Header.Get("ETag") == tag {
		t.Error("the conflicts changed, and the tag did not")
	}
}

// TestConflictsTellNothingOfTheOtherInterview: a lead of another job learns that a person is booked and when.
func TestConflictsTellNothingOfTheOtherInterview(t *testing.T) {
	t.Parallel()
	h := build(t)
	first := shown(h.as["lead"].Post(collection, h.wanted(map[string]any{
		"title": "Secret round", "location": "Secret room", "panel": h.on("panelist", "hr"), "schedule": at(0),
	})).Expect(http.StatusCreated))
	job := h.Job(api.JobStatusOpen, h.people["rival"])
	application := h.Application(h.mira, job, api.ApplicationStageInterview)
	body := h.wanted(map[string]any{"application_id": application, "panel": h.on("other", "panelist"), "schedule": at(15)})
	secrets := []string{
		first.ID.String(), h.applies.String(), h.job.String(), first.Job.Title, "Secret", h.people["hr"].ID.String(), "hr Example", h.people["lead"].ID.String(),
	}
	check := func(what string, answer *testkit.Answer) {
		t.Helper()
		for _, secret := range secrets {
			if strings.Contains(string(answer.Body), secret) {
				t.Errorf("%s tells %q of the other interview: %s", what, secret, answer.Body)
			}
		}
	}
	answer := h.as["rival"].Post(collection, body)
	same(t, "refused", wrong(answer.Refused(http.StatusConflict, "schedule_conflict")), []string{"/panel/1 booked", "/application_id booked"})
	check("the refusal", answer)
	body["schedule"] = at(15, "allow_conflicts", true)
	answer = h.as["rival"].Post(collection, body).Expect(http.StatusCreated)
	if got := shown(answer).Conflicts; len(got) != 2 {
		t.Errorf("the conflicts are %+v", got)
	}
	check("the creation", answer)
	id := shown(answer).ID
	check("the reading", h.as["rival"].Get(path(id)).Expect(http.StatusOK))
	answer = h.as["rival"].Post(path(id, "reschedule"), at(20))
	answer.Refused(http.StatusConflict, "schedule_conflict")
	check("the refusal to move", answer)
	check("the list", h.as["rival"].Get(collection).Expect(http.StatusOK))
	h.as["rival"].Get(path(first.ID)).Refused(http.StatusNotFound, "not_found")
	// Another company's people of the same time are nobody's business.
	globex := h.Company("globex")
	there := h.Installation.Hiring(globex)
	_, version := there.KitVersion(api.KitVersionStatusPublished)
	body = map[string]any{
		"application_id": there.Application(there.Candidate(), there.Job(api.JobStatusOpen), api.ApplicationStageInterview),
		"kit_version_id": version, "title": "T", "kind": "ai", "panel": []any{map[string]any{"user_id": globex.Users[api.RoleHr].ID}}, "schedule": at(0),
	}
	h.replica.SignIn(t, globex.Users[api.RoleHr]).Post(collection, body).Expect(http.StatusCreated)
}

// TestNobodyIsBookedTwiceAtOnce sends requests that want the same people at the same time, each by another way, to two
// replicas. Whatever the order, one of those that share a person passes.
func TestNobodyIsBookedTwiceAtOnce(t *testing.T) {
	t.Parallel()
	h := build(t)
	other := h.Replica()
	for round := range 6 {
		day := func(minutes int) map[string]any { return at(round*24*60 + minutes) }
		applications, drafts, joins := make([]uuid.UUID, 9), make([]uuid.UUID, 3), make([]uuid.UUID, 3)
		for n := range applications {
			applications[n] = h.Application(h.Candidate(), h.job, api.ApplicationStageInterview)
		}
		for n := range drafts {
			drafts[n] = h.Interview(applications[n], h.version, api.InterviewStatusDraft, h.people["panelist"], h.people["other"])
			joins[n] = shown(h.as["lead"].Post(collection, h.wanted(map[string]any{
				"application_id": applications[3+n], "panel": h.on([]string{"hr", "admin", "lead"}[n]), "schedule": day(10 + n),
			})).Expect(http.StatusCreated)).ID
		}
		asks := []func(*testkit.Client) *testkit.Answer{}
		for n := range 3 {
			panel := h.on("other", "panelist")
			if n == 1 {
				slices.Reverse(panel)
			}
			asks = append(asks,
				func(c *testkit.Client) *testkit.Answer { return c.Post(path(drafts[n], "schedule"), day(n)) },
				func(c *testkit.Client) *testkit.Answer {
					return c.Do(http.MethodPut, path(joins[n], "panel", h.people["panelist"].ID.String()), map[string]any{})
				},
				func(c *testkit.Client) *testkit.Answer {
					return c.Post(collection, h.wanted(map[string]any{"application_id": applications[6+n], "panel": panel, "schedule": day(20 + n)}))
				})
		}
		got := make([]int, len(asks))
		var all sync.WaitGroup
		for n, ask := range asks {
			client := h.as["lead"]
			if n%2 == 0 {
				client = client.At(other)
			}
			all.Go(func() {
				answer := ask(client)
				if got[n] = answer.Status; got[n] == http.StatusConflict {
					answer.Refused(http.StatusConflict, "schedule_conflict")
				}
			})
		}
		all.Wait()
		passed := 0
		for _, status := range got {
			if status == http.StatusOK || status == http.StatusCreated {
				passed++
			} else if status != http.StatusConflict {
				t.Errorf("answered by %v", got)
			}
		}
		if passed != 1 {
			t.Errorf("round %d: %d passed, want one: %v", round, passed, got)
		}
	}
	h.nobodyIsBookedTwice()
}

// nobodyIsBookedTwice looks at the rows.
func (h house) nobodyIsBookedTwice() {
	h.t.Helper()
	var twice int
	err := h.Database.QueryRow(h.t.Context(), `
		WITH booked AS (
			SELECT p.user_id AS person, i.id, tstzrange(i.starts_at, i.ends_at) AS during FROM interview_panelists AS p
			JOIN interviews AS i ON i.id = p.interview_id WHERE i.status = 'scheduled' AND p.response <> 'declined'
			UNION ALL SELECT candidate_id, id, tstzrange(starts_at, ends_at) FROM interviews WHERE status = 'scheduled'
		)
		SELECT count(*) FROM booked AS a JOIN booked AS b ON a.person = b.person AND a.id < b.id AND a.during && b.during`).Scan(&twice)
	if err != nil || twice != 0 {
		h.t.Errorf("%d people are booked twice (%v)", twice, err)
	}
}

// TestTheCandidateIsBookedOnceAtOnce: the people of two interviews may have nobody in common but the candidate.
func TestTheCandidateIsBookedOnceAtOnce(t *testing.T) {
	t.Parallel()
	h := build(t)
	for round := range 5 {
		got := make([]int, 4)
		var all sync.WaitGroup
		for n := range got {
			user := h.User(h.acme, fmt.Sprintf("p%d-%d", round, n), api.RoleEmployee)
			id := h.Interview(h.applies, h.version, api.InterviewStatusDraft, user)
			all.Go(func() { got[n] = h.as["lead"].Post(path(id, "schedule"), at(round*24*60)).Status })
		}
		all.Wait()
		slices.Sort(got)
		same(t, "answers", got, []int{200, 409, 409, 409})
	}
	h.nobodyIsBookedTwice()
}
