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

func statuses() []api.InterviewStatus {
	return []api.InterviewStatus{
		api.InterviewStatusDraft, api.InterviewStatusScheduled, api.InterviewStatusInProgress,
		api.InterviewStatusAwaitingScores, api.InterviewStatusCompleted, api.InterviewStatusNoShow, api.InterviewStatusCancelled,
	}
}

// request is a request for an interview. The segments follow the path of the interview.
type request struct {
	method   string
	segments []string
	body     any
}

// actionRequests returns a request for each action that this package performs.
func (f fixture) actionRequests() map[api.InterviewAction]request {
	return map[api.InterviewAction]request{
		api.InterviewActionUpdate: {http.MethodPatch, nil, map[string]any{"title": uuid.NewString()}},
		api.InterviewActionSetPanel: {
			http.MethodPut, []string{"panel", f.users["outsider"].ID.String()}, map[string]any{"allow_conflicts": true},
		},
		api.InterviewActionSchedule:   {http.MethodPost, []string{"schedule"}, scheduleAt(0, "allow_conflicts", true)},
		api.InterviewActionReschedule: {http.MethodPost, []string{"reschedule"}, scheduleAt(0, "allow_conflicts", true)},
		api.InterviewActionRespond:    {http.MethodPost, []string{"respond"}, map[string]any{"response": "tentative"}},
		api.InterviewActionStart:      {http.MethodPost, []string{"start"}, nil},
		api.InterviewActionFinish:     {http.MethodPost, []string{"finish"}, nil},
		api.InterviewActionMarkNoShow: {http.MethodPost, []string{"no-show"}, withReason("x")},
		api.InterviewActionCancel:     {http.MethodPost, []string{"cancel"}, withReason("x")},
		api.InterviewActionComplete:   {http.MethodPost, []string{"complete"}, withReason("x")},
		api.InterviewActionReopen:     {http.MethodPost, []string{"reopen"}, withReason("x")},
	}
}

func (f fixture) perform(name string, id uuid.UUID, action api.InterviewAction) *testkit.Answer {
	f.t.Helper()
	r := f.actionRequests()[action]
	return f.clients[name].Do(r.method, path(id, r.segments...), r.body, "If-Match", "*")
}

// TestAllowedActionsMatchOperations tries every action in every state as every user who sees the interview. An action
// must succeed if and only if the interview's allowed_actions contain it.
func TestAllowedActionsMatchOperations(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	for _, name := range []string{"hr", "lead", "other_lead", "panelist"} {
		for _, status := range statuses() {
			t.Run(name+" in "+string(status), func(t *testing.T) {
				t.Parallel()
				testAllowedActions(t, f.in(t), name, status)
			})
		}
	}
}

// testAllowedActions tries every action in one state as one user.
func testAllowedActions(t *testing.T, f fixture, name string, status api.InterviewStatus) {
	id := f.newInterview(status, "other_lead", "panelist")
	for action := range f.actionRequests() {
		allowed := f.get(name, id).AllowedActions
		answer := f.perform(name, id, action)
		if slices.Contains(allowed, action) {
			if answer.Status != http.StatusOK {
				t.Errorf("%s is allowed: got %d %s, want %d", action, answer.Status, answer.Body, http.StatusOK)
			}
			// The action changed the interview.
			id = f.newInterview(status, "other_lead", "panelist")
			continue
		}
		if answer.Status != http.StatusForbidden && answer.Status != http.StatusConflict {
			t.Errorf("%s is not allowed: got %d %s, want 403 or 409", action, answer.Status, answer.Body)
		}
		if answer.Status != http.StatusConflict {
			continue
		}
		p := answer.Refused(http.StatusConflict, "state_conflict")
		want := make([]string, len(allowed))
		for i, a := range allowed {
			want[i] = string(a)
		}
		if *p.State != string(status) || !slices.Equal(*p.AllowedActions, want) {
			t.Errorf("%s: got a conflict with %q and %v, want %q and %v",
				action, *p.State, *p.AllowedActions, status, want)
		}
	}
}

// TestInterviewLifecycle takes an interview from draft to completed, with a no-show and a reopening, and reads its
// history.
func TestInterviewLifecycle(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	id := decode(f.clients["lead"].Post(collection, f.createBody(map[string]any{"panel": f.panelOf("panelist")})).
		Expect(http.StatusCreated)).ID
	act := func(name, action string, body any) api.Interview {
		t.Helper()
		answer := f.clients[name].Post(path(id, action), body).Expect(http.StatusOK)
		f.wantSameRead(name, id, answer)
		return decode(answer)
	}
	check := func(i api.Interview, status api.InterviewStatus, reason string, started, finished, completed bool) {
		t.Helper()
		got, _ := i.StatusReason.Get()
		if i.Status != status || got != reason || i.StartedAt.IsNull() == started || i.FinishedAt.IsNull() == finished ||
			i.CompletedAt.IsNull() == completed {
			t.Errorf("got %+v, want %s with the reason %q, started %t, finished %t, completed %t",
				i, status, reason, started, finished, completed)
		}
	}

	check(act("lead", "schedule", scheduleAt(0)), api.InterviewStatusScheduled, "", false, false, false)
	check(act("lead", "reschedule", scheduleAt(60, "reason", "Asked for.")), api.InterviewStatusScheduled, "", false, false, false)
	check(act("panelist", "no-show", withReason(" Did not come. ")), api.InterviewStatusNoShow, "Did not come.", false, false, false)
	again := act("lead", "schedule", scheduleAt(120, "reason", "Was ill."))
	check(again, api.InterviewStatusScheduled, "Was ill.", false, false, false)
	if again.Reschedules != 1 {
		t.Errorf("got %d reschedules, want 1: scheduling after a no-show neither counts nor resets", again.Reschedules)
	}
	check(act("panelist", "start", nil), api.InterviewStatusInProgress, "", true, false, false)
	check(act("panelist", "finish", nil), api.InterviewStatusAwaitingScores, "", true, true, false)
	check(act("hr", "complete", withReason("No more will come.")), api.InterviewStatusCompleted, "No more will come.", true, true, true)
	check(act("admin", "reopen", withReason("One came.")), api.InterviewStatusAwaitingScores, "One came.", true, true, false)
	check(act("hr", "complete", withReason("Done.")), api.InterviewStatusCompleted, "Done.", true, true, true)

	// The history contains every step.
	time := func(n int) string { return scheduleAt(n)["starts_at"].(string) }
	want := []string{
		"create -> draft by lead: - - -", "schedule draft -> scheduled by lead: - - " + time(0),
		"reschedule scheduled -> scheduled by lead: Asked for. " + time(0) + " " + time(60),
		"mark_no_show scheduled -> no_show by panelist: Did not come. " + time(60) + " " + time(60),
		"schedule no_show -> scheduled by lead: Was ill. " + time(60) + " " + time(120),
		"start scheduled -> in_progress by panelist: - " + time(120) + " " + time(120),
		"finish in_progress -> awaiting_scores by panelist: - " + time(120) + " " + time(120),
		"complete awaiting_scores -> completed by hr: No more will come. " + time(120) + " " + time(120),
		"reopen completed -> awaiting_scores by admin: One came. " + time(120) + " " + time(120),
		"complete awaiting_scores -> completed by hr: Done. " + time(120) + " " + time(120),
	}
	events := f.history(id)
	got := make([]string, len(events))
	for i, e := range events {
		got[i] = f.formatEvent(e)
	}
	if !slices.Equal(got, want) {
		t.Errorf("got the history\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}

	// The audit log contains every step without its reason.
	entries := f.auditEntries(id)
	wantEqual(t, "audit entries", actionsOf(entries), []string{
		"interview.created", "interview.scheduled", "interview.rescheduled", "interview.no_show", "interview.scheduled",
		"interview.started", "interview.finished", "interview.completed", "interview.reopened", "interview.completed",
	})
	for _, e := range entries {
		for _, reason := range []string{"Asked for.", "Did not come.", "Was ill.", "No more will come.", "One came."} {
			if strings.Contains(e.details, reason) {
				t.Errorf("the audit entry contains the reason %q: %s", reason, e.details)
			}
		}
	}

	// The history is paged, and its cursors are valid for one interview.
	var paged []string
	query := "?limit=3"
	for {
		answer := f.clients["panelist"].Get(path(id, "history") + query).Expect(http.StatusOK)
		page := testkit.Decode[api.InterviewEventPage](answer)
		for _, e := range page.Data {
			paged = append(paged, f.formatEvent(e))
		}
		if !page.HasMore {
			break
		}
		query = "?limit=3&cursor=" + page.NextCursor.MustGet()
	}
	wantEqual(t, "history by pages", paged, got)
	other := f.newInterview(api.InterviewStatusScheduled)
	f.clients["panelist"].Get(path(other, "history")+query).Refused(http.StatusBadRequest, "invalid_cursor")
}

// formatEvent formats an event: kind, statuses, actor, reason, and start before and after.
func (f fixture) formatEvent(e api.InterviewEvent) string {
	from, actor, reason := "", "system", "-"
	if e.FromStatus != nil {
		from = string(*e.FromStatus) + " "
	}
	for name, user := range f.users {
		if id, err := e.ActorID.Get(); err == nil && id == user.ID {
			actor = name
		}
	}
	if text, err := e.Reason.Get(); err == nil {
		reason = text
	}
	line := fmt.Sprintf("%s %s-> %s by %s: %s", e.Event, from, e.ToStatus, actor, reason)
	for _, at := range []interface{ Get() (time.Time, error) }{e.FromStartsAt, e.ToStartsAt} {
		if t, err := at.Get(); err == nil {
			line += " " + t.Format(time.RFC3339)
		} else {
			line += " -"
		}
	}
	return line
}

func TestReasonsOfTransitions(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	for _, test := range []struct {
		action string
		status api.InterviewStatus
		body   any
		want   int
	}{
		{"cancel", api.InterviewStatusScheduled, nil, 200},
		{"cancel", api.InterviewStatusScheduled, map[string]any{}, 200},
		{"cancel", api.InterviewStatusScheduled, withReason("\u00a0"), 422},
		{"cancel", api.InterviewStatusScheduled, withReason("a\u0007b"), 422},
		{"cancel", api.InterviewStatusScheduled, withReason(" "), 400},
		{"cancel", api.InterviewStatusInProgress, nil, 422},
		{"cancel", api.InterviewStatusInProgress, map[string]any{}, 422},
		{"cancel", api.InterviewStatusInProgress, withReason("Fire alarm.\nAgain."), 200},
		{"no-show", api.InterviewStatusScheduled, nil, 200},
		{"no-show", api.InterviewStatusScheduled, withReason("\u202e"), 422},
		{"complete", api.InterviewStatusAwaitingScores, nil, 400},
		{"complete", api.InterviewStatusAwaitingScores, map[string]any{}, 400},
		{"complete", api.InterviewStatusAwaitingScores, withReason("\u2003"), 422},
		{"reopen", api.InterviewStatusCompleted, nil, 400},
		{"reopen", api.InterviewStatusCompleted, withReason("a\u0007"), 422},
	} {
		t.Run(fmt.Sprintf("%s in %s with %v", test.action, test.status, test.body), func(t *testing.T) {
			t.Parallel()
			f := f.in(t)
			answer := f.clients["hr"].Post(path(f.newInterview(test.status), test.action), test.body)
			if answer.Status != test.want {
				t.Errorf("got %d %s, want %d", answer.Status, answer.Body, test.want)
			}
			if test.want != http.StatusUnprocessableEntity {
				return
			}
			p := answer.Refused(test.want, "rule_violated")
			if len(p.Errors) != 1 || *p.Errors[0].Pointer != "/reason" {
				t.Errorf("got %+v, want one violation at /reason", p)
			}
		})
	}
	// Only HR and admins cancel an interview that has begun.
	f.clients["lead"].Post(path(f.newInterview(api.InterviewStatusInProgress), "cancel"), withReason("Mine.")).
		Refused(http.StatusConflict, "state_conflict")
}

// TestFinishCompletesWithAllScores finishes an interview with every combination of a required or optional score that is
// submitted, a draft, voided or absent.
func TestFinishCompletesWithAllScores(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	for _, required := range []bool{true, false} {
		for _, score := range []api.ScoreStatus{
			"", api.ScoreStatusDraft, api.ScoreStatusSubmitted, api.ScoreStatusVoided,
		} {
			t.Run(fmt.Sprintf("required %t, score %q", required, score), func(t *testing.T) {
				t.Parallel()
				want := !required || score == api.ScoreStatusSubmitted
				testFinish(t, f.in(t), required, score, want)
			})
		}
	}
}

// testFinish finishes an interview with one submitted score and another one in a status, empty for none. The interview
// must be completed if completes is true, and await scores otherwise.
func testFinish(t *testing.T, f fixture, required bool, score api.ScoreStatus, completes bool) {
	id := f.newInterview(api.InterviewStatusInProgress, "panelist", "other_lead")
	f.Exec(`UPDATE interview_panelists SET score_required = $2 WHERE interview_id = $1`, id, required)
	f.Score(id, f.users["other_lead"], api.ScoreStatusSubmitted, 3)
	if score != "" {
		f.Score(id, f.users["panelist"], score, 4)
	}

	got := decode(f.clients["panelist"].Post(path(id, "finish"), nil).Expect(http.StatusOK))

	wantStatus, wantEntries := api.InterviewStatusAwaitingScores, []string{"interview.finished"}
	if completes {
		wantStatus, wantEntries = api.InterviewStatusCompleted, append(wantEntries, "interview.completed")
	}
	if got.Status != wantStatus || got.CompletedAt.IsNull() == completes || got.FinishedAt.IsNull() {
		t.Errorf("got %+v, want a finished interview that is %s", got, wantStatus)
	}
	wantEqual(t, "audit entries", actionsOf(f.auditEntries(id)), wantEntries)
	events := f.history(id)
	if len(events) != len(wantEntries) {
		t.Fatalf("got the history %+v, want %d events", events, len(wantEntries))
	}
	if last := events[len(events)-1]; completes &&
		(last.Event != api.InterviewEventKindComplete || !last.ActorID.IsNull()) {
		t.Errorf("got the last event %+v, want a completion without an actor", last)
	}
}

// TestCreateScoreIsOfferedOnce verifies that allowed_actions contain create_score only for panelists without a score.
func TestCreateScoreIsOfferedOnce(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	for score, want := range map[api.ScoreStatus]bool{
		"": true, api.ScoreStatusDraft: false, api.ScoreStatusSubmitted: false, api.ScoreStatusVoided: true,
	} {
		t.Run(fmt.Sprintf("score %q", score), func(t *testing.T) {
			t.Parallel()
			f := f.in(t)
			id := f.newInterview(api.InterviewStatusInProgress, "panelist", "other_lead")
			if score != "" {
				f.Score(id, f.users["panelist"], score, 4)
			}
			got := f.get("panelist", id)
			if slices.Contains(got.AllowedActions, api.InterviewActionCreateScore) != want {
				t.Errorf("got the allowed actions %v, want create_score %t", got.AllowedActions, want)
			}
			others := f.get("other_lead", id).AllowedActions
			if !slices.Contains(others, api.InterviewActionCreateScore) {
				t.Errorf("another panelist: got the allowed actions %v, want create_score", others)
			}
			if len(got.Panel) != 2 {
				t.Fatalf("got the panel %+v, want 2 panelists", got.Panel)
			}
			for _, p := range got.Panel {
				own := p.User.ID == f.users["panelist"].ID
				if p.HasSubmitted != (own && score == api.ScoreStatusSubmitted) {
					t.Errorf("got the panelist %+v", p)
				}
			}
		})
	}
}

// TestConcurrentTransitionsOneSucceeds sends the same action several times at once, to two replicas. One request
// succeeds, and the history contains the action once.
func TestConcurrentTransitionsOneSucceeds(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	other := f.Replica()
	for action, from := range map[string]api.InterviewStatus{
		"start": api.InterviewStatusScheduled, "finish": api.InterviewStatusInProgress,
		"no-show": api.InterviewStatusScheduled, "cancel": api.InterviewStatusScheduled,
		"complete": api.InterviewStatusAwaitingScores, "reopen": api.InterviewStatusCompleted,
		"schedule": api.InterviewStatusDraft,
	} {
		t.Run(action, func(t *testing.T) {
			f := f.in(t)
			id := f.newInterview(from, "panelist", "other_lead")
			var body any
			switch action {
			case "complete", "reopen":
				body = withReason("x")
			case "schedule":
				body = scheduleAt(0, "allow_conflicts", true)
			}
			got := make([]int, 8)
			var all sync.WaitGroup
			for n := range got {
				all.Go(func() {
					client := f.clients["hr"]
					if n%2 == 0 {
						client = client.At(other)
					}
					got[n] = client.Post(path(id, action), body).Status
				})
			}
			all.Wait()
			slices.Sort(got)
			wantEqual(t, action, got, []int{200, 409, 409, 409, 409, 409, 409, 409})
			if events := f.history(id); len(events) != 1 {
				t.Errorf("got the history %+v, want one event", events)
			}
		})
	}
}
