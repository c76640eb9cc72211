package jobs_test

import (
	"fmt"
	"net/http"
	"reflect"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/server/testkit"
)

func TestJobLifecycle(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	created := testkit.Decode[api.Job](f.as[api.RoleHr].Post(collection, `{"title":"Welder"}`).Expect(http.StatusCreated))
	var opened, closed time.Time
	for _, step := range []struct {
		action string
		status api.JobStatus
	}{
		{"open", "open"},
		{"hold", "on_hold"},
		{"open", "open"},
		{"close", "closed"},
		{"open", "open"},
		{"hold", "on_hold"},
		{"close", "closed"},
	} {
		t.Run(step.action, func(t *testing.T) {
			f := f.in(t)
			f.clock.Advance(time.Minute)
			switch now := f.clock.Now(); step.action {
			case "open":
				opened = now
			case "close":
				closed = now
			}
			answer := f.as[api.RoleHr].Post(path(created.ID, step.action), nil)
			got := decodeJob(answer)
			if got.Status != step.status || !got.UpdatedAt.Equal(f.clock.Now()) ||
				!equalsTime(got.OpenedAt.Get())(opened) || !equalsTime(got.ClosedAt.Get())(closed) {
				t.Errorf("after %s: got %+v, want status %s, opened %s, closed %s", step.action, got, step.status, opened, closed)
			}
			if read := f.as[api.RoleHr].Get(path(created.ID)); string(read.Body) != string(answer.Body) ||
				read.Header.Get("ETag") != answer.Header.Get("ETag") {
				t.Errorf("%s returned\n%s, GetJob returned\n%s", step.action, answer.Body, read.Body)
			}
		})
	}

	var actions []string
	entries := auditEntries(f, created.ID)
	for _, entry := range entries {
		actions = append(actions, string(entry.Action))
	}
	want := []string{
		"job.created", "job.opened", "job.held", "job.opened", "job.closed", "job.opened", "job.held", "job.closed",
	}
	if !slices.Equal(actions, want) {
		t.Fatalf("got audit entries %v, want %v", actions, want)
	}
	last := map[string]any{"status": map[string]any{"from": "on_hold", "to": "closed"}}
	if got := entries[7].Details; !reflect.DeepEqual(got["changes"], last) || len(got) != 1 {
		t.Errorf("got details %+v, want only the changes %+v", got, last)
	}
}

// equalsTime returns a function that compares a nullable time with a time whose zero value stands for null.
func equalsTime(t time.Time, err error) func(time.Time) bool {
	return func(want time.Time) bool { return (err != nil) == want.IsZero() && t.Equal(want) }
}

// TestAllowedActionsMatchOperations performs every action on a job of every status as every role. The operation must
// succeed exactly if the job's allowed actions contain the action; otherwise the problem contains them.
func TestAllowedActionsMatchOperations(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	perform := map[api.JobAction]func(c *testkit.Client, id uuid.UUID) *testkit.Answer{
		api.JobActionUpdate: func(c *testkit.Client, id uuid.UUID) *testkit.Answer { return c.Patch(path(id), `{"title":"X"}`) },
		api.JobActionOpen:   func(c *testkit.Client, id uuid.UUID) *testkit.Answer { return c.Post(path(id, "open"), nil) },
		api.JobActionHold:   func(c *testkit.Client, id uuid.UUID) *testkit.Answer { return c.Post(path(id, "hold"), nil) },
		api.JobActionClose:  func(c *testkit.Client, id uuid.UUID) *testkit.Answer { return c.Post(path(id, "close"), nil) },
	}
	allowed := map[api.JobStatus][]api.JobAction{
		"draft": {"update", "open", "close"}, "open": {"update", "hold", "close"},
		"on_hold": {"update", "open", "close"}, "closed": {"update", "open"},
	}
	for status, actions := range allowed {
		for _, role := range roles() {
			want := actions
			if role != api.RoleHr && role != api.RoleAdmin {
				want = []api.JobAction{}
			}
			for action, request := range perform {
				t.Run(fmt.Sprintf("%s of a job that is %s by %s", action, status, role), func(t *testing.T) {
					f := f.in(t)
					id := f.Job(status, f.acme.Users[role])
					if got := decodeJob(f.as[role].Get(path(id))).AllowedActions; !slices.Equal(got, want) {
						t.Errorf("%s, job %s: got allowed actions %v, want %v", role, status, got, want)
					}
					answer := request(f.as[role], id)
					switch {
					case slices.Contains(want, action):
						answer.Expect(http.StatusOK)
					case len(want) == 0:
						answer.Refused(http.StatusForbidden, "permission_denied")
					default:
						problem := answer.Refused(http.StatusConflict, "state_conflict")
						if *problem.State != string(status) || !slices.EqualFunc(*problem.AllowedActions, want,
							func(a string, b api.JobAction) bool { return a == string(b) }) {
							t.Errorf("%s of a job that is %s: got %+v, want allowed actions %v", action, status, problem, want)
						}
						if entries := auditEntries(f, id); len(entries) != 0 {
							t.Errorf("the refused %s is in the audit log: %+v", action, entries)
						}
					}
				})
			}
		}
	}
}

// TestConcurrentClosesOneSucceeds closes a job on two replicas at once.
func TestConcurrentClosesOneSucceeds(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	id := f.Job(api.JobStatusOpen)
	clients := []*testkit.Client{f.as[api.RoleHr], f.as[api.RoleAdmin].At(f.Replica())}
	statuses := make([]int, 8)
	var all sync.WaitGroup
	for i := range statuses {
		all.Go(func() { statuses[i] = clients[i%2].Post(path(id, "close"), nil).Status })
	}
	all.Wait()
	slices.Sort(statuses)
	want := append([]int{http.StatusOK}, slices.Repeat([]int{http.StatusConflict}, 7)...)
	if !slices.Equal(statuses, want) {
		t.Errorf("got statuses %v, want %v", statuses, want)
	}
	if entries := auditEntries(f, id); len(entries) != 1 {
		t.Errorf("got audit entries %+v, want 1", entries)
	}
}
