// Package fair divides a bounded resource of one process, such as database connections, between groups, such as
// companies.
//
// Places has a number of places. No group holds more of them than its share, so one group cannot occupy all. Callers
// that get none wait for a bounded time. A place that becomes free goes to the group whose turn it is: groups take
// turns, and within a group the caller that came first is served first. A group with a thousand waiting callers
// therefore delays another one by one place, not by a thousand.
//
// If the queue is full, a group without waiting callers still gets in: the caller that came last of the group with the
// most waiting callers is refused instead.
//
// With a clock, Places also refuses callers at once that would not get a place in time, by the rate at which callers
// get places while some wait.
package fair

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"
)

// ErrNoPlace means that no place became free in time, that too many callers wait, or that Places is closed.
var ErrNoPlace = errors.New("no place became free")

// Options configure Places. All numbers are at least 1.
type Options struct {
	// Places is the number of places, and Share how many of them one group can hold.
	Places, Share int
	// Queue is how many callers can wait, and QueueShare how many of them can be of one group.
	Queue, QueueShare int
	// Wait is the longest time that a caller waits.
	Wait time.Duration
	// Now is the clock by which the rate is measured; nil if callers wait whatever the rate is.
	Now func() time.Time
}

// Unbounded is a number of callers that is never reached.
const Unbounded = 1 << 30

// Load is the state of Places at one moment.
type Load struct {
	// Held is the number of places in use, and Waiting the number of callers that wait.
	Held, Waiting int
	// Waited counts the callers that had to wait, and Refused those that got ErrNoPlace.
	Waited, Refused uint64
}

// Places are places for groups that K identifies. It is safe for concurrent use. Taking a free place does not allocate.
type Places[K comparable] struct {
	options Options

	mu   sync.Mutex
	load Load
	held map[K]int
	// queues are the callers that wait, by group, and turns the groups that have some, the next one first.
	//
	// While a place is free, all groups in turns hold their shares.
	queues map[K][]*waiter
	turns  []K
	rate   rate
	closed bool
	// idle is closed when Places is closed and no place is held.
	idle chan struct{}
}

// waiter is a caller that waits. Its fields are written before ready is closed.
type waiter struct {
	ready chan struct{}
	// granted says that the caller has a place, and displaced that another one waits instead.
	granted, displaced bool
}

// New returns places that are all free.
func New[K comparable](o Options) *Places[K] {
	return &Places[K]{options: o, held: map[K]int{}, queues: map[K][]*waiter{}, idle: make(chan struct{})}
}

// Acquire takes a place for a group. It fails with ErrNoPlace, and with an error that wraps the context's if ctx ends
// while the caller waits; it does not look at ctx if a place is free. After success, the caller must call Release once.
func (p *Places[K]) Acquire(ctx context.Context, group K) error {
	p.mu.Lock()
	if !p.closed && p.load.Held < p.options.Places && p.held[group] < p.options.Share {
		p.take(group)
		p.mu.Unlock()
		return nil
	}
	queue := p.queues[group]
	full := p.load.Waiting >= p.options.Queue && (len(queue) > 0 || !p.displace())
	if p.closed || full || len(queue) >= p.options.QueueShare || p.hopeless(len(queue)) {
		p.load.Refused++
		p.mu.Unlock()
		return ErrNoPlace
	}
	w := &waiter{ready: make(chan struct{})}
	if len(queue) == 0 {
		p.turns = append(p.turns, group)
	}
	p.queues[group] = append(queue, w)
	if p.load.Waiting == 0 && p.options.Now != nil {
		p.rate = rate{since: p.options.Now()}
	}
	p.load.Waiting++
	p.load.Waited++
	p.mu.Unlock()
	return p.await(ctx, group, w)
}

// Refuses reports whether a caller of a group would be refused at once, and counts it as refused if so.
func (p *Places[K]) Refuses(group K) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	free := p.load.Held < p.options.Places && p.held[group] < p.options.Share
	queue := p.queues[group]
	full := p.load.Waiting >= p.options.Queue && len(queue) > 0
	refuses := p.closed || !free && (full || len(queue) >= p.options.QueueShare || p.hopeless(len(queue)))
	if refuses {
		p.load.Refused++
	}
	return refuses
}

// await waits until w has a place, may wait no longer, or ctx ends.
func (p *Places[K]) await(ctx context.Context, group K, w *waiter) error {
	timer := time.NewTimer(p.options.Wait)
	defer timer.Stop()
	var left error
	select {
	case <-w.ready:
	case <-timer.C:
	case <-ctx.Done():
		left = fmt.Errorf("wait for a place: %w", ctx.Err())
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case w.granted && left == nil:
		return nil
	case w.granted:
		p.release(group)
		return left
	case !w.displaced:
		p.leave(group, w)
	}
	if left != nil {
		return left
	}
	p.load.Refused++
	return ErrNoPlace
}

// Release gives a place of a group back.
func (p *Places[K]) Release(group K) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.release(group)
}

// Load returns the current load, for metrics.
func (p *Places[K]) Load() Load {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.load
}

// Close waits until all places are free. Callers that wait, and all later ones, get ErrNoPlace at once. Close may be
// called more than once.
func (p *Places[K]) Close() {
	p.mu.Lock()
	if !p.closed {
		p.closed = true
		for _, queue := range p.queues {
			for _, w := range queue {
				close(w.ready)
			}
		}
		if p.load.Held == 0 {
			close(p.idle)
		}
	}
	p.mu.Unlock()
	<-p.idle
}

func (p *Places[K]) take(group K) {
	p.load.Held++
	p.held[group]++
}

func (p *Places[K]) release(group K) {
	p.load.Held--
	if p.held[group]--; p.held[group] == 0 {
		delete(p.held, group)
	}
	if p.closed {
		if p.load.Held == 0 {
			close(p.idle)
		}
		return
	}
	// The place goes to the first group that may hold another one.
	for i, next := range p.turns {
		if p.held[next] >= p.options.Share {
			continue
		}
		queue := p.queues[next]
		w := queue[0]
		p.turns = slices.Delete(p.turns, i, i+1)
		if len(queue) > 1 {
			p.queues[next] = queue[1:]
			p.turns = append(p.turns, next)
		} else {
			delete(p.queues, next)
		}
		p.load.Waiting--
		p.rate.granted++
		p.take(next)
		w.granted = true
		close(w.ready)
		return
	}
}

// displace refuses the last caller of the longest queue, unless no group has more than one. It reports whether it did.
func (p *Places[K]) displace() bool {
	var longest K
	for _, group := range p.turns {
		if len(p.queues[group]) > len(p.queues[longest]) {
			longest = group
		}
	}
	queue := p.queues[longest]
	if p.closed || len(queue) < 2 {
		return false
	}
	w := queue[len(queue)-1]
	p.queues[longest] = queue[:len(queue)-1]
	p.load.Waiting--
	w.displaced = true
	close(w.ready)
	return true
}

// leave removes a caller that got no place from its queue.
func (p *Places[K]) leave(group K, w *waiter) {
	p.load.Waiting--
	queue := p.queues[group]
	if i := slices.Index(queue, w); len(queue) > 1 {
		p.queues[group] = slices.Delete(queue, i, i+1)
		return
	}
	delete(p.queues, group)
	p.turns = slices.DeleteFunc(p.turns, func(other K) bool { return other == group })
}

const (
	// rateLeast is how long callers must have waited at least before the rate says something, and rateMost how much of the
	// past it covers at least. In a shorter time, few places become free, and by chance none or one. If callers wait long,
	// because places are held long, both are as long as a quarter of the wait, and the wait.
	rateLeast, rateMost = 250 * time.Millisecond, time.Second
)

// rate is how many places waiting callers got since some time. It starts when the first caller waits, because without
// waiting callers it would be the rate of the demand.
type rate struct {
	since   time.Time
	granted int
}

// hopeless reports whether a caller would not get a place in time behind others of its group. Groups take turns, so at
// most as many callers of each other group come first.
func (p *Places[K]) hopeless(behind int) bool {
	if p.options.Now == nil || p.load.Waiting == 0 {
		return false
	}
	now := p.options.Now()
	past := now.Sub(p.rate.since)
	least, most := max(rateLeast, p.options.Wait/4), max(rateMost, p.options.Wait) //nolint:mnd // see rateLeast
	if past > most && p.rate.granted > 0 {
		p.rate = rate{since: now.Add(-past / 2), granted: p.rate.granted / 2}
		past /= 2
	}
	if p.rate.granted == 0 {
		return past >= p.options.Wait
	}
	groups := len(p.turns)
	if behind == 0 {
		groups++
	}
	position := min(p.load.Waiting+1, (behind+1)*groups)
	return past >= least && past*time.Duration(position)/time.Duration(p.rate.granted) > p.options.Wait
}
