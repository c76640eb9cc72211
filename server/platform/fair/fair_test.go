package fair_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ai-interviewer-platform/interviewer/server/platform/fair"
)

// begin acquires a place in the background, and returns the channel that gets the result.
func begin(ctx context.Context, p *fair.Places[string], group string, then func()) <-chan error {
	result := make(chan error, 1)
	go func() {
		err := p.Acquire(ctx, group)
		if err == nil {
			then()
		}
		result <- err
	}()
	synctest.Wait()
	return result
}

func acquire(t *testing.T, p *fair.Places[string], groups ...string) {
	t.Helper()
	for _, group := range groups {
		if err := p.Acquire(t.Context(), group); err != nil {
			t.Fatalf("a place for %s: %v", group, err)
		}
	}
}

func wantLoad(t *testing.T, p *fair.Places[string], held, waiting int) {
	t.Helper()
	if got := p.Load(); got.Held != held || got.Waiting != waiting {
		t.Errorf("load: got %+v, want %d held and %d waiting", got, held, waiting)
	}
}

func options(places, share int) fair.Options {
	return fair.Options{
		Places: places, Share: share, Queue: fair.Unbounded, QueueShare: fair.Unbounded, Wait: time.Second,
	}
}

// TestShare fills the share of a group. It waits although places are free, and another group gets one at once.
func TestShare(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := fair.New[string](options(3, 2))
		acquire(t, p, "acme", "acme")
		third := begin(t.Context(), p, "acme", func() {})
		wantLoad(t, p, 2, 1)
		acquire(t, p, "globex")
		p.Release("globex")
		wantLoad(t, p, 2, 1)
		p.Release("acme")
		if err := <-third; err != nil {
			t.Errorf("the waiting caller: %v, want the place of its group", err)
		}
		p.Release("acme")
		p.Release("acme")
		wantLoad(t, p, 0, 0)
	})
}

// TestTurns expects that groups take turns, and that callers of a group are served in their order.
func TestTurns(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := fair.New[string](options(1, 1))
		acquire(t, p, "acme")
		var served []string
		var all []<-chan error
		for _, caller := range []string{"acme 1", "acme 2", "acme 3", "globex 1", "globex 2", "initech 1"} {
			group := caller[:len(caller)-2]
			all = append(all, begin(t.Context(), p, group, func() {
				served = append(served, caller)
				p.Release(group)
			}))
		}
		p.Release("acme")
		for _, result := range all {
			if err := <-result; err != nil {
				t.Error(err)
			}
		}
		want := []string{"acme 1", "globex 1", "initech 1", "acme 2", "globex 2", "acme 3"}
		if !slices.Equal(served, want) {
			t.Errorf("served %q, want %q", served, want)
		}
		wantLoad(t, p, 0, 0)
	})
}

// TestFullQueue fills the queue with callers of two groups. A caller of a third one takes the place of the last caller of
// the longest queue; another caller of the longest queue does not.
func TestFullQueue(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		o := options(1, 1)
		o.Queue = 4
		p := fair.New[string](o)
		acquire(t, p, "acme")
		waiting := map[string]<-chan error{}
		for _, caller := range []string{"acme 1", "acme 2", "acme 3", "globex 1"} {
			group := caller[:len(caller)-2]
			waiting[caller] = begin(t.Context(), p, group, func() { p.Release(group) })
		}
		if err := p.Acquire(t.Context(), "acme"); !errors.Is(err, fair.ErrNoPlace) {
			t.Errorf("a fourth caller of the longest queue: got %v, want ErrNoPlace", err)
		}
		waiting["initech 1"] = begin(t.Context(), p, "initech", func() { p.Release("initech") })
		if err := <-waiting["acme 3"]; !errors.Is(err, fair.ErrNoPlace) {
			t.Errorf("the last caller of the longest queue: got %v, want ErrNoPlace", err)
		}
		delete(waiting, "acme 3")
		wantLoad(t, p, 1, 4)
		p.Release("acme")
		for caller, result := range waiting {
			if err := <-result; err != nil {
				t.Errorf("%s: got %v, want a place", caller, err)
			}
		}
		wantLoad(t, p, 0, 0)
	})
}

// TestRefusals lists why a caller gets no place. Afterwards nothing of it is left in the queue.
func TestRefusals(t *testing.T) {
	t.Parallel()
	bounded := options(1, 1)
	bounded.Queue, bounded.QueueShare = 2, 1
	for name, c := range map[string]struct {
		before func(t *testing.T, p *fair.Places[string])
		group  string
		ctx    func(context.Context) (context.Context, context.CancelFunc)
		waits  time.Duration
		want   error
	}{
		"the wait ends": {group: "acme", waits: time.Second, want: fair.ErrNoPlace},
		"the context ends": {
			group: "acme", waits: time.Millisecond, want: context.DeadlineExceeded,
			ctx: func(ctx context.Context) (context.Context, context.CancelFunc) {
				return context.WithTimeout(ctx, time.Millisecond)
			},
		},
		"the context has ended": {
			group: "acme", want: context.Canceled,
			ctx: func(ctx context.Context) (context.Context, context.CancelFunc) {
				ctx, cancel := context.WithCancel(ctx)
				cancel()
				return ctx, cancel
			},
		},
		"the group's part of the queue is full": {
			before: func(t *testing.T, p *fair.Places[string]) { t.Helper(); begin(t.Context(), p, "acme", func() {}) },
			group:  "acme", want: fair.ErrNoPlace,
		},
		"the queue is full": {
			before: func(t *testing.T, p *fair.Places[string]) {
				t.Helper()
				begin(t.Context(), p, "acme", func() {})
				begin(t.Context(), p, "globex", func() {})
			},
			group: "initech", want: fair.ErrNoPlace,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				p := fair.New[string](bounded)
				acquire(t, p, "acme")
				if c.before != nil {
					c.before(t, p)
				}
				ctx, cancel := t.Context(), func() {}
				if c.ctx != nil {
					ctx, cancel = c.ctx(ctx)
				}
				defer cancel()
				begun := time.Now()
				if err := p.Acquire(ctx, c.group); !errors.Is(err, c.want) {
					t.Errorf("got %v, want %v", err, c.want)
				}
				if waited := time.Since(begun); waited != c.waits {
					t.Errorf("waited %v, want %v", waited, c.waits)
				}
				time.Sleep(time.Minute) // the others give up
				wantLoad(t, p, 1, 0)
				p.Release("acme")
				acquire(t, p, c.group)
			})
		})
	}
}

// TestClose refuses callers that wait and later ones, and waits for the places in use.
func TestClose(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := fair.New[string](options(1, 1))
		acquire(t, p, "acme")
		waiting := begin(t.Context(), p, "globex", func() {})
		closed := make(chan struct{})
		go func() { p.Close(); close(closed) }()
		if err := <-waiting; !errors.Is(err, fair.ErrNoPlace) {
			t.Errorf("a waiting caller got %v, want %v", err, fair.ErrNoPlace)
		}
		synctest.Wait()
		select {
		case <-closed:
			t.Error("Close did not wait for the place in use")
		default:
		}
		p.Release("acme")
		<-closed
		if err := p.Acquire(t.Context(), "acme"); !errors.Is(err, fair.ErrNoPlace) {
			t.Errorf("after Close: %v, want %v", err, fair.ErrNoPlace)
		}
		p.Close()
	})
}

// TestFreePlacesCostNothing expects that taking a free place does not allocate.
func TestFreePlacesCostNothing(t *testing.T) { //nolint:paralleltest // allocations of other tests would count
	p := fair.New[string](options(2, 1))
	got := testing.AllocsPerRun(100, func() {
		acquire(t, p, "acme")
		p.Release("acme")
	})
	if got != 0 {
		t.Errorf("got %v allocations, want 0", got)
	}
}

// TestHopeless refuses callers at once that would not get a place within a second, by the rate at which others got one.
func TestHopeless(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		o := options(1, 1)
		o.Now = time.Now
		p := fair.New[string](o)
		refused := func(group string) {
			t.Helper()
			before := time.Now()
			if err := p.Acquire(t.Context(), group); !errors.Is(err, fair.ErrNoPlace) || time.Since(before) != 0 {
				t.Errorf("%s: %v after %s, want to be refused at once", group, err, time.Since(before))
			}
		}
		// Nothing is known about the rate, so all wait. Then one gets a place each 200 ms, so the sixth would wait too long.
		acquire(t, p, "acme")
		var waiting []<-chan error
		for range 8 {
			waiting = append(waiting, begin(t.Context(), p, "acme", func() {}))
		}
		for range 2 {
			time.Sleep(200 * time.Millisecond)
			p.Release("acme")
		}
		synctest.Wait()
		wantLoad(t, p, 1, 6)
		refused("acme")
		// Another group has its turn after one caller of each group.
		other := begin(t.Context(), p, "globex", func() {})
		wantLoad(t, p, 1, 7)
		time.Sleep(200 * time.Millisecond)
		p.Release("acme")
		time.Sleep(200 * time.Millisecond)
		p.Release("acme")
		if err := <-other; err != nil {
			t.Errorf("another group: %v", err)
		}
		p.Release("globex")
		for range 2 {
			time.Sleep(10 * time.Millisecond)
			p.Release("acme")
		}
		got := 0
		for _, w := range waiting {
			if err := <-w; err == nil {
				got++
			}
		}
		if load := p.Load(); load.Waiting != 0 || got+int(load.Refused)-1 != len(waiting) {
			t.Errorf("%d got a place, and the load is %+v", got, load)
		}
	})
	synctest.Test(t, func(t *testing.T) { // places that are held long, for which callers wait long
		o := options(1, 1)
		o.Now, o.Wait = time.Now, 5*time.Second
		p := fair.New[string](o)
		acquire(t, p, "acme")
		for range 20 {
			begin(t.Context(), p, "acme", func() {})
		}
		time.Sleep(500 * time.Millisecond)
		p.Release("acme")
		time.Sleep(500 * time.Millisecond)
		begin(t.Context(), p, "acme", func() {}) // after one place, the rate says nothing yet
		wantLoad(t, p, 1, 20)
		p.Release("acme")
		time.Sleep(500 * time.Millisecond)
		p.Release("acme")
		synctest.Wait()
		if err := p.Acquire(t.Context(), "acme"); !errors.Is(err, fair.ErrNoPlace) { // the nineteenth, at two a second
			t.Errorf("got error %v, want to be refused", err)
		}
		if !p.Refuses("acme") || p.Refuses("globex") || p.Load().Refused != 2 {
			t.Errorf("Refuses: got load %+v, want acme to be refused and not globex", p.Load())
		}
		wantLoad(t, p, 1, 18)
	})
	synctest.Test(t, func(t *testing.T) {
		o := options(1, 1)
		o.Now = time.Now
		p := fair.New[string](o)
		acquire(t, p, "acme")
		first := begin(t.Context(), p, "acme", func() {})
		time.Sleep(999 * time.Millisecond)
		second := begin(t.Context(), p, "acme", func() {})
		time.Sleep(2 * time.Millisecond) // the first one has waited for the whole time, and none has got a place
		before := time.Now()
		if err := p.Acquire(t.Context(), "acme"); !errors.Is(err, fair.ErrNoPlace) || time.Since(before) != 0 {
			t.Errorf("%v after %s, want to be refused at once", err, time.Since(before))
		}
		if err := <-first; !errors.Is(err, fair.ErrNoPlace) {
			t.Error(err)
		}
		p.Release("acme")
		if err := <-second; err != nil {
			t.Errorf("a place became free: %v", err)
		}
	})
}
