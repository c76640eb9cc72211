package reports

import (
	"strings"

	"github.com/ai-interviewer-platform/interviewer/api/nullable"
	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/gen/db"
	"github.com/ai-interviewer-platform/interviewer/server/insight/chart"
)

// funnel returns the bars of the chart: how many applications have reached each stage, labelled with its capitalized
// name.
func funnel(stages []api.PipelineStage) []chart.Stage {
	bars := make([]chart.Stage, len(stages))
	for i, stage := range stages {
		name := string(stage.Stage)
		bars[i] = chart.Stage{Label: strings.ToUpper(name[:1]) + name[1:], Count: int(stage.Reached)}
	}
	return bars
}

func convertInterviewer(row db.ListInterviewerFiguresRow) api.InterviewerFigures {
	figures := api.InterviewerFigures{
		User:       api.PersonSummary{ID: row.ID, FirstName: row.FirstName, LastName: row.LastName},
		Interviews: row.Interviews, OpenScores: row.OpenScores, SubmittedScores: row.SubmittedScores,
		MedianHoursToSubmit: nullable.NewNullNullable[float64](),
	}
	if row.SubmittedScores > 0 {
		figures.MedianHoursToSubmit.Set(row.MedianHours)
	}
	return figures
}
