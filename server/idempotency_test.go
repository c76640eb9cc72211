package server_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/google/uuid"

	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/server/servertest"
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
	installation := servertest.New(t)
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
	installation := servertest.New(t)
	acme, globex := installation.Company("acme"), installation.Company("globex")
	replica := installation.Replica()
	body := map[string]any{"title": "Welder"}
	created := map[string]bool{}
	for _, client := range []*servertest.Client{
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

// TestAtOnceItHappensOnce sends one request many times at once, to two replicas.
func TestAtOnceItHappensOnce(t *testing.T) {
	t.Parallel()
	const times = 24
	installation := servertest.New(t)
	acme := installation.Company("acme")
	first, second := installation.Replica(), installation.Replica()
	hr := first.SignIn(t, acme.Users[api.RoleHr])
	for round := range 5 {
		answers := make(chan *servertest.Answer, times)
		for n := range times {
			client := hr
			if n%2 == 1 {
				client = hr.At(second)
			}
			go func() {
				answers <- client.Do(http.MethodPost, "/api/v1/users", map[string]any{
					"email": fmt.Sprintf("nora%d@acme.example", round), "password": servertest.Password,
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
