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

// exportTimeout bounds the delivery of one batch of spans, and the delivery of what is left when tracing ends.
const exportTimeout = 5 * time.Second

// Options say where traces go and what they say of their origin.
type Options struct {
	// Endpoint is the base URL of an OTLP collector over HTTP, without the path of the signal; empty turns tracing off.
	Endpoint string
	// Service and Version name the service in every span.
	Service, Version string
	// Log gets a line when the collector stops taking spans and one when it takes them again; nil is for neither.
	Log *slog.Logger
}

// StartTracing returns the provider that spans are made with. Ended spans are queued without waiting and delivered in
// batches; where the collector is down or slow they are dropped. The shutdown delivers what is queued, within the
// context's bound and 5 s. Without an endpoint, nothing is recorded at all. The variables that OpenTelemetry itself
// defines for samplers, limits and headers apply.
func StartTracing(ctx context.Context, o Options) (
	provider trace.TracerProvider, shutdown func(context.Context) error, err error,
) {
	if o.Endpoint == "" {
		return noop.NewTracerProvider(), func(context.Context) error { return nil }, nil
	}
	target, err := url.JoinPath(o.Endpoint, "v1", "traces")
	if err != nil {
		return nil, nil, fmt.Errorf("the endpoint of traces: %w", err)
	}
	exporter, err := otlptracehttp.New(ctx, otlptracehttp.WithEndpointURL(target),
		otlptracehttp.WithTimeout(exportTimeout), otlptracehttp.WithRetry(otlptracehttp.RetryConfig{Enabled: false}))
	if err != nil {
		return nil, nil, fmt.Errorf("the exporter of traces: %w", err)
	}
	origin, err := resource.New(ctx, resource.WithTelemetrySDK(), resource.WithHost(), resource.WithAttributes(
		attribute.String("service.name", o.Service), attribute.String("service.version", o.Version),
	))
	if err != nil {
		return nil, nil, fmt.Errorf("the resource of traces: %w", err)
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

// Propagator reads and writes the W3C traceparent header, by which a trace crosses from one service to the next.
func Propagator() propagation.TextMapPropagator { return propagation.TraceContext{} }

// quietExporter keeps failures from the global error handler, which would write a line for each batch. The batch
// processor never exports twice at once, so the state needs no lock.
type quietExporter struct {
	sdktrace.SpanExporter
	log  *slog.Logger
	down bool
}

// ExportSpans delivers a batch and logs where that begins or ceases to fail.
func (e *quietExporter) ExportSpans(ctx context.Context, spans []sdktrace.ReadOnlySpan) error {
	err := e.SpanExporter.ExportSpans(ctx, spans)
	switch {
	case err != nil && !e.down:
		e.log.WarnContext(ctx, "traces are not delivered", slog.Any("error", err))
	case err == nil && e.down:
		e.log.InfoContext(ctx, "traces are delivered again")
	}
	e.down = err != nil
	return nil
}
