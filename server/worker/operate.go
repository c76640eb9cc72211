package worker

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/rivertype"

	"github.com/ai-interviewer-platform/interviewer/server/platform/postgres"
)

// mostListed is the maximum number of jobs that River lists at once.
const mostListed = 10_000

// Operator lists, changes and enqueues jobs for the operator of the installation. It runs none.
type Operator struct{ client *river.Client[pgx.Tx] }

// NewOperator returns an operator on a pool of the service's role.
func NewOperator(pool *pgxpool.Pool) (*Operator, error) {
	client, err := river.NewClient(riverpgxv5.New(pool), &river.Config{Schema: postgres.JobSchema})
	if err != nil {
		return nil, fmt.Errorf("open the queue: %w", err)
	}
	return &Operator{client}, nil
}

// Enqueue inserts a job in a transaction. The kind is that with which the service defines the job.
func (o *Operator) Enqueue(ctx context.Context, tx *postgres.Tx, kind Kind, args river.JobArgs) error {
	inner, err := tx.PGX(ctx)
	if err != nil {
		return err
	}
	if _, err := o.client.InsertTx(ctx, inner, args, Job{Kind: kind}.insertOptions()); err != nil {
		return fmt.Errorf("enqueue job of kind %q: %w", args.Kind(), err)
	}
	return nil
}

// Row is a job as an operator sees it.
type Row struct {
	ID          int64      `json:"id"`
	Kind        string     `json:"kind"`
	Queue       string     `json:"queue"`
	State       string     `json:"state"`
	Attempt     int        `json:"attempt"`
	MaxAttempts int        `json:"max_attempts"`
	CreatedAt   time.Time  `json:"created_at"`
	ScheduledAt time.Time  `json:"scheduled_at"`
	AttemptedAt *time.Time `json:"attempted_at"`
	FinalizedAt *time.Time `json:"finalized_at"`
	// Error is the error of the last attempt that failed; empty for none.
	Error string `json:"error"`
}

func rowOf(job *rivertype.JobRow) Row {
	row := Row{
		ID: job.ID, Kind: job.Kind, Queue: job.Queue, State: string(job.State), Attempt: job.Attempt,
		MaxAttempts: job.MaxAttempts, CreatedAt: job.CreatedAt, ScheduledAt: job.ScheduledAt,
		AttemptedAt: job.AttemptedAt, FinalizedAt: job.FinalizedAt,
	}
	if n := len(job.Errors); n > 0 {
		row.Error = job.Errors[n-1].Error
	}
	return row
}

// States lists the states of a job.
func States() []string {
	states := make([]string, 0, len(rivertype.JobStates()))
	for _, state := range rivertype.JobStates() {
		states = append(states, string(state))
	}
	slices.Sort(states)
	return states
}

// List returns jobs, the latest first, at most limit (1 to 10,000). Empty filters match all jobs.
func (o *Operator) List(ctx context.Context, states, kinds []string, limit int) ([]Row, error) {
	params := river.NewJobListParams().First(limit).OrderBy(river.JobListOrderByID, river.SortOrderDesc)
	if len(kinds) > 0 {
		params = params.Kinds(kinds...)
	}
	if len(states) > 0 {
		wanted := make([]rivertype.JobState, len(states))
		for i, state := range states {
			wanted[i] = rivertype.JobState(state)
		}
		params = params.States(wanted...)
	}
	found, err := o.client.JobList(ctx, params)
	if err != nil {
		return nil, fmt.Errorf("list jobs: %w", err)
	}
	rows := make([]Row, len(found.Jobs))
	for i, job := range found.Jobs {
		rows[i] = rowOf(job)
	}
	return rows, nil
}

// Retry makes a job run as soon as a worker is free, whatever its state is. It fails for an unknown id and for a job
// that is running.
func (o *Operator) Retry(ctx context.Context, id int64) error {
	job, err := o.client.JobRetry(ctx, id)
	switch {
	case errors.Is(err, river.ErrNotFound):
		return unknown(id)
	case err != nil:
		return fmt.Errorf("retry job %d: %w", id, err)
	case job.State == rivertype.JobStateRunning:
		return fmt.Errorf("job %d is running", id)
	}
	return nil
}

// RetryKind retries the jobs of a kind that have failed, at most 10,000: they wait for their next attempt, were
// discarded or were canceled. It returns their number.
func (o *Operator) RetryKind(ctx context.Context, kind string) (int, error) {
	rows, err := o.List(ctx, []string{
		string(rivertype.JobStateRetryable), string(rivertype.JobStateDiscarded), string(rivertype.JobStateCancelled),
	}, []string{kind}, mostListed)
	if err != nil {
		return 0, err
	}
	for n, row := range rows {
		if err := o.Retry(ctx, row.ID); err != nil {
			return n, err
		}
	}
	return len(rows), nil
}

// Discard cancels a job: it is not run again. The context of a running job is canceled. It fails for an unknown id and
// for a job that is finished.
func (o *Operator) Discard(ctx context.Context, id int64) error {
	before, err := o.client.JobGet(ctx, id)
	switch {
	case errors.Is(err, river.ErrNotFound):
		return unknown(id)
	case err != nil:
		return fmt.Errorf("read job %d: %w", id, err)
	case before.FinalizedAt != nil:
		return fmt.Errorf("job %d is already %s", id, before.State)
	}
	if _, err := o.client.JobCancel(ctx, id); err != nil {
		return fmt.Errorf("discard job %d: %w", id, err)
	}
	return nil
}

func unknown(id int64) error {
	return fmt.Errorf("there is no job with the id %d; \"interviewer jobs list\" lists all jobs", id)
}
