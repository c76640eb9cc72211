package redis_test

import (
	"context"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/redis/rueidis"

	"github.com/ai-interviewer-platform/interviewer/server/platform/redis"
	"github.com/ai-interviewer-platform/interviewer/server/platform/redis/redistest"
)

// failover bounds what Sentinel takes to make a replica the primary, which is not ours to hurry.
const failover = time.Minute

// listen starts a redis-server on a loopback port of its own and gives the port.
func listen(t *testing.T, args ...string) string {
	t.Helper()
	port := freePort(t)
	redistest.Run(t, "tcp", net.JoinHostPort("127.0.0.1", port),
		append(args, "--port", port, "--bind", "127.0.0.1", "--save", "", "--dir", t.TempDir())...)
	return port
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
	primary := listen(t)
	replica := listen(t, "--replicaof", "127.0.0.1 "+primary, "--repl-diskless-sync-delay", "0")

	sentinel := freePort(t)
	config := filepath.Join(t.TempDir(), "sentinel.conf")
	text := fmt.Sprintf("port %s\nbind 127.0.0.1\nsentinel monitor main 127.0.0.1 %s 1\n", sentinel, primary) +
		"sentinel down-after-milliseconds main 500\nsentinel failover-timeout main 5000\n"
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	redistest.Run(t, "tcp", net.JoinHostPort("127.0.0.1", sentinel), config, "--sentinel")

	r := open(t, "redis://127.0.0.1:"+sentinel+"?master_set=main", redis.Options{Timeout: patient})
	comesUp(t, r)
	if port, err := portOf(t.Context(), r); err != nil || port != primary {
		t.Fatalf("connected to port %s (%v), want the primary at %s", port, err, primary)
	}

	watcher := open(t, "redis://127.0.0.1:"+sentinel, redis.Options{Timeout: patient, InProcess: true})
	comesUp(t, watcher)
	redistest.Eventually(t, failover, "failed over", func() bool {
		_ = watcher.Do(t.Context(), func(ctx context.Context, c rueidis.Client) error {
			return c.Do(ctx, c.B().Arbitrary("SENTINEL", "FAILOVER", "main").Build()).Error()
		})
		port, err := portOf(t.Context(), r)
		return err == nil && port == replica && set(t.Context(), r, "v") == nil
	})
}
