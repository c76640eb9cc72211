package idempotency_test

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

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

// bundle is a keeper on a database, and a user who sends requests.
type bundle struct {
	*testkit.Installation
	t       *testing.T
	store   *postgres.Store
	clock   *clocktest.Clock
	keeper  *idempotency.Keeper
	company testkit.Company
	actor   access.Actor
}

// open opens the database that all tests of a group share.
func open(t *testing.T) *bundle {
	t.Helper()
	b := &bundle{Installation: testkit.New(t), t: t}
	var err error
	if b.store, err = postgres.Open(t.Context(), postgres.Options{URL: b.DatabaseURL, MaxConns: 4}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.store.Close)
	return b
}

// in returns a bundle for one test: with a company, a stopped clock and a keeper of its own.
func (b *bundle) in(t *testing.T) *bundle {
	t.Helper()
	part := &bundle{Installation: b.In(t), t: t, store: b.store, clock: clocktest.Stopped()}
	part.company = part.Company("c" + strings.ReplaceAll(uuid.NewString(), "-", ""))
	part.actor = part.user(part.company, api.RoleHr)
	part.keeper = part.keeperWith("secret")
	return part
}

func (b *bundle) user(company testkit.Company, role api.Role) access.Actor {
	return access.Actor{Kind: access.KindUser, CompanyID: company.ID, ID: company.Users[role].ID, Role: role}
}

// keeperWith returns another keeper, with other secrets.
func (b *bundle) keeperWith(secrets ...string) *idempotency.Keeper {
	b.t.Helper()
	options := idempotency.Options{Store: b.store, Clock: b.clock.Source(), Log: slog.New(slog.DiscardHandler)}
	for _, secret := range secrets {
		options.Secrets = append(options.Secrets, []byte(secret))
	}
	keeper, err := idempotency.New(options)
	if err != nil {
		b.t.Fatal(err)
	}
	return keeper
}

// about is what the gate knows about the usual request of these tests.
func about(key string) idempotency.Request {
	return idempotency.Request{Operation: "CreateJob", Key: key, Body: []byte(`{"title":"Welder"}`)}
}

// request returns the usual request.
func (b *bundle) request() *http.Request {
	r := httptest.NewRequestWithContext(b.t.Context(), http.MethodPost, "/api/v1/jobs", http.NoBody)
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
	*bundle
	title  string
	ctx    func() context.Context
	failed error
	before func() // runs before the transaction
	during func() // runs in the transaction
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
		if o.during != nil {
			o.during()
		}
		return created{o.title}, errors.Join(o.insert(ctx, tx), o.failed)
	})
	if err != nil {
		return err
	}
	return response.Respond(w)
}

// insert inserts the job.
func (o *operation) insert(ctx context.Context, tx *postgres.Tx) error {
	_, err := tx.InsertJob(ctx, db.InsertJobParams{
		CompanyID: o.company.ID, ID: uuid.Must(uuid.NewV7()), Title: o.title, Status: api.JobStatusDraft, Now: o.clock.Now(),
	})
	return err
}

func (b *bundle) creates(title string) *operation {
	return &operation{bundle: b, title: title, ctx: b.t.Context}
}

// send runs the usual request of the actor with a key.
func (b *bundle) send(key string, o *operation) (idempotency.Response, bool, error) {
	return b.keeper.Run(b.request(), b.actor, about(key), o.run)
}

// expectRun expects that a request runs the operation and gets its response.
func (b *bundle) expectRun(key string, o *operation) {
	b.t.Helper()
	runs := o.runs
	response, replayed, err := b.send(key, o)
	if err != nil || replayed || o.runs != runs+1 || string(response.Body) != o.title {
		b.t.Errorf("got response %q, replayed %t, %d runs, error %v; want %q, not replayed, 1 run",
			response.Body, replayed, o.runs-runs, err, o.title)
	}
}

// expectReplay expects that a request gets the response of an earlier one.
func (b *bundle) expectReplay(key string, o *operation, want string) {
	b.t.Helper()
	runs := o.runs
	response, replayed, err := b.send(key, o)
	if err != nil || !replayed || o.runs != runs || string(response.Body) != want {
		b.t.Errorf("got response %q, replayed %t, %d runs, error %v; want %q, replayed, no run",
			response.Body, replayed, o.runs-runs, err, want)
	}
}

// expectRefused expects that a request is refused without a run of its operation.
func (b *bundle) expectRefused(key string, o *operation, code fault.Code) {
	b.t.Helper()
	runs := o.runs
	if _, _, err := b.send(key, o); !fault.Is(err, code) || o.runs != runs {
		b.t.Errorf("got error %v and %d runs, want %s and no run", err, o.runs-runs, code)
	}
}

// expectRows compares the numbers of the company's jobs and records.
func (b *bundle) expectRows(jobs, records int) {
	b.t.Helper()
	var gotJobs, gotRecords int
	err := b.Database.QueryRow(b.t.Context(), `SELECT (SELECT count(*) FROM jobs WHERE company_id = $1),
		(SELECT count(*) FROM idempotency_records WHERE company_id = $1)`, b.company.ID).Scan(&gotJobs, &gotRecords)
	if err != nil || gotJobs != jobs || gotRecords != records {
		b.t.Errorf("got %d jobs and %d records (error %v), want %d and %d", gotJobs, gotRecords, err, jobs, records)
	}
}

func TestRun(t *testing.T) {
	t.Parallel()
	b := open(t)
	for name, test := range map[string]func(*bundle){
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
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(b.in(t))
		})
	}
}

func replaysTheResponse(b *bundle) {
	o := b.creates("welder")
	first, replayed, err := b.send("key", o)
	if err != nil || replayed || first.Status != http.StatusCreated || string(first.Body) != "welder" {
		b.t.Fatalf("first response: got %+v, replayed %t, error %v", first, replayed, err)
	}
	second, replayed, err := b.send("key", o)
	if err != nil || !replayed || second.Status != first.Status || string(second.Body) != "welder" ||
		second.Header.Get("Location") != "/api/v1/jobs/welder" {
		b.t.Errorf("second response: got %+v, replayed %t, error %v; want a replay of %+v", second, replayed, err, first)
	}
	if o.runs != 1 {
		b.t.Errorf("runs: got %d, want 1", o.runs)
	}
	b.expectRun("other key", o)
	b.expectRows(2, 2)
}

func refusesAnotherRequest(b *bundle) {
	b.expectRun("key", b.creates("welder"))
	for name, change := range map[string]func(r *http.Request, about *idempotency.Request){
		"operation": func(_ *http.Request, about *idempotency.Request) { about.Operation = "CreateKit" },
		"body":      func(_ *http.Request, about *idempotency.Request) { about.Body = []byte(`{"title":"Fitter"}`) },
		"query":     func(_ *http.Request, about *idempotency.Request) { about.Query = url.Values{"dry_run": {"true"}} },
		"If-Match":  func(r *http.Request, _ *idempotency.Request) { r.Header.Set("If-Match", `"1"`) },
	} {
		b.t.Run(name, func(t *testing.T) {
			r, request, o := b.request(), about("key"), b.creates("fitter")
			change(r, &request)
			if _, _, err := b.keeper.Run(r, b.actor, request, o.run); !fault.Is(err, fault.IdempotencyKeyReused) || o.runs != 0 {
				t.Errorf("got error %v and %d runs, want %s and none", err, o.runs, fault.IdempotencyKeyReused)
			}
		})
	}
	b.expectRows(1, 1)
}

func separatesActors(b *bundle) {
	b.expectRun("key", b.creates("welder"))
	b.actor = b.user(b.company, api.RoleAdmin)
	b.expectRun("key", b.creates("fitter"))
	b.expectReplay("key", b.creates("turner"), "fitter")
	b.expectRows(2, 2)
}

func refusesDuringTheFirst(b *bundle) {
	first := b.creates("welder")
	first.during = func() {
		first.during = nil
		second := b.creates("fitter")
		_, _, err := b.send("key", second)
		var refusal *fault.Fault
		if !errors.As(err, &refusal) || refusal.Code() != fault.IdempotencyKeyInUse || refusal.RetryAfter() <= 0 {
			b.t.Errorf("got error %v, want %s with a time to retry", err, fault.IdempotencyKeyInUse)
		}
		b.expectRun("other key", b.creates("turner"))
	}
	b.expectRun("key", first)
	b.expectReplay("key", b.creates("fitter"), "welder")
	b.expectRows(2, 2)
}

func replaysTheFaster(b *bundle) {
	slower := b.creates("slower")
	slower.before = func() { b.expectRun("key", b.creates("faster")) }
	response, replayed, err := b.send("key", slower)
	if err != nil || !replayed || string(response.Body) != "faster" {
		b.t.Errorf("got response %q, replayed %t, error %v; want faster, replayed", response.Body, replayed, err)
	}
	b.expectRows(1, 1)
}

// replaysTheFasterAfterFailure covers an operation that fails before its transaction, because of what the faster one did.
func replaysTheFasterAfterFailure(b *bundle) {
	slower := func(http.ResponseWriter, service.Attempt) error {
		b.expectRun("key", b.creates("faster"))
		return fault.New(fault.StateConflict)
	}
	response, replayed, err := b.keeper.Run(b.request(), b.actor, about("key"), slower)
	if err != nil || !replayed || string(response.Body) != "faster" {
		b.t.Errorf("got response %q, replayed %t, error %v; want faster, replayed", response.Body, replayed, err)
	}
	b.expectRows(1, 1)
}

func keepsNoRefusal(b *bundle) {
	refused, note := b.creates("refused"), b.creates("note")
	refused.failed = fault.New(fault.StateConflict)
	refused.before = func() {
		err := b.store.InTx(b.t.Context(), b.company.ID, func(tx *postgres.Tx) error { return note.insert(b.t.Context(), tx) })
		if err != nil {
			b.t.Error(err)
		}
	}
	for range 2 {
		if _, replayed, err := b.send("key", refused); !fault.Is(err, fault.StateConflict) || replayed {
			b.t.Errorf("got error %v, replayed %t; want %s", err, replayed, fault.StateConflict)
		}
	}
	if refused.runs != 2 {
		b.t.Errorf("runs: got %d, want 2", refused.runs)
	}
	b.expectRows(2, 0) // what the operation wrote about the refusal, in transactions of their own
	b.expectRun("key", b.creates("welder"))
	b.expectRows(3, 1)
}

func rollsBackErrors(b *bundle) {
	failing := b.creates("failing")
	failing.failed = errors.New("failed in its transaction")
	if _, replayed, err := b.send("key", failing); !errors.Is(err, failing.failed) || replayed {
		b.t.Errorf("got error %v, replayed %t; want %v", err, replayed, failing.failed)
	}
	b.expectRows(0, 0)
	b.expectRun("key", b.creates("welder"))
	b.expectRows(1, 1)
}

// recordsAndSendsNothingWithoutCommit makes PostgreSQL refuse the commit, after all statements succeeded.
func recordsAndSendsNothingWithoutCommit(b *bundle) {
	b.Exec(`CREATE FUNCTION refuse_commit() RETURNS trigger LANGUAGE plpgsql AS $$
		BEGIN RAISE 'refused at the commit'; END $$`)
	b.Exec(`CREATE CONSTRAINT TRIGGER refuse_commit AFTER INSERT ON jobs DEFERRABLE INITIALLY DEFERRED
		FOR EACH ROW WHEN (NEW.title = 'uncommittable') EXECUTE FUNCTION refuse_commit()`)
	response, replayed, err := b.send("key", b.creates("uncommittable"))
	if err == nil || !strings.Contains(err.Error(), "refused at the commit") || replayed || len(response.Body) != 0 || response.Status != 0 {
		b.t.Errorf("got response %+v, replayed %t, error %v; want the error of the commit and no response", response, replayed, err)
	}
	b.expectRows(0, 0)
	b.expectRun("key", b.creates("welder"))
}

func recordsWhatChangesNothing(b *bundle) {
	runs := 0
	unchanged := func(w http.ResponseWriter, _ service.Attempt) error {
		runs++
		return created{"unchanged"}.Respond(w)
	}
	for _, repeated := range []bool{false, true} {
		response, replayed, err := b.keeper.Run(b.request(), b.actor, about("key"), unchanged)
		if err != nil || replayed != repeated || string(response.Body) != "unchanged" || response.Status != http.StatusCreated {
			b.t.Errorf("got response %+v, replayed %t, error %v; want unchanged, replayed %t", response, replayed, err, repeated)
		}
	}
	if runs != 1 {
		b.t.Errorf("runs: got %d, want 1", runs)
	}
	b.expectRows(0, 1)
}

func commitsOnce(b *bundle) {
	first, second := b.creates("welder"), b.creates("fitter")
	twice := func(w http.ResponseWriter, attempt service.Attempt) error {
		return errors.Join(first.run(w, attempt), second.run(w, attempt))
	}
	// What was committed first counts.
	response, replayed, err := b.keeper.Run(b.request(), b.actor, about("key"), twice)
	if err != nil || !replayed || string(response.Body) != "welder" {
		b.t.Errorf("got response %q, replayed %t, error %v; want welder, replayed", response.Body, replayed, err)
	}
	b.expectRows(1, 1)
}

func releasesTheKeyAfterPanic(b *bundle) {
	panicking := b.creates("lost")
	panicking.during = func() { panic("in the transaction") }
	func() {
		defer func() {
			if recover() == nil {
				b.t.Error("Run does not pass on the panic")
			}
		}()
		_, _, _ = b.send("key", panicking)
	}()
	b.expectRows(0, 0)
	b.expectRun("key", b.creates("welder"))
}

func opensWithPreviousSecret(b *bundle) {
	b.expectRun("key", b.creates("welder"))
	b.keeper = b.keeperWith("new secret", "secret")
	b.expectReplay("key", b.creates("fitter"), "welder")

	// The first secret seals.
	b.expectRun("other key", b.creates("turner"))
	b.keeper = b.keeperWith("new secret")
	b.expectReplay("other key", b.creates("fitter"), "turner")
}

func losesTheRecord(b *bundle) {
	b.expectRun("key", b.creates("welder"))
	b.keeper = b.keeperWith("new secret")
	b.expectRefused("key", b.creates("fitter"), fault.IdempotencyRecordLost)
	b.expectRows(1, 1)
}

func expires(b *bundle) {
	b.expectRun("key", b.creates("welder"))
	b.clock.Advance(idempotency.Lifetime - time.Microsecond)
	b.expectReplay("key", b.creates("fitter"), "welder")

	// At the end of the lifetime the key is new, although its record is not deleted yet.
	b.clock.Advance(time.Microsecond)
	b.expectRun("key", b.creates("fitter"))
	b.expectRows(2, 1)
	b.clock.Advance(idempotency.Lifetime - time.Microsecond)
	b.expectReplay("key", b.creates("turner"), "fitter")
}

func requiresRights(b *bundle) {
	o := b.creates("welder")
	b.expectRun("user", o)
	b.actor.Role = api.RoleAdmin
	b.expectRefused("user", o, fault.IdempotencyRecordLost)
	b.actor.Role = api.RoleHr
	b.expectReplay("user", o, "welder")

	id := b.Key(b.company, []string{"jobs:write"}).ID
	b.actor = access.Actor{Kind: access.KindAPIKey, CompanyID: b.company.ID, ID: id, Role: api.RoleHr, Key: &access.Key{Scopes: []string{"jobs:write"}}}
	b.expectRun("key", o)
	b.actor.Key = &access.Key{Scopes: []string{"jobs:read"}}
	b.expectRefused("key", o, fault.IdempotencyRecordLost)
	b.actor.Key = &access.Key{Scopes: []string{"jobs:read", "jobs:write"}}
	b.expectReplay("key", o, "welder")
}

func recordsNoBrokenStream(b *bundle) {
	r, request, o := b.request(), about("key"), b.creates("welder")
	request.Streams = true
	body, client := io.Pipe()
	_ = client.CloseWithError(io.ErrUnexpectedEOF)
	r.Body = body
	if _, _, err := b.keeper.Run(r, b.actor, request, o.run); !errors.Is(err, io.ErrUnexpectedEOF) {
		b.t.Errorf("got error %v, want %v", err, io.ErrUnexpectedEOF)
	}
	b.expectRows(0, 0)
}

func recordsNothingOfCanceledRequest(b *bundle) {
	ctx, leave := context.WithCancel(b.t.Context())
	r, o := b.request().WithContext(ctx), b.creates("welder")
	o.ctx, o.during = r.Context, leave
	if _, _, err := b.keeper.Run(r, b.actor, about("key"), o.run); err == nil {
		b.t.Error("got no error, want one about the canceled context")
	}
	b.expectRows(0, 0)
	o.ctx, o.during = b.t.Context, nil
	b.expectRun("key", o)
}

func TestNewNamesTheMissingDependency(t *testing.T) {
	t.Parallel()
	complete := func() idempotency.Options {
		return idempotency.Options{
			Store: &postgres.Store{}, Clock: clocktest.Stopped().Source(), Log: slog.New(slog.DiscardHandler),
			Secrets: [][]byte{[]byte("secret")},
		}
	}
	if _, err := idempotency.New(complete()); err != nil {
		t.Errorf("complete options: got error %v, want none", err)
	}
	for name, remove := range map[string]func(*idempotency.Options){
		"Store":     func(o *idempotency.Options) { o.Store = nil },
		"Clock.Now": func(o *idempotency.Options) { o.Clock.Now = nil },
		"Log":       func(o *idempotency.Options) { o.Log = nil },
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
