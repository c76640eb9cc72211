package ratelimit

import (
	"context"
	"strconv"
	"sync"
	"time"

	"github.com/redis/rueidis"
)

const (
	// aheadParts is the part of a burst, and remainingParts the part of what remains, that a replica may allow before it
	// is booked. The latter makes counting exact towards the limit.
	aheadParts, remainingParts = 32, 8
	// bookAfter is how long an allowed request may remain unbooked.
	bookAfter = 500 * time.Millisecond
	// knownFor is how old the last answer of Redis may be when a request is allowed without asking.
	knownFor = time.Second
	// swept is how many buckets are looked at when one is added. Those with full quotas are dropped, so idle clients
	// do not accumulate.
	swept = 8
	// together is how many buckets are booked in one round trip.
	together = 256
)

// bucket is a quota of a client as this replica knows it.
type bucket struct {
	counted

	// full is when the quota is full again, by the clock of this replica, including requests that are not booked. Other
	// replicas may have used more of it since heard, when Redis was asked last.
	full, heard time.Time
	// used is the number of requests that this replica has allowed and not booked, flying of those that are being booked,
	// and asking of those about which Redis is being asked.
	used, flying, asking int
	// booked is closed when the flying requests have been booked, or not; nil if there are none.
	booked chan struct{}
	// dirty says that the bucket is in the list of those with requests to book.
	dirty bool
}

// debt returns the time until the quota is full.
func (b *bucket) debt(now time.Time) time.Duration { return max(b.full.Sub(now), 0) }

// permits reports whether the replica may allow a request of the client without asking Redis.
func (b *bucket) permits(p Policy, now time.Time) bool {
	interval := p.interval()
	remaining := int((interval*time.Duration(p.Burst) - b.debt(now)) / interval)
	return now.Sub(b.heard) <= knownFor && remaining > b.asking &&
		b.used+b.flying < min(p.Ahead(), remaining/remainingParts)
}

// send moves the requests to book into flight, and returns their number. The caller holds the lock.
func (b *bucket) send() int {
	if b.used > 0 {
		b.flying, b.used, b.booked = b.used, 0, make(chan struct{})
	}
	return b.flying
}

// land takes over the answer of Redis to a question that was sent at a time. The caller holds the lock.
func (b *bucket) land(number int, interval time.Duration, err error, sent time.Time, debt time.Duration) {
	if number > 0 {
		b.flying = 0
		close(b.booked)
		b.booked = nil
	}
	if err != nil {
		b.used += number
		return
	}
	if sent.After(b.heard) {
		b.heard = sent
	}
	// Answers may arrive in another order, and may miss what was used since.
	if full := sent.Add(debt + interval*time.Duration(b.used)); full.After(b.full) {
		b.full = full
	}
}

// buckets are those of one limiter. A client without one is counted in Redis only.
type buckets struct {
	mu    sync.Mutex
	of    map[counted]*bucket
	dirty []*bucket
	// after is bookAfter, except in tests. timer is nil until there is something to book.
	after time.Duration
	timer *time.Timer
	armed bool
}

// take allows one request if all policies permit that without asking Redis. Otherwise it returns what to wait for
// before the request is tried again, or nil if Redis must be asked.
func (l *Limiter) take(ctx context.Context, clients []Client) (d Decision, taken bool, wait chan struct{}) {
	now := l.now()
	l.buckets.mu.Lock()
	defer l.buckets.mu.Unlock()
	var found [maxPolicies]*bucket
	permitted := true
	for i, p := range l.policies {
		b := l.buckets.of[counted{i, clients[i]}]
		found[i] = b
		if b == nil {
			permitted = false
			continue
		}
		if !b.permits(p, now) {
			permitted = false
		}
		if b.booked != nil {
			wait = b.booked
		}
	}
	if !permitted {
		return d, false, wait
	}
	d = Decision{Allowed: true, Quotas: make([]Quota, len(l.policies))}
	for i, p := range l.policies {
		b := found[i]
		b.full = now.Add(b.debt(now) + p.interval())
		b.used++
		d.Quotas[i] = p.quota(b.debt(now))
		l.note(ctx, b, now)
	}
	return d, true, nil
}

// note makes that a bucket is booked: now if half of what is permitted is used or if the last answer is old, and with
// others a little later if not. The caller holds the lock.
func (l *Limiter) note(ctx context.Context, b *bucket, now time.Time) {
	p := l.policies[b.policy]
	remaining := int((p.interval()*time.Duration(p.Burst) - b.debt(now)) / p.interval())
	if b.booked == nil && (2*b.used >= min(p.Ahead(), remaining/remainingParts) || now.Sub(b.heard) > l.buckets.after) {
		flight := l.fly([]*bucket{b}, now)
		go l.book(context.WithoutCancel(ctx), flight)
		return
	}
	l.later(ctx, b)
}

// later makes that a bucket is booked with others. The caller holds the lock.
func (l *Limiter) later(ctx context.Context, b *bucket) {
	if b.dirty {
		return
	}
	b.dirty = true
	l.buckets.dirty = append(l.buckets.dirty, b)
	switch {
	case l.buckets.armed:
		return
	case l.buckets.timer == nil:
		background := context.WithoutCancel(ctx)
		l.buckets.timer = time.AfterFunc(l.buckets.after, func() { l.flush(background) })
	default:
		l.buckets.timer.Reset(l.buckets.after)
	}
	l.buckets.armed = true
}

// flush books all requests that are not booked.
func (l *Limiter) flush(ctx context.Context) {
	l.buckets.mu.Lock()
	dirty := l.buckets.dirty
	l.buckets.dirty, l.buckets.armed = nil, false
	for _, b := range dirty {
		b.dirty = false
	}
	l.buckets.mu.Unlock()
	for len(dirty) > 0 {
		some := dirty[:min(len(dirty), together)]
		dirty = dirty[len(some):]
		l.buckets.mu.Lock()
		flight := l.fly(some, l.now())
		l.buckets.mu.Unlock()
		l.book(ctx, flight)
	}
}

// flight are buckets whose requests are being booked.
type flight struct {
	buckets []*bucket
	numbers []int
	sent    time.Time
	calls   []rueidis.LuaExec
}

// fly prepares the booking of buckets that have something to book and are not being booked. The caller holds the lock.
func (l *Limiter) fly(some []*bucket, now time.Time) flight {
	f := flight{sent: now}
	for _, b := range some {
		if b.used == 0 || b.booked != nil {
			continue
		}
		p, number := l.policies[b.policy], b.send()
		f.buckets, f.numbers = append(f.buckets, b), append(f.numbers, number)
		f.calls = append(f.calls, rueidis.LuaExec{
			Keys: []string{p.key(b.client)}, Args: p.arguments([]string{"0"}, number, b.debt(now)),
		})
	}
	return f
}

// book books in Redis. If that fails, it is tried again with the next request of the client.
func (l *Limiter) book(ctx context.Context, f flight) {
	if len(f.buckets) == 0 {
		return
	}
	debts := make([]time.Duration, len(f.buckets))
	err := l.redis.Do(ctx, func(ctx context.Context, c rueidis.Client) error {
		results := make([]rueidis.RedisResult, 1)
		if len(f.calls) == 1 {
			results[0] = l.gcra.Exec(ctx, c, f.calls[0].Keys, f.calls[0].Args) // ExecMulti sends the script as well
		} else {
			results = l.gcra.ExecMulti(ctx, c, f.calls...)
		}
		for i, result := range results {
			answer, err := result.AsIntSlice()
			if err != nil {
				return err
			}
			debts[i] = time.Duration(answer[1]) * time.Microsecond
		}
		return nil
	})
	l.buckets.mu.Lock()
	defer l.buckets.mu.Unlock()
	for i, b := range f.buckets {
		b.land(f.numbers[i], l.policies[b.policy].interval(), err, f.sent, debts[i])
		if err == nil && b.used > 0 {
			l.later(ctx, b) // flush may have skipped it
		}
	}
}

// ask counts a request in Redis, together with the requests that are not booked.
func (l *Limiter) ask(ctx context.Context, clients []Client) Decision {
	clients = append([]Client(nil), clients...) // so that those of the caller need not be on the heap
	var asked [maxPolicies]*bucket
	var numbers [maxPolicies]int
	names, args := make([]string, len(l.policies)), []string{"1"}
	sent := l.now()
	l.buckets.mu.Lock()
	for i, p := range l.policies {
		b := l.buckets.add(counted{i, clients[i]}, p, sent)
		known := time.Duration(0)
		if b != nil {
			b.asking++
			if b.booked == nil {
				numbers[i] = b.send()
			}
			known = b.debt(sent)
		}
		asked[i], names[i], args = b, p.key(clients[i]), p.arguments(args, numbers[i], known)
	}
	l.buckets.mu.Unlock()
	var answer []int64
	err := l.redis.Do(ctx, func(ctx context.Context, c rueidis.Client) (err error) {
		answer, err = l.gcra.Exec(ctx, c, names, args).AsIntSlice()
		return err
	})
	var debts [maxPolicies]time.Duration
	l.buckets.mu.Lock()
	for i, p := range l.policies {
		if err == nil {
			debts[i] = time.Duration(answer[1+i]) * time.Microsecond
		}
		if b := asked[i]; b != nil {
			b.asking--
			b.land(numbers[i], p.interval(), err, sent, debts[i])
			if err == nil && b.used > 0 {
				l.later(ctx, b)
			}
		}
	}
	l.buckets.mu.Unlock()
	if err == nil {
		return l.decide(answer[0] == 1, debts)
	}
	return l.decide(l.alone.take(l.policies, clients))
}

// add returns the bucket of a client, a new one if there is none; nil if the replica may allow nothing itself, or if
// there are too many clients. The caller holds the lock.
func (s *buckets) add(client counted, p Policy, now time.Time) *bucket {
	if known := s.of[client]; known != nil || p.Ahead() == 0 {
		return known
	}
	looked := 0
	for other, b := range s.of {
		if b.debt(now) == 0 && b.used == 0 && b.asking == 0 && b.booked == nil {
			delete(s.of, other)
		}
		if looked++; looked == swept {
			break
		}
	}
	if len(s.of) >= maxClients {
		return nil
	}
	b := &bucket{counted: client}
	s.of[client] = b
	return b
}

// decide returns the decision about a request after which quotas are full in the given times.
func (l *Limiter) decide(allowed bool, debts [maxPolicies]time.Duration) Decision {
	d := Decision{Allowed: allowed, Quotas: make([]Quota, len(l.policies))}
	for i, p := range l.policies {
		d.Quotas[i] = p.quota(debts[i])
		if !allowed {
			d.RetryAfter = max(d.RetryAfter, d.Quotas[i].Wait)
		}
	}
	return d
}

// key returns the key of a client in Redis.
func (p Policy) key(client Client) string { return "limit:" + p.Name + ":" + client.String() }

// arguments appends those of the script for one quota.
func (p Policy) arguments(args []string, number int, known time.Duration) []string {
	return append(args, microseconds(p.interval()), strconv.Itoa(p.Burst), strconv.Itoa(number), microseconds(known))
}
