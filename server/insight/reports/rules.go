package reports

import (
	"slices"

	"github.com/oapi-codegen/nullable"

	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/gen/db"
	"github.com/ai-interviewer-platform/interviewer/server/hiring/lifecycle"
)

const secondsPerDay = 24 * 60 * 60

// figures makes a pipeline of how many applications stand where, and of the median stays. An application has reached
// every stage up to the furthest that it was ever in, wherever it stands now, and has passed those before that one; so
// what has passed a stage is what has reached the next, and nothing is lost by going back.
func figures(counts []db.CountPipelineRow, stays []db.ListMedianStaysRow) api.JobPipeline {
	shown := api.JobPipeline{Stages: []api.PipelineStage{}}
	for _, count := range counts {
		shown.Applications += count.Applications
		switch count.Status {
		case api.ApplicationStatusActive:
			shown.Active += count.Applications
		case api.ApplicationStatusOnHold:
			shown.OnHold += count.Applications
		case api.ApplicationStatusHired:
			shown.Hired += count.Applications
		case api.ApplicationStatusRejected:
			shown.Rejected += count.Applications
		case api.ApplicationStatusWithdrawn:
			shown.Withdrawn += count.Applications
		}
	}
	for _, stage := range lifecycle.Stages() {
		shown.Stages = append(shown.Stages, stageFigures(stage, counts, stays))
	}
	return shown
}

func stageFigures(
	stage api.ApplicationStage, counts []db.CountPipelineRow, stays []db.ListMedianStaysRow,
) api.PipelineStage {
	stages := lifecycle.Stages()
	shown := api.PipelineStage{Stage: stage, MedianDays: nullable.NewNullNullable[float64]()}
	at := slices.Index(stages, stage)
	for _, count := range counts {
		furthest := slices.Index(stages, count.FurthestStage)
		if furthest >= at {
			shown.Reached += count.Applications
		}
		if furthest > at {
			shown.Passed += count.Applications
		}
		if count.Stage == stage && stands(count.Status) {
			shown.Standing += count.Applications
		}
	}
	for _, stay := range stays {
		if stay.Stage == stage {
			shown.MedianDays.Set(stay.Seconds / secondsPerDay)
		}
	}
	shown.Conversion = conversion(shown, at == len(stages)-1)
	return shown
}

// conversion is the share of those that reached a stage that passed it; there is none where nobody reached it, and
// where no stage follows.
func conversion(stage api.PipelineStage, last bool) nullable.Nullable[float64] {
	if last || stage.Reached == 0 {
		return nullable.NewNullNullable[float64]()
	}
	return nullable.NewNullableWithValue(float64(stage.Passed) / float64(stage.Reached))
}

// stands reports whether an application is still in the stage where it was seen last: one that was closed is in none.
func stands(status api.ApplicationStatus) bool {
	switch status {
	case api.ApplicationStatusActive, api.ApplicationStatusOnHold, api.ApplicationStatusHired:
		return true
	case api.ApplicationStatusRejected, api.ApplicationStatusWithdrawn:
	}
	return false
}
