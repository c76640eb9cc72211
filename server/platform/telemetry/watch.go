package telemetry

import (
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/prometheus/client_golang/prometheus"
)

// WatchPool adds the state of a PostgreSQL connection pool, read at each scrape. Call it once.
func (m *Metrics) WatchPool(stat func() *pgxpool.Stat) {
	var (
		connections = prometheus.NewDesc("interviewer_db_connections",
			"Connections of the pool by state.", []string{"state"}, nil)
		limit = prometheus.NewDesc("interviewer_db_connections_max",
			"Maximum number of connections of the pool.", nil, nil)
		acquired = prometheus.NewDesc("interviewer_db_acquires_total",
			"Connections taken from the pool.", nil, nil)
		waited = prometheus.NewDesc("interviewer_db_acquires_waited_total",
			"Connections taken from the pool after waiting for one.", nil, nil)
		canceled = prometheus.NewDesc("interviewer_db_acquires_canceled_total",
			"Waits for a connection that were canceled.", nil, nil)
		waiting = prometheus.NewDesc("interviewer_db_wait_seconds_total",
			"Time spent waiting for connections.", nil, nil)
	)
	m.registry.MustRegister(watcher(func(ch chan<- prometheus.Metric) {
		s := stat()
		ch <- gauge(connections, float64(s.AcquiredConns()), "acquired")
		ch <- gauge(connections, float64(s.IdleConns()), "idle")
		ch <- gauge(connections, float64(s.ConstructingConns()), "constructing")
		ch <- gauge(limit, float64(s.MaxConns()))
		ch <- counter(acquired, float64(s.AcquireCount()))
		ch <- counter(waited, float64(s.EmptyAcquireCount()))
		ch <- counter(canceled, float64(s.CanceledAcquireCount()))
		ch <- counter(waiting, s.EmptyAcquireWaitTime().Seconds())
	}))
}

// WatchHashing adds the number of passwords that are being hashed and that wait for it, read at each scrape. Call it
// once.
func (m *Metrics) WatchHashing(load func() (running, waiting int)) {
	hashing := prometheus.NewDesc("interviewer_hashing", "Passwords in the hashing queue by state.",
		[]string{"state"}, nil)
	m.registry.MustRegister(watcher(func(ch chan<- prometheus.Metric) {
		running, waiting := load()
		ch <- gauge(hashing, float64(running), "running")
		ch <- gauge(hashing, float64(waiting), "waiting")
	}))
}

// WatchAdmission adds the number of requests that run and that wait to run, read at each scrape: those of companies and
// those of public operations. Call it once.
func (m *Metrics) WatchAdmission(load func() (running, waiting [2]int)) {
	requests := prometheus.NewDesc("interviewer_admission", "Requests that run or wait to run, by kind and state.",
		[]string{"kind", "state"}, nil)
	m.registry.MustRegister(watcher(func(ch chan<- prometheus.Metric) {
		running, waiting := load()
		for i, kind := range []string{"company", "public"} {
			ch <- gauge(requests, float64(running[i]), kind, "running")
			ch <- gauge(requests, float64(waiting[i]), kind, "waiting")
		}
	}))
}

// Share is what has happened to callers that wanted a part of a resource that companies share.
type Share struct {
	// Resource is requests, public_requests, connections, hashing, uploads or exports.
	Resource string
	// Waited counts the callers that had to wait, and Refused those that got none.
	Waited, Refused uint64
}

// WatchShares adds how often callers waited for a shared resource, and how often they were refused, read at each
// scrape. Call it once.
func (m *Metrics) WatchShares(shares func() []Share) {
	waited := prometheus.NewDesc("interviewer_shares_waited_total",
		"Callers that waited for a resource that companies share.", []string{"resource"}, nil)
	refused := prometheus.NewDesc("interviewer_shares_refused_total",
		"Callers that were refused a resource that companies share.", []string{"resource"}, nil)
	m.registry.MustRegister(watcher(func(ch chan<- prometheus.Metric) {
		for _, s := range shares() {
			ch <- counter(waited, float64(s.Waited), s.Resource)
			ch <- counter(refused, float64(s.Refused), s.Resource)
		}
	}))
}

// WatchRedis adds whether Redis is up, read at each scrape; up must not wait for Redis. Call it once.
func (m *Metrics) WatchRedis(up func() bool) {
	redis := prometheus.NewDesc("interviewer_redis_up", "1 if Redis answers, 0 if not.", nil, nil)
	m.registry.MustRegister(watcher(func(ch chan<- prometheus.Metric) {
		ch <- gauge(redis, one(up()))
	}))
}

// watcher is a collector that reads its metrics at each scrape.
type watcher func(chan<- prometheus.Metric)

// Collect sends the metrics.
func (w watcher) Collect(ch chan<- prometheus.Metric) { w(ch) }

// Describe sends the descriptions. They do not depend on the time of the scrape.
func (w watcher) Describe(ch chan<- *prometheus.Desc) { prometheus.DescribeByCollect(w, ch) }

func gauge(d *prometheus.Desc, value float64, labels ...string) prometheus.Metric {
	return prometheus.MustNewConstMetric(d, prometheus.GaugeValue, value, labels...)
}

func counter(d *prometheus.Desc, value float64, labels ...string) prometheus.Metric {
	return prometheus.MustNewConstMetric(d, prometheus.CounterValue, value, labels...)
}
