package ratelimit

import (
	"fmt"
	"time"
)

// Local counts events of clients in the memory of its replica, where a bound for each replica is enough and Redis must
// not be asked. It counts at most 50,000 clients; further ones are not counted. It is safe for concurrent use.
type Local struct {
	policy Policy
	memory *memory
}

// NewLocal fails if the policy cannot be kept.
func NewLocal(now func() time.Time, policy Policy) (*Local, error) {
	if policy.Burst == 0 {
		policy.Burst = policy.Limit
	}
	if err := policy.check(); err != nil {
		return nil, fmt.Errorf("local limit %q: %w", policy.Name, err)
	}
	return &Local{policy, newMemory(now)}, nil
}

// Wait returns how long a client must wait until another event is within the policy, in whole seconds; 0 if it need
// not.
func (l *Local) Wait(client Client) time.Duration {
	l.memory.mu.Lock()
	defer l.memory.mu.Unlock()
	return wholeSeconds(l.policy.quota(l.debt(client, l.memory.now())).Wait)
}

// Count counts an event, up to the number that the policy permits.
func (l *Local) Count(client Client) {
	l.memory.mu.Lock()
	defer l.memory.mu.Unlock()
	now := l.memory.now()
	if debt := l.debt(client, now); l.policy.quota(debt).Wait == 0 {
		l.memory.keep(counted{0, client}, now.Add(debt+l.policy.interval()), now)
	}
}

// debt returns the time until a client can have the whole burst. The memory is locked.
func (l *Local) debt(client Client, now time.Time) time.Duration {
	return max(l.memory.full[counted{0, client}].Sub(now), 0)
}
