package interviews_test

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/uuid"

	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/server/testkit"
)

func (f fixture) setPanelist(name string, id uuid.UUID, user uuid.UUID, body any) *testkit.Answer {
	f.t.Helper()
	return f.clients[name].Do(http.MethodPut, path(id, "panel", user.String()), body)
}

func (f fixture) removePanelist(name string, id uuid.UUID, user uuid.UUID) *testkit.Answer {
	f.t.Helper()
	return f.clients[name].Delete(path(id, "panel", user.String()))
}

// requiredByName returns, by the name of each panelist, whether their score is required.
func (f fixture) requiredByName(i api.Interview) map[string]bool {
	panel := map[string]bool{}
	for _, p := range i.Panel {
		for name, user := range f.users {
			if user.ID == p.User.ID {
				panel[name] = p.ScoreRequired
			}
		}
	}
	return panel
}

func TestSetAndRemovePanelist(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	id := f.newInterview(api.InterviewStatusScheduled)
	outsider, hr, panelist := f.users["outsider"].ID, f.users["hr"].ID, f.users["panelist"].ID
	check := func(answer *testkit.Answer, want map[string]bool) api.Interview {
		t.Helper()
		got := decode(answer.Expect(http.StatusOK))
		if panel := f.requiredByName(got); !maps.Equal(panel, want) {
			t.Errorf("got the panel %v, want %v", panel, want)
		}
		f.wantSameRead("lead", id, answer)
		return got
	}
	optional := map[string]any{"score_required": false}

	// Add panelists, and make a score optional.
	f.clients["outsider"].Get(path(id)).Refused(http.StatusNotFound, "not_found")
	first := check(f.setPanelist("lead", id, outsider, map[string]any{}),
		map[string]bool{"panelist": true, "outsider": true})
	f.clients["outsider"].Get(path(id)).Expect(http.StatusOK)
	check(f.setPanelist("lead", id, hr, optional), map[string]bool{"panelist": true, "outsider": true, "hr": false})
	last := check(f.setPanelist("lead", id, outsider, optional),
		map[string]bool{"panelist": true, "outsider": false, "hr": false})
	if !last.UpdatedAt.After(first.UpdatedAt) {
		t.Error("a change of the panel did not change updated_at")
	}

	// A request that changes nothing keeps the version.
	before := f.clients["lead"].Get(path(id)).Header.Get("ETag")
	check(f.setPanelist("lead", id, outsider, optional), map[string]bool{"panelist": true, "outsider": false, "hr": false})
	if after := f.clients["lead"].Get(path(id)).Header.Get("ETag"); after != before {
		t.Errorf("request without a change: got the ETag %s, want %s", after, before)
	}

	// Remove panelists, except the last one.
	check(f.removePanelist("lead", id, outsider), map[string]bool{"panelist": true, "hr": false})
	f.clients["outsider"].Get(path(id)).Refused(http.StatusNotFound, "not_found")
	f.removePanelist("lead", id, outsider).Refused(http.StatusNotFound, "not_found")
	check(f.removePanelist("lead", id, panelist), map[string]bool{"hr": false})
	p := f.removePanelist("lead", id, hr).Refused(http.StatusConflict, "state_conflict")
	if *p.State != "scheduled" || !strings.Contains(p.Detail, "last panelist") {
		t.Errorf("last panelist: got %+v", p)
	}

	// Changes of the panel are in the audit log; the history contains only changes of state and time.
	entries := f.auditEntries(id)
	want := []struct {
		action, changes string
		user            uuid.UUID
	}{
		{"interview.panelist_set", `"changes": {"score_required": {"to": true, "from": null}}`, outsider},
		{"interview.panelist_set", `"changes": {"score_required": {"to": false, "from": null}}`, hr},
		{"interview.panelist_set", `"changes": {"score_required": {"to": false, "from": true}}`, outsider},
		{"interview.panelist_removed", `"changes": {"score_required": {"to": null, "from": false}}`, outsider},
		{"interview.panelist_removed", `"changes": {"score_required": {"to": null, "from": true}}`, panelist},
	}
	if len(entries) != len(want) {
		t.Fatalf("got the audit entries %+v, want %d", entries, len(want))
	}
	for n, w := range want {
		if e := entries[n]; e.action != w.action || !strings.Contains(e.details, w.changes) ||
			!strings.Contains(e.details, w.user.String()) {
			t.Errorf("audit entry %d: got %+v, want %+v", n, e, w)
		}
	}
	if events := f.history(id); len(events) != 0 {
		t.Errorf("got the history %+v, want none", events)
	}
}

func TestPanelRequiresActiveUsers(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	foreign := f.Company("globex").Users[api.RoleEmployee].ID
	inactive := f.User(f.company, "inactive", api.RoleEmployee).ID
	f.Exec(`UPDATE users SET is_active = false WHERE id = $1`, inactive)
	for _, status := range statuses() {
		t.Run(string(status), func(t *testing.T) {
			t.Parallel()
			f := f.in(t)
			id := f.newInterview(status, "panelist")
			if status == api.InterviewStatusCompleted || status == api.InterviewStatusCancelled {
				f.setPanelist("lead", id, f.users["outsider"].ID, map[string]any{}).
					Refused(http.StatusConflict, "state_conflict")
				f.removePanelist("lead", id, f.users["panelist"].ID).Refused(http.StatusConflict, "state_conflict")
				return
			}
			for _, user := range []uuid.UUID{uuid.New(), foreign} {
				f.setPanelist("lead", id, user, map[string]any{}).Refused(http.StatusNotFound, "not_found")
				f.removePanelist("lead", id, user).Refused(http.StatusNotFound, "not_found")
			}
			p := f.setPanelist("lead", id, inactive, map[string]any{}).
				Refused(http.StatusUnprocessableEntity, "rule_violated")
			wantEqual(t, "inactive user", violations(p), []string{"user_id inactive"})
			f.setPanelist("lead", id, f.users["hr"].ID, map[string]any{"allow_conflicts": true}).Expect(http.StatusOK)

			// A panelist who was deactivated later can be made optional and removed.
			f.Exec(`INSERT INTO interview_panelists (company_id, interview_id, user_id, created_at, updated_at)
				VALUES ($1, $2, $3, now(), now())`, f.company.ID, id, inactive)
			f.setPanelist("lead", id, inactive, map[string]any{"score_required": false}).Expect(http.StatusOK)
			f.removePanelist("lead", id, inactive).Expect(http.StatusOK)

			for _, body := range []any{
				nil, "[]",
				map[string]any{"role": "x"},
				map[string]any{"user_id": inactive},
			} {
				if got := f.setPanelist("lead", id, inactive, body).Status; got != http.StatusBadRequest {
					t.Errorf("%v: got status %d, want %d", body, got, http.StatusBadRequest)
				}
			}
		})
	}

	// The last panelist of a draft can be removed. An interview without a panel cannot be scheduled.
	draft := f.newInterview(api.InterviewStatusDraft, "panelist")
	got := decode(f.removePanelist("lead", draft, f.users["panelist"].ID).Expect(http.StatusOK))
	if len(got.Panel) != 0 || slices.Contains(got.AllowedActions, api.InterviewActionSchedule) {
		t.Errorf("got %+v, want a draft without a panel that cannot be scheduled", got)
	}
}

func TestSetPanelPermissions(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	id := f.newInterview(api.InterviewStatusDraft, "panelist", "other_lead")
	outsider := f.users["outsider"].ID
	for _, name := range []string{"hr", "admin", "lead"} {
		f.setPanelist(name, id, outsider, map[string]any{}).Expect(http.StatusOK)
		f.removePanelist(name, id, outsider).Expect(http.StatusOK)
	}
	f.setPanelist("other_lead", id, outsider, map[string]any{}).Refused(http.StatusForbidden, "role_not_allowed")
	f.removePanelist("other_lead", id, f.users["other_lead"].ID).Refused(http.StatusForbidden, "role_not_allowed")
	f.setPanelist("panelist", id, outsider, map[string]any{}).Refused(http.StatusForbidden, "permission_denied")
	f.removePanelist("panelist", id, f.users["panelist"].ID).Refused(http.StatusForbidden, "permission_denied")
}

// TestSetPanelistChecksConflicts verifies that a new panelist is checked for conflicts if, and only if, the interview
// occupies time.
func TestSetPanelistChecksConflicts(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.clients["lead"].Post(collection, f.createBody(map[string]any{
		"panel": f.panelOf("outsider"), "schedule": scheduleAt(0),
	})).Expect(http.StatusCreated)
	outsider := f.users["outsider"].ID
	elsewhere := f.Application(f.Candidate(), f.job, api.ApplicationStageInterview)
	for _, status := range statuses() {
		t.Run(string(status), func(t *testing.T) {
			f := f.in(t)
			if status == api.InterviewStatusCompleted || status == api.InterviewStatusCancelled {
				return
			}
			id := f.Interview(elsewhere, f.kitVersion, status, f.users["panelist"])
			if status != api.InterviewStatusDraft {
				f.Exec(`UPDATE interviews SET starts_at = '2055-01-12T09:30:00Z', ends_at = '2055-01-12T10:30:00Z'
				WHERE id = $1`, id)
			}
			answer := f.setPanelist("lead", id, outsider, map[string]any{})
			if status != api.InterviewStatusScheduled && status != api.InterviewStatusInProgress {
				answer.Expect(http.StatusOK)
				return
			}
			p := answer.Refused(http.StatusConflict, "schedule_conflict")
			wantEqual(t, string(status), violations(p), []string{" booked"})
			if !strings.HasPrefix(p.Errors[0].Detail, "outsider Example is booked") {
				t.Errorf("got %+v, want the name of the booked user", p)
			}
			got := decode(f.setPanelist("lead", id, outsider, map[string]any{"allow_conflicts": true}).
				Expect(http.StatusOK))
			if len(got.Conflicts) != 1 || got.Conflicts[0].Person.ID != outsider {
				t.Errorf("got the conflicts %+v, want one of the outsider", got.Conflicts)
			}
			// Changes of a panelist are not checked again.
			f.setPanelist("lead", id, outsider, map[string]any{"score_required": false}).Expect(http.StatusOK)
			f.Exec(`UPDATE interviews SET status = 'cancelled' WHERE id = $1`, id)
		})
	}
}

func TestPanelSizeIsLimited(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	id := f.newInterview(api.InterviewStatusDraft)
	users := make([]testkit.User, 24)
	for n := range users {
		users[n] = f.User(f.company, fmt.Sprintf("p%d", n), api.RoleEmployee)
	}
	for _, user := range users[:18] {
		f.setPanelist("lead", id, user.ID, map[string]any{}).Expect(http.StatusOK)
	}
	got := make([]int, 6)
	var all sync.WaitGroup
	for n, user := range users[18:] {
		all.Go(func() { got[n] = f.setPanelist("lead", id, user.ID, map[string]any{}).Status })
	}
	all.Wait()
	slices.Sort(got)
	wantEqual(t, "six requests for two places", got, []int{200, 200, 409, 409, 409, 409})
	if n := len(f.get("lead", id).Panel); n != 20 {
		t.Errorf("got a panel of %d, want 20", n)
	}
	// A full panel can still be changed.
	f.setPanelist("lead", id, f.get("lead", id).Panel[0].User.ID, map[string]any{"score_required": false}).
		Expect(http.StatusOK)
	p := f.setPanelist("lead", id, f.users["hr"].ID, map[string]any{}).Refused(http.StatusConflict, "state_conflict")
	if *p.State != "draft" || !strings.Contains(p.Detail, "20") {
		t.Errorf("got %+v, want a conflict that names the limit", p)
	}
}

// TestPanelistWithScoreCannotBeRemoved verifies that panelists with a score in any status stay on the panel.
func TestPanelistWithScoreCannotBeRemoved(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	for _, status := range []api.ScoreStatus{api.ScoreStatusDraft, api.ScoreStatusSubmitted, api.ScoreStatusVoided} {
		t.Run(string(status), func(t *testing.T) {
			f := f.in(t)
			id := f.newInterview(api.InterviewStatusAwaitingScores, "panelist", "other_lead")
			f.Score(id, f.users["panelist"], status, 4)
			f.removePanelist("lead", id, f.users["panelist"].ID).Refused(http.StatusConflict, "panelist_has_score")
			if got := f.requiredByName(f.get("lead", id)); len(got) != 2 {
				t.Errorf("got the panel %v, want 2 panelists", got)
			}
			wantEqual(t, string(status), actionsOf(f.auditEntries(id)), []string{})
		})
	}
}

// TestPanelChangeCompletesInterview verifies that a change of the panel completes an interview that awaits scores if it
// removes the last missing score, and that no other change does.
func TestPanelChangeCompletesInterview(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	const awaiting, completed = api.InterviewStatusAwaitingScores, api.InterviewStatusCompleted
	optional := map[string]any{"score_required": false}
	panelist, otherLead := f.users["panelist"].ID, f.users["other_lead"].ID
	hr, outsider := f.users["hr"].ID, f.users["outsider"].ID
	// newAwaiting creates an interview with three required scores, of which the named users have submitted theirs.
	newAwaiting := func(t *testing.T, f fixture, submitted ...string) uuid.UUID {
		t.Helper()
		id := f.newInterview(awaiting, "panelist", "other_lead", "hr")
		for _, name := range submitted {
			f.Score(id, f.users[name], api.ScoreStatusSubmitted, 4)
		}
		return id
	}
	check := func(t *testing.T, answer *testkit.Answer, want api.InterviewStatus) {
		t.Helper()
		if got := decode(answer.Expect(http.StatusOK)).Status; got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}

	t.Run("last missing score becomes optional", func(t *testing.T) {
		t.Parallel()
		f := f.in(t)
		id := newAwaiting(t, f, "panelist")
		check(t, f.removePanelist("lead", id, otherLead), awaiting) // hr's score is missing
		check(t, f.setPanelist("lead", id, hr, optional), completed)
		events := f.history(id)
		if len(events) != 1 || events[0].Event != api.InterviewEventKindComplete || !events[0].ActorID.IsNull() {
			t.Errorf("got the history %+v, want a completion without an actor", events)
		}
		wantEqual(t, "audit entries", actionsOf(f.auditEntries(id)),
			[]string{"interview.panelist_removed", "interview.panelist_set", "interview.completed"})
	})
	t.Run("last missing panelist is removed", func(t *testing.T) {
		t.Parallel()
		f := f.in(t)
		id := newAwaiting(t, f, "panelist", "hr")
		check(t, f.removePanelist("lead", id, otherLead), completed)
	})
	t.Run("score of a new panelist is missing", func(t *testing.T) {
		t.Parallel()
		f := f.in(t)
		id := newAwaiting(t, f, "panelist", "hr")
		check(t, f.setPanelist("lead", id, outsider, map[string]any{}), awaiting)
		check(t, f.removePanelist("lead", id, otherLead), awaiting)
	})
	// An interview that HR reopened stays open until the next submission, although no score is missing.
	t.Run("no score is missing", func(t *testing.T) {
		t.Parallel()
		f := f.in(t)
		id := newAwaiting(t, f, "panelist", "other_lead", "hr")
		check(t, f.setPanelist("lead", id, panelist, optional), awaiting)
		check(t, f.setPanelist("lead", id, outsider, optional), awaiting)
		check(t, f.removePanelist("lead", id, outsider), awaiting)
	})
	t.Run("interview in progress", func(t *testing.T) {
		t.Parallel()
		f := f.in(t)
		id := f.newInterview(api.InterviewStatusInProgress, "panelist", "other_lead")
		check(t, f.setPanelist("lead", id, panelist, optional), api.InterviewStatusInProgress)
		check(t, f.setPanelist("lead", id, otherLead, optional), api.InterviewStatusInProgress)
	})
}

func TestRespond(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	id := f.newInterview(api.InterviewStatusScheduled, "panelist", "other_lead", "hr")
	respond := func(name string, body any) *testkit.Answer { return f.clients[name].Post(path(id, "respond"), body) }
	version := func() string {
		tag, _, _ := strings.Cut(f.clients["lead"].Get(path(id)).Header.Get("ETag"), ".")
		return tag
	}
	versionBefore, before := version(), f.get("lead", id)

	// Panelists of every role respond, and respond again.
	for _, name := range []string{"panelist", "other_lead", "hr"} {
		for _, test := range []struct {
			name     string
			body     map[string]any
			response api.PanelResponse
			comment  string
		}{
			{
				"accepted",
				map[string]any{"response": "accepted", "comment": " With pleasure.\nTruly. "},
				api.PanelResponseAccepted, "With pleasure.\nTruly.",
			},
			{"declined", map[string]any{"response": "declined"}, api.PanelResponseDeclined, ""},
			{"tentative", map[string]any{"response": "tentative", "comment": nil}, api.PanelResponseTentative, ""},
		} {
			t.Run(name+" "+test.name, func(t *testing.T) {
				f := f.in(t)
				answer := respond(name, test.body).Expect(http.StatusOK)
				panel := decode(answer).Panel
				n := slices.IndexFunc(panel, func(p api.Panelist) bool { return p.User.ID == f.users[name].ID })
				if n < 0 {
					t.Fatalf("%s is not in the panel %+v", name, panel)
				}
				p := panel[n]
				if comment, _ := p.Comment.Get(); p.Response != test.response || comment != test.comment ||
					p.RespondedAt.IsNull() {
					t.Errorf("%s: got %+v, want %s with the comment %q", name, p, test.response, test.comment)
				}
				f.wantSameRead(name, id, answer)
			})
		}
	}

	// Responses change updated_at, but not the version, so that they do not refuse the updates of others.
	if after := version(); after != versionBefore {
		t.Errorf("got the version %s, want %s", after, versionBefore)
	}
	if after := f.get("lead", id); !after.UpdatedAt.After(before.UpdatedAt) {
		t.Error("the responses did not change updated_at")
	}

	// Refusals.
	respond("lead", map[string]any{"response": "accepted"}).Refused(http.StatusForbidden, "role_not_allowed")
	respond("admin", map[string]any{"response": "accepted"}).Refused(http.StatusForbidden, "role_not_allowed")
	p := respond("panelist", map[string]any{"response": "accepted", "comment": "a\u0007"}).
		Refused(http.StatusUnprocessableEntity, "rule_violated")
	wantEqual(t, "comment", violations(p), []string{"/comment control_character"})
	for _, body := range []any{
		nil,
		map[string]any{},
		map[string]any{"response": "needs_action"},
		map[string]any{"response": "maybe"},
		map[string]any{"response": "accepted", "user_id": f.users["hr"].ID},
	} {
		if got := respond("panelist", body).Status; got != http.StatusBadRequest {
			t.Errorf("%v: got status %d, want %d", body, got, http.StatusBadRequest)
		}
	}

	// Responses are in the audit log without their comments; the history contains only changes of state and time.
	entries := f.auditEntries(id)
	if len(entries) != 9 {
		t.Errorf("got %d audit entries, want 9", len(entries))
	}
	for _, e := range entries {
		if e.action != "interview.responded" || strings.Contains(e.details, "pleasure") ||
			!strings.Contains(e.details, `"response"`) {
			t.Errorf("got the audit entry %+v, want a response without a comment", e)
		}
	}
	if events := f.history(id); len(events) != 0 {
		t.Errorf("got the history %+v, want none", events)
	}

	f.clients["lead"].Post(path(id, "start"), nil).Expect(http.StatusOK)
	p = respond("panelist", map[string]any{"response": "accepted"}).Refused(http.StatusConflict, "state_conflict")
	if *p.State != "in_progress" {
		t.Errorf("got the state %q, want in_progress", *p.State)
	}
}
