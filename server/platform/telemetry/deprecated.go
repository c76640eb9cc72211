package telemetry

import (
	"sync"

	"github.com/prometheus/client_golang/prometheus"
)

// mostClients limits the combinations of a deprecated part and a client. Further clients are counted as "other", so
// that labels stay bounded.
const mostClients = 2_000

// deprecated counts the requests that use a deprecated part of the API.
type deprecated struct {
	vector *prometheus.CounterVec
	mu     sync.Mutex
	known  map[[3]string]bool
}

func newDeprecated(r prometheus.Registerer) *deprecated {
	d := &deprecated{
		vector: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "interviewer_deprecated_requests_total",
			Help: "Requests that used a deprecated part of the API, by operation, part and client: " +
				"the id of an API key, people or anonymous.",
		}, []string{"operation", "deprecated", "client"}),
		known: map[[3]string]bool{},
	}
	r.MustRegister(d.vector)
	return d
}

func (d *deprecated) count(operation, what, client string) {
	labels := [3]string{operation, what, client}
	d.mu.Lock()
	if !d.known[labels] {
		if len(d.known) < mostClients {
			d.known[labels] = true
		} else {
			client = other
		}
	}
	d.mu.Unlock()
	d.vector.WithLabelValues(operation, what, client).Inc()
}
