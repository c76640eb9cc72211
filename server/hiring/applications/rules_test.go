package applications

import (
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/gen/db"
	"github.com/ai-interviewer-platform/interviewer/server/hiring/lifecycle"
	"github.com/ai-interviewer-platform/interviewer/server/platform/fault"
)

// TestAMoveIsWhatTheMachinesSay takes every pair of stages in every status: the move is made where both machines permit it,
// it ends in a hire exactly where it ends in the stage hired, and the stages that are offered are those that can be reached.
func TestAMoveIsWhatTheMachinesSay(t *testing.T) {
	t.Parallel()
	hr, reason := lifecycle.Standing{Role: api.RoleHr}, "because"
	for _, status := range lifecycle.Application().States {
		for _, from := range lifecycle.Stages() {
			row := db.Application{Status: status.Name, Stage: from}
			if (from == api.ApplicationStageHired) != (status.Name == api.ApplicationStatusHired) {
				continue // such a row cannot be
			}
			for _, to := range lifecycle.Stages() {
				event, reached := lifecycle.Reach(from, to, hr, &reason)
				may := status.Name == api.ApplicationStatusActive && reached == nil
				taken, err := toStage(row, to, hr, &reason)
				if may != (err == nil) {
					t.Errorf("%s, %s to %s: %v; want it to be made: %t", status.Name, from, to, err, may)
				}
				if offered := slices.Contains(allowedStages(row, hr), to); offered != may {
					t.Errorf("%s, %s to %s is offered: %t; can be made: %t", status.Name, from, to, offered, may)
				}
				if !may {
					continue
				}
				want := step{event: event, stage: to, status: api.ApplicationStatusActive}
				if to == api.ApplicationStageHired {
					want.status = api.ApplicationStatusHired
				}
				if taken != want {
					t.Errorf("%s to %s makes %+v, want %+v", from, to, taken, want)
				}
			}
		}
	}
}

// TestEveryActionIsAnEvent holds what the history calls a move against the API's events, for every action that changes the
// status, and expects that only a rejection leaves a reason of the list behind.
func TestEveryActionIsAnEvent(t *testing.T) {
	t.Parallel()
	document, err := api.GetSpec()
	if err != nil {
		t.Fatal(err)
	}
	events := document.Components.Schemas["ApplicationEvent"].Value.Enum
	hr, reason, rejection := lifecycle.Standing{Role: api.RoleHr}, "because", api.RejectionReasonOther
	for _, way := range lifecycle.Application().Transitions {
		if way.To == "" || len(way.By) == 0 {
			continue // it changes no status, or comes with another action
		}
		if !slices.Contains(events, any(string(way.Action))) {
			t.Errorf("the history cannot call a move %q", way.Action)
		}
		for _, from := range way.From {
			was := db.Application{Status: from, Stage: api.ApplicationStageInterview, RejectionReason: &rejection}
			taken, err := toStatus(was, way.Action, nil, hr, &reason)
			if err != nil || taken != (step{event: api.ApplicationEvent(way.Action), stage: was.Stage, status: way.To}) {
				t.Errorf("%s from %s makes %+v, %v", way.Action, from, taken, err)
			}
		}
	}
	taken, err := toStatus(db.Application{Status: api.ApplicationStatusActive}, api.ApplicationActionReject, &rejection, hr, nil)
	if err != nil || taken.rejection != &rejection || taken.status != api.ApplicationStatusRejected {
		t.Errorf("a rejection makes %+v, %v", taken, err)
	}
}

// TestConsideredIsWhatThePairIndexHolds compares with the index that lets a candidate have one such application for a job.
func TestConsideredIsWhatThePairIndexHolds(t *testing.T) {
	t.Parallel()
	for _, state := range lifecycle.Application().States {
		want := state.Name == api.ApplicationStatusActive || state.Name == api.ApplicationStatusOnHold
		if considered(state.Name) != want {
			t.Errorf("%s is considered: %t", state.Name, !want)
		}
	}
}

func TestWhoMayApply(t *testing.T) {
	t.Parallel()
	hr := lifecycle.Standing{Role: api.RoleHr}
	for _, candidate := range lifecycle.Candidate().States {
		for _, job := range lifecycle.Job().States {
			state := ""
			switch {
			case candidate.Name != api.CandidateStatusActive:
				state = string(candidate.Name)
			case job.Name != api.JobStatusOpen:
				state = string(job.Name)
			}
			err := mayApply(candidate.Name, job.Name, hr)
			if state == "" {
				if err != nil {
					t.Errorf("%s to %s: %v", candidate.Name, job.Name, err)
				}
				continue
			}
			if !fault.Is(err, fault.StateConflict) {
				t.Errorf("%s to %s: %v", candidate.Name, job.Name, err)
				continue
			}
			named, actions := err.(*fault.Fault).State() //nolint:errorlint // made by the rule and not wrapped
			if named != state || len(actions) == 0 {
				t.Errorf("%s to %s names the state %q and the actions %v", candidate.Name, job.Name, named, actions)
			}
		}
	}
}

// TestStay holds the time in a stage against whole seconds, for any times.
func TestStay(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		began := time.Unix(1_700_000_000, 0).UTC()
		lasted := time.Duration(rapid.Int64Range(-int64(time.Hour), int64(1000*24*time.Hour)).Draw(t, "lasted"))
		from := rapid.SampledFrom(lifecycle.Stages()).Draw(t, "from")
		to := rapid.SampledFrom(lifecycle.Stages()).Draw(t, "to")
		now := began.Add(lasted)
		entered, seconds := stay(db.Application{Stage: from, StageEnteredAt: began}, to, now)
		if from == to {
			if seconds != nil || !entered.Equal(began) {
				t.Fatalf("staying in %s is taken for a move: %v, %v", from, entered, seconds)
			}
			return
		}
		if !entered.Equal(now) || seconds == nil || *seconds < 0 {
			t.Fatalf("entered %v, seconds %v", entered, seconds)
		}
		whole := time.Duration(*seconds) * time.Second
		if lasted >= 0 && (whole > lasted || lasted-whole >= time.Second) || lasted < 0 && whole != 0 {
			t.Fatalf("%v are %d seconds", lasted, *seconds)
		}
	})
}

func TestTextsOfAMove(t *testing.T) {
	t.Parallel()
	fine, lines, blank, bell := "Calm.", "One\nTwo\tand more", "", "a\u0007b"
	for name, test := range map[string]struct {
		err  error
		want int
	}{
		"no reason": {checkReason(nil), 0}, "a reason": {checkReason(&fine), 0}, "lines": {checkReason(&lines), 0},
		"a blank reason": {checkReason(&blank), 1}, "a bell": {checkReason(&bell), 1},
		"no source": {checkSource(fault.New(fault.RuleViolated), nil), 0}, "a source": {checkSource(fault.New(fault.RuleViolated), &fine), 0},
		"a source of lines": {checkSource(fault.New(fault.RuleViolated), &lines), 1},
		"two things wrong":  {checkSource(fault.New(fault.RuleViolated).Field("/job_id", "unknown", "x"), &blank), 2},
	} {
		got := 0
		if f, ok := test.err.(*fault.Fault); ok { //nolint:errorlint // made by the rule and not wrapped
			got = len(f.Fields())
		}
		if got != test.want {
			t.Errorf("%s: %v, want %d things wrong", name, test.err, test.want)
		}
	}
}
