package ratelimit_test

import (
	"math/rand/v2"
	"net/netip"
	"reflect"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/ai-interviewer-platform/interviewer/server/edge/ratelimit"
	"github.com/ai-interviewer-platform/interviewer/server/platform/redis"
	"github.com/ai-interviewer-platform/interviewer/server/platform/redis/redistest"
)

// usual is the default of users. A replica may be 600 / 32 = 18 requests ahead.
var usual = ratelimit.Policy{Name: "user", Limit: 600, Window: time.Minute, Burst: 600} //nolint:gochecknoglobals // const

// replica returns a limiter that has the time of a clock.
func replica(t *testing.T, r *redis.Redis, c *clock, policies ...ratelimit.Policy) *ratelimit.Limiter {
	t.Helper()
	l, err := ratelimit.NewLimiter(r, func() time.Time { return c.now }, policies...)
	if err != nil {
		t.Fatal(err)
	}
	l.Manual()
	return l
}

// traffic returns random pauses between requests: bursts, a steady rate near the limit, and idle times.
func traffic(random *rand.Rand) time.Duration {
	switch n := random.IntN(400); {
	case n == 0:
		return time.Duration(random.IntN(30)) * time.Second
	case n < 40:
		return time.Duration(random.IntN(700)) * time.Millisecond
	}
	return 0
}

// A single replica decides as if it counted all requests at once: clients do not notice that it books them later.
func TestOneReplicaIsExact(t *testing.T) {
	t.Parallel()
	down := open(t, redistest.New(t).URL, redis.Options{})
	company := ratelimit.Policy{Name: "company", Limit: 700, Window: time.Minute, Burst: 700}
	for seed := range uint64(4) {
		clock, r := newClock(t)
		limiter, alone := replica(t, r, clock, usual, company), replica(t, down, clock, usual, company)
		random := rand.New(rand.NewPCG(seed, 1))
		refused := 0
		for n := range 4000 {
			if pause := traffic(random); pause > 0 {
				if random.IntN(2) == 0 {
					limiter.Book(t.Context())
				}
				limiter.Wait() // so that Redis has the same time when it is asked and when it answers
				clock.advance(pause)
			}
			user := client([]string{"anna", "ben"}[random.IntN(5)/4])
			got, want := limiter.Allow(t.Context(), user, client("acme")), alone.Allow(t.Context(), user, client("acme"))
			if !reflect.DeepEqual(got, want) {
				t.Fatalf("seed %d, request %d: %+v, want %+v", seed, n, got, want)
			}
			if !got.Allowed {
				refused++
			}
		}
		if refused == 0 {
			t.Errorf("seed %d: no request was refused", seed)
		}
		limiter.Wait()
	}
}

// Concurrent requests to one replica get exactly the burst.
func TestOneReplicaIsExactUnderLoad(t *testing.T) {
	t.Parallel()
	everywhere(t, func(t *testing.T, connect func() *redis.Redis) {
		limiter := newLimiter(t, connect(), ratelimit.Policy{Name: "p", Limit: 500, Window: 24 * time.Hour, Burst: 500})
		var allowed atomic.Int64
		var all sync.WaitGroup
		for range 16 {
			all.Go(func() {
				for range 50 {
					if limiter.Allow(t.Context(), client("client")).Allowed {
						allowed.Add(1)
					}
				}
			})
		}
		all.Wait()
		if got := allowed.Load(); got != 500 {
			t.Errorf("%d allowed, want 500", got)
		}
		limiter.Wait()
	})
}

// Three replicas keep the global limit within the bound of the documentation, however the requests are distributed.
func TestThreeReplicasKeepTheLimit(t *testing.T) {
	t.Parallel()
	const replicas = 3
	interval := time.Minute / time.Duration(usual.Limit)
	above := time.Duration((replicas-1)*usual.Ahead()) * interval
	const below = 700 * time.Millisecond // the longest pause before all is booked; half a second in production
	for seed := range uint64(6) {
		clock, r := newClock(t)
		var limiters []*ratelimit.Limiter
		for range replicas {
			limiters = append(limiters, replica(t, r, clock, usual))
		}
		random := rand.New(rand.NewPCG(seed, 2))
		full, at, refused := clock.now, 0, 0
		for n := range 5000 {
			if pause := traffic(random); pause > 0 {
				for _, l := range limiters {
					l.Book(t.Context())
				}
				clock.advance(pause)
			}
			if random.IntN(1+int(seed)*10) == 0 { // clients stay with a replica for some requests
				at = random.IntN(replicas)
			}
			got := limiters[at].Allow(t.Context(), client("anna"))
			if full.Before(clock.now) {
				full = clock.now
			}
			used, limit := full.Sub(clock.now)+interval, time.Duration(usual.Burst)*interval
			switch {
			case got.Allowed && used > limit+above:
				t.Fatalf("seed %d, request %d: %s of %s would be used, within %s", seed, n, used, limit, above)
			case !got.Allowed && used <= limit-below:
				t.Fatalf("seed %d, request %d: refused although only %s of %s would be used", seed, n, used, limit)
			case got.Allowed:
				full = full.Add(interval)
			default:
				refused++
			}
		}
		if refused == 0 {
			t.Errorf("seed %d: no request was refused", seed)
		}
		for _, l := range limiters {
			l.Book(t.Context())
		}
	}
}

// Most requests of a busy client do not wait for Redis.
func TestBusyClientsNeedNoRedis(t *testing.T) {
	t.Parallel()
	clock, r := newClock(t)
	limiter := replica(t, r, clock, usual)
	limiter.Allow(t.Context(), client("anna"))
	before := clock.CommandCount()
	for range usual.Ahead()/2 - 1 {
		if got := limiter.Allow(t.Context(), client("anna")); !got.Allowed {
			t.Fatalf("refused: %+v", got)
		}
	}
	if got := clock.CommandCount() - before; got != 0 {
		t.Errorf("%d commands, want none", got)
	}
	limiter.Book(t.Context())
	elsewhere := replica(t, r, clock, usual)
	if got, want := elsewhere.Allow(t.Context(), client("anna")), usual.Burst-usual.Ahead()/2-1; got.Quotas[0].Remaining != want {
		t.Errorf("another replica: %+v, want %d remaining", got, want)
	}
}

// A replica books by itself what a client has used, also if the client sends no further request.
func TestRequestsAreBookedLater(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	r := up(t, open(t, server.URL, redis.Options{Timeout: patient}))
	policy := ratelimit.Policy{Name: "p", Limit: 320, Window: 24 * time.Hour}
	limiter, elsewhere := newLimiter(t, r, policy), newLimiter(t, r, policy)
	for range 3 {
		limiter.Allow(t.Context(), client("anna"))
	}
	redistest.Eventually(t, patient, "two requests that were booked later", func() bool {
		return limiter.Unbooked() == 0
	})
	if got := elsewhere.Allow(t.Context(), client("anna")); got.Quotas[0].Remaining != policy.Limit-4 {
		t.Errorf("another replica: %+v, want %d remaining", got, policy.Limit-4)
	}
}

// What could not be booked because Redis was down is booked with the next request.
func TestRequestsAreBookedAfterAnOutage(t *testing.T) {
	t.Parallel()
	clock, r := newClock(t)
	limiter, elsewhere := replica(t, r, clock, usual), replica(t, r, clock, usual)
	for range 5 {
		limiter.Allow(t.Context(), client("anna"))
	}
	clock.SetError("LOADING for a test")
	limiter.Book(t.Context())
	clock.SetError("")
	up(t, r)
	clock.advance(2 * time.Second) // so that the replica asks
	limiter.Allow(t.Context(), client("anna"))
	// Five requests of 100 ms have been refilled in two seconds.
	if got := elsewhere.Allow(t.Context(), client("anna")); got.Quotas[0].Remaining != usual.Burst-2 {
		t.Errorf("another replica: %+v, want %d remaining", got, usual.Burst-2)
	}
}

// Clients whose quotas are full are forgotten while others come.
func TestIdleClientsAreForgotten(t *testing.T) {
	t.Parallel()
	clock, r := newClock(t)
	limiter := replica(t, r, clock, usual)
	for range 200 {
		limiter.Allow(t.Context(), ratelimit.ID(uuid.New()))
	}
	if got := limiter.Remembered(); got != 200 {
		t.Fatalf("%d clients are remembered, want 200", got)
	}
	limiter.Wait()
	clock.advance(time.Minute)
	for range 200 {
		limiter.Allow(t.Context(), ratelimit.ID(uuid.New()))
	}
	if got := limiter.Remembered(); got > 300 {
		t.Errorf("%d clients are remembered, want only those of this minute", got)
	}
}

func TestClientNames(t *testing.T) {
	t.Parallel()
	id := uuid.New()
	if got := ratelimit.ID(id).String(); got != id.String() {
		t.Errorf("the name of %s is %s", id, got)
	}
	for _, ip := range []string{"192.0.2.7", "::ffff:192.0.2.7", "2001:db8:1:2:3:4:5:6", "fe80::1%eth0", "::1"} {
		address := netip.MustParseAddr(ip)
		if got, want := ratelimit.Address(address).String(), ratelimit.Network(address); got != want {
			t.Errorf("the name of %s is %s, want %s", ip, got, want)
		}
	}
	if got, want := ratelimit.Address(netip.Addr{}).String(), ratelimit.Network(netip.Addr{}); got != want {
		t.Errorf("the name of no address is %s, want %s", got, want)
	}
}
