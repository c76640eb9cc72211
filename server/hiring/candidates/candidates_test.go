package candidates_test

import (
	"encoding/json"
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

const collection = "/api/v1/candidates"

// house is an installation with a company, its people signed in, one replica, and hiring to arrange.
type house struct {
	*testkit.Installation
	t       *testing.T
	replica *testkit.Replica
	acme    testkit.Company
	hiring  *testkit.Hiring
	as      map[api.Role]*testkit.Client
}

func build(t *testing.T) house {
	t.Helper()
	installation := testkit.New(t)
	acme := installation.Company("acme")
	h := house{installation, t, installation.Replica(), acme, installation.Hiring(acme), map[api.Role]*testkit.Client{}}
	for role, user := range h.acme.Users {
		h.as[role] = h.replica.SignIn(t, user)
	}
	return h
}

func path(id uuid.UUID, action ...string) string {
	return strings.Join(append([]string{collection, id.String()}, action...), "/")
}

// audited gives the entries of an action, oldest first: who, which candidate, and what the details say.
func (h house) audited(action string) []string {
	h.t.Helper()
	rows, err := h.Database.Query(h.t.Context(), `SELECT u.role, coalesce(l.resource_id::text, '-'), l.details::text
		FROM audit_logs AS l JOIN users AS u ON u.id = l.actor_id WHERE l.action = $1 AND l.resource_type = 'candidate' ORDER BY l.id`, action)
	if err != nil {
		h.t.Fatal(err)
	}
	entries := []string{}
	for rows.Next() {
		var role, id, details string
		if err := rows.Scan(&role, &id, &details); err != nil {
			h.t.Fatal(err)
		}
		entries = append(entries, role+" "+id+" "+details)
	}
	return entries
}

func TestCreate(t *testing.T) {
	t.Parallel()
	h := build(t)
	answer := h.as[api.RoleHr].Post(collection, map[string]any{
		"first_name": " Mira ", "last_name": "Solheim\u00a0", "email": "Mira.SOLHEIM@Mail.example", "phone": " +49 30 1 ", "location": "Oslo ",
		"links": []string{"https://profiles.example/mira"}, "tags": []string{"ROS2", "robotics", "ros2"}, "source": " referral", "external_id": "ats-1",
	}).Expect(http.StatusCreated)
	var created map[string]any
	answer.Into(&created)
	id := uuid.MustParse(created["id"].(string))
	want := map[string]any{
		"id": id.String(), "first_name": "Mira", "last_name": "Solheim", "email": "mira.solheim@mail.example", "phone": "+49 30 1",
		"location": "Oslo", "links": []any{"https://profiles.example/mira"}, "tags": []any{"ros2", "robotics"}, "source": "referral",
		"external_id": "ats-1", "status": "active", "allowed_actions": []any{"update", "apply", "archive"},
		"created_at": created["created_at"], "updated_at": created["created_at"],
	}
	if !reflect.DeepEqual(created, want) {
		t.Errorf("created %v, want %v", created, want)
	}
	if id.Version() != 7 || answer.Header.Get("Location") != path(id) {
		t.Errorf("at %s", answer.Header.Get("Location"))
	}
	read := h.as[api.RoleAdmin].Get(path(id)).Expect(http.StatusOK)
	if string(read.Body) != string(answer.Body) || read.Header.Get("ETag") != answer.Header.Get("ETag") {
		t.Errorf("created %s %s, read %s %s", answer.Header.Get("ETag"), answer.Body, read.Header.Get("ETag"), read.Body)
	}
	bare := h.as[api.RoleAdmin].Post(collection, map[string]any{"first_name": "Nora", "last_name": "Lind"}).Expect(http.StatusCreated)
	created = map[string]any{}
	bare.Into(&created)
	for name, value := range created {
		switch name {
		case "email", "phone", "location", "source", "external_id":
			if value != nil {
				t.Errorf("%s is %v, want null", name, value)
			}
		case "links", "tags":
			if fmt.Sprint(value) != "[]" {
				t.Errorf("%s is %v, want []", name, value)
			}
		}
	}
	if got, want := h.audited("candidate.created"), []string{
		`hr ` + id.String() + ` {"changed": ["first_name", "last_name", "email", "phone", "location", "links", "tags", "source", "external_id"]}`,
		`admin ` + created["id"].(string) + ` {"changed": ["first_name", "last_name"]}`,
	}; !slices.Equal(got, want) {
		t.Errorf("audited %q, want %q", got, want)
	}
}

func TestCreateRefuses(t *testing.T) {
	t.Parallel()
	h := build(t)
	h.as[api.RoleHr].Post(collection, map[string]any{"first_name": "Taken", "last_name": "Id", "external_id": "ats-1"}).Expect(http.StatusCreated)
	many := func(n int, of string) []string {
		texts := make([]string, n)
		for i := range texts {
			texts[i] = of + fmt.Sprint(i)
		}
		return texts
	}
	for _, test := range []struct {
		changes map[string]any
		status  int
		code    string
		wrong   string
	}{
		{map[string]any{"first_name": nil}, 400, "malformed_request", "/first_name"},
		{map[string]any{"last_name": ""}, 400, "malformed_request", "/last_name"},
		{map[string]any{"first_name": strings.Repeat("é", 101)}, 400, "malformed_request", "/first_name"},
		{map[string]any{"email": "mira"}, 400, "malformed_request", "/email"},
		{map[string]any{"phone": "1"}, 400, "malformed_request", "/phone"},
		{map[string]any{"tags": many(51, "t")}, 400, "malformed_request", "/tags"},
		{map[string]any{"tags": []string{"a|b"}}, 400, "malformed_request", "/tags/0"},
		{map[string]any{"tags": []string{"a", "a"}}, 400, "malformed_request", "/tags"},
		{map[string]any{"links": many(21, "https://a.example/")}, 400, "malformed_request", "/links"},
		{map[string]any{"links": []string{"ftp://a.example/x"}}, 400, "malformed_request", "/links/0"},
		{map[string]any{"external_id": " x"}, 400, "malformed_request", "/external_id"},
		{map[string]any{"status": "archived"}, 400, "malformed_request", "/status"},
		{map[string]any{"id": uuid.New()}, 400, "malformed_request", "/id"},
		{map[string]any{"first_name": "\u2003", "location": "\u00a0", "tags": []string{"\u2003"}}, 422, "rule_violated", "/first_name /location /tags/0"},
		{map[string]any{"last_name": "So\u202elheim", "links": []string{"https://"}}, 400, "malformed_request", "/links/0"},
		{map[string]any{"last_name": "So\u202elheim", "links": []string{"https://:1"}, "source": "a\nb"}, 422, "rule_violated", "/last_name /links/0 /source"},
		{map[string]any{"external_id": "ats-1"}, 409, "external_id_taken", "/external_id"},
	} {
		body := map[string]any{"first_name": "Mira", "last_name": "Solheim"}
		for name, value := range test.changes {
			body[name] = value
		}
		problem := h.as[api.RoleHr].Post(collection, body).Refused(test.status, test.code)
		var wrong []string
		for _, e := range problem.Errors {
			if !slices.Contains(wrong, *e.Pointer) {
				wrong = append(wrong, *e.Pointer)
			}
		}
		if got := strings.Join(wrong, " "); got != test.wrong {
			t.Errorf("%v: wrong are %q, want %q", test.changes, got, test.wrong)
		}
	}
	for _, role := range []api.Role{api.RoleEmployee, api.RoleTeamLead} {
		h.as[role].Post(collection, map[string]any{"first_name": "Mira", "last_name": "Solheim"}).Refused(403, "permission_denied")
	}
	// Another company's ids are its own.
	globex := h.replica.SignIn(t, h.Company("globex").Users[api.RoleHr])
	globex.Post(collection, map[string]any{"first_name": "Mira", "last_name": "Solheim", "external_id": "ats-1"}).Expect(http.StatusCreated)
}

func TestUpdate(t *testing.T) {
	t.Parallel()
	h := build(t)
	hr := h.as[api.RoleHr]
	created := hr.Post(collection, map[string]any{
		"first_name": "Mira", "last_name": "Solheim", "email": "mira@mail.example", "tags": []string{"a"}, "external_id": "ats-1",
	}).Expect(http.StatusCreated)
	place, tag := created.Header.Get("Location"), created.Header.Get("ETag")

	same := hr.Patch(place, map[string]any{"first_name": " Mira ", "email": "MIRA@mail.example", "tags": []string{"A"}}).Expect(http.StatusOK)
	if string(same.Body) != string(created.Body) || same.Header.Get("ETag") != tag {
		t.Errorf("a patch that changes nothing gives %s %s", same.Header.Get("ETag"), same.Body)
	}
	changed := hr.Do(http.MethodPatch, place, map[string]any{"email": nil, "phone": "+49 1", "tags": []string{}, "links": []string{"https://a.example"}},
		"Content-Type", "application/merge-patch+json", "If-Match", tag).Expect(http.StatusOK)
	got := testkit.Decode[api.Candidate](changed)
	if !got.Email.IsNull() || got.Phone.MustGet() != "+49 1" || len(got.Tags) != 0 || len(got.Links) != 1 || got.FirstName != "Mira" ||
		got.ExternalID.MustGet() != "ats-1" || !got.UpdatedAt.After(got.CreatedAt) || changed.Header.Get("ETag") == tag {
		t.Errorf("changed to %s", changed.Body)
	}
	hr.Do(http.MethodPatch, place, map[string]any{"phone": nil}, "If-Match", tag).Refused(http.StatusPreconditionFailed, "version_mismatch")
	hr.Do(http.MethodPatch, place, map[string]any{"phone": nil}, "If-Match", "*").Expect(http.StatusOK)
	hr.Get(place).Expect(http.StatusOK)
	present := hr.Get(place).Header.Get("ETag")
	hr.Do(http.MethodGet, place, nil, "If-None-Match", present).Expect(http.StatusNotModified)
	hr.Do(http.MethodGet, place, nil, "If-None-Match", tag).Expect(http.StatusOK)

	for _, body := range []string{`{}`, `{"first_name":null}`, `{"tags":null}`, `{"status":"archived"}`, `{"email":"x"}`} {
		hr.Patch(place, body).Refused(http.StatusBadRequest, "malformed_request")
	}
	problem := hr.Patch(place, map[string]any{"first_name": "\u2003", "links": []string{"https://:1"}}).Refused(422, "rule_violated")
	if len(problem.Errors) != 2 {
		t.Errorf("wrong is %+v", problem.Errors)
	}
	hr.Post(collection, map[string]any{"first_name": "Other", "last_name": "One", "external_id": "ats-2"}).Expect(http.StatusCreated)
	hr.Patch(place, map[string]any{"external_id": "ats-2"}).Refused(http.StatusConflict, "external_id_taken")
	for _, role := range []api.Role{api.RoleEmployee, api.RoleTeamLead} {
		h.as[role].Patch(place, map[string]any{"phone": nil}).Refused(http.StatusForbidden, "permission_denied")
	}
	hr.Post(place+"/archive", nil).Expect(http.StatusOK)
	hr.Patch(place, map[string]any{"source": "fair"}).Expect(http.StatusOK)

	want := []string{`{"changed": ["email", "phone", "links", "tags"]}`, `{"changed": ["phone"]}`, `{"changed": ["source"]}`}
	entries := h.audited("candidate.updated")
	for i, entry := range entries {
		if len(entries) != len(want) || !strings.HasSuffix(entry, want[i]) {
			t.Fatalf("audited %q, want %q", entries, want)
		}
	}
}

// TestConcurrentUpdates has everybody change another field; no change may be lost.
func TestConcurrentUpdates(t *testing.T) {
	t.Parallel()
	h := build(t)
	place := path(h.hiring.Candidate())
	changes := map[string]any{
		"phone": "+49 1", "location": "Oslo", "source": "fair", "external_id": "ats-9", "tags": []string{"a"}, "links": []string{"https://a.example"},
	}
	var wait sync.WaitGroup
	for name, value := range changes {
		wait.Go(func() { h.as[api.RoleHr].Patch(place, map[string]any{name: value}).Expect(http.StatusOK) })
	}
	wait.Wait()
	var got map[string]any
	h.as[api.RoleHr].Get(place).Into(&got)
	for name, want := range changes {
		a, _ := json.Marshal(got[name])
		b, _ := json.Marshal(want)
		if string(a) != string(b) {
			t.Errorf("%s is %s, want %s", name, a, b)
		}
	}
}

// TestVisibility goes through who may see whom: a team lead the candidates of their jobs, a panelist those whom they
// interview, and nobody else's; what is not seen looks exactly like what is not there.
func TestVisibility(t *testing.T) {
	t.Parallel()
	h := build(t)
	lead, employee := h.acme.Users[api.RoleTeamLead], h.acme.Users[api.RoleEmployee]
	ofJob, interviewed, both, nobodys := h.hiring.Candidate(), h.hiring.Candidate(), h.hiring.Candidate(), h.hiring.Candidate()
	own, other := h.hiring.Job(api.JobStatusOpen, lead, employee), h.hiring.Job(api.JobStatusOpen)
	_, version := h.hiring.KitVersion(api.KitVersionStatusPublished)
	h.hiring.Application(ofJob, own, api.ApplicationStageScreening)
	h.hiring.Interview(h.hiring.Application(interviewed, other, api.ApplicationStageInterview), version, api.InterviewStatusScheduled, employee, lead)
	h.hiring.Interview(h.hiring.Application(both, own, api.ApplicationStageInterview), version, api.InterviewStatusScheduled, employee)
	h.hiring.Application(both, other, api.ApplicationStageApplied)
	h.hiring.Application(nobodys, other, api.ApplicationStageApplied)
	globex := h.Company("globex")
	abroad := h.Hiring(globex).Candidate()

	managed := "[update apply]"
	for role, sees := range map[api.Role]map[uuid.UUID]string{
		api.RoleEmployee: {interviewed: "[]", both: "[]"},
		api.RoleTeamLead: {ofJob: "[]", interviewed: "[]", both: "[]"},
		api.RoleHr:       {ofJob: managed, interviewed: managed, both: managed, nobodys: managed},
		api.RoleAdmin:    {ofJob: managed, interviewed: managed, both: managed, nobodys: managed},
	} {
		listed := testkit.Decode[api.CandidatePage](h.as[role].Get(collection).Expect(http.StatusOK)).Data
		if len(listed) != len(sees) {
			t.Errorf("%s is listed %d candidates, want %d", role, len(listed), len(sees))
		}
		absent := strings.Replace(string(h.as[role].Get(path(uuid.Nil)).Expect(http.StatusNotFound).Body), uuid.Nil.String(), "?", 1)
		for _, id := range []uuid.UUID{ofJob, interviewed, both, nobodys, abroad} {
			answer := h.as[role].Get(path(id))
			actions, visible := sees[id]
			if !visible {
				answer.Refused(http.StatusNotFound, "not_found")
				if got := strings.Replace(string(answer.Body), id.String(), "?", 1); scrubbed(got) != scrubbed(absent) {
					t.Errorf("%s is told of what they may not see: %s, else %s", role, got, absent)
				}
				continue
			}
			got := testkit.Decode[api.Candidate](answer.Expect(http.StatusOK))
			if fmt.Sprint(got.AllowedActions) != actions {
				t.Errorf("%s may do %v, want %s", role, got.AllowedActions, actions)
			}
			if !slices.ContainsFunc(listed, func(c api.Candidate) bool { return reflect.DeepEqual(c, got) }) {
				t.Errorf("%s reads %+v, which is not in their list", role, got)
			}
		}
	}
	for _, role := range []api.Role{api.RoleHr, api.RoleAdmin} {
		for _, id := range []uuid.UUID{abroad, uuid.Nil} {
			h.as[role].Patch(path(id), map[string]any{"phone": nil}).Refused(http.StatusNotFound, "not_found")
			h.as[role].Post(path(id, "archive"), nil).Refused(http.StatusNotFound, "not_found")
			h.as[role].Post(path(id, "restore"), nil).Refused(http.StatusNotFound, "not_found")
		}
	}
}

// scrubbed is a problem without the id of its request.
func scrubbed(body string) string {
	before, after, _ := strings.Cut(body, `"request_id":"`)
	return before + after[min(36, len(after)):]
}
