package schema_test

import (
	"testing"

	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/server/testkit"
)

// TestDeletionsUseIndexes deletes a few of many expired rows. PostgreSQL must find them by an index: for a join with a list
// of unknown length, for example, it reads the whole table.
func TestDeletionsUseIndexes(t *testing.T) {
	t.Parallel()
	i := testkit.New(t)
	acme := i.Company("acme")
	user := acme.Users[api.RoleHr].ID
	i.Exec(`INSERT INTO idempotency_records (company_id, principal_id, key_hash, sealed, created_at, expires_at)
		SELECT $1, $2, sha256(n::text::bytea), '', now(), now() + (n - 40000) * interval '1 s' FROM generate_series(1, 50000) AS n`, acme.ID, user)
	i.Exec(`INSERT INTO sessions (company_id, id, user_id, created_at, updated_at, rotated_at, expires_at, revoked_at, revocation_reason)
		SELECT $1, gen_random_uuid(), $2, now(), now(), now(), now() + (n - 40000) * interval '1 s',
			CASE WHEN n % 3 = 0 THEN now() - n * interval '1 s' END, CASE WHEN n % 3 = 0 THEN 'logout' END
		FROM generate_series(1, 50000) AS n`, acme.ID, user)
	i.Exec(`INSERT INTO audit_logs (company_id, id, created_at, actor_type, action, resource_type, outcome)
		SELECT $1, gen_random_uuid(), now(), 'system', 'x', 'x', 'success' FROM generate_series(1, 20000)`, acme.ID)
	i.Exec(`INSERT INTO audit_pending (company_id, audit_log_id) SELECT company_id, id FROM audit_logs`)
	for table, statement := range map[string]string{
		"idempotency_records": `SELECT delete_expired_idempotency_records(now(), 500)`,
		"sessions":            `SELECT delete_ended_sessions(now(), 500)`,
		"audit_pending":       `SELECT count(*) FROM companies_awaiting_seal()`,
	} {
		i.Exec(`ANALYZE ` + table)
		conn := i.Connect()
		read := func() (rows int64) {
			t.Helper()
			for _, sql := range []string{`SELECT pg_stat_force_next_flush()`, `SELECT pg_stat_clear_snapshot()`} {
				if _, err := conn.Exec(t.Context(), sql); err != nil {
					t.Fatal(err)
				}
			}
			err := conn.QueryRow(t.Context(), `SELECT seq_tup_read FROM pg_stat_user_tables WHERE relname = $1`, table).Scan(&rows)
			if err != nil {
				t.Fatal(err)
			}
			return rows
		}
		before := read()
		var n int64
		for range 7 { // also when PostgreSQL has switched to a plan for all values
			if err := conn.QueryRow(t.Context(), statement).Scan(&n); err != nil || n == 0 {
				t.Fatalf("%s: got %d and error %v", statement, n, err)
			}
		}
		if after := read(); after != before {
			t.Errorf("%s: read %d rows of the table without an index", statement, after-before)
		}
	}
}
