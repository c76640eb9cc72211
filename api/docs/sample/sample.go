// Package sample writes how an operation is called, in the languages that clients are written in. What it writes
// follows from the specification alone: it is complete, it carries the examples of the specification, and where an
// operation takes an idempotency key or the version that a change is based on, it sends them.
//
// The samples of curl and Python need nothing of ours. Those of TypeScript use a client of openapi-fetch, those of Go
// the generated client gen/client. All but curl's expect a client that was made before, as Setup does.
package sample

import (
	"net/url"
	"regexp"
	"strings"

	"github.com/ai-interviewer-platform/interviewer/api/docs/reference"
)

// Language is one that samples are written in.
type Language struct {
	// ID is the language in lower case, Title its name.
	ID, Title string
	// Setup makes the client that the samples use.
	Setup string

	write func(call) string
}

// Write gives the sample of an operation, without a line end after it.
func (l Language) Write(o *reference.Operation) string {
	return strings.TrimRight(l.write(callOf(o)), "\n")
}

// Languages are all of them, in the order in which they are offered.
func Languages() []Language {
	return []Language{
		{"curl", "curl", curlSetup, curl},
		{"typescript", "TypeScript", typeScriptSetup, typeScript},
		{"python", "Python", pythonSetup, python},
		{"go", "Go", goSetup, golang},
	}
}

const (
	// etag stands for the version that a reader got with the resource.
	etag = `"3"`
	// page is how many entries the sample of a list asks for.
	page = 20
)

// call is what a sample sends.
type call struct {
	*reference.Operation
	path   []argument
	query  []argument
	header []argument
	body   *reference.Media
}

// argument is a parameter with its value.
type argument struct {
	*reference.Parameter
	value reference.Value
}

// callOf decides what to send: what is required, a bound on lists, and the headers that make a call safe.
func callOf(o *reference.Operation) call {
	c := call{Operation: o}
	for _, p := range o.Parameters {
		switch {
		case p.In == "path":
			c.path = append(c.path, argument{p, p.Sample()})
		case p.In == "query" && p.Name == "limit":
			c.query = append(c.query, argument{p, reference.NumberOf(page)})
		case p.In == "query" && p.Required:
			c.query = append(c.query, argument{p, p.Sample()})
		case keyed(p):
			c.header = append(c.header, argument{p, reference.TextOf("")})
		case p.In == "header" && p.Name == "If-Match":
			c.header = append(c.header, argument{p, reference.TextOf(etag)})
		}
	}
	if o.Body != nil {
		c.body = o.Body.Media[0]
	}
	return c
}

// keyed reports whether a parameter is the one that takes a key of the client's choice, new for every request.
func keyed(p *reference.Parameter) bool { return p.In == "header" && p.Name == "Idempotency-Key" }

// target is the path with its parameters filled in.
func (c call) target() string {
	path := c.Path
	for _, a := range c.path {
		path = strings.ReplaceAll(path, "{"+a.Name+"}", url.PathEscape(a.value.Text))
	}
	return path
}

// file is the name of a file that holds the body, where that is not JSON; empty where it is, or where there is none.
func (c call) file() string {
	if c.body == nil || c.body.Schema.Type != "string" {
		return ""
	}
	return c.Tag + c.Path[strings.LastIndex(c.Path, "."):]
}

// json reports whether a success carries JSON.
func (c call) json() bool { return c.Done().JSON() != nil }

// empty reports whether a success carries nothing.
func (c call) empty() bool { return len(c.Done().Media) == 0 }

// saved reports whether a success is a file with a name.
func (c call) saved() bool {
	for _, header := range c.Done().Headers {
		if header.Name == "Content-Disposition" {
			return true
		}
	}
	return false
}

// identifier is a name that TypeScript takes without quotes.
var identifier = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)
