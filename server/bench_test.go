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

// BenchmarkGetMe and the benchmarks below measure whole requests, without the network and without rate limits.
func BenchmarkGetMe(b *testing.B) { benchmarkGet(b, "/api/v1/users/me", asUser) }

// BenchmarkListUsers lists a page of four users.
func BenchmarkListUsers(b *testing.B) { benchmarkGet(b, "/api/v1/users", asUser) }

// BenchmarkListUsersByKey authenticates by an API key, which is looked up for every request.
func BenchmarkListUsersByKey(b *testing.B) { benchmarkGet(b, "/api/v1/users", asKey) }

// BenchmarkListKitVersions lists a page of twenty versions with six criteria and ten questions each.
func BenchmarkListKitVersions(b *testing.B) {
	const kit = "00000000-0000-0000-0000-000000000001"
	benchmarkGet(b, "/api/v1/kits/"+kit+"/versions?limit=20", func(
		b *testing.B, i *testkit.Installation, acme testkit.Company, r *testkit.Replica,
	) string {
		b.Helper()
		i.Exec(`WITH kit AS (
				INSERT INTO kits (company_id, id, name, created_at, updated_at) VALUES ($1, $2, 'Kit', now(), now()) RETURNING id
			)
			INSERT INTO kit_versions (company_id, id, kit_id, number, status, content_hash, published_at, published_by,
				archived_at, criteria, questions, created_at, updated_at)
			SELECT $1, lpad(n::text, 32, '0')::uuid, kit.id, n, 'archived', repeat('0', 64), now(), $3, now(),
				(SELECT jsonb_agg(jsonb_build_object('key', 'c' || k, 'title', 'Title', 'description', null, 'weight', 1,
					'required', true, 'anchors', '["one", "two", "three", "four", "five"]'::jsonb)) FROM generate_series(1, 6) AS k),
				(SELECT jsonb_agg(jsonb_build_object('key', 'q' || k, 'text', 'Text', 'guidance', 'Guidance', 'minutes', 5,
					'criteria', '["c1"]'::jsonb)) FROM generate_series(1, 10) AS k),
				now(), now()
			FROM kit, generate_series(1, 20) AS n`, acme.ID, kit, acme.Users[api.RoleHr].ID)
		return asUser(b, i, acme, r)
	})
}

// BenchmarkListScores lists a page of twenty submitted scores with two ratings each.
func BenchmarkListScores(b *testing.B) {
	benchmarkGet(b, "/api/v1/scores?limit=20", func(
		b *testing.B, i *testkit.Installation, acme testkit.Company, r *testkit.Replica,
	) string {
		b.Helper()
		hiring, rater := i.Hiring(acme), acme.Users[api.RoleEmployee]
		_, version := hiring.KitVersion(api.KitVersionStatusPublished)
		application := hiring.Application(hiring.Candidate(), hiring.Job(api.JobStatusOpen), api.ApplicationStageInterview)
		for range 20 {
			interview := hiring.Interview(application, version, api.InterviewStatusCompleted, rater)
			hiring.Score(interview, rater, api.ScoreStatusSubmitted, 4)
		}
		return asUser(b, i, acme, r)
	})
}

// BenchmarkListApplications lists a page of twenty applications.
func BenchmarkListApplications(b *testing.B) {
	benchmarkGet(b, "/api/v1/applications?limit=20", func(
		b *testing.B, i *testkit.Installation, acme testkit.Company, r *testkit.Replica,
	) string {
		b.Helper()
		hiring := i.Hiring(acme)
		job := hiring.Job(api.JobStatusOpen)
		for range 20 {
			hiring.Application(hiring.Candidate(), job, api.ApplicationStageInterview)
		}
		return asUser(b, i, acme, r)
	})
}

// BenchmarkHealth measures a request whose operation does nothing.
func BenchmarkHealth(b *testing.B) { benchmarkGet(b, "/health", asUser) }

// BenchmarkCreateJob creates jobs without an Idempotency-Key.
func BenchmarkCreateJob(b *testing.B) { benchmarkCreateJob(b, func(int) string { return "" }) }

// BenchmarkCreateJobOnce creates jobs with a new Idempotency-Key each. The difference to BenchmarkCreateJob is the cost
// of the key.
func BenchmarkCreateJobOnce(b *testing.B) {
	benchmarkCreateJob(b, func(n int) string { return fmt.Sprint("job-", n) })
}

// BenchmarkCreateJobAgain repeats one request with one Idempotency-Key.
func BenchmarkCreateJobAgain(b *testing.B) { benchmarkCreateJob(b, func(int) string { return "job" }) }

// authenticate returns a bearer token.
type authenticate func(*testing.B, *testkit.Installation, testkit.Company, *testkit.Replica) string

func asUser(b *testing.B, _ *testkit.Installation, acme testkit.Company, r *testkit.Replica) string {
	b.Helper()
	return r.SignIn(b, acme.Users[api.RoleHr]).Token
}

func asKey(_ *testing.B, i *testkit.Installation, acme testkit.Company, _ *testkit.Replica) string {
	return i.Key(acme, []string{"users:read"}).Secret.Reveal()
}

func benchmarkGet(b *testing.B, path string, auth authenticate) {
	b.Helper()
	measure(b, auth, http.StatusOK, func(int) *http.Request {
		return httptest.NewRequestWithContext(b.Context(), http.MethodGet, path, nil)
	})
}

func benchmarkCreateJob(b *testing.B, key func(n int) string) {
	b.Helper()
	measure(b, asUser, http.StatusCreated, func(n int) *http.Request {
		body := strings.NewReader(`{"title":"Welder","department":"Hall 1","description":"Welds."}`)
		request := httptest.NewRequestWithContext(b.Context(), http.MethodPost, "/api/v1/jobs", body)
		request.Header.Set("Content-Type", "application/json")
		if key := key(n); key != "" {
			request.Header.Set("Idempotency-Key", key)
		}
		return request
	})
}

func measure(b *testing.B, auth authenticate, want int, next func(n int) *http.Request) {
	b.Helper()
	installation := testkit.New(b)
	acme, replica := installation.Company("acme"), installation.Replica()
	token := auth(b, installation, acme, replica)
	b.ReportAllocs()
	for n := 0; b.Loop(); n++ {
		request := next(n)
		request.Header.Set("Authorization", "Bearer "+token)
		recorder := httptest.NewRecorder()
		replica.Server.Handler().ServeHTTP(recorder, request)
		if recorder.Code != want {
			b.Fatalf("status: got %d, want %d: %s", recorder.Code, want, recorder.Body)
		}
	}
}
