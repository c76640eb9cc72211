package server_test

import (
	"net/http"
	"strings"
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
	const revoke = "/api/v1/auth/sessions/revoke-others"
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
		"empty object without a body":     {revoke, mark + " {} ", jsonMedia, http.StatusOK},
		"space in an empty object":        {revoke, "{ }", jsonMedia, http.StatusOK},
		"lines in an empty object":        {revoke, "\r\n{\r\n" + strings.Repeat(" ", 500) + "\r\n}\r\n", jsonMedia, http.StatusOK},
		"member without a body":           {revoke, `{ "reason": null }`, jsonMedia, http.StatusBadRequest},
		"two objects without a body":      {revoke, `{ } { }`, jsonMedia, http.StatusBadRequest},
		"charset=us-ascii":                {"/api/v1/jobs", job, jsonMedia + "; charset=us-ascii", http.StatusCreated},
		"charset=iso-8859-1":              {"/api/v1/jobs", job, jsonMedia + "; charset=iso-8859-1", http.StatusUnsupportedMediaType},
		"null for an optional member":     {"/api/v1/jobs", `{"title":"Welder","department":null,"description":null,"external_id":null}`, jsonMedia, http.StatusCreated},
		"null for a required member":      {"/api/v1/jobs", `{"title":null}`, jsonMedia, http.StatusBadRequest},
		"null in a list of members":       {"/api/v1/candidates", `{"first_name":"A","last_name":"B","tags":null,"links":null}`, jsonMedia, http.StatusCreated},
		"null as an element":              {"/api/v1/candidates", `{"first_name":"A","last_name":"B","tags":[null]}`, jsonMedia, http.StatusBadRequest},
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

// TestNullMembers sends null for members that are not set, as the serializers of .NET and Java do. In a PATCH, null means to
// remove a value.
func TestNullMembers(t *testing.T) {
	t.Parallel()
	i := testkit.New(t)
	replica, acme := i.Replica(), i.Company("acme")
	user := acme.Users[api.RoleHr]
	c := replica.SignIn(t, user)
	replica.Anonymous(t).Post("/api/v1/auth/login", `{"email":"hr@acme.example","password":"`+testkit.Password+`","company":null}`).
		Expect(http.StatusOK)
	replica.Anonymous(t).Do(http.MethodPost, "/api/v1/auth/refresh", `{"refresh_token":null}`, "Content-Type", jsonMedia,
		"Cookie", "refresh_token="+c.RefreshToken).Expect(http.StatusOK)
	job := testkit.Decode[api.Job](c.Post("/api/v1/jobs", map[string]string{"title": "Welder", "external_id": "w 1"}).Expect(http.StatusCreated))
	c.Post("/api/v1/jobs/"+job.ID.String()+"/open", nil).Expect(http.StatusOK)
	c.Post("/api/v1/candidates", map[string]string{"first_name": "A", "last_name": "B", "external_id": "c 1"}).Expect(http.StatusCreated)
	c.Post("/api/v1/applications", map[string]any{
		"candidate_id": nil, "candidate_external_id": "c 1", "job_id": nil, "job_external_id": "w 1", "source": nil,
	}).Expect(http.StatusCreated)
	c.Do(http.MethodPatch, "/api/v1/jobs/"+job.ID.String(), `{"title":null}`, "Content-Type", jsonMedia).
		Refused(http.StatusBadRequest, "malformed_request")
}

// TestSpacesAroundEmails sends addresses as people paste them, which are stored and found without the spaces.
func TestSpacesAroundEmails(t *testing.T) {
	t.Parallel()
	i := testkit.New(t)
	replica, acme := i.Replica(), i.Company("acme")
	hr := replica.SignIn(t, acme.Users[api.RoleHr])
	admin := replica.SignIn(t, acme.Users[api.RoleAdmin])
	candidate := testkit.Decode[api.Candidate](hr.Post("/api/v1/candidates", map[string]string{
		"first_name": "A", "last_name": "B", "email": " Ada@x.example\r\n",
	}).Expect(http.StatusCreated))
	if email, _ := candidate.Email.Get(); email != "ada@x.example" {
		t.Errorf("the candidate has the email %q, want it without spaces", email)
	}
	hr.Do(http.MethodPatch, "/api/v1/candidates/"+candidate.ID.String(), `{"email":"\u200bada@y.example\u00a0"}`, "Content-Type", jsonMedia).
		Expect(http.StatusOK)
	found := testkit.Decode[api.CandidatePage](hr.Get("/api/v1/candidates?email=%20ada@y.example%0A").Expect(http.StatusOK))
	if len(found.Data) != 1 || found.Data[0].ID != candidate.ID {
		t.Errorf("the list by email has %d candidates, want the one", len(found.Data))
	}
	admin.Post("/api/v1/users", map[string]string{
		"first_name": "A", "last_name": "B", "email": "\ufeffgrace@acme.example ", "role": "employee", "password": testkit.Password,
	}).Expect(http.StatusCreated)
	replica.Anonymous(t).Post("/api/v1/auth/login", map[string]string{"email": "\u200bgrace@acme.example\ufeff", "password": testkit.Password}).
		Expect(http.StatusOK)
	hr.Post("/api/v1/candidates", map[string]string{"first_name": "A", "last_name": "B", "email": "  "}).
		Refused(http.StatusBadRequest, "malformed_request")
}

// TestFilterHints expects a hint on an empty page whose filters may have been meant in another way.
func TestFilterHints(t *testing.T) {
	t.Parallel()
	i := testkit.New(t)
	replica, acme := i.Replica(), i.Company("acme")
	hr := replica.SignIn(t, acme.Users[api.RoleHr])
	hr.Post("/api/v1/candidates", map[string]any{
		"first_name": "A", "last_name": "B", "tags": []string{"go", "sql"}, "external_id": "a+b",
	}).Expect(http.StatusCreated)
	for path, want := range map[string]string{
		"/candidates?tag=go,sql": "tag=go&tag=sql", "/candidates?tag=go%2Csql": "tag=go&tag=sql", "/candidates?tag=go&tag=sql": "",
		"/candidates?external_id=a+b": "%2B", "/candidates?external_id=a%2Bb": "", "/candidates?external_id=a%20b": "",
		"/jobs?department=A,B": "takes one value", "/jobs?external_id=a+b": "%2B", "/users?department=A,B": "takes one value",
		"/users?department=A": "",
	} {
		t.Run(path, func(t *testing.T) {
			t.Parallel()
			page := testkit.Decode[struct {
				Hint string `json:"hint"`
			}](hr.In(t).Get("/api/v1" + path).Expect(http.StatusOK))
			if (page.Hint == "") != (want == "") || !strings.Contains(page.Hint, want) {
				t.Errorf("the hint is %q, want %q in it", page.Hint, want)
			}
		})
	}
}

// TestFilesNameTheirCharset expects UTF-8 in the media type of calendars and tables, without which Outlook reads a
// calendar in the encoding of its machine.
func TestFilesNameTheirCharset(t *testing.T) {
	t.Parallel()
	i := testkit.New(t)
	replica, acme := i.Replica(), i.Company("acme")
	hr := replica.SignIn(t, acme.Users[api.RoleHr])
	for path, want := range map[string]string{
		"/users/me/calendar.ics": "text/calendar; charset=utf-8", "/candidates/export?format=csv": "text/csv; charset=utf-8",
	} {
		if got := hr.Get("/api/v1" + path).Expect(http.StatusOK).Header.Get("Content-Type"); got != want {
			t.Errorf("%s: Content-Type: got %q, want %q", path, got, want)
		}
	}
}

// TestSpacesAfterBearer sends the scheme and the token as RFC 9110, section 11.4, permits, and in forms of other APIs, for
// which the error says what to send.
func TestSpacesAfterBearer(t *testing.T) {
	t.Parallel()
	i := testkit.New(t)
	replica, acme := i.Replica(), i.Company("acme")
	token := replica.SignIn(t, acme.Users[api.RoleHr]).Token
	for _, header := range []string{"Bearer " + token, "bearer   " + token} {
		replica.Anonymous(t).Do(http.MethodGet, "/api/v1/users/me", "", "Authorization", header).Expect(http.StatusOK)
	}
	for _, header := range []string{token, "Token " + token, "Bearer", "Bearer: " + token} {
		problem := replica.Anonymous(t).Do(http.MethodGet, "/api/v1/users/me", "", "Authorization", header).
			Refused(http.StatusUnauthorized, "missing_token")
		if !strings.Contains(problem.Detail, "Authorization: Bearer,") {
			t.Errorf("%.10s: the detail is %q, want what to send", header, problem.Detail)
		}
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
