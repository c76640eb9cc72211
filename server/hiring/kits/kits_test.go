package kits_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"

	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/server/testkit"
)

const collection = "/api/v1/kits"

// house is an installation with a company, its people signed in, and one replica. The team lead is a member of the job.
type house struct {
	*testkit.Installation
	replica *testkit.Replica
	acme    testkit.Company
	hiring  *testkit.Hiring
	as      map[api.Role]*testkit.Client
	job     uuid.UUID
}

func build(t *testing.T) house {
	t.Helper()
	installation := testkit.New(t)
	h := house{
		Installation: installation, replica: installation.Replica(), acme: installation.Company("acme"),
		as: map[api.Role]*testkit.Client{},
	}
	h.hiring = installation.Hiring(h.acme)
	h.job = h.hiring.Job(api.JobStatusOpen, h.acme.Users[api.RoleTeamLead])
	for role, user := range h.acme.Users {
		h.as[role] = h.replica.SignIn(t, user)
	}
	return h
}

// path is that of a kit, or of what is below it.
func path(kit uuid.UUID, below ...any) string {
	steps := []string{collection, kit.String()}
	for _, step := range below {
		steps = append(steps, fmt.Sprint(step))
	}
	return strings.Join(steps, "/")
}

// criterion and question are the smallest of their kind, with members replaced.
func criterion(key string, changes map[string]any) map[string]any {
	one := map[string]any{"key": key, "title": "Title of " + key, "weight": 1, "required": true, "anchors": []string{"1", "2", "3", "4", "5"}}
	maps.Copy(one, changes)
	return one
}

func question(key string, changes map[string]any) map[string]any {
	one := map[string]any{"key": key, "text": "Text of " + key}
	maps.Copy(one, changes)
	return one
}

// create makes a kit by the API, as HR, with one criterion where the body names none.
func (h house) create(body map[string]any) api.Kit {
	wanted := map[string]any{"name": "Kit", "criteria": []any{criterion("depth", nil)}}
	maps.Copy(wanted, body)
	return testkit.Decode[api.Kit](h.as[api.RoleHr].Post(collection, wanted).Expect(http.StatusCreated))
}

// TestWholeNumbersHoweverTheyAreWritten: 15.0 and 3e0 are integers to a schema, and to us.
func TestWholeNumbersHoweverTheyAreWritten(t *testing.T) {
	t.Parallel()
	h := build(t)
	body := `{"name":"Kit","questions":[{"key":"a","text":"A","minutes":15.0}],` +
		`"criteria":[{"key":"depth","title":"Depth","weight":3e0,"required":true,"anchors":["1","2","3","4","5"]}]}`
	made := testkit.Decode[api.Kit](h.as[api.RoleHr].Post(collection, body).Expect(http.StatusCreated))
	draft := version(h.as[api.RoleHr], made.ID, made.DraftVersionID.MustGet())
	if draft.Criteria[0].Weight != 3 || draft.Questions[0].Minutes.MustGet() != 15 {
		t.Errorf("the draft is %+v", draft)
	}
}

// kit and version read one of them as somebody sees it.
func kit(c *testkit.Client, id uuid.UUID) api.Kit {
	return testkit.Decode[api.Kit](c.Get(path(id)).Expect(http.StatusOK))
}

func version(c *testkit.Client, kit, id uuid.UUID) api.KitVersion {
	return testkit.Decode[api.KitVersion](c.Get(path(kit, "versions", id)).Expect(http.StatusOK))
}

// recorded gives what was recorded of a kit and its versions, oldest first: each action with its details as JSON.
func (h house) recorded(t *testing.T, kit uuid.UUID) []string {
	t.Helper()
	var found []string
	for _, entry := range testkit.Decode[api.AuditLogPage](h.as[api.RoleAdmin].
		Get("/api/v1/audit-logs?sort=created_at&resource_type=kit&resource_id=" + kit.String()).Expect(http.StatusOK)).Data {
		encoded, err := json.Marshal(entry.Details)
		if err != nil {
			t.Fatal(err)
		}
		found = append(found, string(entry.Action)+" "+string(encoded))
	}
	return found
}

// wrong gives what a refusal names as wrong, as pointers and codes.
func wrong(p api.Problem) []string {
	found := []string{}
	for _, e := range p.Errors {
		found = append(found, *e.Pointer+" "+e.Code)
	}
	return found
}

func TestCreate(t *testing.T) {
	t.Parallel()
	h := build(t)
	answer := h.as[api.RoleHr].Post(collection, map[string]any{
		"name": " Backend, technical\u00a0", "description": " For all\nbackend teams. ", "job_id": nil,
		"questions": []any{
			question("outage", map[string]any{"text": " What happened? ", "criteria": []string{"depth"}, "guidance": " Ask on. ", "minutes": 15}),
			question("plain", nil),
		},
		"criteria": []any{criterion("depth", map[string]any{"title": " Depth ", "description": " How deep. ", "weight": 3, "anchors": []string{" 1", "2 ", "3", "4", "5"}})},
	}).Expect(http.StatusCreated)
	created := testkit.Decode[api.Kit](answer)
	if created.Name != "Backend, technical" || created.Description != "For all\nbackend teams." || !created.JobID.IsNull() ||
		!created.PublishedVersionID.IsNull() || created.DraftVersionID.IsNull() || created.LatestNumber != 1 ||
		!slices.Equal(created.AllowedActions, []api.KitAction{"update"}) || !created.UpdatedAt.Equal(created.CreatedAt) {
		t.Errorf("created %+v", created)
	}
	if got := answer.Header.Get("Location"); got != path(created.ID) {
		t.Errorf("Location is %q", got)
	}
	again := h.as[api.RoleHr].Get(path(created.ID)).Expect(http.StatusOK)
	if !bytes.Equal(again.Body, answer.Body) || again.Header.Get("ETag") != answer.Header.Get("ETag") {
		t.Errorf("created %s %s, read %s %s", answer.Header.Get("ETag"), answer.Body, again.Header.Get("ETag"), again.Body)
	}
	read := h.as[api.RoleHr].Get(path(created.ID, "versions", created.DraftVersionID.MustGet())).Expect(http.StatusOK)
	draft := testkit.Decode[api.KitVersion](read)
	if draft.KitID != created.ID || draft.Number != 1 || draft.Status != api.KitVersionStatusDraft || !draft.ContentHash.IsNull() ||
		!draft.PublishedAt.IsNull() || !draft.PublishedBy.IsNull() || !draft.ArchivedAt.IsNull() ||
		!slices.Equal(draft.AllowedActions, []api.KitVersionAction{"update", "publish"}) {
		t.Errorf("the draft is %+v", draft)
	}
	// What may be absent is shown as null.
	var content struct {
		Questions, Criteria []map[string]any
	}
	read.Into(&content)
	delete(content.Questions[1], "criteria")
	if want := []map[string]any{
		{"key": "outage", "text": "What happened?", "criteria": []any{"depth"}, "guidance": "Ask on.", "minutes": 15.0},
		{"key": "plain", "text": "Text of plain", "guidance": nil, "minutes": nil},
	}; !reflect.DeepEqual(content.Questions, want) {
		t.Errorf("the questions are %v", content.Questions)
	}
	if want := []map[string]any{{
		"key": "depth", "title": "Depth", "description": "How deep.", "weight": 3.0, "required": true, "anchors": []any{"1", "2", "3", "4", "5"},
	}}; !reflect.DeepEqual(content.Criteria, want) {
		t.Errorf("the criteria are %v", content.Criteria)
	}
	recorded := h.recorded(t, created.ID)
	if len(recorded) != 2 ||
		recorded[0] != `kit.created {"changes":{"description":{"from":null,"to":"For all\nbackend teams."},"name":{"from":null,"to":"Backend, technical"}}}` ||
		!strings.HasPrefix(recorded[1], `kit.version_created {"changes":{"content_hash":{"from":null,"to":"`) ||
		!strings.Contains(recorded[1], draft.ID.String()) || strings.Contains(recorded[1], "What happened?") {
		t.Errorf("recorded is %q", recorded)
	}
	// The smallest kit has an empty version.
	small := testkit.Decode[api.Kit](h.as[api.RoleTeamLead].Post(collection, map[string]any{"name": "Kit", "job_id": h.job}).Expect(http.StatusCreated))
	if got := version(h.as[api.RoleHr], small.ID, small.DraftVersionID.MustGet()); len(got.Questions) != 0 || len(got.Criteria) != 0 ||
		small.JobID.MustGet() != h.job || small.Description != "" {
		t.Errorf("the smallest kit is %+v, %+v", small, got)
	}
}

func TestCreateRefuses(t *testing.T) {
	t.Parallel()
	h := build(t)
	elsewhere := h.Hiring(h.Company("globex")).Job(api.JobStatusOpen)
	foreign := h.hiring.Job(api.JobStatusOpen)
	post := func(by api.Role, changes map[string]any) *testkit.Answer {
		body := map[string]any{"name": "Kit"}
		maps.Copy(body, changes)
		return h.as[by].Post(collection, body)
	}
	for name, changes := range map[string]map[string]any{
		"null for a name": {"name": nil}, "a long name": {"name": strings.Repeat("x", 201)}, "null for questions": {"questions": nil},
		"a status": {"status": "published"}, "a job that is no id": {"job_id": "x"}, "an empty job": {"job_id": ""},
		"a key in capitals": {"criteria": []any{criterion("Depth", nil)}}, "a key with a dash": {"questions": []any{question("a-b", nil)}},
		"four anchors": {"criteria": []any{criterion("depth", map[string]any{"anchors": []string{"1", "2", "3", "4"}})}},
		"no weight":    {"criteria": []any{criterion("depth", map[string]any{"weight": 0})}}, "much weight": {"criteria": []any{criterion("depth", map[string]any{"weight": 101})}},
		"half a weight": {"criteria": []any{criterion("depth", map[string]any{"weight": 1.5})}}, "no time": {"questions": []any{question("a", map[string]any{"minutes": 0})}},
		"a criterion twice": {"questions": []any{question("a", map[string]any{"criteria": []string{"x", "x"}})}},
		"an unknown member": {"questions": []any{question("a", map[string]any{"hint": "x"})}},
	} {
		t.Log(name)
		post(api.RoleHr, changes).Refused(http.StatusBadRequest, "malformed_request")
	}
	post(api.RoleHr, map[string]any{"questions": []any{question("a", map[string]any{"text": "a\x00b"})}}).
		Refused(http.StatusUnprocessableEntity, "rule_violated")
	post(api.RoleEmployee, nil).Refused(http.StatusForbidden, "permission_denied")
	post(api.RoleTeamLead, nil).Refused(http.StatusForbidden, "role_not_allowed")
	post(api.RoleTeamLead, map[string]any{"job_id": foreign}).Refused(http.StatusForbidden, "role_not_allowed")
	for _, by := range []api.Role{api.RoleTeamLead, api.RoleHr, api.RoleAdmin} {
		for _, job := range []uuid.UUID{elsewhere, uuid.New()} {
			p := post(by, map[string]any{"job_id": job}).Refused(http.StatusUnprocessableEntity, "rule_violated")
			if got := wrong(p); !slices.Equal(got, []string{"/job_id unknown"}) {
				t.Errorf("%s: wrong is %v", by, got)
			}
		}
	}
	p := post(api.RoleHr, map[string]any{
		"job_id": uuid.New(), "name": "\u2003", "description": "a\u0007",
		"criteria": []any{criterion("depth", map[string]any{"anchors": []string{"\u00a0", "2", "3", "4", "5"}}), criterion("depth", nil), criterion("calm", map[string]any{"anchors": []string{"1", "2", "a\u202e", "4", "5"}})},
		"questions": []any{
			question("a", map[string]any{"criteria": []string{"depth", "wit"}}), question("b", map[string]any{"guidance": " "}), question("a", map[string]any{"text": "\u3000"}),
		},
	}).Refused(http.StatusUnprocessableEntity, "rule_violated")
	if got, want := wrong(p), []string{
		"/job_id unknown", "/name blank", "/description control_character", "/criteria/0/anchors/0 blank", "/criteria/1/key duplicate",
		"/criteria/2/anchors/2 control_character", "/questions/0/criteria/1 unknown", "/questions/1/guidance blank", "/questions/2/key duplicate",
		"/questions/2/text blank",
	}; !slices.Equal(got, want) {
		t.Errorf("wrong is %v, want %v", got, want)
	}
	if got := testkit.Decode[api.KitPage](h.as[api.RoleHr].Get(collection).Expect(http.StatusOK)).Data; len(got) != 0 {
		t.Errorf("what was refused has left %+v", got)
	}
}

func TestPatchMerges(t *testing.T) {
	t.Parallel()
	h := build(t)
	hr, target := h.as[api.RoleHr], path(h.create(map[string]any{"description": "For all."}).ID)
	patch := func(tag, body string) *testkit.Answer {
		return hr.Do(http.MethodPatch, target, body, "If-Match", tag)
	}
	read := hr.Get(target).Expect(http.StatusOK)
	first := read.Header.Get("ETag")
	if same := patch(first, `{"name":" Kit ","description":"For all."}`).Expect(http.StatusOK); !bytes.Equal(same.Body, read.Body) || same.Header.Get("ETag") != first {
		t.Errorf("a patch that changes nothing made %s of %s", same.Body, read.Body)
	}
	answer := patch(first, `{"name":"Other"}`).Expect(http.StatusOK)
	second := answer.Header.Get("ETag")
	if got := testkit.Decode[api.Kit](answer); got.Name != "Other" || got.Description != "For all." || second == first {
		t.Errorf("patched to %+v, %s", got, second)
	}
	answer = hr.Do(http.MethodPatch, target, `{"description":" "}`, "If-Match", second, "Content-Type", "application/merge-patch+json").Expect(http.StatusOK)
	if got := testkit.Decode[api.Kit](answer); got.Name != "Other" || got.Description != "" {
		t.Errorf("patched to %+v", got)
	}
	if again := hr.Get(target); !bytes.Equal(again.Body, answer.Body) || again.Header.Get("ETag") != answer.Header.Get("ETag") {
		t.Errorf("patched is %s, read is %s", answer.Body, again.Body)
	}
	patch(second, `{"name":"Third"}`).Refused(http.StatusPreconditionFailed, "version_mismatch")
	patch(`W/`+answer.Header.Get("ETag"), `{"name":"Third"}`).Refused(http.StatusPreconditionFailed, "version_mismatch")
	hr.Patch(target, `{"name":"Third"}`).Refused(http.StatusPreconditionRequired, "precondition_required")
	for body, status := range map[string]int{
		`{}`: 400, `[]`: 400, `{"name":null}`: 400, `{"description":null}`: 400, `{"job_id":null}`: 400, `{"questions":[]}`: 400, `{"version":1}`: 400,
		`{"name":"\u00a0"}`: 422, `{"name":"a\nb"}`: 422, `{"description":"a\u0007"}`: 422,
	} {
		if got := patch("*", body).Status; got != status {
			t.Errorf("%s: %d, want %d", body, got, status)
		}
	}
	id := testkit.Decode[api.Kit](answer).ID
	if got, want := h.recorded(t, id)[2:], []string{
		`kit.updated {"changes":{"name":{"from":"Kit","to":"Other"}}}`, `kit.updated {"changes":{"description":{"from":"For all.","to":""}}}`,
	}; !slices.Equal(got, want) {
		t.Errorf("recorded is %q", got)
	}
}

func TestETags(t *testing.T) {
	t.Parallel()
	h := build(t)
	hr := h.as[api.RoleHr]
	created := h.create(nil)
	draft := created.DraftVersionID.MustGet()
	targets := []string{path(created.ID), path(created.ID, "versions", draft)}
	tags := func(c *testkit.Client) (found []string) {
		for _, target := range targets {
			tag := c.Get(target).Expect(http.StatusOK).Header.Get("ETag")
			c.Do(http.MethodGet, target, nil, "If-None-Match", `"x", W/`+tag).Expect(http.StatusNotModified)
			found = append(found, tag)
		}
		return found
	}
	before, lead := tags(hr), tags(h.as[api.RoleTeamLead])
	for i := range before {
		if before[i] == lead[i] {
			t.Errorf("HR and the team lead, who may do different things, share the tag %s", before[i])
		}
	}
	hr.Post(path(created.ID, "versions", draft, "publish"), nil).Expect(http.StatusOK)
	for i, after := range tags(hr) {
		if after == before[i] {
			t.Errorf("the publication has left the tag %s", after)
		}
		hr.Do(http.MethodGet, targets[i], nil, "If-None-Match", before[i]).Expect(http.StatusOK)
	}
	// What a patch of the kit is based on has not changed with it.
	hr.Do(http.MethodPatch, path(created.ID), `{"name":"Other"}`, "If-Match", before[0]).Expect(http.StatusOK)
}
