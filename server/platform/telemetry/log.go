package telemetry

import (
	"context"
	"io"
	"log/slog"
	"slices"

	"go.opentelemetry.io/otel/trace"

	"github.com/ai-interviewer-platform/interviewer/server/access"
)

// NewLogger returns a logger that writes a line of JSON for each record, or of text for a developer's terminal. Times
// are RFC 3339 in UTC. A record logged with a request's context also tells the request_id, operation, user_id,
// company_id and session_id, and the trace_id and span_id while it is traced, always at the top level, whatever group
// is open. What looks like a credential by its key is replaced by "[redacted]".
func NewLogger(w io.Writer, level slog.Leveler, text bool) *slog.Logger {
	options := &slog.HandlerOptions{Level: level, ReplaceAttr: guard}
	if text {
		return slog.New(&handler{out: slog.NewTextHandler(w, options)})
	}
	return slog.New(&handler{out: slog.NewJSONHandler(w, options)})
}

// handler adds to each record what its context tells. It keeps open groups to itself, since what is added to a record
// after the handler below has opened a group could only end up inside it.
type handler struct {
	out  slog.Handler
	open []group
}

// group is an open group and the attributes that every record has in it.
type group struct {
	name  string
	attrs []slog.Attr
}

func (h *handler) Enabled(ctx context.Context, level slog.Level) bool {
	return h.out.Enabled(ctx, level)
}

func (h *handler) Handle(ctx context.Context, r slog.Record) error {
	full := r.Clone()
	if len(h.open) > 0 {
		full = slog.NewRecord(r.Time, r.Level, r.Message, r.PC)
		full.AddAttrs(h.nested(r)...)
	}
	full.AddAttrs(contextual(ctx)...)
	return h.out.Handle(ctx, full)
}

// nested gives the record's attributes inside the open groups.
func (h *handler) nested(r slog.Record) []slog.Attr {
	attrs := make([]slog.Attr, 0, r.NumAttrs())
	r.Attrs(func(a slog.Attr) bool { attrs = append(attrs, a); return true })
	for _, g := range slices.Backward(h.open) {
		attrs = []slog.Attr{slog.GroupAttrs(g.name, slices.Concat(g.attrs, attrs)...)}
	}
	return attrs
}

func (h *handler) WithAttrs(attrs []slog.Attr) slog.Handler {
	if len(h.open) == 0 {
		return &handler{out: h.out.WithAttrs(attrs)}
	}
	open := slices.Clone(h.open)
	last := &open[len(open)-1]
	last.attrs = slices.Concat(last.attrs, attrs)
	return &handler{out: h.out, open: open}
}

func (h *handler) WithGroup(name string) slog.Handler {
	if name == "" {
		return h
	}
	return &handler{out: h.out, open: append(slices.Clone(h.open), group{name: name})}
}

// contextual gives what the context tells: of the request, its caller and its trace.
func contextual(ctx context.Context) []slog.Attr {
	attrs := make([]slog.Attr, 0, 7)
	request := access.RequestOf(ctx)
	if request.ID != "" {
		attrs = append(attrs, slog.String("request_id", request.ID))
	}
	if request.Operation != "" {
		attrs = append(attrs, slog.String("operation", request.Operation))
	}
	if c := request.Actor; c != nil {
		attrs = append(attrs, slog.String("user_id", c.ID.String()),
			slog.String("company_id", c.CompanyID.String()), slog.String("session_id", c.SessionID.String()))
	}
	if span := trace.SpanContextFromContext(ctx); span.IsValid() {
		attrs = append(attrs, slog.String("trace_id", span.TraceID().String()),
			slog.String("span_id", span.SpanID().String()))
	}
	return attrs
}
