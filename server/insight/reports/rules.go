package reports

import (
	"slices"

	"github.com/ai-interviewer-platform/interviewer/api/nullable"
	"github.com/ai-interviewer-platform/interviewer/db/stored"
	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/gen/db"
	"github.com/ai-interviewer-platform/interviewer/server/hiring/lifecycle"
)

const secondsPerDay = 24 * 60 * 60

// pipelineFigures calculates a pipeline from the counts and the median stays. An application has reached every stage up
// to the furthest that it was ever in, and has passed all stages before that one. Moving it back therefore changes
// neither, and the number that passed a stage is the number that reached the next one. Stages and statuses that this
// release does not know, because the next one has written them, are counted in the total only.
func pipelineFigures(counts []db.CountPipelineRow, stays []db.ListMedianStaysRow) api.JobPipeline {
	pipeline := api.JobPipeline{Stages: []api.PipelineStage{}}
	for _, count := range counts {
		pipeline.Applications += count.Applications
		switch count.Status {
		case stored.ApplicationStatusActive:
			pipeline.Active += count.Applications
		case stored.ApplicationStatusOnHold:
			pipeline.OnHold += count.Applications
		case stored.ApplicationStatusHired:
			pipeline.Hired += count.Applications
		case stored.ApplicationStatusRejected:
			pipeline.Rejected += count.Applications
		case stored.ApplicationStatusWithdrawn:
			pipeline.Withdrawn += count.Applications
		}
	}
	for _, stage := range lifecycle.Stages() {
		pipeline.Stages = append(pipeline.Stages, stageFigures(stage, counts, stays))
	}
	return pipeline
}

// stageFigures calculates the figures of one stage.
func stageFigures(
	stage stored.ApplicationStage, counts []db.CountPipelineRow, stays []db.ListMedianStaysRow,
) api.PipelineStage {
	stages := lifecycle.Stages()
	figures := api.PipelineStage{Stage: api.ApplicationStage(stage), MedianDays: nullable.NewNullNullable[float64]()}
	at := slices.Index(stages, stage)
	for _, count := range counts {
		furthest := slices.Index(stages, count.FurthestStage)
		if furthest >= at {
			figures.Reached += count.Applications
		}
		if furthest > at {
			figures.Passed += count.Applications
		}
		if count.Stage == stage && isInStage(count.Status) {
			figures.Standing += count.Applications
		}
	}
	for _, stay := range stays {
		if stay.Stage == stage {
			figures.MedianDays.Set(stay.Seconds / secondsPerDay)
		}
	}
	figures.Conversion = conversion(figures, at == len(stages)-1)
	return figures
}

// conversion returns the share of the applications that reached a stage and passed it. It is null if none has reached
// it, and for the last stage.
func conversion(stage api.PipelineStage, last bool) nullable.Nullable[float64] {
	if last || stage.Reached == 0 {
		return nullable.NewNullNullable[float64]()
	}
	return nullable.NewNullableWithValue(float64(stage.Passed) / float64(stage.Reached))
}

// isInStage reports whether an application with this status is in its stage. Rejected and withdrawn applications keep
// the stage but are no longer counted in it.
func isInStage(status stored.ApplicationStatus) bool {
	switch status {
	case stored.ApplicationStatusActive, stored.ApplicationStatusOnHold, stored.ApplicationStatusHired:
		return true
	case stored.ApplicationStatusRejected, stored.ApplicationStatusWithdrawn:
	}
	return false
}
