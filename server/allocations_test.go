package server_test

import (
	"fmt"
	"io"
	"log/slog"
	"math"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/server/access"
	"github.com/ai-interviewer-platform/interviewer/server/platform/telemetry"
	"github.com/ai-interviewer-platform/interviewer/server/testkit"
)

// maxMe is how many allocations GET /users/me may take, from the handler of the server to the end of the response, with
// rate limits, the log and all checks. The budget is for the path that all requests share.
const maxMe = 79

// usual is a replica with the settings of production that cost something for each request: rate limits, which are high
// enough for the test, and the log of requests.
func usual(t testing.TB) (*testkit.Installation, *testkit.Replica) {
	t.Helper()
	i := testkit.New(t)
	const high = 60_000
	i.Config.RateLimit, i.Config.RateLimitCompany, i.Config.RateLimitAnonymous = high, high, high
	i.Log = telemetry.NewLogger(io.Discard, slog.LevelInfo, false, access.LogAttrs)
	return i, i.Replica()
}

// sink is a response that keeps its status, and its body in a buffer that is used again. Unlike a recorder, it allocates
// nothing.
type sink struct {
	header http.Header
	status int
	body   []byte
}

func (s *sink) Header() http.Header    { return s.header }
func (s *sink) WriteHeader(status int) { s.status = status }
func (s *sink) Write(part []byte) (int, error) {
	s.body = append(s.body, part...)
	return len(part), nil
}

// send sends a request to a handler. The sink then has the response.
func (s *sink) send(t testing.TB, handler http.Handler, request *http.Request) {
	t.Helper()
	clear(s.header)
	s.body = s.body[:0]
	if handler.ServeHTTP(s, request); s.status != http.StatusOK {
		t.Fatalf("status: got %d, want 200: %s", s.status, s.body)
	}
}

// TestMeAllocatesLittle counts the allocations of the usual request. What runs in the background, or is kept for later
// requests, allocates as well, so the smallest of many counts is that of the request.
//
//nolint:paralleltest // AllocsPerRun counts the allocations of the whole process.
func TestMeAllocatesLittle(t *testing.T) {
	i, replica := usual(t)
	request := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/api/v1/users/me", nil)
	request.Header.Set("Authorization", "Bearer "+replica.SignIn(t, i.Company("acme").Users[api.RoleHr]).Token)
	response, handler := &sink{header: http.Header{}}, replica.Server.Handler()
	least := math.Inf(1)
	for range 200 {
		least = min(least, testing.AllocsPerRun(1, func() { response.send(t, handler, request) }))
	}
	if most := maxMe + underRace; least > float64(most) {
		t.Errorf("GET /users/me allocates %v times, want at most %d", least, most)
	}
}

// BenchmarkMe measures the usual request, without the network. The user changes before a rate limit is reached.
func BenchmarkMe(b *testing.B) {
	i, replica := usual(b)
	handler := replica.Server.Handler()
	const users, each = 40, 50_000
	var requests [users]*http.Request
	for n := range requests {
		acme := i.Company(fmt.Sprint("acme-", n))
		requests[n] = httptest.NewRequestWithContext(b.Context(), http.MethodGet, "/api/v1/users/me", nil)
		requests[n].Header.Set("Authorization", "Bearer "+replica.SignIn(b, acme.Users[api.RoleHr]).Token)
	}
	response := &sink{header: http.Header{}}
	b.ReportAllocs()
	for n := 0; b.Loop(); n++ {
		response.send(b, handler, requests[n/each%users])
	}
}

// BenchmarkRefresh measures the rotation of a refresh token, without the network, and with the request of the test.
func BenchmarkRefresh(b *testing.B) {
	i, replica := usual(b)
	handler, client := replica.Server.Handler(), replica.SignIn(b, i.Company("acme").Users[api.RoleHr])
	token := client.RefreshToken
	response := &sink{header: http.Header{}}
	b.ReportAllocs()
	for n := 0; b.Loop(); n++ {
		request := httptest.NewRequestWithContext(b.Context(), http.MethodPost, "/api/v1/auth/refresh",
			strings.NewReader(`{"refresh_token":"`+token+`"}`))
		request.Header.Set("Content-Type", "application/json")
		request.RemoteAddr = fmt.Sprintf("10.0.0.%d:1234", n%250) // the rate limit is for an address
		response.send(b, handler, request)
		_, rest, _ := strings.Cut(string(response.body), `"refresh_token":"`)
		token, _, _ = strings.Cut(rest, `"`)
	}
}
