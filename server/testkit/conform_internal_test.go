package testkit

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// TestConformsChecksHeaders checks that a header must be declared for the operation and the status.
func TestConformsChecksHeaders(t *testing.T) {
	t.Parallel()
	answer := func(method, path string, status int, kind, body string, more ...string) *Answer {
		a := &Answer{
			t: t, Request: httptest.NewRequestWithContext(t.Context(), method, path, http.NoBody), Status: status, Body: []byte(body), path: path,
			Header: http.Header{
				"Content-Type": {kind}, "Date": {"now"}, "Cache-Control": {"no-store"}, "X-Request-Id": {"12345678"},
				"X-Content-Type-Options": {"nosniff"}, "Content-Security-Policy": {"default-src 'none'"}, "Referrer-Policy": {"no-referrer"},
			},
		}
		for i := 0; i < len(more); i += 2 {
			a.Header.Del(more[i])
			if more[i+1] != "" {
				a.Header.Set(more[i], more[i+1])
			}
		}
		return a
	}
	healthy := func(more ...string) *Answer {
		return answer(http.MethodGet, "/health", http.StatusOK, "application/json", `{"status": "healthy"}`, more...)
	}
	state := func(more ...string) *Answer {
		return answer(http.MethodGet, "/openapi.yaml", http.StatusNotModified, "", "", append(more, "ETag", `"1"`)...)
	}
	out := func(more ...string) *Answer {
		return answer(http.MethodPost, "/api/v1/auth/logout", http.StatusOK, "application/json", `{"status": "signed_out"}`,
			append(more, "Set-Cookie", "refresh_token=")...)
	}
	const problem = `{"type": "/docs/problems/not_found", "title": "Not found", "status": 404, "detail": "None.",
		"instance": "/nowhere", "code": "not_found", "request_id": "12345678"}`
	nowhere := func(more ...string) *Answer {
		return answer(http.MethodGet, "/nowhere", http.StatusNotFound, "application/problem+json", problem, more...)
	}
	const left, policy = `"user";r=11;t=1, "company";r=29;t=1`, `"user";q=12;w=60`
	for name, c := range map[string]struct {
		answer *Answer
		want   string
	}{
		"a declared header":                         {healthy("Deprecation", "@1767225600", "Sunset", "Wed, 01 Jul 2026 00:00:00 GMT"), ""},
		"an undeclared header":                      {healthy("X-Mood", "fine"), "X-Mood is not declared"},
		"a missing required header":                 {healthy("X-Request-Id", ""), "X-Request-Id"},
		"a malformed header":                        {healthy("Deprecation", "yes"), "Deprecation"},
		"a rate limit":                              {state("RateLimit", left, "RateLimit-Policy", policy), ""},
		"a rate limit of an unlimited operation":    {healthy("RateLimit", left), "Ratelimit is not declared"},
		"a replay":                                  {out("Idempotency-Replayed", "true"), ""},
		"a replay of an operation without replays":  {state("Idempotency-Replayed", "true"), "Idempotency-Replayed is not declared"},
		"an unknown path":                           {nowhere("RateLimit", left), ""},
		"an unknown path with an undeclared header": {nowhere("X-Mood", "bad"), "X-Mood is not declared"},
		"a header of another operation":             {healthy("ETag", `"1"`), "Etag is not declared"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := conforms(c.answer, nil)
			if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
				t.Errorf("got error %v, want one with %q", err, c.want)
			}
		})
	}
}
