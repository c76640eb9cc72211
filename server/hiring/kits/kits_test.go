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

// fixture is an installation with one replica and a company whose users are signed in. The team lead is a member of the
// job.
type fixture struct {
	*testkit.Installation
	replica *testkit.Replica
	acme    testkit.Company
	hiring  *testkit.Hiring
	as      map[api.Role]*testkit.Client
	job     uuid.UUID
}

func newFixture(t *testing.T) fixture {
	t.Helper()
	installation := testkit.New(t)
	f := fixture{
		Installation: installation, replica: installation.Replica(), acme: installation.Company("acme"),
		as: map[api.Role]*testkit.Client{},
	}
	f.hiring = installation.Hiring(f.acme)
	f.job = f.hiring.Job(api.JobStatusOpen, f.acme.Users[api.RoleTeamLead])
	for role, user := range f.acme.Users {
		f.as[role] = f.replica.SignIn(t, user)
	}
	return f
}

// path returns the path of a kit, or of a resource below it.
func path(kit uuid.UUID, below ...any) string {
	segments := []string{collection, kit.String()}
	for _, segment := range below {
		segments = append(segments, fmt.Sprint(segment))
	}
	return strings.Join(segments, "/")
}

// criterion returns a criterion with the required members only, and the given changes.
func criterion(key string, changes map[string]any) map[string]any {
	body := map[string]any{
		"key": key, "title": "Title of " + key, "weight": 1, "required": true, "anchors": []string{"1", "2", "3", "4", "5"},
	}
	maps.Copy(body, changes)
	return body
}

// question returns a question with the required members only, and the given changes.
func question(key string, changes map[string]any) map[string]any {
	body := map[string]any{"key": key, "text": "Text of " + key}
	maps.Copy(body, changes)
	return body
}

// create creates a kit as HR, with one criterion unless the body has others.
func (f fixture) create(body map[string]any) api.Kit {
	request := map[string]any{"name": "Kit", "criteria": []any{criterion("depth", nil)}}
	maps.Copy(request, body)
	return testkit.Decode[api.Kit](f.as[api.RoleHr].Post(collection, request).Expect(http.StatusCreated))
}

func getKit(c *testkit.Client, id uuid.UUID) api.Kit {
	return testkit.Decode[api.Kit](c.Get(path(id)).Expect(http.StatusOK))
}

func getVersion(c *testkit.Client, kit, id uuid.UUID) api.KitVersion {
	return testkit.Decode[api.KitVersion](c.Get(path(kit, "versions", id)).Expect(http.StatusOK))
}

// auditEntries returns the audit entries about a kit and its versions, oldest first: each action with its details as
// JSON.
func (f fixture) auditEntries(t *testing.T, kit uuid.UUID) []string {
	t.Helper()
	var found []string
	for _, entry := range testkit.Decode[api.AuditLogPage](f.as[api.RoleAdmin].
		Get("/api/v1/audit-logs?sort=created_at&resource_type=kit&resource_id=" + kit.String()).Expect(http.StatusOK)).Data {
		encoded, err := json.Marshal(entry.Details)
		if err != nil {
			t.Fatal(err)
		}
		found = append(found, string(entry.Action)+" "+string(encoded))
	}
	return found
}

// fieldErrors returns the errors of a problem, as pointers and codes.
func fieldErrors(p api.Problem) []string {
	found := []string{}
	for _, e := range p.Errors {
		found = append(found, *e.Pointer+" "+e.Code)
	}
	return found
}

func TestCreate(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	answer := f.as[api.RoleHr].Post(collection, map[string]any{
		"name": " Backend, technical\u00a0", "description": " For all\nbackend teams. ", "job_id": nil,
		"questions": []any{
			question("outage", map[string]any{
				"text": " What happened? ", "criteria": []string{"depth"}, "guidance": " Ask on. ", "minutes": 15,
			}),
			question("plain", nil),
		},
		"criteria": []any{criterion("depth", map[string]any{
			"title": " Depth ", "description": " How deep. ", "weight": 3, "anchors": []string{" 1", "2 ", "3", "4", "5"},
		})},
	}).Expect(http.StatusCreated)
	created := testkit.Decode[api.Kit](answer)

	// The kit, and the same when it is read.
	if created.Name != "Backend, technical" || created.Description != "For all\nbackend teams." || !created.JobID.IsNull() ||
		!created.PublishedVersionID.IsNull() || created.DraftVersionID.IsNull() || created.LatestNumber != 1 ||
		!slices.Equal(created.AllowedActions, []api.KitAction{"update"}) || !created.UpdatedAt.Equal(created.CreatedAt) {
		t.Errorf("created: got %+v", created)
	}
	if got := answer.Header.Get("Location"); got != path(created.ID) {
		t.Errorf("Location: got %q, want %q", got, path(created.ID))
	}
	again := f.as[api.RoleHr].Get(path(created.ID)).Expect(http.StatusOK)
	if !bytes.Equal(again.Body, answer.Body) || again.Header.Get("ETag") != answer.Header.Get("ETag") {
		t.Errorf("read: got %s %s, want %s %s", again.Header.Get("ETag"), again.Body, answer.Header.Get("ETag"), answer.Body)
	}

	// Its draft, with normalized texts.
	read := f.as[api.RoleHr].Get(path(created.ID, "versions", created.DraftVersionID.MustGet())).Expect(http.StatusOK)
	draft := testkit.Decode[api.KitVersion](read)
	if draft.KitID != created.ID || draft.Number != 1 || draft.Status != api.KitVersionStatusDraft ||
		!draft.ContentHash.IsNull() || !draft.PublishedAt.IsNull() || !draft.PublishedBy.IsNull() || !draft.ArchivedAt.IsNull() ||
		!slices.Equal(draft.AllowedActions, []api.KitVersionAction{"update", "publish"}) {
		t.Errorf("draft: got %+v", draft)
	}
	var content struct {
		Questions, Criteria []map[string]any
	}
	read.Into(&content)
	delete(content.Questions[1], "criteria")
	if want := []map[string]any{
		{"key": "outage", "text": "What happened?", "criteria": []any{"depth"}, "guidance": "Ask on.", "minutes": 15.0},
		{"key": "plain", "text": "Text of plain", "guidance": nil, "minutes": nil}, // absent members are null
	}; !reflect.DeepEqual(content.Questions, want) {
		t.Errorf("questions: got %v, want %v", content.Questions, want)
	}
	if want := []map[string]any{{
		"key": "depth", "title": "Depth", "description": "How deep.", "weight": 3.0, "required": true,
		"anchors": []any{"1", "2", "3", "4", "5"},
	}}; !reflect.DeepEqual(content.Criteria, want) {
		t.Errorf("criteria: got %v, want %v", content.Criteria, want)
	}

	// The audit log, without the content.
	const kitCreated = `kit.created {"changes":{"description":{"from":null,"to":"For all\nbackend teams."},` +
		`"name":{"from":null,"to":"Backend, technical"}}}`
	entries := f.auditEntries(t, created.ID)
	if len(entries) != 2 || entries[0] != kitCreated ||
		!strings.HasPrefix(entries[1], `kit.version_created {"changes":{"content_hash":{"from":null,"to":"`) ||
		!strings.Contains(entries[1], draft.ID.String()) || strings.Contains(entries[1], "What happened?") {
		t.Errorf("audit entries: got %q", entries)
	}

	// A kit with only a name has an empty draft.
	answer = f.as[api.RoleTeamLead].Post(collection, map[string]any{"name": "Kit", "job_id": f.job})
	created = testkit.Decode[api.Kit](answer.Expect(http.StatusCreated))
	if created.JobID.MustGet() != f.job || created.Description != "" {
		t.Errorf("created without content: got %+v", created)
	}
	draft = getVersion(f.as[api.RoleHr], created.ID, created.DraftVersionID.MustGet())
	if len(draft.Questions) != 0 || len(draft.Criteria) != 0 {
		t.Errorf("draft: got %+v, want no questions and no criteria", draft)
	}
}

// TestCreateNormalizesNumbers verifies that 15.0 and 3e0 are accepted, because they are integers in JSON Schema.
func TestCreateNormalizesNumbers(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	body := `{"name":"Kit","questions":[{"key":"a","text":"A","minutes":15.0}],` +
		`"criteria":[{"key":"depth","title":"Depth","weight":3e0,"required":true,"anchors":["1","2","3","4","5"]}]}`
	created := testkit.Decode[api.Kit](f.as[api.RoleHr].Post(collection, body).Expect(http.StatusCreated))
	draft := getVersion(f.as[api.RoleHr], created.ID, created.DraftVersionID.MustGet())
	if draft.Criteria[0].Weight != 3 || draft.Questions[0].Minutes.MustGet() != 15 {
		t.Errorf("got %+v, want weight 3 and 15 minutes", draft)
	}
}

func TestCreateRefuses(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	foreignJob := f.Hiring(f.Company("globex")).Job(api.JobStatusOpen)
	otherJob := f.hiring.Job(api.JobStatusOpen) // of which the team lead is not a member
	post := func(t *testing.T, role api.Role, changes map[string]any) *testkit.Answer {
		t.Helper()
		body := map[string]any{"name": "Kit"}
		maps.Copy(body, changes)
		return f.as[role].In(t).Post(collection, body)
	}
	oneQuestion := func(key string, changes map[string]any) map[string]any {
		return map[string]any{"questions": []any{question(key, changes)}}
	}
	oneCriterion := func(key string, changes map[string]any) map[string]any {
		return map[string]any{"criteria": []any{criterion(key, changes)}}
	}

	for name, changes := range map[string]map[string]any{
		"null name":                    {"name": nil},
		"name of 201 characters":       {"name": strings.Repeat("x", 201)},
		"status":                       {"status": "published"},
		"job_id without a UUID":        {"job_id": "x"},
		"empty job_id":                 {"job_id": ""},
		"criterion key with a capital": oneCriterion("Depth", nil),
		"question key with a dash":     oneQuestion("a-b", nil),
		"four anchors":                 oneCriterion("depth", map[string]any{"anchors": []string{"1", "2", "3", "4"}}),
		"weight 0":                     oneCriterion("depth", map[string]any{"weight": 0}),
		"weight 101":                   oneCriterion("depth", map[string]any{"weight": 101}),
		"fractional weight":            oneCriterion("depth", map[string]any{"weight": 1.5}),
		"0 minutes":                    oneQuestion("a", map[string]any{"minutes": 0}),
		"duplicate criterion":          oneQuestion("a", map[string]any{"criteria": []string{"x", "x"}}),
		"unknown member":               oneQuestion("a", map[string]any{"hint": "x"}),
	} {
		t.Run(name, func(t *testing.T) {
			post(t, api.RoleHr, changes).Refused(http.StatusBadRequest, "malformed_request")
		})
	}
	post(t, api.RoleHr, oneQuestion("a", map[string]any{"text": "a\x00b"})).
		Refused(http.StatusUnprocessableEntity, "rule_violated")
	post(t, api.RoleEmployee, nil).Refused(http.StatusForbidden, "permission_denied")
	post(t, api.RoleTeamLead, nil).Refused(http.StatusForbidden, "role_not_allowed")
	post(t, api.RoleTeamLead, map[string]any{"job_id": otherJob}).Refused(http.StatusForbidden, "role_not_allowed")

	// A job of another company is reported like one that does not exist.
	for _, role := range []api.Role{api.RoleTeamLead, api.RoleHr, api.RoleAdmin} {
		t.Run(string(role), func(t *testing.T) {
			for _, job := range []uuid.UUID{foreignJob, uuid.New()} {
				p := post(t, role, map[string]any{"job_id": job}).Refused(http.StatusUnprocessableEntity, "rule_violated")
				if got, want := fieldErrors(p), []string{"/job_id unknown"}; !slices.Equal(got, want) {
					t.Errorf("got errors %v, want %v", got, want)
				}
			}
		})
	}

	// Every error is reported at once.
	p := post(t, api.RoleHr, map[string]any{
		"job_id": uuid.New(), "name": "\u2003", "description": "a\u0007",
		"criteria": []any{
			criterion("depth", map[string]any{"anchors": []string{"\u00a0", "2", "3", "4", "5"}}), criterion("depth", nil),
			criterion("calm", map[string]any{"anchors": []string{"1", "2", "a\u202e", "4", "5"}}),
		},
		"questions": []any{
			question("a", map[string]any{"criteria": []string{"depth", "wit"}}), question("b", map[string]any{"guidance": " "}),
			question("a", map[string]any{"text": "\u3000"}),
		},
	}).Refused(http.StatusUnprocessableEntity, "rule_violated")
	if got, want := fieldErrors(p), []string{
		"/job_id unknown", "/name blank", "/description control_character", "/criteria/0/anchors/0 blank",
		"/criteria/1/key duplicate", "/criteria/2/anchors/2 control_character", "/questions/0/criteria/1 unknown",
		"/questions/1/guidance blank", "/questions/2/key duplicate", "/questions/2/text blank",
	}; !slices.Equal(got, want) {
		t.Errorf("got errors %v, want %v", got, want)
	}

	// Nothing was created.
	if got := testkit.Decode[api.KitPage](f.as[api.RoleHr].Get(collection).Expect(http.StatusOK)).Data; len(got) != 0 {
		t.Errorf("after refusals: got kits %+v, want none", got)
	}
}

func TestPatchMerges(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	hr, target := f.as[api.RoleHr], path(f.create(map[string]any{"description": "For all."}).ID)
	patch := func(tag, body string) *testkit.Answer {
		return hr.Do(http.MethodPatch, target, body, "If-Match", tag)
	}
	read := hr.Get(target).Expect(http.StatusOK)
	first := read.Header.Get("ETag")

	// A patch that changes nothing keeps the ETag.
	same := patch(first, `{"name":" Kit ","description":"For all."}`).Expect(http.StatusOK)
	if !bytes.Equal(same.Body, read.Body) || same.Header.Get("ETag") != first {
		t.Errorf("patch without changes: got %s, want %s", same.Body, read.Body)
	}

	// An absent member keeps its value.
	answer := patch(first, `{"name":"Other"}`).Expect(http.StatusOK)
	second := answer.Header.Get("ETag")
	if got := testkit.Decode[api.Kit](answer); got.Name != "Other" || got.Description != "For all." || second == first {
		t.Errorf("patched name: got %+v with ETag %s", got, second)
	}
	answer = hr.Do(http.MethodPatch, target, `{"description":" "}`,
		"If-Match", second, "Content-Type", "application/merge-patch+json").Expect(http.StatusOK)
	if got := testkit.Decode[api.Kit](answer); got.Name != "Other" || got.Description != "" {
		t.Errorf("patched description: got %+v", got)
	}
	again := hr.Get(target)
	if !bytes.Equal(again.Body, answer.Body) || again.Header.Get("ETag") != answer.Header.Get("ETag") {
		t.Errorf("read: got %s, want %s", again.Body, answer.Body)
	}

	// Preconditions and invalid patches.
	patch(second, `{"name":"Third"}`).Refused(http.StatusPreconditionFailed, "version_mismatch")
	patch(`W/`+second, `{"name":"Third"}`).Refused(http.StatusPreconditionFailed, "version_mismatch")
	hr.Patch(target, `{"name":"Third"}`).Refused(http.StatusPreconditionRequired, "precondition_required")
	for name, c := range map[string]struct {
		body   string
		status int
	}{
		"no member":                            {`{}`, 400},
		"array":                                {`[]`, 400},
		"null name":                            {`{"name":null}`, 400},
		"null description":                     {`{"description":null}`, 400},
		"null job":                             {`{"job_id":null}`, 400},
		"questions":                            {`{"questions":[]}`, 400},
		"version":                              {`{"version":1}`, 400},
		"blank name":                           {`{"name":"\u00a0"}`, 422},
		"line break in the name":               {`{"name":"a\nb"}`, 422},
		"control character in the description": {`{"description":"a\u0007"}`, 422},
	} {
		t.Run(name, func(t *testing.T) {
			if got := patch("*", c.body).Status; got != c.status {
				t.Errorf("patch %s: got status %d, want %d", c.body, got, c.status)
			}
		})
	}

	// Only the two changes are recorded, after the creation of kit and version.
	id := testkit.Decode[api.Kit](answer).ID
	if got, want := f.auditEntries(t, id)[2:], []string{
		`kit.updated {"changes":{"name":{"from":"Kit","to":"Other"}}}`,
		`kit.updated {"changes":{"description":{"from":"For all.","to":""}}}`,
	}; !slices.Equal(got, want) {
		t.Errorf("audit entries: got %q, want %q", got, want)
	}
}

func TestETags(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	hr := f.as[api.RoleHr]
	created := f.create(nil)
	draft := created.DraftVersionID.MustGet()
	targets := []string{path(created.ID), path(created.ID, "versions", draft)}
	etags := func(c *testkit.Client) (found []string) {
		for _, target := range targets {
			tag := c.Get(target).Expect(http.StatusOK).Header.Get("ETag")
			c.Do(http.MethodGet, target, nil, "If-None-Match", `"x", W/`+tag).Expect(http.StatusNotModified)
			found = append(found, tag)
		}
		return found
	}

	// The ETag covers the allowed actions, which HR has and this team lead does not.
	before, ofTeamLead := etags(hr), etags(f.as[api.RoleTeamLead])
	for i := range before {
		if before[i] == ofTeamLead[i] {
			t.Errorf("%s: HR and the team lead get the same ETag %s", targets[i], before[i])
		}
	}

	// Publishing changes the ETags of the version and of its kit.
	hr.Post(path(created.ID, "versions", draft, "publish"), nil).Expect(http.StatusOK)
	for i, after := range etags(hr) {
		if after == before[i] {
			t.Errorf("%s: ETag is still %s after publishing", targets[i], after)
		}
		hr.Do(http.MethodGet, targets[i], nil, "If-None-Match", before[i]).Expect(http.StatusOK)
	}

	// The version of the kit's row has not changed, so a patch based on the earlier ETag succeeds.
	hr.Do(http.MethodPatch, path(created.ID), `{"name":"Other"}`, "If-Match", before[0]).Expect(http.StatusOK)
}
