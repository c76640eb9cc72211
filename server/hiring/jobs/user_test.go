package jobs_test

import (
	"fmt"
	"net/http"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/server/testkit"
)

func jobsOf(user uuid.UUID) string { return "/api/v1/users/" + user.String() + "/jobs" }

// decodeUserJobs expects status 200 and decodes the body.
func decodeUserJobs(a *testkit.Answer) api.UserJobPage {
	return testkit.Decode[api.UserJobPage](a.Expect(http.StatusOK))
}

func jobIDs(page api.UserJobPage) []uuid.UUID {
	ids := []uuid.UUID{}
	for _, entry := range page.Data {
		ids = append(ids, entry.Job.ID)
	}
	return ids
}

func TestListUserJobs(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	hr, lead := f.as[api.RoleHr], f.acme.Users[api.RoleTeamLead].ID
	first, second := f.Job(api.JobStatusDraft), f.Job(api.JobStatusClosed)
	f.Job(api.JobStatusOpen, f.acme.Users[api.RoleEmployee])
	if got := decodeUserJobs(hr.Get(jobsOf(lead))); len(got.Data) != 0 || got.HasMore {
		t.Errorf("jobs before the first membership: got %+v, want none", got)
	}
	joined := map[uuid.UUID]time.Time{}
	for _, id := range []uuid.UUID{second, first} {
		f.clock.Advance(time.Minute)
		joined[id] = f.clock.Now().UTC()
		setMember(hr, id, lead, `{"role":"interviewer"}`).Expect(http.StatusOK)
	}
	f.clock.Advance(time.Minute)
	changed := f.clock.Now().UTC()
	setMember(hr, second, lead, `{"role":"recruiter"}`).Expect(http.StatusOK) // keeps its place

	for _, role := range []api.Role{api.RoleTeamLead, api.RoleHr, api.RoleAdmin} {
		t.Run(string(role), func(t *testing.T) {
			f := f.in(t)
			client := f.as[role]
			want := []api.UserJob{
				{Job: decodeJob(client.Get(path(first))), Role: api.JobRoleInterviewer, CreatedAt: joined[first], UpdatedAt: joined[first]},
				{Job: decodeJob(client.Get(path(second))), Role: api.JobRoleRecruiter, CreatedAt: joined[second], UpdatedAt: changed},
			}
			if got := decodeUserJobs(client.Get(jobsOf(lead))); !reflect.DeepEqual(got.Data, want) || got.HasMore {
				t.Errorf("jobs as %s: got\n%+v, want\n%+v", role, got, want)
			}
		})
	}
	hr.Delete(path(first, "members", lead.String())).Expect(http.StatusNoContent)
	if got := jobIDs(decodeUserJobs(hr.Get(jobsOf(lead)))); !slices.Equal(got, []uuid.UUID{second}) {
		t.Errorf("jobs after the removal from one: got %v, want %v", got, second)
	}
}

// TestListUserJobsVisibility lists the jobs of a user who is a member of two jobs, and of one who is a member of none.
func TestListUserJobsVisibility(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	user, idle := f.User(f.acme, "user", api.RoleEmployee), f.User(f.acme, "idle", api.RoleEmployee)
	employee := f.acme.Users[api.RoleEmployee]
	one, other := f.Job(api.JobStatusOpen, user, employee), f.Job(api.JobStatusOpen, user)
	empty := f.Job(api.JobStatusOpen)
	key := func(scopes []string, jobs ...uuid.UUID) *testkit.Client {
		return f.replica.Bearer(t, f.Key(f.acme, scopes, jobs...).Secret.Reveal())
	}
	both, hidden := []uuid.UUID{other, one}, []uuid.UUID(nil)
	for _, test := range []struct {
		name   string
		client *testkit.Client
		// user and idle are the listed jobs of these users; nil if the response is 404.
		user, idle []uuid.UUID
	}{
		{"admin", f.as[api.RoleAdmin], both, []uuid.UUID{}},
		{"hr", f.as[api.RoleHr], both, []uuid.UUID{}},
		{"team lead", f.as[api.RoleTeamLead], both, []uuid.UUID{}},
		{"the user", f.replica.SignIn(t, user), both, hidden},
		{"the idle user", f.replica.SignIn(t, idle), hidden, []uuid.UUID{}},
		{"employee in a common job", f.as[api.RoleEmployee], hidden, hidden},
		{"key that reads users", key([]string{"jobs:read", "users:read"}), both, []uuid.UUID{}},
		{"key that reads jobs", key([]string{"jobs:read"}), both, hidden},
		{"key limited to one job", key([]string{"jobs:read"}, one), []uuid.UUID{one}, hidden},
		{"key limited to both jobs", key([]string{"jobs:read"}, one, other), both, hidden},
		{"key limited to a job without members", key([]string{"jobs:read"}, empty), hidden, hidden},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			client := f.replica.Bearer(t, test.client.Token)
			unknown := client.Get(jobsOf(uuid.Must(uuid.NewV7()))).Refused(http.StatusNotFound, "not_found")
			for id, want := range map[uuid.UUID][]uuid.UUID{user.ID: test.user, idle.ID: test.idle} {
				answer := client.Get(jobsOf(id))
				if want != nil {
					if got := jobIDs(decodeUserJobs(answer)); !slices.Equal(got, want) {
						t.Errorf("jobs: got %v, want %v", got, want)
					}
					continue
				}
				refused := answer.Refused(http.StatusNotFound, "not_found")
				refused.Instance, refused.RequestID = unknown.Instance, unknown.RequestID
				if !reflect.DeepEqual(refused, unknown) {
					t.Errorf("a hidden user: got %+v, want the response for an unknown id: %+v", refused, unknown)
				}
			}
		})
	}
	key([]string{"users:read"}).Get(jobsOf(user.ID)).Refused(http.StatusForbidden, "permission_denied")
	foreign := f.Company("globex").Users[api.RoleEmployee]
	f.as[api.RoleAdmin].Get(jobsOf(foreign.ID)).Refused(http.StatusNotFound, "not_found")
}

// TestListUserJobsPages reads all pages of several sizes. Some memberships were created at the same time.
func TestListUserJobsPages(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	hr, user := f.as[api.RoleHr], f.acme.Users[api.RoleEmployee].ID
	for i := range 11 {
		f.Exec(`INSERT INTO job_members (company_id, job_id, user_id, role, created_at, updated_at)
			VALUES ($1, $2, $3, 'interviewer', $4, $4)`,
			f.acme.ID, f.Job(api.JobStatusOpen), user, f.clock.Now().Add(-time.Duration(i/3)*time.Minute))
	}
	whole := decodeUserJobs(hr.Get(jobsOf(user))).Data
	sorted := slices.IsSortedFunc(whole, func(a, b api.UserJob) int {
		if c := b.CreatedAt.Compare(a.CreatedAt); c != 0 {
			return c
		}
		return slices.Compare(b.Job.ID[:], a.Job.ID[:])
	})
	if len(whole) != 11 || !sorted {
		t.Fatalf("got %d jobs, in order %t; want 11 in order", len(whole), sorted)
	}
	for limit := 1; limit <= 12; limit++ {
		query := fmt.Sprintf("?limit=%d", limit)
		var read []api.UserJob
		for cursor, pages := "", 0; pages < 20; pages++ {
			got := decodeUserJobs(hr.Get(jobsOf(user) + query + cursor))
			if read = append(read, got.Data...); !got.HasMore {
				break
			}
			cursor = "&cursor=" + got.NextCursor.MustGet()
			hr.Get(jobsOf(f.acme.Users[api.RoleHr].ID)+query+cursor).Refused(http.StatusBadRequest, "invalid_cursor")
		}
		if !reflect.DeepEqual(read, whole) {
			t.Errorf("with limit %d: got %d jobs, want the %d of one page in the same order", limit, len(read), len(whole))
		}
	}
}
