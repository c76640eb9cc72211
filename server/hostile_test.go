package server_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/server/contract"
	"github.com/ai-interviewer-platform/interviewer/server/servertest"
)

// bodyLimit is small here, so that what is too large still fits through a connection at once.
const bodyLimit = 16 << 10

// attack is a request that no well-meaning client sends, and the refusal that it gets.
type attack struct {
	name, method, path, body string
	headers                  []string
	status                   int
	code                     string
	// wrong is everything that the answer names as wrong: "?parameter: code" or "#/pointer: code", in order.
	wrong []string
}

// hostile is a company whose admin attacks.
type hostile struct {
	installation *servertest.Installation
	replica      *servertest.Replica
	company      servertest.Company
	admin        *servertest.Client
	user         string // the path of a user
}

func newHostile(t *testing.T) *hostile {
	t.Helper()
	installation := servertest.New(t)
	installation.Config.MaxBodyBytes = bodyLimit
	company := installation.Company("acme")
	replica := installation.Replica()
	return &hostile{
		installation, replica, company, replica.SignIn(t, company.Users[api.RoleAdmin]),
		"/api/v1/users/" + company.Users[api.RoleEmployee].ID.String(),
	}
}

// client is the admin, for one test.
func (h *hostile) client(t *testing.T) *servertest.Client {
	t.Helper()
	client := h.replica.Anonymous(t)
	client.Token = h.admin.Token
	return client
}

// run makes every attack and holds the refusals against what is expected.
func (h *hostile) run(t *testing.T, attacks []attack) {
	t.Helper()
	for _, a := range attacks {
		t.Run(a.name, func(t *testing.T) {
			t.Parallel()
			var body any
			if a.body != "" {
				body = a.body
			}
			expect(t, h.client(t).Do(a.method, a.path, body, a.headers...), a)
		})
	}
}

// expect holds an answer against the refusal that an attack gets.
func expect(t *testing.T, answer *servertest.Answer, a attack) {
	t.Helper()
	if answer.Status != a.status {
		t.Fatalf("status %d, want %d: %s", answer.Status, a.status, answer.Body)
	}
	var p api.Problem
	if err := json.Unmarshal(answer.Body, &p); err != nil {
		t.Fatalf("%v: %s", err, answer.Body)
	}
	if p.Code != a.code || int(p.Status) != a.status || p.RequestID == "" || p.RequestID != answer.Header.Get("X-Request-Id") {
		t.Errorf("code %q, status %d, request %q of %q, want %q: %s",
			p.Code, p.Status, p.RequestID, answer.Header.Get("X-Request-Id"), a.code, answer.Body)
	}
	if a.status == http.StatusBadRequest && len(p.Errors) == 0 {
		t.Errorf("a 400 that names nothing: %s", answer.Body)
	}
	if wrong := named(p); a.wrong != nil && !slices.Equal(wrong, a.wrong) {
		t.Errorf("named as wrong:\n%q, want\n%q", wrong, a.wrong)
	}
}

// named lists what a problem names as wrong.
func named(p api.Problem) []string {
	var wrong []string
	for _, e := range p.Errors {
		switch {
		case e.Parameter != nil:
			wrong = append(wrong, "?"+*e.Parameter+": "+e.Code)
		case e.Pointer != nil:
			wrong = append(wrong, "#"+*e.Pointer+": "+e.Code)
		}
	}
	slices.Sort(wrong)
	return wrong
}

// wire sends bytes as they are, and reads the answer to a request of that method.
func (h *hostile) wire(t *testing.T, method, request string) *servertest.Answer {
	t.Helper()
	conn, err := (&net.Dialer{Timeout: time.Minute}).DialContext(t.Context(), "tcp", strings.TrimPrefix(h.replica.URL, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(conn, request); err != nil {
		t.Fatal(err)
	}
	response, err := http.ReadResponse(bufio.NewReader(conn), &http.Request{Method: method})
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return &servertest.Answer{Status: response.StatusCode, Header: response.Header, Body: body}
}

// head is the beginning of a request on the wire, without the empty line that ends it.
func (h *hostile) head(method, target string, headers ...string) string {
	return fmt.Sprintf("%s %s HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer %s\r\n%s", method, target, h.admin.Token,
		strings.Join(append(headers, ""), "\r\n"))
}

// TestUnknownMethods asks every path for every method that the specification does not give it: OPTIONS, HEAD and TRACE
// are among them.
func TestUnknownMethods(t *testing.T) {
	t.Parallel()
	h := newHostile(t)
	all := agreed(t).Operations()
	methods := map[string][]string{}
	for _, op := range all {
		methods[op.Path] = append(methods[op.Path], op.Method)
	}
	covered := func(method, path string) bool { // by this path, or by one with a parameter in its last step
		parent := path[:strings.LastIndexByte(path, '/')]
		return slices.ContainsFunc(all, func(op *contract.Operation) bool {
			return op.Method == method && (op.Path == path || strings.HasPrefix(op.Path, parent+"/{") && strings.HasSuffix(op.Path, "}"))
		})
	}
	for path, known := range methods {
		slices.Sort(known)
		for _, method := range []string{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND", "get"} {
			if covered(method, path) {
				continue
			}
			t.Run(method+" "+path, func(t *testing.T) {
				t.Parallel()
				filled := target(&contract.Operation{Path: path}, nil)
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
		"/", "/api", "/api/v1", "/api/v2/users", "/api/v1/users/", "/api/v1//users", "/API/v1/users", "/api/v1/users.json",
		"/api/v1/../v1/users", "/api/v1/./users", "/api/v1/%2e%2e/v1/users", "/api/v1/users%2f", "/api/v1/users/" + id + "/x",
		"/.git/config", "/api/v1/users;a=b", "/%00", "/%ff%fe", "/" + strings.Repeat("a", 7000), "/" + strings.Repeat("%c3%a4", 1200),
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

func TestHostileQueries(t *testing.T) {
	t.Parallel()
	h := newHostile(t)
	const list = "/api/v1/users"
	refuse := func(query string, wrong ...string) attack {
		return attack{
			name: query[:min(len(query), 50)], method: http.MethodGet, path: list + "?" + query,
			status: http.StatusBadRequest, code: "malformed_request", wrong: wrong,
		}
	}
	h.run(t, []attack{
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
			name: "where there are no parameters", method: http.MethodGet, path: "/health?x=1",
			status: http.StatusBadRequest, code: "malformed_request", wrong: []string{"?x: unknown"},
		},
		{
			name: "beyond 64 bits", method: http.MethodPost, path: "/api/v1/audit-logs/verify?from_sequence=9223372036854775808",
			status: http.StatusBadRequest, code: "malformed_request", wrong: []string{"?from_sequence: range"},
		},
		{
			name: "beyond what JSON carries", method: http.MethodPost, path: "/api/v1/audit-logs/verify?from_sequence=9007199254740993",
			status: http.StatusBadRequest, code: "malformed_request", wrong: []string{"?from_sequence: maximum"},
		},
		{
			name: "query and body at once", method: http.MethodPost, path: list + "?x=1", body: `{"email":"a","role":"owner"}`,
			status: http.StatusBadRequest, code: "malformed_request",
			wrong: []string{
				"#/email: format", "#/email: min_length", "#/first_name: required", "#/last_name: required",
				"#/password: required", "#/role: enum", "?x: unknown",
			},
		},
	})
	for _, broken := range []string{"q=%", "q=%zz", "q=%f", "%zz=1", "q=a%2", "a;b"} {
		t.Run("broken "+broken, func(t *testing.T) {
			t.Parallel()
			name, _, _ := strings.Cut(broken, "=")
			expect(t, h.wire(t, "GET", h.head("GET", list+"?x=1&"+broken)+"\r\n"), attack{
				status: http.StatusBadRequest, code: "malformed_request", wrong: []string{"?" + name + ": syntax", "?x: unknown"},
			})
		})
	}
	for _, harmless := range []string{
		"q=%25", "q=_", "q=%5C", "q='", "q=%22", "q=%27%3B--", "q=%F0%9F%A6%8A", "q=*", "department=%25",
		"updated_since=0000-01-01T00:00:00Z", "updated_since=9999-12-31T23:59:59.999999999Z",
		"updated_since=2026-01-01T00:00:00%2B23:59", "limit=200", "limit=%2B5", "role=hr&role=admin", "", "&", "&&limit=5&",
	} {
		t.Run("harmless "+harmless, func(t *testing.T) {
			t.Parallel()
			h.client(t).Get(list + "?" + harmless).Expect(http.StatusOK)
		})
	}
}
