package server_test

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/server/edge/gate"
)

// TestUnknownMethods sends every method to every path that does not have it in the specification. HEAD is supported
// wherever GET is, except by exports.
func TestUnknownMethods(t *testing.T) {
	t.Parallel()
	h := newInvalidFixture(t)
	all := loadContract(t).Operations()
	methods := map[string][]string{}
	for _, op := range all {
		methods[op.Path] = append(methods[op.Path], op.Method)
		if op.Method == http.MethodGet && !op.Streaming {
			methods[op.Path] = append(methods[op.Path], http.MethodHead)
		}
	}
	for path, supported := range methods {
		slices.Sort(supported)
		for _, method := range []string{
			"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND", "get",
		} {
			if slices.Contains(supported, method) {
				continue
			}
			t.Run(method+" "+path, func(t *testing.T) {
				t.Parallel()
				filled := pathOf(&gate.Operation{Path: path}, nil)
				answer := h.sendRaw(t, method, h.rawHead(method, filled)+"\r\n")
				if method == http.MethodHead {
					if answer.Status != http.StatusMethodNotAllowed {
						t.Errorf("status: got %d, want 405", answer.Status)
					}
				} else {
					expectProblem(t, answer, invalidRequest{status: http.StatusMethodNotAllowed, code: "method_not_allowed"})
				}
				if allow := answer.Header.Get("Allow"); allow != strings.Join(supported, ", ") {
					t.Errorf("Allow: got %q, want %q", allow, strings.Join(supported, ", "))
				}
			})
		}
	}
}

// TestInvalidPaths requests unknown paths, and a path with malformed ids.
func TestInvalidPaths(t *testing.T) {
	t.Parallel()
	h := newInvalidFixture(t)
	const id = "01980a3e-7b1c-7c7e-8f00-0123456789a7" // of no user
	for _, path := range []string{
		"/api", "/api/v1", "/api/v2/users", "/api/v1/users/", "/api/v1//users", "/API/v1/users", "/api/v1/users.json",
		"/api/v1/../v1/users", "/api/v1/./users", "/api/v1/%2e%2e/v1/users", "/api/v1/users%2f", "/api/v1/users/" + id + "/x",
		"/.git/config", "/api/v1/users;a=b", "/%00", "/%ff%fe", "/" + strings.Repeat("a", 7000),
		"/" + strings.Repeat("%c3%a4", 1200),
	} {
		t.Run("unknown "+path[:min(len(path), 40)], func(t *testing.T) {
			t.Parallel()
			expectProblem(t, h.sendRaw(t, "GET", h.rawHead("GET", path)+"\r\n"), invalidRequest{status: http.StatusNotFound, code: "not_found"})
		})
	}
	for _, malformed := range []string{
		"1", "-1", "null", "%00", "%ff", "%20", "%6De", "..", "me%00", "%25", "%2e%2e%2f", "'%20OR%201=1--", "{}", "{user_id}",
		strings.ReplaceAll(id, "-", ""), "{" + id + "}", "urn:uuid:" + id, id + "%00", id + "%20", id[:35] + "%67",
		id[:35], id + "0", strings.Repeat("a", 5000),
	} {
		t.Run("id "+malformed[:min(len(malformed), 40)], func(t *testing.T) {
			t.Parallel()
			answer := h.sendRaw(t, "GET", h.rawHead("GET", "/api/v1/users/"+malformed)+"\r\n")
			if answer.Status != http.StatusBadRequest {
				t.Fatalf("status: got %d, want 400: %s", answer.Status, answer.Body)
			}
			var p api.Problem
			if err := json.Unmarshal(answer.Body, &p); err != nil {
				t.Fatal(err)
			}
			for _, got := range errorsOf(p) {
				if !strings.HasPrefix(got, "?user_id: ") {
					t.Errorf("error: got %s, want one of user_id", got)
				}
			}
			if len(p.Errors) == 0 {
				t.Errorf("the problem has status 400 and no errors: %s", answer.Body)
			}
		})
	}
	t.Run("id in capitals", func(t *testing.T) {
		t.Parallel()
		h.client(t).Get("/api/v1/users/" + strings.ToUpper(h.company.Users[api.RoleHr].ID.String())).Expect(http.StatusOK)
	})
}
