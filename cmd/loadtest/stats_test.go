package main

import (
	"errors"
	"fmt"
	"maps"
	"math"
	"os"
	"path/filepath"
	"testing"
	"time"
)

func TestPercentile(t *testing.T) {
	t.Parallel()
	hundred := make([]int, 100)
	for i := range hundred {
		hundred[i] = i + 1
	}
	for name, c := range map[string]struct {
		sorted []int
		share  float64
		want   int
	}{
		"none":                   {nil, 0.5, 0},
		"one":                    {[]int{7}, 0.99, 7},
		"median of a hundred":    {hundred, 0.5, 50},
		"95th of a hundred":      {hundred, 0.95, 95},
		"99th of a hundred":      {hundred, 0.99, 99},
		"minimum":                {hundred, 0, 1},
		"maximum":                {hundred, 1, 100},
		"99th of ten is the max": {[]int{1, 2, 3, 4, 5, 6, 7, 8, 9, 10}, 0.99, 10},
		"median of three":        {[]int{1, 5, 9}, 0.5, 5},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := percentile(c.sorted, c.share); got != c.want {
				t.Errorf("percentile(%g): got %d, want %d", c.share, got, c.want)
			}
		})
	}
}

func TestMedianAndSpread(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		values         []float64
		median, spread float64
	}{
		"none":         {nil, 0, 0},
		"one":          {[]float64{4}, 4, 0},
		"odd number":   {[]float64{30, 10, 20}, 20, 1},
		"even number":  {[]float64{4, 1, 3, 2}, 2.5, 1.2},
		"all the same": {[]float64{5, 5, 5}, 5, 0},
		"median of 0":  {[]float64{0, 0, 9}, 0, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			before := fmt.Sprint(c.values)
			if got := median(c.values); got != c.median {
				t.Errorf("median: got %g, want %g", got, c.median)
			}
			if got := spread(c.values); math.Abs(got-c.spread) > 1e-9 {
				t.Errorf("spread: got %g, want %g", got, c.spread)
			}
			if got := fmt.Sprint(c.values); got != before {
				t.Errorf("the values were changed from %s to %s", before, got)
			}
		})
	}
}

func TestFailureOf(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		status int
		err    error
		want   string
	}{
		"success":       {200, nil, ""},
		"created":       {201, nil, ""},
		"redirect":      {302, nil, "302"},
		"rate limited":  {429, nil, "429"},
		"shed":          {503, nil, failureShed},
		"wrapped error": {0, fmt.Errorf("x: %w", errCut), "response cut off"},
		"timeout first": {0, errors.Join(errCut, errTimeout), "timeout"},
		"other error":   {0, errors.New("strange"), "strange"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := failureOf(response{status: c.status}, c.err); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

// TestRunOfTally merges the tallies of two workers, and evaluates them.
func TestRunOfTally(t *testing.T) {
	t.Parallel()
	start := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	one, two := &tally{ended: start.Add(2 * time.Second)}, &tally{ended: start.Add(time.Second)}
	for i := 100; i > 0; i-- {
		one.add(time.Duration(i)*time.Millisecond, "")
	}
	two.add(time.Hour, failureShed)
	two.add(time.Hour, "timeout")
	two.add(time.Hour, "timeout")
	one.merge(two)
	got := runOf(one, start, map[string]time.Duration{"server": 103 * time.Millisecond})
	if got.requests != 100 || got.shed != 1 || got.errors["timeout"] != 2 || len(got.errors) != 1 {
		t.Errorf("got %d requests, %d shed and the errors %v, want 100, 1 and 2 timeouts", got.requests, got.shed, got.errors)
	}
	if got.rate != 50 || got.p50 != 50 || got.p95 != 95 || got.p99 != 99 {
		t.Errorf("got %g per second and percentiles %g, %g, %g ms; want 50 and 50, 95, 99", got.rate, got.p50, got.p95, got.p99)
	}
	if got.cpu["server"] != 1000 {
		t.Errorf("got %g µs of CPU per request, want 1000, which includes failed requests", got.cpu["server"])
	}
}

func TestSummaryHasMedians(t *testing.T) {
	t.Parallel()
	repetition := func(rate, p99, cpu, figure float64, timeouts int) run {
		return run{
			requests: 10, shed: 1, errors: map[string]int{"timeout": timeouts}, rate: rate, p50: p99 / 4, p95: p99 / 2, p99: p99,
			cpu: map[string]float64{"server": cpu}, memory: rate, figures: map[string]float64{"figure": figure},
		}
	}
	got := summarize([]run{repetition(20, 8, 2, 200, 1), repetition(30, 4, 3, 300, 0), repetition(10, 40, 1, 100, 2)})
	if got.Requests != 30 || got.Shed != 3 || !maps.Equal(got.Errors, map[string]int{"timeout": 3}) {
		t.Errorf("got %d requests, %d shed, errors %v; want 30, 3 and 3 timeouts", got.Requests, got.Shed, got.Errors)
	}
	if got.Rate != 20 || got.Spread != 1 || got.P50 != 2 || got.P95 != 4 || got.P99 != 8 || got.CPU["server"] != 2 ||
		got.Figures["figure"] != 200 || got.Memory != 10 {
		t.Errorf("got %+v, want rate 20, spread 1, percentiles 2, 4 and 8, CPU 2, figure 200 and the last memory, 10", got)
	}
}

// TestProcesses reads a /proc with a server, two children of which one has a child, and a process that is not related.
func TestProcesses(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	for pid, content := range map[string]string{
		"10": "10 (post) gres (1)) S 1 10 10 0 -1 4194560 1 2 3 4 100 50 20 10 20 0 1 0 5 6 7",
		"11": "11 (child) S 10 10 10 0 -1 4194560 1 2 3 4 1 2 0 0 20 0 1 0 5 6 7",
		"12": "12 (child) S 11 10 10 0 -1 4194560 1 2 3 4 4 0 0 0 20 0 1 0 5 6 7",
		"13": "13 (redis-server) S 1 10 10 0 -1 4194560 1 2 3 4 900 0 0 0 20 0 1 0 5 6 7",
		"14": "14 (broken) S",
	} {
		if err := os.MkdirAll(filepath.Join(root, pid), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(root, pid, "stat"), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	const memory = "5581f0-7ffe [rollup]\nRss:  4096 kB\nPss:                1536 kB\nPss_Dirty: 12 kB\n"
	if err := os.WriteFile(filepath.Join(root, "10", "smaps_rollup"), []byte(memory), 0o600); err != nil {
		t.Fatal(err)
	}
	p := processes{root: root, tick: 10 * time.Millisecond}
	if got, err := p.cpu(10); err != nil || got != 1870*time.Millisecond {
		t.Errorf("CPU time of a process with descendants: got %v and error %v, want 1.87s", got, err)
	}
	if got, err := p.stat(10); err != nil || got.name != "post) gres (1)" || got.parent != 1 {
		t.Errorf("got %+v and error %v, want the name %q and the parent 1", got, err, "post) gres (1)")
	}
	if got := p.child(1, "redis-server"); got != 13 {
		t.Errorf("child redis-server: got %d, want 13", got)
	}
	if got := p.child(10, "redis-server"); got != 0 {
		t.Errorf("child of another process: got %d, want 0", got)
	}
	if got, err := p.memory(10); err != nil || got != 1.5 {
		t.Errorf("memory: got %g MiB and error %v, want 1.5", got, err)
	}
	for _, pid := range []int{14, 99} {
		if _, err := p.cpu(pid); err == nil {
			t.Errorf("CPU time of process %d: got no error, want one", pid)
		}
		if _, err := p.memory(pid); err == nil {
			t.Errorf("memory of process %d: got no error, want one", pid)
		}
	}
	if _, err := (processes{root: filepath.Join(root, "none")}).cpu(1); err == nil {
		t.Error("without /proc: got no error, want one")
	}
}

// TestSystemMeasuresThisProcess reads the real /proc.
func TestSystemMeasuresThisProcess(t *testing.T) {
	t.Parallel()
	if _, err := os.Stat("/proc/self/stat"); err != nil {
		t.Logf("this system has no /proc: %v", err)
		return
	}
	if _, err := system().cpu(os.Getpid()); err != nil {
		t.Errorf("CPU time: %v", err)
	}
	if got, err := system().memory(os.Getpid()); err != nil || got <= 0 {
		t.Errorf("memory: got %g MiB and error %v, want more than 0", got, err)
	}
}
