package demo

import (
	"slices"
	"time"

	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/server/hiring/lifecycle"
)

// step is one move of an application before it has a time: what happens, and how long after the step before.
type step struct {
	event  api.ApplicationEvent
	stage  api.ApplicationStage
	status api.ApplicationStatus
	after  time.Duration
}

// course is one application on its way.
type course struct {
	outcome
	applicant *applicant
	job       *job
	sittings  []sitting
	quality   float64
	steps     []step
	row       applicationRow
	moves     []moveRow
	// interviews are those of the sittings, in their order.
	interviews []*interview
}

// stays are how long an application is in a stage before it leaves it, from and to in days.
func stays(stage api.ApplicationStage) (from, to time.Duration) {
	switch stage {
	case api.ApplicationStageApplied:
		return day / 3, 8 * day
	case api.ApplicationStageScreening:
		return 2 * day, 10 * day
	case api.ApplicationStageInterview:
		return 6 * day, 15 * day
	case api.ApplicationStageEvaluation:
		return day, 5 * day
	case api.ApplicationStageOffer, api.ApplicationStageHired:
	}
	return 2 * day, 8 * day
}

// sittingTime is how long one interview takes of the stage: from the thought of it until everyone has said what they
// think. Its first day is for finding a time, its last two and a half for the scores.
const (
	sittingTime = 7 * day
	scoringTime = 60 * time.Hour
)

// walk gives the steps to an outcome. With interviews, the stay in that stage is as long as these take.
func (g *generator) walk(to outcome, sittings []sitting) []step {
	active := api.ApplicationStatusActive
	stages := lifecycle.Stages()
	steps := []step{{event: api.ApplicationEventApply, stage: stages[0], status: active}}
	upTo := slices.Index(stages, to.stage)
	skips := upTo >= 2 && g.happens(0.05)
	for i := 1; i <= upTo; i++ {
		if i == 1 && skips {
			continue
		}
		before := steps[len(steps)-1].stage
		if i <= 2 {
			steps = append(steps, g.detour(before)...)
		}
		next := step{event: api.ApplicationEventAdvance, stage: stages[i], status: active, after: g.between(stays(before))}
		if before == api.ApplicationStageInterview && len(sittings) > 0 {
			next.after = time.Duration(len(sittings))*sittingTime + g.between(0, 2*day)
		}
		if i == 2 && skips {
			next.event = api.ApplicationEventSkip
		}
		if next.stage == api.ApplicationStageHired {
			next.status = api.ApplicationStatusHired
		}
		steps = append(steps, next)
		if next.stage == api.ApplicationStageEvaluation && g.happens(0.04) {
			steps = append(steps,
				step{api.ApplicationEventReturn, api.ApplicationStageInterview, active, g.between(day/2, 2*day)},
				step{api.ApplicationEventAdvance, api.ApplicationStageEvaluation, active, g.between(2*day, 5*day)})
		}
	}
	end := step{stage: to.stage, status: to.status, after: g.between(stays(to.stage))}
	switch to.status {
	case api.ApplicationStatusActive, api.ApplicationStatusHired:
		return steps
	case api.ApplicationStatusOnHold:
		end.event = api.ApplicationEventHold
	case api.ApplicationStatusRejected:
		end.event = api.ApplicationEventReject
	case api.ApplicationStatusWithdrawn:
		end.event = api.ApplicationEventWithdraw
	}
	if to.stage == api.ApplicationStageInterview && len(sittings) > 0 {
		end.after = time.Duration(len(sittings))*sittingTime + g.between(0, 2*day)
	}
	return append(steps, end)
}

// detour is what sometimes happens in an early stage before the application goes on: it waits, or is closed too soon.
func (g *generator) detour(stage api.ApplicationStage) []step {
	active := api.ApplicationStatusActive
	away := func(event api.ApplicationEvent, status api.ApplicationStatus, back api.ApplicationEvent) []step {
		return []step{
			{event, stage, status, g.between(day, 3*day)}, {back, stage, active, g.between(day, 9*day)},
		}
	}
	switch draw := g.Float64(); {
	case draw < 0.03:
		return away(api.ApplicationEventHold, api.ApplicationStatusOnHold, api.ApplicationEventResume)
	case draw < 0.04:
		return away(api.ApplicationEventReject, api.ApplicationStatusRejected, api.ApplicationEventReactivate)
	case draw < 0.045:
		return away(api.ApplicationEventWithdraw, api.ApplicationStatusWithdrawn, api.ApplicationEventReactivate)
	}
	return nil
}

// times places steps so that the one at an index happens at a time.
func times(steps []step, index int, at time.Time) []time.Time {
	placed := make([]time.Time, len(steps))
	placed[index] = at
	for i := index - 1; i >= 0; i-- {
		placed[i] = placed[i+1].Add(-steps[i+1].after)
	}
	for i := index + 1; i < len(steps); i++ {
		placed[i] = placed[i-1].Add(steps[i].after)
	}
	return placed
}

// entering is the index of the step that first leads into the stage of interviews, -1 where none does.
func entering(steps []step) int {
	return slices.IndexFunc(steps, func(s step) bool { return s.stage == api.ApplicationStageInterview })
}

// place gives the steps of a course their times, and tells when its last interview may take place, which only matters
// where the application still is in the stage.
func (g *generator) place(c *course) (placed []time.Time, last period) {
	lasts := len(c.steps) - 1
	latest := g.now.Add(-time.Hour)
	if len(c.sittings) == 0 {
		return times(c.steps, lasts, latest.Add(-g.age(c))), last
	}
	enters := entering(c.steps)
	if !c.closed() && c.stage == api.ApplicationStageInterview {
		final := c.sittings[len(c.sittings)-1].to
		last = g.tail(final)
		before := time.Duration(len(c.sittings)-1) * sittingTime
		entered := last.from.Add(-before - g.between(2*day, 6*day))
		if final == api.InterviewStatusScheduled && entered.After(latest.Add(-before)) {
			entered = latest.Add(-before - g.between(0, 5*day))
		}
		if lasts > enters { // on hold, since a while after the last interview
			c.steps[lasts].after = g.between(g.now.Sub(entered)-2*day, g.now.Sub(entered)-2*time.Hour)
		}
		return times(c.steps, enters, entered), last
	}
	since := lasting(c.steps[enters+1:])
	entered := g.now.Add(-recent + g.between(0, recent-since-2*time.Hour))
	if !c.closed() {
		entered = latest.Add(-since - g.between(0, min(6*day, max(0, recent-since-time.Hour))))
	}
	return times(c.steps, enters, entered), last
}

// age is how long ago the last step of a course without interviews was.
func (g *generator) age(c *course) time.Duration {
	share := g.Float64() * g.Float64() // of young ones there are more
	switch {
	case !c.closed():
		return time.Duration(share * float64(16*day))
	case c.interviewed(): // before there were kits
		return g.between(introduced+day, max(introduced+2*day, halfYear-lasting(c.steps)))
	}
	return g.between(0, halfYear-lasting(c.steps))
}

// lasting is how long steps take together.
func lasting(steps []step) time.Duration {
	sum := time.Duration(0)
	for _, s := range steps {
		sum += s.after
	}
	return sum
}
