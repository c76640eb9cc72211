package session

import "sync"

// memoSize bounds a memo. It is more than the sessions that are in use at a replica within some minutes; further ones
// are computed again.
const memoSize = 10_000

// memo keeps results of a pure function, which therefore are never outdated. It is safe for concurrent use; the zero
// value is ready to use.
type memo[K comparable, V any] struct {
	mu   sync.RWMutex
	kept map[K]V
}

func (m *memo[K, V]) get(key K) (value V, found bool) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	value, found = m.kept[key]
	return value, found
}

// put keeps a result, in place of another one if there are too many.
func (m *memo[K, V]) put(key K, value V) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.kept == nil {
		m.kept = map[K]V{}
	}
	if _, known := m.kept[key]; !known && len(m.kept) >= memoSize {
		for other := range m.kept { // in random order
			delete(m.kept, other)
			break
		}
	}
	m.kept[key] = value
}
