package lint

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
)

const (
	schemaPrefix    = "#/components/schemas/"
	responsePrefix  = "#/components/responses/"
	parameterPrefix = "#/components/parameters/"
	problemSchema   = schemaPrefix + "Problem"

	jsonMedia       = "application/json"
	mergePatchMedia = "application/merge-patch+json"
	problemMedia    = "application/problem+json"
)

// operation is an operation. Its inputs are its own parameters and those of its path.
type operation struct {
	*openapi3.Operation
	method, path, pointer string
	item                  *openapi3.PathItem
	inputs                openapi3.Parameters
}

// parameter, header, response and media are declarations: components or inline objects, but not references.
type (
	parameter struct {
		*openapi3.Parameter
		pointer string
	}
	header struct {
		*openapi3.Header
		name, pointer string
	}
	response struct {
		*openapi3.Response
		name, pointer string // name is the name of the component, or the status
	}
	media struct {
		*openapi3.MediaType
		name, pointer string
		request       bool
	}
)

// place is the place of a schema in the document.
type place int

const (
	inComponents place = iota
	inProperty
	inItems
	inAdditionalProperties
	inComposition // allOf, anyOf, oneOf, not
	inBody
	inParameter
	inHeader
)

// schema is a declaration of a schema, not a reference.
type schema struct {
	*openapi3.Schema
	pointer string
	place   place
	// name is the name of the component, property, parameter or header.
	name string
	// component is the name of the component that contains the schema. It is empty for inline schemas.
	component string
	// request and response report whether an inline schema belongs to a request body or a response body.
	request, response bool
}

// collect fills the lists of declarations, ordered by pointer.
func (d *Document) collect() {
	for path, item := range sorted(d.api.Paths.Map()) {
		at := "#/paths/" + escape(path)
		d.collectParameters(at+"/parameters", item.Parameters)
		for method, o := range sorted(item.Operations()) {
			d.collectOperation(operation{
				Operation: o, method: method, path: path, item: item,
				pointer: at + "/" + strings.ToLower(method), inputs: slices.Concat(item.Parameters, o.Parameters),
			})
		}
	}
	components := d.api.Components
	for name, p := range sorted(components.Parameters) {
		d.collectParameter(parameterPrefix+escape(name), p)
	}
	d.collectHeaders("#/components/headers", components.Headers)
	for name, body := range sorted(components.RequestBodies) {
		d.collectContent("#/components/requestBodies/"+escape(name), body.Value.Content, true)
	}
	for name, r := range sorted(components.Responses) {
		d.collectResponse(responsePrefix+escape(name), name, r)
	}
	for name, ref := range sorted(components.Schemas) {
		d.collectSchema(schema{pointer: schemaPrefix + escape(name), place: inComponents, name: name, component: name}, ref)
	}
}

func (d *Document) collectOperation(op operation) {
	if op.Responses == nil {
		op.Responses = openapi3.NewResponses()
	}
	d.operations = append(d.operations, op)
	d.collectParameters(op.pointer+"/parameters", op.Parameters)
	if body := op.RequestBody; body != nil && body.Value != nil {
		if body.Ref == "" {
			d.collectContent(op.pointer+"/requestBody", body.Value.Content, true)
		}
		for _, m := range body.Value.Content {
			addReachable(d.requestSchemas, m.Schema)
		}
	}
	for status, r := range sorted(op.Responses.Map()) {
		d.collectResponse(op.pointer+"/responses/"+status, status, r)
		for _, m := range r.Value.Content {
			addReachable(d.responseSchemas, m.Schema)
		}
	}
}

func (d *Document) collectParameters(at string, list openapi3.Parameters) {
	for i, p := range list {
		d.collectParameter(fmt.Sprintf("%s/%d", at, i), p)
	}
}

func (d *Document) collectParameter(at string, p *openapi3.ParameterRef) {
	if p.Ref != "" {
		return
	}
	d.parameters = append(d.parameters, parameter{Parameter: p.Value, pointer: at})
	d.collectSchema(schema{pointer: at + "/schema", place: inParameter, name: p.Value.Name}, p.Value.Schema)
}

func (d *Document) collectHeaders(at string, headers openapi3.Headers) {
	for name, h := range sorted(headers) {
		if h.Ref == "" {
			pointer := at + "/" + escape(name)
			d.headers = append(d.headers, header{Header: h.Value, name: name, pointer: pointer})
			d.collectSchema(schema{pointer: pointer + "/schema", place: inHeader, name: name}, h.Value.Schema)
		}
	}
}

func (d *Document) collectResponse(at, name string, r *openapi3.ResponseRef) {
	if r.Ref != "" {
		return
	}
	d.responses = append(d.responses, response{Response: r.Value, name: name, pointer: at})
	d.collectHeaders(at+"/headers", r.Value.Headers)
	d.collectContent(at, r.Value.Content, false)
}

func (d *Document) collectContent(at string, content openapi3.Content, request bool) {
	for name, m := range sorted(content) {
		pointer := at + "/content/" + escape(name)
		d.media = append(d.media, media{MediaType: m, name: name, pointer: pointer, request: request})
		d.collectSchema(schema{
			pointer: pointer + "/schema", place: inBody, name: name, request: request, response: !request,
		}, m.Schema)
	}
}

// collectSchema adds a schema and all schemas nested in it. The fields of s describe its place.
func (d *Document) collectSchema(s schema, ref *openapi3.SchemaRef) {
	if ref == nil || ref.Ref != "" || ref.Value == nil {
		return
	}
	s.Schema = ref.Value
	d.schemas = append(d.schemas, s)
	nested := func(place place, name, relative string, ref *openapi3.SchemaRef) {
		inner := s
		inner.place, inner.name, inner.pointer = place, cmp.Or(name, s.name), s.pointer+"/"+relative
		d.collectSchema(inner, ref)
	}
	for name, property := range sorted(ref.Value.Properties) {
		nested(inProperty, name, "properties/"+escape(name), property)
	}
	nested(inItems, "", "items", ref.Value.Items)
	nested(inAdditionalProperties, "", "additionalProperties", ref.Value.AdditionalProperties.Schema)
	for relative, part := range sorted(parts(ref.Value)) {
		nested(inComposition, "", relative, part)
	}
}

// parts returns the schemas that a schema is composed of, by their relative pointers.
func parts(s *openapi3.Schema) map[string]*openapi3.SchemaRef {
	found := map[string]*openapi3.SchemaRef{}
	for keyword, list := range map[string]openapi3.SchemaRefs{"allOf": s.AllOf, "anyOf": s.AnyOf, "oneOf": s.OneOf} {
		for i, part := range list {
			found[fmt.Sprintf("%s/%d", keyword, i)] = part
		}
	}
	if s.Not != nil {
		found["not"] = s.Not
	}
	return found
}

// addReachable adds the names of all schemas that a schema refers to, directly or indirectly.
func addReachable(names map[string]bool, ref *openapi3.SchemaRef) {
	if ref == nil || ref.Value == nil {
		return
	}
	if name, named := strings.CutPrefix(ref.Ref, schemaPrefix); named {
		if names[name] {
			return
		}
		names[name] = true
	}
	for _, next := range slices.Concat(
		slices.Collect(maps.Values(ref.Value.Properties)), slices.Collect(maps.Values(parts(ref.Value))),
		openapi3.SchemaRefs{ref.Value.Items, ref.Value.AdditionalProperties.Schema},
	) {
		addReachable(names, next)
	}
}

// inRequest reports whether a schema is part of a request body.
func (d *Document) inRequest(s schema) bool { return s.request || d.requestSchemas[s.component] }

// inResponse reports whether a schema is part of a response body.
func (d *Document) inResponse(s schema) bool { return s.response || d.responseSchemas[s.component] }

// public reports whether the operation can be called without authentication.
func (op operation) public() bool {
	return op.Security != nil && (len(*op.Security) == 0 ||
		slices.ContainsFunc(*op.Security, func(r openapi3.SecurityRequirement) bool { return len(r) == 0 }))
}

// takes reports whether the operation has a parameter with a location and a name.
func (op operation) takes(in, name string) bool { return op.inputs.GetByInAndName(in, name) != nil }

// refersTo reports whether the operation has the parameter that is a component with a name.
func (op operation) refersTo(component string) bool {
	return slices.ContainsFunc(op.inputs, func(p *openapi3.ParameterRef) bool {
		return p.Ref == parameterPrefix+component
	})
}

// declares reports whether the operation declares a status.
func (op operation) declares(status string) bool { return op.Responses.Value(status) != nil }

// success returns the first successful response and its status, or nil.
func (op operation) success() (string, *openapi3.Response) {
	for status, r := range sorted(op.Responses.Map()) {
		if strings.HasPrefix(status, "2") {
			return status, r.Value
		}
	}
	return "", nil
}

// returnsETag reports whether a successful response has an ETag.
func (op operation) returnsETag() bool {
	_, r := op.success()
	return r != nil && r.Headers["ETag"] != nil
}

// segments returns the segments of the operation's path.
func (op operation) segments() []string { return strings.Split(strings.TrimPrefix(op.path, "/"), "/") }

// lastSegment returns the last segment of the operation's path.
func (op operation) lastSegment() string { return op.segments()[len(op.segments())-1] }

// isParameter reports whether a path segment is a parameter.
func isParameter(segment string) bool { return strings.HasPrefix(segment, "{") }
