package demo

import "github.com/ai-interviewer-platform/interviewer/db/stored"

// outcome is the stage and status that an application has reached.
type outcome struct {
	stage  stored.ApplicationStage
	status stored.ApplicationStatus
}

// closed reports whether the application is no longer under consideration.
func (o outcome) closed() bool {
	return o.status != stored.ApplicationStatusActive && o.status != stored.ApplicationStatusOnHold
}

// interviewed reports whether the application has reached the interview stage.
func (o outcome) interviewed() bool {
	return o.stage != stored.ApplicationStageApplied && o.stage != stored.ApplicationStageScreening
}

// share is the number of applications, of every 3,000, with an outcome.
type share struct {
	outcome
	count int
}

// funnel returns a typical hiring funnel: most applications are new or were closed early, and few ended in a hire.
func funnel() []share {
	const (
		applied, screening    = stored.ApplicationStageApplied, stored.ApplicationStageScreening
		interview, evaluation = stored.ApplicationStageInterview, stored.ApplicationStageEvaluation
		offer, hired          = stored.ApplicationStageOffer, stored.ApplicationStageHired
		active, onHold        = stored.ApplicationStatusActive, stored.ApplicationStatusOnHold
		rejected              = stored.ApplicationStatusRejected
		withdrawn             = stored.ApplicationStatusWithdrawn
	)
	return []share{
		{outcome{interview, active}, 150},
		{outcome{evaluation, active}, 45},
		{outcome{offer, active}, 24},
		{outcome{interview, onHold}, 22},
		{outcome{evaluation, onHold}, 8},
		{outcome{offer, onHold}, 3},
		{outcome{hired, stored.ApplicationStatusHired}, 42},
		{outcome{offer, rejected}, 8},
		{outcome{offer, withdrawn}, 16},
		{outcome{evaluation, rejected}, 70},
		{outcome{evaluation, withdrawn}, 20},
		{outcome{interview, rejected}, 150},
		{outcome{interview, withdrawn}, 60},
		{outcome{applied, active}, 560},
		{outcome{screening, active}, 330},
		{outcome{applied, onHold}, 12},
		{outcome{screening, onHold}, 40},
		{outcome{applied, rejected}, 720},
		{outcome{screening, rejected}, 480},
		{outcome{applied, withdrawn}, 110},
		{outcome{screening, withdrawn}, 130},
	}
}

// apportion divides a number in proportion to weights. The parts add up to the number, and each differs from its
// exact share by at most one.
func apportion(number int, weights []int) []int {
	sum := 0
	for _, weight := range weights {
		sum += weight
	}
	parts := make([]int, len(weights))
	cumulative, assigned := 0, 0
	for i, weight := range weights {
		cumulative += weight
		upTo := (number*cumulative + sum/2) / sum
		parts[i] = upTo - assigned
		assigned = upTo
	}
	return parts
}

// quality returns the average quality of candidates with an outcome, in standard deviations from the mean of all. It
// is higher for later stages.
func (o outcome) quality() float64 {
	switch o.stage {
	case stored.ApplicationStageHired:
		return 1.3
	case stored.ApplicationStageOffer:
		return 1.1
	case stored.ApplicationStageEvaluation:
		if o.status == stored.ApplicationStatusRejected {
			return -0.2
		}
		return 0.7
	case stored.ApplicationStageInterview:
		if o.status == stored.ApplicationStatusRejected {
			return -0.8
		}
		return 0.3
	case stored.ApplicationStageApplied, stored.ApplicationStageScreening:
	}
	return -0.5
}
