package interviews_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/uuid"

	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/server/testkit"
)

func (h house) put(as string, id uuid.UUID, user uuid.UUID, body any) *testkit.Answer {
	h.t.Helper()
	return h.as[as].Do(http.MethodPut, path(id, "panel", user.String()), body)
}

func (h house) take(as string, id uuid.UUID, user uuid.UUID) *testkit.Answer {
	h.t.Helper()
	return h.as[as].Delete(path(id, "panel", user.String()))
}

// onPanel tells of each panelist, by name, whether their score is required.
func (h house) onPanel(i api.Interview) map[string]bool {
	panel := map[string]bool{}
	for _, p := range i.Panel {
		for name, user := range h.people {
			if user.ID == p.User.ID {
				panel[name] = p.ScoreRequired
			}
		}
	}
	return panel
}

func TestSetAndRemove(t *testing.T) {
	t.Parallel()
	h := build(t)
	id := h.held(api.InterviewStatusScheduled)
	other, hr := h.people["other"].ID, h.people["hr"].ID
	is := func(answer *testkit.Answer, want map[string]bool) api.Interview {
		t.Helper()
		got := shown(answer.Expect(http.StatusOK))
		if panel := h.onPanel(got); fmt.Sprint(panel) != fmt.Sprint(want) {
			t.Errorf("the panel is %v, want %v", panel, want)
		}
		if read := h.as["lead"].Get(path(id)); string(read.Body) != string(answer.Body) || read.Header.Get("ETag") != answer.Header.Get("ETag") {
			t.Errorf("answered %s, read %s", answer.Body, read.Body)
		}
		return got
	}
	h.as["other"].Get(path(id)).Refused(http.StatusNotFound, "not_found")
	first := is(h.put("lead", id, other, map[string]any{}), map[string]bool{"panelist": true, "other": true})
	// Whoever is on the panel sees the interview.
	h.as["other"].Get(path(id)).Expect(http.StatusOK)
	is(h.put("lead", id, hr, map[string]any{"score_required": false}), map[string]bool{"panelist": true, "other": true, "hr": false})
	last := is(h.put("lead", id, other, map[string]any{"score_required": false}), map[string]bool{"panelist": true, "other": false, "hr": false})
	if !last.UpdatedAt.After(first.UpdatedAt) {
		t.Error("a change of the panel is no change of the interview")
	}
	before := h.as["lead"].Get(path(id)).Header.Get("ETag")
	is(h.put("lead", id, other, map[string]any{"score_required": false}), map[string]bool{"panelist": true, "other": false, "hr": false})
	if after := h.as["lead"].Get(path(id)).Header.Get("ETag"); after != before {
		t.Errorf("what was so already made %s of %s", after, before)
	}
	is(h.take("lead", id, other), map[string]bool{"panelist": true, "hr": false})
	h.as["other"].Get(path(id)).Refused(http.StatusNotFound, "not_found")
	h.take("lead", id, other).Refused(http.StatusNotFound, "not_found")
	is(h.take("lead", id, h.people["panelist"].ID), map[string]bool{"hr": false})
	p := h.take("lead", id, hr).Refused(http.StatusConflict, "state_conflict")
	if *p.State != "scheduled" || !strings.Contains(p.Detail, "last panelist") {
		t.Errorf("the last one: %+v", p)
	}
	entries := h.audited(id)
	same(t, "audited", actions(entries), []string{
		"interview.panelist_set", "interview.panelist_set", "interview.panelist_set", "interview.panelist_removed", "interview.panelist_removed",
	})
	for n, want := range []string{
		`"changes": {"score_required": {"to": true, "from": null}}`, `"changes": {"score_required": {"to": false, "from": null}}`,
		`"changes": {"score_required": {"to": false, "from": true}}`, `"changes": {"score_required": {"to": null, "from": false}}`,
		`"changes": {"score_required": {"to": null, "from": true}}`,
	} {
		user := []uuid.UUID{other, hr, other, other, h.people["panelist"].ID}[n]
		if !strings.Contains(entries[n].details, want) || !strings.Contains(entries[n].details, user.String()) {
			t.Errorf("entry %d says %s, want %s of %s", n, entries[n].details, want, user)
		}
	}
	if events := h.history(id); len(events) != 0 {
		t.Errorf("the history, which is of states and times, has %+v", events)
	}
}

func TestWhoMayBePutOnAPanel(t *testing.T) {
	t.Parallel()
	h := build(t)
	globex := h.Company("globex")
	gone := h.User(h.acme, "gone", api.RoleEmployee)
	h.Exec(`UPDATE users SET is_active = false WHERE id = $1`, gone.ID)
	for _, status := range statuses() {
		id := h.held(status, "panelist")
		if status == api.InterviewStatusCompleted || status == api.InterviewStatusCancelled {
			h.put("lead", id, h.people["other"].ID, map[string]any{}).Refused(http.StatusConflict, "state_conflict")
			h.take("lead", id, h.people["panelist"].ID).Refused(http.StatusConflict, "state_conflict")
			continue
		}
		for _, user := range []uuid.UUID{uuid.New(), globex.Users[api.RoleEmployee].ID} {
			h.put("lead", id, user, map[string]any{}).Refused(http.StatusNotFound, "not_found")
			h.take("lead", id, user).Refused(http.StatusNotFound, "not_found")
		}
		same(t, "inactive", wrong(h.put("lead", id, gone.ID, map[string]any{}).Refused(http.StatusUnprocessableEntity, "rule_violated")),
			[]string{"user_id inactive"})
		h.put("lead", id, h.people["hr"].ID, map[string]any{"allow_conflicts": true}).Expect(http.StatusOK)
		// Who has left the company stays on the panel, and their score can be done without.
		h.Exec(`INSERT INTO interview_panelists (company_id, interview_id, user_id, created_at, updated_at) VALUES ($1, $2, $3, now(), now())`,
			h.acme.ID, id, gone.ID)
		h.put("lead", id, gone.ID, map[string]any{"score_required": false}).Expect(http.StatusOK)
		h.take("lead", id, gone.ID).Expect(http.StatusOK)
		for _, body := range []any{nil, "[]", map[string]any{"score_required": nil}, map[string]any{"role": "x"}, map[string]any{"user_id": gone.ID}} {
			if got := h.put("lead", id, gone.ID, body).Status; got != http.StatusBadRequest {
				t.Errorf("%v: %d", body, got)
			}
		}
	}
	// A draft may lose everyone.
	draft := h.held(api.InterviewStatusDraft, "panelist")
	if got := shown(h.take("lead", draft, h.people["panelist"].ID).Expect(http.StatusOK)); len(got.Panel) != 0 || slices.Contains(got.AllowedActions, api.InterviewActionSchedule) {
		t.Errorf("the empty draft is %+v", got)
	}
}

func TestWhoSetsPanels(t *testing.T) {
	t.Parallel()
	h := build(t)
	id := h.held(api.InterviewStatusDraft, "panelist", "rival")
	other := h.people["other"].ID
	for _, name := range []string{"hr", "admin", "lead"} {
		h.put(name, id, other, map[string]any{}).Expect(http.StatusOK)
		h.take(name, id, other).Expect(http.StatusOK)
	}
	h.put("rival", id, other, map[string]any{}).Refused(http.StatusForbidden, "role_not_allowed")
	h.take("rival", id, h.people["rival"].ID).Refused(http.StatusForbidden, "role_not_allowed")
	h.put("panelist", id, other, map[string]any{}).Refused(http.StatusForbidden, "permission_denied")
	h.take("panelist", id, h.people["panelist"].ID).Refused(http.StatusForbidden, "permission_denied")
}

// TestConflictsOfWhoJoins: a person is held against their other interviews while the interview takes its people's time.
func TestConflictsOfWhoJoins(t *testing.T) {
	t.Parallel()
	h := build(t)
	h.as["lead"].Post(collection, h.wanted(map[string]any{"panel": h.on("other"), "schedule": at(0)})).Expect(http.StatusCreated)
	elsewhere := h.Application(h.Candidate(), h.job, api.ApplicationStageInterview)
	for _, status := range statuses() {
		if status == api.InterviewStatusCompleted || status == api.InterviewStatusCancelled {
			continue
		}
		id := h.Interview(elsewhere, h.version, status, h.people["panelist"])
		if status != api.InterviewStatusDraft {
			h.Exec(`UPDATE interviews SET starts_at = '2027-01-12T09:30:00Z', ends_at = '2027-01-12T10:30:00Z' WHERE id = $1`, id)
		}
		answer := h.put("lead", id, h.people["other"].ID, map[string]any{})
		if status != api.InterviewStatusScheduled && status != api.InterviewStatusInProgress {
			answer.Expect(http.StatusOK)
			continue
		}
		p := answer.Refused(http.StatusConflict, "schedule_conflict")
		same(t, string(status), wrong(p), []string{" booked"})
		if !strings.HasPrefix(p.Errors[0].Detail, "other Example is booked") {
			t.Errorf("%s: %+v", status, p)
		}
		got := shown(h.put("lead", id, h.people["other"].ID, map[string]any{"allow_conflicts": true}).Expect(http.StatusOK))
		if len(got.Conflicts) != 1 || got.Conflicts[0].Person.ID != h.people["other"].ID {
			t.Errorf("%s: %+v", status, got.Conflicts)
		}
		// Who is on it already may be required or not, whatever else they do.
		h.put("lead", id, h.people["other"].ID, map[string]any{"score_required": false}).Expect(http.StatusOK)
		h.Exec(`UPDATE interviews SET status = 'cancelled' WHERE id = $1`, id)
	}
}

func TestAPanelHasTwentyPeople(t *testing.T) {
	t.Parallel()
	h := build(t)
	id := h.held(api.InterviewStatusDraft)
	users := make([]testkit.User, 24)
	for n := range users {
		users[n] = h.User(h.acme, fmt.Sprintf("p%d", n), api.RoleEmployee)
	}
	for _, user := range users[:18] {
		h.put("lead", id, user.ID, map[string]any{}).Expect(http.StatusOK)
	}
	got := make([]int, 6)
	var all sync.WaitGroup
	for n, user := range users[18:] {
		all.Go(func() { got[n] = h.put("lead", id, user.ID, map[string]any{}).Status })
	}
	all.Wait()
	slices.Sort(got)
	same(t, "two places for six", got, []int{200, 200, 409, 409, 409, 409})
	if n := len(h.get("lead", id).Panel); n != 20 {
		t.Errorf("the panel has %d people", n)
	}
	h.put("lead", id, h.get("lead", id).Panel[0].User.ID, map[string]any{"score_required": false}).Expect(http.StatusOK)
	p := h.put("lead", id, h.people["hr"].ID, map[string]any{}).Refused(http.StatusConflict, "state_conflict")
	if *p.State != "draft" || !strings.Contains(p.Detail, "20") {
		t.Errorf("%+v", p)
	}
}

// TestWhoHasWrittenStays: a score keeps its author on the panel, whatever has become of it.
func TestWhoHasWrittenStays(t *testing.T) {
	t.Parallel()
	h := build(t)
	for _, status := range []api.ScoreStatus{api.ScoreStatusDraft, api.ScoreStatusSubmitted, api.ScoreStatusVoided} {
		id := h.held(api.InterviewStatusAwaitingScores, "panelist", "rival")
		h.Score(id, h.people["panelist"], status, 4)
		h.take("lead", id, h.people["panelist"].ID).Refused(http.StatusConflict, "panelist_has_score")
		if got := h.onPanel(h.get("lead", id)); len(got) != 2 {
			t.Errorf("%s: the panel is %v", status, got)
		}
		same(t, string(status), actions(h.audited(id)), []string{})
	}
}

// TestTheLastMissingScoreIsNotWaitedFor: an interview that awaits scores is completed when the panel changes so that none
// is missing any more, and by no other change.
func TestTheLastMissingScoreIsNotWaitedFor(t *testing.T) {
	t.Parallel()
	h := build(t)
	await := func(written ...string) uuid.UUID {
		id := h.held(api.InterviewStatusAwaitingScores, "panelist", "rival", "hr")
		for _, name := range written {
			h.Score(id, h.people[name], api.ScoreStatusSubmitted, 4)
		}
		return id
	}
	status := func(answer *testkit.Answer) api.InterviewStatus { return shown(answer.Expect(http.StatusOK)).Status }
	optional := map[string]any{"score_required": false}
	panelist, rival := h.people["panelist"].ID, h.people["rival"].ID
	const awaiting, completed = api.InterviewStatusAwaitingScores, api.InterviewStatusCompleted

	id := await("panelist")
	if got := status(h.take("lead", id, rival)); got != awaiting {
		t.Errorf("hr's score is missing, and the interview is %s", got)
	}
	if got := status(h.put("lead", id, h.people["hr"].ID, optional)); got != completed {
		t.Errorf("the last missing score is not required, and the interview is %s", got)
	}
	events := h.history(id)
	if len(events) != 1 || events[0].Event != api.InterviewEventKindComplete || !events[0].ActorID.IsNull() {
		t.Errorf("the history is %+v", events)
	}
	same(t, "audited", actions(h.audited(id)), []string{"interview.panelist_removed", "interview.panelist_set", "interview.completed"})

	id = await("panelist", "hr")
	if got := status(h.take("lead", id, rival)); got != completed {
		t.Errorf("the last missing panelist has gone, and the interview is %s", got)
	}
	id = await("panelist", "hr")
	h.put("lead", id, h.people["other"].ID, map[string]any{}).Expect(http.StatusOK)
	if got := status(h.take("lead", id, rival)); got != awaiting {
		t.Errorf("the new panelist's score is missing, and the interview is %s", got)
	}
	// HR has reopened one in which nothing is missing: it waits for the next submission, not for a change of the panel.
	id = await("panelist", "rival", "hr")
	if got := status(h.put("lead", id, panelist, optional)); got != awaiting {
		t.Errorf("no missing score was done without, and the interview is %s", got)
	}
	if got := status(h.put("lead", id, h.people["other"].ID, optional)); got != awaiting {
		t.Errorf("somebody joined whose score is not required, and the interview is %s", got)
	}
	if got := status(h.take("lead", id, h.people["other"].ID)); got != awaiting {
		t.Errorf("somebody left whose score was not required, and the interview is %s", got)
	}
	// While it is held nothing is completed.
	id = h.held(api.InterviewStatusInProgress, "panelist", "rival")
	h.put("lead", id, panelist, optional).Expect(http.StatusOK)
	if got := status(h.put("lead", id, rival, optional)); got != api.InterviewStatusInProgress {
		t.Errorf("nothing is required of one that is being held, and it is %s", got)
	}
}

func TestRespond(t *testing.T) {
	t.Parallel()
	h := build(t)
	id := h.held(api.InterviewStatusScheduled, "panelist", "rival", "hr")
	respond := func(as string, body any) *testkit.Answer { return h.as[as].Post(path(id, "respond"), body) }
	version := func() string {
		tag := h.as["lead"].Get(path(id)).Header.Get("ETag")
		tag, _, _ = strings.Cut(tag, ".")
		return tag
	}
	before, was := version(), h.get("lead", id)
	for _, as := range []string{"panelist", "rival", "hr"} {
		for _, test := range []struct {
			body     map[string]any
			response api.PanelResponse
			comment  string
		}{
			{map[string]any{"response": "accepted", "comment": " With pleasure.\nTruly. "}, api.PanelResponseAccepted, "With pleasure.\nTruly."},
			{map[string]any{"response": "declined"}, api.PanelResponseDeclined, ""},
			{map[string]any{"response": "tentative", "comment": nil}, api.PanelResponseTentative, ""},
		} {
			answer := respond(as, test.body).Expect(http.StatusOK)
			for _, p := range shown(answer).Panel {
				if p.User.ID != h.people[as].ID {
					continue
				}
				if comment, _ := p.Comment.Get(); p.Response != test.response || comment != test.comment || p.RespondedAt.IsNull() {
					t.Errorf("%s: %+v", as, p)
				}
			}
			if read := h.as[as].Get(path(id)); string(read.Body) != string(answer.Body) || read.Header.Get("ETag") != answer.Header.Get("ETag") {
				t.Errorf("answered %s, read %s", answer.Body, read.Body)
			}
		}
	}
	// What others want to change has not changed by it, and whoever asks for what has changed is told.
	if after := version(); after != before {
		t.Errorf("the responses made version %s of %s", after, before)
	}
	if got := h.get("lead", id); !got.UpdatedAt.After(was.UpdatedAt) {
		t.Error("the interview does not show when it was last responded to")
	}
	respond("lead", map[string]any{"response": "accepted"}).Refused(http.StatusForbidden, "role_not_allowed")
	respond("admin", map[string]any{"response": "accepted"}).Refused(http.StatusForbidden, "role_not_allowed")
	same(t, "a comment", wrong(respond("panelist", map[string]any{"response": "accepted", "comment": "a\u0007"}).
		Refused(http.StatusUnprocessableEntity, "rule_violated")), []string{"/comment control_character"})
	for _, body := range []any{nil, map[string]any{}, map[string]any{"response": "needs_action"}, map[string]any{"response": "maybe"}, map[string]any{"response": "accepted", "user_id": h.people["hr"].ID}} {
		if got := respond("panelist", body).Status; got != http.StatusBadRequest {
			t.Errorf("%v: %d", body, got)
		}
	}
	for _, e := range h.audited(id) {
		if e.action != "interview.responded" || strings.Contains(e.details, "pleasure") || !strings.Contains(e.details, `"response"`) {
			t.Errorf("the audit says %+v", e)
		}
	}
	if n := len(h.audited(id)); n != 9 {
		t.Errorf("%d responses were audited, want 9", n)
	}
	if events := h.history(id); len(events) != 0 {
		t.Errorf("the history, which is of states and times, has %+v", events)
	}
	h.as["lead"].Post(path(id, "start"), nil).Expect(http.StatusOK)
	if p := respond("panelist", map[string]any{"response": "accepted"}).Refused(http.StatusConflict, "state_conflict"); *p.State != "in_progress" {
		t.Errorf("%+v", p)
	}
}
