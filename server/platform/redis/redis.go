// Package redis is the connection to Redis. The service starts, runs and stops without Redis, so users of this package
// must not rely on it: every use goes through Do, which returns within a bounded time, and fails with ErrDown if Redis
// is not available.
//
// The package has one rueidis client with one connection. rueidis reconnects, closes a connection on which Redis is
// silent, and drops its client-side cache with the connection. This package adds what rueidis does not do:
//
//   - It bounds each call. rueidis waits as long as the caller's context allows.
//   - It fails fast while Redis is down. One goroutine tests the connection, so that requests do not wait for it.
//   - It replaces the client if Redis answers too slowly, or refuses to serve because it has become a replica.
//
// A single Redis and Redis behind Sentinel are supported. Redis Cluster is not: the scripts of this service use keys
// that cannot share a slot. The decision record 0013 compares this design with its predecessor.
package redis

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"strings"
	"sync/atomic"
	"time"

	"github.com/redis/rueidis"
)

// ErrDown means that Redis is not available: it is not connected, silent, loading its data, no longer the primary, or
// closed by us.
var ErrDown = errors.New("redis is down")

// DefaultTimeout is the default of Options.Timeout.
const DefaultTimeout = 250 * time.Millisecond

// retryPause is the time between two attempts to connect while Redis is down. It also limits how often a Redis that
// answers PING, but not the commands of calls, is found available and then down.
const retryPause = 250 * time.Millisecond

// Options configure a Redis. Production uses the zero value.
type Options struct {
	// Timeout bounds each Do and each attempt to connect. rueidis closes a connection on which Redis is silent within
	// twice the Timeout. 0 means DefaultTimeout.
	Timeout time.Duration
	// InProcess means that the server is miniredis, which supports neither RESP3 nor client-side caching: each cached
	// read then goes to the server.
	InProcess bool
}

// Redis is a connection that is restored after failures. It is safe for concurrent use. A process needs one.
type Redis struct {
	timeout time.Duration
	log     *slog.Logger
	// link is nil while Redis is down.
	link atomic.Pointer[link]
	// untracked is true if the access control list does not permit CLIENT TRACKING.
	untracked atomic.Bool
	close     context.CancelFunc
	ended     chan struct{}
}

// link is the client from the time when Redis is found available until it is found down. Calls that fail late do not
// take a later link down.
type link struct {
	client rueidis.Client
	lose   context.CancelCauseFunc
}

// Open starts to connect in the background and returns at once; Redis need not be available. The connection lives until
// Close; the end of ctx does not end it.
//
// The URL is redis://, rediss:// (TLS) or unix://, with user, password and database. "?master_set=name", with further
// "addr" parameters, means that the addresses are Sentinels; "sentinel_username" and "sentinel_password" are their
// credentials, while user and password are those of the servers. Open fails only if the URL is invalid.
func Open(ctx context.Context, url string, log *slog.Logger, opts Options) (*Redis, error) {
	if opts.Timeout <= 0 {
		opts.Timeout = DefaultTimeout
	}
	option, err := clientOption(url, opts)
	if err != nil {
		return nil, err
	}
	r := &Redis{timeout: opts.Timeout, log: log, ended: make(chan struct{})}
	ctx, r.close = context.WithCancel(context.WithoutCancel(ctx))
	go r.run(ctx, option)
	return r, nil
}

// Do calls fn with a client if Redis is available, and fails with ErrDown at once otherwise. The context of fn ends
// after Options.Timeout. Errors of the connection, and the end of that context, are returned wrapped in ErrDown. All
// others are returned unchanged: errors that Redis answered (rueidis.Nil among them), the end of ctx, and fn's own.
//
// Calls beyond the first 1024 can take longer, because rueidis blocks them without regard to their context until the
// connection is closed: twice the Timeout if Redis is silent, and two seconds if it answers too slowly.
//
// fn should do nothing slow except calling Redis, must not retain the client, and is called at most once. Redis may
// have executed a command even if Do fails.
func (r *Redis) Do(ctx context.Context, fn func(ctx context.Context, c rueidis.Client) error) error {
	l := r.link.Load()
	if l == nil {
		return ErrDown
	}
	bounded := &bounded{Context: ctx, timeout: r.timeout}
	defer bounded.end()
	err := fn(bounded, l.client) //nolint:contextcheck // it ends with ctx
	if err == nil || ctx.Err() != nil || !down(err) {
		return err
	}
	// Concurrent calls share a cached read of the same key, and an attempt to connect. If the context of the call that
	// started it ends, rueidis returns that error to the others too. It says nothing about the connection.
	if ofOther := isContextError(err) && bounded.Err() == nil; !ofOther {
		r.link.CompareAndSwap(l, nil)
		l.lose(err)
	}
	return fmt.Errorf("%w: %w", ErrDown, err)
}

// Up returns nil if Redis answers, and an error that wraps ErrDown otherwise. It is bounded like Do.
func (r *Redis) Up(ctx context.Context) error { return r.Do(ctx, ping) }

// Close ends the connection and the goroutine of the package, and waits for both: about a second if Redis is silent.
// Calls in progress, and all later ones, fail with ErrDown. Close may be called more than once.
func (r *Redis) Close() {
	r.close()
	<-r.ended
}

// run connects, and connects again when Redis is down, until ctx ends.
func (r *Redis) run(ctx context.Context, option rueidis.ClientOption) {
	defer close(r.ended)
	var client rueidis.Client
	defer func() {
		if client != nil {
			client.Close()
		}
	}()
	for reported := false; ctx.Err() == nil; {
		var err error
		if client == nil {
			client, err = rueidis.NewClient(option)
		}
		if !option.DisableCache && refusesTracking(err) {
			// Without notifications there can be no cache: each cached read then goes to the server.
			option.DisableCache = true
			r.untracked.Store(true)
			if client != nil {
				client.Close()
				client = nil
			}
			continue
		}
		if err == nil {
			err = r.ping(ctx, client)
		}
		connected := err == nil
		if connected {
			r.log.InfoContext(ctx, "connected to redis")
			err, reported = r.watch(ctx, client), false
		} else {
			err = fmt.Errorf("connect to redis: %w", err)
		}
		if !reported && ctx.Err() == nil {
			r.log.WarnContext(ctx, "redis is down", slog.Any("error", err))
			reported = true
		}
		// rueidis keeps the connection to a server that answers too slowly, or that refuses to serve. Close releases the
		// calls that wait on it, and the address may lead to another server by now.
		if client != nil && (!connected || refused(err)) { // for a single address, rueidis returns a client and an error
			client.Close()
			client = nil
		}
		select {
		case <-ctx.Done():
		case <-time.After(retryPause):
		}
	}
}

// watch makes the client available until Redis is down, and returns the reason. It notices when Redis is down even if
// there are no calls, or only reads from the client-side cache.
func (r *Redis) watch(ctx context.Context, client rueidis.Client) error {
	ctx, lose := context.WithCancelCause(ctx)
	defer lose(nil)
	r.link.Store(&link{client, lose})
	defer r.link.Store(nil)
	r.report(ctx)
	tick := time.NewTicker(r.timeout)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-tick.C:
			if err := r.ping(ctx, client); err != nil {
				lose(err)
			}
		}
	}
}

// ping is bounded by Options.Timeout even if rueidis has no room for it.
func (r *Redis) ping(ctx context.Context, client rueidis.Client) error {
	ctx, cancel := context.WithTimeout(ctx, r.timeout)
	defer cancel()
	answer := make(chan error, 1)
	go func() { answer <- ping(ctx, client) }()
	select {
	case err := <-answer:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

func ping(ctx context.Context, c rueidis.Client) error {
	return c.Do(ctx, c.B().Ping().Build()).Error()
}

// down reports whether err means that Redis is down: an error of the connection, or a refusal. Other errors that Redis
// answered, and errors of the caller's function, do not.
func down(err error) bool {
	var answer *rueidis.RedisError
	if errors.As(err, &answer) {
		return refused(err)
	}
	var network net.Error // timeouts, the end of the bounded context, and errors of system calls
	return errors.As(err, &network) ||
		errors.Is(err, io.EOF) ||
		errors.Is(err, io.ErrUnexpectedEOF) ||
		errors.Is(err, net.ErrClosed) ||
		isContextError(err) || // of the bounded context, or of another call
		errors.Is(err, rueidis.ErrClosing) ||
		errors.Is(err, rueidis.ErrDoCacheAborted)
}

// isContextError reports whether err is the end of a context.
func isContextError(err error) bool {
	return errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded)
}

// refused reports whether Redis answered that it cannot serve at all at the moment: it loads its data, or it is a
// replica.
func refused(err error) bool {
	var answer *rueidis.RedisError
	if !errors.As(err, &answer) || answer.IsNil() {
		return false
	}
	text := answer.Error()
	return answer.IsLoading() || strings.HasPrefix(text, "READONLY") || strings.HasPrefix(text, "MASTERDOWN")
}
