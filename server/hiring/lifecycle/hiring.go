package lifecycle

import (
	"slices"

	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/server/platform/fault"
)

// Job is the machine of jobs.
func Job() Machine[api.JobStatus, api.JobAction] {
	type (
		states = []api.JobStatus
		way    = Transition[api.JobStatus, api.JobAction]
	)
	const draft, open, held, closed = api.JobStatusDraft, api.JobStatusOpen, api.JobStatusOnHold, api.JobStatusClosed
	return Machine[api.JobStatus, api.JobAction]{
		Name: "job", Initial: draft, Needs: "jobs:write",
		States: []State[api.JobStatus]{
			{draft, "Being prepared; nobody can apply yet."},
			{open, "Candidates can apply."},
			{held, "Nobody new can apply for the time being."},
			{closed, "Nobody new can apply; the search is over."},
		},
		Transitions: []way{
			{
				Action: api.JobActionUpdate, From: states{draft, open, held, closed}, By: managers(),
				Description: "Change what the job says.",
			},
			{
				Action: api.JobActionOpen, From: states{draft, held, closed}, To: open, By: managers(),
				Description: "Let candidates apply.",
			},
			{
				Action: api.JobActionHold, From: states{open}, To: held, By: managers(),
				Description: "Let nobody new apply for the time being.",
			},
			{
				Action: api.JobActionClose, From: states{draft, open, held}, To: closed, By: managers(),
				Description: "End the search.",
			},
		},
	}
}

// Candidate is the machine of candidates.
func Candidate() Machine[api.CandidateStatus, api.CandidateAction] {
	type (
		states = []api.CandidateStatus
		way    = Transition[api.CandidateStatus, api.CandidateAction]
	)
	const active, archived = api.CandidateStatusActive, api.CandidateStatusArchived
	return Machine[api.CandidateStatus, api.CandidateAction]{
		Name: "candidate", Initial: active, Needs: "candidates:write",
		Also: map[api.CandidateAction]string{api.CandidateActionApply: "applications:write"},
		States: []State[api.CandidateStatus]{
			{active, "Can apply to open jobs."},
			{archived, "Kept for the record, and cannot apply."},
		},
		Transitions: []way{
			{
				Action: api.CandidateActionUpdate, From: states{active, archived}, By: managers(),
				Description: "Change what is known of the candidate.",
			},
			{
				Action: api.CandidateActionApply, From: states{active}, By: managers(),
				Description: "Enter an application to an open job.",
			},
			{
				Action: api.CandidateActionArchive, From: states{active}, To: archived, By: managers(),
				Description: "Keep the candidate out of the way; needs all applications to be closed.",
			},
			{
				Action: api.CandidateActionRestore, From: states{archived}, To: active, By: managers(),
				Description: "Take the candidate up again.",
			},
		},
	}
}

// Application is the machine of an application's status; Stage is that of how far it has come.
func Application() Machine[api.ApplicationStatus, api.ApplicationAction] {
	type (
		states = []api.ApplicationStatus
		way    = Transition[api.ApplicationStatus, api.ApplicationAction]
	)
	const (
		active, held        = api.ApplicationStatusActive, api.ApplicationStatusOnHold
		hired               = api.ApplicationStatusHired
		rejected, withdrawn = api.ApplicationStatusRejected, api.ApplicationStatusWithdrawn
	)
	return Machine[api.ApplicationStatus, api.ApplicationAction]{
		Name: "application", Initial: active, Needs: "applications:move",
		Also: map[api.ApplicationAction]string{
			api.ApplicationActionReactivate: "applications:write", api.ApplicationActionScheduleInterview: "interviews:schedule",
		},
		States: []State[api.ApplicationStatus]{
			{active, "Being considered."},
			{held, "Waiting; keeps its stage."},
			{hired, "Ended in a hire."},
			{rejected, "The company said no."},
			{withdrawn, "The candidate said no."},
		},
		Transitions: []way{
			{
				Action: api.ApplicationActionMove, From: states{active}, By: leaders(), Reason: api.MachineReasonOptional,
				Description: "Move to another stage, as the machine application_stage permits.",
			},
			{
				Action: api.ApplicationActionMove, From: states{active}, To: hired,
				Description: "Comes with the move from offer to hired.",
			},
			{
				Action: api.ApplicationActionHold, From: states{active}, To: held, By: leaders(), Reason: api.MachineReasonOptional,
				Description: "Let the application wait.",
			},
			{
				Action: api.ApplicationActionResume, From: states{held}, To: active, By: leaders(),
				Reason: api.MachineReasonOptional, Description: "Consider it again.",
			},
			{
				Action: api.ApplicationActionReject, From: states{active}, To: rejected, By: leaders(),
				Reason: api.MachineReasonOptional, Description: "Say no, for one of the listed rejection reasons.",
			},
			{
				Action: api.ApplicationActionWithdraw, From: states{active, held}, To: withdrawn, By: leaders(),
				Reason: api.MachineReasonOptional, Description: "Note that the candidate said no.",
			},
			{
				Action: api.ApplicationActionReactivate, From: states{rejected, withdrawn}, To: active, By: managers(),
				Reason: api.MachineReasonRequired, Description: "Take a closed application up again, in the stage where it was.",
			},
			{
				Action: api.ApplicationActionScheduleInterview, From: states{active}, By: leaders(),
				Description: "Create an interview of the application.",
			},
		},
	}
}

// Stages are the stages of an application, in their order.
func Stages() []api.ApplicationStage {
	return []api.ApplicationStage{
		api.ApplicationStageApplied, api.ApplicationStageScreening, api.ApplicationStageInterview,
		api.ApplicationStageEvaluation, api.ApplicationStageOffer, api.ApplicationStageHired,
	}
}

// Stage is the machine of an application's stages, made from their order: forward by one is advance, further forward is
// skip, and back is return. Hired is reached from offer only, and nothing leads out of it.
func Stage() Machine[api.ApplicationStage, api.ApplicationEvent] {
	stages := Stages()
	hired := len(stages) - 1
	m := Machine[api.ApplicationStage, api.ApplicationEvent]{
		Name: "application_stage", Initial: stages[0], Needs: "applications:move",
		States: []State[api.ApplicationStage]{
			{api.ApplicationStageApplied, "The application has come in."},
			{api.ApplicationStageScreening, "Somebody looks whether it fits at all."},
			{api.ApplicationStageInterview, "The candidate is interviewed."},
			{api.ApplicationStageEvaluation, "The interviews are over and are weighed."},
			{api.ApplicationStageOffer, "The company has made, or makes, an offer."},
			{api.ApplicationStageHired, "The candidate has accepted."},
		},
	}
	for i, from := range stages[:hired] {
		for j, to := range stages {
			way := Transition[api.ApplicationStage, api.ApplicationEvent]{From: []api.ApplicationStage{from}, To: to}
			switch {
			case j == i+1:
				way.Action, way.By, way.Reason = api.ApplicationEventAdvance, leaders(), api.MachineReasonOptional
				way.Description = "Forward by one stage."
			case j > i+1 && j != hired:
				way.Action, way.By, way.Reason = api.ApplicationEventSkip, managers(), api.MachineReasonOptional
				way.Description = "Forward past a stage."
			case j < i:
				way.Action, way.By, way.Reason = api.ApplicationEventReturn, managers(), api.MachineReasonRequired
				way.Description = "Back to an earlier stage."
			default:
				continue
			}
			m.Transitions = append(m.Transitions, way)
		}
	}
	return m
}

// Reach gives the event by which somebody may move an application from one stage to another. It fails with
// StateConflict, naming the stage and the stages that can be reached, where there is no such way, with RoleNotAllowed
// where there is one for others, and with RuleViolated where it needs a reason that is missing.
func Reach(from, to api.ApplicationStage, who Standing, reason *string) (api.ApplicationEvent, error) {
	machine := Stage()
	for _, t := range machine.Transitions {
		if t.From[0] != from || t.To != to {
			continue
		}
		if !machine.by(who, t) {
			return "", fault.New(fault.RoleNotAllowed).
				With("Only HR and admins may move an application from %s to %s.", from, to)
		}
		single := Machine[api.ApplicationStage, api.ApplicationEvent]{
			Name: machine.Name, Needs: machine.Needs,
			Transitions: []Transition[api.ApplicationStage, api.ApplicationEvent]{t},
		}
		_, err := single.Decide(from, t.Action, who, reason)
		return t.Action, err
	}
	const active = api.ApplicationStatusActive // what is not active was refused before
	stages := []string{}
	for _, stage := range Reachable(from, who) {
		stages = append(stages, string(stage))
	}
	return "", fault.New(fault.StateConflict).In(string(active), names(Application().Allowed(active, who))).
		With("An application cannot be moved from %s to %s; where you can move it to is: %s.", from, to, listed(stages))
}

// Reachable lists the stages that somebody may move an application to, in their order.
func Reachable(from api.ApplicationStage, who Standing) []api.ApplicationStage {
	reachable, machine := []api.ApplicationStage{}, Stage()
	for _, t := range machine.Transitions {
		if t.From[0] == from && machine.by(who, t) {
			reachable = append(reachable, t.To)
		}
	}
	return reachable
}

// Further gives the later of two stages.
func Further(a, b api.ApplicationStage) api.ApplicationStage {
	if slices.Index(Stages(), b) > slices.Index(Stages(), a) {
		return b
	}
	return a
}
