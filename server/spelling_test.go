package server_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/server/platform/clock/clocktest"
	"github.com/ai-interviewer-platform/interviewer/server/testkit"
)

// TestBodiesAsClientsSendThem sends bodies that some HTTP libraries send: JSON with a byte order mark, charset=utf8, and
// null or an empty object if there is nothing to send.
func TestBodiesAsClientsSendThem(t *testing.T) {
	t.Parallel()
	i := testkit.New(t)
	replica, acme := i.Replica(), i.Company("acme")
	const mark = "\ufeff"
	hr := replica.SignIn(t, acme.Users[api.RoleHr])
	job := `{"title":"Welder","department":"Hall 1","description":"Welds."}`
	for name, test := range map[string]struct {
		path, body, media string
		want              int
	}{
		"byte order mark":                 {"/api/v1/jobs", mark + job, jsonMedia, http.StatusCreated},
		"byte order mark and white space": {"/api/v1/jobs", mark + "\r\n" + job + "\r\n", jsonMedia, http.StatusCreated},
		"charset=utf8":                    {"/api/v1/jobs", job, jsonMedia + "; charset=utf8", http.StatusCreated},
		"charset=UTF8":                    {"/api/v1/jobs", job, jsonMedia + ";charset=\"UTF8\"", http.StatusCreated},
		"null without a body":             {"/api/v1/auth/sessions/revoke-others", "null", jsonMedia, http.StatusOK},
		"byte order mark without a body":  {"/api/v1/auth/sessions/revoke-others", mark, jsonMedia, http.StatusOK},
		"empty object without a body":     {"/api/v1/auth/sessions/revoke-others", mark + " {} ", jsonMedia, http.StatusOK},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			hr.In(t).Do(http.MethodPost, test.path, test.body, "Content-Type", test.media).Expect(test.want)
		})
	}
	// An optional body.
	for _, body := range []string{"null", mark + "null", " null ", "{}", ""} {
		replica.SignIn(t, acme.Users[api.RoleEmployee]).
			Do(http.MethodPost, logoutPath, body, "Content-Type", jsonMedia).Expect(http.StatusOK)
	}
}

// TestSpacesAroundLoginEmail signs in with the address as people paste it.
func TestSpacesAroundLoginEmail(t *testing.T) {
	t.Parallel()
	i := testkit.New(t)
	replica := i.Replica()
	i.Company("acme")
	for _, email := range []string{" hr@acme.example", "hr@acme.example\n", "\u00a0HR@acme.example\t"} {
		replica.Anonymous(t).Post("/api/v1/auth/login", map[string]string{"email": email, "password": testkit.Password}).
			Expect(http.StatusOK)
	}
	for _, email := range []string{"h r@acme.example", "hr@acme.example x", "<hr@acme.example>", "   "} {
		replica.Anonymous(t).Post("/api/v1/auth/login", map[string]string{"email": email, "password": testkit.Password}).
			Refused(http.StatusUnauthorized, "invalid_credentials")
	}
}

// TestLogoutWithRefreshToken signs out without a valid access token. Every refresh token of an open session will do,
// and only this session ends.
func TestLogoutWithRefreshToken(t *testing.T) {
	t.Parallel()
	i := testkit.New(t)
	now := clocktest.Stopped()
	i.Clock = now.Source()
	replica, other, acme := i.Replica(), i.Replica(), i.Company("acme")
	user := acme.Users[api.RoleHr]
	token := func(refresh string) map[string]string { return map[string]string{"refresh_token": refresh} }
	for name, test := range map[string]struct {
		// expire says that the access token expires before, rotate that the refresh token is used before.
		send           func(t *testing.T, c *testkit.Client) *testkit.Answer
		expire, rotate bool
		ends           bool
	}{
		"expired access token": {expire: true, ends: true, send: func(_ *testing.T, c *testkit.Client) *testkit.Answer {
			return c.Post(logoutPath, token(c.RefreshToken))
		}},
		"used refresh token": {expire: true, rotate: true, ends: true, send: func(_ *testing.T, c *testkit.Client) *testkit.Answer {
			return c.Post(logoutPath, token(c.RefreshToken))
		}},
		"no access token": {ends: true, send: func(t *testing.T, c *testkit.Client) *testkit.Answer {
			t.Helper()
			return replica.Anonymous(t).Post(logoutPath, token(c.RefreshToken))
		}},
		"valid access token": {ends: true, send: func(_ *testing.T, c *testkit.Client) *testkit.Answer {
			return c.Post(logoutPath, token("aiprt_garbage"))
		}},
		"expired access token alone": {expire: true, send: func(_ *testing.T, c *testkit.Client) *testkit.Answer {
			return c.Post(logoutPath, nil)
		}},
		"expired access token and an empty object": {expire: true, send: func(_ *testing.T, c *testkit.Client) *testkit.Answer {
			return c.Post(logoutPath, "{}")
		}},
		"changed refresh token": {expire: true, send: func(_ *testing.T, c *testkit.Client) *testkit.Answer {
			return c.Post(logoutPath, token(c.RefreshToken[:len(c.RefreshToken)-4]+"AAAA"))
		}},
		"an access token as refresh token": {expire: true, send: func(_ *testing.T, c *testkit.Client) *testkit.Answer {
			return c.Post(logoutPath, token(c.Token))
		}},
	} {
		t.Run(name, func(t *testing.T) {
			bystander, c := replica.SignIn(t, user), replica.SignIn(t, user)
			refresh := c.RefreshToken
			if test.expire {
				now.Advance(time.Hour)
			}
			if test.rotate {
				refresh = testkit.Decode[api.TokenPair](
					replica.Anonymous(t).Post("/api/v1/auth/refresh", token(refresh)).Expect(http.StatusOK)).RefreshToken
			}
			answer := test.send(t, c)
			if !test.ends {
				answer.Refused(http.StatusUnauthorized, "invalid_token")
				other.Anonymous(t).Post("/api/v1/auth/refresh", token(refresh)).Expect(http.StatusOK)
				return
			}
			answer.Expect(http.StatusOK)
			for _, r := range []*testkit.Replica{replica, other} {
				r.Anonymous(t).Post("/api/v1/auth/refresh", token(refresh)).
					Refused(http.StatusUnauthorized, "invalid_refresh_token")
			}
			// The session has ended, so its tokens do not end anything again.
			replica.Anonymous(t).Post(logoutPath, token(refresh)).Refused(http.StatusUnauthorized, "missing_token")
			other.Anonymous(t).Post("/api/v1/auth/refresh", token(bystander.RefreshToken)).Expect(http.StatusOK)
		})
	}
}
