package server_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/google/uuid"

	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/server/edge/gate"
	"github.com/ai-interviewer-platform/interviewer/server/testkit"
)

// breach is a request that differs from the specification in one thing, and the refusal that names it.
type breach struct {
	name  string
	query string
	// parameters replace ids of the path.
	parameters map[string]string
	// body is nil where none is sent.
	body    *string
	headers http.Header
	status  int
	code    string
	// names is what the answer must name, as named does: one of these, besides what follows from it.
	names []string
}

// malformed is a breach that is answered 400 and names one of some things.
func malformed(name string, names ...string) breach {
	return breach{name: name, status: http.StatusBadRequest, code: "malformed_request", names: names, headers: http.Header{}}
}

func unsupported(name string, headers http.Header) breach {
	return breach{name: name, status: http.StatusUnsupportedMediaType, code: "unsupported_media_type", headers: headers}
}

func (b breach) asking(query string) breach { b.query = "?" + query; return b }

func (b breach) saying(body string) breach { b.body = &body; return b }

func (b breach) under(name string, values ...string) breach {
	b.headers = maps.Clone(b.headers)
	b.headers[name] = values
	return b
}

// TestStrictness tries on every operation whatever it does not specify: of its query, its path, its headers, its media
// types, and its body at every depth.
func TestStrictness(t *testing.T) {
	t.Parallel()
	installation := testkit.New(t)
	installation.Config.MaxBodyBytes = 4 << 20
	company := installation.Company("acme")
	replica := installation.Replica()
	h := &hostile{installation: installation, replica: replica, company: company, admin: replica.SignIn(t, company.Users[api.RoleAdmin])}
	h.key = installation.Key(company, []string{"jobs:read"}).Secret.Reveal()
	operations := document(t)
	for _, op := range agreed(t).Operations() {
		spec := operations[op.ID]
		t.Run(op.ID, func(t *testing.T) {
			t.Parallel()
			breaches := slices.Concat(ofQuery(spec), ofPath(spec), ofHeaders(spec), ofAccept(spec), ofBody(spec))
			for _, b := range breaches {
				h.commit(t, op, b)
			}
			t.Logf("%d breaches", len(breaches))
			if spec.RequestBody != nil {
				head := h.head(op.Method, target(op, nil), "Content-Length: 2")
				expect(t, h.wire(t, op.Method, head+"\r\n{}"), attack{status: http.StatusUnsupportedMediaType, code: "unsupported_media_type"})
			}
		})
	}
}

// commit sends a breach and holds the refusal against what is expected.
func (h *hostile) commit(t *testing.T, op *gate.Operation, b breach) {
	t.Helper()
	c := h.client(t)
	switch {
	case op.Public:
		c.Token = ""
	case len(op.Roles) == 0: // for keys only
		c.Token = h.key
	}
	c.Header = b.headers
	var body any
	if b.body != nil {
		body = *b.body
	}
	answer := c.Do(op.Method, target(op, b.parameters)+b.query, body)
	if answer.Status != b.status {
		t.Errorf("%s: status %d, want %d: %s", b.name, answer.Status, b.status, clip(answer.Body))
		return
	}
	var p api.Problem
	if err := json.Unmarshal(answer.Body, &p); err != nil {
		t.Errorf("%s: %v: %s", b.name, err, clip(answer.Body))
		return
	}
	if p.Code != b.code {
		t.Errorf("%s: code %q, want %q", b.name, p.Code, b.code)
	}
	wrong := named(p)
	if len(b.names) > 0 && !slices.ContainsFunc(b.names, func(name string) bool { return slices.Contains(wrong, name) }) {
		t.Errorf("%s: named as wrong: %q, want one of %q", b.name, wrong, b.names)
	}
}

func clip(body []byte) string { return string(body[:min(len(body), 400)]) }

// parameters gives those of an operation that stand in one place.
func (s specified) parameters(in string) []*openapi3.Parameter {
	var found []*openapi3.Parameter
	for _, p := range slices.Concat(s.item.Parameters, s.Parameters) {
		if p.Value.In == in {
			found = append(found, p.Value)
		}
	}
	return found
}

// ofQuery are breaches of the query: what is not known, repeated, in another case, no text, or of another type.
func ofQuery(spec specified) []breach {
	list := []breach{
		malformed("an unknown parameter", "?unknown: unknown").asking("unknown=1"),
		malformed("an unknown parameter that is no text", "?%ff: syntax", "?\ufffd: unknown").asking("%ff=1"),
		malformed("a broken escape", "?x: syntax").asking("x=%zz"),
	}
	for _, p := range spec.parameters(openapi3.ParameterInQuery) {
		at := "?" + p.Name + ": "
		list = append(list,
			malformed(p.Name+" in capitals", "?"+strings.ToUpper(p.Name)+": unknown").asking(strings.ToUpper(p.Name)+"=1"),
			malformed(p.Name+" as PHP writes lists", "?"+p.Name+"[]: unknown").asking(p.Name+"[]=1"),
			malformed(p.Name+" that is no UTF-8", at+"encoding").asking(p.Name+"=%ff"),
			malformed(p.Name+" with NUL", at+"encoding").asking(p.Name+"=%00"),
			malformed(p.Name+" with a broken escape", at+"syntax").asking(p.Name+"=%2"),
		)
		schema := p.Schema.Value
		if schema.Type.Is(openapi3.TypeArray) {
			schema = schema.Items.Value
		} else {
			list = append(list, malformed(p.Name+" twice", at+"repeated").asking(p.Name+"=1&"+p.Name+"=1"))
		}
		for wrong, codes := range misfits(schema) {
			list = append(list, malformed(fmt.Sprintf("%s=%.40s", p.Name, wrong), codes(at)...).asking(p.Name+"="+wrong))
		}
	}
	return list
}

// codes are the names that one thing in error may have, at one place.
type codes func(at string) []string

func anyOf(of ...string) codes {
	return func(at string) []string {
		names := make([]string, len(of))
		for i, code := range of {
			names[i] = at + code
		}
		return names
	}
}

// misfits are texts that a parameter of a schema does not accept.
func misfits(schema *openapi3.Schema) map[string]codes {
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
	}
	if schema.MaxLength != nil && len(schema.Enum) == 0 {
		list[strings.Repeat("a", int(*schema.MaxLength)+1)] = anyOf("max_length")
	}
	return list
}

// ofPath are breaches of the path: ids that are none.
func ofPath(spec specified) []breach {
	var list []breach
	for _, p := range spec.parameters(openapi3.ParameterInPath) {
		for _, id := range []string{"x", "%ff", "%00", "1", strings.ReplaceAll(uuid.NewString(), "-", ""), uuid.NewString() + "0"} {
			b := malformed(p.Name+" is "+id, "?"+p.Name+": format")
			b.parameters = map[string]string{p.Name: id}
			list = append(list, b)
		}
	}
	return list
}

// ofHeaders are breaches of the headers and cookies that an operation reads. That one is sent twice means the list
// of both.
func ofHeaders(spec specified) []breach {
	var list []breach
	for _, p := range spec.parameters(openapi3.ParameterInHeader) {
		at := "?" + p.Name + ": "
		header := http.CanonicalHeaderKey(p.Name)
		long := `"` + strings.Repeat("a", int(*p.Schema.Value.MaxLength)) + `"`
		list = append(list,
			malformed(p.Name+" that is empty", at+"min_length").under(header, ""),
			malformed(p.Name+" that is too long", at+"max_length").under(header, long))
		wrong := [][]string{{"garbage"}, {`"open`}, {"w/*"}, {"*", "*"}, {"*, *"}, {`"a" "b"`}, {`"a",`}, {"\"\xff\""}}
		if p.Name == "Idempotency-Key" {
			wrong = [][]string{{"two words"}, {"one", "two"}, {"one", "one"}, {"ümlaut"}, {"a\tb"}, {"\xff"}}
		}
		for _, values := range wrong {
			list = append(list, malformed(fmt.Sprintf("%s: %q", p.Name, values), at+"pattern").under(header, values...))
		}
	}
	for _, p := range spec.parameters(openapi3.ParameterInCookie) {
		long := strings.Repeat("a", int(*p.Schema.Value.MaxLength)+1)
		list = append(list, malformed("the cookie "+p.Name+" that is too long", "?"+p.Name+": max_length").under("Cookie", p.Name+"="+long))
	}
	return list
}

// ofAccept are requests for media that an operation does not produce.
func ofAccept(spec specified) []breach {
	for status, response := range spec.Responses.Map() {
		if !strings.HasPrefix(status, "2") || len(response.Value.Content) == 0 {
			continue
		}
		var list []breach
		for _, header := range []string{"application/x-none", "*/*;q=0", "garbage", "font/*, model/*"} {
			list = append(list, breach{
				name: "Accept: " + header, headers: http.Header{"Accept": {header}},
				status: http.StatusNotAcceptable, code: "not_acceptable",
			})
		}
		return list
	}
	return nil
}
