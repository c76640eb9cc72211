package gate

import (
	"context"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/ai-interviewer-platform/interviewer/server/access"
	"github.com/ai-interviewer-platform/interviewer/server/edge/ratelimit"
	"github.com/ai-interviewer-platform/interviewer/server/platform/fault"
	"github.com/ai-interviewer-platform/interviewer/server/platform/redis"
	"github.com/ai-interviewer-platform/interviewer/server/platform/telemetry"
)

// Rates are how many requests a minute may be made; 0 sets no limit.
type Rates struct {
	// User and Key are for each user and each API key, Company for all of a company's together, Address for each address
	// that asks without being anybody.
	User, Key, Company, Address int
}

// Limits keep each kind of caller to its rates. The zero value limits nobody.
type Limits struct{ people, keys, anonymous *limits }

// limits are policies, and what of a request each of them counts.
type limits struct {
	limiter *ratelimit.Limiter
	counts  []func(*access.Request) string
}

// NewLimits makes the limits of some rates; the error says which of them cannot be kept.
func NewLimits(r *redis.Redis, now func() time.Time, rates Rates) (l Limits, err error) {
	who := func(q *access.Request) string { return q.Actor.ID.String() }
	company := func(q *access.Request) string { return q.Actor.CompanyID.String() }
	address := func(q *access.Request) string { return ratelimit.Network(q.IP) }
	add := func(to *limits, name string, rate int, count func(*access.Request) string) []ratelimit.Policy {
		if rate == 0 {
			return nil
		}
		to.counts = append(to.counts, count)
		return []ratelimit.Policy{{Name: name, Limit: rate, Window: time.Minute}}
	}
	for _, kind := range []struct {
		into **limits
		name string
		rate int
		who  func(*access.Request) string
		all  int
	}{
		{&l.people, "user", rates.User, who, rates.Company},
		{&l.keys, "key", rates.Key, who, rates.Company},
		{&l.anonymous, "address", rates.Address, address, 0},
	} {
		of := &limits{}
		policies := append(add(of, kind.name, kind.rate, kind.who), add(of, "company", kind.all, company)...)
		if len(policies) == 0 {
			continue
		}
		if of.limiter, err = ratelimit.NewLimiter(r, now, policies...); err != nil {
			return Limits{}, err
		}
		*kind.into = of
	}
	return l, nil
}

// of gives the limits of whoever asks, and what they are called in the metrics; nil where there are none.
func (l Limits) of(request *access.Request) (*limits, string) {
	switch {
	case request.Actor == nil:
		return l.anonymous, telemetry.LimitAnonymous
	case request.Actor.Key != nil:
		return l.keys, telemetry.LimitKey
	}
	return l.people, telemetry.LimitCaller
}

// limit counts the request, and tells the client where it stands.
func (g *Gate) limit(ctx context.Context, c echo.Context, request *access.Request) error {
	of, label := g.Limits.of(request)
	if of == nil {
		return nil
	}
	keys := make([]string, len(of.counts))
	for i, count := range of.counts {
		keys[i] = count(request)
	}
	decision := of.limiter.Allow(ctx, keys...)
	header := c.Response().Header()
	header.Set("RateLimit-Policy", ratelimit.PolicyHeader(decision))
	header.Set("RateLimit", ratelimit.StateHeader(decision))
	if decision.Allowed {
		return nil
	}
	g.Metrics.Throttled(label)
	return fault.New(fault.RateLimited).After(decision.RetryAfter)
}
