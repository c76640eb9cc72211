package server_test

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/server/testkit"
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
	installation *testkit.Installation
	replica      *testkit.Replica
	company      testkit.Company
	admin        *testkit.Client
	key          string // the secret of an API key, where a test needs one
	user         string // the path of a user
}

func newHostile(t *testing.T) *hostile {
	t.Helper()
	installation := testkit.New(t)
	installation.Config.MaxBodyBytes = bodyLimit
	company := installation.Company("acme")
	replica := installation.Replica()
	return &hostile{
		installation: installation, replica: replica, company: company,
		admin: replica.SignIn(t, company.Users[api.RoleAdmin]),
		user:  "/api/v1/users/" + company.Users[api.RoleEmployee].ID.String(),
	}
}

// client is the admin, for one test.
func (h *hostile) client(t *testing.T) *testkit.Client {
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
func expect(t *testing.T, answer *testkit.Answer, a attack) {
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
func (h *hostile) wire(t *testing.T, method, request string) *testkit.Answer {
	t.Helper()
	address := strings.TrimPrefix(h.replica.URL, "http://")
	conn, err := (&net.Dialer{Timeout: time.Minute}).DialContext(t.Context(), "tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
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
	body, err := io.ReadAll(response.Body)
	if err := errors.Join(err, response.Body.Close()); err != nil {
		t.Fatal(err)
	}
	return &testkit.Answer{Status: response.StatusCode, Header: response.Header, Body: body}
}

// head is the beginning of a request on the wire, without the empty line that ends it.
func (h *hostile) head(method, target string, headers ...string) string {
	return fmt.Sprintf("%s %s HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer %s\r\n%s", method, target, h.admin.Token,
		strings.Join(append(headers, ""), "\r\n"))
}
