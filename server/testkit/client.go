package testkit

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/ai-interviewer-platform/interviewer/gen/api"
)

// timeout bounds a request, on a busy machine and under the race detector.
const timeout = 5 * time.Minute

// Client sends requests to one replica, anonymously or as one actor. It keeps no cookies; a test sends them itself.
type Client struct {
	t testing.TB
	// URL is the base URL of the replica.
	URL string
	// Token is the access token or the secret of an API key; empty for anonymous requests.
	Token string
	// RefreshToken is the refresh token that was issued with the access token.
	RefreshToken string
	// Header is sent with every request.
	Header http.Header
	// document is the specification of the responses; nil for the published one.
	document *openapi3.T
}

// Anonymous returns a client without credentials.
func (r *Replica) Anonymous(t testing.TB) *Client {
	t.Helper()
	return &Client{t: t, URL: r.URL, Header: http.Header{}, document: r.document}
}

// SignIn signs a user in and returns the user's client.
func (r *Replica) SignIn(t testing.TB, user User) *Client {
	t.Helper()
	return r.signIn(t, user, Password)
}

func (r *Replica) signIn(t testing.TB, user User, password string) *Client {
	t.Helper()
	c := r.Anonymous(t)
	request := api.LoginRequest{Email: user.Email, Password: password}
	if user.Test != "" {
		request.Company = &user.Test
	}
	c.Adopt(c.Post("/api/v1/auth/login", request).Expect(http.StatusOK))
	return c
}

// FirstSignIn changes the initial password of a user to Password, without which nothing else is possible, and signs the
// user in.
func (r *Replica) FirstSignIn(t testing.TB, user User, initial string) *Client {
	t.Helper()
	c := r.signIn(t, user, initial)
	c.Post("/api/v1/auth/password", api.ChangePasswordRequest{CurrentPassword: initial, NewPassword: Password}).
		Expect(http.StatusNoContent)
	return r.SignIn(t, user)
}

// In returns a client with the same credentials for a subtest: failures are reported there.
func (c *Client) In(t testing.TB) *Client {
	part := *c
	part.t = t
	return &part
}

// At returns a client with the same credentials for another replica.
func (c *Client) At(r *Replica) *Client {
	other := *c
	other.URL, other.document = r.URL, r.document
	return &other
}

// Adopt uses the tokens of a response from now on.
func (c *Client) Adopt(a *Answer) {
	c.t.Helper()
	var pair api.TokenPair
	a.Into(&pair)
	c.Token, c.RefreshToken = pair.AccessToken, pair.RefreshToken
}

// Get sends a GET request. The path may include a query.
func (c *Client) Get(path string) *Answer { c.t.Helper(); return c.Do(http.MethodGet, path, nil) }

// Post sends a POST request with a body as described for Do.
func (c *Client) Post(path string, body any) *Answer {
	c.t.Helper()
	return c.Do(http.MethodPost, path, body)
}

// Patch sends a PATCH request with a body as described for Do.
func (c *Client) Patch(path string, body any) *Answer {
	c.t.Helper()
	return c.Do(http.MethodPatch, path, body)
}

// Delete sends a DELETE request.
func (c *Client) Delete(path string) *Answer { c.t.Helper(); return c.Do(http.MethodDelete, path, nil) }

// Do sends a request and checks the response against the specification. The body is nil, a string that is sent as it
// is, or a value that is encoded as JSON. The headers are pairs of a name and a value.
func (c *Client) Do(method, path string, body any, headers ...string) *Answer {
	c.t.Helper()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(c.t.Context()), timeout)
	defer cancel()
	var reader io.Reader
	switch b := body.(type) {
	case nil:
	case string:
		reader = strings.NewReader(b)
	default:
		encoded, err := json.Marshal(b)
		must(c.t, err)
		reader = bytes.NewReader(encoded)
	}
	request, err := http.NewRequestWithContext(ctx, method, c.URL+path, reader)
	must(c.t, err)
	for name, values := range c.Header {
		request.Header[name] = values
	}
	if reader != nil && request.Header.Get("Content-Type") == "" {
		request.Header.Set("Content-Type", "application/json")
	}
	if c.Token != "" && request.Header.Get("Authorization") == "" {
		request.Header.Set("Authorization", "Bearer "+c.Token)
	}
	// By default Go requests gzip for GET and not for HEAD, so the headers of the two responses would differ.
	request.Header.Set("Accept-Encoding", "identity")
	for i := 0; i+1 < len(headers); i += 2 {
		request.Header.Set(headers[i], headers[i+1])
	}
	response, err := http.DefaultClient.Do(request)
	must(c.t, err)
	content, err := io.ReadAll(response.Body)
	must(c.t, err)
	must(c.t, response.Body.Close())
	answer := &Answer{
		t: c.t, Request: request, Status: response.StatusCode, Header: response.Header, Body: content,
		path: strings.Split(path, "?")[0],
	}
	if err := conforms(answer, c.document); err != nil {
		c.t.Errorf("%s %s: the response does not conform to the specification: %v\n%d %s",
			method, path, err, answer.Status, answer.Body)
	}
	return answer
}

// Answer is a response with its body read.
type Answer struct {
	t       testing.TB
	Request *http.Request
	Status  int
	Header  http.Header
	Body    []byte
	// path is the requested path, without that of the client's URL.
	path string
}

// Expect stops the test if the status is different.
func (a *Answer) Expect(status int) *Answer {
	a.t.Helper()
	if a.Status != status {
		a.t.Fatalf("%s %s: status %d, want %d: %s", a.Request.Method, a.Request.URL.Path, a.Status, status, a.Body)
	}
	return a
}

// Refused stops the test unless the response is a problem with this status and code.
func (a *Answer) Refused(status int, code string) api.Problem {
	a.t.Helper()
	a.Expect(status)
	var p api.Problem
	a.Into(&p)
	if p.Code != code {
		a.t.Fatalf("%s %s: code %q, want %q: %s", a.Request.Method, a.Request.URL.Path, p.Code, code, a.Body)
	}
	return p
}

// Into decodes the body.
func (a *Answer) Into(value any) {
	a.t.Helper()
	if err := json.Unmarshal(a.Body, value); err != nil {
		a.t.Fatalf("%s %s: %v: %s", a.Request.Method, a.Request.URL.Path, err, a.Body)
	}
}

// Decode decodes the body of a response.
func Decode[T any](a *Answer) T {
	a.t.Helper()
	var value T
	a.Into(&value)
	return value
}
