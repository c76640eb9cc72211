package contract

import (
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/server/caller"
)

// readScopes reads which permissions API keys can hold: those of the enum that clients choose from, and what every key
// has.
func readScopes(document *openapi3.T) (map[string]Reach, error) {
	stated, ok := document.Extensions["x-key-scopes"].(map[string]any)
	if !ok {
		return nil, errors.New("x-key-scopes: is missing")
	}
	scopes := map[string]Reach{}
	var chosen []string
	for permission, value := range stated {
		reach := Reach(fmt.Sprint(value))
		switch reach {
		case ReachJobs, ReachCompany, ReachTest:
			chosen = append(chosen, permission)
		case ReachEvery:
		default:
			return nil, fmt.Errorf("x-key-scopes: %s reaches %q, which is none of every, jobs, company and test",
				permission, reach)
		}
		scopes[permission] = reach
	}
	var specified []string
	if schema := document.Components.Schemas["APIKeyScope"]; schema != nil {
		for _, value := range schema.Value.Enum {
			specified = append(specified, fmt.Sprint(value))
		}
	}
	slices.Sort(chosen)
	slices.Sort(specified)
	if !slices.Equal(chosen, specified) {
		return nil, fmt.Errorf("x-key-scopes: has %v, the enum APIKeyScope has %v", chosen, specified)
	}
	return scopes, nil
}

// Scopes lists what API keys can be given, in order.
func (c *Contract) Scopes() []string {
	scopes := slices.Sorted(maps.Keys(c.scopes))
	return slices.DeleteFunc(scopes, func(scope string) bool { return c.scopes[scope] == ReachEvery })
}

// Reach says which keys can hold a permission.
func (c *Contract) Reach(permission string) Reach { return c.scopes[permission] }

// standing is the role where a key stands when it calls the operation: a team lead's where the key is limited to jobs;
// else an admin's in a test company, and HR's in any other, or an admin's for what only admins do, so that no scope
// lends its standing to another.
func (op *Operation) standing(key caller.Key) api.Role {
	switch {
	case key.Jobs != nil:
		return api.RoleTeamLead
	case key.Test:
		return api.RoleAdmin
	case op.Keys != ReachEvery && !op.Roles[api.RoleHr]:
		return api.RoleAdmin
	}
	return api.RoleHr
}

// admits decides whether a key may call the operation. A scope that a key was given and could not be given any more is
// worth nothing.
func (op *Operation) admits(key caller.Key) bool {
	switch op.Keys {
	case ReachEvery:
		return true
	case ReachJobs:
		return slices.Contains(key.Scopes, op.Permission)
	case ReachCompany:
		return key.Jobs == nil && slices.Contains(key.Scopes, op.Permission)
	case ReachTest:
		return key.Test && key.Jobs == nil && slices.Contains(key.Scopes, op.Permission)
	}
	return false
}
