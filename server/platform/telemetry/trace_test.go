package telemetry_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"
	collector "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	"google.golang.org/protobuf/proto"

	"github.com/ai-interviewer-platform/interviewer/server/platform/telemetry"
)

// fakeCollector is an OTLP collector that keeps the requests it receives.
type fakeCollector struct {
	*httptest.Server
	// failing makes it answer 503.
	failing atomic.Bool

	mu       sync.Mutex
	received []*collector.ExportTraceServiceRequest
	paths    []string
}

func newCollector(t *testing.T) *fakeCollector {
	t.Helper()
	c := &fakeCollector{}
	c.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		message := &collector.ExportTraceServiceRequest{}
		if err == nil {
			err = proto.Unmarshal(body, message)
		}
		if err != nil || c.failing.Load() {
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		c.mu.Lock()
		defer c.mu.Unlock()
		c.received = append(c.received, message)
		c.paths = append(c.paths, r.Method+" "+r.URL.Path)
	}))
	t.Cleanup(c.Close)
	return c
}

// batches returns the received requests, with the method and path of each.
func (c *fakeCollector) batches() ([]*collector.ExportTraceServiceRequest, []string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.received, c.paths
}

func start(t *testing.T, o telemetry.Options) (trace.TracerProvider, func(context.Context) error) {
	t.Helper()
	provider, shutdown, err := telemetry.StartTracing(t.Context(), o)
	if err != nil {
		t.Fatalf("StartTracing: %v", err)
	}
	return provider, shutdown
}

// TestTracedRequestReachesTheCollector continues the trace of another service.
func TestTracedRequestReachesTheCollector(t *testing.T) {
	t.Parallel()
	c := newCollector(t)
	provider, shutdown := start(t, telemetry.Options{Endpoint: c.URL + "/base/", Service: "hiring", Version: "1.2.3"})

	service := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx := telemetry.Propagator().Extract(r.Context(), propagation.HeaderCarrier(r.Header))
		ctx, span := provider.Tracer("test").Start(ctx, "GetMe", trace.WithSpanKind(trace.SpanKindServer))
		defer span.End()
		telemetry.Propagator().Inject(ctx, propagation.HeaderCarrier(w.Header()))
	}))
	t.Cleanup(service.Close)
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, service.URL, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	const traceID = "4bf92f3577b34da6a3ce929d0e0e4736"
	request.Header.Set("Traceparent", "00-"+traceID+"-00f067aa0ba902b7-01")
	response, err := service.Client().Do(request)
	if err != nil {
		t.Fatal(err)
	}
	_ = response.Body.Close()
	if onward := response.Header.Get("Traceparent"); !strings.HasPrefix(onward, "00-"+traceID+"-") {
		t.Errorf("the outgoing traceparent is %q, want trace %s", onward, traceID)
	}
	if err := shutdown(t.Context()); err != nil {
		t.Fatalf("shutdown: %v", err)
	}

	batches, paths := c.batches()
	if len(batches) != 1 || paths[0] != "POST /base/v1/traces" {
		t.Fatalf("the collector received %d batches by %v, want one by POST /base/v1/traces", len(batches), paths)
	}
	spans := batches[0].GetResourceSpans()[0]
	span := spans.GetScopeSpans()[0].GetSpans()[0]
	if span.GetName() != "GetMe" || trace.TraceID(span.GetTraceId()).String() != traceID ||
		trace.SpanID(span.GetParentSpanId()).String() != "00f067aa0ba902b7" {
		t.Errorf("span = %v, want GetMe in the trace and below the span of the request", span)
	}
	origin := map[string]string{}
	for _, a := range spans.GetResource().GetAttributes() {
		origin[a.GetKey()] = a.GetValue().GetStringValue()
	}
	if origin["service.name"] != "hiring" || origin["service.version"] != "1.2.3" {
		t.Errorf("resource of the span = %v, want hiring 1.2.3", origin)
	}
}

func TestWithoutEndpointNothingIsRecorded(t *testing.T) {
	t.Parallel()
	provider, shutdown := start(t, telemetry.Options{Service: "hiring"})
	_, span := provider.Tracer("test").Start(t.Context(), "GetMe")
	if span.IsRecording() || span.SpanContext().IsValid() {
		t.Error("a span is recorded without an endpoint")
	}
	span.End()
	if err := shutdown(t.Context()); err != nil {
		t.Errorf("shutdown: %v", err)
	}
}

func TestMalformedEndpoint(t *testing.T) {
	t.Parallel()
	if _, _, err := telemetry.StartTracing(t.Context(), telemetry.Options{Endpoint: "http://a b:%"}); err == nil {
		t.Error("StartTracing accepts a malformed endpoint")
	}
}

// TestUnreachableCollector drops the spans and logs one line for all batches.
func TestUnreachableCollector(t *testing.T) {
	t.Parallel()
	closed := httptest.NewServer(http.NotFoundHandler())
	closed.Close()
	var log bytes.Buffer
	provider, shutdown := start(t, telemetry.Options{
		Endpoint: closed.URL, Log: slog.New(slog.NewTextHandler(&log, nil)),
	})
	for range 5000 {
		_, span := provider.Tracer("test").Start(t.Context(), "GetMe")
		span.End()
	}
	if err := shutdown(t.Context()); err != nil {
		t.Errorf("shutdown: %v", err)
	}
	if n := strings.Count(log.String(), "\n"); n != 1 || !strings.Contains(log.String(), "trace export failed") {
		t.Errorf("the log has %d lines, want one:\n%s", n, log.String())
	}
}

func TestCollectorRecovers(t *testing.T) {
	t.Parallel()
	c := newCollector(t)
	c.failing.Store(true)
	var log bytes.Buffer
	provider, shutdown := start(t, telemetry.Options{Endpoint: c.URL, Log: slog.New(slog.NewTextHandler(&log, nil))})
	flush, ok := provider.(interface{ ForceFlush(context.Context) error })
	if !ok {
		t.Fatalf("%T cannot be flushed", provider)
	}
	for _, failing := range []bool{true, true, false, false} {
		c.failing.Store(failing)
		_, span := provider.Tracer("test").Start(t.Context(), "GetMe")
		span.End()
		if err := flush.ForceFlush(t.Context()); err != nil {
			t.Fatalf("flush: %v", err)
		}
	}
	if err := shutdown(t.Context()); err != nil {
		t.Fatalf("shutdown: %v", err)
	}
	lines := strings.Split(strings.TrimSpace(log.String()), "\n")
	if len(lines) != 2 || !strings.Contains(lines[0], "level=WARN msg=\"trace export failed\"") ||
		!strings.Contains(lines[1], "level=INFO msg=\"trace export recovered\"") {
		t.Errorf("the log is\n%s\nwant one line for the failure and one for the recovery", log.String())
	}
	if batches, _ := c.batches(); len(batches) != 2 {
		t.Errorf("the collector received %d batches, want 2", len(batches))
	}
}

// TestHangingCollector ends more spans than queue and batch hold while the collector does not answer. If the end of a
// span waited for the collector, the first batch would time out before the last span ends.
func TestHangingCollector(t *testing.T) {
	t.Parallel()
	var timedOut atomic.Int32
	release := make(chan struct{})
	hanging := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		select {
		case <-release:
		case <-r.Context().Done():
		}
		timedOut.Add(1)
	}))
	t.Cleanup(hanging.Close)
	t.Cleanup(func() { close(release) })
	provider, shutdown := start(t, telemetry.Options{Endpoint: hanging.URL})
	for i := range 4000 {
		_, span := provider.Tracer("test").Start(t.Context(), "GetMe")
		span.End()
		if timedOut.Load() > 0 {
			t.Fatalf("a batch timed out before span %d ended: ending a span waits for the collector", i)
		}
	}
	short, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if err := shutdown(short); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("shutdown returns %v, want context.DeadlineExceeded", err)
	}
}
