package main

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// runCommand runs the command, and returns its output and its messages.
func runCommand(t *testing.T, arguments ...string) (out, log string, err error) {
	t.Helper()
	var outBuffer, logBuffer bytes.Buffer
	command := newCommand(&outBuffer, &logBuffer)
	command.SetArgs(arguments)
	err = command.ExecuteContext(t.Context())
	return outBuffer.String(), logBuffer.String(), err
}

// TestScenariosOfRealServers runs a scenario of every kind on the real service and on the bare server, for a moment.
// Every request must succeed; no time is asserted. make bench-short runs the scenarios that are only lists.
func TestScenariosOfRealServers(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	build := exec.CommandContext(t.Context(), "go", "build", "-tags", "grpcnotrace", "-o", folder+"/", "../interviewer", "./bare")
	if output, err := build.CombinedOutput(); err != nil {
		t.Fatalf("build the servers: %v\n%s", err, output)
	}
	kept, chart, profiles := filepath.Join(folder, "r.json"), filepath.Join(folder, "r.svg"), filepath.Join(folder, "profiles")
	names := []string{
		"health", "me", "list", "list-deep", "list-filtered", "list-searched", "get", "create", "create-keyed", "patch", "refresh",
		"mine", "scores", "applications", "interview", "journey", "mix", "stop", "replicas", "export", "import",
	}
	out, log, err := runCommand(t, "--server", filepath.Join(folder, "interviewer"), "--bare", filepath.Join(folder, "bare"),
		"--scenarios", strings.Join(names, ","), "--scale", "1", "--repetitions", "2", "--duration", "50ms", "--long", "50ms",
		"--connections", "2", "--users", "4", "--rate", "40", "--rows", "20", "--json", kept, "--svg", chart,
		"--compare", kept, "--profiles", profiles)
	if err != nil {
		t.Fatalf("%v\n%s\n%s", err, out, log)
	}
	r, err := readReport(kept)
	if err != nil || r == nil {
		t.Fatalf("got report %v and error %v", r, err)
	}
	for i, name := range names {
		t.Run(name, func(t *testing.T) {
			if len(r.Results) <= i || r.Results[i].Name != name {
				t.Fatalf("got %d results, want the one of this scenario at %d", len(r.Results), i)
			}
			got := r.Results[i]
			if got.Ours.Requests == 0 || got.Bare.Requests == 0 || got.Ratio <= 0 || got.failed() != 0 {
				t.Errorf("got %d and %d requests, ratio %g, %d failed; want more than 0, and none failed",
					got.Ours.Requests, got.Bare.Requests, got.Ratio, got.failed())
			}
			if !strings.Contains(out, name) || !strings.Contains(log, "] "+name+", repetition 2 of 2: ours") {
				t.Errorf("the table or the progress lacks %s:\n%s\n%s", name, out, log)
			}
			for _, kind := range []string{"cpu", "allocs"} {
				content, err := os.ReadFile(filepath.Join(profiles, name+"."+kind+".pprof"))
				fresh := scenarios()[slices.IndexFunc(scenarios(), func(s scenario) bool { return s.name == name })].fresh
				if !fresh && !bytes.HasPrefix(content, []byte("\x1f\x8b")) || fresh && err == nil {
					t.Errorf("%s profile: got %.20q and error %v; want one, unless the scenario starts servers", kind, content, err)
				}
			}
		})
	}
	if content, err := os.ReadFile(chart); err != nil || xml.Unmarshal(content, new(struct{})) != nil {
		t.Errorf("chart: got %.200s and error %v, want well-formed SVG", content, err)
	}
}

func TestInvalidFlags(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		arguments []string
		message   string
	}{
		"unknown scenario":   {[]string{"--scenarios", "me,other"}, `no scenario "other"`},
		"argument":           {[]string{"me"}, "unknown command"},
		"no connections":     {[]string{"--connections", "0"}, "must be positive"},
		"negative rate":      {[]string{"--rate", "-1"}, "must be positive"},
		"no duration":        {[]string{"--duration", "0s"}, "at least 10ms"},
		"missing program":    {[]string{"--server", "/nowhere/interviewer"}, "make bench builds both"},
		"unreadable report":  {[]string{"--server", "main.go", "--bare", "main.go", "--compare", "main.go"}, "read report"},
		"profiles in a file": {[]string{"--server", "main.go", "--bare", "main.go", "--profiles", "main.go/x"}, "create the directory"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if _, _, err := runCommand(t, c.arguments...); err == nil || !strings.Contains(err.Error(), c.message) {
				t.Errorf("got error %v, want %q", err, c.message)
			}
		})
	}
}

// TestHelpNamesEverything expects every scenario and examples.
func TestHelpNamesEverything(t *testing.T) {
	t.Parallel()
	out, _, err := runCommand(t, "--help")
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range scenarios() {
		if !strings.Contains(out, "  "+s.name+" ") || !strings.Contains(out, s.about) {
			t.Errorf("the help lacks %s: %s", s.name, s.about)
		}
	}
	if !strings.Contains(out, "Examples:\n  loadtest\n") {
		t.Errorf("the help lacks examples:\n%s", out)
	}
}

// sample is a report with a scenario that succeeds, one whose failures are part of the result, and failures otherwise.
func sample() *report {
	return &report{
		Date: time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC), Machine: map[string]string{"cpu": "A & B", "cpus": "2"},
		Settings: map[string]string{"scale": "50"},
		Results: []result{
			{Name: "me", Ours: summary{Rate: 50, P99: 3, CPU: map[string]float64{"server": 120}}, Bare: summary{Rate: 100}, Ratio: 0.5},
			{Name: "overload", Ours: summary{Rate: 7, Shed: 5, Figures: map[string]float64{"later_mib": 12.34}}, Ratio: 1.5, Tolerant: true},
		},
	}
}

// TestPresent checks the table, the comparison, and that only failed requests fail a run.
func TestPresent(t *testing.T) {
	t.Parallel()
	before := sample()
	before.Results[0].Ratio, before.Results[0].Ours.Rate, before.Settings["scale"] = 0.4, 100, "2"
	before.Results = before.Results[:1]
	for name, c := range map[string]struct {
		change  func(*report)
		before  *report
		texts   []string
		message string
	}{
		"table":       {func(*report) {}, nil, []string{"me  ours     50", "0.50", "120", "5× shed (503)", "overload later_mib  12.3"}, ""},
		"comparison":  {func(*report) {}, before, []string{"since 2026-03-04 05:06:07", "0.40  0.50   +25 %", "-50 %", "new", "scale was 2 and is 50"}, ""},
		"slower":      {func(r *report) { r.Results[0].Ratio = 0.001 }, before, []string{"-100 %"}, ""},
		"one error":   {func(r *report) { r.Results[0].Bare.Errors = map[string]int{"429": 1} }, nil, []string{"1× 429"}, "1 requests failed"},
		"shed by one": {func(r *report) { r.Results[0].Ours.Shed = 2 }, nil, []string{"2× shed"}, "2 requests failed"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := sample()
			c.change(r)
			folder := t.TempDir()
			o := &options{json: filepath.Join(folder, "r.json"), svg: filepath.Join(folder, "r.svg")}
			var out bytes.Buffer
			err := o.present(&out, r, c.before, true)
			if (err != nil) != (c.message != "") || err != nil && !strings.Contains(err.Error(), c.message) {
				t.Errorf("got error %v, want %q", err, c.message)
			}
			for _, text := range c.texts {
				if !strings.Contains(out.String(), text) {
					t.Errorf("the output lacks %q:\n%s", text, out.String())
				}
			}
			read, err := readReport(o.json)
			want, _ := json.Marshal(r)
			if got, _ := json.Marshal(read); err != nil || !bytes.Equal(got, want) {
				t.Errorf("kept report: got %s and error %v, want %s", got, err, want)
			}
			if content, err := os.ReadFile(o.svg); err != nil || !strings.Contains(string(content), "A &amp; B") {
				t.Errorf("chart: got %s and error %v, want the machine", content, err)
			}
		})
	}
}

// TestPresentOfAnIncompleteRun must keep nothing.
func TestPresentOfAnIncompleteRun(t *testing.T) {
	t.Parallel()
	o := &options{json: filepath.Join(t.TempDir(), "r.json")}
	if err := o.present(io.Discard, sample(), nil, false); err != nil {
		t.Error(err)
	}
	if r, err := readReport(o.json); r != nil || err != nil {
		t.Errorf("got report %v and error %v, want none", r, err)
	}
}

// TestMixHasTheStatedShares counts the requests of the mix by kind.
func TestMixHasTheStatedShares(t *testing.T) {
	t.Parallel()
	b := &bench{environment: &environment{}}
	s := &server{
		tokens: map[string]string{"hr": "h", "lead": "l", "employee": "e"},
		ids:    map[string][]string{"/api/v1/candidates?": {"c1", "c2"}, "/api/v1/interviews?": {"i1"}},
	}
	steps, err := mix(t.Context(), b, s)
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]int{}
	for i := range 3 {
		next := steps(i)
		for range 100 {
			line, _, _ := bytes.Cut(next(response{}).request, []byte(" HTTP"))
			path := string(line)
			for _, id := range []string{"c1", "c2", "i1"} {
				path = strings.TrimSuffix(path, id)
			}
			seen[path]++
		}
	}
	want := map[string]int{
		"GET /api/v1/users/me": 35, "GET /api/v1/candidates/": 20, "GET /api/v1/interviews?mine=true&limit=20": 15,
		"GET /api/v1/applications?status=active&limit=50": 10, "GET /api/v1/interviews/": 10,
		"GET /api/v1/scores?limit=20": 5, "POST /api/v1/candidates": 5,
	}
	for path, percent := range want {
		if got := seen[path]; got != 3*percent {
			t.Errorf("%s: got %d of 300 requests, want %d", path, got, 3*percent)
		}
		delete(seen, path)
	}
	if len(seen) > 0 {
		t.Error(errors.New("unexpected requests"), seen)
	}
}
