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
	// recovery is how long the service may need to be itself again after a dependency has come back.
	recovery = 5 * time.Second
	// patience is how long any answer may take while a dependency is away, under a request timeout of two seconds.
	patience = 8 * time.Second
)

func credentials(user testkit.User) map[string]string {
	return map[string]string{"email": user.Email, "password": testkit.Password}
}

func refreshBody(c *testkit.Client) map[string]string {
	return map[string]string{"refresh_token": c.RefreshToken}
}

// unavailable expects 503 that says when to come again, in bounded time, and that no cookie is touched.
func unavailable(t *testing.T, ask func() *testkit.Answer) {
	t.Helper()
	began := time.Now()
	answer := ask()
	if answer.Status != http.StatusServiceUnavailable || answer.Header.Get("Retry-After") == "" {
		t.Errorf("%s: %d %s %s", answer.Request.URL.Path, answer.Status, answer.Header, answer.Body)
	}
	if answer.Header.Get("Set-Cookie") != "" {
		t.Errorf("%s: the failure sets a cookie", answer.Request.URL.Path)
	}
	if took := time.Since(began); took > patience {
		t.Errorf("%s: the answer took %s", answer.Request.URL.Path, took)
	}
}

// readiness gives what the replica says about itself and its dependencies.
func readiness(c *testkit.Client) api.Readiness {
	return testkit.Decode[api.Readiness](c.Get("/health/ready"))
}

func TestPostgreSQLAway(t *testing.T) {
	t.Parallel()
	for name, leave := range map[string]func(*way){"cut off": (*way).Cut, "hanging": (*way).Hang} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			i := testkit.New(t)
			w := newWay(t, i)
			i.Config.RequestTimeout = 2
			hr := i.Company("acme").Users[api.RoleHr]
			replica := i.Replica()
			nobody, c := replica.Anonymous(t), replica.SignIn(t, hr)
			leave(w)
			var all sync.WaitGroup
			for _, ask := range []func() *testkit.Answer{
				func() *testkit.Answer { return nobody.Post(loginPath, credentials(hr)) },
				func() *testkit.Answer { return c.Get(mePath) },
				func() *testkit.Answer { return nobody.Post(refreshPath, refreshBody(c)) },
				func() *testkit.Answer { return c.Post(logoutPath, nil) },
				func() *testkit.Answer { return c.Get("/api/v1/users") },
			} {
				all.Go(func() { unavailable(t, ask) })
			}
			all.Wait()
			if name == "cut off" {
				nobody.Post(loginPath, credentials(hr)).Refused(http.StatusServiceUnavailable, "dependency_unavailable")
			}
			nobody.Get("/health").Expect(http.StatusOK)
			if r := readiness(nobody); r.Status != api.ReadinessStatusNotReady || r.Checks != (api.ReadinessChecks{
				Postgresql: api.CheckStatusDown, Redis: api.CheckStatusUp, Migrations: api.CheckStatusDown,
			}) {
				t.Errorf("the replica says of itself %+v", r)
			}
			w.Restore()
			testkit.Eventually(t, recovery, "the replica is ready again", func() bool {
				return nobody.Get("/health/ready").Status == http.StatusOK
			})
			c.Get(mePath).Expect(http.StatusOK)
			c.Adopt(nobody.Post(refreshPath, refreshBody(c)).Expect(http.StatusOK))
			c.Post(logoutPath, nil).Expect(http.StatusOK)
			replica.SignIn(t, hr)
		})
	}
}

// PostgreSQL restarts: every connection ends, and for a while there is no new one.
func TestPostgreSQLRestarted(t *testing.T) {
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
	do := func(sql string, args ...any) {
		t.Helper()
		if _, err := operator.Exec(t.Context(), sql, args...); err != nil {
			t.Fatal(err)
		}
	}
	do("ALTER DATABASE " + pgx.Identifier{name}.Sanitize() + " ALLOW_CONNECTIONS false")
	do("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1", name)
	for range 3 {
		unavailable(t, func() *testkit.Answer { return c.Get(mePath) })
	}
	do("ALTER DATABASE " + pgx.Identifier{name}.Sanitize() + " ALLOW_CONNECTIONS true")
	testkit.Eventually(t, recovery, "the replica works again", func() bool { return c.Get(mePath).Status == http.StatusOK })
	// With connections that the server has closed in the pool, at most the request that finds out is refused.
	do("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1", name)
	testkit.Eventually(t, recovery, "the replica works again", func() bool { return c.Get(mePath).Status == http.StatusOK })
}

// Without Redis nobody signs in, since nobody would count the attempts; who is signed in goes on.
func TestRedisAway(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		leave, back func(*testkit.Installation)
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
			nobody := replica.Anonymous(t)
			c, admin := replica.SignIn(t, acme.Users[api.RoleHr]), replica.SignIn(t, acme.Users[api.RoleAdmin])
			test.leave(i)
			unavailable(t, func() *testkit.Answer { return nobody.Post(loginPath, credentials(acme.Users[api.RoleHr])) })
			nobody.Post(loginPath, credentials(acme.Users[api.RoleHr])).
				Refused(http.StatusServiceUnavailable, "dependency_unavailable")
			c.Get(mePath).Expect(http.StatusOK)
			c.Get("/api/v1/users").Expect(http.StatusOK)
			c.Adopt(nobody.Post(refreshPath, refreshBody(c)).Expect(http.StatusOK))
			c.Get(mePath).Expect(http.StatusOK)
			c.Post(logoutPath, nil).Expect(http.StatusOK)
			c.Get(mePath).Refused(http.StatusUnauthorized, "invalid_token")
			nobody.Get("/health").Expect(http.StatusOK)
			testkit.Eventually(t, recovery, "the outage is noticed", func() bool {
				r := readiness(nobody)
				return r.Status == api.ReadinessStatusNotReady && r.Checks.Redis == api.CheckStatusDown &&
					r.Checks.Postgresql == api.CheckStatusUp && r.Checks.Migrations == api.CheckStatusUp
			})
			test.back(i)
			testkit.Eventually(t, recovery, "people can sign in again", func() bool {
				return nobody.Post(loginPath, credentials(acme.Users[api.RoleHr])).Status == http.StatusOK
			})
			admin.Get(mePath).Expect(http.StatusOK)
		})
	}
}
