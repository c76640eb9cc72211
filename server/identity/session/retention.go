package session

import (
	"context"
	"math"
	"time"

	"github.com/ai-interviewer-platform/interviewer/gen/db"
	"github.com/ai-interviewer-platform/interviewer/server/platform/postgres"
)

// DeleteEnded deletes sessions of all companies that were revoked or expired before a time, at most so many, the oldest
// first, and returns their number. The time must be further in the past than the lifetime of an access token, so that
// every replica knows that the session has ended as long as a token of it is valid.
func DeleteEnded(ctx context.Context, s *postgres.Store, before time.Time, atMost int) (int64, error) {
	return s.Lookup().DeleteEndedSessions(ctx, db.DeleteEndedSessionsParams{
		Before: before, AtMost: int32(min(atMost, math.MaxInt32)), //nolint:gosec // bounded on this line
	})
}
