package users

import (
	"slices"
	"strings"

	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/gen/db"
	"github.com/ai-interviewer-platform/interviewer/server/access"
	"github.com/ai-interviewer-platform/interviewer/server/platform/fault"
	"github.com/ai-interviewer-platform/interviewer/server/platform/text"
)

// seesEveryone reports whether a role reads all users of the company; the others read themselves.
func seesEveryone(role api.Role) bool { return role != api.RoleEmployee }

// manages reports whether a role may create, edit, deactivate and reactivate users of another: HR those who interview,
// admins everyone.
func manages(role, target api.Role) bool {
	switch role {
	case api.RoleAdmin:
		return true
	case api.RoleHr:
		return target == api.RoleEmployee || target == api.RoleTeamLead
	case api.RoleEmployee, api.RoleTeamLead:
	}
	return false
}

func mayManage(role, target api.Role) error {
	if manages(role, target) {
		return nil
	}
	return fault.New(fault.RoleNotAllowed).With("The role %s may not do this for a user with the role %s.", role, target)
}

func lastAdmin(row db.User, admins int) bool {
	return row.Role == api.RoleAdmin && row.IsActive && admins <= 1
}

func mayDeactivate(who access.Actor, row db.User, admins int) error {
	switch {
	case !manages(who.Role, row.Role):
		return mayManage(who.Role, row.Role)
	case !row.IsActive:
		return fault.New(fault.StateConflict).With("The user is inactive already; what can be done is to reactivate them.")
	case lastAdmin(row, admins):
		return fault.New(fault.LastAdmin)
	}
	return nil
}

func mayReactivate(who access.Actor, row db.User) error {
	switch {
	case !manages(who.Role, row.Role):
		return mayManage(who.Role, row.Role)
	case row.IsActive:
		return fault.New(fault.StateConflict).With("The user is active already; what can be done is to deactivate them.")
	}
	return nil
}

// mayChangeRole decides about both sides of the change: whoever may not manage a role can neither take nor give it.
func mayChangeRole(who access.Actor, row db.User, to api.Role, admins int) error {
	switch {
	case row.ID == who.ID:
		return fault.New(fault.OwnRole)
	case !manages(who.Role, row.Role):
		return mayManage(who.Role, row.Role)
	case !manages(who.Role, to):
		return mayManage(who.Role, to)
	case row.Role == to:
		return fault.New(fault.StateConflict).With("The user has the role %s already.", to)
	case lastAdmin(row, admins):
		return fault.New(fault.LastAdmin)
	}
	return nil
}

// allowedActions is what the caller may do with a user now, by the same rules that decide when they try.
func allowedActions(who access.Actor, row db.User, alone bool) []api.UserAction {
	admins := 2
	if alone {
		admins = 1
	}
	holds := func(permission string) bool { return who.Key == nil || slices.Contains(who.Key.Scopes, permission) }
	actions := []api.UserAction{}
	if holds("users:update") && manages(who.Role, row.Role) {
		actions = append(actions, api.UserActionUpdate)
	}
	if holds("users:deactivate") && mayDeactivate(who, row, admins) == nil {
		actions = append(actions, api.UserActionDeactivate)
	}
	if holds("users:deactivate") && mayReactivate(who, row) == nil {
		actions = append(actions, api.UserActionReactivate)
	}
	for _, to := range []api.Role{api.RoleEmployee, api.RoleTeamLead} {
		if holds("users:change_role") && mayChangeRole(who, row, to, admins) == nil {
			return append(actions, api.UserActionChangeRole)
		}
	}
	return actions
}

// checkProfile refuses names and a department that are blank or disturb what stands around them.
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

// checkDomain holds an email against the domains that a company allows; none listed allows all.
func checkDomain(email string, allowed []string) error {
	if len(allowed) == 0 {
		return nil
	}
	_, domain, _ := strings.Cut(email, "@")
	for _, one := range allowed {
		if domain == one {
			return nil
		}
	}
	return fault.New(fault.RuleViolated).Field("/email", "domain_not_allowed",
		"must belong to one of the company's domains: "+strings.Join(allowed, ", "))
}
