package telemetry

import (
	"maps"
	"net/http"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// unmatched is the label value for requests that match no operation.
const unmatched = "unmatched"

// requests counts and times requests. Looking up a metric by its labels costs more than counting, so each combination
// is looked up once and kept in a map. Readers use the map without a lock; a writer replaces it with a copy.
type requests struct {
	total    *prometheus.CounterVec
	duration *prometheus.HistogramVec

	known   atomic.Pointer[map[combination]series]
	growing sync.Mutex
}

// combination has the label values of one request.
type combination struct {
	operation, method string
	status            int
}

// series has the metrics of one combination.
type series struct {
	total    prometheus.Counter
	duration prometheus.Observer
}

func newRequests(r prometheus.Registerer) *requests {
	q := &requests{
		total: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "http_requests_total", Help: "Requests by operation, method and status.",
		}, []string{"operation", "method", "status"}),
		duration: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "http_request_duration_seconds", Help: "Time from the first middleware to the response.",
			Buckets: []float64{.0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10},
		}, []string{"operation"}),
	}
	q.known.Store(&map[combination]series{})
	r.MustRegister(q.total, q.duration)
	return q
}

// Request counts a request and its duration. The operation is the operationId, or empty if none matched; it never comes
// from the client. The method may be any text.
func (m *Metrics) Request(operation, method string, status int, d time.Duration) {
	if operation == "" {
		operation = unmatched
	}
	s := m.requests.series(combination{operation, boundedMethod(method), boundedStatus(status)})
	s.total.Inc()
	s.duration.Observe(d.Seconds())
}

// series returns the metrics of a combination.
func (q *requests) series(c combination) series {
	if s, ok := (*q.known.Load())[c]; ok {
		return s
	}
	return q.grow(c)
}

// grow adds a combination. If two requests add the same one, both get the same metrics.
func (q *requests) grow(c combination) series {
	q.growing.Lock()
	defer q.growing.Unlock()
	status := other
	if c.status != 0 {
		status = strconv.Itoa(c.status)
	}
	s := series{
		total:    q.total.WithLabelValues(c.operation, c.method, status),
		duration: q.duration.WithLabelValues(c.operation),
	}
	longer := maps.Clone(*q.known.Load())
	longer[c] = s
	q.known.Store(&longer)
	return s
}

// boundedMethod returns the method if it is a standard one, and "other" if not.
func boundedMethod(method string) string {
	switch method {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete,
		http.MethodConnect, http.MethodOptions, http.MethodTrace:
		return method
	default:
		return other
	}
}

// boundedStatus returns the status if it is between 100 and 599, and 0 if not.
func boundedStatus(status int) int {
	if status < 100 || status > 599 {
		return 0
	}
	return status
}
