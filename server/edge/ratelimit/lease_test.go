package ratelimit_test

import (
	"context"
	"log/slog"
	"testing"
	"time"

	"github.com/redis/rueidis"

	"github.com/ai-interviewer-platform/interviewer/server/edge/ratelimit"
	"github.com/ai-interviewer-platform/interviewer/server/platform/redis"
	"github.com/ai-interviewer-platform/interviewer/server/platform/redis/redistest"
)

// connect returns a connection as a replica has one.
func connect(t *testing.T, server *redistest.Server) *redis.Redis {
	t.Helper()
	r, err := redis.Open(t.Context(), server.URL, slog.New(slog.DiscardHandler), redis.Options{Timeout: 10 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(r.Close)
	redistest.Eventually(t, 10*time.Second, "connected", func() bool { return r.Up(t.Context()) == nil })
	return r
}

func take(t *testing.T, l *ratelimit.Leases, client string) (release func()) {
	t.Helper()
	release, ok := l.Take(t.Context(), client)
	if !ok {
		t.Fatalf("a lease for %s was refused", client)
	}
	return release
}

// refuse tests that acme gets no further lease.
func refuse(t *testing.T, l *ratelimit.Leases) {
	t.Helper()
	if release, ok := l.Take(t.Context(), "acme"); ok {
		release()
		t.Error("a lease for acme beyond the limit was granted")
	}
}

// count returns how many leases Redis has of a client.
func count(t *testing.T, r *redis.Redis, client string) (n int64) {
	t.Helper()
	err := r.Do(t.Context(), func(ctx context.Context, c rueidis.Client) (err error) {
		n, err = c.Do(ctx, c.B().Zcard().Key("lease:exports:"+client).Build()).AsInt64()
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// TestLeasesOfAllReplicas takes leases at two replicas.
func TestLeasesOfAllReplicas(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	first := ratelimit.NewLeases(connect(t, server), "exports", 2, ratelimit.LeaseTime)
	second := ratelimit.NewLeases(connect(t, server), "exports", 2, ratelimit.LeaseTime)
	ends, stays := take(t, first, "acme"), take(t, second, "acme")
	refuse(t, first)
	refuse(t, second)
	take(t, first, "globex")()
	if first.Refused() != 1 || second.Refused() != 1 {
		t.Errorf("refused: got %d and %d, want 1 and 1", first.Refused(), second.Refused())
	}
	ends()
	take(t, second, "acme")()
	stays()
	if n := count(t, connect(t, server), "acme"); n != 0 {
		t.Errorf("%d leases remain, want none", n)
	}
}

// TestLeasesAreExtended waits until a lease has been extended, and then kills its replica. The lease expires.
func TestLeasesAreExtended(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	killed, alive := connect(t, server), connect(t, server)
	release := take(t, ratelimit.NewLeases(killed, "exports", 1, time.Second), "acme")
	defer release()
	expiry := func() (at float64) {
		err := alive.Do(t.Context(), func(ctx context.Context, c rueidis.Client) error {
			scores, err := c.Do(ctx, c.B().Zrange().Key("lease:exports:acme").Min("0").Max("-1").Withscores().Build()).AsZScores()
			if err == nil && len(scores) == 1 {
				at = scores[0].Score
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		return at
	}
	begun := expiry()
	redistest.Eventually(t, 10*time.Second, "the lease was extended for longer than its duration", func() bool {
		return expiry() > begun+float64(time.Second.Microseconds())
	})
	other := ratelimit.NewLeases(alive, "exports", 1, time.Second)
	refuse(t, other)
	killed.Close()
	redistest.Eventually(t, 10*time.Second, "the lease of the killed replica expires", func() bool {
		release, ok := other.Take(t.Context(), "acme")
		if ok {
			release()
		}
		return ok
	})
}

// TestLeasesWithoutRedis expects that each replica counts by itself while Redis is down, and that the leases taken
// meanwhile count when it is available again.
func TestLeasesWithoutRedis(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	connections := []*redis.Redis{connect(t, server), connect(t, server)}
	server.Kill()
	for _, r := range connections {
		redistest.Eventually(t, 10*time.Second, "Redis is down", func() bool { return r.Up(t.Context()) != nil })
	}
	first := ratelimit.NewLeases(connections[0], "exports", 1, time.Second)
	second := ratelimit.NewLeases(connections[1], "exports", 1, time.Second)
	release := take(t, first, "acme")
	refuse(t, first)
	take(t, first, "globex")()
	take(t, second, "acme")()

	server.Start()
	for _, r := range connections {
		redistest.Eventually(t, 10*time.Second, "connected again", func() bool { return r.Up(t.Context()) == nil })
	}
	redistest.Eventually(t, 10*time.Second, "the lease is in Redis", func() bool { return count(t, connections[1], "acme") == 1 })
	refuse(t, second)
	release()
	take(t, second, "acme")()
}
