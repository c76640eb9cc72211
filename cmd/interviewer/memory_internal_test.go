package main

import (
	"runtime/debug"
	"testing"
)

func TestQuiet(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		before, now memory
		want        bool
	}{
		"after a burst": {memory{1 << 30, 0}, memory{1<<30 + 1<<20, 100 << 20}, true},
		"under load":    {memory{1 << 30, 0}, memory{2 << 30, 100 << 20}, false},
		"nothing free":  {memory{1 << 30, 0}, memory{1<<30 + 1<<20, 1 << 20}, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := c.now.quietSince(c.before); got != c.want {
				t.Errorf("got %t, want %t", got, c.want)
			}
		})
	}
}

// TestReadMemory checks the names of the runtime's metrics: what is garbage counts as idle until it is given back.
//
//nolint:paralleltest // it reads the memory of the whole process
func TestReadMemory(t *testing.T) {
	const size = 64 << 20
	before := readMemory()
	func() { clear(make([]byte, size)) }()
	if now := readMemory(); now.allocated-before.allocated < size {
		t.Errorf("allocated %d bytes, want at least %d", now.allocated-before.allocated, size)
	}
	debug.FreeOSMemory()
	if now := readMemory(); now.idle >= size {
		t.Errorf("%d bytes are idle after they were given back", now.idle)
	}
}
