package telemetry

import (
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/prometheus/client_golang/prometheus"
)

// WatchPool shows the state of a pool of PostgreSQL connections, asked at each scrape. It is called once.
func (m *Metrics) WatchPool(stat func() *pgxpool.Stat) {
	var (
		connections = prometheus.NewDesc("interviewer_db_connections",
			"Connections of the pool, by what they do.", []string{"state"}, nil)
		limit = prometheus.NewDesc("interviewer_db_connections_max",
			"The most connections the pool opens.", nil, nil)
		acquired = prometheus.NewDesc("interviewer_db_acquires_total",
			"Times a connection was taken from the pool.", nil, nil)
		waited = prometheus.NewDesc("interviewer_db_acquires_waited_total",
			"Times a connection was taken only after waiting for one.", nil, nil)
		canceled = prometheus.NewDesc("interviewer_db_acquires_canceled_total",
			"Times waiting for a connection was given up.", nil, nil)
		waiting = prometheus.NewDesc("interviewer_db_wait_seconds_total",
			"Time spent waiting for a connection.", nil, nil)
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

// WatchHashing shows how many passwords are being hashed and how many wait for it, asked at each scrape. It is called
// once.
func (m *Metrics) WatchHashing(load func() (running, waiting int)) {
	hashing := prometheus.NewDesc("interviewer_hashing", "Passwords at the hashing gate, by what happens to them.",
		[]string{"state"}, nil)
	m.registry.MustRegister(watcher(func(ch chan<- prometheus.Metric) {
		running, waiting := load()
		ch <- gauge(hashing, float64(running), "running")
		ch <- gauge(hashing, float64(waiting), "waiting")
	}))
}

// WatchRedis shows whether Redis is up, asked at each scrape: the answer must be known already, not fetched. It is
// called once.
func (m *Metrics) WatchRedis(up func() bool) {
	redis := prometheus.NewDesc("interviewer_redis_up", "1 while Redis answers, else 0.", nil, nil)
	m.registry.MustRegister(watcher(func(ch chan<- prometheus.Metric) {
		value := 0.0
		if up() {
			value = 1
		}
		ch <- gauge(redis, value)
	}))
}

// watcher is a collector that asks for its metrics at each scrape.
type watcher func(chan<- prometheus.Metric)

// Collect asks.
func (w watcher) Collect(ch chan<- prometheus.Metric) { w(ch) }

// Describe asks too: what a watcher shows does not depend on when it is asked.
func (w watcher) Describe(ch chan<- *prometheus.Desc) { prometheus.DescribeByCollect(w, ch) }

func gauge(d *prometheus.Desc, value float64, labels ...string) prometheus.Metric {
	return prometheus.MustNewConstMetric(d, prometheus.GaugeValue, value, labels...)
}

func counter(d *prometheus.Desc, value float64) prometheus.Metric {
	return prometheus.MustNewConstMetric(d, prometheus.CounterValue, value)
}
