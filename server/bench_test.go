package server_test

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/server/servertest"
)

// BenchmarkGetMe and BenchmarkListUsers go through the whole service but the network, with request limits on.
func BenchmarkGetMe(b *testing.B) { benchmark(b, "/api/v1/users/me") }

// BenchmarkListUsers lists a page of four.
func BenchmarkListUsers(b *testing.B) { benchmark(b, "/api/v1/users") }

// BenchmarkHealth is the way of a request without any work in it.
func BenchmarkHealth(b *testing.B) { benchmark(b, "/health") }

func benchmark(b *testing.B, path string) {
	b.Helper()
	installation := servertest.New(b)
	installation.Config.RateLimit = 60_000
	acme := installation.Company("acme")
	replica := installation.Replica()
	client := replica.SignIn(b, acme.Users[api.RoleHr])
	b.ReportAllocs()
	for b.Loop() {
		request := httptest.NewRequestWithContext(b.Context(), http.MethodGet, path, nil)
		request.Header.Set("Authorization", "Bearer "+client.Token)
		recorder := httptest.NewRecorder()
		replica.Server.Handler().ServeHTTP(recorder, request)
		if recorder.Code != http.StatusOK && recorder.Code != http.StatusTooManyRequests {
			b.Fatalf("%d %s", recorder.Code, recorder.Body)
		}
	}
}
