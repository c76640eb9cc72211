package jobs

import (
	"github.com/google/uuid"

	"github.com/ai-interviewer-platform/interviewer/gen/db"
	"github.com/ai-interviewer-platform/interviewer/server/access"
	"github.com/ai-interviewer-platform/interviewer/server/platform/fault"
	"github.com/ai-interviewer-platform/interviewer/server/platform/text"
)

// checkText validates the texts of a job. Only the description may be empty and may have several lines.
func checkText(title string, department, location *string, description string) error {
	f := fault.New(fault.RuleViolated)
	text.Check(f, "/title", title)
	text.Optional(f, "/department", department)
	text.Optional(f, "/location", location)
	if description != "" {
		text.CheckLines(f, "/description", description)
	}
	if len(f.Fields()) > 0 {
		return f
	}
	return nil
}

// readsUser reports whether the actor reads a user, as GetUser does: everybody's profile, or only their own.
func readsUser(actor access.Actor, user uuid.UUID) bool {
	return actor.SeesUser(user) && actor.Holds("users:read")
}

// checkAppointment returns the fault RoleNotAllowed if the actor is an API key and the user is one of its holders.
// Otherwise a holder could use the key to get access to a job that they cannot give themselves. Holders who see all
// applications anyway gain nothing by it and are allowed.
func checkAppointment(actor access.Actor, user db.User) error {
	if actor.Key == nil || !actor.Is(user.ID) || access.StandingOf(user.Role).Hiring == access.ReachAll {
		return nil
	}
	return fault.New(fault.RoleNotAllowed).
		With("The user is a key holder of this API key, so the key cannot make them a member. Another user must do it.")
}

// checkNewMember returns the fault RuleViolated if the user is inactive and not a member of the job yet. An inactive
// member can get another job role.
func checkNewMember(active, member bool) error {
	if active || member {
		return nil
	}
	return fault.New(fault.RuleViolated).With("Only an active user can become a member of a job.").
		Parameter("user_id", "inactive", "must name an active user")
}
