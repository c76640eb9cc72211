package login_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/server/testkit"
)

const (
	sessionsPath = "/api/v1/auth/sessions"
	firefox      = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"
	safari       = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) " +
		"Version/17.5 Mobile/15E148 Safari/604.1"
)

// signInAs signs in with a User-Agent, from an address.
func signInAs(t *testing.T, r *testkit.Replica, user testkit.User, agent, address string) *testkit.Client {
	t.Helper()
	c := r.Anonymous(t)
	c.Header = http.Header{"User-Agent": {agent}, "X-Forwarded-For": {address}}
	c.Adopt(c.Post(loginPath, credentials(user.Email, testkit.Password)).Expect(http.StatusOK))
	return c
}

func sessions(c *testkit.Client, path string) api.SessionPage {
	return testkit.Decode[api.SessionPage](c.Get(path).Expect(http.StatusOK))
}

// current returns the id of the client's session.
func current(t *testing.T, c *testkit.Client) uuid.UUID {
	t.Helper()
	for _, s := range sessions(c, sessionsPath+"?limit=200").Data {
		if s.IsCurrent {
			return s.ID
		}
	}
	t.Fatal("no session is current")
	return uuid.Nil
}

func TestListSessions(t *testing.T) {
	t.Parallel()
	s := newStand(t)
	hr := s.acme.Users[api.RoleHr]
	s.now.Advance(time.Minute)
	desk := signInAs(t, s.replicas[1], hr, firefox, "192.0.2.7")
	s.now.Advance(time.Minute)
	phone := signInAs(t, s.replicas[2], hr, safari, "2001:db8::7")
	s.now.Advance(time.Minute)
	signInAs(t, s.replicas[0], s.acme.Users[api.RoleAdmin], firefox, "192.0.2.8")
	s.now.Advance(time.Minute)
	elsewhere := from(phone, "2001:db8::8")
	phone.Adopt(elsewhere.Do(http.MethodPost, refreshPath, refreshBody(phone.RefreshToken), "User-Agent", safari).
		Expect(http.StatusOK))

	listed := sessions(desk, sessionsPath).Data
	if len(listed) != 3 {
		t.Fatalf("%d sessions, want 3: %+v", len(listed), listed)
	}
	now := s.now.Now()
	for n, want := range []struct {
		device, ip     string
		created, used  time.Duration
		current, exact bool
	}{
		{"Safari on iOS", "2001:db8::8", 2 * time.Minute, 0, false, true},
		{"Firefox on Linux", "192.0.2.7", 3 * time.Minute, 3 * time.Minute, true, true},
		{"Go-http-client", "127.0.0.1", 4 * time.Minute, 4 * time.Minute, false, false},
	} {
		t.Run(want.device, func(t *testing.T) {
			got := listed[n]
			ip, _ := got.IP.Get()
			if want.exact && got.Device != want.device || !strings.HasPrefix(got.Device, want.device) || ip != want.ip ||
				got.IsCurrent != want.current || !got.CreatedAt.Equal(now.Add(-want.created)) ||
				!got.LastUsedAt.Equal(now.Add(-want.used)) || !got.ExpiresAt.Equal(got.CreatedAt.Add(7*24*time.Hour)) {
				t.Errorf("session %d is %+v, want %+v", n, got, want)
			}
		})
	}
	s.now.Advance(7*24*time.Hour - 5*time.Minute)
	phone.Adopt(phone.Post(refreshPath, refreshBody(phone.RefreshToken)).Expect(http.StatusOK))
	s.now.Advance(2 * time.Minute)
	if left := sessions(phone, sessionsPath).Data; len(left) != 1 {
		t.Errorf("sessions after two of three expired = %d, want 1", len(left))
	}
}

// A User-Agent is arbitrary text. Every one gives a device name.
func TestDeviceForAnyUserAgent(t *testing.T) {
	t.Parallel()
	i := testkit.New(t)
	hr := i.Company("acme").Users[api.RoleHr]
	replica := i.Replica()
	for _, agent := range []string{
		"", " ", "-", "curl/8.5.0", strings.Repeat("x", 3000), strings.Repeat("ü", 600), "\xff\xfe/1 (\xc3)", "() { :; }; echo",
		`<script>alert(1)</script>`, "a\tb", strings.Repeat("(", 400),
	} {
		c := signInAs(t, replica, hr, agent, "192.0.2.7")
		if device := sessions(c, sessionsPath+"?limit=1").Data[0].Device; device == "" {
			t.Errorf("device of %.20q = %q, want a name", agent, device)
		}
	}
}

func TestSessionPages(t *testing.T) {
	t.Parallel()
	i := testkit.New(t)
	acme := i.Company("acme")
	replica := i.Replica()
	hr, admin := acme.Users[api.RoleHr], replica.SignIn(t, acme.Users[api.RoleAdmin])
	var c *testkit.Client
	for range 5 {
		c = replica.SignIn(t, hr)
	}
	var seen []uuid.UUID
	path := sessionsPath + "?limit=2"
	for next := path; next != ""; {
		answer := c.Get(next).Expect(http.StatusOK)
		listed := testkit.Decode[api.SessionPage](answer)
		for _, s := range listed.Data {
			seen = append(seen, s.ID)
		}
		cursor, err := listed.NextCursor.Get()
		if listed.HasMore != (err == nil) || listed.HasMore != (answer.Header.Get("Link") != "") {
			t.Errorf("has_more = %t, cursor %v, Link %q, want all three or none", listed.HasMore, err, answer.Header.Get("Link"))
		}
		next = ""
		if err == nil {
			next = path + "&cursor=" + cursor
			admin.Get(next).Refused(http.StatusBadRequest, "invalid_cursor")
			c.Get(next+"A").Refused(http.StatusBadRequest, "invalid_cursor")
		}
	}
	all := sessions(c, sessionsPath).Data
	if len(seen) != 5 || len(all) != 5 {
		t.Fatalf("%d sessions by pages, %d on one page, want 5", len(seen), len(all))
	}
	for n := range all {
		if all[n].ID != seen[n] || n > 0 && all[n].CreatedAt.After(all[n-1].CreatedAt) {
			t.Errorf("session %d by pages = %s, want %s as on one page, created %s", n, seen[n], all[n].ID, all[n].CreatedAt)
		}
	}
}

func TestUserRevokesOwnSessions(t *testing.T) {
	t.Parallel()
	s := newStand(t)
	hr := s.acme.Users[api.RoleHr]
	desk, phone, tablet := s.replicas[0].SignIn(t, hr), s.replicas[1].SignIn(t, hr), s.replicas[2].SignIn(t, hr)
	admin := s.replicas[0].SignIn(t, s.acme.Users[api.RoleAdmin])
	lost := current(t, phone)

	// The response for another user's session is the same as for one that does not exist.
	absent := admin.Delete(sessionsPath + "/" + uuid.NewString())
	foreign := admin.Delete(sessionsPath + "/" + lost.String())
	absent.Refused(http.StatusNotFound, "not_found")
	foreign.Refused(http.StatusNotFound, "not_found")
	if strings.ReplaceAll(timeless(t, foreign), lost.String(), "") !=
		strings.ReplaceAll(timeless(t, absent), absent.Request.URL.Path[len(sessionsPath)+1:], "") {
		t.Errorf("response for a foreign session = %s, want %s as for an unknown one", foreign.Body, absent.Body)
	}
	phone.Get(mePath).Expect(http.StatusOK)

	desk.Delete(sessionsPath + "/" + lost.String()).Expect(http.StatusNoContent)
	s.dead(t, phone.Token)
	s.refresh(t, 1, phone.RefreshToken).Refused(http.StatusUnauthorized, "invalid_refresh_token")
	desk.Delete(sessionsPath+"/"+lost.String()).Refused(http.StatusNotFound, "not_found")
	tablet.Get(mePath).Expect(http.StatusOK)
	for _, listed := range sessions(desk, sessionsPath).Data {
		if listed.ID == lost {
			t.Error("an ended session is listed")
		}
	}
	e := one(t, s.Installation, s.acme.ID, "session.revoked")
	if *e.Actor != hr.ID || *e.Session != current(t, desk) || *e.ID != lost || fmt.Sprint(e.Details["reason"]) != "revoked" {
		t.Errorf("audit entry = %+v, want the session %s, revoked by HR at the desk", e, lost)
	}

	endOthers := func() int32 {
		return testkit.Decode[api.RevokedSessions](desk.Post(sessionsPath+"/revoke-others", nil).Expect(http.StatusOK)).Revoked
	}
	if n := endOthers(); n != 2 {
		t.Errorf("%d sessions ended, want 2: the tablet's and the first", n)
	}
	s.dead(t, tablet.Token)
	s.dead(t, s.hr.Token)
	desk.Get(mePath).Expect(http.StatusOK)
	admin.Get(mePath).Expect(http.StatusOK)
	if n := endOthers(); n != 0 {
		t.Errorf("%d sessions ended, want 0", n)
	}
	desk.Adopt(s.refresh(t, 2, desk.RefreshToken).Expect(http.StatusOK))
	desk.Delete(sessionsPath + "/" + current(t, desk).String()).Expect(http.StatusNoContent)
	s.dead(t, desk.Token)
}

func TestAdminRevokesSessions(t *testing.T) {
	t.Parallel()
	s := newStand(t)
	hr := s.acme.Users[api.RoleHr]
	globex := s.Company("globex")
	admin := s.replicas[1].SignIn(t, s.acme.Users[api.RoleAdmin])
	foreign := s.replicas[2].SignIn(t, globex.Users[api.RoleAdmin])
	second := signInAs(t, s.replicas[2], hr, firefox, "192.0.2.7")
	path := "/api/v1/users/" + hr.ID.String() + "/sessions"

	listed := sessions(admin, path).Data
	if len(listed) != 2 || listed[0].IsCurrent || listed[1].IsCurrent {
		t.Fatalf("sessions listed to the admin = %+v, want two that are not the current one", listed)
	}
	one := path + "/" + current(t, second).String()
	for _, refused := range []*testkit.Answer{
		foreign.Get(path), foreign.Delete(path), foreign.Delete(one),
		admin.Get("/api/v1/users/" + uuid.NewString() + "/sessions"),
		admin.Delete("/api/v1/users/" + uuid.NewString() + "/sessions"),
		admin.Delete("/api/v1/users/" + s.acme.Users[api.RoleAdmin].ID.String() + "/sessions/" + current(t, second).String()),
	} {
		refused.Refused(http.StatusNotFound, "not_found")
	}
	second.Get(path).Refused(http.StatusForbidden, "permission_denied")
	second.Delete(path).Refused(http.StatusForbidden, "permission_denied")

	admin.Delete(one).Expect(http.StatusNoContent)
	s.dead(t, second.Token)
	s.hr.Get(mePath).Expect(http.StatusOK)
	if n := testkit.Decode[api.RevokedSessions](admin.Delete(path).Expect(http.StatusOK)).Revoked; n != 1 {
		t.Errorf("%d sessions ended, want 1", n)
	}
	s.dead(t, s.hr.Token)
	if left := sessions(admin, path).Data; len(left) != 0 {
		t.Errorf("sessions after the end = %+v, want none", left)
	}
	recorded := events(t, s.Installation, s.acme.ID, "session.revoked")
	if len(recorded) != 2 {
		t.Fatalf("recorded as %+v, want 2 entries", recorded)
	}
	for _, e := range recorded {
		if *e.Actor != s.acme.Users[api.RoleAdmin].ID || e.Details["user_id"] != hr.ID.String() ||
			e.Details["reason"] != "revoked_by_admin" {
			t.Errorf("audit entry = %+v, want a session of %s, revoked by the admin", e, hr.ID)
		}
	}
	s.replicas[0].SignIn(t, hr)
}
