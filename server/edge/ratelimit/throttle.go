package ratelimit

import (
	"cmp"
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

// retryDown is the Retry-After of a login while Redis is down: twice the longest pause between attempts to connect.
const retryDown = 2 * time.Second

// ThrottlePolicy sets how many login attempts may fail. Each counter has its own sliding window. A field that is 0
// has its default.
type ThrottlePolicy struct {
	// Name separates the counters from those of other throttles. Default: "login".
	Name string

	// PairLimit is the number of failures allowed within PairWindow on one account from one network. Default: 10 in 15
	// minutes.
	PairLimit  int
	PairWindow time.Duration

	// NetworkLimit is the number of failures allowed within NetworkWindow from one network, on all accounts together.
	// Default: 100 in 15 minutes.
	NetworkLimit  int
	NetworkWindow time.Duration

	// AccountFree is the number of failures allowed within AccountWindow on one account, from all networks together,
	// without delay. After that, attempts are allowed only some time after the one before: AccountDelay, doubled by each
	// further failure, at most AccountDelayMax, which should be well below AccountWindow. Default: 20 in an hour; from 1
	// second to 15 minutes.
	AccountFree     int
	AccountWindow   time.Duration
	AccountDelay    time.Duration
	AccountDelayMax time.Duration

	// Settle is the longest time from the reservation of an attempt to its result. A younger attempt may still be
	// released, so a refusal that it causes advises to wait no longer than that. Default: 3 seconds.
	Settle time.Duration
}

func (p ThrottlePolicy) withDefaults() ThrottlePolicy {
	return ThrottlePolicy{
		Name:            cmp.Or(p.Name, "login"),
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

// Throttle limits login attempts before a password is hashed. It does not know which accounts exist: it counts by the
// name submitted, so unknown accounts are treated like all others. It is safe for concurrent use.
type Throttle struct {
	redis   *redis.Redis
	name    string
	key     []byte
	policy  []string
	reserve *rueidis.Lua
	release *rueidis.Lua
}

// NewThrottle returns a throttle. The key keeps email addresses out of Redis: counters are named by the HMAC-SHA256
// of the account. It must be secret, at least 32 bytes long, used for nothing else, and the same on all replicas.
func NewThrottle(r *redis.Redis, key []byte, p ThrottlePolicy) *Throttle {
	p = p.withDefaults()
	return &Throttle{
		redis: r,
		name:  p.Name,
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

// Reservation is an allowed attempt. It counts as failed unless Success or Cancel is called, so a process that
// crashes in between does not grant a free guess.
type Reservation struct {
	throttle *Throttle
	counters []string
	id       string
	made     string
}

// Reserve counts one login attempt in all counters, or in none, in one round trip. The account is the submitted email
// address and any other part of the lookup; case and surrounding space are ignored. The lookup of accounts must not
// ignore more than that.
//
// It fails with fault.TooManyAttempts, which does not say which counter refused; refused attempts are not counted. It
// fails with fault.DependencyDown if Redis does not answer within the timeout of package redis. Both have a time to
// retry, in whole seconds. If ctx ends first, its error is returned.
func (t *Throttle) Reserve(ctx context.Context, account string, ip netip.Addr) (*Reservation, error) {
	r := &Reservation{throttle: t, counters: t.counters(account, Network(ip)), id: rand.Text()}
	var answer []int64
	err := t.redis.Do(ctx, func(ctx context.Context, c rueidis.Client) (err error) {
		answer, err = t.reserve.Exec(ctx, c, r.counters, append([]string{r.id}, t.policy...)).AsIntSlice()
		return err
	})
	if err != nil && ctx.Err() != nil {
		r.Cancel(ctx) // The attempt may have been counted. Redis executes Cancel after it: both use one connection.
		return nil, fmt.Errorf("reserve a login attempt: %w", ctx.Err())
	}
	if err != nil {
		return nil, fault.New(fault.DependencyDown).After(retryDown).Because(fmt.Errorf("reserve a login attempt: %w", err))
	}
	if wait := time.Duration(answer[0]) * time.Microsecond; wait > 0 {
		return nil, fault.New(fault.TooManyAttempts).After(wholeSeconds(wait))
	}
	r.made = strconv.FormatInt(answer[1], 10)
	return r, nil
}

// Success releases the reservation, and clears the failures before it: those on this account from this network, and,
// for the delay, those on this account from all networks. The network's failures on other accounts remain counted,
// and so do later attempts. If Redis is down, the attempt remains counted. Success also works after ctx has ended.
func (r *Reservation) Success(ctx context.Context) { r.release(ctx, r.id, r.made) }

// Cancel releases the reservation because no password was compared. If Redis is down, the attempt remains counted.
// Cancel also works after ctx has ended.
func (r *Reservation) Cancel(ctx context.Context) { r.release(ctx, r.id) }

func (r *Reservation) release(ctx context.Context, args ...string) {
	// The error is ignored: an attempt that remains counted is the safe case and expires by itself, and package redis logs
	// that Redis is down.
	_ = r.throttle.redis.Do(context.WithoutCancel(ctx), func(ctx context.Context, c rueidis.Client) error {
		return r.throttle.release.Exec(ctx, c, r.counters, args).Error()
	})
}

// Account returns the name under which attempts on an account are counted. test is the slug of its test company; nil if
// its company is live.
func Account(email string, test *string) string {
	if test == nil {
		return email
	}
	return *test + " " + email
}

// Clear removes the counters of an account, from all networks, so that the next attempt is allowed unless its network
// has failed too often on other accounts.
func (t *Throttle) Clear(ctx context.Context, account string) error {
	keys := t.counters(account, "*")
	pairs, own := keys[0], keys[2]
	for cursor := uint64(0); ; {
		var page rueidis.ScanEntry
		err := t.redis.Do(ctx, func(ctx context.Context, c rueidis.Client) (err error) {
			page, err = c.Do(ctx, c.B().Scan().Cursor(cursor).Match(pairs).Count(scanned).Build()).AsScanEntry()
			if err != nil {
				return err
			}
			found := page.Elements
			if cursor == 0 {
				found = append(found, own)
			}
			if len(found) == 0 {
				return nil
			}
			return c.Do(ctx, c.B().Del().Key(found...).Build()).Error()
		})
		if err != nil {
			return fault.New(fault.DependencyDown).After(retryDown).Because(fmt.Errorf("clear login attempts: %w", err))
		}
		if cursor = page.Cursor; cursor == 0 {
			return nil
		}
	}
}

// scanned is about how many keys Redis looks at in one round trip of Clear.
const scanned = 1000

// counters returns the keys of the counters of one attempt, in the order of the scripts.
func (t *Throttle) counters(account, network string) []string {
	mac := hmac.New(sha256.New, t.key)
	mac.Write([]byte(strings.ToLower(strings.TrimSpace(account))))
	name := base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
	return []string{
		t.name + ":pair:" + name + ":" + network,
		t.name + ":network:" + network,
		t.name + ":account:" + name,
	}
}

// wholeSeconds rounds up to the resolution of Retry-After.
func wholeSeconds(d time.Duration) time.Duration {
	return (d + time.Second - 1).Truncate(time.Second)
}
