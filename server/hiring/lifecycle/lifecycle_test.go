package lifecycle_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/ai-interviewer-platform/interviewer/db/stored"
	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/server/access"
	"github.com/ai-interviewer-platform/interviewer/server/hiring/lifecycle"
	"github.com/ai-interviewer-platform/interviewer/server/platform/fault"
)

// relations returns a relation for each kind of actor, by a letter: H is HR, A an admin, L a team lead who is a member
// of the job, l any other team lead, e an employee who is a member, x any other employee, P a panelist, and R the
// rater.
func relations() map[rune]lifecycle.Relation {
	return map[rune]lifecycle.Relation{
		'H': {Role: stored.RoleHR}, 'A': {Role: stored.RoleAdmin},
		'L': {Role: stored.RoleTeamLead, Member: true}, 'l': {Role: stored.RoleTeamLead},
		'e': {Role: stored.RoleEmployee, Member: true}, 'x': {Role: stored.RoleEmployee},
		'P': {Role: stored.RoleEmployee, Panelist: true}, 'R': {Role: stored.RoleEmployee, Rater: true},
	}
}

// decisions maps "state action" to the letters of the actors who may perform the action and the state afterwards. A
// question mark after the action means that it needs a reason. Every other combination is refused.
type decisions map[string]string

// check compares a machine with the expected decisions, for every state, action and actor.
func check[S, A ~string](t *testing.T, m lifecycle.Machine[S, A], actions []A, want decisions) {
	t.Helper()
	reason := "because"
	tried := map[string]bool{}
	for _, state := range m.States {
		for _, action := range actions {
			pair := string(state.Name) + " " + string(action)
			needsReason := want[pair+"?"] != ""
			actors, to, _ := strings.Cut(want[pair]+want[pair+"?"], " ")
			tried[pair], tried[pair+"?"] = true, true
			for letter, relation := range relations() {
				after, err := m.Decide(state.Name, action, relation, &reason)
				may := strings.ContainsRune(actors, letter)
				if may != (err == nil) || may && string(after) != to {
					t.Errorf("%s: %s by %c: got %s, %v; want %q by %q", m.Name, pair, letter, after, err, to, actors)
				}
				if listed := slices.Contains(m.Allowed(state.Name, relation), action); listed != may {
					t.Errorf("%s: %s by %c: in Allowed %t, want %t", m.Name, pair, letter, listed, may)
				}
				_, withoutReason := m.Decide(state.Name, action, relation, nil)
				if may && fault.Is(withoutReason, fault.RuleViolated) != needsReason {
					t.Errorf("%s: %s by %c without a reason: got %v; needs a reason: %t",
						m.Name, pair, letter, withoutReason, needsReason)
				}
				if !may {
					checkRefusal(t, m, state.Name, action, relation, err)
				}
			}
		}
	}
	for pair := range want {
		if !tried[pair] {
			t.Errorf("%s has no state and action %q", m.Name, pair)
		}
	}
}

// checkRefusal expects RoleNotAllowed if the actor may perform the action in no state, and otherwise StateConflict with
// the state and the allowed actions.
func checkRefusal[S, A ~string](
	t *testing.T, m lifecycle.Machine[S, A], state S, action A, relation lifecycle.Relation, err error,
) {
	t.Helper()
	if !slices.ContainsFunc(m.States, func(s lifecycle.State[S]) bool { return m.May(s.Name, action, relation) }) {
		if !fault.Is(err, fault.RoleNotAllowed) {
			t.Errorf("%s: %s %s by %+v: got %v, want RoleNotAllowed", m.Name, state, action, relation, err)
		}
		return
	}
	var f *fault.Fault
	if !fault.Is(err, fault.StateConflict) || !errors.As(err, &f) {
		t.Errorf("%s: %s %s by %+v: got %v, want StateConflict", m.Name, state, action, relation, err)
		return
	}
	named, allowed := f.State()
	if named != string(state) || len(allowed) != len(m.Allowed(state, relation)) ||
		!strings.Contains(f.Detail(), string(state)) {
		t.Errorf("%s: conflict names state %q and actions %v, want %q and %v: %s",
			m.Name, named, allowed, state, m.Allowed(state, relation), f.Detail())
	}
}

func TestJob(t *testing.T) {
	t.Parallel()
	check(t, lifecycle.Job(), []api.JobAction{
		api.JobActionUpdate, api.JobActionOpen, api.JobActionHold, api.JobActionClose,
	}, decisions{
		"draft update": "HA draft", "draft open": "HA open", "draft close": "HA closed",
		"open update": "HA open", "open hold": "HA on_hold", "open close": "HA closed",
		"on_hold update": "HA on_hold", "on_hold open": "HA open", "on_hold close": "HA closed",
		"closed update": "HA closed", "closed open": "HA open",
	})
}

func TestCandidate(t *testing.T) {
	t.Parallel()
	check(t, lifecycle.Candidate(), []api.CandidateAction{
		api.CandidateActionUpdate, api.CandidateActionApply, api.CandidateActionArchive, api.CandidateActionRestore,
	}, decisions{
		"active update": "HA active", "active apply": "HA active", "active archive": "HA archived",
		"archived update": "HA archived", "archived restore": "HA active",
	})
}

func TestApplication(t *testing.T) {
	t.Parallel()
	check(t, lifecycle.Application(), []api.ApplicationAction{
		api.ApplicationActionMove, api.ApplicationActionHold, api.ApplicationActionResume, api.ApplicationActionReject,
		api.ApplicationActionWithdraw, api.ApplicationActionReactivate, api.ApplicationActionScheduleInterview,
	}, decisions{
		"active move": "HAL active", "active hold": "HAL on_hold", "active reject": "HAL rejected",
		"active withdraw":           "HAL withdrawn",
		"active schedule_interview": "HAL active",
		"on_hold resume":            "HAL active", "on_hold reject": "HAL rejected", "on_hold withdraw": "HAL withdrawn",
		"rejected reactivate?": "HA active", "withdrawn reactivate?": "HA active",
	})
}

func TestKitVersion(t *testing.T) {
	t.Parallel()
	check(t, lifecycle.KitVersion(), []api.KitVersionAction{
		api.KitVersionActionUpdate, api.KitVersionActionPublish, api.KitVersionActionArchive,
	}, decisions{
		"draft update": "HAL draft", "draft publish": "HAL published", "published archive": "HAL archived",
	})
}

func TestInterview(t *testing.T) {
	t.Parallel()
	check(t, lifecycle.Interview(), []api.InterviewAction{
		api.InterviewActionUpdate, api.InterviewActionSetPanel, api.InterviewActionSchedule, api.InterviewActionReschedule,
		api.InterviewActionRespond, api.InterviewActionStart, api.InterviewActionFinish, api.InterviewActionMarkNoShow,
		api.InterviewActionCancel, api.InterviewActionComplete, api.InterviewActionReopen, api.InterviewActionCreateScore,
	}, decisions{
		"draft update": "HAL draft", "draft set_panel": "HAL draft", "draft schedule": "HAL scheduled",
		"draft cancel":     "HAL cancelled",
		"scheduled update": "HAL scheduled", "scheduled set_panel": "HAL scheduled",
		"scheduled reschedule": "HAL scheduled",
		"scheduled respond":    "P scheduled", "scheduled start": "HALP in_progress",
		"scheduled mark_no_show": "HALP no_show",
		"scheduled cancel":       "HAL cancelled",
		"in_progress update":     "HAL in_progress", "in_progress set_panel": "HAL in_progress",
		"in_progress finish":  "HALP awaiting_scores",
		"in_progress cancel?": "HA cancelled", "in_progress create_score": "P in_progress",
		"awaiting_scores update": "HAL awaiting_scores", "awaiting_scores set_panel": "HAL awaiting_scores",
		"awaiting_scores complete?": "HA completed", "awaiting_scores create_score": "P awaiting_scores",
		"completed reopen?": "HA awaiting_scores",
		"no_show update":    "HAL no_show", "no_show set_panel": "HAL no_show", "no_show schedule": "HAL scheduled",
		"no_show cancel": "HAL cancelled",
	})
}

func TestScore(t *testing.T) {
	t.Parallel()
	check(t, lifecycle.Score(), []api.ScoreAction{
		api.ScoreActionUpdate, api.ScoreActionSubmit, api.ScoreActionReopen, api.ScoreActionVoid,
	}, decisions{
		"draft update": "R draft", "draft submit": "R submitted",
		"submitted reopen?": "HA draft", "submitted void?": "HA voided",
	})
}

func TestTakesScores(t *testing.T) {
	t.Parallel()
	var got []stored.InterviewStatus
	for _, state := range lifecycle.Interview().States {
		if lifecycle.TakesScores(state.Name) {
			got = append(got, state.Name)
		}
	}
	want := []stored.InterviewStatus{stored.InterviewStatusInProgress, stored.InterviewStatusAwaitingScores}
	if !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

// TestStages tries every pair of stages as every actor, with and without a reason.
func TestStages(t *testing.T) {
	t.Parallel()
	stages := lifecycle.Stages()
	reason := "because"
	for i, from := range stages {
		for j, to := range stages {
			event, actors := stored.ApplicationEvent(""), ""
			switch {
			case i == len(stages)-1 || i == j:
			case j == i+1:
				event, actors = stored.ApplicationEventAdvance, "HAL"
			case j < i:
				event, actors = stored.ApplicationEventReturn, "HA"
			case j < len(stages)-1:
				event, actors = stored.ApplicationEventSkip, "HA"
			}
			refusal := fault.RoleNotAllowed
			if event == "" {
				refusal = fault.StateConflict
			}
			for letter, relation := range relations() {
				may := strings.ContainsRune(actors, letter)
				if got := lifecycle.Reachable(from, relation); slices.Contains(got, api.ApplicationStage(to)) != may {
					t.Errorf("%s to %s by %c: in Reachable %v, want %t", from, to, letter, got, may)
				}
				got, err := lifecycle.Reach(from, to, relation, &reason)
				if !may {
					if !fault.Is(err, refusal) {
						t.Errorf("%s to %s by %c: got %q, %v; want %v", from, to, letter, got, err, refusal)
					}
					continue
				}
				if got != event || err != nil {
					t.Errorf("%s to %s by %c: got %q, %v; want %q", from, to, letter, got, err, event)
				}
				_, err = lifecycle.Reach(from, to, relation, nil)
				if needs := event == stored.ApplicationEventReturn; fault.Is(err, fault.RuleViolated) != needs {
					t.Errorf("%s to %s by %c without a reason: got %v; needs a reason: %t", from, to, letter, err, needs)
				}
			}
		}
	}
}

func TestFurther(t *testing.T) {
	t.Parallel()
	stages := lifecycle.Stages()
	for i, earlier := range stages {
		for _, later := range stages[i:] {
			if got := lifecycle.Further(earlier, later); got != later {
				t.Errorf("Further(%s, %s) = %s, want %s", earlier, later, got, later)
			}
			if got := lifecycle.Further(later, earlier); got != later {
				t.Errorf("Further(%s, %s) = %s, want %s", later, earlier, got, later)
			}
		}
	}
}

// TestRandomActionsReachKnownStates performs random actions as random actors. Every action leads to a state of the
// machine, and a refused action does not change the state.
func TestRandomActionsReachKnownStates(t *testing.T) {
	t.Parallel()
	walk(t, lifecycle.Interview())
	walk(t, lifecycle.Application())
	walk(t, lifecycle.Job())
	walk(t, lifecycle.Score())
	walk(t, lifecycle.KitVersion())
	walk(t, lifecycle.Candidate())
	walk(t, lifecycle.Stage())
}

// walk performs random actions on a machine.
func walk[S, A ~string](t *testing.T, m lifecycle.Machine[S, A]) {
	t.Helper()
	var actions []A
	for _, transition := range m.Transitions {
		actions = append(actions, transition.Action)
	}
	rapid.Check(t, func(t *rapid.T) {
		state, reason := m.Initial, "because"
		for range rapid.IntRange(1, 30).Draw(t, "steps") {
			action := rapid.SampledFrom(actions).Draw(t, "action")
			relation := lifecycle.Relation{
				Role:   rapid.SampledFrom(access.Roles()).Draw(t, "role"),
				Member: rapid.Bool().Draw(t, "member"), Panelist: rapid.Bool().Draw(t, "panelist"),
				Rater: rapid.Bool().Draw(t, "rater"),
			}
			may := m.May(state, action, relation)
			after, err := m.Decide(state, action, relation, &reason)
			if may != (err == nil) || err != nil && after != state {
				t.Fatalf("%s: %s in %s by %+v: got %s, %v; allowed: %t", m.Name, action, state, relation, after, err, may)
			}
			if !slices.ContainsFunc(m.States, func(s lifecycle.State[S]) bool { return s.Name == after }) {
				t.Fatalf("%s: %s in %s: got state %q, which the machine does not have", m.Name, action, state, after)
			}
			state = after
		}
	})
}

// TestOtherKindsPerformNothing checks that an actor that is neither a user nor an API key has no relation to a resource,
// also with a role and as a member of its job.
func TestOtherKindsPerformNothing(t *testing.T) {
	t.Parallel()
	for _, kind := range append(access.Kinds(), "", "robot") {
		got := lifecycle.RelationOf(access.Actor{Kind: kind, Role: stored.RoleAdmin}, true)
		want := lifecycle.Relation{}
		if kind == access.KindUser || kind == access.KindAPIKey {
			want = lifecycle.Relation{Role: stored.RoleAdmin, Member: true}
		}
		if got != want {
			t.Errorf("relation of the kind %q: got %+v, want %+v", kind, got, want)
		}
		for _, state := range []stored.JobStatus{stored.JobStatusDraft, stored.JobStatusOpen, stored.JobStatusOnHold, stored.JobStatusClosed} {
			if allowed := lifecycle.Job().Allowed(state, got); want.Role == "" && len(allowed) > 0 {
				t.Errorf("the kind %q may %v a job that is %s, want nothing", kind, allowed, state)
			}
		}
	}
}

// TestMachinesMatchTheAPI verifies that the states of every machine equal the API's enum, that each state can be
// reached, and that states and transitions have descriptions.
func TestMachinesMatchTheAPI(t *testing.T) {
	t.Parallel()
	document, err := api.GetSpec()
	if err != nil {
		t.Fatal(err)
	}
	schemas := map[string]string{
		"job": "JobStatus", "candidate": "CandidateStatus", "application": "ApplicationStatus", "application_stage": "ApplicationStage",
		"kit_version": "KitVersionStatus", "interview": "InterviewStatus", "score": "ScoreStatus",
	}
	for _, machine := range lifecycle.All() {
		var states []string
		reached := map[string]bool{machine.Initial: true}
		for range machine.States {
			for _, transition := range machine.Transitions {
				if reached[transition.From] {
					reached[transition.To] = true
				}
			}
		}
		for _, state := range machine.States {
			states = append(states, state.Name)
			if !strings.HasSuffix(state.Description, ".") {
				t.Errorf("%s: description of %s is %q, want a sentence", machine.Name, state.Name, state.Description)
			}
			if !reached[state.Name] {
				t.Errorf("%s: %s cannot be reached", machine.Name, state.Name)
			}
		}
		var enum []string
		for _, value := range document.Components.Schemas[schemas[machine.Name]].Value.Enum {
			enum = append(enum, value.(string))
		}
		slices.Sort(states)
		slices.Sort(enum)
		if !slices.Equal(states, enum) {
			t.Errorf("states of %s: got %v, the API has %v", machine.Name, states, enum)
		}
		for _, transition := range machine.Transitions {
			if !strings.HasSuffix(transition.Description, ".") {
				t.Errorf("%s: description of %s is %q, want a sentence", machine.Name, transition.Action, transition.Description)
			}
			if transition.IsAutomatic != (len(transition.By) == 0) {
				t.Errorf("%s: %s by %v is automatic: %t", machine.Name, transition.Action, transition.By, transition.IsAutomatic)
			}
		}
	}
}

// TestWithoutRefusesActionsInEveryState verifies that a blocked action is refused because of the state, not because of
// the actor, and that the original machine still permits it.
func TestWithoutRefusesActionsInEveryState(t *testing.T) {
	t.Parallel()
	hr, reason := lifecycle.Relation{Role: stored.RoleHR}, "because"
	all := lifecycle.Interview()
	less := all.Without(api.InterviewActionSchedule, api.InterviewActionCancel)
	for _, state := range all.States {
		t.Run(string(state.Name), func(t *testing.T) {
			t.Parallel()
			for _, action := range []api.InterviewAction{api.InterviewActionSchedule, api.InterviewActionCancel} {
				if _, err := less.Decide(state.Name, action, hr, &reason); !fault.Is(err, fault.StateConflict) {
					t.Errorf("%s in %s: got %v, want StateConflict", action, state.Name, err)
				}
				if less.May(state.Name, action, hr) {
					t.Errorf("May(%s, %s) = true, want false", state.Name, action)
				}
			}

			want := slices.DeleteFunc(slices.Clone(all.Allowed(state.Name, hr)), func(action api.InterviewAction) bool {
				return action == api.InterviewActionSchedule || action == api.InterviewActionCancel
			})
			if got := less.Allowed(state.Name, hr); !slices.Equal(got, want) {
				t.Errorf("allowed in %s: got %v, want %v", state.Name, got, want)
			}
		})
	}
	if !all.May(stored.InterviewStatusDraft, api.InterviewActionSchedule, hr) {
		t.Error("Without changed the machine it was called on")
	}
}

// TestScopesLimitAllowedActions verifies that an API key is offered only the actions that its scopes permit.
func TestScopesLimitAllowedActions(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		key  *access.Key
		want []api.InterviewAction
	}{
		"no scopes":   {&access.Key{}, []api.InterviewAction{}},
		"no scope":    {&access.Key{Scopes: []string{}}, []api.InterviewAction{}},
		"other scope": {&access.Key{Scopes: []string{"jobs:write"}}, []api.InterviewAction{}},
		"one scope": {
			&access.Key{Scopes: []string{"interviews:conduct"}},
			[]api.InterviewAction{api.InterviewActionStart, api.InterviewActionMarkNoShow},
		},
		"user": {nil, []api.InterviewAction{
			api.InterviewActionUpdate, api.InterviewActionSetPanel, api.InterviewActionReschedule, api.InterviewActionStart,
			api.InterviewActionMarkNoShow, api.InterviewActionCancel,
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			hr := lifecycle.Relation{Role: stored.RoleHR, Key: test.key}
			if got := lifecycle.Interview().Allowed(stored.InterviewStatusScheduled, hr); !slices.Equal(got, test.want) {
				t.Errorf("got %v, want %v", got, test.want)
			}
			stages := lifecycle.Reachable(stored.ApplicationStageApplied, hr)
			if got, want := len(stages) > 0, test.key == nil; got != want {
				t.Errorf("stages: got %v, want some: %t", stages, want)
			}
		})
	}
}
