package server_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/google/uuid"

	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/server/edge/gate"
	"github.com/ai-interviewer-platform/interviewer/server/testkit"
)

// deviation is a request that violates the specification in one place, and the expected problem.
type deviation struct {
	name  string
	query string
	// parameters replace parameters of the path.
	parameters map[string]string
	// body is nil if none is sent.
	body    *string
	headers http.Header
	status  int
	code    string
	// errors are alternatives in the form of errorsOf. The problem must have one of them; it may have others too.
	errors []string
}

// malformed returns a deviation that gets 400 with one of the errors.
func malformed(name string, errors ...string) deviation {
	return deviation{name: name, status: http.StatusBadRequest, code: "malformed_request", errors: errors, headers: http.Header{}}
}

// unsupported returns a deviation that gets 415.
func unsupported(name string, headers http.Header) deviation {
	return deviation{name: name, status: http.StatusUnsupportedMediaType, code: "unsupported_media_type", headers: headers}
}

func (b deviation) withQuery(query string) deviation { b.query = "?" + query; return b }

func (b deviation) withBody(body string) deviation { b.body = &body; return b }

func (b deviation) withHeader(name string, values ...string) deviation {
	b.headers = maps.Clone(b.headers)
	b.headers[name] = values
	return b
}

// TestEveryDeviationIsRefused derives requests that violate the specification from the specification of every operation:
// in the query, the path, the headers, the media types, and at every depth of the body.
func TestEveryDeviationIsRefused(t *testing.T) {
	t.Parallel()
	installation := testkit.New(t)
	installation.Config.MaxBodyBytes = 4 << 20
	company := installation.Company("acme")
	replica := installation.Replica()
	h := &invalidFixture{installation: installation, replica: replica, company: company, admin: replica.SignIn(t, company.Users[api.RoleAdmin])}
	h.key = installation.Key(company, []string{"jobs:read"}).Secret.Reveal()
	h.patterns = specifiedPatterns(t)
	operations := specifiedOperations(t)
	for _, op := range loadContract(t).Operations() {
		spec := operations[op.ID]
		t.Run(op.ID, func(t *testing.T) {
			t.Parallel()
			deviations := slices.Concat(queryDeviations(spec), pathDeviations(spec), headerDeviations(spec), acceptDeviations(spec), bodyDeviations(spec))
			for _, b := range deviations {
				h.sendDeviation(t, op, b)
			}
			if len(deviations) == 0 {
				t.Error("the operation has no deviations")
			}
			if spec.RequestBody != nil {
				head := h.rawHead(op.Method, pathOf(op, nil), "Content-Length: 2")
				expectProblem(t, h.sendRaw(t, op.Method, head+"\r\n{}"), invalidRequest{status: http.StatusUnsupportedMediaType, code: "unsupported_media_type"})
			}
		})
	}
}

// sendDeviation sends a deviation and checks the problem.
func (h *invalidFixture) sendDeviation(t *testing.T, op *gate.Operation, b deviation) {
	t.Helper()
	c := h.client(t)
	switch {
	case op.Public:
		c.Token = ""
	case len(op.Roles) == 0: // API keys only
		c.Token = h.key
	}
	c.Header = b.headers
	var body any
	if b.body != nil {
		body = *b.body
	}
	answer := c.Do(op.Method, pathOf(op, b.parameters)+b.query, body)
	if answer.Status != b.status {
		t.Errorf("%s: status: got %d, want %d: %s", b.name, answer.Status, b.status, clip(answer.Body))
		return
	}
	var p api.Problem
	if err := json.Unmarshal(answer.Body, &p); err != nil {
		t.Errorf("%s: decode the problem: %v: %s", b.name, err, clip(answer.Body))
		return
	}
	if p.Code != b.code {
		t.Errorf("%s: code: got %q, want %q", b.name, p.Code, b.code)
	}
	for _, e := range p.Errors {
		for _, pattern := range h.patterns {
			if strings.Contains(e.Detail+p.Detail, pattern) {
				t.Errorf("%s: got the detail %q, which contains the pattern %s", b.name, e.Detail, pattern)
			}
		}
	}
	got := errorsOf(p)
	if len(b.errors) > 0 && !slices.ContainsFunc(b.errors, func(e string) bool { return slices.Contains(got, e) }) {
		t.Errorf("%s: errors: got %q, want one of %q", b.name, got, b.errors)
	}
}

// specifiedPatterns returns all patterns of the specification. A message to a client contains none.
func specifiedPatterns(t *testing.T) []string {
	t.Helper()
	document, err := api.GetSpec()
	if err != nil {
		t.Fatal(err)
	}
	encoded, err := json.Marshal(document)
	if err != nil {
		t.Fatal(err)
	}
	var tree any
	if err := json.Unmarshal(encoded, &tree); err != nil {
		t.Fatal(err)
	}
	var patterns []string
	var collect func(node any)
	collect = func(node any) {
		switch node := node.(type) {
		case []any:
			for _, item := range node {
				collect(item)
			}
		case map[string]any:
			if pattern, found := node["pattern"].(string); found {
				patterns = append(patterns, pattern)
			}
			for _, member := range node {
				collect(member)
			}
		}
	}
	collect(tree)
	slices.Sort(patterns)
	patterns = slices.Compact(patterns)
	if len(patterns) == 0 {
		t.Fatal("the specification has no patterns")
	}
	return patterns
}

func clip(body []byte) string { return string(body[:min(len(body), 400)]) }

// parameters returns the parameters of an operation in one place, such as the query.
func (s specifiedOperation) parameters(in string) []*openapi3.Parameter {
	var found []*openapi3.Parameter
	for _, p := range slices.Concat(s.item.Parameters, s.Parameters) {
		if p.Value.In == in {
			found = append(found, p.Value)
		}
	}
	return found
}

// queryDeviations returns deviations of the query: unknown and repeated parameters, other capitalization, invalid encoding
// and invalid values.
func queryDeviations(spec specifiedOperation) []deviation {
	list := []deviation{
		malformed("an unknown parameter", "?unknown: unknown").withQuery("unknown=1"),
		malformed("an unknown parameter with invalid UTF-8", "?%ff: syntax", "?\ufffd: unknown").withQuery("%ff=1"),
		malformed("a broken escape", "?x: syntax").withQuery("x=%zz"),
	}
	for _, p := range spec.parameters(openapi3.ParameterInQuery) {
		at := "?" + p.Name + ": "
		list = append(list,
			malformed(p.Name+" in capitals", "?"+strings.ToUpper(p.Name)+": unknown").withQuery(strings.ToUpper(p.Name)+"=1"),
			malformed(p.Name+" with brackets", "?"+p.Name+"[]: unknown").withQuery(p.Name+"[]=1"),
			malformed(p.Name+" with invalid UTF-8", at+"encoding").withQuery(p.Name+"=%ff"),
			malformed(p.Name+" with NUL", at+"encoding").withQuery(p.Name+"=%00"),
			malformed(p.Name+" with a broken escape", at+"syntax").withQuery(p.Name+"=%2"),
		)
		schema := p.Schema.Value
		if schema.Type.Is(openapi3.TypeArray) {
			schema = schema.Items.Value
		} else {
			list = append(list, malformed(p.Name+" twice", at+"repeated").withQuery(p.Name+"=1&"+p.Name+"=1"))
		}
		for wrong, codes := range invalidTexts(schema) {
			list = append(list, malformed(fmt.Sprintf("%s=%.40s", p.Name, wrong), codes(at)...).withQuery(p.Name+"="+wrong))
		}
	}
	return list
}

// codes returns the errors that are accepted at a place.
type codes func(at string) []string

// anyOf accepts any of some codes.
func anyOf(of ...string) codes {
	return func(at string) []string {
		errors := make([]string, len(of))
		for i, code := range of {
			errors[i] = at + code
		}
		return errors
	}
}

// invalidTexts returns texts that a parameter does not accept, with the codes of the error.
func invalidTexts(schema *openapi3.Schema) map[string]codes {
	list := map[string]codes{}
	switch {
	case schema.Type.Is(openapi3.TypeInteger):
		list["x"], list["1.5"], list["0x1"], list["null"] = anyOf("type"), anyOf("type"), anyOf("type"), anyOf("type")
		list["99999999999999999999"], list[""] = anyOf("range"), anyOf("empty")
		if schema.Max != nil {
			list[fmt.Sprintf("%.0f", *schema.Max+1)] = anyOf("maximum", "range")
		}
		if schema.Min != nil {
			list[fmt.Sprintf("%.0f", *schema.Min-1)] = anyOf("minimum")
		}
	case schema.Type.Is(openapi3.TypeBoolean):
		list["maybe"], list["TRUE"], list["1"], list[""] = anyOf("type"), anyOf("type"), anyOf("type"), anyOf("empty")
	case len(schema.Enum) > 0:
		list["zz_none"], list[strings.ToUpper(fmt.Sprint(schema.Enum[0]))] = anyOf("enum"), anyOf("enum")
	case schema.Format != "":
		list["x"] = anyOf("format")
	case schema.Pattern != "" && !regexp.MustCompile(schema.Pattern).MatchString("x"):
		list["x"], list["x%20x"] = anyOf("pattern", "min_length"), anyOf("pattern")
	}
	if schema.MaxLength != nil && len(schema.Enum) == 0 {
		list[strings.Repeat("a", int(*schema.MaxLength)+1)] = anyOf("max_length")
	}
	return list
}

// pathDeviations returns deviations of the path: malformed ids. Those of other systems are printable ASCII.
func pathDeviations(spec specifiedOperation) []deviation {
	var list []deviation
	for _, p := range spec.parameters(openapi3.ParameterInPath) {
		ids, code := []string{
			"x", "1", strings.ReplaceAll(uuid.NewString(), "-", ""), uuid.NewString() + "0", uuid.NewString() + "%252F", uuid.NewString() + "%20",
		}, "format"
		if p.Name == "external_id" {
			ids, code = []string{"%20", "a%20", "%C3%A9", "a%0A"}, "pattern"
		}
		// A client may escape more than it has to. That neither hides a value from the checks nor changes it.
		for _, id := range slices.Concat(ids, []string{"%FF", "%ff", "%00", "a%2F%00", "a%2F%ff", "%2F%20"}) {
			b := malformed(p.Name+" is "+id, "?"+p.Name+": "+code)
			b.parameters = map[string]string{p.Name: id}
			list = append(list, b)
		}
	}
	return list
}

// TestEscapedPathsAreDecoded expects that every operation finds the same in a path that is escaped more than it has to be.
func TestEscapedPathsAreDecoded(t *testing.T) {
	t.Parallel()
	installation := testkit.New(t)
	company := installation.Company("acme")
	admin := installation.Replica().SignIn(t, company.Users[api.RoleAdmin])
	operations := specifiedOperations(t)
	found := 0
	for _, op := range loadContract(t).Operations() {
		for _, p := range operations[op.ID].parameters(openapi3.ParameterInPath) {
			found++
			t.Run(op.ID+" "+p.Name, func(t *testing.T) {
				t.Parallel()
				id, escaped := uuid.NewString(), ""
				for _, letter := range []byte(id) {
					escaped += fmt.Sprintf("%%%02x", letter)
				}
				plain := admin.Do(op.Method, pathOf(op, map[string]string{p.Name: id}), nil)
				other := admin.Do(op.Method, pathOf(op, map[string]string{p.Name: escaped}), nil)
				var want, got api.Problem
				if err := errors.Join(json.Unmarshal(plain.Body, &want), json.Unmarshal(other.Body, &got)); err != nil {
					t.Fatalf("decode the problems: %v: %s %s", err, plain.Body, other.Body)
				}
				if plain.Status != other.Status || want.Code != got.Code || !slices.Equal(errorsOf(got), errorsOf(want)) {
					t.Errorf("escaped: got %d %s, want %d %s", other.Status, other.Body, plain.Status, plain.Body)
				}
			})
		}
	}
	if found == 0 {
		t.Error("no operation has a parameter in its path")
	}
}

// headerDeviations returns deviations of the headers and cookies of an operation. Two headers with one name are one header
// with a list.
func headerDeviations(spec specifiedOperation) []deviation {
	var list []deviation
	for _, p := range spec.parameters(openapi3.ParameterInHeader) {
		at := "?" + p.Name + ": "
		header := http.CanonicalHeaderKey(p.Name)
		long := `"` + strings.Repeat("a", int(*p.Schema.Value.MaxLength)) + `"`
		list = append(list,
			malformed(p.Name+" that is empty", at+"min_length").withHeader(header, ""),
			malformed(p.Name+" that is too long", at+"max_length").withHeader(header, long))
		invalid := [][]string{{"garbage"}, {`"open`}, {"w/*"}, {"*", "*"}, {"*, *"}, {`"a" "b"`}, {`"a",`}, {"\"\xff\""}}
		if p.Name == "Idempotency-Key" {
			invalid = [][]string{{"two words"}, {"one", "two"}, {"one", "one"}, {"ümlaut"}, {"a\tb"}, {"\xff"}}
		}
		for _, values := range invalid {
			list = append(list, malformed(fmt.Sprintf("%s: %q", p.Name, values), at+"pattern").withHeader(header, values...))
		}
	}
	for _, p := range spec.parameters(openapi3.ParameterInCookie) {
		long := strings.Repeat("a", int(*p.Schema.Value.MaxLength)+1)
		list = append(list, malformed("the cookie "+p.Name+" that is too long", "?"+p.Name+": max_length").withHeader("Cookie", p.Name+"="+long))
	}
	return list
}

// acceptDeviations returns requests for media types that an operation does not produce.
func acceptDeviations(spec specifiedOperation) []deviation {
	for status, response := range spec.Responses.Map() {
		if !strings.HasPrefix(status, "2") || len(response.Value.Content) == 0 {
			continue
		}
		var list []deviation
		for _, header := range []string{"application/x-none", "*/*;q=0", "garbage", "font/*, model/*"} {
			list = append(list, deviation{
				name: "Accept: " + header, headers: http.Header{"Accept": {header}},
				status: http.StatusNotAcceptable, code: "not_acceptable",
			})
		}
		return list
	}
	return nil
}
