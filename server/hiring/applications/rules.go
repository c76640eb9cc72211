package applications

import (
	"time"

	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/gen/db"
	"github.com/ai-interviewer-platform/interviewer/server/hiring/lifecycle"
	"github.com/ai-interviewer-platform/interviewer/server/platform/fault"
	"github.com/ai-interviewer-platform/interviewer/server/platform/text"
)

// known adds to a fault that an id in the body names nothing. Any other error is returned.
func known(f *fault.Fault, pointer string, err error) error {
	if fault.Is(err, fault.ResourceNotFound) {
		_ = f.Field(pointer, "unknown", "names nothing that there is in the company")
		return nil
	}
	return err
}

// checkSource adds to a fault what is wrong with where an application came from, and returns it where anything is.
func checkSource(f *fault.Fault, source *string) error {
	text.Optional(f, "/source", source)
	if len(f.Fields()) > 0 {
		return f
	}
	return nil
}

// checkReason refuses a reason that is blank or disturbs what stands around it.
func checkReason(reason *string) error {
	f := fault.New(fault.RuleViolated)
	text.OptionalLines(f, "/reason", reason)
	if len(f.Fields()) > 0 {
		return f
	}
	return nil
}

// mayApply decides whether a candidate may be considered for a job: the candidate must be able to apply, and the job be
// open. What stands in the way is named with its state and what can be done about it.
func mayApply(candidate api.CandidateStatus, job api.JobStatus, who lifecycle.Standing) error {
	if err := isApplicant(candidate, who); err != nil {
		return err
	}
	if job != api.JobStatusOpen {
		return lifecycle.Job().Conflict(job, who)
	}
	return nil
}

// isApplicant decides whether a candidate may have an application that is considered.
func isApplicant(candidate api.CandidateStatus, who lifecycle.Standing) error {
	_, err := lifecycle.Candidate().Decide(candidate, api.CandidateActionApply, who, nil)
	return err
}

// step is what a move makes of an application.
type step struct {
	event     api.ApplicationEvent
	stage     api.ApplicationStage
	status    api.ApplicationStatus
	rejection *api.RejectionReason
}

// toStage decides a move to another stage. The last one ends the application in a hire.
func toStage(
	row db.Application, to api.ApplicationStage, who lifecycle.Standing, reason *string,
) (step, error) {
	status, err := lifecycle.Application().Decide(row.Status, api.ApplicationActionMove, who, reason)
	if err != nil {
		return step{}, err
	}
	event, err := lifecycle.Reach(row.Stage, to, who, reason)
	if err != nil {
		return step{}, err
	}
	if to == api.ApplicationStageHired {
		status = api.ApplicationStatusHired
	}
	return step{event: event, stage: to, status: status}, nil
}

// toStatus decides an action that changes the status and leaves the stage. The history calls the move as the action is
// called. Only a rejection has a reason of the list, and so whatever follows it clears that.
func toStatus(
	row db.Application, action api.ApplicationAction, rejection *api.RejectionReason,
	who lifecycle.Standing, reason *string,
) (step, error) {
	status, err := lifecycle.Application().Decide(row.Status, action, who, reason)
	if err != nil {
		return step{}, err
	}
	return step{event: api.ApplicationEvent(action), stage: row.Stage, status: status, rejection: rejection}, nil
}

// considered reports whether an application with a status is one that a candidate has once for a job at a time.
func considered(status api.ApplicationStatus) bool {
	return status == api.ApplicationStatusActive || status == api.ApplicationStatusOnHold
}

// stay is since when an application is in its stage after a move, and how many whole seconds the stage had lasted that
// it has left; nil where it stays in its stage. The clocks of two replicas differ a little; no stay is negative for it.
func stay(row db.Application, to api.ApplicationStage, now time.Time) (entered time.Time, seconds *int64) {
	if to == row.Stage {
		return row.StageEnteredAt, nil
	}
	lasted := max(0, int64(now.Sub(row.StageEnteredAt)/time.Second))
	return now, &lasted
}

// allowedStages are the stages that somebody may move an application to now: none unless it may be moved at all.
func allowedStages(row db.Application, who lifecycle.Standing) []api.ApplicationStage {
	if !lifecycle.Application().May(row.Status, api.ApplicationActionMove, who) {
		return []api.ApplicationStage{}
	}
	return lifecycle.Reachable(row.Stage, who)
}

// farewell is why the interviews of an application that have not begun are cancelled as it is closed; empty where an
// application is not.
func farewell(status api.ApplicationStatus) string {
	switch status {
	case api.ApplicationStatusRejected:
		return "The application was rejected."
	case api.ApplicationStatusWithdrawn:
		return "The application was withdrawn."
	case api.ApplicationStatusActive, api.ApplicationStatusOnHold, api.ApplicationStatusHired:
	}
	return ""
}
