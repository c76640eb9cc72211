package cancellation_test

import (
	"context"
	"encoding/json"
	"reflect"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/ai-interviewer-platform/interviewer/db/stored"
	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/gen/db"
	"github.com/ai-interviewer-platform/interviewer/server/access"
	"github.com/ai-interviewer-platform/interviewer/server/compliance/audit"
	"github.com/ai-interviewer-platform/interviewer/server/hiring/cancellation"
	"github.com/ai-interviewer-platform/interviewer/server/platform/clock"
	"github.com/ai-interviewer-platform/interviewer/server/platform/postgres"
	"github.com/ai-interviewer-platform/interviewer/server/testkit"
)

const reason = "The application was rejected."

// fixture is a company with a job and a kit version. No replica runs: the tests call the canceller in transactions of
// their own, on behalf of HR.
type fixture struct {
	*testkit.Installation
	*testkit.Hiring
	t          *testing.T
	store      *postgres.Store
	canceller  cancellation.Canceller
	company    testkit.Company
	actor      uuid.UUID
	job        uuid.UUID
	kitVersion uuid.UUID
}

func newFixture(t *testing.T) fixture {
	t.Helper()
	installation := testkit.New(t)
	company := installation.Company("acme")
	f := fixture{
		Installation: installation, Hiring: installation.Hiring(company), t: t, store: installation.Store(8), company: company,
		canceller: cancellation.Canceller{Clock: clock.System(), Audit: audit.NewRecorder(clock.System())},
		actor:     company.Users[api.RoleHr].ID,
	}
	f.job = f.Job(api.JobStatusOpen)
	_, f.kitVersion = f.KitVersion(api.KitVersionStatusPublished)
	return f
}

// in returns the fixture for a subtest.
func (f fixture) in(t *testing.T) fixture {
	f.t = t
	return f
}

func (f fixture) application() uuid.UUID {
	f.t.Helper()
	return f.Application(f.Candidate(), f.job, api.ApplicationStageInterview)
}

func (f fixture) interview(application uuid.UUID, status api.InterviewStatus) uuid.UUID {
	f.t.Helper()
	return f.Interview(application, f.kitVersion, status, f.company.Users[api.RoleEmployee])
}

// cancel calls Cancel in a transaction.
func (f fixture) cancel(application uuid.UUID) error {
	ctx := f.t.Context()
	actor := access.Actor{Kind: access.KindUser, CompanyID: f.company.ID, ID: f.actor, Role: stored.RoleHR}
	return f.store.InTx(ctx, f.company.ID, func(tx *postgres.Tx) error {
		return f.canceller.Cancel(ctx, tx, actor, db.Application{CompanyID: f.company.ID, ID: application}, reason)
	})
}

// read returns the row of an interview.
func (f fixture) read(id uuid.UUID) db.Interview {
	f.t.Helper()
	return query[db.Interview](f, `SELECT * FROM interviews WHERE id = $1`, id)[0]
}

// query returns the rows of a statement about an interview.
func query[T any](f fixture, sql string, id uuid.UUID) []T {
	f.t.Helper()
	rows, err := f.Database.Query(f.t.Context(), sql, id)
	if err != nil {
		f.t.Fatalf("query: %v", err)
	}
	all, err := pgx.CollectRows(rows, pgx.RowToStructByName[T])
	if err != nil {
		f.t.Fatalf("collect rows: %v", err)
	}
	return all
}

// auditEntry is what the audit log contains about an interview.
type auditEntry struct {
	Action  string
	ActorID uuid.UUID
	Details []byte
}

func (f fixture) history(id uuid.UUID) []db.InterviewEvent {
	f.t.Helper()
	return query[db.InterviewEvent](f, `SELECT * FROM interview_events WHERE interview_id = $1`, id)
}

func (f fixture) auditEntries(id uuid.UUID) []auditEntry {
	f.t.Helper()
	return query[auditEntry](f, `SELECT action, actor_id, details FROM audit_logs WHERE resource_id = $1`, id)
}

// checkCancelled verifies that an interview was cancelled once, given its row before, and that the history and the
// audit log say so.
func (f fixture) checkCancelled(before db.Interview) {
	f.t.Helper()
	after := f.read(before.ID)
	if after.Status != stored.InterviewStatusCancelled || after.StatusReason == nil || *after.StatusReason != reason ||
		after.Version != before.Version+1 || !after.UpdatedAt.After(before.UpdatedAt) {
		f.t.Errorf("got %+v, want the next version, cancelled", after)
	}
	if !equalTimes(after.StartsAt, before.StartsAt) || !equalTimes(after.EndsAt, before.EndsAt) {
		f.t.Errorf("got the time %v to %v, want %v to %v", after.StartsAt, after.EndsAt, before.StartsAt, before.EndsAt)
	}

	events := f.history(before.ID)
	if len(events) != 1 {
		f.t.Fatalf("got %d events, want 1", len(events))
	}
	e := events[0]
	if e.Event != stored.InterviewEventCancel || e.FromStatus == nil || *e.FromStatus != before.Status ||
		e.ToStatus != stored.InterviewStatusCancelled || e.Reason == nil || *e.Reason != reason ||
		e.ActorID == nil || *e.ActorID != f.actor {
		f.t.Errorf("got the event %+v, want a cancellation by HR from %s", e, before.Status)
	}
	for _, starts := range []*time.Time{e.FromStartsAt, e.ToStartsAt} {
		if !equalTimes(starts, before.StartsAt) {
			f.t.Errorf("got the start %v in the event, want %v", starts, before.StartsAt)
		}
	}

	entries := f.auditEntries(before.ID)
	if len(entries) != 1 {
		f.t.Fatalf("got %d audit entries, want 1", len(entries))
	}
	if entries[0].Action != "interview.cancelled" || entries[0].ActorID != f.actor {
		f.t.Errorf("got the audit entry %+v, want interview.cancelled by HR", entries[0])
	}
	var details map[string]any
	if err := json.Unmarshal(entries[0].Details, &details); err != nil {
		f.t.Fatalf("decode audit details: %v", err)
	}
	want := map[string]any{
		"application_id": before.ApplicationID.String(),
		"changes":        map[string]any{"status": map[string]any{"from": string(before.Status), "to": "cancelled"}},
	}
	if !reflect.DeepEqual(details, want) {
		f.t.Errorf("got the audit details %v, want %v", details, want)
	}
}

// checkUnchanged verifies that an interview is as it was before, without history and audit entries.
func (f fixture) checkUnchanged(before db.Interview) {
	f.t.Helper()
	if after := f.read(before.ID); !reflect.DeepEqual(after, before) {
		f.t.Errorf("got %+v, want %+v", after, before)
	}
	if events, entries := f.history(before.ID), f.auditEntries(before.ID); len(events)+len(entries) != 0 {
		f.t.Errorf("got the events %+v and the audit entries %+v, want none", events, entries)
	}
}

func equalTimes(a, b *time.Time) bool {
	if a == nil || b == nil {
		return a == b
	}
	return a.Equal(*b)
}

// TestCancel runs all tests of Cancel against one database.
func TestCancel(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	for name, test := range map[string]func(*testing.T, fixture){
		"statuses":           testStatuses,
		"one application":    testOneApplication,
		"without interviews": testWithoutInterviews,
		"concurrent change":  testConcurrentChange,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, f.in(t))
		})
	}
}

func testStatuses(t *testing.T, f fixture) {
	for _, test := range []struct {
		status api.InterviewStatus
		want   bool // whether the interview is cancelled
	}{
		{api.InterviewStatusDraft, true},
		{api.InterviewStatusScheduled, true},
		{api.InterviewStatusNoShow, true},
		{api.InterviewStatusInProgress, false},
		{api.InterviewStatusAwaitingScores, false},
		{api.InterviewStatusCompleted, false},
		{api.InterviewStatusCancelled, false},
	} {
		t.Run(string(test.status), func(t *testing.T) {
			t.Parallel()
			f := f.in(t)
			application := f.application()
			before := f.read(f.interview(application, test.status))

			if err := f.cancel(application); err != nil {
				t.Fatalf("Cancel: %v", err)
			}

			if test.want {
				f.checkCancelled(before)
				return
			}
			f.checkUnchanged(before)
		})
	}
}

// testOneApplication cancels all interviews of an application that have not begun, and none of another
// application of the same candidate.
func testOneApplication(t *testing.T, f fixture) {
	candidate := f.Candidate()
	application := f.Application(candidate, f.job, api.ApplicationStageInterview)
	other := f.Application(candidate, f.Job(api.JobStatusOpen), api.ApplicationStageInterview)
	var cancelled, unchanged []db.Interview
	for _, status := range []api.InterviewStatus{
		api.InterviewStatusDraft, api.InterviewStatusScheduled, api.InterviewStatusScheduled, api.InterviewStatusNoShow,
	} {
		cancelled = append(cancelled, f.read(f.interview(application, status)))
		unchanged = append(unchanged, f.read(f.interview(other, status)))
	}
	unchanged = append(unchanged, f.read(f.interview(application, api.InterviewStatusAwaitingScores)))

	if err := f.cancel(application); err != nil {
		t.Fatalf("Cancel: %v", err)
	}

	for _, before := range cancelled {
		f.checkCancelled(before)
	}
	for _, before := range unchanged {
		f.checkUnchanged(before)
	}
}

func testWithoutInterviews(t *testing.T, f fixture) {
	if err := f.cancel(f.application()); err != nil {
		t.Errorf("Cancel: %v", err)
	}
}

// testConcurrentChange changes an interview in another transaction that commits while Cancel waits.
// Cancel must act on the interview as that transaction left it.
func testConcurrentChange(t *testing.T, f fixture) {
	for _, test := range []struct {
		name   string
		from   api.InterviewStatus
		change string
		want   bool // whether the interview is cancelled
	}{
		{
			"scheduled meanwhile", api.InterviewStatusDraft,
			`UPDATE interviews SET status = 'scheduled', starts_at = '2027-01-12T09:00:00Z', ends_at = '2027-01-12T10:00:00Z',
				timezone = 'UTC', version = version + 1 WHERE id = $1`,
			true,
		},
		{
			"started meanwhile", api.InterviewStatusScheduled,
			`UPDATE interviews SET status = 'in_progress', started_at = now(), version = version + 1 WHERE id = $1`,
			false,
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			f := f.in(t)
			// The cases run one after the other, because each waits until a call of Cancel waits.
			application := f.application()
			id := f.interview(application, test.from)
			tx, err := f.Connect().Begin(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if _, err := tx.Exec(t.Context(), test.change, id); err != nil {
				t.Fatalf("%v", err)
			}

			done := make(chan error, 1)
			go func() { done <- f.cancel(application) }()
			testkit.Eventually(t, 10*time.Second, "Cancel waits for the change", func() bool {
				return f.cancelWaits(t.Context())
			})
			if err := tx.Commit(t.Context()); err != nil {
				t.Fatalf("%v", err)
			}
			if err := <-done; err != nil {
				t.Errorf("Cancel: %v", err)
			}

			after := f.read(id)
			if got := after.Status == stored.InterviewStatusCancelled; got != test.want {
				t.Errorf("got %s, want cancelled %t", after.Status, test.want)
			}
			events := f.history(id)
			if !test.want {
				if len(events) != 0 {
					t.Errorf("got the events %+v, want none", events)
				}
				return
			}
			if len(events) != 1 || *events[0].FromStatus != stored.InterviewStatusScheduled ||
				!equalTimes(events[0].FromStartsAt, after.StartsAt) || after.StartsAt == nil {
				t.Errorf("got the events %+v, want a cancellation of the scheduled interview", events)
			}
		})
	}
}

// cancelWaits reports whether Cancel waits for a lock.
func (f fixture) cancelWaits(ctx context.Context) bool {
	var waits bool
	err := f.Database.QueryRow(ctx, `SELECT EXISTS (SELECT FROM pg_stat_activity
		WHERE datname = current_database() AND wait_event_type = 'Lock'
			AND query LIKE '%name: ListInterviewsNotBegunForUpdate %')`).Scan(&waits)
	return err == nil && waits
}
