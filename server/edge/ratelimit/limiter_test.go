package ratelimit_test

import (
	"context"
	"reflect"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/redis/rueidis"

	"github.com/ai-interviewer-platform/interviewer/server/edge/ratelimit"
	"github.com/ai-interviewer-platform/interviewer/server/platform/redis"
	"github.com/ai-interviewer-platform/interviewer/server/platform/redis/redistest"
)

func client(name string) ratelimit.Client { return ratelimit.ID(uuid.NewSHA1(uuid.Nil, []byte(name))) }

func newLimiter(t testing.TB, r *redis.Redis, p ratelimit.Policy) *ratelimit.Limiter {
	t.Helper()
	l, err := ratelimit.NewLimiter(r, time.Now, p)
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

// step is a request after a pause, and the expected result.
type step struct {
	pause     time.Duration
	allowed   bool
	remaining int
	reset     time.Duration
	wait      time.Duration
}

// steps are requests of one client under a policy of six requests per minute with a burst of three.
func steps() []step {
	return []step{
		{0, true, 2, 10 * time.Second, 0},
		{0, true, 1, 20 * time.Second, 0},
		{0, true, 0, 30 * time.Second, 10 * time.Second},
		{0, false, 0, 30 * time.Second, 10 * time.Second},
		{4 * time.Second, false, 0, 26 * time.Second, 6 * time.Second},
		{6 * time.Second, true, 0, 30 * time.Second, 10 * time.Second},
		{25 * time.Second, true, 1, 15 * time.Second, 0},
		{time.Hour, true, 2, 10 * time.Second, 0},
	}
}

// counts makes the steps and checks each result.
func counts(t *testing.T, limiter *ratelimit.Limiter, policy ratelimit.Policy, advance func(time.Duration)) {
	t.Helper()
	for n, step := range steps() {
		advance(step.pause)
		want := ratelimit.Decision{Allowed: step.allowed, Quotas: []ratelimit.Quota{
			{Policy: policy, Remaining: step.remaining, Reset: step.reset, Wait: step.wait},
		}}
		if !step.allowed {
			want.RetryAfter = step.wait
		}
		if got := limiter.Allow(t.Context(), client("client")); !reflect.DeepEqual(got, want) {
			t.Fatalf("step %d: %+v, want %+v", n, got, want)
		}
	}
	if got := limiter.Allow(t.Context(), client("another")); got.Quotas[0].Remaining != 2 {
		t.Errorf("another client: %+v, want its own quota", got)
	}
}

func TestLimiterCountsExactly(t *testing.T) {
	t.Parallel()
	clock, r := newClock(t)
	policy := ratelimit.Policy{Name: "p", Limit: 6, Window: time.Minute, Burst: 3}
	counts(t, newLimiter(t, r, policy), policy, clock.advance)
	elsewhere := newLimiter(t, r, ratelimit.Policy{Name: "q", Limit: 1, Window: time.Minute})
	if got := elsewhere.Allow(t.Context(), client("client")); !got.Allowed {
		t.Errorf("another policy: %+v, want its own quota", got)
	}
	clock.advance(time.Minute)
	if keys := clock.Keys(); len(keys) != 0 {
		t.Errorf("keys remain: %v", keys)
	}
}

func TestWaitingRetryAfterGivesExactlyTheLimit(t *testing.T) {
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
				decision := limiter.Allow(t.Context(), client("client"))
				if decision.Allowed {
					allowed++
				} else if decision.RetryAfter <= 0 {
					t.Fatalf("refused without RetryAfter: %+v", decision)
				}
				clock.advance(decision.RetryAfter)
			}
			if allowed != policy.Limit {
				t.Errorf("%d allowed, want %d", allowed, policy.Limit)
			}
		})
	}
}

func TestConcurrentRequestsNeverExceedTheBurst(t *testing.T) {
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
				if replicas[n%3].Allow(t.Context(), client("client")).Allowed {
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

// If Redis is down, hung or read-only, each replica limits on its own, by the same algorithm.
func TestLimiterCountsInMemoryWithoutRedis(t *testing.T) {
	t.Parallel()
	policy := ratelimit.Policy{Name: "p", Limit: 6, Window: time.Minute, Burst: 3}
	alone := func(t *testing.T, r *redis.Redis) {
		t.Helper()
		now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
		limiter, err := ratelimit.NewLimiter(r, func() time.Time { return now }, policy)
		if err != nil {
			t.Fatal(err)
		}
		counts(t, limiter, policy, func(d time.Duration) { now = now.Add(d) })
	}
	t.Run("down", func(t *testing.T) {
		t.Parallel()
		alone(t, open(t, redistest.New(t).URL, redis.Options{}))
	})
	t.Run("hung", func(t *testing.T) {
		t.Parallel()
		server := redistest.Start(t)
		r := up(t, open(t, server.URL, redis.Options{}))
		server.Hang()
		alone(t, r)
	})
	t.Run("refusing writes", func(t *testing.T) {
		t.Parallel()
		server := redistest.Start(t)
		r := up(t, open(t, server.URL, redis.Options{Timeout: patient}))
		configure(t, r, "min-replicas-to-write", "1")
		alone(t, r)
	})
}

// A request that one policy refuses is not counted by the others.
func TestPoliciesCountTogether(t *testing.T) {
	t.Parallel()
	_, up := newClock(t)
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	for name, r := range map[string]*redis.Redis{"redis": up, "memory": open(t, redistest.New(t).URL, redis.Options{})} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			limiter, err := ratelimit.NewLimiter(r, func() time.Time { return now },
				ratelimit.Policy{Name: "user", Limit: 2, Window: time.Minute},
				ratelimit.Policy{Name: "company", Limit: 3, Window: time.Minute})
			if err != nil {
				t.Fatal(err)
			}
			for n, want := range []struct {
				name, user    string
				allowed       bool
				own, together int
				retry         time.Duration
			}{
				{"first user", "anna", true, 1, 2, 0},
				{"first user again", "anna", true, 0, 1, 0},
				{"first user over the limit", "anna", false, 0, 1, 30 * time.Second},
				{"second user", "ben", true, 1, 0, 0},
				{"second user over the limit of the company", "ben", false, 1, 0, 20 * time.Second},
			} {
				t.Run(want.name, func(t *testing.T) {
					got := limiter.Allow(t.Context(), client(want.user), client("acme"))
					if got.Allowed != want.allowed || got.Quotas[0].Remaining != want.own || got.Quotas[1].Remaining != want.together ||
						got.RetryAfter != want.retry {
						t.Errorf("request %d of %s: %+v, want %+v", n, want.user, got, want)
					}
				})
			}
		})
	}
}

func TestNewLimiterChecksPolicies(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		policy ratelimit.Policy
		ok     bool
	}{
		"usual":           {ratelimit.Policy{Name: "p", Limit: 600, Window: time.Minute}, true},
		"escaped name":    {ratelimit.Policy{Name: `a "b" \ ~`, Limit: 1, Window: time.Second, Burst: 5}, true},
		"100000 a second": {ratelimit.Policy{Name: "p", Limit: 100_000, Window: time.Second}, true},
		"100001 a second": {ratelimit.Policy{Name: "p", Limit: 100_001, Window: time.Second}, false},
		"no name":         {ratelimit.Policy{Limit: 1, Window: time.Second}, false},
		"non-ASCII name":  {ratelimit.Policy{Name: "ü", Limit: 1, Window: time.Second}, false},
		"control in name": {ratelimit.Policy{Name: "a\nb", Limit: 1, Window: time.Second}, false},
		"65-letter name":  {ratelimit.Policy{Name: strings.Repeat("n", 65), Limit: 1, Window: time.Second}, false},
		"no limit":        {ratelimit.Policy{Name: "p", Window: time.Second}, false},
		"negative limit":  {ratelimit.Policy{Name: "p", Limit: -1, Window: time.Second}, false},
		"no window":       {ratelimit.Policy{Name: "p", Limit: 1}, false},
		"1.5 s window":    {ratelimit.Policy{Name: "p", Limit: 1, Window: 1500 * time.Millisecond}, false},
		"negative burst":  {ratelimit.Policy{Name: "p", Limit: 1, Window: time.Second, Burst: -1}, false},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if _, err := ratelimit.NewLimiter(nil, time.Now, test.policy); (err == nil) != test.ok {
				t.Errorf("error = %v, want ok = %t", err, test.ok)
			}
		})
	}
}

func BenchmarkAllow(b *testing.B) {
	r := up(b, open(b, redistest.Start(b).URL, redis.Options{Timeout: patient}))
	limiter := newLimiter(b, r, ratelimit.Policy{Name: "p", Limit: 600, Window: time.Minute})
	for b.Loop() {
		limiter.Allow(b.Context(), client("client"))
	}
}
