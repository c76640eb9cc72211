package ratelimit

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

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

// Limiter applies several policies to each client. It is safe for concurrent use.
type Limiter struct {
	redis    *redis.Redis
	policies []Policy
	args     []string
	gcra     *rueidis.Lua
	local    *memory
}

// NewLimiter returns a limiter. The error names the policy that is out of bounds, and the bound. While Redis is down
// the limiter counts the requests of this replica only, by the clock now.
func NewLimiter(r *redis.Redis, now func() time.Time, policies ...Policy) (*Limiter, error) {
	l := &Limiter{redis: r, gcra: rueidis.NewLuaScript(gcraScript), local: newMemory(now)}
	for _, p := range policies {
		if p.Burst == 0 {
			p.Burst = p.Limit
		}
		if err := p.check(); err != nil {
			return nil, fmt.Errorf("rate limit policy %q: %w", p.Name, err)
		}
		l.policies = append(l.policies, p)
		l.args = append(l.args, strconv.FormatInt(p.interval().Microseconds(), 10), strconv.Itoa(p.Burst))
	}
	return l, nil
}

// Allow counts one request. keys has one key per policy, in the order of NewLimiter: the id of a user, an API key or a
// company, or the Network of an anonymous client's address. A request that one policy refuses is not counted by any.
func (l *Limiter) Allow(ctx context.Context, keys ...string) Decision {
	names := make([]string, len(l.policies))
	for i, p := range l.policies {
		names[i] = "limit:" + p.Name + ":" + keys[i]
	}
	var answer []int64
	err := l.redis.Do(ctx, func(ctx context.Context, c rueidis.Client) (err error) {
		answer, err = l.gcra.Exec(ctx, c, names, l.args).AsIntSlice()
		return err
	})
	if err != nil {
		return decide(l.policies, l.local.take(l.policies, names))
	}
	return decide(l.policies, answer)
}

// decide converts the script's result, in microseconds.
func decide(policies []Policy, answer []int64) Decision {
	d := Decision{Allowed: answer[0] == 1, Quotas: make([]Quota, len(policies))}
	for i, p := range policies {
		of := answer[1+3*i:]
		d.Quotas[i] = Quota{
			Policy: p, Remaining: int(of[0]), Reset: time.Duration(of[1]) * time.Microsecond,
			Wait: time.Duration(of[2]) * time.Microsecond,
		}
		if !d.Allowed {
			d.RetryAfter = max(d.RetryAfter, d.Quotas[i].Wait)
		}
	}
	return d
}

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
	if p.Limit < 1 || p.Window/time.Duration(p.Limit) < time.Millisecond {
		return errors.New("the limit must be from 1 request in the window to 1000 a second")
	}
	if p.Burst < 1 {
		return errors.New("the burst must not be negative")
	}
	return nil
}
