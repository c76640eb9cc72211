package server_test

import (
	"context"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/server/testkit"
)

const (
	mePath      = "/api/v1/users/me"
	loginPath   = "/api/v1/auth/login"
	refreshPath = "/api/v1/auth/refresh"
	logoutPath  = "/api/v1/auth/logout"
	// maxRecoveryTime is how long the service may need to recover after a dependency is available again.
	maxRecoveryTime = 5 * time.Second
	// maxResponseTime bounds a response while a dependency is unavailable and the request timeout is two seconds.
	maxResponseTime = 8 * time.Second
)

func credentials(user testkit.User) map[string]string {
	return map[string]string{"email": user.Email, "password": testkit.Password}
}

func refreshBody(c *testkit.Client) map[string]string {
	return map[string]string{"refresh_token": c.RefreshToken}
}

// expectUnavailable expects 503 with Retry-After and without Set-Cookie, within maxResponseTime.
func expectUnavailable(t *testing.T, send func() *testkit.Answer) {
	t.Helper()
	began := time.Now()
	answer := send()
	if answer.Status != http.StatusServiceUnavailable || answer.Header.Get("Retry-After") == "" {
		t.Errorf("%s: got status %d with %v, want 503 with Retry-After: %s",
			answer.Request.URL.Path, answer.Status, answer.Header, answer.Body)
	}
	if answer.Header.Get("Set-Cookie") != "" {
		t.Errorf("%s: the failed request sets a cookie", answer.Request.URL.Path)
	}
	if took := time.Since(began); took > maxResponseTime {
		t.Errorf("%s: response time: got %s, want at most %s", answer.Request.URL.Path, took, maxResponseTime)
	}
}

// readiness returns the readiness of the replica and its dependencies.
func readiness(c *testkit.Client) api.Readiness {
	return testkit.Decode[api.Readiness](c.Get("/health/ready"))
}

func TestPostgreSQLUnavailable(t *testing.T) {
	t.Parallel()
	for name, interrupt := range map[string]func(*postgresProxy){"cut off": (*postgresProxy).Cut, "hanging": (*postgresProxy).Hang} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			i := testkit.New(t)
			proxy := newPostgresProxy(t, i)
			i.Config.RequestTimeout = 2
			hr := i.Company("acme").Users[api.RoleHr]
			replica := i.Replica()
			anonymous, c := replica.Anonymous(t), replica.SignIn(t, hr)
			interrupt(proxy)
			var all sync.WaitGroup
			for _, send := range []func() *testkit.Answer{
				func() *testkit.Answer { return anonymous.Post(loginPath, credentials(hr)) },
				func() *testkit.Answer { return c.Get(mePath) },
				func() *testkit.Answer { return anonymous.Post(refreshPath, refreshBody(c)) },
				func() *testkit.Answer { return c.Post(logoutPath, nil) },
				func() *testkit.Answer { return c.Get("/api/v1/users") },
			} {
				all.Go(func() { expectUnavailable(t, send) })
			}
			all.Wait()
			if name == "cut off" {
				anonymous.Post(loginPath, credentials(hr)).Refused(http.StatusServiceUnavailable, "dependency_unavailable")
			}
			anonymous.Get("/health").Expect(http.StatusOK)
			if r := readiness(anonymous); r.Status != api.ReadinessStatusNotReady || r.Checks != (api.ReadinessChecks{
				Postgresql: api.CheckStatusDown, Redis: api.CheckStatusUp, Migrations: api.CheckStatusDown,
			}) {
				t.Errorf("readiness: got %+v, want PostgreSQL and migrations down", r)
			}
			proxy.Restore()
			testkit.Eventually(t, maxRecoveryTime, "the replica is ready again", func() bool {
				return anonymous.Get("/health/ready").Status == http.StatusOK
			})
			c.Get(mePath).Expect(http.StatusOK)
			c.Adopt(anonymous.Post(refreshPath, refreshBody(c)).Expect(http.StatusOK))
			c.Post(logoutPath, nil).Expect(http.StatusOK)
			replica.SignIn(t, hr)
		})
	}
}

// TestPostgreSQLRestart ends every connection and refuses new ones for a while.
func TestPostgreSQLRestart(t *testing.T) {
	t.Parallel()
	i := testkit.New(t)
	hr := i.Company("acme").Users[api.RoleHr]
	replica := i.Replica()
	c := replica.SignIn(t, hr)
	to, err := pgx.ParseConfig(i.DatabaseURL)
	if err != nil {
		t.Fatal(err)
	}
	name := to.Database
	to.Database = "postgres"
	operator, err := pgx.ConnectConfig(t.Context(), to)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = operator.Close(context.WithoutCancel(t.Context())) }()
	exec := func(sql string, args ...any) {
		t.Helper()
		if _, err := operator.Exec(t.Context(), sql, args...); err != nil {
			t.Fatal(err)
		}
	}
	exec("ALTER DATABASE " + pgx.Identifier{name}.Sanitize() + " ALLOW_CONNECTIONS false")
	exec("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1", name)
	for range 3 {
		expectUnavailable(t, func() *testkit.Answer { return c.Get(mePath) })
	}
	exec("ALTER DATABASE " + pgx.Identifier{name}.Sanitize() + " ALLOW_CONNECTIONS true")
	testkit.Eventually(t, maxRecoveryTime, "the replica works again", func() bool { return c.Get(mePath).Status == http.StatusOK })

	// The pool now holds connections that the server has closed. Only the requests that find them may fail.
	exec("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1", name)
	testkit.Eventually(t, maxRecoveryTime, "the replica works again", func() bool { return c.Get(mePath).Status == http.StatusOK })
}

// TestRedisUnavailable checks that logins fail without Redis, because the attempts could not be counted, and that users
// who are signed in can continue.
func TestRedisUnavailable(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		interrupt, restore func(*testkit.Installation)
	}{
		"killed": {
			func(i *testkit.Installation) { i.Redis.Kill() }, func(i *testkit.Installation) { i.Redis.Start() },
		},
		"hanging": {
			func(i *testkit.Installation) { i.Redis.Hang() }, func(i *testkit.Installation) { i.Redis.Resume() },
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			i := testkit.New(t)
			acme := i.Company("acme")
			i.Config.RateLimit, i.Config.RateLimitAnonymous = 10_000, 10_000
			i.RedisTimeout = 0
			replica := i.Replica()
			anonymous := replica.Anonymous(t)
			c, admin := replica.SignIn(t, acme.Users[api.RoleHr]), replica.SignIn(t, acme.Users[api.RoleAdmin])
			test.interrupt(i)
			expectUnavailable(t, func() *testkit.Answer { return anonymous.Post(loginPath, credentials(acme.Users[api.RoleHr])) })
			anonymous.Post(loginPath, credentials(acme.Users[api.RoleHr])).
				Refused(http.StatusServiceUnavailable, "dependency_unavailable")
			c.Get(mePath).Expect(http.StatusOK)
			c.Get("/api/v1/users").Expect(http.StatusOK)
			c.Adopt(anonymous.Post(refreshPath, refreshBody(c)).Expect(http.StatusOK))
			c.Get(mePath).Expect(http.StatusOK)
			c.Post(logoutPath, nil).Expect(http.StatusOK)
			c.Get(mePath).Refused(http.StatusUnauthorized, "invalid_token")
			anonymous.Get("/health").Expect(http.StatusOK)
			testkit.Eventually(t, maxRecoveryTime, "the outage is noticed", func() bool {
				r := readiness(anonymous)
				return r.Status == api.ReadinessStatusNotReady && r.Checks.Redis == api.CheckStatusDown &&
					r.Checks.Postgresql == api.CheckStatusUp && r.Checks.Migrations == api.CheckStatusUp
			})
			test.restore(i)
			testkit.Eventually(t, maxRecoveryTime, "users can sign in again", func() bool {
				return anonymous.Post(loginPath, credentials(acme.Users[api.RoleHr])).Status == http.StatusOK
			})
			admin.Get(mePath).Expect(http.StatusOK)
		})
	}
}
