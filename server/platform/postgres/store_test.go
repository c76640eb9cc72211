package postgres_test

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/gen/db"
	"github.com/ai-interviewer-platform/interviewer/server/platform/fault"
	"github.com/ai-interviewer-platform/interviewer/server/platform/postgres"
	"github.com/ai-interviewer-platform/interviewer/server/testkit"
)

// two is an installation with two companies, each with a row in every table, and a store with a single connection, so
// that state that a statement leaves on the connection affects the next one.
type two struct {
	*testkit.Installation
	acme, globex testkit.Company
	store        *postgres.Store
}

func open(t *testing.T, options postgres.Options) two {
	t.Helper()
	installation := testkit.New(t)
	w := two{Installation: installation, acme: installation.Company("acme"), globex: installation.Company("globex")}
	for _, company := range []testkit.Company{w.acme, w.globex} {
		user := company.Users[api.RoleHr].ID
		w.Exec(`INSERT INTO sessions (company_id, id, user_id, created_at, updated_at, rotated_at, expires_at)
			VALUES ($1, $2, $2, now(), now(), now(), now() + interval '7 days')`, company.ID, user)
		w.Exec(`WITH l AS (INSERT INTO audit_logs (company_id, id, created_at, actor_type, action, resource_type, outcome)
				SELECT $1, gen_random_uuid(), now(), 'system', 'auth.login', 'user', 'success' FROM generate_series(1, 2) RETURNING company_id, id),
			p AS (INSERT INTO audit_pending SELECT company_id, id FROM l)
			INSERT INTO audit_seals SELECT company_id, row_number() OVER (), id, sha256('x') FROM l`, company.ID)
		w.Exec(`INSERT INTO audit_bases (company_id, sequence, hash, expired_before, entry_id)
			VALUES ($1, 1, sha256('x'), now(), gen_random_uuid())`, company.ID)
		h, panelist := installation.Hiring(company), company.Users[api.RoleEmployee]
		_, version := h.KitVersion(api.KitVersionStatusPublished)
		application := h.Application(h.Candidate(), h.Job(api.JobStatusOpen, panelist), api.ApplicationStageInterview)
		interview := h.Interview(application, version, api.InterviewStatusAwaitingScores, panelist)
		score := h.Score(interview, panelist, api.ScoreStatusSubmitted, 4)
		w.Exec(`INSERT INTO api_keys (company_id, id, name, prefix, hash, scopes, created_at, updated_at)
			VALUES ($1, gen_random_uuid(), 'x', 'aip_live_x', sha256($2::uuid::text::bytea), '{jobs:read}', now(), now())`, company.ID, user)
		w.Exec(`WITH holder AS (
				INSERT INTO api_key_holders (company_id, api_key_id, user_id) SELECT company_id, id, $2 FROM api_keys WHERE company_id = $1
			)
			INSERT INTO api_key_jobs (company_id, api_key_id, job_id, position)
			SELECT k.company_id, k.id, j.id, 1 FROM api_keys AS k JOIN jobs AS j ON j.company_id = k.company_id WHERE k.company_id = $1`,
			company.ID, user)
		w.Exec(`WITH merge AS (
				INSERT INTO candidate_merges (company_id, id, survivor_id, merged_id, filled, tags, links, created_at)
				VALUES ($1, $4, $2, $3, '{}', '{}', '{}', now())
			), item AS (
				INSERT INTO candidate_merge_items (company_id, merge_id, id, application_id, version) VALUES ($1, $4, $5, $5, 1)
			)
			INSERT INTO candidate_distinctions (company_id, first_id, second_id, created_at)
			VALUES ($1, least($2, $3::uuid), greatest($2, $3::uuid), now())`, company.ID, h.Candidate(), h.Candidate(), uuid.New(), application)
		w.Exec(`INSERT INTO idempotency_records (company_id, principal_id, key_hash, sealed, created_at, expires_at)
			VALUES ($1, $2, sha256('x'), 'x', now(), now() + INTERVAL '1 day')`, company.ID, user)
		w.Exec(`INSERT INTO bookings (company_id, interview_id, person_id, during)
			VALUES ($1, $2, $3, tstzrange('2027-01-01', '2027-01-02'))`, company.ID, interview, panelist.ID)
		w.Exec(`INSERT INTO panel_removals (company_id, interview_id, user_id, starts_at, ends_at, timezone, sequence, removed_at)
			VALUES ($1, $2, $3, now(), now(), 'UTC', 1, now())`, company.ID, interview, panelist.ID)
		w.Exec(`INSERT INTO mails (company_id, id, user_id, kind, created_at)
			VALUES ($1, gen_random_uuid(), $2, 'password_changed', now())`, company.ID, user)
		w.Exec(`INSERT INTO interview_events (company_id, id, interview_id, event, to_status, created_at)
			VALUES ($1, $2, $2, 'create', 'draft', now())`, company.ID, interview)
		w.Exec(`INSERT INTO score_revisions (company_id, id, score_id, revision, event, ratings, coverage, reason, actor_id, created_at)
			VALUES ($1, $2, $2, 1, 'reopen', '[]', 0, 'x', $3, now())`, company.ID, score, user)
	}
	if options.URL == "" {
		options.URL = w.DatabaseURL
	}
	if options.MaxConns == 0 {
		options.MaxConns = 1
	}
	var err error
	if w.store, err = postgres.Open(t.Context(), options); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.store.Close)
	return w
}

func count(t *testing.T, tx db.DBTX, sql string, args ...any) int {
	t.Helper()
	var n int
	if err := tx.QueryRow(t.Context(), sql, args...).Scan(&n); err != nil {
		t.Errorf("%s: %v", sql, err)
	}
	return n
}

// tables lists every table that companies share. The service has no rights on partitions.
func tables(t *testing.T, w two) []string {
	t.Helper()
	rows, err := w.Database.Query(t.Context(), `SELECT relname::text FROM pg_class WHERE relkind IN ('r', 'p')
		AND relnamespace = 'public'::regnamespace AND NOT relispartition
		AND relname NOT IN ('schema_migrations', 'login_emails')`)
	if err != nil {
		t.Fatal(err)
	}
	names, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil || len(names) < 6 {
		t.Fatalf("tables = %v (error %v), want at least 6", names, err)
	}
	return names
}

func owner(table string) string {
	if table == "companies" {
		return "id"
	}
	return "company_id"
}

func TestTenantSeesOnlyItsOwnRows(t *testing.T) {
	t.Parallel()
	w := open(t, postgres.Options{})
	for _, table := range tables(t, w) {
		t.Run(table, func(t *testing.T) {
			all, mine := "SELECT count(*) FROM "+table, "SELECT count(*) FROM "+table+" WHERE "+owner(table)+" = $1"
			if n := count(t, w.store.RawLookup(), all); n != 0 {
				t.Errorf("rows without a tenant = %d, want 0", n)
			}
			for name, tenant := range map[string]db.DBTX{"Of": w.store.RawOf(w.acme.ID), "Planned": w.store.RawPlanned(w.acme.ID)} {
				if total, own := count(t, tenant, all), count(t, tenant, mine, w.acme.ID); own == 0 || total != own {
					t.Errorf("%s by %s: %d rows, %d of them of the company, want all of them and at least 1", table, name, total, own)
				}
				if n := count(t, tenant, mine, w.globex.ID); n != 0 {
					t.Errorf("%s by %s: rows of another company = %d, want 0", table, name, n)
				}
			}
			if n := count(t, w.store.RawLookup(), all); n != 0 {
				t.Errorf("rows after the tenant's statements = %d, want 0", n)
			}
		})
	}
}

func TestStatementsDoNotReachAnotherTenant(t *testing.T) {
	t.Parallel()
	w := open(t, postgres.Options{})
	acme, globex := w.store.RawOf(w.acme.ID), w.globex.ID
	for _, sql := range []string{
		`SELECT count(*) FROM users AS u FULL JOIN companies AS c ON true WHERE u.company_id = $1 OR c.id = $1`,
		`SELECT count(*) FROM sessions WHERE company_id IN (SELECT id FROM companies WHERE id = $1)`,
		`SELECT count(*) FROM users LEFT JOIN audit_logs AS a ON a.company_id = $1 WHERE a.id IS NOT NULL`,
		`SELECT count(*) FROM find_users($1, '{%example%}', 100)`,
		`WITH changed AS (UPDATE users SET first_name = 'x' WHERE company_id = $1 RETURNING 1) SELECT count(*) FROM changed`,
		`WITH changed AS (UPDATE sessions SET epoch = 9 WHERE company_id = $1 RETURNING 1) SELECT count(*) FROM changed`,
		`WITH changed AS (UPDATE companies SET name = 'x' WHERE id = $1 RETURNING 1) SELECT count(*) FROM changed`,
		`WITH gone AS (DELETE FROM audit_pending WHERE company_id = $1 RETURNING 1) SELECT count(*) FROM gone`,
		`WITH gone AS (DELETE FROM users WHERE company_id = $1 RETURNING 1) SELECT count(*) FROM gone`,
		`WITH gone AS (DELETE FROM sessions WHERE company_id = $1 RETURNING 1) SELECT count(*) FROM gone`,
		`WITH gone AS (DELETE FROM idempotency_records WHERE company_id = $1 RETURNING 1) SELECT count(*) FROM gone`,
		`WITH changed AS (UPDATE api_keys SET scopes = '{audit:verify}' WHERE company_id = $1 RETURNING 1) SELECT count(*) FROM changed`,
		`SELECT count(*) FROM api_key_details WHERE company_id = $1`,
		`SELECT count(*) FROM principals WHERE company_id = $1`,
		`SELECT company_is_live($1)::integer`,
	} {
		if n := count(t, acme, sql, globex); n != 0 {
			t.Errorf("%s = %d, want 0", sql, n)
		}
	}
	for _, sql := range []string{
		`INSERT INTO users (company_id, id, email, password_hash, first_name, last_name) VALUES ($1, $1, 'x@y.example', '', 'x', 'x')`,
		`INSERT INTO companies (id, name, slug) VALUES (gen_random_uuid(), $1::uuid::text, 'other')`,
		`INSERT INTO audit_logs (company_id, id, created_at, actor_type, action, resource_type, outcome)
			VALUES ($1, $1, now(), 'system', 'x', 'x', 'success')`,
		`UPDATE users SET company_id = $1`, `UPDATE companies SET id = $1`,
		`SELECT * FROM login_emails WHERE company_id = $1`, `SELECT * FROM accounts WHERE company_id = $1`,
		`SELECT * FROM changed_sessions WHERE company_id = $1`, `SELECT * FROM live_api_keys WHERE company_id = $1`, `SELECT * FROM company_directory WHERE id = $1`,
		`SELECT * FROM live_companies WHERE id = $1`, `UPDATE companies SET opened_as = $1::uuid::text`,
		`UPDATE schema_migrations SET version = 1 WHERE $1::uuid IS NOT NULL`,
	} {
		if _, err := acme.Exec(t.Context(), sql, globex); err == nil {
			t.Errorf("%s succeeded", sql)
		}
	}
	// Row-level security filters the rows before they reach a user-defined function, however cheap it claims to be.
	_, err := acme.Exec(t.Context(), `CREATE FUNCTION pg_temp.leak(text) RETURNS boolean LANGUAGE plpgsql COST 0.0001 AS
		$$BEGIN IF $1 LIKE '%globex%' THEN RAISE EXCEPTION 'leaked %', $1; END IF; RETURN true; END$$`)
	if err == nil {
		count(t, acme, `SELECT count(*) FROM users WHERE pg_temp.leak(email)`)
	}
}

func TestTenantEndsWithItsTransaction(t *testing.T) {
	t.Parallel()
	w := open(t, postgres.Options{})
	const users = `SELECT count(*) FROM users`
	failed := errors.New("failed")
	for name, run := range map[string]func(t *testing.T) error{
		"statement": func(t *testing.T) error { count(t, w.store.RawOf(w.acme.ID), users); return nil },
		"failed statement": func(t *testing.T) error {
			_, err := w.store.RawOf(w.acme.ID).Exec(t.Context(), `SELECT 1/0`)
			if err == nil {
				t.Error("a division by zero succeeded")
			}
			return nil
		},
		"commit": func(t *testing.T) error {
			return w.store.RawInTx(t.Context(), w.acme.ID, func(tx db.DBTX) error { count(t, tx, users); return nil })
		},
		"rollback": func(t *testing.T) error {
			return w.store.RawInTx(t.Context(), w.acme.ID, func(tx db.DBTX) error { count(t, tx, users); return failed })
		},
		"empty transaction": func(t *testing.T) error {
			return w.store.RawInTx(t.Context(), w.acme.ID, func(db.DBTX) error { return nil })
		},
	} {
		t.Run(name, func(t *testing.T) {
			if err := run(t); err != nil && !errors.Is(err, failed) {
				t.Errorf("error = %v, want none or %v", err, failed)
			}
			if n := count(t, w.store.RawLookup(), users); n != 0 {
				t.Errorf("users without a tenant after a %s = %d, want 0", name, n)
			}
			if mode := count(t, w.store.RawLookup(), `SELECT (current_setting('plan_cache_mode') <> 'force_generic_plan')::int`); mode != 0 {
				t.Errorf("after a %s: the planning mode stayed", name)
			}
			if n := count(t, w.store.RawOf(w.globex.ID), users); n != 4 {
				t.Errorf("after a %s: the other company has %d users, want 4", name, n)
			}
		})
	}
}

// TestInTxRollsBack makes a transaction fail in every way after a write, and continues on its only connection.
func TestInTxRollsBack(t *testing.T) {
	t.Parallel()
	w := open(t, postgres.Options{})
	const rename = `UPDATE companies SET name = 'renamed'`
	failed := errors.New("failed")
	leaving, leave := context.WithCancel(t.Context())
	for name, run := range map[string]func(t *testing.T){
		"an error": func(t *testing.T) {
			err := w.store.RawInTx(t.Context(), w.acme.ID, func(tx db.DBTX) error {
				_, err := tx.Exec(t.Context(), rename)
				return errors.Join(err, failed)
			})
			if !errors.Is(err, failed) {
				t.Errorf("error = %v, want %v", err, failed)
			}
		},
		"a panic": func(t *testing.T) {
			defer func() {
				if recover() == nil {
					t.Error("the panic was swallowed")
				}
			}()
			_ = w.store.RawInTx(t.Context(), w.acme.ID, func(tx db.DBTX) error {
				if _, err := tx.Exec(t.Context(), rename); err != nil {
					t.Error(err)
				}
				panic("a defect")
			})
		},
		"a failed statement whose error is ignored": func(t *testing.T) {
			err := w.store.RawInTx(t.Context(), w.acme.ID, func(tx db.DBTX) error {
				_, err := tx.Exec(t.Context(), rename)
				_, _ = tx.Exec(t.Context(), `SELECT 1/0`)
				return err
			})
			if err == nil {
				t.Error("a transaction that cannot commit reports success")
			}
		},
		"a context that was cancelled before the commit": func(t *testing.T) {
			err := w.store.RawInTx(leaving, w.acme.ID, func(tx db.DBTX) error {
				_, err := tx.Exec(leaving, rename)
				leave()
				return err
			})
			if !errors.Is(err, context.Canceled) {
				t.Errorf("error = %v, want %v", err, context.Canceled)
			}
		},
		"a terminated connection": func(t *testing.T) {
			err := w.store.RawInTx(t.Context(), w.acme.ID, func(tx db.DBTX) error {
				var pid int
				if err := tx.QueryRow(t.Context(), `SELECT pg_backend_pid()`).Scan(&pid); err != nil {
					return err
				}
				w.Exec(`SELECT pg_terminate_backend($1, 5000)`, pid)
				_, err := tx.Exec(t.Context(), rename)
				return err
			})
			if !fault.Is(err, fault.DependencyDown) {
				t.Errorf("got %v, want %s", err, fault.DependencyDown)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			run(t)
			var company string
			err := w.store.RawOf(w.acme.ID).QueryRow(t.Context(), `SELECT name FROM companies`).Scan(&company)
			if err != nil || company != "acme" {
				t.Errorf("name of the company after %s = %q (error %v), want acme", name, company, err)
			}
		})
	}
}

// cancelledAfterCheck is a context that is cancelled right after InTx has checked it.
type cancelledAfterCheck struct {
	context.Context
	cancel context.CancelFunc
}

func (c cancelledAfterCheck) Err() error {
	err := c.Context.Err()
	c.cancel()
	return err
}

func TestCommitCompletesAfterCancellation(t *testing.T) {
	t.Parallel()
	w := open(t, postgres.Options{})
	ctx, cancel := context.WithCancel(t.Context())
	err := w.store.RawInTx(cancelledAfterCheck{ctx, cancel}, w.acme.ID, func(tx db.DBTX) error {
		_, err := tx.Exec(t.Context(), `UPDATE companies SET name = 'renamed'`)
		return err
	})
	if n := count(t, w.store.RawOf(w.acme.ID), `SELECT count(*) FROM companies WHERE name = 'renamed'`); err != nil || n != 1 {
		t.Errorf("renamed companies = %d (error %v), want 1", n, err)
	}
}

// TestLookupsOfOneNetwork keeps the connections that one network can have. Another network, the service itself and a
// company still get one.
func TestLookupsOfOneNetwork(t *testing.T) {
	t.Parallel()
	w := open(t, postgres.Options{MaxConns: 6, CompanyShare: 50, Wait: 50 * time.Millisecond})
	busy := w.store.RawLookupFor("192.0.2.1")
	const share = 3
	for range share {
		rows, err := busy.Query(t.Context(), `SELECT generate_series(1, 2)`)
		if err != nil {
			t.Fatal(err)
		}
		defer rows.Close()
	}
	if _, err := busy.Exec(t.Context(), `SELECT 1`); !fault.Is(err, fault.Overloaded) {
		t.Errorf("a network with all its connections: got %v, want %s", err, fault.Overloaded)
	}
	for name, other := range map[string]db.DBTX{
		"another network": w.store.RawLookupFor("192.0.2.2"), "the service": w.store.RawLookup(), "a company": w.store.RawOf(w.acme.ID),
	} {
		if _, err := other.Exec(t.Context(), `SELECT 1`); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestTimeouts(t *testing.T) {
	t.Parallel()
	w := open(t, postgres.Options{StatementTimeout: 200 * time.Millisecond})
	if _, err := w.store.RawOf(w.acme.ID).Exec(t.Context(), `SELECT pg_sleep(60)`); !fault.Is(err, fault.Overloaded) {
		t.Errorf("error of a slow statement = %v, want %s", err, fault.Overloaded)
	}
	holder := w.Connect()
	for _, sql := range []string{`BEGIN`, `LOCK TABLE users IN ACCESS EXCLUSIVE MODE`} {
		if _, err := holder.Exec(t.Context(), sql); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := w.store.RawOf(w.acme.ID).Exec(t.Context(), `SELECT FROM users`); !fault.Is(err, fault.Overloaded) {
		t.Errorf("error for a lock held by another connection = %v, want %s", err, fault.Overloaded)
	}
	err := w.store.RawInTx(t.Context(), w.acme.ID, func(db.DBTX) error {
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		defer cancel()
		_, err := w.store.RawOf(w.acme.ID).Exec(ctx, `SELECT 1`) // the one connection is taken
		return err
	})
	if !fault.Is(err, fault.DependencyDown) {
		t.Errorf("error of an exhausted pool = %v, want %s", err, fault.DependencyDown)
	}
}

func TestUnreachableDatabase(t *testing.T) {
	t.Parallel()
	s, err := postgres.Open(t.Context(), postgres.Options{URL: "postgres://nobody@127.0.0.1:1/none?sslmode=disable"})
	if err != nil {
		t.Fatalf("Open connects to the database: %v", err)
	}
	t.Cleanup(s.Close)
	tenant := uuid.New()
	for name, err := range map[string]error{
		"ping": s.Ping(t.Context()), "statement": s.RawOf(tenant).QueryRow(t.Context(), `SELECT 1`).Scan(new(int)),
		"transaction": s.RawInTx(t.Context(), tenant, func(db.DBTX) error { return nil }), "role": s.CheckRole(t.Context()),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if !fault.Is(err, fault.DependencyDown) {
				t.Errorf("error = %v, want %s", err, fault.DependencyDown)
			}
		})
	}
	if _, err := postgres.Open(t.Context(), postgres.Options{URL: "postgres://%zz"}); err == nil {
		t.Error("Open accepts a malformed URL")
	}
}

func TestNotFound(t *testing.T) {
	t.Parallel()
	w := open(t, postgres.Options{})
	err := w.store.RawOf(w.acme.ID).QueryRow(t.Context(), `SELECT 1 WHERE false`).Scan(new(int))
	if !fault.Is(err, fault.ResourceNotFound) {
		t.Errorf("error without a row = %v, want %s", err, fault.ResourceNotFound)
	}
	err = w.store.RawInTx(t.Context(), w.acme.ID, func(tx db.DBTX) error {
		return tx.QueryRow(t.Context(), `SELECT 1 WHERE false`).Scan(new(int))
	})
	if !fault.Is(err, fault.ResourceNotFound) {
		t.Errorf("error without a row in a transaction = %v, want %s", err, fault.ResourceNotFound)
	}
}

// TestSeparateLoginRole uses a role that is only a member of the service's role, as production does when migrations have
// a URL of their own.
func TestSeparateLoginRole(t *testing.T) {
	t.Parallel()
	w := open(t, postgres.Options{})
	name := "app_" + strings.ReplaceAll(uuid.NewString(), "-", "")
	w.Exec(`CREATE ROLE ` + name + ` LOGIN PASSWORD 'app' IN ROLE interviewer_service`)
	t.Cleanup(func() {
		conn, err := pgx.Connect(context.WithoutCancel(t.Context()), w.DatabaseURL)
		if err == nil {
			_, err = conn.Exec(context.WithoutCancel(t.Context()), `DROP ROLE `+name)
			err = errors.Join(err, conn.Close(context.WithoutCancel(t.Context())))
		}
		if err != nil {
			t.Error(err)
		}
	})
	address, err := url.Parse(w.DatabaseURL)
	if err != nil {
		t.Fatal(err)
	}
	address.User = url.UserPassword(name, "app")
	s, err := postgres.Open(t.Context(), postgres.Options{URL: address.String(), MaxConns: 1})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if err := s.CheckRole(t.Context()); err != nil {
		t.Errorf("the role is refused: %v", err)
	}
	if n := count(t, s.RawOf(w.acme.ID), `SELECT count(*) FROM users`); n != 4 {
		t.Errorf("%d users, want 4", n)
	}
	if version, err := s.SchemaVersion(t.Context()); err != nil || version == 0 {
		t.Errorf("schema version = %d (error %v), want one above 0", version, err)
	}
	if _, err := s.RawOf(w.acme.ID).Exec(t.Context(), `RESET ROLE; CREATE TABLE mine ()`); err == nil {
		t.Error("the login may create tables")
	}
}

// TestCheckRoleRefusesRolesThatBypassRowLevelSecurity makes the service's role the owner of a table.
func TestCheckRoleRefusesRolesThatBypassRowLevelSecurity(t *testing.T) {
	t.Parallel()
	w := open(t, postgres.Options{})
	if err := w.store.CheckRole(t.Context()); err != nil {
		t.Errorf("the service's role is refused: %v", err)
	}
	address, err := url.Parse(w.DatabaseURL)
	if err != nil {
		t.Fatal(err)
	}
	query := address.Query()
	query.Set("options", "-c role=none")
	address.RawQuery = strings.ReplaceAll(query.Encode(), "+", "%20")
	s, err := postgres.Open(t.Context(), postgres.Options{URL: address.String(), MaxConns: 1})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	var now string
	if err := s.RawLookup().QueryRow(t.Context(), `SELECT current_user`).Scan(&now); err != nil || now != postgres.ServiceRole {
		t.Errorf("role = %s (error %v), want %s", now, err, postgres.ServiceRole)
	}
	w.Exec(`ALTER TABLE audit_pending OWNER TO interviewer_service`)
	if err := w.store.CheckRole(t.Context()); err == nil || !strings.Contains(err.Error(), "owns tables: true") {
		t.Errorf("error for the owner of a table = %v, want \"owns tables: true\"", err)
	}
}

// TestErrorsNameTheQuery makes queries fail in every place that can fail, and expects the errors to say where.
func TestErrorsNameTheQuery(t *testing.T) {
	t.Parallel()
	w := open(t, postgres.Options{})
	w.Exec(`CREATE TABLE deferred (id int PRIMARY KEY, parent int REFERENCES deferred DEFERRABLE INITIALLY DEFERRED)`)
	w.Exec(`GRANT ALL ON deferred TO ` + postgres.ServiceRole)
	const (
		prepare = "-- name: SelectMissing :one\nSELECT missing FROM users"
		divide  = "-- name: Divide :many\nSELECT 1 / (count(*) - count(*)) FROM users"
		text    = "-- name: SelectText :one\nSELECT 'text'"
		none    = "-- name: SelectNone :one\nSELECT 1 WHERE false"
		orphan  = "-- name: InsertOrphan :exec\nINSERT INTO deferred VALUES (1, 2)"
	)
	exec := func(sql string) func(db.DBTX) error {
		return func(tx db.DBTX) error {
			_, err := tx.Exec(t.Context(), sql)
			return err
		}
	}
	scan := func(sql string) func(db.DBTX) error {
		return func(tx db.DBTX) error { return tx.QueryRow(t.Context(), sql).Scan(new(int)) }
	}
	scanAll := func(sql string) func(db.DBTX) error {
		return func(tx db.DBTX) error {
			rows, err := tx.Query(t.Context(), sql)
			if err != nil {
				return err
			}
			defer rows.Close()
			for rows.Next() {
				if err := rows.Scan(new(int)); err != nil {
					return err
				}
			}
			return rows.Err()
		}
	}
	for name, test := range map[string]struct {
		run  func(db.DBTX) error
		want string
	}{
		"prepare, exec":    {exec(prepare), `query SelectMissing: prepare: ERROR: column "missing" does not exist (SQLSTATE 42703)`},
		"prepare, row":     {scan(prepare), `query SelectMissing: prepare: ERROR: column "missing" does not exist (SQLSTATE 42703)`},
		"prepare, rows":    {scanAll(prepare), `query SelectMissing: prepare: ERROR: column "missing" does not exist (SQLSTATE 42703)`},
		"execute, exec":    {exec(divide), "query Divide: ERROR: division by zero (SQLSTATE 22012)"},
		"execute, row":     {scan(divide), "query Divide: ERROR: division by zero (SQLSTATE 22012)"},
		"execute, rows":    {scanAll(divide), "query Divide: ERROR: division by zero (SQLSTATE 22012)"},
		"scan, row":        {scan(text), "query SelectText: can't scan into dest[0]"},
		"scan, rows":       {scanAll(text), "query SelectText: can't scan into dest[0]"},
		"no row":           {scan(none), "not_found: query SelectNone: no rows in result set"},
		"unnamed":          {exec("SELECT 1 / 0"), "query SELECT 1 / 0: ERROR: division by zero (SQLSTATE 22012)"},
		"deferred":         {exec(orphan), `query InsertOrphan: ERROR: insert or update on table "deferred" violates foreign key constraint`},
		"unnamed and long": {exec("SELECT 1 / 0 AS a_name_longer_than_an_error_has_room_for"), "query SELECT 1 / 0 AS a_name_longer_than_an_er: "},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inTx := func(before ...string) error {
				return w.store.RawInTx(t.Context(), w.acme.ID, func(tx db.DBTX) error {
					for _, sql := range before {
						if _, err := tx.Exec(t.Context(), sql); err != nil {
							return err
						}
					}
					return test.run(tx)
				})
			}
			for where, err := range map[string]error{
				"alone": test.run(w.store.RawOf(w.acme.ID)), "first of a transaction": inTx(), "in a transaction": inTx("SELECT 1"),
			} {
				t.Run(where, func(t *testing.T) {
					want := test.want
					if name == "deferred" && where != "alone" {
						want = `commit transaction after InsertOrphan: ERROR: insert or update on table "deferred"`
					}
					if err == nil || !strings.HasPrefix(err.Error(), want) || strings.Contains(err.Error(), "\n") {
						t.Errorf("error %q, want %q", err, want)
					}
				})
			}
		})
	}
}

// TestErrorsNameThePrelude makes the statements that precede a query fail.
func TestErrorsNameThePrelude(t *testing.T) {
	t.Parallel()
	w := open(t, postgres.Options{})
	const query = "-- name: CountUsers :one\nSELECT count(*) FROM users"
	w.Exec(`REVOKE EXECUTE ON FUNCTION pg_catalog.set_config FROM PUBLIC`)
	const denied = "query CountUsers: set company: "
	if err := w.store.RawOf(w.acme.ID).QueryRow(t.Context(), query).Scan(new(int)); err == nil || !strings.HasPrefix(err.Error(), denied) {
		t.Errorf("alone: error %q, want %q", err, denied)
	}
	err := w.store.RawInTx(t.Context(), w.acme.ID, func(tx db.DBTX) error {
		return tx.QueryRow(t.Context(), query).Scan(new(int))
	})
	if err == nil || !strings.HasPrefix(err.Error(), denied) {
		t.Errorf("in a transaction: error %q, want %q", err, denied)
	}
	away, err := postgres.Open(t.Context(), postgres.Options{URL: "postgres://nobody@127.0.0.1:1/none?sslmode=disable"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(away.Close)
	err = away.RawOf(w.acme.ID).QueryRow(t.Context(), query).Scan(new(int))
	if want := "dependency_unavailable: query CountUsers: failed to connect"; err == nil || !strings.HasPrefix(err.Error(), want) {
		t.Errorf("unreachable: error %q, want %q", err, want)
	}
}

// TestGeneratedQueriesHaveNames expects the comment that errors read the name of a query from.
func TestGeneratedQueriesHaveNames(t *testing.T) {
	t.Parallel()
	w := open(t, postgres.Options{})
	w.Exec(`ALTER TABLE users RENAME COLUMN first_name TO given_name`)
	_, err := w.store.Of(w.acme.ID).GetUser(t.Context(), db.GetUserParams{CompanyID: w.acme.ID})
	if err == nil || !strings.HasPrefix(err.Error(), "query GetUser: ") {
		t.Errorf("error %q, want the name GetUser", err)
	}
}

// TestChangedStatementsArePreparedAgain changes the type of a result, as a migration may, and drops what the server has
// prepared, as a pooler may. The connection is replaced, so that only one statement fails.
func TestChangedStatementsArePreparedAgain(t *testing.T) {
	t.Parallel()
	for name, pooled := range map[string]bool{"prepared": false, "behind a pooler": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := open(t, postgres.Options{MaxConns: 1, TransactionPool: pooled})
			w.Exec(`CREATE TABLE changing (value int)`)
			w.Exec(`INSERT INTO changing VALUES (1)`)
			w.Exec(`GRANT SELECT ON changing TO ` + postgres.ServiceRole)
			const query = "-- name: Changing :one\nSELECT value FROM changing"
			read := func(want string) error {
				var value any
				err := w.store.RawOf(w.acme.ID).QueryRow(t.Context(), query).Scan(&value)
				if err == nil && fmt.Sprint(value) != want {
					t.Errorf("got %v, want %s", value, want)
				}
				return err
			}
			if err := read("1"); err != nil {
				t.Fatal(err)
			}
			w.Exec(`ALTER TABLE changing ALTER value TYPE text USING value || ' as a text'`)
			_ = read("1 as a text") // may fail
			if err := read("1 as a text"); err != nil {
				t.Error(err)
			}
			if _, err := w.store.RawOf(w.acme.ID).Exec(t.Context(), "DEALLOCATE ALL"); err != nil {
				t.Fatal(err)
			}
			_ = read("1 as a text") // may fail
			if err := read("1 as a text"); err != nil {
				t.Error(err)
			}
		})
	}
}
