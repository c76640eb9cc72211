package redis_test

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/redis/rueidis"

	"github.com/ai-interviewer-platform/interviewer/server/platform/redis"
	"github.com/ai-interviewer-platform/interviewer/server/platform/redis/redistest"
)

// failover bounds the time that Sentinel takes to promote a replica.
const failover = time.Minute

// listen starts a redis-server on a free loopback port, and returns the port and the process.
func listen(t *testing.T, args ...string) (string, *exec.Cmd) {
	t.Helper()
	port := freePort(t)
	server := redistest.Run(t, "tcp", net.JoinHostPort("127.0.0.1", port),
		append(args, "--port", port, "--bind", "127.0.0.1", "--save", "", "--dir", t.TempDir())...)
	return port, server
}

func freePort(t *testing.T) string {
	t.Helper()
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	return strconv.Itoa(l.Addr().(*net.TCPAddr).Port)
}

func portOf(ctx context.Context, r *redis.Redis) (port string, err error) {
	err = r.Do(ctx, func(ctx context.Context, c rueidis.Client) error {
		config, err := c.Do(ctx, c.B().ConfigGet().Parameter("port").Build()).AsStrMap()
		port = config["port"]
		return err
	})
	return port, err
}

func TestSentinelFailover(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		// fail starts the failover. It is called again and again until the failover has happened.
		fail func(t *testing.T, primary *exec.Cmd, sentinel *redis.Redis)
	}{
		{"requested", func(t *testing.T, _ *exec.Cmd, sentinel *redis.Redis) {
			t.Helper()
			_ = sentinel.Do(t.Context(), func(ctx context.Context, c rueidis.Client) error {
				return c.Do(ctx, c.B().Arbitrary("SENTINEL", "FAILOVER", "main").Build()).Error()
			})
		}},
		{"primary killed", func(_ *testing.T, primary *exec.Cmd, _ *redis.Redis) {
			_ = primary.Process.Kill()
		}},
		{"primary hung", func(_ *testing.T, primary *exec.Cmd, _ *redis.Redis) {
			_ = primary.Process.Signal(syscall.SIGSTOP)
		}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			primary, server := listen(t, "--repl-diskless-sync-delay", "0")
			replica, _ := listen(t, "--replicaof", "127.0.0.1 "+primary)
			awaitSync(t, replica)
			sentinel := startSentinel(t, primary)

			r := open(t, "redis://127.0.0.1:"+sentinel+"?master_set=main", redis.Options{Timeout: longTimeout})
			awaitUp(t, r)
			if port, err := portOf(t.Context(), r); err != nil || port != primary {
				t.Fatalf("connected to port %s (%v), want the primary at %s", port, err, primary)
			}
			watcher := open(t, "redis://127.0.0.1:"+sentinel, redis.Options{Timeout: longTimeout, InProcess: true})
			awaitUp(t, watcher)
			redistest.Eventually(t, failover, "the Sentinel knows the replica", func() bool { return replicas(t, watcher) == 1 })

			redistest.Eventually(t, failover, "failed over", func() bool {
				test.fail(t, server, watcher)
				port, err := portOf(t.Context(), r)
				return err == nil && port == replica && set(t.Context(), r, "v") == nil
			})
		})
	}
}

// awaitSync waits until a replica has the data of its primary.
func awaitSync(t *testing.T, replica string) {
	t.Helper()
	r := open(t, "redis://127.0.0.1:"+replica, redis.Options{Timeout: longTimeout})
	redistest.Eventually(t, failover, "the replica is in sync", func() (up bool) {
		_ = r.Do(t.Context(), func(ctx context.Context, c rueidis.Client) error {
			info, err := c.Do(ctx, c.B().Info().Section("replication").Build()).ToString()
			up = strings.Contains(info, "master_link_status:up")
			return err
		})
		return up
	})
}

// startSentinel starts a Sentinel of the primary, and returns its port.
func startSentinel(t *testing.T, primary string, more ...string) string {
	t.Helper()
	port := freePort(t)
	config := filepath.Join(t.TempDir(), "sentinel.conf")
	text := fmt.Sprintf("port %s\nbind 127.0.0.1\nsentinel monitor main 127.0.0.1 %s 1\n", port, primary) +
		"sentinel down-after-milliseconds main 500\nsentinel failover-timeout main 5000\n" + strings.Join(more, "\n") + "\n"
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	redistest.Run(t, "tcp", net.JoinHostPort("127.0.0.1", port), config, "--sentinel")
	return port
}

// replicas returns how many replicas a Sentinel could promote.
func replicas(t *testing.T, sentinel *redis.Redis) (n int) {
	t.Helper()
	_ = sentinel.Do(t.Context(), func(ctx context.Context, c rueidis.Client) error {
		all, err := c.Do(ctx, c.B().Arbitrary("SENTINEL", "REPLICAS", "main").Build()).ToArray()
		for _, replica := range all {
			if fields, err := replica.AsStrMap(); err == nil && fields["master-link-status"] == "ok" {
				n++
			}
		}
		return err
	})
	return n
}
