package gate

import (
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/routers"

	"github.com/ai-interviewer-platform/interviewer/db/stored"
	"github.com/ai-interviewer-platform/interviewer/server/edge/idempotency"
)

// Authenticated is the permission that every signed-in user has.
const Authenticated = "authenticated"

const (
	// operatorScheme is the security scheme of the operator's token.
	operatorScheme = "metricsToken"
	mediaJSON      = "application/json"
)

// Operation is what the specification says about one operation.
type Operation struct {
	// ID is the operationId.
	ID string
	// Method and Path are the HTTP method and the path, as the specification spells it.
	Method, Path string
	// Public operations need no authentication.
	Public bool
	// Operator operations are public ones that need the operator's token if there is one.
	Operator bool
	// Permission is what a user needs; empty for public operations.
	Permission string
	// Roles are those that have the permission.
	Roles map[stored.Role]bool
	// Scope is the scope that permits an API key to call the operation: the permission itself, or one that includes it.
	Scope string
	// Keys says which API keys can have that scope.
	Keys KeyReach
	// UsersOnly says what API keys use instead of an operation that concerns the user who calls it; empty for others.
	UsersOnly string
	// UsersOnlyQuery has the same for query parameters, by their names.
	UsersOnlyQuery map[string]string
	// Repeatable operations take an Idempotency-Key.
	Repeatable bool
	// Limited operations count against the rate limits.
	Limited bool
	// Refreshable operations take a refresh token in their body or a cookie instead of an access token.
	Refreshable bool
	// First operations end access, and are not refused when there are too many requests.
	First bool
	// Unrestricted operations are permitted to users who must change their password first.
	Unrestricted bool
	// Streaming operations take as long as the client reads.
	Streaming bool
	// Upload operations read the body themselves, for as long as the client sends. The gate checks its media type only,
	// and its size is bounded as that of a file.
	Upload bool

	route       *routers.Route
	query       map[string]parameter
	headers     []string          // the header parameters, in canonical spelling
	bodies      map[string]string // the media types that are read, and as which declared one; nil if there is no body
	schema      *openapi3.Schema  // of a JSON body
	required    bool              // whether there must be a body
	produces    []string          // the media types of the successes
	parameters  bool              // whether there are any
	onlyIDs     bool              // whether those in the path are ids, and all others are optional
	conditional bool              // whether the gate answers If-None-Match
	takesCookie bool              // whether there is a parameter for the cookie with the refresh token
	deprecated  deprecations
}

// long reports whether the duration of the operation depends on its client.
func (op *Operation) long() bool { return op.Streaming || op.Upload }

// read reads what the document says about an operation.
func (c *Contract) read(
	document *openapi3.T, path string, item *openapi3.PathItem, method string, specified *openapi3.Operation,
) (*Operation, error) {
	validated := *specified
	validated.Security = openapi3.NewSecurityRequirements() // the gate authenticates, not the validator
	op := &Operation{
		ID: specified.OperationID, Method: method, Path: path, query: map[string]parameter{},
		UsersOnlyQuery: map[string]string{},
		route:          &routers.Route{Spec: document, Path: path, PathItem: item, Method: method, Operation: &validated},
	}
	if op.ID == "" {
		return nil, errors.New("has no operationId")
	}
	if err := c.readAccess(op, specified); err != nil {
		return nil, err
	}
	if err := op.readFlags(specified.Extensions); err != nil {
		return nil, err
	}
	if err := op.readParameters(item, specified); err != nil {
		return nil, err
	}
	if err := op.readBodies(document, specified); err != nil {
		return nil, err
	}
	if err := op.readConditional(item, specified); err != nil {
		return nil, err
	}
	var err error
	if op.deprecated, err = readDeprecations(item, specified); err != nil {
		return nil, err
	}
	for status, response := range specified.Responses.Map() {
		if strings.HasPrefix(status, "2") {
			op.produces = slices.AppendSeq(op.produces, maps.Keys(response.Value.Content))
		}
	}
	slices.Sort(op.produces)
	return op, nil
}

func (op *Operation) readFlags(extensions map[string]any) (err error) {
	if op.Limited, err = flag(extensions, "x-rate-limited", true); err != nil {
		return err
	}
	if op.Streaming, err = flag(extensions, "x-streaming", false); err != nil {
		return err
	}
	if op.Upload, err = flag(extensions, "x-upload", false); err != nil {
		return err
	}
	if op.Unrestricted, err = flag(extensions, "x-before-password-change", false); err != nil {
		return err
	}
	if op.First, err = flag(extensions, "x-first", false); err != nil {
		return err
	}
	if op.UsersOnly, err = usersOnly(extensions); err != nil {
		return err
	}
	if op.Refreshable, err = flag(extensions, "x-refresh-token", false); err != nil {
		return err
	}
	if op.Refreshable && op.Permission != Authenticated {
		return errors.New("x-refresh-token is for operations that every user may call")
	}
	if op.Unrestricted && op.Permission != Authenticated {
		return errors.New("x-before-password-change is for operations that every user may call")
	}
	if op.long() && op.Public {
		return errors.New("is public and streams: streams are counted for each actor")
	}
	return nil
}

func flag(extensions map[string]any, name string, absent bool) (bool, error) {
	stated, found := extensions[name]
	if !found {
		return absent, nil
	}
	value, ok := stated.(bool)
	if !ok {
		return false, fmt.Errorf("%s is neither true nor false", name)
	}
	return value, nil
}

// usersOnly returns what API keys use instead of an operation or a parameter; empty if it is not only for users.
func usersOnly(extensions map[string]any) (string, error) {
	stated, found := extensions["x-users-only"]
	if !found {
		return "", nil
	}
	instead, ok := stated.(string)
	if !ok || instead == "" {
		return "", errors.New("x-users-only does not say what API keys use instead")
	}
	return instead, nil
}

// readAccess reads who may call the operation.
func (c *Contract) readAccess(op *Operation, specified *openapi3.Operation) error {
	permission, named := specified.Extensions["x-required-permission"].(string)
	if specified.Security == nil {
		return errors.New("does not say how to authenticate: it has no security")
	}
	op.Operator = forOperator(*specified.Security)
	op.Public = op.Operator || len(*specified.Security) == 0
	switch {
	case op.Public && named:
		return errors.New("is public and requires a permission")
	case op.Public:
		return nil
	case slices.ContainsFunc(*specified.Security, isEmpty):
		return errors.New("permits anonymous requests by an empty security requirement")
	case permission == "":
		return errors.New("has no x-required-permission")
	}
	op.Permission, op.Roles = permission, map[stored.Role]bool{}
	op.Scope, op.Keys = c.scopes[permission].name, c.scopes[permission].reach
	for role := range c.grants {
		if permission == Authenticated || c.Holds(role, permission) {
			op.Roles[role] = true
		}
	}
	switch {
	case len(op.Roles) == 0 && op.Keys == "":
		return fmt.Errorf("requires %q, which no role has", permission)
	case len(op.Roles) > 0 && op.Keys == KeyReachEvery:
		return fmt.Errorf("requires %q, which both every key and a role have", permission)
	}
	return nil
}

// forOperator reports whether an operation needs the operator's token and nothing else. The token is optional in the
// document, because the operator need not set one.
func forOperator(requirements openapi3.SecurityRequirements) bool {
	const pair = 2 // the token, or nothing
	return len(requirements) == pair && slices.ContainsFunc(requirements, isEmpty) &&
		slices.ContainsFunc(requirements, func(r openapi3.SecurityRequirement) bool {
			_, found := r[operatorScheme]
			return found && len(r) == 1
		})
}

func isEmpty(requirement openapi3.SecurityRequirement) bool { return len(requirement) == 0 }

// readParameters reads what the operation takes in the query and in headers.
func (op *Operation) readParameters(item *openapi3.PathItem, specified *openapi3.Operation) error {
	op.onlyIDs = true
	for _, ref := range slices.Concat(item.Parameters, specified.Parameters) {
		p := ref.Value
		if p.Schema == nil || p.Schema.Value == nil {
			return fmt.Errorf("the parameter %q has no schema", p.Name)
		}
		op.parameters = true
		optional := !p.Required && p.In != openapi3.ParameterInCookie // whether a request has a cookie is not looked up
		op.onlyIDs = op.onlyIDs && (optional || p.In == openapi3.ParameterInPath && isID(p.Schema.Value))
		switch p.In {
		case openapi3.ParameterInQuery:
			op.query[p.Name] = readParameter(p.Schema.Value)
			instead, err := usersOnly(p.Extensions)
			if err != nil {
				return fmt.Errorf("parameter %q: %w", p.Name, err)
			}
			if instead != "" {
				op.UsersOnlyQuery[p.Name] = instead
			}
		case openapi3.ParameterInHeader:
			op.headers = append(op.headers, http.CanonicalHeaderKey(p.Name))
			op.Repeatable = op.Repeatable || p.Name == idempotency.Header
		case openapi3.ParameterInCookie:
			op.takesCookie = op.takesCookie || p.Name == refreshCookie
		}
	}
	return nil
}

// isID reports whether every UUID is valid by a schema.
func isID(schema *openapi3.Schema) bool {
	return schema.Type.Is(openapi3.TypeString) && schema.Format == "uuid" && schema.Pattern == "" && schema.Enum == nil &&
		schema.MinLength <= uuidLength && (schema.MaxLength == nil || *schema.MaxLength >= uuidLength) &&
		len(schema.AllOf)+len(schema.AnyOf)+len(schema.OneOf) == 0 && schema.Not == nil
}

// readBodies reads which bodies the operation takes. All are JSON, except for uploads.
func (op *Operation) readBodies(document *openapi3.T, specified *openapi3.Operation) error {
	if specified.RequestBody == nil {
		switch {
		case op.Method == http.MethodPatch:
			return errors.New("is a PATCH without a JSON body")
		case op.Upload:
			return errors.New("is an upload without a body")
		}
		return nil
	}
	body := specified.RequestBody.Value
	op.required, op.bodies = body.Required, map[string]string{}
	for media := range body.Content {
		op.bodies[media] = media
	}
	if op.Method == http.MethodPatch {
		if err := op.readPatchMedia(document); err != nil {
			return err
		}
	}
	if op.Upload {
		return op.readUploadMedia(specified)
	}
	content := body.Content[mediaJSON]
	if len(body.Content) != 1 || content == nil || content.Schema == nil || content.Schema.Value == nil {
		return errors.New("has a body that is not JSON with a schema, and is not an upload")
	}
	op.schema = content.Schema.Value
	return nil
}

// readUploadMedia reads under which other media types an upload is taken. Clients send those of their operating system.
func (op *Operation) readUploadMedia(specified *openapi3.Operation) error {
	stated, found := specified.Extensions["x-upload-media-types"]
	if !found {
		return nil
	}
	others, ok := stated.([]any)
	if !ok || len(op.bodies) != 1 {
		return errors.New("has x-upload-media-types, which is a list of others than the only media type of the body")
	}
	for media := range maps.Clone(op.bodies) {
		for _, other := range others {
			op.bodies[fmt.Sprint(other)] = media
		}
	}
	return nil
}

// readPatchMedia reads under which other media types a PATCH takes its JSON body. The document says so once, for all
// operations.
func (op *Operation) readPatchMedia(document *openapi3.T) error {
	stated, ok := document.Extensions["x-patch-media-types"].([]any)
	if !ok {
		return errors.New("is a PATCH, and the document has no x-patch-media-types")
	}
	if op.bodies[mediaJSON] == "" {
		return errors.New("is a PATCH without a JSON body")
	}
	for _, media := range stated {
		op.bodies[fmt.Sprint(media)] = mediaJSON
	}
	return nil
}
