package users

import (
	"slices"
	"strings"

	"github.com/ai-interviewer-platform/interviewer/db/stored"
	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/gen/db"
	"github.com/ai-interviewer-platform/interviewer/server/access"
	"github.com/ai-interviewer-platform/interviewer/server/platform/fault"
	"github.com/ai-interviewer-platform/interviewer/server/platform/text"
)

// canGiveRole fails with RoleNotAllowed if the actor may not give a role to a user.
func canGiveRole(actor access.Actor, role stored.Role) error {
	if actor.Standing().Manages(role) {
		return nil
	}
	return fault.New(fault.RoleNotAllowed).
		With("The role %s may not do this for a user with the role %s.", actor.Role, role)
}

// canManage fails with RoleNotAllowed if the actor may not edit, deactivate and reactivate a user.
func canManage(actor access.Actor, row db.User) error {
	if err := canGiveRole(actor, row.Role); err != nil {
		return err
	}
	// An API key gives its holders no right over themselves that their role does not give them.
	if actor.Is(row.ID) && !access.StandingOf(row.Role).Manages(row.Role) {
		return fault.New(fault.RoleNotAllowed).
			With("The user is a key holder of this API key, and their role %s may not do this for itself.", row.Role)
	}
	return nil
}

func lastAdmin(row db.User, admins int) bool {
	return access.Administers(row.Role) && row.IsActive && admins <= 1
}

// canDeactivate fails if the actor may not deactivate a user; admins is the number of active admins.
func canDeactivate(actor access.Actor, row db.User, admins int) error {
	if err := canManage(actor, row); err != nil {
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

// canReactivate fails if the actor may not reactivate a user.
func canReactivate(actor access.Actor, row db.User) error {
	if err := canManage(actor, row); err != nil {
		return err
	}
	switch {
	case row.IsActive:
		return fault.New(fault.StateConflict).With("The user is active. They can be deactivated.")
	case actor.Is(row.ID):
		// An inactive user can do nothing, so no API key that they hold may end that.
		return fault.New(fault.RoleNotAllowed).
			With("Another person must reactivate a key holder of this API key.")
	}
	return nil
}

// canChangeRole fails if the actor may not change a user's role: that requires to manage users with the old role and to
// give the new one. admins is the number of active admins.
func canChangeRole(actor access.Actor, row db.User, to stored.Role, admins int) error {
	if actor.Is(row.ID) {
		return fault.New(fault.OwnRole)
	}
	if err := canManage(actor, row); err != nil {
		return err
	}
	if err := canGiveRole(actor, to); err != nil {
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

// allowedActions lists the actions that the actor may take on a user now; alone is true if an active admin is the only
// one. The same rules decide when an action is requested.
func allowedActions(actor access.Actor, row db.User, alone bool) []api.UserAction {
	admins := 2
	if alone {
		admins = 1
	}
	actions := []api.UserAction{}
	if actor.Holds("users:update") && canManage(actor, row) == nil {
		actions = append(actions, api.UserActionUpdate)
	}
	if actor.Holds("users:deactivate") && canDeactivate(actor, row, admins) == nil {
		actions = append(actions, api.UserActionDeactivate)
	}
	if actor.Holds("users:deactivate") && canReactivate(actor, row) == nil {
		actions = append(actions, api.UserActionReactivate)
	}
	changes := func(to stored.Role) bool { return canChangeRole(actor, row, to, admins) == nil }
	if actor.Holds("users:change_role") && slices.ContainsFunc(access.Roles(), changes) {
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
