package server_test

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"go.opentelemetry.io/otel/trace/noop"
	"golang.org/x/crypto/bcrypt"

	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/server"
	"github.com/ai-interviewer-platform/interviewer/server/access"
	"github.com/ai-interviewer-platform/interviewer/server/platform/telemetry"
	"github.com/ai-interviewer-platform/interviewer/server/testkit"
)

// logLines collects the lines of a log.
type logLines struct {
	mu    sync.Mutex
	lines []map[string]any
}

func (l *logLines) Write(line []byte) (int, error) {
	var decoded map[string]any
	if err := json.Unmarshal(line, &decoded); err != nil {
		return 0, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.lines = append(l.lines, decoded)
	return len(line), nil
}

// failure returns the log line about the failure of a request, or nil.
func (l *logLines) failure(requestID string) map[string]any {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, line := range l.lines {
		if line["msg"] == "request failed" && line["request_id"] == requestID {
			return line
		}
	}
	return nil
}

// TestFailedQueryIsNamedInTheLogOnly removes a column that queries use. The client learns only that the request failed;
// the log line has the operation, the query and PostgreSQL's message.
func TestFailedQueryIsNamedInTheLogOnly(t *testing.T) {
	t.Parallel()
	i := testkit.New(t)
	settings, lines := i.Config, &logLines{}
	replica, err := server.New(t.Context(), server.Options{
		Config: &settings, Clock: i.Clock, Version: "test", Traces: noop.NewTracerProvider(), HashCost: bcrypt.MinCost,
		RedisTimeout: i.RedisTimeout, Log: telemetry.NewLogger(lines, slog.LevelInfo, false, access.LogAttrs),
	})
	if err != nil {
		t.Fatal(err)
	}
	listen := httptest.NewServer(replica.Handler())
	t.Cleanup(func() {
		listen.Close()
		replica.Close()
	})
	client := &testkit.Replica{URL: listen.URL}
	testkit.Eventually(t, 10*time.Second, "the replica is ready", func() bool {
		return client.Anonymous(t).Get("/health/ready").Status == http.StatusOK
	})
	hr := i.Company("acme").Users[api.RoleHr]
	c := client.SignIn(t, hr)
	i.Exec(`ALTER TABLE kits RENAME COLUMN name TO secret_name`)

	for operation, test := range map[string]struct {
		query string
		send  func() *testkit.Answer
	}{
		"GetKit":    {"GetKit", func() *testkit.Answer { return c.Get("/api/v1/kits/" + uuid.NewString()) }},
		"ListKits":  {"ListKits", func() *testkit.Answer { return c.Get("/api/v1/kits") }},
		"CreateKit": {"InsertKit", func() *testkit.Answer { return c.Post("/api/v1/kits", map[string]string{"name": "Go"}) }},
	} {
		t.Run(operation, func(t *testing.T) {
			answer := test.send()
			answer.Refused(http.StatusInternalServerError, "internal_error")
			for _, private := range []string{"query", test.query, "column", "kits.name", "secret_name", "SQLSTATE", "42703"} {
				if bytes.Contains(answer.Body, []byte(private)) && !strings.Contains(answer.Request.URL.Path, private) {
					t.Errorf("the response contains %q: %s", private, answer.Body)
				}
			}
			line := lines.failure(answer.Header.Get("X-Request-Id"))
			message, _ := line["error"].(string)
			if !strings.Contains(message, "query "+test.query+": ") || !strings.Contains(message, "SQLSTATE 42703") {
				t.Errorf("error in the log: got %q, want one of query %s with SQLSTATE 42703", message, test.query)
			}
			if line["operation"] != operation || line["code"] != "internal_error" || line["user_id"] != hr.ID.String() {
				t.Errorf("log line: got %v, want operation %s, code internal_error and user %s", line, operation, hr.ID)
			}
		})
	}
}
