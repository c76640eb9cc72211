package server_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/server/testkit"
)

// TestMetricsCountLoginsRefreshesAndTokens compares counters with the requests that were sent.
func TestMetricsCountLoginsRefreshesAndTokens(t *testing.T) {
	t.Parallel()
	i := testkit.New(t)
	i.Config.LoginPerAccountAndIP = 2
	acme := i.Company("acme")
	i.Exec(`UPDATE users SET is_active = false WHERE id = $1`, acme.Users[api.RoleEmployee].ID)
	replica := i.Replica()
	anonymous, c := replica.Anonymous(t), replica.SignIn(t, acme.Users[api.RoleHr])
	for range 3 {
		anonymous.Post(loginPath, map[string]string{"email": "nobody@acme.example", "password": "x"})
	}
	anonymous.Post(loginPath, credentials(acme.Users[api.RoleEmployee]))
	first := refreshBody(c)
	c.Adopt(anonymous.Post(refreshPath, first).Expect(http.StatusOK))
	anonymous.Post(refreshPath, first).Expect(http.StatusOK)
	anonymous.Post(refreshPath, map[string]string{"refresh_token": "garbage"}).Expect(http.StatusUnauthorized)
	anonymous.Get(mePath).Expect(http.StatusUnauthorized)
	c.Post(logoutPath, nil).Expect(http.StatusOK)
	c.Get(mePath).Expect(http.StatusUnauthorized)

	for series, want := range map[string]string{
		`interviewer_logins_total{outcome="succeeded"}`:         "1",
		`interviewer_logins_total{outcome="refused"}`:           "2",
		`interviewer_logins_total{outcome="throttled"}`:         "1",
		`interviewer_logins_total{outcome="inactive"}`:          "1",
		`interviewer_throttled_total{limit="login"}`:            "1",
		`interviewer_refreshes_total{outcome="rotated"}`:        "1",
		`interviewer_refreshes_total{outcome="replayed"}`:       "1",
		`interviewer_refreshes_total{outcome="invalid"}`:        "1",
		`interviewer_invalid_tokens_total{reason="missing"}`:    "1",
		`interviewer_invalid_tokens_total{reason="revoked"}`:    "1",
		`interviewer_build_info{go_version="x"}`:                "",
		`http_requests_in_flight`:                               "1",
		`interviewer_revocation_checks_total{source="unknown"}`: "",
	} {
		t.Run(series, func(t *testing.T) {
			if got := metric(anonymous.In(t), series); got != want {
				t.Errorf("got %q, want %q", got, want)
			}
		})
	}
}

// TestMetricsTokenProtects checks that only the metrics token gives access to the metrics.
func TestMetricsTokenProtects(t *testing.T) {
	t.Parallel()
	i := testkit.New(t)
	i.Config.MetricsToken = "the operator's own token"
	acme := i.Company("acme")
	replica := i.Replica()
	admin := replica.SignIn(t, acme.Users[api.RoleAdmin])
	for name, c := range map[string]struct {
		authorization string
		status        int
	}{
		"none":                     {"", http.StatusUnauthorized},
		"empty token":              {"Bearer ", http.StatusUnauthorized},
		"token without a scheme":   {"the operator's own token", http.StatusUnauthorized},
		"token without its end":    {"Bearer the operator's own toke", http.StatusUnauthorized},
		"access token of an admin": {"Bearer " + admin.Token, http.StatusUnauthorized},
		"basic scheme":             {"Basic the operator's own token", http.StatusUnauthorized},
		"bearer token":             {"Bearer the operator's own token", http.StatusOK},
		"scheme in lower case":     {"bearer the operator's own token", http.StatusOK},
	} {
		t.Run(name, func(t *testing.T) {
			var headers []string
			if c.authorization != "" {
				headers = []string{"Authorization", c.authorization}
			}
			answer := replica.Anonymous(t).Do(http.MethodGet, "/metrics", nil, headers...)
			if answer.Status != c.status || c.status != http.StatusOK && strings.Contains(string(answer.Body), "interviewer_") {
				t.Errorf("Authorization %q: got status %d, want %d", c.authorization, answer.Status, c.status)
			}
		})
	}
}
