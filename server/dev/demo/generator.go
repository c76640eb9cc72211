package demo

import (
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/ai-interviewer-platform/interviewer/db/stored"
)

// Periods before the present.
const (
	// halfYear is the length of the generated history.
	halfYear = 182 * day
	// firstKitAge is the age of the first published kit version. There are no interviews before it.
	firstKitAge = 62 * day
	// maxInterviewAge limits how long ago applications with generated interviews entered the interview stage.
	maxInterviewAge = 55 * day
)

// size is the number of rows of one part.
type size struct{ candidates, applications, interviews int }

// generator makes the rows of one part. All random choices are drawn from its random source in a fixed order, so the
// result depends only on its inputs.
type generator struct {
	random
	companyData
	library *library
	part    int
	// candidates are all candidates of the part. unassigned holds those whose applications are still to be made, once for
	// each application. forHires holds candidates with exactly one application, which is reserved for a hire.
	candidates           []*candidate
	unassigned, forHires []*candidate
	applications         []*application
	// busy has the interviews of each panelist.
	busy map[uuid.UUID][]period
}

// generate makes the candidates of a part, their applications and interviews. It fails if no job of the company
// accepted applications at the time of an application.
func generate(r random, data companyData, l *library, part int, of size) (*batch, error) {
	g := &generator{random: r, companyData: data, library: l, part: part, busy: map[uuid.UUID][]period{}}
	plan := g.planApplications(of.applications)
	hires := 0
	for _, app := range plan {
		if app.status == stored.ApplicationStatusHired {
			hires++
		}
	}
	g.addCandidates(of, hires)
	for _, app := range plan {
		app.planned = app.planned[max(0, len(app.planned)-of.interviews):] // the last ones, which fit the outcome
		if err := g.addApplication(app); err != nil {
			return nil, err
		}
		of.interviews -= len(app.interviews)
	}
	return g.collect(), nil
}

// planApplications draws outcomes and planned interviews for a number of applications. The result is in the order in
// which applications are made: those with interviews that are not over yet, then others with interviews in random
// order, then those without. Interviews are limited by the size of the part, so the first two groups get them first.
func (g *generator) planApplications(number int) []*application {
	shares := funnel()
	weights := make([]int, len(shares))
	for i, share := range shares {
		weights[i] = share.count
	}
	var open, over, rest []*application
	for i, count := range apportion(number, weights) {
		to := shares[i].outcome
		sequences := make([][]plannedInterview, count)
		if to.interviewed() && len(g.kits) > 0 {
			sequences = assignSequences(g.random, to, count)
		}
		for _, planned := range sequences {
			app := &application{outcome: to, quality: to.quality() + 0.5*g.NormFloat64(), planned: planned}
			switch {
			case !to.interviewed():
				rest = append(rest, app)
			case to.closed():
				over = append(over, app)
			default:
				open = append(open, app)
			}
		}
	}
	return slices.Concat(open, shuffled(g.random, over), rest)
}

// addApplication makes an application with its moves and interviews.
func (g *generator) addApplication(app *application) error {
	app.steps = g.stepsTo(app.outcome, app.planned)
	placed, last := g.placeSteps(app)
	if !g.assign(app, placed[0]) {
		return fmt.Errorf("no job accepted applications on %s", placed[0].Format(time.DateOnly))
	}
	g.addMoves(app, placed)
	g.addInterviews(app, last)
	g.applications = append(g.applications, app)
	return nil
}

// assign assigns a candidate and a job that accepted applications at the given time. It reports whether it found a
// pair.
func (g *generator) assign(app *application, applied time.Time) bool {
	from := &g.unassigned
	if app.status == stored.ApplicationStatusHired && len(g.forHires) > 0 {
		from = &g.forHires
	}
	for range 100 {
		i := g.IntN(len(*from))
		cand := (*from)[i]
		weights := make([]int, len(g.jobs))
		for n, job := range g.jobs {
			if weights[n] = job.applicationWeight(applied, app.outcome); job.category == cand.category {
				weights[n] *= 8 // most candidates apply to jobs of one category
			}
			if slices.Contains(cand.jobs, job.id) {
				weights[n] = 0
			}
		}
		if n := g.weightedIndex(weights); n >= 0 {
			app.candidate, app.job = cand, &g.jobs[n]
			cand.jobs = append(cand.jobs, app.job.id)
			*from = slices.Delete(*from, i, i+1)
			return true
		}
	}
	return false
}

// collect returns all rows. Candidates, applications and interviews are sorted by creation time.
func (g *generator) collect() *batch {
	b := &batch{}
	for _, cand := range g.candidates {
		b.candidates = append(b.candidates, g.finishCandidate(cand))
	}
	for _, app := range g.applications {
		// Candidates get their ids last, in finishCandidate, because an id contains the creation time.
		app.row.CandidateID = app.candidate.row.ID
		b.applications = append(b.applications, app.row)
		for _, move := range app.moves {
			move.CandidateID = app.candidate.row.ID
			b.moves = append(b.moves, move)
		}
		for _, i := range app.interviews {
			i.row.CandidateID = app.candidate.row.ID
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
