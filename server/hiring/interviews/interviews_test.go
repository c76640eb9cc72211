package interviews_test

import (
	"fmt"
	"net/http"
	"reflect"
	"strings"
	"sync"
	"testing"

	"github.com/google/uuid"

	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/server/testkit"
)

// TestWhoSees: HR and admins, the leads of the job, and the panel; to everybody else an interview is like one that does
// not exist, in every reading and every action.
func TestWhoSees(t *testing.T) {
	t.Parallel()
	h := build(t)
	globex := h.Company("globex")
	h.as["foreign admin"] = h.replica.SignIn(t, globex.Users[api.RoleAdmin])
	id := h.held(api.InterviewStatusScheduled)
	for _, name := range []string{"hr", "admin", "lead", "panelist"} {
		for _, reading := range [][]string{nil, {"history"}, {"calendar.ics"}} {
			h.as[name].Get(path(id, reading...)).Expect(http.StatusOK)
		}
	}
	for _, name := range []string{"rival", "other", "foreign admin"} {
		client := h.as[name]
		for _, ask := range []struct {
			method string
			way    []string
			body   any
		}{
			{http.MethodGet, nil, nil},
			{http.MethodGet, []string{"history"}, nil},
			{http.MethodGet, []string{"calendar.ics"}, nil},
			{http.MethodPatch, nil, map[string]any{"title": "x"}},
			{http.MethodPost, []string{"schedule"}, at(0)},
			{http.MethodPost, []string{"reschedule"}, at(0)},
			{http.MethodPost, []string{"respond"}, map[string]any{"response": "accepted"}},
			{http.MethodPost, []string{"start"}, nil},
			{http.MethodPost, []string{"finish"}, nil},
			{http.MethodPost, []string{"no-show"}, nil},
			{http.MethodPost, []string{"cancel"}, nil},
			{http.MethodPost, []string{"complete"}, because("x")},
			{http.MethodPost, []string{"reopen"}, because("x")},
			{http.MethodPut, []string{"panel", h.people["hr"].ID.String()}, map[string]any{}},
			{http.MethodDelete, []string{"panel", h.people["panelist"].ID.String()}, nil},
		} {
			there := client.Do(ask.method, path(id, ask.way...), ask.body, "If-Match", "*")
			nowhere := client.Do(ask.method, path(uuid.Must(uuid.NewV7()), ask.way...), ask.body, "If-Match", "*")
			if there.Status == http.StatusForbidden && nowhere.Status == http.StatusForbidden {
				continue // the role may do so with no interview
			}
			a, b := there.Refused(http.StatusNotFound, "not_found"), nowhere.Refused(http.StatusNotFound, "not_found")
			a.Instance, a.RequestID = b.Instance, b.RequestID
			if !reflect.DeepEqual(a, b) {
				t.Errorf("%s: %s %v: %+v is told from %+v", name, ask.method, ask.way, a, b)
			}
		}
	}
	if got := h.get("hr", id); got.Status != api.InterviewStatusScheduled {
		t.Errorf("it was changed: %+v", got)
	}
}

// TestRepresentation reads one interview whole.
func TestRepresentation(t *testing.T) {
	t.Parallel()
	h := build(t)
	id := h.held(api.InterviewStatusScheduled, "panelist")
	h.Exec(`UPDATE interviews SET title = 'Title', kind = 'onsite', location = 'Room 4', meeting_url = 'https://meet.example/a',
		instructions = 'Bring questions.', starts_at = '2027-03-28T00:30:00Z', ends_at = '2027-03-28T01:30:00Z', timezone = 'Europe/Berlin',
		reschedules = 2, status_reason = 'Why.', created_at = '2026-01-01T00:00:00Z', updated_at = '2026-01-02T00:00:00Z' WHERE id = $1`, id)
	h.Exec(`UPDATE interview_panelists SET response = 'accepted', comment = 'Gladly.', responded_at = '2026-01-02T00:00:00Z' WHERE interview_id = $1`, id)
	h.Exec(`UPDATE candidates SET first_name = 'Mira', last_name = 'Solheim' WHERE id = $1`, h.mira)
	h.Exec(`UPDATE jobs SET title = 'Welder' WHERE id = $1`, h.job)
	want := fmt.Sprintf(`{"allowed_actions":["respond","start","mark_no_show"],"application_id":%q,`+
		`"candidate":{"first_name":"Mira","id":%q,"last_name":"Solheim"},"completed_at":null,"created_at":"2026-01-01T00:00:00Z",`+
		`"ends_at":"2027-03-28T01:30:00Z","ends_at_local":"2027-03-28T03:30:00+02:00","finished_at":null,"id":%q,`+
		`"instructions":"Bring questions.","job":{"id":%q,"title":"Welder"},"kind":"onsite","kit_id":%q,"kit_version_id":%q,`+
		`"location":"Room 4","meeting_url":"https://meet.example/a","panel":[{"comment":"Gladly.","has_submitted":false,`+
		`"responded_at":"2026-01-02T00:00:00Z","response":"accepted","score_required":true,`+
		`"user":{"first_name":"employee","id":%q,"last_name":"Example"}}],"reschedules":2,"started_at":null,`+
		`"starts_at":"2027-03-28T00:30:00Z","starts_at_local":"2027-03-28T01:30:00+01:00","status":"scheduled","status_reason":"Why.",`+
		`"timezone":"Europe/Berlin","title":"Title","updated_at":"2026-01-02T00:00:00Z"}`+"\n",
		h.applies, h.mira, id, h.job, h.kit, h.version, h.people["panelist"].ID)
	if got := string(h.as["panelist"].Get(path(id)).Expect(http.StatusOK).Body); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

// TestTagsCoverWhatIsShown: whatever changes in what a reader sees changes the tag, and nothing else does.
func TestTagsCoverWhatIsShown(t *testing.T) {
	t.Parallel()
	h := build(t)
	id := h.held(api.InterviewStatusScheduled)
	tag := func(as string) string { return h.as[as].Get(path(id)).Expect(http.StatusOK).Header.Get("ETag") }
	first := tag("lead")
	h.as["lead"].Do(http.MethodGet, path(id), nil, "If-None-Match", first).Expect(http.StatusNotModified)
	if tag("panelist") == first {
		t.Error("the panelist, who may do other things, shares the lead's tag")
	}
	for what, change := range map[string]string{
		"the candidate's name": `UPDATE candidates SET first_name = 'Renamed'`,
		"the job's title":      `UPDATE jobs SET title = 'Renamed'`,
		"a panelist's name":    `UPDATE users SET first_name = 'Renamed' WHERE role = 'employee'`,
		"a response":           `UPDATE interview_panelists SET response = 'tentative'`,
	} {
		before := tag("lead")
		h.Exec(change)
		if tag("lead") == before {
			t.Errorf("%s changed, and the tag did not", what)
		}
		h.as["lead"].Do(http.MethodGet, path(id), nil, "If-None-Match", before).Expect(http.StatusOK)
		// What a change may be based on is the version, which none of this has touched.
		if before[1:2] != first[1:2] {
			t.Errorf("%s changed the version: %s of %s", what, before, first)
		}
	}
	before := tag("lead")
	h.Exec(`UPDATE users SET department = 'Sales'`)
	if tag("lead") != before {
		t.Error("what is not shown changed the tag")
	}
}

func TestPatch(t *testing.T) {
	t.Parallel()
	h := build(t)
	id := h.held(api.InterviewStatusScheduled)
	var tag string
	patched := func(body string) api.Interview {
		t.Helper()
		answer := h.as["lead"].Do(http.MethodPatch, path(id), body, "If-Match", tag).Expect(http.StatusOK)
		tag = answer.Header.Get("ETag")
		if read := h.as["lead"].Get(path(id)); string(read.Body) != string(answer.Body) || read.Header.Get("ETag") != tag {
			t.Errorf("%s: patched %s %s, read %s %s", body, tag, answer.Body, read.Header.Get("ETag"), read.Body)
		}
		return shown(answer)
	}
	tag = h.as["lead"].Get(path(id)).Header.Get("ETag")
	before := h.get("lead", id)
	if got := patched(`{"location":" Room 4 ","meeting_url":"https://meet.example/a"}`); got.Location.MustGet() != "Room 4" ||
		got.MeetingURL.MustGet() != "https://meet.example/a" || got.Title != before.Title || !got.UpdatedAt.After(before.UpdatedAt) {
		t.Errorf("after setting the place: %+v", got)
	}
	if got := patched(`{"title":"New","kind":"phone","instructions":"One.\nTwo."}`); got.Title != "New" || got.Kind != api.InterviewKindPhone ||
		got.Instructions.MustGet() != "One.\nTwo." || got.Location.MustGet() != "Room 4" {
		t.Errorf("after setting the rest: %+v", got)
	}
	if got := patched(`{"location":null,"instructions":null}`); !got.Location.IsNull() || !got.Instructions.IsNull() || got.MeetingURL.IsNull() {
		t.Errorf("after clearing: %+v", got)
	}
	stale, last := tag, h.get("lead", id)
	if got := patched(fmt.Sprintf(`{"title":" New ","location":null,"kit_version_id":%q}`, h.version)); tag != stale || !got.UpdatedAt.Equal(last.UpdatedAt) {
		t.Errorf("a patch that changes nothing made %s of %s", tag, stale)
	}
	h.as["lead"].Do(http.MethodPatch, path(id), `{"meeting_url":null}`, "If-Match", tag, "Content-Type", "application/merge-patch+json").
		Expect(http.StatusOK)
	h.as["lead"].Do(http.MethodPatch, path(id), `{"title":"Other"}`, "If-Match", stale).Refused(http.StatusPreconditionFailed, "version_mismatch")
	h.as["lead"].Patch(path(id), `{"title":"Other"}`).Refused(http.StatusPreconditionRequired, "precondition_required")
	h.as["hr"].Do(http.MethodPatch, path(id), `{"title":"Any"}`, "If-Match", "*").Expect(http.StatusOK)
	for body, want := range map[string][]string{
		`{"title":"\u00a0","location":"a\u0001"}`:                {"/title blank", "/location control_character"},
		`{"meeting_url":"https://:1/","instructions":"a\u202e"}`: {"/instructions control_character", "/meeting_url invalid"},
		`{"location":"a\u0007"}`:                                 {"/location control_character"},
	} {
		p := h.as["lead"].Do(http.MethodPatch, path(id), body, "If-Match", "*").Refused(http.StatusUnprocessableEntity, "rule_violated")
		same(t, body, wrong(p), want)
	}
	for _, body := range []string{
		`{}`, `[]`, `{"title":null}`, `{"kind":null}`, `{"status":"completed"}`, `{"starts_at":"2027-01-12T09:00:00Z"}`, `{"panel":[]}`,
		`{"version":1}`, `{"kit_version_id":null}`, `{"meeting_url":"javascript:alert(1)"}`,
		`{"meeting_url":"https://a\u2066.b"}`,
	} {
		h.as["lead"].Do(http.MethodPatch, path(id), body, "If-Match", "*").Refused(http.StatusBadRequest, "malformed_request")
	}
	entries := h.audited(id)
	same(t, "audited", actions(entries), []string{
		"interview.updated", "interview.updated", "interview.updated", "interview.updated", "interview.updated",
	})
	if !strings.Contains(entries[0].details, `"to": "Room 4"`) || strings.Contains(entries[0].details, "title") || entries[0].actor != h.people["lead"].ID {
		t.Errorf("the audit says %+v", entries[0])
	}
	if events := h.history(id); len(events) != 0 {
		t.Errorf("the history, which is of states and times, has %+v", events)
	}
}

// TestWhoPatches, and in which states: who sees the interview and does not lead its job is refused.
func TestWhoPatches(t *testing.T) {
	t.Parallel()
	h := build(t)
	id := h.held(api.InterviewStatusScheduled, "panelist", "rival")
	patch := func(as string, id uuid.UUID) *testkit.Answer {
		return h.as[as].Do(http.MethodPatch, path(id), `{"title":"By `+as+`"}`, "If-Match", "*")
	}
	for _, name := range []string{"hr", "admin", "lead"} {
		patch(name, id).Expect(http.StatusOK)
	}
	patch("rival", id).Refused(http.StatusForbidden, "role_not_allowed")
	patch("panelist", id).Refused(http.StatusForbidden, "permission_denied")
	for _, status := range []api.InterviewStatus{
		api.InterviewStatusDraft, api.InterviewStatusScheduled, api.InterviewStatusInProgress, api.InterviewStatusAwaitingScores, api.InterviewStatusNoShow,
	} {
		patch("lead", h.held(status)).Expect(http.StatusOK)
	}
	for status, want := range map[api.InterviewStatus][]string{api.InterviewStatusCompleted: {}, api.InterviewStatusCancelled: {}} {
		p := patch("lead", h.held(status)).Refused(http.StatusConflict, "state_conflict")
		if *p.State != string(status) {
			t.Errorf("the state is %q, want %s", *p.State, status)
		}
		same(t, string(status), *p.AllowedActions, want)
	}
}

// TestTheKitVersionIsFixedWithTheTime: a draft may change to another published version, and nothing else may.
func TestTheKitVersionIsFixedWithTheTime(t *testing.T) {
	t.Parallel()
	h := build(t)
	_, other := h.KitVersion(api.KitVersionStatusPublished)
	_, unpublished := h.KitVersion(api.KitVersionStatusDraft)
	foreignKit, foreign := h.KitVersion(api.KitVersionStatusPublished)
	h.Exec(`UPDATE kits SET job_id = $2 WHERE id = $1`, foreignKit, h.Job(api.JobStatusOpen))
	patch := func(id, version uuid.UUID) *testkit.Answer {
		return h.as["lead"].Do(http.MethodPatch, path(id), map[string]any{"kit_version_id": version}, "If-Match", "*")
	}
	draft := h.held(api.InterviewStatusDraft, "panelist")
	if got := shown(patch(draft, other).Expect(http.StatusOK)); got.KitVersionID != other || got.KitID == h.kit {
		t.Errorf("the draft has %+v", got)
	}
	for version, want := range map[uuid.UUID]string{
		unpublished: "/kit_version_id not_published", foreign: "/kit_version_id other_job", uuid.New(): "/kit_version_id unknown",
	} {
		same(t, want, wrong(patch(draft, version).Refused(http.StatusUnprocessableEntity, "rule_violated")), []string{want})
	}
	for _, status := range []api.InterviewStatus{
		api.InterviewStatusScheduled, api.InterviewStatusInProgress, api.InterviewStatusAwaitingScores, api.InterviewStatusNoShow,
	} {
		id := h.held(status)
		p := patch(id, other).Refused(http.StatusConflict, "state_conflict")
		if *p.State != string(status) || !strings.Contains(p.Detail, "draft") {
			t.Errorf("%s: %+v", status, p)
		}
		offered := []string{}
		for _, action := range h.get("lead", id).AllowedActions {
			offered = append(offered, string(action))
		}
		same(t, string(status), *p.AllowedActions, offered)
	}
	// An archived version serves whoever has it already.
	h.Exec(`UPDATE kit_versions SET status = 'archived', archived_at = now() WHERE id = $1`, other)
	h.as["lead"].Do(http.MethodPatch, path(draft), map[string]any{"kit_version_id": other, "title": "Kept"}, "If-Match", "*").Expect(http.StatusOK)
}

// TestOneOfManyPatchesWins sends patches that are all based on the same version.
func TestOneOfManyPatchesWins(t *testing.T) {
	t.Parallel()
	h := build(t)
	id := h.held(api.InterviewStatusScheduled)
	version := h.as["lead"].Get(path(id)).Header.Get("ETag")
	statuses := make([]int, 10)
	var all sync.WaitGroup
	for i := range statuses {
		all.Go(func() {
			statuses[i] = h.as["lead"].Do(http.MethodPatch, path(id), fmt.Sprintf(`{"title":"N%d"}`, i), "If-Match", version).Status
		})
	}
	all.Wait()
	won := 0
	for _, status := range statuses {
		switch status {
		case http.StatusOK:
			won++
		case http.StatusPreconditionFailed:
		default:
			t.Errorf("a patch was answered by %d", status)
		}
	}
	if won != 1 {
		t.Errorf("%d of the patches won, want one: %v", won, statuses)
	}
}
