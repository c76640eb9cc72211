package server_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/google/uuid"

	"github.com/ai-interviewer-platform/interviewer/gen/api"
)

// TestTooLargeRequests sends bodies, URLs and headers that exceed their limits.
func TestTooLargeRequests(t *testing.T) {
	t.Parallel()
	h := newInvalidFixture(t)
	long := strings.Repeat("x", bodyLimit+1)
	large := invalidRequest{status: http.StatusRequestEntityTooLarge, code: "payload_too_large"}
	json := "Content-Type: application/json"
	h.run(t, []invalidRequest{
		{
			name: "too large by Content-Length", method: http.MethodPost, path: "/api/v1/users", body: long, status: large.status, code: large.code,
		},
		{
			name: "unexpected body by Content-Length", method: http.MethodPost, path: "/api/v1/auth/sessions/revoke-others", body: long,
			status: http.StatusBadRequest, code: "malformed_request", errors: []string{"#: unexpected"},
		},
		{
			name: "long URL", method: http.MethodGet, path: "/api/v1/users?q=" + strings.Repeat("a", 17000),
			status: http.StatusRequestHeaderFieldsTooLarge, code: "headers_too_large",
		},
		{
			name: "long header", method: http.MethodGet, path: "/api/v1/users",
			headers: []string{"X-Large", strings.Repeat("a", 40<<10)},
			status:  http.StatusRequestHeaderFieldsTooLarge, code: "headers_too_large",
		},
		{
			name: "long cookie", method: http.MethodPost, path: "/api/v1/auth/refresh",
			headers: []string{"Cookie", "refresh_token=" + strings.Repeat("a", 513)},
			status:  http.StatusBadRequest, code: "malformed_request", errors: []string{"?refresh_token: max_length"},
		},
	})
	for name, request := range map[string]struct {
		text string
		want invalidRequest
	}{
		"largest Content-Length": {
			h.rawHead("POST", "/api/v1/users", json, "Content-Length: 9223372036854775807") + "\r\n", large,
		},
		"two Content-Types": {
			h.rawHead("POST", "/api/v1/users", json, "Content-Type: text/plain", "Content-Length: 2") + "\r\n{}",
			invalidRequest{status: http.StatusUnsupportedMediaType, code: "unsupported_media_type"},
		},
		"too large in chunks": {
			h.rawHead("POST", "/api/v1/users", json, "Transfer-Encoding: chunked") +
				fmt.Sprintf("\r\n%x\r\n%s\r\n0\r\n\r\n", len(long), long), large,
		},
		"unexpected body in chunks": {
			h.rawHead("POST", "/api/v1/auth/sessions/revoke-others", "Transfer-Encoding: chunked") + "\r\n3\r\n[1]\r\n0\r\n\r\n",
			invalidRequest{status: http.StatusBadRequest, code: "malformed_request", errors: []string{"#: unexpected"}},
		},
		"malformed chunk": {
			h.rawHead("POST", "/api/v1/users", json, "Transfer-Encoding: chunked") + "\r\nzz\r\n",
			invalidRequest{status: http.StatusBadRequest, code: "malformed_request", errors: []string{"#: incomplete"}},
		},
		"very many headers": {
			h.rawHead("GET", "/api/v1/users", strings.Repeat("A: b\r\n", 6000)+"B: c") + "\r\n",
			invalidRequest{status: http.StatusRequestHeaderFieldsTooLarge, code: "headers_too_large"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			method, _, _ := strings.Cut(request.text, " ")
			expectProblem(t, h.sendRaw(t, method, request.text), request.want)
		})
	}
	t.Run("empty chunked body of a GET", func(t *testing.T) {
		t.Parallel()
		answer := h.sendRaw(t, "GET", h.rawHead("GET", "/api/v1/users/me", "Transfer-Encoding: chunked")+"\r\n0\r\n\r\n")
		if answer.Status != http.StatusOK {
			t.Errorf("status: got %d, want 200: %s", answer.Status, answer.Body)
		}
	})
}

// TestMalformedHTTP sends bytes that are not valid HTTP. net/http answers some of them itself. All responses are 4xx.
func TestMalformedHTTP(t *testing.T) {
	t.Parallel()
	h := newInvalidFixture(t)
	for name, request := range map[string]string{
		"NUL in a header":            h.rawHead("GET", "/api/v1/users", "X-Bad: a\x00b") + "\r\n",
		"NUL in the path":            h.rawHead("GET", "/api/v1/users/\x00") + "\r\n",
		"invalid UTF-8 in the path":  h.rawHead("GET", "/api/v1/users/\xff\xfe") + "\r\n",
		"invalid UTF-8 in the query": h.rawHead("GET", "/api/v1/users?q=\xff") + "\r\n",
		"invalid escape in the path": h.rawHead("GET", "/api/v1/users/%zz") + "\r\n",
		"invalid UTF-8 in If-Match": h.rawHead("PATCH", h.user, "If-Match: \xff", "Content-Type: application/json",
			"Content-Length: 20") + "\r\n" + `{"first_name":"Eva"}`,
		"no Host":                   "GET /api/v1/users HTTP/1.1\r\n\r\n",
		"two Content-Lengths":       h.rawHead("POST", "/api/v1/users", "Content-Length: 2", "Content-Length: 3") + "\r\n{}",
		"negative Content-Length":   h.rawHead("POST", "/api/v1/users", "Content-Length: -1") + "\r\n",
		"two Authorization headers": h.rawHead("GET", "/api/v1/users", "Authorization: Bearer x") + "\r\n",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			answer := h.sendRaw(t, "GET", request)
			if answer.Status < 400 || answer.Status >= 500 {
				t.Errorf("status: got %d, want 4xx: %s", answer.Status, answer.Body)
			}
		})
	}
	t.Run("unusual User-Agent, Cookie and X-Forwarded-For", func(t *testing.T) {
		t.Parallel()
		answer := h.sendRaw(t, "GET", h.rawHead("GET", "/api/v1/users/me", "User-Agent: \xff\xfe\t<script>",
			"Cookie: \xff=\xff; a", "X-Forwarded-For: \xff, 1.2.3.4.5")+"\r\n")
		if answer.Status != http.StatusOK {
			t.Errorf("status: got %d, want 200: %s", answer.Status, answer.Body)
		}
	})
}

// TestDenialIsAuditedForAnyPath checks that a denial is in the audit log even if the path contains characters that
// PostgreSQL cannot store.
func TestDenialIsAuditedForAnyPath(t *testing.T) {
	t.Parallel()
	h := newInvalidFixture(t)
	employee := h.replica.SignIn(t, h.company.Users[api.RoleEmployee])
	for _, id := range []string{"%00", "%ff", "%f0%9f%a6%8a", strings.Repeat("%00", 2000)} {
		denied := employee.Delete("/api/v1/users/"+id+"/sessions").Refused(http.StatusForbidden, "permission_denied")
		var entries int
		row := h.installation.Database.QueryRow(t.Context(),
			`SELECT count(*) FROM audit_logs WHERE request_id = $1 AND action = 'access.denied'`, denied.RequestID)
		if err := row.Scan(&entries); err != nil {
			t.Fatal(err)
		}
		if entries != 1 {
			t.Errorf("%.20s: audit entries of the denial: got %d, want 1", id, entries)
		}
	}
}

// TestRequestIDs checks that a valid X-Request-Id of the client is used, and any other is replaced.
func TestRequestIDs(t *testing.T) {
	t.Parallel()
	h := newInvalidFixture(t)
	for id, valid := range map[string]bool{
		"client-id.1:2_3": true, "12345678": true, strings.Repeat("a", 128): true, uuid.NewString(): true,
		"1234567": false, strings.Repeat("a", 129): false, "with spaces in it": false, "<script>alert(1)</script>": false,
		"newline%0d%0aSet-Cookie": false, "ümlaut-ümlaut": false, `{"json":true}`: false, "": false,
	} {
		t.Run(id[:min(len(id), 40)], func(t *testing.T) {
			t.Parallel()
			answer := h.client(t).Do(http.MethodGet, "/api/v1/users/me?x=1", nil, "X-Request-Id", id)
			expectProblem(t, answer, invalidRequest{status: http.StatusBadRequest, code: "malformed_request"})
			if given := answer.Header.Get("X-Request-Id"); valid != (given == id) {
				t.Errorf("X-Request-Id %q: got %q, want the same: %t", id, given, valid)
			}
		})
	}
}
