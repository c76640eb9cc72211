package password

import (
	"context"
	"errors"
	"runtime"
	"slices"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/crypto/bcrypt"

	"github.com/ai-interviewer-platform/interviewer/server/platform/fault"
)

// inBubble runs a test with a fake clock and a Hasher of one worker, which is closed after the test.
func inBubble(t *testing.T, o Options, test func(*testing.T, *Hasher)) {
	t.Helper()
	o.Cost, o.Workers = bcrypt.MinCost, 1
	synctest.Test(t, func(t *testing.T) {
		h := NewHasher(o)
		defer h.Close()
		test(t, h)
	})
}

// occupy keeps the only worker busy until the returned function is called.
func occupy(t *testing.T, h *Hasher) (release func()) {
	t.Helper()
	hold := make(chan struct{})
	begin(t.Context(), h, func() { <-hold })
	synctest.Wait()
	wantLoad(t, h, 1, 0)
	return func() { close(hold) }
}

// begin submits work in the background and returns the channel that gets its result.
func begin(ctx context.Context, h *Hasher, work func()) <-chan error {
	return beginOf(ctx, h, "acme", work)
}

// beginOf is begin for a group.
func beginOf(ctx context.Context, h *Hasher, group string, work func()) <-chan error {
	result := make(chan error, 1)
	go func() { result <- h.do(ctx, group, work) }()
	return result
}

func wantLoad(t *testing.T, h *Hasher, running, waiting int) {
	t.Helper()
	if got := h.Load(); got.Held != running || got.Waiting != waiting {
		t.Errorf("load = %+v, want %d running and %d waiting", got, running, waiting)
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

func TestFullQueueRefusesImmediately(t *testing.T) {
	t.Parallel()
	inBubble(t, Options{Queue: 2, Wait: time.Minute}, func(t *testing.T, h *Hasher) {
		release := occupy(t, h)
		waiting := []<-chan error{begin(t.Context(), h, func() {}), begin(t.Context(), h, func() {})}
		synctest.Wait()
		wantLoad(t, h, 1, 2)

		start := time.Now()
		_, err := h.Hash(t.Context(), "acme", "one too many")
		wantOverloaded(t, err, time.Minute)
		_, err = h.Matches(t.Context(), "acme", "", "one too many")
		wantOverloaded(t, err, time.Minute)
		if waited := time.Since(start); waited != 0 {
			t.Errorf("time of the refusal = %v, want 0s", waited)
		}

		release()
		for _, result := range waiting {
			if err := <-result; err != nil {
				t.Errorf("a queued caller was not served: %v", err)
			}
		}
		wantLoad(t, h, 0, 0)
	})
}

func TestWaitIsBounded(t *testing.T) {
	t.Parallel()
	inBubble(t, Options{Wait: 3 * time.Second}, func(t *testing.T, h *Hasher) {
		release := occupy(t, h)
		defer release()
		start := time.Now()
		err := h.do(t.Context(), "acme", func() { t.Error("the work was done for a caller that had timed out") })
		wantOverloaded(t, err, 3*time.Second)
		if waited := time.Since(start); waited != 3*time.Second {
			t.Errorf("wait = %v, want 3s", waited)
		}
		wantLoad(t, h, 1, 0)
	})
}

func TestCanceledCallerLeavesQueue(t *testing.T) {
	t.Parallel()
	inBubble(t, Options{Queue: 1}, func(t *testing.T, h *Hasher) {
		release := occupy(t, h)
		ctx, cancel := context.WithCancel(t.Context())
		canceled := begin(ctx, h, func() { t.Error("the work was done for a caller that had left") })
		synctest.Wait()
		wantLoad(t, h, 1, 1)

		cancel()
		if err := <-canceled; !errors.Is(err, context.Canceled) {
			t.Errorf("error = %v, want %v", err, context.Canceled)
		}
		wantLoad(t, h, 1, 0)

		next := begin(t.Context(), h, func() {})
		synctest.Wait()
		release()
		if err := <-next; err != nil {
			t.Errorf("the next caller did not get the free place: %v", err)
		}
	})
}

func TestCanceledContextDoesNoWork(t *testing.T) {
	t.Parallel()
	inBubble(t, Options{}, func(t *testing.T, h *Hasher) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		err := h.do(ctx, "acme", func() { t.Error("the work was done") })
		if !errors.Is(err, context.Canceled) {
			t.Errorf("error = %v, want %v", err, context.Canceled)
		}
	})
}

func TestCancelWhileHashingReturnsImmediately(t *testing.T) {
	t.Parallel()
	inBubble(t, Options{}, func(t *testing.T, h *Hasher) {
		hold, finished := make(chan struct{}), false
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		err := h.do(ctx, "acme", func() { <-hold; finished = true })
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("error = %v, want %v", err, context.DeadlineExceeded)
		}
		wantLoad(t, h, 1, 0)

		close(hold)
		synctest.Wait()
		wantLoad(t, h, 0, 0)
		if !finished {
			t.Error("the work was not finished after its caller left")
		}
	})
}

func TestQueueIsFIFO(t *testing.T) {
	t.Parallel()
	inBubble(t, Options{}, func(t *testing.T, h *Hasher) {
		release := occupy(t, h)
		var served []int
		var last <-chan error
		for i := range 5 {
			last = begin(t.Context(), h, func() { served = append(served, i) })
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

// TestGroupsTakeTurns expects that a group with one caller is served after one caller of a group with many.
func TestGroupsTakeTurns(t *testing.T) {
	t.Parallel()
	inBubble(t, Options{}, func(t *testing.T, h *Hasher) {
		release := occupy(t, h)
		var served []string
		var last <-chan error
		for range 4 {
			last = beginOf(t.Context(), h, "acme", func() { served = append(served, "acme") })
			synctest.Wait()
		}
		globex := beginOf(t.Context(), h, "globex", func() { served = append(served, "globex") })
		synctest.Wait()
		release()
		for _, result := range []<-chan error{globex, last} {
			if err := <-result; err != nil {
				t.Fatal(err)
			}
		}
		if want := []string{"acme", "globex", "acme", "acme", "acme"}; !slices.Equal(served, want) {
			t.Errorf("served %v, want %v", served, want)
		}
	})
}

// TestShareOfTheQueue fills the share of one group. Another group still gets a place in the queue.
func TestShareOfTheQueue(t *testing.T) {
	t.Parallel()
	inBubble(t, Options{Queue: 4, Share: 2, Wait: time.Minute}, func(t *testing.T, h *Hasher) {
		release := occupy(t, h)
		waiting := []<-chan error{begin(t.Context(), h, func() {}), begin(t.Context(), h, func() {})}
		synctest.Wait()
		wantOverloaded(t, <-begin(t.Context(), h, func() {}), time.Minute)
		waiting = append(waiting, beginOf(t.Context(), h, "globex", func() {}))
		synctest.Wait()
		wantLoad(t, h, 1, 3)
		release()
		for n, result := range waiting {
			if err := <-result; err != nil {
				t.Errorf("waiting caller %d got %v, want to be served", n, err)
			}
		}
	})
}

func TestCloseAnswersAllCallers(t *testing.T) {
	t.Parallel()
	inBubble(t, Options{Wait: time.Minute}, func(t *testing.T, h *Hasher) {
		hold := make(chan struct{})
		running := begin(t.Context(), h, func() { <-hold })
		synctest.Wait()
		waiting := begin(t.Context(), h, func() { t.Error("the work was started during Close") })
		synctest.Wait()

		start, closed := time.Now(), make(chan struct{})
		go func() { h.Close(); close(closed) }()
		wantOverloaded(t, <-waiting, time.Minute)
		synctest.Wait()
		select {
		case <-closed:
			t.Error("Close did not wait for the hash in progress")
		default:
		}

		close(hold)
		if err := <-running; err != nil {
			t.Errorf("the hash in progress was not returned: %v", err)
		}
		<-closed
		_, err := h.Hash(t.Context(), "acme", "too late")
		wantOverloaded(t, err, time.Minute)
		if waited := time.Since(start); waited != 0 {
			t.Errorf("wait of refused callers = %v, want 0s", waited)
		}
		h.Close()
	})
}

// Not parallel: GOMAXPROCS is global to the process.
func TestNewHasherRaisesGOMAXPROCS(t *testing.T) { //nolint:paralleltest // see above
	cores := runtime.NumCPU()
	before := runtime.GOMAXPROCS(cores)
	t.Cleanup(func() { runtime.GOMAXPROCS(before) })
	for range 3 {
		h := NewHasher(Options{Cost: bcrypt.MinCost, Workers: 5})
		t.Cleanup(h.Close)
		if got := runtime.GOMAXPROCS(0); got != cores+5 {
			t.Errorf("GOMAXPROCS = %d, want %d", got, cores+5)
		}
	}
}

func TestNewHasherPanicsOnInvalidCost(t *testing.T) {
	t.Parallel()
	for _, cost := range []int{-1, bcrypt.MinCost - 1, bcrypt.MaxCost + 1} {
		t.Run(strconv.Itoa(cost), func(t *testing.T) {
			t.Parallel()
			defer func() {
				if recover() == nil {
					t.Error("NewHasher did not panic")
				}
			}()
			NewHasher(Options{Cost: cost, Workers: 1}).Close()
		})
	}
}
