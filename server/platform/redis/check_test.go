package redis_test

import (
	"strings"
	"testing"

	"github.com/ai-interviewer-platform/interviewer/server/platform/redis"
	"github.com/ai-interviewer-platform/interviewer/server/platform/redis/redistest"
)

// TestCheck expects that what the access control list does not permit, and a policy that loses counters, are named with
// a remedy, and that everything else works.
func TestCheck(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		rules, policy string
		want          []string
	}{
		"everything":        {"+@all", "noeviction", nil},
		"without tracking":  {"+@all -client|tracking", "noeviction", []string{"+client|tracking"}},
		"without scripting": {"+@all -eval -evalsha", "noeviction", []string{"+eval +evalsha"}},
		"without info":      {"+@all -info", "allkeys-lru", []string{"+info"}},
		"all keys":          {"+@all", "allkeys-lru", []string{"maxmemory-policy is allkeys-lru"}},
		"volatile keys":     {"+@all", "volatile-ttl", []string{"maxmemory-policy is volatile-ttl"}},
		"nothing":           {"+@all -client|tracking -eval", "volatile-lru", []string{"+client|tracking", "+eval", "volatile-lru"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			user := append([]string{"--user", "service", "on", ">secret", "~*", "&*"}, strings.Fields(test.rules)...)
			port, _ := listen(t, append(user, "--maxmemory-policy", test.policy)...)
			r := open(t, "redis://service:secret@127.0.0.1:"+port, redis.Options{Timeout: longTimeout})
			redistest.Eventually(t, failover, "up", func() bool { return r.Up(t.Context()) == nil })
			got, err := r.Check(t.Context())
			if err != nil || len(got) != len(test.want) {
				t.Fatalf("got %q (error %v), want %d findings", got, err, len(test.want))
			}
			for i, want := range test.want {
				if !strings.Contains(got[i], want) {
					t.Errorf("finding %d is %q, want it to contain %q", i, got[i], want)
				}
			}
			if err := set(t.Context(), r, "v"); err != nil {
				t.Errorf("write: %v", err)
			}
			if value, _, err := cached(t.Context(), r); err != nil || value != "v" {
				t.Errorf("cached read: got %q (error %v), want v", value, err)
			}
		})
	}
}

// TestSentinelWithCredentials uses other credentials for the Sentinel than for the server.
func TestSentinelWithCredentials(t *testing.T) {
	t.Parallel()
	for name, query := range map[string]string{
		"a password":          "sentinel_password=watch",
		"a user and password": "sentinel_username=watcher&sentinel_password=other",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			primary, _ := listen(t, "--requirepass", "data")
			sentinel := startSentinel(t, primary, "sentinel auth-pass main data", "requirepass watch",
				"user watcher on >other ~* &* +@all")
			r := open(t, "redis://:data@127.0.0.1:"+sentinel+"?master_set=main&"+query, redis.Options{Timeout: longTimeout})
			redistest.Eventually(t, failover, "up", func() bool { return r.Up(t.Context()) == nil })
			if port, err := portOf(t.Context(), r); err != nil || port != primary {
				t.Errorf("connected to port %s (%v), want the primary at %s", port, err, primary)
			}
		})
	}
}
