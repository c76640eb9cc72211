package session

import "time"

// Tally counts events of a session between their audit entries. There is at most one entry per day in UTC: the first
// event of a day writes it, with the number of events since the entry before.
type Tally struct {
	// Count is the number of events that no entry has counted.
	Count int32
	// RecordedAt is the time of the last entry; nil if there is none.
	RecordedAt *time.Time
}

// Add counts an event. If it is the first of its day, it also returns the number of events that an entry must record
// now; otherwise 0.
func (t Tally) Add(now time.Time) (record int32, next Tally) {
	t.Count++
	if t.RecordedAt != nil && !day(now).After(day(*t.RecordedAt)) {
		return 0, t
	}
	return t.Count, Tally{RecordedAt: &now}
}

// day returns the beginning of a day in UTC.
func day(t time.Time) time.Time { return t.UTC().Truncate(24 * time.Hour) }
