// Package password hashes, compares and checks passwords.
//
// Hashing one password takes about a quarter of a second of CPU time, by design. Unbounded, a flood of logins would
// take that time from every other request, and response times would reveal which accounts exist. The package therefore
// guarantees:
//
//   - Hasher hashes and compares on a few low-priority threads behind a bounded queue. Other requests are scheduled
//     first, no caller waits longer than Options.Wait, and no work is done for callers that left while waiting.
//   - Callers belong to groups, which take turns. No group occupies more of the queue than its share.
//   - A comparison takes the same work for an unknown account as for a wrong password, for any input and any stored
//     hash.
//   - Check decides which new passwords are acceptable. It keeps no state.
package password

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"time"

	"golang.org/x/crypto/bcrypt"

	"github.com/ai-interviewer-platform/interviewer/server/platform/fair"
	"github.com/ai-interviewer-platform/interviewer/server/platform/fault"
)

const (
	// Cost is the bcrypt cost of new hashes: 2^12 rounds.
	Cost = 12

	// QueuedPerWorker is how many callers wait for each worker at most by default. It bounds memory; with a clock, the
	// rate of the workers bounds how many wait, which is fewer.
	QueuedPerWorker = 64

	defaultWait = 5 * time.Second
)

// Options configure a Hasher. Production uses the zero value.
type Options struct {
	// Cost is the bcrypt cost, from bcrypt.MinCost to bcrypt.MaxCost; 0 means the package's Cost.
	Cost int
	// Workers is how many passwords are hashed at the same time; 0 means one per core that the process may use.
	Workers int
	// Queue is how many callers may wait for a worker; 0 means QueuedPerWorker for each worker.
	Queue int
	// Share is how many callers of one group may wait; 0 means Queue.
	Share int
	// Wait is the longest time a caller waits for a worker; 0 means 5 s. The time of the hashing itself is added.
	Wait time.Duration
	// Now is the clock by which callers are refused at once that would not get a worker in time; nil if they wait.
	Now func() time.Time
}

// Hasher hashes and compares passwords on a bounded number of threads. It is safe for concurrent use. A process needs
// one. Close releases it.
type Hasher struct {
	cost    int
	wait    time.Duration
	workers *fair.Places[string]
}

// NewHasher returns a Hasher. It lives until Close.
//
// NewHasher adds the number of workers to GOMAXPROCS, so that a worker never occupies the processor another goroutine
// needs to run: the operating system then decides which thread gets the core, and workers have low priority. From then
// on the runtime no longer adapts GOMAXPROCS to changed CPU limits. NewHasher panics if the cost is out of range.
func NewHasher(o Options) *Hasher {
	if o.Cost == 0 {
		o.Cost = Cost
	}
	if o.Cost < bcrypt.MinCost || o.Cost > bcrypt.MaxCost {
		panic(fmt.Sprintf("password: bcrypt cost %d is out of range", o.Cost))
	}
	if o.Workers <= 0 {
		// A CPU limit makes GOMAXPROCS smaller than the number of cores, another Hasher makes it larger.
		o.Workers = min(runtime.GOMAXPROCS(0), runtime.NumCPU())
	}
	if o.Queue <= 0 {
		o.Queue = QueuedPerWorker * o.Workers
	}
	if o.Share <= 0 {
		o.Share = o.Queue
	}
	if o.Wait <= 0 {
		o.Wait = defaultWait
	}
	widen(o.Workers)
	return &Hasher{cost: o.Cost, wait: o.Wait, workers: fair.New[string](fair.Options{
		// A worker is free again after one hash, so a group may use all of them while no other waits.
		Places: o.Workers, Share: o.Workers, Queue: o.Queue, QueueShare: o.Share, Wait: o.Wait, Now: o.Now,
	})}
}

// Load returns the current load, for metrics: a place is held while a password is hashed or compared.
func (h *Hasher) Load() fair.Load { return h.workers.Load() }

// Close waits for the hashes in progress, whose callers still get their results. Callers in the queue, and all later
// ones, get fault.Overloaded at once. Close may be called more than once.
func (h *Hasher) Close() { h.workers.Close() }

// Busy returns fault.Overloaded if a caller of a group would be refused at once. It saves callers what they do before.
func (h *Hasher) Busy(group string) error {
	if h.workers.Refuses(group) {
		return h.overloaded(fair.ErrNoPlace)
	}
	return nil
}

// overloaded returns fault.Overloaded. All callers in the queue have been served, or have given up, when a retry
// arrives.
func (h *Hasher) overloaded(cause error) error {
	return fault.New(fault.Overloaded).After(h.wait).Because(cause)
}

// do runs work on a worker and waits until it is done. If do returns an error, work either never started or the caller
// left while it was running: the caller must then not touch what work writes.
func (h *Hasher) do(ctx context.Context, group string, work func()) error {
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("password: canceled before hashing: %w", err)
	}
	if err := h.workers.Acquire(ctx, group); errors.Is(err, fair.ErrNoPlace) {
		return h.overloaded(err)
	} else if err != nil {
		return fmt.Errorf("password: canceled before hashing: %w", err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer h.workers.Release(group)
		// The thread is never unlocked: it ends with this goroutine, so no other goroutine inherits the low priority.
		runtime.LockOSThread()
		lowerPriority()
		work()
	}()
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("password: canceled while hashing: %w", ctx.Err())
	}
}

// widen adds to GOMAXPROCS, unless it already exceeds the number of cores: then an earlier Hasher or the operator has
// raised it, and a process with many Hashers, as in tests, does not raise it once for each. Close restores nothing, for
// the same reason.
func widen(by int) {
	if procs := runtime.GOMAXPROCS(0); procs <= runtime.NumCPU() {
		runtime.GOMAXPROCS(procs + by)
	}
}
