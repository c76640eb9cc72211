package password

import (
	"context"
	"errors"
	"runtime"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/crypto/bcrypt"

	"github.com/ai-interviewer-platform/interviewer/server/platform/fault"
)

// inBubble runs a test where time stands still unless everyone waits, with a gate of one worker that is open for as
// long as the test runs.
func inBubble(t *testing.T, o Options, test func(*testing.T, *Gate)) {
	t.Helper()
	o.Cost, o.Workers = bcrypt.MinCost, 1
	synctest.Test(t, func(t *testing.T) {
		g := NewGate(o)
		defer g.Close()
		test(t, g)
	})
}

// occupy keeps the gate's only worker busy until the returned function is called.
func occupy(t *testing.T, g *Gate) (release func()) {
	t.Helper()
	hold := make(chan struct{})
	begin(t.Context(), g, func() { <-hold })
	synctest.Wait()
	wantLoad(t, g, Load{Running: 1})
	return func() { close(hold) }
}

// begin asks for work without waiting for the answer, which comes by the channel.
func begin(ctx context.Context, g *Gate, work func()) <-chan error {
	answer := make(chan error, 1)
	go func() { answer <- g.do(ctx, work) }()
	return answer
}

func wantLoad(t *testing.T, g *Gate, want Load) {
	t.Helper()
	if got := g.Load(); got != want {
		t.Errorf("load = %+v, want %+v", got, want)
	}
}

func wantOverloaded(t *testing.T, err error, wait time.Duration) {
	t.Helper()
	var f *fault.Fault
	if !errors.As(err, &f) || f.Code() != fault.Overloaded {
		t.Fatalf("error = %v, want %s", err, fault.Overloaded)
	}
	if f.RetryAfter() != wait {
		t.Errorf("retry after %v, want %v", f.RetryAfter(), wait)
	}
}

func TestFullQueueRefusesAtOnce(t *testing.T) {
	t.Parallel()
	inBubble(t, Options{Queue: 2, Wait: time.Minute}, func(t *testing.T, g *Gate) {
		release := occupy(t, g)
		waiting := []<-chan error{begin(t.Context(), g, func() {}), begin(t.Context(), g, func() {})}
		synctest.Wait()
		wantLoad(t, g, Load{Running: 1, Waiting: 2})

		start := time.Now()
		_, err := g.Hash(t.Context(), "one too many")
		wantOverloaded(t, err, time.Minute)
		_, err = g.Matches(t.Context(), "", "one too many")
		wantOverloaded(t, err, time.Minute)
		if waited := time.Since(start); waited != 0 {
			t.Errorf("the refusal took %v", waited)
		}

		release()
		for _, answer := range waiting {
			if err := <-answer; err != nil {
				t.Errorf("who had a place was not served: %v", err)
			}
		}
		wantLoad(t, g, Load{})
	})
}

func TestWaitIsBounded(t *testing.T) {
	t.Parallel()
	inBubble(t, Options{Wait: 3 * time.Second}, func(t *testing.T, g *Gate) {
		release := occupy(t, g)
		defer release()
		start := time.Now()
		err := g.do(t.Context(), func() { t.Error("the work was done for a caller who had given up") })
		wantOverloaded(t, err, 3*time.Second)
		if waited := time.Since(start); waited != 3*time.Second {
			t.Errorf("waited %v", waited)
		}
		wantLoad(t, g, Load{Running: 1})
	})
}

func TestCancelledWaiterLeavesTheQueue(t *testing.T) {
	t.Parallel()
	inBubble(t, Options{Queue: 1}, func(t *testing.T, g *Gate) {
		release := occupy(t, g)
		ctx, cancel := context.WithCancel(t.Context())
		gone := begin(ctx, g, func() { t.Error("the work was done for a caller who had left") })
		synctest.Wait()
		wantLoad(t, g, Load{Running: 1, Waiting: 1})

		cancel()
		if err := <-gone; !errors.Is(err, context.Canceled) {
			t.Errorf("error = %v", err)
		}
		wantLoad(t, g, Load{Running: 1})

		next := begin(t.Context(), g, func() {})
		synctest.Wait()
		release()
		if err := <-next; err != nil {
			t.Errorf("the place that became free was not given to the next: %v", err)
		}
	})
}

func TestCallerWhoHasLeftBeforehandCostsNothing(t *testing.T) {
	t.Parallel()
	inBubble(t, Options{}, func(t *testing.T, g *Gate) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		err := g.do(ctx, func() { t.Error("the work was done") })
		if !errors.Is(err, context.Canceled) {
			t.Errorf("error = %v", err)
		}
	})
}

func TestCallerWhoLeavesWhileHashingReturnsAtOnce(t *testing.T) {
	t.Parallel()
	inBubble(t, Options{}, func(t *testing.T, g *Gate) {
		hold, finished := make(chan struct{}), false
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		err := g.do(ctx, func() { <-hold; finished = true })
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("error = %v", err)
		}
		wantLoad(t, g, Load{Running: 1})

		close(hold)
		synctest.Wait()
		wantLoad(t, g, Load{})
		if !finished {
			t.Error("the worker did not finish alone")
		}
	})
}

func TestWaitersAreServedInOrder(t *testing.T) {
	t.Parallel()
	inBubble(t, Options{}, func(t *testing.T, g *Gate) {
		release := occupy(t, g)
		var served []int
		var last <-chan error
		for i := range 5 {
			last = begin(t.Context(), g, func() { served = append(served, i) })
			synctest.Wait()
		}
		release()
		if err := <-last; err != nil {
			t.Fatal(err)
		}
		if want := []int{0, 1, 2, 3, 4}; !slices.Equal(served, want) {
			t.Errorf("served %v, want %v", served, want)
		}
	})
}

func TestCloseAnswersEveryone(t *testing.T) {
	t.Parallel()
	inBubble(t, Options{Wait: time.Minute}, func(t *testing.T, g *Gate) {
		hold := make(chan struct{})
		running := begin(t.Context(), g, func() { <-hold })
		synctest.Wait()
		waiting := begin(t.Context(), g, func() { t.Error("the work was begun while closing") })
		synctest.Wait()

		start, closed := time.Now(), make(chan struct{})
		go func() { g.Close(); close(closed) }()
		wantOverloaded(t, <-waiting, time.Minute)
		synctest.Wait()
		select {
		case <-closed:
			t.Error("Close did not wait for the hash in progress")
		default:
		}

		close(hold)
		if err := <-running; err != nil {
			t.Errorf("the hash in progress was lost: %v", err)
		}
		<-closed
		_, err := g.Hash(t.Context(), "too late")
		wantOverloaded(t, err, time.Minute)
		if waited := time.Since(start); waited != 0 {
			t.Errorf("those who were not served had to wait %v", waited)
		}
		g.Close()
	})
}

// TestGateWidensTheProcess is alone while it runs: GOMAXPROCS belongs to the process.
func TestGateWidensTheProcess(t *testing.T) { //nolint:paralleltest // see above
	cores := runtime.NumCPU()
	before := runtime.GOMAXPROCS(cores)
	t.Cleanup(func() { runtime.GOMAXPROCS(before) })
	for range 3 {
		g := NewGate(Options{Cost: bcrypt.MinCost, Workers: 5})
		t.Cleanup(g.Close)
		if got := runtime.GOMAXPROCS(0); got != cores+5 {
			t.Errorf("GOMAXPROCS = %d, want %d", got, cores+5)
		}
	}
}

func TestNewGateRefusesImpossibleCost(t *testing.T) {
	t.Parallel()
	for _, cost := range []int{-1, bcrypt.MinCost - 1, bcrypt.MaxCost + 1} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("cost %d was taken", cost)
				}
			}()
			NewGate(Options{Cost: cost, Workers: 1}).Close()
		}()
	}
}
