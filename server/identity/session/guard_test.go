package session_test

import (
	"log/slog"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/server/identity/session"
	"github.com/ai-interviewer-platform/interviewer/server/platform/clock"
	"github.com/ai-interviewer-platform/interviewer/server/platform/postgres"
	"github.com/ai-interviewer-platform/interviewer/server/platform/redis"
	"github.com/ai-interviewer-platform/interviewer/server/testkit"
)

// Values in Redis that the service did not write are ignored.
func TestGarbageInRedisIsIgnored(t *testing.T) {
	t.Parallel()
	s := newFixture(t)
	c := s.signIn(api.RoleHr)
	id := testkit.Decode[api.SessionPage](c.Get("/api/v1/auth/sessions").Expect(http.StatusOK)).Data[0].ID
	for _, garbage := range []string{"", "garbage", "1|false|||hr|0", "9|true", strings.Repeat("|", 5)} {
		s.redis("SET", "session:"+id.String(), garbage)
		s.expectAccepted(c)
	}
	s.redis("DEL", "session:"+id.String())
	s.redis("LPUSH", "session:"+id.String(), "x")
	s.expectAccepted(c)
}

// checks returns, from the metrics of a replica, how many session states were read from each source.
func checks(t *testing.T, r *testkit.Replica) map[string]int {
	t.Helper()
	counted := map[string]int{}
	for line := range strings.Lines(string(r.Anonymous(t).Get("/metrics").Expect(http.StatusOK).Body)) {
		labels, found := strings.CutPrefix(line, `interviewer_revocation_checks_total{source="`)
		if !found {
			continue
		}
		source, number, _ := strings.Cut(labels, `"} `)
		count, err := strconv.ParseFloat(strings.TrimSpace(number), 64)
		if err != nil {
			t.Fatal(err)
		}
		counted[source] = int(count)
	}
	return counted
}

// While Redis is up, requests do not read their session from PostgreSQL. Without Redis, they do.
func TestUsualRequestDoesNotQueryPostgreSQL(t *testing.T) {
	t.Parallel()
	s := newFixture(t)
	c := s.signIn(api.RoleHr)
	const requests = 40
	for n, replica := range s.replicas {
		before := checks(t, replica)
		for range requests {
			c.At(replica).Get(mePath).Expect(http.StatusOK)
		}
		after := checks(t, replica)
		if asked := after["postgres"] - before["postgres"]; asked != 0 {
			t.Errorf("of %d requests, replica %d read %d sessions from PostgreSQL, want 0", requests, n, asked)
		}
		// A request that takes long reads its session again.
		if read := after["redis"] - before["redis"]; read < requests {
			t.Errorf("of %d requests, replica %d read %d sessions from its copy, want all", requests, n, read)
		}
	}
	// All replicas use the copy that one of them has stored.
	for n, replica := range s.replicas {
		if asked := checks(t, replica)["postgres"]; asked > 1 || n > 0 && asked > 0 {
			t.Errorf("replica %d read %d sessions from PostgreSQL, want at most 1 by the first and 0 by the others", n, asked)
		}
	}
	s.Redis.Kill()
	before := checks(t, s.replicas[1])["postgres"]
	testkit.Eventually(t, 5*time.Second, "the copies are no longer used", func() bool {
		c.At(s.replicas[1]).Get(mePath).Expect(http.StatusOK)
		return checks(t, s.replicas[1])["postgres"] > before
	})
}

// BenchmarkCheck measures the session check of a request with a cached state.
func BenchmarkCheck(b *testing.B) {
	i := testkit.New(b)
	acme := i.Company("acme")
	claims := session.Claims{
		UserID: acme.Users[api.RoleHr].ID, CompanyID: acme.ID, SessionID: uuid.Must(uuid.NewV7()), Epoch: 1,
	}
	i.Exec(`INSERT INTO sessions (company_id, id, user_id, created_at, updated_at, rotated_at, expires_at)
		VALUES ($1, $2, $3, now(), now(), now(), now() + interval '1 day')`, claims.CompanyID, claims.SessionID, claims.UserID)
	kept, err := postgres.Open(b.Context(), postgres.Options{URL: i.DatabaseURL})
	if err != nil {
		b.Fatal(err)
	}
	cache, err := redis.Open(b.Context(), i.Redis.URL, slog.New(slog.DiscardHandler), redis.Options{})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		cache.Close()
		kept.Close()
	})
	testkit.Eventually(b, 10*time.Second, "Redis is connected", func() bool { return cache.Up(b.Context()) == nil })
	sources := map[session.Source]int{}
	keys, err := session.NewKeyring("a key that is long enough for a benchmark of it")
	if err != nil {
		b.Fatal(err)
	}
	guard := session.NewGuard(kept, cache, keys, 15*time.Minute, clock.System().Now, func(s session.Source) { sources[s]++ })
	b.ReportAllocs()
	for b.Loop() {
		if _, err := guard.Check(b.Context(), claims); err != nil {
			b.Fatal(err)
		}
	}
	if sources[session.FromDatabase] != 1 {
		b.Errorf("%d reads from PostgreSQL, want 1", sources[session.FromDatabase])
	}
}
