// Package reference reads an OpenAPI document into a model for documentation: operations grouped by tag, in the order
// of the document, with every reference resolved and with the permissions, roles and API key scopes of each
// operation.
//
// A keyword that the reader does not know is an error, unless it is an extension (x-…). The reference pages therefore
// cannot leave out a part of the document by accident.
package reference

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Authenticated is the permission that every authenticated person has.
const Authenticated = "authenticated"

// Document is an OpenAPI document.
type Document struct {
	// Title and Summary are those of the document's info object.
	Title, Summary string
	// Tags group the operations. Each tag has at least one.
	Tags []*Tag
	// Schemas are the named schemas (components/schemas).
	Schemas []*Schema
	// Roles are the names of all roles.
	Roles []string
	// Permissions are all permissions, in the order in which x-roles and x-key-scopes first name them.
	Permissions []*Permission
	// Events are the types of events (webhooks).
	Events []EventType
	// Common are the headers that x-response-headers declares.
	Common CommonHeaders
}

// CommonHeaders are response headers that many operations share: those of rate limited operations, those of successes
// that an Idempotency-Key can replay, and those of every response.
type CommonHeaders struct{ RateLimited, Repeatable, Always []*Parameter }

// EventType is a type of event, with the type of the resource in its example.
type EventType struct{ Name, Resource, Meaning string }

// Tag is a group of operations.
type Tag struct {
	Name, Description string
	Operations        []*Operation
}

// KeyKind says which API keys can have a permission.
type KeyKind string

const (
	// NoKey permissions are for people only.
	NoKey KeyKind = ""
	// CompanyKey permissions are scopes of keys that are not limited to jobs.
	CompanyKey KeyKind = "company"
	// TestKey permissions are scopes of keys of test companies.
	TestKey KeyKind = "test"
	// JobKey permissions are scopes of any key, including keys that are limited to some jobs.
	JobKey KeyKind = "jobs"
	// EveryKey permissions belong to every key and need no scope.
	EveryKey KeyKind = "every"
)

// Permission is a permission that operations require.
type Permission struct {
	Name string
	// Roles have the permission. The list is empty if only API keys can have it.
	Roles []string
	// Key says which API keys can have the permission. Scope is the scope that grants it to them: the permission's own
	// name, or the name of another permission that includes it.
	Key   KeyKind
	Scope string
	// Operations require the permission.
	Operations []*Operation
}

// Operation is an API operation.
type Operation struct {
	// ID is the operationId.
	ID string
	// Method is in upper case. Path is the path template, such as /api/v1/jobs/{job_id}.
	Method, Path string
	// Tag is the name of the operation's group.
	Tag                  string
	Summary, Description string
	// Permission is required to call the operation. It is nil for public operations.
	Permission *Permission
	// Scheme describes the credentials that a public operation accepts. It is empty if there are none.
	Scheme string
	// UsersOnly says what API keys use instead of an operation about the user who calls it. It is empty for others.
	UsersOnly string
	// RateLimited operations count against the rate limit.
	RateLimited bool
	// Deprecated operations can be removed after Sunset, a date. Sunset is empty if there is no date.
	Deprecated bool
	Sunset     string
	// Parameters are those of the path, followed by the operation's own.
	Parameters []*Parameter
	// Body is nil if the operation takes no request body.
	Body *Body
	// Responses are in the order of the document.
	Responses []*Response
}

// Parameter is a request parameter or a response header.
type Parameter struct {
	Name, Description string
	// In is path, query, header or cookie.
	In                   string
	Required, Deprecated bool
	Schema               *Schema
	// Example is absent if the document has none.
	Example Value
}

// Body is a request body.
type Body struct {
	Description string
	Required    bool
	Media       []*Media
}

// Media is a body in one media type.
type Media struct {
	// Type is the media type.
	Type   string
	Schema *Schema
	// Example is absent if the document has none.
	Example Value
}

// Response is a response that an operation declares.
type Response struct {
	// Status is the HTTP status in digits.
	Status      string
	Description string
	Headers     []*Parameter
	Media       []*Media
	// Links are the IDs of operations that take values from this response.
	Links []string
}

// IsSuccess reports whether the status is 2xx.
func (r *Response) IsSuccess() bool { return strings.HasPrefix(r.Status, "2") }

// JSON returns the body in application/json, or nil.
func (r *Response) JSON() *Media {
	for _, media := range r.Media {
		if media.Type == "application/json" {
			return media
		}
	}
	return nil
}

// Parameter returns the parameter with a location and a name, or nil. The case of the name is ignored.
func (o *Operation) Parameter(in, name string) *Parameter {
	at := slices.IndexFunc(o.Parameters, func(p *Parameter) bool { return p.In == in && strings.EqualFold(p.Name, name) })
	if at < 0 {
		return nil
	}
	return o.Parameters[at]
}

// Public reports whether the operation can be called without authentication.
func (o *Operation) Public() bool { return o.Permission == nil }

// Success returns the first response with a 2xx status, or nil.
func (o *Operation) Success() *Response {
	for _, response := range o.Responses {
		if response.IsSuccess() {
			return response
		}
	}
	return nil
}

// Operations returns all operations, ordered by tag.
func (d *Document) Operations() []*Operation {
	var all []*Operation
	for _, tag := range d.Tags {
		all = append(all, tag.Operations...)
	}
	return all
}

// Read parses an OpenAPI document in YAML or JSON. The error lists everything in the document that Read does not
// support.
func Read(specification string) (*Document, error) {
	var node yaml.Node
	if err := yaml.Unmarshal([]byte(specification), &node); err != nil {
		return nil, fmt.Errorf("reference: parse the specification: %w", err)
	}
	if node.Kind == 0 {
		return nil, errors.New("reference: the specification is empty")
	}
	root, err := valueOf(&node)
	if err != nil {
		return nil, err
	}
	r := &reader{root: root, schemas: map[string]*Schema{}}
	document := r.document()
	return document, errors.Join(r.errs...)
}
