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

func answerRules() []Rule {
	return []Rule{
		{"errors-are-declared", "An operation declares every status that it can answer with.", errorsAreDeclared},
		{
			"errors-are-problems",
			"Every error is an RFC 9457 problem with one schema, and nothing else.",
			func(l *look) {
				l.errors(func(op operation, status string, at string) {
					content := op.Responses.Value(status).Value.Content
					media := content[problemMedia]
					l.ask(len(content) == 1 && media != nil && media.Schema != nil && media.Schema.Ref == problemSchema, at,
						"is no problem document")
				})
			},
		},
		{
			"problems-are-shared",
			"Errors are components, so that generators name each once.",
			func(l *look) {
				l.errors(func(op operation, status string, at string) {
					ref := op.Responses.Value(status)
					if ref.Value.Content[problemMedia] != nil {
						l.ask(strings.HasPrefix(ref.Ref, responsePrefix), at, "is written in place")
					}
				})
			},
		},
		{
			"problem-examples-are-real",
			"The example of an error is worded as the server words it.",
			problemExamplesAreReal,
		},
		{
			"answers-carry-their-headers",
			"An answer comes with the header that tells what to do with it.",
			answersCarryTheirHeaders,
		},
		{
			"not-modified-is-empty",
			"304 has no body, and the ETag that the client has already.",
			func(l *look) {
				for _, op := range l.operations {
					if ref := op.Responses.Value("304"); ref != nil {
						l.ask(len(ref.Value.Content) == 0 && ref.Value.Headers["ETag"] != nil, op.pointer+"/responses/304",
							"has a body, or no ETag")
					}
				}
			},
		},
	}
}

// errors calls a function with every status from 400 on of every operation.
func (l *look) errors(each func(op operation, status string, at string)) {
	for _, op := range l.operations {
		for status := range sorted(op.Responses.Map()) {
			if status[0] >= '4' {
				each(op, status, op.pointer+"/responses/"+status)
			}
		}
	}
}

// errorsAreDeclared asks each operation for what it can answer with. What the introduction says of every path need not
// be repeated; a method that a path does not know is no operation's, so 405 is the introduction's alone.
func errorsAreDeclared(l *look) {
	unsaid := func(status string) bool { return !strings.Contains(l.api.Info.Description, status) }
	for _, op := range l.operations {
		writes := op.method != http.MethodGet
		for status, can := range sorted(map[string]bool{
			"304": op.takes("header", "If-None-Match"),
			"400": true, // there is always a query to be unknown
			"401": !op.public(),
			"403": !op.public() || writes, // a write may come from a foreign site
			"404": strings.Contains(op.path, "{"),
			"409": writes, // whatever writes may meet another that writes
			"406": unsaid("406") && shows(op),
			"412": op.takes("header", "If-Match"),
			"413": unsaid("413") && op.RequestBody != nil,
			"415": unsaid("415") && op.RequestBody != nil,
			"428": op.refers("IfMatchNeeded"),
			"422": obeysRules(op),
			"429": op.Extensions["x-rate-limited"] != false,
			"431": unsaid("431"),
			"500": true,
			"503": !slices.Contains(op.Tags, "meta"),
		}) {
			l.ask(!can || op.answers(status), op.pointer+"/responses", "can answer %s and does not say so", status)
		}
	}
}

// shows reports whether a success has a body, which Accept may exclude.
func shows(op operation) bool {
	_, response := op.success()
	return response != nil && len(response.Content) > 0
}

// obeysRules reports whether there are rules beyond the schema for what an operation is sent: for changes, for what is
// created, for passwords, and for keys that make a request safe to repeat.
func obeysRules(op operation) bool {
	if op.takes("header", "Idempotency-Key") {
		return true
	}
	if op.RequestBody == nil {
		return false
	}
	sent := op.RequestBody.Value.Content[jsonMedia]
	if sent == nil {
		return true // an upload's rows are held against rules
	}
	for _, property := range sent.Schema.Value.Properties {
		if property.Ref == schemaPrefix+"Password" {
			return true
		}
	}
	return op.method == http.MethodPatch || op.answers("201")
}

// problemExamplesAreReal holds the examples of problems against the faults that there are.
func problemExamplesAreReal(l *look) {
	l.errors(func(op operation, status string, at string) {
		media := op.Responses.Value(status).Value.Content[problemMedia]
		if media == nil {
			return
		}
		var shown api.Problem
		encoded, err := json.Marshal(media.Example)
		if err == nil {
			err = json.Unmarshal(encoded, &shown)
		}
		l.ask(err == nil, at, "the example is no problem: %v", err)
		code := fault.Code(shown.Code)
		known := slices.Contains(fault.Codes(), code)
		l.ask(known, at, "there is no code %q", code)
		if !known {
			return
		}
		described := code.Describe()
		l.ask(shown.Title == described.Title && shown.Detail == described.Meaning &&
			shown.Type == problem.TypePrefix+shown.Code, at, "the example of %s is worded differently from the fault", code)
		l.ask(int(shown.Status) == problem.Status(described.Kind) && status == itoa(int(shown.Status)),
			at, "the example of %s has the status %d", code, shown.Status)
	})
}

func answersCarryTheirHeaders(l *look) {
	needed := map[string][]string{
		"201": {"ETag", "Location"}, "401": {"WWW-Authenticate"}, "405": {"Allow"},
		"429": {"Retry-After"}, "503": {"Retry-After"},
	}
	for _, op := range l.operations {
		for status, response := range sorted(op.Responses.Map()) {
			if status == "503" && response.Value.Content[problemMedia] == nil {
				continue // what readiness says is no refusal
			}
			for _, name := range needed[status] {
				l.ask(response.Value.Headers[name] != nil, op.pointer+"/responses/"+status, "has no header %s", name)
			}
		}
	}
}
