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

// TestCursorsStayWhereTheyBelong takes a cursor to every other place.
func TestCursorsStayWhereTheyBelong(t *testing.T) {
	t.Parallel()
	h := newHostile(t)
	globex := h.installation.Company("globex")
	const filters = "role=hr&role=employee&sort=email"
	page := testkit.Decode[api.UserPage](h.admin.Get("/api/v1/users?limit=1&" + filters).Expect(http.StatusOK))
	cursor := page.NextCursor.MustGet()
	refuse := func(name, path string) attack {
		return attack{
			name: name, method: http.MethodGet, path: path,
			status: http.StatusBadRequest, code: "invalid_cursor", wrong: []string{"?cursor: invalid"},
		}
	}
	unlike := func(name, path string) attack { // what no cursor looks like
		return attack{
			name: name, method: http.MethodGet, path: path,
			status: http.StatusBadRequest, code: "malformed_request", wrong: []string{"?cursor: pattern"},
		}
	}
	flipped := []byte(cursor)
	flipped[len(flipped)/2] ^= 3
	h.run(t, []attack{
		refuse("garbage", "/api/v1/users?cursor=garbage"),
		refuse("one letter", "/api/v1/users?cursor=a"),
		refuse("JSON", "/api/v1/users?cursor=eyJJRCI6MX0"),
		refuse("cut off", "/api/v1/users?"+filters+"&cursor="+cursor[:len(cursor)-2]),
		refuse("made longer", "/api/v1/users?"+filters+"&cursor="+cursor+"AA"),
		unlike("padded", "/api/v1/users?"+filters+"&cursor="+cursor+"%3D"),
		unlike("with a line break", "/api/v1/users?"+filters+"&cursor="+cursor+"%0A"),
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
		rest := testkit.Decode[api.UserPage](h.client(t).Get(next + "&limit=200").Expect(http.StatusOK))
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
	malformed := func(header string, wrong ...string) attack {
		a := stale(header)
		a.status, a.code, a.wrong = http.StatusBadRequest, "malformed_request", append(wrong, "?If-Match: pattern")
		return a
	}
	empty, long := malformed("", "?If-Match: min_length"), stale(`"`+strings.Repeat("a", 199)+`"`)
	empty.name = "empty"
	long.status, long.code, long.wrong = http.StatusBadRequest, "malformed_request", []string{"?If-Match: max_length"}
	h.run(t, []attack{
		stale("W/" + tag), stale(`"99"`), stale(`""`), stale(`","`), stale(`"99", W/` + tag), stale(`"-1"`),
		stale(`"` + uuid.NewString() + `"`),
		malformed(`W/*`), malformed(strings.Trim(tag, `"`)), malformed(`"`), malformed(`garbage`), malformed(tag + "x"),
		malformed("x" + tag), malformed(tag + ","), malformed("*, " + tag), malformed("w/" + tag), malformed(`"a b"`),
		malformed("ümlaut"), empty, long,
	})
	for _, header := range []string{"*", tag, `"99", ` + tag, tag + `,"99"`, tag + "\t,\tW/" + tag} {
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
