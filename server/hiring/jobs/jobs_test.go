package jobs_test

import (
	"fmt"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/oapi-codegen/nullable"

	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/server/platform/clock/clocktest"
	"github.com/ai-interviewer-platform/interviewer/server/testkit"
)

const collection = "/api/v1/jobs"

// house is an installation with a company, its people signed in, and one replica whose clock stands still.
type house struct {
	*testkit.Installation
	*testkit.Hiring
	clock   *clocktest.Clock
	replica *testkit.Replica
	acme    testkit.Company
	as      map[api.Role]*testkit.Client
}

func build(t *testing.T) house {
	t.Helper()
	installation, stopped := testkit.New(t), clocktest.Stopped()
	installation.Clock = stopped.Source()
	acme := installation.Company("acme")
	h := house{
		installation, installation.Hiring(acme), stopped, installation.Replica(), acme, map[api.Role]*testkit.Client{},
	}
	for role, user := range acme.Users {
		h.as[role] = h.replica.SignIn(t, user)
	}
	return h
}

func roles() []api.Role {
	return []api.Role{api.RoleEmployee, api.RoleTeamLead, api.RoleHr, api.RoleAdmin}
}

func path(id uuid.UUID, steps ...string) string {
	return strings.Join(append([]string{collection, id.String()}, steps...), "/")
}

func job(a *testkit.Answer) api.Job { return testkit.Decode[api.Job](a.Expect(http.StatusOK)) }

// recorded are the audit entries of a job, the oldest first, as the admin reads them.
func recorded(h house, id uuid.UUID) []api.AuditLog {
	query := "/api/v1/audit-logs?resource_type=job&sort=created_at&limit=200&resource_id=" + id.String()
	return testkit.Decode[api.AuditLogPage](h.as[api.RoleAdmin].Get(query).Expect(http.StatusOK)).Data
}

func TestCreate(t *testing.T) {
	t.Parallel()
	h := build(t)
	answer := h.as[api.RoleHr].Post(collection, `{"title":" Senior Røbotics Engineer\u00a0","department":" Robotics ","location":"Berlin",
		"description":"Builds arms\n\tthat see.\n"}`).Expect(http.StatusCreated)
	created := testkit.Decode[api.Job](answer)
	want := api.Job{
		ID: created.ID, Title: "Senior Røbotics Engineer", Department: nullable.NewNullableWithValue("Robotics"),
		Location: nullable.NewNullableWithValue("Berlin"), Description: "Builds arms\n\tthat see.", Status: api.JobStatusDraft,
		OpenedAt: nullable.NewNullNullable[time.Time](), ClosedAt: nullable.NewNullNullable[time.Time](),
		AllowedActions: []api.JobAction{api.JobActionUpdate, api.JobActionOpen, api.JobActionClose},
		CreatedAt:      h.clock.Now().UTC(), UpdatedAt: h.clock.Now().UTC(),
	}
	if !reflect.DeepEqual(created, want) {
		t.Errorf("created\n%+v, want\n%+v", created, want)
	}
	if got := answer.Header.Get("Location"); got != path(created.ID) {
		t.Errorf("Location is %q", got)
	}
	read := h.as[api.RoleAdmin].Get(answer.Header.Get("Location")).Expect(http.StatusOK)
	if string(read.Body) != string(answer.Body) || read.Header.Get("ETag") != answer.Header.Get("ETag") {
		t.Errorf("created %s %s, read %s %s", answer.Header.Get("ETag"), answer.Body, read.Header.Get("ETag"), read.Body)
	}
	least := testkit.Decode[api.Job](h.as[api.RoleAdmin].Post(collection, `{"title":"Welder","department":null}`).
		Expect(http.StatusCreated))
	if !least.Department.IsNull() || !least.Location.IsNull() || least.Description != "" {
		t.Errorf("created %+v", least)
	}
	entries := recorded(h, created.ID)
	if len(entries) != 1 || entries[0].Action != "job.created" || entries[0].ActorID.MustGet() != h.acme.Users[api.RoleHr].ID {
		t.Fatalf("recorded %+v", entries)
	}
	changes := entries[0].Details["changes"].(map[string]any)
	title := map[string]any{"from": nil, "to": "Senior Røbotics Engineer"}
	if len(changes) != 5 || !reflect.DeepEqual(changes["title"], title) {
		t.Errorf("recorded %+v", changes)
	}
}

func TestCreateAndUpdateRefuse(t *testing.T) {
	t.Parallel()
	h := build(t)
	draft := h.Job(api.JobStatusDraft)
	for body, want := range map[string]struct {
		status   int
		pointers string
	}{
		`{}`:                               {400, ""},
		`[]`:                               {400, ""},
		`{"title":null}`:                   {400, ""},
		`{"title":""}`:                     {400, ""},
		`{"title":" "}`:                    {400, ""},
		`{"title":"x","department":""}`:    {400, ""},
		`{"title":"x","location":" "}`:     {400, ""},
		`{"title":"x","description":null}`: {400, ""},
		`{"title":"x","status":"open"}`:    {400, ""},
		`{"title":"x","opened_at":null}`:   {400, ""},
		`{"title":"x","Title":"y"}`:        {400, ""},
		`{"title":"` + long(201) + `"}`:    {400, ""},
		`{"title":"x","description":"` + long(20001) + `"}`: {400, ""},
		`{"title":"\u00a0"}`:                   {422, "/title"},
		`{"title":"a\nb"}`:                     {422, "/title"},
		`{"title":"x\u0000"}`:                  {422, "/title"},
		`{"title":"x","description":"\u202e"}`: {422, "/description"},
		`{"title":"\u2003","department":"\u00a0","location":"a\u0007b","description":"a\u001bb"}`: {422, "/title /department /location /description"},
	} {
		for _, answer := range []*testkit.Answer{
			h.as[api.RoleHr].Post(collection, body), h.as[api.RoleHr].Patch(path(draft), body),
		} {
			if answer.Status != want.status {
				t.Errorf("%s %s: %d, want %d: %s", answer.Request.Method, body, answer.Status, want.status, answer.Body)
			}
			if want.status == http.StatusUnprocessableEntity {
				if got := pointers(answer.Refused(want.status, "rule_violated")); got != want.pointers {
					t.Errorf("%s %s: wrong is %q, want %q", answer.Request.Method, body, got, want.pointers)
				}
			}
		}
	}
	longest := fmt.Sprintf(`{"title":%q,"department":%q,"location":%q,"description":%q}`, long(200), long(100), long(200), long(20000))
	h.as[api.RoleHr].Post(collection, longest).Expect(http.StatusCreated)
	h.as[api.RoleHr].Patch(path(draft), longest).Expect(http.StatusOK)
}

func long(n int) string { return strings.Repeat("é", n) }

func pointers(p api.Problem) string {
	var found []string
	for _, e := range p.Errors {
		found = append(found, *e.Pointer)
	}
	return strings.Join(found, " ")
}

func TestPatchMerges(t *testing.T) {
	t.Parallel()
	h := build(t)
	target, hr := path(h.Job(api.JobStatusOpen)), h.as[api.RoleHr]
	patched := func(body string) api.Job { t.Helper(); return job(hr.Patch(target, body)) }
	if j := patched(`{"department":" Sales ","location":"Oslo"}`); j.Department.MustGet() != "Sales" || j.Title != "Job 1" {
		t.Errorf("after setting the department: %+v", j)
	}
	if j := patched(`{"title":"Welder","description":"Welds."}`); j.Title != "Welder" || j.Location.MustGet() != "Oslo" {
		t.Errorf("after setting the title: %+v", j)
	}
	if j := patched(`{"department":null}`); !j.Department.IsNull() || j.Location.MustGet() != "Oslo" || j.Description != "Welds." {
		t.Errorf("after clearing the department: %+v", j)
	}
	h.clock.Advance(time.Minute)
	hr.Do(http.MethodPatch, target, `{"description":"  "}`, "Content-Type", "application/merge-patch+json").Expect(http.StatusOK)
	last := job(hr.Get(target))
	if last.Description != "" || last.Status != api.JobStatusOpen || !last.UpdatedAt.Equal(h.clock.Now()) {
		t.Errorf("at last %+v", last)
	}
	entries := recorded(h, last.ID)
	if len(entries) != 4 {
		t.Fatalf("recorded %+v", entries)
	}
	want := map[string]any{"description": map[string]any{"from": "Welds.", "to": ""}}
	if got := entries[3].Details["changes"]; entries[3].Action != "job.updated" || !reflect.DeepEqual(got, want) {
		t.Errorf("recorded %s %+v", entries[3].Action, got)
	}
}

func TestVersions(t *testing.T) {
	t.Parallel()
	h := build(t)
	target, hr := path(h.Job(api.JobStatusDraft)), h.as[api.RoleHr]
	first := hr.Get(target).Expect(http.StatusOK).Header.Get("ETag")
	hr.Do(http.MethodGet, target, nil, "If-None-Match", first).Expect(http.StatusNotModified)

	h.clock.Advance(time.Minute)
	same := hr.Do(http.MethodPatch, target, `{"title":" Job 1 ","location":null}`, "If-Match", first).Expect(http.StatusOK)
	if got := same.Header.Get("ETag"); got != first || job(same).UpdatedAt.Equal(h.clock.Now()) {
		t.Errorf("an empty change made %s of %s: %s", got, first, same.Body)
	}
	if entries := recorded(h, job(same).ID); len(entries) != 0 {
		t.Errorf("an empty change is recorded: %+v", entries)
	}
	second := hr.Do(http.MethodPatch, target, `{"title":"Welder"}`, "If-Match", first).Expect(http.StatusOK).Header.Get("ETag")
	hr.Do(http.MethodPatch, target, `{"title":"Other"}`, "If-Match", first).Refused(http.StatusPreconditionFailed, "version_mismatch")
	hr.Do(http.MethodGet, target, nil, "If-None-Match", first).Expect(http.StatusOK)
	opened := hr.Post(target+"/open", nil).Expect(http.StatusOK).Header.Get("ETag")
	if first == second || second == opened {
		t.Errorf("the tags are %s, %s, %s", first, second, opened)
	}
	hr.Do(http.MethodPatch, target, `{"title":"Other"}`, "If-Match", second).Expect(http.StatusPreconditionFailed)
	hr.Do(http.MethodPatch, target, `{"title":"Other"}`, "If-Match", "*").Expect(http.StatusOK)

	// A tag names what its reader sees: who may do more sees another representation.
	if hr, lead := hr.Get(target).Header.Get("ETag"), h.as[api.RoleTeamLead].Get(target).Header.Get("ETag"); hr == lead {
		t.Errorf("hr and the team lead, who may do different things, share the tag %s", hr)
	}
}

// TestOneOfManyPatchesWins sends patches that are all based on the same version.
func TestOneOfManyPatchesWins(t *testing.T) {
	t.Parallel()
	h := build(t)
	target := path(h.Job(api.JobStatusDraft))
	version := h.as[api.RoleHr].Get(target).Expect(http.StatusOK).Header.Get("ETag")
	statuses := make([]int, 8)
	var all sync.WaitGroup
	for i := range statuses {
		all.Go(func() {
			statuses[i] = h.as[api.RoleHr].Do(http.MethodPatch, target, fmt.Sprintf(`{"title":"N%d"}`, i), "If-Match", version).Status
		})
	}
	all.Wait()
	slices.Sort(statuses)
	if want := append([]int{http.StatusOK}, slices.Repeat([]int{http.StatusPreconditionFailed}, 7)...); !slices.Equal(statuses, want) {
		t.Errorf("the patches were answered by %v", statuses)
	}
}

// TestWhoSeesAndDoesWhat asks as every role for jobs that they are a member of, that they interview for, and that they
// have nothing to do with, and as strangers.
func TestWhoSeesAndDoesWhat(t *testing.T) {
	t.Parallel()
	h := build(t)
	globex := h.Company("globex")
	theirs := h.Installation.Hiring(globex).Job(api.JobStatusOpen, globex.Users[api.RoleEmployee])
	_, version := h.KitVersion(api.KitVersionStatusPublished)
	for _, role := range roles() {
		client, self := h.as[role], h.acme.Users[role]
		member, panelist, nothing := h.Job(api.JobStatusOpen, self), h.Job(api.JobStatusOpen), h.Job(api.JobStatusOpen)
		application := h.Application(h.Candidate(), panelist, api.ApplicationStageInterview)
		h.Interview(application, version, api.InterviewStatusScheduled, self)
		manages := role == api.RoleHr || role == api.RoleAdmin
		for id, seen := range map[uuid.UUID]bool{member: true, panelist: true, nothing: role != api.RoleEmployee} {
			for _, target := range []string{path(id), path(id, "members")} {
				if seen {
					client.Get(target).Expect(http.StatusOK)
				} else {
					client.Get(target).Refused(http.StatusNotFound, "not_found")
				}
			}
			if seen {
				if actions := job(client.Get(path(id))).AllowedActions; manages != (len(actions) > 0) {
					t.Errorf("%s may %v", role, actions)
				}
			}
		}
		status, code := http.StatusForbidden, "permission_denied"
		if manages {
			status, code = http.StatusNotFound, "not_found"
		}
		for _, target := range []struct{ method, step, body string }{
			{"GET", "", ""},
			{"GET", "members", ""},
			{"PATCH", "", `{"title":"X"}`},
			{"POST", "open", ""},
			{"POST", "hold", ""},
			{"POST", "close", ""},
			{"PUT", "members/" + self.ID.String(), `{"role":"recruiter"}`},
			{"DELETE", "members/" + self.ID.String(), ""},
		} {
			ask := func(id uuid.UUID) *testkit.Answer {
				var body any
				if target.body != "" {
					body = target.body
				}
				return client.Do(target.method, strings.TrimSuffix(path(id, target.step), "/"), body)
			}
			if target.method == "GET" {
				foreign, random := ask(theirs).Refused(404, "not_found"), ask(uuid.Must(uuid.NewV7())).Refused(404, "not_found")
				foreign.Instance, foreign.RequestID = random.Instance, random.RequestID
				if !reflect.DeepEqual(foreign, random) {
					t.Errorf("%s: a foreign id %+v is told from a random one %+v", role, foreign, random)
				}
				continue
			}
			ask(theirs).Refused(status, code)
			ask(uuid.Must(uuid.NewV7())).Refused(status, code)
		}
	}
}
