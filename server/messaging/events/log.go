package events

import (
	"context"
	"time"

	"github.com/google/uuid"

	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/server/access"
	"github.com/ai-interviewer-platform/interviewer/server/edge/page"
	"github.com/ai-interviewer-platform/interviewer/server/platform/fault"
	"github.com/ai-interviewer-platform/interviewer/server/platform/postgres"
)

// Log reads the events of a company as a whole: of all its resources, without those for single readers, such as gained
// and lost visibility. Events have the same ids and order as those of FollowEvents.
type Log struct {
	Store *postgres.Store
	// Codec makes the ids of events.
	Codec page.Codec
	// Now is the clock, and Retention how long events are kept.
	Now       func() time.Time
	Retention time.Duration
}

// Position is a place in the log of a company. It can be stored as JSON.
type Position struct{ position }

// End returns the position after all events of complete transactions.
func (l Log) End(ctx context.Context, company uuid.UUID) (Position, error) {
	end, err := endOf(ctx, l.Store.Of(company), l.Now())
	return Position{end}, err
}

// Next returns the events after a position, at most limit, and the position after them. There can be more events after
// the position, although few or none are returned. The error is EventsExpired if the log no longer has all events after
// the position.
func (l Log) Next(
	ctx context.Context, company uuid.UUID, after Position, limit int,
) (found []api.Event, next Position, more bool, err error) {
	queries := l.Store.Of(company)
	end, err := endOf(ctx, queries, l.Now())
	if err != nil {
		return nil, after, false, err
	}
	if after.expired(end, l.Retention) {
		return nil, after, false, fault.New(fault.EventsExpired)
	}
	r := reader{
		queries: queries, ids: l.Codec, company: company, end: end, at: after.position, limit: limit, everything: true,
		reach: access.ReachAll, reachOf: func(api.EventResourceType) access.Reach { return access.ReachAll },
		holds: func(string) bool { return true },
	}
	if err := r.read(ctx); err != nil {
		return nil, after, false, err
	}
	return r.found, Position{r.at}, r.more, nil
}
