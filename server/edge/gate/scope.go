package gate

import (
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/getkin/kin-openapi/openapi3"
)

// KeyReach is which API keys can have a permission. With the zero value none can: the permission is for users only.
type KeyReach string

// The reaches.
const (
	// KeyReachEvery is for permissions that every API key has, and no user.
	KeyReachEvery KeyReach = "every"
	// KeyReachJobs is for permissions that also an API key can have that is limited to some jobs.
	KeyReachJobs KeyReach = "jobs"
	// KeyReachCompany is for permissions that only an API key of the whole company can have.
	KeyReachCompany KeyReach = "company"
	// KeyReachTest is for permissions that only an API key of a test company can have.
	KeyReachTest KeyReach = "test"
)

// scope is what gives an API key a permission.
type scope struct {
	// name is the permission's own name, or that of another permission that includes it.
	name  string
	reach KeyReach
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
		name, reach := permission, KeyReach(fmt.Sprint(value))
		if other, found := stated[string(reach)]; found {
			name, reach = string(reach), KeyReach(fmt.Sprint(other))
		}
		switch reach {
		case KeyReachJobs, KeyReachCompany, KeyReachTest:
			if name == permission {
				chosen = append(chosen, permission)
			}
		case KeyReachEvery:
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
		return c.scopes[name].name != name || c.scopes[name].reach == KeyReachEvery
	})
}

// KeyReach returns which API keys can have a permission.
func (c *Contract) KeyReach(permission string) KeyReach { return c.scopes[permission].reach }
