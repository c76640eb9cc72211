package gate

import (
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/ai-interviewer-platform/interviewer/db/stored"
	"github.com/ai-interviewer-platform/interviewer/server/access"
)

// Contract is the specification as the gate reads it.
type Contract struct {
	operations map[endpoint]*Operation
	methods    map[string][]string // by path, as the router spells it
	grants     map[stored.Role][]string
	scopes     map[string]scope // by permission
	schemas    openapi3.Schemas
}

// endpoint is how the router finds an operation: a method, and a path as the router spells it.
type endpoint struct{ method, path string }

// Load reads the specification. It fails on every hole: an operation that is not public and requires no permission, a
// permission that neither a role nor an API key has, a grant that no operation requires, roles or scopes that differ
// from their enums, a role that has no standing in package access unless more names it, or an operation whose
// declarations contradict each other. The contract keeps the document, which must not change afterwards.
func Load(document *openapi3.T, more ...stored.Role) (*Contract, error) {
	RegisterFormats()
	// The validator compiles 3.1 schemas again for each request. The keywords that the document uses mean the same in 3.0.
	document.OpenAPI = "3.0.3"
	grants, err := readGrants(document, append(access.Roles(), more...))
	if err != nil {
		return nil, err
	}
	scopes, err := readScopes(document)
	if err != nil {
		return nil, err
	}
	c := &Contract{
		operations: map[endpoint]*Operation{}, methods: map[string][]string{}, grants: grants, scopes: scopes,
		schemas: document.Components.Schemas,
	}
	required, ids := map[string]bool{}, map[string]bool{}
	var holes []error
	for path, item := range document.Paths.Map() {
		for method, specified := range item.Operations() {
			op, err := c.read(document, path, item, method, specified)
			if err != nil {
				holes = append(holes, fmt.Errorf("%s %s: %w", method, path, err))
				continue
			}
			if ids[op.ID] {
				holes = append(holes, fmt.Errorf("%s %s: the operationId %q is not unique", method, path, op.ID))
			}
			ids[op.ID], required[op.Permission] = true, true
			c.operations[endpoint{method, echoPath(path)}] = op
			c.methods[echoPath(path)] = append(c.methods[echoPath(path)], method)
		}
	}
	for role, permissions := range grants {
		for _, permission := range permissions {
			if !required[permission] {
				holes = append(holes, fmt.Errorf("x-roles: %s is granted %q, which no operation requires", role, permission))
			}
		}
	}
	for scope := range scopes {
		if !required[scope] {
			holes = append(holes, fmt.Errorf("x-key-scopes: has %q, which no operation requires", scope))
		}
	}
	return c, errors.Join(holes...)
}

func readGrants(document *openapi3.T, known []stored.Role) (map[stored.Role][]string, error) {
	stated, ok := document.Extensions["x-roles"].(map[string]any)
	if !ok {
		return nil, errors.New("x-roles: is missing")
	}
	var names []string
	for _, role := range known {
		names = append(names, string(role))
	}
	var specified []string
	if schema := document.Components.Schemas["Role"]; schema != nil {
		for _, value := range schema.Value.Enum {
			specified = append(specified, fmt.Sprint(value))
		}
	}
	slices.Sort(names)
	slices.Sort(specified)
	if given := slices.Sorted(maps.Keys(stated)); !slices.Equal(given, specified) || !slices.Equal(names, specified) {
		return nil, fmt.Errorf("x-roles: has %v, the enum Role has %v, the server knows %v", given, specified, names)
	}
	grants := map[stored.Role][]string{}
	for name, list := range stated {
		permissions, ok := list.([]any)
		if !ok {
			return nil, fmt.Errorf("x-roles: %s is not a list", name)
		}
		grants[stored.Role(name)] = []string{}
		for _, permission := range permissions {
			grants[stored.Role(name)] = append(grants[stored.Role(name)], fmt.Sprint(permission))
		}
		slices.Sort(grants[stored.Role(name)])
	}
	return grants, nil
}

// routed spells a path of the specification as the router does: {id} is :id there.
var routed = strings.NewReplacer("{", ":", "}", "") //nolint:gochecknoglobals // a constant

func echoPath(path string) string { return routed.Replace(path) }

// Paths returns every path, as the router spells it, sorted.
func (c *Contract) Paths() []string { return slices.Sorted(maps.Keys(c.methods)) }

// Operations returns every operation, sorted by id.
func (c *Contract) Operations() []*Operation {
	return slices.SortedFunc(maps.Values(c.operations), func(a, b *Operation) int { return strings.Compare(a.ID, b.ID) })
}

// Permissions returns what a role is granted, sorted.
func (c *Contract) Permissions(role stored.Role) []string { return c.grants[role] }

// Holds reports whether a role is granted a permission.
func (c *Contract) Holds(role stored.Role, permission string) bool {
	_, found := slices.BinarySearch(c.grants[role], permission)
	return found
}

// find returns the operation of a request that the router has matched to a path, or nil.
func (c *Contract) find(r *http.Request, path string) *Operation {
	if r.Method == http.MethodHead {
		return c.head(path)
	}
	return c.operations[endpoint{r.Method, path}]
}

// head returns the operation that answers HEAD at a path: the one that answers GET. Exports do not answer HEAD, since
// they would read all rows, and write an audit entry for an export, for a request that asks for headers only.
func (c *Contract) head(path string) *Operation {
	op := c.operations[endpoint{http.MethodGet, path}]
	if op == nil || op.Streaming {
		return nil
	}
	return op
}

// allow lists the methods of a path, for the header Allow of a 405; empty if the path is unknown. "OPTIONS *" is about
// the server as a whole (RFC 9110, section 9.3.7), so it gets the methods of all paths.
func (c *Contract) allow(r *http.Request, path string) string {
	methods := map[string]bool{}
	add := func(path string) {
		for _, method := range c.methods[path] {
			methods[method] = true
		}
		if c.head(path) != nil {
			methods[http.MethodHead] = true
		}
	}
	if r.Method == http.MethodOptions && r.RequestURI == "*" {
		for path := range c.methods {
			add(path)
		}
	} else {
		add(path)
	}
	return strings.Join(slices.Sorted(maps.Keys(methods)), ", ")
}
