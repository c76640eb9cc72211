package main

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"time"
)

// tally is what one worker, or all of them together, have measured.
type tally struct {
	// latencies are those of the requests that have succeeded.
	latencies []time.Duration
	// shed counts responses with status 503, by which a server refuses what it cannot serve in time.
	shed int
	// errors counts all other failures by their kind: a status, or a failure of the connection.
	errors map[string]int
	// ended is when the last response was read.
	ended time.Time
}

// add adds the result of one request that has succeeded if failure is empty.
func (t *tally) add(latency time.Duration, failure string) {
	switch failure {
	case "":
		t.latencies = append(t.latencies, latency)
	case failureShed:
		t.shed++
	default:
		if t.errors == nil {
			t.errors = map[string]int{}
		}
		t.errors[failure]++
	}
}

// merge adds what another worker has measured.
func (t *tally) merge(other *tally) {
	t.latencies = append(t.latencies, other.latencies...)
	t.shed += other.shed
	for kind, n := range other.errors {
		if t.errors == nil {
			t.errors = map[string]int{}
		}
		t.errors[kind] += n
	}
	if other.ended.After(t.ended) {
		t.ended = other.ended
	}
}

// failureShed is the kind of a response with status 503.
const failureShed = "503"

// failureOf returns the kind of a failed request, and an empty string if it has succeeded.
func failureOf(got response, err error) string {
	switch {
	case err == nil && got.status < 300:
		return ""
	case err == nil:
		return fmt.Sprint(got.status)
	}
	for _, kind := range []error{errTimeout, errConnect, errClosed, errCut, errMalformed} {
		if errors.Is(err, kind) {
			return kind.Error()
		}
	}
	return err.Error()
}

// percentile returns the smallest value that at least the given share of the sorted values does not exceed; 0 if there
// are none. The share is between 0 and 1.
func percentile[T any](sorted []T, share float64) (value T) {
	if len(sorted) == 0 {
		return value
	}
	rank := int(math.Ceil(share * float64(len(sorted))))
	return sorted[min(max(rank, 1), len(sorted))-1]
}

// median returns the middle of the values, and the mean of the two in the middle if their number is even. It is 0 if
// there are none.
func median(values []float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	n := len(sorted)
	if n == 0 {
		return 0
	}
	return (sorted[(n-1)/2] + sorted[n/2]) / 2
}

// spread returns the difference between the largest and the smallest value as a share of the median; 0 if that is 0.
func spread(values []float64) float64 {
	middle := median(values)
	if middle == 0 {
		return 0
	}
	return (slices.Max(values) - slices.Min(values)) / middle
}

// summary is the result of the repetitions of a scenario on one server. Figures are medians of the repetitions.
type summary struct {
	Requests int            `json:"requests"` // of all repetitions, without failures
	Shed     int            `json:"shed,omitempty"`
	Errors   map[string]int `json:"errors,omitempty"`
	Rate     float64        `json:"rate"`   // successful requests per second
	Spread   float64        `json:"spread"` // of the rate, see spread
	P50      float64        `json:"p50_ms"`
	P95      float64        `json:"p95_ms"`
	P99      float64        `json:"p99_ms"`
	// CPU is the processor time for each request by process, in microseconds. Processes that cannot be measured are
	// absent.
	CPU map[string]float64 `json:"cpu_us,omitempty"`
	// Memory is the proportional set size of the server after the last repetition, in MiB; 0 if it cannot be measured.
	Memory float64 `json:"memory_mib,omitempty"`
	// Figures are those that only this scenario has. Their names have the unit.
	Figures map[string]float64 `json:"figures,omitempty"`
}

// run is the result of one repetition on one server.
type run struct {
	requests, shed int
	errors         map[string]int
	rate           float64
	p50, p95, p99  float64
	cpu            map[string]float64
	memory         float64
	figures        map[string]float64
}

// runOf evaluates what was measured in the time since the start. CPU times are those of all requests together.
func runOf(t *tally, started time.Time, cpu map[string]time.Duration) run {
	slices.Sort(t.latencies)
	r := run{requests: len(t.latencies), shed: t.shed, errors: t.errors, figures: map[string]float64{}}
	if seconds := t.ended.Sub(started).Seconds(); seconds > 0 {
		r.rate = float64(r.requests) / seconds
	}
	milliseconds := func(share float64) float64 {
		return float64(percentile(t.latencies, share).Microseconds()) / 1000
	}
	r.p50, r.p95, r.p99 = milliseconds(0.5), milliseconds(0.95), milliseconds(0.99)
	all := r.requests + r.shed
	for _, n := range r.errors {
		all += n
	}
	if all > 0 && cpu != nil {
		r.cpu = map[string]float64{}
		for process, spent := range cpu {
			r.cpu[process] = float64(spent.Microseconds()) / float64(all)
		}
	}
	return r
}

// summarize returns the summary of the repetitions, at least one.
func summarize(runs []run) summary {
	s := summary{Errors: map[string]int{}, CPU: map[string]float64{}, Figures: map[string]float64{}}
	each := func(figure func(run) float64) []float64 {
		values := make([]float64, len(runs))
		for i, r := range runs {
			values[i] = figure(r)
		}
		return values
	}
	for _, r := range runs {
		s.Requests += r.requests
		s.Shed += r.shed
		for kind, n := range r.errors {
			s.Errors[kind] += n
		}
		for process := range r.cpu {
			s.CPU[process] = median(each(func(r run) float64 { return r.cpu[process] }))
		}
		for name := range r.figures {
			s.Figures[name] = median(each(func(r run) float64 { return r.figures[name] }))
		}
	}
	rates := each(func(r run) float64 { return r.rate })
	s.Rate, s.Spread = median(rates), spread(rates)
	s.P50 = median(each(func(r run) float64 { return r.p50 }))
	s.P95 = median(each(func(r run) float64 { return r.p95 }))
	s.P99 = median(each(func(r run) float64 { return r.p99 }))
	s.Memory = runs[len(runs)-1].memory
	return s
}
