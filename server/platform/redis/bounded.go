package redis

import (
	"context"
	"sync"
	"time"
)

// bounded is a context that ends after a timeout. The time runs from when somebody asks for its end, which rueidis does
// before it waits. Most calls find what they read in the memory of rueidis, and need no timer.
type bounded struct {
	context.Context

	timeout time.Duration
	once    sync.Once
	timed   context.Context //nolint:containedctx // the same context, with a timer
	cancel  context.CancelFunc
}

// start starts the timer.
func (b *bounded) start() context.Context {
	b.once.Do(func() { b.timed, b.cancel = context.WithTimeout(b.Context, b.timeout) })
	return b.timed
}

// Deadline implements context.Context.
func (b *bounded) Deadline() (time.Time, bool) { return b.start().Deadline() }

// Done implements context.Context.
func (b *bounded) Done() <-chan struct{} { return b.start().Done() }

// Err implements context.Context.
func (b *bounded) Err() error { return b.start().Err() }

// end ends the context. It must be called once, by the goroutine that has created it.
func (b *bounded) end() {
	b.once.Do(func() { b.timed, b.cancel = b.Context, func() {} })
	b.cancel()
}
