package ratelimit_test

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/ai-interviewer-platform/interviewer/server/edge/ratelimit"
	"github.com/ai-interviewer-platform/interviewer/server/platform/fault"
	"github.com/ai-interviewer-platform/interviewer/server/platform/redis"
	"github.com/ai-interviewer-platform/interviewer/server/platform/redis/redistest"
)

func TestConcurrentAttemptsNeverExceedALimit(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		email func(n int) string
		ip    func(n int) netip.Addr
		limit int64
	}{
		{"pair", func(int) string { return ada }, func(int) netip.Addr { return home() }, 10},
		{"network", func(n int) string { return fmt.Sprintf("user%d@example.com", n) }, func(n int) netip.Addr {
			return netip.MustParseAddr(fmt.Sprintf("2001:db8::%x", n)) // all in one /64
		}, 100},
		{"account", func(int) string { return ada }, distinct, 20},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			everywhere(t, func(t *testing.T, connect func() *redis.Redis) {
				var replicas []*ratelimit.Throttle
				for range 3 { // The delay does not end during the test, even on a slow machine.
					policy := ratelimit.ThrottlePolicy{AccountDelay: time.Hour, AccountDelayMax: time.Hour}
					replicas = append(replicas, ratelimit.NewThrottle(connect(), []byte(hmacKey), policy))
				}
				var through atomic.Int64
				var all sync.WaitGroup
				for n := range 240 {
					all.Go(func() {
						_, err := replicas[n%3].Reserve(t.Context(), test.email(n), test.ip(n))
						switch {
						case err == nil:
							through.Add(1)
						case !fault.Is(err, fault.TooManyAttempts):
							t.Errorf("attempt %d: %v", n, err)
						}
					})
				}
				all.Wait()
				if got := through.Load(); got != test.limit {
					t.Errorf("%d attempts allowed, want %d", got, test.limit)
				}
			})
		})
	}
}

// Successful logins are never refused while no more than the pair's limit run at the same time.
func TestConcurrentSuccessesAreNotRefused(t *testing.T) {
	t.Parallel()
	everywhere(t, func(t *testing.T, connect func() *redis.Redis) {
		replicas := []*ratelimit.Throttle{newThrottle(connect()), newThrottle(connect()), newThrottle(connect())}
		var all sync.WaitGroup
		for n := range 10 {
			all.Go(func() {
				for range 20 {
					reservation, err := replicas[n%3].Reserve(t.Context(), ada, home())
					if err != nil {
						t.Errorf("a successful login was refused: %v", err)
						return
					}
					reservation.Success(t.Context())
				}
			})
		}
		all.Wait()
	})
}

func TestCancelIsIdempotent(t *testing.T) {
	t.Parallel()
	everywhere(t, func(t *testing.T, connect func() *redis.Redis) {
		throttle := newThrottle(connect())
		for range 9 {
			fails(t, throttle, ada, home())
		}
		canceled, cancel := context.WithCancel(t.Context())
		reservation, err := throttle.Reserve(canceled, ada, home())
		if err != nil {
			t.Fatal(err)
		}
		cancel() // The attempt must be released even if the client has left.
		for range 3 {
			reservation.Cancel(canceled)
		}
		fails(t, throttle, ada, home())
		refused(t, throttle, ada, home())
	})
}

func TestReserveFailsClosed(t *testing.T) {
	t.Parallel()
	fails := func(t *testing.T, throttle *ratelimit.Throttle) {
		t.Helper()
		_, err := throttle.Reserve(t.Context(), ada, home())
		var f *fault.Fault
		if !errors.As(err, &f) || f.Code() != fault.DependencyDown || f.RetryAfter() <= 0 {
			t.Errorf("got %v, want %s with a time to retry", err, fault.DependencyDown)
		}
	}
	t.Run("down", func(t *testing.T) {
		t.Parallel()
		fails(t, newThrottle(open(t, redistest.New(t).URL, redis.Options{})))
	})
	t.Run("hung", func(t *testing.T) {
		t.Parallel()
		server := redistest.Start(t)
		throttle := newThrottle(up(t, open(t, server.URL, redis.Options{})))
		server.Hang()
		fails(t, throttle)
		fails(t, throttle)
	})
	t.Run("refusing writes", func(t *testing.T) {
		t.Parallel()
		server := redistest.Start(t)
		r := up(t, open(t, server.URL, redis.Options{Timeout: patient}))
		configure(t, r, "min-replicas-to-write", "1")
		fails(t, newThrottle(r))
	})
}

func BenchmarkReserveAndSuccess(b *testing.B) {
	throttle := newThrottle(up(b, open(b, redistest.Start(b).URL, redis.Options{Timeout: patient})))
	for b.Loop() {
		reservation, err := throttle.Reserve(b.Context(), ada, home())
		if err != nil {
			b.Fatal(err)
		}
		reservation.Success(b.Context())
	}
}
