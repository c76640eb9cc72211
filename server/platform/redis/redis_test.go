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
	// recovery is the documented time of recovery after a fault of Redis.
	recovery = 5 * time.Second
	// longTimeout is a timeout that only a hung or slow server exceeds, even on a busy machine.
	longTimeout = time.Second
	// longWait is far longer than any wait that the tests expect, even on a busy machine.
	longWait = 10 * time.Second
)

func open(t testing.TB, url string, opts redis.Options) *redis.Redis {
	t.Helper()
	r, err := redis.Open(t.Context(), url, slog.New(slog.DiscardHandler), opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(r.Close)
	return r
}

func awaitUp(t testing.TB, r *redis.Redis) {
	t.Helper()
	redistest.Eventually(t, recovery, "up", func() bool { return r.Up(t.Context()) == nil })
}

func awaitDown(t testing.TB, r *redis.Redis) {
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

func TestOpenRefusesInvalidURLs(t *testing.T) {
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
			r, err := redis.Open(t.Context(), test.url, slog.New(slog.DiscardHandler), redis.Options{})
			if r != nil {
				defer r.Close()
			}
			if (err == nil) != test.ok {
				t.Fatalf("err = %v, want ok = %t", err, test.ok)
			}
			if err != nil && strings.Contains(err.Error(), "secret") {
				t.Errorf("the error contains the password: %v", err)
			}
		})
	}
}

func TestInvalidationReachesOtherReplicas(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	one := open(t, server.URL, redis.Options{Timeout: longTimeout})
	other := open(t, server.URL, redis.Options{Timeout: longTimeout})
	awaitUp(t, one)
	awaitUp(t, other)
	for _, want := range []string{"a", "b"} {
		if err := set(t.Context(), one, want); err != nil {
			t.Fatal(err)
		}
		redistest.Eventually(t, longWait, want, func() bool {
			value, _, err := cached(t.Context(), other)
			return err == nil && value == want
		})
	}
}

func TestOnlyConnectionErrorsMeanDown(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	r := open(t, server.URL, redis.Options{Timeout: longWait})
	awaitUp(t, r)
	own := errors.New("an error of the function")
	canceled, cancel := context.WithCancel(t.Context())
	cancel()

	tests := []struct {
		name string
		ctx  context.Context
		fn   func(ctx context.Context, c rueidis.Client) error
		is   func(error) bool
	}{
		{"nil", t.Context(), func(ctx context.Context, c rueidis.Client) error {
			return c.Do(ctx, c.B().Get().Key("none").Build()).Error()
		}, rueidis.IsRedisNil},
		{"error reply", t.Context(), func(ctx context.Context, c rueidis.Client) error {
			return c.Do(ctx, c.B().Arbitrary("NONSENSE").Build()).Error()
		}, func(err error) bool { _, ok := rueidis.IsRedisErr(err); return ok }},
		{"error of the function", t.Context(), func(context.Context, rueidis.Client) error {
			return own
		}, func(err error) bool { return errors.Is(err, own) }},
		{"canceled", canceled, func(ctx context.Context, c rueidis.Client) error {
			return c.Do(ctx, c.B().Ping().Build()).Error()
		}, func(err error) bool { return errors.Is(err, context.Canceled) }},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			err := r.Do(test.ctx, test.fn)
			if !test.is(err) || errors.Is(err, redis.ErrDown) {
				t.Errorf("unexpected error %v", err)
			}
			if err := r.Up(t.Context()); err != nil {
				t.Errorf("afterwards: %v, want up", err)
			}
		})
	}
}

func TestCloseEndsCalls(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	r := open(t, server.URL, redis.Options{Timeout: longWait})
	awaitUp(t, r)

	server.Hang()
	started := make(chan struct{})
	ended := make(chan error, 1)
	go func() {
		ended <- r.Do(t.Context(), func(ctx context.Context, c rueidis.Client) error {
			close(started)
			return c.Do(ctx, c.B().Ping().Build()).Error()
		})
	}()
	<-started
	r.Close()
	r.Close()
	if err := <-ended; !errors.Is(err, redis.ErrDown) {
		t.Errorf("a call in progress: %v, want ErrDown", err)
	}
	if err := r.Up(t.Context()); !errors.Is(err, redis.ErrDown) {
		t.Errorf("a later call: %v, want ErrDown", err)
	}
}

func TestInProcess(t *testing.T) {
	t.Parallel()
	server := miniredis.RunT(t)
	r := open(t, "redis://"+server.Addr(), redis.Options{InProcess: true, Timeout: longWait})
	awaitUp(t, r)
	if err := set(t.Context(), r, "v"); err != nil {
		t.Fatal(err)
	}
	if value, _, err := cached(t.Context(), r); err != nil || value != "v" {
		t.Errorf("cached read = %q (error %v), want v", value, err)
	}
}

func BenchmarkCachedHit(b *testing.B) {
	server := redistest.Start(b)
	r := open(b, server.URL, redis.Options{})
	awaitUp(b, r)
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
	awaitUp(b, r)
	b.ReportAllocs()
	for b.Loop() {
		if err := set(b.Context(), r, "v"); err != nil {
			b.Fatal(err)
		}
	}
}
