package worker

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"time"

	"github.com/riverqueue/river/rivertype"

	"github.com/ai-interviewer-platform/interviewer/server/platform/fault"
	"github.com/ai-interviewer-platform/interviewer/server/platform/telemetry"
)

// Observer counts what jobs do. Its methods are called concurrently.
type Observer interface {
	// JobRun counts a run of a job by its kind and outcome, one of the constants telemetry.JobCompleted and following.
	JobRun(kind, outcome string, took time.Duration)
	// RowsDeleted counts expired rows that were deleted from a table.
	RowsDeleted(table string, n int64)
}

type stoppingKey struct{}

// observe surrounds each run of a job. It counts and logs the outcome, and bounds what River stores about an error:
// the row of a job must not contain personal data, which the error of a query can quote.
func (w *Worker) observe(
	ctx context.Context, job *rivertype.JobRow, run func(ctx context.Context) error,
) (err error) {
	began := w.Now()
	ctx = context.WithValue(ctx, stoppingKey{}, w.stopping)
	defer func() {
		stack := ""
		if reason := recover(); reason != nil {
			err, stack = fmt.Errorf("panic: %v", reason), string(debug.Stack())
		}
		outcome := telemetry.JobCompleted
		switch {
		case err == nil:
		case interrupted(err):
			outcome = telemetry.JobContinued
		case job.Attempt >= job.MaxAttempts:
			outcome = telemetry.JobDiscarded
		default:
			outcome = telemetry.JobFailed
		}
		w.Observer.JobRun(job.Kind, outcome, w.Now().Sub(began))
		if outcome == telemetry.JobFailed || outcome == telemetry.JobDiscarded {
			w.Log.WarnContext(ctx, "job failed", slog.String("kind", job.Kind), slog.Int64("job_id", job.ID),
				slog.Int("attempt", job.Attempt), slog.String("outcome", outcome), slog.Any("error", err),
				slog.String("stack", stack))
			err = storable(err)
		}
	}()
	return run(ctx)
}

// storable returns what is stored about an error. The log has the rest.
func storable(err error) error {
	var known *fault.Fault
	switch {
	case errors.Is(err, context.Canceled):
		return context.Canceled // River makes the job available again if the process stops
	case errors.Is(err, context.DeadlineExceeded):
		return errors.New("the job exceeded its time limit")
	case errors.As(err, &known):
		return fmt.Errorf("%s: %s", known.Code(), known.Detail())
	}
	return errors.New("internal error: the line \"job failed\" of the log has the cause")
}

// stopping reports whether the worker that runs a job takes no more jobs, so that long work should end early.
func stopping(ctx context.Context) bool {
	stop, _ := ctx.Value(stoppingKey{}).(chan struct{})
	select {
	case <-stop:
		return true
	default:
		return false
	}
}
