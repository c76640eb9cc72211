package worker_test

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/riverqueue/river"

	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/server/platform/fault"
	"github.com/ai-interviewer-platform/interviewer/server/platform/postgres"
	"github.com/ai-interviewer-platform/interviewer/server/platform/telemetry"
	"github.com/ai-interviewer-platform/interviewer/server/testkit"
	"github.com/ai-interviewer-platform/interviewer/server/worker"
)

// patience bounds the wait for what happens within seconds.
const patience = time.Minute

// greeting are the arguments of the job that most tests run.
type greeting struct {
	Company uuid.UUID `json:"company"`
	N       int       `json:"n"`
}

// Kind is the name of the job.
func (greeting) Kind() string { return "greeting" }

// tick are the arguments of a periodic job.
type tick struct{}

// Kind is the name of the job.
func (tick) Kind() string { return "tick" }

// tally counts what workers report.
type tally struct {
	mu   sync.Mutex
	runs map[string]int
	rows map[string]int64
}

func (c *tally) JobRun(kind, outcome string, _ time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.runs[kind+" "+outcome]++
}

func (c *tally) RowsDeleted(table string, n int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.rows[table] += n
}

func (c *tally) of(run string) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.runs[run]
}

// bundle is a database and the workers on it.
type bundle struct {
	*testkit.Installation
	t     *testing.T
	tally *tally
	log   *syncBuffer
}

// syncBuffer is a log that tests can read while it is written.
type syncBuffer struct {
	mu   sync.Mutex
	text strings.Builder
}

func (b *syncBuffer) Write(line []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(line)
}

func (b *syncBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}

func open(t *testing.T) *bundle {
	t.Helper()
	return &bundle{testkit.New(t), t, &tally{runs: map[string]int{}, rows: map[string]int64{}}, &syncBuffer{}}
}

// store opens a pool of the service's role, as that of a replica.
func (b *bundle) store() *postgres.Store {
	b.t.Helper()
	store, err := postgres.Open(b.t.Context(), postgres.Options{URL: b.DatabaseURL, MaxConns: 4})
	if err != nil {
		b.t.Fatal(err)
	}
	b.t.Cleanup(store.Close)
	return store
}

// options are valid, with short times.
func (b *bundle) options(jobs ...worker.Job) worker.Options {
	return worker.Options{
		Pool: b.store().Pool(), Log: slog.New(slog.NewTextHandler(b.log, nil)), Now: time.Now, Observer: b.tally, Jobs: jobs, Workers: 2,
		PollInterval: 100 * time.Millisecond, JobTimeout: 20 * time.Second, RescueAfter: 30 * time.Second,
		StopTimeout: 10 * time.Second, KeepFinished: time.Hour, KeepDiscarded: time.Hour,
	}
}

// started is a worker that runs until stop is called or the test ends.
type started struct {
	*worker.Worker
	stop  context.CancelFunc
	ended chan struct{}
}

func (b *bundle) start(o worker.Options) started {
	b.t.Helper()
	w, err := worker.New(o)
	if err != nil {
		b.t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.WithoutCancel(b.t.Context()))
	s := started{w, stop, make(chan struct{})}
	go func() {
		defer close(s.ended)
		w.Run(ctx, func(context.Context) error { return nil })
	}()
	b.t.Cleanup(func() {
		stop()
		<-s.ended
	})
	return s
}

// errRollback ends a transaction without a commit.
var errRollback = errors.New("rolled back")

// enqueue inserts a job in a transaction that ends with a commit or a rollback.
func (b *bundle) enqueue(w *worker.Worker, args river.JobArgs, commit bool) {
	b.t.Helper()
	err := b.store().InTx(b.t.Context(), uuid.New(), func(tx *postgres.Tx) error {
		if err := w.Enqueue(b.t.Context(), tx, args); err != nil || commit {
			return err
		}
		return errRollback
	})
	if err != nil && !errors.Is(err, errRollback) {
		b.t.Fatal(err)
	}
}

// count returns the number that a query finds.
func (b *bundle) count(sql string, args ...any) (n int) {
	b.t.Helper()
	if err := b.Database.QueryRow(b.t.Context(), sql, args...).Scan(&n); err != nil {
		b.t.Fatal(err)
	}
	return n
}

func (b *bundle) eventually(what string, ok func() bool) {
	b.t.Helper()
	testkit.Eventually(b.t, patience, what, ok)
}

func TestOptionsAreValidated(t *testing.T) {
	t.Parallel()
	b := open(t)
	nothing := func(context.Context, greeting) error { return nil }
	complete := b.options(worker.Define(worker.Kind{}, nothing))
	if _, err := worker.New(complete); err != nil {
		t.Fatalf("complete options: got error %v", err)
	}
	for name, change := range map[string]func(*worker.Options){
		"Pool is missing":               func(o *worker.Options) { o.Pool = nil },
		"Log is missing":                func(o *worker.Options) { o.Log = nil },
		"Now is missing":                func(o *worker.Options) { o.Now = nil },
		"Observer is missing":           func(o *worker.Options) { o.Observer = nil },
		"Jobs is empty":                 func(o *worker.Options) { o.Jobs = nil },
		"Workers is negative":           func(o *worker.Options) { o.Workers = -1 },
		"PollInterval is shorter":       func(o *worker.Options) { o.PollInterval = 0 },
		"JobTimeout is not positive":    func(o *worker.Options) { o.JobTimeout = 0 },
		"RescueAfter is not longer":     func(o *worker.Options) { o.RescueAfter = o.JobTimeout },
		"StopTimeout is not positive":   func(o *worker.Options) { o.StopTimeout = 0 },
		"KeepFinished is not positive":  func(o *worker.Options) { o.KeepFinished = 0 },
		"KeepDiscarded is not positive": func(o *worker.Options) { o.KeepDiscarded = 0 },
		"a Round lacks Name":            func(o *worker.Options) { o.Rounds = []worker.Round{{}} },
		"already registered": func(o *worker.Options) {
			o.Jobs = append(slices.Clone(o.Jobs), worker.Define(worker.Kind{}, nothing))
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			options := complete
			change(&options)
			if _, err := worker.New(options); err == nil || !strings.Contains(err.Error(), name) {
				t.Errorf("got error %v, want %q", err, name)
			}
		})
	}
}

// The arguments of jobs that TestArgumentsContainNoText checks.
type (
	ids  struct{ Company, Job uuid.UUID }
	rich struct {
		Maybe *uuid.UUID
		Some  []uuid.UUID
		Role  api.Role
		At    time.Time
		N     int32
		Part  ids
	}
	named     struct{ Name string }
	nested    struct{ Inner struct{ Names []string } }
	bytesArgs struct{ Content []byte }
	anything  struct{ Value any }
	mapped    struct{ Values map[string]int }
	free      string
	freeArgs  struct{ Text free }
)

func (ids) Kind() string       { return "ids" }
func (rich) Kind() string      { return "rich" }
func (named) Kind() string     { return "named" }
func (nested) Kind() string    { return "nested" }
func (bytesArgs) Kind() string { return "bytes" }
func (anything) Kind() string  { return "anything" }
func (mapped) Kind() string    { return "mapped" }
func (freeArgs) Kind() string  { return "free" }

func TestArgumentsContainNoText(t *testing.T) {
	t.Parallel()
	for _, args := range []river.JobArgs{ids{}, rich{}, tick{}, greeting{}} {
		if err := worker.CheckArgs(args); err != nil {
			t.Errorf("%T: got error %v, want none", args, err)
		}
	}
	for field, args := range map[string]river.JobArgs{
		"Name": named{}, "Inner: field Names": nested{}, "Content": bytesArgs{}, "Value": anything{}, "Values": mapped{}, "Text": freeArgs{},
	} {
		if err := worker.CheckArgs(args); err == nil || !strings.Contains(err.Error(), "field "+field+": ") {
			t.Errorf("%T: got error %v, want one about %s", args, err, field)
		}
	}
	b := open(t)
	if _, err := worker.New(b.options(worker.Define(worker.Kind{}, func(context.Context, named) error { return nil }))); err == nil {
		t.Error("a worker accepts arguments that contain a text")
	}
}

// TestEnqueueBelongsToTheTransaction enqueues in a transaction that is rolled back, and in one that is committed.
func TestEnqueueBelongsToTheTransaction(t *testing.T) {
	t.Parallel()
	b := open(t)
	ran := make(chan greeting, 10)
	w := b.start(b.options(worker.Define(worker.Kind{}, func(_ context.Context, args greeting) error {
		ran <- args
		return nil
	})))
	b.enqueue(w.Worker, greeting{N: 1}, false)
	if n := b.count(`SELECT count(*) FROM river.river_job WHERE kind = 'greeting'`); n != 0 {
		t.Errorf("jobs after the rollback: got %d, want none", n)
	}
	want := greeting{uuid.New(), 2}
	b.enqueue(w.Worker, want, true)
	if got := <-ran; got != want {
		t.Errorf("arguments: got %v, want %v", got, want)
	}
	b.eventually("the job is completed", func() bool {
		return b.count(`SELECT count(*) FROM river.river_job WHERE kind = 'greeting' AND state = 'completed'`) == 1
	})
	if len(ran) != 0 || b.tally.of("greeting completed") != 1 {
		t.Errorf("runs: got %d more and %d completed, want 0 and 1", len(ran), b.tally.of("greeting completed"))
	}
	err := b.store().InTx(t.Context(), uuid.New(), func(tx *postgres.Tx) error { return w.Enqueue(t.Context(), tx, ids{}) })
	if err == nil || !strings.Contains(err.Error(), `"ids" is not registered`) {
		t.Errorf("unregistered kind: got error %v", err)
	}
}

// TestOnceIsEnqueuedOnce enqueues a job three times before a worker runs.
func TestOnceIsEnqueuedOnce(t *testing.T) {
	t.Parallel()
	b := open(t)
	o := b.options(worker.Define(worker.Kind{Once: true}, func(context.Context, greeting) error { return nil }))
	o.Workers = 0
	w, err := worker.New(o)
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range []int{1, 1, 2} {
		b.enqueue(w, greeting{N: n}, true)
	}
	if n := b.count(`SELECT count(*) FROM river.river_job`); n != 2 {
		t.Errorf("jobs: got %d, want one for each of 2 arguments", n)
	}
}

// TestPeriodicJobRunsOnceForAllReplicas runs a job each second on three replicas, of which the first two stop.
func TestPeriodicJobRunsOnceForAllReplicas(t *testing.T) {
	t.Parallel()
	b := open(t)
	job := worker.Define(worker.Kind{Every: time.Second, Queue: worker.QueueMaintenance}, func(context.Context, tick) error { return nil })
	var replicas []started
	for range 3 {
		replicas = append(replicas, b.start(b.options(job)))
	}
	const completed = `SELECT count(*) FROM river.river_job WHERE kind = 'tick' AND state = 'completed'`
	b.eventually("the job has run five times", func() bool { return b.count(completed) >= 5 })
	// River's margin is 0.1 s: with an enqueuer on each replica, three jobs would share each second.
	if n := b.count(`SELECT count(*) FROM (SELECT created_at - lag(created_at) OVER (ORDER BY id) AS gap FROM river.river_job) AS x
		WHERE gap < interval '0.5 s'`); n > 1 { // the first period after the start can be short
		t.Errorf("%d runs began less than half a second after another, want at most 1", n)
	}
	if n := b.count(`SELECT count(*) FROM river.river_job WHERE cardinality(attempted_by) > 1`); n != 0 {
		t.Errorf("%d jobs ran more than once", n)
	}
	for _, replica := range replicas[:2] {
		replica.stop()
		<-replica.ended
	}
	before := b.count(completed)
	b.eventually("the last replica continues", func() bool { return b.count(completed) >= before+2 })
}

// TestLeaderCallsRounds counts the calls of a round on three replicas, and stops the leader.
func TestLeaderCallsRounds(t *testing.T) {
	t.Parallel()
	b := open(t)
	var calls [3]atomic.Int64
	var replicas []started
	for i := range calls {
		o := b.options(worker.Define(worker.Kind{}, func(context.Context, tick) error { return nil }))
		o.Rounds = []worker.Round{{Name: "count", Every: 10 * time.Millisecond, Run: func(context.Context) (bool, error) {
			calls[i].Add(1)
			return calls[i].Load()%2 == 0, errors.New("it fails")
		}}}
		replicas = append(replicas, b.start(o))
	}
	leads := -1
	b.eventually("one replica leads", func() bool {
		for i := range calls {
			if calls[i].Load() > 5 {
				leads = i
			}
		}
		return leads >= 0
	})
	for i := range calls {
		if i != leads && calls[i].Load() > 0 {
			t.Errorf("replica %d called the round although replica %d leads", i, leads)
		}
	}
	if n := strings.Count(b.log.String(), "background work failed"); n != 1 {
		t.Errorf("a failing round was logged %d times, want once", n)
	}
	replicas[leads].stop()
	<-replicas[leads].ended
	stopped := calls[leads].Load()
	b.eventually("another replica leads", func() bool {
		sum := int64(0)
		for i := range calls {
			if i != leads {
				sum += calls[i].Load()
			}
		}
		return sum > 5
	})
	if calls[leads].Load() != stopped {
		t.Error("a stopped replica calls the round")
	}
}

// TestFailedJob checks what is counted, logged and stored about a job that fails.
func TestFailedJob(t *testing.T) {
	t.Parallel()
	b := open(t)
	w := b.start(b.options(worker.Define(worker.Kind{Attempts: 1}, func(_ context.Context, args greeting) error {
		switch args.N {
		case 1:
			return errors.New("ada@acme.example is unknown")
		case 2:
			return fault.New(fault.Overloaded)
		case 3:
			panic("ada@acme.example again")
		}
		return nil
	})))
	for n, want := range map[int]string{1: "internal error", 2: "overloaded", 3: "internal error"} {
		b.enqueue(w.Worker, greeting{N: n}, true)
		stored := ""
		b.eventually("the job is discarded", func() bool {
			err := b.Database.QueryRow(t.Context(), `SELECT errors[1]->>'error' || (errors[1]->>'trace') FROM river.river_job
				WHERE args->>'n' = $1::text AND state = 'discarded'`, string(rune('0'+n))).Scan(&stored)
			return err == nil
		})
		if !strings.Contains(stored, want) || strings.Contains(stored, "ada@") {
			t.Errorf("stored error of job %d: got %q, want one that contains %q, but not the cause", n, stored, want)
		}
	}
	if n := b.tally.of("greeting discarded"); n != 3 {
		t.Errorf("counted %d discarded jobs, want 3", n)
	}
	log := b.log.String()
	for _, want := range []string{"ada@acme.example is unknown", "panic: ada@acme.example again", "TestFailedJob", "attempt=1"} {
		if !strings.Contains(log, want) {
			t.Errorf("the log has no %q:\n%s", want, log)
		}
	}
}

// TestFailedJobIsTriedAgain fails once.
func TestFailedJobIsTriedAgain(t *testing.T) {
	t.Parallel()
	b := open(t)
	var runs atomic.Int64
	w := b.start(b.options(worker.Define(worker.Kind{}, func(context.Context, greeting) error {
		if runs.Add(1) == 1 {
			return errors.New("the first time")
		}
		return nil
	})))
	b.enqueue(w.Worker, greeting{}, true)
	b.eventually("the job is completed", func() bool { return b.tally.of("greeting completed") == 1 })
	if failed := b.tally.of("greeting failed"); failed != 1 || runs.Load() != 2 {
		t.Errorf("got %d failures and %d runs, want 1 and 2", failed, runs.Load())
	}
}

// TestStop stops a worker while it runs a job.
func TestStop(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		timeout   time.Duration
		finishes  bool
		wantState string
	}{
		"job finishes":              {time.Minute, true, "completed"},
		"job exceeds the time left": {50 * time.Millisecond, false, "available"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := open(t)
			began, finish := make(chan struct{}), make(chan struct{})
			o := b.options(worker.Define(worker.Kind{}, func(ctx context.Context, _ greeting) error {
				close(began)
				select {
				case <-finish:
					return nil
				case <-ctx.Done():
					return ctx.Err()
				}
			}))
			o.StopTimeout = test.timeout
			w := b.start(o)
			b.enqueue(w.Worker, greeting{}, true)
			<-began
			w.stop()
			if test.finishes {
				select {
				case <-w.ended:
					t.Fatal("the worker stopped before its job finished")
				case <-time.After(100 * time.Millisecond):
				}
				close(finish)
			}
			<-w.ended
			var state string
			err := b.Database.QueryRow(t.Context(), `SELECT state::text FROM river.river_job WHERE kind = 'greeting'`).Scan(&state)
			if err != nil || state != test.wantState {
				t.Errorf("state of the job: got %q (error %v), want %q", state, err, test.wantState)
			}
		})
	}
}

// TestRunWaitsForTheDatabase starts a worker whose database becomes ready later.
func TestRunWaitsForTheDatabase(t *testing.T) {
	t.Parallel()
	b := open(t)
	w, err := worker.New(b.options(worker.Define(worker.Kind{Every: time.Hour}, func(context.Context, tick) error { return nil })))
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	var asked atomic.Int64
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		w.Run(ctx, func(context.Context) error {
			if asked.Add(1) < 3 {
				return errors.New("the schema is too old")
			}
			return nil
		})
	}()
	b.eventually("the periodic job has run", func() bool { return b.tally.of("tick completed") == 1 })
	stop()
	<-ended
	if n := strings.Count(b.log.String(), "background jobs wait for the database"); n != 1 {
		t.Errorf("the wait was logged %d times, want once:\n%s", n, b.log.String())
	}
	// A worker whose database never becomes ready stops, too.
	ctx, stop = context.WithCancel(t.Context())
	stop()
	w.Run(ctx, func(context.Context) error { return errors.New("never") })
}

// TestDrain deletes rows from a table that is a number.
func TestDrain(t *testing.T) {
	t.Parallel()
	b := open(t)
	var left atomic.Int64
	left.Store(12_345)
	o := b.options(worker.Define(worker.Kind{}, func(context.Context, tick) error { return nil }))
	o.Workers = 0
	w, err := worker.New(o)
	if err != nil {
		t.Fatal(err)
	}
	largest := 0
	remove := func(_ context.Context, atMost int) (int64, error) {
		largest = max(largest, atMost)
		n := min(left.Load(), int64(atMost))
		left.Add(-n)
		return n, nil
	}
	if err := w.Drain(t.Context(), "numbers", remove); err != nil || left.Load() != 0 || b.tally.rows["numbers"] != 12_345 {
		t.Errorf("got error %v, %d left and %d counted; want none, 0 and 12345", err, left.Load(), b.tally.rows["numbers"])
	}
	if largest <= 500 || largest > 5_000 {
		t.Errorf("largest batch: got %d, want more than 500, because they are fast, and at most 5000", largest)
	}
	failure := errors.New("failed")
	if err := w.Drain(t.Context(), "numbers", func(context.Context, int) (int64, error) { return 0, failure }); !errors.Is(err, failure) {
		t.Errorf("got error %v, want %v", err, failure)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	full := func(_ context.Context, atMost int) (int64, error) { return int64(atMost), nil }
	if err := w.Drain(ctx, "numbers", full); !errors.Is(err, context.Canceled) {
		t.Errorf("got error %v, want %v", err, context.Canceled)
	}
}

// TestDrainContinues drains a table that is never empty: the job runs again when its time is over, and ends when the worker
// stops.
func TestDrainContinues(t *testing.T) {
	t.Parallel()
	b := open(t)
	var w started
	ready := make(chan struct{})
	o := b.options(worker.Define(worker.Kind{Once: true}, func(ctx context.Context, _ tick) error {
		<-ready
		return w.Drain(ctx, "numbers", func(_ context.Context, atMost int) (int64, error) { return int64(atMost), nil })
	}))
	o.JobTimeout, o.RescueAfter = 400*time.Millisecond, time.Minute
	w = b.start(o)
	close(ready)
	b.enqueue(w.Worker, tick{}, true)
	b.eventually("the job has run twice", func() bool { return b.tally.of("tick "+telemetry.JobContinued) >= 2 })
	if n := b.count(`SELECT count(*) FROM river.river_job`); n != 1 {
		t.Errorf("jobs: got %d, want 1", n)
	}
	w.stop()
	<-w.ended
	if n := b.count(`SELECT count(*) FROM river.river_job WHERE state IN ('available', 'scheduled') AND errors IS NULL`); n != 1 {
		t.Errorf("jobs that other replicas continue: got %d, want 1", n)
	}
}
