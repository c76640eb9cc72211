package ratelimit

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"time"

	"github.com/google/uuid"
	"github.com/redis/rueidis"

	"github.com/ai-interviewer-platform/interviewer/server/platform/redis"
)

// Policy is how many requests one client may send.
type Policy struct {
	// Name identifies the policy in Redis and in the headers: printable ASCII, from 1 to 64 characters.
	Name string
	// Limit is the number of requests allowed per Window on average, at most 1000 per second. Window is whole seconds.
	Limit  int
	Window time.Duration
	// Burst is the number of requests allowed at once when the quota is full; 0 means Limit.
	Burst int
}

// Decision is the result for one request.
type Decision struct {
	Allowed bool
	// RetryAfter is the time until a refused client's next request is allowed; 0 if this one was.
	RetryAfter time.Duration
	// Quotas are the client's quotas after the request, one per policy.
	Quotas []Quota
}

// Quota is the state of one policy for one client.
type Quota struct {
	Policy Policy
	// Remaining is the number of requests allowed now.
	Remaining int
	// Reset is the time without requests until the quota is full.
	Reset time.Duration
	// Wait is the time until one request is allowed; 0 if one is allowed now.
	Wait time.Duration
}

// Client is whom a policy counts requests against. The zero value is the network of clients without an address.
type Client struct {
	// kind says what id is: a UUID, an IPv4 address, the /64 of an IPv6 address, or nothing.
	kind clientKind
	id   [16]byte
}

type clientKind uint8

const (
	kindNothing clientKind = iota
	kindID
	kindIPv4
	kindIPv6
)

// ID is a user, an API key or a company.
func ID(id uuid.UUID) Client { return Client{kindID, id} }

// Address is the network of an anonymous client's address; see Network.
func Address(ip netip.Addr) Client {
	switch ip = ip.Unmap(); {
	case ip.Is4():
		return Client{kindIPv4, ip.As16()}
	case ip.Is6():
		c := Client{kindIPv6, ip.As16()}
		clear(c.id[8:])
		return c
	}
	return Client{}
}

// String returns the name of the client in Redis.
func (c Client) String() string {
	switch c.kind {
	case kindID:
		return uuid.UUID(c.id).String()
	case kindIPv4, kindIPv6:
		return Network(netip.AddrFrom16(c.id))
	case kindNothing:
	}
	return Network(netip.Addr{})
}

// Limiter applies several policies to each client. It is safe for concurrent use.
//
// Requests of a busy client do not wait for Redis: the replica counts them itself and books them in Redis in the
// background. A client with a small quota, or with little of it left, is counted in Redis at once. One replica counts
// exactly. With n replicas, a client may send up to (n-1)*Policy.Ahead() requests more than the limit, and may be
// refused by what it may send in half a second too early. See decision 0036.
type Limiter struct {
	redis    *redis.Redis
	now      func() time.Time
	policies []Policy
	header   []string
	gcra     *rueidis.Lua
	alone    *memory
	buckets  buckets
}

// maxPolicies is how many policies a limiter can have.
const maxPolicies = 2

// NewLimiter returns a limiter with one or two policies. The error names the policy that is out of bounds, and the
// bound. While Redis is down the limiter counts the requests of this replica only, by the clock now.
func NewLimiter(r *redis.Redis, now func() time.Time, policies ...Policy) (*Limiter, error) {
	if len(policies) < 1 || len(policies) > maxPolicies {
		return nil, fmt.Errorf("a limiter has from 1 to %d policies, not %d", maxPolicies, len(policies))
	}
	l := &Limiter{
		redis: r, now: now, gcra: rueidis.NewLuaScript(gcraScript), alone: newMemory(now),
		buckets: buckets{of: map[counted]*bucket{}, after: bookAfter},
	}
	for _, p := range policies {
		if p.Burst == 0 {
			p.Burst = p.Limit
		}
		if err := p.check(); err != nil {
			return nil, fmt.Errorf("rate limit policy %q: %w", p.Name, err)
		}
		l.policies = append(l.policies, p)
	}
	l.header = []string{policyHeader(l.policies)}
	return l, nil
}

// PolicyHeader returns the value of RateLimit-Policy: for each policy, how many requests (q) are allowed in how many
// seconds (w). All responses share the slice, so it must not be changed.
func (l *Limiter) PolicyHeader() []string { return l.header }

// Allow counts one request. clients has one client per policy, in the order of NewLimiter. A request that one policy
// refuses is not counted by any.
func (l *Limiter) Allow(ctx context.Context, clients ...Client) Decision {
	for {
		d, taken, wait := l.take(ctx, clients)
		switch {
		case taken:
			return d
		case wait == nil:
			return l.ask(ctx, clients)
		}
		<-wait // ends within the timeout of package redis
	}
}

// quota returns the state of a quota of which debt is used.
func (p Policy) quota(debt time.Duration) Quota {
	interval := p.interval()
	left := max(interval*time.Duration(p.Burst)-debt, 0)
	return Quota{Policy: p, Remaining: int(left / interval), Reset: debt, Wait: max(interval-left, 0)}
}

// Ahead is how many requests of one client a replica may allow before they are booked in Redis: a thirty-second of the
// burst, but at most an eighth of what remains to the client.
func (p Policy) Ahead() int { return p.Burst / aheadParts }

// interval is Window/Limit, rounded up to microseconds, so that no more than Limit requests fit into a window.
func (p Policy) interval() time.Duration {
	limit := int64(p.Limit)
	return time.Duration((p.Window.Microseconds()+limit-1)/limit) * time.Microsecond
}

func (p Policy) check() error {
	if len(p.Name) < 1 || len(p.Name) > 64 {
		return errors.New("the name must have from 1 to 64 characters")
	}
	for _, c := range []byte(p.Name) {
		if c < ' ' || c > '~' {
			return errors.New("the name must be printable ASCII")
		}
	}
	if p.Window < time.Second || p.Window%time.Second != 0 {
		return errors.New("the window must be whole seconds, at least 1")
	}
	if p.Limit < 1 || p.Window/time.Duration(p.Limit) < 10*time.Microsecond {
		return errors.New("the limit must be from 1 request in the window to 100000 a second")
	}
	if p.Burst < 1 {
		return errors.New("the burst must not be negative")
	}
	return nil
}
