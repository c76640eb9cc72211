package demo

import (
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/ai-interviewer-platform/interviewer/gen/api"
)

// period is a time from its first moment to the moment after its last.
type period struct{ from, to time.Time }

func (p period) overlaps(other period) bool {
	return p.from.Before(other.to) && other.from.Before(p.to)
}

// free reports whether a period overlaps none of others.
func (p period) free(others []period) bool { return !slices.ContainsFunc(others, p.overlaps) }

// slot is a time within the hours of an office that begins within a period, at the full or half hour; false where a
// hundred attempts find none.
func (g *generator) slot(at office, within period, minutes int) (period, bool) {
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

// book finds a time for an interview of a course, at which the candidate and a panel of so many are free, and takes it
// from them; false where there is none.
func (g *generator) book(c *course, within period, minutes, panelists int) (period, []person, bool) {
	for range 20 {
		when, found := g.slot(c.job.office, within, minutes)
		if !found {
			return period{}, nil, false
		}
		if panel, found := g.take(c, when, panelists); found {
			return when, panel, true
		}
	}
	return period{}, nil, false
}

// take takes a time from the candidate and a panel of so many, where they are free.
func (g *generator) take(c *course, when period, panelists int) ([]person, bool) {
	if !when.free(c.applicant.busy) {
		return nil, false
	}
	panel := g.panel(c.job, panelists, func(id uuid.UUID) bool { return when.free(g.busy[id]) })
	if len(panel) < panelists {
		return nil, false
	}
	c.applicant.busy = append(c.applicant.busy, when)
	for _, p := range panel {
		g.busy[p.id] = append(g.busy[p.id], when)
	}
	return panel, true
}

// panel draws people for a panel: those whose job it is before their department, and these before all others. It may
// find fewer than are asked for.
func (g *generator) panel(of *job, number int, free func(uuid.UUID) bool) []person {
	weights := make([]int, len(g.panelists))
	for i, p := range g.panelists {
		switch {
		case !free(p.id):
		case p.role == api.RoleHr:
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
		i := g.weighted(weights)
		if i < 0 {
			break
		}
		drawn = append(drawn, g.panelists[i])
		weights[i] = 0
	}
	return drawn
}

// underWay is the time of an interview that is being held at the present, or, while the office is closed, of the last
// one before it that nobody has declared over.
func (g *generator) underWay(c *course, minutes, panelists int) (period, []person, bool) {
	length := time.Duration(minutes) * time.Minute
	for back := range 4 * 48 {
		from := g.now.Truncate(30 * time.Minute).Add(-time.Duration(back) * 30 * time.Minute)
		opening := c.job.office.opening(from, 0)
		when := period{from, from.Add(length)}
		if !c.job.office.workday(from) || from.Before(opening) || when.to.After(opening.Add((closes-opens)*time.Hour)) ||
			g.now.Sub(from) < 3*time.Minute {
			continue
		}
		if panel, found := g.take(c, when, panelists); found {
			return when, panel, true
		}
	}
	return period{}, nil, false
}
