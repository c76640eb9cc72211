package server_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/google/uuid"

	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/server/testkit"
)

// acts counts what somebody has done and is recorded of it.
func acts(s *scene) int {
	s.t.Helper()
	var n int
	err := s.installation.Database.QueryRow(s.t.Context(), `SELECT count(*) FROM audit_logs WHERE company_id = $1 AND actor_id = $2
		AND outcome = 'success'`, s.company.ID, s.caller.ID).Scan(&n)
	if err != nil {
		s.t.Fatal(err)
	}
	return n
}

// TestEveryPOSTCanBeSentAgain sends each of them twice with one key, to two replicas: it is done once, and answered alike.
// Another request with the key is refused, and the same request of somebody else is one of its own.
func TestEveryPOSTCanBeSentAgain(t *testing.T) {
	t.Parallel()
	installation := testkit.New(t)
	acme := installation.Company("acme")
	replica, other := installation.Replica(), installation.Replica()
	requests := minimal()
	for _, op := range agreed(t).Operations() {
		if op.Public || op.Method != http.MethodPost {
			continue
		}
		if !op.Repeatable {
			t.Errorf("%s: takes no Idempotency-Key", op.ID)
		}
		t.Run(op.ID, func(t *testing.T) {
			t.Parallel()
			installation := installation.In(t)
			role := api.RoleAdmin
			if len(op.Roles) == 0 {
				t.Fatal("nobody may call it")
			}
			caller := installation.User(acme, strings.ToLower(op.ID)+"-again", role)
			s := &scene{t, installation, replica, acme, caller, replica.SignIn(t, caller)}
			wanted := requests[op.ID](s)
			replica.SignIn(t, caller) // another session, for what ends those
			key := uuid.NewString()
			headers := append(append([]string{}, wanted.headers...), "Idempotency-Key", key)
			path := target(op, wanted.parameters)
			before := acts(s)
			first := s.client.Do(op.Method, path, wanted.body, headers...).Expect(wanted.status)
			done := acts(s)
			switch {
			case wanted.status >= http.StatusBadRequest: // a refusal is not kept
				return
			case done == before:
				t.Fatalf("nothing is recorded of the first request: %d", done)
			case first.Header.Get("Idempotency-Replayed") != "":
				t.Error("the first answer says that it was given before")
			}
			if op.ID == "Logout" { // which ends what the second request would prove its caller with
				s.client = replica.SignIn(t, caller)
				done = acts(s)
			}
			again := s.client.At(other).Do(op.Method, path, wanted.body, headers...).Expect(wanted.status)
			if again.Header.Get("Idempotency-Replayed") != "true" || string(again.Body) != string(first.Body) {
				t.Errorf("again: %v %s, first %s", again.Header, again.Body, first.Body)
			}
			for _, name := range []string{"Content-Type", "ETag", "Location", "Link", "Set-Cookie"} {
				if a, b := first.Header.Get(name), again.Header.Get(name); a != b {
					t.Errorf("%s: first %q, again %q", name, a, b)
				}
			}
			if n := acts(s); n != done {
				t.Errorf("the request sent again is recorded as %d acts more", n-done)
			}
			changed := append(append([]string{}, wanted.headers...), "Idempotency-Key", key, "If-Match", `"77"`)
			s.client.Do(op.Method, path, wanted.body, changed...).
				Refused(http.StatusUnprocessableEntity, "idempotency_key_reused")
		})
	}
}

func TestKeysBelongToTheirCaller(t *testing.T) {
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
			t.Error("somebody is answered what somebody else was")
		}
		created[answer.Header.Get("Location")] = true
	}
	if len(created) != 5 {
		t.Errorf("five callers created %d jobs", len(created))
	}
}

// TestTheSameInOtherWordsIsTheSame: what is sent again may be written otherwise, and say what goes without saying.
func TestTheSameInOtherWordsIsTheSame(t *testing.T) {
	t.Parallel()
	installation := testkit.New(t)
	acme := installation.Company("acme")
	hr := installation.Replica().SignIn(t, acme.Users[api.RoleHr])
	job := installation.Hiring(acme).Job(api.JobStatusDraft)
	upload := "{\"external_id\":\"1\",\"first_name\":\"Mira\",\"last_name\":\"Solheim\"}\n"
	for name, ways := range map[string][]struct {
		path, body, media string
	}{
		"no-body": {
			{"/api/v1/jobs/" + job.String() + "/open", "", ""},
			{"/api/v1/jobs/" + job.String() + "/open", "", "application/json"},
			{"/api/v1/jobs/" + job.String() + "/open", " {} ", "application/json"},
		},
		"a-body": {
			{"/api/v1/jobs", `{"title":"Welder","department":"Hall 1"}`, "application/json"},
			{"/api/v1/jobs", ` {"department": "Hall 1", "title": "\u0057elder"}`, "application/json; charset=UTF-8"},
		},
		"an-upload": {
			{"/api/v1/candidates/import.ndjson", upload, "application/x-ndjson"},
			{"/api/v1/candidates/import.ndjson?dry_run=false", upload, "application/x-ndjson"},
		},
	} {
		for n, way := range ways {
			headers := []string{"Idempotency-Key", name}
			var body any
			if way.body != "" {
				body = way.body
			}
			if way.media != "" {
				headers = append(headers, "Content-Type", way.media)
			}
			answer := hr.Do(http.MethodPost, way.path, body, headers...)
			if replayed := answer.Header.Get("Idempotency-Replayed") != ""; answer.Status >= 300 || replayed != (n > 0) {
				t.Errorf("%s, way %d: %d, replayed %t: %s", name, n, answer.Status, replayed, answer.Body)
			}
		}
	}
	hr.Do(http.MethodPost, "/api/v1/candidates/import.ndjson?dry_run=true", upload, "Idempotency-Key", "an-upload",
		"Content-Type", "application/x-ndjson").Refused(http.StatusUnprocessableEntity, "idempotency_key_reused")
}

// TestWhoHasLostRightsIsNotAnsweredAgain: nothing is done twice, but what a key might not see any more is not shown.
func TestWhoHasLostRightsIsNotAnsweredAgain(t *testing.T) {
	t.Parallel()
	installation := testkit.New(t)
	acme := installation.Company("acme")
	replica := installation.Replica()
	key := installation.Key(acme, []string{"jobs:write", "jobs:read"})
	program := replica.Bearer(t, key.Secret.Reveal())
	create := func() *testkit.Answer {
		return program.Do(http.MethodPost, "/api/v1/jobs", map[string]any{"title": "Welder"}, "Idempotency-Key", "1")
	}
	create().Expect(http.StatusCreated)
	for _, rights := range []struct {
		scopes []string
		status int
	}{
		{[]string{"jobs:write", "jobs:read", "kits:read"}, http.StatusCreated},
		{[]string{"jobs:write"}, http.StatusConflict},
		{[]string{"jobs:write", "kits:read"}, http.StatusConflict},
		{[]string{"kits:read"}, http.StatusForbidden},
		{[]string{"jobs:write", "jobs:read"}, http.StatusCreated},
	} {
		installation.Exec(`UPDATE api_keys SET scopes = $2 WHERE id = $1`, key.ID, rights.scopes)
		answer := create().Expect(rights.status)
		if rights.status == http.StatusConflict {
			answer.Refused(rights.status, "idempotency_record_lost")
		}
	}
	person := installation.User(acme, "nora", api.RoleHr)
	nora := replica.SignIn(t, person)
	move := func() *testkit.Answer {
		return nora.Do(http.MethodPost, "/api/v1/jobs", map[string]any{"title": "Fitter"}, "Idempotency-Key", "2")
	}
	move().Expect(http.StatusCreated)
	replica.SignIn(t, acme.Users[api.RoleAdmin]).
		Post("/api/v1/users/"+person.ID.String()+"/change-role", map[string]any{"role": "admin"})
	nora = replica.SignIn(t, person)
	move().Refused(http.StatusConflict, "idempotency_record_lost")
	var jobs int
	if err := installation.Database.QueryRow(t.Context(), `SELECT count(*) FROM jobs`).Scan(&jobs); err != nil || jobs != 2 {
		t.Errorf("there are %d jobs: %v", jobs, err)
	}
}

// TestAtOnceItHappensOnce sends one request many times at once, to two replicas.
func TestAtOnceItHappensOnce(t *testing.T) {
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
					t.Error("a 409 does not say when to try again")
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
			t.Errorf("of %d requests at once %d were done, with %d results", times, fresh, len(locations))
		}
	}
}
