package applications

import (
	"errors"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/ai-interviewer-platform/interviewer/db/stored"
	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/gen/db"
	"github.com/ai-interviewer-platform/interviewer/server/hiring/lifecycle"
	"github.com/ai-interviewer-platform/interviewer/server/platform/fault"
)

// TestMoveFollowsStateMachine moves between every pair of stages in every status. A move is allowed if the machine of
// applications and that of stages allow it. It sets the status hired exactly in the stage hired. The allowed stages are
// those to which a move succeeds.
func TestMoveFollowsStateMachine(t *testing.T) {
	t.Parallel()
	hr, reason := lifecycle.Relation{Role: stored.RoleHR}, "because"
	for _, status := range lifecycle.Application().States {
		for _, from := range lifecycle.Stages() {
			row := db.Application{Status: status.Name, Stage: from}
			if (from == stored.ApplicationStageHired) != (status.Name == stored.ApplicationStatusHired) {
				continue // the stage hired and the status hired only occur together
			}
			for _, to := range lifecycle.Stages() {
				event, reached := lifecycle.Reach(from, to, hr, &reason)
				allowed := status.Name == stored.ApplicationStatusActive && reached == nil
				got, err := moveToStage(row, to, hr, &reason)
				if allowed != (err == nil) {
					t.Errorf("%s, %s to %s: got %v, want it to succeed: %t", status.Name, from, to, err, allowed)
				}
				if listed := slices.Contains(allowedStages(row, hr), api.ApplicationStage(to)); listed != allowed {
					t.Errorf("%s, %s to %s: in the allowed stages: %t, want %t", status.Name, from, to, listed, allowed)
				}
				if !allowed {
					continue
				}
				want := outcome{event: event, stage: to, status: stored.ApplicationStatusActive}
				if to == stored.ApplicationStageHired {
					want.status = stored.ApplicationStatusHired
				}
				if got != want {
					t.Errorf("%s to %s: got %+v, want %+v", from, to, got, want)
				}
			}
		}
	}
}

// TestEveryActionHasAnEvent checks that every action that changes the status has an event in the API, and that every
// action but reject clears the rejection reason.
func TestEveryActionHasAnEvent(t *testing.T) {
	t.Parallel()
	document, err := api.GetSpec()
	if err != nil {
		t.Fatal(err)
	}
	events := document.Components.Schemas["ApplicationEvent"].Value.Enum
	hr, reason, rejection := lifecycle.Relation{Role: stored.RoleHR}, "because", stored.RejectionReasonOther
	changes := 0
	for _, transition := range lifecycle.Application().Transitions {
		t.Run(string(transition.Action), func(t *testing.T) {
			if transition.To == "" || len(transition.By) == 0 {
				return // it changes no status, or is a consequence of another action
			}
			changes++
			if !slices.Contains(events, any(string(transition.Action))) {
				t.Errorf("the action %s is not an ApplicationEvent", transition.Action)
			}
			for _, from := range transition.From {
				before := db.Application{Status: from, Stage: stored.ApplicationStageInterview, RejectionReason: &rejection}
				got, err := changeStatus(before, transition.Action, nil, hr, &reason)
				want := outcome{event: stored.ApplicationEvent(transition.Action), stage: before.Stage, status: transition.To}
				if err != nil || got != want {
					t.Errorf("%s from %s: got %+v, %v, want %+v", transition.Action, from, got, err, want)
				}
			}
		})
	}
	if changes == 0 {
		t.Error("no transition changes the status")
	}

	active := db.Application{Status: stored.ApplicationStatusActive}
	got, err := changeStatus(active, api.ApplicationActionReject, &rejection, hr, nil)
	if err != nil || got.rejection != &rejection || got.status != stored.ApplicationStatusRejected {
		t.Errorf("reject: got %+v, %v; want status rejected with the reason", got, err)
	}
}

// TestIsOpen compares isOpen with the condition of the index applications_active_pair_key.
func TestIsOpen(t *testing.T) {
	t.Parallel()
	for _, state := range lifecycle.Application().States {
		want := state.Name == stored.ApplicationStatusActive || state.Name == stored.ApplicationStatusOnHold
		if isOpen(state.Name) != want {
			t.Errorf("%s: isOpen is %t, want %t", state.Name, !want, want)
		}
	}
}

func TestCheckApply(t *testing.T) {
	t.Parallel()
	hr := lifecycle.Relation{Role: stored.RoleHR}
	for _, candidate := range lifecycle.Candidate().States {
		for _, job := range lifecycle.Job().States {
			state := ""
			switch {
			case candidate.Name != stored.CandidateStatusActive:
				state = string(candidate.Name)
			case job.Name != stored.JobStatusOpen:
				state = string(job.Name)
			}
			err := checkApply(candidate.Name, job.Name, hr)
			if state == "" {
				if err != nil {
					t.Errorf("candidate %s, job %s: got %v, want nil", candidate.Name, job.Name, err)
				}
				continue
			}
			if !fault.Is(err, fault.StateConflict) {
				t.Errorf("candidate %s, job %s: got %v, want %s", candidate.Name, job.Name, err, fault.StateConflict)
				continue
			}
			got, actions := err.(*fault.Fault).State() //nolint:errorlint // checkApply does not wrap it
			if got != state || len(actions) == 0 {
				t.Errorf("candidate %s, job %s: got state %q and actions %v, want %q and some",
					candidate.Name, job.Name, got, actions, state)
			}
		}
	}
}

// TestStageStay checks for arbitrary times that the seconds in a stage are rounded down and never negative.
func TestStageStay(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		start := time.Unix(1_700_000_000, 0).UTC()
		lasted := time.Duration(rapid.Int64Range(-int64(time.Hour), int64(1000*24*time.Hour)).Draw(t, "lasted"))
		from := rapid.SampledFrom(lifecycle.Stages()).Draw(t, "from")
		to := rapid.SampledFrom(lifecycle.Stages()).Draw(t, "to")
		now := start.Add(lasted)
		entered, seconds := stageStay(db.Application{Stage: from, StageEnteredAt: start}, to, now)
		if from == to {
			if seconds != nil || !entered.Equal(start) {
				t.Fatalf("no change of %s: got entered %v, seconds %v; want %v and nil", from, entered, seconds, start)
			}
			return
		}
		if !entered.Equal(now) || seconds == nil || *seconds < 0 {
			t.Fatalf("got entered %v, seconds %v; want %v and at least 0", entered, seconds, now)
		}
		whole := time.Duration(*seconds) * time.Second
		if lasted >= 0 && (whole > lasted || lasted-whole >= time.Second) || lasted < 0 && whole != 0 {
			t.Fatalf("got %d seconds for %v", *seconds, lasted)
		}
	})
}

func TestMoveTexts(t *testing.T) {
	t.Parallel()
	fine, lines, blank, bell := "Calm.", "One\nTwo\tand more", "", "a\u0007b"
	for name, test := range map[string]struct {
		err  error
		want int // errors
	}{
		"no reason":                 {checkReason(nil), 0},
		"reason":                    {checkReason(&fine), 0},
		"reason with several lines": {checkReason(&lines), 0},
		"blank reason":              {checkReason(&blank), 1},
		"reason with a control":     {checkReason(&bell), 1},
		"no source":                 {checkSource(fault.New(fault.RuleViolated), nil), 0},
		"source":                    {checkSource(fault.New(fault.RuleViolated), &fine), 0},
		"source with several lines": {checkSource(fault.New(fault.RuleViolated), &lines), 1},
		"blank source, unknown job": {checkSource(fault.New(fault.RuleViolated).Field("/job_id", "unknown", "x"), &blank), 2},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := 0
			var f *fault.Fault
			if errors.As(test.err, &f) {
				got = len(f.Fields())
			}
			if got != test.want || (test.err != nil) != (test.want > 0) {
				t.Errorf("got %v with %d errors, want %d", test.err, got, test.want)
			}
		})
	}
}
