package login_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/google/uuid"

	"github.com/ai-interviewer-platform/interviewer/server/testkit"
)

const (
	loginPath   = "/api/v1/auth/login"
	refreshPath = "/api/v1/auth/refresh"
	logoutPath  = "/api/v1/auth/logout"
	mePath      = "/api/v1/users/me"
	wrong       = "not-the-password-of-anyone"
	// attributes are those of the cookie of a new session.
	attributes = "; Path=/api/v1/auth; Max-Age=604800; HttpOnly; Secure; SameSite=Strict"
)

// credentials is the body of a login.
func credentials(email, password string) map[string]string {
	return map[string]string{"email": email, "password": password}
}

// refreshBody is the body of a refresh.
func refreshBody(token string) map[string]string { return map[string]string{"refresh_token": token} }

// from returns the client with an address, as a trusted proxy forwards it.
func from(c *testkit.Client, address string) *testkit.Client {
	other := *c
	other.Header = http.Header{"X-Forwarded-For": {address}}
	return &other
}

// timeless returns the body of a response without its request id.
func timeless(t *testing.T, a *testkit.Answer) string {
	t.Helper()
	var body map[string]any
	a.Into(&body)
	id, _ := body["request_id"].(string)
	return strings.ReplaceAll(string(a.Body), id, "")
}

// event is an entry of the audit log.
type event struct {
	Action, Outcome, Resource string
	Actor, Session, ID        *uuid.UUID
	IP, Agent, Request        string
	Details                   map[string]any
}

// events returns the audit entries of an action in a company, oldest first.
func events(t *testing.T, i *testkit.Installation, company uuid.UUID, action string) []event {
	t.Helper()
	rows, err := i.Database.Query(t.Context(), `
		SELECT action, outcome::text, resource_type, actor_id, session_id, resource_id, coalesce(host(ip), ''), user_agent,
			request_id, details
		FROM audit_logs WHERE company_id = $1 AND action = $2 ORDER BY created_at, id`, company, action)
	if err != nil {
		t.Fatal(err)
	}
	var found []event
	for rows.Next() {
		var e event
		var details []byte
		err := rows.Scan(&e.Action, &e.Outcome, &e.Resource, &e.Actor, &e.Session, &e.ID, &e.IP, &e.Agent, &e.Request, &details)
		if err == nil {
			err = json.Unmarshal(details, &e.Details)
		}
		if err != nil {
			t.Fatal(err)
		}
		found = append(found, e)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return found
}

// one expects exactly one audit entry of an action, and returns it.
func one(t *testing.T, i *testkit.Installation, company uuid.UUID, action string) event {
	t.Helper()
	found := events(t, i, company, action)
	if len(found) != 1 {
		t.Fatalf("%d audit entries of %s, want 1: %+v", len(found), action, found)
	}
	return found[0]
}

// scan queries one value as the owner of the database.
func scan[T any](t *testing.T, i *testkit.Installation, sql string, args ...any) (value T) {
	t.Helper()
	if err := i.Database.QueryRow(t.Context(), sql, args...).Scan(&value); err != nil {
		t.Fatal(err)
	}
	return value
}
