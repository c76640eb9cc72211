package gate_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/server/edge/gate"
	"github.com/ai-interviewer-platform/interviewer/server/identity/session"
	"github.com/ai-interviewer-platform/interviewer/server/platform/redis"
	"github.com/ai-interviewer-platform/interviewer/server/service"
	"github.com/ai-interviewer-platform/interviewer/server/testkit"
)

// timeout is what the gate of this test gives an operation whose duration does not depend on its client.
const timeout = 50 * time.Millisecond

// connected builds the dependencies of a gate on the database and Redis of an installation.
func connected(t *testing.T, installation *testkit.Installation, contract *gate.Contract) (service.Deps, gate.Options) {
	t.Helper()
	deps, options := dependencies(contract)
	store := installation.Store(2)
	cache, err := redis.Open(t.Context(), installation.Redis.URL, deps.Log, redis.Options{Timeout: installation.RedisTimeout})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(cache.Close)
	keys, err := session.NewKeyring(installation.Config.SecretKey.Reveal())
	if err != nil {
		t.Fatal(err)
	}
	now := installation.Clock.Now
	deps.Store, options.Timeout = store, timeout
	options.Access = session.NewAccess(keys, installation.Config.AccessTokenExpire.Duration(), now)
	options.Guard = session.NewGuard(store, cache, keys, options.Access.Lifetime(), now, func(session.Source) {})
	return deps, options
}

// upload returns an operation that takes an upload.
func upload(t *testing.T, contract *gate.Contract) *gate.Operation {
	t.Helper()
	for _, op := range contract.Operations() {
		if op.Upload && !strings.Contains(op.Path, "{") {
			return op
		}
	}
	t.Fatal("no operation takes an upload")
	return nil
}

// TestSlowUploads sends uploads that take longer than any other request may, and checks that each actor has at most two
// at once.
func TestSlowUploads(t *testing.T) {
	t.Parallel()
	contract := load(t)
	installation := testkit.New(t)
	acme, replica := installation.Company("acme"), installation.Replica()
	op, reading := upload(t, contract), make(chan struct{})
	deps, options := connected(t, installation, contract)
	e := router(t, deps, options)
	e.Add(op.Method, op.Path, func(c echo.Context) error {
		reading <- struct{}{}
		if _, bounded := c.Request().Context().Deadline(); bounded {
			t.Error("the operation has the deadline of other requests")
		}
		content, err := io.ReadAll(c.Request().Body)
		if err != nil {
			return err
		}
		return c.String(http.StatusOK, string(content))
	})
	server := httptest.NewServer(e)
	t.Cleanup(server.Close)
	hr, admin := replica.SignIn(t, acme.Users[api.RoleHr]), replica.SignIn(t, acme.Users[api.RoleAdmin])
	employee := replica.SignIn(t, acme.Users[api.RoleEmployee])

	send := func(token string, body io.Reader) (status int, content string) {
		request, err := http.NewRequestWithContext(t.Context(), op.Method, server.URL+op.Path, body)
		if err != nil {
			t.Error(err)
			return 0, ""
		}
		request.Header.Set("Content-Type", "text/csv")
		request.Header.Set("Authorization", "Bearer "+token)
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Error(err)
			return 0, ""
		}
		defer func() { _ = response.Body.Close() }()
		read, err := io.ReadAll(response.Body)
		if err != nil {
			t.Error(err)
		}
		return response.StatusCode, string(read)
	}
	ended := make(chan struct{})
	var senders []*io.PipeWriter
	begin := func(token string) {
		body, sender := io.Pipe()
		senders = append(senders, sender)
		go func() {
			if status, content := send(token, body); status != http.StatusOK || content != "first, second" {
				t.Errorf("a slow upload: %d %s", status, content)
			}
			ended <- struct{}{}
		}()
		if _, err := io.WriteString(sender, "first, "); err != nil {
			t.Error(err)
		}
		select {
		case <-reading:
		case <-time.After(30 * time.Second):
			t.Fatal("an upload does not reach its operation")
		}
	}
	begin(hr.Token)
	begin(hr.Token)
	begin(admin.Token)
	status, content := send(hr.Token, strings.NewReader("third"))
	if status != http.StatusTooManyRequests || !strings.Contains(content, "At most 2 exports or imports may run at once.") {
		t.Errorf("a third upload at once: %d %s", status, content)
	}
	if status, content := send(employee.Token, strings.NewReader("a")); status != http.StatusForbidden {
		t.Errorf("an upload without permission: %d %s", status, content)
	}
	if status, content := send("none", strings.NewReader("a")); status != http.StatusUnauthorized {
		t.Errorf("an upload without a valid token: %d %s", status, content)
	}
	<-time.After(2 * timeout)
	for _, sender := range senders {
		if _, err := io.WriteString(sender, "second"); err != nil {
			t.Error(err)
		}
		_ = sender.Close() // never fails
	}
	for range senders {
		<-ended
	}
	go func() { <-reading }()
	if status, content := send(hr.Token, strings.NewReader("fourth")); status != http.StatusOK || content != "fourth" {
		t.Errorf("a later upload: %d %s", status, content)
	}
}
