package login_test

import (
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/server/identity/session"
	"github.com/ai-interviewer-platform/interviewer/server/platform/clock/clocktest"
	"github.com/ai-interviewer-platform/interviewer/server/testkit"
)

// stand has three replicas with one stopped clock, and a user of a company with a session.
type stand struct {
	*testkit.Installation
	now      *clocktest.Clock
	replicas []*testkit.Replica
	acme     testkit.Company
	hr       *testkit.Client
}

func newStand(t *testing.T) stand {
	t.Helper()
	i := testkit.New(t)
	now := clocktest.Stopped()
	i.Clock = now.Source()
	s := stand{Installation: i, now: now, acme: i.Company("acme")}
	for range 3 {
		s.replicas = append(s.replicas, i.Replica())
	}
	s.hr = s.replicas[0].SignIn(t, s.acme.Users[api.RoleHr])
	return s
}

// refresh sends a refresh token to a replica.
func (s stand) refresh(t *testing.T, replica int, token string) *testkit.Answer {
	t.Helper()
	return s.replicas[replica].Anonymous(t).Post(refreshPath, refreshBody(token))
}

// renew expects the refresh to succeed, and returns the new pair.
func (s stand) renew(t *testing.T, replica int, token string) api.TokenPair {
	t.Helper()
	return testkit.Decode[api.TokenPair](s.refresh(t, replica, token).Expect(http.StatusOK))
}

// dead expects all replicas to refuse an access token within a second.
func (s stand) dead(t *testing.T, access string) {
	t.Helper()
	for _, replica := range s.replicas {
		c := replica.Anonymous(t)
		c.Token = access
		testkit.Eventually(t, time.Second, "the access token is refused", func() bool {
			return c.Get(mePath).Status == http.StatusUnauthorized
		})
		c.Get(mePath).Refused(http.StatusUnauthorized, "invalid_token")
	}
}

func TestRefreshAcceptsBodyOrCookie(t *testing.T) {
	t.Parallel()
	s := newStand(t)
	c := s.replicas[1].Anonymous(t)
	answer := c.Post(refreshPath, refreshBody(s.hr.RefreshToken)).Expect(http.StatusOK)
	second := testkit.Decode[api.TokenPair](answer)
	if second.RefreshToken == s.hr.RefreshToken {
		t.Error("the refresh token did not change")
	}
	want := "refresh_token=" + second.RefreshToken + attributes
	if got := answer.Header.Get("Set-Cookie"); got != want {
		t.Errorf("the cookie is %q, want %q", got, want)
	}
	cookie := func(body any, token string) *testkit.Answer {
		return c.Do(http.MethodPost, refreshPath, body, "Cookie", "theme=dark; refresh_token="+token)
	}
	third := testkit.Decode[api.TokenPair](cookie(nil, second.RefreshToken).Expect(http.StatusOK))
	fourth := testkit.Decode[api.TokenPair](cookie("{}", third.RefreshToken).Expect(http.StatusOK))
	fifth := testkit.Decode[api.TokenPair](cookie(refreshBody(fourth.RefreshToken), "aiprt_garbage").Expect(http.StatusOK))
	cookie(refreshBody("aiprt_garbage"), fifth.RefreshToken).Refused(http.StatusUnauthorized, "invalid_refresh_token")
	for name, token := range map[string]string{
		"none": "", "access token": fifth.AccessToken, "upper case": strings.ToUpper(fifth.RefreshToken),
		"trailing data": fifth.RefreshToken + "A", "non-canonical base64": respell(fifth.RefreshToken),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var body any
			if token != "" {
				body = refreshBody(token)
			}
			refused := s.replicas[1].Anonymous(t).Post(refreshPath, body)
			refused.Refused(http.StatusUnauthorized, "invalid_refresh_token")
			if got := refused.Header.Get("Set-Cookie"); got != "" {
				t.Errorf("Set-Cookie = %q, want none", got)
			}
		})
	}
	c.Post(refreshPath, refreshBody(fifth.RefreshToken)).Expect(http.StatusOK)
}

// A refused token of the cookie expires the cookie, so that the browser does not send it again. A refused token of the
// body does not, even if there is a cookie too: the cookie may be valid.
func TestRefusedRefreshExpiresTheCookie(t *testing.T) {
	t.Parallel()
	s := newStand(t)
	acme := s.acme.Users
	signIn := func(role api.Role) *testkit.Client { return s.replicas[0].SignIn(t, acme[role]) }
	used, ended, inactive, old := signIn(api.RoleHr), signIn(api.RoleHr), signIn(api.RoleEmployee), signIn(api.RoleAdmin)
	first := used.RefreshToken
	s.renew(t, 0, first)
	s.now.Advance(session.Grace + time.Microsecond)
	ended.Post(logoutPath, nil).Expect(http.StatusOK)
	s.Exec(`UPDATE users SET is_active = false WHERE id = $1`, acme[api.RoleEmployee].ID)
	s.Exec(`UPDATE sessions SET expires_at = $1 WHERE user_id = $2`, s.now.Now(), acme[api.RoleAdmin].ID)
	alive := signIn(api.RoleHr)
	const expired = "refresh_token=; Path=/api/v1/auth; Max-Age=0; HttpOnly; Secure; SameSite=Strict"
	for name, test := range map[string]struct {
		body   any
		cookie string
		want   string
	}{
		"malformed":                    {nil, "aiprt_garbage", expired},
		"empty":                        {nil, "", expired},
		"reused":                       {nil, first, expired},
		"session ended":                {nil, ended.RefreshToken, expired},
		"user inactive":                {nil, inactive.RefreshToken, expired},
		"session expired":              {nil, old.RefreshToken, expired},
		"empty body":                   {"{}", "aiprt_garbage", expired},
		"body refused, cookie invalid": {refreshBody("aiprt_garbage"), "aiprt_garbage", ""},
		"body refused, cookie valid":   {refreshBody("aiprt_garbage"), alive.RefreshToken, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			refused := s.replicas[1].Anonymous(t).
				Do(http.MethodPost, refreshPath, test.body, "Cookie", "theme=dark; refresh_token="+test.cookie)
			refused.Refused(http.StatusUnauthorized, "invalid_refresh_token")
			if got := refused.Header.Get("Set-Cookie"); got != test.want {
				t.Errorf("Set-Cookie = %q, want %q", got, test.want)
			}
		})
	}
}

// Lost responses and parallel tabs are normal: for 30 seconds a used token returns the same successor again.
func TestUsedTokenReturnsItsSuccessorDuringGrace(t *testing.T) {
	t.Parallel()
	s := newStand(t)
	first := s.hr.RefreshToken
	second := s.renew(t, 0, first)
	for n, wait := range []time.Duration{0, 29 * time.Second, time.Second} {
		s.now.Advance(wait)
		again := s.renew(t, n, first)
		if again.RefreshToken != second.RefreshToken {
			t.Errorf("successor of the same token after another %s = %q, want %q", wait, again.RefreshToken, second.RefreshToken)
		}
		s.hr.Token = again.AccessToken
		s.hr.Get(mePath).Expect(http.StatusOK)
	}
	if n := len(events(t, s.Installation, s.acme.ID, "auth.token_refreshed")); n != 1 {
		t.Errorf("%d rotations were recorded, want 1", n)
	}
	s.renew(t, 1, second.RefreshToken)
}

// Refreshes are recorded once per session and day, with the number since the last entry; the end of the session records the
// rest. Refused tokens of the ended session are recorded in the same way.
func TestRefreshesAreRecordedOncePerDay(t *testing.T) {
	t.Parallel()
	s := newStand(t)
	token := s.hr.RefreshToken
	refresh := func(times int, wait time.Duration) {
		t.Helper()
		for range times {
			s.now.Advance(wait)
			pair := s.renew(t, 0, token)
			token, s.hr.Token = pair.RefreshToken, pair.AccessToken
		}
	}
	now := s.now.Now().UTC()
	s.now.Advance(now.Truncate(24 * time.Hour).Add(25 * time.Hour).Sub(now)) // 01:00, so that minutes do not change the day
	refresh(3, time.Minute)
	refresh(1, 24*time.Hour)
	refresh(4, time.Minute)
	s.hr.Post(logoutPath, nil).Expect(http.StatusOK)
	for range 3 {
		s.refresh(t, 1, token).Refused(http.StatusUnauthorized, "invalid_refresh_token")
	}
	var got []any
	for _, action := range []string{"auth.token_refreshed", "auth.logout"} {
		for _, e := range events(t, s.Installation, s.acme.ID, action) {
			got = append(got, e.Outcome, e.Details["refreshes"], e.Details["attempts"])
		}
	}
	want := []any{"success", 1.0, nil, "success", 3.0, nil, "failure", nil, 1.0, "success", 4.0, nil}
	if !slices.Equal(got, want) {
		t.Errorf("outcomes, refreshes and attempts are %v, want %v", got, want)
	}
	if rest := scan[int](t, s.Installation, `SELECT refusals FROM sessions WHERE revocation_reason = 'logout'`); rest != 2 {
		t.Errorf("%d refusals are counted, want 2", rest)
	}
}

// Two parties hold a token that is used after the grace period: its session ends.
func TestReuseEndsTheSession(t *testing.T) {
	t.Parallel()
	s := newStand(t)
	first := s.hr.RefreshToken
	second := s.renew(t, 0, first)
	for _, replica := range s.replicas { // each replica caches the session
		c := replica.Anonymous(t)
		c.Token = second.AccessToken
		c.Get(mePath).Expect(http.StatusOK)
	}
	s.now.Advance(30*time.Second + time.Microsecond)
	stolen := from(s.replicas[1].Anonymous(t), "203.0.113.66").
		Do(http.MethodPost, refreshPath, refreshBody(first), "User-Agent", "thief", "X-Request-Id", "the-theft-itself")
	stolen.Refused(http.StatusUnauthorized, "invalid_refresh_token")
	s.dead(t, second.AccessToken)
	s.dead(t, s.hr.Token)
	unknown := s.refresh(t, 0, "aiprt_garbage")
	for _, token := range []string{first, second.RefreshToken} {
		refused := s.refresh(t, 2, token)
		refused.Refused(http.StatusUnauthorized, "invalid_refresh_token")
		if timeless(t, refused) != timeless(t, unknown) || timeless(t, refused) != timeless(t, stolen) {
			t.Error("the responses to a stolen and an unknown token differ")
		}
	}
	e := one(t, s.Installation, s.acme.ID, "auth.token_reused")
	if e.Outcome != "denied" || *e.Actor != s.acme.Users[api.RoleHr].ID || *e.Session != *e.ID || e.Resource != "session" ||
		e.IP != "203.0.113.66" || e.Agent != "thief" || e.Request != "the-theft-itself" {
		t.Errorf("the reuse was recorded as %+v, want it denied with the data of the thief's request", e)
	}
	reason := scan[string](t, s.Installation, `SELECT revocation_reason FROM sessions WHERE id = $1`, *e.ID)
	if reason != "token_reuse" {
		t.Errorf("revocation_reason = %q, want token_reuse", reason)
	}
}

// TestTabsShareTokens sends the tokens that three browser tabs know: within 30 seconds after its use, each returns the
// current one.
func TestTabsShareTokens(t *testing.T) {
	t.Parallel()
	s := newStand(t)
	first := s.hr.RefreshToken
	second := s.renew(t, 0, first).RefreshToken
	s.now.Advance(15 * time.Second)
	current := s.renew(t, 1, second)
	for n, token := range []string{first, second, first} {
		if again := s.renew(t, n, token); again.RefreshToken != current.RefreshToken {
			t.Errorf("request %d of an earlier token returned %q, want the current %q", n, again.RefreshToken, current.RefreshToken)
		}
	}
	s.now.Advance(15 * time.Second)
	current = s.renew(t, 2, current.RefreshToken)
	if again := s.renew(t, 0, first); again.RefreshToken != current.RefreshToken {
		t.Errorf("30 seconds after its use, the first token returned %q, want the current %q", again.RefreshToken, current.RefreshToken)
	}
	s.hr.Token = current.AccessToken
	s.hr.Get(mePath).Expect(http.StatusOK)
}

// The grace period of a token begins with its own use, not with the latest rotation.
func TestOlderGenerationIsReuse(t *testing.T) {
	t.Parallel()
	s := newStand(t)
	second := s.renew(t, 0, s.hr.RefreshToken)
	s.now.Advance(20 * time.Second)
	third := s.renew(t, 1, second.RefreshToken)
	s.now.Advance(10*time.Second + time.Microsecond)
	s.refresh(t, 2, s.hr.RefreshToken).Refused(http.StatusUnauthorized, "invalid_refresh_token")
	s.dead(t, third.AccessToken)
	s.refresh(t, 0, third.RefreshToken).Refused(http.StatusUnauthorized, "invalid_refresh_token")
	one(t, s.Installation, s.acme.ID, "auth.token_reused")
}

// Refreshing does not extend a session.
func TestSessionExpiresSevenDaysAfterLogin(t *testing.T) {
	t.Parallel()
	s := newStand(t)
	token := s.hr.RefreshToken
	for range 6 {
		s.now.Advance(24 * time.Hour)
		token = s.renew(t, 0, token).RefreshToken
	}
	s.now.Advance(24*time.Hour - 1500*time.Millisecond)
	answer := s.refresh(t, 1, token).Expect(http.StatusOK)
	last := testkit.Decode[api.TokenPair](answer)
	if last.ExpiresIn != 2 || !strings.Contains(answer.Header.Get("Set-Cookie"), "; Max-Age=2;") {
		t.Errorf("1.5 s before the end: expires_in = %d and the cookie is %q, want 2 s in both", last.ExpiresIn, answer.Header.Get("Set-Cookie"))
	}
	s.now.Advance(1500*time.Millisecond - time.Microsecond)
	s.hr.Token = last.AccessToken
	s.hr.Get(mePath).Expect(http.StatusOK)
	end := s.refresh(t, 2, last.RefreshToken).Expect(http.StatusOK)
	if got := end.Header.Get("Set-Cookie"); !strings.Contains(got, "; Max-Age=1;") {
		t.Errorf("cookie in the session's last microsecond = %q, want Max-Age=1", got)
	}
	s.now.Advance(time.Microsecond)
	s.hr.Get(mePath).Refused(http.StatusUnauthorized, "invalid_token")
	last = testkit.Decode[api.TokenPair](end)
	s.refresh(t, 0, last.RefreshToken).Refused(http.StatusUnauthorized, "invalid_refresh_token")
	if n := len(events(t, s.Installation, s.acme.ID, "auth.token_reused")); n != 0 {
		t.Errorf("entries of reuse for an expired session = %d, want 0", n)
	}
}

func TestInactiveAccountCannotRefresh(t *testing.T) {
	t.Parallel()
	for name, sql := range map[string]string{
		"user":    `UPDATE users SET is_active = false WHERE company_id = $1`,
		"company": `UPDATE companies SET is_active = false WHERE id = $1`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStand(t)
			s.Exec(sql, s.acme.ID)
			s.refresh(t, 1, s.hr.RefreshToken).Refused(http.StatusUnauthorized, "invalid_refresh_token")
		})
	}
}

// Fifty concurrent refreshes at three replicas all succeed, with the same next token.
func TestConcurrentRefreshesRotateOnce(t *testing.T) {
	t.Parallel()
	s := newStand(t)
	const tabs = 50
	pairs := make(chan api.TokenPair, tabs)
	var all sync.WaitGroup
	for n := range tabs {
		all.Go(func() {
			answer := s.refresh(t, n%3, s.hr.RefreshToken)
			if answer.Status != http.StatusOK {
				t.Errorf("status = %d, want %d: %s", answer.Status, http.StatusOK, answer.Body)
				return
			}
			pairs <- testkit.Decode[api.TokenPair](answer)
		})
	}
	all.Wait()
	close(pairs)
	next := map[string]int{}
	for pair := range pairs {
		next[pair.RefreshToken]++
		s.hr.Token = pair.AccessToken
	}
	if len(next) != 1 {
		t.Errorf("%d requests got %d different tokens, want 1", tabs, len(next))
	}
	s.hr.At(s.replicas[2]).Get(mePath).Expect(http.StatusOK)
	if generation := scan[int](t, s.Installation, `SELECT generation FROM sessions`); generation != 2 {
		t.Errorf("generation = %d, want 2", generation)
	}
	one(t, s.Installation, s.acme.ID, "auth.token_refreshed")
}

// For any order of refresh, logout and deactivation, no token of the session is valid afterwards.
func TestRefreshRacesWithSessionEnd(t *testing.T) {
	t.Parallel()
	s := newStand(t)
	admin := s.replicas[1].SignIn(t, s.acme.Users[api.RoleAdmin])
	user := s.acme.Users[api.RoleEmployee]
	for round := range 24 {
		c := s.replicas[round%3].SignIn(t, user)
		answers := make(chan *testkit.Answer, 2)
		var race sync.WaitGroup
		for n := range cap(answers) {
			race.Go(func() { answers <- s.refresh(t, (round+n)%3, c.RefreshToken) })
		}
		deactivates := round%2 == 1
		race.Go(func() {
			if deactivates {
				admin.Post("/api/v1/users/"+user.ID.String()+"/deactivate", nil).Expect(http.StatusOK)
			} else {
				c.At(s.replicas[(round+2)%3]).Post(logoutPath, nil).Expect(http.StatusOK)
			}
		})
		race.Wait()
		close(answers)
		for answer := range answers {
			if answer.Status == http.StatusUnauthorized {
				continue
			}
			pair := testkit.Decode[api.TokenPair](answer.Expect(http.StatusOK))
			s.dead(t, pair.AccessToken)
			s.refresh(t, round%3, pair.RefreshToken).Refused(http.StatusUnauthorized, "invalid_refresh_token")
		}
		s.dead(t, c.Token)
		if deactivates {
			admin.Post("/api/v1/users/"+user.ID.String()+"/reactivate", nil).Expect(http.StatusOK)
		}
	}
	open := scan[int](t, s.Installation, `SELECT count(*) FROM sessions WHERE user_id = $1 AND revoked_at IS NULL`, user.ID)
	if open != 0 {
		t.Errorf("open sessions = %d, want 0", open)
	}
}

// Refreshing needs PostgreSQL only.
func TestRefreshWithoutRedis(t *testing.T) {
	t.Parallel()
	s := newStand(t)
	s.Redis.Kill()
	pair := s.renew(t, 0, s.hr.RefreshToken)
	if again := s.renew(t, 1, s.hr.RefreshToken); again.RefreshToken != pair.RefreshToken {
		t.Error("without Redis the same token has another successor")
	}
	s.hr.Token = pair.AccessToken
	s.hr.At(s.replicas[2]).Get(mePath).Expect(http.StatusOK)
}
