package jobs_test

import (
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

func TestTheLifeOfAJob(t *testing.T) {
	t.Parallel()
	h := build(t)
	created := testkit.Decode[api.Job](h.as[api.RoleHr].Post(collection, `{"title":"Welder"}`).Expect(http.StatusCreated))
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
		h.clock.Advance(time.Minute)
		switch now := h.clock.Now(); step.action {
		case "open":
			opened = now
		case "close":
			closed = now
		}
		answer := h.as[api.RoleHr].Post(path(created.ID, step.action), nil)
		got := job(answer)
		if got.Status != step.status || !got.UpdatedAt.Equal(h.clock.Now()) || !same(got.OpenedAt.Get())(opened) || !same(got.ClosedAt.Get())(closed) {
			t.Errorf("after %s: %+v, want opened %s, closed %s", step.action, got, opened, closed)
		}
		if read := h.as[api.RoleHr].Get(path(created.ID)); string(read.Body) != string(answer.Body) ||
			read.Header.Get("ETag") != answer.Header.Get("ETag") {
			t.Errorf("after %s it is\n%s, and read as\n%s", step.action, answer.Body, read.Body)
		}
	}
	var happened []string
	entries := recorded(h, created.ID)
	for _, entry := range entries {
		happened = append(happened, string(entry.Action))
	}
	want := []string{
		"job.created", "job.opened", "job.held", "job.opened", "job.closed", "job.opened", "job.held", "job.closed",
	}
	if !slices.Equal(happened, want) {
		t.Fatalf("recorded %v, want %v", happened, want)
	}
	last := map[string]any{"status": map[string]any{"from": "on_hold", "to": "closed"}}
	if got := entries[7].Details; !reflect.DeepEqual(got["changes"], last) || len(got) != 1 {
		t.Errorf("recorded %+v", got)
	}
}

// same compares a time that may be absent with one that is zero for absent.
func same(t time.Time, err error) func(time.Time) bool {
	return func(want time.Time) bool { return (err != nil) == want.IsZero() && t.Equal(want) }
}

// TestAllowedActionsAreWhatTheOperationsAllow tries every action on a job of every status as every role, and compares what
// happens with what the job's representation had promised, and with what the refusal names.
func TestAllowedActionsAreWhatTheOperationsAllow(t *testing.T) {
	t.Parallel()
	h := build(t)
	acts := map[api.JobAction]func(c *testkit.Client, id uuid.UUID) *testkit.Answer{
		api.JobActionUpdate: func(c *testkit.Client, id uuid.UUID) *testkit.Answer { return c.Patch(path(id), `{"title":"X"}`) },
		api.JobActionOpen:   func(c *testkit.Client, id uuid.UUID) *testkit.Answer { return c.Post(path(id, "open"), nil) },
		api.JobActionHold:   func(c *testkit.Client, id uuid.UUID) *testkit.Answer { return c.Post(path(id, "hold"), nil) },
		api.JobActionClose:  func(c *testkit.Client, id uuid.UUID) *testkit.Answer { return c.Post(path(id, "close"), nil) },
	}
	promised := map[api.JobStatus][]api.JobAction{
		"draft": {"update", "open", "close"}, "open": {"update", "hold", "close"},
		"on_hold": {"update", "open", "close"}, "closed": {"update", "open"},
	}
	for status, actions := range promised {
		for _, role := range roles() {
			want := actions
			if role != api.RoleHr && role != api.RoleAdmin {
				want = []api.JobAction{}
			}
			for action, act := range acts {
				id := h.Job(status, h.acme.Users[role])
				if got := job(h.as[role].Get(path(id))).AllowedActions; !slices.Equal(got, want) {
					t.Errorf("%s may %v with a job that is %s, want %v", role, got, status, want)
				}
				answer := act(h.as[role], id)
				switch {
				case slices.Contains(want, action):
					answer.Expect(http.StatusOK)
				case len(want) == 0:
					answer.Refused(http.StatusForbidden, "permission_denied")
				default:
					problem := answer.Refused(http.StatusConflict, "state_conflict")
					if *problem.State != string(status) || !slices.EqualFunc(*problem.AllowedActions, want,
						func(a string, b api.JobAction) bool { return a == string(b) }) {
						t.Errorf("%s of a job that is %s is refused by %+v", action, status, problem)
					}
					if entries := recorded(h, id); len(entries) != 0 {
						t.Errorf("what was refused is recorded: %+v", entries)
					}
				}
			}
		}
	}
}

// TestOneOfManyCloses closes a job over two replicas at once.
func TestOneOfManyCloses(t *testing.T) {
	t.Parallel()
	h := build(t)
	id := h.Job(api.JobStatusOpen)
	clients := []*testkit.Client{h.as[api.RoleHr], h.as[api.RoleAdmin].At(h.Replica())}
	statuses := make([]int, 8)
	var all sync.WaitGroup
	for i := range statuses {
		all.Go(func() { statuses[i] = clients[i%2].Post(path(id, "close"), nil).Status })
	}
	all.Wait()
	slices.Sort(statuses)
	if want := append([]int{http.StatusOK}, slices.Repeat([]int{http.StatusConflict}, 7)...); !slices.Equal(statuses, want) {
		t.Errorf("it was closed by %v", statuses)
	}
	if entries := recorded(h, id); len(entries) != 1 {
		t.Errorf("recorded %+v", entries)
	}
}
