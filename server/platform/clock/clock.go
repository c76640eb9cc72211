// Package clock provides time, ids and random bytes, so that tests can control them. No other package of the server
// reads the system clock.
package clock

import (
	"crypto/rand"
	"io"
	"time"

	"github.com/google/uuid"
)

// Source provides times, ids and random bytes.
type Source struct {
	// Now returns the current time in UTC, in whole microseconds, the resolution of PostgreSQL.
	Now func() time.Time
	// ID returns a new UUIDv7, which is unique and ordered by time.
	ID func() uuid.UUID
	// Random provides bytes that nobody can predict.
	Random io.Reader
}

// Bytes returns n random bytes.
func (s Source) Bytes(n int) []byte {
	b := make([]byte, n)
	_, _ = io.ReadFull(s.Random, b) // crypto/rand never fails
	return b
}

// System returns the system clock, random ids and crypto/rand.
func System() Source {
	return Source{
		Now: func() time.Time { return time.Now().UTC().Truncate(time.Microsecond) },
		ID:  func() uuid.UUID { return uuid.Must(uuid.NewV7()) },

		Random: rand.Reader,
	}
}
