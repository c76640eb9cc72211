package redis_test

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/rueidis"

	"github.com/ai-interviewer-platform/interviewer/server/platform/redis"
	"github.com/ai-interviewer-platform/interviewer/server/platform/redis/redistest"
)

func TestConnectsWhenRedisStarts(t *testing.T) {
	t.Parallel()
	server := redistest.New(t)
	r := open(t, server.URL, redis.Options{Timeout: longTimeout})
	if err := r.Up(t.Context()); !errors.Is(err, redis.ErrDown) {
		t.Fatalf("without a server: %v, want ErrDown", err)
	}
	server.Start()
	awaitUp(t, r)
}

func TestRestartEmpty(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	r := open(t, server.URL, redis.Options{Timeout: longTimeout})
	awaitUp(t, r)
	if err := set(t.Context(), r, "v"); err != nil {
		t.Fatal(err)
	}
	redistest.Eventually(t, longWait, "cached", func() bool {
		value, hit, err := cached(t.Context(), r)
		return err == nil && value == "v" && hit
	})

	server.Kill()
	awaitDown(t, r)
	if _, _, err := cached(t.Context(), r); !errors.Is(err, redis.ErrDown) {
		t.Errorf("cached read without a server: %v, want ErrDown", err)
	}

	server.Start()
	awaitUp(t, r)
	if value, _, err := cached(t.Context(), r); !rueidis.IsRedisNil(err) {
		t.Errorf("after the restart: %q, %v, want nil", value, err)
	}
}

// All calls return when a server hangs, also those for which rueidis has no room: it blocks them without regard to
// their context until the connection is closed.
func TestHungServerReleasesAllCalls(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	r := open(t, server.URL, redis.Options{Timeout: longTimeout})
	awaitUp(t, r)

	server.Hang()
	if answered := manyCalls(t, r); answered != 0 {
		t.Errorf("%d calls were answered, want none", answered)
	}

	server.Resume()
	awaitUp(t, r)
}

// The same for a server that answers, but far too slowly: rueidis keeps such a connection.
func TestSlowServerReleasesAllCalls(t *testing.T) {
	t.Parallel()
	proxy := slowProxy(t, redistest.Start(t))
	r := open(t, proxy.url, redis.Options{Timeout: longTimeout})
	awaitUp(t, r)

	proxy.slow.Store(true)
	if answered := manyCalls(t, r); answered > calls/2 {
		t.Errorf("%d of %d calls were answered, want a few", answered, calls)
	}

	proxy.slow.Store(false)
	awaitUp(t, r)
}

// calls is more than rueidis has room for, which is 1024. With many more, the race detector makes rueidis take seconds to
// release them.
const calls = 1200

// manyCalls expects that all calls return, and that those without an answer fail with ErrDown. It returns how many were
// answered.
func manyCalls(t *testing.T, r *redis.Redis) (answered int) {
	t.Helper()
	var all sync.WaitGroup
	errs := make(chan error, calls)
	for range calls {
		all.Go(func() { errs <- set(t.Context(), r, "v") })
	}
	released := make(chan struct{})
	go func() { all.Wait(); close(released) }()
	select {
	case <-released:
	case <-time.After(longWait):
		t.Fatal("some calls still wait")
	}
	close(errs)
	for err := range errs {
		if err == nil {
			answered++
		} else if !errors.Is(err, redis.ErrDown) {
			t.Fatalf("a call got %v, want ErrDown", err)
		}
	}
	return answered
}

// proxy forwards connections to a server. While slow is set, it forwards replies at 250 bytes a second.
type proxy struct {
	url  string
	slow atomic.Bool
}

func slowProxy(t *testing.T, server *redistest.Server) *proxy {
	t.Helper()
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &proxy{url: "redis://" + listener.Addr().String()}
	var all sync.WaitGroup
	all.Go(func() {
		for {
			client, err := listener.Accept()
			if err != nil {
				return
			}
			conn, err := (&net.Dialer{}).DialContext(t.Context(), "unix", strings.TrimPrefix(server.URL, "unix://"))
			if err != nil {
				_ = client.Close()
				continue
			}
			all.Go(func() { _, _ = io.Copy(conn, client); _ = conn.Close() })
			all.Go(func() { p.forward(client, conn); _ = client.Close() })
		}
	})
	t.Cleanup(func() { _ = listener.Close(); all.Wait() })
	return p
}

func (p *proxy) forward(client io.Writer, server io.Reader) {
	buffer := make([]byte, 32<<10)
	for {
		n, err := server.Read(buffer)
		if err != nil {
			return
		}
		for rest := buffer[:n]; len(rest) > 0; {
			part := rest
			if p.slow.Load() {
				time.Sleep(20 * time.Millisecond)
				part = rest[:min(5, len(rest))]
			}
			if _, err := client.Write(part); err != nil {
				return
			}
			rest = rest[len(part):]
		}
	}
}

// Close does not wait for a hung server, and releases all calls, also those for which rueidis has no room.
func TestCloseReleasesAllCalls(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	r := open(t, server.URL, redis.Options{Timeout: time.Minute})
	awaitUp(t, r)

	server.Hang()
	var started, all sync.WaitGroup
	started.Add(calls)
	errs := make(chan error, calls)
	for range calls {
		all.Go(func() {
			errs <- r.Do(t.Context(), func(ctx context.Context, c rueidis.Client) error {
				started.Done()
				return c.Do(ctx, c.B().Ping().Build()).Error()
			})
		})
	}
	started.Wait()
	closed := make(chan struct{})
	go func() { r.Close(); all.Wait(); close(closed) }()
	select {
	case <-closed:
	case <-time.After(longWait):
		t.Fatal("Close or some calls still wait")
	}
	close(errs)
	for err := range errs {
		if !errors.Is(err, redis.ErrDown) {
			t.Fatalf("a call got %v, want ErrDown", err)
		}
	}
}

// A hung server sends no invalidations, so cached values must not be used for long, even if no call reaches the server.
func TestHungServerInvalidatesTheCache(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	r := open(t, server.URL, redis.Options{Timeout: longTimeout})
	awaitUp(t, r)
	if err := set(t.Context(), r, "v"); err != nil {
		t.Fatal(err)
	}
	if _, _, err := cached(t.Context(), r); err != nil {
		t.Fatal(err)
	}

	server.Hang()
	redistest.Eventually(t, recovery, "the cache is dropped", func() bool {
		_, hit, err := cached(t.Context(), r)
		if err == nil && !hit {
			t.Fatal("a hung server answered")
		}
		return errors.Is(err, redis.ErrDown)
	})

	server.Resume()
	awaitUp(t, r)
}

// A call that is canceled, or times out, does not break the connection for the others.
func TestCanceledCallKeepsTheConnection(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		leave func(context.Context) (context.Context, context.CancelFunc)
		want  error
	}{
		{"canceled", context.WithCancel, context.Canceled},
		{"deadline exceeded", func(ctx context.Context) (context.Context, context.CancelFunc) {
			ctx, cancel := context.WithTimeout(ctx, 10*time.Millisecond)
			return ctx, func() { <-ctx.Done(); cancel() }
		}, context.DeadlineExceeded},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			server := redistest.Start(t)
			r := open(t, server.URL, redis.Options{Timeout: longWait})
			awaitUp(t, r)
			before := connection(t, r)

			server.Hang()
			ctx, leave := test.leave(t.Context())
			go leave()
			if err := r.Up(ctx); !errors.Is(err, test.want) || errors.Is(err, redis.ErrDown) {
				t.Errorf("got %v, want %v", err, test.want)
			}
			server.Resume()
			if after := connection(t, r); after != before {
				t.Errorf("connection = %d, want %d as before", after, before)
			}
		})
	}
}

// Concurrent reads of one key share a command. If the call that sent it is canceled, rueidis returns that error to the
// others as well. They fail, but the connection does not.
func TestCanceledReadKeepsTheConnection(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	r := open(t, server.URL, redis.Options{Timeout: longWait})
	awaitUp(t, r)
	before := connection(t, r)

	// The first read has sent its command, and the second one waits for the same answer.
	server.Hang()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	read := func(ctx context.Context) <-chan error {
		waits, ended := make(chan struct{}), make(chan error, 1)
		begun := sync.OnceFunc(func() { close(waits) })
		go func() {
			ended <- r.Do(ctx, func(ctx context.Context, c rueidis.Client) error {
				shared := c.B().Get().Key("shared").Cache()
				return c.DoCache(waiter{ctx, begun}, shared, time.Minute).Error() //nolint:contextcheck // wraps ctx
			})
			begun()
		}()
		<-waits
		return ended
	}
	canceled, other := read(ctx), read(context.WithoutCancel(ctx))
	cancel()
	if err := <-canceled; !errors.Is(err, context.Canceled) {
		t.Fatalf("error of the canceled read = %v, want %v", err, context.Canceled)
	}
	server.Resume()
	if err := <-other; !errors.Is(err, redis.ErrDown) {
		t.Errorf("error of the other read = %v, want %v", err, redis.ErrDown)
	}
	if after := connection(t, r); after != before {
		t.Errorf("connection = %d, want %d as before", after, before)
	}
}

// waiter is a context that reports when a call waits for its end. rueidis does so after it has sent the command of a
// cached read, or has found another call that sent it.
type waiter struct {
	context.Context
	begun func()
}

func (w waiter) Done() <-chan struct{} {
	w.begun()
	return w.Context.Done()
}

// connection returns the server's id of our connection. It fails the test if Redis is down.
func connection(t *testing.T, r *redis.Redis) (id int64) {
	t.Helper()
	err := r.Do(t.Context(), func(ctx context.Context, c rueidis.Client) (err error) {
		id, err = c.Do(ctx, c.B().ClientId().Build()).AsInt64()
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return id
}

// A server that has become a replica answers, so rueidis would keep the connection. Another server may be the primary
// at the same address, as after the failover of a managed Redis.
func TestReplacesAReplica(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	r := open(t, server.URL, redis.Options{Timeout: longTimeout})
	awaitUp(t, r)
	err := r.Do(t.Context(), func(ctx context.Context, c rueidis.Client) error {
		return c.Do(ctx, c.B().Replicaof().Host("127.0.0.1").Port(1).Build()).Error()
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := set(t.Context(), r, "v"); !errors.Is(err, redis.ErrDown) {
		t.Errorf("a write to a replica: %v, want ErrDown", err)
	}

	if err := os.Remove(strings.TrimPrefix(server.URL, "unix://")); err != nil {
		t.Fatal(err)
	}
	server.Start() // the replica is still running, and connected
	redistest.Eventually(t, recovery, "written to the new primary", func() bool { return set(t.Context(), r, "v") == nil })
}
