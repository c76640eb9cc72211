package gate

import (
	"context"
	"errors"
	"time"

	"github.com/ai-interviewer-platform/interviewer/server/access"
	"github.com/ai-interviewer-platform/interviewer/server/edge/ratelimit"
	"github.com/ai-interviewer-platform/interviewer/server/platform/fair"
	"github.com/ai-interviewer-platform/interviewer/server/platform/fault"
)

const (
	// admissionWait is how long a request waits to be admitted.
	admissionWait = 500 * time.Millisecond
	// admissionQueue is how many requests of each kind wait. Each of them has its headers in memory.
	admissionQueue = 1024
	// admissionRetry is the Retry-After of a request that is not admitted.
	admissionRetry = time.Second
)

// Admission bounds how many requests run at once on a replica, so that a replica with too many requests answers some of
// them in time, instead of all of them too late. Requests of users and API keys take turns by company, those of public
// operations by the network of their client. It is safe for concurrent use.
type Admission struct {
	companies, public *fair.Places[ratelimit.Client]
}

// Capacity is what the requests of a replica use. All numbers are at least 1.
type Capacity struct {
	// Connections is the number of connections to PostgreSQL, and Processors the number of processors.
	Connections, Processors int
	// Hashes is how many passwords can be hashed and wait for it at the same time.
	Hashes int
	// Share is the percentage of the places that a company can have.
	Share int
	// Now is the clock.
	Now func() time.Time
}

// Places returns how many requests of companies can run at once, and how many of public operations.
func (c Capacity) Places() (companies, public int) {
	const perConnection, perHash, perProcessor = 4, 2, 8
	return perConnection*c.Connections + perProcessor*c.Processors, perHash*c.Hashes + perProcessor*c.Processors
}

// NewAdmission returns places for requests. Those of companies are several for each connection and processor, so that
// both have work while requests wait for the client or for a lock; the wait for a connection has a bound of its own.
// Those of public operations are twice as many as can sign in, and one network gets half of them.
func NewAdmission(c Capacity) *Admission {
	companies, public := c.Places()
	places := func(places, share int) *fair.Places[ratelimit.Client] {
		return fair.New[ratelimit.Client](fair.Options{
			Places: places, Share: max(1, share), Queue: admissionQueue, QueueShare: admissionQueue, Wait: admissionWait,
			Now: c.Now,
		})
	}
	return &Admission{
		companies: places(companies, (companies*c.Share+99)/100), public: places(public, public/2),
	}
}

// Load returns the load of the requests of companies, and of those of public operations.
func (a *Admission) Load() (companies, public fair.Load) { return a.companies.Load(), a.public.Load() }

// place is what a running request holds. The zero value is none.
type place struct {
	of    *fair.Places[ratelimit.Client]
	group ratelimit.Client
}

func (p place) leave() {
	if p.of != nil {
		p.of.Release(p.group)
	}
}

// enter waits until a request may run. It fails with ServerBusy. Operations for health checks, those that end access,
// and exports and imports, which have a bound of their own, do not wait.
func (g *Gate) enter(ctx context.Context, op *Operation, request *access.Request) (place, error) {
	if !op.Limited || op.First || op.long() {
		return place{}, nil
	}
	p := place{g.Admission.public, ratelimit.Address(request.IP)}
	if request.Actor != nil {
		p = place{g.Admission.companies, ratelimit.ID(request.Actor.CompanyID)}
	}
	began := g.Clock.Now()
	err := p.of.Acquire(ctx, p.group)
	g.Metrics.AdmissionWait(g.Clock.Now().Sub(began))
	if err == nil {
		return p, nil
	}
	if errors.Is(err, fair.ErrNoPlace) {
		err = fault.New(fault.ServerBusy).After(admissionRetry).Because(err)
	}
	return place{}, err
}
