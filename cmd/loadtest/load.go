package main

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"
)

// requestTimeout is how long a request may take before it counts as failed.
const requestTimeout = 10 * time.Second

// call is a request to send.
type call struct {
	request []byte
	// keep makes the response's body available to the next step.
	keep bool
}

// step returns the next request of a connection. Previous is the response to the last one, with the status 0 if there
// is none. Steps of different connections run at the same time.
type step func(previous response) call

// fixed returns steps that send the same request again and again.
func fixed(raw []byte) step { return func(response) call { return call{request: raw} } }

// fleet is a number of connections to one server.
type fleet struct {
	now     func() time.Time
	workers []*worker
}

// worker sends requests on one connection.
type worker struct {
	connection connection
	next       step
	previous   response
}

// newFleet returns connections, which open when they are used, and their steps by the number of the connection.
func newFleet(address string, connections int, now func() time.Time, steps func(int) step) *fleet {
	f := &fleet{now: now}
	for i := range connections {
		f.workers = append(f.workers, &worker{connection: connection{address: address, now: now}, next: steps(i)})
	}
	return f
}

func (f *fleet) close() {
	for _, w := range f.workers {
		w.connection.close()
	}
}

// send sends the next request. A latency is measured from the given time.
func (w *worker) send(ctx context.Context, t *tally, from time.Time) {
	next := w.next(w.previous)
	got, err := w.connection.exchange(ctx, next.request, requestTimeout, next.keep)
	if err != nil {
		got = response{}
	}
	w.previous = got
	t.ended = w.connection.now()
	t.add(t.ended.Sub(from), failureOf(got, err))
}

// each runs act for every worker at the same time, and returns what all have measured.
func (f *fleet) each(act func(i int, w *worker, t *tally)) *tally {
	tallies := make([]tally, len(f.workers))
	var all sync.WaitGroup
	for i, w := range f.workers {
		all.Go(func() { act(i, w, &tallies[i]) })
	}
	all.Wait()
	total := &tally{}
	for i := range tallies {
		total.merge(&tallies[i])
	}
	return total
}

// closed sends requests on every connection for the given time, each when the response to the last one has been read.
// Requests that have begun are completed.
func (f *fleet) closed(ctx context.Context, d time.Duration) *tally {
	until := f.now().Add(d)
	return f.each(func(_ int, w *worker, t *tally) {
		for at := f.now(); ctx.Err() == nil && at.Before(until); at = f.now() {
			w.send(ctx, t, at)
			// A server that accepts no connections would be asked in a busy loop.
			if t.errors != nil && w.connection.tcp == nil && pause(ctx, 10*time.Millisecond) != nil {
				return
			}
		}
	})
}

// open sends requests at a constant rate in requests per second, whatever their responses take. Each connection takes
// the next of the intended times and waits for it. Latencies are measured from the intended time, so that a request
// that a slow server delays on the client's side counts as slow (coordinated omission). If all connections are busy for
// longer than requestTimeout, the requests in between count as timeouts and are not sent.
func (f *fleet) open(ctx context.Context, rate float64, d time.Duration) *tally {
	var taken atomic.Int64
	start := f.now()
	return f.each(func(_ int, w *worker, t *tally) {
		for ctx.Err() == nil {
			offset := time.Duration(float64(taken.Add(1)-1) / rate * float64(time.Second))
			if offset >= d {
				return
			}
			intended := start.Add(offset)
			late := f.now().Sub(intended)
			if late > requestTimeout {
				t.ended = f.now()
				t.add(late, errTimeout.Error())
				continue
			}
			if late < 0 && pause(ctx, -late) != nil {
				return
			}
			w.send(ctx, t, intended)
		}
	})
}

// connect opens all connections, a few at a time, because the queue of connections to accept is bounded.
func (f *fleet) connect(ctx context.Context) error {
	const parallel = 32
	var next atomic.Int64
	errs := make([]error, parallel)
	var all sync.WaitGroup
	for i := range parallel {
		all.Go(func() {
			for {
				n := int(next.Add(1) - 1)
				if n >= len(f.workers) || errs[i] != nil {
					return
				}
				errs[i] = f.workers[n].connection.open(ctx, f.now().Add(requestTimeout))
			}
		})
	}
	all.Wait()
	return errors.Join(errs...)
}

// pause waits, and fails if the context ends before.
func pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}
