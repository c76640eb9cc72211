package reports

import (
	"encoding/json"
	"math"
	"reflect"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/gen/db"
	"github.com/ai-interviewer-platform/interviewer/server/hiring/lifecycle"
	"github.com/ai-interviewer-platform/interviewer/server/insight/chart"
)

func statuses() []api.ApplicationStatus {
	return []api.ApplicationStatus{
		api.ApplicationStatusActive, api.ApplicationStatusOnHold, api.ApplicationStatusHired,
		api.ApplicationStatusRejected, api.ApplicationStatusWithdrawn,
	}
}

// TestFiguresOfOne puts a single application into every furthest stage, stage and status that there can be.
func TestFiguresOfOne(t *testing.T) {
	t.Parallel()
	stages := lifecycle.Stages()
	for f, furthest := range stages {
		for s, stage := range stages[:f+1] {
			for _, status := range statuses() {
				shown := figures([]db.CountPipelineRow{{FurthestStage: furthest, Stage: stage, Status: status, Applications: 1}}, nil)
				totals := map[api.ApplicationStatus]int32{
					"active": shown.Active, "on_hold": shown.OnHold, "hired": shown.Hired, "rejected": shown.Rejected, "withdrawn": shown.Withdrawn,
				}
				for of, total := range totals {
					if (total == 1) != (of == status) {
						t.Errorf("one that is %s counts as %d that are %s", status, total, of)
					}
				}
				for i, got := range shown.Stages {
					closed := status == api.ApplicationStatusRejected || status == api.ApplicationStatusWithdrawn
					want := []bool{i <= f, i < f, i == s && !closed, i <= f && i != len(stages)-1}
					is := []bool{got.Reached == 1, got.Passed == 1, got.Standing == 1, !got.Conversion.IsNull()}
					if got.Stage != stages[i] || !slices.Equal(is, want) || !got.MedianDays.IsNull() {
						t.Errorf("%s, furthest %s, %s: %+v", stage, furthest, status, got)
					}
				}
			}
		}
	}
}

func TestFiguresOfNobody(t *testing.T) {
	t.Parallel()
	shown := figures(nil, nil)
	if shown.Applications != 0 || len(shown.Stages) != 6 {
		t.Errorf("%+v", shown)
	}
	for _, stage := range shown.Stages {
		if stage.Reached+stage.Passed+stage.Standing != 0 || !stage.Conversion.IsNull() || !stage.MedianDays.IsNull() {
			t.Errorf("%+v", stage)
		}
	}
}

// TestFigures: whatever the applications, the parts add up to the whole, and each stage has of the one before what passed it.
func TestFigures(t *testing.T) {
	t.Parallel()
	stages := lifecycle.Stages()
	rapid.Check(t, func(t *rapid.T) {
		counts := rapid.SliceOf(rapid.Custom(func(t *rapid.T) db.CountPipelineRow {
			furthest := rapid.IntRange(0, 5).Draw(t, "furthest")
			return db.CountPipelineRow{
				FurthestStage: stages[furthest], Stage: stages[rapid.IntRange(0, furthest).Draw(t, "stage")],
				Status: rapid.SampledFrom(statuses()).Draw(t, "status"), Applications: rapid.Int32Range(1, 1_000_000).Draw(t, "applications"),
			}
		})).Draw(t, "counts")
		stays := []db.ListMedianStaysRow{}
		for _, stage := range rapid.SliceOfDistinct(rapid.SampledFrom(stages), rapid.ID).Draw(t, "left") {
			stays = append(stays, db.ListMedianStaysRow{Stage: stage, Seconds: rapid.Float64Range(0, 1e9).Draw(t, "seconds")})
		}
		shown := figures(counts, stays)
		if shown.Applications != shown.Active+shown.OnHold+shown.Hired+shown.Rejected+shown.Withdrawn {
			t.Fatalf("the totals do not add up: %+v", shown)
		}
		standing := int32(0)
		for i, stage := range shown.Stages {
			before := shown.Applications
			if i > 0 {
				before = shown.Stages[i-1].Passed
			}
			if stage.Stage != stages[i] || stage.Reached != before || stage.Passed > stage.Reached || stage.Standing > stage.Reached {
				t.Fatalf("the stage %+v does not follow in %+v", stage, shown.Stages)
			}
			if share, err := stage.Conversion.Get(); err == nil && math.Abs(share*float64(stage.Reached)-float64(stage.Passed)) > 1e-3 {
				t.Fatalf("the share is wrong: %+v", stage)
			}
			at := slices.IndexFunc(stays, func(stay db.ListMedianStaysRow) bool { return stay.Stage == stage.Stage })
			if stage.MedianDays.IsNull() != (at < 0) || at >= 0 && math.Abs(stage.MedianDays.MustGet()*86400-stays[at].Seconds) > 1e-3 {
				t.Fatalf("the median is wrong: %+v of %+v", stage, stays)
			}
			standing += stage.Standing
		}
		if standing != shown.Active+shown.OnHold+shown.Hired {
			t.Fatalf("%d stand somewhere: %+v", standing, shown)
		}
	})
}

// TestFiguresOfALaterRelease: the replica of this release may read what the next one has written.
func TestFiguresOfALaterRelease(t *testing.T) {
	t.Parallel()
	shown := figures([]db.CountPipelineRow{
		{FurthestStage: "probation", Stage: "probation", Status: "probation", Applications: 3},
		{FurthestStage: "offer", Stage: "offer", Status: "active", Applications: 2},
	}, []db.ListMedianStaysRow{{Stage: "probation", Seconds: 5}})
	if shown.Applications != 5 || shown.Active != 2 || shown.Stages[0].Reached != 2 || len(shown.Stages) != 6 {
		t.Errorf("%+v", shown)
	}
}

func TestFunnel(t *testing.T) {
	t.Parallel()
	drawn := funnel([]api.PipelineStage{{Stage: "applied", Reached: 7, Passed: 3, Standing: 2}, {Stage: "hired", Reached: 1}})
	if want := []chart.Stage{{Label: "Applied", Count: 7}, {Label: "Hired", Count: 1}}; !reflect.DeepEqual(drawn, want) {
		t.Errorf("%+v, want %+v", drawn, want)
	}
}

func TestConvertInterviewer(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		submitted int32
		hours     float64
		want      string
	}{{0, 0, "null"}, {1, 0, "0"}, {2, 3.5, "3.5"}} {
		shown := convertInterviewer(db.ListInterviewerFiguresRow{SubmittedScores: c.submitted, MedianHours: c.hours})
		if got, err := json.Marshal(shown.MedianHoursToSubmit); err != nil || string(got) != c.want {
			t.Errorf("%+v: %s, %v", c, got, err)
		}
	}
}
