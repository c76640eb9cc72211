package ratelimit_test

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/ai-interviewer-platform/interviewer/server/edge/ratelimit"
	"github.com/ai-interviewer-platform/interviewer/server/platform/fault"
	"github.com/ai-interviewer-platform/interviewer/server/platform/redis"
)

const (
	ada     = "ada@example.com"
	hmacKey = "thirty-two bytes that are private"
	settle  = 3 * time.Second // the default of ThrottlePolicy.Settle
)

func home() netip.Addr  { return netip.AddrFrom4([4]byte{192, 0, 2, 1}) }
func other() netip.Addr { return netip.AddrFrom4([4]byte{192, 0, 2, 2}) }

func newThrottle(r *redis.Redis) *ratelimit.Throttle {
	return ratelimit.NewThrottle(r, []byte(hmacKey), ratelimit.ThrottlePolicy{})
}

// distinct returns the n-th of many addresses, each in its own /64.
func distinct(n int) netip.Addr {
	return netip.MustParseAddr(fmt.Sprintf("2001:db8:0:%x::1", n))
}

// fails makes an attempt that is allowed and never released, which counts as failed.
func fails(t *testing.T, throttle *ratelimit.Throttle, email string, ip netip.Addr) {
	t.Helper()
	if _, err := throttle.Reserve(t.Context(), email, ip); err != nil {
		t.Fatalf("attempt from %s: %v, want it allowed", ip, err)
	}
}

// refused makes an attempt that must be refused, and returns its time to wait.
func refused(t *testing.T, throttle *ratelimit.Throttle, email string, ip netip.Addr) time.Duration {
	t.Helper()
	_, err := throttle.Reserve(t.Context(), email, ip)
	var f *fault.Fault
	if !errors.As(err, &f) || f.Code() != fault.TooManyAttempts {
		t.Fatalf("attempt from %s: %v, want %s", ip, err, fault.TooManyAttempts)
	}
	if want := fault.New(fault.TooManyAttempts).Detail(); f.Detail() != want {
		t.Errorf("detail = %q, want %q for every counter", f.Detail(), want)
	}
	return f.RetryAfter()
}

// succeeds makes an attempt that is allowed and succeeds.
func succeeds(t *testing.T, throttle *ratelimit.Throttle, email string, ip netip.Addr) {
	t.Helper()
	reservation, err := throttle.Reserve(t.Context(), email, ip)
	if err != nil {
		t.Fatalf("attempt from %s: %v, want it allowed", ip, err)
	}
	reservation.Success(t.Context())
}

func TestWaitIsShortWhileAnAttemptIsUnsettled(t *testing.T) {
	t.Parallel()
	clock, r := newClock(t)
	throttle := newThrottle(r)
	for range 9 {
		fails(t, throttle, ada, home())
		clock.advance(settle)
	}
	reservation, err := throttle.Reserve(t.Context(), ada, home())
	if err != nil {
		t.Fatal(err)
	}
	if wait := refused(t, throttle, ada, home()); wait != settle {
		t.Errorf("while one is unsettled: wait %s, want %s", wait, settle)
	}
	clock.advance(settle)
	if wait, want := refused(t, throttle, ada, home()), 15*time.Minute-10*settle; wait != want {
		t.Errorf("after it counts as failed: wait %s, want %s", wait, want)
	}
	reservation.Cancel(t.Context())
	fails(t, throttle, ada, home())
}

func TestPairWindowSlides(t *testing.T) {
	t.Parallel()
	clock, r := newClock(t)
	throttle := newThrottle(r)
	for range 10 {
		fails(t, throttle, ada, home())
		clock.advance(time.Minute)
	}
	for range 100 { // refused attempts are not counted
		if wait := refused(t, throttle, ada, home()); wait != 5*time.Minute {
			t.Fatalf("wait %s, want 5m", wait)
		}
	}
	fails(t, throttle, "grace@example.com", home())
	fails(t, throttle, ada, other())

	clock.advance(5*time.Minute - time.Microsecond)
	if wait := refused(t, throttle, ada, home()); wait != time.Second {
		t.Errorf("just before: wait %s, want a whole second", wait)
	}
	clock.advance(time.Microsecond)
	fails(t, throttle, ada, home())
	if wait := refused(t, throttle, ada, home()); wait != settle {
		t.Errorf("wait %s, want %s", wait, settle)
	}
}

func TestAccountDelayGrows(t *testing.T) {
	t.Parallel()
	clock, r := newClock(t)
	throttle := newThrottle(r)
	from := 0
	attempt := func() netip.Addr { from++; return distinct(from) }
	for range 20 {
		fails(t, throttle, ada, attempt())
	}
	delays := []time.Duration{
		1 * time.Second, 2 * time.Second, 4 * time.Second, 8 * time.Second, 16 * time.Second, 32 * time.Second,
		64 * time.Second, 128 * time.Second, 256 * time.Second, 512 * time.Second, 900 * time.Second, 900 * time.Second,
	}
	for n, delay := range delays {
		if wait, want := refused(t, throttle, ada, attempt()), min(delay, settle); wait != want {
			t.Fatalf("after %d failures, the last unsettled: wait %s, want %s", 20+n, wait, want)
		}
		if delay > settle {
			clock.advance(settle)
			if wait, want := refused(t, throttle, ada, attempt()), delay-settle; wait != want {
				t.Fatalf("after %d failures: wait %s, want %s", 20+n, wait, want)
			}
			clock.advance(delay - settle - time.Microsecond)
		} else {
			clock.advance(delay - time.Microsecond)
		}
		refused(t, throttle, ada, attempt())
		clock.advance(time.Microsecond)
		fails(t, throttle, ada, attempt())
	}
}

func TestSuccessClearsItsPairAndTheDelay(t *testing.T) {
	t.Parallel()
	clock, r := newClock(t)
	throttle := newThrottle(r)
	for range 9 {
		fails(t, throttle, ada, home())
	}
	for n := range 10 {
		fails(t, throttle, ada, distinct(n))
	}
	clock.advance(time.Second)
	succeeds(t, throttle, ada, home())

	clock.advance(time.Second)
	for range 10 {
		fails(t, throttle, ada, home())
	}
	refused(t, throttle, ada, home())
	for n := range 10 { // these make 20 on the account since the success: no delay yet
		fails(t, throttle, ada, distinct(100+n))
	}
	refused(t, throttle, ada, distinct(200))
}

func TestSuccessDoesNotClearTheNetwork(t *testing.T) {
	t.Parallel()
	clock, r := newClock(t)
	throttle := newThrottle(r)
	for n := range 99 {
		fails(t, throttle, fmt.Sprintf("user%d@example.com", n), home())
	}
	clock.advance(time.Second)
	for range 3 { // the attacker's own account
		succeeds(t, throttle, "mallory@example.com", home())
	}
	fails(t, throttle, ada, home())
	refused(t, throttle, ada, home())
	refused(t, throttle, "mallory@example.com", home())
}

func TestSuccessClearsNeitherOtherPairsNorLaterAttempts(t *testing.T) {
	t.Parallel()
	clock, r := newClock(t)
	throttle := newThrottle(r)
	for range 10 {
		fails(t, throttle, ada, other())
	}
	clock.advance(time.Second)
	early, err := throttle.Reserve(t.Context(), ada, home())
	if err != nil {
		t.Fatal(err)
	}
	clock.advance(time.Second)
	for range 9 {
		fails(t, throttle, ada, home())
	}
	early.Success(t.Context())
	refused(t, throttle, ada, other())
	fails(t, throttle, ada, home())
	refused(t, throttle, ada, home())
}

// All spellings of an address share one counter, unknown addresses are counted like others, and Redis contains no
// readable address.
func TestEmailsAreNormalizedAndNotStored(t *testing.T) {
	t.Parallel()
	clock, r := newClock(t)
	throttle := newThrottle(r)
	spellings := []string{ada, "  ADA@example.com", "Ada@Example.Com\t"}
	for n := range 10 {
		fails(t, throttle, spellings[n%len(spellings)], home())
	}
	for _, email := range spellings {
		refused(t, throttle, email, home())
	}
	unknown := []string{"nobody@example.com", "", strings.Repeat("x", 10_000), "\x00\xff", "a:b"}
	for _, email := range unknown {
		for range 10 {
			fails(t, throttle, email, other())
		}
		if wait := refused(t, throttle, email, other()); wait != settle {
			t.Errorf("%.20q: wait %s, want %s", email, wait, settle)
		}
	}
	dump := strings.ToLower(clock.Dump())
	for _, part := range []string{"@", "nobody", "example"} { // random ids cannot contain these; they may contain "ada"
		if strings.Contains(dump, part) {
			t.Errorf("Redis contains %q, a part of an address:\n%s", part, dump)
		}
	}
}

func TestCountersExpire(t *testing.T) {
	t.Parallel()
	clock, r := newClock(t)
	throttle := newThrottle(r)
	for n := range 5 {
		fails(t, throttle, ada, home())
		fails(t, throttle, ada, distinct(n))
	}
	clock.advance(time.Hour - time.Second)
	if keys := clock.Keys(); len(keys) != 1 {
		t.Errorf("within the account's window: keys %v, want only its counter", keys)
	}
	clock.advance(time.Second)
	if keys := clock.Keys(); len(keys) != 0 {
		t.Errorf("keys remain: %v", keys)
	}
}

func TestReserveWithCanceledContextCountsNothing(t *testing.T) {
	t.Parallel()
	_, r := newClock(t)
	canceled, cancel := context.WithCancel(t.Context())
	cancel()
	throttle := newThrottle(r)
	for range 20 {
		if _, err := throttle.Reserve(canceled, ada, home()); !errors.Is(err, context.Canceled) {
			t.Fatalf("got %v, want context.Canceled", err)
		}
	}
	fails(t, throttle, ada, home())
}
