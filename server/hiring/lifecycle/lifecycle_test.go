package lifecycle_test

import (
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/server/hiring/lifecycle"
	"github.com/ai-interviewer-platform/interviewer/server/platform/fault"
)

// standings has a letter for each kind of actor: HR (H), admin (A), a team lead who is a member of the job (L) or of
// another one (l), an employee who is a member of the job (e) or of none (x), a panelist (P) and the rater (R).
func standings() map[rune]lifecycle.Standing {
	return map[rune]lifecycle.Standing{
		'H': {Role: api.RoleHr}, 'A': {Role: api.RoleAdmin},
		'L': {Role: api.RoleTeamLead, Member: true}, 'l': {Role: api.RoleTeamLead},
		'e': {Role: api.RoleEmployee, Member: true}, 'x': {Role: api.RoleEmployee},
		'P': {Role: api.RoleEmployee, Panelist: true}, 'R': {Role: api.RoleEmployee, Rater: true},
	}
}

// decided maps "state action" to the letters of the actors that may perform the action and the state afterwards. A
// question mark after the action says that it needs a reason. Everything else is refused.
type decided map[string]string

// check compares a machine with the expected decisions, for every state, action and actor.
func check[S, A ~string](t *testing.T, m lifecycle.Machine[S, A], actions []A, want decided) {
	t.Helper()
	reason := "because"
	met := map[string]bool{}
	for _, state := range m.States {
		for _, action := range actions {
			pair := string(state.Name) + " " + string(action)
			needsReason := want[pair+"?"] != ""
			who, to, _ := strings.Cut(want[pair]+want[pair+"?"], " ")
			met[pair], met[pair+"?"] = true, true
			for letter, standing := range standings() {
				after, err := m.Decide(state.Name, action, standing, &reason)
				may := strings.ContainsRune(who, letter)
				if may != (err == nil) || may && string(after) != to {
					t.Errorf("%s: %s by %c leads to %s, %v; want %q", m.Name, pair, letter, after, err, want[pair])
				}
				if listed := slices.Contains(m.Allowed(state.Name, standing), action); listed != may {
					t.Errorf("%s: %s by %c is in Allowed: %t, Decide permits it: %t", m.Name, pair, letter, listed, may)
				}
				if _, err := m.Decide(state.Name, action, standing, nil); may && fault.Is(err, fault.RuleViolated) != needsReason {
					t.Errorf("%s: %s by %c without a reason: %v", m.Name, pair, letter, err)
				}
				if !may {
					checkRefusal(t, m, state.Name, action, standing, err)
				}
			}
		}
	}
	for pair := range want {
		if !met[pair] {
			t.Errorf("%s: %q is not a state and an action of the machine", m.Name, pair)
		}
	}
}

// checkRefusal expects RoleNotAllowed if the actor may perform the action in no state, and otherwise StateConflict with
// the state and the allowed actions.
func checkRefusal[S, A ~string](
	t *testing.T, m lifecycle.Machine[S, A], state S, action A, who lifecycle.Standing, err error,
) {
	t.Helper()
	ever := slices.ContainsFunc(m.States, func(s lifecycle.State[S]) bool { return m.May(s.Name, action, who) })
	if !ever {
		if !fault.Is(err, fault.RoleNotAllowed) {
			t.Errorf("%s: %s %s by %+v, who may perform it in no state: %v", m.Name, state, action, who, err)
		}
		return
	}
	var f *fault.Fault
	if !fault.Is(err, fault.StateConflict) {
		t.Errorf("%s: %s %s by %+v: %v", m.Name, state, action, who, err)
		return
	}
	f, _ = err.(*fault.Fault) //nolint:errorlint // made here and not wrapped
	named, allowed := f.State()
	if named != string(state) || len(allowed) != len(m.Allowed(state, who)) || !strings.Contains(f.Detail(), string(state)) {
		t.Errorf("%s: the conflict names the state %q and the actions %v: %s", m.Name, named, allowed, f.Detail())
	}
}

func TestJob(t *testing.T) {
	t.Parallel()
	check(t, lifecycle.Job(), []api.JobAction{
		api.JobActionUpdate, api.JobActionOpen, api.JobActionHold, api.JobActionClose,
	}, decided{
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
	}, decided{
		"active update": "HA active", "active apply": "HA active", "active archive": "HA archived",
		"archived update": "HA archived", "archived restore": "HA active",
	})
}

func TestApplication(t *testing.T) {
	t.Parallel()
	check(t, lifecycle.Application(), []api.ApplicationAction{
		api.ApplicationActionMove, api.ApplicationActionHold, api.ApplicationActionResume, api.ApplicationActionReject,
		api.ApplicationActionWithdraw, api.ApplicationActionReactivate, api.ApplicationActionScheduleInterview,
	}, decided{
		"active move": "HAL active", "active hold": "HAL on_hold", "active reject": "HAL rejected", "active withdraw": "HAL withdrawn",
		"active schedule_interview": "HAL active",
		"on_hold resume":            "HAL active", "on_hold withdraw": "HAL withdrawn",
		"rejected reactivate?": "HA active", "withdrawn reactivate?": "HA active",
	})
}

func TestKitVersion(t *testing.T) {
	t.Parallel()
	check(t, lifecycle.KitVersion(), []api.KitVersionAction{
		api.KitVersionActionUpdate, api.KitVersionActionPublish, api.KitVersionActionArchive,
	}, decided{
		"draft update": "HAL draft", "draft publish": "HAL published", "published archive": "HAL archived",
	})
}

func TestInterview(t *testing.T) {
	t.Parallel()
	check(t, lifecycle.Interview(), []api.InterviewAction{
		api.InterviewActionUpdate, api.InterviewActionSetPanel, api.InterviewActionSchedule, api.InterviewActionReschedule,
		api.InterviewActionRespond, api.InterviewActionStart, api.InterviewActionFinish, api.InterviewActionMarkNoShow,
		api.InterviewActionCancel, api.InterviewActionComplete, api.InterviewActionReopen, api.InterviewActionCreateScore,
	}, decided{
		"draft update": "HAL draft", "draft set_panel": "HAL draft", "draft schedule": "HAL scheduled", "draft cancel": "HAL cancelled",
		"scheduled update": "HAL scheduled", "scheduled set_panel": "HAL scheduled", "scheduled reschedule": "HAL scheduled",
		"scheduled respond": "P scheduled", "scheduled start": "HALP in_progress", "scheduled mark_no_show": "HALP no_show",
		"scheduled cancel":   "HAL cancelled",
		"in_progress update": "HAL in_progress", "in_progress set_panel": "HAL in_progress", "in_progress finish": "HALP awaiting_scores",
		"in_progress cancel?": "HA cancelled", "in_progress create_score": "P in_progress",
		"awaiting_scores update": "HAL awaiting_scores", "awaiting_scores set_panel": "HAL awaiting_scores",
		"awaiting_scores complete?": "HA completed", "awaiting_scores create_score": "P awaiting_scores",
		"completed reopen?": "HA awaiting_scores",
		"no_show update":    "HAL no_show", "no_show set_panel": "HAL no_show", "no_show schedule": "HAL scheduled", "no_show cancel": "HAL cancelled",
	})
}

func TestScore(t *testing.T) {
	t.Parallel()
	check(t, lifecycle.Score(), []api.ScoreAction{
		api.ScoreActionUpdate, api.ScoreActionSubmit, api.ScoreActionReopen, api.ScoreActionVoid,
	}, decided{
		"draft update": "R draft", "draft submit": "R submitted", "submitted reopen?": "HA draft", "submitted void?": "HA voided",
	})
	for _, status := range lifecycle.Interview().States {
		want := status.Name == api.InterviewStatusInProgress || status.Name == api.InterviewStatusAwaitingScores
		if lifecycle.TakesScores(status.Name) != want {
			t.Errorf("scores are taken in %s: %t", status.Name, !want)
		}
	}
}

// TestStages tries every pair of stages as every actor, with and without a reason.
func TestStages(t *testing.T) {
	t.Parallel()
	stages := lifecycle.Stages()
	reason := "because"
	for i, from := range stages {
		for j, to := range stages {
			event, who := api.ApplicationEvent(""), ""
			switch {
			case i == len(stages)-1 || i == j:
			case j == i+1:
				event, who = api.ApplicationEventAdvance, "HAL"
			case j < i:
				event, who = api.ApplicationEventReturn, "HA"
			case j < len(stages)-1:
				event, who = api.ApplicationEventSkip, "HA"
			}
			for letter, standing := range standings() {
				may := strings.ContainsRune(who, letter)
				got, err := lifecycle.Reach(from, to, standing, &reason)
				if may != (err == nil) || may && got != event {
					t.Errorf("%s to %s by %c is %q, %v; want %q by %s", from, to, letter, got, err, event, who)
				}
				if slices.Contains(lifecycle.Reachable(from, standing), to) != may {
					t.Errorf("%s to %s by %c: the reachable stages are %v", from, to, letter, lifecycle.Reachable(from, standing))
				}
				if !may && event == "" && !fault.Is(err, fault.StateConflict) || !may && event != "" && !fault.Is(err, fault.RoleNotAllowed) {
					t.Errorf("%s to %s by %c: %v", from, to, letter, err)
				}
				_, err = lifecycle.Reach(from, to, standing, nil)
				if needs := event == api.ApplicationEventReturn; may && fault.Is(err, fault.RuleViolated) != needs {
					t.Errorf("%s to %s by %c without a reason: %v", from, to, letter, err)
				}
			}
			further := from
			if j > i {
				further = to
			}
			if lifecycle.Further(from, to) != further || lifecycle.Further(to, from) != further {
				t.Errorf("the later of %s and %s is %s", from, to, lifecycle.Further(from, to))
			}
		}
	}
}

// TestRandomActionsReachKnownStates performs random actions as random actors: every state reached is one of the
// machine's, and a refused action does not change the state.
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

func walk[S, A ~string](t *testing.T, m lifecycle.Machine[S, A]) {
	t.Helper()
	var actions []A
	for _, way := range m.Transitions {
		actions = append(actions, way.Action)
	}
	rapid.Check(t, func(t *rapid.T) {
		state, reason := m.Initial, "because"
		for range rapid.IntRange(1, 30).Draw(t, "steps") {
			action := rapid.SampledFrom(actions).Draw(t, "action")
			who := lifecycle.Standing{
				Role:   rapid.SampledFrom([]api.Role{api.RoleEmployee, api.RoleTeamLead, api.RoleHr, api.RoleAdmin}).Draw(t, "role"),
				Member: rapid.Bool().Draw(t, "member"), Panelist: rapid.Bool().Draw(t, "panelist"), Rater: rapid.Bool().Draw(t, "rater"),
			}
			may := m.May(state, action, who)
			after, err := m.Decide(state, action, who, &reason)
			if may != (err == nil) || err != nil && after != state {
				t.Fatalf("%s: %s in %s by %+v: %s, %v; allowed: %t", m.Name, action, state, who, after, err, may)
			}
			if !slices.ContainsFunc(m.States, func(s lifecycle.State[S]) bool { return s.Name == after }) {
				t.Fatalf("%s: %s in %s leads to %q, which is not a state of the machine", m.Name, action, state, after)
			}
			state = after
		}
	})
}

// TestMachinesMatchTheAPI expects that the states of every machine are those of the API's enum, that each can be reached,
// and that states and transitions have a description.
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
			for _, way := range machine.Transitions {
				if reached[way.From] {
					reached[way.To] = true
				}
			}
		}
		for _, state := range machine.States {
			states = append(states, state.Name)
			if !strings.HasSuffix(state.Description, ".") || !reached[state.Name] {
				t.Errorf("%s: %s is described as %q and reached: %t", machine.Name, state.Name, state.Description, reached[state.Name])
			}
		}
		var enum []string
		for _, value := range document.Components.Schemas[schemas[machine.Name]].Value.Enum {
			enum = append(enum, value.(string))
		}
		slices.Sort(states)
		slices.Sort(enum)
		if !slices.Equal(states, enum) {
			t.Errorf("%s has the states %v, the API %v", machine.Name, states, enum)
		}
		for _, way := range machine.Transitions {
			if !strings.HasSuffix(way.Description, ".") || way.IsAutomatic != (len(way.By) == 0) {
				t.Errorf("%s: %s is described as %q", machine.Name, way.Action, way.Description)
			}
		}
	}
}

// TestWithoutRefusesActionsInEveryState expects that a blocked action is refused because of the state, not because of
// the actor, and that the machine it was taken from still permits it.
func TestWithoutRefusesActionsInEveryState(t *testing.T) {
	t.Parallel()
	hr, reason := lifecycle.Standing{Role: api.RoleHr}, "because"
	all := lifecycle.Interview()
	less := all.Without(api.InterviewActionSchedule, api.InterviewActionCancel)
	for _, state := range all.States {
		for _, action := range []api.InterviewAction{api.InterviewActionSchedule, api.InterviewActionCancel} {
			if _, err := less.Decide(state.Name, action, hr, &reason); !fault.Is(err, fault.StateConflict) {
				t.Errorf("%s in %s: %v, want StateConflict", action, state.Name, err)
			}
			if less.May(state.Name, action, hr) {
				t.Errorf("%s may be performed in %s", action, state.Name)
			}
		}
		want := slices.DeleteFunc(slices.Clone(all.Allowed(state.Name, hr)), func(action api.InterviewAction) bool {
			return action == api.InterviewActionSchedule || action == api.InterviewActionCancel
		})
		if got := less.Allowed(state.Name, hr); !slices.Equal(got, want) {
			t.Errorf("allowed in %s: %v, want %v", state.Name, got, want)
		}
	}
	if !all.May(api.InterviewStatusDraft, api.InterviewActionSchedule, hr) {
		t.Error("Without changed the machine it was called on")
	}
}

// TestScopesLimitAllowedActions expects that an API key is offered only the actions whose permission it holds.
func TestScopesLimitAllowedActions(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		scopes []string
		want   []api.InterviewAction
	}{
		"no scope":    {[]string{}, []api.InterviewAction{}},
		"other scope": {[]string{"jobs:write"}, []api.InterviewAction{}},
		"one scope": {
			[]string{"interviews:conduct"}, []api.InterviewAction{api.InterviewActionStart, api.InterviewActionMarkNoShow},
		},
		"person": {nil, []api.InterviewAction{
			api.InterviewActionUpdate, api.InterviewActionSetPanel, api.InterviewActionReschedule, api.InterviewActionStart,
			api.InterviewActionMarkNoShow, api.InterviewActionCancel,
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			hr := lifecycle.Standing{Role: api.RoleHr, Scopes: test.scopes}
			if got := lifecycle.Interview().Allowed(api.InterviewStatusScheduled, hr); !slices.Equal(got, test.want) {
				t.Errorf("allowed: %v, want %v", got, test.want)
			}
		})
	}
}
