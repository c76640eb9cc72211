package main

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/server/testkit"
)

const plain = "a-lantern-on-the-hill-7"

// environ returns the environment of an operator of the installation.
func environ(i *testkit.Installation, more ...string) []string {
	return append([]string{
		"APP_ENV=test", "DATABASE_URL=" + i.DatabaseURL, "REDIS_URL=" + i.Redis.URL,
		"SECRET_KEY=" + i.Config.SecretKey.Reveal(),
	}, more...)
}

func TestMigrate(t *testing.T) {
	t.Parallel()
	env := environ(testkit.New(t))
	all := call(t, env, "", "migrate", "status").succeeds(t)
	if !strings.Contains(all, "0001  applied ") || strings.Contains(all, "pending") {
		t.Fatalf("got status\n%s\nwant all migrations applied", all)
	}
	call(t, env, "", "migrate", "down").fails(t, exitFailure, "--yes")
	call(t, env, "", "migrate", "down", "--yes", "--steps", "0").fails(t, exitFailure, "--steps")
	if got := call(t, env, "", "migrate", "status").succeeds(t); got != all {
		t.Fatalf("status after refused commands: got\n%s\nwant\n%s", got, all)
	}
	got := call(t, env, "", "migrate", "down", "--yes").succeeds(t)
	if ours, _, _ := strings.Cut(got, "\njobs "); strings.Count(ours, "pending") != 1 {
		t.Fatalf("status after one step down: got\n%s\nwant one pending migration", got)
	}
	if got := call(t, env, "", "migrate", "up").succeeds(t); got != "1 migrations were applied.\n" {
		t.Errorf("first up: got output %q", got)
	}
	if got := call(t, env, "", "migrate", "up").succeeds(t); got != "0 migrations were applied.\n" {
		t.Errorf("second up: got output %q", got)
	}
	if got := call(t, env, "", "migrate", "status").succeeds(t); got != all {
		t.Errorf("status after down and up: got\n%s\nwant\n%s", got, all)
	}
}

// TestCompanyAndUserCommands creates a company and its admin, resets the password, and deactivates and reactivates the
// company.
func TestCompanyAndUserCommands(t *testing.T) {
	t.Parallel()
	installation := testkit.New(t)
	env := environ(installation)
	create := []string{
		"user", "create", "--company", "initech", "--email", "Ada@Initech.example",
		"--first-name", "Ada", "--last-name", "Okafor", "--role", "admin",
	}
	call(t, env, plain, create...).fails(t, exitFailure, `No company has the slug "initech"`)

	call(t, env, "", "company", "create", "--name", " ", "--slug", "Not A Slug").fails(t, exitFailure, "name must", "slug must")
	id := strings.TrimSpace(call(t, env, "", "company", "create", "--name", "Initech", "--slug", "initech").succeeds(t))
	call(t, env, "", "company", "create", "--name", "Initech", "--slug", "initech").fails(t, exitFailure, "slug")
	if list := call(t, env, "", "company", "list").succeeds(t); !strings.Contains(list, id) {
		t.Errorf("got companies\n%s\nwant one with the id %s", list, id)
	}

	call(t, env, "\n", create...).fails(t, exitFailure, "standard input")
	call(t, env, "password1", create...).fails(t, exitFailure, "password")
	call(t, env, plain, append(create, "--role", "emperor")...).fails(t, exitFailure, "role must be")
	call(t, env, plain+"\r\nnot this line\n", create...).succeeds(t)
	call(t, env, plain, create...).fails(t, exitFailure, "email")

	replica := installation.Replica()
	login := func(secret string) *testkit.Answer {
		return replica.Anonymous(t).Post("/api/v1/auth/login",
			map[string]string{"email": "ada@initech.example", "password": secret})
	}
	login(plain).Expect(http.StatusOK)
	call(t, env, "", "user", "reset-password", "nobody@initech.example").fails(t, exitFailure, "standard input")
	call(t, env, "x", "user", "reset-password", "nobody@initech.example").fails(t, exitFailure, `No user has the email`)
	call(t, env, "x", "user", "reset-password", "ada@initech.example", "--test-company", "initrode").fails(t, exitFailure, `No company has the slug "initrode"`)
	call(t, env, "another-"+plain, "user", "reset-password", "ada@initech.example").succeeds(t)
	login(plain).Expect(http.StatusUnauthorized)
	login("another-" + plain).Expect(http.StatusOK)

	call(t, env, "", "company", "deactivate", "initech").succeeds(t)
	login("another-" + plain).Expect(http.StatusUnauthorized)
	call(t, env, "", "company", "deactivate", "initech").fails(t, exitFailure, "already")
	call(t, env, "", "company", "reactivate", "initech").succeeds(t)
	login("another-" + plain).Expect(http.StatusOK)
}

func TestAuditExportAndVerify(t *testing.T) {
	t.Parallel()
	installation := testkit.New(t)
	installation.Company("acme")
	env := environ(installation)
	path := filepath.Join(t.TempDir(), "audit.csv")

	lines := call(t, env, "", "audit", "export", "--company", "acme").succeeds(t)
	if !strings.Contains(lines, `"audit.exported"`) {
		t.Errorf("got export\n%s\nwant it to contain the export itself", lines)
	}
	call(t, env, "", "audit", "export", "--company", "acme", "--format", "csv", "--output", path).succeeds(t)
	table, err := os.ReadFile(path)
	if err != nil || strings.Count(string(table), "audit.exported") != 2 {
		t.Errorf("file of the second export: got %q and error %v, want both exports", table, err)
	}
	call(t, env, "", "audit", "export", "--company", "acme", "--format", "xml").fails(t, exitFailure, "ndjson, csv or xlsx")
	call(t, env, "", "audit", "export", "--company", "nobody").fails(t, exitFailure, `No company has the slug "nobody"`)
	nowhere := filepath.Join(t.TempDir(), "absent", "audit.csv")
	call(t, env, "", "audit", "export", "--company", "acme", "--output", nowhere).fails(t, exitFailure, "create file for export")

	if got := call(t, env, "", "audit", "verify", "--company", "acme").succeeds(t); !strings.HasPrefix(got, "checked ") {
		t.Errorf("got output %q, want it to start with \"checked\"", got)
	}
}

// TestHealth checks a service that is ready, one that is not ready, and one that is not running.
func TestHealth(t *testing.T) {
	t.Parallel()
	installation := testkit.New(t)
	at := func(address string) []string {
		target, err := url.Parse(address)
		if err != nil {
			t.Fatal(err)
		}
		return environ(installation, "HOST="+target.Hostname(), "PORT="+target.Port())
	}
	ready := call(t, at(installation.Replica().URL), "", "health").succeeds(t)
	if !strings.Contains(ready, `"status":"ready"`) {
		t.Errorf("got output %q, want the status ready", ready)
	}
	notReady := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/health/ready" {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
	}))
	call(t, at(notReady.URL), "", "health").fails(t, exitFailure, "not ready")
	notReady.Close()
	call(t, at(notReady.URL), "", "health").fails(t, exitFailure, "the service does not respond")
}

func TestLocalAddress(t *testing.T) {
	t.Parallel()
	for host, want := range map[string]string{
		"0.0.0.0": "localhost", "::": "localhost", "127.0.0.1": "127.0.0.1", "10.1.2.3": "10.1.2.3", "api.example": "api.example",
	} {
		t.Run(host, func(t *testing.T) {
			t.Parallel()
			if got := localAddress(host); got != want {
				t.Errorf("localAddress(%q) = %q, want %q", host, got, want)
			}
		})
	}
}

// TestDemoAccountsSignIn checks the password and the roles of the accounts in the documentation.
func TestDemoAccountsSignIn(t *testing.T) {
	t.Parallel()
	installation := testkit.New(t)
	call(t, environ(installation), "", "seed").succeeds(t)
	replica := installation.Replica()
	for email, role := range map[string]api.Role{
		"admin@acme.example": api.RoleAdmin, "hr@acme.example": api.RoleHr, "lead@acme.example": api.RoleTeamLead,
		"employee@acme.example": api.RoleEmployee, "admin@globex.example": api.RoleAdmin, "hr@globex.example": api.RoleHr,
	} {
		t.Run(email, func(t *testing.T) {
			client := replica.Anonymous(t)
			client.Adopt(client.Post("/api/v1/auth/login",
				map[string]string{"email": email, "password": "SecurePassword123!"}).Expect(http.StatusOK))
			if me := testkit.Decode[api.Me](client.Get("/api/v1/users/me")); me.Role != role {
				t.Errorf("role of %s: got %s, want %s", email, me.Role, role)
			}
		})
	}
}

// TestUserCommands lists, deactivates, reactivates, changes, unlocks and resets users, and reads the audit entries.
func TestUserCommands(t *testing.T) {
	t.Parallel()
	i := testkit.New(t)
	i.Config.LoginPerAccountAndIP = 3
	acme, other := i.Company("acme"), i.Company("other")
	env := environ(i)
	replica := i.Replica()
	hr, admin := acme.Users[api.RoleHr], acme.Users[api.RoleAdmin]
	login := func(email, secret string) *testkit.Answer {
		return replica.Anonymous(t).Post("/api/v1/auth/login", map[string]string{"email": email, "password": secret})
	}

	for _, company := range []string{"acme", acme.ID.String()} {
		if got := call(t, env, "", "user", "list", "--company", company).succeeds(t); strings.Count(got, "@acme.example") != 4 || strings.Contains(got, "other") {
			t.Errorf("list of %s: got\n%s\nwant the 4 users of acme", company, got)
		}
	}
	if got := call(t, env, "", "user", "list", "--company", "acme", "--json").succeeds(t); strings.Count(got, `"is_active":true`) != 4 {
		t.Errorf("list: got\n%s\nwant 4 active users", got)
	}
	call(t, env, "", "user", "list", "--company", "nobody").fails(t, exitFailure, "nobody")
	call(t, env, "", "user", "list", "--company", uuid.NewString()).fails(t, exitFailure, "No company has the id")

	session := replica.SignIn(t, hr)
	call(t, env, "", "user", "deactivate", hr.Email, "--company", other.Slug).fails(t, exitFailure, "No user")
	call(t, env, "", "user", "deactivate", hr.Email, "--company", acme.ID.String()).succeeds(t)
	testkit.Eventually(t, time.Minute, "the session has ended", func() bool { return session.Get("/api/v1/users/me").Status == http.StatusUnauthorized })
	login(hr.Email, testkit.Password).Expect(http.StatusUnauthorized)
	call(t, env, "", "user", "deactivate", hr.Email).fails(t, exitFailure, "already is inactive")
	call(t, env, "", "user", "reactivate", hr.Email).succeeds(t)
	call(t, env, "", "user", "reactivate", hr.Email).fails(t, exitFailure, "already is active")
	login(hr.Email, testkit.Password).Expect(http.StatusOK)
	call(t, env, "", "user", "deactivate", admin.Email).fails(t, exitFailure, "admin")
	call(t, env, "", "user", "role", admin.Email, "hr").fails(t, exitFailure, "admin")
	call(t, env, "", "user", "role", hr.Email, "emperor").fails(t, exitFailure, "role must be")
	call(t, env, "", "user", "role", hr.Email, "hr").fails(t, exitFailure, "already has the role hr")
	call(t, env, "", "user", "role", hr.Email, "admin").succeeds(t)
	call(t, env, "", "user", "role", admin.Email, "employee").succeeds(t)

	lock := func() {
		t.Helper()
		for range 3 {
			login(hr.Email, "wrong").Expect(http.StatusUnauthorized)
		}
		login(hr.Email, testkit.Password).Expect(http.StatusTooManyRequests)
	}
	lock()
	call(t, env, "", "user", "unlock", hr.Email).succeeds(t)
	login(hr.Email, testkit.Password).Expect(http.StatusOK)
	lock()
	generated := strings.TrimSpace(call(t, env, "", "user", "reset-password", hr.Email, "--generate").succeeds(t))
	login(hr.Email, testkit.Password).Expect(http.StatusUnauthorized)
	login(hr.Email, generated).Expect(http.StatusOK)
	call(t, environ(i, "REDIS_URL=redis://127.0.0.1:1"), plain, "user", "reset-password", hr.Email).
		fails(t, exitFailure, "The password was reset, but", "interviewer user unlock")

	var actions []string
	rows, err := i.Database.Query(t.Context(), `SELECT action FROM audit_logs WHERE company_id = $1 AND actor_type = 'system' ORDER BY created_at, id`, acme.ID)
	if err != nil {
		t.Fatal(err)
	}
	if actions, err = pgx.CollectRows(rows, pgx.RowTo[string]); err != nil {
		t.Fatal(err)
	}
	want := []string{
		"user.deactivated", "user.reactivated", "user.role_changed", "user.role_changed", "user.unlocked", "auth.password_reset", "auth.password_reset",
	}
	if !slices.Equal(actions, want) {
		t.Errorf("audit entries of the system: got %q, want %q", actions, want)
	}
}
