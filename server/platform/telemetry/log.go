package telemetry

import (
	"context"
	"io"
	"log/slog"
	"slices"

	"go.opentelemetry.io/otel/trace"
)

// ContextAttrs appends the attributes that a context adds to every log record; see access.LogAttrs. It must not be nil.
type ContextAttrs func(ctx context.Context, attrs []slog.Attr) []slog.Attr

// NewLogger returns a logger that writes one line per record: JSON, or text for a developer's terminal. Times are RFC
// 3339 in UTC. The attributes of the record's context, and trace_id and span_id if it is traced, are always at the top
// level, even if a group is open. The values of keys that name credentials are replaced by "[redacted]".
func NewLogger(w io.Writer, level slog.Leveler, text bool, attrs ContextAttrs) *slog.Logger {
	options := &slog.HandlerOptions{Level: level}
	if text {
		return slog.New(&handler{out: slog.NewTextHandler(w, options), context: attrs})
	}
	return slog.New(&handler{out: slog.NewJSONHandler(w, options), context: attrs})
}

// handler redacts each record, converts its time to UTC and adds the attributes of the context. It keeps the open
// groups itself: once the handler below has opened a group, further attributes end up inside it.
type handler struct {
	out     slog.Handler
	context ContextAttrs
	open    []group
}

// group is an open group with the attributes that every record has in it.
type group struct {
	name  string
	attrs []slog.Attr
}

func (h *handler) Enabled(ctx context.Context, level slog.Level) bool {
	return h.out.Enabled(ctx, level)
}

func (h *handler) Handle(ctx context.Context, r slog.Record) error {
	const usual = 16
	attrs, inside := make([]slog.Attr, 0, usual), h.secret()
	r.Attrs(func(a slog.Attr) bool { attrs = append(attrs, redact(inside, a)); return true })
	for _, g := range slices.Backward(h.open) {
		attrs = []slog.Attr{slog.GroupAttrs(g.name, slices.Concat(g.attrs, attrs)...)}
	}
	own := len(attrs)
	attrs = h.context(ctx, attrs)
	for i := own; i < len(attrs); i++ {
		attrs[i] = redact(false, attrs[i])
	}
	attrs = append(attrs, traced(ctx)...)
	full := slog.NewRecord(r.Time.UTC(), r.Level, r.Message, r.PC)
	full.AddAttrs(attrs...)
	return h.out.Handle(ctx, full)
}

// secret reports whether an open group names a credential.
func (h *handler) secret() bool {
	return slices.ContainsFunc(h.open, func(g group) bool { return names(g.name) })
}

func (h *handler) WithAttrs(attrs []slog.Attr) slog.Handler {
	inside := h.secret()
	redacted := make([]slog.Attr, len(attrs))
	for i, a := range attrs {
		redacted[i] = redact(inside, a)
	}
	if len(h.open) == 0 {
		return &handler{out: h.out.WithAttrs(redacted), context: h.context}
	}
	open := slices.Clone(h.open)
	last := &open[len(open)-1]
	last.attrs = slices.Concat(last.attrs, redacted)
	return &handler{out: h.out, context: h.context, open: open}
}

func (h *handler) WithGroup(name string) slog.Handler {
	if name == "" {
		return h
	}
	return &handler{out: h.out, context: h.context, open: append(slices.Clone(h.open), group{name: name})}
}

// traced returns the ids of the context's trace and span; none if it is not traced.
func traced(ctx context.Context) []slog.Attr {
	span := trace.SpanContextFromContext(ctx)
	if !span.IsValid() {
		return nil
	}
	return []slog.Attr{slog.String("trace_id", span.TraceID().String()), slog.String("span_id", span.SpanID().String())}
}
