// Package sample generates code samples that call the operations of the API, in several languages. Samples are
// complete: they send the examples of the specification, and the headers Idempotency-Key and If-Match where an
// operation takes them.
//
// The samples for curl use nothing but a shell, and those for Python use httpx. The samples for TypeScript use
// openapi-fetch, and those for Go the generated client in gen/client. All except those for curl use a client that the
// code in Setup creates.
package sample

import (
	"net/url"
	"regexp"
	"strings"

	"github.com/ai-interviewer-platform/interviewer/api/docs/reference"
)

// Language is a language of the samples.
type Language struct {
	// ID is the name in lower case. Title is the name to display.
	ID, Title string
	// Setup creates the client that the samples use.
	Setup string

	write func(call) string
}

// Write returns the sample for an operation, without a trailing line break.
func (l Language) Write(o *reference.Operation) string {
	return strings.TrimRight(l.write(newCall(o)), "\n")
}

// Languages returns all languages in the order of the reference.
func Languages() []Language {
	return []Language{
		{"curl", "curl", curlSetup, curl},
		{"typescript", "TypeScript", typeScriptSetup, typeScript},
		{"python", "Python", pythonSetup, python},
		{"go", "Go", goSetup, golang},
	}
}

const (
	// etag is the value of If-Match.
	etag = `"3"`
	// pageSize is the value of the query parameter limit.
	pageSize = 20
)

// call is a request with the values that a sample sends.
type call struct {
	*reference.Operation
	path   []argument
	query  []argument
	header []argument
	body   *reference.Media
}

// argument is a parameter and its value.
type argument struct {
	*reference.Parameter
	value reference.Value
}

// newCall selects what to send: required parameters, the page size of lists, and the headers that make a request safe
// to repeat.
func newCall(o *reference.Operation) call {
	c := call{Operation: o}
	for _, p := range o.Parameters {
		switch {
		case p.In == "path":
			c.path = append(c.path, argument{p, p.Sample()})
		case p.In == "query" && p.Name == "limit":
			c.query = append(c.query, argument{p, reference.NumberOf(pageSize)})
		case p.In == "query" && p.Required:
			c.query = append(c.query, argument{p, p.Sample()})
		case isIdempotencyKey(p):
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

func isIdempotencyKey(p *reference.Parameter) bool {
	return p.In == "header" && p.Name == "Idempotency-Key"
}

// target returns the path with the values of its parameters.
func (c call) target() string {
	path := c.Path
	for _, a := range c.path {
		path = strings.ReplaceAll(path, "{"+a.Name+"}", url.PathEscape(a.value.Text))
	}
	return path
}

// file returns the name of the file that contains the body. It is empty if the body is JSON or there is none.
func (c call) file() string {
	if c.body == nil || c.body.Schema.Type != "string" {
		return ""
	}
	return c.Tag + c.Path[strings.LastIndex(c.Path, "."):]
}

// returnsJSON reports whether the body of a successful response is JSON.
func (c call) returnsJSON() bool { return c.Success().JSON() != nil }

// returnsNothing reports whether a successful response has no body.
func (c call) returnsNothing() bool { return len(c.Success().Media) == 0 }

// returnsFile reports whether a successful response is a file download.
func (c call) returnsFile() bool {
	for _, header := range c.Success().Headers {
		if header.Name == "Content-Disposition" {
			return true
		}
	}
	return false
}

// identifier matches the property names that need no quotes in TypeScript.
var identifier = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)
