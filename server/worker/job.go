package worker

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"time"

	"github.com/google/uuid"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"
)

// Job is a kind of job. Define returns one.
type Job struct {
	Kind

	// Args is the zero value of the arguments.
	Args river.JobArgs
	add  func(*river.Workers) error
}

// Kind describes how the jobs of a kind are run. The zero value is valid.
type Kind struct {
	// Queue is QueueDefault if it is empty.
	Queue string
	// Every is the period of a periodic job, at least a second; 0 means that it runs only when it is enqueued. The
	// arguments of a periodic job have their zero value.
	Every time.Duration
	// Once means that a job is not enqueued while another one of the kind with the same arguments waits or runs.
	Once bool
	// Attempts is how often a job that fails is tried; 0 means 25, over about three weeks.
	Attempts int
}

// Define returns a kind of job whose arguments have the type T. The name of the kind is that of T's method Kind. A job
// is completed when work returns nil, and tried again later after another error; see Again.
func Define[T river.JobArgs](kind Kind, work func(ctx context.Context, args T) error) Job {
	var args T
	return Job{Kind: kind, Args: args, add: func(workers *river.Workers) error {
		return river.AddWorkerSafely(workers, river.WorkFunc(func(ctx context.Context, job *river.Job[T]) error {
			return work(ctx, job.Args)
		}))
	}}
}

// Again is returned by a job that has more to do, but ran for long enough. It runs again as soon as a worker is free,
// and does not count as failed.
func Again() error { return river.JobSnooze(0) }

func (j Job) insertOptions() *river.InsertOpts {
	options := &river.InsertOpts{Queue: j.Queue, MaxAttempts: j.Attempts}
	if j.Once || j.Every > 0 {
		options.UniqueOpts = river.UniqueOpts{ByArgs: true, ByState: []rivertype.JobState{
			rivertype.JobStateAvailable, rivertype.JobStatePending, rivertype.JobStateRunning,
			rivertype.JobStateRetryable, rivertype.JobStateScheduled,
		}}
	}
	return options
}

// CheckArgs returns an error for arguments that can contain personal data: a text that is not an id or an enumeration,
// or a value of any type. Jobs are kept after the erasure of what they are about.
func CheckArgs(args river.JobArgs) error {
	t := reflect.TypeOf(args)
	if flaw := flawOf(t); flaw != "" {
		return fmt.Errorf("arguments of the job %q: %s; use an id or an enumeration with the method Valid", args.Kind(), flaw)
	}
	return nil
}

// enumeration is a generated type with a closed set of values.
type enumeration interface{ Valid() bool }

// flawOf describes what is wrong with a type; empty if it can contain only ids, enumerations, numbers and times.
func flawOf(t reflect.Type) string {
	switch t {
	case reflect.TypeFor[uuid.UUID](), reflect.TypeFor[time.Time]():
		return ""
	}
	switch t.Kind() {
	case reflect.Bool, reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64, reflect.Uint,
		reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Float32, reflect.Float64:
		return ""
	case reflect.String:
		if t.Implements(reflect.TypeFor[enumeration]()) {
			return ""
		}
		return "it is a text"
	case reflect.Pointer, reflect.Slice:
		return flawOf(t.Elem())
	case reflect.Struct:
		for field := range t.Fields() {
			if flaw := flawOf(field.Type); flaw != "" {
				return "field " + field.Name + ": " + flaw
			}
		}
		return ""
	default: // a byte can be part of a text; maps and interfaces contain anything
		return "it has the type " + t.String()
	}
}

// interrupted reports whether a job returned an error that is not a failure: it asked to run again, or to be canceled.
func interrupted(err error) bool {
	var again *river.JobSnoozeError
	var canceled *river.JobCancelError
	return errors.As(err, &again) || errors.As(err, &canceled)
}
