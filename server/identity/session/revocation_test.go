package session_test

import (
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redis/rueidis"

	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/server/testkit"
)

const (
	mePath      = "/api/v1/users/me"
	logoutPath  = "/api/v1/auth/logout"
	refreshPath = "/api/v1/auth/refresh"
	newPassword = "seven-otters-paint-the-pier"
)

// fixture has three replicas and a company.
type fixture struct {
	*testkit.Installation
	t        *testing.T
	replicas []*testkit.Replica
	acme     testkit.Company
}

func newFixture(t *testing.T) *fixture {
	t.Helper()
	i := testkit.New(t)
	i.RedisTimeout = 0
	s := &fixture{Installation: i, t: t, acme: i.Company("acme")}
	for range 3 {
		s.replica()
	}
	return s
}

// in returns the same fixture for a subtest: failures are reported there.
func (s *fixture) in(t *testing.T) *fixture {
	part := *s
	part.t, part.Installation = t, s.In(t)
	return &part
}

// replica adds a replica as in production: prepared before it serves, and connected to Redis.
func (s *fixture) replica() {
	s.t.Helper()
	replica := s.Replica()
	if err := replica.Server.Prepare(s.t.Context()); err != nil {
		s.t.Fatal(err)
	}
	s.replicas = append(s.replicas, replica)
	s.connected()
}

// connected waits until all replicas are connected to Redis.
func (s *fixture) connected() {
	s.t.Helper()
	s.readiness(http.StatusOK)
}

// readiness waits until the readiness of all replicas has a status.
func (s *fixture) readiness(status int) {
	s.t.Helper()
	for _, replica := range s.replicas {
		c := replica.Anonymous(s.t)
		testkit.Eventually(s.t, 10*time.Second, "the readiness has the status", func() bool {
			return c.Get("/health/ready").Status == status
		})
	}
}

// signIn logs in at one replica, and uses the session at all of them, so that each has a copy.
func (s *fixture) signIn(role api.Role) *testkit.Client {
	s.t.Helper()
	c := s.replicas[0].SignIn(s.t, s.acme.Users[role])
	s.expectAccepted(c)
	return c
}

// expectAccepted expects all replicas to accept a client's access token.
func (s *fixture) expectAccepted(c *testkit.Client) {
	s.t.Helper()
	for _, replica := range s.replicas {
		c.At(replica).Get(mePath).Expect(http.StatusOK)
	}
}

// expectRefused expects all replicas to refuse a client's access token within a second, and from then on.
func (s *fixture) expectRefused(c *testkit.Client) {
	s.t.Helper()
	var all sync.WaitGroup
	for n, replica := range s.replicas {
		all.Go(func() {
			for began := time.Now(); ; {
				answer := c.At(replica).Get(mePath)
				if answer.Status == http.StatusUnauthorized {
					return
				}
				if time.Since(began) > time.Second {
					s.t.Errorf("replica %d after one second: got status %d, want 401", n, answer.Status)
					return
				}
			}
		})
	}
	all.Wait()
	for range 3 {
		for _, replica := range s.replicas {
			c.At(replica).Get(mePath).Refused(http.StatusUnauthorized, "invalid_token")
		}
	}
}

func TestRevocationReachesAllReplicas(t *testing.T) {
	t.Parallel()
	s := newFixture(t)
	admin := s.signIn(api.RoleAdmin)
	person := "/api/v1/users/" + s.acme.Users[api.RoleEmployee].ID.String()
	for _, act := range []struct {
		name string
		do   func(c, other *testkit.Client)
		// Whether the user's other session ends as well, and whether this one can be refreshed.
		otherEnds, refreshes bool
	}{
		{"logout", func(c, _ *testkit.Client) { c.Post(logoutPath, nil).Expect(http.StatusOK) }, false, false},
		{"logout elsewhere", func(c, _ *testkit.Client) {
			c.At(s.replicas[2]).Post(logoutPath, nil).Expect(http.StatusOK)
		}, false, false},
		{"password changed in the other session", func(_, other *testkit.Client) {
			body := map[string]string{"current_password": testkit.Password, "new_password": newPassword}
			other.At(s.replicas[1]).Post("/api/v1/auth/password", body).Expect(http.StatusNoContent)
			body["current_password"], body["new_password"] = newPassword, testkit.Password
			other.Post("/api/v1/auth/password", body).Expect(http.StatusNoContent)
		}, false, false},
		{"an admin ends the sessions", func(_, _ *testkit.Client) {
			admin.At(s.replicas[1]).Delete(person + "/sessions").Expect(http.StatusOK)
		}, true, false},
		{"deactivation", func(_, _ *testkit.Client) {
			admin.Post(person+"/deactivate", nil).Expect(http.StatusOK)
		}, true, false},
		{"reactivation does not restore sessions", func(_, _ *testkit.Client) {
			admin.Post(person+"/deactivate", nil).Expect(http.StatusOK)
			admin.Post(person+"/reactivate", nil).Expect(http.StatusOK)
		}, true, false},
		{"change of role", func(_, _ *testkit.Client) {
			admin.Post(person+"/change-role", map[string]string{"role": "team_lead"}).Expect(http.StatusOK)
		}, true, true},
	} {
		t.Run(act.name, func(t *testing.T) {
			s := s.in(t)
			s.Exec(`UPDATE users SET is_active = true WHERE id = $1`, s.acme.Users[api.RoleEmployee].ID)
			c, other := s.signIn(api.RoleEmployee), s.signIn(api.RoleEmployee)
			act.do(c, other)
			s.expectRefused(c)
			if act.otherEnds {
				s.expectRefused(other)
			} else {
				s.expectAccepted(other)
			}
			refreshed := c.Post(refreshPath, map[string]string{"refresh_token": c.RefreshToken})
			if got := refreshed.Status == http.StatusOK; got != act.refreshes {
				t.Errorf("refresh: got status %d, want success %t", refreshed.Status, act.refreshes)
			}
		})
	}
	s.expectAccepted(admin)
}

// The next access token has the new role. Access tokens issued before are refused.
func TestRoleChangeTakesEffect(t *testing.T) {
	t.Parallel()
	s := newFixture(t)
	admin, c := s.signIn(api.RoleAdmin), s.signIn(api.RoleEmployee)
	c.Get("/api/v1/users").Refused(http.StatusForbidden, "permission_denied")
	for _, step := range []struct {
		role   string
		status int
	}{{"hr", http.StatusOK}, {"employee", http.StatusForbidden}} {
		t.Run(step.role, func(t *testing.T) {
			s := s.in(t)
			admin.At(s.replicas[2]).Post("/api/v1/users/"+s.acme.Users[api.RoleEmployee].ID.String()+"/change-role",
				map[string]string{"role": step.role}).Expect(http.StatusOK)
			s.expectRefused(c)
			c.Adopt(c.At(s.replicas[1]).Post(refreshPath, map[string]string{"refresh_token": c.RefreshToken}).Expect(http.StatusOK))
			for _, replica := range s.replicas {
				c.At(replica).Get("/api/v1/users").Expect(step.status)
			}
		})
	}
}

func TestRevocationDuringRedisFaults(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ before, after func(*fixture) }{
		"killed": {func(s *fixture) { s.Redis.Kill() }, func(*fixture) {}},
		"killed, restarted empty": {func(s *fixture) { s.Redis.Kill() }, func(s *fixture) {
			s.Redis.Start()
			s.connected()
		}},
		"restarted empty afterwards": {func(*fixture) {}, func(s *fixture) {
			s.Redis.Kill()
			s.Redis.Start()
			s.connected()
		}},
		"hung, resumed with the changes": {func(s *fixture) { s.Redis.Hang() }, func(s *fixture) {
			s.Redis.Resume()
			s.connected()
		}},
		// Nothing is sent to a server that is known to hang, so it continues with copies of open sessions.
		"hung for long, resumed without the changes": {func(s *fixture) {
			s.Redis.Hang()
			s.readiness(http.StatusServiceUnavailable)
		}, func(s *fixture) {
			s.Redis.Resume()
			s.connected()
			// For a moment, a replica that has connected has a key with which it checks the access control list.
			if held := s.redis("EVAL", `return redis.call('MGET', unpack(redis.call('KEYS', 'session:*-*-*-*-*')))`, "0"); len(held) != 4 ||
				strings.Contains(strings.Join(held, "\n"), "|true|") {
				s.t.Errorf("Redis has the copies %q, want four of open sessions", held)
			}
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newFixture(t)
			c, witness := s.signIn(api.RoleHr), s.signIn(api.RoleHr)
			admin, employee := s.signIn(api.RoleAdmin), s.signIn(api.RoleEmployee)
			test.before(s)
			c.At(s.replicas[1]).Post(logoutPath, nil).Expect(http.StatusOK)
			admin.Post("/api/v1/users/"+s.acme.Users[api.RoleEmployee].ID.String()+"/deactivate", nil).Expect(http.StatusOK)
			s.expectRefused(c)
			s.expectRefused(employee)
			s.expectAccepted(witness)
			test.after(s)
			s.expectRefused(c)
			s.expectRefused(employee)
			s.expectAccepted(witness)
			if name != "killed" { // a new replica knows only what the stores contain
				s.replica()
				s.expectRefused(c)
				s.expectRefused(employee)
			}
		})
	}
}

// A replica that crashes after its commit announces nothing. The others learn of the change by polling.
func TestRevocationWithoutAnnouncement(t *testing.T) {
	t.Parallel()
	s := newFixture(t)
	c, witness := s.signIn(api.RoleHr), s.signIn(api.RoleAdmin)
	s.Exec(`UPDATE sessions SET revoked_at = now(), revocation_reason = 'logout', epoch = epoch + 1, changed_at = clock_timestamp()
		WHERE user_id = $1`, s.acme.Users[api.RoleHr].ID)
	s.expectRefused(c)
	s.expectAccepted(witness)

	other := s.signIn(api.RoleEmployee)
	s.Exec(`UPDATE sessions SET epoch = epoch + 1, changed_at = clock_timestamp() WHERE user_id = $1`,
		s.acme.Users[api.RoleEmployee].ID)
	s.expectRefused(other)
	other.Adopt(other.Post(refreshPath, map[string]string{"refresh_token": other.RefreshToken}).Expect(http.StatusOK))
	s.expectAccepted(other)
}

// A poll finds changes whose transaction took long to commit.
func TestRevocationThatCommitsLate(t *testing.T) {
	t.Parallel()
	s := newFixture(t)
	c := s.signIn(api.RoleHr)
	s.Exec(`UPDATE sessions SET revoked_at = now(), revocation_reason = 'logout', epoch = epoch + 1,
		changed_at = clock_timestamp() - interval '40 seconds' WHERE user_id = $1`, s.acme.Users[api.RoleHr].ID)
	s.expectRefused(c)
}

// redis runs one command in the installation's Redis, and returns the strings of the reply, if any.
func (s *fixture) redis(command ...string) []string {
	s.t.Helper()
	option, err := rueidis.ParseURL(s.Redis.URL)
	if err != nil {
		s.t.Fatal(err)
	}
	c, err := rueidis.NewClient(option)
	if err != nil {
		s.t.Fatal(err)
	}
	defer c.Close()
	answer := c.Do(s.t.Context(), c.B().Arbitrary(command...).Build())
	if err := answer.Error(); err != nil {
		s.t.Fatalf("%v: %v", command, err)
	}
	texts, _ := answer.AsStrSlice()
	return texts
}
