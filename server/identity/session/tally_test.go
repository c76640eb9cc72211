package session_test

import (
	"testing"
	"time"

	"github.com/ai-interviewer-platform/interviewer/server/identity/session"
)

func TestTallyRecordsOncePerDay(t *testing.T) {
	t.Parallel()
	at := func(day, hour int) time.Time { return time.Date(2026, 3, day, hour, 0, 0, 0, time.UTC) }
	var tally session.Tally
	for _, event := range []struct {
		now    time.Time
		record int32
	}{
		{at(1, 10), 1},
		{at(1, 11), 0},
		{at(1, 23), 0},
		{at(2, 0), 3},
		{at(2, 0), 0},
		{at(1, 23), 0},
		{at(9, 5), 3},
		{at(10, 1).In(time.FixedZone("west", -7200)), 1}, // 23:00 on March 9 there
	} {
		var record int32
		if record, tally = tally.Add(event.now); record != event.record {
			t.Errorf("%s: got %d to record, want %d", event.now, record, event.record)
		}
	}
}
