package redis_test

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/rueidis"

	"github.com/ai-interviewer-platform/interviewer/server/platform/redis"
	"github.com/ai-interviewer-platform/interviewer/server/platform/redis/redistest"
)

const (
	key = "k"
	// recovery is what the service promises after a fault of Redis is over.
	recovery = 5 * time.Second
	// patient is a time-out that only a hung server exceeds, even on a busy machine.
	patient = time.Second
	// eternity stands for a wait that is not bounded: far above Options.Timeout, so that a busy machine is no failure.
	eternity = 10 * time.Second
)

func open(t testing.TB, url string, opts redis.Options) *redis.Redis {
	t.Helper()
	r, err := redis.Open(url, slog.New(slog.DiscardHandler), opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(r.Close)
	return r
}

func comesUp(t testing.TB, r *redis.Redis) {
	t.Helper()
	redistest.Eventually(t, recovery, "up", func() bool { return r.Up(t.Context()) == nil })
}

func goesDown(t testing.TB, r *redis.Redis) {
	t.Helper()
	redistest.Eventually(t, recovery, "down", func() bool { return errors.Is(r.Up(t.Context()), redis.ErrDown) })
}

func set(ctx context.Context, r *redis.Redis, value string) error {
	return r.Do(ctx, func(ctx context.Context, c rueidis.Client) error {
		return c.Do(ctx, c.B().Set().Key(key).Value(value).Build()).Error()
	})
}

func cached(ctx context.Context, r *redis.Redis) (value string, hit bool, err error) {
	err = r.Do(ctx, func(ctx context.Context, c rueidis.Client) error {
		answer := c.DoCache(ctx, c.B().Get().Key(key).Cache(), time.Minute)
		hit = answer.IsCacheHit()
		value, err = answer.ToString()
		return err
	})
	return value, hit, err
}

func TestOpenRefusesOnlyWhatIsNoAddress(t *testing.T) {
	t.Parallel()
	tests := []struct {
		url string
		ok  bool
	}{
		{"redis://127.0.0.1:1", true},
		{"redis://user:pass@127.0.0.1:1/3", true},
		{"rediss://127.0.0.1:1", true},
		{"unix:///nowhere/redis.sock?db=2", true},
		{"redis://127.0.0.1:1?addr=127.0.0.1:2&master_set=main", true},
		{"redis://127.0.0.1:1?addr=127.0.0.1:2", false},
		{"", false},
		{"127.0.0.1:6379", false},
		{"http://127.0.0.1:6379", false},
		{"redis://:secret@127.0.0.1:port", false},
		{"redis://:secret@127.0.0.1:1/three", false},
	}
	for _, test := range tests {
		t.Run(test.url, func(t *testing.T) {
			t.Parallel()
			r, err := redis.Open(test.url, slog.New(slog.DiscardHandler), redis.Options{})
			if r != nil {
				defer r.Close()
			}
			if (err == nil) != test.ok {
				t.Fatalf("err = %v, want ok = %t", err, test.ok)
			}
			if err != nil && strings.Contains(err.Error(), "secret") {
				t.Errorf("the error shows the password: %v", err)
			}
		})
	}
}

func TestInvalidationReachesOtherReplicas(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	one := open(t, server.URL, redis.Options{Timeout: patient})
	other := open(t, server.URL, redis.Options{Timeout: patient})
	comesUp(t, one)
	comesUp(t, other)
	for _, want := range []string{"a", "b"} {
		if err := set(t.Context(), one, want); err != nil {
			t.Fatal(err)
		}
		redistest.Eventually(t, eternity, want, func() bool {
			value, _, err := cached(t.Context(), other)
			return err == nil && value == want
		})
	}
}

func TestOnlyTheConnectionsErrorsMeanDown(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	r := open(t, server.URL, redis.Options{Timeout: eternity})
	comesUp(t, r)
	own := errors.New("the caller's own")
	left, leave := context.WithCancel(t.Context())
	leave()

	tests := []struct {
		name string
		ctx  context.Context
		fn   func(ctx context.Context, c rueidis.Client) error
		is   func(error) bool
	}{
		{"nil", t.Context(), func(ctx context.Context, c rueidis.Client) error {
			return c.Do(ctx, c.B().Get().Key("none").Build()).Error()
		}, rueidis.IsRedisNil},
		{"error answer", t.Context(), func(ctx context.Context, c rueidis.Client) error {
			return c.Do(ctx, c.B().Arbitrary("NONSENSE").Build()).Error()
		}, func(err error) bool { _, ok := rueidis.IsRedisErr(err); return ok }},
		{"caller's own", t.Context(), func(context.Context, rueidis.Client) error {
			return own
		}, func(err error) bool { return errors.Is(err, own) }},
		{"caller left", left, func(ctx context.Context, c rueidis.Client) error {
			return c.Do(ctx, c.B().Ping().Build()).Error()
		}, func(err error) bool { return errors.Is(err, context.Canceled) }},
	}
	for _, test := range tests {
		err := r.Do(test.ctx, test.fn)
		if !test.is(err) || errors.Is(err, redis.ErrDown) {
			t.Errorf("%s: %v", test.name, err)
		}
		if err := r.Up(t.Context()); err != nil {
			t.Errorf("after %s: %v, want up", test.name, err)
		}
	}
}

func TestCloseEndsCallsAndIsRepeatable(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	r := open(t, server.URL, redis.Options{Timeout: eternity})
	comesUp(t, r)

	server.Hang()
	under := make(chan struct{})
	ended := make(chan error, 1)
	go func() {
		ended <- r.Do(t.Context(), func(ctx context.Context, c rueidis.Client) error {
			close(under)
			return c.Do(ctx, c.B().Ping().Build()).Error()
		})
	}()
	<-under
	r.Close()
	r.Close()
	if err := <-ended; !errors.Is(err, redis.ErrDown) {
		t.Errorf("a call under way: %v, want ErrDown", err)
	}
	if err := r.Up(t.Context()); !errors.Is(err, redis.ErrDown) {
		t.Errorf("a later call: %v, want ErrDown", err)
	}
}

func TestInProcess(t *testing.T) {
	t.Parallel()
	server := miniredis.RunT(t)
	r := open(t, "redis://"+server.Addr(), redis.Options{InProcess: true, Timeout: eternity})
	comesUp(t, r)
	if err := set(t.Context(), r, "v"); err != nil {
		t.Fatal(err)
	}
	if value, _, err := cached(t.Context(), r); err != nil || value != "v" {
		t.Errorf("cached read = %q, %v", value, err)
	}
}

func BenchmarkCachedHit(b *testing.B) {
	server := redistest.Start(b)
	r := open(b, server.URL, redis.Options{})
	comesUp(b, r)
	if err := set(b.Context(), r, "v"); err != nil {
		b.Fatal(err)
	}
	if _, _, err := cached(b.Context(), r); err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, hit, err := cached(b.Context(), r); err != nil || !hit {
			b.Fatal(hit, err)
		}
	}
}

func BenchmarkRoundTrip(b *testing.B) {
	server := redistest.Start(b)
	r := open(b, server.URL, redis.Options{})
	comesUp(b, r)
	b.ReportAllocs()
	for b.Loop() {
		if err := set(b.Context(), r, "v"); err != nil {
			b.Fatal(err)
		}
	}
}
