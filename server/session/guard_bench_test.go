package session_test

import (
	"log/slog"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/server/clock"
	"github.com/ai-interviewer-platform/interviewer/server/redis"
	"github.com/ai-interviewer-platform/interviewer/server/servertest"
	"github.com/ai-interviewer-platform/interviewer/server/session"
	"github.com/ai-interviewer-platform/interviewer/server/store"
)

// BenchmarkCheck is what the session costs a request in the usual case, with everything cached.
func BenchmarkCheck(b *testing.B) {
	i := servertest.New(b)
	acme := i.Company("acme")
	claims := session.Claims{
		UserID: acme.Users[api.RoleHr].ID, CompanyID: acme.ID, SessionID: uuid.Must(uuid.NewV7()), Epoch: 1,
	}
	i.Exec(`INSERT INTO sessions (company_id, id, user_id, created_at, updated_at, rotated_at, expires_at)
		VALUES ($1, $2, $3, now(), now(), now(), now() + interval '1 day')`, claims.CompanyID, claims.SessionID, claims.UserID)
	kept, err := store.Open(b.Context(), store.Options{URL: i.DatabaseURL})
	if err != nil {
		b.Fatal(err)
	}
	cache, err := redis.Open(i.Redis.URL, slog.New(slog.DiscardHandler), redis.Options{})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		cache.Close()
		kept.Close()
	})
	servertest.Eventually(b, 10*time.Second, "Redis is connected", func() bool { return cache.Up(b.Context()) == nil })
	sources := map[session.Source]int{}
	guard := session.NewGuard(kept, cache, 15*time.Minute, clock.System().Now, func(s session.Source) { sources[s]++ })
	b.ReportAllocs()
	for b.Loop() {
		if _, err := guard.Check(b.Context(), claims); err != nil {
			b.Fatal(err)
		}
	}
	if sources[session.FromDatabase] != 1 {
		b.Errorf("PostgreSQL was asked %d times", sources[session.FromDatabase])
	}
}
