package ratelimit

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/redis/rueidis"

	"github.com/ai-interviewer-platform/interviewer/server/redis"
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
	// Limit is the policy's.
	Limit int
	// Remaining requests may be made at once after this one.
	Remaining int
	// Reset is how long the caller must rest until everything may be made at once again.
	Reset time.Duration
	// RetryAfter is how long a refused caller must rest until one request is allowed; 0 when this one was.
	RetryAfter time.Duration
}

// Limiter keeps each caller to a policy. It is safe for concurrent use.
type Limiter struct {
	redis  *redis.Redis
	policy Policy
	prefix string
	args   []string
	gcra   *rueidis.Lua
}

// NewLimiter makes a limiter; the error says which bound of Policy is broken.
func NewLimiter(r *redis.Redis, p Policy) (*Limiter, error) {
	if p.Burst == 0 {
		p.Burst = p.Limit
	}
	if err := p.check(); err != nil {
		return nil, fmt.Errorf("rate limit policy %q: %w", p.Name, err)
	}
	limit := int64(p.Limit)
	interval := (p.Window.Microseconds() + limit - 1) / limit // Rounded up: never more than Limit.
	return &Limiter{
		redis:  r,
		policy: p,
		prefix: "limit:" + p.Name + ":",
		args:   []string{strconv.FormatInt(interval, 10), strconv.Itoa(p.Burst)},
		gcra:   rueidis.NewLuaScript(gcraScript),
	}, nil
}

// Policy is what the limiter keeps callers to, with its Burst filled in.
func (l *Limiter) Policy() Policy { return l.policy }

// Allow counts one request of the caller whom the key names: a user's id, or Network of an anonymous client's address.
// A refused request is not counted.
//
// When Redis cannot be asked, the request is allowed, and the error says why it was not counted: the decision is then
// that of a caller who has rested, and not worth telling the client.
func (l *Limiter) Allow(ctx context.Context, key string) (Decision, error) {
	var answer []int64
	err := l.redis.Do(ctx, func(ctx context.Context, c rueidis.Client) (err error) {
		answer, err = l.gcra.Exec(ctx, c, []string{l.prefix + key}, l.args).AsIntSlice()
		return err
	})
	if err != nil {
		return Decision{Allowed: true, Limit: l.policy.Limit, Remaining: l.policy.Burst},
			fmt.Errorf("limit requests: %w", err)
	}
	return Decision{
		Allowed:    answer[0] == 1,
		Limit:      l.policy.Limit,
		Remaining:  int(answer[1]),
		Reset:      time.Duration(answer[2]) * time.Microsecond,
		RetryAfter: time.Duration(answer[3]) * time.Microsecond,
	}, nil
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
