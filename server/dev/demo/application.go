package demo

import (
	"slices"
	"time"

	"github.com/ai-interviewer-platform/interviewer/db/stored"
	"github.com/ai-interviewer-platform/interviewer/server/hiring/lifecycle"
)

// step is one move of an application without a time; after is the time since the previous step.
type step struct {
	event  stored.ApplicationEvent
	stage  stored.ApplicationStage
	status stored.ApplicationStatus
	after  time.Duration
}

// application is a generated application with its dependent rows.
type application struct {
	outcome
	candidate *candidate
	job       *job
	planned   []plannedInterview
	quality   float64
	steps     []step
	row       applicationRow
	moves     []moveRow
	// interviews are the generated interviews, in the order of planned.
	interviews []*interview
}

// stageTime returns the minimum and maximum time that an application is in a stage.
func stageTime(stage stored.ApplicationStage) (from, to time.Duration) {
	switch stage {
	case stored.ApplicationStageApplied:
		return day / 3, 8 * day
	case stored.ApplicationStageScreening:
		return 2 * day, 10 * day
	case stored.ApplicationStageInterview:
		return 6 * day, 15 * day
	case stored.ApplicationStageEvaluation:
		return day, 5 * day
	case stored.ApplicationStageOffer, stored.ApplicationStageHired:
	}
	return 2 * day, 8 * day
}

// interviewTime is the part of the interview stage that one interview takes, from scheduling to the last score. The
// first day is for scheduling, the last scoringTime for scores.
const (
	interviewTime = 7 * day
	scoringTime   = 60 * time.Hour
)

// stepsTo returns the steps to an outcome. The time in the interview stage depends on the number of planned
// interviews.
func (g *generator) stepsTo(to outcome, planned []plannedInterview) []step {
	active := stored.ApplicationStatusActive
	stages := lifecycle.Stages()
	steps := []step{{event: stored.ApplicationEventApply, stage: stages[0], status: active}}
	upTo := slices.Index(stages, to.stage)
	skipsScreening := upTo >= 2 && g.chance(0.05)
	for i := 1; i <= upTo; i++ {
		if i == 1 && skipsScreening {
			continue
		}
		before := steps[len(steps)-1].stage
		if i <= 2 {
			steps = append(steps, g.interruption(before)...)
		}
		next := step{
			event: stored.ApplicationEventAdvance, stage: stages[i], status: active, after: g.between(stageTime(before)),
		}
		if before == stored.ApplicationStageInterview && len(planned) > 0 {
			next.after = time.Duration(len(planned))*interviewTime + g.between(0, 2*day)
		}
		if i == 2 && skipsScreening {
			next.event = stored.ApplicationEventSkip
		}
		if next.stage == stored.ApplicationStageHired {
			next.status = stored.ApplicationStatusHired
		}
		steps = append(steps, next)
		if next.stage == stored.ApplicationStageEvaluation && g.chance(0.04) {
			steps = append(steps,
				step{stored.ApplicationEventReturn, stored.ApplicationStageInterview, active, g.between(day/2, 2*day)},
				step{stored.ApplicationEventAdvance, stored.ApplicationStageEvaluation, active, g.between(2*day, 5*day)})
		}
	}
	end := step{stage: to.stage, status: to.status, after: g.between(stageTime(to.stage))}
	switch to.status {
	case stored.ApplicationStatusActive, stored.ApplicationStatusHired:
		return steps
	case stored.ApplicationStatusOnHold:
		end.event = stored.ApplicationEventHold
	case stored.ApplicationStatusRejected:
		end.event = stored.ApplicationEventReject
	case stored.ApplicationStatusWithdrawn:
		end.event = stored.ApplicationEventWithdraw
	}
	if to.stage == stored.ApplicationStageInterview && len(planned) > 0 {
		end.after = time.Duration(len(planned))*interviewTime + g.between(0, 2*day)
	}
	return append(steps, end)
}

// interruption returns steps that sometimes happen in an early stage: the application is put on hold and resumed, or
// closed and reactivated.
func (g *generator) interruption(stage stored.ApplicationStage) []step {
	active := stored.ApplicationStatusActive
	pause := func(event stored.ApplicationEvent, status stored.ApplicationStatus, back stored.ApplicationEvent) []step {
		return []step{
			{event, stage, status, g.between(day, 3*day)}, {back, stage, active, g.between(day, 9*day)},
		}
	}
	switch draw := g.Float64(); {
	case draw < 0.03:
		return pause(stored.ApplicationEventHold, stored.ApplicationStatusOnHold, stored.ApplicationEventResume)
	case draw < 0.04:
		return pause(stored.ApplicationEventReject, stored.ApplicationStatusRejected, stored.ApplicationEventReactivate)
	case draw < 0.045:
		return pause(stored.ApplicationEventWithdraw, stored.ApplicationStatusWithdrawn, stored.ApplicationEventReactivate)
	}
	return nil
}

// stepTimes returns the times of all steps, given the time of one of them.
func stepTimes(steps []step, index int, at time.Time) []time.Time {
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

// interviewStep returns the index of the step that first enters the interview stage, or -1.
func interviewStep(steps []step) int {
	return slices.IndexFunc(steps, func(s step) bool { return s.stage == stored.ApplicationStageInterview })
}

// placeSteps returns the times of an application's steps. For applications that are still in the interview stage, it
// also returns the period of the last interview.
func (g *generator) placeSteps(app *application) (placed []time.Time, last period) {
	final := len(app.steps) - 1
	latest := g.now.Add(-time.Hour)
	if len(app.planned) == 0 {
		return stepTimes(app.steps, final, latest.Add(-g.timeSinceLastStep(app))), last
	}
	entry := interviewStep(app.steps)
	if !app.closed() && app.stage == stored.ApplicationStageInterview {
		status := app.planned[len(app.planned)-1].status
		last = g.lastInterviewPeriod(status)
		earlierInterviews := time.Duration(len(app.planned)-1) * interviewTime
		entered := last.from.Add(-earlierInterviews - g.between(2*day, 6*day))
		if status == stored.InterviewStatusScheduled && entered.After(latest.Add(-earlierInterviews)) {
			entered = latest.Add(-earlierInterviews - g.between(0, 5*day))
		}
		if final > entry { // put on hold some time after the last interview
			app.steps[final].after = g.between(g.now.Sub(entered)-2*day, g.now.Sub(entered)-2*time.Hour)
		}
		return stepTimes(app.steps, entry, entered), last
	}
	rest := totalTime(app.steps[entry+1:])
	entered := g.now.Add(-maxInterviewAge + g.between(0, maxInterviewAge-rest-2*time.Hour))
	if !app.closed() {
		entered = latest.Add(-rest - g.between(0, min(6*day, max(0, maxInterviewAge-rest-time.Hour))))
	}
	return stepTimes(app.steps, entry, entered), last
}

// timeSinceLastStep returns the age of the last step of an application without interviews.
func (g *generator) timeSinceLastStep(app *application) time.Duration {
	share := g.Float64() * g.Float64() // recent applications are more frequent
	switch {
	case !app.closed():
		return time.Duration(share * float64(16*day))
	case app.interviewed(): // before the first kit was published
		return g.between(firstKitAge+day, max(firstKitAge+2*day, halfYear-totalTime(app.steps)))
	}
	return g.between(0, halfYear-totalTime(app.steps))
}

// totalTime returns the time that steps take together.
func totalTime(steps []step) time.Duration {
	sum := time.Duration(0)
	for _, s := range steps {
		sum += s.after
	}
	return sum
}
