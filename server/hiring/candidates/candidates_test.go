package candidates_test

import (
	"fmt"
	"maps"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/server/testkit"
)

const collection = "/api/v1/candidates"

// fixture is an installation with one replica and the company acme, in which a user of every role is signed in.
type fixture struct {
	*testkit.Installation
	t       *testing.T
	replica *testkit.Replica
	acme    testkit.Company
	hiring  *testkit.Hiring
	// as has the client of each role.
	as map[api.Role]*testkit.Client
}

func newFixture(t *testing.T) fixture {
	t.Helper()
	installation := testkit.New(t)
	acme := installation.Company("acme")
	f := fixture{installation, t, installation.Replica(), acme, installation.Hiring(acme), map[api.Role]*testkit.Client{}}
	for role, user := range f.acme.Users {
		f.as[role] = f.replica.SignIn(t, user)
	}
	return f
}

// in returns the fixture for a subtest: a failed request fails the subtest.
func (f fixture) in(t *testing.T) fixture {
	t.Helper()
	parent := f.as
	f.t, f.Installation, f.as = t, f.In(t), map[api.Role]*testkit.Client{}
	for role, client := range parent {
		f.as[role] = f.replica.Bearer(t, client.Token)
	}
	return f
}

func path(id uuid.UUID, action ...string) string {
	return strings.Join(append([]string{collection, id.String()}, action...), "/")
}

// auditEntries returns the entries of an action as "role candidate details", oldest first. The candidate is - for an
// action on several candidates.
func (f fixture) auditEntries(action string) []string {
	f.t.Helper()
	return f.queryTexts(`
		SELECT concat_ws(' ', u.role, coalesce(l.resource_id::text, '-'), l.details)
		FROM audit_logs AS l JOIN users AS u ON u.id = l.actor_id
		WHERE l.action = $1 AND l.resource_type = 'candidate' ORDER BY l.id`, action)
}

// queryTexts runs a query and returns its only column. The result is not nil.
func (f fixture) queryTexts(sql string, args ...any) []string {
	f.t.Helper()
	rows, err := f.Database.Query(f.t.Context(), sql, args...)
	if err != nil {
		f.t.Fatal(err)
	}
	texts, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		f.t.Fatal(err)
	}
	return texts
}

func TestCreate(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	answer := f.as[api.RoleHr].Post(collection, map[string]any{
		"first_name": " Mira ", "last_name": "Solheim\u00a0", "email": "Mira.SOLHEIM@Mail.example",
		"phone": " +49 30 1 ", "location": "Oslo ", "links": []string{"https://profiles.example/mira"},
		"tags": []string{"ROS2", "robotics", "ros2"}, "source": " referral", "external_id": "ats-1",
	}).Expect(http.StatusCreated)

	// Texts are trimmed, the email address and tags are in lower case, and repeated tags are removed.
	var created map[string]any
	answer.Into(&created)
	id := uuid.MustParse(created["id"].(string))
	want := map[string]any{
		"id": id.String(), "first_name": "Mira", "last_name": "Solheim", "email": "mira.solheim@mail.example",
		"phone": "+49 30 1", "location": "Oslo", "links": []any{"https://profiles.example/mira"},
		"tags": []any{"ros2", "robotics"}, "source": "referral", "external_id": "ats-1", "status": "active",
		"allowed_actions": []any{"update", "apply", "archive"},
		"created_at":      created["created_at"], "updated_at": created["created_at"],
	}
	if !reflect.DeepEqual(created, want) {
		t.Errorf("created %v, want %v", created, want)
	}

	// The Location leads to the same representation.
	if id.Version() != 7 || answer.Header.Get("Location") != path(id) {
		t.Errorf("got id %s and Location %q, want a UUID of version 7 and %q", id, answer.Header.Get("Location"), path(id))
	}
	read := f.as[api.RoleAdmin].Get(path(id)).Expect(http.StatusOK)
	if string(read.Body) != string(answer.Body) || read.Header.Get("ETag") != answer.Header.Get("ETag") {
		t.Errorf("created %s %s, read %s %s", answer.Header.Get("ETag"), answer.Body, read.Header.Get("ETag"), read.Body)
	}

	entries := []string{
		`hr ` + id.String() + ` {"changed": ["first_name", "last_name", "email", "phone", "location", "links", ` +
			`"tags", "source", "external_id"]}`,
	}
	if got := f.auditEntries("candidate.created"); !slices.Equal(got, entries) {
		t.Errorf("got audit entries %q, want %q", got, entries)
	}

	t.Run("names only", func(t *testing.T) {
		f := f.in(t)
		var created map[string]any
		f.as[api.RoleAdmin].Post(collection, map[string]any{"first_name": "Nora", "last_name": "Lind"}).
			Expect(http.StatusCreated).Into(&created)
		for _, name := range []string{"email", "phone", "location", "source", "external_id"} {
			if value, present := created[name]; !present || value != nil {
				t.Errorf("got %s %v, present: %t; want null", name, value, present)
			}
		}
		for _, name := range []string{"links", "tags"} {
			if got := fmt.Sprint(created[name]); got != "[]" {
				t.Errorf("got %s %s, want []", name, got)
			}
		}
		want := `admin ` + created["id"].(string) + ` {"changed": ["first_name", "last_name"]}`
		if got := f.auditEntries("candidate.created"); len(got) != 2 || got[1] != want {
			t.Errorf("got audit entries %q, want %q as the second of 2", got, want)
		}
	})
}

func TestCreateRefusesInvalidCandidates(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.as[api.RoleHr].Post(collection, map[string]any{"first_name": "Taken", "last_name": "Id", "external_id": "ats-1"}).
		Expect(http.StatusCreated)
	numbered := func(n int, prefix string) []string {
		texts := make([]string, n)
		for i := range texts {
			texts[i] = prefix + fmt.Sprint(i)
		}
		return texts
	}
	for _, test := range []struct {
		name     string
		changes  map[string]any
		status   int
		code     string
		pointers string
	}{
		{"null first name", map[string]any{"first_name": nil}, 400, "malformed_request", "/first_name"},
		{"empty last name", map[string]any{"last_name": ""}, 400, "malformed_request", "/last_name"},
		{"long first name", map[string]any{"first_name": strings.Repeat("é", 101)}, 400, "malformed_request", "/first_name"},
		{"invalid email", map[string]any{"email": "mira"}, 400, "malformed_request", "/email"},
		{"short phone", map[string]any{"phone": "1"}, 400, "malformed_request", "/phone"},
		{"too many tags", map[string]any{"tags": numbered(51, "t")}, 400, "malformed_request", "/tags"},
		{"separator in a tag", map[string]any{"tags": []string{"a|b"}}, 400, "malformed_request", "/tags/0"},
		{"duplicate tags", map[string]any{"tags": []string{"a", "a"}}, 400, "malformed_request", "/tags"},
		{"too many links", map[string]any{"links": numbered(21, "https://a.example/")}, 400, "malformed_request", "/links"},
		{"link of another scheme", map[string]any{"links": []string{"ftp://a.example/x"}}, 400, "malformed_request", "/links/0"},
		{"space in the external id", map[string]any{"external_id": " x"}, 400, "malformed_request", "/external_id"},
		{"status", map[string]any{"status": "archived"}, 400, "malformed_request", "/status"},
		{"id", map[string]any{"id": uuid.New()}, 400, "malformed_request", "/id"},
		{
			"blank texts",
			map[string]any{"first_name": "\u2003", "location": "\u00a0", "tags": []string{"\u2003"}},
			422, "rule_violated", "/first_name /location /tags/0",
		},
		{"control character and invalid link", map[string]any{"last_name": "So\u202elheim", "links": []string{"https://"}}, 400, "malformed_request", "/links/0"},
		{
			"control characters and link without host",
			map[string]any{"last_name": "So\u202elheim", "links": []string{"https://:1"}, "source": "a\nb"},
			422, "rule_violated", "/last_name /links/0 /source",
		},
		{"used external id", map[string]any{"external_id": "ats-1"}, 409, "external_id_taken", "/external_id"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			f := f.in(t)
			body := map[string]any{"first_name": "Mira", "last_name": "Solheim"}
			maps.Copy(body, test.changes)
			problem := f.as[api.RoleHr].Post(collection, body).Refused(test.status, test.code)
			var pointers []string
			for _, e := range problem.Errors {
				if !slices.Contains(pointers, *e.Pointer) {
					pointers = append(pointers, *e.Pointer)
				}
			}
			if got := strings.Join(pointers, " "); got != test.pointers {
				t.Errorf("%v: got errors at %q, want %q", test.changes, got, test.pointers)
			}
		})
	}

	t.Run("without permission", func(t *testing.T) {
		t.Parallel()
		f := f.in(t)
		for _, role := range []api.Role{api.RoleEmployee, api.RoleTeamLead} {
			f.as[role].Post(collection, map[string]any{"first_name": "Mira", "last_name": "Solheim"}).
				Refused(http.StatusForbidden, "permission_denied")
		}
	})

	t.Run("external_id of another company", func(t *testing.T) {
		t.Parallel()
		f := f.in(t)
		globex := f.replica.SignIn(t, f.Company("globex").Users[api.RoleHr])
		globex.Post(collection, map[string]any{"first_name": "Mira", "last_name": "Solheim", "external_id": "ats-1"}).
			Expect(http.StatusCreated)
	})
}

func TestUpdate(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	hr := f.as[api.RoleHr]
	created := hr.Post(collection, map[string]any{
		"first_name": "Mira", "last_name": "Solheim", "email": "mira@mail.example", "tags": []string{"a"},
		"external_id": "ats-1",
	}).Expect(http.StatusCreated)
	location, first := created.Header.Get("Location"), created.Header.Get("ETag")

	// A patch that changes nothing keeps the version.
	same := hr.Patch(location, map[string]any{
		"first_name": " Mira ", "email": "MIRA@mail.example", "tags": []string{"A"},
	}).Expect(http.StatusOK)
	if string(same.Body) != string(created.Body) || same.Header.Get("ETag") != first {
		t.Errorf("an empty patch returned %s %s, want %s %s", same.Header.Get("ETag"), same.Body, first, created.Body)
	}

	// A patch changes its members and keeps the others.
	changed := hr.Do(http.MethodPatch, location, map[string]any{
		"email": nil, "phone": "+49 1", "tags": []string{}, "links": []string{"https://a.example"},
	}, "Content-Type", "application/merge-patch+json", "If-Match", first).Expect(http.StatusOK)
	got := testkit.Decode[api.Candidate](changed)
	if !got.Email.IsNull() || got.Phone.MustGet() != "+49 1" || len(got.Tags) != 0 || len(got.Links) != 1 ||
		got.FirstName != "Mira" || got.ExternalID.MustGet() != "ats-1" || !got.UpdatedAt.After(got.CreatedAt) ||
		changed.Header.Get("ETag") == first {
		t.Errorf("changed to %s", changed.Body)
	}

	// The old ETag no longer matches.
	hr.Do(http.MethodPatch, location, map[string]any{"phone": nil}, "If-Match", first).
		Refused(http.StatusPreconditionFailed, "version_mismatch")
	hr.Do(http.MethodPatch, location, map[string]any{"phone": nil}, "If-Match", "*").Expect(http.StatusOK)
	current := hr.Get(location).Expect(http.StatusOK).Header.Get("ETag")
	hr.Do(http.MethodGet, location, nil, "If-None-Match", current).Expect(http.StatusNotModified)
	hr.Do(http.MethodGet, location, nil, "If-None-Match", first).Expect(http.StatusOK)

	// An archived candidate can be updated.
	hr.Post(location+"/archive", nil).Expect(http.StatusOK)
	hr.Patch(location, map[string]any{"source": "fair"}).Expect(http.StatusOK)

	want := []string{`{"changed": ["email", "phone", "links", "tags"]}`, `{"changed": ["phone"]}`, `{"changed": ["source"]}`}
	entries := f.auditEntries("candidate.updated")
	if !slices.EqualFunc(entries, want, strings.HasSuffix) {
		t.Errorf("got audit entries %q, want %q", entries, want)
	}

	t.Run("invalid patches", func(t *testing.T) {
		f := f.in(t)
		hr := f.as[api.RoleHr]
		location := path(f.hiring.Candidate())

		for _, body := range []string{`{}`, `{"first_name":null}`, `{"tags":null}`, `{"status":"archived"}`, `{"email":"x"}`} {
			hr.Patch(location, body).Refused(http.StatusBadRequest, "malformed_request")
		}
		problem := hr.Patch(location, map[string]any{"first_name": "\u2003", "links": []string{"https://:1"}}).
			Refused(http.StatusUnprocessableEntity, "rule_violated")
		if len(problem.Errors) != 2 {
			t.Errorf("got errors %+v, want 2", problem.Errors)
		}
		hr.Post(collection, map[string]any{"first_name": "Other", "last_name": "One", "external_id": "ats-2"}).
			Expect(http.StatusCreated)
		hr.Patch(location, map[string]any{"external_id": "ats-2"}).Refused(http.StatusConflict, "external_id_taken")
		for _, role := range []api.Role{api.RoleEmployee, api.RoleTeamLead} {
			f.as[role].Patch(location, map[string]any{"phone": nil}).Refused(http.StatusForbidden, "permission_denied")
		}
		if entries := f.auditEntries("candidate.updated"); len(entries) != len(want) {
			t.Errorf("got audit entries %q, want none for refused patches", entries)
		}
	})
}

// TestConcurrentUpdatesOfDifferentFields checks that no concurrent patch overwrites the field of another one.
func TestConcurrentUpdatesOfDifferentFields(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	location := path(f.hiring.Candidate())
	changes := map[string]any{
		"phone": "+49 1", "location": "Oslo", "source": "fair", "external_id": "ats-9", "tags": []any{"a"},
		"links": []any{"https://a.example"},
	}
	var all sync.WaitGroup
	for name, value := range changes {
		all.Go(func() { f.as[api.RoleHr].Patch(location, map[string]any{name: value}).Expect(http.StatusOK) })
	}
	all.Wait()
	var got map[string]any
	f.as[api.RoleHr].Get(location).Expect(http.StatusOK).Into(&got)
	for name, want := range changes {
		if !reflect.DeepEqual(got[name], want) {
			t.Errorf("%s is %v, want %v", name, got[name], want)
		}
	}
}

// TestVisibility checks which candidates each role sees: HR and admins all, team leads those of their jobs and of their
// interviews, employees those of their interviews. For all others, the response is the same as for an unknown id.
func TestVisibility(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	lead, employee := f.acme.Users[api.RoleTeamLead], f.acme.Users[api.RoleEmployee]
	own, other := f.hiring.Job(api.JobStatusOpen, lead, employee), f.hiring.Job(api.JobStatusOpen)
	_, version := f.hiring.KitVersion(api.KitVersionStatusPublished)

	ofJob, interviewed := f.hiring.Candidate(), f.hiring.Candidate()
	both, unrelated := f.hiring.Candidate(), f.hiring.Candidate()
	f.hiring.Application(ofJob, own, api.ApplicationStageScreening)
	application := f.hiring.Application(interviewed, other, api.ApplicationStageInterview)
	f.hiring.Interview(application, version, api.InterviewStatusScheduled, employee, lead)
	application = f.hiring.Application(both, own, api.ApplicationStageInterview)
	f.hiring.Interview(application, version, api.InterviewStatusScheduled, employee)
	f.hiring.Application(both, other, api.ApplicationStageApplied)
	f.hiring.Application(unrelated, other, api.ApplicationStageApplied)
	foreign := f.Hiring(f.Company("globex")).Candidate()

	managed := "[update apply]"
	for role, want := range map[api.Role]map[uuid.UUID]string{
		api.RoleEmployee: {interviewed: "[]", both: "[]"},
		api.RoleTeamLead: {ofJob: "[]", interviewed: "[]", both: "[]"},
		api.RoleHr:       {ofJob: managed, interviewed: managed, both: managed, unrelated: managed},
		api.RoleAdmin:    {ofJob: managed, interviewed: managed, both: managed, unrelated: managed},
	} {
		t.Run(string(role), func(t *testing.T) {
			t.Parallel()
			client := f.in(t).as[role]
			listed := testkit.Decode[api.CandidatePage](client.Get(collection).Expect(http.StatusOK)).Data
			if len(listed) != len(want) {
				t.Errorf("got %d candidates in the list, want %d", len(listed), len(want))
			}
			notFound := func(id uuid.UUID) string {
				answer := client.Get(path(id))
				answer.Refused(http.StatusNotFound, "not_found")
				return withoutRequestID(strings.Replace(string(answer.Body), id.String(), "?", 1))
			}
			for _, id := range []uuid.UUID{ofJob, interviewed, both, unrelated, foreign} {
				actions, visible := want[id]
				if !visible {
					if got, unknown := notFound(id), notFound(uuid.Nil); got != unknown {
						t.Errorf("got %s for an invisible candidate, want %s as for an unknown one", got, unknown)
					}
					continue
				}
				got := testkit.Decode[api.Candidate](client.Get(path(id)).Expect(http.StatusOK))
				if fmt.Sprint(got.AllowedActions) != actions {
					t.Errorf("got allowed actions %v, want %s", got.AllowedActions, actions)
				}
				if !slices.ContainsFunc(listed, func(c api.Candidate) bool { return reflect.DeepEqual(c, got) }) {
					t.Errorf("got %+v, which is not in the list", got)
				}
			}
		})
	}
	for _, role := range []api.Role{api.RoleHr, api.RoleAdmin} {
		t.Run(string(role), func(t *testing.T) {
			f := f.in(t)
			for _, id := range []uuid.UUID{foreign, uuid.Nil} {
				f.as[role].Patch(path(id), map[string]any{"phone": nil}).Refused(http.StatusNotFound, "not_found")
				f.as[role].Post(path(id, "archive"), nil).Refused(http.StatusNotFound, "not_found")
				f.as[role].Post(path(id, "restore"), nil).Refused(http.StatusNotFound, "not_found")
			}
		})
	}
}

// withoutRequestID returns the body of a problem without the id of its request.
func withoutRequestID(body string) string {
	before, after, _ := strings.Cut(body, `"request_id":"`)
	return before + after[min(36, len(after)):]
}
