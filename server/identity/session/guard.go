package session

import (
	"context"
	"errors"
	"strconv"
	"sync"
	"time"

	"github.com/google/uuid"
	"github.com/redis/rueidis"

	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/gen/db"
	"github.com/ai-interviewer-platform/interviewer/server/platform/fault"
	"github.com/ai-interviewer-platform/interviewer/server/platform/postgres"
	"github.com/ai-interviewer-platform/interviewer/server/platform/redis"
)

const (
	keyPrefix = "session:"
	// watchEvery is how often each replica asks PostgreSQL which sessions have changed.
	watchEvery = 400 * time.Millisecond
	// watchOverlap is how far back it looks: well beyond the longest that a transaction can take from a change to its
	// commit, by the time-outs of statements and requests.
	watchOverlap = time.Minute
	// watchTimeout bounds one look.
	watchTimeout = 3 * time.Second
	// copyTTL is how long Redis keeps a copy of a live session's state, and a replica its copy of that.
	copyTTL      = 10 * time.Minute
	copyTTLLocal = time.Minute
)

// put keeps the later of two states and answers with the one that is kept, so that neither a slow reader nor a late
// writer can bring an earlier state back.
//
// KEYS[1] the session; ARGV[1] the state, ARGV[2] its epoch, ARGV[3] how long to keep it in milliseconds.
const put = `
local kept = redis.call('GET', KEYS[1])
if kept and (tonumber(string.match(kept, '^%d+')) or 0) >= tonumber(ARGV[2]) then return kept end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[3])
return ARGV[1]`

// Source says where the state came from that decided about a token.
type Source string

// The sources.
const (
	FromMemory   Source = "local"
	FromRedis    Source = "redis"
	FromDatabase Source = "postgres"
)

// Guard knows, on one replica, which sessions are alive.
//
// A state is read from Redis through rueidis' client-side cache, so that the usual request asks nobody; Redis tells
// every replica when it changes. What Redis does not have is read from PostgreSQL, never taken for allowed. And because
// Redis can lose a change (it may hang, restart empty or come back with old data, and the writer may die before telling
// it), every replica also asks PostgreSQL for recent changes a few times a second; what it learns there overrides any
// copy with a lower epoch.
type Guard struct {
	store    *postgres.Store
	redis    *redis.Redis
	keys     *Keyring
	now      func() time.Time
	lifetime time.Duration
	observe  func(Source)
	script   *rueidis.Lua

	mu      sync.RWMutex
	changed map[uuid.UUID]change
	watched time.Time // when the last look that succeeded began
}

// change is a state that this replica was told of, and when.
type change struct {
	State
	at time.Time
}

// NewGuard takes the keys that sign the copies in Redis, the access tokens' lifetime, which bounds how long a change
// must be remembered, and a function that is told where each decision's state came from.
func NewGuard(
	s *postgres.Store, r *redis.Redis, keys *Keyring, lifetime time.Duration, now func() time.Time, observe func(Source),
) *Guard {
	return &Guard{
		store: s, redis: r, keys: keys, now: now, lifetime: lifetime, observe: observe,
		script: rueidis.NewLuaScript(put), changed: map[uuid.UUID]change{},
	}
}

// Check gives the present state of the session that a verified token belongs to. It fails with ErrEnded where the token
// is worth nothing any more, and with a fault where nobody could be asked.
func (g *Guard) Check(ctx context.Context, c Claims) (State, error) {
	state, source, err := g.present(ctx, c)
	if err != nil {
		return State{}, err
	}
	g.observe(source)
	return state, state.Admit(c, g.now())
}

func (g *Guard) present(ctx context.Context, c Claims) (State, Source, error) {
	kept, found := g.copyOf(ctx, c.SessionID)
	g.mu.RLock()
	learned, known := g.changed[c.SessionID]
	g.mu.RUnlock()
	if known && (!found || learned.Epoch >= kept.Epoch) && learned.Epoch >= c.Epoch {
		return learned.State, FromMemory, nil
	}
	// A token of a later epoch than the copy's proves the copy to be old: we signed that token.
	if found && kept.Epoch >= c.Epoch {
		return kept, FromRedis, nil
	}
	state, err := g.load(ctx, c)
	return state, FromDatabase, err
}

// copyOf reads Redis; without Redis, there is no copy.
func (g *Guard) copyOf(ctx context.Context, session uuid.UUID) (state State, found bool) {
	err := g.redis.Do(ctx, func(ctx context.Context, c rueidis.Client) error {
		text, err := c.DoCache(ctx, c.B().Get().Key(keyPrefix+session.String()).Cache(), copyTTLLocal).ToString()
		if err != nil {
			return err
		}
		state, err = g.keys.openState(session, text)
		return err
	})
	return state, err == nil
}

func (g *Guard) load(ctx context.Context, c Claims) (State, error) {
	row, err := g.store.Of(c.CompanyID).GetSessionState(ctx, db.GetSessionStateParams{
		CompanyID: c.CompanyID, ID: c.SessionID,
	})
	if fault.Is(err, fault.ResourceNotFound) {
		return State{Revoked: true}, nil
	}
	if err != nil {
		return State{}, err
	}
	state := State{c.CompanyID, row.UserID, row.Role, row.Epoch, row.ExpiresAt, row.Revoked}
	if state.Epoch > c.Epoch {
		// The token was refused by the truth. An older copy that comes back with Redis must not admit it again.
		g.learn(map[uuid.UUID]State{c.SessionID: state})
	}
	if kept, err := g.write(ctx, c.SessionID, state); err == nil && kept.Epoch > state.Epoch {
		return kept, nil
	}
	return state, nil
}

// write offers a state to Redis and gives the one that Redis keeps. What was not written by us is replaced.
func (g *Guard) write(ctx context.Context, session uuid.UUID, s State) (State, error) {
	ttl := copyTTL
	if s.Revoked {
		ttl = g.memory()
	}
	kept, key, sealed := s, keyPrefix+session.String(), g.keys.sealState(session, s)
	err := g.redis.Do(ctx, func(ctx context.Context, c rueidis.Client) error {
		text, err := g.script.Exec(ctx, c, []string{key},
			[]string{sealed, strconv.Itoa(int(s.Epoch)), strconv.FormatInt(ttl.Milliseconds(), 10)}).ToString()
		if err != nil {
			return err
		}
		if kept, err = g.keys.openState(session, text); err != nil {
			kept = s
			return c.Do(ctx, c.B().Set().Key(key).Value(sealed).Px(ttl).Build()).Error()
		}
		return nil
	})
	return kept, err
}

// memory is how long an end must be remembered: until the last token that was issued before it has expired.
func (g *Guard) memory() time.Duration { return g.lifetime + 2*skew }

// Publish makes changes that have just been committed known: here at once, everywhere else through Redis. What Redis
// does not take, the other replicas find in PostgreSQL within a second. It does not depend on the caller still being
// there.
func (g *Guard) Publish(ctx context.Context, role api.Role, changed ...db.Session) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
	defer cancel()
	states := make(map[uuid.UUID]State, len(changed))
	for _, row := range changed {
		states[row.ID] = State{row.CompanyID, row.UserID, role, row.Epoch, row.ExpiresAt, row.RevokedAt != nil}
	}
	g.spread(ctx, g.learn(states))
}

// learn remembers changes, and gives those that are news.
func (g *Guard) learn(states map[uuid.UUID]State) map[uuid.UUID]State {
	news := map[uuid.UUID]State{}
	g.mu.Lock()
	defer g.mu.Unlock()
	for session, state := range states {
		if before, known := g.changed[session]; !known || state.Epoch > before.Epoch {
			g.changed[session] = change{state, g.now()}
			news[session] = state
		}
	}
	return news
}

// spread passes news on to Redis. Without Redis the watch of each replica makes up for it.
func (g *Guard) spread(ctx context.Context, news map[uuid.UUID]State) {
	for session, state := range news {
		if _, err := g.write(ctx, session, state); errors.Is(err, redis.ErrDown) || ctx.Err() != nil {
			return
		}
	}
}

// Look asks PostgreSQL once which sessions have changed lately. The server looks once before it serves.
func (g *Guard) Look(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, watchTimeout)
	defer cancel()
	began := g.now()
	seconds := int32(g.lookBack(began) / time.Second) //nolint:gosec // an hour or two
	rows, err := g.store.Lookup().ListSessionChanges(ctx, seconds)
	if err != nil {
		return err
	}
	states := make(map[uuid.UUID]State, len(rows))
	for _, row := range rows {
		states[row.SessionID] = State{row.CompanyID, row.UserID, row.Role, row.Epoch, row.ExpiresAt, row.Revoked}
	}
	news := g.learn(states)
	g.mu.Lock()
	g.watched = began
	g.mu.Unlock()
	g.spread(ctx, news)
	return nil
}

// lookBack is how far back a look must go: a little, or, after a pause and when the clock was turned, as far as any
// access token reaches.
func (g *Guard) lookBack(now time.Time) time.Duration {
	g.mu.RLock()
	defer g.mu.RUnlock()
	if pause := now.Sub(g.watched); pause < 0 || pause > watchOverlap/2 {
		return g.memory()
	}
	return watchOverlap
}

// Watch looks again and again until the context ends, and forgets what has become irrelevant.
func (g *Guard) Watch(ctx context.Context, failed func(error)) {
	look := time.NewTicker(watchEvery)
	defer look.Stop()
	forget := time.NewTicker(time.Minute)
	defer forget.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-look.C:
			if err := g.Look(ctx); err != nil && !errors.Is(err, context.Canceled) {
				failed(err)
			}
		case <-forget.C:
			g.forget()
		}
	}
}

func (g *Guard) forget() {
	oldest := g.now().Add(-g.memory())
	g.mu.Lock()
	defer g.mu.Unlock()
	for session, c := range g.changed {
		if c.at.Before(oldest) {
			delete(g.changed, session)
		}
	}
}
