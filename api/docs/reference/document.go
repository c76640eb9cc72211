// Package reference reads the specification as its readers do: by tag, in the order of its author, with everything that
// is said elsewhere (what a reference names, who holds a permission) brought to where it is needed.
//
// It promises to leave nothing out: what it does not know how to tell is an error.
package reference

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Authenticated is the permission that everybody has who says who they are.
const Authenticated = "authenticated"

// Document is the specification.
type Document struct {
	// Title and Summary say what it describes.
	Title, Summary string
	// Tags group the operations; each has at least one.
	Tags []*Tag
	// Schemas are those that have names.
	Schemas []*Schema
	// Roles are the names of all roles.
	Roles []string
	// Permissions are all permissions that operations ask for, in the order in which the roles are given them.
	Permissions []*Permission
	// Common are headers that answers carry besides their own.
	Common Common
}

// Common are the headers that answers have in common: those of operations that count against a limit, of successes that
// are answered again, and of every answer.
type Common struct{ Limited, Repeatable, Always []*Parameter }

// Tag is a group of operations.
type Tag struct {
	Name, Description string
	Operations        []*Operation
}

// Keys says which API keys may have a permission.
type Keys string

const (
	// NoKey permissions are for people.
	NoKey Keys = ""
	// CompanyKey permissions are scopes of keys for the whole company only.
	CompanyKey Keys = "company"
	// TestKey permissions are scopes of keys of test companies only.
	TestKey Keys = "test"
	// JobKey permissions are scopes of any key, one that is limited to some jobs included.
	JobKey Keys = "jobs"
	// EveryKey permissions are those that each key has without a scope.
	EveryKey Keys = "every"
)

// Permission is what an operation may ask of its caller.
type Permission struct {
	Name string
	// Roles hold the permission; none does where only API keys have it.
	Roles []string
	// Key says which API keys may have the permission, and Scope by which scope: its own name, or that of another one that
	// it comes with.
	Key   Keys
	Scope string
	// Operations ask for the permission.
	Operations []*Operation
}

// Operation is one operation.
type Operation struct {
	// ID is the operationId.
	ID string
	// Method is in capitals; Path is spelled as in the specification.
	Method, Path string
	// Tag is the name of its group.
	Tag                  string
	Summary, Description string
	// Permission is what a caller needs; nil for public operations.
	Permission *Permission
	// Scheme describes another way to say who one is, which a public operation may ask for; empty where there is none.
	Scheme string
	// Limited operations count against the rate limit.
	Limited bool
	// Deprecated operations are to be left, and after Sunset, where a date is given, they are gone.
	Deprecated bool
	Sunset     string
	// Parameters are those of the path, and then the operation's own.
	Parameters []*Parameter
	// Body is nil where none is read.
	Body *Body
	// Answers are in the order of the specification.
	Answers []*Answer
}

// Parameter is one parameter, or a header of an answer.
type Parameter struct {
	Name, Description string
	// In is path, query, header or cookie.
	In                   string
	Required, Deprecated bool
	Schema               *Schema
	// Example is absent where the specification gives none.
	Example Value
}

// Body is what a request carries.
type Body struct {
	Description string
	Required    bool
	Media       []*Media
}

// Media is a body in one form.
type Media struct {
	// Type is the media type.
	Type   string
	Schema *Schema
	// Example is absent where the specification gives none.
	Example Value
}

// Answer is what an operation may answer with.
type Answer struct {
	// Status is the HTTP status in digits.
	Status      string
	Description string
	Headers     []*Parameter
	Media       []*Media
	// Links lead from this answer to what can be done next.
	Links []*Link
}

// Link names an operation that takes something from an answer.
type Link struct {
	OperationID, Description string
}

// Success reports whether the answer means that the operation was done.
func (a *Answer) Success() bool { return strings.HasPrefix(a.Status, "2") }

// JSON gives the body of an answer in JSON, or nil.
func (a *Answer) JSON() *Media {
	for _, media := range a.Media {
		if media.Type == "application/json" {
			return media
		}
	}
	return nil
}

// Parameter gives the parameter of a name in a place, or nil.
func (o *Operation) Parameter(in, name string) *Parameter {
	at := slices.IndexFunc(o.Parameters, func(p *Parameter) bool { return p.In == in && strings.EqualFold(p.Name, name) })
	if at < 0 {
		return nil
	}
	return o.Parameters[at]
}

// Public reports whether the operation asks nobody who they are.
func (o *Operation) Public() bool { return o.Permission == nil }

// Done gives the first answer that means success.
func (o *Operation) Done() *Answer {
	for _, answer := range o.Answers {
		if answer.Success() {
			return answer
		}
	}
	return nil
}

// Operations are all operations, by tag.
func (d *Document) Operations() []*Operation {
	var all []*Operation
	for _, tag := range d.Tags {
		all = append(all, tag.Operations...)
	}
	return all
}

// Read reads a specification in YAML or JSON. An error names everything that it cannot tell.
func Read(specification string) (*Document, error) {
	var node yaml.Node
	if err := yaml.Unmarshal([]byte(specification), &node); err != nil {
		return nil, fmt.Errorf("reference: read the specification: %w", err)
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
	return document, errors.Join(r.holes...)
}
