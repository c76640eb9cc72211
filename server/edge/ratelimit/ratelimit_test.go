package ratelimit_test

import (
	"log/slog"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"

	"github.com/ai-interviewer-platform/interviewer/server/edge/ratelimit"
	"github.com/ai-interviewer-platform/interviewer/server/platform/redis"
	"github.com/ai-interviewer-platform/interviewer/server/platform/redis/redistest"
)

// patient is a timeout that no running server exceeds, even on a busy machine.
const patient = 10 * time.Second

func open(t testing.TB, url string, opts redis.Options) *redis.Redis {
	t.Helper()
	r, err := redis.Open(t.Context(), url, slog.New(slog.DiscardHandler), opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(r.Close)
	return r
}

func up(t testing.TB, r *redis.Redis) *redis.Redis {
	t.Helper()
	redistest.Eventually(t, patient, "up", func() bool { return r.Up(t.Context()) == nil })
	return r
}

// everywhere runs a test against a real server and against miniredis, which development may use. Each call of connect
// returns the connection of another replica.
func everywhere(t *testing.T, test func(t *testing.T, connect func() *redis.Redis)) {
	t.Helper()
	t.Run("redis", func(t *testing.T) {
		t.Parallel()
		server := redistest.Start(t)
		test(t, func() *redis.Redis { return up(t, open(t, server.URL, redis.Options{Timeout: patient})) })
	})
	t.Run("miniredis", func(t *testing.T) {
		t.Parallel()
		server := miniredis.RunT(t)
		test(t, func() *redis.Redis {
			return up(t, open(t, "redis://"+server.Addr(), redis.Options{Timeout: patient, InProcess: true}))
		})
	})
}

// clock is a miniredis server whose time only the test advances.
type clock struct {
	*miniredis.Miniredis
	now time.Time
}

func newClock(t *testing.T) (*clock, *redis.Redis) {
	t.Helper()
	c := &clock{Miniredis: miniredis.RunT(t), now: time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC)}
	c.SetTime(c.now)
	return c, up(t, open(t, "redis://"+c.Addr(), redis.Options{Timeout: patient, InProcess: true}))
}

// Keys returns the keys of the server without those with which the client checks the access control list.
func (c *clock) Keys() []string {
	return slices.DeleteFunc(c.Miniredis.Keys(), func(key string) bool {
		return strings.HasSuffix(key, ":check") || strings.HasSuffix(key, ":check-set")
	})
}

func (c *clock) advance(d time.Duration) {
	c.now = c.now.Add(d)
	c.SetTime(c.now)
	c.FastForward(d)
}

func TestNetwork(t *testing.T) {
	t.Parallel()
	tests := []struct{ ip, want string }{
		{"192.0.2.7", "192.0.2.7"},
		{"::ffff:192.0.2.7", "192.0.2.7"},
		{"2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"},
		{"2001:db8:1:2::", "2001:db8:1:2::/64"},
		{"2001:db8:1:3::", "2001:db8:1:3::/64"},
		{"fe80::1%eth0", "fe80::/64"},
		{"::1", "::/64"},
	}
	for _, test := range tests {
		t.Run(test.ip, func(t *testing.T) {
			t.Parallel()
			if got := ratelimit.Network(netip.MustParseAddr(test.ip)); got != test.want {
				t.Errorf("Network(%s) = %s, want %s", test.ip, got, test.want)
			}
		})
	}
	if a, b := ratelimit.Network(netip.Addr{}), ratelimit.Network(netip.Addr{}); a == "" || a != b {
		t.Errorf("clients without an address are counted as %q and %q, want one name", a, b)
	}
}

func FuzzNetwork(f *testing.F) {
	for _, ip := range []string{"192.0.2.7", "::ffff:192.0.2.7", "2001:db8::1", "fe80::1%eth0", "::"} {
		f.Add(ip)
	}
	f.Fuzz(func(t *testing.T, text string) {
		ip, err := netip.ParseAddr(text)
		if err != nil {
			return
		}
		network := ratelimit.Network(ip)
		if ip.Is4() || ip.Is4In6() {
			if network != ip.Unmap().String() {
				t.Fatalf("%s is counted as %s, want itself", ip, network)
			}
			return
		}
		prefix, err := netip.ParsePrefix(network)
		if err != nil || prefix.Bits() != 64 || !prefix.Contains(ip.WithZone("")) {
			t.Fatalf("%s is counted as %s, want its /64", ip, network)
		}
	})
}
