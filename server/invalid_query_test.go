package server_test

import (
	"net/http"
	"strings"
	"testing"
)

// TestInvalidQueries checks that every error in a query is reported with its parameter.
func TestInvalidQueries(t *testing.T) {
	t.Parallel()
	h := newInvalidFixture(t)
	const list = "/api/v1/users"
	refuse := func(query string, errors ...string) invalidRequest {
		return invalidRequest{
			name: query[:min(len(query), 50)], method: http.MethodGet, path: list + "?" + query,
			status: http.StatusBadRequest, code: "malformed_request", errors: errors,
		}
	}
	h.run(t, []invalidRequest{
		refuse("x=1", "?x: unknown"),
		refuse("Limit=1", "?Limit: unknown"),
		refuse("limit%00=1", "?limit\x00: unknown"),
		refuse("limit[]=1", "?limit[]: unknown"),
		refuse("=1", "?=1: unknown"),
		refuse("limit=0", "?limit: minimum"),
		refuse("limit=201", "?limit: maximum"),
		refuse("limit=-1", "?limit: minimum"),
		refuse("limit=1.5", "?limit: type"),
		refuse("limit=1e1", "?limit: type"),
		refuse("limit=0x10", "?limit: type"),
		refuse("limit=1_0", "?limit: type"),
		refuse("limit=%201", "?limit: type"),
		refuse("limit=١", "?limit: type"),
		refuse("limit=%2B5", "?limit: type"),
		refuse("limit=007", "?limit: type"),
		refuse("limit=-0", "?limit: type"),
		refuse("is_active=1", "?is_active: type"),
		refuse("is_active=T", "?is_active: type"),
		refuse("is_active=True", "?is_active: type"),
		refuse("limit=NaN", "?limit: type"),
		refuse("limit=null", "?limit: type"),
		refuse("limit=2147483648", "?limit: range"),
		refuse("limit=9223372036854775808", "?limit: range"),
		refuse("limit=1&limit=1", "?limit: repeated"),
		refuse("limit=1&limit=2&limit=3", "?limit: repeated", "?limit: repeated"),
		refuse("limit=", "?limit: empty"),
		refuse("limit", "?limit: empty"),
		refuse("q=", "?q: min_length"),
		refuse("q="+strings.Repeat("a", 101), "?q: max_length"),
		refuse("q=%00", "?q: encoding"),
		refuse("q=a%00b", "?q: encoding"),
		refuse("q=%ff", "?q: encoding"),
		refuse("q=%ed%a0%80", "?q: encoding"),
		refuse("role=owner", "?role: enum"),
		refuse("role=hr,admin", "?role: enum"),
		refuse("role=HR", "?role: enum"),
		refuse("role=hr&role=hr", "?role: unique_items"),
		refuse("role=hr&role=admin&role=team_lead&role=employee&role=hr", "?role: max_items", "?role: unique_items"),
		refuse("is_active=maybe", "?is_active: type"),
		refuse("updated_since=yesterday", "?updated_since: format"),
		refuse("updated_since=2026-02-30T00:00:00Z", "?updated_since: format"),
		refuse("updated_since=2026-01-01T00:00:60Z", "?updated_since: format"),
		refuse("updated_since=2026-01-01T00:00:00+02:00", "?updated_since: format"),
		refuse("updated_since=2026-01-01", "?updated_since: format"),
		refuse("updated_since=1767225600", "?updated_since: format"),
		refuse("sort=password_hash", "?sort: enum"),
		refuse("sort=created_at;drop%20table%20users", "?sort: syntax"),
		refuse("sort=created_at%3Bdrop%20table%20users", "?sort: enum"),
		refuse("sort=(select%201)", "?sort: enum"),
		refuse("sort=email,id", "?sort: enum"),
		refuse("cursor="+strings.Repeat("a", 1025), "?cursor: max_length"),
		refuse("x=1&limit=0&role=owner&y=2&limit=3&q=%ff",
			"?limit: minimum", "?limit: repeated", "?q: encoding", "?role: enum", "?x: unknown", "?y: unknown"),
		{
			name: "operation without parameters", method: http.MethodGet, path: "/health?x=1",
			status: http.StatusBadRequest, code: "malformed_request", errors: []string{"?x: unknown"},
		},
		{
			name: "more than 64 bits", method: http.MethodPost, path: "/api/v1/audit-logs/verify?from_sequence=9223372036854775808",
			status: http.StatusBadRequest, code: "malformed_request", errors: []string{"?from_sequence: range"},
		},
		{
			name: "more than 53 bits", method: http.MethodPost,
			path:   "/api/v1/audit-logs/verify?from_sequence=9007199254740993",
			status: http.StatusBadRequest, code: "malformed_request", errors: []string{"?from_sequence: maximum"},
		},
		{
			name: "query and body", method: http.MethodPost, path: list + "?x=1", body: `{"email":"a","role":"owner"}`,
			status: http.StatusBadRequest, code: "malformed_request",
			errors: []string{
				"#/email: format", "#/email: min_length", "#/first_name: required", "#/last_name: required",
				"#/password: required", "#/role: enum", "?x: unknown",
			},
		},
	})
	for _, broken := range []string{"q=%", "q=%zz", "q=%f", "%zz=1", "q=a%2", "a;b"} {
		t.Run("broken "+broken, func(t *testing.T) {
			t.Parallel()
			name, _, _ := strings.Cut(broken, "=")
			expectProblem(t, h.sendRaw(t, "GET", h.rawHead("GET", list+"?x=1&"+broken)+"\r\n"), invalidRequest{
				status: http.StatusBadRequest, code: "malformed_request", errors: []string{"?" + name + ": syntax", "?x: unknown"},
			})
		})
	}
	for _, harmless := range []string{
		"q=%25", "q=_", "q=%5C", "q='", "q=%22", "q=%27%3B--", "q=%F0%9F%A6%8A", "q=*", "department=%25",
		"updated_since=0000-01-01T00:00:00Z", "updated_since=9999-12-31T23:59:59.999999999Z",
		"updated_since=2026-01-01T00:00:00%2B23:59", "limit=200", "role=hr&role=admin", "", "&", "&&limit=5&",
	} {
		t.Run("valid "+harmless, func(t *testing.T) {
			t.Parallel()
			h.client(t).Get(list + "?" + harmless).Expect(http.StatusOK)
		})
	}
}
