package session_test

import (
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redis/rueidis"

	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/server/servertest"
)

const (
	mePath      = "/api/v1/users/me"
	logoutPath  = "/api/v1/auth/logout"
	refreshPath = "/api/v1/auth/refresh"
	newPassword = "seven-otters-paint-the-pier"
)

// stand is a company at three replicas.
type stand struct {
	*servertest.Installation
	t        *testing.T
	replicas []*servertest.Replica
	acme     servertest.Company
}

func newStand(t *testing.T) *stand {
	t.Helper()
	i := servertest.New(t)
	s := &stand{Installation: i, t: t, acme: i.Company("acme")}
	for range 3 {
		s.replica()
	}
	return s
}

// replica adds one, as it is added in production: prepared before it serves, and connected.
func (s *stand) replica() *servertest.Replica {
	s.t.Helper()
	replica := s.Replica()
	if err := replica.Server.Prepare(s.t.Context()); err != nil {
		s.t.Fatal(err)
	}
	s.replicas = append(s.replicas, replica)
	s.connected()
	return replica
}

// connected waits until every replica speaks to Redis.
func (s *stand) connected() {
	s.t.Helper()
	for _, replica := range s.replicas {
		c := replica.Anonymous(s.t)
		servertest.Eventually(s.t, 10*time.Second, "the replica is ready", func() bool {
			return c.Get("/health/ready").Status == http.StatusOK
		})
	}
}

// signIn signs in at one replica, and uses the session at all, so that each has a copy of it.
func (s *stand) signIn(role api.Role) *servertest.Client {
	s.t.Helper()
	c := s.replicas[0].SignIn(s.t, s.acme.Users[role])
	s.alive(c)
	return c
}

// alive expects that a client is known at every replica.
func (s *stand) alive(c *servertest.Client) {
	s.t.Helper()
	for _, replica := range s.replicas {
		c.At(replica).Get(mePath).Expect(http.StatusOK)
	}
}

// dead expects that a client's access token is worth nothing within a second, at no replica, and that it stays so.
func (s *stand) dead(c *servertest.Client) {
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
		do   func(c, other *servertest.Client)
		// Whether the other session of the same user ends as well, and whether this one can be refreshed.
		otherEnds, refreshes bool
	}{
		{"logout", func(c, _ *servertest.Client) { c.Post(logoutPath, nil).Expect(http.StatusOK) }, false, false},
		{"logout elsewhere", func(c, _ *servertest.Client) {
			c.At(s.replicas[2]).Post(logoutPath, nil).Expect(http.StatusOK)
		}, false, false},
		{"the password is changed in the other session", func(_, other *servertest.Client) {
			body := map[string]string{"current_password": servertest.Password, "new_password": newPassword}
			other.At(s.replicas[1]).Post("/api/v1/auth/password", body).Expect(http.StatusNoContent)
			body["current_password"], body["new_password"] = newPassword, servertest.Password
			other.Post("/api/v1/auth/password", body).Expect(http.StatusNoContent)
		}, false, false},
		{"an admin ends the sessions", func(_, _ *servertest.Client) {
			admin.At(s.replicas[1]).Delete(person + "/sessions").Expect(http.StatusOK)
		}, true, false},
		{"deactivation", func(_, _ *servertest.Client) {
			admin.Post(person+"/deactivate", nil).Expect(http.StatusOK)
		}, true, false},
		{"reactivation brings nothing back", func(_, _ *servertest.Client) {
			admin.Post(person+"/deactivate", nil).Expect(http.StatusOK)
			admin.Post(person+"/reactivate", nil).Expect(http.StatusOK)
		}, true, false},
		{"another role", func(_, _ *servertest.Client) {
			admin.Put(person+"/role", map[string]string{"role": "team_lead"}).Expect(http.StatusOK)
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
		admin.At(s.replicas[2]).Put("/api/v1/users/"+s.acme.Users[api.RoleEmployee].ID.String()+"/role",
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
		// Where it went on, Redis still holds the copy that says alive.
		"hung, and back with what it held": {func(s *stand) { s.Redis.Hang() }, func(s *stand) {
			s.Redis.Resume()
			s.connected()
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

// What somebody else has written into Redis is no state of a session, and does not open or shut anything.
func TestGarbageInRedisCountsAsNothing(t *testing.T) {
	t.Parallel()
	s := newStand(t)
	c := s.signIn(api.RoleHr)
	id := servertest.Decode[api.SessionPage](c.Get("/api/v1/auth/sessions").Expect(http.StatusOK)).Data[0].ID
	for _, garbage := range []string{"", "garbage", "1|false|||hr|0", "9|true", strings.Repeat("|", 5)} {
		s.redis("SET", "session:"+id.String(), garbage)
		s.alive(c)
	}
	s.redis("DEL", "session:"+id.String())
	s.redis("LPUSH", "session:"+id.String(), "x")
	s.alive(c)
}

// checks counts at a replica where the state of sessions came from.
func checks(t *testing.T, r *servertest.Replica) map[string]int {
	t.Helper()
	counted := map[string]int{}
	for line := range strings.Lines(string(r.Anonymous(t).Get("/metrics").Expect(http.StatusOK).Body)) {
		labels, found := strings.CutPrefix(line, `interviewer_revocation_checks_total{source="`)
		if !found {
			continue
		}
		source, number, _ := strings.Cut(labels, `"} `)
		count, err := strconv.ParseFloat(strings.TrimSpace(number), 64)
		if err != nil {
			t.Fatal(err)
		}
		counted[source] = int(count)
	}
	return counted
}

// While Redis is up, no request asks PostgreSQL for its session; without Redis, every one does.
func TestUsualRequestAsksNobody(t *testing.T) {
	t.Parallel()
	s := newStand(t)
	c := s.signIn(api.RoleHr)
	const requests = 40
	for n, replica := range s.replicas {
		before := checks(t, replica)
		for range requests {
			c.At(replica).Get(mePath).Expect(http.StatusOK)
		}
		after := checks(t, replica)
		if asked := after["postgres"] - before["postgres"]; asked != 0 {
			t.Errorf("of %d requests, replica %d asked PostgreSQL %d times", requests, n, asked)
		}
		if read := after["redis"] - before["redis"]; read != requests {
			t.Errorf("of %d requests, replica %d found %d in the copy", requests, n, read)
		}
	}
	// A copy that one replica has made serves them all.
	for n, replica := range s.replicas {
		if asked := checks(t, replica)["postgres"]; asked > 1 || n > 0 && asked > 0 {
			t.Errorf("replica %d has asked PostgreSQL %d times", n, asked)
		}
	}
	s.Redis.Kill()
	before := checks(t, s.replicas[1])["postgres"]
	servertest.Eventually(t, 5*time.Second, "the copies are no longer believed", func() bool {
		c.At(s.replicas[1]).Get(mePath).Expect(http.StatusOK)
		return checks(t, s.replicas[1])["postgres"] > before
	})
}

// redis runs one command in the installation's Redis.
func (s *stand) redis(command ...string) {
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
	if err := c.Do(s.t.Context(), c.B().Arbitrary(command...).Build()).Error(); err != nil {
		s.t.Fatalf("%v: %v", command, err)
	}
}
