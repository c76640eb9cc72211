package audit_test

import (
	"context"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/server/access"
	"github.com/ai-interviewer-platform/interviewer/server/compliance/audit"
	"github.com/ai-interviewer-platform/interviewer/server/platform/clock"
	"github.com/ai-interviewer-platform/interviewer/server/platform/postgres"
	"github.com/ai-interviewer-platform/interviewer/server/testkit"
)

// archive is the audit log of a company in an installation without replicas: only the test's own sealers run.
type archive struct {
	*testkit.Installation
	t        *testing.T
	source   clock.Source
	company  uuid.UUID
	store    *postgres.Store
	recorder *audit.Recorder
	sealer   *audit.Sealer
}

func open(t *testing.T) archive {
	t.Helper()
	installation := testkit.New(t)
	s := installation.Store(8)
	source := clock.System()
	return archive{
		installation, t, source, installation.Company("acme").ID, s, audit.NewRecorder(source),
		audit.NewSealer(s, func(int) {}),
	}
}

func (a archive) record(t *testing.T, company uuid.UUID, entries ...audit.Entry) {
	t.Helper()
	err := a.store.InTx(t.Context(), company, func(tx *postgres.Tx) error {
		for _, entry := range entries {
			if err := a.recorder.Record(t.Context(), tx, access.System(company), entry); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}

// sealed returns an archive with n sealed entries.
func sealed(t *testing.T, n int) archive {
	t.Helper()
	a := open(t)
	entries := make([]audit.Entry, n)
	for i := range entries {
		entries[i] = audit.Entry{Action: audit.Login, Resource: audit.User, Details: audit.Details{"n": i}}
	}
	a.record(t, a.company, entries...)
	a.seal(t)
	return a
}

func (a archive) seal(t *testing.T) {
	t.Helper()
	if err := a.sealer.Seal(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func (a archive) verify(t *testing.T, from int64, atMost int) audit.Verification {
	t.Helper()
	found, err := audit.Verify(t.Context(), a.store, a.company, from, atMost)
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// TestRecordActors checks how each kind of actor is recorded, and that an act without an actor cannot be.
func TestRecordActors(t *testing.T) {
	t.Parallel()
	a := open(t)
	globex := a.Company("globex")
	company, user := globex.ID, globex.Users[api.RoleHr].ID
	session, candidate := uuid.New(), uuid.New()
	a.Exec(`INSERT INTO principals (company_id, id, kind) VALUES ($1, $2, 'candidate')`, company, candidate)
	origin := access.Origin{RequestID: "request-1", IP: netip.MustParseAddr("192.0.2.1"), UserAgent: "curl"}
	for want, actor := range map[string]access.Actor{
		"user " + user.String() + " " + session.String() + " 192.0.2.1 curl request-1": {
			Kind: access.KindUser, CompanyID: company, ID: user, SessionID: session, Origin: origin,
		},
		"system " + company.String() + " - - - -": access.System(company),
		"candidate " + candidate.String() + " - 192.0.2.1 curl request-1": {
			Kind: access.KindCandidate, CompanyID: company, ID: candidate, Origin: origin,
		},
	} {
		resource := "a " + string(actor.Kind)
		entry := audit.Entry{Action: audit.CandidateUpdated, Resource: resource}
		err := a.store.InTx(t.Context(), company, func(tx *postgres.Tx) error {
			return a.recorder.Record(t.Context(), tx, actor, entry)
		})
		if err != nil {
			t.Errorf("%s: %v", want, err)
		}
		var got string
		err = a.Database.QueryRow(t.Context(), `SELECT concat_ws(' ', actor_type, actor_id, coalesce(session_id::text, '-'),
			coalesce(host(ip), '-'), coalesce(nullif(user_agent, ''), '-'), coalesce(nullif(request_id, ''), '-'))
			FROM audit_logs WHERE resource_type = $1`, resource).Scan(&got)
		if err != nil || got != want {
			t.Errorf("recorded %q (error %v), want %q", got, err, want)
		}
	}
	err := a.store.InTx(t.Context(), company, func(tx *postgres.Tx) error {
		nobody := access.Actor{CompanyID: company, ID: user, Origin: origin}
		return a.recorder.Record(t.Context(), tx, nobody, audit.Entry{Action: audit.CandidateUpdated, Resource: "nobody"})
	})
	if err == nil || !strings.Contains(err.Error(), "has no actor") {
		t.Errorf("an act without an actor: got error %v", err)
	}
}

// TestChainHasNoGapsUnderConcurrency runs many writers and three sealers at the same time, as three replicas do.
func TestChainHasNoGapsUnderConcurrency(t *testing.T) {
	t.Parallel()
	a := open(t)
	globex := a.Company("globex").ID
	ctx, stop := context.WithCancel(t.Context())
	var writers, sealers sync.WaitGroup
	for range 3 {
		sealer := audit.NewSealer(a.store, func(int) {})
		sealers.Go(func() {
			for ctx.Err() == nil {
				if err := sealer.Seal(ctx); err != nil && ctx.Err() == nil {
					t.Error(err)
				}
			}
		})
	}
	const writing, each = 6, 60
	for w := range writing {
		writers.Go(func() {
			company := []uuid.UUID{a.company, globex}[w%2]
			for n := range each {
				a.record(t, company, audit.Entry{Action: audit.UserUpdated, Resource: audit.User, Details: audit.Details{"w": w, "n": n}})
			}
		})
	}
	writers.Wait()
	stop()
	sealers.Wait()
	testkit.Eventually(t, 10*time.Second, "everything is sealed", func() bool { // a cancelled sealer may hold its lock for a moment
		a.seal(t)
		var pending int
		err := a.Database.QueryRow(t.Context(), `SELECT count(*) FROM audit_pending`).Scan(&pending)
		return err == nil && pending == 0
	})
	for _, company := range []uuid.UUID{a.company, globex} {
		found, err := audit.Verify(t.Context(), a.store, company, 1, audit.VerifyAtMost)
		want := writing / 2 * each
		if err != nil || len(found.Findings) > 0 || found.Checked != want || found.Head != int64(want) || found.Pending != 0 || found.Next != 0 {
			t.Errorf("verified %+v, %v; want %d entries and no finding", found, err, want)
		}
	}
	var outOfOrder int
	err := a.Database.QueryRow(t.Context(), `SELECT count(*) FROM (SELECT l.details->>'w' AS w, (l.details->>'n')::int AS n,
			lag((l.details->>'n')::int) OVER (PARTITION BY s.company_id, l.details->>'w' ORDER BY s.sequence) AS before
		FROM audit_seals s JOIN audit_logs l ON l.company_id = s.company_id AND l.id = s.audit_log_id) x WHERE before > n`).Scan(&outOfOrder)
	if err != nil || outOfOrder > 0 {
		t.Errorf("entries sealed before an earlier entry of the same writer = %d (error %v), want 0", outOfOrder, err)
	}
}

// TestCompaniesAreSealedIndependently has two companies whose seals are rejected by a constraint.
func TestCompaniesAreSealedIndependently(t *testing.T) {
	t.Parallel()
	a := open(t)
	for i := range 4 {
		company := a.Company(fmt.Sprintf("c%d", i)).ID
		a.record(t, company, audit.Entry{Action: audit.Login, Resource: audit.User})
		if i == 1 || i == 2 {
			a.Exec(`ALTER TABLE audit_seals ADD CONSTRAINT refuse_` + fmt.Sprint(i) + ` CHECK (company_id <> '` + company.String() + `')`)
		}
	}
	if err := a.sealer.Seal(t.Context()); err == nil {
		t.Error("Seal returned no error although entries could not be sealed")
	}
	var pending int
	if err := a.Database.QueryRow(t.Context(), `SELECT count(*) FROM audit_pending`).Scan(&pending); err != nil || pending != 2 {
		t.Errorf("%d entries are pending, want those of two companies (%v)", pending, err)
	}
}

// TestBusyCompanyDelaysNobody has 150 companies with entries. One of them has the oldest entries, and gets more than a round
// seals before each round. The first round seals all entries of the others.
func TestBusyCompanyDelaysNobody(t *testing.T) {
	t.Parallel()
	a := open(t)
	const others = 149
	busy := a.company
	write := func(round int) {
		a.Exec(`WITH entry AS (
				INSERT INTO audit_logs (company_id, id, created_at, actor_type, action, resource_type, outcome)
				SELECT $1, ('00000000-0000-7000-8000-' || lpad(to_hex($2 * 1000 + n), 12, '0'))::uuid, now(), 'system', 'x', 'x', 'success'
				FROM generate_series(1, 600) AS n RETURNING company_id, id
			) INSERT INTO audit_pending (company_id, audit_log_id) SELECT company_id, id FROM entry`, busy, round)
	}
	pending := func(sql string) (n int) {
		t.Helper()
		if err := a.Database.QueryRow(t.Context(), `SELECT count(*) FROM audit_pending WHERE `+sql, busy).Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	var oldest []uuid.UUID
	for i := range others {
		id := uuid.New() // the order of the ids differs from that of the entries
		a.Exec(`INSERT INTO companies (id, name, slug) VALUES ($1, 'x', $2)`, id, fmt.Sprintf("other-%d", i))
		a.record(t, id, audit.Entry{Action: audit.Login, Resource: audit.User}, audit.Entry{Action: audit.Login, Resource: audit.User})
		oldest = append(oldest, id)
	}
	write(0)
	waiting, err := a.store.Lookup().ListCompaniesAwaitingSeal(t.Context())
	if err != nil || len(waiting) != others+1 {
		t.Fatalf("got %d companies and error %v, want %d", len(waiting), err, others+1)
	}
	for i, want := range append([]uuid.UUID{busy}, oldest...) {
		if waiting[i].CompanyID != want {
			t.Fatalf("company %d: got %s, want %s, which has the oldest entry of the rest", i, waiting[i].CompanyID, want)
		}
	}
	for round := 1; round <= 3; round++ {
		more, err := a.sealer.Round(t.Context())
		if err != nil || !more {
			t.Errorf("round %d: got more %t, error %v; want more", round, more, err)
		}
		if n := pending(`company_id <> $1`); n != 0 {
			t.Errorf("after round %d, %d entries of other companies are not sealed", round, n)
		}
		if n := pending(`company_id = $1`); n != 100*round {
			t.Errorf("after round %d, %d entries of the busy company are not sealed, want %d", round, n, 100*round)
		}
		write(round)
	}
	a.seal(t)
	if n := pending(`true OR company_id = $1`); n != 0 {
		t.Errorf("%d entries are not sealed although nobody writes", n)
	}
}

// TestWaiting counts the entries that await their seal.
func TestWaiting(t *testing.T) {
	t.Parallel()
	a := open(t)
	expect := func(want int64) {
		t.Helper()
		entries, oldest, err := audit.Waiting(t.Context(), a.store)
		if age := time.Since(oldest); err != nil || entries != want || (want > 0) != (age < time.Minute) {
			t.Errorf("got %d entries since %s, error %v; want %d", entries, oldest, err, want)
		}
	}
	expect(0)
	a.record(t, a.company, audit.Entry{Action: audit.Login, Resource: audit.User}, audit.Entry{Action: audit.Login, Resource: audit.User})
	expect(2)
	a.seal(t)
	expect(0)
}

func TestTamperingIsReported(t *testing.T) {
	t.Parallel()
	type found struct {
		kind     api.AuditFindingKind
		sequence int64
	}
	const row = `(SELECT audit_log_id FROM audit_seals WHERE sequence = 5)`
	for name, test := range map[string]struct {
		sql  []string
		want []found
	}{
		"nothing":         {nil, nil},
		"altered action":  {[]string{`UPDATE audit_logs SET action = 'auth.logout' WHERE id = ` + row}, []found{{"altered", 5}}},
		"altered time":    {[]string{`UPDATE audit_logs SET created_at = created_at - interval '1 us' WHERE id = ` + row}, []found{{"altered", 5}}},
		"altered details": {[]string{`UPDATE audit_logs SET details = '{"n": 99}' WHERE id = ` + row}, []found{{"altered", 5}}},
		"altered ip":      {[]string{`UPDATE audit_logs SET ip = '1.2.3.4' WHERE id = ` + row}, []found{{"altered", 5}}},
		"altered actor":   {[]string{`UPDATE audit_logs SET actor_type = 'user', actor_id = gen_random_uuid() WHERE id = ` + row}, []found{{"altered", 5}}},
		"deleted row":     {[]string{`DELETE FROM audit_logs WHERE id = ` + row}, []found{{"missing", 5}}},
		"deleted last row": {
			[]string{`DELETE FROM audit_logs WHERE id = (SELECT audit_log_id FROM audit_seals WHERE sequence = 10)`}, []found{{"missing", 10}},
		},
		"deleted row and seal": {
			[]string{`DELETE FROM audit_logs WHERE id = ` + row, `DELETE FROM audit_seals WHERE sequence = 5`}, []found{{"missing", 5}},
		},
		"deleted two rows and seals": {
			[]string{
				`DELETE FROM audit_logs WHERE id IN (SELECT audit_log_id FROM audit_seals WHERE sequence IN (5, 6))`,
				`DELETE FROM audit_seals WHERE sequence IN (5, 6)`,
			}, []found{{"missing", 5}, {"missing", 6}},
		},
		"deleted first": {
			[]string{
				`DELETE FROM audit_logs WHERE id = (SELECT audit_log_id FROM audit_seals WHERE sequence = 1)`,
				`DELETE FROM audit_seals WHERE sequence = 1`,
			}, []found{{"missing", 1}},
		},
		"deleted seal": {[]string{`DELETE FROM audit_seals WHERE sequence = 5`}, []found{{"missing", 5}, {"unsealed", 0}}},
		"inserted row": {
			[]string{`INSERT INTO audit_logs SELECT company_id, gen_random_uuid(), created_at, actor_type, actor_id, session_id, action,
				resource_type, resource_id, outcome, ip, user_agent, request_id, details FROM audit_logs WHERE id = ` + row},
			[]found{{"unsealed", 0}},
		},
		"altered salt": {[]string{`UPDATE audit_logs SET salt = sha256('x') WHERE id = ` + row}, []found{{"altered", 5}}},
		"altered payload and digest": {
			[]string{`UPDATE audit_logs SET user_agent = 'x', digest = sha256('x') WHERE id = ` + row}, []found{{"altered", 5}},
		},
		"altered time by a year": {
			[]string{`UPDATE audit_logs SET created_at = created_at + interval '1 year' WHERE id = ` + row}, []found{{"altered", 5}},
		},
		"sealed again in format 1": {[]string{`UPDATE audit_seals SET format = 1 WHERE sequence = 5`}, []found{{"altered", 5}}},
		"second row with the id": {
			[]string{`INSERT INTO audit_logs SELECT company_id, id, created_at + interval '1 s', actor_type, actor_id, session_id, action,
				resource_type, resource_id, outcome, ip, user_agent, request_id, details FROM audit_logs WHERE id = ` + row},
			[]found{{"unsealed", 0}},
		},
		"second row with the id of an earlier version": {
			[]string{
				`UPDATE audit_seals SET entry_created_at = NULL`,
				`INSERT INTO audit_logs SELECT company_id, id, created_at + interval '1 year', actor_type, actor_id, session_id, action,
				resource_type, resource_id, outcome, ip, user_agent, request_id, details FROM audit_logs WHERE id = ` + row,
			},
			[]found{{"unsealed", 0}},
		},
		"swapped hash": {
			[]string{`UPDATE audit_seals SET hash = sha256('x') WHERE sequence = 5`}, []found{{"altered", 5}, {"altered", 6}},
		},
		"swapped hashes": {
			[]string{`UPDATE audit_seals AS s SET hash = o.hash FROM audit_seals AS o WHERE (s.sequence, o.sequence) IN ((5, 6), (6, 5))`},
			[]found{{"altered", 5}, {"altered", 6}, {"altered", 7}},
		},
		"swapped rows": {
			[]string{
				`CREATE TEMP TABLE o AS SELECT sequence, audit_log_id FROM audit_seals WHERE sequence IN (5, 6)`,
				`UPDATE audit_seals SET audit_log_id = gen_random_uuid() WHERE sequence IN (5, 6)`,
				`UPDATE audit_seals AS s SET audit_log_id = o.audit_log_id FROM o WHERE (s.sequence, o.sequence) IN ((5, 6), (6, 5))`,
			}, []found{{"altered", 5}, {"altered", 6}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := sealed(t, 10)
			a.tamper(t, test.sql...)
			var got []found
			result := a.verify(t, 1, audit.VerifyAtMost)
			for _, f := range result.Findings {
				got = append(got, found{f.Kind, f.Sequence})
				if (f.ID == nil) != (f.Kind == api.AuditFindingKindMissing) {
					t.Errorf("id of the finding %s = %v, want none only if the entry is missing", f.Kind, f.ID)
				}
			}
			if !slices.Equal(got, test.want) {
				t.Errorf("found %v, want %v", got, test.want)
			}
			if result.Head != 10 || result.Next != 0 {
				t.Errorf("head is %d and next is %d, want 10 and 0", result.Head, result.Next)
			}
		})
	}
}

// tamper runs SQL as a superuser with triggers and foreign keys switched off.
func (a archive) tamper(t *testing.T, statements ...string) {
	t.Helper()
	conn := a.Connect()
	for _, sql := range append([]string{`SET session_replication_role = replica`}, statements...) {
		if _, err := conn.Exec(t.Context(), sql); err != nil {
			t.Fatalf("%s: %v", sql, err)
		}
	}
}

func TestTableRejectsUnreadableValues(t *testing.T) {
	t.Parallel()
	a := sealed(t, 1)
	conn := a.Connect()
	for _, sql := range []string{
		`UPDATE audit_logs SET created_at = 'infinity'`, `UPDATE audit_logs SET ip = '10.0.0.0/8'`, `UPDATE audit_logs SET details = '[]'`,
	} {
		if _, err := conn.Exec(t.Context(), `SET session_replication_role = replica; `+sql); err == nil {
			t.Errorf("the table accepts %s", sql)
		}
	}
}

func TestVerifyContinuesAtNext(t *testing.T) {
	t.Parallel()
	a := sealed(t, 10)
	first := a.verify(t, 1, 4)
	if first.Checked != 4 || first.Head != 4 || first.Next != 5 || len(first.Findings) != 0 {
		t.Errorf("first 4 entries = %+v, want 4 checked, the head 4, the next 5 and no findings", first)
	}
	second := a.verify(t, first.Next, 6)
	if second.Checked != 6 || second.Head != 10 || second.Next != 0 || len(second.Findings) != 0 {
		t.Errorf("other 6 entries = %+v, want 6 checked, the head 10, no next and no findings", second)
	}
	if exact := a.verify(t, 1, 10); exact.Next != 0 || exact.Head != 10 {
		t.Errorf("all 10 entries = %+v, want the head 10 and no next", exact)
	}
	for _, from := range []int64{11, 100} {
		beyond := a.verify(t, from, 10)
		if len(beyond.Findings) != 1 || beyond.Findings[0].Kind != api.AuditFindingKindMissing || beyond.Findings[0].Sequence != from {
			t.Errorf("from %d, beyond the end: %+v", from, beyond)
		}
	}
	if last := a.verify(t, 10, 10); last.Checked != 1 || last.Head != 10 || len(last.Findings) != 0 {
		t.Errorf("from the last entry: %+v", last)
	}
	a.tamper(t, `DELETE FROM audit_logs WHERE id = (SELECT audit_log_id FROM audit_seals WHERE sequence = 4)`, `DELETE FROM audit_seals WHERE sequence = 4`)
	if behind := a.verify(t, 5, 10); len(behind.Findings) != 1 || behind.Findings[0].Sequence != 4 {
		t.Errorf("findings from the position after a deleted seal = %+v, want one at sequence 4", behind.Findings)
	}
}

func TestVerifyReportsAtMost100Findings(t *testing.T) {
	t.Parallel()
	a := sealed(t, 600)
	a.tamper(t, `UPDATE audit_logs SET action = 'auth.logout'`, `DELETE FROM audit_seals WHERE sequence BETWEEN 200 AND 400`)
	if found := a.verify(t, 1, audit.VerifyAtMost); len(found.Findings) != 100 || found.Head != 600 || found.Checked != 399 {
		t.Errorf("%d findings, head %d, checked %d; want 100, 600 and 399", len(found.Findings), found.Head, found.Checked)
	}
}

func TestPendingRowsAreCounted(t *testing.T) {
	t.Parallel()
	a := sealed(t, 3)
	a.record(t, a.company, audit.Entry{Action: audit.Logout, Resource: audit.Session})
	if found := a.verify(t, 1, 10); found.Pending != 1 || len(found.Findings) != 0 || found.Head != 3 {
		t.Errorf("found = %+v, want 1 pending, no findings and the head 3", found)
	}
}

// TestAuditLogIsAppendOnly shows that neither the service's role, by its grants, nor the owner, by a trigger, can change
// an entry.
func TestAuditLogIsAppendOnly(t *testing.T) {
	t.Parallel()
	a := sealed(t, 2)
	owner, service := a.Connect(), a.Connect()
	if _, err := service.Exec(t.Context(), `SELECT set_config('app.company_id', $1, false)`, a.company.String()); err != nil {
		t.Fatal(err)
	}
	if _, err := service.Exec(t.Context(), `SET ROLE interviewer_service`); err != nil {
		t.Fatal(err)
	}
	for _, table := range []string{"audit_logs", "audit_seals"} {
		for _, sql := range []string{
			`UPDATE ` + table + ` SET company_id = company_id`, `DELETE FROM ` + table, `TRUNCATE ` + table, `TRUNCATE ` + table + ` CASCADE`,
		} {
			t.Run(sql, func(t *testing.T) {
				for name, conn := range map[string]*pgx.Conn{"owner": owner, "service": service} {
					if _, err := conn.Exec(t.Context(), sql); err == nil {
						t.Errorf("%s: %s succeeded", name, sql)
					}
				}
			})
		}
	}
	if found := a.verify(t, 1, 10); len(found.Findings) != 0 || found.Checked != 2 {
		t.Errorf("after the attempts = %+v, want 2 checked and no findings", found)
	}
}

// TestReplicasSeal leaves the sealing to two replicas.
func TestReplicasSeal(t *testing.T) {
	t.Parallel()
	a := open(t)
	a.Replica()
	a.Replica()
	a.record(t, a.company, audit.Entry{Action: audit.Login, Resource: audit.User})
	testkit.Eventually(t, 10*time.Second, "the entry is sealed", func() bool {
		found := a.verify(t, 1, 10)
		return found.Head == 1 && found.Pending == 0
	})
}

// TestRecordStoresEveryText records details with characters that jsonb rejects.
func TestRecordStoresEveryText(t *testing.T) {
	t.Parallel()
	a := open(t)
	a.record(t, a.company, audit.Entry{Action: audit.AccessDenied, Resource: audit.Operation, Details: audit.Details{"path": "/a\x00b\xff\\u0000"}})
	var path string
	err := a.Database.QueryRow(t.Context(), `SELECT details->>'path' FROM audit_logs`).Scan(&path)
	if want := "/a\ufffdb\ufffd\\u0000"; err != nil || path != want {
		t.Errorf("stored as %q, %v; want %q", path, err, want)
	}
}
