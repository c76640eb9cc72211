// Package clock provides time and ids, so that tests can control both. No other package of the server reads the system
// clock.
package clock

import (
	"time"

	"github.com/google/uuid"
)

// Source provides times and ids.
type Source struct {
	// Now returns the current time in UTC, in whole microseconds, the resolution of PostgreSQL.
	Now func() time.Time
	// ID returns a new UUIDv7, which is unique and ordered by time.
	ID func() uuid.UUID
}

// System returns the system clock and random ids.
func System() Source {
	return Source{
		Now: func() time.Time { return time.Now().UTC().Truncate(time.Microsecond) },
		ID:  func() uuid.UUID { return uuid.Must(uuid.NewV7()) },
	}
}
