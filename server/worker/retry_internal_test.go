package worker

import (
	"testing"
	"time"

	"github.com/riverqueue/river/rivertype"
)

// TestPeriodicJobIsTriedAgainWithinItsPeriod compares the pauses after the tenth failure.
func TestPeriodicJobIsTriedAgainWithinItsPeriod(t *testing.T) {
	t.Parallel()
	policy := retries{&Worker{
		Options: Options{Now: time.Now},
		kinds:   map[string]Job{"periodic": {Kind: Kind{Every: time.Minute}}, "single": {}},
	}}
	for kind, within := range map[string]bool{"periodic": true, "single": false} {
		failed := &rivertype.JobRow{Kind: kind, Attempt: 10, Errors: make([]rivertype.AttemptError, 10)}
		next := time.Until(policy.NextRetry(failed))
		if got := next <= time.Minute; got != within {
			t.Errorf("%s: the next attempt is in %s; within a minute: got %v, want %v", kind, next, got, within)
		}
	}
}
