package session_test

import (
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/server/identity/session"
	"github.com/ai-interviewer-platform/interviewer/server/platform/postgres"
	"github.com/ai-interviewer-platform/interviewer/server/testkit"
)

// TestDeleteEnded deletes sessions that ended more than ten days ago.
func TestDeleteEnded(t *testing.T) {
	t.Parallel()
	i := testkit.New(t)
	acme := i.Company("acme")
	store, err := postgres.Open(t.Context(), postgres.Options{URL: i.DatabaseURL, MaxConns: 2})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(store.Close)
	// The user agent is the name of the session; the times are days from now.
	// Those that ended first are stored last, so that the order of the table is not that of the deletion.
	for _, at := range []struct {
		name             string
		expires, revoked any
	}{
		{"open", 7, nil},
		{"open for long", 400, nil},
		{"expired yesterday", -1, nil},
		{"revoked yesterday", 7, -1},
		{"both, revoked long ago", -5, -11},
		{"revoked long ago", 7, -12},
		{"expired long ago", -13, nil},
		{"expired first", -30, nil},
	} {
		i.Exec(`INSERT INTO sessions (company_id, id, user_id, user_agent, created_at, updated_at, rotated_at, expires_at, revoked_at, revocation_reason)
			VALUES ($1, gen_random_uuid(), $2, $3, now(), now(), now(), now() + $4 * interval '1 day', now() + $5::integer * interval '1 day',
				CASE WHEN $5::integer IS NOT NULL THEN 'logout' END)`,
			acme.ID, acme.Users[api.RoleHr].ID, at.name, at.expires, at.revoked)
	}
	left := func() (names []string) {
		t.Helper()
		err := i.Database.QueryRow(t.Context(), `SELECT array_agg(user_agent ORDER BY user_agent) FROM sessions`).Scan(&names)
		if err != nil {
			t.Fatal(err)
		}
		return names
	}
	remove := func(before time.Time, atMost int, want int64) {
		t.Helper()
		if n, err := session.DeleteEnded(t.Context(), store, before, atMost); err != nil || n != want {
			t.Errorf("delete at most %d sessions: got %d and error %v, want %d", atMost, n, err, want)
		}
	}
	tenDays := time.Now().Add(-10 * 24 * time.Hour)
	remove(tenDays, 3, 3)
	if got := left(); !slices.Contains(got, "both, revoked long ago") || len(got) != 5 {
		t.Errorf("after the deletion of three sessions, these are left: %q; want the one that ended last of four", got)
	}
	remove(tenDays, 100, 1)
	remove(tenDays, 100, 0)
	want := []string{"expired yesterday", "open", "open for long", "revoked yesterday"}
	if got := left(); !slices.Equal(got, want) {
		t.Errorf("sessions that are left: got %q, want %q", got, want)
	}
	// The policy protects open sessions from a wrong time.
	remove(time.Now().Add(1000*24*time.Hour), 100, 2)
	if got, want := left(), []string{"open", "open for long"}; !slices.Equal(got, want) {
		t.Errorf("sessions that are left: got %q, want %q", got, want)
	}
}

// TestDeletedSessionIsRefused deletes the row of a session that a client uses, and of one that it has ended.
func TestDeletedSessionIsRefused(t *testing.T) {
	t.Parallel()
	i := testkit.New(t)
	acme := i.Company("acme")
	first, second := i.Replica(), i.Replica()
	c := first.SignIn(t, acme.Users[api.RoleHr])
	c.Post("/api/v1/auth/logout", nil).Expect(http.StatusOK)
	i.Exec(`DELETE FROM sessions`)
	c.Get("/api/v1/users/me").Expect(http.StatusUnauthorized)
	c = second.SignIn(t, acme.Users[api.RoleHr])
	refresh := map[string]string{"refresh_token": c.RefreshToken}
	i.Exec(`DELETE FROM sessions`)
	second.Anonymous(t).Post("/api/v1/auth/refresh", refresh).Expect(http.StatusUnauthorized)
	if n := count(t, i, `SELECT count(*) FROM audit_logs WHERE session_id IS NOT NULL`); n < 2 {
		t.Errorf("audit entries with a session: got %d, want those of the deleted sessions", n)
	}
}

func count(t *testing.T, i *testkit.Installation, sql string) (n int) {
	t.Helper()
	if err := i.Database.QueryRow(t.Context(), sql).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}
