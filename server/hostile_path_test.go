package server_test

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"

	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/server/edge/gate"
)

// TestUnknownMethods asks every path for every method that the specification does not give it: OPTIONS and TRACE are
// among them, and methods that a path with a parameter in its last step knows. What answers GET answers HEAD, unless it
// is an export.
func TestUnknownMethods(t *testing.T) {
	t.Parallel()
	h := newHostile(t)
	all := agreed(t).Operations()
	methods := map[string][]string{}
	for _, op := range all {
		methods[op.Path] = append(methods[op.Path], op.Method)
		if op.Method == http.MethodGet && !op.Streaming {
			methods[op.Path] = append(methods[op.Path], http.MethodHead)
		}
	}
	for path, known := range methods {
		slices.Sort(known)
		for _, method := range []string{
			"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND", "get",
		} {
			if slices.Contains(known, method) {
				continue
			}
			t.Run(method+" "+path, func(t *testing.T) {
				t.Parallel()
				filled := target(&gate.Operation{Path: path}, nil)
				answer := h.wire(t, method, h.head(method, filled)+"\r\n")
				if method == http.MethodHead {
					if answer.Status != http.StatusMethodNotAllowed {
						t.Errorf("status %d", answer.Status)
					}
				} else {
					expect(t, answer, attack{status: http.StatusMethodNotAllowed, code: "method_not_allowed"})
				}
				if allow := answer.Header.Get("Allow"); allow != strings.Join(known, ", ") {
					t.Errorf("Allow is %q, want %q", allow, strings.Join(known, ", "))
				}
			})
		}
	}
}

func TestHostilePaths(t *testing.T) {
	t.Parallel()
	h := newHostile(t)
	id := uuid.NewString()
	for _, path := range []string{
		"/api", "/api/v1", "/api/v2/users", "/api/v1/users/", "/api/v1//users", "/API/v1/users", "/api/v1/users.json",
		"/api/v1/../v1/users", "/api/v1/./users", "/api/v1/%2e%2e/v1/users", "/api/v1/users%2f", "/api/v1/users/" + id + "/x",
		"/.git/config", "/api/v1/users;a=b", "/%00", "/%ff%fe", "/" + strings.Repeat("a", 7000),
		"/" + strings.Repeat("%c3%a4", 1200),
	} {
		t.Run("unknown "+path[:min(len(path), 40)], func(t *testing.T) {
			t.Parallel()
			expect(t, h.wire(t, "GET", h.head("GET", path)+"\r\n"), attack{status: http.StatusNotFound, code: "not_found"})
		})
	}
	for _, malformed := range []string{
		"1", "-1", "null", "%00", "%ff", "%20", "%6De", "..", "me%00", "%25", "%2e%2e%2f", "'%20OR%201=1--", "{}", "{user_id}",
		strings.ReplaceAll(id, "-", ""), "{" + id + "}", "urn:uuid:" + id, id + "%00", id + "%20", id[:35] + "%6" + id[35:36],
		id[:35], id + "0", strings.Repeat("a", 5000),
	} {
		t.Run("id "+malformed[:min(len(malformed), 40)], func(t *testing.T) {
			t.Parallel()
			answer := h.wire(t, "GET", h.head("GET", "/api/v1/users/"+malformed)+"\r\n")
			if answer.Status == http.StatusNotFound && strings.HasPrefix(malformed, id[:35]) {
				return // an escaped digit is that digit
			}
			if answer.Status != http.StatusBadRequest {
				t.Fatalf("status %d: %s", answer.Status, answer.Body)
			}
			var p api.Problem
			if err := json.Unmarshal(answer.Body, &p); err != nil {
				t.Fatal(err)
			}
			for _, wrong := range named(p) {
				if !strings.HasPrefix(wrong, "?user_id: ") {
					t.Errorf("named as wrong: %s", wrong)
				}
			}
			if len(p.Errors) == 0 {
				t.Errorf("a 400 that names nothing: %s", answer.Body)
			}
		})
	}
	upper := h.admin.Get("/api/v1/users/" + strings.ToUpper(h.company.Users[api.RoleHr].ID.String()))
	upper.Expect(http.StatusOK)
}
