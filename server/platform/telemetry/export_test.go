package telemetry

import "github.com/prometheus/client_golang/prometheus"

// Describe sends the descriptions of all metrics.
func (m *Metrics) Describe(ch chan<- *prometheus.Desc) { m.registry.Describe(ch) }

// ErrorClass is errorClass.
func ErrorClass(err error) string { return errorClass(err) }
