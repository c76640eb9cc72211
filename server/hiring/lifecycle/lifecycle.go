// Package lifecycle contains the state machines of hiring: the states of each kind of resource, the actions that lead
// from one state to another, the actors that may perform an action, and whether it needs a reason. Each machine is
// declared in one table. Handlers, allowed_actions, the details of a 409, the published machines and the diagrams of
// the reference page all use this table, so that they cannot differ.
package lifecycle

import (
	"slices"
	"strings"

	"github.com/ai-interviewer-platform/interviewer/db/stored"
	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/server/access"
	"github.com/ai-interviewer-platform/interviewer/server/platform/fault"
)

// Table declares the states of a kind of resource and the transitions between them.
type Table[S, A ~string] struct {
	// Name is the kind of resource, in snake_case.
	Name string
	// Initial is the state of a new resource.
	Initial     S
	States      []State[S]
	Transitions []Transition[S, A]
	// Needs is the permission that the operations of the actions require. Also names the actions with another one.
	Needs string
	Also  map[A]string
}

// State is one state of a machine.
type State[S ~string] struct {
	Name S
	// Description says in one sentence what the state means.
	Description string
}

// Transition is an action that leads from one of several states to another, or leaves the state as it is.
type Transition[S, A ~string] struct {
	Action A
	From   []S
	// To is the state afterwards; empty means that the state stays the same.
	To S
	// By are the actors that may perform the action; none if the transition is automatic.
	By []api.MachineActor
	// Reason says whether the action needs a reason; empty means that it takes none.
	Reason api.MachineReason
	// Description says in one sentence what the action does.
	Description string
}

// after returns the state after the transition.
func (t *Transition[S, A]) after(from S) S {
	if t.To == "" {
		return from
	}
	return t.To
}

// Relation describes the relation of an actor to one resource.
type Relation struct {
	Role stored.Role
	// Member of the resource's job, Panelist of the interview, Rater of the score.
	Member, Panelist, Rater bool
	// Key is the API key that acts; nil for a user.
	Key *access.Key
}

// RelationOf returns the relation of an actor to a resource. The parameter member reports whether the actor is a
// member of the resource's job, or an API key of that job. Actors that are neither users nor API keys have no relation.
func RelationOf(actor access.Actor, member bool) Relation {
	if actor.Kind != access.KindUser && actor.Kind != access.KindAPIKey {
		return Relation{}
	}
	return Relation{Role: actor.Role, Member: member, Key: actor.Key}
}

// actors returns the machine actors that an actor with this relation counts as.
func (r Relation) actors() actorSet {
	set := actorsOf[roleOf{r.Role, r.Member}]
	if r.Panelist {
		set |= bitOf(api.MachineActorPanelist)
	}
	if r.Rater {
		set |= bitOf(api.MachineActorRater)
	}
	return set
}

// holds reports whether the actor has a permission, as far as the scopes of an API key decide (access.Actor.Holds).
func (r Relation) holds(permission string) bool {
	return r.Key == nil || access.Actor{Kind: access.KindAPIKey, Key: r.Key}.Holds(permission)
}

// Machine evaluates a Table. It is immutable; Without returns a changed copy. Pass it by value.
type Machine[S, A ~string] struct {
	*Table[S, A]
	index *index[S, A]
	// blocked contains the actions that Without removed.
	blocked actionSet
}

// Without returns a machine in which no state permits the given actions: they are refused with StateConflict.
func (m Machine[S, A]) Without(actions ...A) Machine[S, A] {
	for _, action := range actions {
		m.blocked |= m.index.bit(action)
	}
	return m
}

// Decide returns the state after an action. The error is RoleNotAllowed if the actor may not perform the action in any
// state, StateConflict, with the state and the allowed actions, if not in this state, and RuleViolated if a required
// reason is missing.
func (m Machine[S, A]) Decide(state S, action A, relation Relation, reason *string) (S, error) {
	inSomeState := false
	for i := range m.Transitions {
		t := &m.Transitions[i]
		if t.Action != action || !m.mayPerform(relation, i) {
			continue
		}
		inSomeState = true
		if slices.Contains(t.From, state) && m.blocked&m.index.bit(action) == 0 {
			if err := t.check(reason); err != nil {
				return state, err
			}
			return t.after(state), nil
		}
	}
	if !inSomeState {
		return state, fault.New(fault.RoleNotAllowed).
			With("You may not perform the action %s on this %s.", action, m.noun())
	}
	return state, m.Conflict(state, relation)
}

// check returns RuleViolated if the transition needs a reason and there is none.
func (t *Transition[S, A]) check(reason *string) error {
	if t.Reason != api.MachineReasonRequired || reason != nil && strings.TrimSpace(*reason) != "" {
		return nil
	}
	return fault.New(fault.RuleViolated).With("This action needs a reason. Send a reason that is not blank.").
		Field("/reason", "required", "is required")
}

// Conflict returns the fault for an action that the state does not permit.
func (m Machine[S, A]) Conflict(state S, relation Relation) error {
	allowed := names(m.Allowed(state, relation))
	return fault.New(fault.StateConflict).In(string(state), allowed).
		With("The %s is %s. Allowed actions: %s.", m.noun(), state, listed(allowed))
}

// noun returns the kind of resource as it is written in a sentence.
func (m Machine[S, A]) noun() string { return strings.ReplaceAll(m.Name, "_", " ") }

func names[A ~string](values []A) []string {
	names := make([]string, len(values))
	for i, value := range values {
		names[i] = string(value)
	}
	return names
}

// listed joins names for a sentence; it returns "none" if there are none.
func listed(names []string) string {
	if len(names) == 0 {
		return "none"
	}
	return strings.Join(names, ", ")
}

// Allowed returns the actions that an actor may perform in a state, in the order of the table. The slice is shared: do
// not modify it.
func (m Machine[S, A]) Allowed(state S, relation Relation) []A {
	all := m.index.allowed(state, relation.actors())
	remaining := all.set & m.permitted(relation)
	if remaining == all.set {
		return all.actions
	}
	actions := make([]A, 0, len(all.actions))
	for _, action := range all.actions {
		if remaining&m.index.bit(action) != 0 {
			actions = append(actions, action)
		}
	}
	return actions
}

// May reports whether an actor may perform an action in a state.
func (m Machine[S, A]) May(state S, action A, relation Relation) bool {
	return m.index.allowed(state, relation.actors()).set&m.permitted(relation)&m.index.bit(action) != 0
}

// mayPerform reports whether an actor may perform a transition in some state.
func (m Machine[S, A]) mayPerform(relation Relation, transition int) bool {
	return m.index.by[transition]&relation.actors() != 0 && relation.holds(m.permission(m.Transitions[transition].Action))
}

// permitted returns the actions that are not blocked and that the scopes of an API key include.
func (m Machine[S, A]) permitted(relation Relation) actionSet {
	if relation.Key == nil {
		return ^m.blocked
	}
	var set actionSet
	for i, action := range m.index.actions {
		if relation.holds(m.permission(action)) {
			set |= 1 << i
		}
	}
	return set &^ m.blocked
}

// permission returns the permission that an action requires.
func (t *Table[S, A]) permission(action A) string {
	if permission, found := t.Also[action]; found {
		return permission
	}
	return t.Needs
}

// Describe returns the machine as the API publishes it: a transition from several states is listed once for each.
func (m Machine[S, A]) Describe() api.StateMachine {
	described := api.StateMachine{
		Name: m.Name, Initial: string(m.Initial), States: []api.MachineState{}, Transitions: []api.MachineTransition{},
	}
	for _, state := range m.States {
		final := !slices.ContainsFunc(m.Transitions, func(t Transition[S, A]) bool {
			return slices.Contains(t.From, state.Name) && t.after(state.Name) != state.Name
		})
		described.States = append(described.States, api.MachineState{
			Name: string(state.Name), Description: state.Description, IsFinal: final,
		})
	}
	for _, t := range m.Transitions {
		reason := t.Reason
		if reason == "" {
			reason = api.MachineReasonNone
		}
		for _, from := range t.From {
			described.Transitions = append(described.Transitions, api.MachineTransition{
				Action: string(t.Action), From: string(from), To: string(t.after(from)), By: append([]api.MachineActor{}, t.By...),
				Reason: reason, IsAutomatic: len(t.By) == 0, Description: t.Description,
			})
		}
	}
	return described
}

// The machines are built once, at program start.
//
//nolint:gochecknoglobals // immutable
var (
	jobMachine         = build(jobTable())
	candidateMachine   = build(candidateTable())
	applicationMachine = build(applicationTable())
	stageMachine       = build(stageTable())
	kitVersionMachine  = build(kitVersionTable())
	interviewMachine   = build(interviewTable())
	scoreMachine       = build(scoreTable())
)

// Job returns the machine of jobs.
func Job() Machine[stored.JobStatus, api.JobAction] { return jobMachine }

// Candidate returns the machine of candidates.
func Candidate() Machine[stored.CandidateStatus, api.CandidateAction] { return candidateMachine }

// Application returns the machine of the status of applications.
func Application() Machine[stored.ApplicationStatus, api.ApplicationAction] {
	return applicationMachine
}

// Stage returns the machine of the stages of applications.
func Stage() Machine[stored.ApplicationStage, stored.ApplicationEvent] { return stageMachine }

// KitVersion returns the machine of kit versions.
func KitVersion() Machine[stored.KitVersionStatus, api.KitVersionAction] { return kitVersionMachine }

// Interview returns the machine of interviews.
func Interview() Machine[stored.InterviewStatus, api.InterviewAction] { return interviewMachine }

// Score returns the machine of scores. Scores also depend on the state of their interview; see TakesScores.
func Score() Machine[stored.ScoreStatus, api.ScoreAction] { return scoreMachine }

// All describes every machine, in the order in which hiring uses them.
func All() []api.StateMachine {
	return []api.StateMachine{
		Job().Describe(), Candidate().Describe(), Application().Describe(), Stage().Describe(), KitVersion().Describe(),
		Interview().Describe(), Score().Describe(),
	}
}

// managers returns the actors who manage the hiring of a company.
func managers() []api.MachineActor {
	return []api.MachineActor{api.MachineActorHr, api.MachineActorAdmin}
}

// leaders returns the managers and the team leads who are members of the job.
func leaders() []api.MachineActor { return append(managers(), api.MachineActorTeamLead) }

// conductors returns the leaders and the panelists of the interview.
func conductors() []api.MachineActor { return append(leaders(), api.MachineActorPanelist) }
