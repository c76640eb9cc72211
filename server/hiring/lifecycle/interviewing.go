package lifecycle

import (
	"github.com/ai-interviewer-platform/interviewer/db/stored"
	"github.com/ai-interviewer-platform/interviewer/gen/api"
)

// kitVersionTable declares the state machine of kit versions.
func kitVersionTable() Table[stored.KitVersionStatus, api.KitVersionAction] {
	type (
		states     = []stored.KitVersionStatus
		transition = Transition[stored.KitVersionStatus, api.KitVersionAction]
	)
	const draft, published = stored.KitVersionStatusDraft, stored.KitVersionStatusPublished
	const archived = stored.KitVersionStatusArchived
	return Table[stored.KitVersionStatus, api.KitVersionAction]{
		Name: "kit_version", Initial: draft, Needs: "kits:write",
		States: []State[stored.KitVersionStatus]{
			{draft, "Can be changed."},
			{published, "Cannot be changed; new interviews use it."},
			{archived, "Cannot be changed; only interviews that already have it use it."},
		},
		Transitions: []transition{
			{
				Action: api.KitVersionActionUpdate, From: states{draft}, By: leaders(),
				Description: "Change questions and criteria.",
			},
			{
				Action: api.KitVersionActionPublish, From: states{draft}, To: published, By: leaders(),
				Description: "Publish the version; its content can no longer be changed.",
			},
			{
				Action: api.KitVersionActionArchive, From: states{published}, To: archived, By: leaders(),
				Description: "Exclude the version from new interviews.",
			},
			{
				Action: api.KitVersionActionArchive, From: states{published}, To: archived,
				Description: "Happens when the next version is published.",
			},
		},
	}
}

// interviewTable declares the state machine of interviews.
func interviewTable() Table[stored.InterviewStatus, api.InterviewAction] {
	type (
		states     = []stored.InterviewStatus
		transition = Transition[stored.InterviewStatus, api.InterviewAction]
	)
	const (
		draft, scheduled     = stored.InterviewStatusDraft, stored.InterviewStatusScheduled
		inProgress, awaiting = stored.InterviewStatusInProgress, stored.InterviewStatusAwaitingScores
		completed, noShow    = stored.InterviewStatusCompleted, stored.InterviewStatusNoShow
		cancelled            = stored.InterviewStatusCancelled
		optional, mandatory  = api.MachineReasonOptional, api.MachineReasonRequired
		conduct, override    = "interviews:conduct", "interviews:override"
	)
	unfinished := states{draft, scheduled, inProgress, awaiting, noShow}
	return Table[stored.InterviewStatus, api.InterviewAction]{
		Name: "interview", Initial: draft, Needs: "interviews:schedule",
		Also: map[api.InterviewAction]string{
			api.InterviewActionRespond: "interviews:respond", api.InterviewActionCreateScore: "scores:write",
			api.InterviewActionStart: conduct, api.InterviewActionFinish: conduct, api.InterviewActionMarkNoShow: conduct,
			api.InterviewActionComplete: override, api.InterviewActionReopen: override,
		},
		States: []State[stored.InterviewStatus]{
			{draft, "Has no time yet."},
			{scheduled, "Has a time and a panel."},
			{inProgress, "In progress."},
			{awaiting, "Finished; required scores are missing."},
			{completed, "All required scores are submitted, or HR or an admin completed the interview without them."},
			{noShow, "The candidate did not appear."},
			{cancelled, "Will not take place."},
		},
		Transitions: []transition{
			{
				Action: api.InterviewActionUpdate, From: unfinished, By: leaders(),
				Description: "Change title, kind, location or instructions.",
			},
			{
				Action: api.InterviewActionSetPanel, From: unfinished, By: leaders(),
				Description: "Add, change or remove a panelist.",
			},
			{
				Action: api.InterviewActionSchedule, From: states{draft, noShow}, To: scheduled, By: leaders(), Reason: optional,
				Description: "Set the time.",
			},
			{
				Action: api.InterviewActionReschedule, From: states{scheduled}, By: leaders(), Reason: optional,
				Description: "Change the time; counted and recorded in the history.",
			},
			{
				Action: api.InterviewActionRespond, From: states{scheduled}, By: []api.MachineActor{api.MachineActorPanelist},
				Description: "Accept or decline the place on the panel.",
			},
			{
				Action: api.InterviewActionStart, From: states{scheduled}, To: inProgress, By: conductors(),
				Description: "Start the interview.",
			},
			{
				Action: api.InterviewActionFinish, From: states{inProgress}, To: awaiting, By: conductors(),
				Description: "Finish the interview.",
			},
			{
				Action: api.InterviewActionMarkNoShow, From: states{scheduled}, To: noShow, By: conductors(), Reason: optional,
				Description: "Record that the candidate did not appear.",
			},
			{
				Action: api.InterviewActionCancel, From: states{draft, scheduled, noShow}, To: cancelled, By: leaders(),
				Reason: optional, Description: "Cancel the interview.",
			},
			{
				Action: api.InterviewActionCancel, From: states{inProgress}, To: cancelled, By: managers(), Reason: mandatory,
				Description: "Cancel an interview in progress.",
			},
			{
				Action: api.InterviewActionCreateScore, From: states{inProgress, awaiting},
				By: []api.MachineActor{api.MachineActorPanelist}, Description: "Create the panelist's own score.",
			},
			{
				Action: api.InterviewActionComplete, From: states{awaiting}, To: completed,
				Description: "Happens when the last required score is submitted.",
			},
			{
				Action: api.InterviewActionComplete, From: states{awaiting}, To: completed, By: managers(), Reason: mandatory,
				Description: "Complete the interview without the missing scores.",
			},
			{
				Action: api.InterviewActionReopen, From: states{completed}, To: awaiting, By: managers(), Reason: mandatory,
				Description: "Wait for scores again.",
			},
		},
	}
}

// scoreTable declares the state machine of scores. The state of the interview restricts it further: scores are written,
// reopened and voided only while their interview is in_progress or awaiting_scores.
func scoreTable() Table[stored.ScoreStatus, api.ScoreAction] {
	type (
		states     = []stored.ScoreStatus
		transition = Transition[stored.ScoreStatus, api.ScoreAction]
	)
	const draft, submitted, voided = stored.ScoreStatusDraft, stored.ScoreStatusSubmitted, stored.ScoreStatusVoided
	rater := []api.MachineActor{api.MachineActorRater}
	return Table[stored.ScoreStatus, api.ScoreAction]{
		Name: "score", Initial: draft, Needs: "scores:write",
		Also: map[api.ScoreAction]string{
			api.ScoreActionReopen: "scores:override", api.ScoreActionVoid: "scores:override",
		},
		States: []State[stored.ScoreStatus]{
			{draft, "Being written; only its rater can see it."},
			{submitted, "Counts; cannot be changed."},
			{voided, "No longer counts; its rater may write another one."},
		},
		Transitions: []transition{
			{Action: api.ScoreActionUpdate, From: states{draft}, By: rater, Description: "Change the draft."},
			{Action: api.ScoreActionSubmit, From: states{draft}, To: submitted, By: rater, Description: "Submit the score."},
			{
				Action: api.ScoreActionReopen, From: states{submitted}, To: draft, By: managers(),
				Reason:      api.MachineReasonRequired,
				Description: "Return the score to its rater for revision. Raters cannot reopen their own score.",
			},
			{
				Action: api.ScoreActionVoid, From: states{submitted}, To: voided, By: managers(), Reason: api.MachineReasonRequired,
				Description: "Exclude the score from the evaluation. Raters cannot void their own score.",
			},
		},
	}
}

// TakesScores reports whether scores of an interview can be written, reopened and voided in a state.
func TakesScores(status stored.InterviewStatus) bool {
	return status == stored.InterviewStatusInProgress || status == stored.InterviewStatusAwaitingScores
}
