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

// stand is a company at three replicas.
type stand struct {
	*testkit.Installation
	t        *testing.T
	replicas []*testkit.Replica
	acme     testkit.Company
}

func newStand(t *testing.T) *stand {
	t.Helper()
	i := testkit.New(t)
	i.RedisTimeout = 0
	s := &stand{Installation: i, t: t, acme: i.Company("acme")}
	for range 3 {
		s.replica()
	}
	return s
}

// replica adds one, as it is added in production: prepared before it serves, and connected.
func (s *stand) replica() {
	s.t.Helper()
	replica := s.Replica()
	if err := replica.Server.Prepare(s.t.Context()); err != nil {
		s.t.Fatal(err)
	}
	s.replicas = append(s.replicas, replica)
	s.connected()
}

// connected waits until every replica speaks to Redis.
func (s *stand) connected() {
	s.t.Helper()
	s.readiness(http.StatusOK)
}

// readiness waits until every replica says this of itself.
func (s *stand) readiness(status int) {
	s.t.Helper()
	for _, replica := range s.replicas {
		c := replica.Anonymous(s.t)
		testkit.Eventually(s.t, 10*time.Second, "the replica says whether it is ready", func() bool {
			return c.Get("/health/ready").Status == status
		})
	}
}

// signIn signs in at one replica, and uses the session at all, so that each has a copy of it.
func (s *stand) signIn(role api.Role) *testkit.Client {
	s.t.Helper()
	c := s.replicas[0].SignIn(s.t, s.acme.Users[role])
	s.alive(c)
	return c
}

// alive expects that a client is known at every replica.
func (s *stand) alive(c *testkit.Client) {
	s.t.Helper()
	for _, replica := range s.replicas {
		c.At(replica).Get(mePath).Expect(http.StatusOK)
	}
}

// dead expects that a client's access token is worth nothing within a second, at no replica, and that it stays so.
func (s *stand) dead(c *testkit.Client) {
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
					s.t.Errorf("after a second replica %d still answers %d", n, answer.Status)
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

func TestEndsBiteEverywhere(t *testing.T) {
	t.Parallel()
	s := newStand(t)
	admin := s.signIn(api.RoleAdmin)
	person := "/api/v1/users/" + s.acme.Users[api.RoleEmployee].ID.String()
	for _, act := range []struct {
		name string
		do   func(c, other *testkit.Client)
		// Whether the other session of the same user ends as well, and whether this one can be refreshed.
		otherEnds, refreshes bool
	}{
		{"logout", func(c, _ *testkit.Client) { c.Post(logoutPath, nil).Expect(http.StatusOK) }, false, false},
		{"logout elsewhere", func(c, _ *testkit.Client) {
			c.At(s.replicas[2]).Post(logoutPath, nil).Expect(http.StatusOK)
		}, false, false},
		{"the password is changed in the other session", func(_, other *testkit.Client) {
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
		{"reactivation brings nothing back", func(_, _ *testkit.Client) {
			admin.Post(person+"/deactivate", nil).Expect(http.StatusOK)
			admin.Post(person+"/reactivate", nil).Expect(http.StatusOK)
		}, true, false},
		{"another role", func(_, _ *testkit.Client) {
			admin.Post(person+"/change-role", map[string]string{"role": "team_lead"}).Expect(http.StatusOK)
		}, true, true},
	} {
		s.Exec(`UPDATE users SET is_active = true WHERE id = $1`, s.acme.Users[api.RoleEmployee].ID)
		c, other := s.signIn(api.RoleEmployee), s.signIn(api.RoleEmployee)
		act.do(c, other)
		s.dead(c)
		if act.otherEnds {
			s.dead(other)
		} else {
			s.alive(other)
		}
		refreshed := c.Post(refreshPath, map[string]string{"refresh_token": c.RefreshToken})
		if got := refreshed.Status == http.StatusOK; got != act.refreshes {
			t.Errorf("%s: the refresh gives %d", act.name, refreshed.Status)
		}
	}
	s.alive(admin)
}

// The new role is in force with the next access token, and no access token carries the old one any longer.
func TestRoleChangeTakesEffect(t *testing.T) {
	t.Parallel()
	s := newStand(t)
	admin, c := s.signIn(api.RoleAdmin), s.signIn(api.RoleEmployee)
	c.Get("/api/v1/users").Refused(http.StatusForbidden, "permission_denied")
	for _, step := range []struct {
		role   string
		status int
	}{{"hr", http.StatusOK}, {"employee", http.StatusForbidden}} {
		admin.At(s.replicas[2]).Post("/api/v1/users/"+s.acme.Users[api.RoleEmployee].ID.String()+"/change-role",
			map[string]string{"role": step.role}).Expect(http.StatusOK)
		s.dead(c)
		c.Adopt(c.At(s.replicas[1]).Post(refreshPath, map[string]string{"refresh_token": c.RefreshToken}).Expect(http.StatusOK))
		for _, replica := range s.replicas {
			c.At(replica).Get("/api/v1/users").Expect(step.status)
		}
	}
}

func TestEndsBiteWithoutRedis(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ before, after func(*stand) }{
		"killed": {func(s *stand) { s.Redis.Kill() }, func(*stand) {}},
		"killed, and back empty": {func(s *stand) { s.Redis.Kill() }, func(s *stand) {
			s.Redis.Start()
			s.connected()
		}},
		"emptied after": {func(*stand) {}, func(s *stand) {
			s.Redis.Kill()
			s.Redis.Start()
			s.connected()
		}},
		"hung, and back with what was sent to it": {func(s *stand) { s.Redis.Hang() }, func(s *stand) {
			s.Redis.Resume()
			s.connected()
		}},
		// Nobody sends anything to a server that is known to hang: it comes back with copies that say alive.
		"hung for long, and back with what it held": {func(s *stand) {
			s.Redis.Hang()
			s.readiness(http.StatusServiceUnavailable)
		}, func(s *stand) {
			s.Redis.Resume()
			s.connected()
			if held := s.redis("EVAL", `return redis.call('MGET', unpack(redis.call('KEYS', 'session:*')))`, "0"); len(held) != 4 ||
				strings.Contains(strings.Join(held, "\n"), "|true|") {
				s.t.Errorf("the test wants Redis to hold four copies that say alive: %q", held)
			}
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStand(t)
			c, witness := s.signIn(api.RoleHr), s.signIn(api.RoleHr)
			admin, employee := s.signIn(api.RoleAdmin), s.signIn(api.RoleEmployee)
			test.before(s)
			c.At(s.replicas[1]).Post(logoutPath, nil).Expect(http.StatusOK)
			admin.Post("/api/v1/users/"+s.acme.Users[api.RoleEmployee].ID.String()+"/deactivate", nil).Expect(http.StatusOK)
			s.dead(c)
			s.dead(employee)
			s.alive(witness)
			test.after(s)
			s.dead(c)
			s.dead(employee)
			s.alive(witness)
			if name != "killed" { // a new replica has heard nothing of it but what the stores tell
				s.replica()
				s.dead(c)
				s.dead(employee)
			}
		})
	}
}

// A replica that dies after its commit tells nobody. The others find out by themselves, while Redis says alive.
func TestEndThatNobodyTold(t *testing.T) {
	t.Parallel()
	s := newStand(t)
	c, witness := s.signIn(api.RoleHr), s.signIn(api.RoleAdmin)
	s.Exec(`UPDATE sessions SET revoked_at = now(), end_reason = 'logout', epoch = epoch + 1, changed_at = clock_timestamp()
		WHERE user_id = $1`, s.acme.Users[api.RoleHr].ID)
	s.dead(c)
	s.alive(witness)

	other := s.signIn(api.RoleEmployee)
	s.Exec(`UPDATE sessions SET epoch = epoch + 1, changed_at = clock_timestamp() WHERE user_id = $1`,
		s.acme.Users[api.RoleEmployee].ID)
	s.dead(other)
	other.Adopt(other.Post(refreshPath, map[string]string{"refresh_token": other.RefreshToken}).Expect(http.StatusOK))
	s.alive(other)
}

// A change that took long to commit lies in the past when it becomes visible, and is still found.
func TestEndThatCommitsLate(t *testing.T) {
	t.Parallel()
	s := newStand(t)
	c := s.signIn(api.RoleHr)
	s.Exec(`UPDATE sessions SET revoked_at = now(), end_reason = 'logout', epoch = epoch + 1,
		changed_at = clock_timestamp() - interval '40 seconds' WHERE user_id = $1`, s.acme.Users[api.RoleHr].ID)
	s.dead(c)
}

// redis runs one command in the installation's Redis, and gives the texts that it answers with, if any.
func (s *stand) redis(command ...string) []string {
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
