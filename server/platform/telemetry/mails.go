package telemetry

import (
	"context"

	"github.com/prometheus/client_golang/prometheus"
)

func newMails(r prometheus.Registerer) *prometheus.CounterVec {
	mails := prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "interviewer_mails_total", Help: "Mails by kind and by what became of them.",
	}, []string{"kind", "outcome"})
	r.MustRegister(mails)
	return mails
}

// Mail counts a mail by its kind and its final state. Both are stored values, so labels stay bounded.
func (m *Metrics) Mail(kind, outcome string) { m.mails.WithLabelValues(kind, outcome).Inc() }

// WatchMails adds the number of mails that wait, by kind, read at each scrape. The values are those of the whole
// installation. If read fails, they are missing. Call it once.
func (m *Metrics) WatchMails(ctx context.Context, read func(context.Context) (map[string]int64, error)) {
	waiting := prometheus.NewDesc("interviewer_mails_waiting",
		"Mails that no server has accepted or refused yet, by kind.", []string{"kind"}, nil)
	m.registry.MustRegister(watcher(func(ch chan<- prometheus.Metric) {
		ctx, cancel := scrape(ctx)
		defer cancel()
		mails, err := read(ctx)
		if err != nil {
			return
		}
		for kind, n := range mails {
			ch <- gauge(waiting, float64(n), kind)
		}
	}))
}
