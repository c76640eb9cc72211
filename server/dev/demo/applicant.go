package demo

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/ai-interviewer-platform/interviewer/gen/api"
)

// applicant is a candidate in the making.
type applicant struct {
	row    candidateRow
	family family
	jobs   []uuid.UUID
	// considered reports whether an application of theirs is active or on hold, or has ended in a hire.
	considered bool
	// first and last are when an application of theirs first came in, and when one last changed; zero without any.
	first, last time.Time
	// busy is when they are interviewed.
	busy []period
}

// invite makes candidates, and seats for their applications. Of those with one application only, so many are kept for
// the hires: whoever was hired is not considered for another job.
func (g *generator) invite(of size, hires int) {
	families := map[family]int{}
	order := []family{}
	for _, job := range g.jobs {
		if !slices.Contains(order, job.family) {
			order = append(order, job.family)
		}
		families[job.family] += job.popularity
	}
	shares := make([]int, len(order))
	for i, family := range order {
		shares[i] = families[family]
	}
	names := map[string]int{}
	for n := range of.candidates {
		who := &applicant{family: order[g.weighted(shares)]}
		g.name(who, n, names)
		g.applicants = append(g.applicants, who)
	}
	for i, applications := range g.spread(of) {
		who := g.applicants[i]
		if applications == 1 && len(g.loyal) < hires {
			g.loyal = append(g.loyal, who)
			continue
		}
		for range applications {
			g.seats = append(g.seats, who)
		}
	}
}

// spread tells how many applications each candidate has: mostly one, of some none.
func (g *generator) spread(of size) []int {
	open := 0
	for _, job := range g.jobs {
		if job.status != api.JobStatusDraft {
			open++
		}
	}
	most := min(4, max(2, open-1))
	counts, sum := make([]int, of.candidates), 0
	for i := range counts {
		counts[i] = min(most, g.weighted([]int{5, 58, 24, 9, 4}))
		sum += counts[i]
	}
	for sum != of.applications {
		i := g.IntN(len(counts))
		switch {
		case sum < of.applications && counts[i] < most:
			counts[i]++
			sum++
		case sum > of.applications && counts[i] > 0:
			counts[i]--
			sum--
		}
	}
	return counts
}

// name gives a candidate a name and all that is known of them. names counts how many of the part have the same one.
func (g *generator) name(who *applicant, n int, names map[string]int) {
	home := pick(g.chance, g.library.origins)
	family := home
	if g.happens(0.08) { // people move, and marry
		family = pick(g.chance, g.library.origins)
	}
	row := &who.row
	row.FirstName, row.LastName = pick(g.chance, home.First), pick(g.chance, family.Last)
	spelled := ascii(row.FirstName) + "." + ascii(row.LastName)
	names[spelled]++
	if names[spelled] > 1 {
		spelled = fmt.Sprint(spelled, names[spelled])
	}
	if g.part > 0 {
		spelled = fmt.Sprint(spelled, ".", g.part)
	}
	if g.happens(0.97) {
		email := spelled + "@mail.example"
		row.Email = &email
	}
	if g.happens(0.8) {
		phone := fmt.Sprintf("%s %04d", home.Phone, g.IntN(10000))
		row.Phone = &phone
	}
	row.Location = maybe(g.chance, 0.93, home.Places)
	row.Source = maybe(g.chance, 0.95, g.library.phrases.Sources)
	row.Links, row.Tags = []string{}, g.tags(who.family)
	if g.happens(0.4) {
		row.Links = append(row.Links, "https://profiles.example/"+strings.ReplaceAll(spelled, ".", "-"))
	}
	if g.happens(0.4) || n == 0 { // the first one tells that the part is there
		id := fmt.Sprintf("%s%04d", mark(g.part), n+1)
		row.ExternalID = &id
	}
	row.Status, row.Version = api.CandidateStatusActive, 1
}

// mark is what the external ids of a part's candidates begin with.
func mark(part int) string { return fmt.Sprintf("demo-%04d-", part) }

func (g *generator) tags(of family) []string {
	tags := append([]string{}, shuffled(g.chance, g.library.phrases.Tags[of])[:g.IntN(5)]...)
	if g.happens(0.15) {
		tags = append(tags, pick(g.chance, g.library.phrases.Tags["any"]))
	}
	return tags
}

// finish gives a candidate the times that their applications leave, and archives some whom nobody considers any more.
func (g *generator) finish(who *applicant) candidateRow {
	row := &who.row
	first := who.first
	if first.IsZero() {
		first = g.now.Add(-g.between(day, halfYear))
	}
	row.CreatedAt = first.Add(-g.between(20*time.Second, 8*time.Minute))
	row.UpdatedAt = row.CreatedAt
	row.ID = g.id(row.CreatedAt)
	switch {
	case !who.last.IsZero() && !who.considered && g.happens(0.12) && g.now.Sub(who.last) > 2*day:
		row.Status = api.CandidateStatusArchived
		row.UpdatedAt = who.last.Add(g.between(time.Hour, g.now.Sub(who.last)))
		row.Version++
	case g.happens(0.25):
		row.UpdatedAt = row.CreatedAt.Add(g.between(time.Minute, g.now.Sub(row.CreatedAt)))
		row.Version++
	}
	return *row
}
