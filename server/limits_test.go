package server_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/server/identity/apikey"
	"github.com/ai-interviewer-platform/interviewer/server/platform/clock/clocktest"
	"github.com/ai-interviewer-platform/interviewer/server/testkit"
)

// TestEveryResponseHasRateLimitHeaders calls every operation and an unknown path without credentials, as a user and as an
// API key, and sends requests that are refused before their operation. It does so with Redis, and without it, when each
// replica counts in memory.
func TestEveryResponseHasRateLimitHeaders(t *testing.T) {
	t.Parallel()
	installation := testkit.New(t)
	installation.Config.RateLimit, installation.Config.RateLimitKey = 10_000, 20_000
	installation.Config.RateLimitCompany, installation.Config.RateLimitAnonymous = 30_000, 40_000
	acme := installation.Company("acme")
	replica := installation.Replica()
	clients := map[string]*testkit.Client{
		"anonymous": replica.Anonymous(t), "user": replica.SignIn(t, acme.Users[api.RoleEmployee]),
		"API key": replica.Bearer(t, installation.Key(acme, []string{"jobs:read"}).Secret.Reveal()),
	}
	policies := map[string]string{
		"anonymous": `"address";q=40000;w=60`, "user": `"user";q=10000;w=60, "company";q=30000;w=60`,
		"API key": `"key";q=20000;w=60, "company";q=30000;w=60`,
	}
	checkHeaders := func(when string) {
		t.Helper()
		for caller, client := range clients {
			t.Run(caller+" "+when, func(t *testing.T) {
				for _, op := range loadContract(t).Operations() {
					if !op.Limited || op.ID == "Logout" || op.ID == "Login" {
						continue
					}
					policy := policies[caller]
					if op.Public {
						policy = policies["anonymous"]
					}
					// The query is invalid, so that no operation runs.
					answer := client.In(t).Do(op.Method, pathOf(op, nil)+"?unknown=1", nil)
					if got := answer.Header.Get("RateLimit-Policy"); got != policy {
						t.Errorf("%s, %s as %s: RateLimit-Policy: got %q, want %q", when, op.ID, caller, got, policy)
					}
					for i, item := range strings.Split(answer.Header.Get("RateLimit"), ", ") {
						name, state, _ := strings.Cut(item, ";")
						if !strings.HasPrefix(strings.Split(policy, ", ")[i], name) || !strings.HasPrefix(state, "r=") {
							t.Errorf("%s, %s as %s: RateLimit: got %q, want the limits of %q",
								when, op.ID, caller, answer.Header.Get("RateLimit"), policy)
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
					answer := client.In(t).Do(http.MethodPost, "/api/v1/jobs", sent.body, sent.header, sent.value)
					if got := answer.Header.Get("RateLimit-Policy"); answer.Status != sent.refused || got != policies[caller] {
						t.Errorf("%s, as %s: got status %d and RateLimit-Policy %q, want %d and %q",
							when, caller, answer.Status, got, sent.refused, policies[caller])
					}
				}
				if got := client.In(t).Get("/nowhere").Header.Get("RateLimit-Policy"); got != policies["anonymous"] {
					t.Errorf("%s, unknown path as %s: RateLimit-Policy: got %q, want %q", when, caller, got, policies["anonymous"])
				}
			})
		}
	}
	checkHeaders("with Redis")
	installation.Redis.Kill()
	checkHeaders("without Redis")
}

// TestUsersAndKeysShareTheCompanyLimit checks that the limit of a company counts its users and keys together, and that
// another company is not affected.
func TestUsersAndKeysShareTheCompanyLimit(t *testing.T) {
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
			t.Error("a 429 response has no Retry-After")
		}
	}
	replica.SignIn(t, globex.Users[api.RoleHr]).Get("/api/v1/jobs").Expect(http.StatusOK)
}

// TestFloodOfWrongKeys sends wrong API keys until their address has no anonymous requests left. Further keys are then
// refused without being looked up, so also a valid one that the replica does not know. A key that it has accepted before
// works throughout.
func TestFloodOfWrongKeys(t *testing.T) {
	t.Parallel()
	const limit = 5
	i := testkit.New(t)
	i.Config.RateLimitAnonymous = limit
	now := clocktest.Stopped()
	i.Clock = now.Source()
	acme, replica := i.Company("acme"), i.Replica()
	used := replica.Bearer(t, i.Key(acme, []string{"jobs:read"}).Secret.Reveal())
	unused := replica.Bearer(t, i.Key(acme, []string{"jobs:read"}).Secret.Reveal())
	const jobs = "/api/v1/jobs"
	used.Get(jobs).Expect(http.StatusOK)
	for range limit {
		replica.Bearer(t, apikey.New(api.CompanyModeLive).Reveal()).Get(jobs).Refused(http.StatusUnauthorized, "invalid_token")
	}
	for range 3 {
		unused.Get(jobs).Refused(http.StatusTooManyRequests, "rate_limited")
		used.Get(jobs).Expect(http.StatusOK)
	}
	now.Advance(time.Minute)
	unused.Get(jobs).Expect(http.StatusOK)
}
