package server_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/google/uuid"

	"github.com/ai-interviewer-platform/interviewer/gen/api"
)

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
			status: http.StatusBadRequest, code: "malformed_request", wrong: []string{"#: unexpected"},
		},
		{
			name: "a long URL", method: http.MethodGet, path: "/api/v1/users?q=" + strings.Repeat("a", 17000),
			status: http.StatusRequestHeaderFieldsTooLarge, code: "headers_too_large",
		},
		{
			name: "a long header", method: http.MethodGet, path: "/api/v1/users",
			headers: []string{"X-Large", strings.Repeat("a", 40<<10)},
			status:  http.StatusRequestHeaderFieldsTooLarge, code: "headers_too_large",
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
		"of two types": {
			h.head("POST", "/api/v1/users", json, "Content-Type: text/plain", "Content-Length: 2") + "\r\n{}",
			attack{status: http.StatusUnsupportedMediaType, code: "unsupported_media_type"},
		},
		"in chunks": {
			h.head("POST", "/api/v1/users", json, "Transfer-Encoding: chunked") +
				fmt.Sprintf("\r\n%x\r\n%s\r\n0\r\n\r\n", len(long), long), large,
		},
		"in chunks where none belongs": {
			h.head("POST", "/api/v1/auth/logout", "Transfer-Encoding: chunked") + "\r\n3\r\n[1]\r\n0\r\n\r\n",
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
		"NUL in a header":       h.head("GET", "/api/v1/users", "X-Bad: a\x00b") + "\r\n",
		"NUL in the path":       h.head("GET", "/api/v1/users/\x00") + "\r\n",
		"no UTF-8 in the path":  h.head("GET", "/api/v1/users/\xff\xfe") + "\r\n",
		"no UTF-8 in the query": h.head("GET", "/api/v1/users?q=\xff") + "\r\n",
		"no escape in the path": h.head("GET", "/api/v1/users/%zz") + "\r\n",
		"no UTF-8 in If-Match": h.head("PATCH", h.user, "If-Match: \xff", "Content-Type: application/json",
			"Content-Length: 20") + "\r\n" + `{"first_name":"Eva"}`,
		"no host":           "GET /api/v1/users HTTP/1.1\r\n\r\n",
		"two lengths":       h.head("POST", "/api/v1/users", "Content-Length: 2", "Content-Length: 3") + "\r\n{}",
		"a negative length": h.head("POST", "/api/v1/users", "Content-Length: -1") + "\r\n",
		"two credentials":   h.head("GET", "/api/v1/users", "Authorization: Bearer x") + "\r\n",
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
		answer := h.wire(t, "GET", h.head("GET", "/api/v1/users/me", "User-Agent: \xff\xfe\t<script>",
			"Cookie: \xff=\xff; a", "X-Forwarded-For: \xff, 1.2.3.4.5")+"\r\n")
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
		row := h.installation.Database.QueryRow(t.Context(),
			`SELECT count(*) FROM audit_logs WHERE request_id = $1 AND action = 'access.denied'`, denied.RequestID)
		if err := row.Scan(&records); err != nil {
			t.Fatal(err)
		}
		if records != 1 {
			t.Errorf("%.20s: %d records of the denial, want 1", id, records)
		}
	}
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
