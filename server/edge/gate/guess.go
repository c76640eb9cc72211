package gate

import (
	"context"
	"crypto/sha256"
	"sync"
	"time"

	"github.com/ai-interviewer-platform/interviewer/server/access"
	"github.com/ai-interviewer-platform/interviewer/server/edge/ratelimit"
	"github.com/ai-interviewer-platform/interviewer/server/platform/fault"
	"github.com/ai-interviewer-platform/interviewer/server/platform/telemetry"
)

const (
	// acceptedFor is how long a replica remembers that it has accepted a secret of an API key.
	acceptedFor = 10 * time.Minute
	// maxAccepted is how many secrets a replica remembers.
	maxAccepted = 10_000
)

// guesses bound how often a replica looks for API keys that do not exist. Requests are counted after they are
// authenticated, because a key has limits of its own, so that without this bound every guess would cost a query.
// A network that has sent as many wrong keys as it may send anonymous requests is refused without a query, except for
// keys that the replica has accepted recently: clients that share the address of a wrong one continue. What is
// remembered permits only the query; it never replaces it. The zero value has no bound. It is safe for concurrent use.
type guesses struct {
	wrong *ratelimit.Local
	now   func() time.Time

	mu       sync.Mutex
	accepted map[[sha256.Size]byte]time.Time
}

// newGuesses returns guesses with a number of wrong keys per minute.
func newGuesses(now func() time.Time, rate int) (*guesses, error) {
	wrong, err := ratelimit.NewLocal(now, ratelimit.Policy{Name: "wrong key", Limit: rate, Window: time.Minute})
	if err != nil {
		return nil, err
	}
	return &guesses{wrong: wrong, now: now, accepted: map[[sha256.Size]byte]time.Time{}}, nil
}

// readFirst is rights.read for a request whose API key was not looked up yet. It fails with RateLimited if the client
// has sent too many wrong keys.
func (g *Gate) readFirst(ctx context.Context, r *rights, client ratelimit.Client) (*access.Actor, error) {
	if r.key == "" {
		return r.read(ctx)
	}
	if wait := g.Limits.guesses.wait(client, r.key); wait > 0 {
		g.Metrics.Throttled(telemetry.LimitAnonymous)
		return nil, fault.New(fault.RateLimited).After(wait).
			With("Your address has sent too many API keys that are not valid.")
	}
	actor, err := r.read(ctx)
	switch {
	case err == nil:
		g.Limits.guesses.accept(r.key)
	case fault.Is(err, fault.InvalidToken):
		g.Limits.guesses.count(client)
	}
	return actor, err
}

// wait returns how long a client must wait before its key is looked up; 0 if it need not.
func (g *guesses) wait(client ratelimit.Client, key string) time.Duration {
	if g == nil {
		return 0
	}
	wait := g.wrong.Wait(client)
	if wait == 0 {
		return 0
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if until, found := g.accepted[sha256.Sum256([]byte(key))]; found && g.now().Before(until) {
		return 0
	}
	return wait
}

// count counts a wrong key.
func (g *guesses) count(client ratelimit.Client) {
	if g != nil {
		g.wrong.Count(client)
	}
}

// accept remembers a valid key. At the limit, new ones are not remembered.
func (g *guesses) accept(key string) {
	if g == nil {
		return
	}
	hash, now := sha256.Sum256([]byte(key)), g.now()
	g.mu.Lock()
	defer g.mu.Unlock()
	if _, known := g.accepted[hash]; !known && len(g.accepted) >= maxAccepted {
		for other, until := range g.accepted {
			if !now.Before(until) {
				delete(g.accepted, other)
			}
		}
		if len(g.accepted) >= maxAccepted {
			return
		}
	}
	g.accepted[hash] = now.Add(acceptedFor)
}
