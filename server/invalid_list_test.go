package server_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/google/uuid"

	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/server/testkit"
)

// TestCursorsAreBoundToTheirList sends malformed cursors, and a valid cursor to other lists, filters, orders and companies.
func TestCursorsAreBoundToTheirList(t *testing.T) {
	t.Parallel()
	h := newInvalidFixture(t)
	globex := h.installation.Company("globex")
	const filters = "role=hr&role=employee&sort=email"
	page := testkit.Decode[api.UserPage](h.admin.Get("/api/v1/users?limit=1&" + filters).Expect(http.StatusOK))
	cursor := page.NextCursor.MustGet()
	refuse := func(name, path string) invalidRequest {
		return invalidRequest{
			name: name, method: http.MethodGet, path: path,
			status: http.StatusBadRequest, code: "invalid_cursor", errors: []string{"?cursor: invalid"},
		}
	}
	mismatch := func(name, path string) invalidRequest { // refused by the pattern of the specification
		return invalidRequest{
			name: name, method: http.MethodGet, path: path,
			status: http.StatusBadRequest, code: "malformed_request", errors: []string{"?cursor: pattern"},
		}
	}
	flipped := []byte(cursor)
	flipped[len(flipped)/2] ^= 3
	h.run(t, []invalidRequest{
		refuse("garbage", "/api/v1/users?cursor=garbage"),
		refuse("one letter", "/api/v1/users?cursor=a"),
		refuse("JSON", "/api/v1/users?cursor=eyJJRCI6MX0"),
		refuse("truncated", "/api/v1/users?"+filters+"&cursor="+cursor[:len(cursor)-2]),
		refuse("extended", "/api/v1/users?"+filters+"&cursor="+cursor+"AA"),
		mismatch("padded", "/api/v1/users?"+filters+"&cursor="+cursor+"%3D"),
		mismatch("with a line break", "/api/v1/users?"+filters+"&cursor="+cursor+"%0A"),
		refuse("changed", "/api/v1/users?"+filters+"&cursor="+string(flipped)),
		refuse("without the filters", "/api/v1/users?cursor="+cursor),
		refuse("another filter", "/api/v1/users?role=hr&sort=email&cursor="+cursor),
		refuse("additional filter", "/api/v1/users?"+filters+"&is_active=true&cursor="+cursor),
		refuse("another order", "/api/v1/users?role=hr&role=employee&sort=-email&cursor="+cursor),
		refuse("another list", "/api/v1/audit-logs?cursor="+cursor),
		refuse("list of sessions", "/api/v1/auth/sessions?cursor="+cursor),
		refuse("list of a user's sessions", h.user+"/sessions?cursor="+cursor),
	})
	next := "/api/v1/users?" + filters + "&cursor=" + cursor
	t.Run("another company", func(t *testing.T) {
		t.Parallel()
		h.replica.SignIn(t, globex.Users[api.RoleAdmin]).Get(next).Refused(http.StatusBadRequest, "invalid_cursor")
	})
	t.Run("another limit", func(t *testing.T) {
		t.Parallel()
		rest := testkit.Decode[api.UserPage](h.client(t).Get(next + "&limit=200").Expect(http.StatusOK))
		if len(rest.Data) != 1 || rest.HasMore || rest.Data[0].ID == page.Data[0].ID {
			t.Errorf("rest of the list: got %+v, want one other user", rest)
		}
	})
}

// TestInvalidIfMatch distinguishes If-Match values that are malformed from those that do not match.
func TestInvalidIfMatch(t *testing.T) {
	t.Parallel()
	h := newInvalidFixture(t)
	tag := h.admin.Get(h.user).Expect(http.StatusOK).Header.Get("ETag")
	stale := func(header string) invalidRequest {
		return invalidRequest{
			name: header[:min(len(header), 40)], method: http.MethodPatch, path: h.user, body: `{"first_name":"Eva"}`,
			headers: []string{"If-Match", header}, status: http.StatusPreconditionFailed, code: "version_mismatch",
			errors: []string{"?If-Match: stale"},
		}
	}
	malformed := func(header string, errors ...string) invalidRequest {
		request := stale(header)
		request.status, request.code, request.errors = http.StatusBadRequest, "malformed_request", append(errors, "?If-Match: pattern")
		return request
	}
	empty, long := malformed("", "?If-Match: min_length"), stale(`"`+strings.Repeat("a", 199)+`"`)
	empty.name = "empty"
	long.status, long.code, long.errors = http.StatusBadRequest, "malformed_request", []string{"?If-Match: max_length"}
	h.run(t, []invalidRequest{
		stale(`"99"`), stale(`W/"99"`), stale(`""`), stale(`","`), stale(`"99", W/"98"`), stale(`"-1"`),
		stale(`"` + uuid.NewString() + `"`),
		malformed(`W/*`), malformed(strings.Trim(tag, `"`)), malformed(`"`), malformed(`garbage`), malformed(tag + "x"),
		malformed("x" + tag), malformed(tag + ","), malformed("*, " + tag), malformed("w/" + tag), malformed(`"a b"`),
		malformed("ümlaut"), empty, long,
	})
	for _, header := range []string{"*", tag, `"99", ` + tag, tag + `,"99"`, tag + "\t,\tW/" + tag, "W/" + tag, `"99", W/` + tag} {
		t.Run("valid "+header, func(t *testing.T) {
			t.Parallel()
			h.client(t).Do(http.MethodPatch, h.user, `{"first_name":"employee"}`, "If-Match", header).Expect(http.StatusOK)
		})
	}
	t.Run("valid in two header lines", func(t *testing.T) {
		t.Parallel()
		body := `{"first_name":"employee"}`
		answer := h.sendRaw(t, "PATCH", h.rawHead("PATCH", h.user, `If-Match: "99"`, "If-Match: "+tag, "Content-Type: application/json",
			fmt.Sprintf("Content-Length: %d", len(body)))+"\r\n"+body)
		if answer.Status != http.StatusOK {
			t.Errorf("status: got %d, want 200: %s", answer.Status, answer.Body)
		}
	})
}
