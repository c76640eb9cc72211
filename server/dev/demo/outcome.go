package demo

import "github.com/ai-interviewer-platform/interviewer/gen/api"

// outcome is the stage and status that an application has reached.
type outcome struct {
	stage  api.ApplicationStage
	status api.ApplicationStatus
}

// closed reports whether the application is no longer under consideration.
func (o outcome) closed() bool {
	return o.status != api.ApplicationStatusActive && o.status != api.ApplicationStatusOnHold
}

// interviewed reports whether the application has reached the interview stage.
func (o outcome) interviewed() bool {
	return o.stage != api.ApplicationStageApplied && o.stage != api.ApplicationStageScreening
}

// share is the number of applications, of every 3,000, with an outcome.
type share struct {
	outcome
	count int
}

// funnel returns a typical hiring funnel: most applications are new or were closed early, and few ended in a hire.
func funnel() []share {
	const (
		applied, screening    = api.ApplicationStageApplied, api.ApplicationStageScreening
		interview, evaluation = api.ApplicationStageInterview, api.ApplicationStageEvaluation
		offer, hired          = api.ApplicationStageOffer, api.ApplicationStageHired
		active, onHold        = api.ApplicationStatusActive, api.ApplicationStatusOnHold
		rejected              = api.ApplicationStatusRejected
		withdrawn             = api.ApplicationStatusWithdrawn
	)
	return []share{
		{outcome{interview, active}, 150},
		{outcome{evaluation, active}, 45},
		{outcome{offer, active}, 24},
		{outcome{interview, onHold}, 22},
		{outcome{evaluation, onHold}, 8},
		{outcome{offer, onHold}, 3},
		{outcome{hired, api.ApplicationStatusHired}, 42},
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
	case api.ApplicationStageHired:
		return 1.3
	case api.ApplicationStageOffer:
		return 1.1
	case api.ApplicationStageEvaluation:
		if o.status == api.ApplicationStatusRejected {
			return -0.2
		}
		return 0.7
	case api.ApplicationStageInterview:
		if o.status == api.ApplicationStatusRejected {
			return -0.8
		}
		return 0.3
	case api.ApplicationStageApplied, api.ApplicationStageScreening:
	}
	return -0.5
}
