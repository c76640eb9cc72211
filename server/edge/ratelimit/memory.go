package ratelimit

import (
	"sync"
	"time"
)

// maxClients is how many clients a replica counts while Redis is down. At the limit, clients with full quotas are
// dropped; if there are none, new clients are not counted. Memory stays bounded, and no request is refused because of
// the limit.
const maxClients = 50_000

// memory implements the algorithm of gcra.lua for one replica.
type memory struct {
	now  func() time.Time
	mu   sync.Mutex
	full map[counted]time.Time
}

// counted is a client of one policy of a limiter.
type counted struct {
	policy int
	client Client
}

func newMemory(now func() time.Time) *memory { return &memory{now: now, full: map[counted]time.Time{}} }

// take takes one request from each quota, or from none. It returns the times until each is full.
func (m *memory) take(policies []Policy, clients []Client) (allowed bool, debts [maxPolicies]time.Duration) {
	m.mu.Lock()
	defer m.mu.Unlock()
	now := m.now()
	allowed = true
	for i, p := range policies {
		debts[i] = max(m.full[counted{i, clients[i]}].Sub(now), 0)
		if debts[i]+p.interval() > p.interval()*time.Duration(p.Burst) {
			allowed = false
		}
	}
	if !allowed {
		return false, debts
	}
	for i, p := range policies {
		debts[i] += p.interval()
		m.keep(counted{i, clients[i]}, now.Add(debts[i]), now)
	}
	return true, debts
}

func (m *memory) keep(client counted, full, now time.Time) {
	if _, known := m.full[client]; !known && len(m.full) >= maxClients {
		for other, at := range m.full {
			if at.Before(now) {
				delete(m.full, other)
			}
		}
		if len(m.full) >= maxClients {
			return
		}
	}
	m.full[client] = full
}
