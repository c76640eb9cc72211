package login_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/redis/rueidis"

	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/server/testkit"
)

// Logins are recorded with the data of their requests, whatever their outcome. Those of unknown addresses belong to no
// company.
func TestLoginsAreRecorded(t *testing.T) {
	t.Parallel()
	i := testkit.New(t)
	acme := i.Company("acme")
	hr, idle := acme.Users[api.RoleHr], acme.Users[api.RoleEmployee]
	i.Exec(`UPDATE users SET is_active = false WHERE id = $1`, idle.ID)
	c := i.Replica().Anonymous(t)
	for n, attempt := range []map[string]string{
		credentials(hr.Email, testkit.Password), credentials(hr.Email, wrong), credentials(idle.Email, testkit.Password),
		credentials(idle.Email, wrong), credentials("nobody@acme.example", wrong),
	} {
		c.Do(http.MethodPost, loginPath, attempt, "X-Forwarded-For", "2001:db8::5", "User-Agent", firefox,
			"X-Request-Id", "attempt-"+strings.Repeat("0", n+1))
	}
	recorded := events(t, i, acme.ID, "auth.login")
	for n, want := range []struct {
		name, outcome, resource, reason string
		actor                           uuid.UUID
	}{
		{"right password", "success", "session", "", hr.ID},
		{"wrong password", "failure", "user", "wrong_password", hr.ID},
		{"inactive user", "failure", "user", "inactive", idle.ID},
		{"inactive user, wrong password", "failure", "user", "wrong_password", idle.ID},
	} {
		t.Run(want.name, func(t *testing.T) {
			if len(recorded) != 4 {
				t.Fatalf("%d logins were recorded, want 4", len(recorded))
			}
			e := recorded[n]
			reason, _ := e.Details["reason"].(string)
			if e.Outcome != want.outcome || e.Resource != want.resource || reason != want.reason || *e.Actor != want.actor ||
				e.IP != "2001:db8::5" || e.Agent != firefox || e.Request != "attempt-"+strings.Repeat("0", n+1) {
				t.Errorf("attempt %d was recorded as %+v, want %+v", n, e, want)
			}
			if (e.Session != nil) != (want.outcome == "success") {
				t.Errorf("session of attempt %d = %v, want one: %t", n, e.Session, want.outcome == "success")
			}
		})
	}
}

// If the audit entry cannot be written, the request fails and changes nothing.
func TestFailedAuditRollsBack(t *testing.T) {
	t.Parallel()
	i := testkit.New(t)
	hr := i.Company("acme").Users[api.RoleHr]
	replica := i.Replica()
	c, other := replica.SignIn(t, hr), replica.SignIn(t, hr)
	i.Exec(`ALTER TABLE audit_logs ADD CONSTRAINT closed CHECK (false) NOT VALID`)
	for _, answer := range []*testkit.Answer{
		c.Post(logoutPath, nil), c.Post(sessionsPath+"/revoke-others", nil),
		c.Delete(sessionsPath + "/" + current(t, other).String()),
		c.Post(passwordPath, passwords(testkit.Password, better)), c.Post(refreshPath, refreshBody(c.RefreshToken)),
		c.Post(loginPath, credentials(hr.Email, testkit.Password)), c.Post(loginPath, credentials(hr.Email, wrong)),
	} {
		answer.Refused(http.StatusInternalServerError, "internal_error")
		if answer.Header.Get("Set-Cookie") != "" {
			t.Errorf("%s: Set-Cookie of a failed request = %q, want none", answer.Request.URL.Path, answer.Header.Get("Set-Cookie"))
		}
	}
	i.Exec(`ALTER TABLE audit_logs DROP CONSTRAINT closed`)
	other.Get(mePath).Expect(http.StatusOK)
	c.Adopt(c.Post(refreshPath, refreshBody(c.RefreshToken)).Expect(http.StatusOK))
	if n := len(sessions(c, sessionsPath).Data); n != 2 {
		t.Errorf("%d sessions are open, want the 2 from before", n)
	}
	replica.SignIn(t, hr)
}

// redisText returns all contents of Redis: keys, strings, and the members of sets and hashes.
func redisText(t *testing.T, i *testkit.Installation) string {
	t.Helper()
	option, err := rueidis.ParseURL(i.Redis.URL)
	if err != nil {
		t.Fatal(err)
	}
	c, err := rueidis.NewClient(option)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	const dump = `
		local text = {}
		for _, key in ipairs(redis.call('KEYS', '*')) do
			local read = { string = {'GET', key}, zset = {'ZRANGE', key, 0, -1}, hash = {'HGETALL', key} }
			local value = redis.call(unpack(read[redis.call('TYPE', key).ok]))
			text[#text + 1] = key .. ' ' .. (type(value) == 'table' and table.concat(value, ' ') or value)
		end
		return table.concat(text, '\n')`
	text, err := c.Do(t.Context(), c.B().Eval().Script(dump).Numkeys(0).Build()).ToString()
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// Neither PostgreSQL nor Redis contains a password, a token or a key.
func TestNoSecretIsStored(t *testing.T) {
	t.Parallel()
	s := newStand(t)
	hr := s.acme.Users[api.RoleHr]
	second := s.renew(t, 1, s.hr.RefreshToken)
	c := s.replicas[1].SignIn(t, hr)
	c.Post(passwordPath, passwords(wrong, better)).Expect(http.StatusUnprocessableEntity)
	c.Post(passwordPath, passwords(testkit.Password, better)).Expect(http.StatusNoContent)
	c.Post(loginPath, credentials(hr.Email, wrong)).Expect(http.StatusUnauthorized)
	s.refresh(t, 0, s.hr.RefreshToken).Refused(http.StatusUnauthorized, "invalid_refresh_token")
	c.Post(logoutPath, nil).Expect(http.StatusOK)

	var text strings.Builder
	for _, table := range []string{
		"audit_logs", "sessions", "users", "companies", "login_emails", "audit_pending", "audit_seals",
	} {
		text.WriteString(scan[string](t, s.Installation, `SELECT coalesce(string_agg(r::text, E'\n'), '') FROM `+table+` AS r`))
	}
	text.WriteString(redisText(t, s.Installation))
	stored := text.String()
	for _, expected := range []string{hr.ID.String(), "login:pair:", "session:"} {
		if !strings.Contains(stored, expected) {
			t.Fatalf("the stores do not contain %s: the test reads the wrong ones", expected)
		}
	}
	for name, secret := range map[string]string{
		"the password": testkit.Password, "the new password": better, "a wrong password": wrong,
		"an access token": s.hr.Token, "its signature": s.hr.Token[strings.LastIndexByte(s.hr.Token, '.')+1:],
		"a refresh token": s.hr.RefreshToken, "its successor": second.RefreshToken, "the last one": c.RefreshToken,
		"the key": s.Config.SecretKey.Reveal(),
	} {
		if strings.Contains(stored, secret) {
			t.Errorf("%s is stored", name)
		}
	}
}
