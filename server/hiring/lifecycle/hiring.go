package lifecycle

import (
	"github.com/ai-interviewer-platform/interviewer/db/stored"
	"github.com/ai-interviewer-platform/interviewer/gen/api"
)

// jobTable declares the state machine of jobs.
func jobTable() Table[stored.JobStatus, api.JobAction] {
	type (
		states     = []stored.JobStatus
		transition = Transition[stored.JobStatus, api.JobAction]
	)
	const (
		draft, open    = stored.JobStatusDraft, stored.JobStatusOpen
		onHold, closed = stored.JobStatusOnHold, stored.JobStatusClosed
	)
	return Table[stored.JobStatus, api.JobAction]{
		Name: "job", Initial: draft, Needs: "jobs:write",
		States: []State[stored.JobStatus]{
			{draft, "In preparation; candidates cannot apply yet."},
			{open, "Candidates can apply."},
			{onHold, "New applications are not accepted for now."},
			{closed, "The search is over; new applications are not accepted."},
		},
		Transitions: []transition{
			{
				Action: api.JobActionUpdate, From: states{draft, open, onHold, closed}, By: managers(),
				Description: "Change the attributes of the job.",
			},
			{
				Action: api.JobActionOpen, From: states{draft, onHold, closed}, To: open, By: managers(),
				Description: "Accept applications.",
			},
			{
				Action: api.JobActionHold, From: states{open}, To: onHold, By: managers(),
				Description: "Stop accepting applications for now.",
			},
			{
				Action: api.JobActionClose, From: states{draft, open, onHold}, To: closed, By: managers(),
				Description: "End the search.",
			},
		},
	}
}

// candidateTable declares the state machine of candidates.
func candidateTable() Table[stored.CandidateStatus, api.CandidateAction] {
	type (
		states     = []stored.CandidateStatus
		transition = Transition[stored.CandidateStatus, api.CandidateAction]
	)
	const active, archived = stored.CandidateStatusActive, stored.CandidateStatusArchived
	return Table[stored.CandidateStatus, api.CandidateAction]{
		Name: "candidate", Initial: active, Needs: "candidates:write",
		Also: map[api.CandidateAction]string{api.CandidateActionApply: "applications:write"},
		States: []State[stored.CandidateStatus]{
			{active, "Can apply to open jobs."},
			{archived, "Kept for the record; cannot apply."},
		},
		Transitions: []transition{
			{
				Action: api.CandidateActionUpdate, From: states{active, archived}, By: managers(),
				Description: "Change the profile of the candidate.",
			},
			{
				Action: api.CandidateActionApply, From: states{active}, By: managers(),
				Description: "Create an application to an open job.",
			},
			{
				Action: api.CandidateActionArchive, From: states{active}, To: archived, By: managers(),
				Description: "Archive the candidate; all applications must be closed.",
			},
			{
				Action: api.CandidateActionRestore, From: states{archived}, To: active, By: managers(),
				Description: "Make the candidate active again.",
			},
		},
	}
}

// applicationTable declares the state machine of the status of applications. Their stages have a machine of their own,
// see Stage.
func applicationTable() Table[stored.ApplicationStatus, api.ApplicationAction] {
	type (
		states     = []stored.ApplicationStatus
		transition = Transition[stored.ApplicationStatus, api.ApplicationAction]
	)
	const (
		active, onHold      = stored.ApplicationStatusActive, stored.ApplicationStatusOnHold
		hired               = stored.ApplicationStatusHired
		rejected, withdrawn = stored.ApplicationStatusRejected, stored.ApplicationStatusWithdrawn
	)
	return Table[stored.ApplicationStatus, api.ApplicationAction]{
		Name: "application", Initial: active, Needs: "applications:move",
		Also: map[api.ApplicationAction]string{
			api.ApplicationActionReactivate: "applications:write", api.ApplicationActionScheduleInterview: "interviews:schedule",
		},
		States: []State[stored.ApplicationStatus]{
			{active, "Under consideration."},
			{onHold, "Paused; keeps its stage."},
			{hired, "Ended with a hire."},
			{rejected, "Rejected by the company."},
			{withdrawn, "Withdrawn by the candidate."},
		},
		Transitions: []transition{
			{
				Action: api.ApplicationActionMove, From: states{active}, By: leaders(), Reason: api.MachineReasonOptional,
				Description: "Move to another stage, as the machine application_stage permits.",
			},
			{
				Action: api.ApplicationActionMove, From: states{active}, To: hired,
				Description: "Happens with the move from offer to hired.",
			},
			{
				Action: api.ApplicationActionHold, From: states{active}, To: onHold, By: leaders(),
				Reason: api.MachineReasonOptional, Description: "Pause the application.",
			},
			{
				Action: api.ApplicationActionResume, From: states{onHold}, To: active, By: leaders(),
				Reason: api.MachineReasonOptional, Description: "Continue the application.",
			},
			{
				Action: api.ApplicationActionReject, From: states{active, onHold}, To: rejected, By: leaders(),
				Reason: api.MachineReasonOptional, Description: "Reject the application for one of the listed rejection reasons.",
			},
			{
				Action: api.ApplicationActionWithdraw, From: states{active, onHold}, To: withdrawn, By: leaders(),
				Reason: api.MachineReasonOptional, Description: "Record that the candidate withdrew.",
			},
			{
				Action: api.ApplicationActionReactivate, From: states{rejected, withdrawn}, To: active, By: managers(),
				Reason: api.MachineReasonRequired, Description: "Reopen a closed application in the stage it had.",
			},
			{
				Action: api.ApplicationActionScheduleInterview, From: states{active}, By: leaders(),
				Description: "Create an interview of the application.",
			},
		},
	}
}
