package users

import (
	"slices"
	"strings"

	"github.com/google/uuid"

	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/gen/db"
	"github.com/ai-interviewer-platform/interviewer/server/access"
	"github.com/ai-interviewer-platform/interviewer/server/platform/fault"
	"github.com/ai-interviewer-platform/interviewer/server/platform/text"
)

// visible is the filter on user ids that limits a query to the users the actor sees; nil if they see all users.
func visible(who access.Actor) []uuid.UUID {
	switch who.Standing().Users {
	case access.ReachAll:
		return nil
	case access.ReachOwn:
		return []uuid.UUID{who.ID}
	case access.ReachNone, access.ReachJobs:
	}
	return []uuid.UUID{}
}

// sees reports whether the actor sees a user.
func sees(who access.Actor, user uuid.UUID) bool {
	ids := visible(who)
	return ids == nil || slices.Contains(ids, user)
}

// mayGive decides whether the actor may give a role to a user.
func mayGive(who access.Actor, role api.Role) error {
	if who.Standing().Manages(role) {
		return nil
	}
	return fault.New(fault.RoleNotAllowed).With("The role %s may not do this for a user with the role %s.", who.Role, role)
}

// mayManage decides whether the actor may edit, deactivate and reactivate a user.
func mayManage(who access.Actor, row db.User) error {
	if err := mayGive(who, row.Role); err != nil {
		return err
	}
	// An API key gives its holders no right over themselves that their role does not give them.
	if who.Is(row.ID) && !access.StandingOf(row.Role).Manages(row.Role) {
		return fault.New(fault.RoleNotAllowed).
			With("The user knows the secret of this API key, and their role %s may not do this for itself.", row.Role)
	}
	return nil
}

func lastAdmin(row db.User, admins int) bool {
	return row.Role == api.RoleAdmin && row.IsActive && admins <= 1
}

// mayDeactivate decides whether the actor may deactivate a user; admins is the number of active admins.
func mayDeactivate(who access.Actor, row db.User, admins int) error {
	if err := mayManage(who, row); err != nil {
		return err
	}
	switch {
	case !row.IsActive:
		return fault.New(fault.StateConflict).With("The user is inactive. They can be reactivated.")
	case lastAdmin(row, admins):
		return fault.New(fault.LastAdmin)
	}
	return nil
}

// mayReactivate decides whether the actor may reactivate a user.
func mayReactivate(who access.Actor, row db.User) error {
	if err := mayManage(who, row); err != nil {
		return err
	}
	switch {
	case row.IsActive:
		return fault.New(fault.StateConflict).With("The user is active. They can be deactivated.")
	case who.Is(row.ID):
		// An inactive user can do nothing, so no API key that they hold may end that.
		return fault.New(fault.RoleNotAllowed).
			With("Another person must reactivate a user who knows the secret of this API key.")
	}
	return nil
}

// mayChangeRole decides whether the actor may change a user's role, which takes one role and gives another; admins is
// the number of active admins.
func mayChangeRole(who access.Actor, row db.User, to api.Role, admins int) error {
	if who.Is(row.ID) {
		return fault.New(fault.OwnRole)
	}
	if err := mayManage(who, row); err != nil {
		return err
	}
	if err := mayGive(who, to); err != nil {
		return err
	}
	switch {
	case row.Role == to:
		return fault.New(fault.StateConflict).With("The user already has the role %s.", to)
	case lastAdmin(row, admins):
		return fault.New(fault.LastAdmin)
	}
	return nil
}

// allowedActions lists what the actor may do with a user now; alone is true if an active admin is the only one. The
// same rules decide when an action is requested.
func allowedActions(who access.Actor, row db.User, alone bool) []api.UserAction {
	admins := 2
	if alone {
		admins = 1
	}
	holds := func(permission string) bool { return who.Key == nil || slices.Contains(who.Key.Scopes, permission) }
	actions := []api.UserAction{}
	if holds("users:update") && mayManage(who, row) == nil {
		actions = append(actions, api.UserActionUpdate)
	}
	if holds("users:deactivate") && mayDeactivate(who, row, admins) == nil {
		actions = append(actions, api.UserActionDeactivate)
	}
	if holds("users:deactivate") && mayReactivate(who, row) == nil {
		actions = append(actions, api.UserActionReactivate)
	}
	changes := func(to api.Role) bool { return mayChangeRole(who, row, to, admins) == nil }
	if holds("users:change_role") && slices.ContainsFunc(access.Roles(), changes) {
		actions = append(actions, api.UserActionChangeRole)
	}
	return actions
}

// checkProfile fails with RuleViolated if a name or the department is blank or contains characters that disturb the
// text around it.
func checkProfile(firstName, lastName string, department *string) error {
	f := fault.New(fault.RuleViolated)
	text.Check(f, "/first_name", firstName)
	text.Check(f, "/last_name", lastName)
	text.Optional(f, "/department", department)
	if len(f.Fields()) > 0 {
		return f
	}
	return nil
}

// checkDomain fails with RuleViolated if an email does not belong to one of the domains that the company allows. An
// empty list allows all domains.
func checkDomain(email string, allowed []string) error {
	_, domain, _ := strings.Cut(email, "@")
	if len(allowed) == 0 || slices.Contains(allowed, domain) {
		return nil
	}
	return fault.New(fault.RuleViolated).Field("/email", "domain_not_allowed",
		"must belong to one of the company's domains: "+strings.Join(allowed, ", "))
}
