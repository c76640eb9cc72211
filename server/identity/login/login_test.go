package login_test

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/crypto/bcrypt"

	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/server/testkit"
)

func TestLoginReturnsTokensAndCookie(t *testing.T) {
	t.Parallel()
	i := testkit.New(t)
	acme := i.Company("acme")
	c := i.Replica().Anonymous(t)
	answer := c.Post(loginPath, credentials(acme.Users[api.RoleHr].Email, testkit.Password)).Expect(http.StatusOK)
	pair := testkit.Decode[api.TokenPair](answer)
	if pair.TokenType != api.TokenTypeBearer || pair.ExpiresIn != 900 {
		t.Errorf("token_type = %q and expires_in = %d, want %q and 900", pair.TokenType, pair.ExpiresIn, api.TokenTypeBearer)
	}
	want := "refresh_token=" + pair.RefreshToken + attributes
	if got := answer.Header.Get("Set-Cookie"); got != want {
		t.Errorf("the cookie is %q, want %q", got, want)
	}
	c.Token = pair.AccessToken
	c.Get(mePath).Expect(http.StatusOK)
	if last := scan[*time.Time](t, i, `SELECT last_login_at FROM users WHERE id = $1`, acme.Users[api.RoleHr].ID); last == nil {
		t.Error("last_login_at was not set")
	}
}

// The body and the headers of a refused login do not depend on the reason.
func TestRefusedLoginsAreIndistinguishable(t *testing.T) {
	t.Parallel()
	i := testkit.New(t)
	acme, idle := i.Company("acme"), i.Company("idle")
	i.Exec(`UPDATE users SET is_active = false WHERE id = $1`, acme.Users[api.RoleEmployee].ID)
	i.Exec(`UPDATE companies SET is_active = false WHERE id = $1`, idle.ID)
	i.Exec(`UPDATE users SET password_hash = 'unreadable' WHERE id = $1`, acme.Users[api.RoleTeamLead].ID)
	c := i.Replica().Anonymous(t)
	var want, wantHeaders string
	for _, test := range []struct{ name, email, password string }{
		{"unknown email", "nobody@acme.example", testkit.Password},
		{"unknown email, wrong password", "nobody@acme.example", wrong},
		{"wrong password", "hr@acme.example", wrong},
		{"right password in another case", "hr@acme.example", strings.ToUpper(testkit.Password)},
		{"right password and a space", "hr@acme.example", testkit.Password + " "},
		{"malformed hash", "team_lead@acme.example", testkit.Password},
		{"inactive user", "employee@acme.example", testkit.Password},
		{"inactive user, wrong password", "employee@acme.example", wrong},
		{"inactive company", "hr@idle.example", testkit.Password},
		{"inactive company, wrong password", "hr@idle.example", wrong},
	} {
		t.Run(test.name, func(t *testing.T) {
			answer := c.In(t).Post(loginPath, credentials(test.email, test.password))
			answer.Refused(http.StatusUnauthorized, "invalid_credentials")
			answer.Header.Del("X-Request-Id")
			answer.Header.Del("Date")
			body, headers := timeless(t, answer), fmt.Sprint(answer.Header)
			if want == "" {
				want, wantHeaders = body, headers
			}
			if body != want || headers != wantHeaders {
				t.Errorf("%s %s, but the first was %s %s", headers, body, wantHeaders, want)
			}
		})
	}
	if n := scan[int](t, i, `SELECT count(*) FROM sessions`); n != 0 {
		t.Errorf("sessions after refused logins = %d, want 0", n)
	}
}

func TestLoginIgnoresCaseOfEmail(t *testing.T) {
	t.Parallel()
	i := testkit.New(t)
	i.Company("acme")
	c := i.Replica().Anonymous(t)
	c.Post(loginPath, credentials("HR@Acme.EXAMPLE", testkit.Password)).Expect(http.StatusOK)
	for _, email := range []string{"hr", ""} {
		c.Post(loginPath, credentials(email, testkit.Password)).Refused(http.StatusBadRequest, "malformed_request")
	}
	c.Post(loginPath, credentials("hr@acme", testkit.Password)).Refused(http.StatusUnauthorized, "invalid_credentials")
}

// bcrypt ignores bytes after the 72nd and after NUL. Passwords that differ there must still differ.
func TestLoginAtBcryptLimits(t *testing.T) {
	t.Parallel()
	i := testkit.New(t)
	acme := i.Company("acme")
	long := strings.Repeat("ä", 36) // 72 bytes in 36 characters
	hash, err := bcrypt.GenerateFromPassword([]byte(long), bcrypt.MinCost)
	if err != nil {
		t.Fatal(err)
	}
	i.Exec(`UPDATE users SET password_hash = $1 WHERE company_id = $2`, string(hash), acme.ID)
	c := i.Replica().Anonymous(t)
	c.Post(loginPath, credentials("hr@acme.example", long)).Expect(http.StatusOK)
	for _, password := range []string{long + "x", long + long, long[:70], long[:70] + "xy"} {
		c.Post(loginPath, credentials("hr@acme.example", password)).Refused(http.StatusUnauthorized, "invalid_credentials")
	}
	c.Post(loginPath, credentials("hr@acme.example", long+"\x00")).Refused(http.StatusUnprocessableEntity, "rule_violated")
}

// A flood of logins is refused with Retry-After, and does not affect other operations.
func TestFloodOfLoginsIsBounded(t *testing.T) {
	t.Parallel()
	i := testkit.New(t)
	i.Config.HashWorkers, i.Config.HashQueue = 1, 1
	i.Config.LoginPerAccountAndIP, i.Config.LoginPerIP, i.Config.LoginPerAccount = 10_000, 10_000, 10_000
	acme := i.Company("acme")
	replica := i.Replica()
	hr := replica.SignIn(t, acme.Users[api.RoleHr])
	expensive, err := bcrypt.GenerateFromPassword([]byte(testkit.Password), bcrypt.MinCost+2)
	if err != nil {
		t.Fatal(err)
	}
	i.Exec(`UPDATE users SET password_hash = $1 WHERE id = $2`, string(expensive), acme.Users[api.RoleEmployee].ID)
	answers := make(chan *testkit.Answer, 64)
	var flood sync.WaitGroup
	for range cap(answers) {
		flood.Go(func() { answers <- replica.Anonymous(t).Post(loginPath, credentials("employee@acme.example", wrong)) })
	}
	for range 8 {
		hr.Get(mePath).Expect(http.StatusOK)
	}
	flood.Wait()
	close(answers)
	refused := 0
	for answer := range answers {
		switch answer.Status {
		case http.StatusUnauthorized:
		default:
			answer.Refused(http.StatusServiceUnavailable, "overloaded")
			if answer.Header.Get("Retry-After") == "" {
				t.Error("a refused login has no Retry-After")
			}
			refused++
		}
	}
	if refused == 0 {
		t.Error("none of 64 concurrent logins was refused")
	}
	replica.SignIn(t, acme.Users[api.RoleEmployee])
}

// A login that waits for a deactivation under way opens no session.
func TestLoginDuringDeactivation(t *testing.T) {
	t.Parallel()
	for name, sql := range map[string]string{
		"user":    `UPDATE users SET is_active = false WHERE email = 'hr@acme.example'`,
		"company": `UPDATE companies SET is_active = false WHERE slug = 'acme'`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			i := testkit.New(t)
			acme := i.Company("acme")
			replica := i.Replica()
			holder := i.Connect()
			for _, statement := range []string{`BEGIN`, sql} {
				if _, err := holder.Exec(t.Context(), statement); err != nil {
					t.Fatal(err)
				}
			}
			answers := make(chan *testkit.Answer, 1)
			go func() {
				answers <- replica.Anonymous(t).Post(loginPath, credentials("hr@acme.example", testkit.Password))
			}()
			testkit.Eventually(t, 10*time.Second, "the login waits", func() bool {
				return scan[int](t, i, `SELECT count(*) FROM pg_stat_activity
					WHERE datname = current_database() AND wait_event_type = 'Lock'`) == 1
			})
			if _, err := holder.Exec(t.Context(), `COMMIT`); err != nil {
				t.Fatal(err)
			}
			(<-answers).Refused(http.StatusUnauthorized, "invalid_credentials")
			if n := scan[int](t, i, `SELECT count(*) FROM sessions`); n != 0 {
				t.Errorf("sessions = %d, want 0", n)
			}
			if e := one(t, i, acme.ID, "auth.login"); e.Outcome != "failure" || e.Details["reason"] != "inactive" {
				t.Errorf("recorded as %+v, want a failure because of inactive", e)
			}
		})
	}
}
