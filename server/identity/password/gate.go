// Package password keeps the price of passwords where it belongs. Hashing one costs a quarter of a second of a core, on
// purpose; without care, a flood of logins would take that from every other request, and the time of an answer would
// tell who has an account. The package promises three things:
//
//   - Gate hashes and compares on a few threads of low priority behind a bounded queue: everyone else is served first,
//     nobody waits without end, and who has gone is not worked for.
//   - A comparison does the same work for an unknown account as for a wrong password, whatever is sent and whatever
//     hash is stored.
//   - Check decides, without any state, which new passwords are acceptable.
package password

import (
	"context"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/crypto/bcrypt"

	"github.com/ai-interviewer-platform/interviewer/server/platform/fault"
)

const (
	// Cost is bcrypt's cost for new hashes: 2^12 rounds.
	Cost = 12

	defaultWait     = 5 * time.Second
	queuedPerWorker = 16
)

// Options configure a Gate. The zero value is what the service runs with.
type Options struct {
	// Cost is bcrypt's cost, from bcrypt.MinCost to bcrypt.MaxCost; 0 means the package's Cost.
	Cost int
	// Workers is how many passwords are hashed at once; 0 means one for each core that the process may use.
	Workers int
	// Queue is how many callers may wait for a worker; 0 means 16 for each worker, about as many as can be served
	// within the default Wait.
	Queue int
	// Wait is the longest that a caller waits for a worker; 0 means 5 s. The hashing itself comes on top.
	Wait time.Duration
}

// Gate hashes and compares passwords on a bounded number of threads. It is safe for concurrent use. A process needs
// one; Close ends it.
type Gate struct {
	cost int
	wait time.Duration

	// tasks has no buffer: who waits is blocked in sending, in order of arrival, and leaves no trace when giving up.
	tasks   chan task
	places  chan struct{}
	closing chan struct{}

	workers sync.WaitGroup
	running atomic.Int64
	close   sync.Once
}

type task struct {
	work func()
	done chan struct{}
}

// Load is what a gate is doing at one moment.
type Load struct {
	// Running is how many passwords are being hashed or compared.
	Running int
	// Waiting is how many callers wait for their turn.
	Waiting int
}

// NewGate starts the workers, and widens the process's GOMAXPROCS by their number, so that a worker never holds what
// another goroutine needs in order to run; which of the two gets the core is then up to the operating system, and the
// workers ask it for little. From then on the runtime no longer adapts GOMAXPROCS to changed CPU limits by itself.
// NewGate panics where the cost is out of bcrypt's range.
func NewGate(o Options) *Gate {
	if o.Cost == 0 {
		o.Cost = Cost
	}
	if o.Cost < bcrypt.MinCost || o.Cost > bcrypt.MaxCost {
		panic(fmt.Sprintf("password: %d is not a cost of bcrypt", o.Cost))
	}
	if o.Workers <= 0 {
		// A limit on CPU time makes GOMAXPROCS less than the cores, another gate makes it more.
		o.Workers = min(runtime.GOMAXPROCS(0), runtime.NumCPU())
	}
	if o.Queue <= 0 {
		o.Queue = queuedPerWorker * o.Workers
	}
	if o.Wait <= 0 {
		o.Wait = defaultWait
	}
	g := &Gate{
		cost:    o.Cost,
		wait:    o.Wait,
		tasks:   make(chan task),
		places:  make(chan struct{}, o.Queue),
		closing: make(chan struct{}),
	}
	widen(o.Workers)
	for range o.Workers {
		g.workers.Go(g.serve)
	}
	return g
}

// Load tells how busy the gate is, for metrics.
func (g *Gate) Load() Load {
	return Load{Running: int(g.running.Load()), Waiting: len(g.places)}
}

// Close ends the workers. It waits for the hashes in progress, whose callers still get their answers; those who wait,
// and those who come later, get fault.Overloaded at once. It may be called more than once.
func (g *Gate) Close() {
	g.close.Do(func() {
		close(g.closing)
		g.workers.Wait()
	})
}

// do has a worker do the work and waits for it to be done. Where it returns an error, the work was either never begun,
// or the caller left while it was going on: the caller must then not touch what the work writes.
func (g *Gate) do(ctx context.Context, work func()) error {
	t := task{work: work, done: make(chan struct{})}
	if err := g.enter(ctx, t); err != nil {
		return err
	}
	select {
	case <-t.done:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("password: left while hashing: %w", ctx.Err())
	}
}

// enter hands the task to a worker, now or within the bounded wait.
func (g *Gate) enter(ctx context.Context, t task) error {
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("password: left before hashing: %w", err)
	}
	select {
	case g.tasks <- t:
		return nil
	default:
	}
	select {
	case g.places <- struct{}{}:
		defer func() { <-g.places }()
	default:
		return g.overloaded()
	}
	patience := time.NewTimer(g.wait)
	defer patience.Stop()
	select {
	case g.tasks <- t:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("password: left before hashing: %w", ctx.Err())
	case <-patience.C:
		return g.overloaded()
	case <-g.closing:
		return g.overloaded()
	}
}

// overloaded advises to return when everyone who waits at present has been served or has given up.
func (g *Gate) overloaded() error { return fault.New(fault.Overloaded).After(g.wait) }

// serve is one worker. It never unlocks its thread, so the thread ends with it and no other goroutine inherits the low
// priority.
func (g *Gate) serve() {
	runtime.LockOSThread()
	lowerPriority()
	for {
		select {
		case <-g.closing:
			return
		case t := <-g.tasks:
			g.running.Add(1)
			t.work()
			g.running.Add(-1)
			close(t.done)
		}
	}
}

// widen adds to GOMAXPROCS, unless it exceeds the cores already: then an earlier gate or the operator has seen to it,
// and a process with many gates, as in tests, does not grow with each. For the same reason Close takes nothing back.
func widen(by int) {
	if procs := runtime.GOMAXPROCS(0); procs <= runtime.NumCPU() {
		runtime.GOMAXPROCS(procs + by)
	}
}
