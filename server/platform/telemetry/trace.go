package telemetry

import (
	"context"
	"fmt"
	"log/slog"
	"net/url"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
	"go.opentelemetry.io/otel/trace/noop"
)

// exportTimeout limits the export of one batch of spans, and the final export when tracing ends.
const exportTimeout = 5 * time.Second

// Options configure tracing.
type Options struct {
	// Endpoint is the base URL of an OTLP collector over HTTP, without /v1/traces; empty disables tracing.
	Endpoint string
	// Service and Version are service.name and service.version of every span.
	Service, Version string
	// Log receives one line when exports begin to fail and one when they succeed again; nil for none.
	Log *slog.Logger
}

// StartTracing returns a provider of spans. Ended spans are queued without waiting and exported in batches; if the
// collector is down or slow, they are dropped. The function shutdown exports the queued spans; it ends with its
// context, or after 5 s. Without an endpoint nothing is recorded. The environment variables of OpenTelemetry for
// samplers, limits and headers apply.
func StartTracing(ctx context.Context, o Options) (
	provider trace.TracerProvider, shutdown func(context.Context) error, err error,
) {
	if o.Endpoint == "" {
		return noop.NewTracerProvider(), func(context.Context) error { return nil }, nil
	}
	target, err := url.JoinPath(o.Endpoint, "v1", "traces")
	if err != nil {
		return nil, nil, fmt.Errorf("trace endpoint: %w", err)
	}
	exporter, err := otlptracehttp.New(ctx, otlptracehttp.WithEndpointURL(target),
		otlptracehttp.WithTimeout(exportTimeout), otlptracehttp.WithRetry(otlptracehttp.RetryConfig{Enabled: false}))
	if err != nil {
		return nil, nil, fmt.Errorf("create trace exporter: %w", err)
	}
	origin, err := resource.New(ctx, resource.WithTelemetrySDK(), resource.WithHost(), resource.WithAttributes(
		attribute.String("service.name", o.Service), attribute.String("service.version", o.Version),
	))
	if err != nil {
		return nil, nil, fmt.Errorf("create trace resource: %w", err)
	}
	log := o.Log
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	sdk := sdktrace.NewTracerProvider(
		sdktrace.WithResource(origin),
		sdktrace.WithBatcher(&quietExporter{SpanExporter: exporter, log: log},
			sdktrace.WithExportTimeout(exportTimeout)),
	)
	return sdk, func(ctx context.Context) error {
		ctx, cancel := context.WithTimeout(ctx, exportTimeout)
		defer cancel()
		return sdk.Shutdown(ctx)
	}, nil
}

// Propagator reads and writes the W3C traceparent header, which carries a trace from one service to the next.
func Propagator() propagation.TextMapPropagator { return propagation.TraceContext{} }

// quietExporter logs when exports begin to fail and when they succeed again, instead of a line for each batch. The
// batch processor exports one batch at a time, so the state needs no lock.
type quietExporter struct {
	sdktrace.SpanExporter
	log  *slog.Logger
	down bool
}

// ExportSpans exports a batch. It never returns an error, which the global error handler would log.
func (e *quietExporter) ExportSpans(ctx context.Context, spans []sdktrace.ReadOnlySpan) error {
	err := e.SpanExporter.ExportSpans(ctx, spans)
	switch {
	case err != nil && !e.down:
		e.log.WarnContext(ctx, "trace export failed", slog.Any("error", err))
	case err == nil && e.down:
		e.log.InfoContext(ctx, "trace export recovered")
	}
	e.down = err != nil
	return nil
}
