package reports

import (
	"encoding/json"
	"math"
	"reflect"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/ai-interviewer-platform/interviewer/db/stored"
	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/gen/db"
	"github.com/ai-interviewer-platform/interviewer/server/hiring/lifecycle"
	"github.com/ai-interviewer-platform/interviewer/server/insight/chart"
)

func statuses() []stored.ApplicationStatus {
	return []stored.ApplicationStatus{
		stored.ApplicationStatusActive, stored.ApplicationStatusOnHold, stored.ApplicationStatusHired,
		stored.ApplicationStatusRejected, stored.ApplicationStatusWithdrawn,
	}
}

// TestFiguresOfOneApplication counts a single application with every possible furthest stage, stage and status.
func TestFiguresOfOneApplication(t *testing.T) {
	t.Parallel()
	stages := lifecycle.Stages()
	for f, furthest := range stages {
		for s, stage := range stages[:f+1] {
			for _, status := range statuses() {
				pipeline := pipelineFigures(
					[]db.CountPipelineRow{{FurthestStage: furthest, Stage: stage, Status: status, Applications: 1}}, nil)
				totals := map[stored.ApplicationStatus]int32{
					"active": pipeline.Active, "on_hold": pipeline.OnHold, "hired": pipeline.Hired,
					"rejected": pipeline.Rejected, "withdrawn": pipeline.Withdrawn,
				}
				for counted, total := range totals {
					if (total == 1) != (counted == status) {
						t.Errorf("got a total of %d for %s, and the application is %s", total, counted, status)
					}
				}
				if len(pipeline.Stages) != len(stages) {
					t.Fatalf("got %d stages, want %d", len(pipeline.Stages), len(stages))
				}
				for i, figures := range pipeline.Stages {
					closed := status == stored.ApplicationStatusRejected || status == stored.ApplicationStatusWithdrawn
					want := []bool{i <= f, i < f, i == s && !closed, i <= f && i != len(stages)-1}
					got := []bool{
						figures.Reached == 1, figures.Passed == 1, figures.Standing == 1, !figures.Conversion.IsNull(),
					}
					if figures.Stage != api.ApplicationStage(stages[i]) || !slices.Equal(got, want) || !figures.MedianDays.IsNull() {
						t.Errorf("%s, furthest %s, %s: got %+v", stage, furthest, status, figures)
					}
				}
			}
		}
	}
}

func TestFiguresWithoutApplications(t *testing.T) {
	t.Parallel()
	pipeline := pipelineFigures(nil, nil)
	if pipeline.Applications != 0 || len(pipeline.Stages) != 6 {
		t.Errorf("got %+v, want no applications and 6 stages", pipeline)
	}
	for _, stage := range pipeline.Stages {
		if stage.Reached+stage.Passed+stage.Standing != 0 || !stage.Conversion.IsNull() || !stage.MedianDays.IsNull() {
			t.Errorf("got %+v, want zeros and nulls", stage)
		}
	}
}

// TestFigures checks for arbitrary applications that the totals add up, and that the number that reached a stage is the
// number that passed the previous one.
func TestFigures(t *testing.T) {
	t.Parallel()
	stages := lifecycle.Stages()
	rapid.Check(t, func(t *rapid.T) {
		counts := rapid.SliceOf(rapid.Custom(func(t *rapid.T) db.CountPipelineRow {
			furthest := rapid.IntRange(0, 5).Draw(t, "furthest")
			return db.CountPipelineRow{
				FurthestStage: stages[furthest], Stage: stages[rapid.IntRange(0, furthest).Draw(t, "stage")],
				Status:       rapid.SampledFrom(statuses()).Draw(t, "status"),
				Applications: rapid.Int32Range(1, 1_000_000).Draw(t, "applications"),
			}
		})).Draw(t, "counts")
		stays := []db.ListMedianStaysRow{}
		for _, stage := range rapid.SliceOfDistinct(rapid.SampledFrom(stages), rapid.ID).Draw(t, "left") {
			stays = append(stays, db.ListMedianStaysRow{Stage: stage, Seconds: rapid.Float64Range(0, 1e9).Draw(t, "seconds")})
		}
		pipeline := pipelineFigures(counts, stays)
		if pipeline.Applications !=
			pipeline.Active+pipeline.OnHold+pipeline.Hired+pipeline.Rejected+pipeline.Withdrawn {
			t.Fatalf("the totals do not add up: %+v", pipeline)
		}

		standing := int32(0)
		for i, stage := range pipeline.Stages {
			previous := pipeline.Applications
			if i > 0 {
				previous = pipeline.Stages[i-1].Passed
			}
			if stage.Stage != api.ApplicationStage(stages[i]) || stage.Reached != previous || stage.Passed > stage.Reached ||
				stage.Standing > stage.Reached {
				t.Fatalf("got %+v after a stage that %d passed, in %+v", stage, previous, pipeline.Stages)
			}
			share, err := stage.Conversion.Get()
			if (err != nil) != (stage.Reached == 0 || i == len(stages)-1) ||
				err == nil && math.Abs(share*float64(stage.Reached)-float64(stage.Passed)) > 1e-3 {
				t.Fatalf("got a wrong conversion: %+v", stage)
			}
			at := slices.IndexFunc(stays, func(stay db.ListMedianStaysRow) bool { return api.ApplicationStage(stay.Stage) == stage.Stage })
			if stage.MedianDays.IsNull() != (at < 0) ||
				at >= 0 && math.Abs(stage.MedianDays.MustGet()*86400-stays[at].Seconds) > 1e-3 {
				t.Fatalf("got a wrong median: %+v of %+v", stage, stays)
			}
			standing += stage.Standing
		}
		if standing != pipeline.Active+pipeline.OnHold+pipeline.Hired {
			t.Fatalf("%d applications are in a stage, want all that are not closed: %+v", standing, pipeline)
		}
	})
}

// TestFiguresIgnoreUnknownStages counts applications in a stage that only the next release knows. During a deployment,
// a replica of this release reads them.
func TestFiguresIgnoreUnknownStages(t *testing.T) {
	t.Parallel()
	pipeline := pipelineFigures([]db.CountPipelineRow{
		{FurthestStage: "probation", Stage: "probation", Status: "probation", Applications: 3},
		{FurthestStage: "offer", Stage: "offer", Status: "active", Applications: 2},
	}, []db.ListMedianStaysRow{{Stage: "probation", Seconds: 5}})
	if pipeline.Applications != 5 || pipeline.Active != 2 || pipeline.Stages[0].Reached != 2 || len(pipeline.Stages) != 6 {
		t.Errorf("got %+v, want 5 applications, 2 of which are active and reached the first of 6 stages", pipeline)
	}
}

func TestFunnel(t *testing.T) {
	t.Parallel()
	got := funnel([]api.PipelineStage{
		{Stage: "applied", Reached: 7, Passed: 3, Standing: 2}, {Stage: "hired", Reached: 1},
	})
	if want := []chart.Stage{{Label: "Applied", Count: 7}, {Label: "Hired", Count: 1}}; !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

func TestConvertInterviewer(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name      string
		submitted int32
		hours     float64
		want      string
	}{
		{"no score", 0, 0, "null"},
		{"one score at once", 1, 0, "0"},
		{"two scores", 2, 3.5, "3.5"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			figures := convertInterviewer(db.ListInterviewerFiguresRow{
				SubmittedScores: test.submitted, MedianHours: test.hours,
			})
			if got, err := json.Marshal(figures.MedianHoursToSubmit); err != nil || string(got) != test.want {
				t.Errorf("%d scores, %g hours: got %s, %v, want %s", test.submitted, test.hours, got, err, test.want)
			}
		})
	}
}
