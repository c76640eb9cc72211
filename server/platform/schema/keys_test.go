package schema_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/ai-interviewer-platform/interviewer/db/stored"
	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/gen/db"
	"github.com/ai-interviewer-platform/interviewer/server/testkit"
)

// keyState shows, for every key, its columns of the previous release and its rows. Ids are shown by their first digit.
const keyState = `SELECT format('%s limited=%s array=%s rows=%s holders array=%s rows=%s', k.name, k.limited_to_jobs,
		coalesce((SELECT string_agg(left(id::text, 1), ',' ORDER BY n) FROM unnest(k.job_ids) WITH ORDINALITY AS a (id, n)),
			CASE WHEN k.job_ids IS NULL THEN 'null' ELSE '' END),
		(SELECT string_agg(left(job_id::text, 1), ',' ORDER BY position) FROM api_key_jobs WHERE api_key_id = k.id),
		(SELECT string_agg(left(id::text, 1), ',' ORDER BY id) FROM unnest(k.known_to) AS a (id)),
		(SELECT string_agg(left(user_id::text, 1), ',' ORDER BY user_id) FROM api_key_holders WHERE api_key_id = k.id))
	FROM api_keys AS k`

// id returns the UUID that begins with eight times a digit.
func id(digit string) uuid.UUID {
	return uuid.MustParse(strings.Repeat(digit, 8) + "-0000-0000-0000-000000000000")
}

// insertKeyOwners inserts a company with jobs and users; each character is the digit of an id (see id).
func insertKeyOwners(t *testing.T, conn *pgx.Conn, jobs, users string) {
	t.Helper()
	for _, sql := range []string{
		fmt.Sprintf(`INSERT INTO companies (id, name, slug) VALUES ('%s', 'Acme', 'acme')`, id("1")),
		fmt.Sprintf(`INSERT INTO jobs (company_id, id, title, created_at, updated_at)
			SELECT '%s', (repeat(d, 8) || '-0000-0000-0000-000000000000')::uuid, d, now(), now() FROM regexp_split_to_table('%s', '') AS d`, id("1"), jobs),
		fmt.Sprintf(`INSERT INTO users (company_id, id, email, password_hash, first_name, last_name)
			SELECT '%s', (repeat(d, 8) || '-0000-0000-0000-000000000000')::uuid, d || '@acme.example', '', d, d
			FROM regexp_split_to_table('%s', '') AS d`, id("1"), users),
	} {
		if _, err := conn.Exec(t.Context(), sql); err != nil {
			t.Fatalf("%s: %v", sql, err)
		}
	}
}

// insertKeyOf is the statement of the previous release, whose arguments are the id, the name, the jobs and the holders.
const insertKeyOf = `INSERT INTO api_keys (company_id, id, name, prefix, hash, scopes, job_ids, known_to, created_at, updated_at)
	VALUES ('11111111-0000-0000-0000-000000000000', $1, $2, 'x', sha256($2::text::bytea), '{jobs:read}', $3, $4, now(), now())`

// TestAPIKeyArraysBecomeRows checks that the migrations write the rows of existing keys, also if row-level security applies to
// the role that migrates, and that a key whose jobs were deleted remains limited to jobs.
func TestAPIKeyArraysBecomeRows(t *testing.T) {
	t.Parallel()
	address, conn := empty(t)
	owner := migrator(t, plainOwner(t, address, conn))
	if _, err := owner.Up(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := owner.Down(t.Context(), int(latest(t))-19); err != nil {
		t.Fatal(err)
	}
	insertKeyOwners(t, conn, "234", "56")
	insert := func(key, name string, jobs, holders []uuid.UUID) {
		t.Helper()
		if _, err := conn.Exec(t.Context(), insertKeyOf, id(key), name, jobs, holders); err != nil {
			t.Fatal(err)
		}
	}
	insert("a", "all", nil, []uuid.UUID{})
	insert("b", "some", []uuid.UUID{id("4"), id("2")}, []uuid.UUID{id("6"), id("5"), id("6")})
	insert("c", "one deleted", []uuid.UUID{id("9"), id("3")}, []uuid.UUID{id("8"), id("5")})
	insert("d", "all deleted", []uuid.UUID{id("9")}, []uuid.UUID{id("8")})
	want := []string{
		"all limited=f array=null rows= holders array= rows=",
		"some limited=t array=4,2 rows=4,2 holders array=5,6,6 rows=5,6",
		"one deleted limited=t array=9,3 rows=3 holders array=5,8 rows=5",
		"all deleted limited=t array=9 rows= holders array=8 rows=",
	}
	if _, err := owner.Up(t.Context()); err != nil {
		t.Fatal(err)
	}
	same(t, "keys", column(t, conn, keyState), want)
	same(t, "jobs of live keys", column(t, conn, `SELECT id || ' ' || coalesce(cardinality(job_ids)::text, 'all') FROM live_api_keys`),
		[]string{id("a").String() + " all", id("b").String() + " 2", id("c").String() + " 1", id("d").String() + " 0"})
	if err := owner.Down(t.Context(), int(latest(t))-19); err != nil {
		t.Fatal(err)
	}
	if _, err := owner.Up(t.Context()); err != nil {
		t.Fatal(err)
	}
	same(t, "keys after the way down and up", column(t, conn, keyState), want)
}

// TestAPIKeyArraysAndRowsAgree writes a key as the previous release and as this one, and deletes jobs and users. After each
// statement both must have read the same.
func TestAPIKeyArraysAndRowsAgree(t *testing.T) {
	t.Parallel()
	installation := testkit.New(t)
	insertKeyOwners(t, installation.Connect(), "234", "567")
	company, key := id("1"), id("a")
	conn := service(t, installation, company)
	queries := db.New(conn)
	sql := func(text string, args ...any) func() error {
		return func() error {
			_, err := conn.Exec(t.Context(), text, args...)
			return err
		}
	}
	owner := func(text string, args ...any) func() error {
		return func() error {
			installation.Exec(text, args...)
			return nil
		}
	}
	version := func() (v int32) {
		if err := conn.QueryRow(t.Context(), `SELECT version FROM api_keys WHERE id = $1`, key).Scan(&v); err != nil {
			t.Fatal(err)
		}
		return v
	}
	update := func(jobs ...uuid.UUID) func() error {
		return func() error {
			if err := queries.SetAPIKeyJobs(t.Context(), db.SetAPIKeyJobsParams{CompanyID: company, APIKeyID: key, JobIDs: jobs}); err != nil {
				return err
			}
			saved, err := queries.UpdateAPIKey(t.Context(), db.UpdateAPIKeyParams{
				CompanyID: company, ID: key, Version: version(), Name: "key", Scopes: []string{"jobs:read"}, JobIDs: jobs,
			})
			if fmt.Sprint(saved.JobIDs) != fmt.Sprint(jobs) || (saved.JobIDs == nil) != (jobs == nil) || saved.LimitedToJobs != (jobs != nil) {
				t.Errorf("UpdateAPIKey: got the jobs %v, want %v", saved.JobIDs, jobs)
			}
			return err
		}
	}
	const previousUpdate = `UPDATE api_keys SET name = 'key', job_ids = $2, version = version + 1 WHERE id = $1`
	for _, step := range []struct {
		name string
		act  func() error
		want string
	}{
		{
			"the previous release creates it", sql(insertKeyOf, key, "key", []uuid.UUID{id("3"), id("2")}, []uuid.UUID{id("5")}),
			"key limited=t array=3,2 rows=3,2 holders array=5 rows=5",
		},
		{
			"the previous release sets other jobs", sql(previousUpdate, key, []uuid.UUID{id("4"), id("3")}),
			"key limited=t array=4,3 rows=4,3 holders array=5 rows=5",
		},
		{
			"the previous release sets another order", sql(previousUpdate, key, []uuid.UUID{id("3"), id("4")}),
			"key limited=t array=3,4 rows=3,4 holders array=5 rows=5",
		},
		{
			"the previous release removes the limit", sql(previousUpdate, key, nil),
			"key limited=f array=null rows= holders array=5 rows=5",
		},
		{"this release sets jobs", update(id("4"), id("2")), "key limited=t array=4,2 rows=4,2 holders array=5 rows=5"},
		{"this release sets other jobs", update(id("2"), id("3")), "key limited=t array=2,3 rows=2,3 holders array=5 rows=5"},
		{"this release removes the limit", update(), "key limited=f array=null rows= holders array=5 rows=5"},
		{
			"the previous release limits it", sql(previousUpdate, key, []uuid.UUID{id("2"), id("4")}),
			"key limited=t array=2,4 rows=2,4 holders array=5 rows=5",
		},
		{
			"the previous release rotates it", sql(`UPDATE api_keys SET known_to = known_to || ARRAY[$2, $3]::uuid[] WHERE id = $1`, key, id("6"), id("5")),
			"key limited=t array=2,4 rows=2,4 holders array=5,6 rows=5,6",
		},
		{
			"this release rotates it", func() error {
				_, err := queries.RotateAPIKey(t.Context(), db.RotateAPIKeyParams{
					CompanyID: company, ID: key, Version: version(), Hash: make([]byte, 32), Prefix: "y", HolderID: id("7"),
				})
				return err
			},
			"key limited=t array=2,4 rows=2,4 holders array=5,6,7 rows=5,6,7",
		},
		{
			"a holder is deleted", owner(`DELETE FROM users WHERE id = $1`, id("6")),
			"key limited=t array=2,4 rows=2,4 holders array=5,7 rows=5,7",
		},
		{
			"a job is deleted", owner(`DELETE FROM jobs WHERE id = $1`, id("2")),
			"key limited=t array=4 rows=4 holders array=5,7 rows=5,7",
		},
		{
			"the last job is deleted", owner(`DELETE FROM jobs WHERE id = $1`, id("4")),
			"key limited=t array= rows= holders array=5,7 rows=5,7",
		},
		{
			"the previous release names it", sql(previousUpdate, key, []uuid.UUID{}),
			"key limited=t array= rows= holders array=5,7 rows=5,7",
		},
	} {
		if err := step.act(); err != nil {
			t.Fatalf("%s: got error %v", step.name, err)
		}
		if got := column(t, conn, keyState); len(got) != 1 || got[0] != step.want {
			t.Errorf("%s:\ngot  %q\nwant %q", step.name, got, step.want)
		}
	}
	second := db.InsertAPIKeyParams{
		CompanyID: company, ID: id("b"), Name: "second", Prefix: "z", Hash: append(make([]byte, 31), 1), Scopes: []string{"jobs:read"},
		JobIDs: []uuid.UUID{id("3")}, CreatedBy: new(id("5")),
	}
	if err := queries.InsertAPIKey(t.Context(), second); err != nil {
		t.Fatal(err)
	}
	same(t, "keys after this release has created one", column(t, conn, keyState+` WHERE name = 'second'`),
		[]string{"second limited=t array=3 rows=3 holders array=5 rows=5"})
}

// TestReasonsOfRevocations ends sessions as the previous release, before and after the migration, and as this one.
func TestReasonsOfRevocations(t *testing.T) {
	t.Parallel()
	address, conn := empty(t)
	owner := migrator(t, plainOwner(t, address, conn))
	if _, err := owner.Up(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := owner.Down(t.Context(), int(latest(t))-22); err != nil {
		t.Fatal(err)
	}
	insertKeyOwners(t, conn, "2", "5")
	exec := func(sql string, args ...any) error {
		_, err := conn.Exec(t.Context(), sql, args...)
		return err
	}
	for _, session := range []string{"a", "b", "c", "d"} {
		err := exec(`INSERT INTO sessions (company_id, id, user_id, created_at, updated_at, rotated_at, expires_at)
			VALUES ($1, $2, $3, now(), now(), now(), now() + interval '1 day')`, id("1"), id(session), id("5"))
		if err != nil {
			t.Fatal(err)
		}
	}
	const previous = `UPDATE sessions SET revoked_at = now(), end_reason = $2 WHERE id = $1`
	if err := exec(previous, id("a"), "logout"); err != nil {
		t.Fatal(err)
	}
	if _, err := owner.Up(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := exec(previous, id("b"), "revoked"); err != nil {
		t.Fatal(err)
	}
	if err := exec(`SELECT set_config('app.company_id', $1, false)`, id("1").String()); err != nil {
		t.Fatal(err)
	}
	_, err := db.New(conn).RevokeSession(t.Context(), db.RevokeSessionParams{
		CompanyID: id("1"), ID: id("c"), UserID: id("5"), Reason: stored.RevocationReasonTokenReuse,
	})
	if err != nil {
		t.Fatal(err)
	}
	same(t, "reasons", column(t, conn, `SELECT concat_ws(' ', left(id::text, 1), coalesce(revocation_reason, '-'), coalesce(end_reason::text, '-'))
		FROM sessions`), []string{"a logout logout", "b revoked revoked", "c token_reuse token_reuse", "d - -"})
	for name, refused := range map[string]struct{ sql, want string }{
		"an unknown reason":  {`UPDATE sessions SET revoked_at = now(), revocation_reason = 'boredom' WHERE id = $1`, "revocation_reason_known"},
		"no reason":          {`UPDATE sessions SET revoked_at = now() WHERE id = $1`, "sessions_"},
		"a reason too early": {`UPDATE sessions SET revocation_reason = 'logout' WHERE id = $1`, "sessions_revocation"},
	} {
		t.Run(name, func(t *testing.T) {
			if err := exec(refused.sql, id("d")); err == nil || !strings.Contains(err.Error(), refused.want) {
				t.Errorf("got error %v, want %s", err, refused.want)
			}
		})
	}
}

// TestResetLeavesKeysLimited resets a test company with the role of the service.
func TestResetLeavesKeysLimited(t *testing.T) {
	t.Parallel()
	installation := testkit.New(t)
	acme := installation.Company("acme")
	installation.Exec(`UPDATE companies SET test_of = $2 WHERE id = $1`, acme.ID, installation.Company("parent").ID)
	key := installation.Key(acme, []string{"jobs:read"}, installation.Hiring(acme).Job(api.JobStatusOpen))
	installation.Exec(`INSERT INTO api_key_holders (company_id, api_key_id, user_id) VALUES ($1, $2, $3)`,
		acme.ID, key.ID, acme.Users[api.RoleHr].ID)
	conn := service(t, installation, acme.ID)
	deleted, err := db.New(conn).ResetCompany(t.Context(), db.ResetCompanyParams{CompanyID: acme.ID})
	if err != nil || deleted.Jobs != 1 {
		t.Fatalf("got %d deleted jobs, error %v, want 1", deleted.Jobs, err)
	}
	same(t, "keys after the reset", column(t, conn, keyState), []string{"Sync limited=t array= rows= holders array= rows="})
	same(t, "jobs of live keys", column(t, installation.Connect(), `SELECT cardinality(job_ids)::text FROM live_api_keys`), []string{"0"})
}
