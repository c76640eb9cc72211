package ratelimit_test

import (
	"context"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/rueidis"

	"github.com/ai-interviewer-platform/interviewer/server/ratelimit"
	"github.com/ai-interviewer-platform/interviewer/server/redis"
	"github.com/ai-interviewer-platform/interviewer/server/redis/redistest"
)

func newLimiter(t testing.TB, r *redis.Redis, p ratelimit.Policy) *ratelimit.Limiter {
	t.Helper()
	l, err := ratelimit.NewLimiter(r, p)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func configure(t *testing.T, r *redis.Redis, parameter, value string) {
	t.Helper()
	err := r.Do(t.Context(), func(ctx context.Context, c rueidis.Client) error {
		return c.Do(ctx, c.B().ConfigSet().ParameterValue().ParameterValue(parameter, value).Build()).Error()
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestLimiterCountsExactly(t *testing.T) {
	t.Parallel()
	clock, r := newClock(t)
	limiter := newLimiter(t, r, ratelimit.Policy{Name: "p", Limit: 6, Window: time.Minute, Burst: 3})
	type decision = ratelimit.Decision
	steps := []struct {
		rest time.Duration
		want decision
	}{
		{0, decision{Allowed: true, Limit: 6, Remaining: 2, Reset: 10 * time.Second}},
		{0, decision{Allowed: true, Limit: 6, Remaining: 1, Reset: 20 * time.Second}},
		{0, decision{Allowed: true, Limit: 6, Remaining: 0, Reset: 30 * time.Second}},
		{0, decision{Limit: 6, Reset: 30 * time.Second, RetryAfter: 10 * time.Second}},
		{4 * time.Second, decision{Limit: 6, Reset: 26 * time.Second, RetryAfter: 6 * time.Second}},
		{6 * time.Second, decision{Allowed: true, Limit: 6, Remaining: 0, Reset: 30 * time.Second}},
		{25 * time.Second, decision{Allowed: true, Limit: 6, Remaining: 1, Reset: 15 * time.Second}},
		{time.Hour, decision{Allowed: true, Limit: 6, Remaining: 2, Reset: 10 * time.Second}},
	}
	for n, step := range steps {
		clock.advance(step.rest)
		got, err := limiter.Allow(t.Context(), "caller")
		if err != nil || got != step.want {
			t.Fatalf("step %d: %+v, %v, want %+v", n, got, err, step.want)
		}
	}
	if got, err := limiter.Allow(t.Context(), "another"); err != nil || got.Remaining != 2 {
		t.Errorf("another caller: %+v, %v, want a quota of their own", got, err)
	}
	elsewhere := newLimiter(t, r, ratelimit.Policy{Name: "q", Limit: 1, Window: time.Minute})
	if got, err := elsewhere.Allow(t.Context(), "caller"); err != nil || !got.Allowed {
		t.Errorf("another policy: %+v, %v, want a quota of its own", got, err)
	}
	clock.advance(time.Minute)
	if keys := clock.Keys(); len(keys) != 0 {
		t.Errorf("left behind: %v", keys)
	}
}

func TestWhoWaitsAsToldGetsTheLimitAndNoMore(t *testing.T) {
	t.Parallel()
	for _, policy := range []ratelimit.Policy{
		{Name: "uneven", Limit: 7, Window: time.Second, Burst: 1},
		{Name: "slow", Limit: 3, Window: time.Hour, Burst: 1},
		{Name: "fast", Limit: 999, Window: time.Second, Burst: 1},
	} {
		t.Run(policy.Name, func(t *testing.T) {
			t.Parallel()
			clock, r := newClock(t)
			limiter := newLimiter(t, r, policy)
			allowed := 0
			for start := clock.now; clock.now.Sub(start) < policy.Window; {
				decision, err := limiter.Allow(t.Context(), "caller")
				if err != nil {
					t.Fatal(err)
				}
				if decision.Allowed {
					allowed++
				} else if decision.RetryAfter <= 0 {
					t.Fatalf("refused without a time to retry: %+v", decision)
				}
				clock.advance(decision.RetryAfter)
			}
			if allowed != policy.Limit {
				t.Errorf("%d allowed, want %d", allowed, policy.Limit)
			}
		})
	}
}

func TestParallelRequestsNeverExceedTheBurst(t *testing.T) {
	t.Parallel()
	everywhere(t, func(t *testing.T, connect func() *redis.Redis) {
		var replicas []*ratelimit.Limiter
		for range 3 {
			replicas = append(replicas, newLimiter(t, connect(), ratelimit.Policy{
				Name: "p", Limit: 10, Window: 24 * time.Hour, Burst: 25,
			}))
		}
		var allowed atomic.Int64
		var all sync.WaitGroup
		for n := range 150 {
			all.Go(func() {
				decision, err := replicas[n%3].Allow(t.Context(), "caller")
				if err != nil {
					t.Error(err)
				}
				if decision.Allowed {
					allowed.Add(1)
				}
			})
		}
		all.Wait()
		if got := allowed.Load(); got != 25 {
			t.Errorf("%d allowed, want 25", got)
		}
	})
}

func TestRequestsFailOpen(t *testing.T) {
	t.Parallel()
	policy := ratelimit.Policy{Name: "p", Limit: 1, Window: time.Hour}
	letsPass := func(t *testing.T, limiter *ratelimit.Limiter) {
		t.Helper()
		for range 3 {
			decision, err := limiter.Allow(t.Context(), "caller")
			if err == nil {
				t.Fatal("no error says that the request was not counted")
			}
			if want := (ratelimit.Decision{Allowed: true, Limit: 1, Remaining: 1}); decision != want {
				t.Fatalf("%+v, want %+v", decision, want)
			}
		}
	}
	t.Run("gone", func(t *testing.T) {
		t.Parallel()
		letsPass(t, newLimiter(t, open(t, redistest.New(t).URL, redis.Options{}), policy))
	})
	t.Run("hung", func(t *testing.T) {
		t.Parallel()
		server := redistest.Start(t)
		limiter := newLimiter(t, up(t, open(t, server.URL, redis.Options{})), policy)
		server.Hang()
		letsPass(t, limiter)
	})
	t.Run("refusing writes", func(t *testing.T) {
		t.Parallel()
		server := redistest.Start(t)
		r := up(t, open(t, server.URL, redis.Options{Timeout: patient}))
		configure(t, r, "min-replicas-to-write", "1")
		letsPass(t, newLimiter(t, r, policy))
	})
}

func TestNewLimiterRefusesWhatItCannotKeep(t *testing.T) {
	t.Parallel()
	tests := []struct {
		policy ratelimit.Policy
		ok     bool
	}{
		{ratelimit.Policy{Name: "p", Limit: 600, Window: time.Minute}, true},
		{ratelimit.Policy{Name: `a "b" \ ~`, Limit: 1, Window: time.Second, Burst: 5}, true},
		{ratelimit.Policy{Name: "p", Limit: 1000, Window: time.Second}, true},
		{ratelimit.Policy{Name: "p", Limit: 1001, Window: time.Second}, false},
		{ratelimit.Policy{Limit: 1, Window: time.Second}, false},
		{ratelimit.Policy{Name: "ü", Limit: 1, Window: time.Second}, false},
		{ratelimit.Policy{Name: "a\nb", Limit: 1, Window: time.Second}, false},
		{ratelimit.Policy{Name: strings.Repeat("n", 65), Limit: 1, Window: time.Second}, false},
		{ratelimit.Policy{Name: "p", Window: time.Second}, false},
		{ratelimit.Policy{Name: "p", Limit: -1, Window: time.Second}, false},
		{ratelimit.Policy{Name: "p", Limit: 1}, false},
		{ratelimit.Policy{Name: "p", Limit: 1, Window: 1500 * time.Millisecond}, false},
		{ratelimit.Policy{Name: "p", Limit: 1, Window: time.Second, Burst: -1}, false},
	}
	for _, test := range tests {
		if _, err := ratelimit.NewLimiter(nil, test.policy); (err == nil) != test.ok {
			t.Errorf("%+v: %v, want ok = %t", test.policy, err, test.ok)
		}
	}
}

func BenchmarkAllow(b *testing.B) {
	r := up(b, open(b, redistest.Start(b).URL, redis.Options{Timeout: patient}))
	limiter := newLimiter(b, r, ratelimit.Policy{Name: "p", Limit: 600, Window: time.Minute})
	for b.Loop() {
		if _, err := limiter.Allow(b.Context(), "caller"); err != nil {
			b.Fatal(err)
		}
	}
}
