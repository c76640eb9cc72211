package demo

import "time"

// Offices are open on weekdays within these hours by their own clocks.
const (
	opens  = 9
	closes = 18
)

// office tells when people work, by the clocks of one place.
type office struct{ *time.Location }

// workday reports whether the office is open on the day of a time.
func (o office) workday(t time.Time) bool {
	weekday := t.In(o.Location).Weekday()
	return weekday != time.Saturday && weekday != time.Sunday
}

// opening is when the office opens on the day of a time, a number of days later.
func (o office) opening(t time.Time, days int) time.Time {
	year, month, today := t.In(o.Location).Date()
	return time.Date(year, month, today+days, opens, 0, 0, 0, o.Location)
}

// within gives a time at which people work, not after t: t itself while the office is open, and otherwise one of the
// last workday, for which the whole day is drawn together to office hours.
func (o office) within(t time.Time) time.Time {
	if opening := o.opening(t, 0); o.workday(t) && !t.Before(opening) && t.Before(opening.Add((closes-opens)*time.Hour)) {
		return t.UTC().Truncate(time.Millisecond)
	}
	local := t.In(o.Location)
	midnight := time.Date(local.Year(), local.Month(), local.Day(), 0, 0, 0, 0, o.Location)
	into := min(t.Sub(midnight)*(closes-opens)/24, (closes-opens)*time.Hour-time.Second) // some days have 25 hours
	for back := 0; ; back++ {
		worked := o.opening(t, -back).Add(into)
		if !worked.After(t) && o.workday(worked) {
			return worked.UTC().Truncate(time.Millisecond)
		}
	}
}
