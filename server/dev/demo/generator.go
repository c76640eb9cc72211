package demo

import (
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/ai-interviewer-platform/interviewer/gen/api"
)

// How far back the demo reaches from the present.
const (
	halfYear = 182 * day
	// introduced is since when there are kits, and with them interviews.
	introduced = 62 * day
	// recent is how long ago applications at most came into the stage of interviews whose interviews are there.
	recent = 55 * day
)

// size is how much one part of a company's demo holds.
type size struct{ candidates, applications, interviews int }

// generator makes the rows of one part. It draws everything from its chance, in an order that depends on nothing else.
type generator struct {
	chance
	setting
	library *library
	part    int
	// applicants are the candidates; seats those whose application is still to come, once for each, and loyal some with
	// one application only.
	applicants   []*applicant
	seats, loyal []*applicant
	courses      []*course
	// busy is when panelists are in interviews.
	busy map[uuid.UUID][]period
}

// generate makes the candidates of a part, their applications and their interviews. It fails where no job of the
// company could have been applied to.
func generate(c chance, in setting, l *library, part int, of size) (*batch, error) {
	g := &generator{chance: c, setting: in, library: l, part: part, busy: map[uuid.UUID][]period{}}
	plan := g.plan(of.applications)
	hires := 0
	for _, c := range plan {
		if c.status == api.ApplicationStatusHired {
			hires++
		}
	}
	g.invite(of, hires)
	for _, c := range plan {
		c.sittings = c.sittings[max(0, len(c.sittings)-of.interviews):]
		if err := g.apply(c); err != nil {
			return nil, err
		}
		of.interviews -= len(c.interviews)
	}
	return g.collect(), nil
}

// plan draws the outcomes and scenes of so many applications, in the order in which they are made: first those whose
// interviews are not over yet, then the others with interviews in a mixed order, for their interviews are made as long
// as some are left to make.
func (g *generator) plan(number int) []*course {
	shares := funnel()
	weights := make([]int, len(shares))
	for i, share := range shares {
		weights[i] = share.count
	}
	var open, over, rest []*course
	for i, count := range portion(number, weights) {
		to := shares[i].outcome
		scenes := make([][]sitting, count)
		if to.interviewed() && len(g.kits) > 0 {
			scenes = castScenes(g.chance, to, count)
		}
		for _, sittings := range scenes {
			c := &course{outcome: to, quality: to.quality() + 0.5*g.NormFloat64(), sittings: sittings}
			switch {
			case !to.interviewed():
				rest = append(rest, c)
			case to.closed():
				over = append(over, c)
			default:
				open = append(open, c)
			}
		}
	}
	return slices.Concat(open, shuffled(g.chance, over), rest)
}

// apply makes an application and its interviews.
func (g *generator) apply(c *course) error {
	c.steps = g.walk(c.outcome, c.sittings)
	placed, last := g.place(c)
	if !g.seat(c, placed[0]) {
		return fmt.Errorf("no job took applications on %s", placed[0].Format(time.DateOnly))
	}
	g.move(c, placed)
	g.interview(c, last)
	g.courses = append(g.courses, c)
	return nil
}

// seat gives a course a candidate and a job that took applications at a time, and reports whether there were any.
func (g *generator) seat(c *course, applied time.Time) bool {
	from := &g.seats
	if c.status == api.ApplicationStatusHired && len(g.loyal) > 0 {
		from = &g.loyal
	}
	for range 100 {
		i := g.IntN(len(*from))
		who := (*from)[i]
		weights := make([]int, len(g.jobs))
		for n, job := range g.jobs {
			if weights[n] = job.takes(applied, c.outcome); job.family == who.family {
				weights[n] *= 8
			}
			if slices.Contains(who.jobs, job.id) {
				weights[n] = 0
			}
		}
		if n := g.weighted(weights); n >= 0 {
			c.applicant, c.job = who, &g.jobs[n]
			who.jobs = append(who.jobs, c.job.id)
			*from = slices.Delete(*from, i, i+1)
			return true
		}
	}
	return false
}

// collect puts the rows of everything together, each kind in the order of time.
func (g *generator) collect() *batch {
	b := &batch{}
	for _, who := range g.applicants {
		b.candidates = append(b.candidates, g.finish(who))
	}
	for _, c := range g.courses {
		c.row.CandidateID = c.applicant.row.ID
		b.applications = append(b.applications, c.row)
		for _, move := range c.moves {
			move.CandidateID = c.applicant.row.ID
			b.moves = append(b.moves, move)
		}
		for _, i := range c.interviews {
			i.row.CandidateID = c.applicant.row.ID
			b.interviews = append(b.interviews, i.row)
			b.panelists = append(b.panelists, i.panel...)
			b.events = append(b.events, i.events...)
			b.scores = append(b.scores, i.scores...)
			b.revisions = append(b.revisions, i.revisions...)
		}
	}
	slices.SortFunc(b.candidates, func(a, b candidateRow) int { return a.CreatedAt.Compare(b.CreatedAt) })
	slices.SortFunc(b.applications, func(a, b applicationRow) int { return a.CreatedAt.Compare(b.CreatedAt) })
	slices.SortFunc(b.interviews, func(a, b interviewRow) int { return a.CreatedAt.Compare(b.CreatedAt) })
	return b
}
