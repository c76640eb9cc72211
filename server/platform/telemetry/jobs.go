package telemetry

import (
	"context"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// scrapeTimeout bounds the queries of a scrape.
const scrapeTimeout = time.Second

// jobs measures background work.
type jobs struct {
	runs     *prometheus.CounterVec
	duration *prometheus.HistogramVec
	deleted  *prometheus.CounterVec
}

func newJobs(r prometheus.Registerer) jobs {
	j := jobs{
		runs: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "interviewer_job_runs_total", Help: "Runs of background jobs by kind and outcome.",
		}, []string{"kind", "outcome"}),
		duration: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "interviewer_job_duration_seconds", Help: "Duration of the runs of background jobs by kind.",
			Buckets: []float64{.005, .025, .1, .5, 1, 5, 15, 30, 60},
		}, []string{"kind"}),
		deleted: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "interviewer_rows_deleted_total", Help: "Expired rows that were deleted, by table.",
		}, []string{"table"}),
	}
	r.MustRegister(j.runs, j.duration, j.deleted)
	return j
}

// JobRun counts a run of a background job by its kind and outcome, one of the constants JobCompleted and following. The
// kinds are those that the program registers, so that labels stay bounded.
func (m *Metrics) JobRun(kind, outcome string, took time.Duration) {
	m.jobs.runs.WithLabelValues(kind, outcome).Inc()
	m.jobs.duration.WithLabelValues(kind).Observe(took.Seconds())
}

// RowsDeleted counts n expired rows that were deleted from a table; n is not negative.
func (m *Metrics) RowsDeleted(table string, n int64) {
	m.jobs.deleted.WithLabelValues(table).Add(float64(n))
}

// JobDepth is the number of jobs of one kind in one state.
type JobDepth struct {
	Kind, State string
	Jobs        int64
	// Oldest is how long the oldest of them has been due; 0 if none is.
	Oldest time.Duration
}

// scrape returns the context of the queries of one scrape. The context of the start may have ended by then.
func scrape(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.WithoutCancel(ctx), scrapeTimeout)
}

// WatchJobs adds the number of unfinished and discarded jobs by kind and state, and how long the oldest available one
// has been waiting, read at each scrape. The values are those of the whole installation, so all replicas report the
// same. If read fails, they are missing. Call it once.
func (m *Metrics) WatchJobs(ctx context.Context, read func(context.Context) ([]JobDepth, error)) {
	depth := prometheus.NewDesc("interviewer_jobs", "Jobs that are not finished, or were discarded, by kind and state.",
		[]string{"kind", "state"}, nil)
	oldest := prometheus.NewDesc("interviewer_jobs_oldest_seconds",
		"Time since the oldest job that no worker has taken yet was due.", nil, nil)
	m.registry.MustRegister(watcher(func(ch chan<- prometheus.Metric) {
		ctx, cancel := scrape(ctx)
		defer cancel()
		depths, err := read(ctx)
		if err != nil {
			return
		}
		longest := time.Duration(0)
		for _, d := range depths {
			ch <- gauge(depth, float64(d.Jobs), d.Kind, d.State)
			if d.State == "available" {
				longest = max(longest, d.Oldest)
			}
		}
		ch <- gauge(oldest, longest.Seconds())
	}))
}

// WatchSealing adds the number of audit entries that await their seal, and the age of the oldest of them, read at each
// scrape. The values are those of the whole installation. If read fails, they are missing. Call it once.
func (m *Metrics) WatchSealing(
	ctx context.Context, read func(context.Context) (entries int64, oldest time.Duration, err error),
) {
	pending := prometheus.NewDesc("interviewer_audit_pending", "Audit entries that await their seal.", nil, nil)
	age := prometheus.NewDesc("interviewer_audit_pending_oldest_seconds",
		"Age of the oldest audit entry that awaits its seal.", nil, nil)
	m.registry.MustRegister(watcher(func(ch chan<- prometheus.Metric) {
		ctx, cancel := scrape(ctx)
		defer cancel()
		entries, oldest, err := read(ctx)
		if err != nil {
			return
		}
		ch <- gauge(pending, float64(entries))
		ch <- gauge(age, oldest.Seconds())
	}))
}
