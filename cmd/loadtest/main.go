// Command loadtest measures the service: loadtest --scenarios me,list
//
// It starts PostgreSQL and Redis with demo data, the real service, and a bare server of echo and pgx with the same
// tables and rows (see cmd/loadtest/bare). It sends the same requests to both in turn, and prints the rate of the
// service as a ratio to that of the bare server, with latencies, CPU time for each request by process, and memory.
// Ratios of one run are comparable among machines; rates are not.
//
// It fails for errors, never for speed: a request that fails is an error, except where a scenario overloads or stops a
// server. docs/operations/capacity.md explains the scenarios and the figures.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/ai-interviewer-platform/interviewer/server/platform/clock"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second signal ends the process immediately
	command := newCommand(os.Stdout, os.Stderr)
	command.SetArgs(os.Args[1:])
	err := command.ExecuteContext(ctx)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "loadtest:", err)
		os.Exit(1)
	}
}

// options are the flags.
type options struct {
	settings
	names              []string
	short              bool
	json, svg, compare string
}

func newCommand(out, log io.Writer) *cobra.Command {
	o := options{settings: settings{log: log, now: clock.System().Now, processes: system()}}
	c := &cobra.Command{
		Use:   "loadtest",
		Short: "Measure the service beside a bare echo and pgx server",
		Long: `Starts PostgreSQL and Redis with demo data, the service, and a bare echo and pgx server with the same tables
and rows. Sends the same requests to both in turn and prints rates, the ratio of the service to the bare server,
latencies, CPU time for each request by process, and memory. Figures are medians of the repetitions.

It fails for failed requests, never for speed. Progress goes to standard error, the result to standard output.

Scenarios:
` + scenarioHelp(),
		Example: `  loadtest
  loadtest --short
  loadtest --scenarios me,list,get --duration 10s --repetitions 5
  loadtest --json bench.json --svg bench.svg
  loadtest --compare bench.json --scenarios create --profiles bin/profiles
  loadtest --scenarios mix --rate 2000 --users 10000 --dir /var/tmp/loadtest --scale 50`,
		Args: cobra.NoArgs, SilenceUsage: true, SilenceErrors: true,
		CompletionOptions: cobra.CompletionOptions{HiddenDefaultCmd: true},
		RunE:              func(c *cobra.Command, _ []string) error { return o.run(c, out) },
	}
	c.SetOut(out)
	c.SetErr(log)
	f := c.Flags()
	f.StringSliceVar(&o.names, "scenarios", nil, "the scenarios to run, separated by commas; default all")
	f.BoolVar(&o.short, "short", false, "the short form for CI: little data, short repetitions, the scenarios marked *")
	f.DurationVar(&o.duration, "duration", 5*time.Second, "how long a repetition takes")
	f.DurationVar(&o.long, "long", time.Minute, "how long a repetition of sustained, mix and overload takes")
	f.IntVar(&o.connections, "connections", 64, "connections that are kept alive")
	f.IntVar(&o.repetitions, "repetitions", 3, "repetitions of each scenario on each server")
	f.Float64Var(&o.rate, "rate", 1000, "requests per second of the mix")
	f.IntVar(&o.users, "users", 10_000, "connections of mix and overload")
	f.IntVar(&o.rows, "rows", 100_000, "rows of an import")
	f.IntVar(&o.scale, "scale", 50, "parts of the demo company, each with 2,000 candidates")
	f.StringVar(&o.json, "json", "", "write the result to this file as JSON")
	f.StringVar(&o.svg, "svg", "", "write a chart of the ratios to this file")
	f.StringVar(&o.compare, "compare", "", "print the changes since the result in this file, if it exists")
	f.StringVar(&o.profiles, "profiles", "", "save CPU profiles and allocations of each scenario in this directory")
	f.StringVar(&o.dir, "dir", "", "keep the data in this directory and use those of earlier runs; default a new one")
	f.StringVar(&o.server, "server", besideThis("interviewer"), "the program of the service")
	f.StringVar(&o.bare, "bare", besideThis("bare"), "the program of the bare server")
	return c
}

// scenarioHelp lists the scenarios.
func scenarioHelp() string {
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	for _, s := range scenarios() {
		mark := ""
		if s.short {
			mark = "*"
		}
		_, _ = fmt.Fprintf(w, "  %s\t%s\t%s\n", s.name, mark, s.about) // a Builder never fails
	}
	_ = w.Flush()
	return strings.TrimRight(b.String(), "\n")
}

// besideThis returns the path of a program in the directory of this one.
func besideThis(name string) string {
	own, err := os.Executable()
	if err != nil {
		return name
	}
	return filepath.Join(filepath.Dir(own), name)
}

// choose returns the scenarios to run, in their order.
func (o *options) choose() ([]scenario, error) {
	all := scenarios()
	for _, name := range o.names {
		if !slices.ContainsFunc(all, func(s scenario) bool { return s.name == name }) {
			return nil, fmt.Errorf("there is no scenario %q; --help lists them", name)
		}
	}
	chosen := slices.DeleteFunc(all, func(s scenario) bool {
		if len(o.names) > 0 {
			return !slices.Contains(o.names, s.name)
		}
		return o.short && !s.short
	})
	return chosen, nil
}

// check returns an error for flags with which nothing can be measured. It makes paths absolute.
func (o *options) check() (err error) {
	if min(o.connections, o.repetitions, o.users, o.rows, o.scale) < 1 || o.rate <= 0 {
		return errors.New("--connections, --repetitions, --users, --rows, --scale and --rate must be positive")
	}
	if min(o.duration, o.long) < 10*time.Millisecond {
		return errors.New("--duration and --long must be at least 10ms")
	}
	for _, path := range []*string{&o.server, &o.bare, &o.dir, &o.profiles} {
		if *path == "" {
			continue
		}
		if *path, err = filepath.Abs(*path); err != nil {
			return fmt.Errorf("find %s: %w", *path, err)
		}
	}
	for _, program := range []string{o.server, o.bare} {
		if _, err := os.Stat(program); err != nil {
			return fmt.Errorf("find program: %w; make bench builds both", err)
		}
	}
	if o.profiles != "" {
		if err := os.MkdirAll(o.profiles, 0o700); err != nil {
			return fmt.Errorf("create the directory for profiles: %w", err)
		}
	}
	return nil
}

// shorten sets the flags of the short form that are not given.
func (o *options) shorten(c *cobra.Command) {
	if !o.short {
		return
	}
	given := func(name string) bool { return c.Flags().Changed(name) }
	if !given("duration") {
		o.duration = time.Second
	}
	if !given("scale") {
		o.scale = 2
	}
}

func (o *options) run(c *cobra.Command, out io.Writer) (err error) {
	o.shorten(c)
	chosen, err := o.choose()
	if err == nil {
		err = o.check()
	}
	if err != nil {
		return err
	}
	var before *report
	if o.compare != "" {
		if before, err = readReport(o.compare); err != nil {
			return err
		}
	}
	r := &report{Date: o.now(), Machine: machine(), Settings: map[string]string{
		"duration": o.duration.String(), "long": o.long.String(), "connections": fmt.Sprint(o.connections),
		"repetitions": fmt.Sprint(o.repetitions), "scale": fmt.Sprint(o.scale), "rate": number(o.rate),
		"users": fmt.Sprint(o.users), "rows": fmt.Sprint(o.rows),
	}}
	b, err := openBench(c.Context(), o.settings)
	defer func() { err = errors.Join(err, b.close()) }()
	if err != nil {
		return err
	}
	// After a failure, the measurements so far are printed, but not saved.
	results, failed := b.run(c.Context(), chosen)
	r.Results = results
	return errors.Join(failed, o.present(out, r, before, failed == nil))
}

// present prints the report, writes the files if it is complete, and then fails if requests have failed.
func (o *options) present(out io.Writer, r, before *report, complete bool) error {
	if err := r.table(out); err != nil {
		return err
	}
	if before != nil {
		if err := r.compare(out, before); err != nil {
			return err
		}
	}
	if complete && o.json != "" {
		if err := r.write(o.json); err != nil {
			return err
		}
	}
	if complete && o.svg != "" {
		if err := os.WriteFile(o.svg, []byte(r.svg()), 0o600); err != nil {
			return fmt.Errorf("write chart: %w", err)
		}
	}
	failed := 0
	for _, result := range r.Results {
		failed += result.failed()
	}
	if failed > 0 {
		return fmt.Errorf("%d requests failed; the column errors lists them", failed)
	}
	return nil
}
