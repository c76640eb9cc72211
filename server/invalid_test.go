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

// bodyLimit is small, so that a body that exceeds it still fits into the buffers of a connection.
const bodyLimit = 16 << 10

// invalidRequest is a request with the problem that it must get.
type invalidRequest struct {
	name, method, path, body string
	headers                  []string
	status                   int
	code                     string
	// errors is the sorted list of the problem's errors, "?parameter: code" or "#/pointer: code". It is not compared if nil.
	errors []string
}

// invalidFixture is a company whose admin sends invalid requests.
type invalidFixture struct {
	installation *testkit.Installation
	replica      *testkit.Replica
	company      testkit.Company
	admin        *testkit.Client
	key          string   // the secret of an API key, if the test needs one
	user         string   // the path of a user
	patterns     []string // of the specification, if the test needs them
}

func newInvalidFixture(t *testing.T) *invalidFixture {
	t.Helper()
	installation := testkit.New(t)
	installation.Config.MaxBodyBytes = bodyLimit
	company := installation.Company("acme")
	replica := installation.Replica()
	return &invalidFixture{
		installation: installation, replica: replica, company: company,
		admin: replica.SignIn(t, company.Users[api.RoleAdmin]),
		user:  "/api/v1/users/" + company.Users[api.RoleEmployee].ID.String(),
	}
}

// client returns a client of the admin that reports failures to t.
func (h *invalidFixture) client(t *testing.T) *testkit.Client {
	t.Helper()
	client := h.replica.Anonymous(t)
	client.Token = h.admin.Token
	return client
}

// run sends every request in a subtest and checks the problem.
func (h *invalidFixture) run(t *testing.T, requests []invalidRequest) {
	t.Helper()
	for _, request := range requests {
		t.Run(request.name, func(t *testing.T) {
			t.Parallel()
			var body any
			if request.body != "" {
				body = request.body
			}
			expectProblem(t, h.client(t).Do(request.method, request.path, body, request.headers...), request)
		})
	}
}

// expectProblem checks status, code, request id and errors of a problem.
func expectProblem(t *testing.T, answer *testkit.Answer, want invalidRequest) {
	t.Helper()
	if answer.Status != want.status {
		t.Fatalf("status: got %d, want %d: %s", answer.Status, want.status, answer.Body)
	}
	var p api.Problem
	if err := json.Unmarshal(answer.Body, &p); err != nil {
		t.Fatalf("decode the problem: %v: %s", err, answer.Body)
	}
	if p.Code != want.code || int(p.Status) != want.status || p.RequestID == "" || p.RequestID != answer.Header.Get("X-Request-Id") {
		t.Errorf("got code %q, status %d, request id %q; want code %q, status %d, request id %q: %s",
			p.Code, p.Status, p.RequestID, want.code, want.status, answer.Header.Get("X-Request-Id"), answer.Body)
	}
	if want.status == http.StatusBadRequest && len(p.Errors) == 0 {
		t.Errorf("the problem has status 400 and no errors: %s", answer.Body)
	}
	if got := errorsOf(p); want.errors != nil && !slices.Equal(got, want.errors) {
		t.Errorf("errors: got\n%q, want\n%q", got, want.errors)
	}
}

// errorsOf returns the errors of a problem in the form of invalidRequest.errors.
func errorsOf(p api.Problem) []string {
	var list []string
	for _, e := range p.Errors {
		switch {
		case e.Parameter != nil:
			list = append(list, "?"+*e.Parameter+": "+e.Code)
		case e.Pointer != nil:
			list = append(list, "#"+*e.Pointer+": "+e.Code)
		}
	}
	slices.Sort(list)
	return list
}

// sendRaw sends bytes over a new connection, and reads the response to a request of a method.
func (h *invalidFixture) sendRaw(t *testing.T, method, request string) *testkit.Answer {
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

// rawHead returns the request line and headers of a request of the admin, without the empty line that ends them.
func (h *invalidFixture) rawHead(method, target string, headers ...string) string {
	return fmt.Sprintf("%s %s HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer %s\r\n%s", method, target, h.admin.Token,
		strings.Join(append(headers, ""), "\r\n"))
}
