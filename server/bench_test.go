package server_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/server/testkit"
)

// BenchmarkGetMe and the ones below go through the whole service but the network, without request limits.
func BenchmarkGetMe(b *testing.B) { reading(b, "/api/v1/users/me", person) }

// BenchmarkListUsers lists a page of four.
func BenchmarkListUsers(b *testing.B) { reading(b, "/api/v1/users", person) }

// BenchmarkListUsersByKey asks as an API key, which is looked up with every request.
func BenchmarkListUsersByKey(b *testing.B) { reading(b, "/api/v1/users", program) }

// BenchmarkHealth is the way of a request without any work in it.
func BenchmarkHealth(b *testing.B) { reading(b, "/health", person) }

// BenchmarkCreateJob creates jobs; BenchmarkCreateJobOnce does so with an Idempotency-Key each.
func BenchmarkCreateJob(b *testing.B) { creating(b, func(int) string { return "" }) }

// BenchmarkCreateJobOnce shows by its difference to BenchmarkCreateJob what an Idempotency-Key costs.
func BenchmarkCreateJobOnce(b *testing.B) {
	creating(b, func(n int) string { return fmt.Sprint("job-", n) })
}

// BenchmarkCreateJobAgain is answered what it was the first time.
func BenchmarkCreateJobAgain(b *testing.B) { creating(b, func(int) string { return "job" }) }

// caller gives the bearer token of somebody who asks.
type caller func(*testing.B, *testkit.Installation, testkit.Company, *testkit.Replica) string

func person(b *testing.B, _ *testkit.Installation, acme testkit.Company, r *testkit.Replica) string {
	b.Helper()
	return r.SignIn(b, acme.Users[api.RoleHr]).Token
}

func program(_ *testing.B, i *testkit.Installation, acme testkit.Company, _ *testkit.Replica) string {
	return i.Key(acme, []string{"users:read"}).Secret.Reveal()
}

func reading(b *testing.B, path string, who caller) {
	b.Helper()
	measure(b, who, http.StatusOK, func(int) *http.Request {
		return httptest.NewRequestWithContext(b.Context(), http.MethodGet, path, nil)
	})
}

func creating(b *testing.B, key func(n int) string) {
	b.Helper()
	measure(b, person, http.StatusCreated, func(n int) *http.Request {
		body := strings.NewReader(`{"title":"Welder","department":"Hall 1","description":"Welds."}`)
		request := httptest.NewRequestWithContext(b.Context(), http.MethodPost, "/api/v1/jobs", body)
		request.Header.Set("Content-Type", "application/json")
		if key := key(n); key != "" {
			request.Header.Set("Idempotency-Key", key)
		}
		return request
	})
}

func measure(b *testing.B, who caller, want int, next func(n int) *http.Request) {
	b.Helper()
	installation := testkit.New(b)
	acme, replica := installation.Company("acme"), installation.Replica()
	token := who(b, installation, acme, replica)
	b.ReportAllocs()
	for n := 0; b.Loop(); n++ {
		request := next(n)
		request.Header.Set("Authorization", "Bearer "+token)
		recorder := httptest.NewRecorder()
		replica.Server.Handler().ServeHTTP(recorder, request)
		if recorder.Code != want {
			b.Fatalf("%d %s", recorder.Code, recorder.Body)
		}
	}
}
