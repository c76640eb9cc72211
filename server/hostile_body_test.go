package server_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/server/testkit"
)

func TestHostileBodies(t *testing.T) {
	t.Parallel()
	h := newHostile(t)
	const create = "/api/v1/users"
	const names = `"password":"copper-lantern-drifts-north","first_name":"N","last_name":"L"`
	refuse := func(name, body string, wrong ...string) attack {
		return attack{
			name: name, method: http.MethodPost, path: create, body: body,
			status: http.StatusBadRequest, code: "malformed_request", wrong: wrong,
		}
	}
	patch := func(name, body string, wrong ...string) attack {
		a := refuse(name, body, wrong...)
		a.method, a.path = http.MethodPatch, h.user
		return a
	}
	attacks := []attack{
		refuse("no body", "", "#: required"),
		refuse("white space", " ", "#: syntax"),
		refuse("null", `null`, "#: type"),
		refuse("a number", `1`, "#: type"),
		refuse("a list", `[]`, "#: type"),
		refuse("a text", `"x"`, "#: type"),
		refuse("nothing in it", `{}`,
			"#/email: required", "#/first_name: required", "#/last_name: required", "#/password: required"),
		refuse("cut off", `{"email":`, "#/email: syntax"),
		refuse("not closed", `{"email":"a@b.example"`, "#/email: syntax"),
		refuse("a comma too many", `{"email":"a@b.example",}`, "#/email: syntax"),
		refuse("single quotes", `{'email':1}`, "#: syntax"),
		refuse("a comment", `{/* */}`, "#: syntax"),
		refuse("NaN", `{"email":NaN}`, "#/email: syntax"),
		refuse("a leading zero", `{"email":01}`, "#/email: syntax"),
		refuse("two documents", `{} {}`, "#: trailing_data"),
		refuse("garbage behind", `{"email":"a@b.example",`+names+`}x`, "#: trailing_data"),
		refuse("a byte order mark", "\ufeff{}", "#: syntax"),
		refuse("UTF-16", "{\x00}\x00", "#: syntax"),
		refuse("no UTF-8", "{\"email\":\"\xff\"}", "#/email: syntax"),
		refuse("half a surrogate pair", `{"email":"\ud800"}`, "#/email: syntax"),
		refuse("NUL as a byte", "{\"email\":\"\x00\"}", "#/email: syntax"),
		refuse("NUL in a name", `{"a\u0000":1}`, "#/a\x00: nul"),
		refuse("a name twice", `{"email":"a@b.example","email":"c@b.example",`+names+`}`, "#/email: duplicate_name"),
		refuse("a name twice, escaped", `{"email":"a@b.example","e\u006dail":"c@b.example"}`, "#/email: duplicate_name"),
		refuse("an unknown name", `{"email":"a@b.example",`+names+`,"company_id":"x","is_active":true}`,
			"#/company_id: unknown", "#/is_active: unknown"),
		refuse("another case", `{"Email":"a@b.example",`+names+`}`, "#/Email: unknown", "#/email: required"),
		refuse("a name to escape", `{"email":"a@b.example",`+names+`,"a/b~c":1}`, "#/a~1b~0c: unknown"),
		refuse("__proto__", `{"email":"a@b.example",`+names+`,"__proto__":{}}`, "#/__proto__: unknown"),
		refuse("a name with a quote", `{"email":"a@b.example",`+names+`,"a\"\\ü":1}`, "#/a\"\\ü: unknown"),
		refuse("a name with a line break", `{"email":"a@b.example",`+names+`,"a\nb":1}`, "#/a\nb: unknown"),
		refuse("wrong types", `{"email":1,"password":[],"first_name":{},"last_name":true,"role":null,"department":1.5}`,
			"#/department: type", "#/email: type", "#/first_name: type", "#/last_name: type", "#/password: type",
			"#/role: enum"),
		refuse("huge numbers", `{"email":1e400,"password":9223372036854775808,"first_name":-1e400,"last_name":1e-400}`,
			"#/email: type", "#/first_name: type", "#/last_name: type", "#/password: type"),
		refuse("bounds", `{"email":"a","password":"short","first_name":"","last_name":" ","department":""}`,
			"#/department: min_length", "#/department: pattern", "#/email: format", "#/email: min_length",
			"#/first_name: min_length", "#/first_name: pattern", "#/last_name: pattern", "#/password: min_length"),
		refuse("beyond bounds", fmt.Sprintf(`{"email":%q,%s,"department":%q}`, strings.Repeat("a", 250)+"@b.example", names,
			strings.Repeat("ä", 101)), "#/department: max_length", "#/email: format", "#/email: max_length"),
		refuse("an unknown role", `{"email":"a@b.example",`+names+`,"role":"root"}`, "#/role: enum"),
		refuse("deep", strings.Repeat(`[`, 5000)+strings.Repeat(`]`, 5000), "#"+strings.Repeat("/0", 32)+": too_deep"),
		refuse("deep and not closed", strings.Repeat(`{"a":`, 2000), "#"+strings.Repeat("/a", 32)+": too_deep"),
		refuse("a very long name", `{"`+strings.Repeat("ä", 6000)+`":1}`),
		refuse("very many names", "{"+members(1200)+"}"),
		patch("an empty patch", `{}`, "#: min_properties"),
		patch("a patch of null", `null`, "#: type"),
		patch("null where there is no null", `{"email":null,"first_name":null,"department":null}`,
			"#/email: type", "#/first_name: type"),
		patch("what a patch may not touch", `{"role":"admin","is_active":false,"id":"x","password":"y"}`,
			"#/id: unknown", "#/is_active: unknown", "#/password: unknown", "#/role: unknown"),
		{
			name: "a list in a list", method: http.MethodPatch, path: "/api/v1/company",
			body:   `{"settings":{"allowed_email_domains":[["a.example"],1,"-"]}}`,
			status: http.StatusBadRequest, code: "malformed_request",
			wrong: []string{
				"#/settings/allowed_email_domains/0: type", "#/settings/allowed_email_domains/1: type",
				"#/settings/allowed_email_domains/2: pattern",
			},
		},
		{
			name: "NUL escaped", method: http.MethodPost, path: "/api/v1/users",
			body:   `{"email":"a@b.example","password":"copper\u0000lantern","first_name":"a\u0000b","last_name":"\\u0000","role":"hr"}`,
			status: http.StatusUnprocessableEntity, code: "rule_violated",
			wrong: []string{"#/first_name: nul", "#/password: nul"},
		},
		{
			name: "a body where none belongs", method: http.MethodPost, path: "/api/v1/auth/logout", body: `{"all":true}`,
			status: http.StatusBadRequest, code: "malformed_request", wrong: []string{"#: unexpected"},
		},
		{
			name: "a body in a question", method: http.MethodGet, path: "/api/v1/users/me", body: `[1]`,
			status: http.StatusBadRequest, code: "malformed_request", wrong: []string{"#: unexpected"},
		},
	}
	for _, address := range []string{
		"a@b", "@b.example", "ab@", "a b@c.example", "a@b@c.example", "a..b@c.example", ".a@c.example", "a.@c.example",
		"a@-c.example", "a@c..example", "a@[127.0.0.1]", `\"a b\"@c.example`, "Nora <a@c.example>", "a@c.example\\n",
		"a@c.example,b@c.example", strings.Repeat("a", 65) + "@c.example", "ä@c.example", "a@ä.example",
	} {
		attacks = append(attacks, refuse("email "+address, `{"email":"`+address+`",`+names+`}`, "#/email: format"))
	}
	h.run(t, attacks)
}

// members gives so many members of an object.
func members(n int) string {
	list := make([]string, n)
	for i := range list {
		list[i] = fmt.Sprintf(`"x%d":1`, i)
	}
	return strings.Join(list, ",")
}

// TestMergePatch sends the same patch under both media types, and nothing else changes.
func TestMergePatch(t *testing.T) {
	t.Parallel()
	h := newHostile(t)
	for _, media := range []string{
		"application/json", "application/merge-patch+json", "Application/JSON", "APPLICATION/MERGE-PATCH+JSON; charset=UTF-8",
		" application/json ; charset=\"utf-8\"", "application/json;version=1",
	} {
		h.client(t).Patch(h.user, `{"department":"Sales"}`).Expect(http.StatusOK)
		answer := h.client(t).Do(http.MethodPatch, h.user, `{"department":null,"first_name":" Nora "}`, "Content-Type", media)
		cleared := testkit.Decode[api.User](answer.Expect(http.StatusOK))
		if !cleared.Department.IsNull() || cleared.FirstName != "Nora" || cleared.LastName != "Example" {
			t.Errorf("%s: the user is %+v", media, cleared)
		}
	}
}

func TestHostileMedia(t *testing.T) {
	t.Parallel()
	h := newHostile(t)
	refuse := func(headers ...string) attack {
		return attack{
			name: strings.Join(headers, " "), method: http.MethodPost, path: "/api/v1/users", body: `{}`, headers: headers,
			status: http.StatusUnsupportedMediaType, code: "unsupported_media_type",
		}
	}
	h.run(t, []attack{
		refuse("Content-Type", "text/plain"),
		refuse("Content-Type", "application/x-www-form-urlencoded"),
		refuse("Content-Type", "multipart/form-data; boundary=x"),
		refuse("Content-Type", "application/xml"),
		refuse("Content-Type", "application/jsonx"),
		refuse("Content-Type", "application/problem+json"),
		refuse("Content-Type", "application/merge-patch+json"), // known, and not here
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
	t.Run("without a type", func(t *testing.T) {
		t.Parallel()
		expect(t, h.wire(t, "POST", h.head("POST", "/api/v1/users", "Content-Length: 2")+"\r\n{}"), refuse())
	})
}

func TestHostileAccept(t *testing.T) {
	t.Parallel()
	h := newHostile(t)
	var attacks []attack
	for _, header := range []string{
		"text/html", "application/xml", "application/json;q=0", "application/json;q=0.000, */*", "*/*;q=0", "garbage",
		"application/*;q=0, */*", "text/*, image/*", "application/jsonx", "application", "*", ";;;,,,",
		"application/json; a=b; Q=0",
	} {
		attacks = append(attacks, attack{
			name: header, method: http.MethodGet, path: "/api/v1/users/me", headers: []string{"Accept", header},
			status: http.StatusNotAcceptable, code: "not_acceptable",
		})
	}
	h.run(t, attacks)
	for _, header := range []string{
		"", " ", "*/*", "application/json", "APPLICATION/JSON", "application/*", "text/html, application/json;q=0.1",
		"text/html,*/*;q=0.8", "application/json;q=1, */*;q=0", "application/json; charset=utf-8",
		"application/json;q=garbage", "*/*;q=0, application/*",
	} {
		t.Run("harmless "+header, func(t *testing.T) {
			t.Parallel()
			h.client(t).Do(http.MethodGet, "/api/v1/users/me", nil, "Accept", header).Expect(http.StatusOK)
		})
	}
}
