package worker_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ai-interviewer-platform/interviewer/server/worker"
)

// TestOperator lists, retries and discards jobs.
func TestOperator(t *testing.T) {
	t.Parallel()
	b := open(t)
	fail := true
	began := make(chan struct{}, 1)
	o := b.options(worker.Define(worker.Kind{Attempts: 1}, func(ctx context.Context, args greeting) error {
		switch {
		case args.N == 2:
			began <- struct{}{}
			<-ctx.Done()
			return ctx.Err()
		case fail:
			return errors.New("failed")
		}
		return nil
	}))
	o.StopTimeout = 50 * time.Millisecond
	w := b.start(o)
	operator, err := worker.NewOperator(b.store().Pool())
	if err != nil {
		t.Fatal(err)
	}
	list := func(states, kinds []string) []worker.Row {
		t.Helper()
		rows, err := operator.List(t.Context(), states, kinds, 100)
		if err != nil {
			t.Fatal(err)
		}
		return rows
	}
	state := func(id int64) string {
		for _, row := range list(nil, nil) {
			if row.ID == id {
				return row.State
			}
		}
		return ""
	}
	b.enqueue(w.Worker, greeting{N: 1}, true)
	b.eventually("the first job is discarded", func() bool { return len(list([]string{"discarded"}, []string{"greeting"})) == 1 })
	failed := list(nil, nil)[0]
	if failed.Kind != "greeting" || failed.Attempt != 1 || !strings.HasPrefix(failed.Error, "internal error") || failed.FinalizedAt == nil {
		t.Errorf("row: got %+v", failed)
	}
	if rows := list([]string{"completed", "running"}, nil); len(rows) != 0 {
		t.Errorf("rows in other states: got %+v", rows)
	}
	if rows := list(nil, []string{"other"}); len(rows) != 0 {
		t.Errorf("rows of another kind: got %+v", rows)
	}
	b.enqueue(w.Worker, greeting{N: 2}, true)
	<-began
	running := list([]string{"running"}, nil)[0].ID
	wantError := func(what string, err error, text string) {
		t.Helper()
		if err == nil || !strings.Contains(err.Error(), text) {
			t.Errorf("%s: got error %v, want %q", what, err, text)
		}
	}
	wantError("retry of a running job", operator.Retry(t.Context(), running), "is running")
	wantError("retry of an unknown job", operator.Retry(t.Context(), 999), "no job with the id 999")
	wantError("discard of an unknown job", operator.Discard(t.Context(), 999), "no job with the id 999")
	wantError("discard of a finished job", operator.Discard(t.Context(), failed.ID), "already discarded")
	if err := operator.Discard(t.Context(), running); err != nil {
		t.Error(err)
	}
	b.eventually("the running job is canceled", func() bool { return state(running) == "cancelled" })

	fail = false
	if err := operator.Retry(t.Context(), failed.ID); err != nil {
		t.Error(err)
	}
	b.eventually("the first job is completed", func() bool { return state(failed.ID) == "completed" })
	if n, err := operator.RetryKind(t.Context(), "greeting"); err != nil || n != 1 { // the canceled job
		t.Errorf("retry of a kind: got %d and error %v, want 1", n, err)
	}
	<-began
	if !slices.Contains(worker.States(), "retryable") || !slices.IsSorted(worker.States()) {
		t.Errorf("states: got %v", worker.States())
	}
}
