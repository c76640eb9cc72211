package login_test

import (
	"fmt"
	"net/http"
	"strconv"
	"testing"

	"github.com/ai-interviewer-platform/interviewer/server/testkit"
)

// attempts returns how many consecutive wrong logins are allowed before one is throttled.
func attempts(t *testing.T, most int, guess func(n int) *testkit.Answer) int {
	t.Helper()
	for n := range most {
		answer := guess(n)
		if answer.Status != http.StatusTooManyRequests {
			answer.Refused(http.StatusUnauthorized, "invalid_credentials")
			continue
		}
		answer.Refused(http.StatusTooManyRequests, "too_many_attempts")
		if wait, err := strconv.Atoi(answer.Header.Get("Retry-After")); err != nil || wait < 1 || wait > 900 {
			t.Errorf("Retry-After = %q, want 1 to 900", answer.Header.Get("Retry-After"))
		}
		return n
	}
	return most
}

// Attempts on one account from one address are limited over all replicas, also for unknown addresses.
func TestThrottleByAccountAndAddress(t *testing.T) {
	t.Parallel()
	i := testkit.New(t)
	i.Config.LoginPerAccountAndIP = 4
	i.Company("acme")
	replicas := []*testkit.Replica{i.Replica(), i.Replica(), i.Replica()}
	bodies := map[string]bool{}
	for _, email := range []string{"hr@acme.example", "nobody@acme.example"} {
		t.Run(email, func(t *testing.T) {
			guess := func(n int) *testkit.Answer {
				return from(replicas[n%3].Anonymous(t), "192.0.2.1").Post(loginPath, credentials(email, wrong))
			}
			if n := attempts(t, 10, guess); n != 4 {
				t.Errorf("%d attempts were allowed, want 4", n)
			}
			bodies[timeless(t, guess(0))] = true
		})
	}
	if len(bodies) != 1 {
		t.Errorf("responses = %v, want one, whether the account exists or not", bodies)
	}
	right := credentials("HR@acme.example", testkit.Password)
	from(replicas[0].Anonymous(t), "192.0.2.1").Post(loginPath, right).Refused(http.StatusTooManyRequests, "too_many_attempts")
	from(replicas[1].Anonymous(t), "192.0.2.2").Post(loginPath, right).Expect(http.StatusOK)
	from(replicas[2].Anonymous(t), "192.0.2.1").
		Post(loginPath, credentials("admin@acme.example", testkit.Password)).Expect(http.StatusOK)
}

// Attempts from one network are limited over all accounts. The network of an IPv6 address is its /64.
func TestThrottleByNetwork(t *testing.T) {
	t.Parallel()
	i := testkit.New(t)
	i.Config.LoginPerIP = 5
	i.Company("acme")
	c := i.Replica().Anonymous(t)
	for name, address := range map[string]func(n int) string{
		"IPv4":         func(int) string { return "192.0.2.1" },
		"IPv6":         func(n int) string { return fmt.Sprintf("2001:db8:1:2:%d::%d", n, n) },
		"IPv4 in IPv6": func(int) string { return "::ffff:192.0.2.9" },
	} {
		t.Run(name, func(t *testing.T) {
			n := attempts(t, 9, func(n int) *testkit.Answer {
				return from(c.In(t), address(n)).Post(loginPath, credentials(fmt.Sprintf("guess%d@acme.example", n), wrong))
			})
			if n != 5 {
				t.Errorf("%d attempts were allowed, want 5", n)
			}
		})
	}
	right := credentials("hr@acme.example", testkit.Password)
	from(c, "2001:db8:1:3::1").Post(loginPath, right).Expect(http.StatusOK)
	from(c, "2001:db8:1:2::1").Post(loginPath, right).Refused(http.StatusTooManyRequests, "too_many_attempts")
	from(c, "192.0.2.9").Post(loginPath, right).Refused(http.StatusTooManyRequests, "too_many_attempts")
	// The trusted proxy appends the address to what the client sent, which is ignored.
	from(c, "203.0.113.5, 192.0.2.1").Post(loginPath, right).Refused(http.StatusTooManyRequests, "too_many_attempts")
}

// X-Forwarded-For of a client that is not a trusted proxy is ignored.
func TestForwardedAddressFromUntrustedProxyIsIgnored(t *testing.T) {
	t.Parallel()
	i := testkit.New(t)
	i.Config.LoginPerIP, i.Config.TrustedProxies = 3, nil
	acme := i.Company("acme")
	c := i.Replica().Anonymous(t)
	n := attempts(t, 9, func(n int) *testkit.Answer {
		return from(c, fmt.Sprintf("192.0.2.%d", n)).Post(loginPath, credentials("hr@acme.example", wrong))
	})
	if n != 3 {
		t.Errorf("%d attempts were allowed, want 3", n)
	}
	if e := events(t, i, acme.ID, "auth.login")[0]; e.IP != "127.0.0.1" {
		t.Errorf("recorded address = %s, want 127.0.0.1", e.IP)
	}
}

// Successful logins are not throttled, and they clear earlier failures.
func TestSuccessfulLoginClearsTheThrottle(t *testing.T) {
	t.Parallel()
	i := testkit.New(t)
	i.Config.LoginPerAccountAndIP = 2
	i.Company("acme")
	c := i.Replica().Anonymous(t)
	for range 4 {
		c.Post(loginPath, credentials("hr@acme.example", wrong)).Expect(http.StatusUnauthorized)
		c.Post(loginPath, credentials("hr@acme.example", testkit.Password)).Expect(http.StatusOK)
	}
}

// Attempts on one account from many addresses are slowed down, also for unknown addresses.
func TestThrottleByAccount(t *testing.T) {
	t.Parallel()
	i := testkit.New(t)
	i.Config.LoginPerAccount = 3
	i.Company("acme")
	replicas := []*testkit.Replica{i.Replica(), i.Replica(), i.Replica()}
	for _, email := range []string{"hr@acme.example", "nobody@acme.example"} {
		t.Run(email, func(t *testing.T) {
			n := attempts(t, 9, func(n int) *testkit.Answer {
				return from(replicas[n%3].Anonymous(t), fmt.Sprintf("192.0.2.%d", n)).Post(loginPath, credentials(email, wrong))
			})
			if n != 3 {
				t.Errorf("%d attempts were allowed, want 3", n)
			}
		})
	}
}
