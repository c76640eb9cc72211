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

func TestParallelAttemptsNeverExceedALimit(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		email func(n int) string
		ip    func(n int) netip.Addr
		limit int64
	}{
		{"pair", func(int) string { return ada }, func(int) netip.Addr { return home() }, 10},
		{"network", func(n int) string { return fmt.Sprintf("user%d@example.com", n) }, func(n int) netip.Addr {
			return netip.MustParseAddr(fmt.Sprintf("2001:db8::%x", n)) // All in one /64.
		}, 100},
		{"account", func(int) string { return ada }, distinct, 20},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			everywhere(t, func(t *testing.T, connect func() *redis.Redis) {
				var replicas []*ratelimit.Throttle
				for range 3 { // A delay that cannot pass during the test, however slow the machine.
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
					t.Errorf("%d attempts let through, want %d", got, test.limit)
				}
			})
		})
	}
}

// As many right logins as the pair's limit may be under way at once, for as long as one likes.
func TestRightLoginsDoNotRefuseEachOther(t *testing.T) {
	t.Parallel()
	everywhere(t, func(t *testing.T, connect func() *redis.Redis) {
		replicas := []*ratelimit.Throttle{newThrottle(connect()), newThrottle(connect()), newThrottle(connect())}
		var all sync.WaitGroup
		for n := range 10 {
			all.Go(func() {
				for range 20 {
					reservation, err := replicas[n%3].Reserve(t.Context(), ada, home())
					if err != nil {
						t.Errorf("a right login was refused: %v", err)
						return
					}
					reservation.Success(t.Context())
				}
			})
		}
		all.Wait()
	})
}

func TestCancelGivesBackExactlyOnce(t *testing.T) {
	t.Parallel()
	everywhere(t, func(t *testing.T, connect func() *redis.Redis) {
		throttle := newThrottle(connect())
		for range 9 {
			fails(t, throttle, ada, home())
		}
		gone, leave := context.WithCancel(t.Context())
		reservation, err := throttle.Reserve(gone, ada, home())
		if err != nil {
			t.Fatal(err)
		}
		leave() // The client's leaving must not keep the attempt from being given back.
		for range 3 {
			reservation.Cancel(gone)
		}
		fails(t, throttle, ada, home())
		refused(t, throttle, ada, home())
	})
}

func TestLoginsFailClosed(t *testing.T) {
	t.Parallel()
	down := func(t *testing.T, throttle *ratelimit.Throttle) {
		t.Helper()
		_, err := throttle.Reserve(t.Context(), ada, home())
		var f *fault.Fault
		if !errors.As(err, &f) || f.Code() != fault.DependencyDown || f.RetryAfter() <= 0 {
			t.Errorf("got %v, want %s with a time to retry", err, fault.DependencyDown)
		}
	}
	t.Run("gone", func(t *testing.T) {
		t.Parallel()
		down(t, newThrottle(open(t, redistest.New(t).URL, redis.Options{})))
	})
	t.Run("hung", func(t *testing.T) {
		t.Parallel()
		server := redistest.Start(t)
		throttle := newThrottle(up(t, open(t, server.URL, redis.Options{})))
		server.Hang()
		down(t, throttle)
		down(t, throttle)
	})
	t.Run("refusing writes", func(t *testing.T) {
		t.Parallel()
		server := redistest.Start(t)
		r := up(t, open(t, server.URL, redis.Options{Timeout: patient}))
		configure(t, r, "min-replicas-to-write", "1")
		down(t, newThrottle(r))
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
