package gate_test

import (
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/server/access"
	"github.com/ai-interviewer-platform/interviewer/server/compliance/audit"
	"github.com/ai-interviewer-platform/interviewer/server/edge/gate"
	"github.com/ai-interviewer-platform/interviewer/server/edge/problem"
	"github.com/ai-interviewer-platform/interviewer/server/identity/session"
	"github.com/ai-interviewer-platform/interviewer/server/platform/clock"
	"github.com/ai-interviewer-platform/interviewer/server/platform/postgres"
	"github.com/ai-interviewer-platform/interviewer/server/platform/redis"
	"github.com/ai-interviewer-platform/interviewer/server/platform/telemetry"
	"github.com/ai-interviewer-platform/interviewer/server/testkit"
)

// doorTimeout is what the door of these tests gives a request that does not take as long as its client does.
const doorTimeout = 50 * time.Millisecond

// openDoor builds a door as the server does, on an installation's database and Redis.
func openDoor(t *testing.T, installation *testkit.Installation, agreed *gate.Contract) *gate.Gate {
	t.Helper()
	log := slog.New(slog.DiscardHandler)
	kept, err := postgres.Open(t.Context(), postgres.Options{URL: installation.DatabaseURL, MaxConns: 2})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(kept.Close)
	cache, err := redis.Open(installation.Redis.URL, log, redis.Options{Timeout: installation.RedisTimeout})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(cache.Close)
	keys, err := session.NewKeyring(installation.Config.SecretKey.Reveal())
	if err != nil {
		t.Fatal(err)
	}
	now := installation.Clock.Now
	access := session.NewAccess(keys, installation.Config.AccessTokenExpire.Duration(), now)
	return &gate.Gate{
		Contract: agreed, Access: access, Store: kept, Audit: audit.NewRecorder(clock.System()), Log: log,
		Guard:   session.NewGuard(kept, cache, keys, access.Lifetime(), now, func(session.Source) {}),
		Metrics: telemetry.NewMetrics("test"), Timeout: doorTimeout, Screen: pass,
	}
}

// upload finds an operation that takes one.
func upload(t *testing.T, agreed *gate.Contract) *gate.Operation {
	t.Helper()
	for _, op := range agreed.Operations() {
		if op.Upload && !strings.Contains(op.Path, "{") {
			return op
		}
	}
	t.Fatal("no operation takes an upload")
	return nil
}

// TestUploadsTakeTheirTime lets callers send slowly: longer than any other request may take, two files each at once, and
// everybody only what they may.
func TestUploadsTakeTheirTime(t *testing.T) {
	t.Parallel()
	agreed, err := gate.Load(document(t))
	if err != nil {
		t.Fatal(err)
	}
	installation := testkit.New(t)
	acme, replica := installation.Company("acme"), installation.Replica()
	door, op := openDoor(t, installation, agreed), upload(t, agreed)
	reading := make(chan struct{})
	e := echo.New()
	e.HTTPErrorHandler = problem.Handler(slog.New(slog.DiscardHandler))
	e.Use(func(next echo.HandlerFunc) echo.HandlerFunc {
		return func(c echo.Context) error {
			request := &access.Request{Target: c.Request().URL}
			c.SetRequest(c.Request().WithContext(access.With(c.Request().Context(), request)))
			return next(c)
		}
	}, door.Enter)
	e.Add(op.Method, op.Path, func(c echo.Context) error {
		reading <- struct{}{}
		if _, bounded := c.Request().Context().Deadline(); bounded {
			t.Error("the operation has the time of other requests")
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
				t.Errorf("a slow upload is answered by %d %s", status, content)
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
		t.Errorf("a third upload at once is answered by %d %s", status, content)
	}
	if status, content := send(employee.Token, strings.NewReader("a")); status != http.StatusForbidden {
		t.Errorf("who may not is answered by %d %s", status, content)
	}
	if status, content := send("none", strings.NewReader("a")); status != http.StatusUnauthorized {
		t.Errorf("nobody is answered by %d %s", status, content)
	}
	<-time.After(2 * doorTimeout)
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
		t.Errorf("after that an upload is answered by %d %s", status, content)
	}
}
