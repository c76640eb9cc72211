package server_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"

	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/server/edge/gate"
	"github.com/ai-interviewer-platform/interviewer/server/testkit"
)

// countActs returns the number of audit entries about successful acts of the caller.
func countActs(s *fixture) int {
	s.t.Helper()
	var n int
	err := s.installation.Database.QueryRow(s.t.Context(), `SELECT count(*) FROM audit_logs WHERE company_id = $1 AND actor_id = $2
		AND outcome = 'success'`, s.company.ID, s.caller.ID).Scan(&n)
	if err != nil {
		s.t.Fatal(err)
	}
	return n
}

// TestEveryPOSTIsIdempotent sends every POST that requires authentication twice with one key, to two replicas. The
// operation runs once and both responses are the same. Another request with the key is refused.
func TestEveryPOSTIsIdempotent(t *testing.T) {
	t.Parallel()
	installation := testkit.New(t)
	acme := installation.Company("acme")
	replica, other := installation.Replica(), installation.Replica()
	requests := minimalRequests()
	for _, op := range loadContract(t).Operations() {
		if op.Public || op.Method != http.MethodPost {
			continue
		}
		if !op.Repeatable {
			t.Errorf("%s does not take Idempotency-Key", op.ID)
		}
		t.Run(op.ID, func(t *testing.T) {
			t.Parallel()
			installation := installation.In(t)
			caller := installation.User(acme, strings.ToLower(op.ID)+"-again", api.RoleAdmin)
			s := &fixture{t, installation, replica, acme, caller, replica.SignIn(t, caller)}
			example := s.example(requests, op.ID)
			replica.SignIn(t, caller) // another session, for operations that end sessions
			key := uuid.NewString()
			headers := append(slices.Clone(example.headers), "Idempotency-Key", key)
			path := pathOf(op, example.parameters)
			before := countActs(s)

			first := s.client.Do(op.Method, path, example.body, headers...).Expect(example.status)
			if first.Header.Get("Idempotency-Replayed") != "" {
				t.Error("the first response has Idempotency-Replayed")
			}
			if example.status >= http.StatusBadRequest {
				expectRefusalIsNotRecorded(s, op, example, key)
				return
			}
			done := countActs(s)
			if done == before {
				t.Fatalf("acts in the audit log after the first request: got %d, want more than %d", done, before)
			}
			if op.ID == "Logout" { // it ended the session of the client
				s.client = replica.SignIn(t, caller)
				done = countActs(s)
			}

			again := s.client.At(other).Do(op.Method, path, example.body, headers...).Expect(example.status)
			if again.Header.Get("Idempotency-Replayed") != "true" || string(again.Body) != string(first.Body) {
				t.Errorf("second response: got %v %s, want a replay of %s", again.Header, again.Body, first.Body)
			}
			for _, name := range []string{"Content-Type", "ETag", "Location", "Link", "Set-Cookie"} {
				if a, b := first.Header.Get(name), again.Header.Get(name); a != b {
					t.Errorf("%s of the second response: got %q, want %q", name, b, a)
				}
			}
			if n := countActs(s); n != done {
				t.Errorf("acts in the audit log after the second request: got %d, want %d", n, done)
			}

			changed := append(slices.Clone(example.headers), "Idempotency-Key", key, "If-Match", `"77"`)
			s.client.Do(op.Method, path, example.body, changed...).
				Refused(http.StatusUnprocessableEntity, "idempotency_key_reused")
		})
	}
}

// expectRefusalIsNotRecorded repeats a request that was refused. It is evaluated again instead of replayed, and another
// request can use its key.
func expectRefusalIsNotRecorded(s *fixture, op *gate.Operation, example exampleRequest, key string) {
	s.t.Helper()
	headers := append(slices.Clone(example.headers), "Idempotency-Key", key)
	path := pathOf(op, example.parameters)
	again := s.client.Do(op.Method, path, example.body, headers...).Expect(example.status)
	if again.Header.Get("Idempotency-Replayed") != "" {
		s.t.Error("the refusal is replayed")
	}
	var records int
	err := s.installation.Database.QueryRow(s.t.Context(), `SELECT count(*) FROM idempotency_records
		WHERE company_id = $1 AND principal_id = $2`, s.company.ID, s.caller.ID).Scan(&records)
	if err != nil || records != 0 {
		s.t.Errorf("idempotency records of the caller: got %d (error %v), want 0", records, err)
	}
	another := s.client.Do(http.MethodPost, "/api/v1/jobs", map[string]any{"title": "Welder"}, "Idempotency-Key", key)
	if another.Expect(http.StatusCreated).Header.Get("Idempotency-Replayed") != "" {
		s.t.Error("another request with the key is replayed")
	}
}

// TestIdempotencyKeysBelongToTheirActor sends one request with one key as five actors. Each of them creates a job.
func TestIdempotencyKeysBelongToTheirActor(t *testing.T) {
	t.Parallel()
	installation := testkit.New(t)
	acme, globex := installation.Company("acme"), installation.Company("globex")
	replica := installation.Replica()
	body := map[string]any{"title": "Welder"}
	created := map[string]bool{}
	for _, client := range []*testkit.Client{
		replica.SignIn(t, acme.Users[api.RoleHr]), replica.SignIn(t, acme.Users[api.RoleAdmin]),
		replica.SignIn(t, globex.Users[api.RoleHr]),
		replica.Bearer(t, installation.Key(acme, []string{"jobs:write"}).Secret.Reveal()),
		replica.Bearer(t, installation.Key(acme, []string{"jobs:write"}).Secret.Reveal()),
	} {
		answer := client.Do(http.MethodPost, "/api/v1/jobs", body, "Idempotency-Key", "night-1").Expect(http.StatusCreated)
		if answer.Header.Get("Idempotency-Replayed") != "" {
			t.Error("the response to another actor is replayed")
		}
		created[answer.Header.Get("Location")] = true
	}
	if len(created) != 5 {
		t.Errorf("jobs: got %d, want 5", len(created))
	}
}

// TestEquivalentRequestsAreReplayed repeats requests with another spelling of the body, the media type or the default
// values of parameters.
func TestEquivalentRequestsAreReplayed(t *testing.T) {
	t.Parallel()
	installation := testkit.New(t)
	acme := installation.Company("acme")
	hr := installation.Replica().SignIn(t, acme.Users[api.RoleHr])
	job := installation.Hiring(acme).Job(api.JobStatusDraft)
	upload := "{\"external_id\":\"1\",\"first_name\":\"Mira\",\"last_name\":\"Solheim\"}\n"
	for name, spellings := range map[string][]struct {
		path, body, media string
	}{
		"no-body": {
			{"/api/v1/jobs/" + job.String() + "/open", "", ""},
			{"/api/v1/jobs/" + job.String() + "/open", "", "application/json"},
			{"/api/v1/jobs/" + job.String() + "/open", " {} ", "application/json"},
		},
		"json-body": {
			{"/api/v1/jobs", `{"title":"Welder","department":"Hall 1"}`, "application/json"},
			{"/api/v1/jobs", ` {"department": "Hall 1", "title": "\u0057elder"}`, "application/json; charset=UTF-8"},
		},
		"upload": {
			{"/api/v1/candidates/import.ndjson", upload, "application/x-ndjson"},
			{"/api/v1/candidates/import.ndjson?dry_run=false", upload, "application/x-ndjson"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			for n, spelling := range spellings {
				headers := []string{"Idempotency-Key", name}
				var body any
				if spelling.body != "" {
					body = spelling.body
				}
				if spelling.media != "" {
					headers = append(headers, "Content-Type", spelling.media)
				}
				answer := hr.In(t).Do(http.MethodPost, spelling.path, body, headers...)
				if replayed := answer.Header.Get("Idempotency-Replayed") != ""; answer.Status >= 300 || replayed != (n > 0) {
					t.Errorf("%s, spelling %d: got status %d, replayed %t; want success, replayed %t: %s",
						name, n, answer.Status, replayed, n > 0, answer.Body)
				}
			}
		})
	}
	hr.Do(http.MethodPost, "/api/v1/candidates/import.ndjson?dry_run=true", upload, "Idempotency-Key", "upload",
		"Content-Type", "application/x-ndjson").Refused(http.StatusUnprocessableEntity, "idempotency_key_reused")
}

// TestReplayRequiresTheRightsOfTheFirstRequest checks that a response is not replayed to an actor that has lost rights
// since, and that the operation does not run again either.
func TestReplayRequiresTheRightsOfTheFirstRequest(t *testing.T) {
	t.Parallel()
	installation := testkit.New(t)
	acme := installation.Company("acme")
	replica := installation.Replica()
	key := installation.Key(acme, []string{"jobs:write", "jobs:read"})
	program := replica.Bearer(t, key.Secret.Reveal())
	create := func(t *testing.T) *testkit.Answer {
		t.Helper()
		return program.In(t).Do(http.MethodPost, "/api/v1/jobs", map[string]any{"title": "Welder"}, "Idempotency-Key", "1")
	}
	create(t).Expect(http.StatusCreated)
	for _, step := range []struct {
		name   string
		scopes []string
		status int
	}{
		{"all scopes", []string{"jobs:write", "jobs:read", "kits:read"}, http.StatusCreated},
		{"without reading jobs and kits", []string{"jobs:write"}, http.StatusConflict},
		{"without reading jobs", []string{"jobs:write", "kits:read"}, http.StatusConflict},
		{"without writing jobs", []string{"kits:read"}, http.StatusForbidden},
		{"without reading kits", []string{"jobs:write", "jobs:read"}, http.StatusCreated},
	} {
		t.Run(step.name, func(t *testing.T) {
			installation.Exec(`UPDATE api_keys SET scopes = $2 WHERE id = $1`, key.ID, step.scopes)
			answer := create(t).Expect(step.status)
			if step.status == http.StatusConflict {
				answer.Refused(step.status, "idempotency_record_lost")
			}
		})
	}

	person := installation.User(acme, "nora", api.RoleHr)
	nora := replica.SignIn(t, person)
	createByUser := func() *testkit.Answer {
		return nora.Do(http.MethodPost, "/api/v1/jobs", map[string]any{"title": "Fitter"}, "Idempotency-Key", "2")
	}
	createByUser().Expect(http.StatusCreated)
	replica.SignIn(t, acme.Users[api.RoleAdmin]).
		Post("/api/v1/users/"+person.ID.String()+"/change-role", map[string]any{"role": "admin"}).Expect(http.StatusOK)
	nora = replica.SignIn(t, person)
	createByUser().Refused(http.StatusConflict, "idempotency_record_lost")
	var jobs int
	err := installation.Database.QueryRow(t.Context(), `SELECT count(*) FROM jobs WHERE company_id = $1`, acme.ID).Scan(&jobs)
	if err != nil || jobs != 2 {
		t.Errorf("jobs: got %d (error %v), want 2", jobs, err)
	}
}

// TestConcurrentRequestsRunOnce sends one request many times at once, to two replicas.
func TestConcurrentRequestsRunOnce(t *testing.T) {
	t.Parallel()
	const times = 24
	installation := testkit.New(t)
	acme := installation.Company("acme")
	first, second := installation.Replica(), installation.Replica()
	hr := first.SignIn(t, acme.Users[api.RoleHr])
	for round := range 5 {
		answers := make(chan *testkit.Answer, times)
		for n := range times {
			client := hr
			if n%2 == 1 {
				client = hr.At(second)
			}
			go func() {
				answers <- client.Do(http.MethodPost, "/api/v1/users", map[string]any{
					"email": fmt.Sprintf("nora%d@acme.example", round), "password": testkit.Password,
					"first_name": "Nora", "last_name": "Lind",
				}, "Idempotency-Key", fmt.Sprintf("round-%d", round))
			}()
		}
		fresh, locations := 0, map[string]bool{}
		for range times {
			answer := <-answers
			if answer.Status == http.StatusConflict {
				answer.Refused(http.StatusConflict, "idempotency_key_in_use")
				if answer.Header.Get("Retry-After") == "" {
					t.Error("a 409 response has no Retry-After")
				}
				continue
			}
			answer.Expect(http.StatusCreated)
			locations[answer.Header.Get("Location")] = true
			if answer.Header.Get("Idempotency-Replayed") == "" {
				fresh++
			}
		}
		if fresh != 1 || len(locations) != 1 {
			t.Errorf("%d concurrent requests: got %d executions and %d results, want 1 and 1", times, fresh, len(locations))
		}
	}
}
