package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync/atomic"
	"time"
)

// settings are the flags, and what the program uses of the process.
type settings struct {
	server, bare, dir, profiles string
	scale, connections, users   int
	repetitions, rows           int
	rate                        float64
	duration, long              time.Duration

	log       io.Writer
	now       func() time.Time
	processes processes
}

// say reports progress.
func (s settings) say(format string, arguments ...any) {
	_, _ = fmt.Fprintf(s.log, format+"\n", arguments...)
}

// bench measures scenarios on both servers.
type bench struct {
	*environment
	servers map[side]*server
	// unique makes names and keys unique within a run, and prefix among runs with the same data.
	unique atomic.Int64
	prefix string
}

// result is the result of a scenario.
type result struct {
	Name  string  `json:"name"`
	About string  `json:"about"`
	Ours  summary `json:"ours"`
	Bare  summary `json:"bare"`
	// Ratio is the median of the repetitions' ratios of the rates, ours to bare.
	Ratio float64 `json:"ratio"`
	// Tolerant reports that failures are part of the result and not errors of the run.
	Tolerant bool `json:"tolerant,omitempty"`
}

// failed returns the number of failed requests that are errors of the run.
func (r result) failed() (n int) {
	if r.Tolerant {
		return 0
	}
	for _, s := range []summary{r.Ours, r.Bare} {
		n += s.Shed
		for _, count := range s.Errors {
			n += count
		}
	}
	return n
}

// openBench starts both servers. The caller must call close, even if it fails.
func openBench(ctx context.Context, s settings) (*bench, error) {
	b := &bench{servers: map[side]*server{}, prefix: fmt.Sprintf("%x", s.now().UnixMilli())}
	var err error
	if b.environment, err = openEnvironment(ctx, s); err != nil {
		return b, err
	}
	for _, of := range []side{ourSide, bareSide} {
		r, err := b.start(context.WithoutCancel(ctx), of)
		if err != nil {
			return b, err
		}
		b.stops = append(b.stops, r.stop)
		b.servers[of] = &server{replica: r, side: of, now: b.now}
	}
	if err := b.servers[ourSide].enter(ctx); err != nil {
		return b, err
	}
	b.servers[bareSide].copyUsers(b.servers[ourSide])
	return b, nil
}

// run measures the scenarios one after the other. The repetitions of both servers are interleaved, and each begins with
// the other one in turn.
func (b *bench) run(ctx context.Context, scenarios []scenario) ([]result, error) {
	var results []result
	for i, s := range scenarios {
		runs := map[side][]run{}
		var ratios []float64
		for repetition := range b.repetitions {
			order := []side{ourSide, bareSide}
			if repetition%2 == 1 {
				order = []side{bareSide, ourSide}
			}
			for _, of := range order {
				b.say("[%d/%d] %s, repetition %d of %d: %s", i+1, len(scenarios), s.name, repetition+1, b.repetitions, of)
				measured, err := b.measure(ctx, s, of)
				if err != nil {
					return results, fmt.Errorf("scenario %s: %w", s.name, err)
				}
				runs[of] = append(runs[of], measured)
			}
			if bare := runs[bareSide][repetition].rate; bare > 0 {
				ratios = append(ratios, runs[ourSide][repetition].rate/bare)
			}
		}
		results = append(results, result{
			Name: s.name, About: s.about, Ours: summarize(runs[ourSide]), Bare: summarize(runs[bareSide]),
			Ratio: median(ratios), Tolerant: s.tolerant,
		})
		if b.profiles != "" && !s.fresh {
			b.say("[%d/%d] %s: profiles", i+1, len(scenarios), s.name)
			if err := b.profile(ctx, s); err != nil {
				return results, fmt.Errorf("scenario %s: %w", s.name, err)
			}
		}
	}
	return results, nil
}

// measure runs a scenario once.
func (b *bench) measure(ctx context.Context, s scenario, of side) (run, error) {
	target := b.servers[of]
	if err := errors.Join(b.settle(ctx), target.enter(ctx)); err != nil {
		return run{}, err
	}
	if err := b.emptyLogs(); err != nil {
		return run{}, err
	}
	measured, err := s.measure(ctx, b, target)
	return measured, errors.Join(err, ctx.Err())
}

// settle waits up to a minute until both servers are idle: they may still work on requests that were given up.
func (b *bench) settle(ctx context.Context) error {
	const interval, busy, patience = 100 * time.Millisecond, 20 * time.Millisecond, time.Minute
	spent := func() (total time.Duration) {
		for _, s := range b.servers {
			if now, err := b.processes.cpu(s.pid); err == nil {
				total += now
			}
		}
		return total
	}
	for until, before := b.now().Add(patience), spent(); b.now().Before(until); {
		if err := pause(ctx, interval); err != nil {
			return err
		}
		now := spent()
		if now-before < busy {
			return nil
		}
		before = now
	}
	return nil
}

// profile runs a scenario once more on our server, and saves a CPU profile and the allocations of that time. They slow
// the server down, so this run is not part of the result.
func (b *bench) profile(ctx context.Context, s scenario) error {
	target := b.servers[ourSide]
	seconds := max(1, int(b.duration/time.Second))
	saved := make(chan error, 2)
	for _, kind := range []string{"profile", "allocs"} {
		go func() { saved <- b.save(ctx, target, s.name, kind, seconds) }()
	}
	_, err := b.measure(ctx, s, ourSide)
	return errors.Join(err, <-saved, <-saved)
}

// save writes a profile of some seconds to a file.
func (b *bench) save(ctx context.Context, from *server, scenario, kind string, seconds int) error {
	c := connection{address: from.address, now: b.now}
	defer c.close()
	path := fmt.Sprintf("/debug/pprof/%s?seconds=%d", kind, seconds)
	timeout := time.Duration(seconds)*time.Second + 6*requestTimeout
	got, err := c.exchange(ctx, request("GET", path, operatorToken, "", ""), timeout, true)
	if err != nil {
		return fmt.Errorf("GET %s: %w", path, err)
	}
	if got.status != 200 {
		return fmt.Errorf("GET %s: got status %d: %.200s", path, got.status, got.body)
	}
	name := map[string]string{"profile": "cpu", "allocs": "allocs"}[kind]
	if err := os.WriteFile(filepath.Join(b.profiles, scenario+"."+name+".pprof"), got.body, 0o600); err != nil {
		return fmt.Errorf("save profile: %w", err)
	}
	return nil
}

// cpuTimes returns the CPU times of the processes that can be measured. "load" is this program.
func (b *bench) cpuTimes(of *server) map[string]time.Duration {
	times := map[string]time.Duration{}
	for name, pid := range map[string]int{"server": of.pid, "postgres": b.postgres, "redis": b.redisOwner} {
		if spent, err := b.processes.cpu(pid); err == nil {
			times[name] = spent
		}
	}
	if own, err := b.processes.stat(os.Getpid()); err == nil { // without its children
		times["load"] = own.own
	}
	return times
}

// observe evaluates what act measures.
func (b *bench) observe(of *server, act func() *tally) run {
	before, started := b.cpuTimes(of), b.now()
	t := act()
	spent := b.cpuTimes(of)
	for name := range spent {
		spent[name] -= before[name]
	}
	r := runOf(t, started, spent)
	r.memory, _ = b.processes.memory(of.pid) // 0 if it cannot be measured
	return r
}

// closed measures steps on a number of connections, after a warm-up that takes a tenth as long, at most a second.
func (b *bench) closed(
	ctx context.Context, of *server, connections int, d time.Duration, steps func(int) step,
) (run, error) {
	f := newFleet(of.address, connections, b.now, steps)
	defer f.close()
	return b.drive(ctx, of, f, d)
}

// drive is closed for connections that the caller closes.
func (b *bench) drive(ctx context.Context, of *server, f *fleet, d time.Duration) (run, error) {
	if err := f.connect(ctx); err != nil {
		return run{}, err
	}
	f.closed(ctx, min(d/10, time.Second))
	return b.observe(of, func() *tally { return f.closed(ctx, d) }), nil
}

// peak calls act, and returns the maximum of the server's memory during that time in MiB.
func (b *bench) peak(of *server, act func()) (highest float64) {
	done, sampled := make(chan struct{}), make(chan float64, 1)
	go func() {
		tick := time.NewTicker(200 * time.Millisecond)
		defer tick.Stop()
		highest := 0.0
		for {
			if now, err := b.processes.memory(of.pid); err == nil {
				highest = max(highest, now)
			}
			select {
			case <-done:
				sampled <- highest
				return
			case <-tick.C:
			}
		}
	}()
	act()
	close(done)
	return <-sampled
}
