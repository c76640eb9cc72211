package lifecycle

import (
	"slices"

	"github.com/ai-interviewer-platform/interviewer/db/stored"
	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/server/platform/fault"
)

// Stages returns the stages of an application, in order.
func Stages() []stored.ApplicationStage {
	return []stored.ApplicationStage{
		stored.ApplicationStageApplied, stored.ApplicationStageScreening, stored.ApplicationStageInterview,
		stored.ApplicationStageEvaluation, stored.ApplicationStageOffer, stored.ApplicationStageHired,
	}
}

// stageTable declares the state machine of the stages of applications. It is derived from the order of the stages:
// forward by one stage is advance, forward by more is skip, and backward is return. Hired can be reached only from
// offer and cannot be left.
func stageTable() Table[stored.ApplicationStage, stored.ApplicationEvent] {
	stages := Stages()
	hired := len(stages) - 1
	table := Table[stored.ApplicationStage, stored.ApplicationEvent]{
		Name: "application_stage", Initial: stages[0], Needs: "applications:move",
		States: []State[stored.ApplicationStage]{
			{stored.ApplicationStageApplied, "The application was received."},
			{stored.ApplicationStageScreening, "The application is checked against the basic requirements."},
			{stored.ApplicationStageInterview, "The candidate is interviewed."},
			{stored.ApplicationStageEvaluation, "The interviews are over and are evaluated."},
			{stored.ApplicationStageOffer, "The company is preparing or has made an offer."},
			{stored.ApplicationStageHired, "The candidate accepted the offer."},
		},
	}
	for i, from := range stages[:hired] {
		for j, to := range stages {
			t := Transition[stored.ApplicationStage, stored.ApplicationEvent]{From: []stored.ApplicationStage{from}, To: to}
			switch {
			case j == i+1:
				t.Action, t.By, t.Reason = stored.ApplicationEventAdvance, leaders(), api.MachineReasonOptional
				t.Description = "Forward by one stage."
			case j > i+1 && j != hired:
				t.Action, t.By, t.Reason = stored.ApplicationEventSkip, managers(), api.MachineReasonOptional
				t.Description = "Forward by more than one stage."
			case j < i:
				t.Action, t.By, t.Reason = stored.ApplicationEventReturn, managers(), api.MachineReasonRequired
				t.Description = "Back to an earlier stage."
			default:
				continue
			}
			table.Transitions = append(table.Transitions, t)
		}
	}
	return table
}

// Reach returns the event that moves an application from one stage to another. The error is StateConflict, whose detail
// lists the stages that the actor may choose, if there is no such transition; RoleNotAllowed if the actor may not
// perform it; and RuleViolated if a required reason is missing.
func Reach(from, to stored.ApplicationStage, relation Relation, reason *string) (stored.ApplicationEvent, error) {
	for i := range stageMachine.Transitions {
		t := &stageMachine.Transitions[i]
		if t.From[0] != from || t.To != to {
			continue
		}
		if !stageMachine.mayPerform(relation, i) {
			return "", fault.New(fault.RoleNotAllowed).
				With("Only HR and admins may move an application from %s to %s.", from, to)
		}
		return t.Action, t.check(reason)
	}
	const active = stored.ApplicationStatusActive // The caller has already refused applications in another status.
	return "", fault.New(fault.StateConflict).In(string(active), names(applicationMachine.Allowed(active, relation))).
		With("An application cannot be moved from %s to %s. Allowed stages: %s.",
			from, to, listed(names(Reachable(from, relation))))
}

// reachable contains the stages that each actorSet may move an application to, by its current stage.
//
//nolint:gochecknoglobals // immutable
var reachable = reachableStages()

func reachableStages() [actorSets]map[stored.ApplicationStage][]api.ApplicationStage {
	var all [actorSets]map[stored.ApplicationStage][]api.ApplicationStage
	for actors := range all {
		all[actors] = map[stored.ApplicationStage][]api.ApplicationStage{}
		for i, t := range stageMachine.Transitions {
			if stageMachine.index.by[i]&actorSet(actors) != 0 {
				all[actors][t.From[0]] = append(all[actors][t.From[0]], api.ApplicationStage(t.To))
			}
		}
	}
	return all
}

// Reachable returns the stages that an actor may move an application to, in order. They have the API's type, so that a
// list need not convert them for every row. The slice is shared: do not modify it.
func Reachable(from stored.ApplicationStage, relation Relation) []api.ApplicationStage {
	stages := reachable[relation.actors()][from]
	if stages == nil || !relation.holds(stageMachine.Needs) {
		return []api.ApplicationStage{}
	}
	return stages
}

// Further returns the later of two stages.
func Further(a, b stored.ApplicationStage) stored.ApplicationStage {
	if slices.Index(Stages(), b) > slices.Index(Stages(), a) {
		return b
	}
	return a
}
