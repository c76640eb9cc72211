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
	schemaPrefix   = "#/components/schemas/"
	responsePrefix = "#/components/responses/"
	problemSchema  = schemaPrefix + "Problem"

	jsonMedia    = "application/json"
	mergePatch   = "application/merge-patch+json"
	problemMedia = "application/problem+json"
)

// operation is one operation, with the parameters of its path.
type operation struct {
	*openapi3.Operation
	method, path, pointer string
	item                  *openapi3.PathItem
	inputs                openapi3.Parameters
}

// parameter, header, answer and media are each where it is written, be it a component or inline.
type (
	parameter struct {
		*openapi3.Parameter
		pointer string
	}
	header struct {
		*openapi3.Header
		name, pointer string
	}
	answer struct {
		*openapi3.Response
		name, pointer string // name is that of the component, or the status
	}
	media struct {
		*openapi3.MediaType
		name, pointer string
		request       bool
	}
)

// kind tells where a schema stands.
type kind int

const (
	asComponent kind = iota
	asProperty
	asItem
	asMember // of additionalProperties
	asPart   // of a composed schema
	asBody
	asParameter
	asHeader
)

// schema is one schema where it is written; a reference is not a schema of its own.
type schema struct {
	*openapi3.Schema
	pointer string
	kind    kind
	// name is that of the component, property, parameter or header.
	name string
	// component is the name of the component that it is or stands in; empty of inline schemas.
	component string
	// request and answer tell whether an inline schema belongs to a body that is sent or answered.
	request, answer bool
}

// collect notes everything that rules look at, in the order of its pointers.
func (d *Document) collect() {
	for path, item := range sorted(d.api.Paths.Map()) {
		at := "#/paths/" + escape(path)
		d.collectParameters(at+"/parameters", item.Parameters)
		for method, specified := range sorted(item.Operations()) {
			d.collectOperation(operation{
				Operation: specified, method: method, path: path, item: item,
				pointer: at + "/" + strings.ToLower(method), inputs: slices.Concat(item.Parameters, specified.Parameters),
			})
		}
	}
	components := d.api.Components
	for name, p := range sorted(components.Parameters) {
		d.collectParameter("#/components/parameters/"+escape(name), p)
	}
	d.collectHeaders("#/components/headers", components.Headers)
	for name, body := range sorted(components.RequestBodies) {
		d.collectContent("#/components/requestBodies/"+escape(name), body.Value.Content, true)
	}
	for name, response := range sorted(components.Responses) {
		d.collectAnswer(responsePrefix+escape(name), name, response)
	}
	for name, ref := range sorted(components.Schemas) {
		d.collectSchema(schema{pointer: schemaPrefix + escape(name), kind: asComponent, name: name, component: name}, ref)
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
			d.reach(d.requested, m.Schema)
		}
	}
	for status, response := range sorted(op.Responses.Map()) {
		d.collectAnswer(op.pointer+"/responses/"+status, status, response)
		for _, m := range response.Value.Content {
			d.reach(d.answered, m.Schema)
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
	d.collectSchema(schema{pointer: at + "/schema", kind: asParameter, name: p.Value.Name}, p.Value.Schema)
}

func (d *Document) collectHeaders(at string, headers openapi3.Headers) {
	for name, h := range sorted(headers) {
		if h.Ref == "" {
			pointer := at + "/" + escape(name)
			d.headers = append(d.headers, header{Header: h.Value, name: name, pointer: pointer})
			d.collectSchema(schema{pointer: pointer + "/schema", kind: asHeader, name: name}, h.Value.Schema)
		}
	}
}

func (d *Document) collectAnswer(at, name string, response *openapi3.ResponseRef) {
	if response.Ref != "" {
		return
	}
	d.answers = append(d.answers, answer{Response: response.Value, name: name, pointer: at})
	d.collectHeaders(at+"/headers", response.Value.Headers)
	d.collectContent(at, response.Value.Content, false)
}

func (d *Document) collectContent(at string, content openapi3.Content, request bool) {
	for name, m := range sorted(content) {
		pointer := at + "/content/" + escape(name)
		d.media = append(d.media, media{MediaType: m, name: name, pointer: pointer, request: request})
		d.collectSchema(schema{
			pointer: pointer + "/schema", kind: asBody, name: name, request: request, answer: !request,
		}, m.Schema)
	}
}

// collectSchema notes a schema and all that is written within it. What is given says where it stands.
func (d *Document) collectSchema(s schema, ref *openapi3.SchemaRef) {
	if ref == nil || ref.Ref != "" || ref.Value == nil {
		return
	}
	s.Schema = ref.Value
	d.schemas = append(d.schemas, s)
	inner := func(kind kind, name, step string, ref *openapi3.SchemaRef) {
		within := s
		within.kind, within.name, within.pointer = kind, cmp.Or(name, s.name), s.pointer+"/"+step
		d.collectSchema(within, ref)
	}
	for name, property := range sorted(ref.Value.Properties) {
		inner(asProperty, name, "properties/"+escape(name), property)
	}
	inner(asItem, "", "items", ref.Value.Items)
	inner(asMember, "", "additionalProperties", ref.Value.AdditionalProperties.Schema)
	for step, part := range sorted(parts(ref.Value)) {
		inner(asPart, "", step, part)
	}
}

// parts are the schemas that a schema is composed of, by their place in it.
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

// reach adds the names of all schemas that one leads to.
func (d *Document) reach(names map[string]bool, ref *openapi3.SchemaRef) {
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
		d.reach(names, next)
	}
}

// sent reports whether a schema is part of what clients send as a body.
func (d *Document) sent(s schema) bool { return s.request || d.requested[s.component] }

// received reports whether a schema is part of what the server answers.
func (d *Document) received(s schema) bool { return s.answer || d.answered[s.component] }

// public reports whether an operation lets in those who do not say who they are.
func (op operation) public() bool {
	return op.Security != nil && (len(*op.Security) == 0 ||
		slices.ContainsFunc(*op.Security, func(r openapi3.SecurityRequirement) bool { return len(r) == 0 }))
}

// takes reports whether the operation has a parameter of that name.
func (op operation) takes(in, name string) bool { return op.inputs.GetByInAndName(in, name) != nil }

// refers reports whether the operation has the parameter that is the component of that name.
func (op operation) refers(component string) bool {
	return slices.ContainsFunc(op.inputs, func(p *openapi3.ParameterRef) bool {
		return p.Ref == "#/components/parameters/"+component
	})
}

// answers reports whether the operation declares a status.
func (op operation) answers(status string) bool { return op.Responses.Value(status) != nil }

// success is the answer of a request that is done, with its status; nil where there is none.
func (op operation) success() (string, *openapi3.Response) {
	for status, response := range sorted(op.Responses.Map()) {
		if strings.HasPrefix(status, "2") {
			return status, response.Value
		}
	}
	return "", nil
}

// tagged reports whether a success comes with an ETag.
func (op operation) tagged() bool {
	_, response := op.success()
	return response != nil && response.Headers["ETag"] != nil
}

// steps are the parts of the operation's path.
func (op operation) steps() []string { return strings.Split(strings.TrimPrefix(op.path, "/"), "/") }

// last is the last part of the operation's path.
func (op operation) last() string { return op.steps()[len(op.steps())-1] }

// variable reports whether a step of a path is a parameter.
func variable(step string) bool { return strings.HasPrefix(step, "{") }
