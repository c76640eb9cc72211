// Package lifecycle holds the state machines of hiring: which states a resource can have, which action leads from one
// to another, who may take it, and whether it needs a reason. One table decides what an action does, what
// allowed_actions offer, what a 409 names as legal, what the API publishes, and what the reference page draws; so
// none of them can differ from the others.
package lifecycle

import (
	"slices"
	"strings"

	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/server/access"
	"github.com/ai-interviewer-platform/interviewer/server/platform/fault"
)

// State is one state of a machine.
type State[S ~string] struct {
	Name S
	// Description says what it means, in a sentence.
	Description string
}

// Transition is one way from some states to another. One that leads back to the state it came from is an action that
// the state permits without ending it.
type Transition[S, A ~string] struct {
	Action A
	From   []S
	// To is the state after; empty stands for the state before.
	To S
	// By are those who may take it; nobody where it happens by itself.
	By []api.MachineActor
	// Reason says whether it needs a reason; none when empty.
	Reason api.MachineReason
	// Description says what it is for, in a sentence.
	Description string
}

// Machine is the states of a kind of resource and the ways between them.
type Machine[S, A ~string] struct {
	// Name is the kind of resource.
	Name string
	// Initial is the state that a new resource has.
	Initial     S
	States      []State[S]
	Transitions []Transition[S, A]
	// Needs is the permission that the operations of its actions ask for, but for those that Also names.
	Needs string
	Also  map[A]string
}

// Standing is what somebody is to one resource: their role, and what they have to do with it.
type Standing struct {
	Role api.Role
	// Member of the resource's job, Panelist of the interview, Rater who wrote the score.
	Member, Panelist, Rater bool
	// Scopes are all that an API key can do; nil for a person, who can do what their role can.
	Scopes []string
}

// actors are the names that the machines have for somebody.
func (s Standing) actors() []api.MachineActor {
	var actors []api.MachineActor
	if actor := access.StandingOf(s.Role).MachineActor(s.Member); actor != "" {
		actors = append(actors, actor)
	}
	if s.Panelist {
		actors = append(actors, api.MachineActorPanelist)
	}
	if s.Rater {
		actors = append(actors, api.MachineActorRater)
	}
	return actors
}

// by reports whether somebody may take a way of the machine in some state.
func (m Machine[S, A]) by(who Standing, t Transition[S, A]) bool {
	needed, found := m.Also[t.Action]
	if !found {
		needed = m.Needs
	}
	if who.Scopes != nil && !slices.Contains(who.Scopes, needed) {
		return false
	}
	return slices.ContainsFunc(who.actors(), func(actor api.MachineActor) bool { return slices.Contains(t.By, actor) })
}

func (t Transition[S, A]) after(from S) S {
	if t.To == "" {
		return from
	}
	return t.To
}

// Decide gives the state after an action. It fails with RoleNotAllowed where the caller may take the action in no
// state, with StateConflict, naming the state and the legal actions, where not in this one, and with RuleViolated
// where the action needs a reason that is missing.
func (m Machine[S, A]) Decide(state S, action A, who Standing, reason *string) (S, error) {
	ever := false
	for _, t := range m.Transitions {
		if t.Action != action || !m.by(who, t) {
			continue
		}
		ever = true
		if !slices.Contains(t.From, state) {
			continue
		}
		if t.Reason == api.MachineReasonRequired && (reason == nil || strings.TrimSpace(*reason) == "") {
			return state, fault.New(fault.RuleViolated).With("This needs a reason.").Field("/reason", "required", "is required")
		}
		return t.after(state), nil
	}
	if !ever {
		return state, fault.New(fault.RoleNotAllowed).With("The action %s of this %s is not yours to take.",
			action, strings.ReplaceAll(m.Name, "_", " "))
	}
	return state, m.Conflict(state, who)
}

// Conflict is the fault of an action that the state does not permit.
func (m Machine[S, A]) Conflict(state S, who Standing) error {
	legal := names(m.Allowed(state, who))
	return fault.New(fault.StateConflict).In(string(state), legal).
		With("The %s is %s; what you can do with it is: %s.", strings.ReplaceAll(m.Name, "_", " "), state, listed(legal))
}

func names[A ~string](actions []A) []string {
	names := make([]string, len(actions))
	for i, action := range actions {
		names[i] = string(action)
	}
	return names
}

func listed(names []string) string {
	if len(names) == 0 {
		return "nothing"
	}
	return strings.Join(names, ", ")
}

// Allowed lists the actions that somebody may take in a state, in the order of the table and each once.
func (m Machine[S, A]) Allowed(state S, who Standing) []A {
	actions := []A{}
	for _, t := range m.Transitions {
		if slices.Contains(t.From, state) && m.by(who, t) && !slices.Contains(actions, t.Action) {
			actions = append(actions, t.Action)
		}
	}
	return actions
}

// May reports whether somebody may take an action in a state.
func (m Machine[S, A]) May(state S, action A, who Standing) bool {
	return slices.Contains(m.Allowed(state, who), action)
}

// Describe gives the machine as the API publishes it, one transition for each state that it leads from.
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

// All describes every machine, in the order in which hiring meets them.
func All() []api.StateMachine {
	return []api.StateMachine{
		Job().Describe(), Candidate().Describe(), Application().Describe(), Stage().Describe(), KitVersion().Describe(),
		Interview().Describe(), Score().Describe(),
	}
}

// managers are those who run hiring.
func managers() []api.MachineActor {
	return []api.MachineActor{api.MachineActorHr, api.MachineActorAdmin}
}

// leaders are the managers and the team leads whose job it is.
func leaders() []api.MachineActor { return append(managers(), api.MachineActorTeamLead) }

// conductors are the leaders and the panel.
func conductors() []api.MachineActor { return append(leaders(), api.MachineActorPanelist) }
