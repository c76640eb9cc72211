package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"html"
	"io"
	"io/fs"
	"maps"
	"math"
	"os"
	"runtime"
	"slices"
	"strings"
	"text/tabwriter"
	"time"
)

// report is the result of a run.
type report struct {
	Date    time.Time         `json:"date"`
	Machine map[string]string `json:"machine"`
	// Settings are the flags that change what is measured.
	Settings map[string]string `json:"settings"`
	Results  []result          `json:"results"`
}

// machine describes this machine, as far as it is known.
func machine() map[string]string {
	m := map[string]string{
		"system": runtime.GOOS + "/" + runtime.GOARCH, "cpus": fmt.Sprint(runtime.NumCPU()), "go": runtime.Version(),
	}
	if content, err := os.ReadFile("/proc/cpuinfo"); err == nil {
		_, after, _ := strings.Cut(string(content), "model name")
		line, _, _ := strings.Cut(after, "\n")
		if _, name, found := strings.Cut(line, ":"); found {
			m["cpu"] = strings.TrimSpace(name)
		}
	}
	if content, err := os.ReadFile("/proc/loadavg"); err == nil {
		m["load_before"], _, _ = strings.Cut(string(content), " ")
	}
	return m
}

// readReport reads a kept report; it is nil if the file does not exist.
func readReport(path string) (*report, error) {
	content, err := os.ReadFile(path) //nolint:gosec // the user chooses the file
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil //nolint:nilnil // no report was kept
	}
	r := &report{}
	if err == nil {
		err = json.Unmarshal(content, r)
	}
	if err != nil {
		return nil, fmt.Errorf("read report %s: %w", path, err)
	}
	return r, nil
}

// write writes the report as JSON.
func (r *report) write(path string) error {
	content, err := json.MarshalIndent(r, "", "  ")
	if err == nil {
		err = os.WriteFile(path, append(content, '\n'), 0o600)
	}
	if err != nil {
		return fmt.Errorf("write report: %w", err)
	}
	return nil
}

// table prints the results for people.
func (r *report) table(out io.Writer) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	_, _ = fmt.Fprintln(w, "\nscenario\t\tper s\tspread\tratio\tp50 ms\tp95 ms\tp99 ms\t"+
		"server µs\tpostgres\tredis\tload\tMiB\terrors\t")
	for _, result := range r.Results {
		for _, row := range []struct {
			name, side, ratio string
			summary
		}{
			{result.Name, string(ourSide), fmt.Sprintf("%.2f", result.Ratio), result.Ours},
			{"", string(bareSide), "", result.Bare},
		} {
			cpu := func(process string) string {
				if spent, found := row.CPU[process]; found {
					return fmt.Sprintf("%.0f", spent)
				}
				return "-"
			}
			_, _ = fmt.Fprintf(w, "%s\t%s\t%s\t±%.0f %%\t%s\t%.2f\t%.2f\t%.2f\t%s\t%s\t%s\t%s\t%.0f\t%s\t\n", row.name, row.side,
				number(row.Rate), row.Spread*50, row.ratio, row.P50, row.P95, row.P99, cpu("server"), cpu("postgres"),
				cpu("redis"), cpu("load"), row.Memory, failures(row.summary))
		}
	}
	if err := w.Flush(); err != nil { // it reports the errors of the writes as well
		return fmt.Errorf("print table: %w", err)
	}
	return r.figures(out)
}

// figures prints what only some scenarios measure.
func (r *report) figures(out io.Writer) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	headed := false
	for _, result := range r.Results {
		names := slices.Sorted(maps.Keys(result.Ours.Figures))
		for _, name := range names {
			if !headed {
				_, _ = fmt.Fprintln(w, "\nfigure\tours\tbare")
			}
			headed = true
			_, _ = fmt.Fprintf(w, "%s %s\t%s\t%s\n", result.Name, name, number(result.Ours.Figures[name]),
				number(result.Bare.Figures[name]))
		}
	}
	if err := w.Flush(); err != nil {
		return fmt.Errorf("print figures: %w", err)
	}
	return nil
}

// number returns a number with three significant digits, or as an integer.
func number(n float64) string {
	switch {
	case n == math.Trunc(n) || math.Abs(n) >= 100:
		return fmt.Sprintf("%.0f", n)
	case math.Abs(n) >= 10:
		return fmt.Sprintf("%.1f", n)
	}
	return fmt.Sprintf("%.2f", n)
}

// failures lists the failed requests by kind.
func failures(s summary) string {
	var list []string
	if s.Shed > 0 {
		list = append(list, fmt.Sprintf("%d× shed (503)", s.Shed))
	}
	for _, kind := range slices.Sorted(maps.Keys(s.Errors)) {
		list = append(list, fmt.Sprintf("%d× %s", s.Errors[kind], kind))
	}
	if len(list) == 0 {
		return "0"
	}
	return strings.Join(list, ", ")
}

// compare prints the changes since a kept report. Ratios are comparable among machines; rates are not.
func (r *report) compare(out io.Writer, before *report) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	_, _ = fmt.Fprintf(w, "\nsince %s\tratio\tnow\tchange\tper s\tnow\tchange\tp99 ms\tnow\t\n",
		before.Date.Format(time.DateTime))
	kept := map[string]result{}
	for _, result := range before.Results {
		kept[result.Name] = result
	}
	for _, now := range r.Results {
		was, found := kept[now.Name]
		if !found {
			_, _ = fmt.Fprintf(w, "%s\t-\t%.2f\tnew\t-\t%s\tnew\t-\t%.2f\t\n", now.Name, now.Ratio,
				number(now.Ours.Rate), now.Ours.P99)
			continue
		}
		_, _ = fmt.Fprintf(w, "%s\t%.2f\t%.2f\t%s\t%s\t%s\t%s\t%.2f\t%.2f\t\n", now.Name, was.Ratio, now.Ratio,
			change(was.Ratio, now.Ratio), number(was.Ours.Rate), number(now.Ours.Rate),
			change(was.Ours.Rate, now.Ours.Rate), was.Ours.P99, now.Ours.P99)
	}
	if err := w.Flush(); err != nil {
		return fmt.Errorf("print comparison: %w", err)
	}
	for _, name := range slices.Sorted(maps.Keys(r.Settings)) {
		if was, now := before.Settings[name], r.Settings[name]; was != now {
			if _, err := fmt.Fprintf(out, "The setting %s was %s and is %s.\n", name, was, now); err != nil {
				return fmt.Errorf("print comparison: %w", err)
			}
		}
	}
	return nil
}

// change returns the relative change in percent.
func change(was, now float64) string {
	if was == 0 {
		return "-"
	}
	return fmt.Sprintf("%+.0f %%", (now/was-1)*100)
}

// svg returns a bar chart of the ratios.
func (r *report) svg() string {
	const row, left, width, unit = 26, 130, 760, 460.0
	highest := 1.0
	for _, result := range r.Results {
		highest = max(highest, result.Ratio)
	}
	scale := unit / highest
	var b strings.Builder
	height := 64 + row*len(r.Results)
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" viewBox="0 0 %d %d" `+
		`font-family="sans-serif" font-size="13">`+"\n", width, height, width, height)
	fmt.Fprintf(&b, `<rect width="100%%" height="100%%" fill="#fff"/>`+"\n"+`<text x="10" y="22">Requests per second, `+
		`the service ÷ bare echo and pgx · %s · %s</text>`+"\n", html.EscapeString(r.Date.Format(time.DateOnly)),
		html.EscapeString(r.Machine["cpus"]+" CPUs, "+r.Machine["cpu"]))
	for i, result := range r.Results {
		y := 40 + row*i
		fmt.Fprintf(&b, `<text x="%d" y="%d" text-anchor="end">%s</text>`, left-8, y+15, html.EscapeString(result.Name))
		fmt.Fprintf(&b, `<rect x="%d" y="%d" width="%.1f" height="18" fill="#3569b5"/>`, left, y+2, result.Ratio*scale)
		fmt.Fprintf(&b, `<text x="%.1f" y="%d">%.2f  (%s/s)</text>`+"\n", left+result.Ratio*scale+6, y+15, result.Ratio,
			html.EscapeString(number(result.Ours.Rate)))
	}
	fmt.Fprintf(&b, `<line x1="%.1f" y1="36" x2="%.1f" y2="%d" stroke="#999" stroke-dasharray="4 3"/>`+"\n</svg>\n",
		left+scale, left+scale, height-24)
	return b.String()
}
