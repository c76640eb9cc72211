package idempotency_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/ai-interviewer-platform/interviewer/db/stored"
	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/gen/db"
	"github.com/ai-interviewer-platform/interviewer/server/access"
	"github.com/ai-interviewer-platform/interviewer/server/edge/idempotency"
	"github.com/ai-interviewer-platform/interviewer/server/platform/clock/clocktest"
	"github.com/ai-interviewer-platform/interviewer/server/platform/fault"
	"github.com/ai-interviewer-platform/interviewer/server/platform/postgres"
	"github.com/ai-interviewer-platform/interviewer/server/service"
	"github.com/ai-interviewer-platform/interviewer/server/testkit"
)

// fixture is a keeper on a database, and a user who sends requests.
type fixture struct {
	*testkit.Installation
	t       *testing.T
	store   *postgres.Store
	clock   *clocktest.Clock
	keeper  *idempotency.Keeper
	company testkit.Company
	actor   access.Actor
}

// newFixture opens the database that all tests of a group share.
func newFixture(t *testing.T) *fixture {
	t.Helper()
	f := &fixture{Installation: testkit.New(t), t: t}
	f.store = f.Store(4)
	return f
}

// in returns a fixture for one test: with a company, a stopped clock and a keeper of its own.
func (f *fixture) in(t *testing.T) *fixture {
	t.Helper()
	part := &fixture{Installation: f.In(t), t: t, store: f.store, clock: clocktest.Stopped()}
	part.company = part.Company("c" + strings.ReplaceAll(uuid.NewString(), "-", ""))
	part.actor = part.user(part.company, api.RoleHr)
	part.keeper = part.keeperWith("secret")
	return part
}

func (f *fixture) user(company testkit.Company, role api.Role) access.Actor {
	return access.Actor{Kind: access.KindUser, CompanyID: company.ID, ID: company.Users[role].ID, Role: stored.Role(role)}
}

// keeperWith returns another keeper, with other secrets.
func (f *fixture) keeperWith(secrets ...string) *idempotency.Keeper {
	f.t.Helper()
	options := idempotency.Options{Store: f.store, Clock: f.clock.Source()}
	for _, secret := range secrets {
		options.Secrets = append(options.Secrets, []byte(secret))
	}
	keeper, err := idempotency.New(options)
	if err != nil {
		f.t.Fatal(err)
	}
	return keeper
}

// about is what the gate knows about the usual request of these tests.
func about(key string) idempotency.Request {
	return idempotency.Request{Operation: "CreateJob", Key: key, Body: []byte(`{"title":"Welder"}`)}
}

// request returns the usual request.
func (f *fixture) request() *http.Request {
	r := httptest.NewRequestWithContext(f.t.Context(), http.MethodPost, "/api/v1/jobs", http.NoBody)
	r.Header.Set("Content-Type", "application/json")
	return r
}

// created is the response of an operation that created a job.
type created struct{ title string }

func (c created) Respond(w http.ResponseWriter) error {
	w.Header().Set("Location", "/api/v1/jobs/"+c.title)
	w.WriteHeader(http.StatusCreated)
	_, err := io.WriteString(w, c.title)
	return err
}

// operation creates a job with a title, and then returns an error, or responds if that is nil. It counts its runs.
type operation struct {
	*fixture
	title  string
	ctx    func() context.Context
	failed error
	before func() // runs before the transaction
	during func() // runs in the transaction, after its first statement, with which the key is held
	runs   int
}

func (o *operation) run(w http.ResponseWriter, attempt service.Attempt) error {
	o.runs++
	if o.before != nil {
		o.before()
	}
	ctx := o.ctx()
	call := service.Call{Actor: o.actor, Attempt: attempt}
	response, err := service.Commit(ctx, o.store, call, func(tx *postgres.Tx) (created, error) {
		err := o.insert(ctx, tx)
		if o.during != nil {
			o.during()
		}
		return created{o.title}, errors.Join(err, o.failed)
	})
	if err != nil {
		return err
	}
	return response.Respond(w)
}

// insert inserts the job.
func (o *operation) insert(ctx context.Context, tx *postgres.Tx) error {
	_, err := tx.InsertJob(ctx, db.InsertJobParams{
		CompanyID: o.company.ID, ID: uuid.Must(uuid.NewV7()), Title: o.title, Status: stored.JobStatusDraft, Now: o.clock.Now(),
	})
	return err
}

func (f *fixture) creates(title string) *operation {
	return &operation{fixture: f, title: title, ctx: f.t.Context}
}

// send runs the usual request of the actor with a key.
func (f *fixture) send(key string, o *operation) (idempotency.Response, bool, error) {
	return f.keeper.Run(f.request(), f.actor, about(key), o.run)
}

// expectRun expects that a request runs the operation and gets its response.
func (f *fixture) expectRun(key string, o *operation) {
	f.t.Helper()
	runs := o.runs
	response, replayed, err := f.send(key, o)
	if err != nil || replayed || o.runs != runs+1 || string(response.Body) != o.title {
		f.t.Errorf("got response %q, replayed %t, %d runs, error %v; want %q, not replayed, 1 run",
			response.Body, replayed, o.runs-runs, err, o.title)
	}
}

// expectReplay expects that a request gets the response of an earlier one.
func (f *fixture) expectReplay(key string, o *operation, want string) {
	f.t.Helper()
	runs := o.runs
	response, replayed, err := f.send(key, o)
	if err != nil || !replayed || o.runs != runs || string(response.Body) != want {
		f.t.Errorf("got response %q, replayed %t, %d runs, error %v; want %q, replayed, no run",
			response.Body, replayed, o.runs-runs, err, want)
	}
}

// expectRefused expects that a request is refused without a run of its operation.
func (f *fixture) expectRefused(key string, o *operation, code fault.Code) {
	f.t.Helper()
	runs := o.runs
	if _, _, err := f.send(key, o); !fault.Is(err, code) || o.runs != runs {
		f.t.Errorf("got error %v and %d runs, want %s and no run", err, o.runs-runs, code)
	}
}

// expectRows compares the numbers of the company's jobs and records.
func (f *fixture) expectRows(jobs, records int) {
	f.t.Helper()
	var gotJobs, gotRecords int
	err := f.Database.QueryRow(f.t.Context(), `SELECT (SELECT count(*) FROM jobs WHERE company_id = $1),
		(SELECT count(*) FROM idempotency_records WHERE company_id = $1)`, f.company.ID).Scan(&gotJobs, &gotRecords)
	if err != nil || gotJobs != jobs || gotRecords != records {
		f.t.Errorf("got %d jobs and %d records (error %v), want %d and %d", gotJobs, gotRecords, err, jobs, records)
	}
}

func TestRun(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	for name, test := range map[string]func(*fixture){
		"repeated request gets the same response":           replaysTheResponse,
		"another request with the key is refused":           refusesAnotherRequest,
		"keys belong to their actor":                        separatesActors,
		"request during the first one is refused":           refusesDuringTheFirst,
		"slower request gets the response of the faster":    replaysTheFaster,
		"slower request that fails gets the response, too":  replaysTheFasterAfterFailure,
		"refusal is not recorded, and its audit entry kept": keepsNoRefusal,
		"error rolls everything back":                       rollsBackErrors,
		"failed commit records and sends nothing":           recordsAndSendsNothingWithoutCommit,
		"response without a transaction is recorded":        recordsWhatChangesNothing,
		"operation commits once":                            commitsOnce,
		"panic releases the key":                            releasesTheKeyAfterPanic,
		"previous secret opens a record":                    opensWithPreviousSecret,
		"record without its secret is lost":                 losesTheRecord,
		"record expires":                                    expires,
		"replay requires the same rights":                   requiresRights,
		"streamed body that breaks off records nothing":     recordsNoBrokenStream,
		"request whose client leaves records nothing":       recordsNothingOfCanceledRequest,
		"record that is replaced during a deletion is kept": keepsReplacedRecord,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(f.in(t))
		})
	}
}

func replaysTheResponse(f *fixture) {
	o := f.creates("welder")
	first, replayed, err := f.send("key", o)
	if err != nil || replayed || first.Status != http.StatusCreated || string(first.Body) != "welder" {
		f.t.Fatalf("first response: got %+v, replayed %t, error %v", first, replayed, err)
	}
	second, replayed, err := f.send("key", o)
	if err != nil || !replayed || second.Status != first.Status || string(second.Body) != "welder" ||
		second.Header.Get("Location") != "/api/v1/jobs/welder" {
		f.t.Errorf("second response: got %+v, replayed %t, error %v; want a replay of %+v", second, replayed, err, first)
	}
	if o.runs != 1 {
		f.t.Errorf("runs: got %d, want 1", o.runs)
	}
	f.expectRun("other key", o)
	f.expectRows(2, 2)
}

func refusesAnotherRequest(f *fixture) {
	f.expectRun("key", f.creates("welder"))
	for name, change := range map[string]func(r *http.Request, about *idempotency.Request){
		"operation": func(_ *http.Request, about *idempotency.Request) { about.Operation = "CreateKit" },
		"body":      func(_ *http.Request, about *idempotency.Request) { about.Body = []byte(`{"title":"Fitter"}`) },
		"query":     func(_ *http.Request, about *idempotency.Request) { about.Query = url.Values{"dry_run": {"true"}} },
		"If-Match":  func(r *http.Request, _ *idempotency.Request) { r.Header.Set("If-Match", `"1"`) },
	} {
		f.t.Run(name, func(t *testing.T) {
			r, request, o := f.request(), about("key"), f.creates("fitter")
			change(r, &request)
			if _, _, err := f.keeper.Run(r, f.actor, request, o.run); !fault.Is(err, fault.IdempotencyKeyReused) || o.runs != 0 {
				t.Errorf("got error %v and %d runs, want %s and none", err, o.runs, fault.IdempotencyKeyReused)
			}
		})
	}
	f.expectRows(1, 1)
}

func separatesActors(f *fixture) {
	f.expectRun("key", f.creates("welder"))
	f.actor = f.user(f.company, api.RoleAdmin)
	f.expectRun("key", f.creates("fitter"))
	f.expectReplay("key", f.creates("turner"), "fitter")
	f.expectRows(2, 2)
}

func refusesDuringTheFirst(f *fixture) {
	first := f.creates("welder")
	first.during = func() {
		first.during = nil
		second := f.creates("fitter")
		_, _, err := f.send("key", second)
		var refusal *fault.Fault
		if !errors.As(err, &refusal) || refusal.Code() != fault.IdempotencyKeyInUse || refusal.RetryAfter() <= 0 {
			f.t.Errorf("got error %v, want %s with a time to retry", err, fault.IdempotencyKeyInUse)
		}
		f.expectRun("other key", f.creates("turner"))
	}
	f.expectRun("key", first)
	f.expectReplay("key", f.creates("fitter"), "welder")
	f.expectRows(2, 2)
}

func replaysTheFaster(f *fixture) {
	slower := f.creates("slower")
	slower.before = func() { f.expectRun("key", f.creates("faster")) }
	response, replayed, err := f.send("key", slower)
	if err != nil || !replayed || string(response.Body) != "faster" {
		f.t.Errorf("got response %q, replayed %t, error %v; want faster, replayed", response.Body, replayed, err)
	}
	f.expectRows(1, 1)
}

// replaysTheFasterAfterFailure covers an operation that fails before its transaction, because of what the faster one did.
func replaysTheFasterAfterFailure(f *fixture) {
	slower := func(http.ResponseWriter, service.Attempt) error {
		f.expectRun("key", f.creates("faster"))
		return fault.New(fault.StateConflict)
	}
	response, replayed, err := f.keeper.Run(f.request(), f.actor, about("key"), slower)
	if err != nil || !replayed || string(response.Body) != "faster" {
		f.t.Errorf("got response %q, replayed %t, error %v; want faster, replayed", response.Body, replayed, err)
	}
	f.expectRows(1, 1)
}

func keepsNoRefusal(f *fixture) {
	refused, note := f.creates("refused"), f.creates("note")
	refused.failed = fault.New(fault.StateConflict)
	refused.before = func() {
		err := f.store.InTx(f.t.Context(), f.company.ID, func(tx *postgres.Tx) error { return note.insert(f.t.Context(), tx) })
		if err != nil {
			f.t.Error(err)
		}
	}
	for range 2 {
		if _, replayed, err := f.send("key", refused); !fault.Is(err, fault.StateConflict) || replayed {
			f.t.Errorf("got error %v, replayed %t; want %s", err, replayed, fault.StateConflict)
		}
	}
	if refused.runs != 2 {
		f.t.Errorf("runs: got %d, want 2", refused.runs)
	}
	f.expectRows(2, 0) // what the operation wrote about the refusal, in transactions of their own
	f.expectRun("key", f.creates("welder"))
	f.expectRows(3, 1)
}

func rollsBackErrors(f *fixture) {
	failing := f.creates("failing")
	failing.failed = errors.New("failed in its transaction")
	if _, replayed, err := f.send("key", failing); !errors.Is(err, failing.failed) || replayed {
		f.t.Errorf("got error %v, replayed %t; want %v", err, replayed, failing.failed)
	}
	f.expectRows(0, 0)
	f.expectRun("key", f.creates("welder"))
	f.expectRows(1, 1)
}

// recordsAndSendsNothingWithoutCommit makes PostgreSQL refuse the commit, after all statements succeeded.
func recordsAndSendsNothingWithoutCommit(f *fixture) {
	f.Exec(`CREATE FUNCTION refuse_commit() RETURNS trigger LANGUAGE plpgsql AS $$
		BEGIN RAISE 'refused at the commit'; END $$`)
	f.Exec(`CREATE CONSTRAINT TRIGGER refuse_commit AFTER INSERT ON jobs DEFERRABLE INITIALLY DEFERRED
		FOR EACH ROW WHEN (NEW.title = 'uncommittable') EXECUTE FUNCTION refuse_commit()`)
	response, replayed, err := f.send("key", f.creates("uncommittable"))
	if err == nil || !strings.Contains(err.Error(), "refused at the commit") || replayed || len(response.Body) != 0 || response.Status != 0 {
		f.t.Errorf("got response %+v, replayed %t, error %v; want the error of the commit and no response", response, replayed, err)
	}
	f.expectRows(0, 0)
	f.expectRun("key", f.creates("welder"))
}

func recordsWhatChangesNothing(f *fixture) {
	runs := 0
	unchanged := func(w http.ResponseWriter, _ service.Attempt) error {
		runs++
		return created{"unchanged"}.Respond(w)
	}
	for _, repeated := range []bool{false, true} {
		response, replayed, err := f.keeper.Run(f.request(), f.actor, about("key"), unchanged)
		if err != nil || replayed != repeated || string(response.Body) != "unchanged" || response.Status != http.StatusCreated {
			f.t.Errorf("got response %+v, replayed %t, error %v; want unchanged, replayed %t", response, replayed, err, repeated)
		}
	}
	if runs != 1 {
		f.t.Errorf("runs: got %d, want 1", runs)
	}
	f.expectRows(0, 1)
}

func commitsOnce(f *fixture) {
	first, second := f.creates("welder"), f.creates("fitter")
	twice := func(w http.ResponseWriter, attempt service.Attempt) error {
		return errors.Join(first.run(w, attempt), second.run(w, attempt))
	}
	// The record that was committed first is kept.
	response, replayed, err := f.keeper.Run(f.request(), f.actor, about("key"), twice)
	if err != nil || !replayed || string(response.Body) != "welder" {
		f.t.Errorf("got response %q, replayed %t, error %v; want welder, replayed", response.Body, replayed, err)
	}
	f.expectRows(1, 1)
}

func releasesTheKeyAfterPanic(f *fixture) {
	panicking := f.creates("lost")
	panicking.during = func() { panic("in the transaction") }
	func() {
		defer func() {
			if recover() == nil {
				f.t.Error("Run does not pass on the panic")
			}
		}()
		_, _, _ = f.send("key", panicking)
	}()
	f.expectRows(0, 0)
	f.expectRun("key", f.creates("welder"))
}

func opensWithPreviousSecret(f *fixture) {
	f.expectRun("key", f.creates("welder"))
	f.keeper = f.keeperWith("new secret", "secret")
	f.expectReplay("key", f.creates("fitter"), "welder")

	// The first secret seals.
	f.expectRun("other key", f.creates("turner"))
	f.keeper = f.keeperWith("new secret")
	f.expectReplay("other key", f.creates("fitter"), "turner")
}

func losesTheRecord(f *fixture) {
	f.expectRun("key", f.creates("welder"))
	f.keeper = f.keeperWith("new secret")
	f.expectRefused("key", f.creates("fitter"), fault.IdempotencyRecordLost)
	f.expectRows(1, 1)
}

func expires(f *fixture) {
	f.expectRun("key", f.creates("welder"))
	f.clock.Advance(idempotency.Lifetime - time.Microsecond)
	f.expectReplay("key", f.creates("fitter"), "welder")

	// At the end of the lifetime the key is new, although its record is not deleted yet.
	f.clock.Advance(time.Microsecond)
	f.expectRun("key", f.creates("fitter"))
	f.expectRows(2, 1)
	f.clock.Advance(idempotency.Lifetime - time.Microsecond)
	f.expectReplay("key", f.creates("turner"), "fitter")
}

func requiresRights(f *fixture) {
	o := f.creates("welder")
	f.expectRun("user", o)
	f.actor.Role = stored.RoleAdmin
	f.expectRefused("user", o, fault.IdempotencyRecordLost)
	f.actor.Role = stored.RoleHR
	f.expectReplay("user", o, "welder")

	id := f.Key(f.company, []string{"jobs:write"}).ID
	f.actor = access.Actor{Kind: access.KindAPIKey, CompanyID: f.company.ID, ID: id, Role: stored.RoleHR, Key: &access.Key{Scopes: []string{"jobs:write"}}}
	f.expectRun("key", o)
	f.actor.Key = &access.Key{Scopes: []string{"jobs:read"}}
	f.expectRefused("key", o, fault.IdempotencyRecordLost)
	f.actor.Key = &access.Key{Scopes: []string{"jobs:read", "jobs:write"}}
	f.expectReplay("key", o, "welder")
}

func recordsNoBrokenStream(f *fixture) {
	r, request, o := f.request(), about("key"), f.creates("welder")
	request.Streams = true
	body, client := io.Pipe()
	_ = client.CloseWithError(io.ErrUnexpectedEOF)
	r.Body = body
	if _, _, err := f.keeper.Run(r, f.actor, request, o.run); !errors.Is(err, io.ErrUnexpectedEOF) {
		f.t.Errorf("got error %v, want %v", err, io.ErrUnexpectedEOF)
	}
	f.expectRows(0, 0)
}

func recordsNothingOfCanceledRequest(f *fixture) {
	ctx, leave := context.WithCancel(f.t.Context())
	r, o := f.request().WithContext(ctx), f.creates("welder")
	o.ctx, o.during = r.Context, leave
	if _, _, err := f.keeper.Run(r, f.actor, about("key"), o.run); err == nil {
		f.t.Error("got no error, want one about the canceled context")
	}
	f.expectRows(0, 0)
	o.ctx, o.during = f.t.Context, nil
	f.expectRun("key", o)
}

// keepsReplacedRecord deletes expired records while a request replaces one of them: the deletion waits for the request,
// and the record is not expired then.
func keepsReplacedRecord(f *fixture) {
	f.expectRun("key", f.creates("welder"))
	f.Exec(`UPDATE idempotency_records SET expires_at = now() - interval '1 hour' WHERE company_id = $1`, f.company.ID)
	f.clock.Advance(time.Since(f.clock.Now()))
	deleted := make(chan error, 1)
	tx, err := f.Database.Begin(f.t.Context())
	if err != nil {
		f.t.Fatal(err)
	}
	_, err = tx.Exec(f.t.Context(), `UPDATE idempotency_records SET expires_at = now() + interval '1 day' WHERE company_id = $1`, f.company.ID)
	if err != nil {
		f.t.Fatal(err)
	}
	go func() {
		_, err := f.keeper.DeleteExpired(f.t.Context(), 1000)
		deleted <- err
	}()
	testkit.Eventually(f.t, 10*time.Second, "the deletion waits", func() bool {
		var waits bool
		err := f.Database.QueryRow(f.t.Context(), `SELECT EXISTS (SELECT FROM pg_stat_activity
			WHERE datname = current_database() AND wait_event_type = 'Lock' AND query LIKE '%delete_expired_idempotency_records%')`).Scan(&waits)
		return err == nil && waits
	})
	if err := tx.Commit(f.t.Context()); err != nil {
		f.t.Fatal(err)
	}
	if err := <-deleted; err != nil {
		f.t.Error(err)
	}
	f.expectRows(1, 1)
}

// TestDeleteExpired deletes the oldest of the expired records first.
func TestDeleteExpired(t *testing.T) {
	t.Parallel()
	f := newFixture(t).in(t)
	for n := range 5 {
		f.expectRun(fmt.Sprint("key ", n), f.creates("welder"))
		f.Exec(`UPDATE idempotency_records SET expires_at = now() + ($1 - 3) * interval '1 hour' + interval '1 minute'
			WHERE expires_at > now() + interval '10 hours'`, n)
	}
	f.clock.Advance(time.Since(f.clock.Now()))
	for _, want := range []struct{ atMost, deleted, left int }{{2, 2, 3}, {10, 1, 2}, {10, 0, 2}} {
		n, err := f.keeper.DeleteExpired(t.Context(), want.atMost)
		if err != nil || n != int64(want.deleted) {
			t.Errorf("at most %d: got %d and error %v, want %d", want.atMost, n, err, want.deleted)
		}
		f.expectRows(5, want.left)
	}
	var oldest time.Time
	if err := f.Database.QueryRow(t.Context(), `SELECT min(expires_at) FROM idempotency_records`).Scan(&oldest); err != nil || time.Until(oldest) < 0 {
		t.Errorf("oldest record that is left: got one that expires at %s (error %v), want a valid one", oldest, err)
	}
	// A clock that is ahead deletes nothing that is valid by the clock of the database.
	f.clock.Advance(24 * time.Hour)
	if n, err := f.keeper.DeleteExpired(t.Context(), 10); err != nil || n != 0 {
		t.Errorf("with a clock ahead: got %d and error %v, want 0", n, err)
	}
}

func TestNewNamesTheMissingDependency(t *testing.T) {
	t.Parallel()
	complete := func() idempotency.Options {
		return idempotency.Options{
			Store: &postgres.Store{}, Clock: clocktest.Stopped().Source(),
			Secrets: [][]byte{[]byte("secret")},
		}
	}
	if _, err := idempotency.New(complete()); err != nil {
		t.Errorf("complete options: got error %v, want none", err)
	}
	for name, remove := range map[string]func(*idempotency.Options){
		"Store":     func(o *idempotency.Options) { o.Store = nil },
		"Clock.Now": func(o *idempotency.Options) { o.Clock.Now = nil },
		"Secrets":   func(o *idempotency.Options) { o.Secrets = nil },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			options := complete()
			remove(&options)
			if _, err := idempotency.New(options); err == nil || !strings.HasSuffix(err.Error(), ": "+name) {
				t.Errorf("got error %v, want one that names %s", err, name)
			}
		})
	}
	options := complete()
	options.Secrets = [][]byte{nil}
	if _, err := idempotency.New(options); err == nil || !strings.Contains(err.Error(), "secret is empty") {
		t.Errorf("an empty secret: got error %v", err)
	}
}

func TestSend(t *testing.T) {
	t.Parallel()
	recorder := httptest.NewRecorder()
	response := idempotency.Response{Status: http.StatusCreated, Header: http.Header{"Etag": {`"1"`}}, Body: []byte("body")}
	if err := response.Send(recorder); err != nil {
		t.Fatal(err)
	}
	if recorder.Code != http.StatusCreated || recorder.Header().Get("ETag") != `"1"` || recorder.Body.String() != "body" {
		t.Errorf("got status %d, %v and %q, want those of %+v", recorder.Code, recorder.Header(), recorder.Body, response)
	}
}
