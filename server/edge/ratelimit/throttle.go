package ratelimit

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"github.com/redis/rueidis"

	"github.com/ai-interviewer-platform/interviewer/server/platform/fault"
	"github.com/ai-interviewer-platform/interviewer/server/platform/redis"
)

// retryDown is when a login that found no Redis may try again: twice the longest pause between attempts to connect.
const retryDown = 2 * time.Second

// ThrottlePolicy says how many attempts to sign in may fail. Each counter looks back over its own window, which slides.
// A field that is 0 means its default.
type ThrottlePolicy struct {
	// PairLimit attempts may fail within PairWindow on one account from one network. Defaults: 10 in 15 minutes.
	PairLimit  int
	PairWindow time.Duration

	// NetworkLimit attempts may fail within NetworkWindow from one network, on any account. Defaults: 100 in 15 minutes.
	NetworkLimit  int
	NetworkWindow time.Duration

	// AccountFree attempts may fail within AccountWindow on one account, from anywhere. From then on, each attempt must
	// keep a distance from the one before: AccountDelay, doubled by every further failure, and at most AccountDelayMax,
	// which should be well below AccountWindow. Defaults: 20 in an hour; from 1 second to 15 minutes.
	AccountFree     int
	AccountWindow   time.Duration
	AccountDelay    time.Duration
	AccountDelayMax time.Duration

	// Settle is how long an attempt takes at most, from its reservation to its outcome. A younger one may still be given
	// back, so whoever is refused because of it is told to wait no longer than that. Default: 3 seconds.
	Settle time.Duration
}

func (p ThrottlePolicy) withDefaults() ThrottlePolicy {
	return ThrottlePolicy{
		PairLimit:       positive(p.PairLimit, 10),
		PairWindow:      positive(p.PairWindow, 15*time.Minute),
		NetworkLimit:    positive(p.NetworkLimit, 100),
		NetworkWindow:   positive(p.NetworkWindow, 15*time.Minute),
		AccountFree:     positive(p.AccountFree, 20),
		AccountWindow:   positive(p.AccountWindow, time.Hour),
		AccountDelay:    positive(p.AccountDelay, time.Second),
		AccountDelayMax: positive(p.AccountDelayMax, 15*time.Minute),
		Settle:          positive(p.Settle, 3*time.Second),
	}
}

func positive[T int | time.Duration](value, otherwise T) T {
	if value > 0 {
		return value
	}
	return otherwise
}

// Throttle limits attempts to sign in, before a password is hashed. It knows nothing about accounts: it counts by how
// one is named in what was submitted, so one that nobody has is treated as any other. It is safe for concurrent use.
type Throttle struct {
	redis   *redis.Redis
	key     []byte
	policy  []string
	reserve *rueidis.Lua
	release *rueidis.Lua
}

// NewThrottle makes a throttle. The key keeps emails out of Redis: the counters are named by HMAC-SHA256 of the account
// under it. It must be secret, of at least 32 bytes, used for nothing else, and the same on every replica.
func NewThrottle(r *redis.Redis, key []byte, p ThrottlePolicy) *Throttle {
	p = p.withDefaults()
	return &Throttle{
		redis: r,
		key:   key,
		policy: []string{
			microseconds(p.Settle),
			strconv.Itoa(p.PairLimit), microseconds(p.PairWindow),
			strconv.Itoa(p.NetworkLimit), microseconds(p.NetworkWindow),
			strconv.Itoa(p.AccountFree), microseconds(p.AccountWindow),
			microseconds(p.AccountDelay), microseconds(p.AccountDelayMax),
		},
		reserve: rueidis.NewLuaScript(reserveScript),
		release: rueidis.NewLuaScript(releaseScript),
	}
}

// Reservation is an attempt that was let through. It counts as failed unless Success or Cancel is called, so a process
// that dies in between leaves no free guess.
type Reservation struct {
	throttle *Throttle
	counters []string
	id       string
	made     string
}

// Reserve counts one attempt to sign in, everywhere or nowhere, in one round trip. The account is named by the email as
// submitted, and by what else it is looked up by, whatever its case and the space around it; accounts must be looked up
// no more loosely than that.
//
// It fails with fault.TooManyAttempts, which does not tell which counter refused, and which costs the caller nothing: a
// refused attempt is not counted. It fails with fault.DependencyDown when Redis does not answer, within the bound of
// package redis. Both say when to try again, in whole seconds. When ctx ends first, its error is returned.
func (t *Throttle) Reserve(ctx context.Context, account string, ip netip.Addr) (*Reservation, error) {
	r := &Reservation{throttle: t, counters: t.counters(account, Network(ip)), id: rand.Text()}
	var answer []int64
	err := t.redis.Do(ctx, func(ctx context.Context, c rueidis.Client) (err error) {
		answer, err = t.reserve.Exec(ctx, c, r.counters, append([]string{r.id}, t.policy...)).AsIntSlice()
		return err
	})
	if err != nil && ctx.Err() != nil {
		r.Cancel(ctx) // It may have been counted; what is sent on the same connection comes after it.
		return nil, fmt.Errorf("reserve an attempt to sign in: %w", ctx.Err())
	}
	if err != nil {
		return nil, fault.New(fault.DependencyDown).After(retryDown).Because(err)
	}
	if wait := time.Duration(answer[0]) * time.Microsecond; wait > 0 {
		return nil, fault.New(fault.TooManyAttempts).After(wholeSeconds(wait))
	}
	r.made = strconv.FormatInt(answer[1], 10)
	return r, nil
}

// Success gives the reservation back and forgives what failed before it: on this account from this network, and, for
// the delay, on this account from anywhere. What failed from this network on other accounts stays counted, and so does
// what came later. It does its best: without Redis, the attempt stays counted. It also works after ctx has ended.
func (r *Reservation) Success(ctx context.Context) { r.giveBack(ctx, r.id, r.made) }

// Cancel gives the reservation back because its password was never compared. It does its best, as Success does.
func (r *Reservation) Cancel(ctx context.Context) { r.giveBack(ctx, r.id) }

func (r *Reservation) giveBack(ctx context.Context, args ...string) {
	// The error has nobody to go to: an attempt that stays counted errs on the safe side and expires by itself, and
	// package redis logs that Redis is away.
	_ = r.throttle.redis.Do(context.WithoutCancel(ctx), func(ctx context.Context, c rueidis.Client) error {
		return r.throttle.release.Exec(ctx, c, r.counters, args).Error()
	})
}

// counters names what one attempt is counted in, in the order that the scripts expect.
func (t *Throttle) counters(account, network string) []string {
	mac := hmac.New(sha256.New, t.key)
	mac.Write([]byte(strings.ToLower(strings.TrimSpace(account))))
	name := base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
	return []string{
		"login:pair:" + name + ":" + network,
		"login:network:" + network,
		"login:account:" + name,
	}
}

// wholeSeconds rounds up to what Retry-After can say.
func wholeSeconds(d time.Duration) time.Duration {
	return (d + time.Second - 1).Truncate(time.Second)
}
