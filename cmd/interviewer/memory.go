package main

import (
	"context"
	"io/fs"
	"math"
	"path"
	"runtime/debug"
	"runtime/metrics"
	"strconv"
	"strings"
	"time"
)

// gcPercent is the growth of the heap in percent that starts a garbage collection. Hashing runs on threads of low
// priority, and each collection waits for all of them, so that frequent collections would delay all requests during
// many sign-ins. A larger heap would keep memory that a burst of requests needed.
const gcPercent = 200

// limitMemory makes the runtime collect more often when the process comes near the memory limit of its container,
// beyond which the kernel would end it. It does nothing if GOMEMLIMIT is set or there is no limit. root is the root
// directory.
func limitMemory(root fs.FS) {
	const readOnly = -1
	if limit := containerMemory(root); limit > 0 && debug.SetMemoryLimit(readOnly) == math.MaxInt64 {
		debug.SetMemoryLimit(heapOf(limit))
	}
}

// heapOf returns how much of a limit is for the runtime. The rest is for what it does not count: the program itself and
// buffers of the kernel.
func heapOf(limit int64) int64 {
	const program = 32 << 20
	return max(limit-limit/10-program, limit/2)
}

// containerMemory returns the memory limit of the control group of this process in bytes; 0 if there is none. A group
// is also bound by the limits of the groups above it.
func containerMemory(root fs.FS) int64 {
	groups, err := fs.ReadFile(root, "proc/self/cgroup")
	if err != nil {
		return 0
	}
	const unified = "sys/fs/cgroup"
	least := int64(0)
	for line := range strings.Lines(string(groups)) {
		fields := strings.SplitN(strings.TrimSpace(line), ":", 3)
		if len(fields) != 3 {
			continue
		}
		mount, file := unified, "memory.max"
		switch {
		case strings.Contains(","+fields[1]+",", ",memory,"): // version 1
			mount, file = unified+"/memory", "memory.limit_in_bytes"
		case fields[0] != "0":
			continue
		}
		for group := path.Join("/", fields[2]); ; group = path.Dir(group) {
			if limit := readLimit(root, path.Join(mount, group, file)); limit > 0 && (least == 0 || limit < least) {
				least = limit
			}
			if group == "/" {
				break
			}
		}
	}
	return least
}

// readLimit returns the limit in a file; 0 if the file has none or does not exist.
func readLimit(root fs.FS, name string) int64 {
	content, err := fs.ReadFile(root, name)
	if err != nil {
		return 0
	}
	limit, err := strconv.ParseInt(strings.TrimSpace(string(content)), 10, 64)
	if err != nil || limit >= 1<<50 { // version 2 has the word max, version 1 a number that no machine has
		return 0
	}
	return limit
}

const (
	// memoryEvery is how often the program looks whether it is quiet.
	memoryEvery = 15 * time.Second
	// memoryQuiet is how many bytes it allocates at most in that time while it is quiet, and memoryWorth how many bytes
	// must be free to be given back.
	memoryQuiet, memoryWorth = 64 << 20, 16 << 20
)

// giveBackMemory gives memory back to the operating system when the program has become quiet, until ctx ends. After a
// burst of requests the heap is small, but the runtime keeps what it had until its next collection, which may be
// minutes away.
func giveBackMemory(ctx context.Context) {
	debug.FreeOSMemory() // a start needs some memory only once
	ticker := time.NewTicker(memoryEvery)
	defer ticker.Stop()
	before := readMemory()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		now := readMemory()
		if now.quietSince(before) {
			debug.FreeOSMemory()
		}
		before = readMemory()
	}
}

// memory is what the runtime has allocated since its start, and what it has free or may have free after a collection,
// in bytes.
type memory struct{ allocated, idle uint64 }

func readMemory() memory {
	samples := []metrics.Sample{
		{Name: "/gc/heap/allocs:bytes"},
		{Name: "/memory/classes/heap/free:bytes"},
		{Name: "/memory/classes/heap/objects:bytes"},
		{Name: "/gc/heap/live:bytes"},
	}
	metrics.Read(samples)
	free, objects, live := samples[1].Value.Uint64(), samples[2].Value.Uint64(), samples[3].Value.Uint64()
	return memory{samples[0].Value.Uint64(), free + objects - min(objects, live)}
}

// quietSince reports whether little was allocated since an earlier moment, and much could be given back.
func (m memory) quietSince(before memory) bool {
	return m.allocated-before.allocated <= memoryQuiet && m.idle >= memoryWorth
}
