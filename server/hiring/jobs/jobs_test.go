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

	"github.com/ai-interviewer-platform/interviewer/api/nullable"
	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/server/platform/clock/clocktest"
	"github.com/ai-interviewer-platform/interviewer/server/testkit"
)

const collection = "/api/v1/jobs"

// fixture is an installation with one replica and the company acme, in which a user of every role is signed in.
type fixture struct {
	*testkit.Installation
	*testkit.Hiring
	// clock only advances when a test advances it.
	clock   *clocktest.Clock
	replica *testkit.Replica
	acme    testkit.Company
	// as has the client of each role.
	as map[api.Role]*testkit.Client
}

func newFixture(t *testing.T) fixture {
	t.Helper()
	installation, stopped := testkit.New(t), clocktest.Stopped()
	installation.Clock = stopped.Source()
	acme := installation.Company("acme")
	f := fixture{
		installation, installation.Hiring(acme), stopped, installation.Replica(), acme, map[api.Role]*testkit.Client{},
	}
	for role, user := range acme.Users {
		f.as[role] = f.replica.SignIn(t, user)
	}
	return f
}

// in returns the fixture for a subtest: a failed request fails the subtest.
func (f fixture) in(t *testing.T) fixture {
	t.Helper()
	parent := f.as
	f.Installation, f.as = f.In(t), map[api.Role]*testkit.Client{}
	for role, client := range parent {
		f.as[role] = f.replica.Bearer(t, client.Token)
	}
	return f
}

func roles() []api.Role {
	return []api.Role{api.RoleEmployee, api.RoleTeamLead, api.RoleHr, api.RoleAdmin}
}

func path(id uuid.UUID, steps ...string) string {
	return strings.Join(append([]string{collection, id.String()}, steps...), "/")
}

// decodeJob expects status 200 and decodes the body.
func decodeJob(a *testkit.Answer) api.Job { return testkit.Decode[api.Job](a.Expect(http.StatusOK)) }

// auditEntries returns the audit entries of a job, oldest first.
func auditEntries(f fixture, id uuid.UUID) []api.AuditLog {
	query := "/api/v1/audit-logs?resource_type=job&sort=created_at&limit=200&resource_id=" + id.String()
	return testkit.Decode[api.AuditLogPage](f.as[api.RoleAdmin].Get(query).Expect(http.StatusOK)).Data
}

func TestCreate(t *testing.T) {
	t.Parallel()
	f := newFixture(t)

	answer := f.as[api.RoleHr].Post(collection, `{"title":" Senior Røbotics Engineer\u00a0","department":" Robotics ",
		"location":"Berlin","description":"Builds arms\n\tthat see.\n","external_id":"req 1042"}`).Expect(http.StatusCreated)
	created := testkit.Decode[api.Job](answer)

	// The texts are trimmed; the rest of the job has its initial values.
	want := api.Job{
		ID: created.ID, Title: "Senior Røbotics Engineer", Department: nullable.NewNullableWithValue("Robotics"),
		Location: nullable.NewNullableWithValue("Berlin"), Description: "Builds arms\n\tthat see.", Status: api.JobStatusDraft,
		ExternalID: nullable.NewNullableWithValue("req 1042"),
		OpenedAt:   nullable.NewNullNullable[time.Time](), ClosedAt: nullable.NewNullNullable[time.Time](),
		AllowedActions: []api.JobAction{api.JobActionUpdate, api.JobActionOpen, api.JobActionClose},
		CreatedAt:      f.clock.Now().UTC(), UpdatedAt: f.clock.Now().UTC(),
	}
	if !reflect.DeepEqual(created, want) {
		t.Errorf("created\n%+v, want\n%+v", created, want)
	}

	// The Location leads to the same representation.
	if got := answer.Header.Get("Location"); got != path(created.ID) {
		t.Errorf("got Location %q, want %q", got, path(created.ID))
	}
	read := f.as[api.RoleAdmin].Get(answer.Header.Get("Location")).Expect(http.StatusOK)
	if string(read.Body) != string(answer.Body) || read.Header.Get("ETag") != answer.Header.Get("ETag") {
		t.Errorf("created %s %s, read %s %s", answer.Header.Get("ETag"), answer.Body, read.Header.Get("ETag"), read.Body)
	}

	entries := auditEntries(f, created.ID)
	hr := f.acme.Users[api.RoleHr].ID
	if len(entries) != 1 || entries[0].Action != "job.created" || entries[0].ActorID.MustGet() != hr {
		t.Fatalf("got audit entries %+v, want one job.created by %s", entries, hr)
	}
	changes := entries[0].Details["changes"].(map[string]any)
	title := map[string]any{"from": nil, "to": "Senior Røbotics Engineer"}
	if len(changes) != 6 || !reflect.DeepEqual(changes["title"], title) {
		t.Errorf("got recorded changes %+v, want 6 with title %+v", changes, title)
	}

	t.Run("title only", func(t *testing.T) {
		f := f.in(t)
		created := testkit.Decode[api.Job](f.as[api.RoleAdmin].Post(collection, `{"title":"Welder","department":null}`).
			Expect(http.StatusCreated))
		if !created.Department.IsNull() || !created.Location.IsNull() || created.Description != "" {
			t.Errorf("got %+v, want no department, location and description", created)
		}
	})
}

func TestCreateAndUpdateValidateTexts(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	draft := f.Job(api.JobStatusDraft)
	for name, want := range map[string]struct {
		body     string
		status   int
		pointers string
	}{
		"no title":                              {`{}`, 400, ""},
		"array":                                 {`[]`, 400, ""},
		"null title":                            {`{"title":null}`, 400, ""},
		"empty title":                           {`{"title":""}`, 400, ""},
		"title of a space":                      {`{"title":" "}`, 400, ""},
		"empty department":                      {`{"title":"x","department":""}`, 400, ""},
		"location of a space":                   {`{"title":"x","location":" "}`, 400, ""},
		"status":                                {`{"title":"x","status":"open"}`, 400, ""},
		"opened_at":                             {`{"title":"x","opened_at":null}`, 400, ""},
		"title in two cases":                    {`{"title":"x","Title":"y"}`, 400, ""},
		"title of 201 letters":                  {`{"title":"` + textOfLength(201) + `"}`, 400, ""},
		"description of 20001 letters":          {`{"title":"x","description":"` + textOfLength(20001) + `"}`, 400, ""},
		"title of a no-break space":             {`{"title":"\u00a0"}`, 422, "/title"},
		"line break in the title":               {`{"title":"a\nb"}`, 422, "/title"},
		"NUL in the title":                      {`{"title":"x\u0000"}`, 422, "/title"},
		"direction override in the description": {`{"title":"x","description":"\u202e"}`, 422, "/description"},
		"errors in all texts": {
			`{"title":"\u2003","department":"\u00a0","location":"a\u0007b","description":"a\u001bb"}`,
			422, "/title /department /location /description",
		},
	} {
		t.Run(name, func(t *testing.T) {
			f := f.in(t)
			for _, answer := range []*testkit.Answer{
				f.as[api.RoleHr].Post(collection, want.body), f.as[api.RoleHr].Patch(path(draft), want.body),
			} {
				if answer.Status != want.status {
					t.Errorf("%s: got %d, want %d: %s", answer.Request.Method, answer.Status, want.status, answer.Body)
				}
				if want.status == http.StatusUnprocessableEntity {
					if got := pointers(answer.Refused(want.status, "rule_violated")); got != want.pointers {
						t.Errorf("%s: got errors at %q, want %q", answer.Request.Method, got, want.pointers)
					}
				}
			}
		})
	}

	t.Run("longest texts", func(t *testing.T) {
		f := f.in(t)
		longest := fmt.Sprintf(`{"title":%q,"department":%q,"location":%q,"description":%q}`,
			textOfLength(200), textOfLength(100), textOfLength(200), textOfLength(20000))
		f.as[api.RoleHr].Post(collection, longest).Expect(http.StatusCreated)
		f.as[api.RoleHr].Patch(path(f.Job(api.JobStatusDraft)), longest).Expect(http.StatusOK)
	})
}

// textOfLength returns a text of n characters, each of which has two bytes.
func textOfLength(n int) string { return strings.Repeat("é", n) }

// pointers returns the pointers of a problem's errors, separated by spaces.
func pointers(p api.Problem) string {
	var found []string
	for _, e := range p.Errors {
		found = append(found, *e.Pointer)
	}
	return strings.Join(found, " ")
}

func TestUpdateAppliesMergePatch(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	target, hr := path(f.Job(api.JobStatusOpen)), f.as[api.RoleHr]
	patched := func(body string) api.Job { t.Helper(); return decodeJob(hr.Patch(target, body)) }

	// Each patch changes its own members and keeps the others.
	if j := patched(`{"department":" Sales ","location":"Oslo"}`); j.Department.MustGet() != "Sales" || j.Title != "Job 1" {
		t.Errorf("after setting the department: %+v", j)
	}
	if j := patched(`{"title":"Welder","description":"Welds."}`); j.Title != "Welder" || j.Location.MustGet() != "Oslo" {
		t.Errorf("after setting the title: %+v", j)
	}
	j := patched(`{"department":null}`)
	if !j.Department.IsNull() || j.Location.MustGet() != "Oslo" || j.Description != "Welds." {
		t.Errorf("after clearing the department: %+v", j)
	}
	f.clock.Advance(time.Minute)
	hr.Do(http.MethodPatch, target, `{"description":"  "}`, "Content-Type", "application/merge-patch+json").
		Expect(http.StatusOK)
	last := decodeJob(hr.Get(target))
	if last.Description != "" || last.Status != api.JobStatusOpen || !last.UpdatedAt.Equal(f.clock.Now()) {
		t.Errorf("after clearing the description: %+v", last)
	}

	entries := auditEntries(f, last.ID)
	if len(entries) != 4 {
		t.Fatalf("got audit entries %+v, want 4", entries)
	}
	want := map[string]any{"description": map[string]any{"from": "Welds.", "to": ""}}
	if got := entries[3].Details["changes"]; entries[3].Action != "job.updated" || !reflect.DeepEqual(got, want) {
		t.Errorf("got %s with %+v, want job.updated with %+v", entries[3].Action, got, want)
	}
}

func TestETagChangesWithVersion(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	target, hr := path(f.Job(api.JobStatusDraft)), f.as[api.RoleHr]
	first := hr.Get(target).Expect(http.StatusOK).Header.Get("ETag")
	hr.Do(http.MethodGet, target, nil, "If-None-Match", first).Expect(http.StatusNotModified)

	// A patch that changes nothing keeps the version and is not recorded.
	f.clock.Advance(time.Minute)
	same := hr.Do(http.MethodPatch, target, `{"title":" Job 1 ","location":null}`, "If-Match", first).
		Expect(http.StatusOK)
	if got := same.Header.Get("ETag"); got != first || decodeJob(same).UpdatedAt.Equal(f.clock.Now()) {
		t.Errorf("an empty patch changed the ETag from %s to %s: %s", first, got, same.Body)
	}
	if entries := auditEntries(f, decodeJob(same).ID); len(entries) != 0 {
		t.Errorf("an empty patch is in the audit log: %+v", entries)
	}

	// A patch and an action change it, and then the old ETag no longer matches.
	second := hr.Do(http.MethodPatch, target, `{"title":"Welder"}`, "If-Match", first).
		Expect(http.StatusOK).Header.Get("ETag")
	hr.Do(http.MethodPatch, target, `{"title":"Other"}`, "If-Match", first).
		Refused(http.StatusPreconditionFailed, "version_mismatch")
	hr.Do(http.MethodGet, target, nil, "If-None-Match", first).Expect(http.StatusOK)
	opened := hr.Post(target+"/open", nil).Expect(http.StatusOK).Header.Get("ETag")
	if first == second || second == opened {
		t.Errorf("got ETags %s, %s and %s, want each to differ from the previous one", first, second, opened)
	}
	hr.Do(http.MethodPatch, target, `{"title":"Other"}`, "If-Match", second).Expect(http.StatusPreconditionFailed)
	hr.Do(http.MethodPatch, target, `{"title":"Other"}`, "If-Match", "*").Expect(http.StatusOK)

	// The ETag covers the allowed actions, which depend on the role.
	lead := f.as[api.RoleTeamLead].Get(target).Header.Get("ETag")
	if got := hr.Get(target).Header.Get("ETag"); got == lead {
		t.Errorf("HR and the team lead, whose allowed actions differ, have the same ETag %s", got)
	}
}

// TestConcurrentPatchesOneSucceeds sends patches with the same If-Match.
func TestConcurrentPatchesOneSucceeds(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	target := path(f.Job(api.JobStatusDraft))
	version := f.as[api.RoleHr].Get(target).Expect(http.StatusOK).Header.Get("ETag")
	statuses := make([]int, 8)
	var all sync.WaitGroup
	for i := range statuses {
		all.Go(func() {
			body := fmt.Sprintf(`{"title":"N%d"}`, i)
			statuses[i] = f.as[api.RoleHr].Do(http.MethodPatch, target, body, "If-Match", version).Status
		})
	}
	all.Wait()
	slices.Sort(statuses)
	want := append([]int{http.StatusOK}, slices.Repeat([]int{http.StatusPreconditionFailed}, 7)...)
	if !slices.Equal(statuses, want) {
		t.Errorf("got statuses %v, want %v", statuses, want)
	}
}

// TestPermissionsByRole requests, as every role, jobs of which the user is a member, jobs for which they are a
// panelist, jobs that are unrelated to them, and jobs of another company.
func TestPermissionsByRole(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	globex := f.Company("globex")
	foreignJob := f.Installation.Hiring(globex).Job(api.JobStatusOpen, globex.Users[api.RoleEmployee])
	_, version := f.KitVersion(api.KitVersionStatusPublished)
	for _, role := range roles() {
		t.Run(string(role), func(t *testing.T) {
			f := f.in(t)
			client, self := f.as[role], f.acme.Users[role]
			member, panelist, unrelated := f.Job(api.JobStatusOpen, self), f.Job(api.JobStatusOpen), f.Job(api.JobStatusOpen)
			application := f.Application(f.Candidate(), panelist, api.ApplicationStageInterview)
			f.Interview(application, version, api.InterviewStatusScheduled, self)
			manages := role == api.RoleHr || role == api.RoleAdmin

			// Jobs of the company: only employees depend on their relation to the job.
			for id, visible := range map[uuid.UUID]bool{member: true, panelist: true, unrelated: role != api.RoleEmployee} {
				for _, target := range []string{path(id), path(id, "members")} {
					if visible {
						client.Get(target).Expect(http.StatusOK)
					} else {
						client.Get(target).Refused(http.StatusNotFound, "not_found")
					}
				}
				if visible {
					if actions := decodeJob(client.Get(path(id))).AllowedActions; manages != (len(actions) > 0) {
						t.Errorf("got allowed actions %v, want some: %t", actions, manages)
					}
				}
			}

			// Jobs of another company: the responses are the same as for a job that does not exist.
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
				request := func(id uuid.UUID) *testkit.Answer {
					var body any
					if target.body != "" {
						body = target.body
					}
					return client.Do(target.method, strings.TrimSuffix(path(id, target.step), "/"), body)
				}
				if target.method == "GET" {
					foreign := request(foreignJob).Refused(404, "not_found")
					random := request(uuid.Must(uuid.NewV7())).Refused(404, "not_found")
					foreign.Instance, foreign.RequestID = random.Instance, random.RequestID
					if !reflect.DeepEqual(foreign, random) {
						t.Errorf("got %+v for another company's id, want %+v as for a random id", foreign, random)
					}
					continue
				}
				request(foreignJob).Refused(status, code)
				request(uuid.Must(uuid.NewV7())).Refused(status, code)
			}
		})
	}
}
