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

// Policy is how many requests one caller may make.
type Policy struct {
	// Name tells policies apart, in Redis and in the headers: printable ASCII, from 1 to 64 characters.
	Name string
	// Limit requests per Window may be made in the long run, at most 1000 a second. Window is whole seconds.
	Limit  int
	Window time.Duration
	// Burst requests may be made at once by a caller who has rested; 0 means Limit.
	Burst int
}

// Decision says what became of one request.
type Decision struct {
	Allowed bool
	// RetryAfter is how long a refused caller must rest until one request is allowed; 0 when this one was.
	RetryAfter time.Duration
	// Quotas are where the caller stands now, one for each policy.
	Quotas []Quota
}

// Quota is where a caller stands with one policy.
type Quota struct {
	Policy Policy
	// Remaining requests may be made at once.
	Remaining int
	// Reset is how long the caller must rest until everything may be made at once again.
	Reset time.Duration
	// Wait is how long until one request is allowed; 0 while one is.
	Wait time.Duration
}

// Limiter keeps each caller to some policies at once. It is safe for concurrent use.
type Limiter struct {
	redis    *redis.Redis
	policies []Policy
	args     []string
	gcra     *rueidis.Lua
	local    *memory
}

// NewLimiter makes a limiter; the error says which bound of which policy is broken. While Redis is away the limiter
// counts by now, for this replica alone.
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

// Allow counts one request of a caller, whom one key for each policy names: the id of a user, an API key or a
// company, or Network of an anonymous client's address. A refused request is not counted anywhere.
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

// decide reads what the script answers, in microseconds.
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

// interval is the time that one request costs, rounded up to microseconds: never more than Limit.
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
