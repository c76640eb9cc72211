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
		api.InterviewStatusDraft, api.InterviewStatusScheduled, api.InterviewStatusInProgress, api.InterviewStatusAwaitingScores,
		api.InterviewStatusCompleted, api.InterviewStatusNoShow, api.InterviewStatusCancelled,
	}
}

// request is how an action is asked for.
type request struct {
	method string
	way    []string
	body   any
}

// requests are those of all actions that an interview offers and this room performs.
func (h house) requests() map[api.InterviewAction]request {
	return map[api.InterviewAction]request{
		api.InterviewActionUpdate:     {http.MethodPatch, nil, map[string]any{"title": uuid.NewString()}},
		api.InterviewActionSetPanel:   {http.MethodPut, []string{"panel", h.people["other"].ID.String()}, map[string]any{"allow_conflicts": true}},
		api.InterviewActionSchedule:   {http.MethodPost, []string{"schedule"}, at(0, "allow_conflicts", true)},
		api.InterviewActionReschedule: {http.MethodPost, []string{"reschedule"}, at(0, "allow_conflicts", true)},
		api.InterviewActionRespond:    {http.MethodPost, []string{"respond"}, map[string]any{"response": "tentative"}},
		api.InterviewActionStart:      {http.MethodPost, []string{"start"}, nil},
		api.InterviewActionFinish:     {http.MethodPost, []string{"finish"}, nil},
		api.InterviewActionMarkNoShow: {http.MethodPost, []string{"no-show"}, because("x")},
		api.InterviewActionCancel:     {http.MethodPost, []string{"cancel"}, because("x")},
		api.InterviewActionComplete:   {http.MethodPost, []string{"complete"}, because("x")},
		api.InterviewActionReopen:     {http.MethodPost, []string{"reopen"}, because("x")},
	}
}

func (h house) try(as string, id uuid.UUID, action api.InterviewAction) *testkit.Answer {
	h.t.Helper()
	r := h.requests()[action]
	return h.as[as].Do(r.method, path(id, r.way...), r.body, "If-Match", "*")
}

// TestAllowedActionsAreWhatTheOperationsAllow tries, as everyone who sees an interview, every action in every state, and
// compares what happens with what the interview's representation had promised.
func TestAllowedActionsAreWhatTheOperationsAllow(t *testing.T) {
	t.Parallel()
	h := build(t)
	for _, as := range []string{"hr", "lead", "rival", "panelist"} {
		for _, status := range statuses() {
			id := h.held(status, "rival", "panelist")
			for action := range h.requests() {
				offered := h.get(as, id).AllowedActions
				answer := h.try(as, id, action)
				name := fmt.Sprintf("%s in %s by %s, who is offered %v", action, status, as, offered)
				if slices.Contains(offered, action) {
					if answer.Status != http.StatusOK {
						t.Errorf("%s: %d %s", name, answer.Status, answer.Body)
					}
					id = h.held(status, "rival", "panelist")
					continue
				}
				if answer.Status != http.StatusForbidden && answer.Status != http.StatusConflict {
					t.Errorf("%s: %d %s", name, answer.Status, answer.Body)
				}
				if answer.Status == http.StatusConflict {
					p := answer.Refused(http.StatusConflict, "state_conflict")
					names := make([]string, len(offered))
					for i, one := range offered {
						names[i] = string(one)
					}
					if *p.State != string(status) || !slices.Equal(*p.AllowedActions, names) {
						t.Errorf("%s: the conflict names %q and %v", name, *p.State, *p.AllowedActions)
					}
				}
			}
		}
	}
}

// TestAnInterviewsLife goes from the draft to the end, over a missed time and a reopening, and reads the history.
func TestAnInterviewsLife(t *testing.T) {
	t.Parallel()
	h := build(t)
	id := shown(h.as["lead"].Post(collection, h.wanted(map[string]any{"panel": h.on("panelist")})).Expect(http.StatusCreated)).ID
	act := func(as, action string, body any) api.Interview {
		t.Helper()
		answer := h.as[as].Post(path(id, action), body).Expect(http.StatusOK)
		read := h.as[as].Get(path(id)).Expect(http.StatusOK)
		if string(read.Body) != string(answer.Body) || read.Header.Get("ETag") != answer.Header.Get("ETag") {
			t.Errorf("%s: answered %s, read %s", action, answer.Body, read.Body)
		}
		return shown(answer)
	}
	is := func(i api.Interview, status api.InterviewStatus, reason string, started, finished, completed bool) {
		t.Helper()
		why, _ := i.StatusReason.Get()
		if i.Status != status || why != reason || i.StartedAt.IsNull() == started || i.FinishedAt.IsNull() == finished || i.CompletedAt.IsNull() == completed {
			t.Errorf("it is %+v", i)
		}
	}
	is(act("lead", "schedule", at(0)), api.InterviewStatusScheduled, "", false, false, false)
	is(act("lead", "reschedule", at(60, "reason", "Asked for.")), api.InterviewStatusScheduled, "", false, false, false)
	is(act("panelist", "no-show", because(" Did not come. ")), api.InterviewStatusNoShow, "Did not come.", false, false, false)
	again := act("lead", "schedule", at(120, "reason", "Was ill."))
	is(again, api.InterviewStatusScheduled, "Was ill.", false, false, false)
	if again.Reschedules != 1 {
		t.Errorf("moved %d times, want once: scheduling anew after a no-show does not count, and does not forget", again.Reschedules)
	}
	is(act("panelist", "start", nil), api.InterviewStatusInProgress, "", true, false, false)
	is(act("panelist", "finish", nil), api.InterviewStatusAwaitingScores, "", true, true, false)
	is(act("hr", "complete", because("No more will come.")), api.InterviewStatusCompleted, "No more will come.", true, true, true)
	is(act("admin", "reopen", because("One came.")), api.InterviewStatusAwaitingScores, "One came.", true, true, false)
	is(act("hr", "complete", because("Done.")), api.InterviewStatusCompleted, "Done.", true, true, true)

	time := func(n int) string { return at(n)["starts_at"].(string) }
	want := []string{
		"create -> draft by lead: -", "schedule draft -> scheduled by lead: - - " + time(0),
		"reschedule scheduled -> scheduled by lead: Asked for. " + time(0) + " " + time(60),
		"mark_no_show scheduled -> no_show by panelist: Did not come. " + time(60) + " " + time(60),
		"schedule no_show -> scheduled by lead: Was ill. " + time(60) + " " + time(120),
		"start scheduled -> in_progress by panelist: - " + time(120) + " " + time(120),
		"finish in_progress -> awaiting_scores by panelist: - " + time(120) + " " + time(120),
		"complete awaiting_scores -> completed by hr: No more will come. " + time(120) + " " + time(120),
		"reopen completed -> awaiting_scores by admin: One came. " + time(120) + " " + time(120),
		"complete awaiting_scores -> completed by hr: Done. " + time(120) + " " + time(120),
	}
	want[0] += " - -"
	events := h.history(id)
	got := make([]string, len(events))
	for i, e := range events {
		got[i] = h.tell(e)
	}
	if !slices.Equal(got, want) {
		t.Errorf("the history is\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	same(t, "audited", actions(h.audited(id)), []string{
		"interview.created", "interview.scheduled", "interview.rescheduled", "interview.no_show", "interview.scheduled", "interview.started",
		"interview.finished", "interview.completed", "interview.reopened", "interview.completed",
	})
	for _, e := range h.audited(id) {
		for _, secret := range []string{"Asked for.", "Did not come.", "Was ill.", "No more will come.", "One came."} {
			if strings.Contains(e.details, secret) {
				t.Errorf("the audit keeps a reason: %s", e.details)
			}
		}
	}
	// The history is a list like any other.
	var walked []string
	query := "?limit=3"
	for {
		page := testkit.Decode[api.InterviewEventPage](h.as["panelist"].Get(path(id, "history") + query).Expect(http.StatusOK))
		for _, e := range page.Data {
			walked = append(walked, h.tell(e))
		}
		if !page.HasMore {
			break
		}
		query = "?limit=3&cursor=" + page.NextCursor.MustGet()
	}
	same(t, "the history page by page", walked, got)
	other := h.held(api.InterviewStatusScheduled)
	h.as["panelist"].Get(path(other, "history")+query).Refused(http.StatusBadRequest, "invalid_cursor")
}

// tell puts an event into a line: what, from where to where, by whom, why, and the time before and after.
func (h house) tell(e api.InterviewEvent) string {
	from, by, why := "", "itself", "-"
	if e.FromStatus != nil {
		from = string(*e.FromStatus) + " "
	}
	for name, user := range h.people {
		if id, err := e.ActorID.Get(); err == nil && id == user.ID {
			by = name
		}
	}
	if reason, err := e.Reason.Get(); err == nil {
		why = reason
	}
	line := fmt.Sprintf("%s %s-> %s by %s: %s", e.Event, from, e.ToStatus, by, why)
	for _, at := range []interface{ Get() (time.Time, error) }{e.FromStartsAt, e.ToStartsAt} {
		if t, err := at.Get(); err == nil {
			line += " " + t.Format(time.RFC3339)
		} else {
			line += " -"
		}
	}
	return line
}

func TestReasons(t *testing.T) {
	t.Parallel()
	h := build(t)
	for _, test := range []struct {
		action string
		status api.InterviewStatus
		body   any
		want   int
	}{
		{"cancel", api.InterviewStatusScheduled, nil, 200},
		{"cancel", api.InterviewStatusScheduled, map[string]any{}, 200},
		{"cancel", api.InterviewStatusScheduled, because("\u00a0"), 422},
		{"cancel", api.InterviewStatusScheduled, because("a\u0007b"), 422},
		{"cancel", api.InterviewStatusScheduled, because(" "), 400},
		{"cancel", api.InterviewStatusInProgress, nil, 422},
		{"cancel", api.InterviewStatusInProgress, map[string]any{}, 422},
		{"cancel", api.InterviewStatusInProgress, because("Fire alarm.\nAgain."), 200},
		{"no-show", api.InterviewStatusScheduled, nil, 200},
		{"no-show", api.InterviewStatusScheduled, because("\u202e"), 422},
		{"complete", api.InterviewStatusAwaitingScores, nil, 400},
		{"complete", api.InterviewStatusAwaitingScores, map[string]any{}, 400},
		{"complete", api.InterviewStatusAwaitingScores, because("\u2003"), 422},
		{"reopen", api.InterviewStatusCompleted, nil, 400},
		{"reopen", api.InterviewStatusCompleted, because("a\u0007"), 422},
	} {
		answer := h.as["hr"].Post(path(h.held(test.status), test.action), test.body)
		if answer.Status != test.want {
			t.Errorf("%s in %s with %v: %d %s", test.action, test.status, test.body, answer.Status, answer.Body)
		}
		if test.want == http.StatusUnprocessableEntity {
			if p := answer.Refused(test.want, "rule_violated"); len(p.Errors) != 1 || *p.Errors[0].Pointer != "/reason" {
				t.Errorf("%s with %v: %+v", test.action, test.body, p)
			}
		}
	}
	// To break off an interview is HR's.
	h.as["lead"].Post(path(h.held(api.InterviewStatusInProgress), "cancel"), because("Mine.")).Refused(http.StatusConflict, "state_conflict")
}

// TestFinishCompletesWhereNothingIsMissing: every combination of a required or unrequired score that is submitted,
// written, voided or absent.
func TestFinishCompletesWhereNothingIsMissing(t *testing.T) {
	t.Parallel()
	h := build(t)
	for _, required := range []bool{true, false} {
		for _, score := range []api.ScoreStatus{"", api.ScoreStatusDraft, api.ScoreStatusSubmitted, api.ScoreStatusVoided} {
			id := h.held(api.InterviewStatusInProgress, "panelist", "rival")
			h.Exec(`UPDATE interview_panelists SET score_required = $2 WHERE interview_id = $1`, id, required)
			h.Score(id, h.people["rival"], api.ScoreStatusSubmitted, 3)
			if score != "" {
				h.Score(id, h.people["panelist"], score, 4)
			}
			want := api.InterviewStatusAwaitingScores
			if !required || score == api.ScoreStatusSubmitted {
				want = api.InterviewStatusCompleted
			}
			got := shown(h.as["panelist"].Post(path(id, "finish"), nil).Expect(http.StatusOK))
			if got.Status != want || got.CompletedAt.IsNull() != (want != api.InterviewStatusCompleted) || got.FinishedAt.IsNull() {
				t.Errorf("required %t, score %q: %+v", required, score, got)
			}
			events := h.history(id)
			if want == api.InterviewStatusCompleted {
				if len(events) != 2 || events[1].Event != api.InterviewEventKindComplete || !events[1].ActorID.IsNull() {
					t.Errorf("required %t, score %q: the history is %+v", required, score, events)
				}
				same(t, "audited", actions(h.audited(id)), []string{"interview.finished", "interview.completed"})
			} else if len(events) != 1 {
				t.Errorf("required %t, score %q: the history is %+v", required, score, events)
			}
		}
	}
}

// TestNobodyBeginsASecondScore: what a panelist has written is no longer offered.
func TestNobodyBeginsASecondScore(t *testing.T) {
	t.Parallel()
	h := build(t)
	for score, want := range map[api.ScoreStatus]bool{
		"": true, api.ScoreStatusDraft: false, api.ScoreStatusSubmitted: false, api.ScoreStatusVoided: true,
	} {
		id := h.held(api.InterviewStatusInProgress, "panelist", "rival")
		if score != "" {
			h.Score(id, h.people["panelist"], score, 4)
		}
		got := h.get("panelist", id)
		if slices.Contains(got.AllowedActions, api.InterviewActionCreateScore) != want {
			t.Errorf("score %q: offered %v", score, got.AllowedActions)
		}
		if !slices.Contains(h.get("rival", id).AllowedActions, api.InterviewActionCreateScore) {
			t.Errorf("score %q: another panelist is not offered to write theirs", score)
		}
		for _, p := range got.Panel {
			if mine := p.User.ID == h.people["panelist"].ID; p.HasSubmitted != (mine && score == api.ScoreStatusSubmitted) {
				t.Errorf("score %q: the panel says %+v", score, p)
			}
		}
	}
}

// TestOneOfManyWins: of many that take the same action at once one succeeds, and the history has it once.
func TestOneOfManyWins(t *testing.T) {
	t.Parallel()
	h := build(t)
	other := h.Replica()
	for action, from := range map[string]api.InterviewStatus{
		"start": api.InterviewStatusScheduled, "finish": api.InterviewStatusInProgress, "no-show": api.InterviewStatusScheduled,
		"cancel": api.InterviewStatusScheduled, "complete": api.InterviewStatusAwaitingScores, "reopen": api.InterviewStatusCompleted,
		"schedule": api.InterviewStatusDraft,
	} {
		id := h.held(from, "panelist", "rival")
		var body any
		switch action {
		case "complete", "reopen":
			body = because("x")
		case "schedule":
			body = at(0, "allow_conflicts", true)
		}
		got := make([]int, 8)
		var all sync.WaitGroup
		for n := range got {
			all.Go(func() {
				client := h.as["hr"]
				if n%2 == 0 {
					client = client.At(other)
				}
				got[n] = client.Post(path(id, action), body).Status
			})
		}
		all.Wait()
		slices.Sort(got)
		same(t, action, got, []int{200, 409, 409, 409, 409, 409, 409, 409})
		if events := h.history(id); len(events) != 1 {
			t.Errorf("%s: the history is %+v", action, events)
		}
	}
}
