package redis

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"time"

	"github.com/redis/rueidis"
)

// link is one life of the connection: from a successful connect until it is cut, and never used again after.
//
// rueidis queues commands in a ring; a caller who finds it full waits without regard to its context, for as long as
// the server is silent. Closing the network connection is what empties the ring, so that is how a link is cut: whoever
// waits in rueidis, wherever it is, comes back with an error at once.
type link struct {
	client  rueidis.Client
	timeout time.Duration
	// ctx ends when the link is cut, or with Close; its cause is why.
	ctx context.Context
	cut context.CancelCauseFunc
	// late cuts the link because something was not answered in time.
	late func()
}

// connect makes a link over which Redis has answered.
func (r *Redis) connect() (*link, error) {
	ctx, cut := context.WithCancelCause(r.life)
	l := &link{timeout: r.timeout, ctx: ctx, cut: cut}
	l.late = func() { cut(fmt.Errorf("no answer within %s", r.timeout)) }

	option := r.option
	option.DialCtxFn = tied(ctx, r.option.DialCtxFn)
	client, err := rueidis.NewClient(option)
	if err == nil {
		l.client = client
		err = l.do(ctx, ping)
	}
	if err != nil {
		cut(err)
		if client != nil {
			client.Close()
		}
		return nil, fmt.Errorf("connect to redis: %w", err)
	}
	return l, nil
}

// do calls fn, and cuts the link when it takes longer than the timeout or fails by the connection.
func (l *link) do(ctx context.Context, fn func(context.Context, rueidis.Client) error) error {
	guard := time.AfterFunc(l.timeout, l.late)
	defer guard.Stop()
	err := fn(ctx, l.client)
	if err == nil || ctx.Err() != nil || !l.lost(err) {
		return err
	}
	l.cut(err)
	return fmt.Errorf("%w: %w", ErrDown, l.cause())
}

// cause is why the link was cut.
func (l *link) cause() error { return context.Cause(l.ctx) }

// lost tells an error of the connection from one that Redis answered and from one of the caller's own making.
func (l *link) lost(err error) bool {
	var answer *rueidis.RedisError
	if errors.As(err, &answer) {
		return refuses(answer)
	}
	if l.ctx.Err() != nil {
		return true
	}
	var network net.Error // Time-outs and the errors of system calls are among them.
	return errors.As(err, &network) ||
		errors.Is(err, io.EOF) ||
		errors.Is(err, io.ErrUnexpectedEOF) ||
		errors.Is(err, net.ErrClosed) ||
		errors.Is(err, context.Canceled) || // Not the caller's own: do has asked its context before.
		errors.Is(err, rueidis.ErrClosing) ||
		errors.Is(err, rueidis.ErrDoCacheAborted)
}

// refuses reports whether the answer means that this server cannot serve at all now: it loads its data, or is a replica
// since a failover, and a new connection may find the primary.
func refuses(answer *rueidis.RedisError) bool {
	if answer.IsNil() {
		return false
	}
	text := answer.Error()
	return answer.IsLoading() || strings.HasPrefix(text, "READONLY") || strings.HasPrefix(text, "MASTERDOWN")
}

// tied makes network connections that close when life ends. The context that rueidis passes is that of whichever caller
// came first, and is set aside: the connection is everybody's.
func tied(life context.Context, dial dialFunc) dialFunc {
	return func(_ context.Context, address string, d *net.Dialer, config *tls.Config) (net.Conn, error) {
		conn, err := dial(life, address, d, config)
		if err != nil {
			return nil, err
		}
		return &wire{Conn: conn, untie: context.AfterFunc(life, func() { _ = conn.Close() })}, nil
	}
}

// wire is a network connection that closes when its link is cut.
type wire struct {
	net.Conn
	untie func() bool
}

// Close closes the connection and unties it from its link.
func (w *wire) Close() error {
	w.untie()
	return w.Conn.Close()
}
