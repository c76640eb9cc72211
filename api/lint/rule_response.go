package lint

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"

	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/server/edge/problem"
	"github.com/ai-interviewer-platform/interviewer/server/platform/fault"
)

func responseRules() []Rule {
	return []Rule{
		{"errors-are-declared", "An operation declares every status that it can return.", checkDeclaredStatuses},
		{
			"errors-are-problems",
			"Every error response is an RFC 9457 problem document with the schema Problem, and has no other media type.",
			func(c *checker) {
				c.errors(func(op operation, status string, at string) {
					content := op.Responses.Value(status).Value.Content
					media := content[problemMedia]
					c.require(len(content) == 1 && media != nil && media.Schema != nil && media.Schema.Ref == problemSchema, at,
						"the content must be %s with a $ref to %s", problemMedia, problemSchema)
				})
			},
		},
		{
			"errors-are-components",
			"Error responses are components, so that generators create each of them once.",
			func(c *checker) {
				c.errors(func(op operation, status string, at string) {
					ref := op.Responses.Value(status)
					if ref.Value.Content[problemMedia] != nil {
						c.require(strings.HasPrefix(ref.Ref, responsePrefix), at,
							"the response is inline: move it to components/responses")
					}
				})
			},
		},
		{
			"error-examples-match",
			"The example of an error response has the texts and the status that the server sends.",
			checkErrorExamples,
		},
		{
			"responses-have-headers",
			"A response declares the headers that belong to its status, such as Retry-After for 429.",
			checkResponseHeaders,
		},
		{
			"not-modified-is-empty",
			"A 304 response has an ETag and no body.",
			func(c *checker) {
				for _, op := range c.operations {
					if ref := op.Responses.Value("304"); ref != nil {
						c.require(len(ref.Value.Content) == 0 && ref.Value.Headers["ETag"] != nil, op.pointer+"/responses/304",
							"declare the header ETag and no content")
					}
				}
			},
		},
	}
}

// errors calls a function for every error status of every operation.
func (c *checker) errors(each func(op operation, status string, at string)) {
	for _, op := range c.operations {
		for status := range sorted(op.Responses.Map()) {
			if status[0] >= '4' {
				each(op, status, op.pointer+"/responses/"+status)
			}
		}
	}
}

// checkDeclaredStatuses checks that each operation declares the statuses that it can return. Statuses that the
// description of the API mentions apply to all paths and can be omitted. 405 is not checked: no operation returns it,
// because it is the response to a method that the path does not have.
func checkDeclaredStatuses(c *checker) {
	specific := func(status string) bool { return !strings.Contains(c.api.Info.Description, status) }
	for _, op := range c.operations {
		writes := op.method != http.MethodGet
		for status, possible := range sorted(map[string]bool{
			"304": !writes && op.takes("header", "If-None-Match"),
			"400": true, // the query can contain unknown parameters
			"401": !op.public(),
			"403": !op.public() || writes, // the gate rejects writes from other sites
			"404": strings.Contains(op.path, "{"),
			"409": writes, // writes can conflict with other writes
			"406": specific("406") && hasResponseBody(op),
			"412": op.takes("header", "If-Match") || op.method == http.MethodPut,
			"413": specific("413") && op.RequestBody != nil,
			"415": specific("415") && op.RequestBody != nil,
			"428": op.refersTo("IfMatchNeeded"),
			"422": canViolateRules(op),
			"429": op.Extensions["x-rate-limited"] != false,
			"431": specific("431"),
			"500": true,
			"503": !slices.Contains(op.Tags, "meta"),
		}) {
			c.require(!possible || op.declares(status), op.pointer+"/responses",
				"the operation can return %s: declare the response", status)
		}
	}
}

// hasResponseBody reports whether a successful response has a body, which the Accept header can exclude.
func hasResponseBody(op operation) bool {
	_, response := op.success()
	return response != nil && len(response.Content) > 0
}

// canViolateRules reports whether a request that matches the schema can violate a rule: that of the idempotency key,
// or a rule about updates, new resources, uploaded rows or passwords.
func canViolateRules(op operation) bool {
	if op.takes("header", "Idempotency-Key") {
		return true
	}
	if op.RequestBody == nil {
		return false
	}
	body := op.RequestBody.Value.Content[jsonMedia]
	if body == nil {
		return true // an upload
	}
	for _, property := range body.Schema.Value.Properties {
		if property.Ref == schemaPrefix+"Password" {
			return true
		}
	}
	return op.method == http.MethodPatch || op.declares("201")
}

// checkErrorExamples compares the examples of error responses with package fault.
func checkErrorExamples(c *checker) {
	c.errors(func(op operation, status string, at string) {
		media := op.Responses.Value(status).Value.Content[problemMedia]
		if media == nil {
			return
		}
		var example api.Problem
		encoded, err := json.Marshal(media.Example)
		if err == nil {
			err = json.Unmarshal(encoded, &example)
		}
		c.require(err == nil, at, "the example is not a problem document: %v", err)
		code := fault.Code(example.Code)
		known := slices.Contains(fault.Codes(), code)
		c.require(known, at, "the code %q of the example does not exist", code)
		if !known {
			return
		}
		described := code.Describe()
		c.require(example.Title == described.Title && example.Detail == described.Meaning &&
			example.Type == problem.TypePrefix+example.Code, at,
			"the example of %s must have the title %q, the detail %q and the type %s",
			code, described.Title, described.Meaning, problem.TypePrefix+example.Code)
		want := problem.Status(described.Kind)
		c.require(int(example.Status) == want && status == itoa(want), at,
			"the example of %s has the status %d, and its response the status %s: both must be %d",
			code, example.Status, status, want)
	})
}

func checkResponseHeaders(c *checker) {
	required := map[string][]string{
		"201": {"ETag", "Location"}, "401": {"WWW-Authenticate"}, "405": {"Allow"},
		"429": {"Retry-After"}, "503": {"Retry-After"},
	}
	for _, op := range c.operations {
		for status, response := range sorted(op.Responses.Map()) {
			if status == "503" && response.Value.Content[problemMedia] == nil {
				continue // the result of the readiness check
			}
			for _, name := range required[status] {
				c.require(response.Value.Headers[name] != nil, op.pointer+"/responses/"+status, "declare the header %s", name)
			}
		}
	}
}
