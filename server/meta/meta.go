// Package meta answers those who look at the service from outside: is it alive, is it ready, how is it doing, and what
// can it do.
package meta

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/json"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	spec "github.com/ai-interviewer-platform/interviewer/api"
	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/server/fault"
	"github.com/ai-interviewer-platform/interviewer/server/lifecycle"
	"github.com/ai-interviewer-platform/interviewer/server/redis"
	"github.com/ai-interviewer-platform/interviewer/server/store"
	"github.com/ai-interviewer-platform/interviewer/server/telemetry"
)

// checkTime bounds each question to a dependency.
const checkTime = 2 * time.Second

// Meta is the room of the tag meta.
type Meta struct {
	Store   *store.Store
	Redis   *redis.Redis
	Metrics *telemetry.Metrics
	// SchemaVersion is the version that this program was built for.
	SchemaVersion int64
	// MetricsToken protects the metrics; empty leaves them open.
	MetricsToken string
	// Document is the specification as JSON.
	Document json.RawMessage

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

// GetMetrics gives the metrics to whoever has the token, where there is one.
func (m *Meta) GetMetrics(
	_ context.Context, request api.GetMetricsRequestObject,
) (api.GetMetricsResponseObject, error) {
	if m.MetricsToken != "" {
		scheme, sent := "", ""
		if request.Params.Authorization != nil {
			scheme, sent, _ = strings.Cut(*request.Params.Authorization, " ")
		}
		got, want := sha256.Sum256([]byte(sent)), sha256.Sum256([]byte(m.MetricsToken))
		if !strings.EqualFold(scheme, "Bearer") || subtle.ConstantTimeCompare(got[:], want[:]) != 1 {
			return nil, fault.New(fault.MissingToken).With("The metrics need the operator's token.")
		}
	}
	return exposition{m.Metrics.Handler()}, nil
}

// exposition is the response that Prometheus' own handler writes.
type exposition struct{ handler http.Handler }

// VisitGetMetricsResponse writes the metrics as they are now.
func (e exposition) VisitGetMetricsResponse(w http.ResponseWriter) error {
	e.handler.ServeHTTP(w, &http.Request{Method: http.MethodGet, Header: http.Header{}})
	return nil
}

// GetOpenAPIYAML gives the specification as its authors write it.
func (m *Meta) GetOpenAPIYAML(
	context.Context, api.GetOpenAPIYAMLRequestObject,
) (api.GetOpenAPIYAMLResponseObject, error) {
	return api.GetOpenAPIYAML200ApplicationYamlResponse{Body: strings.NewReader(spec.Specification)}, nil
}

// GetOpenAPIJSON gives the specification as JSON.
func (m *Meta) GetOpenAPIJSON(
	context.Context, api.GetOpenAPIJSONRequestObject,
) (api.GetOpenAPIJSONResponseObject, error) {
	return document(m.Document), nil
}

// document is a response that is JSON already.
type document json.RawMessage

// VisitGetOpenAPIJSONResponse writes the document as it is.
func (d document) VisitGetOpenAPIJSONResponse(w http.ResponseWriter) error {
	w.Header().Set("Content-Type", "application/json")
	_, err := w.Write(d)
	return err
}

// GetStateMachines publishes the state machines, which are the table that the rooms decide by.
func (m *Meta) GetStateMachines(
	context.Context, api.GetStateMachinesRequestObject,
) (api.GetStateMachinesResponseObject, error) {
	return api.GetStateMachines200JSONResponse{Data: lifecycle.All()}, nil
}
