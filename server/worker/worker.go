// Package worker runs background jobs with River, which keeps them in PostgreSQL.
//
// # Jobs
//
// A job is a row: its kind and its arguments. Enqueue inserts it in the transaction of the act that causes it, so the
// job exists if and only if the act was committed. A worker of some replica runs it at least once: if the process is
// killed, or loses the database, the job runs again after RescueAfter. Work must therefore have its effect once however
// often it runs, for example because it commits its effect together with the check that it is still missing.
//
// Arguments contain only ids, numbers and enumerations. Jobs are not subject to row-level security, and they outlive
// the erasure of the data that they are about.
//
// # Periodic work
//
// The replicas elect a leader, and only the leader enqueues periodic jobs, so that each runs once for all replicas.
// A new leader enqueues each periodic job at once; what a periodic job does must therefore depend on the state of the
// database, not on the number of its runs.
//
// Work that is due about once a second is not a job: a row for each second would make the table of finished jobs grow
// by 86,400 rows a day. It is a Round, which the leader calls in a loop.
package worker

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/rivertype"

	"github.com/ai-interviewer-platform/interviewer/server/platform/postgres"
)

// The queues. Each has workers of its own, so that cleaning does not delay what a user waits for.
const (
	// QueueDefault is for jobs that belong to a company.
	QueueDefault = river.QueueDefault
	// QueueMaintenance is for work on the whole installation, such as deleting expired rows. Each process runs one of
	// its jobs at a time.
	QueueMaintenance = "maintenance"
	// QueueMail is for mails, so that a slow mail server delays nothing else. It has as many workers as QueueDefault.
	QueueMail = "mail"
)

const (
	// retryStart is the pause before another attempt to start, while the database is not ready.
	retryStart = time.Second
	// stopMargin is how long Run waits for River after the contexts of running jobs were canceled.
	stopMargin = 10 * time.Second
)

// Options configure a Worker.
type Options struct {
	// Pool connects as the service's role. Required.
	Pool *pgxpool.Pool
	// Log gets failed jobs at level warn and River's own errors. Required.
	Log *slog.Logger
	// Now is the clock that measures durations. Required.
	Now func() time.Time
	// Observer counts what jobs do. Required.
	Observer Observer

	// Jobs are the kinds of jobs. Enqueue accepts no others. At least one is required.
	Jobs []Job
	// Rounds are called by the leader.
	Rounds []Round

	// Workers is the number of jobs of QueueDefault, and of QueueMail, that run at the same time in this process; 0 means
	// that the process only enqueues, and is never the leader.
	Workers int
	// PollOnly makes the worker poll for new jobs instead of listening for notifications, which needs a connection
	// that is not shared; PgBouncer in transaction mode shares all.
	PollOnly bool
	// PollInterval is the time between looks for new jobs. Without PollOnly, notifications are faster. At least a
	// millisecond.
	PollInterval time.Duration
	// JobTimeout is the time after which the context of a job is canceled. Required.
	JobTimeout time.Duration
	// RescueAfter is the time after which a job that is still marked as running is run again, because its process has
	// died. It must be longer than JobTimeout.
	RescueAfter time.Duration
	// StopTimeout is how long running jobs may continue after Run's context has ended. Then their contexts are
	// canceled, and other replicas run them. Required.
	StopTimeout time.Duration
	// KeepFinished is how long completed and canceled jobs are kept. Required.
	KeepFinished time.Duration
	// KeepDiscarded is how long jobs are kept that failed in all attempts. Required.
	KeepDiscarded time.Duration
}

// validate returns an error that names every invalid option.
func (o Options) validate() error {
	var errs []error
	refuse := func(wrong bool, text string) {
		if wrong {
			errs = append(errs, errors.New("worker: "+text))
		}
	}
	refuse(o.Pool == nil, "Pool is missing")
	refuse(o.Log == nil, "Log is missing")
	refuse(o.Now == nil, "Now is missing")
	refuse(o.Observer == nil, "Observer is missing")
	refuse(len(o.Jobs) == 0, "Jobs is empty")
	refuse(o.Workers < 0, "Workers is negative")
	refuse(o.PollInterval < time.Millisecond, "PollInterval is shorter than a millisecond")
	refuse(o.JobTimeout <= 0, "JobTimeout is not positive")
	refuse(o.RescueAfter <= o.JobTimeout, "RescueAfter is not longer than JobTimeout: jobs would run twice at once")
	refuse(o.StopTimeout <= 0, "StopTimeout is not positive")
	refuse(o.KeepFinished <= 0, "KeepFinished is not positive")
	refuse(o.KeepDiscarded <= 0, "KeepDiscarded is not positive")
	for _, round := range o.Rounds {
		refuse(round.Name == "" || round.Every <= 0 || round.Run == nil, "a Round lacks Name, Every or Run")
	}
	return errors.Join(errs...)
}

// Worker enqueues jobs and runs them. Its methods are safe for concurrent use.
type Worker struct {
	Options

	kinds    map[string]Job
	client   *river.Client[pgx.Tx]
	stopping chan struct{}
	stopOnce sync.Once
}

// New returns a worker. It uses no connection before Run or Enqueue. It fails if an option is invalid, if two jobs have
// the same kind, or if arguments can contain a text that is not an id or an enumeration.
func New(o Options) (*Worker, error) {
	if err := o.validate(); err != nil {
		return nil, err
	}
	w := &Worker{Options: o, kinds: map[string]Job{}, stopping: make(chan struct{})}
	workers := river.NewWorkers()
	var errs []error
	var periodic []*river.PeriodicJob
	for _, job := range o.Jobs {
		errs = append(errs, CheckArgs(job.Args), job.add(workers))
		w.kinds[job.Args.Kind()] = job
		if job.Every > 0 {
			periodic = append(periodic, river.NewPeriodicJob(river.PeriodicInterval(job.Every),
				func() (river.JobArgs, *river.InsertOpts) { return job.Args, job.insertOptions() },
				&river.PeriodicJobOpts{RunOnStart: true}))
		}
	}
	if err := errors.Join(errs...); err != nil {
		return nil, fmt.Errorf("worker: %w", err)
	}
	settings := &river.Config{
		Schema: postgres.JobSchema, Workers: workers, Logger: slog.New(quiet{o.Log.Handler()}),
		JobTimeout: o.JobTimeout, RescueStuckJobsAfter: o.RescueAfter, SoftStopTimeout: o.StopTimeout,
		CompletedJobRetentionPeriod: o.KeepFinished, CancelledJobRetentionPeriod: o.KeepFinished,
		DiscardedJobRetentionPeriod: o.KeepDiscarded,
		PollOnly:                    o.PollOnly, FetchPollInterval: o.PollInterval,
		FetchCooldown: min(river.FetchCooldownDefault, o.PollInterval),
		// The service owns no index, so it cannot rebuild one.
		ReindexerIndexNames: []string{}, ReindexerSchedule: river.NeverSchedule(),
		RetryPolicy: retries{w},
		Middleware:  []rivertype.Middleware{river.WorkerMiddlewareFunc(w.observe)},
	}
	if o.Workers > 0 {
		settings.Queues = map[string]river.QueueConfig{
			QueueDefault: {MaxWorkers: o.Workers}, QueueMaintenance: {MaxWorkers: 1}, QueueMail: {MaxWorkers: o.Workers},
		}
		settings.PeriodicJobs = periodic
	}
	var err error
	if w.client, err = river.NewClient(riverpgxv5.New(o.Pool), settings); err != nil {
		return nil, fmt.Errorf("worker: %w", err)
	}
	return w, nil
}

// retries decides when a failed job is tried again: after growing pauses, which are River's, but a periodic job within
// its period. Otherwise one that has failed for an hour would wait for hours, because no other is enqueued meanwhile.
type retries struct{ worker *Worker }

// NextRetry returns the time of the next attempt.
func (r retries) NextRetry(job *rivertype.JobRow) time.Time {
	next := new(river.DefaultClientRetryPolicy).NextRetry(job)
	if every := r.worker.kinds[job.Kind].Every; every > 0 {
		if latest := r.worker.Now().Add(every); next.After(latest) {
			return latest
		}
	}
	return next
}

// Enqueue inserts a job in a transaction. The job exists if the transaction is committed. It fails if the kind is not
// one of Options.Jobs.
func (w *Worker) Enqueue(ctx context.Context, tx *postgres.Tx, args river.JobArgs) error {
	job, known := w.kinds[args.Kind()]
	if !known {
		return fmt.Errorf("enqueue job: the kind %q is not registered", args.Kind())
	}
	inner, err := tx.PGX(ctx)
	if err != nil {
		return err
	}
	if _, err := w.client.InsertTx(ctx, inner, args, job.insertOptions()); err != nil {
		return fmt.Errorf("enqueue job of kind %q: %w", args.Kind(), err)
	}
	return nil
}

// EnqueueAlone inserts a job that no other change belongs to. It fails if the kind is not one of Options.Jobs.
func (w *Worker) EnqueueAlone(ctx context.Context, args river.JobArgs) error {
	job, known := w.kinds[args.Kind()]
	if !known {
		return fmt.Errorf("enqueue job: the kind %q is not registered", args.Kind())
	}
	if _, err := w.client.Insert(ctx, args, job.insertOptions()); err != nil {
		return fmt.Errorf("enqueue job of kind %q: %w", args.Kind(), err)
	}
	return nil
}

// Run runs jobs until the context ends, and then stops: it takes no more jobs, and waits for the running ones up to
// StopTimeout. While the database is missing, or has River's tables in an older version than required, Run waits for
// it. With 0 Workers it returns at once.
func (w *Worker) Run(ctx context.Context, ready func(ctx context.Context) error) {
	if w.Workers == 0 || !w.start(ctx, ready) {
		return
	}
	var rounds sync.WaitGroup
	for _, round := range w.Rounds {
		rounds.Go(func() { w.lead(ctx, round) })
	}
	<-ctx.Done()
	w.stopOnce.Do(func() { close(w.stopping) })
	rounds.Wait()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), w.StopTimeout+stopMargin)
	defer cancel()
	if err := w.client.Stop(ctx); err != nil {
		w.Log.WarnContext(ctx, "background jobs did not stop in time; other replicas will run them again",
			slog.Any("error", err))
	}
}

// start starts the client when the database is ready. It returns false if the context ends before.
func (w *Worker) start(ctx context.Context, ready func(ctx context.Context) error) bool {
	for reported := false; ; reported = true {
		err := ready(ctx)
		if err == nil {
			err = w.client.Start(context.WithoutCancel(ctx))
		}
		if err == nil {
			return true
		}
		if !reported && ctx.Err() == nil {
			w.Log.WarnContext(ctx, "background jobs wait for the database", slog.Any("error", err))
		}
		select {
		case <-ctx.Done():
			return false
		case <-time.After(retryStart):
		}
	}
}

// quiet passes River's messages of level info on as debug: they are about single jobs and statistics.
type quiet struct{ slog.Handler }

func (q quiet) level(l slog.Level) slog.Level {
	if l == slog.LevelInfo {
		return slog.LevelDebug
	}
	return l
}

// Enabled reports whether a message of River is logged.
func (q quiet) Enabled(ctx context.Context, l slog.Level) bool {
	return q.Handler.Enabled(ctx, q.level(l))
}

// Handle logs a message of River.
func (q quiet) Handle(ctx context.Context, r slog.Record) error {
	r.Level = q.level(r.Level)
	return q.Handler.Handle(ctx, r)
}

// WithAttrs returns a handler that adds attributes.
func (q quiet) WithAttrs(attrs []slog.Attr) slog.Handler { return quiet{q.Handler.WithAttrs(attrs)} }

// WithGroup returns a handler that opens a group.
func (q quiet) WithGroup(name string) slog.Handler { return quiet{q.Handler.WithGroup(name)} }
