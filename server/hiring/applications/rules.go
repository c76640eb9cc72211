package applications

import (
	"time"

	"github.com/google/uuid"

	"github.com/ai-interviewer-platform/interviewer/db/stored"
	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/gen/db"
	"github.com/ai-interviewer-platform/interviewer/server/hiring/lifecycle"
	"github.com/ai-interviewer-platform/interviewer/server/platform/fault"
	"github.com/ai-interviewer-platform/interviewer/server/platform/text"
)

// checkReferences returns the fault RuleViolated unless a request names the candidate and the job, each by exactly one
// of id and external_id.
func checkReferences(request api.CreateApplicationRequest) error {
	f := fault.New(fault.RuleViolated)
	for _, named := range []struct {
		resource   string
		id         *uuid.UUID
		externalID *string
	}{
		{"candidate", request.CandidateID, request.CandidateExternalID},
		{"job", request.JobID, request.JobExternalID},
	} {
		switch {
		case named.id == nil && named.externalID == nil:
			_ = f.Field("/"+named.resource+"_id", "required", "is required, unless "+named.resource+"_external_id is given")
		case named.id != nil && named.externalID != nil:
			_ = f.Field("/"+named.resource+"_external_id", "combined", "cannot be combined with "+named.resource+"_id")
		}
	}
	if len(f.Fields()) > 0 {
		return f
	}
	return nil
}

// pointerOf returns the pointer to the member that names a resource: its id, or its external_id if it has no id.
func pointerOf(resource string, id *uuid.UUID) string {
	if id == nil {
		return resource + "_external_id"
	}
	return resource + "_id"
}

// checkKnown adds an error to a fault if a resource that the body refers to was not found. It returns all other errors.
func checkKnown(f *fault.Fault, pointer string, err error) error {
	if fault.Is(err, fault.ResourceNotFound) {
		_ = f.Field(pointer, "unknown", "does not exist")
		return nil
	}
	return err
}

// checkSource adds the errors of a source to a fault, and returns the fault if it has any errors.
func checkSource(f *fault.Fault, source *string) error {
	text.Optional(f, "/source", source)
	if len(f.Fields()) > 0 {
		return f
	}
	return nil
}

// checkReason returns the fault RuleViolated if a reason is blank or contains control characters.
func checkReason(reason *string) error {
	f := fault.New(fault.RuleViolated)
	text.OptionalLines(f, "/reason", reason)
	if len(f.Fields()) > 0 {
		return f
	}
	return nil
}

// checkApply returns the fault StateConflict if the candidate is archived or the job is not open. The fault has the
// state and the allowed actions of the one that prevents the application.
func checkApply(candidate stored.CandidateStatus, job stored.JobStatus, relation lifecycle.Relation) error {
	if err := checkApplicant(candidate, relation); err != nil {
		return err
	}
	if job != stored.JobStatusOpen {
		return lifecycle.Job().Conflict(job, relation)
	}
	return nil
}

// checkApplicant returns an error unless the candidate can have an open application.
func checkApplicant(candidate stored.CandidateStatus, relation lifecycle.Relation) error {
	_, err := lifecycle.Candidate().Decide(candidate, api.CandidateActionApply, relation, nil)
	return err
}

// outcome is the state of an application after a move.
type outcome struct {
	event     stored.ApplicationEvent
	stage     stored.ApplicationStage
	status    stored.ApplicationStatus
	rejection *stored.RejectionReason
}

// moveToStage decides a move to another stage. In the last stage, the application's status becomes hired.
func moveToStage(
	row db.Application, to stored.ApplicationStage, relation lifecycle.Relation, reason *string,
) (outcome, error) {
	status, err := lifecycle.Application().Decide(row.Status, api.ApplicationActionMove, relation, reason)
	if err != nil {
		return outcome{}, err
	}
	event, err := lifecycle.Reach(row.Stage, to, relation, reason)
	if err != nil {
		return outcome{}, err
	}
	if to == stored.ApplicationStageHired {
		status = stored.ApplicationStatusHired
	}
	return outcome{event: event, stage: to, status: status}, nil
}

// changeStatus decides an action that changes the status and keeps the stage. The event in the history has the action's
// name. Every action sets the rejection reason; it is nil for all but reject, so that reactivating clears it.
func changeStatus(
	row db.Application, action api.ApplicationAction, rejection *stored.RejectionReason,
	relation lifecycle.Relation, reason *string,
) (outcome, error) {
	status, err := lifecycle.Application().Decide(row.Status, action, relation, reason)
	if err != nil {
		return outcome{}, err
	}
	return outcome{event: stored.ApplicationEvent(action), stage: row.Stage, status: status, rejection: rejection}, nil
}

// isOpen reports whether an application with this status is open. A candidate has at most one open application to a
// job, which the index applications_active_pair_key enforces.
func isOpen(status stored.ApplicationStatus) bool {
	return status == stored.ApplicationStatusActive || status == stored.ApplicationStatusOnHold
}

// stageStay returns when an application entered the stage that it is in after a move, and the whole seconds that it
// spent in the stage it left; nil if the stage does not change. The seconds are never negative, although the clocks of
// two replicas differ a little.
func stageStay(row db.Application, to stored.ApplicationStage, now time.Time) (entered time.Time, seconds *int64) {
	if to == row.Stage {
		return row.StageEnteredAt, nil
	}
	lasted := max(0, int64(now.Sub(row.StageEnteredAt)/time.Second))
	return now, &lasted
}

// allowedStages returns the stages to which the application can be moved now. It is never nil.
func allowedStages(row db.Application, relation lifecycle.Relation) []api.ApplicationStage {
	if !lifecycle.Application().May(row.Status, api.ApplicationActionMove, relation) {
		return []api.ApplicationStage{}
	}
	return lifecycle.Reachable(row.Stage, relation)
}

// cancellationReason returns the reason with which the interviews of a closed application are cancelled, or "" if an
// application with this status keeps its interviews.
func cancellationReason(status stored.ApplicationStatus) string {
	switch status {
	case stored.ApplicationStatusRejected:
		return "The application was rejected."
	case stored.ApplicationStatusWithdrawn:
		return "The application was withdrawn."
	case stored.ApplicationStatusActive, stored.ApplicationStatusOnHold, stored.ApplicationStatusHired:
	}
	return ""
}
