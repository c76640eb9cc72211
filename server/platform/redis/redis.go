// Package redis is the one connection to Redis, which may be away. The service starts, answers and stops without it, so
// nothing above this package may take it for granted: every use goes through Do, which returns within a known time
// whatever Redis does, and says ErrDown when it is not there.
//
// One goroutine owns the connection. It asks for a sign of life several times a second, so a Redis that hangs is
// noticed even while every read is served from the client-side cache, and values cached from it are not believed for
// longer than twice Options.Timeout. A connection on which anything goes unanswered is cut, which releases everybody
// who waits on it at once, and a new one is made in the background: no request waits for a connection to be made.
//
// A single Redis and Redis behind Sentinel are supported. Redis Cluster is not: the scripts that run here use keys
// which cannot share a slot.
package redis

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/redis/rueidis"
)

// ErrDown says that Redis is away: not connected, hung, loading, no longer the primary, or closed by us.
var ErrDown = errors.New("redis is down")

// The defaults of Options.
const (
	DefaultTimeout = 250 * time.Millisecond
	DefaultPause   = time.Second
)

// Options bound what Redis may cost. The zero value is what production uses.
type Options struct {
	// Timeout bounds each Do, each attempt to connect, and the silence after which a connection is cut.
	// 0 means DefaultTimeout.
	Timeout time.Duration
	// Pause is the longest wait between two attempts to connect; the first ones follow faster. 0 means DefaultPause.
	Pause time.Duration
	// InProcess says that the server is an imitation inside this process, which knows neither RESP3 nor client-side
	// caching: cached reads then go to the server each time.
	InProcess bool
}

// Redis is a connection that heals itself. It is safe for concurrent use; make one with Open and share it.
type Redis struct {
	option  rueidis.ClientOption
	timeout time.Duration
	pause   time.Duration
	log     *slog.Logger

	// link is the live connection, nil while there is none. Only the goroutine that runs keep writes it.
	link  atomic.Pointer[link]
	life  life
	once  sync.Once
	ended chan struct{}
}

// Open starts to connect in the background and returns at once; Redis need not be there. The URL is redis://, rediss://
// (TLS) or unix://, with user, password and database as usual; "?master_set=name", with further "addr" parameters, says
// that the addresses are Sentinels. The only error is a URL that cannot be used.
func Open(url string, log *slog.Logger, opts Options) (*Redis, error) {
	if opts.Timeout <= 0 {
		opts.Timeout = DefaultTimeout
	}
	if opts.Pause <= 0 {
		opts.Pause = DefaultPause
	}
	option, err := clientOption(url, opts)
	if err != nil {
		return nil, err
	}
	r := &Redis{
		option:  option,
		timeout: opts.Timeout,
		pause:   opts.Pause,
		log:     log,
		life:    make(life),
		ended:   make(chan struct{}),
	}
	go r.keep()
	return r, nil
}

// Do calls fn with a client, if Redis is there. It fails fast with ErrDown while there is no connection, and otherwise
// returns within Options.Timeout: a call that takes longer cuts the connection, for everybody. An error of fn that
// comes from the connection is returned wrapped in ErrDown; every other one is returned as it is, an error that Redis
// answered (rueidis.Nil among them) and the end of ctx included.
//
// fn should do nothing that takes time except talking to Redis, must not keep the client, and is called at most once. A
// command may have been carried out although Do fails.
func (r *Redis) Do(ctx context.Context, fn func(ctx context.Context, c rueidis.Client) error) error {
	l := r.link.Load()
	if l == nil {
		return ErrDown
	}
	return l.do(ctx, fn)
}

// Up reports whether Redis answers; the error wraps ErrDown. It is bounded as Do is.
func (r *Redis) Up(ctx context.Context) error { return r.Do(ctx, ping) }

// Close ends the connection and everything that runs in the background, and waits for it, for some Options.Timeout at
// most. Calls under way, and all later ones, fail with ErrDown.
func (r *Redis) Close() {
	r.once.Do(func() { close(r.life) })
	<-r.ended
}

// keep connects, stays with the connection until it is cut, and connects again, until Close. The pauses between
// attempts double up to the longest, and start again from the shortest after a connection that lasted: one that is lost
// again and again costs callers their Timeout once per longest pause.
func (r *Redis) keep() {
	defer close(r.ended)
	shortest := r.pause / 16
	pause, complained := shortest, false
	for r.life.Err() == nil {
		l, err := r.connect()
		if err == nil {
			r.log.InfoContext(r.life, "connected to redis")
			r.link.Store(l)
			if lasted := r.watch(l); lasted {
				pause = shortest
			}
			r.link.Store(nil)
			l.client.Close()
			err, complained = l.cause(), false
		}
		if !complained && r.life.Err() == nil {
			r.log.WarnContext(r.life, "redis is down", slog.Any("error", err))
			complained = true
		}
		select {
		case <-r.life:
		case <-time.After(pause):
		}
		pause = min(2*pause, r.pause)
	}
}

// watch asks for a sign of life every Timeout, until the connection is cut, by a question without an answer or by a
// caller's. It reports whether the connection lasted.
func (r *Redis) watch(l *link) bool {
	tick := time.NewTicker(r.timeout)
	defer tick.Stop()
	var lived time.Duration
	for {
		select {
		case <-l.ctx.Done():
			return lived >= r.pause
		case <-tick.C:
			lived += r.timeout
			if err := l.do(l.ctx, ping); err != nil {
				l.cut(err)
			}
		}
	}
}

func ping(ctx context.Context, c rueidis.Client) error {
	return c.Do(ctx, c.B().Ping().Build()).Error()
}

// life is the context of what runs in the background. The connection belongs to no request, so no caller's context can
// be its parent; Close is what ends it.
type life chan struct{}

// Deadline says that there is none.
func (l life) Deadline() (time.Time, bool) { return time.Time{}, false }

// Done is closed by Close.
func (l life) Done() <-chan struct{} { return l }

// Err is nil until Close.
func (l life) Err() error {
	select {
	case <-l:
		return context.Canceled
	default:
		return nil
	}
}

// Value has none.
func (l life) Value(any) any { return nil }
