package demo

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/ai-interviewer-platform/interviewer/db/stored"
)

// candidate is a generated candidate.
type candidate struct {
	row      candidateRow
	category jobCategory
	jobs     []uuid.UUID
	// considered is true if one of their applications is active or on hold or ended in a hire.
	considered bool
	// first is when their first application was made, last when one of them last changed. Both are zero without
	// applications.
	first, last time.Time
	// busy has the times of their interviews.
	busy []period
}

// addCandidates makes the candidates and fills unassigned and forHires. A hired candidate has no other application
// that is open, so candidates with only one application are reserved for the hires.
func (g *generator) addCandidates(of size, hires int) {
	popularity := map[jobCategory]int{}
	order := []jobCategory{}
	for _, job := range g.jobs {
		if !slices.Contains(order, job.category) {
			order = append(order, job.category)
		}
		popularity[job.category] += job.popularity
	}
	shares := make([]int, len(order))
	for i, category := range order {
		shares[i] = popularity[category]
	}
	names := map[string]int{}
	for n := range of.candidates {
		cand := &candidate{category: order[g.weightedIndex(shares)]}
		g.fillPersonalData(cand, n, names)
		g.candidates = append(g.candidates, cand)
	}
	for i, applications := range g.applicationCounts(of) {
		cand := g.candidates[i]
		if applications == 1 && len(g.forHires) < hires {
			g.forHires = append(g.forHires, cand)
			continue
		}
		for range applications {
			g.unassigned = append(g.unassigned, cand)
		}
	}
}

// applicationCounts returns the number of applications of each candidate: mostly one, for some none.
func (g *generator) applicationCounts(of size) []int {
	open := 0
	for _, job := range g.jobs {
		if job.status != stored.JobStatusDraft {
			open++
		}
	}
	most := min(4, max(2, open-1))
	counts, sum := make([]int, of.candidates), 0
	for i := range counts {
		counts[i] = min(most, g.weightedIndex([]int{5, 58, 24, 9, 4}))
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

// fillPersonalData sets the name, contact data and tags of the n-th candidate of the part. names counts the
// candidates of the part by name, so that email addresses are unique.
func (g *generator) fillPersonalData(cand *candidate, n int, names map[string]int) {
	region := pick(g.random, g.library.regions)
	lastNames := region
	if g.chance(0.08) { // names from two regions
		lastNames = pick(g.random, g.library.regions)
	}
	row := &cand.row
	row.FirstName, row.LastName = pick(g.random, region.First), pick(g.random, lastNames.Last)
	spelled := ascii(row.FirstName) + "." + ascii(row.LastName)
	names[spelled]++
	if names[spelled] > 1 {
		spelled = fmt.Sprint(spelled, names[spelled])
	}
	if g.part > 0 {
		spelled = fmt.Sprint(spelled, ".", g.part)
	}
	if g.chance(0.97) {
		email := spelled + "@mail.example"
		row.Email = &email
	}
	if g.chance(0.8) {
		phone := fmt.Sprintf("%s %04d", region.Phone, g.IntN(10000))
		row.Phone = &phone
	}
	row.Location = maybe(g.random, 0.93, region.Places)
	row.Source = maybe(g.random, 0.95, g.library.phrases.Sources)
	row.Links, row.Tags = []string{}, g.tags(cand.category)
	if g.chance(0.4) {
		row.Links = append(row.Links, "https://profiles.example/"+strings.ReplaceAll(spelled, ".", "-"))
	}
	if g.chance(0.4) || n == 0 { // isLoaded looks for the first candidate's external id
		id := fmt.Sprintf("%s%04d", externalIDPrefix(g.part), n+1)
		row.ExternalID = &id
	}
	row.Status, row.Version = stored.CandidateStatusActive, 1
}

// externalIDPrefix returns the prefix of the external ids of a part's candidates.
func externalIDPrefix(part int) string { return fmt.Sprintf("demo-%04d-", part) }

func (g *generator) tags(of jobCategory) []string {
	tags := append([]string{}, shuffled(g.random, g.library.phrases.Tags[of])[:g.IntN(5)]...)
	if g.chance(0.15) {
		tags = append(tags, pick(g.random, g.library.phrases.Tags["any"]))
	}
	return tags
}

// finishCandidate sets the times of a candidate from those of the applications, and archives some candidates whose
// applications are all closed.
func (g *generator) finishCandidate(cand *candidate) candidateRow {
	row := &cand.row
	first := cand.first
	if first.IsZero() {
		first = g.now.Add(-g.between(day, halfYear))
	}
	row.CreatedAt = first.Add(-g.between(20*time.Second, 8*time.Minute))
	row.UpdatedAt = row.CreatedAt
	row.ID = g.id(row.CreatedAt)
	switch {
	case !cand.last.IsZero() && !cand.considered && g.chance(0.12) && g.now.Sub(cand.last) > 2*day:
		row.Status = stored.CandidateStatusArchived
		row.UpdatedAt = cand.last.Add(g.between(time.Hour, g.now.Sub(cand.last)))
		row.Version++
	case g.chance(0.25):
		row.UpdatedAt = row.CreatedAt.Add(g.between(time.Minute, g.now.Sub(row.CreatedAt)))
		row.Version++
	}
	return *row
}
