package login_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/server/identity/session"
	"github.com/ai-interviewer-platform/interviewer/server/platform/config"
	"github.com/ai-interviewer-platform/interviewer/server/testkit"
)

// app is the origin in the installation's CORS_ORIGINS.
const app = "https://app.example.com"

// below is a subdomain of app, which is not in CORS_ORIGINS.
const below = "https://x.app.example.com"

// A page of another site can neither use the cookie that the browser may send with its request, nor log the browser in to
// another account.
func TestCrossSiteRequestsAreRefused(t *testing.T) {
	t.Parallel()
	i := testkit.New(t)
	acme := i.Company("acme")
	replica := i.Replica()
	hr := replica.SignIn(t, acme.Users[api.RoleHr])
	nobody := replica.Anonymous(t)
	own := replica.URL
	for name, test := range map[string]struct {
		headers []string
		passes  bool
	}{
		"no browser":                     {nil, true},
		"same origin":                    {[]string{"Sec-Fetch-Site", "same-origin", "Origin", own}, true},
		"same origin, older browser":     {[]string{"Origin", own}, true},
		"address bar":                    {[]string{"Sec-Fetch-Site", "none"}, true},
		"listed origin":                  {[]string{"Sec-Fetch-Site", "cross-site", "Origin", app}, true},
		"listed origin, older browser":   {[]string{"Origin", app}, true},
		"another site of the domain":     {[]string{"Sec-Fetch-Site", "same-site", "Origin", "https://b.example.com"}, false},
		"another site":                   {[]string{"Sec-Fetch-Site", "cross-site", "Origin", "https://evil.example"}, false},
		"another site, no Origin":        {[]string{"Sec-Fetch-Site", "cross-site"}, false},
		"another site, older browser":    {[]string{"Origin", "https://evil.example"}, false},
		"sandboxed frame":                {[]string{"Sec-Fetch-Site", "cross-site", "Origin", "null"}, false},
		"sandboxed frame, older browser": {[]string{"Origin", "null"}, false},
		"listed origin over http":        {[]string{"Sec-Fetch-Site", "cross-site", "Origin", "http://app.example.com"}, false},
		"listed origin, another port":    {[]string{"Sec-Fetch-Site", "cross-site", "Origin", app + ":444"}, false},
		"listed origin as prefix":        {[]string{"Sec-Fetch-Site", "cross-site", "Origin", app + ".evil.example"}, false},
		"subdomain of listed origin":     {[]string{"Sec-Fetch-Site", "cross-site", "Origin", below}, false},
	} {
		t.Run(name, func(t *testing.T) {
			headers := append([]string{"Cookie", "refresh_token=" + hr.RefreshToken}, test.headers...)
			refreshed := nobody.In(t).Do(http.MethodPost, refreshPath, nil, headers...)
			signedIn := nobody.In(t).Do(http.MethodPost, loginPath, credentials("hr@acme.example", testkit.Password), test.headers...)
			origin := ""
			if len(test.headers) > 0 && test.headers[len(test.headers)-1] == app {
				origin = app
			}
			for _, answer := range []*testkit.Answer{refreshed, signedIn} {
				if test.passes {
					if answer.Status != http.StatusOK {
						t.Errorf("status = %d, want %d: %s", answer.Status, http.StatusOK, answer.Body)
					}
				} else if answer.Status != http.StatusForbidden || !strings.Contains(string(answer.Body), `"cross_site_request"`) ||
					answer.Header.Get("Set-Cookie") != "" {
					t.Errorf("status = %d with %s, want %d with cross_site_request and no cookie: %s", answer.Status, answer.Header, http.StatusForbidden, answer.Body)
				}
				if got := answer.Header.Get("Access-Control-Allow-Origin"); got != origin {
					t.Errorf("Access-Control-Allow-Origin is %q, want %q", got, origin)
				}
				if !strings.Contains(strings.Join(answer.Header.Values("Vary"), ","), "Origin") {
					t.Errorf("Vary = %q, want Origin in it", answer.Header.Values("Vary"))
				}
			}
			if test.passes {
				hr.RefreshToken = testkit.Decode[api.TokenPair](refreshed).RefreshToken
			}
		})
	}
}

// A preflight request is granted to the listed origin only.
func TestPreflight(t *testing.T) {
	t.Parallel()
	i := testkit.New(t)
	replica := i.Replica()
	for name, c := range map[string]struct{ origin, want string }{
		"listed origin":              {app, app},
		"another site":               {"https://evil.example", ""},
		"sandboxed frame":            {"null", ""},
		"subdomain of listed origin": {below, ""},
		"listed origin as prefix":    {app + ".evil.example", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			request, err := http.NewRequestWithContext(t.Context(), http.MethodOptions, replica.URL+mePath, nil)
			if err != nil {
				t.Fatal(err)
			}
			request.Header.Set("Origin", c.origin)
			request.Header.Set("Access-Control-Request-Method", http.MethodPatch)
			request.Header.Set("Access-Control-Request-Headers", "authorization,content-type,if-match")
			answer, err := http.DefaultClient.Do(request)
			if err != nil {
				t.Fatal(err)
			}
			if err := answer.Body.Close(); err != nil {
				t.Fatal(err)
			}
			header := answer.Header
			if answer.StatusCode != http.StatusNoContent || header.Get("Access-Control-Allow-Origin") != c.want {
				t.Errorf("status = %d for the origin %q, want %d for %q", answer.StatusCode, header.Get("Access-Control-Allow-Origin"), http.StatusNoContent, c.want)
			}
			if !strings.Contains(strings.Join(header.Values("Vary"), ","), "Origin") {
				t.Errorf("Vary = %q, want Origin in it", header.Values("Vary"))
			}
			if c.want == "" {
				if header.Get("Access-Control-Allow-Credentials") != "" {
					t.Error("credentials are allowed")
				}
				return
			}
			if header.Get("Access-Control-Allow-Credentials") != "true" ||
				!strings.Contains(header.Get("Access-Control-Allow-Methods"), http.MethodPatch) ||
				!strings.Contains(header.Get("Access-Control-Allow-Headers"), "If-Match") {
				t.Errorf("headers = %v, want credentials, PATCH and If-Match allowed", header)
			}
		})
	}
}

// Without CORS_ORIGINS, pages of other origins cannot read responses.
func TestNoListedOrigins(t *testing.T) {
	t.Parallel()
	i := testkit.New(t)
	i.Config.CORSOrigins = nil
	acme := i.Company("acme")
	replica := i.Replica()
	hr := replica.SignIn(t, acme.Users[api.RoleHr])
	answer := hr.Do(http.MethodGet, mePath, nil, "Origin", app).Expect(http.StatusOK)
	if got := answer.Header.Get("Access-Control-Allow-Origin"); got != "" {
		t.Errorf("Access-Control-Allow-Origin = %q, want none", got)
	}
	replica.Anonymous(t).Do(http.MethodPost, refreshPath, refreshBody(hr.RefreshToken), "Origin", app).
		Refused(http.StatusForbidden, "cross_site_request")
}

// A native app calls from an origin with a scheme of its own.
func TestNativeAppOrigins(t *testing.T) {
	t.Parallel()
	i := testkit.New(t)
	apps := []string{"capacitor://localhost", "tauri://localhost", "app://."}
	i.Config.CORSOrigins = apps
	acme := i.Company("acme")
	replica := i.Replica()
	for _, origin := range apps {
		t.Run(origin, func(t *testing.T) {
			t.Parallel()
			user := replica.SignIn(t, acme.Users[api.RoleHr])
			answer := replica.Anonymous(t).Do(http.MethodPost, refreshPath, refreshBody(user.RefreshToken),
				"Origin", origin, "Sec-Fetch-Site", "cross-site").Expect(http.StatusOK)
			if got := answer.Header.Get("Access-Control-Allow-Origin"); got != origin {
				t.Errorf("Access-Control-Allow-Origin is %q, want %q", got, origin)
			}
		})
	}
	replica.Anonymous(t).Do(http.MethodPost, refreshPath, refreshBody("x"), "Origin", "ionic://localhost").
		Refused(http.StatusForbidden, "cross_site_request")
}

// Only in development is the cookie stored by browsers that take http://localhost for insecure.
func TestCookieIsSecureExceptInDevelopment(t *testing.T) {
	t.Parallel()
	i := testkit.New(t)
	acme := i.Company("acme")
	for environment, want := range map[config.Environment]bool{
		config.Production: true, config.Test: true, config.Development: false,
	} {
		t.Run(string(environment), func(t *testing.T) {
			i := i.In(t)
			i.Config.Environment = environment
			answer := i.Replica().Anonymous(t).Post(loginPath, credentials(acme.Users[api.RoleHr].Email, testkit.Password))
			cookie := answer.Expect(http.StatusOK).Header.Get("Set-Cookie")
			if got := strings.Contains(cookie, "; Secure"); got != want || !strings.Contains(cookie, "; HttpOnly") {
				t.Errorf("the cookie is %q, want Secure %t and HttpOnly", cookie, want)
			}
		})
	}
}

// TestLogoutWithTheCookie signs out with nothing but the cookie, as a browser whose page has no access token.
func TestLogoutWithTheCookie(t *testing.T) {
	t.Parallel()
	s := newStand(t)
	hr := s.acme.Users[api.RoleHr]
	alive := func(t *testing.T, c *testkit.Client) bool {
		t.Helper()
		return c.Get("/api/v1/users/me").Status == http.StatusOK
	}
	for name, test := range map[string]struct {
		headers []string
		body    any
		// cookies are formats with the refresh token.
		cookies string
		status  int
	}{
		"cookie":                               {nil, nil, "refresh_token=%s", http.StatusOK},
		"invalid access token":                 {[]string{"Authorization", "Bearer x.y.z"}, nil, "refresh_token=%s", http.StatusOK},
		"empty body":                           {nil, "{}", "refresh_token=%s", http.StatusOK},
		"same site":                            {[]string{"Sec-Fetch-Site", "same-origin"}, nil, "refresh_token=%s", http.StatusOK},
		"the cookie of another program before": {nil, nil, "refresh_token=other; refresh_token=%s", http.StatusOK},
		"the cookie of another program after":  {nil, nil, "refresh_token=%s; a=b; refresh_token=other", http.StatusOK},
		"another site":                         {[]string{"Sec-Fetch-Site", "cross-site"}, nil, "refresh_token=%s", http.StatusForbidden},
		"another origin":                       {[]string{"Origin", "https://evil.example"}, nil, "refresh_token=%s", http.StatusForbidden},
		"malformed":                            {nil, nil, "refresh_token=%sA", http.StatusUnauthorized},
		"another name":                         {nil, nil, "token=%s", http.StatusUnauthorized},
		"a refused token in the body":          {nil, refreshBody("aiprt_garbage"), "refresh_token=%s", http.StatusUnauthorized},
		"none":                                 {nil, nil, "", http.StatusUnauthorized},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := s.replicas[0].SignIn(t, hr)
			headers := test.headers
			if test.cookies != "" {
				headers = append(slices.Clone(headers), "Cookie", fmt.Sprintf(test.cookies, c.RefreshToken))
			}
			anonymous := s.replicas[0].Anonymous(t)
			answer := anonymous.Do(http.MethodPost, logoutPath, test.body, headers...).Expect(test.status)
			if out := test.status == http.StatusOK; alive(t, c) == out || strings.Contains(answer.Header.Get("Set-Cookie"), "Max-Age=0") != out {
				t.Errorf("signed out: want %t; Set-Cookie: %q", out, answer.Header.Get("Set-Cookie"))
			}
		})
	}
	t.Run("again", func(t *testing.T) {
		t.Parallel()
		c := s.replicas[0].SignIn(t, hr)
		for _, status := range []int{http.StatusOK, http.StatusUnauthorized} {
			s.replicas[0].Anonymous(t).Do(http.MethodPost, logoutPath, nil, "Cookie", "refresh_token="+c.RefreshToken).Expect(status)
		}
	})
}

// TestSeveralRefreshCookies refreshes with the cookie that an earlier release has set for a longer path beside the current
// one. Browsers send the one with the longer path first. The used one does not count as stolen.
func TestSeveralRefreshCookies(t *testing.T) {
	t.Parallel()
	s := newStand(t)
	c := s.replicas[0].SignIn(t, s.acme.Users[api.RoleHr])
	first := c.RefreshToken
	current := s.renew(t, 0, first).RefreshToken
	s.now.Advance(session.Grace + time.Microsecond)
	for _, cookies := range []string{"refresh_token=%[1]s; refresh_token=%[2]s", "refresh_token=%[2]s; a=b; refresh_token=%[1]s"} {
		answer := s.replicas[0].Anonymous(t).Do(http.MethodPost, refreshPath, nil, "Cookie", fmt.Sprintf(cookies, first, current))
		current = testkit.Decode[api.TokenPair](answer.Expect(http.StatusOK)).RefreshToken
		s.now.Advance(session.Grace + time.Microsecond)
	}
}

func TestLogoutExpiresTheCookie(t *testing.T) {
	t.Parallel()
	i := testkit.New(t)
	acme := i.Company("acme")
	hr := i.Replica().SignIn(t, acme.Users[api.RoleHr])
	answer := hr.Post(logoutPath, nil).Expect(http.StatusOK)
	want := "refresh_token=; Path=/api/v1/auth; Max-Age=0; HttpOnly; Secure; SameSite=Strict"
	if got := answer.Header.Get("Set-Cookie"); got != want {
		t.Errorf("the cookie is %q, want %q", got, want)
	}
	hr.Post(logoutPath, nil).Refused(http.StatusUnauthorized, "invalid_token")
	hr.Post(refreshPath, refreshBody(hr.RefreshToken)).Refused(http.StatusUnauthorized, "invalid_refresh_token")
	e := one(t, i, acme.ID, "auth.logout")
	if e.Outcome != "success" || *e.Actor != acme.Users[api.RoleHr].ID || *e.Session != *e.ID {
		t.Errorf("audit entry = %+v, want the success of HR for the own session", e)
	}
}
