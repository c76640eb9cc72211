// Package meta answers those who look at the service from outside: is it alive, is it ready, how is it doing, and what
// can it do.
package meta

import (
	"context"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/server/platform/postgres"
	"github.com/ai-interviewer-platform/interviewer/server/platform/redis"
	"github.com/ai-interviewer-platform/interviewer/server/platform/telemetry"
)

// checkTime bounds each question to a dependency.
const checkTime = 2 * time.Second

// Meta is the room of the tag meta.
type Meta struct {
	Store   *postgres.Store
	Redis   *redis.Redis
	Metrics *telemetry.Metrics
	// SchemaVersion is the version that this program was built for.
	SchemaVersion int64
	// Documents is what the service publishes about itself.
	Documents *Documents

	stopping atomic.Bool
}

// Stop makes the service unready, so that no new work is sent to it while it finishes what it has.
func (m *Meta) Stop() { m.stopping.Store(true) }

// GetHealth says that the process is alive.
func (m *Meta) GetHealth(context.Context, api.GetHealthRequestObject) (api.GetHealthResponseObject, error) {
	return api.GetHealth200JSONResponse{Status: api.HealthStatusHealthy}, nil
}

// GetReadiness asks everything that the service depends on, all at once.
func (m *Meta) GetReadiness(
	ctx context.Context, _ api.GetReadinessRequestObject,
) (api.GetReadinessResponseObject, error) {
	ctx, cancel := context.WithTimeout(ctx, checkTime)
	defer cancel()
	var checks api.ReadinessChecks
	var wait sync.WaitGroup
	wait.Go(func() { checks.Postgresql = up(m.Store.Ping(ctx) == nil) })
	wait.Go(func() { checks.Redis = up(m.Redis.Up(ctx) == nil) })
	wait.Go(func() {
		version, err := m.Store.SchemaVersion(ctx)
		checks.Migrations = up(err == nil && version >= m.SchemaVersion)
	})
	wait.Wait()
	switch {
	case m.stopping.Load():
		return api.GetReadiness503JSONResponse{Status: api.ReadinessStatusStopping, Checks: checks}, nil
	case checks != api.ReadinessChecks{
		Postgresql: api.CheckStatusUp, Redis: api.CheckStatusUp, Migrations: api.CheckStatusUp,
	}:
		return api.GetReadiness503JSONResponse{Status: api.ReadinessStatusNotReady, Checks: checks}, nil
	}
	return api.GetReadiness200JSONResponse{Status: api.ReadinessStatusReady, Checks: checks}, nil
}

func up(answered bool) api.CheckStatus {
	if answered {
		return api.CheckStatusUp
	}
	return api.CheckStatusDown
}

// GetMetrics gives the metrics; the door has seen to it that whoever asks has the operator's token, where there is one.
func (m *Meta) GetMetrics(context.Context, api.GetMetricsRequestObject) (api.GetMetricsResponseObject, error) {
	return exposition{m.Metrics.Handler()}, nil
}

// exposition is the response that Prometheus' own handler writes.
type exposition struct{ handler http.Handler }

// VisitGetMetricsResponse writes the metrics as they are now.
func (e exposition) VisitGetMetricsResponse(w http.ResponseWriter) error {
	e.handler.ServeHTTP(w, &http.Request{Method: http.MethodGet, Header: http.Header{}})
	return nil
}
