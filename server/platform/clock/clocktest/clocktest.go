// Package clocktest provides a clock that only moves when a test advances it, so that a test can run exactly at the end
// of a lifetime and one microsecond later.
package clocktest

import (
	"sync"
	"time"

	"github.com/ai-interviewer-platform/interviewer/server/platform/clock"
)

// Clock is a stopped clock. It is safe for concurrent use.
type Clock struct {
	mu  sync.Mutex
	now time.Time
}

// Stopped returns a clock at the start of the current second, because tokens have whole seconds.
func Stopped() *Clock { return &Clock{now: clock.System().Now().Truncate(time.Second)} }

// Now returns the time of the clock.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

// Advance moves the clock forward.
func (c *Clock) Advance(by time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(by)
}

// Source returns a source with the times of this clock and random ids.
func (c *Clock) Source() clock.Source {
	source := clock.System()
	source.Now = c.Now
	return source
}
