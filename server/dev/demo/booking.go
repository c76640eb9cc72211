package demo

import (
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/ai-interviewer-platform/interviewer/db/stored"
)

// period is a half-open time interval.
type period struct{ from, to time.Time }

func (p period) overlaps(other period) bool {
	return p.from.Before(other.to) && other.from.Before(p.to)
}

// free reports whether a period overlaps none of the others.
func (p period) free(others []period) bool { return !slices.ContainsFunc(others, p.overlaps) }

// randomSlot returns a time within office hours that starts within a period, at the full or half hour. It reports
// false if 100 attempts find none.
func (g *generator) randomSlot(at office, within period, minutes int) (period, bool) {
	length := time.Duration(minutes) * time.Minute
	halves := int((closes-opens)*time.Hour-length)/int(30*time.Minute) + 1
	for range 100 {
		drawn := within.from.Add(g.between(0, within.to.Sub(within.from)))
		from := at.opening(drawn, 0).Add(time.Duration(g.IntN(halves)) * 30 * time.Minute).UTC()
		if at.workday(drawn) && !from.Before(within.from) && from.Before(within.to) {
			return period{from, from.Add(length)}, true
		}
	}
	return period{}, false
}

// findTime reserves a time for an interview at which the candidate and the given number of panelists are free. It
// reports false if it finds none.
func (g *generator) findTime(app *application, within period, minutes, panelists int) (period, []person, bool) {
	for range 20 {
		when, found := g.randomSlot(app.job.office, within, minutes)
		if !found {
			return period{}, nil, false
		}
		if panel, found := g.reserve(app, when, panelists); found {
			return when, panel, true
		}
	}
	return period{}, nil, false
}

// reserve reserves a time for the candidate and a panel. It reports false if not enough people are free.
func (g *generator) reserve(app *application, when period, panelists int) ([]person, bool) {
	if !when.free(app.candidate.busy) {
		return nil, false
	}
	panel := g.choosePanel(app.job, panelists, func(id uuid.UUID) bool { return when.free(g.busy[id]) })
	if len(panel) < panelists {
		return nil, false
	}
	app.candidate.busy = append(app.candidate.busy, when)
	for _, p := range panel {
		g.busy[p.id] = append(g.busy[p.id], when)
	}
	return panel, true
}

// choosePanel draws free users for a panel. It prefers members of the job, then users of its department. It can
// return fewer than requested.
func (g *generator) choosePanel(of *job, number int, free func(uuid.UUID) bool) []person {
	weights := make([]int, len(g.panelists))
	for i, p := range g.panelists {
		switch {
		case !free(p.id):
		case p.role == stored.RoleHR:
			weights[i] = 1
		case slices.ContainsFunc(of.team, func(member person) bool { return member.id == p.id }):
			weights[i] = 12
		case p.department == of.department:
			weights[i] = 4
		default:
			weights[i] = 1
		}
	}
	var drawn []person
	for len(drawn) < number {
		i := g.weightedIndex(weights)
		if i < 0 {
			break
		}
		drawn = append(drawn, g.panelists[i])
		weights[i] = 0
	}
	return drawn
}

// findCurrentTime reserves the time of an interview that is in progress now. Outside of office hours it is the last
// time before, of an interview that nobody has marked as finished.
func (g *generator) findCurrentTime(app *application, minutes, panelists int) (period, []person, bool) {
	length := time.Duration(minutes) * time.Minute
	for back := range 4 * 48 {
		from := g.now.Truncate(30 * time.Minute).Add(-time.Duration(back) * 30 * time.Minute)
		opening := app.job.office.opening(from, 0)
		when := period{from, from.Add(length)}
		if !app.job.office.workday(from) || from.Before(opening) || when.to.After(opening.Add((closes-opens)*time.Hour)) ||
			g.now.Sub(from) < 3*time.Minute {
			continue
		}
		if panel, found := g.reserve(app, when, panelists); found {
			return when, panel, true
		}
	}
	return period{}, nil, false
}
