package lifecycle

import "github.com/ai-interviewer-platform/interviewer/gen/api"

// KitVersion is the machine of a kit's versions.
func KitVersion() Machine[api.KitVersionStatus, api.KitVersionAction] {
	type (
		states = []api.KitVersionStatus
		way    = Transition[api.KitVersionStatus, api.KitVersionAction]
	)
	const draft, published = api.KitVersionStatusDraft, api.KitVersionStatusPublished
	const archived = api.KitVersionStatusArchived
	return Machine[api.KitVersionStatus, api.KitVersionAction]{
		Name: "kit_version", Initial: draft, Needs: "kits:write",
		States: []State[api.KitVersionStatus]{
			{draft, "Being written."},
			{published, "Never changes again; new interviews use it."},
			{archived, "Never changes again; only interviews that have it use it."},
		},
		Transitions: []way{
			{
				Action: api.KitVersionActionUpdate, From: states{draft}, By: leaders(),
				Description: "Change questions and criteria.",
			},
			{
				Action: api.KitVersionActionPublish, From: states{draft}, To: published, By: leaders(),
				Description: "Fix the content for good.",
			},
			{
				Action: api.KitVersionActionArchive, From: states{published}, To: archived, By: leaders(),
				Description: "Let no new interview use it.",
			},
			{
				Action: api.KitVersionActionArchive, From: states{published}, To: archived,
				Description: "Comes with the publication of the next version.",
			},
		},
	}
}

// Interview is the machine of interviews.
func Interview() Machine[api.InterviewStatus, api.InterviewAction] {
	type (
		states = []api.InterviewStatus
		way    = Transition[api.InterviewStatus, api.InterviewAction]
	)
	const (
		draft, scheduled    = api.InterviewStatusDraft, api.InterviewStatusScheduled
		running, awaiting   = api.InterviewStatusInProgress, api.InterviewStatusAwaitingScores
		completed, missed   = api.InterviewStatusCompleted, api.InterviewStatusNoShow
		cancelled           = api.InterviewStatusCancelled
		optional, mandatory = api.MachineReasonOptional, api.MachineReasonRequired
		conduct, override   = "interviews:conduct", "interviews:override"
	)
	unfinished := states{draft, scheduled, running, awaiting, missed}
	return Machine[api.InterviewStatus, api.InterviewAction]{
		Name: "interview", Initial: draft, Needs: "interviews:schedule",
		Also: map[api.InterviewAction]string{
			api.InterviewActionRespond: "interviews:respond", api.InterviewActionCreateScore: "scores:write",
			api.InterviewActionStart: conduct, api.InterviewActionFinish: conduct, api.InterviewActionMarkNoShow: conduct,
			api.InterviewActionComplete: override, api.InterviewActionReopen: override,
		},
		States: []State[api.InterviewStatus]{
			{draft, "Has no time yet."},
			{scheduled, "Has a time and a panel."},
			{running, "Is being held."},
			{awaiting, "Is over, and waits for required scores."},
			{completed, "Every required score is in, or HR has said that no more will come."},
			{missed, "The candidate did not come."},
			{cancelled, "Will not be held."},
		},
		Transitions: []way{
			{
				Action: api.InterviewActionUpdate, From: unfinished, By: leaders(),
				Description: "Change title, kind, place or instructions.",
			},
			{
				Action: api.InterviewActionSetPanel, From: unfinished, By: leaders(),
				Description: "Put somebody on the panel or take them off.",
			},
			{
				Action: api.InterviewActionSchedule, From: states{draft, missed}, To: scheduled, By: leaders(), Reason: optional,
				Description: "Give it a time.",
			},
			{
				Action: api.InterviewActionReschedule, From: states{scheduled}, By: leaders(), Reason: optional,
				Description: "Give it another time; counted, with a history.",
			},
			{
				Action: api.InterviewActionRespond, From: states{scheduled}, By: []api.MachineActor{api.MachineActorPanelist},
				Description: "Say whether one comes.",
			},
			{Action: api.InterviewActionStart, From: states{scheduled}, To: running, By: conductors(), Description: "Begin it."},
			{Action: api.InterviewActionFinish, From: states{running}, To: awaiting, By: conductors(), Description: "End it."},
			{
				Action: api.InterviewActionMarkNoShow, From: states{scheduled}, To: missed, By: conductors(), Reason: optional,
				Description: "Note that the candidate did not come.",
			},
			{
				Action: api.InterviewActionCancel, From: states{draft, scheduled, missed}, To: cancelled, By: leaders(),
				Reason: optional, Description: "Call it off.",
			},
			{
				Action: api.InterviewActionCancel, From: states{running}, To: cancelled, By: managers(), Reason: mandatory,
				Description: "Break it off.",
			},
			{
				Action: api.InterviewActionCreateScore, From: states{running, awaiting},
				By: []api.MachineActor{api.MachineActorPanelist}, Description: "Begin one's own score.",
			},
			{
				Action: api.InterviewActionComplete, From: states{awaiting}, To: completed,
				Description: "Comes with the last required score.",
			},
			{
				Action: api.InterviewActionComplete, From: states{awaiting}, To: completed, By: managers(), Reason: mandatory,
				Description: "Wait for no further score.",
			},
			{
				Action: api.InterviewActionReopen, From: states{completed}, To: awaiting, By: managers(), Reason: mandatory,
				Description: "Wait for scores again.",
			},
		},
	}
}

// Score is the machine of scores. What the state of the interview permits comes on top of it: scores are written,
// reopened and voided while their interview is in_progress or awaiting_scores.
func Score() Machine[api.ScoreStatus, api.ScoreAction] {
	type (
		states = []api.ScoreStatus
		way    = Transition[api.ScoreStatus, api.ScoreAction]
	)
	const draft, submitted, voided = api.ScoreStatusDraft, api.ScoreStatusSubmitted, api.ScoreStatusVoided
	rater := []api.MachineActor{api.MachineActorRater}
	return Machine[api.ScoreStatus, api.ScoreAction]{
		Name: "score", Initial: draft, Needs: "scores:write",
		Also: map[api.ScoreAction]string{
			api.ScoreActionReopen: "scores:override", api.ScoreActionVoid: "scores:override",
		},
		States: []State[api.ScoreStatus]{
			{draft, "Being written; only its author sees it."},
			{submitted, "Counts, and cannot be changed."},
			{voided, "No longer counts; its author may write another."},
		},
		Transitions: []way{
			{Action: api.ScoreActionUpdate, From: states{draft}, By: rater, Description: "Write on."},
			{Action: api.ScoreActionSubmit, From: states{draft}, To: submitted, By: rater, Description: "Let it count."},
			{
				Action: api.ScoreActionReopen, From: states{submitted}, To: draft, By: managers(),
				Reason: api.MachineReasonRequired, Description: "Let its author revise it; not one's own.",
			},
			{
				Action: api.ScoreActionVoid, From: states{submitted}, To: voided, By: managers(), Reason: api.MachineReasonRequired,
				Description: "Let it no longer count; not one's own.",
			},
		},
	}
}

// TakesScores reports whether scores of an interview are written, reopened and voided in a state.
func TakesScores(status api.InterviewStatus) bool {
	return status == api.InterviewStatusInProgress || status == api.InterviewStatusAwaitingScores
}
