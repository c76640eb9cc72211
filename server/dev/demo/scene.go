package demo

import (
	"time"

	"github.com/ai-interviewer-platform/interviewer/gen/api"
)

// sitting is one interview to be held: what it has come to, and whether the candidate missed it once before.
type sitting struct {
	to     api.InterviewStatus
	missed bool
}

// scene is the interviews of one application, in their order. All but the last are over.
type scene struct {
	weight   int
	sittings []sitting
}

// scenes are what the interviews of applications with an outcome can have come to.
func scenes(o outcome) []scene {
	var (
		draft, scheduled = sitting{to: api.InterviewStatusDraft}, sitting{to: api.InterviewStatusScheduled}
		running          = sitting{to: api.InterviewStatusInProgress}
		awaiting         = sitting{to: api.InterviewStatusAwaitingScores}
		completed        = sitting{to: api.InterviewStatusCompleted}
		missed           = sitting{to: api.InterviewStatusNoShow}
		cancelled        = sitting{to: api.InterviewStatusCancelled}
		late             = sitting{to: api.InterviewStatusCompleted, missed: true}
	)
	switch {
	case o.stage != api.ApplicationStageInterview:
		return []scene{
			{30, []sitting{completed}},
			{54, []sitting{completed, completed}},
			{4, []sitting{completed, completed, completed}},
			{7, []sitting{cancelled, completed}},
			{5, []sitting{late, completed}},
		}
	case o.status == api.ApplicationStatusActive:
		return []scene{
			{40, []sitting{scheduled}},
			{14, []sitting{completed, scheduled}},
			{8, []sitting{draft}},
			{2, []sitting{completed, draft}},
			{4, []sitting{running}},
			{18, []sitting{awaiting}},
			{4, []sitting{completed, awaiting}},
			{8, []sitting{missed}},
			{2, []sitting{completed}},
		}
	case o.status == api.ApplicationStatusOnHold:
		return []scene{{60, []sitting{completed}}, {40, []sitting{cancelled}}}
	case o.status == api.ApplicationStatusRejected:
		return []scene{
			{70, []sitting{completed}},
			{12, []sitting{completed, completed}},
			{8, []sitting{missed}},
			{10, []sitting{cancelled, completed}},
		}
	}
	return []scene{
		{45, []sitting{cancelled}},
		{20, []sitting{completed, cancelled}},
		{12, []sitting{missed}},
		{23, []sitting{completed}},
	}
}

// castScenes gives each of so many applications with an outcome its scene, every scene about as often as its weight
// says.
func castScenes(c chance, o outcome, number int) [][]sitting {
	all := scenes(o)
	weights := make([]int, len(all))
	for i, scene := range all {
		weights[i] = scene.weight
	}
	cast := make([][]sitting, 0, number)
	for i, count := range portion(number, weights) {
		for range count {
			cast = append(cast, all[i].sittings)
		}
	}
	return shuffled(c, cast)
}

// tail is when the last interview of an application that still is in the stage takes place, within the present.
func (g *generator) tail(to api.InterviewStatus) period {
	now := g.now
	switch to {
	case api.InterviewStatusScheduled: // some time in the next four weeks, sooner rather than later
		ahead := time.Duration(g.Float64() * g.Float64() * float64(23*day))
		return period{now.Add(15*time.Minute + ahead), now.Add(4*day + ahead)}
	case api.InterviewStatusAwaitingScores:
		return period{now.Add(-6 * day), now.Add(-2 * time.Hour)}
	case api.InterviewStatusNoShow:
		return period{now.Add(-7 * day), now.Add(-2 * time.Hour)}
	case api.InterviewStatusInProgress, api.InterviewStatusDraft:
		return period{now.Add(-3 * day), now}
	case api.InterviewStatusCancelled:
		return period{now.Add(-3 * day), now.Add(6 * day)}
	case api.InterviewStatusCompleted:
	}
	return period{now.Add(-10 * day), now.Add(-4 * day)}
}
