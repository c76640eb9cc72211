package jobs

import (
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

// mayAppoint decides whether the actor may make a user a member of a job. An API key may not do that for a holder of
// its secret who does not see all jobs' applications anyway: it would give them access to the job that they cannot give
// themselves.
func mayAppoint(who access.Actor, user db.User) error {
	if who.Key == nil || !who.Is(user.ID) || access.StandingOf(user.Role).Hiring == access.ReachAll {
		return nil
	}
	return fault.New(fault.RoleNotAllowed).
		With("The user knows the secret of this API key. Another person must make them a member of the job.")
}

// mayJoin decides whether a user may be made a member of a job. An inactive user who is a member already may get
// another job role.
func mayJoin(active, member bool) error {
	if active || member {
		return nil
	}
	return fault.New(fault.RuleViolated).With("Only an active user can become a member of a job.").
		Parameter("user_id", "inactive", "names a user who is inactive")
}
