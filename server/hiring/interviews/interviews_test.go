package interviews_test

import (
	"fmt"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/uuid"

	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/server/testkit"
)

// TestVisibility verifies that HR, admins, leads of the job and the panel see an interview. For everyone else, the
// responses of all operations are the same as for an interview that does not exist.
func TestVisibility(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	globex := f.Company("globex")
	f.clients["foreign admin"] = f.replica.SignIn(t, globex.Users[api.RoleAdmin])
	id := f.newInterview(api.InterviewStatusScheduled)
	for _, name := range []string{"hr", "admin", "lead", "panelist"} {
		for _, segments := range [][]string{nil, {"history"}, {"calendar.ics"}} {
			f.clients[name].Get(path(id, segments...)).Expect(http.StatusOK)
		}
	}
	for _, name := range []string{"other_lead", "outsider", "foreign admin"} {
		t.Run(name, func(t *testing.T) {
			f := f.in(t)
			client := f.clients[name]
			for _, r := range []request{
				{http.MethodGet, nil, nil},
				{http.MethodGet, []string{"history"}, nil},
				{http.MethodGet, []string{"calendar.ics"}, nil},
				{http.MethodPatch, nil, map[string]any{"title": "x"}},
				{http.MethodPost, []string{"schedule"}, scheduleAt(0)},
				{http.MethodPost, []string{"reschedule"}, scheduleAt(0)},
				{http.MethodPost, []string{"respond"}, map[string]any{"response": "accepted"}},
				{http.MethodPost, []string{"start"}, nil},
				{http.MethodPost, []string{"finish"}, nil},
				{http.MethodPost, []string{"no-show"}, nil},
				{http.MethodPost, []string{"cancel"}, nil},
				{http.MethodPost, []string{"complete"}, withReason("x")},
				{http.MethodPost, []string{"reopen"}, withReason("x")},
				{http.MethodPut, []string{"panel", f.users["hr"].ID.String()}, map[string]any{}},
				{http.MethodDelete, []string{"panel", f.users["panelist"].ID.String()}, nil},
			} {
				existing := client.Do(r.method, path(id, r.segments...), r.body, "If-Match", "*")
				absent := client.Do(r.method, path(uuid.Must(uuid.NewV7()), r.segments...), r.body, "If-Match", "*")
				if existing.Status == http.StatusForbidden && absent.Status == http.StatusForbidden {
					continue // the role lacks the permission for all interviews
				}
				got := existing.Refused(http.StatusNotFound, "not_found")
				want := absent.Refused(http.StatusNotFound, "not_found")
				got.Instance, got.RequestID = want.Instance, want.RequestID
				if !reflect.DeepEqual(got, want) {
					t.Errorf("%s %v: got %+v, want %+v", r.method, r.segments, got, want)
				}
			}
		})
	}
	if got := f.get("hr", id); got.Status != api.InterviewStatusScheduled {
		t.Errorf("got %+v, want an unchanged interview", got)
	}
}

// TestRepresentation compares the complete body of an interview.
func TestRepresentation(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	id := f.newInterview(api.InterviewStatusScheduled, "panelist")
	f.Exec(`UPDATE interviews SET title = 'Title', kind = 'onsite', location = 'Room 4',
		meeting_url = 'https://meet.example/a', instructions = 'Bring questions.', timezone = 'Europe/Berlin',
		starts_at = '2055-03-28T00:30:00Z', ends_at = '2055-03-28T01:30:00Z', reschedules = 2, status_reason = 'Why.',
		created_at = '2026-01-01T00:00:00Z', updated_at = '2026-01-02T00:00:00Z' WHERE id = $1`, id)
	f.Exec(`UPDATE interview_panelists SET response = 'accepted', comment = 'Gladly.',
		responded_at = '2026-01-02T00:00:00Z' WHERE interview_id = $1`, id)
	f.Exec(`UPDATE candidates SET first_name = 'Mira', last_name = 'Solheim' WHERE id = $1`, f.candidate)
	f.Exec(`UPDATE jobs SET title = 'Welder' WHERE id = $1`, f.job)
	want := fmt.Sprintf(`{"allowed_actions":["respond","start","mark_no_show"],"application_id":%q,`+
		`"candidate":{"first_name":"Mira","id":%q,"last_name":"Solheim"},"completed_at":null,"created_at":"2026-01-01T00:00:00Z",`+
		`"ends_at":"2055-03-28T01:30:00Z","ends_at_local":"2055-03-28T03:30:00+02:00","finished_at":null,"id":%q,`+
		`"instructions":"Bring questions.","job":{"id":%q,"title":"Welder"},"kind":"onsite","kit_id":%q,"kit_version_id":%q,`+
		`"location":"Room 4","meeting_url":"https://meet.example/a","panel":[{"comment":"Gladly.","has_submitted":false,`+
		`"responded_at":"2026-01-02T00:00:00Z","response":"accepted","score_required":true,`+
		`"user":{"first_name":"employee","id":%q,"last_name":"Example"}}],"reschedules":2,"started_at":null,`+
		`"starts_at":"2055-03-28T00:30:00Z","starts_at_local":"2055-03-28T01:30:00+01:00","status":"scheduled",`+
		`"status_reason":"Why.","timezone":"Europe/Berlin","title":"Title","updated_at":"2026-01-02T00:00:00Z"}`+"\n",
		f.application, f.candidate, id, f.job, f.kit, f.kitVersion, f.users["panelist"].ID)
	if got := string(f.clients["panelist"].Get(path(id)).Expect(http.StatusOK).Body); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

// TestETagCoversResponse verifies that every change of the response changes the ETag, and that no other change does.
func TestETagCoversResponse(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	id := f.newInterview(api.InterviewStatusScheduled)
	tag := func(as string) string { return f.clients[as].Get(path(id)).Expect(http.StatusOK).Header.Get("ETag") }
	first := tag("lead")
	f.clients["lead"].Do(http.MethodGet, path(id), nil, "If-None-Match", first).Expect(http.StatusNotModified)
	if tag("panelist") == first {
		t.Error("the panelist, whose allowed actions differ, got the ETag of the lead")
	}
	for name, change := range map[string]string{
		"the candidate's name": `UPDATE candidates SET first_name = 'Renamed'`,
		"the job's title":      `UPDATE jobs SET title = 'Renamed'`,
		"a panelist's name":    `UPDATE users SET first_name = 'Renamed' WHERE role = 'employee'`,
		"a response":           `UPDATE interview_panelists SET response = 'tentative'`,
	} {
		t.Run(name, func(t *testing.T) {
			f := f.in(t)
			before := tag("lead")
			f.Exec(change)
			if tag("lead") == before {
				t.Errorf("%s changed, but the ETag did not", name)
			}
			f.clients["lead"].Do(http.MethodGet, path(id), nil, "If-None-Match", before).Expect(http.StatusOK)
			// The version, on which If-Match is based, must not change.
			if before[1:2] != first[1:2] {
				t.Errorf("%s changed the version: got %s, want the version of %s", name, before, first)
			}
		})
	}
	before := tag("lead")
	f.Exec(`UPDATE users SET department = 'Sales'`)
	if tag("lead") != before {
		t.Error("a change that is not in the response changed the ETag")
	}
}

func TestUpdate(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	id := f.newInterview(api.InterviewStatusScheduled)
	var tag string
	// patch sends a patch with the last ETag and returns the updated interview.
	patch := func(body string) api.Interview {
		t.Helper()
		answer := f.clients["lead"].Do(http.MethodPatch, path(id), body, "If-Match", tag).Expect(http.StatusOK)
		tag = answer.Header.Get("ETag")
		f.wantSameRead("lead", id, answer)
		return decode(answer)
	}
	tag = f.clients["lead"].Get(path(id)).Header.Get("ETag")
	before := f.get("lead", id)

	// Set, clear and keep members.
	got := patch(`{"location":" Room 4 ","meeting_url":"https://meet.example/a"}`)
	if got.Location.MustGet() != "Room 4" || got.MeetingURL.MustGet() != "https://meet.example/a" ||
		got.Title != before.Title || !got.UpdatedAt.After(before.UpdatedAt) {
		t.Errorf("location and meeting URL set: got %+v", got)
	}
	got = patch(`{"title":"New","kind":"phone","instructions":"One.\nTwo."}`)
	if got.Title != "New" || got.Kind != api.InterviewKindPhone || got.Instructions.MustGet() != "One.\nTwo." ||
		got.Location.MustGet() != "Room 4" {
		t.Errorf("title, kind and instructions set: got %+v", got)
	}
	got = patch(`{"location":null,"instructions":null}`)
	if !got.Location.IsNull() || !got.Instructions.IsNull() || got.MeetingURL.IsNull() {
		t.Errorf("location and instructions cleared: got %+v", got)
	}
	stale, last := tag, f.get("lead", id)
	got = patch(fmt.Sprintf(`{"title":" New ","location":null,"kit_version_id":%q}`, f.kitVersion))
	if tag != stale || !got.UpdatedAt.Equal(last.UpdatedAt) {
		t.Errorf("patch without a change: got the ETag %s, want %s", tag, stale)
	}

	// Preconditions and the second media type.
	f.clients["lead"].Do(http.MethodPatch, path(id), `{"meeting_url":null}`, "If-Match", tag,
		"Content-Type", "application/merge-patch+json").Expect(http.StatusOK)
	f.clients["lead"].Do(http.MethodPatch, path(id), `{"title":"Other"}`, "If-Match", stale).
		Refused(http.StatusPreconditionFailed, "version_mismatch")
	f.clients["lead"].Patch(path(id), `{"title":"Other"}`).
		Refused(http.StatusPreconditionRequired, "precondition_required")
	f.clients["hr"].Do(http.MethodPatch, path(id), `{"title":"Any"}`, "If-Match", "*").Expect(http.StatusOK)

	// Invalid patches.
	for name, c := range map[string]struct {
		body string
		want []string
	}{
		"blank title and control character": {`{"title":"\u00a0","location":"a\u0001"}`, []string{"/title blank", "/location control_character"}},
		"invalid URL and control character": {`{"meeting_url":"https://:1/","instructions":"a\u202e"}`, []string{"/instructions control_character", "/meeting_url invalid"}},
		"control character":                 {`{"location":"a\u0007"}`, []string{"/location control_character"}},
	} {
		t.Run(name, func(t *testing.T) {
			f := f.in(t)
			p := f.clients["lead"].Do(http.MethodPatch, path(id), c.body, "If-Match", "*").
				Refused(http.StatusUnprocessableEntity, "rule_violated")
			wantEqual(t, c.body, violations(p), c.want)
		})
	}
	for _, body := range []string{
		`{}`, `[]`, `{"title":null}`, `{"kind":null}`, `{"status":"completed"}`, `{"starts_at":"2055-01-12T09:00:00Z"}`,
		`{"panel":[]}`, `{"version":1}`, `{"kit_version_id":null}`, `{"meeting_url":"javascript:alert(1)"}`,
		`{"meeting_url":"https://a\u2066.b"}`,
	} {
		f.clients["lead"].Do(http.MethodPatch, path(id), body, "If-Match", "*").
			Refused(http.StatusBadRequest, "malformed_request")
	}

	// Updates are in the audit log; the history contains only changes of state and time.
	entries := f.auditEntries(id)
	if len(entries) != 5 {
		t.Fatalf("got the audit entries %+v, want 5 updates", entries)
	}
	wantEqual(t, "audit entries", actionsOf(entries), []string{
		"interview.updated", "interview.updated", "interview.updated", "interview.updated", "interview.updated",
	})
	if !strings.Contains(entries[0].details, `"to": "Room 4"`) || strings.Contains(entries[0].details, "title") ||
		entries[0].actor != f.users["lead"].ID {
		t.Errorf("got the audit entry %+v, want the changed members and the actor", entries[0])
	}
	if events := f.history(id); len(events) != 0 {
		t.Errorf("got the history %+v, want none", events)
	}
}

// TestUpdatePermissions verifies that only HR, admins and leads of the job update an interview, and only before it is
// completed or cancelled.
func TestUpdatePermissions(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	id := f.newInterview(api.InterviewStatusScheduled, "panelist", "other_lead")
	patch := func(as string, id uuid.UUID) *testkit.Answer {
		return f.clients[as].Do(http.MethodPatch, path(id), `{"title":"By `+as+`"}`, "If-Match", "*")
	}
	for _, name := range []string{"hr", "admin", "lead"} {
		patch(name, id).Expect(http.StatusOK)
	}
	patch("other_lead", id).Refused(http.StatusForbidden, "role_not_allowed")
	patch("panelist", id).Refused(http.StatusForbidden, "permission_denied")
	for _, status := range []api.InterviewStatus{
		api.InterviewStatusDraft, api.InterviewStatusScheduled, api.InterviewStatusInProgress,
		api.InterviewStatusAwaitingScores, api.InterviewStatusNoShow,
	} {
		patch("lead", f.newInterview(status)).Expect(http.StatusOK)
	}
	for _, status := range []api.InterviewStatus{api.InterviewStatusCompleted, api.InterviewStatusCancelled} {
		t.Run(string(status), func(t *testing.T) {
			f := f.in(t)
			p := patch("lead", f.newInterview(status)).Refused(http.StatusConflict, "state_conflict")
			if *p.State != string(status) {
				t.Errorf("got the state %q, want %q", *p.State, status)
			}
			wantEqual(t, string(status), *p.AllowedActions, []string{})
		})
	}
}

// TestKitVersionIsFixedOnceScheduled verifies that only a draft can change to another published version.
func TestKitVersionIsFixedOnceScheduled(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	_, other := f.KitVersion(api.KitVersionStatusPublished)
	_, unpublished := f.KitVersion(api.KitVersionStatusDraft)
	otherJobsKit, otherJobs := f.KitVersion(api.KitVersionStatusPublished)
	f.Exec(`UPDATE kits SET job_id = $2 WHERE id = $1`, otherJobsKit, f.Job(api.JobStatusOpen))
	patch := func(id, version uuid.UUID) *testkit.Answer {
		return f.clients["lead"].Do(http.MethodPatch, path(id), map[string]any{"kit_version_id": version}, "If-Match", "*")
	}
	draft := f.newInterview(api.InterviewStatusDraft, "panelist")
	if got := decode(patch(draft, other).Expect(http.StatusOK)); got.KitVersionID != other || got.KitID == f.kit {
		t.Errorf("got %+v, want the other version and its kit", got)
	}
	for name, c := range map[string]struct {
		version uuid.UUID
		want    string
	}{
		"unpublished":    {unpublished, "/kit_version_id not_published"},
		"of another job": {otherJobs, "/kit_version_id other_job"},
		"unknown":        {uuid.New(), "/kit_version_id unknown"},
	} {
		t.Run(name, func(t *testing.T) {
			p := patch(draft, c.version).Refused(http.StatusUnprocessableEntity, "rule_violated")
			wantEqual(t, c.want, violations(p), []string{c.want})
		})
	}
	for _, status := range []api.InterviewStatus{
		api.InterviewStatusScheduled, api.InterviewStatusInProgress, api.InterviewStatusAwaitingScores,
		api.InterviewStatusNoShow,
	} {
		t.Run(string(status), func(t *testing.T) {
			f := f.in(t)
			id := f.newInterview(status)
			p := patch(id, other).Refused(http.StatusConflict, "state_conflict")
			if *p.State != string(status) || !strings.Contains(p.Detail, "draft") {
				t.Errorf("got %+v, want a conflict that names the draft", p)
			}
			allowed := []string{}
			for _, action := range f.get("lead", id).AllowedActions {
				allowed = append(allowed, string(action))
			}
			wantEqual(t, string(status), *p.AllowedActions, allowed)
		})
	}

	// An interview keeps a version that is archived later.
	f.Exec(`UPDATE kit_versions SET status = 'archived', archived_at = now() WHERE id = $1`, other)
	f.clients["lead"].Do(http.MethodPatch, path(draft), map[string]any{"kit_version_id": other, "title": "Kept"},
		"If-Match", "*").Expect(http.StatusOK)
}

// TestConcurrentUpdatesOneSucceeds sends patches that are based on the same version at once.
func TestConcurrentUpdatesOneSucceeds(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	id := f.newInterview(api.InterviewStatusScheduled)
	version := f.clients["lead"].Get(path(id)).Header.Get("ETag")
	got := make([]int, 10)
	var all sync.WaitGroup
	for i := range got {
		all.Go(func() {
			body := fmt.Sprintf(`{"title":"N%d"}`, i)
			got[i] = f.clients["lead"].Do(http.MethodPatch, path(id), body, "If-Match", version).Status
		})
	}
	all.Wait()
	slices.Sort(got)
	wantEqual(t, "statuses", got, []int{200, 412, 412, 412, 412, 412, 412, 412, 412, 412})
}
