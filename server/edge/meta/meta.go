// Package meta implements the operations that describe the service itself: health, readiness, metrics, the
// specification, and the state machines.
package meta

import (
	"context"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/server/platform/redis"
	"github.com/ai-interviewer-platform/interviewer/server/platform/telemetry"
	"github.com/ai-interviewer-platform/interviewer/server/service"
)

// checkTime bounds the check of each dependency.
const checkTime = 2 * time.Second

// Meta implements the operations of the tag meta.
type Meta struct {
	service.Deps
	Options

	stopping atomic.Bool
}

// Options are the dependencies that only meta needs.
type Options struct {
	Redis   *redis.Redis
	Metrics *telemetry.Metrics
	// SchemaVersion is the database schema that this program was built for.
	SchemaVersion int64
	// JobSchemaVersion is the version of River's tables that this program was built for.
	JobSchemaVersion int64
	// Documents are what GetSpecificationYAML, GetSpecificationJSON and GetStateMachines return.
	Documents *Documents
}

// New fails if a dependency is missing.
func New(deps service.Deps, options Options) (*Meta, error) {
	if err := service.Check("meta", deps, options); err != nil {
		return nil, err
	}
	return &Meta{Deps: deps, Options: options}, nil
}

// Stop makes the service report that it is not ready, so that load balancers stop sending requests.
func (m *Meta) Stop() { m.stopping.Store(true) }

// Stopping reports whether Stop was called.
func (m *Meta) Stopping() bool { return m.stopping.Load() }

// GetHealth reports that the process is alive.
func (m *Meta) GetHealth(
	context.Context, service.Call, api.GetHealthRequestObject,
) (api.GetHealthResponseObject, error) {
	return api.GetHealth200JSONResponse{Status: api.HealthStatusHealthy}, nil
}

// allUp is the result of the checks of a service that is ready.
var allUp = api.ReadinessChecks{ //nolint:gochecknoglobals // a constant
	Postgresql: api.CheckStatusUp, Redis: api.CheckStatusUp, Migrations: api.CheckStatusUp,
}

// Ready reports whether the service is ready, and which of its dependencies are up, for the metrics.
func (m *Meta) Ready(ctx context.Context) (ready bool, all []telemetry.Dependency) {
	checks := m.check(ctx)
	return checks == allUp && !m.stopping.Load(), []telemetry.Dependency{
		{Name: "postgresql", Up: checks.Postgresql == api.CheckStatusUp},
		{Name: "redis", Up: checks.Redis == api.CheckStatusUp},
		{Name: "migrations", Up: checks.Migrations == api.CheckStatusUp},
	}
}

// check checks all dependencies concurrently.
func (m *Meta) check(ctx context.Context) (checks api.ReadinessChecks) {
	ctx, cancel := context.WithTimeout(ctx, checkTime)
	defer cancel()
	var wait sync.WaitGroup
	wait.Go(func() { checks.Postgresql = up(m.Store.Ping(ctx) == nil) })
	wait.Go(func() { checks.Redis = up(m.Redis.Up(ctx) == nil) })
	wait.Go(func() {
		checks.Migrations = up(m.migrated(ctx))
	})
	wait.Wait()
	return checks
}

// GetReadiness checks all dependencies concurrently.
func (m *Meta) GetReadiness(
	ctx context.Context, _ service.Call, _ api.GetReadinessRequestObject,
) (api.GetReadinessResponseObject, error) {
	checks := m.check(ctx)
	switch {
	case m.Stopping():
		return api.GetReadiness503JSONResponse{Status: api.ReadinessStatusStopping, Checks: checks}, nil
	case checks != allUp:
		return api.GetReadiness503JSONResponse{Status: api.ReadinessStatusNotReady, Checks: checks}, nil
	}
	return api.GetReadiness200JSONResponse{Status: api.ReadinessStatusReady, Checks: checks}, nil
}

// migrated reports whether the database has our tables and those of River in the versions that this program needs.
func (m *Meta) migrated(ctx context.Context) bool {
	version, err := m.Store.SchemaVersion(ctx)
	if err != nil || version < m.SchemaVersion {
		return false
	}
	jobs, err := m.Store.JobSchemaVersion(ctx)
	return err == nil && jobs >= m.JobSchemaVersion
}

func up(answered bool) api.CheckStatus {
	if answered {
		return api.CheckStatusUp
	}
	return api.CheckStatusDown
}

// GetMetrics returns the metrics. The gate has checked the operator's token, if there is one.
func (m *Meta) GetMetrics(
	context.Context, service.Call, api.GetMetricsRequestObject,
) (api.GetMetricsResponseObject, error) {
	return exposition{m.Metrics.Handler()}, nil
}

// exposition is a response that the handler of the Prometheus client writes.
type exposition struct{ handler http.Handler }

// VisitGetMetricsResponse writes the current metrics.
func (e exposition) VisitGetMetricsResponse(w http.ResponseWriter) error { return e.Respond(w) }

// Respond writes the current metrics.
func (e exposition) Respond(w http.ResponseWriter) error {
	e.handler.ServeHTTP(w, &http.Request{Method: http.MethodGet, Header: http.Header{}})
	return nil
}
