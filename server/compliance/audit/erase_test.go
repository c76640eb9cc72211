package audit_test

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/ai-interviewer-platform/interviewer/server/access"
	"github.com/ai-interviewer-platform/interviewer/server/compliance/audit"
	"github.com/ai-interviewer-platform/interviewer/server/platform/postgres"
)

// insertBefore is the statement by which the service wrote an entry before payloads had a digest.
const insertBefore = `WITH entry AS (
    INSERT INTO audit_logs (
        company_id, id, created_at, actor_type, actor_id, session_id, action, resource_type, resource_id,
        outcome, ip, user_agent, request_id, details
    ) VALUES (
        $1, $2, $3, $4, $5, $6, $7, $8, $9,
        $10, $11, $12, $13, $14
    )
    RETURNING company_id, id
)
INSERT INTO audit_pending (company_id, audit_log_id) SELECT company_id, id FROM entry`

// personal are the parts of every payload that the tests erase.
var personal = []string{"203.0.113.77", "agent-of-nora", "request-of-nora", "nora@acme.example"} //nolint:gochecknoglobals // read only

// service returns a connection with the role of the service, which acts for the archive's company.
func (a archive) service(t *testing.T) *pgx.Conn {
	t.Helper()
	conn := a.Connect()
	for _, sql := range []string{`SET app.company_id = '` + a.company.String() + `'`, `SET ROLE interviewer_service`} {
		if _, err := conn.Exec(t.Context(), sql); err != nil {
			t.Fatal(err)
		}
	}
	return conn
}

// recordBefore writes an entry as the previous release does, with personal data.
func (a archive) recordBefore(t *testing.T, resource uuid.UUID) {
	t.Helper()
	source := a.source
	_, err := a.service(t).Exec(t.Context(), insertBefore, a.company, source.ID(), source.Now(), "system", nil, nil, "user.updated", "user",
		resource, "success", personal[0], personal[1], personal[2], map[string]any{"email": personal[3]})
	if err != nil {
		t.Fatal(err)
	}
}

// recordPersonal writes an entry with personal data.
func (a archive) recordPersonal(t *testing.T, resource uuid.UUID) {
	t.Helper()
	actor := access.System(a.company)
	actor.Origin = access.Origin{IP: netip.MustParseAddr(personal[0]), UserAgent: personal[1], RequestID: personal[2]}
	err := a.store.InTx(t.Context(), a.company, func(tx *postgres.Tx) error {
		return a.recorder.Record(t.Context(), tx, actor, audit.Entry{
			Action: audit.UserUpdated, Resource: audit.User, ID: &resource, Details: audit.Details{"email": personal[3]},
		})
	})
	if err != nil {
		t.Fatal(err)
	}
}

func (a archive) erase(t *testing.T, subject audit.Subject) int {
	t.Helper()
	erased := 0
	actor := access.System(a.company)
	actor.Origin = access.Origin{IP: netip.MustParseAddr(personal[0]), UserAgent: personal[1], RequestID: personal[2]}
	err := a.store.InTx(t.Context(), a.company, func(tx *postgres.Tx) (err error) {
		erased, err = a.recorder.Erase(t.Context(), tx, actor, subject)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return erased
}

// dump returns the text of all rows of all tables.
func (a archive) dump(t *testing.T) string {
	t.Helper()
	rows, err := a.Database.Query(t.Context(), `SELECT query_to_xml(format('SELECT t::text FROM %I AS t', relname), true, false, '')::text
		FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace`)
	if err != nil {
		t.Fatal(err)
	}
	tables, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		t.Fatal(err)
	}
	return strings.Join(tables, "\n")
}

// erasedArchive returns an archive with the entries 1 to 3 of the previous release and 4 to 6 of this one, of which 2 and 5
// are about a resource and were erased, and the entry 7 about that. The table saved has the rows from before.
func erasedArchive(t *testing.T) archive {
	t.Helper()
	a, erased, other := open(t), uuid.New(), uuid.New()
	for _, resource := range []uuid.UUID{other, erased, other} {
		a.recordBefore(t, resource)
	}
	for _, resource := range []uuid.UUID{other, erased, other} {
		a.recordPersonal(t, resource)
	}
	a.seal(t)
	var formats string
	err := a.Database.QueryRow(t.Context(), `SELECT string_agg(format::text, '' ORDER BY sequence) FROM audit_seals`).Scan(&formats)
	if err != nil || formats != "111222" {
		t.Fatalf("the formats of the seals are %s (%v)", formats, err)
	}
	a.Exec(`CREATE TABLE saved AS SELECT * FROM audit_logs`)
	if n := a.erase(t, audit.Subject{ResourceID: &erased}); n != 2 {
		t.Fatalf("%d entries were erased, want 2", n)
	}
	a.seal(t)
	return a
}

// TestErasedDataIsGone searches all tables for the data of erased entries, and verifies the chain.
func TestErasedDataIsGone(t *testing.T) {
	t.Parallel()
	a, nora, other := open(t), uuid.New(), uuid.New()
	a.recordBefore(t, nora)
	a.recordPersonal(t, nora)
	a.seal(t)
	a.recordPersonal(t, nora) // not sealed
	for _, text := range personal {
		if !strings.Contains(a.dump(t), text) {
			t.Fatalf("no table contains %q: the test reads the wrong ones", text)
		}
	}
	subject := audit.Subject{ResourceID: &nora}
	if n, err := audit.Erasable(t.Context(), a.store.Of(a.company), a.company, subject); err != nil || n != 3 {
		t.Errorf("%d entries can be erased (%v), want 3", n, err)
	}
	if n := a.erase(t, subject); n != 2 {
		t.Errorf("%d entries were erased, want the 2 that are sealed", n)
	}
	a.seal(t)
	if n := a.erase(t, subject); n != 1 {
		t.Errorf("%d entries were erased, want the last one", n)
	}
	if n := a.erase(t, subject) + a.erase(t, audit.Subject{ResourceID: &other}) + a.erase(t, audit.Subject{ActorID: &other}) + a.erase(t, audit.Subject{}); n != 0 {
		t.Errorf("%d more entries were erased", n)
	}
	all := a.dump(t)
	for _, text := range personal {
		if strings.Contains(all, text) {
			t.Errorf("a table contains %q after the erasure", text)
		}
	}
	if found := a.verify(t, 1, 100); len(found.Findings) != 0 || found.Checked != 4 || found.Pending != 1 { // an entry about an erasure waits
		t.Errorf("before the erasure is sealed: %+v", found)
	}
	a.seal(t)
	if found := a.verify(t, 1, 100); len(found.Findings) != 0 || found.Checked != 5 {
		t.Errorf("after the erasure: %+v", found)
	}
	var remain int
	err := a.Database.QueryRow(t.Context(), `SELECT count(*) FROM audit_logs AS l JOIN audit_logs AS e ON e.id = l.erased_by
		WHERE l.resource_id = $1 AND l.action = 'user.updated' AND l.salt IS NULL AND e.action = 'audit.erased' AND e.ip IS NULL`, nora).Scan(&remain)
	if err != nil || remain != 3 {
		t.Errorf("%d erased entries remain (%v), want 3", remain, err)
	}
}

// TestEraseActsOfAnActor erases more entries than one entry can list.
func TestEraseActsOfAnActor(t *testing.T) {
	t.Parallel()
	a := open(t)
	actor := uuid.New()
	a.Exec(`INSERT INTO principals (company_id, id, kind) VALUES ($1, $2, 'candidate')`, a.company, actor)
	err := a.store.InTx(t.Context(), a.company, func(tx *postgres.Tx) error {
		for n := range 450 {
			candidate := access.Actor{Kind: access.KindCandidate, CompanyID: a.company, ID: actor}
			entry := audit.Entry{Action: audit.Login, Resource: audit.User, Details: audit.Details{"n": n}}
			if err := a.recorder.Record(t.Context(), tx, candidate, entry); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	a.seal(t)
	for _, want := range []int{200, 200, 50, 0} {
		if n := a.erase(t, audit.Subject{ActorID: &actor}); n != want {
			t.Errorf("%d entries were erased, want %d", n, want)
		}
	}
	a.seal(t)
	if found := a.verify(t, 1, 1000); len(found.Findings) != 0 || found.Checked != 453 {
		t.Errorf("after the erasure: %+v", found)
	}
	// The function erases what an entry lists, and never entries about erasures.
	conn := a.service(t)
	for _, entry := range []string{uuid.NewString(), scan[string](a, `SELECT id::text FROM audit_logs WHERE action = 'auth.login' LIMIT 1`)} {
		var n int
		if err := conn.QueryRow(t.Context(), `SELECT erase_audit_logs($1, $2)`, a.company, entry).Scan(&n); err != nil || n != 0 {
			t.Errorf("the entry %s erased %d entries (%v)", entry, n, err)
		}
	}
	a.record(t, a.company, audit.Entry{Action: audit.AuditErased, Resource: audit.AuditLog, Details: audit.Details{
		"entries": []string{scan[string](a, `SELECT id::text FROM audit_logs WHERE action = 'audit.erased' LIMIT 1`)},
	}})
	var n int
	last := scan[string](a, `SELECT id::text FROM audit_logs ORDER BY created_at DESC, id DESC LIMIT 1`)
	if err := conn.QueryRow(t.Context(), `SELECT erase_audit_logs($1, $2)`, a.company, last).Scan(&n); err != nil || n != 0 {
		t.Errorf("an entry about an erasure was erased: %d (%v)", n, err)
	}
}

// scan returns the value of a query of a superuser.
func scan[T any](a archive, sql string, args ...any) T {
	a.t.Helper()
	var value T
	if err := a.Database.QueryRow(a.t.Context(), sql, args...).Scan(&value); err != nil {
		a.t.Fatalf("%s: %v", sql, err)
	}
	return value
}

func TestTamperingWithErasedEntriesIsReported(t *testing.T) {
	t.Parallel()
	at := func(sequence int) string {
		return fmt.Sprintf(`(SELECT audit_log_id FROM audit_seals WHERE sequence = %d)`, sequence)
	}
	const emptied = `ip = NULL, user_agent = '', request_id = '', details = '{}', salt = NULL`
	restored := func(sequence int) string {
		return `UPDATE audit_logs AS l SET ip = s.ip, user_agent = s.user_agent, request_id = s.request_id, details = s.details, salt = s.salt,
			erased_by = NULL FROM saved AS s WHERE s.id = l.id AND l.id = ` + at(sequence)
	}
	for name, test := range map[string]struct {
		sql  []string
		want string
	}{
		"nothing":                      {nil, ""},
		"altered action, format 1":     {[]string{`UPDATE audit_logs SET action = 'auth.login' WHERE id = ` + at(2)}, "altered 2"},
		"altered action, format 2":     {[]string{`UPDATE audit_logs SET action = 'auth.login' WHERE id = ` + at(5)}, "altered 5"},
		"altered time, format 1":       {[]string{`UPDATE audit_logs SET created_at = created_at - interval '1 us' WHERE id = ` + at(2)}, "altered 2"},
		"restored payload, format 1":   {[]string{restored(2)}, "altered 2"},
		"restored payload, format 2":   {[]string{restored(5)}, "altered 5"},
		"emptied without an entry, 1":  {[]string{`UPDATE audit_logs SET ` + emptied + ` WHERE id = ` + at(1)}, "altered 1"},
		"emptied without an entry, 2":  {[]string{`UPDATE audit_logs SET ` + emptied + ` WHERE id = ` + at(4)}, "altered 4"},
		"emptied by no entry, 1":       {[]string{`UPDATE audit_logs SET erased_by = gen_random_uuid(), ` + emptied + ` WHERE id = ` + at(1)}, "altered 1"},
		"emptied by no entry, 2":       {[]string{`UPDATE audit_logs SET erased_by = gen_random_uuid(), ` + emptied + ` WHERE id = ` + at(4)}, "altered 4"},
		"emptied by another entry, 1":  {[]string{`UPDATE audit_logs SET erased_by = ` + at(7) + `, ` + emptied + ` WHERE id = ` + at(1)}, "altered 1"},
		"emptied by another entry, 2":  {[]string{`UPDATE audit_logs SET erased_by = ` + at(7) + `, ` + emptied + ` WHERE id = ` + at(4)}, "altered 4"},
		"emptied by a usual entry":     {[]string{`UPDATE audit_logs SET erased_by = ` + at(6) + ` WHERE id = ` + at(5)}, "altered 5"},
		"removed entry":                {[]string{`DELETE FROM audit_logs WHERE id = ` + at(7)}, "altered 2, altered 5, missing 7"},
		"hash of an erased entry":      {[]string{`UPDATE audit_seals SET hash = sha256('x') WHERE sequence = 2`}, "altered 2, altered 3"},
		"digest of an erased entry":    {[]string{`UPDATE audit_logs SET digest = sha256('x') WHERE id = ` + at(5)}, "altered 5"},
		"payload of a marked entry, 1": {[]string{`ALTER TABLE audit_logs DROP CONSTRAINT audit_logs_erased`, `UPDATE audit_logs SET user_agent = 'x' WHERE id = ` + at(2)}, "altered 2"},
		"payload of a marked entry, 2": {[]string{`ALTER TABLE audit_logs DROP CONSTRAINT audit_logs_erased`, `UPDATE audit_logs SET details = '{"a": 1}' WHERE id = ` + at(5)}, "altered 5"},
		"altered list": {
			[]string{`UPDATE audit_logs SET details = details || jsonb_build_object('entries', details->'entries' || to_jsonb(` + at(4) + `::text)) WHERE id = ` + at(7)},
			"altered 2, altered 5, altered 7",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := erasedArchive(t)
			a.tamper(t, test.sql...)
			var got []string
			for _, f := range a.verify(t, 1, 100).Findings {
				got = append(got, fmt.Sprintf("%s %d", f.Kind, f.Sequence))
			}
			slices.SortFunc(got, func(x, y string) int { return strings.Compare(x[len(x)-1:], y[len(y)-1:]) })
			if found := strings.Join(got, ", "); found != test.want {
				t.Errorf("found %q, want %q", found, test.want)
			}
		})
	}
}
