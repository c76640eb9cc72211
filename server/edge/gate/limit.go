package gate

import (
	"context"
	"fmt"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/ai-interviewer-platform/interviewer/server/access"
	"github.com/ai-interviewer-platform/interviewer/server/edge/ratelimit"
	"github.com/ai-interviewer-platform/interviewer/server/platform/fault"
	"github.com/ai-interviewer-platform/interviewer/server/platform/redis"
	"github.com/ai-interviewer-platform/interviewer/server/platform/telemetry"
)

// Rates are limits in requests per minute; 0 means no limit.
type Rates struct {
	// User and Key are for each user and each API key, Company for all of a company together, and Address for each address
	// that sends anonymous requests.
	User, Key, Company, Address int
}

// Limits are the rate limits of each kind of actor. The zero value has no limits.
type Limits struct {
	users, keys, anonymous *limits
	// guesses bound wrong API keys, by the rate of addresses; nil without one.
	guesses *guesses
}

// limits are policies, and for each of them a function that says what it counts a request against.
type limits struct {
	limiter *ratelimit.Limiter
	counts  []func(*access.Request) ratelimit.Client
}

// NewLimits fails if the limiter cannot keep one of the rates.
func NewLimits(r *redis.Redis, now func() time.Time, rates Rates) (l Limits, err error) {
	type counter func(*access.Request) ratelimit.Client
	actor := func(q *access.Request) ratelimit.Client { return ratelimit.ID(q.Actor.ID) }
	company := func(q *access.Request) ratelimit.Client { return ratelimit.ID(q.Actor.CompanyID) }
	address := func(q *access.Request) ratelimit.Client { return ratelimit.Address(q.IP) }
	add := func(to *limits, name string, rate int, count counter) []ratelimit.Policy {
		if rate == 0 {
			return nil
		}
		to.counts = append(to.counts, count)
		return []ratelimit.Policy{{Name: name, Limit: rate, Window: time.Minute}}
	}
	for _, kind := range []struct {
		into  **limits
		name  string
		rate  int
		count counter
		all   int
	}{
		{&l.users, "user", rates.User, actor, rates.Company},
		{&l.keys, "key", rates.Key, actor, rates.Company},
		{&l.anonymous, "address", rates.Address, address, 0},
	} {
		of := &limits{}
		policies := append(add(of, kind.name, kind.rate, kind.count), add(of, "company", kind.all, company)...)
		if len(policies) == 0 {
			continue
		}
		if of.limiter, err = ratelimit.NewLimiter(r, now, policies...); err != nil {
			return Limits{}, fmt.Errorf("rate limits of each %s: %w", kind.name, err)
		}
		*kind.into = of
	}
	if rates.Address > 0 {
		if l.guesses, err = newGuesses(now, rates.Address); err != nil {
			return Limits{}, err
		}
	}
	return l, nil
}

// of returns the limits of a request and their name in the metrics; nil if there are none.
func (l Limits) of(request *access.Request) (*limits, string) {
	switch {
	case request.Actor == nil:
		return l.anonymous, telemetry.LimitAnonymous
	case request.Actor.Key != nil:
		return l.keys, telemetry.LimitKey
	}
	return l.users, telemetry.LimitCaller
}

// limit counts a request and sets the RateLimit headers. It fails with RateLimited.
func (g *Gate) limit(ctx context.Context, c echo.Context, request *access.Request) error {
	of, label := g.Limits.of(request)
	if of == nil {
		return nil
	}
	var clients [2]ratelimit.Client // a policy for the actor, and one for the company
	for i, count := range of.counts {
		clients[i] = count(request)
	}
	decision := of.limiter.Allow(ctx, clients[:len(of.counts)]...)
	header := c.Response().Header()
	header["Ratelimit-Policy"] = of.limiter.PolicyHeader()
	header["Ratelimit"] = []string{ratelimit.StateHeader(decision)}
	if decision.Allowed {
		return nil
	}
	g.Metrics.Throttled(label)
	return fault.New(fault.RateLimited).After(decision.RetryAfter)
}
