package gate

import (
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/getkin/kin-openapi/openapi3"
)

// Reach says which API keys can have a permission. The zero value stands for none: the permission is for users.
type Reach string

// The reaches.
const (
	// ReachEvery is for permissions that every API key has, and no user.
	ReachEvery Reach = "every"
	// ReachJobs is for permissions that also an API key can have that is limited to some jobs.
	ReachJobs Reach = "jobs"
	// ReachCompany is for permissions that only an API key of the whole company can have.
	ReachCompany Reach = "company"
	// ReachTest is for permissions that only an API key of a test company can have.
	ReachTest Reach = "test"
)

// scope is what gives an API key a permission.
type scope struct {
	// name is the permission's own name, or that of another permission that includes it.
	name  string
	reach Reach
}

// readScopes reads how API keys get permissions: the scopes of the enum that clients choose from, the permissions that
// these include, and the ones that every key has.
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

// Scopes returns the scopes that API keys can be given, sorted.
func (c *Contract) Scopes() []string {
	names := slices.Sorted(maps.Keys(c.scopes))
	return slices.DeleteFunc(names, func(name string) bool {
		return c.scopes[name].name != name || c.scopes[name].reach == ReachEvery
	})
}

// Reach says which API keys can have a permission.
func (c *Contract) Reach(permission string) Reach { return c.scopes[permission].reach }
