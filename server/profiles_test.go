package server_test

import (
	"bytes"
	"io"
	"net/http"
	"testing"

	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/server/platform/config"
	"github.com/ai-interviewer-platform/interviewer/server/testkit"
)

// TestProfilesNeedTokenOfOperator checks that profiles are served only if they are enabled, and only with the
// operator's token.
func TestProfilesNeedTokenOfOperator(t *testing.T) {
	t.Parallel()
	const token = "the operator's own token"
	type request struct {
		path, authorization string
		status              int
	}
	for name, c := range map[string]struct {
		enabled bool
		token   string
		asked   map[string]request
	}{
		"disabled": {false, token, map[string]request{
			"index":       {"/debug/pprof/", "Bearer " + token, http.StatusNotFound},
			"CPU profile": {"/debug/pprof/profile?seconds=1", "Bearer " + token, http.StatusNotFound},
			"heap":        {"/debug/pprof/heap", "Bearer " + token, http.StatusNotFound},
		}},
		"no token is set": {true, "", map[string]request{
			"heap without a token": {"/debug/pprof/heap", "", http.StatusUnauthorized},
			"heap with a token":    {"/debug/pprof/heap", "Bearer x", http.StatusUnauthorized},
		}},
		"enabled": {true, token, map[string]request{
			"index":                 {"/debug/pprof/", "Bearer " + token, http.StatusOK},
			"CPU profile":           {"/debug/pprof/profile?seconds=1", "Bearer " + token, http.StatusOK},
			"trace":                 {"/debug/pprof/trace?seconds=1", "Bearer " + token, http.StatusOK},
			"heap":                  {"/debug/pprof/heap", "Bearer " + token, http.StatusOK},
			"allocs":                {"/debug/pprof/allocs", "Bearer " + token, http.StatusOK},
			"unknown profile":       {"/debug/pprof/unknown", "Bearer " + token, http.StatusNotFound},
			"index without a token": {"/debug/pprof/", "", http.StatusUnauthorized},
			"CPU without a token":   {"/debug/pprof/profile?seconds=1", "", http.StatusUnauthorized},
			"trace without a token": {"/debug/pprof/trace?seconds=1", "", http.StatusUnauthorized},
			"heap with another":     {"/debug/pprof/heap", "Bearer the operator's own toke", http.StatusUnauthorized},
			"heap by an admin":      {"/debug/pprof/heap", "admin", http.StatusUnauthorized},
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			i := testkit.New(t)
			i.Config.Profiles, i.Config.MetricsToken = c.enabled, config.Secret(c.token)
			acme := i.Company("acme")
			replica := i.Replica()
			admin := replica.SignIn(t, acme.Users[api.RoleAdmin])
			for name, r := range c.asked {
				t.Run(name, func(t *testing.T) {
					authorization := r.authorization
					if authorization == "admin" {
						authorization = "Bearer " + admin.Token
					}
					status, body := getProfile(t, replica.URL+r.path, authorization)
					if status != r.status {
						t.Fatalf("GET %s: got status %d, want %d: %.200q", r.path, status, r.status, body)
					}
					// Profiles and traces are binary; the index names them.
					if r.status == http.StatusOK && r.path == "/debug/pprof/" && !bytes.Contains(body, []byte("goroutine")) {
						t.Errorf("GET %s: got %.200q, want the list of profiles", r.path, body)
					}
					if r.status == http.StatusOK && r.path == "/debug/pprof/heap" && !bytes.HasPrefix(body, []byte("\x1f\x8b")) {
						t.Errorf("GET %s: got %.20q, want a compressed profile", r.path, body)
					}
				})
			}
		})
	}
}

// getProfile sends a request. The client of the testkit expects the responses of the specification, which has no
// profiles.
func getProfile(t *testing.T, url, authorization string) (status int, body []byte) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	if authorization != "" {
		request.Header.Set("Authorization", authorization)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	if body, err = io.ReadAll(response.Body); err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, body
}
