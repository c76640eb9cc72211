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
	full map[string]time.Time
}

func newMemory(now func() time.Time) *memory { return &memory{now: now, full: map[string]time.Time{}} }

// take takes one request from each quota, or from none. It returns what the script returns.
func (m *memory) take(policies []Policy, names []string) []int64 {
	m.mu.Lock()
	defer m.mu.Unlock()
	now := m.now()
	full, allowed := make([]time.Time, len(policies)), int64(1)
	for i, p := range policies {
		if full[i] = m.full[names[i]]; full[i].Before(now) {
			full[i] = now
		}
		if full[i].Add(p.interval()).Sub(now) > p.interval()*time.Duration(p.Burst) {
			allowed = 0
		}
	}
	answer := []int64{allowed}
	for i, p := range policies {
		interval := p.interval()
		after := full[i].Add(interval * time.Duration(allowed))
		if allowed == 1 {
			m.keep(names[i], after, now)
		}
		left := max(interval*time.Duration(p.Burst)-after.Sub(now), 0)
		answer = append(answer, int64(left/interval), after.Sub(now).Microseconds(), max(interval-left, 0).Microseconds())
	}
	return answer
}

func (m *memory) keep(name string, full, now time.Time) {
	if _, known := m.full[name]; !known && len(m.full) >= maxClients {
		for other, at := range m.full {
			if at.Before(now) {
				delete(m.full, other)
			}
		}
		if len(m.full) >= maxClients {
			return
		}
	}
	m.full[name] = full
}
