// Package gate is the door to every operation: it finds the operation that a request means, and lets the request
// through only once it is known who asks, that they have not asked too often, that they may, and that the request
// matches the specification. All of that is read from the specification; what the specification leaves open keeps the
// server from starting.
package gate

import (
	"errors"
	"fmt"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/routers"

	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/server/access"
	"github.com/ai-interviewer-platform/interviewer/server/edge/idempotency"
)

// Authenticated is the permission that every signed-in caller has.
const Authenticated = "authenticated"

// operatorScheme is the security scheme of the operator's token.
const operatorScheme = "metricsToken"

// mediaJSON is the media type of the bodies that are JSON.
const mediaJSON = "application/json"

// Operation is what the specification says of one operation.
type Operation struct {
	// ID is the operationId.
	ID string
	// Method and Path are its HTTP method and its path, as the specification spells it.
	Method, Path string
	// Public operations ask nobody who they are.
	Public bool
	// Operator operations are public ones that ask for the operator's token, where there is one.
	Operator bool
	// Permission is what a caller needs; empty for public operations.
	Permission string
	// Roles are those that hold the permission.
	Roles map[api.Role]bool
	// Scope is the scope that lets an API key call it: the permission, or one that comes with it.
	Scope string
	// Keys says which API keys can have that scope.
	Keys Reach
	// Repeatable operations take an Idempotency-Key.
	Repeatable bool
	// Limited operations count against the rate limit.
	Limited bool
	// Streaming operations take as long as their client reads.
	Streaming bool
	// Upload operations read their body themselves, as long as their client sends: it is bounded as a file is, and the
	// door looks at its media type only.
	Upload bool

	route    *routers.Route
	query    map[string]queried // the known query parameters
	headers  []string           // the known header parameters, canonically spelled
	bodies   map[string]string  // the media types that are read, and as which; nil where no body is expected
	required bool               // whether there must be a body
	produces []string           // the media types of its successful answers
	checked  bool               // whether there is anything for the validator to look at

	conditional bool // whether the gate answers If-None-Match

	deprecated deprecations // what of it will go
}

// queried is what is known of a query parameter.
type queried struct {
	// repeatable parameters are lists.
	repeatable bool
	// form is how a value is written, as JSON does; nil for texts.
	form *regexp.Regexp
	// kind is what such a value is.
	kind string
	// usual is what it is taken for where it is not sent; empty where the specification does not say.
	usual string
}

var (
	truthForm   = regexp.MustCompile(`^(true|false)$`)
	integerForm = regexp.MustCompile(`^(0|-?[1-9][0-9]*)$`)
)

// queriedAs reads a query parameter's schema. The validator reads some values in more forms than JSON has, such as T
// for true and 007 for 7.
func queriedAs(schema *openapi3.Schema) queried {
	q := queried{repeatable: schema.Type.Is(openapi3.TypeArray)}
	if schema.Default != nil {
		q.usual = fmt.Sprint(schema.Default)
	}
	if q.repeatable && schema.Items != nil {
		schema = schema.Items.Value
	}
	switch {
	case schema.Type.Is(openapi3.TypeBoolean):
		q.form, q.kind = truthForm, openapi3.TypeBoolean
	case schema.Type.Is(openapi3.TypeInteger):
		q.form, q.kind = integerForm, openapi3.TypeInteger
	}
	return q
}

// Reach says which API keys can hold a permission.
type Reach string

// The reaches. The zero value stands for none: the permission is for people.
const (
	// ReachEvery is a permission that every key has, and no person.
	ReachEvery Reach = "every"
	// ReachJobs is one that also a key can hold that is limited to some jobs.
	ReachJobs Reach = "jobs"
	// ReachCompany is one that only a key of the whole company can hold.
	ReachCompany Reach = "company"
	// ReachTest is one that only a key of a test company can hold.
	ReachTest Reach = "test"
)

// endpoint is where the router finds an operation: a method, and a path as the router spells it.
type endpoint struct{ method, path string }

// Contract is the specification as the door reads it.
type Contract struct {
	operations map[endpoint]*Operation
	methods    map[string][]string
	grants     map[api.Role][]string
	scopes     map[string]scope // by permission
	schemas    openapi3.Schemas
}

// Load reads the specification, and fails on every hole in it: an operation that is neither public nor names a
// permission, a permission that neither a role nor a key has, a grant that no operation asks for, roles or scopes that
// differ from their enums, and a role that has no standing in package access, unless more names it. The contract keeps
// the document, which nobody may change from then on.
func Load(document *openapi3.T, more ...api.Role) (*Contract, error) {
	registerFormats()
	// The validator compiles 3.1 schemas anew at each request; what is used here means the same in 3.0.
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
	asked, ids := map[string]bool{}, map[string]bool{}
	var holes []error
	for path, item := range document.Paths.Map() {
		for method, specified := range item.Operations() {
			op, err := c.read(document, path, item, method, specified)
			if err != nil {
				holes = append(holes, fmt.Errorf("%s %s: %w", method, path, err))
				continue
			}
			if ids[op.ID] {
				holes = append(holes, fmt.Errorf("%s %s: operationId %q stands twice", method, path, op.ID))
			}
			ids[op.ID], asked[op.Permission] = true, true
			c.operations[endpoint{method, echoPath(path)}] = op
			c.methods[echoPath(path)] = append(c.methods[echoPath(path)], method)
		}
	}
	for role, permissions := range grants {
		for _, permission := range permissions {
			if !asked[permission] {
				holes = append(holes, fmt.Errorf("x-roles: %s is granted %q, which no operation asks for", role, permission))
			}
		}
	}
	for scope := range scopes {
		if !asked[scope] {
			holes = append(holes, fmt.Errorf("x-key-scopes: has %q, which no operation asks for", scope))
		}
	}
	return c, errors.Join(holes...)
}

// Uploads reports whether a request, which the router has matched to a path, means an operation that reads an upload.
func (c *Contract) Uploads(r *http.Request, routed string) bool {
	op := c.find(r, routed)
	return op != nil && op.Upload
}

// Bodiless reports whether a request, which the router has matched to a path, means an operation that takes no body.
func (c *Contract) Bodiless(r *http.Request, routed string) bool {
	op := c.find(r, routed)
	return op != nil && op.bodies == nil
}

// Paths lists every path, as the router spells it, in order.
func (c *Contract) Paths() []string { return slices.Sorted(maps.Keys(c.methods)) }

// Operations lists every operation, ordered by id.
func (c *Contract) Operations() []*Operation {
	return slices.SortedFunc(maps.Values(c.operations), func(a, b *Operation) int { return strings.Compare(a.ID, b.ID) })
}

// Permissions lists what a role holds, in order.
func (c *Contract) Permissions(role api.Role) []string { return c.grants[role] }

// Holds reports whether a role holds a permission.
func (c *Contract) Holds(role api.Role, permission string) bool {
	_, found := slices.BinarySearch(c.grants[role], permission)
	return found
}

func (c *Contract) read(
	document *openapi3.T, path string, item *openapi3.PathItem, method string, specified *openapi3.Operation,
) (*Operation, error) {
	// The door itself authenticates; the validator would read the body once more for it.
	validated := *specified
	validated.Security = openapi3.NewSecurityRequirements()
	op := &Operation{
		ID: specified.OperationID, Method: method, Path: path, query: map[string]queried{},
		route: &routers.Route{Spec: document, Path: path, PathItem: item, Method: method, Operation: &validated},
	}
	if op.ID == "" {
		return nil, errors.New("has no operationId")
	}
	if err := c.readAccess(op, specified); err != nil {
		return nil, err
	}
	var err error
	if op.Limited, err = flag(specified.Extensions, "x-rate-limited", true); err != nil {
		return nil, err
	}
	if op.Streaming, err = flag(specified.Extensions, "x-streaming", false); err != nil {
		return nil, err
	}
	if op.Upload, err = flag(specified.Extensions, "x-upload", false); err != nil {
		return nil, err
	}
	if op.long() && op.Public {
		return nil, errors.New("streams to nobody in particular: a stream is counted against its caller")
	}
	if err := op.readInput(item, specified); err != nil {
		return nil, err
	}
	if err := op.readPatchMedia(document); err != nil {
		return nil, err
	}
	if op.deprecated, err = readDeprecations(item, specified); err != nil {
		return nil, err
	}
	if err := op.readConditional(item, specified); err != nil {
		return nil, err
	}
	if op.Upload && op.bodies == nil {
		return nil, errors.New("is an upload of nothing: it has no body")
	}
	for status, response := range specified.Responses.Map() {
		if strings.HasPrefix(status, "2") {
			op.produces = slices.AppendSeq(op.produces, maps.Keys(response.Value.Content))
		}
	}
	slices.Sort(op.produces)
	return op, nil
}

// long reports whether the operation takes as long as its client does.
func (op *Operation) long() bool { return op.Streaming || op.Upload }

// readInput notes what the operation reads of a request.
func (op *Operation) readInput(item *openapi3.PathItem, specified *openapi3.Operation) error {
	for _, parameter := range slices.Concat(item.Parameters, specified.Parameters) {
		p := parameter.Value
		if p.Schema == nil || p.Schema.Value == nil {
			return fmt.Errorf("the parameter %q has no schema", p.Name)
		}
		op.checked = true
		switch p.In {
		case openapi3.ParameterInQuery:
			op.query[p.Name] = queriedAs(p.Schema.Value)
		case openapi3.ParameterInHeader:
			op.headers = append(op.headers, http.CanonicalHeaderKey(p.Name))
			op.Repeatable = op.Repeatable || p.Name == idempotency.Header
		}
	}
	if body := specified.RequestBody; body != nil {
		op.checked, op.required, op.bodies = true, body.Value.Required, map[string]string{}
		for media := range body.Value.Content {
			op.bodies[media] = media
		}
	}
	return nil
}

// readPatchMedia notes what else a PATCH may call its body of JSON: the document says that once for all of them.
func (op *Operation) readPatchMedia(document *openapi3.T) error {
	if op.Method != http.MethodPatch {
		return nil
	}
	stated, ok := document.Extensions["x-patch-media-types"].([]any)
	if !ok {
		return errors.New("is a PATCH, and the document has no x-patch-media-types")
	}
	if op.bodies[mediaJSON] == "" {
		return errors.New("is a PATCH without a body of JSON")
	}
	for _, media := range stated {
		op.bodies[fmt.Sprint(media)] = mediaJSON
	}
	return nil
}

func (c *Contract) readAccess(op *Operation, specified *openapi3.Operation) error {
	permission, named := specified.Extensions["x-required-permission"].(string)
	if specified.Security == nil {
		return errors.New("does not say how to authenticate: it has no security")
	}
	op.Operator = forOperator(*specified.Security)
	op.Public = op.Operator || len(*specified.Security) == 0
	switch {
	case op.Public && named:
		return errors.New("is public and asks for a permission")
	case op.Public:
		return nil
	case slices.ContainsFunc(*specified.Security, isEmpty):
		return errors.New("lets everybody in by an empty security requirement")
	case permission == "":
		return errors.New("has no x-required-permission")
	}
	op.Permission, op.Roles = permission, map[api.Role]bool{}
	op.Scope, op.Keys = c.scopes[permission].name, c.scopes[permission].reach
	for role := range c.grants {
		if permission == Authenticated || c.Holds(role, permission) {
			op.Roles[role] = true
		}
	}
	switch {
	case len(op.Roles) == 0 && op.Keys == "":
		return fmt.Errorf("asks for %q, which no role has", permission)
	case len(op.Roles) > 0 && op.Keys == ReachEvery:
		return fmt.Errorf("asks for %q, which every key has and a role besides", permission)
	}
	return nil
}

// forOperator reports whether an operation asks for the operator's token and nothing else. That token is optional,
// since the operator may set none.
func forOperator(requirements openapi3.SecurityRequirements) bool {
	const pair = 2 // the token, or nothing
	return len(requirements) == pair && slices.ContainsFunc(requirements, isEmpty) &&
		slices.ContainsFunc(requirements, func(r openapi3.SecurityRequirement) bool {
			_, found := r[operatorScheme]
			return found && len(r) == 1
		})
}

func isEmpty(requirement openapi3.SecurityRequirement) bool { return len(requirement) == 0 }

func readGrants(document *openapi3.T, known []api.Role) (map[api.Role][]string, error) {
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
	grants := map[api.Role][]string{}
	for name, list := range stated {
		permissions, ok := list.([]any)
		if !ok {
			return nil, fmt.Errorf("x-roles: %s is not a list", name)
		}
		grants[api.Role(name)] = []string{}
		for _, permission := range permissions {
			grants[api.Role(name)] = append(grants[api.Role(name)], fmt.Sprint(permission))
		}
		slices.Sort(grants[api.Role(name)])
	}
	return grants, nil
}

func flag(extensions map[string]any, name string, otherwise bool) (bool, error) {
	stated, found := extensions[name]
	if !found {
		return otherwise, nil
	}
	value, ok := stated.(bool)
	if !ok {
		return false, fmt.Errorf("%s is neither true nor false", name)
	}
	return value, nil
}

// echoPath spells a path of the specification as the router does: {id} is :id there.
func echoPath(path string) string {
	return strings.NewReplacer("{", ":", "}", "").Replace(path)
}

// allow lists the methods that a path knows, for the header of a 405; empty where no operation has this path.
func (c *Contract) allow(routed string) string {
	methods := slices.Clone(c.methods[routed])
	if c.head(routed) != nil {
		methods = append(methods, http.MethodHead)
	}
	slices.Sort(methods)
	return strings.Join(methods, ", ")
}

func (c *Contract) find(r *http.Request, routed string) *Operation {
	if r.Method == http.MethodHead {
		return c.head(routed)
	}
	return c.operations[endpoint{r.Method, routed}]
}

// head gives the operation that answers HEAD at a path: the one that answers GET. Exports do not, since whoever only
// asks for their headers would have all rows read, and be in the audit log for having taken them out.
func (c *Contract) head(routed string) *Operation {
	op := c.operations[endpoint{http.MethodGet, routed}]
	if op == nil || op.Streaming {
		return nil
	}
	return op
}
