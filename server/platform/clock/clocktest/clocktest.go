// Package clocktest gives tests a clock that stands still until it is moved, so that a test can stand exactly at the
// end of a lifetime, and a microsecond beyond it.
package clocktest

import (
	"sync"
	"time"

	"github.com/ai-interviewer-platform/interviewer/server/platform/clock"
)

// Clock stands still. It is safe for concurrent use.
type Clock struct {
	mu  sync.Mutex
	now time.Time
}

// Stopped gives a clock that stands at the beginning of the present second: tokens count in whole seconds.
func Stopped() *Clock { return &Clock{now: clock.System().Now().Truncate(time.Second)} }

// Now is where the clock stands.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

// Advance moves the clock on.
func (c *Clock) Advance(by time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(by)
}

// Source is a source with the times of this clock, and the ids of the system.
func (c *Clock) Source() clock.Source { return clock.Source{Now: c.Now, ID: clock.System().ID} }
