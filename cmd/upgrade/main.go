// Command upgrade migrates a loaded database while the previous release serves requests: upgrade PREVIOUS CURRENT
//
// PREVIOUS and CURRENT are the programs of two releases. The previous one creates the schema, loads demo data and
// serves 200 requests per second, reads and writes of several kinds. Then the current one migrates the schema, and
// finally both serve requests together, as during a rolling upgrade. The command prints the latencies of each phase. It
// fails if a request fails, or if the 99th percentile while the schema is migrated reaches 500 ms.
//
// PostgreSQL and Redis are private servers on a disk, with the settings of make run.
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/ai-interviewer-platform/interviewer/server/dev/local"
	"github.com/ai-interviewer-platform/interviewer/server/platform/clock"
)

const (
	rate   = 200 // requests per second
	steady = 10 * time.Second
	limit  = 500 * time.Millisecond // of the 99th percentile during the migration
	// migrating is the phase to which the limit applies.
	migrating = "while the schema is migrated"
	scale     = "10" // 20,000 candidates
)

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: upgrade PREVIOUS CURRENT")
		os.Exit(2)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := upgrade(ctx, os.Stdout, os.Args[1], os.Args[2])
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "upgrade:", err)
		os.Exit(1)
	}
}

func upgrade(ctx context.Context, out io.Writer, previous, current string) (err error) {
	// PostgreSQL can run as another user, which must be able to traverse the directory.
	dir, err := os.MkdirTemp("/var/tmp", "interviewer-upgrade-")
	if err != nil {
		return fmt.Errorf("create a directory for the servers: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	if err := os.Chmod(dir, 0o711); err != nil { //nolint:gosec // see above
		return fmt.Errorf("open the directory for the servers: %w", err)
	}
	options := local.Options{Dir: filepath.Join(dir, "local")}
	database, err := local.StartPostgres(ctx, options)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, database.Stop()) }()
	cache, err := local.StartRedis(ctx, options)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, cache.Stop()) }()
	e := &environment{dir: dir, database: database.URL("postgres"), out: out, now: clock.System().Now, variables: []string{
		"APP_ENV=development", "LOG_LEVEL=warn", "SEED_DEMO=false", "HOST=127.0.0.1", "PORT=0",
		"HOME=" + dir, "PATH=" + os.Getenv("PATH"),
		"DATABASE_URL=" + database.URL("postgres"), "REDIS_URL=" + cache.URL(), "SECRET_KEY=" + strings.Repeat("upgrade-", 8),
		"RATE_LIMIT_PER_MINUTE=60000", "RATE_LIMIT_COMPANY_PER_MINUTE=60000", "MIGRATE_ON_START=false",
	}}
	return e.run(ctx, previous, current)
}

// environment runs the programs with the same database and Redis.
type environment struct {
	dir       string
	database  string
	variables []string
	out       io.Writer
	now       func() time.Time
}

func (e *environment) run(ctx context.Context, previous, current string) (err error) {
	if _, err := fmt.Fprintln(e.out, "Loading the database with the previous release."); err != nil {
		return err
	}
	for _, arguments := range [][]string{{"migrate", "up"}, {"seed", "--scale", scale}} {
		if err := e.command(ctx, previous, arguments...).Run(); err != nil {
			return fmt.Errorf("previous release: %s: %w", strings.Join(arguments, " "), err)
		}
	}
	// A database in use has statistics, and is not about to be vacuumed as a whole.
	if err := e.vacuum(ctx); err != nil {
		return err
	}
	old, err := e.serve(ctx, previous)
	if err != nil {
		return fmt.Errorf("previous release: %w", err)
	}
	defer old.stop()
	l := &load{out: e.out, now: e.now}
	if err := l.prepare(ctx, old.url); err != nil {
		return err
	}
	if _, err := fmt.Fprintf(e.out, "%-40s %9s %8s %8s %8s %8s %8s  %s\n",
		"", "requests", "p50 ms", "p99 ms", "max ms", "journeys", "seconds", "statuses"); err != nil {
		return err
	}
	wait := func(ctx context.Context) error { return pause(ctx, steady) }
	if err := l.during(ctx, "previous release", wait); err != nil {
		return err
	}
	if err := l.during(ctx, migrating, func(ctx context.Context) error {
		if err := e.command(ctx, current, "migrate", "up").Run(); err != nil {
			return fmt.Errorf("migrate: %w", err)
		}
		return pause(ctx, time.Second) // requests that have begun
	}); err != nil {
		return err
	}
	if err := l.during(ctx, "previous release on the new schema", wait); err != nil {
		return err
	}
	next, err := e.serve(ctx, current)
	if err != nil {
		return fmt.Errorf("current release: %w", err)
	}
	defer next.stop()
	l.urls = append(l.urls, next.url)
	return l.during(ctx, "both releases", wait)
}

func (e *environment) vacuum(ctx context.Context) error {
	conn, err := pgx.Connect(ctx, e.database)
	if err != nil {
		return fmt.Errorf("connect to vacuum the database: %w", err)
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }()
	if _, err := conn.Exec(ctx, `VACUUM ANALYZE`); err != nil {
		return fmt.Errorf("vacuum the database: %w", err)
	}
	return nil
}

func (e *environment) command(ctx context.Context, program string, arguments ...string) *exec.Cmd {
	command := exec.CommandContext(ctx, program, arguments...) //nolint:gosec // the caller chooses the program
	command.Dir, command.Env = e.dir, e.variables
	command.Stdout, command.Stderr = e.out, os.Stderr
	command.Cancel = func() error { return command.Process.Signal(syscall.SIGTERM) }
	command.WaitDelay = 30 * time.Second
	return command
}

// service is a running replica.
type service struct {
	url  string
	stop func()
}

// serve starts a replica and waits until it is ready.
func (e *environment) serve(ctx context.Context, program string) (*service, error) {
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("find a free port: %w", err)
	}
	address := listener.Addr().String()
	if err := listener.Close(); err != nil {
		return nil, fmt.Errorf("find a free port: %w", err)
	}
	_, port, _ := strings.Cut(address, ":")
	running, cancel := context.WithCancel(ctx)
	command := e.command(running, program, "serve")
	command.Env = append(slices.Clone(command.Env), "PORT="+port)
	if err := command.Start(); err != nil {
		cancel()
		return nil, fmt.Errorf("start: %w", err)
	}
	s := &service{url: "http://" + address, stop: func() { cancel(); _ = command.Wait() }}
	for until := e.now().Add(time.Minute); e.now().Before(until); {
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, s.url+"/health/ready", nil)
		if err != nil {
			break
		}
		if response, err := http.DefaultClient.Do(request); err == nil {
			_ = response.Body.Close()
			if response.StatusCode == http.StatusOK {
				return s, nil
			}
		}
		if err := pause(ctx, 50*time.Millisecond); err != nil {
			break
		}
	}
	s.stop()
	return nil, errors.New("the service was not ready within a minute")
}

// load sends requests at a constant rate, whatever their responses take.
type load struct {
	out            io.Writer
	now            func() time.Time
	urls           []string
	token, refresh string
	candidate, job string
	sent           int
}

// prepare signs in the HR user of the demo company, and finds what requests are about.
func (l *load) prepare(ctx context.Context, url string) error {
	l.urls = []string{url}
	var pair struct {
		AccessToken  string `json:"access_token"`
		RefreshToken string `json:"refresh_token"`
	}
	const account = `{"email":"hr@acme.example","password":"SecurePassword123!"}`
	if err := l.read(ctx, http.MethodPost, "/api/v1/auth/login", account, &pair); err != nil {
		return err
	}
	l.token, l.refresh = pair.AccessToken, pair.RefreshToken
	for path, id := range map[string]*string{
		"/api/v1/candidates?limit=1": &l.candidate, "/api/v1/jobs?limit=1&status=open": &l.job,
	} {
		var list struct {
			Data []struct {
				ID string `json:"id"`
			} `json:"data"`
		}
		if err := l.read(ctx, http.MethodGet, path, "", &list); err != nil {
			return err
		}
		if len(list.Data) == 0 {
			return fmt.Errorf("GET %s: got an empty list, want one with demo data", path)
		}
		*id = list.Data[0].ID
	}
	return nil
}

func (l *load) read(ctx context.Context, method, path, body string, into any) error {
	status, content, err := l.send(ctx, l.token, l.urls[0], method, path, body)
	if err == nil && status >= http.StatusBadRequest {
		err = fmt.Errorf("got status %d: %s", status, content)
	}
	if err == nil {
		err = json.Unmarshal(content, into)
	}
	if err != nil {
		return fmt.Errorf("%s %s: %w", method, path, err)
	}
	return nil
}

func (l *load) send(
	ctx context.Context, token, url, method, path, body string,
) (status int, content []byte, err error) {
	request, err := http.NewRequestWithContext(ctx, method, url+path, bytes.NewBufferString(body))
	if err != nil {
		return 0, nil, fmt.Errorf("create request: %w", err)
	}
	request.Header.Set("Content-Type", "application/json")
	if token != "" {
		request.Header.Set("Authorization", "Bearer "+token)
	}
	if strings.Contains(path, "/interviews/") || strings.Contains(path, "/scores/") {
		request.Header.Set("If-Match", "*")
	}
	if method == http.MethodPost && strings.HasSuffix(path, "/jobs") {
		request.Header.Set("Idempotency-Key", uuid.NewString())
	}
	response, err := client.Do(request)
	if err != nil {
		return 0, nil, fmt.Errorf("send: %w", err)
	}
	defer func() { _ = response.Body.Close() }()
	if content, err = io.ReadAll(response.Body); err != nil {
		return 0, nil, fmt.Errorf("read response: %w", err)
	}
	return response.StatusCode, content, nil
}

// client bounds a request, and keeps enough connections.
var client = &http.Client{ //nolint:gochecknoglobals // a client keeps connections
	Timeout: 30 * time.Second, Transport: &http.Transport{MaxIdleConnsPerHost: rate},
}

// next returns the method, path and body of the nth request.
func (l *load) next(n int) (method, path, body string) {
	switch n % 10 {
	case 0:
		return http.MethodGet, "/api/v1/users/me", ""
	case 1:
		return http.MethodGet, "/api/v1/candidates?limit=20", ""
	case 2:
		return http.MethodGet, "/api/v1/candidates/" + l.candidate, ""
	case 3:
		return http.MethodGet, "/api/v1/applications?status=active&limit=20", ""
	case 4:
		return http.MethodGet, "/api/v1/interviews?limit=20", ""
	case 5:
		return http.MethodGet, "/api/v1/scores?limit=20", ""
	case 6:
		return http.MethodGet, "/api/v1/audit-logs?limit=20", ""
	case 7:
		return http.MethodPost, "/api/v1/jobs", fmt.Sprintf(`{"title":"Upgrade %d"}`, n)
	case 8:
		return http.MethodPost, "/api/v1/candidates", fmt.Sprintf(`{"first_name":"Up","last_name":"Grade %d"}`, n)
	default:
		return http.MethodPatch, "/api/v1/jobs/" + l.job, fmt.Sprintf(`{"department":"Department %d"}`, n)
	}
}

// during sends requests while act runs, and prints what they took.
func (l *load) during(ctx context.Context, phase string, act func(context.Context) error) error {
	results, began := &results{statuses: map[int]int{}}, l.now()
	sending, stop := context.WithCancel(ctx)
	var all sync.WaitGroup
	all.Go(func() {
		tick := time.NewTicker(time.Second / rate)
		defer tick.Stop()
		for {
			select {
			case <-sending.Done():
				return
			case <-tick.C:
			}
			n := l.sent
			l.sent++
			all.Go(func() {
				method, path, body := l.next(n)
				start := l.now()
				status, content, err := l.send(ctx, l.token, l.urls[n%len(l.urls)], method, path, body)
				results.add(l.now().Sub(start), status,
					fmt.Sprintf("%s %s: status %d, error %v: %.300s", method, path, status, err, content))
			})
		}
	})
	var asked int
	var failed error
	all.Go(func() { asked, failed = l.repeat(ctx, sending) })
	err := act(ctx)
	stop()
	all.Wait()
	if failed != nil {
		failed = fmt.Errorf("%s: request %d of the journeys: %w", phase, asked, failed)
	}
	return errors.Join(err, failed, results.report(l.out, phase, asked, l.now().Sub(began)))
}

// results are the responses of one phase. A request without a response has the status 0.
type results struct {
	mu       sync.Mutex
	took     []time.Duration
	statuses map[int]int
	failures []string
}

func (r *results) add(took time.Duration, status int, description string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.took = append(r.took, took)
	r.statuses[status]++
	// 409 is the response to two changes of one job at the same time.
	if (status < 200 || status > 299) && status != http.StatusConflict && len(r.failures) < 5 {
		r.failures = append(r.failures, description)
	}
}

func (r *results) report(out io.Writer, phase string, journeys int, took time.Duration) error {
	slices.Sort(r.took)
	at := func(share float64) time.Duration { return r.took[min(int(share*float64(len(r.took))), len(r.took)-1)] }
	if len(r.took) == 0 {
		return fmt.Errorf("%s: no request was sent", phase)
	}
	milliseconds := func(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
	_, err := fmt.Fprintf(out, "%-40s %9d %8.1f %8.1f %8.1f %8d %8.1f  %v\n", phase, len(r.took),
		milliseconds(at(0.5)), milliseconds(at(0.99)), milliseconds(at(1)), journeys, took.Seconds(), r.statuses)
	if err != nil {
		return err
	}
	if len(r.failures) > 0 {
		return fmt.Errorf("%s: requests failed:\n%s", phase, strings.Join(r.failures, "\n"))
	}
	if p99 := at(0.99); phase == migrating && p99 >= limit {
		return fmt.Errorf("%s: the 99th percentile is %s, want less than %s", phase, p99, limit)
	}
	return nil
}

func pause(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}
