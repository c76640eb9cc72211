package server_test

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/server/testkit"
)

// trips collects the names of the statements of each round trip.
type trips struct {
	mu   sync.Mutex
	seen []*[]string
}

// tripKey is the key of a round trip in the context of its statements.
type tripKey struct{}

func (r *trips) begin(ctx context.Context, statements ...string) context.Context {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.seen = append(r.seen, &statements)
	return context.WithValue(ctx, tripKey{}, &statements)
}

func (r *trips) TraceQueryStart(ctx context.Context, _ *pgx.Conn, data pgx.TraceQueryStartData) context.Context {
	return r.begin(ctx, nameOf(data.SQL))
}

func (*trips) TraceQueryEnd(context.Context, *pgx.Conn, pgx.TraceQueryEndData) {}

func (r *trips) TraceBatchStart(ctx context.Context, _ *pgx.Conn, _ pgx.TraceBatchStartData) context.Context {
	return r.begin(ctx)
}

func (r *trips) TraceBatchQuery(ctx context.Context, _ *pgx.Conn, data pgx.TraceBatchQueryData) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if trip, ok := ctx.Value(tripKey{}).(*[]string); ok {
		*trip = append(*trip, nameOf(data.SQL))
	}
}

func (*trips) TraceBatchEnd(context.Context, *pgx.Conn, pgx.TraceBatchEndData) {}

// nameOf returns the name of a generated query, or the first word of another statement.
func nameOf(sql string) string {
	word, _, _ := strings.Cut(strings.TrimPrefix(sql, "-- name: "), " ")
	return word
}

// with returns the round trips that contain one of some statements; others are those of background jobs and of the
// gate.
func (r *trips) with(statements []string) [][]string {
	r.mu.Lock()
	defer r.mu.Unlock()
	var found [][]string
	for _, trip := range r.seen {
		if slices.ContainsFunc(*trip, func(name string) bool { return slices.Contains(statements, name) }) {
			found = append(found, *trip)
		}
	}
	r.seen = nil
	return found
}

// TestRoundTrips checks which statements of frequent requests travel together.
func TestRoundTrips(t *testing.T) {
	t.Parallel()
	installation := testkit.New(t)
	company := installation.Company("acme")
	hiring := installation.Hiring(company)
	candidate := hiring.Candidate()
	_, version := hiring.KitVersion(api.KitVersionStatusPublished)
	application := hiring.Application(candidate, hiring.Job(api.JobStatusOpen), api.ApplicationStageInterview)
	interview := hiring.Interview(application, version, api.InterviewStatusCompleted, company.Users[api.RoleEmployee])
	seen := &trips{}
	installation.Statements = seen
	client := installation.Replica().SignIn(t, company.Users[api.RoleHr])
	created := map[string]any{"first_name": "Ada", "last_name": "Lovelace"}
	for _, c := range []struct {
		method, path string
		body         any
		key          string
		want         []string
	}{
		{http.MethodGet, "/api/v1/candidates/" + candidate.String(), nil, "", []string{"SELECT GetCandidate"}},
		{http.MethodGet, "/api/v1/interviews/" + interview.String(), nil, "", []string{"SELECT GetInterview"}},
		{
			http.MethodPost, "/api/v1/candidates", created, "",
			[]string{"BEGIN SELECT SetActor InsertCandidate InsertAuditLog RequireSession COMMIT"},
		},
		{
			http.MethodPost, "/api/v1/candidates", created, "key", []string{
				"SELECT GetIdempotencyRecord",
				"BEGIN SELECT SetActor RequireIdempotencyKey InsertCandidate InsertAuditLog " +
					"InsertIdempotencyRecord RequireSession COMMIT",
			},
		},
		{
			http.MethodPatch, "/api/v1/candidates/" + candidate.String(), map[string]any{"location": "Oslo"}, "", []string{
				"BEGIN SELECT SetActor GetCandidateForUpdate", "UpdateCandidate", "InsertAuditLog RequireSession COMMIT",
			},
		},
	} {
		names := strings.Fields(strings.Join(c.want, " "))
		names = slices.DeleteFunc(names, func(name string) bool { return strings.ToUpper(name) == name })
		seen.with(nil)
		headers := []string{}
		if c.key != "" {
			headers = append(headers, "Idempotency-Key", c.key)
		}
		if answer := client.Do(c.method, c.path, c.body, headers...); answer.Status >= http.StatusMultipleChoices {
			t.Fatalf("%s %s: got status %d: %s", c.method, c.path, answer.Status, answer.Body)
		}
		var got []string
		for _, trip := range seen.with(names) {
			got = append(got, strings.Join(trip, " "))
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s %s (key %q): got the round trips %q, want %q", c.method, c.path, c.key, got, c.want)
		}
	}
}
