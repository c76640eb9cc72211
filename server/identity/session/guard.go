package session

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"time"

	"github.com/google/uuid"
	"github.com/redis/rueidis"

	"github.com/ai-interviewer-platform/interviewer/db/stored"
	"github.com/ai-interviewer-platform/interviewer/gen/db"
	"github.com/ai-interviewer-platform/interviewer/server/platform/fault"
	"github.com/ai-interviewer-platform/interviewer/server/platform/postgres"
	"github.com/ai-interviewer-platform/interviewer/server/platform/redis"
	"github.com/ai-interviewer-platform/interviewer/server/platform/text"
)

const (
	keyPrefix = "session:"
	// pollEvery is how often each replica reads the recent session changes from PostgreSQL.
	pollEvery = 400 * time.Millisecond
	// pollOverlap is how old the changes of one poll may be: well above the longest time from a change to its commit,
	// which the timeouts of statements and requests bound.
	pollOverlap = time.Minute
	// pollTimeout bounds one poll.
	pollTimeout = 3 * time.Second
	// copyTTL is how long Redis keeps the state of an open session, and localTTL how long a replica caches that copy.
	copyTTL  = 10 * time.Minute
	localTTL = time.Minute
)

// put stores a state unless Redis has one of the same or a higher epoch, and returns the stored one. Neither a slow
// reader nor a late writer can therefore restore an older state.
//
// KEYS[1] the session; ARGV[1] the state, ARGV[2] its epoch, ARGV[3] its time to live in milliseconds.
const put = `
local stored = redis.call('GET', KEYS[1])
if stored and (tonumber(string.match(stored, '^%d+')) or 0) >= tonumber(ARGV[2]) then return stored end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[3])
return ARGV[1]`

// Source is where the state that decided about a token was read from.
type Source string

// The sources.
const (
	FromMemory   Source = "local"
	FromRedis    Source = "redis"
	FromDatabase Source = "postgres"
)

// Guard checks, on one replica, whether sessions are open.
//
// It reads states from Redis through rueidis' client-side cache, so that the usual request needs no round trip; Redis
// notifies all replicas of changes. States that Redis does not have are read from PostgreSQL, never assumed to be
// open. Redis can lose a change: it can hang, restart empty or restart with old data, and the writer can crash before
// it writes to Redis. Each replica therefore also polls PostgreSQL for recent changes several times per second. A
// change overrides all copies of a lower epoch.
type Guard struct {
	store    *postgres.Store
	redis    *redis.Redis
	keys     *Keyring
	now      func() time.Time
	lifetime time.Duration
	observe  func(Source)
	script   *rueidis.Lua
	// opened has the states of sealed texts, by session. The keys never change, so a text always has the same state.
	opened memo[uuid.UUID, opened]

	mu      sync.RWMutex
	changed map[uuid.UUID]change
	polled  time.Time // start of the last successful poll
}

// opened is a state, and the text that it was sealed in.
type opened struct {
	text string
	State
}

// change is a state that this replica has learned of, and when.
type change struct {
	State
	at time.Time
}

// NewGuard returns a Guard. The keys sign the copies in Redis; the lifetime of access tokens bounds how long changes
// are kept in memory; observe is called with the source of each decision.
func NewGuard(
	s *postgres.Store, r *redis.Redis, keys *Keyring, lifetime time.Duration, now func() time.Time, observe func(Source),
) *Guard {
	return &Guard{
		store: s, redis: r, keys: keys, now: now, lifetime: lifetime, observe: observe,
		script: rueidis.NewLuaScript(put), changed: map[uuid.UUID]change{},
	}
}

// Check returns the current state of the session of a verified token. It fails with ErrEnded if the token is no longer
// valid, and with a fault if the state could not be read.
func (g *Guard) Check(ctx context.Context, c Claims) (State, error) {
	state, source, err := g.current(ctx, c)
	if err != nil {
		return State{}, err
	}
	g.observe(source)
	return state, state.Admit(c, g.now())
}

// ClaimsOf returns what an access token of the session of a verified refresh token would claim. It reads PostgreSQL,
// and fails with ErrEnded if the session has ended.
func (g *Guard) ClaimsOf(ctx context.Context, t RefreshToken) (Claims, error) {
	c := Claims{CompanyID: t.CompanyID, SessionID: t.SessionID}
	state, err := g.load(ctx, c)
	if err != nil {
		return Claims{}, err
	}
	c.UserID, c.Epoch = state.UserID, state.Epoch
	return c, state.Admit(c, g.now())
}

// Confirm makes that a transaction commits only if PostgreSQL admits a verified token then, as Check does, or if the
// transaction itself has ended the session. Otherwise it fails with the result of ended.
func (g *Guard) Confirm(ctx context.Context, tx *postgres.Tx, c Claims, ended func() error) error {
	return tx.Require(ended).RequireSession(ctx, db.RequireSessionParams{
		CompanyID: c.CompanyID, ID: c.SessionID, UserID: c.UserID, Epoch: c.Epoch, Now: g.now(),
	})
}

func (g *Guard) current(ctx context.Context, c Claims) (State, Source, error) {
	cached, found := g.copyOf(ctx, c.SessionID)
	g.mu.RLock()
	learned, known := g.changed[c.SessionID]
	g.mu.RUnlock()
	if known && (!found || learned.Epoch >= cached.Epoch) && learned.Epoch >= c.Epoch {
		return learned.State, FromMemory, nil
	}
	// A copy with a lower epoch than the token's is outdated: we signed that token.
	if found && cached.Epoch >= c.Epoch {
		return cached, FromRedis, nil
	}
	state, err := g.load(ctx, c)
	return state, FromDatabase, err
}

// keyOf returns the key of a session in Redis.
func keyOf(session uuid.UUID) string {
	return string(text.AppendID(append(make([]byte, 0, 64), keyPrefix...), session)) //nolint:mnd // more than enough
}

// copyOf returns the copy in Redis. If Redis is down, there is none.
func (g *Guard) copyOf(ctx context.Context, session uuid.UUID) (state State, found bool) {
	err := g.redis.Do(ctx, func(ctx context.Context, c rueidis.Client) error {
		sealed, err := c.DoCache(ctx, c.B().Get().Key(keyOf(session)).Cache(), localTTL).ToString()
		if err != nil {
			return err
		}
		if known, found := g.opened.get(session); found && known.text == sealed {
			state = known.State
			return nil
		}
		if state, err = g.keys.openState(session, sealed); err == nil {
			g.opened.put(session, opened{sealed, state})
		}
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
		return State{}, fmt.Errorf("read the state of session %s: %w", c.SessionID, err)
	}
	state := State{c.CompanyID, row.UserID, row.Role, row.Epoch, row.ExpiresAt, row.Revoked, row.PasswordChangeRequired}
	if state.Epoch > c.Epoch {
		// PostgreSQL refuses the token. If Redis restarts with an older copy, that copy must not admit the token again.
		g.learn(map[uuid.UUID]State{c.SessionID: state})
	}
	if stored, err := g.write(ctx, c.SessionID, state); err == nil && stored.Epoch > state.Epoch {
		return stored, nil
	}
	return state, nil
}

// write sends a state to Redis and returns the one that Redis then has. It replaces values that we did not write.
func (g *Guard) write(ctx context.Context, session uuid.UUID, s State) (State, error) {
	ttl := copyTTL
	if s.Revoked {
		ttl = g.retention()
	}
	stored, key, sealed := s, keyOf(session), g.keys.sealState(session, s)
	err := g.redis.Do(ctx, func(ctx context.Context, c rueidis.Client) error {
		kept, err := g.script.Exec(ctx, c, []string{key},
			[]string{sealed, strconv.Itoa(int(s.Epoch)), strconv.FormatInt(ttl.Milliseconds(), 10)}).ToString()
		if err != nil {
			return err
		}
		if stored, err = g.keys.openState(session, kept); err != nil {
			stored = s
			return c.Do(ctx, c.B().Set().Key(key).Value(sealed).Px(ttl).Build()).Error()
		}
		return nil
	})
	return stored, err
}

// retention is how long a change must be kept: until the last access token issued before it has expired.
func (g *Guard) retention() time.Duration { return g.lifetime + 2*skew }

// Publish announces committed changes: to this replica immediately, to the others through Redis. Changes that could
// not be written to Redis reach the other replicas within a second by their polls. Publish also works after ctx has
// ended.
func (g *Guard) Publish(ctx context.Context, role stored.Role, changed ...db.Session) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
	defer cancel()
	states := make(map[uuid.UUID]State, len(changed))
	for _, row := range changed {
		states[row.ID] = State{
			row.CompanyID, row.UserID, role, row.Epoch, row.ExpiresAt, row.RevokedAt != nil, row.PasswordChangeRequired,
		}
	}
	g.announce(ctx, g.learn(states))
}

// learn keeps changes in memory, and returns those that were not known yet.
func (g *Guard) learn(states map[uuid.UUID]State) map[uuid.UUID]State {
	unknown := map[uuid.UUID]State{}
	g.mu.Lock()
	defer g.mu.Unlock()
	for session, state := range states {
		if before, known := g.changed[session]; !known || state.Epoch > before.Epoch {
			g.changed[session] = change{state, g.now()}
			unknown[session] = state
		}
	}
	return unknown
}

// announce writes changes to Redis. If Redis is down, the other replicas learn of them by polling.
func (g *Guard) announce(ctx context.Context, changes map[uuid.UUID]State) {
	for session, state := range changes {
		if _, err := g.write(ctx, session, state); errors.Is(err, redis.ErrDown) || ctx.Err() != nil {
			return
		}
	}
}

// Poll reads the recent session changes from PostgreSQL once. The server does so once before it serves requests.
func (g *Guard) Poll(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, pollTimeout)
	defer cancel()
	began := g.now()
	seconds := int32(g.pollWindow(began) / time.Second) //nolint:gosec // an hour or two
	rows, err := g.store.Lookup().ListSessionChanges(ctx, seconds)
	if err != nil {
		return fmt.Errorf("read recent session changes: %w", err)
	}
	states := make(map[uuid.UUID]State, len(rows))
	for _, row := range rows {
		states[row.SessionID] = State{
			row.CompanyID, row.UserID, row.Role, row.Epoch, row.ExpiresAt, row.Revoked, row.PasswordChangeRequired,
		}
	}
	changes := g.learn(states)
	g.mu.Lock()
	g.polled = began
	g.mu.Unlock()
	g.announce(ctx, changes)
	return nil
}

// pollWindow returns the maximum age of the changes that a poll must read: pollOverlap, or, if the last successful
// poll is too long ago or the clock was set back, the retention.
func (g *Guard) pollWindow(now time.Time) time.Duration {
	g.mu.RLock()
	defer g.mu.RUnlock()
	if pause := now.Sub(g.polled); pause < 0 || pause > pollOverlap/2 {
		return g.retention()
	}
	return pollOverlap
}

// Watch polls until ctx ends, and drops changes after their retention. failed is called with the errors of polls.
func (g *Guard) Watch(ctx context.Context, failed func(error)) {
	poll := time.NewTicker(pollEvery)
	defer poll.Stop()
	clean := time.NewTicker(time.Minute)
	defer clean.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-poll.C:
			if err := g.Poll(ctx); err != nil && !errors.Is(err, context.Canceled) {
				failed(err)
			}
		case <-clean.C:
			g.clean()
		}
	}
}

func (g *Guard) clean() {
	oldest := g.now().Add(-g.retention())
	g.mu.Lock()
	defer g.mu.Unlock()
	for session, c := range g.changed {
		if c.at.Before(oldest) {
			delete(g.changed, session)
		}
	}
}
