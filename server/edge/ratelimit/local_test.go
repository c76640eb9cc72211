package ratelimit_test

import (
	"net/netip"
	"testing"
	"time"

	"github.com/ai-interviewer-platform/interviewer/server/edge/ratelimit"
)

// TestLocal counts up to the limit of a client; others are not affected, and the count decreases with time.
func TestLocal(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	local, err := ratelimit.NewLocal(func() time.Time { return now }, ratelimit.Policy{Name: "x", Limit: 3, Window: time.Minute})
	if err != nil {
		t.Fatal(err)
	}
	one, other := ratelimit.Address(netip.MustParseAddr("192.0.2.1")), ratelimit.Address(netip.MustParseAddr("192.0.2.2"))
	for i := range 5 {
		if wait := local.Wait(one); (wait > 0) != (i >= 3) {
			t.Errorf("after %d events: wait %v", i, wait)
		}
		local.Count(one)
	}
	if wait := local.Wait(other); wait != 0 {
		t.Errorf("another client: wait %v, want none", wait)
	}
	if wait := local.Wait(one); wait != 20*time.Second {
		t.Errorf("wait %v, want a third of the window", wait)
	}
	now = now.Add(20 * time.Second)
	if wait := local.Wait(one); wait != 0 {
		t.Errorf("after 20 s: wait %v, want none", wait)
	}
	if _, err := ratelimit.NewLocal(time.Now, ratelimit.Policy{Name: "x", Window: time.Minute}); err == nil {
		t.Error("a policy without a limit is accepted")
	}
}
