package server_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/server/testkit"
)

// TestInvalidBodies checks that every error in a body is reported with its place.
func TestInvalidBodies(t *testing.T) {
	t.Parallel()
	h := newInvalidFixture(t)
	const create = "/api/v1/users"
	const names = `"password":"copper-lantern-drifts-north","first_name":"N","last_name":"L"`
	refuse := func(name, body string, errors ...string) invalidRequest {
		return invalidRequest{
			name: name, method: http.MethodPost, path: create, body: body,
			status: http.StatusBadRequest, code: "malformed_request", errors: errors,
		}
	}
	patch := func(name, body string, errors ...string) invalidRequest {
		a := refuse(name, body, errors...)
		a.method, a.path = http.MethodPatch, h.user
		return a
	}
	requests := []invalidRequest{
		refuse("no body", "", "#: required"),
		refuse("white space", " ", "#: syntax"),
		refuse("null", `null`, "#: type"),
		refuse("number", `1`, "#: type"),
		refuse("array", `[]`, "#: type"),
		refuse("string", `"x"`, "#: type"),
		refuse("empty object", `{}`,
			"#/email: required", "#/first_name: required", "#/last_name: required", "#/password: required"),
		refuse("truncated", `{"email":`, "#/email: syntax"),
		refuse("not closed", `{"email":"a@b.example"`, "#/email: syntax"),
		refuse("trailing comma", `{"email":"a@b.example",}`, "#/email: syntax"),
		refuse("single quotes", `{'email':1}`, "#: syntax"),
		refuse("comment", `{/* */}`, "#: syntax"),
		refuse("NaN", `{"email":NaN}`, "#/email: syntax"),
		refuse("leading zero", `{"email":01}`, "#/email: syntax"),
		refuse("two documents", `{} {}`, "#: trailing_data"),
		refuse("trailing garbage", `{"email":"a@b.example",`+names+`}x`, "#: trailing_data"),
		refuse("two byte order marks", "\ufeff\ufeff{}", "#: syntax"),
		refuse("UTF-16", "{\x00}\x00", "#: syntax"),
		refuse("invalid UTF-8", "{\"email\":\"\xff\"}", "#/email: syntax"),
		refuse("lone surrogate", `{"email":"\ud800"}`, "#/email: syntax"),
		refuse("raw NUL", "{\"email\":\"\x00\"}", "#/email: syntax"),
		refuse("NUL in a name", `{"a\u0000":1}`, "#/a\x00: nul"),
		refuse("duplicate name", `{"email":"a@b.example","email":"c@b.example",`+names+`}`, "#/email: duplicate_name"),
		refuse("duplicate name, escaped", `{"email":"a@b.example","e\u006dail":"c@b.example"}`, "#/email: duplicate_name"),
		refuse("unknown name", `{"email":"a@b.example",`+names+`,"company_id":"x","is_active":true}`,
			"#/company_id: unknown", "#/is_active: unknown"),
		refuse("name in another case", `{"Email":"a@b.example",`+names+`}`, "#/Email: unknown", "#/email: required"),
		refuse("name that must be escaped in a pointer", `{"email":"a@b.example",`+names+`,"a/b~c":1}`, "#/a~1b~0c: unknown"),
		refuse("__proto__", `{"email":"a@b.example",`+names+`,"__proto__":{}}`, "#/__proto__: unknown"),
		refuse("name with a quote", `{"email":"a@b.example",`+names+`,"a\"\\ü":1}`, "#/a\"\\ü: unknown"),
		refuse("name with a line break", `{"email":"a@b.example",`+names+`,"a\nb":1}`, "#/a\nb: unknown"),
		refuse("wrong types", `{"email":1,"password":[],"first_name":{},"last_name":true,"role":"x","department":1.5}`,
			"#/department: type", "#/email: type", "#/first_name: type", "#/last_name: type", "#/password: type",
			"#/role: enum"),
		refuse("huge numbers", `{"email":1e400,"password":9223372036854775808,"first_name":-1e400,"last_name":1e-400}`,
			"#/email: type", "#/first_name: type", "#/last_name: type", "#/password: type"),
		refuse("below bounds", `{"email":"a","password":"short","first_name":"","last_name":" ","department":""}`,
			"#/department: min_length", "#/department: pattern", "#/email: format", "#/email: min_length",
			"#/first_name: min_length", "#/first_name: pattern", "#/last_name: pattern", "#/password: min_length"),
		refuse("above bounds", fmt.Sprintf(`{"email":%q,%s,"department":%q}`, strings.Repeat("a", 250)+"@b.example", names,
			strings.Repeat("ä", 101)), "#/department: max_length", "#/email: format", "#/email: max_length"),
		refuse("unknown role", `{"email":"a@b.example",`+names+`,"role":"root"}`, "#/role: enum"),
		refuse("too deep", strings.Repeat(`[`, 5000)+strings.Repeat(`]`, 5000), "#"+strings.Repeat("/0", 32)+": too_deep"),
		refuse("too deep and not closed", strings.Repeat(`{"a":`, 2000), "#"+strings.Repeat("/a", 32)+": too_deep"),
		refuse("very long name", `{"`+strings.Repeat("ä", 6000)+`":1}`),
		refuse("very many names", "{"+members(1200)+"}"),
		patch("empty patch", `{}`, "#: min_properties"),
		patch("null as a patch", `null`, "#: type"),
		patch("null for fields that are not nullable", `{"email":null,"first_name":null,"department":null}`,
			"#/email: type", "#/first_name: type"),
		patch("fields that a patch cannot change", `{"role":"admin","is_active":false,"id":"x","password":"y"}`,
			"#/id: unknown", "#/is_active: unknown", "#/password: unknown", "#/role: unknown"),
		{
			name: "array in an array", method: http.MethodPatch, path: "/api/v1/company",
			body:   `{"settings":{"allowed_email_domains":[["a.example"],1,"-"]}}`,
			status: http.StatusBadRequest, code: "malformed_request",
			errors: []string{
				"#/settings/allowed_email_domains/0: type", "#/settings/allowed_email_domains/1: type",
				"#/settings/allowed_email_domains/2: pattern",
			},
		},
		{
			name: "escaped NUL", method: http.MethodPost, path: "/api/v1/users",
			body:   `{"email":"a@b.example","password":"copper\u0000lantern","first_name":"a\u0000b","last_name":"\\u0000","role":"hr"}`,
			status: http.StatusUnprocessableEntity, code: "rule_violated",
			errors: []string{"#/first_name: nul", "#/password: nul"},
		},
		{
			name: "unexpected body of a POST", method: http.MethodPost, path: "/api/v1/auth/sessions/revoke-others", body: `{"all":true}`,
			status: http.StatusBadRequest, code: "malformed_request", errors: []string{"#: unexpected"},
		},
		{
			name: "unexpected body of a GET", method: http.MethodGet, path: "/api/v1/users/me", body: `[1]`,
			status: http.StatusBadRequest, code: "malformed_request", errors: []string{"#: unexpected"},
		},
	}
	for _, address := range []string{
		"a@b", "@b.example", "ab@", "a b@c.example", "a@b@c.example", "a..b@c.example", ".a@c.example", "a.@c.example",
		"a@-c.example", "a@c..example", "a@[127.0.0.1]", `\"a b\"@c.example`, "Nora <a@c.example>", "a@c.example\\nb",
		"a@c.example,b@c.example", strings.Repeat("a", 65) + "@c.example", "ä@c.example", "a@ä.example",
	} {
		requests = append(requests, refuse("email "+address, `{"email":"`+address+`",`+names+`}`, "#/email: format"))
	}
	h.run(t, requests)
}

// members returns n members of a JSON object.
func members(n int) string {
	list := make([]string, n)
	for i := range list {
		list[i] = fmt.Sprintf(`"x%d":1`, i)
	}
	return strings.Join(list, ",")
}

// TestMergePatch sends a patch with each spelling of its media types. Only the given fields change.
func TestMergePatch(t *testing.T) {
	t.Parallel()
	h := newInvalidFixture(t)
	for _, media := range []string{
		"application/json", "application/merge-patch+json", "Application/JSON", "APPLICATION/MERGE-PATCH+JSON; charset=UTF-8",
		" application/json ; charset=\"utf-8\"", "application/json;version=1",
	} {
		h.client(t).Patch(h.user, `{"department":"Sales"}`).Expect(http.StatusOK)
		answer := h.client(t).Do(http.MethodPatch, h.user, `{"department":null,"first_name":" Nora "}`, "Content-Type", media)
		patched := testkit.Decode[api.User](answer.Expect(http.StatusOK))
		if !patched.Department.IsNull() || patched.FirstName != "Nora" || patched.LastName != "Example" {
			t.Errorf("%s: got user %+v, want no department and first name Nora", media, patched)
		}
	}
}

// TestInvalidMediaTypes checks that bodies of other media types, charsets and encodings are refused.
func TestInvalidMediaTypes(t *testing.T) {
	t.Parallel()
	h := newInvalidFixture(t)
	refuse := func(headers ...string) invalidRequest {
		return invalidRequest{
			name: strings.Join(headers, " "), method: http.MethodPost, path: "/api/v1/users", body: `{}`, headers: headers,
			status: http.StatusUnsupportedMediaType, code: "unsupported_media_type",
		}
	}
	h.run(t, []invalidRequest{
		refuse("Content-Type", "text/plain"),
		refuse("Content-Type", "application/x-www-form-urlencoded"),
		refuse("Content-Type", "multipart/form-data; boundary=x"),
		refuse("Content-Type", "application/xml"),
		refuse("Content-Type", "application/jsonx"),
		refuse("Content-Type", "application/problem+json"),
		refuse("Content-Type", "application/merge-patch+json"), // only PATCH accepts it
		refuse("Content-Type", "application/json, text/plain"),
		refuse("Content-Type", "application/json; charset=utf-16"),
		refuse("Content-Type", "application/json; charset"),
		refuse("Content-Type", "*/*"),
		refuse("Content-Type", "garbage"),
		refuse("Content-Type", " "),
		refuse("Content-Encoding", "gzip"),
		refuse("Content-Encoding", "identity, gzip"),
		refuse("Content-Encoding", "\xff\xfe"),
	})
	t.Run("no Content-Type", func(t *testing.T) {
		t.Parallel()
		expectProblem(t, h.sendRaw(t, "POST", h.rawHead("POST", "/api/v1/users", "Content-Length: 2")+"\r\n{}"), refuse())
	})
}

// TestAccept checks which values of Accept admit a JSON response.
func TestAccept(t *testing.T) {
	t.Parallel()
	h := newInvalidFixture(t)
	var requests []invalidRequest
	for _, header := range []string{
		"text/html", "application/xml", "application/json;q=0", "application/json;q=0.000, */*", "*/*;q=0", "garbage",
		"application/*;q=0, */*", "text/*, image/*", "application/jsonx", "application", "*", ";;;,,,",
		"application/json; a=b; Q=0",
	} {
		requests = append(requests, invalidRequest{
			name: header, method: http.MethodGet, path: "/api/v1/users/me", headers: []string{"Accept", header},
			status: http.StatusNotAcceptable, code: "not_acceptable",
		})
	}
	h.run(t, requests)
	for _, header := range []string{
		"", " ", "*/*", "application/json", "APPLICATION/JSON", "application/*", "text/html, application/json;q=0.1",
		"text/html,*/*;q=0.8", "application/json;q=1, */*;q=0", "application/json; charset=utf-8",
		"application/json;q=garbage", "*/*;q=0, application/*",
	} {
		t.Run("valid "+header, func(t *testing.T) {
			t.Parallel()
			h.client(t).Do(http.MethodGet, "/api/v1/users/me", nil, "Accept", header).Expect(http.StatusOK)
		})
	}
}
