package server_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/google/uuid"

	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/server/servertest"
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
		refuse("nothing in it", `{}`, "#/email: required", "#/first_name: required", "#/last_name: required", "#/password: required"),
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
		refuse("NUL escaped", `{"email":"a@b.example","first_name":"a\u0000b"}`, "#/first_name: nul"),
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
			"#/department: type", "#/email: type", "#/first_name: type", "#/last_name: type", "#/password: type", "#/role: type"),
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
		patch("null where there is no null", `{"email":null,"first_name":null,"department":null}`, "#/email: type", "#/first_name: type"),
		patch("what a patch may not touch", `{"role":"admin","is_active":false,"id":"x","password":"y"}`,
			"#/id: unknown", "#/is_active: unknown", "#/password: unknown", "#/role: unknown"),
		{
			name: "a list in a list", method: http.MethodPatch, path: "/api/v1/company", body: `{"settings":{"allowed_email_domains":[["a.example"],1,"-"]}}`,
			status: http.StatusBadRequest, code: "malformed_request",
			wrong: []string{
				"#/settings/allowed_email_domains/0: type", "#/settings/allowed_email_domains/1: type",
				"#/settings/allowed_email_domains/2: pattern",
			},
		},
		{
			name: "a body where none belongs", method: http.MethodPost, path: "/api/v1/auth/logout", body: `{"all":true}`,
			status: http.StatusBadRequest, code: "malformed_request", wrong: []string{"#: unexpected"},
		},
		{
			name: "a body in a question", method: http.MethodGet, path: "/api/v1/users/me", body: `{}`,
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
		cleared := servertest.Decode[api.User](
			h.client(t).Do(http.MethodPatch, h.user, `{"department":null,"first_name":" Nora "}`, "Content-Type", media).Expect(http.StatusOK))
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
		"application/*;q=0, */*", "text/*, image/*", "application/jsonx", "application", "*", ";;;,,,", "application/json; a=b; Q=0",
	} {
		attacks = append(attacks, attack{
			name: header, method: http.MethodGet, path: "/api/v1/users/me", headers: []string{"Accept", header},
			status: http.StatusNotAcceptable, code: "not_acceptable",
		})
	}
	h.run(t, attacks)
	for _, header := range []string{
		"", " ", "*/*", "application/json", "APPLICATION/JSON", "application/*", "text/html, application/json;q=0.1", "text/html,*/*;q=0.8",
		"application/json;q=1, */*;q=0", "application/json; charset=utf-8", "application/json;q=garbage", "*/*;q=0, application/*",
	} {
		t.Run("harmless "+header, func(t *testing.T) {
			t.Parallel()
			h.client(t).Do(http.MethodGet, "/api/v1/users/me", nil, "Accept", header).Expect(http.StatusOK)
		})
	}
}

func TestHostileSizes(t *testing.T) {
	t.Parallel()
	h := newHostile(t)
	long := strings.Repeat("x", bodyLimit+1)
	large := attack{status: http.StatusRequestEntityTooLarge, code: "payload_too_large"}
	json := "Content-Type: application/json"
	h.run(t, []attack{
		{
			name: "announced", method: http.MethodPost, path: "/api/v1/users", body: long, status: large.status, code: large.code,
		},
		{
			name: "announced where none belongs", method: http.MethodPost, path: "/api/v1/auth/logout", body: long,
			status: large.status, code: large.code,
		},
		{
			name: "a long URL", method: http.MethodGet, path: "/api/v1/users?q=" + strings.Repeat("a", 9000),
			status: http.StatusRequestHeaderFieldsTooLarge, code: "headers_too_large",
		},
		{
			name: "a long header", method: http.MethodGet, path: "/api/v1/users", headers: []string{"X-Large", strings.Repeat("a", 40<<10)},
			status: http.StatusRequestHeaderFieldsTooLarge, code: "headers_too_large",
		},
		{
			name: "a long cookie", method: http.MethodPost, path: "/api/v1/auth/refresh",
			headers: []string{"Cookie", "refresh_token=" + strings.Repeat("a", 513)},
			status:  http.StatusBadRequest, code: "malformed_request", wrong: []string{"?refresh_token: max_length"},
		},
	})
	for name, request := range map[string]struct {
		text string
		want attack
	}{
		"announced beyond 63 bits": {
			h.head("POST", "/api/v1/users", json, "Content-Length: 9223372036854775807") + "\r\n", large,
		},
		"in chunks": {
			h.head("POST", "/api/v1/users", json, "Transfer-Encoding: chunked") + fmt.Sprintf("\r\n%x\r\n%s\r\n0\r\n\r\n", len(long), long), large,
		},
		"in chunks where none belongs": {
			h.head("POST", "/api/v1/auth/logout", "Transfer-Encoding: chunked") + "\r\n2\r\n{}\r\n0\r\n\r\n",
			attack{status: http.StatusBadRequest, code: "malformed_request", wrong: []string{"#: unexpected"}},
		},
		"broken chunks": {
			h.head("POST", "/api/v1/users", json, "Transfer-Encoding: chunked") + "\r\nzz\r\n",
			attack{status: http.StatusBadRequest, code: "malformed_request", wrong: []string{"#: incomplete"}},
		},
		"very many headers": {
			h.head("GET", "/api/v1/users", strings.Repeat("A: b\r\n", 6000)+"B: c") + "\r\n",
			attack{status: http.StatusRequestHeaderFieldsTooLarge, code: "headers_too_large"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			method, _, _ := strings.Cut(request.text, " ")
			expect(t, h.wire(t, method, request.text), request.want)
		})
	}
	t.Run("no chunk at all", func(t *testing.T) {
		t.Parallel()
		answer := h.wire(t, "GET", h.head("GET", "/api/v1/users/me", "Transfer-Encoding: chunked")+"\r\n0\r\n\r\n")
		if answer.Status != http.StatusOK {
			t.Errorf("status %d: %s", answer.Status, answer.Body)
		}
	})
}

// TestHostileBytes sends what is no HTTP. The connection itself answers some of it, and never with anything but 4xx.
func TestHostileBytes(t *testing.T) {
	t.Parallel()
	h := newHostile(t)
	for name, request := range map[string]string{
		"NUL in a header":        h.head("GET", "/api/v1/users", "X-Bad: a\x00b") + "\r\n",
		"NUL in the path":        h.head("GET", "/api/v1/users/\x00") + "\r\n",
		"no UTF-8 in the path":   h.head("GET", "/api/v1/users/\xff\xfe") + "\r\n",
		"no UTF-8 in the query":  h.head("GET", "/api/v1/users?q=\xff") + "\r\n",
		"no escape in the path":  h.head("GET", "/api/v1/users/%zz") + "\r\n",
		"no UTF-8 in If-Match":   h.head("PATCH", h.user, "If-Match: \xff", "Content-Type: application/json", "Content-Length: 19") + "\r\n" + `{"first_name":"Eva"}`[:19],
		"no host":                "GET /api/v1/users HTTP/1.1\r\n\r\n",
		"two lengths":            h.head("POST", "/api/v1/users", "Content-Length: 2", "Content-Length: 3") + "\r\n{}",
		"a negative length":      h.head("POST", "/api/v1/users", "Content-Length: -1") + "\r\n",
		"two credentials":        h.head("GET", "/api/v1/users", "Authorization: Bearer x") + "\r\n",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			answer := h.wire(t, "GET", request)
			if answer.Status < 400 || answer.Status >= 500 {
				t.Errorf("status %d: %s", answer.Status, answer.Body)
			}
		})
	}
	t.Run("a client's name", func(t *testing.T) {
		t.Parallel()
		answer := h.wire(t, "GET", h.head("GET", "/api/v1/users/me", "User-Agent: \xff\xfe\t<script>", "Cookie: \xff=\xff; a", "X-Forwarded-For: \xff, 1.2.3.4.5")+"\r\n")
		if answer.Status != http.StatusOK {
			t.Errorf("status %d: %s", answer.Status, answer.Body)
		}
	})
}

// TestADenialLeavesItsRecord whatever the path holds that no database keeps.
func TestADenialLeavesItsRecord(t *testing.T) {
	t.Parallel()
	h := newHostile(t)
	employee := h.replica.SignIn(t, h.company.Users[api.RoleEmployee])
	for _, id := range []string{"%00", "%ff", "%f0%9f%a6%8a", strings.Repeat("%00", 2000)} {
		denied := employee.Delete("/api/v1/users/"+id+"/sessions").Refused(http.StatusForbidden, "permission_denied")
		var records int
		row := h.installation.Connect().QueryRow(t.Context(),
			`SELECT count(*) FROM audit_logs WHERE request_id = $1 AND action = 'access.denied'`, denied.RequestID)
		if err := row.Scan(&records); err != nil {
			t.Fatal(err)
		}
		if records != 1 {
			t.Errorf("%.20s: %d records of the denial, want 1", id, records)
		}
	}
}

// TestCursorsStayWhereTheyBelong takes a cursor to every other place.
func TestCursorsStayWhereTheyBelong(t *testing.T) {
	t.Parallel()
	h := newHostile(t)
	globex := h.installation.Company("globex")
	page := servertest.Decode[api.UserPage](h.admin.Get("/api/v1/users?limit=1&role=hr&role=employee&sort=email").Expect(http.StatusOK))
	cursor := page.NextCursor.MustGet()
	const filters = "role=hr&role=employee&sort=email"
	refuse := func(name, path string) attack {
		return attack{name: name, method: http.MethodGet, path: path, status: http.StatusBadRequest, code: "invalid_cursor", wrong: []string{"?cursor: invalid"}}
	}
	flipped := []byte(cursor)
	flipped[len(flipped)/2] ^= 3
	h.run(t, []attack{
		refuse("garbage", "/api/v1/users?cursor=garbage"),
		refuse("one letter", "/api/v1/users?cursor=a"),
		refuse("JSON", "/api/v1/users?cursor=eyJJRCI6MX0"),
		refuse("cut off", "/api/v1/users?"+filters+"&cursor="+cursor[:len(cursor)-2]),
		refuse("made longer", "/api/v1/users?"+filters+"&cursor="+cursor+"AA"),
		refuse("padded", "/api/v1/users?"+filters+"&cursor="+cursor+"%3D"),
		refuse("with a line break", "/api/v1/users?"+filters+"&cursor="+cursor+"%0A"),
		refuse("changed", "/api/v1/users?"+filters+"&cursor="+string(flipped)),
		refuse("no filters", "/api/v1/users?cursor="+cursor),
		refuse("another filter", "/api/v1/users?role=hr&sort=email&cursor="+cursor),
		refuse("one filter more", "/api/v1/users?"+filters+"&is_active=true&cursor="+cursor),
		refuse("another order", "/api/v1/users?role=hr&role=employee&sort=-email&cursor="+cursor),
		refuse("another list", "/api/v1/audit-logs?cursor="+cursor),
		refuse("another list's sessions", "/api/v1/auth/sessions?cursor="+cursor),
		refuse("a user's sessions", h.user+"/sessions?cursor="+cursor),
	})
	next := "/api/v1/users?" + filters + "&cursor=" + cursor
	t.Run("another company", func(t *testing.T) {
		t.Parallel()
		h.replica.SignIn(t, globex.Users[api.RoleAdmin]).Get(next).Refused(http.StatusBadRequest, "invalid_cursor")
	})
	t.Run("another limit", func(t *testing.T) {
		t.Parallel()
		rest := servertest.Decode[api.UserPage](h.client(t).Get(next + "&limit=200").Expect(http.StatusOK))
		if len(rest.Data) != 1 || rest.HasMore || rest.Data[0].ID == page.Data[0].ID {
			t.Errorf("the rest of the list is %+v", rest)
		}
	})
}

func TestHostilePreconditions(t *testing.T) {
	t.Parallel()
	h := newHostile(t)
	tag := h.admin.Get(h.user).Expect(http.StatusOK).Header.Get("ETag")
	stale := func(header string) attack {
		return attack{
			name: header[:min(len(header), 40)], method: http.MethodPatch, path: h.user, body: `{"first_name":"Eva"}`,
			headers: []string{"If-Match", header}, status: http.StatusPreconditionFailed, code: "version_mismatch",
			wrong: []string{"?If-Match: stale"},
		}
	}
	long, empty := stale(strings.Repeat("a", 201)), stale("")
	long.status, long.code, long.wrong = http.StatusBadRequest, "malformed_request", []string{"?If-Match: max_length"}
	empty.name, empty.status, empty.code = "empty", http.StatusBadRequest, "malformed_request"
	empty.wrong = []string{"?If-Match: min_length"}
	h.run(t, []attack{
		stale("W/" + tag), stale(`"99"`), stale(`W/*`), stale(strings.Trim(tag, `"`)), stale(`"`), stale(`""`), stale(`","`),
		stale(`garbage`), stale(`"99", W/` + tag), stale(tag + "x"), stale("x" + tag), stale(`"-1"`), stale(`"` + uuid.NewString() + `"`),
		long, empty,
	})
	for _, header := range []string{"*", tag, `"99", ` + tag, tag + `,"99"`} {
		t.Run("harmless "+header, func(t *testing.T) {
			t.Parallel()
			h.client(t).Do(http.MethodPatch, h.user, `{"first_name":"employee"}`, "If-Match", header).Expect(http.StatusOK)
		})
	}
	t.Run("harmless in two lines", func(t *testing.T) {
		t.Parallel()
		body := `{"first_name":"employee"}`
		answer := h.wire(t, "PATCH", h.head("PATCH", h.user, `If-Match: "99"`, "If-Match: "+tag, "Content-Type: application/json",
			fmt.Sprintf("Content-Length: %d", len(body)))+"\r\n"+body)
		if answer.Status != http.StatusOK {
			t.Errorf("status %d: %s", answer.Status, answer.Body)
		}
	})
}

// TestRequestIDs takes over a client's own id where it is one, and makes one otherwise.
func TestRequestIDs(t *testing.T) {
	t.Parallel()
	h := newHostile(t)
	for id, taken := range map[string]bool{
		"client-id.1:2_3": true, "12345678": true, strings.Repeat("a", 128): true, uuid.NewString(): true,
		"1234567": false, strings.Repeat("a", 129): false, "with spaces in it": false, "<script>alert(1)</script>": false,
		"newline%0d%0aSet-Cookie": false, "ümlaut-ümlaut": false, `{"json":true}`: false, "": false,
	} {
		t.Run(id[:min(len(id), 40)], func(t *testing.T) {
			t.Parallel()
			answer := h.client(t).Do(http.MethodGet, "/api/v1/users/me?x=1", nil, "X-Request-Id", id)
			expect(t, answer, attack{status: http.StatusBadRequest, code: "malformed_request"})
			if given := answer.Header.Get("X-Request-Id"); taken != (given == id) {
				t.Errorf("%q was answered by %q", id, given)
			}
		})
	}
}
