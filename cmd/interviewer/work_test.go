package main

import (
	"encoding/json"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/server/testkit"
	"github.com/ai-interviewer-platform/interviewer/server/worker"
)

// work starts a process that runs the jobs of an installation.
func work(t *testing.T, binary string, i *testkit.Installation, more ...string) *service {
	t.Helper()
	s := &service{ended: make(chan error, 1)}
	s.command = exec.CommandContext(t.Context(), binary, "work")
	s.command.Env = append(os.Environ(), environ(i, append(more, "PORT=0", "HOST=127.0.0.1")...)...)
	s.command.Dir = t.TempDir()
	s.command.Stderr = s
	s.command.Cancel = func() error { return s.command.Process.Signal(syscall.SIGTERM) }
	s.command.WaitDelay = timeout
	if err := s.command.Start(); err != nil {
		t.Fatal(err)
	}
	go func() { s.ended <- s.command.Wait() }()
	return s
}

// address returns the address at which a process answers health checks.
func (s *service) address(t *testing.T) (base string) {
	t.Helper()
	testkit.Eventually(t, timeout, "the process listens", func() bool {
		for line := range strings.Lines(s.output()) {
			var entry struct{ Msg, Address string }
			if json.Unmarshal([]byte(line), &entry) == nil && entry.Msg == "serving" {
				base = "http://" + entry.Address
			}
		}
		return base != ""
	})
	return base
}

// number returns the number that a query finds.
func number(t *testing.T, i *testkit.Installation, sql string) (n int) {
	t.Helper()
	if err := i.Database.QueryRow(t.Context(), sql).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

// endedSession adds a session that is due for deletion.
func endedSession(i *testkit.Installation, acme testkit.Company) {
	i.Exec(`INSERT INTO sessions (company_id, id, user_id, created_at, updated_at, rotated_at, expires_at)
		VALUES ($1, gen_random_uuid(), $2, now(), now(), now(), now() - interval '31 days')`, acme.ID, acme.Users[api.RoleHr].ID)
}

// blockSessions locks the sessions against deletion until the returned function is called.
func blockSessions(t *testing.T, i *testkit.Installation) (release func()) {
	t.Helper()
	conn := i.Connect()
	tx, err := conn.BeginTx(t.Context(), pgx.TxOptions{})
	if err == nil {
		_, err = tx.Exec(t.Context(), `LOCK TABLE sessions IN SHARE MODE`)
	}
	if err != nil {
		t.Fatal(err)
	}
	return func() {
		if err := tx.Rollback(t.Context()); err != nil {
			t.Error(err)
		}
	}
}

// awaitBlocked waits until a job waits for the lock of blockSessions.
func awaitBlocked(t *testing.T, i *testkit.Installation) {
	t.Helper()
	testkit.Eventually(t, timeout, "a job waits for the sessions", func() bool {
		return number(t, i, `SELECT count(*) FROM pg_locks WHERE relation = 'sessions'::regclass AND NOT granted`) > 0
	})
}

const sessionJobs = `SELECT count(*) FROM river.river_job WHERE kind = 'delete_ended_sessions' AND `

// TestWorkAfterKill kills a process in the middle of a job. Another process, which becomes the leader, completes the job.
// Then it gets a SIGTERM in the middle of a job, and completes that as well.
func TestWorkAfterKill(t *testing.T) {
	t.Parallel()
	i := testkit.New(t)
	acme := i.Company("acme")
	endedSession(i, acme)
	release := blockSessions(t, i)
	binary := build(t)
	first := work(t, binary, i)
	awaitBlocked(t, i)
	if err := first.command.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	if err := <-first.ended; err == nil {
		t.Error("the killed process succeeded")
	}
	second := work(t, binary, i, "JOB_TIMEOUT_SECONDS=5", "JOB_RESCUE_SECONDS=6")
	release()
	testkit.Eventually(t, timeout, "the second process completes the job", func() bool {
		return number(t, i, sessionJobs+`state = 'completed' AND attempt = 2 AND cardinality(attempted_by) = 2`) == 1
	})
	if n := number(t, i, `SELECT count(*) FROM sessions`); n != 0 {
		t.Errorf("got %d sessions, want none", n)
	}

	base := second.address(t)
	for path, want := range map[string]int{
		"/health": http.StatusOK, "/health/ready": http.StatusOK, "/metrics": http.StatusOK, "/api/v1/jobs": http.StatusNotFound,
		"/docs": http.StatusNotFound,
	} {
		if got := get(t, base+path); got != want {
			t.Errorf("%s: got status %d, want %d", path, got, want)
		}
	}

	endedSession(i, acme)
	release = blockSessions(t, i)
	i.Exec(`INSERT INTO river.river_job (kind, queue, args, max_attempts) VALUES ('delete_ended_sessions', 'maintenance', '{}', 5)`)
	awaitBlocked(t, i)
	if err := second.command.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	testkit.Eventually(t, timeout, "the process stops", func() bool { return strings.Contains(second.output(), "stopping") })
	select {
	case err := <-second.ended:
		t.Fatalf("the process ended before its job: %v", err)
	default:
	}
	release()
	if err := <-second.ended; err != nil {
		t.Errorf("end of the process: got error %v\n%s", err, second.output())
	}
	if n := number(t, i, sessionJobs+`state = 'completed'`); n != 2 {
		t.Errorf("got %d completed jobs, want 2", n)
	}
	if n := number(t, i, `SELECT count(*) FROM sessions`); n != 0 {
		t.Errorf("got %d sessions, want none", n)
	}
}

func get(t *testing.T, url string) int {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	if err := response.Body.Close(); err != nil {
		t.Fatal(err)
	}
	return response.StatusCode
}

func TestWorkRequiresConfiguration(t *testing.T) {
	t.Parallel()
	call(t, developmentEnviron(t.TempDir()), "", "work").fails(t, exitFailure, "DATABASE_URL and REDIS_URL")
	environ := []string{"APP_ENV=development", "DATABASE_URL=postgres://localhost/none", "REDIS_URL=redis://localhost", "WORKERS=0"}
	call(t, environ, "", "work").fails(t, exitFailure, "WORKERS is 0")
}

// TestJobsCommands lists, retries and discards jobs that no process runs.
func TestJobsCommands(t *testing.T) {
	t.Parallel()
	i := testkit.New(t)
	env := environ(i)
	i.Exec(`INSERT INTO river.river_job (kind, args, max_attempts, state, attempt, finalized_at, errors) VALUES
		('a', '{}', 3, 'available', 0, NULL, NULL),
		('b', '{}', 3, 'discarded', 3, now(), ARRAY['{"at":"2026-01-01T00:00:00Z","attempt":3,"error":"overloaded","trace":""}'::jsonb]),
		('b', '{}', 3, 'cancelled', 1, now(), NULL),
		('b', '{}', 3, 'completed', 1, now(), NULL)`)
	if list := call(t, env, "", "jobs", "list").succeeds(t); strings.Count(list, "\n") != 5 || !strings.HasPrefix(list, "ID  KIND  STATE") {
		t.Errorf("got list\n%s\nwant a header and 4 jobs", list)
	}
	if list := call(t, env, "", "jobs", "list", "--state", "discarded,available", "--kind", "b").succeeds(t); strings.Count(list, "\n") != 2 ||
		!strings.Contains(list, "b     discarded  3/3") || !strings.Contains(list, "overloaded") {
		t.Errorf("got list\n%s\nwant the discarded job", list)
	}
	var row worker.Row
	list := call(t, env, "", "jobs", "list", "--limit", "1", "--json").succeeds(t)
	if err := json.Unmarshal([]byte(list), &row); err != nil || row.ID != 4 || row.State != "completed" {
		t.Errorf("got %s (error %v), want the latest job", list, err)
	}
	states := func(want string) {
		t.Helper()
		var got string
		err := i.Database.QueryRow(t.Context(), `SELECT string_agg(state::text, ' ' ORDER BY id) FROM river.river_job`).Scan(&got)
		if err != nil || got != want {
			t.Errorf("states: got %s (error %v), want %s", got, err, want)
		}
	}
	call(t, env, "", "jobs", "discard", "1").succeeds(t)
	states("cancelled discarded cancelled completed")
	call(t, env, "", "jobs", "discard", "1").fails(t, exitFailure, "job 1 is already cancelled")
	if got := call(t, env, "", "jobs", "retry", "--kind", "b").succeeds(t); got != "2 jobs run again.\n" {
		t.Errorf("got output %q", got)
	}
	states("cancelled available available completed")
	call(t, env, "", "jobs", "retry", "1", "4").succeeds(t)
	states("available available available available")
	for text, arguments := range map[string]string{
		"there is no job with the id 99":   "retry 99",
		"no job with the id 98":            "discard 98",
		`"x" is not the id of a job`:       "retry x",
		`"-1" is not the id of a job`:      "discard -- -1",
		"either ids or --kind":             "retry",
		"name either ids or --kind":        "retry 1 --kind b",
		"--state must be one of available": "list --state lost",
		"--limit must be from 1 to 10000":  "list --limit 0",
	} {
		call(t, env, "", append([]string{"jobs"}, strings.Fields(arguments)...)...).fails(t, exitFailure, text)
	}
	call(t, env, "", "jobs", "discard").fails(t, exitUsage, "requires at least 1 arg")
	help := call(t, nil, "", "jobs", "--help").succeeds(t)
	for _, state := range worker.States() {
		if !strings.Contains(help, state) {
			t.Errorf("the help does not name the state %s", state)
		}
	}
}
