package gate

import (
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/ai-interviewer-platform/interviewer/server/access"
)

// scope is what gives an API key a permission.
type scope struct {
	// name is the permission's own, or that of another one that it comes with: who reads everybody reads one.
	name  string
	reach Reach
}

// readScopes reads how API keys come by permissions: those of the enum that clients choose from, what comes with them,
// and what every key has.
func readScopes(document *openapi3.T) (map[string]scope, error) {
	stated, ok := document.Extensions["x-key-scopes"].(map[string]any)
	if !ok {
		return nil, errors.New("x-key-scopes: is missing")
	}
	scopes := map[string]scope{}
	var chosen []string
	for permission, value := range stated {
		name, reach := permission, Reach(fmt.Sprint(value))
		if other, found := stated[string(reach)]; found {
			name, reach = string(reach), Reach(fmt.Sprint(other))
		}
		switch reach {
		case ReachJobs, ReachCompany, ReachTest:
			if name == permission {
				chosen = append(chosen, permission)
			}
		case ReachEvery:
		default:
			return nil, fmt.Errorf("x-key-scopes: %s reaches %q, which is none of every, jobs, company, test and a scope",
				permission, reach)
		}
		scopes[permission] = scope{name, reach}
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
	names := slices.Sorted(maps.Keys(c.scopes))
	return slices.DeleteFunc(names, func(name string) bool {
		return c.scopes[name].name != name || c.scopes[name].reach == ReachEvery
	})
}

// Reach says which keys can hold a permission.
func (c *Contract) Reach(permission string) Reach { return c.scopes[permission].reach }

// admits decides whether a key may call the operation. A scope that a key was given and could not be given any more is
// worth nothing.
func (op *Operation) admits(key access.Key) bool {
	switch op.Keys {
	case ReachEvery:
		return true
	case ReachJobs:
		return slices.Contains(key.Scopes, op.Scope)
	case ReachCompany:
		return key.Jobs == nil && slices.Contains(key.Scopes, op.Scope)
	case ReachTest:
		return key.Test && key.Jobs == nil && slices.Contains(key.Scopes, op.Scope)
	}
	return false
}
