package telemetry_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/netip"
	"reflect"
	"strings"
	"testing"
	"testing/slogtest"
	"time"

	"github.com/google/uuid"
	"go.opentelemetry.io/otel/trace"

	"github.com/ai-interviewer-platform/interviewer/server/platform/telemetry"
)

// logged returns the decoded line that one call of the logger writes, without time, level and message.
func logged(t *testing.T, log func(*slog.Logger)) map[string]any {
	t.Helper()
	var b bytes.Buffer
	log(telemetry.NewLogger(&b, slog.LevelDebug, false, attrsOf))
	var record map[string]any
	if err := json.Unmarshal(b.Bytes(), &record); err != nil {
		t.Fatalf("the line is not JSON: %v: %s", err, b.Bytes())
	}
	for _, key := range []string{"time", "level", "msg"} {
		if _, there := record[key]; !there {
			t.Errorf("the line has no %s: %s", key, b.Bytes())
		}
		delete(record, key)
	}
	return record
}

func wantRecord(t *testing.T, got, want map[string]any) {
	t.Helper()
	if !reflect.DeepEqual(got, want) {
		t.Errorf("the record is\n%v\nwant\n%v", got, want)
	}
}

// TestHandlerConformsToSlog runs the standard library's tests of handlers.
func TestHandlerConformsToSlog(t *testing.T) {
	t.Parallel()
	var b *bytes.Buffer
	slogtest.Run(t, func(*testing.T) slog.Handler {
		b = &bytes.Buffer{}
		return telemetry.NewLogger(b, slog.LevelInfo, false, attrsOf).Handler()
	}, func(t *testing.T) map[string]any {
		t.Helper()
		var record map[string]any
		if err := json.Unmarshal(b.Bytes(), &record); err != nil {
			t.Fatal(err)
		}
		return record
	})
}

func TestLevel(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	level := &slog.LevelVar{}
	log := telemetry.NewLogger(&b, level, false, attrsOf)
	log.DebugContext(t.Context(), "unseen")
	if b.Len() != 0 {
		t.Errorf("debug was logged at level info: %s", b.String())
	}
	level.Set(slog.LevelDebug)
	log.DebugContext(t.Context(), "seen")
	if !strings.Contains(b.String(), "seen") {
		t.Error("debug was not logged at level debug")
	}
}

func TestTimesAreUTC(t *testing.T) {
	t.Parallel()
	when := time.Date(2026, 2, 3, 4, 5, 6, 7000, time.FixedZone("east", 5*3600))
	for name, text := range map[string]bool{"json": false, "text": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var b bytes.Buffer
			handler := telemetry.NewLogger(&b, slog.LevelInfo, text, attrsOf).Handler()
			record := slog.NewRecord(when, slog.LevelInfo, "now", 0)
			record.AddAttrs(slog.Time("token_expires", when.Add(time.Hour)))
			if err := handler.Handle(t.Context(), record); err != nil {
				t.Fatal(err)
			}
			line := b.String()
			if !strings.Contains(line, "2026-02-02T23:05:06.000") || !strings.Contains(line, "2026-02-03T00:05:06.000") ||
				strings.Contains(line, "+05:00") {
				t.Errorf("line = %s, want the times in UTC", line)
			}
		})
	}
}

// attrsKey is the context key of the attributes that attrsOf returns.
type attrsKey struct{}

func attrsOf(ctx context.Context, attrs []slog.Attr) []slog.Attr {
	added, _ := ctx.Value(attrsKey{}).([]slog.Attr)
	return append(attrs, added...)
}

func withAttrs(ctx context.Context, attrs ...slog.Attr) context.Context {
	return context.WithValue(ctx, attrsKey{}, attrs)
}

func TestContextAttrs(t *testing.T) {
	t.Parallel()
	span := trace.NewSpanContext(trace.SpanContextConfig{
		TraceID: trace.TraceID{1, 2}, SpanID: trace.SpanID{3, 4}, TraceFlags: trace.FlagsSampled,
	})
	request := withAttrs(t.Context(), slog.String("request_id", "r-2"), slog.String("operation", "GetMe"))
	traced := trace.ContextWithSpanContext(request, span)
	with := func(more map[string]any) map[string]any {
		more["request_id"], more["operation"] = "r-2", "GetMe"
		more["trace_id"], more["span_id"] = "01020000000000000000000000000000", "0304000000000000"
		return more
	}

	t.Run("outside a request", func(t *testing.T) {
		t.Parallel()
		wantRecord(t, logged(t, func(l *slog.Logger) { l.InfoContext(t.Context(), "m", "a", 1) }),
			map[string]any{"a": 1.})
	})
	t.Run("not traced", func(t *testing.T) {
		t.Parallel()
		wantRecord(t, logged(t, func(l *slog.Logger) { l.InfoContext(request, "m") }),
			map[string]any{"request_id": "r-2", "operation": "GetMe"})
	})
	t.Run("traced", func(t *testing.T) {
		t.Parallel()
		wantRecord(t, logged(t, func(l *slog.Logger) { l.With("b", 2).InfoContext(traced, "m", "a", 1) }),
			with(map[string]any{"a": 1., "b": 2.}))
	})
	t.Run("beside open groups", func(t *testing.T) {
		t.Parallel()
		wantRecord(t, logged(t, func(l *slog.Logger) {
			outer := l.With("b", 2).WithGroup("g").With("c", 3)
			_ = outer.With("unseen", 0).WithGroup("unseen")
			outer.WithGroup("h").With("d", 4).InfoContext(traced, "m", "a", 1)
		}), with(map[string]any{"b": 2., "g": map[string]any{"c": 3., "h": map[string]any{"d": 4., "a": 1.}}}))
	})
}

// writesItself is a value with a text form.
type writesItself struct{ Password string }

func (writesItself) MarshalText() ([]byte, error) { return []byte("its own text"), nil }

// hidesInLogs is a slog.LogValuer.
type hidesInLogs struct{ secret string }

func (h hidesInLogs) LogValue() slog.Value {
	return slog.GroupValue(slog.String("secret", h.secret), slog.String("kind", "hidden"))
}

func TestCredentialsAreRedacted(t *testing.T) {
	t.Parallel()
	const hidden = "[redacted]"
	type body struct {
		Email    string
		Password string `json:"new_password"`
		Tries    int    `json:"password_tries"`
	}
	for name, one := range map[string]struct {
		args []any
		want map[string]any
	}{
		"keys": {
			[]any{
				"password", "x", "new_password", "x", "PasswordHash", "x", "token", "x", "access_token", "x",
				"refreshToken", "x", "Authorization", "x", "Set-Cookie", "x", "client_secret", "x", "SECRET_KEY", "x",
				"api_key", "x", "X-Api-Key", "x", "apiKey", "x", "private_key", "x", "credentials", "x", "jwt", "x",
			},
			map[string]any{
				"password": hidden, "new_password": hidden, "PasswordHash": hidden, "token": hidden,
				"access_token": hidden, "refreshToken": hidden, "Authorization": hidden, "Set-Cookie": hidden,
				"client_secret": hidden, "SECRET_KEY": hidden, "api_key": hidden, "X-Api-Key": hidden, "apiKey": hidden,
				"private_key": hidden, "credentials": hidden, "jwt": hidden,
			},
		},
		"harmless": {
			[]any{
				"user_id", "u", "session_id", "s", "keyboard", "k", "passed", true,
				"token_count", 3, "password_ok", true, "token_ttl", 2 * time.Second,
			},
			map[string]any{
				"user_id": "u", "session_id": "s", "keyboard": "k", "passed": true, "token_count": 3.,
				"password_ok": true, "token_ttl": 2e9,
			},
		},
		"groups": {
			[]any{
				slog.Group("login", "email", "e", slog.Group("inner", "password", "x")),
				slog.Group("tokens", "a", "x", "n", 1),
			},
			map[string]any{
				"login":  map[string]any{"email": "e", "inner": map[string]any{"password": hidden}},
				"tokens": map[string]any{"a": hidden, "n": 1.},
			},
		},
		"structs and maps": {
			[]any{
				"body",
				body{"e", "x", 2},
				"pointer", &body{"e", "x", 3},
				"header",
				http.Header{"Authorization": {"Bearer x"}, "Accept": {"a"}},
				"list",
				[]any{map[string]any{"deep": map[string]string{"cookie": "x", "b": "c"}}, 1},
				"password",
				[]string{"x"},
				"nothing",
				map[string]any{"token": nil},
			},
			map[string]any{
				"body":    map[string]any{"Email": "e", "new_password": hidden, "password_tries": 2.},
				"pointer": map[string]any{"Email": "e", "new_password": hidden, "password_tries": 3.},
				"header":  map[string]any{"Authorization": hidden, "Accept": []any{"a"}},
				"list":    []any{map[string]any{"deep": map[string]any{"cookie": hidden, "b": "c"}}, 1.},

				"password": hidden, "nothing": map[string]any{"token": nil},
			},
		},
		"values with a text": {
			[]any{
				"error", errors.New("went wrong"), "ip", netip.MustParseAddr("192.0.2.1"), "self",
				writesItself{"x"},
				"group",
				hidesInLogs{"x"},
				"nil", nil,
			},
			map[string]any{
				"error": "went wrong", "ip": "192.0.2.1", "self": "its own text", "nil": nil,
				"group": map[string]any{"secret": hidden, "kind": "hidden"},
			},
		},
		"no JSON form": {
			[]any{"odd", struct {
				Password string
				C        chan int
			}{"x", nil}},
			map[string]any{"odd": "[struct { Password string; C chan int }, which has no JSON form]"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			wantRecord(t, logged(t, func(l *slog.Logger) { l.InfoContext(t.Context(), "m", one.args...) }), one.want)
		})
		t.Run(name+", kept", func(t *testing.T) {
			t.Parallel()
			wantRecord(t, logged(t, func(l *slog.Logger) { l.With(one.args...).InfoContext(t.Context(), "m") }), one.want)
		})
		t.Run(name+", in a group", func(t *testing.T) {
			t.Parallel()
			got := logged(t, func(l *slog.Logger) { l.WithGroup("g").InfoContext(t.Context(), "m", one.args...) })
			wantRecord(t, got, map[string]any{"g": one.want})
		})
	}
}

// TestHandleDoesNotModifyTheRecord handles a record that has capacity for more attributes.
func TestHandleDoesNotModifyTheRecord(t *testing.T) {
	t.Parallel()
	record := slog.NewRecord(time.Time{}, slog.LevelInfo, "m", 0)
	for range 10 {
		record.AddAttrs(slog.Int("a", 1))
	}
	ctx := withAttrs(t.Context(), slog.String("request_id", "r-1"))
	if err := telemetry.NewLogger(io.Discard, slog.LevelInfo, false, attrsOf).Handler().Handle(ctx, record); err != nil {
		t.Fatal(err)
	}
	record.AddAttrs(slog.Int("a", 1))
	record.Attrs(func(a slog.Attr) bool {
		if a.Key != "a" {
			t.Errorf("Handle added %v to the record", a)
		}
		return true
	})
}

func TestTextIsRedacted(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	log := telemetry.NewLogger(&b, slog.LevelInfo, true, attrsOf)
	ctx := withAttrs(t.Context(), slog.String("request_id", "r-1"))
	log.WithGroup("g").InfoContext(ctx, "hello\nworld", "password", "hunter2",
		"body", map[string]string{"token": "hunter2"})
	line := b.String()
	if strings.Contains(line, "hunter2") || strings.Count(line, "[redacted]") != 2 {
		t.Errorf("line = %s, want two redacted values", line)
	}
	if strings.Count(line, "\n") != 1 || !strings.Contains(line, "level=INFO") ||
		!strings.Contains(line, " request_id=r-1") {
		t.Errorf("line = %q, want one line of text with the request id", line)
	}
}

func BenchmarkAccessLine(b *testing.B) {
	log := telemetry.NewLogger(io.Discard, slog.LevelInfo, false, attrsOf)
	id := uuid.NewString()
	ctx := withAttrs(b.Context(), slog.String("request_id", id), slog.String("operation", "GetMe"),
		slog.String("user_id", id), slog.String("company_id", id), slog.String("session_id", id))
	b.ReportAllocs()
	for b.Loop() {
		log.LogAttrs(ctx, slog.LevelInfo, "request", slog.String("method", "GET"),
			slog.String("path", "/api/v1/users/me"), slog.Int("status", 200),
			slog.Duration("duration", 123*time.Microsecond), slog.String("ip", "192.0.2.1"))
	}
}
