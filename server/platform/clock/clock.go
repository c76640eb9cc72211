// Package clock is where time and ids come from, so that a test can decide both. Nothing else in the server asks the
// system for them.
package clock

import (
	"time"

	"github.com/google/uuid"
)

// Source gives times and ids.
type Source struct {
	// Now is the present in UTC, in whole microseconds, which is what PostgreSQL keeps.
	Now func() time.Time
	// ID is a new UUIDv7: unique, and ordered by time.
	ID func() uuid.UUID
}

// System is the real source.
func System() Source {
	return Source{
		Now: func() time.Time { return time.Now().UTC().Truncate(time.Microsecond) },
		ID:  func() uuid.UUID { return uuid.Must(uuid.NewV7()) },
	}
}
