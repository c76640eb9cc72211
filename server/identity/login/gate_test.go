package login_test

import (
	"context"
	"errors"
	"log/slog"
	"net/netip"
	"testing"
	"time"

	"golang.org/x/crypto/bcrypt"

	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/server/access"
	"github.com/ai-interviewer-platform/interviewer/server/compliance/audit"
	"github.com/ai-interviewer-platform/interviewer/server/edge/page"
	"github.com/ai-interviewer-platform/interviewer/server/edge/ratelimit"
	"github.com/ai-interviewer-platform/interviewer/server/identity/login"
	"github.com/ai-interviewer-platform/interviewer/server/identity/password"
	"github.com/ai-interviewer-platform/interviewer/server/identity/session"
	"github.com/ai-interviewer-platform/interviewer/server/messaging/mail"
	"github.com/ai-interviewer-platform/interviewer/server/platform/clock"
	"github.com/ai-interviewer-platform/interviewer/server/platform/fault"
	"github.com/ai-interviewer-platform/interviewer/server/platform/postgres"
	"github.com/ai-interviewer-platform/interviewer/server/platform/redis"
	"github.com/ai-interviewer-platform/interviewer/server/platform/telemetry"
	"github.com/ai-interviewer-platform/interviewer/server/service"
	"github.com/ai-interviewer-platform/interviewer/server/testkit"
)

// alone returns the service with the Hasher of the test, whose load the test observes.
func alone(t *testing.T, i *testkit.Installation, hasher *password.Hasher) *login.Service {
	t.Helper()
	log := slog.New(slog.DiscardHandler)
	kept, err := postgres.Open(t.Context(), postgres.Options{URL: i.DatabaseURL, MaxConns: 4})
	if err != nil {
		t.Fatal(err)
	}
	cache, err := redis.Open(t.Context(), i.Redis.URL, log, redis.Options{})
	if err != nil {
		t.Fatal(err)
	}
	keys, err := session.NewKeyring("a key for this test that is long enough: 5d4f")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		hasher.Close()
		cache.Close()
		kept.Close()
	})
	testkit.Eventually(t, 10*time.Second, "Redis is connected", func() bool { return cache.Up(t.Context()) == nil })
	source := clock.System()
	auth, err := login.New(
		service.Deps{
			Store: kept, Clock: source, Audit: audit.NewRecorder(source), Cursors: page.NewCodec(keys.Cursors()...), Log: log,
		},
		login.Options{
			Outbox: mail.Outbox{Clock: source, Enqueue: func(context.Context, *postgres.Tx, mail.Send) error { return nil }},
			Hasher: hasher, Throttle: ratelimit.NewThrottle(cache, keys.Throttle(), ratelimit.ThrottlePolicy{PairLimit: 1}),
			Access: session.NewAccess(keys, 15*time.Minute, source.Now), Refresh: session.NewRefresh(keys),
			Guard:   session.NewGuard(kept, cache, keys, time.Hour, source.Now, func(session.Source) {}),
			Metrics: telemetry.NewMetrics("test"), SessionLifetime: time.Hour,
		},
	)
	if err != nil {
		t.Fatal(err)
	}
	return auth
}

// signIn logs in directly at the service.
func signIn(ctx context.Context, a *login.Service, email, password string) error {
	return signInTo(ctx, a, nil, email, password)
}

// signInTo is signIn to the test company with a slug.
func signInTo(ctx context.Context, a *login.Service, test *string, email, password string) error {
	nobody := access.Actor{Origin: access.Origin{RequestID: "a-request", IP: netip.MustParseAddr("192.0.2.1")}}
	_, err := a.Login(ctx, service.Call{Actor: nobody}, api.LoginRequestObject{
		Body: &api.LoginRequest{Email: email, Password: password, Company: test},
	})
	return err
}

// No login is refused before a password is compared: with the Hasher closed, all get the same error.
func TestEveryLoginComparesAPassword(t *testing.T) {
	t.Parallel()
	i := testkit.New(t)
	acme, idle := i.Company("acme"), i.Company("idle")
	i.Exec(`UPDATE users SET is_active = false WHERE id = $1`, acme.Users[api.RoleEmployee].ID)
	i.Exec(`UPDATE companies SET is_active = false WHERE id = $1`, idle.ID)
	hasher := password.NewHasher(password.Options{Cost: bcrypt.MinCost, Workers: 1})
	hasher.Close()
	service := alone(t, i, hasher)
	for _, email := range []string{
		"hr@acme.example", "employee@acme.example", "hr@idle.example", "nobody@acme.example",
	} {
		t.Run(email, func(t *testing.T) {
			if err := signIn(t.Context(), service, email, wrong); !fault.Is(err, fault.Overloaded) {
				t.Errorf("%v, want overloaded", err)
			}
			// No password was compared, so the attempt was released: the limit is one.
			if err := signIn(t.Context(), service, email, wrong); !fault.Is(err, fault.Overloaded) {
				t.Errorf("%s, again: %v, want overloaded", email, err)
			}
			for _, slug := range []string{"acme", "idle", "nobodys"} { // none is a test company
				if err := signInTo(t.Context(), service, &slug, email, wrong); !fault.Is(err, fault.Overloaded) {
					t.Errorf("%s at %s: %v, want overloaded", email, slug, err)
				}
			}
		})
	}
}

// An attempt whose client leaves before the comparison remains counted.
func TestDisconnectDoesNotBypassThrottle(t *testing.T) {
	t.Parallel()
	i := testkit.New(t)
	i.Company("acme")
	hasher := password.NewHasher(password.Options{Cost: 13, Workers: 1})
	service := alone(t, i, hasher)
	busy := make(chan error, 1)
	go func() {
		_, err := hasher.Hash(t.Context(), "acme", "keeps the only worker busy")
		busy <- err
	}()
	testkit.Eventually(t, 10*time.Second, "the worker is busy", func() bool { return hasher.Load().Held == 1 })
	leaving, leave := context.WithCancel(t.Context())
	left := make(chan error, 1)
	go func() { left <- signIn(leaving, service, "hr@acme.example", wrong) }()
	testkit.Eventually(t, 10*time.Second, "the login waits", func() bool { return hasher.Load().Waiting == 1 })
	leave()
	if err := <-left; !errors.Is(err, context.Canceled) {
		t.Fatalf("error of the canceled login = %v, want %v", err, context.Canceled)
	}
	if err := signIn(t.Context(), service, "hr@acme.example", wrong); !fault.Is(err, fault.TooManyAttempts) {
		t.Errorf("next attempt: %v, want too_many_attempts", err)
	}
	if err := <-busy; err != nil {
		t.Error(err)
	}
}

// A successful login replaces a hash of lower cost; a refused login does not.
func TestLoginStrengthensWeakHash(t *testing.T) {
	t.Parallel()
	i := testkit.New(t)
	acme := i.Company("acme")
	service := alone(t, i, password.NewHasher(password.Options{Cost: bcrypt.MinCost + 1, Workers: 1}))
	cost := func() int {
		hash := scan[string](t, i, `SELECT password_hash FROM users WHERE id = $1`, acme.Users[api.RoleHr].ID)
		cost, err := bcrypt.Cost([]byte(hash))
		if err != nil || bcrypt.CompareHashAndPassword([]byte(hash), []byte(testkit.Password)) != nil {
			t.Fatalf("the hash %q is not the password's (%v)", hash, err)
		}
		return cost
	}
	for _, step := range []struct {
		name, email, password string
		want                  int
	}{
		{"another user", "admin@acme.example", testkit.Password, bcrypt.MinCost},
		{"weak hash", "hr@acme.example", testkit.Password, bcrypt.MinCost + 1},
		{"strengthened hash", "hr@acme.example", testkit.Password, bcrypt.MinCost + 1},
		{"wrong password", "hr@acme.example", wrong, bcrypt.MinCost + 1},
	} {
		t.Run(step.name, func(t *testing.T) {
			err := signIn(t.Context(), service, step.email, step.password)
			if err != nil && step.password == testkit.Password {
				t.Fatal(err)
			}
			if got := cost(); got != step.want {
				t.Errorf("after %s the cost of hr's hash is %d, want %d", step.email, got, step.want)
			}
		})
	}
}
