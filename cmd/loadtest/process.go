package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// processes reads the CPU time and memory of processes from /proc. On systems without it, nothing is measured.
type processes struct {
	root string
	tick time.Duration // unit of CPU times, which is 10 ms on all supported architectures of Linux
}

func system() processes { return processes{root: "/proc", tick: 10 * time.Millisecond} }

// stat is what is needed of /proc/PID/stat.
type stat struct {
	name   string
	parent int
	own    time.Duration // CPU time of the process, with threads that have ended
	ended  time.Duration // CPU time of its children that have ended
}

func (p processes) stat(pid int) (stat, error) {
	content, err := os.ReadFile(filepath.Join(p.root, strconv.Itoa(pid), "stat"))
	if err != nil {
		return stat{}, fmt.Errorf("read the times of process %d: %w", pid, err)
	}
	// The name is in parentheses and may contain spaces and parentheses.
	text := string(content)
	open, end := strings.IndexByte(text, '('), strings.LastIndexByte(text, ')')
	if open < 0 || end < open {
		return stat{}, fmt.Errorf("process %d: there is no name in %.60q", pid, text)
	}
	fields := strings.Fields(text[end+1:])
	if len(fields) < 15 {
		return stat{}, fmt.Errorf("process %d: %d fields, want at least 15", pid, len(fields))
	}
	var n [15]int64
	for _, i := range []int{1, 11, 12, 13, 14} {
		if n[i], err = strconv.ParseInt(fields[i], 10, 64); err != nil {
			return stat{}, fmt.Errorf("process %d: field %d: %w", pid, i+3, err)
		}
	}
	return stat{
		name: text[open+1 : end], parent: int(n[1]),
		own: time.Duration(n[11]+n[12]) * p.tick, ended: time.Duration(n[13]+n[14]) * p.tick,
	}, nil
}

// cpu returns the CPU time of a process and its descendants, including those that have ended.
func (p processes) cpu(pid int) (time.Duration, error) {
	all, err := p.all()
	if err != nil {
		return 0, err
	}
	if _, found := all[pid]; !found {
		return 0, fmt.Errorf("there is no process %d", pid)
	}
	return sum(all, pid), nil
}

func sum(all map[int]stat, pid int) time.Duration {
	total := all[pid].own + all[pid].ended
	for child, s := range all {
		if s.parent == pid {
			total += sum(all, child)
		}
	}
	return total
}

// child returns the process with the given name that this parent has started; 0 if there is none.
func (p processes) child(parent int, name string) int {
	all, err := p.all()
	if err != nil {
		return 0
	}
	for pid, s := range all {
		if s.parent == parent && s.name == name {
			return pid
		}
	}
	return 0
}

func (p processes) all() (map[int]stat, error) {
	entries, err := os.ReadDir(p.root)
	if err != nil {
		return nil, fmt.Errorf("list processes: %w", err)
	}
	all := map[int]stat{}
	for _, entry := range entries {
		pid, err := strconv.Atoi(entry.Name())
		if err != nil {
			continue
		}
		if s, err := p.stat(pid); err == nil { // it may have ended
			all[pid] = s
		}
	}
	return all, nil
}

// memory returns the proportional set size of a process in MiB: its own memory, and its share of what others use as
// well.
func (p processes) memory(pid int) (float64, error) {
	content, err := os.ReadFile(filepath.Join(p.root, strconv.Itoa(pid), "smaps_rollup"))
	if err != nil {
		return 0, fmt.Errorf("read the memory of process %d: %w", pid, err)
	}
	for line := range strings.Lines(string(content)) {
		fields := strings.Fields(line)
		if len(fields) < 2 || fields[0] != "Pss:" {
			continue
		}
		kib, err := strconv.ParseFloat(fields[1], 64)
		if err != nil {
			return 0, fmt.Errorf("memory of process %d: %w", pid, err)
		}
		return kib / 1024, nil
	}
	return 0, fmt.Errorf("process %d: smaps_rollup has no Pss", pid)
}
