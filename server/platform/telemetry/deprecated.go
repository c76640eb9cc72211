package telemetry

import (
	"sync"

	"github.com/prometheus/client_golang/prometheus"
)

// mostClients is how many combinations of something deprecated and a client are told apart; the rest counts as another
// client, so that labels stay bounded however many keys there are.
const mostClients = 2_000

// deprecated counts requests by what they use that will go.
type deprecated struct {
	vector *prometheus.CounterVec
	mu     sync.Mutex
	known  map[[3]string]bool
}

func newDeprecated(r prometheus.Registerer) *deprecated {
	d := &deprecated{
		vector: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "interviewer_deprecated_requests_total",
			Help: "Requests that used something that will go, by the operation, what it is, and the client: " +
				"an API key's id, people or anonymous.",
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
