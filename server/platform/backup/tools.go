package backup

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
)

// every is the time between two messages of progress.
const every = 5 * time.Second

// tool is pg_dump or pg_restore.
type tool struct{ path string }

var versionForm = regexp.MustCompile(`\(PostgreSQL\) (\d+)`)

// find returns a client program of the server's major version or a later one. An older pg_dump refuses a newer server.
func find(ctx context.Context, bin, name string, conn *pgx.Conn) (tool, error) {
	var server int
	err := conn.QueryRow(ctx, "SELECT current_setting('server_version_num')::integer / 10000").Scan(&server)
	if err != nil {
		return tool{}, fmt.Errorf("read the version of the server: %w", err)
	}
	var tried []string
	for _, path := range candidates(bin, name) {
		output, err := exec.CommandContext(ctx, path, "--version").Output() //nolint:gosec // the operator's own program
		if err != nil {
			continue
		}
		match := versionForm.FindSubmatch(output)
		if match == nil {
			continue
		}
		if major, err := strconv.Atoi(string(match[1])); err == nil && major >= server {
			return tool{path}, nil
		}
		tried = append(tried, fmt.Sprintf("%s of PostgreSQL %s", path, match[1]))
	}
	found := "none was found"
	if len(tried) > 0 {
		found = "found " + strings.Join(tried, ", ")
	}
	return tool{}, fmt.Errorf("%s of PostgreSQL %d or later is needed, and %s. Install the client programs (Debian: "+
		"postgresql-client-%[2]d) or name their directory with --bin", name, server, found)
}

// candidates returns the paths at which a program may be: only the chosen directory, or first PATH and then the
// directories of packages, the latest version first.
func candidates(bin, name string) []string {
	if bin != "" {
		return []string{filepath.Join(bin, name)}
	}
	var paths []string
	if path, err := exec.LookPath(name); err == nil {
		paths = append(paths, path)
	}
	for _, pattern := range []string{
		"/usr/lib/postgresql/*/bin/", "/usr/pgsql-*/bin/", "/opt/homebrew/opt/postgresql*/bin/",
	} {
		found, err := filepath.Glob(pattern + name)
		if err == nil {
			slices.Reverse(found)
			paths = append(paths, found...)
		}
	}
	return paths
}

// run runs the program on the database of the options, and reports progress. The error has the program's own.
func (t tool) run(ctx context.Context, o Options, args ...string) error {
	address, secret, err := clientURL(o.URL)
	if err != nil {
		return err
	}
	args = append([]string{"--dbname=" + address, "--no-password", "--verbose"}, args...)
	command := exec.CommandContext(ctx, t.path, args...) //nolint:gosec // the operator's own program
	command.Env = os.Environ()
	if secret != "" { // every user of the machine can read arguments
		command.Env = append(command.Env, "PGPASSWORD="+secret)
	}
	command.Cancel = func() error { return command.Process.Signal(os.Interrupt) }
	command.WaitDelay = 10 * time.Second
	output, err := command.StderrPipe()
	if err != nil {
		return fmt.Errorf("run %s: %w", t.path, err)
	}
	if err := command.Start(); err != nil {
		return fmt.Errorf("run %s: %w", t.path, err)
	}
	tail := watch(output, o)
	if err := command.Wait(); err != nil {
		if ctx.Err() != nil {
			return fmt.Errorf("run %s: %w", t.path, ctx.Err())
		}
		return fmt.Errorf("run %s: %w; the end of its output:\n%s", t.path, err, strings.Join(tail, "\n"))
	}
	return nil
}

// watch reports what a program does, until its output ends, and returns its last lines.
func watch(output io.Reader, o Options) (tail []string) {
	status := newStatus(o)
	defer status.stop()
	lines := bufio.NewScanner(output)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		line := lines.Text()
		tail = append(tail[max(0, len(tail)-9):], line)
		if _, doing, found := strings.Cut(line, ": "); found {
			status.set(doing)
		}
	}
	_, _ = io.Copy(io.Discard, output) // after a line that is too long
	return tail
}

// clientURL returns a URL of pgx as one of libpq, without its password, and the password.
func clientURL(raw string) (address, secret string, err error) {
	parsed, err := url.Parse(raw)
	if err != nil || parsed.Scheme != "postgres" && parsed.Scheme != "postgresql" {
		return "", "", errors.New("the URL of the database must have the form postgres://user:password@host/database")
	}
	query := parsed.Query()
	secret = query.Get("password")
	for key := range query {
		if key == "password" || strings.HasPrefix(key, "pool_") || strings.HasSuffix(key, "_cache_capacity") ||
			key == "default_query_exec_mode" {
			query.Del(key)
		}
	}
	parsed.RawQuery = query.Encode()
	if own, set := parsed.User.Password(); set {
		secret = own
	}
	if parsed.User != nil {
		parsed.User = url.User(parsed.User.Username())
	}
	return parsed.String(), secret, nil
}

// status reports the current step at intervals, if it takes long.
type status struct {
	mu       sync.Mutex
	text     string
	ended    chan struct{}
	reporter sync.WaitGroup
}

func newStatus(o Options) *status {
	s := &status{ended: make(chan struct{})}
	s.reporter.Go(func() {
		tick := time.NewTicker(every)
		defer tick.Stop()
		for {
			select {
			case <-s.ended:
				return
			case <-tick.C:
				s.mu.Lock()
				text := s.text
				s.mu.Unlock()
				if text != "" {
					o.progress("%s", text)
				}
			}
		}
	})
	return s
}

func (s *status) set(text string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.text = text
}

// stop ends the reports. Afterwards the caller may report progress itself.
func (s *status) stop() {
	close(s.ended)
	s.reporter.Wait()
}
