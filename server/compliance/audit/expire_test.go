package audit_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/gen/db"
	"github.com/ai-interviewer-platform/interviewer/server/access"
	"github.com/ai-interviewer-platform/interviewer/server/compliance/audit"
	"github.com/ai-interviewer-platform/interviewer/server/platform/postgres"
	"github.com/ai-interviewer-platform/interviewer/server/platform/schema"
)

// past is a month that has expired with every retention of these tests.
var past = time.Date(2023, 1, 1, 0, 0, 0, 0, time.UTC) //nolint:gochecknoglobals // a constant

// recordAt writes and seals an entry that was created at a time.
func (a archive) recordAt(t *testing.T, company uuid.UUID, at time.Time) {
	t.Helper()
	source := a.source
	source.Now = func() time.Time { return at }
	err := a.store.InTx(t.Context(), company, func(tx *postgres.Tx) error {
		return audit.NewRecorder(source).Record(t.Context(), tx, access.System(company), audit.Entry{Action: audit.Login, Resource: audit.User})
	})
	if err != nil {
		t.Fatal(err)
	}
	a.seal(t)
}

// inTwos deletes two rows at a time, until none is left.
func inTwos(ctx context.Context, _ string, remove func(ctx context.Context, atMost int) (int64, error)) error {
	for {
		if n, err := remove(ctx, 2); err != nil || n < 2 {
			return err
		}
	}
}

// expire removes what was created before a time, which is the beginning of a month.
func (a archive) expire(t *testing.T, before time.Time) audit.Expired {
	t.Helper()
	expired, err := audit.Expire(t.Context(), a.store, a.recorder, time.Since(before.Add(25*time.Hour))-time.Hour, inTwos)
	if err != nil {
		t.Fatal(err)
	}
	return expired
}

// monthly returns an archive whose first partition was replaced by the months from January to March 2023 and the present
// ones.
func monthly(t *testing.T) archive {
	t.Helper()
	a := open(t)
	a.Exec(`ALTER TABLE audit_logs DETACH PARTITION audit_logs_before`)
	a.Exec(`DROP FUNCTION visible_audit_logs(uuid, uuid, text, text[])`) // its rows have the type of the partition
	a.Exec(`DROP TABLE audit_logs_before`)
	for n := range 3 {
		month := past.AddDate(0, n, 0)
		a.Exec(`SELECT create_audit_partition('audit_logs_` + month.Format("2006_01") + `', 'FOR VALUES FROM (''` +
			month.Format(time.RFC3339) + `'') TO (''` + month.AddDate(0, 1, 0).Format(time.RFC3339) + `'')')`)
	}
	if _, err := audit.CreatePartitions(t.Context(), a.store); err != nil {
		t.Fatal(err)
	}
	return a
}

func (a archive) intact(t *testing.T, company uuid.UUID, base int64, checked int) {
	t.Helper()
	found, err := audit.Verify(t.Context(), a.store, company, 1, 1000)
	if err != nil || len(found.Findings) != 0 || found.Base != base || found.Checked != checked {
		t.Errorf("verified %+v, %v; want base %d and %d entries", found, err, base, checked)
	}
}

// TestExpire lets two months expire, one after the other. All entries of another company are in the first one.
func TestExpire(t *testing.T) {
	t.Parallel()
	a := monthly(t)
	idle := a.Company("globex").ID
	february, march := past.AddDate(0, 1, 0), past.AddDate(0, 2, 0)
	a.recordAt(t, a.company, past.Add(time.Hour))
	a.recordAt(t, a.company, february.Add(time.Second)) // expires with the next one, which was created before February
	a.recordAt(t, a.company, february.Add(-time.Second))
	a.recordAt(t, a.company, february.Add(time.Minute))
	a.recordAt(t, a.company, march.Add(-time.Second))
	a.recordAt(t, a.company, time.Now())
	a.recordAt(t, idle, past)
	if got := a.expire(t, past); got != (audit.Expired{}) {
		t.Errorf("before January: %+v expired", got)
	}
	if got := a.expire(t, february); got != (audit.Expired{Companies: 2, Entries: 4, Partitions: 1}) {
		t.Errorf("before February: %+v expired, want 4 entries of two companies", got)
	}
	a.intact(t, a.company, 3, 4) // and the entry about the expiry
	a.intact(t, idle, 1, 1)
	if got := a.expire(t, february); got != (audit.Expired{}) {
		t.Errorf("before February, again: %+v expired", got)
	}
	if n := scan[int](a, `SELECT count(*) FROM audit_logs WHERE created_at < '2023-02-01T00:00:30Z'`); n != 0 {
		t.Errorf("%d expired entries remain", n)
	}
	if got := a.expire(t, march); got != (audit.Expired{Companies: 1, Entries: 2, Partitions: 1}) {
		t.Errorf("before March: %+v expired, want 2 entries", got)
	}
	a.intact(t, a.company, 5, 3)
	a.recordAt(t, idle, time.Now())
	a.intact(t, idle, 1, 2)
	for from, want := range map[int64]int{1: 3, 5: 3, 6: 3, 7: 2, 8: 1} {
		if found := a.verify(t, from, 100); len(found.Findings) != 0 || found.Checked != want {
			t.Errorf("from %d: %+v, want %d entries", from, found, want)
		}
	}
	if found := a.verify(t, 9, 100); len(found.Findings) != 1 {
		t.Errorf("from 9: %+v, want a missing end", found)
	}
}

// TestExpireContinues interrupts an expiry after the base was moved, and before the seals were deleted.
func TestExpireContinues(t *testing.T) {
	t.Parallel()
	a := monthly(t)
	for n := range 3 {
		a.recordAt(t, a.company, past.Add(time.Duration(n)*time.Hour))
	}
	a.recordAt(t, a.company, time.Now())
	a.Exec(`CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN RAISE EXCEPTION 'no'; END$$`)
	a.Exec(`CREATE TRIGGER fail BEFORE DELETE ON audit_seals FOR EACH ROW EXECUTE FUNCTION fail()`)
	if _, err := audit.Expire(t.Context(), a.store, a.recorder, 365*24*time.Hour, inTwos); err == nil {
		t.Fatal("Expire returned no error although seals could not be deleted")
	}
	a.intact(t, a.company, 3, 2)
	if n := scan[int](a, `SELECT count(*) FROM pg_class WHERE relname = 'audit_logs_2023_01'`); n != 1 {
		t.Error("the month was removed although its seals remain")
	}
	a.Exec(`DROP TRIGGER fail ON audit_seals`)
	got, err := audit.Expire(t.Context(), a.store, a.recorder, 365*24*time.Hour, inTwos)
	if err != nil || got.Entries != 3 || got.Partitions != 1 {
		t.Errorf("the next call: %+v, %v; want 3 entries and their month", got, err)
	}
	a.intact(t, a.company, 3, 2)
}

// TestFirstPartitionExpiresByEntries has expired entries in the partition of everything before the partitioning.
func TestFirstPartitionExpiresByEntries(t *testing.T) {
	t.Parallel()
	a := open(t)
	a.recordAt(t, a.company, past)
	a.recordAt(t, a.company, time.Now())
	if got := a.expire(t, past.AddDate(0, 1, 0)); got.Entries != 1 || got.Partitions != 0 {
		t.Errorf("%+v expired, want one entry and no partition", got)
	}
	if n := scan[int](a, `SELECT count(*) FROM audit_logs_before WHERE action = 'auth.login'`); n != 1 {
		t.Errorf("%d entries remain, want 1", n)
	}
	a.intact(t, a.company, 1, 2)
}

func TestTamperingWithTheBaseIsReported(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		sql  []string
		want string
	}{
		"nothing":         {nil, ""},
		"another hash":    {[]string{`UPDATE audit_bases SET hash = sha256('x')`}, "missing 2, altered 3"},
		"another time":    {[]string{`UPDATE audit_bases SET expired_before = expired_before + interval '1 year'`}, "missing 2"},
		"another entry":   {[]string{`UPDATE audit_bases SET entry_id = gen_random_uuid()`}, "missing 2"},
		"no base":         {[]string{`DELETE FROM audit_bases`}, "missing 2, missing 1, missing 2"},
		"more expired":    {[]string{`UPDATE audit_bases SET (sequence, hash) = (SELECT sequence, hash FROM audit_seals WHERE sequence = 3)`, `DELETE FROM audit_seals WHERE sequence = 3`}, "missing 3, unsealed 0"},
		"no entry":        {[]string{`DELETE FROM audit_logs WHERE action = 'audit.expired'`}, "missing 2, missing 4"},
		"altered entry":   {[]string{`UPDATE audit_logs SET details = details || '{"sequence": 3}' WHERE action = 'audit.expired'`}, "missing 3, altered 4"},
		"erased by force": {[]string{`UPDATE audit_logs SET details = '{}', salt = NULL, erased_by = gen_random_uuid() WHERE action = 'audit.expired'`}, "missing 2, altered 4"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := open(t)
			for _, at := range []time.Time{past, past, time.Now()} {
				a.recordAt(t, a.company, at)
			}
			a.expire(t, past.AddDate(0, 1, 0))
			a.tamper(t, test.sql...)
			var got []string
			for _, f := range a.verify(t, 1, 100).Findings {
				got = append(got, fmt.Sprintf("%s %d", f.Kind, f.Sequence))
			}
			if found := strings.Join(got, ", "); found != test.want {
				t.Errorf("found %q, want %q", found, test.want)
			}
		})
	}
}

// TestServiceCannotExpireTheLastMonth calls the functions of the expiry directly, as somebody who controls the service could.
func TestServiceCannotExpireTheLastMonth(t *testing.T) {
	t.Parallel()
	a := sealed(t, 2)
	hash := scan[string](a, `SELECT encode(hash, 'hex') FROM audit_seals WHERE sequence = 2`)
	entry := func(before time.Time) string {
		a.record(t, a.company, audit.Entry{Action: audit.AuditExpired, Resource: audit.AuditLog, Details: audit.Details{
			"sequence": 2, "hash": hash, "expired_before": before,
		}})
		return scan[string](a, `SELECT id::text FROM audit_logs ORDER BY created_at DESC, id DESC LIMIT 1`)
	}
	conn := a.service(t)
	for _, sql := range []string{
		`SELECT drop_audit_months(now() - interval '29 days')`, `SELECT move_audit_base('` + a.company.String() + `', '` + entry(time.Now()) + `')`,
		`SELECT create_audit_partition('x', 'DEFAULT')`, `SELECT audit_period_expired(now(), now())`, `DELETE FROM audit_logs_before`,
		`INSERT INTO audit_bases VALUES ('` + a.company.String() + `', 1, sha256('x'), now(), gen_random_uuid())`,
	} {
		if _, err := conn.Exec(t.Context(), sql); err == nil {
			t.Errorf("%s succeeded", sql)
		}
	}
	// A base far in the past does not delete the seals of later entries.
	if _, err := conn.Exec(t.Context(), `SELECT move_audit_base($1, $2)`, a.company, entry(past)); err != nil {
		t.Fatal(err)
	}
	var forgotten int
	if err := conn.QueryRow(t.Context(), `SELECT forget_audit_seals($1, 100)`, a.company).Scan(&forgotten); err != nil || forgotten != 0 {
		t.Errorf("%d seals of present entries were deleted (%v)", forgotten, err)
	}
}

// TestCreatePartitions removes the last month, and stores entries of months without a partition.
func TestCreatePartitions(t *testing.T) {
	t.Parallel()
	a := open(t)
	create := func(want int) {
		t.Helper()
		if n, err := audit.CreatePartitions(t.Context(), a.store); err != nil || n != want {
			t.Errorf("%d partitions were created (%v), want %d", n, err, want)
		}
	}
	create(0)
	now := time.Now().UTC()
	month := func(ahead int) time.Time {
		return time.Date(now.Year(), now.Month(), 1, 0, 0, 0, 0, time.UTC).AddDate(0, ahead, 0)
	}
	for _, ahead := range []int{22, 24} {
		a.Exec(`DROP TABLE audit_logs_` + month(ahead).Format("2006_01"))
	}
	a.recordAt(t, a.company, month(22))
	a.recordAt(t, a.company, month(300))
	if n := scan[int](a, `SELECT count(*) FROM audit_logs_default`); n != 2 {
		t.Errorf("the default partition has %d entries, want 2", n)
	}
	create(1)
	create(0)
	a.recordAt(t, a.company, month(24))
	if n := scan[int](a, `SELECT count(*) FROM audit_logs_`+month(24).Format("2006_01")); n != 1 {
		t.Errorf("the new partition has %d entries, want 1", n)
	}
	a.intact(t, a.company, 0, 3)
}

// TestExistingEntriesAreMigrated migrates entries that the previous release wrote and sealed, and verifies them. Afterwards
// the previous release writes and seals, and then the migration is reverted.
func TestExistingEntriesAreMigrated(t *testing.T) {
	t.Parallel()
	a := open(t)
	a.store.Close()
	latest, err := schema.Latest()
	if err != nil {
		t.Fatal(err)
	}
	m, err := schema.Open(t.Context(), a.DatabaseURL, schema.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = m.Close(context.WithoutCancel(t.Context())) })
	before := int(latest) - lastBefore
	if err := m.Down(t.Context(), before); err != nil {
		t.Fatal(err)
	}
	resource := uuid.New()
	for range 3 {
		a.recordBefore(t, resource)
	}
	a.sealBefore(t)
	if _, err := m.Up(t.Context()); err != nil {
		t.Fatal(err)
	}
	if a.store, err = postgres.Open(t.Context(), postgres.Options{URL: a.DatabaseURL, MaxConns: 2}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(a.store.Close)
	a.intact(t, a.company, 0, 3)
	if n := scan[int](a, `SELECT count(*) FROM audit_logs_before`); n != 3 {
		t.Errorf("the first partition has %d entries, want 3", n)
	}
	a.recordPersonal(t, resource)
	a.recordBefore(t, resource)
	a.sealBefore(t)
	a.intact(t, a.company, 0, 5)
	a.tamper(t, `UPDATE audit_logs SET user_agent = 'x' WHERE id = (SELECT audit_log_id FROM audit_seals WHERE sequence = 2)`)
	if found := a.verify(t, 1, 100); len(found.Findings) != 1 || found.Findings[0].Kind != api.AuditFindingKindAltered {
		t.Errorf("after a change: %+v", found)
	}
	a.store.Close()
	if err := m.Down(t.Context(), before); err != nil {
		t.Fatalf("down: %v", err)
	}
	if n := scan[int](a, `SELECT count(*) FROM audit_logs`); n != 5 {
		t.Errorf("%d entries remain after the down migration, want 5", n)
	}
}

// lastBefore is the last migration before payloads had a digest.
const lastBefore = 10

// sealBefore seals what is pending as the previous release does.
func (a archive) sealBefore(t *testing.T) {
	t.Helper()
	rows, err := a.Database.Query(t.Context(), `SELECT l.id, l.created_at, l.actor_id, l.resource_id, l.ip, l.user_agent, l.request_id, l.details
		FROM audit_pending AS p JOIN audit_logs AS l ON l.company_id = p.company_id AND l.id = p.audit_log_id ORDER BY l.id`)
	if err != nil {
		t.Fatal(err)
	}
	var pending []db.AuditLog
	for rows.Next() {
		row := db.AuditLog{CompanyID: a.company, ActorType: "system", Action: "user.updated", ResourceType: "user", Outcome: "success"}
		if err := rows.Scan(&row.ID, &row.CreatedAt, &row.ActorID, &row.ResourceID, &row.IP, &row.UserAgent, &row.RequestID, &row.Details); err != nil {
			t.Fatal(err)
		}
		pending = append(pending, row)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	sequence := scan[int64](a, `SELECT count(*) FROM audit_seals`)
	var hash []byte
	if sequence > 0 {
		hash = scan[[]byte](a, `SELECT hash FROM audit_seals ORDER BY sequence DESC LIMIT 1`)
	}
	conn := a.service(t)
	for _, row := range pending {
		sequence++
		hash = audit.Link(hash, sequence, row)
		_, err := conn.Exec(t.Context(), `INSERT INTO audit_seals (company_id, sequence, audit_log_id, hash)
			SELECT $1, unnest($2::bigint[]), unnest($3::uuid[]), unnest($4::bytea[])`, a.company, []int64{sequence}, []uuid.UUID{row.ID}, [][]byte{hash})
		if err != nil {
			t.Fatal(err)
		}
	}
	if _, err := conn.Exec(t.Context(), `DELETE FROM audit_pending WHERE company_id = $1`, a.company); err != nil {
		t.Fatal(err)
	}
}
