package demo

import "time"

// Offices are open on weekdays between these hours, in local time.
const (
	opens  = 9
	closes = 18
)

// office computes working hours in a time zone.
type office struct{ *time.Location }

// workday reports whether the local day of t is a weekday.
func (o office) workday(t time.Time) bool {
	weekday := t.In(o.Location).Weekday()
	return weekday != time.Saturday && weekday != time.Sunday
}

// opening returns the opening time of the day that is the given number of days after the local day of t.
func (o office) opening(t time.Time, days int) time.Time {
	year, month, today := t.In(o.Location).Date()
	return time.Date(year, month, today+days, opens, 0, 0, 0, o.Location)
}

// workTime returns a time in working hours that is not after t: t itself if the office is open, otherwise a time on
// the last working day. It maps the 24 hours of a day to working hours proportionally, so that different times stay
// different.
func (o office) workTime(t time.Time) time.Time {
	if opening := o.opening(t, 0); o.workday(t) && !t.Before(opening) && t.Before(opening.Add((closes-opens)*time.Hour)) {
		return t.UTC().Truncate(time.Millisecond)
	}
	local := t.In(o.Location)
	midnight := time.Date(local.Year(), local.Month(), local.Day(), 0, 0, 0, 0, o.Location)
	// The minimum is needed because days with a clock change can have 25 hours.
	into := min(t.Sub(midnight)*(closes-opens)/24, (closes-opens)*time.Hour-time.Second)
	for back := 0; ; back++ {
		worked := o.opening(t, -back).Add(into)
		if !worked.After(t) && o.workday(worked) {
			return worked.UTC().Truncate(time.Millisecond)
		}
	}
}
