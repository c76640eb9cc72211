package demo

import (
	"time"

	"github.com/ai-interviewer-platform/interviewer/db/stored"
)

// plannedInterview is an interview to be generated: its status, and whether the candidate missed an earlier
// appointment.
type plannedInterview struct {
	status       stored.InterviewStatus
	missedBefore bool
}

// interviewSequence lists the interviews of one application in order. All but the last are over. Weight is its
// frequency relative to other sequences of the same outcome.
type interviewSequence struct {
	weight  int
	planned []plannedInterview
}

// interviewSequences returns the possible sequences for an outcome.
func interviewSequences(o outcome) []interviewSequence {
	status := func(s stored.InterviewStatus) plannedInterview { return plannedInterview{status: s} }
	var (
		draft, scheduled = status(stored.InterviewStatusDraft), status(stored.InterviewStatusScheduled)
		running          = status(stored.InterviewStatusInProgress)
		awaiting         = status(stored.InterviewStatusAwaitingScores)
		completed        = status(stored.InterviewStatusCompleted)
		missed           = status(stored.InterviewStatusNoShow)
		cancelled        = status(stored.InterviewStatusCancelled)
		late             = plannedInterview{status: stored.InterviewStatusCompleted, missedBefore: true}
	)
	switch {
	case o.stage != stored.ApplicationStageInterview:
		return []interviewSequence{
			{30, []plannedInterview{completed}},
			{54, []plannedInterview{completed, completed}},
			{4, []plannedInterview{completed, completed, completed}},
			{7, []plannedInterview{cancelled, completed}},
			{5, []plannedInterview{late, completed}},
		}
	case o.status == stored.ApplicationStatusActive:
		return []interviewSequence{
			{40, []plannedInterview{scheduled}},
			{14, []plannedInterview{completed, scheduled}},
			{8, []plannedInterview{draft}},
			{2, []plannedInterview{completed, draft}},
			{4, []plannedInterview{running}},
			{18, []plannedInterview{awaiting}},
			{4, []plannedInterview{completed, awaiting}},
			{8, []plannedInterview{missed}},
			{2, []plannedInterview{completed}},
		}
	case o.status == stored.ApplicationStatusOnHold:
		return []interviewSequence{{60, []plannedInterview{completed}}, {40, []plannedInterview{cancelled}}}
	case o.status == stored.ApplicationStatusRejected:
		return []interviewSequence{
			{70, []plannedInterview{completed}},
			{12, []plannedInterview{completed, completed}},
			{8, []plannedInterview{missed}},
			{10, []plannedInterview{cancelled, completed}},
		}
	}
	return []interviewSequence{
		{45, []plannedInterview{cancelled}},
		{20, []plannedInterview{completed, cancelled}},
		{12, []plannedInterview{missed}},
		{23, []plannedInterview{completed}},
	}
}

// assignSequences returns a sequence for each of a number of applications, in proportion to the weights and in random
// order.
func assignSequences(c random, o outcome, number int) [][]plannedInterview {
	all := interviewSequences(o)
	weights := make([]int, len(all))
	for i, sequence := range all {
		weights[i] = sequence.weight
	}
	assigned := make([][]plannedInterview, 0, number)
	for i, count := range apportion(number, weights) {
		for range count {
			assigned = append(assigned, all[i].planned)
		}
	}
	return shuffled(c, assigned)
}

// lastInterviewPeriod returns when the last interview takes place if the application is still in the interview stage.
func (g *generator) lastInterviewPeriod(to stored.InterviewStatus) period {
	now := g.now
	switch to {
	case stored.InterviewStatusScheduled: // in the next four weeks; earlier times are more likely
		ahead := time.Duration(g.Float64() * g.Float64() * float64(23*day))
		return period{now.Add(15*time.Minute + ahead), now.Add(4*day + ahead)}
	case stored.InterviewStatusAwaitingScores:
		return period{now.Add(-6 * day), now.Add(-2 * time.Hour)}
	case stored.InterviewStatusNoShow:
		return period{now.Add(-7 * day), now.Add(-2 * time.Hour)}
	case stored.InterviewStatusInProgress, stored.InterviewStatusDraft:
		return period{now.Add(-3 * day), now}
	case stored.InterviewStatusCancelled:
		return period{now.Add(-3 * day), now.Add(6 * day)}
	case stored.InterviewStatusCompleted:
	}
	return period{now.Add(-10 * day), now.Add(-4 * day)}
}
