package demo

import "github.com/ai-interviewer-platform/interviewer/gen/api"

// outcome is where an application has come to.
type outcome struct {
	stage  api.ApplicationStage
	status api.ApplicationStatus
}

// closed reports whether nobody considers the application any more.
func (o outcome) closed() bool {
	return o.status != api.ApplicationStatusActive && o.status != api.ApplicationStatusOnHold
}

// interviewed reports whether the application has come as far as an interview.
func (o outcome) interviewed() bool {
	return o.stage != api.ApplicationStageApplied && o.stage != api.ApplicationStageScreening
}

// share is how many of 3,000 applications come to an outcome.
type share struct {
	outcome
	count int
}

// funnel is a pipeline as companies know it: most applications are new or end early, and few end in a hire.
func funnel() []share {
	const (
		applied, screening = api.ApplicationStageApplied, api.ApplicationStageScreening
		interview, weighed = api.ApplicationStageInterview, api.ApplicationStageEvaluation
		offer, hired       = api.ApplicationStageOffer, api.ApplicationStageHired
		active, held       = api.ApplicationStatusActive, api.ApplicationStatusOnHold
		rejected           = api.ApplicationStatusRejected
		withdrawn          = api.ApplicationStatusWithdrawn
	)
	return []share{
		{outcome{interview, active}, 150},
		{outcome{weighed, active}, 45},
		{outcome{offer, active}, 24},
		{outcome{interview, held}, 22},
		{outcome{weighed, held}, 8},
		{outcome{offer, held}, 3},
		{outcome{hired, api.ApplicationStatusHired}, 42},
		{outcome{offer, rejected}, 8},
		{outcome{offer, withdrawn}, 16},
		{outcome{weighed, rejected}, 70},
		{outcome{weighed, withdrawn}, 20},
		{outcome{interview, rejected}, 150},
		{outcome{interview, withdrawn}, 60},
		{outcome{applied, active}, 560},
		{outcome{screening, active}, 330},
		{outcome{applied, held}, 12},
		{outcome{screening, held}, 40},
		{outcome{applied, rejected}, 720},
		{outcome{screening, rejected}, 480},
		{outcome{applied, withdrawn}, 110},
		{outcome{screening, withdrawn}, 130},
	}
}

// portion divides a number by weights, so that the parts add up to it and each is within one of its share.
func portion(number int, weights []int) []int {
	sum := 0
	for _, weight := range weights {
		sum += weight
	}
	parts := make([]int, len(weights))
	before, given := 0, 0
	for i, weight := range weights {
		before += weight
		upTo := (number*before + sum/2) / sum
		parts[i] = upTo - given
		given = upTo
	}
	return parts
}

// quality is how good candidates with an outcome are on average, in standard deviations of all: who comes further is
// better, as far as the company can tell.
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
