package server_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/server/testkit"
)

// TestEveryAnswerSaysWhereTheClientStands asks every operation, and a path that is none, as nobody, as a person and as a
// key, and sends what no operation takes; with Redis and, because each replica then counts by itself, without.
func TestEveryAnswerSaysWhereTheClientStands(t *testing.T) {
	t.Parallel()
	installation := testkit.New(t)
	installation.Config.RateLimit, installation.Config.RateLimitKey = 10_000, 20_000
	installation.Config.RateLimitCompany, installation.Config.RateLimitAnonymous = 30_000, 40_000
	acme := installation.Company("acme")
	replica := installation.Replica()
	clients := map[string]*testkit.Client{
		"nobody": replica.Anonymous(t), "a person": replica.SignIn(t, acme.Users[api.RoleEmployee]),
		"a key": replica.Bearer(t, installation.Key(acme, []string{"jobs:read"}).Secret.Reveal()),
	}
	wanted := map[string]string{
		"nobody": `"address";q=40000;w=60`, "a person": `"user";q=10000;w=60, "company";q=30000;w=60`,
		"a key": `"key";q=20000;w=60, "company";q=30000;w=60`,
	}
	ask := func(when string) {
		t.Helper()
		for who, client := range clients {
			for _, op := range agreed(t).Operations() {
				if !op.Limited || op.ID == "Logout" || op.ID == "Login" {
					continue
				}
				policy := wanted[who]
				if op.Public {
					policy = wanted["nobody"]
				}
				// No request is valid, so nothing is done.
				answer := client.Do(op.Method, target(op, nil)+"?unknown=1", nil)
				if got := answer.Header.Get("RateLimit-Policy"); got != policy {
					t.Errorf("%s, %s as %s: the policy is %q, want %q", when, op.ID, who, got, policy)
				}
				for i, item := range strings.Split(answer.Header.Get("RateLimit"), ", ") {
					name, state, _ := strings.Cut(item, ";")
					if !strings.HasPrefix(strings.Split(policy, ", ")[i], name) || !strings.HasPrefix(state, "r=") {
						t.Errorf("%s, %s as %s: the state is %q", when, op.ID, who, answer.Header.Get("RateLimit"))
					}
				}
			}
			for _, sent := range []struct {
				body, header, value string
				refused             int
			}{
				{strings.Repeat("x", int(installation.Config.MaxBodyBytes)+1), "X-Padding", "", http.StatusRequestEntityTooLarge},
				{"{}", "Sec-Fetch-Site", "cross-site", http.StatusForbidden},
				{"{}", "X-Padding", strings.Repeat("x", 33<<10), http.StatusRequestHeaderFieldsTooLarge},
			} {
				answer := client.Do(http.MethodPost, "/api/v1/jobs", sent.body, sent.header, sent.value)
				if got := answer.Header.Get("RateLimit-Policy"); answer.Status != sent.refused || got != wanted[who] {
					t.Errorf("%s, as %s: %d, want %d; the policy is %q", when, who, answer.Status, sent.refused, got)
				}
			}
			if got := client.Get("/nowhere").Header.Get("RateLimit-Policy"); got != wanted["nobody"] {
				t.Errorf("%s, a path that is none as %s: %q", when, who, got)
			}
		}
	}
	ask("with Redis")
	installation.Redis.Kill()
	ask("without")
}

// TestACompanyHasALimitTogether: its people and its keys share it, and another company has its own.
func TestACompanyHasALimitTogether(t *testing.T) {
	t.Parallel()
	installation := testkit.New(t)
	installation.Config.RateLimitCompany = 6
	acme, globex := installation.Company("acme"), installation.Company("globex")
	replica := installation.Replica()
	hr, admin := replica.SignIn(t, acme.Users[api.RoleHr]), replica.SignIn(t, acme.Users[api.RoleAdmin])
	key := replica.Bearer(t, installation.Key(acme, []string{"jobs:read"}).Secret.Reveal())
	for range 2 {
		for _, client := range []*testkit.Client{hr, admin, key} {
			client.Get("/api/v1/jobs").Expect(http.StatusOK)
		}
	}
	for _, client := range []*testkit.Client{hr, admin, key} {
		refused := client.Get("/api/v1/jobs")
		refused.Refused(http.StatusTooManyRequests, "rate_limited")
		if refused.Header.Get("Retry-After") == "" {
			t.Error("a 429 does not say when to try again")
		}
	}
	replica.SignIn(t, globex.Users[api.RoleHr]).Get("/api/v1/jobs").Expect(http.StatusOK)
}
