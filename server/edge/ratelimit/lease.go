package ratelimit

import (
	"context"
	"crypto/rand"
	"math"
	"strconv"
	"sync"
	"time"

	"github.com/redis/rueidis"

	"github.com/ai-interviewer-platform/interviewer/server/platform/redis"
)

// LeaseTime is how long a lease of a replica that was killed counts.
const LeaseTime = 30 * time.Second

// Leases limits how many activities of one client run at the same time on all replicas, such as the exports of a
// company. A running activity has a lease in Redis, which its replica extends. It is safe for concurrent use.
//
// While Redis is down, each replica counts the activities that run on it, so the limit applies to each replica. When
// Redis is available again, the leases of running activities are written to it with their next extension, also beyond
// the limit; new ones are refused until there are fewer.
type Leases struct {
	redis  *redis.Redis
	name   string
	limit  int
	expire time.Duration
	script *rueidis.Lua

	mu      sync.Mutex
	running map[string]int
	refused uint64
}

// NewLeases returns leases with a name for their keys in Redis. The limit is at least 1. A lease that is not extended
// expires after the given time, normally LeaseTime.
func NewLeases(r *redis.Redis, name string, limit int, expire time.Duration) *Leases {
	return &Leases{
		redis: r, name: name, limit: limit, expire: expire, script: rueidis.NewLuaScript(leaseScript),
		running: map[string]int{},
	}
}

// Limit returns how many leases a client can have.
func (l *Leases) Limit() int { return l.limit }

// Refused returns how many leases were refused, for metrics.
func (l *Leases) Refused() uint64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.refused
}

// Take takes a lease for a client. It reports false if the client has as many as the limit. After success, release must
// be called once; it also works after ctx has ended.
func (l *Leases) Take(ctx context.Context, client string) (release func(), ok bool) {
	key, id := "lease:"+l.name+":"+client, rand.Text()
	granted, err := l.extend(ctx, key, id, l.limit)
	if !l.begin(client, granted, err) {
		return nil, false
	}
	running, stop := context.WithCancel(context.WithoutCancel(ctx))
	var extending sync.WaitGroup
	extending.Go(func() {
		timer := time.NewTicker(l.expire / 3)
		defer timer.Stop()
		for {
			select {
			case <-running.Done():
				return
			case <-timer.C:
				// An error is ignored: the next extension writes the lease again.
				_, _ = l.extend(running, key, id, math.MaxInt32)
			}
		}
	})
	return func() {
		stop()
		extending.Wait() // so that no extension follows
		l.end(client)
		// If this fails, the lease expires.
		_ = l.redis.Do(context.WithoutCancel(ctx), func(ctx context.Context, c rueidis.Client) error {
			return c.Do(ctx, c.B().Zrem().Key(key).Member(id).Build()).Error()
		})
	}, true
}

// begin counts an activity on this replica if Redis has granted it or, without Redis, if the limit permits it.
func (l *Leases) begin(client string, granted bool, err error) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if err != nil {
		granted = l.running[client] < l.limit
	}
	if !granted {
		l.refused++
		return false
	}
	l.running[client]++
	return true
}

func (l *Leases) end(client string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.running[client]--; l.running[client] == 0 {
		delete(l.running, client)
	}
}

// extend takes or extends a lease in Redis.
func (l *Leases) extend(ctx context.Context, key, id string, limit int) (granted bool, err error) {
	err = l.redis.Do(ctx, func(ctx context.Context, c rueidis.Client) error {
		arguments := []string{id, strconv.Itoa(limit), microseconds(l.expire)}
		answer, err := l.script.Exec(ctx, c, []string{key}, arguments).AsInt64()
		granted = answer == 1
		return err
	})
	return granted, err
}
