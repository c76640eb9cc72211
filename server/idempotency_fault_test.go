package server_test

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/server/testkit"
)

// TestACutAnywhereLeavesOneAct cuts the way to PostgreSQL while a request is under way, at a later moment each time, so that
// somewhere it falls before, into and after the commit. Whatever the first answer was, the request sent again
// succeeds, and has happened once.
func TestACutAnywhereLeavesOneAct(t *testing.T) {
	t.Parallel()
	const rounds, step = 40, 150 * time.Microsecond
	i := testkit.New(t)
	w := newWay(t, i)
	i.Config.RequestTimeout = 2
	hr := i.Company("acme").Users[api.RoleHr]
	c := i.Replica().SignIn(t, hr)
	replayed := 0
	for round := range rounds {
		title := fmt.Sprintf("Welder %d", round)
		ask := func() *testkit.Answer {
			return c.Do(http.MethodPost, "/api/v1/jobs", map[string]any{"title": title}, "Idempotency-Key", fmt.Sprint("round-", round))
		}
		first := make(chan *testkit.Answer)
		go func() { first <- ask() }()
		cut := time.NewTimer(time.Duration(round) * step)
		<-cut.C
		w.Cut()
		answer := <-first
		w.Restore()
		var again *testkit.Answer
		testkit.Eventually(t, patience, "the request sent again succeeds", func() bool {
			again = ask()
			return again.Status == http.StatusCreated
		})
		if again.Header.Get("Idempotency-Replayed") == "true" {
			replayed++
		}
		if answer.Status == http.StatusCreated && answer.Header.Get("Location") != again.Header.Get("Location") {
			t.Errorf("%s: first %s, then %s", title, answer.Header.Get("Location"), again.Header.Get("Location"))
		}
		var jobs, recorded int
		err := i.Database.QueryRow(t.Context(), `SELECT (SELECT count(*) FROM jobs WHERE title = $1),
			(SELECT count(*) FROM audit_logs WHERE action = 'job.created' AND details->'changes'->'title'->>'to' = $1)`, title).
			Scan(&jobs, &recorded)
		if err != nil || jobs != 1 || recorded != 1 {
			t.Errorf("%s: %d jobs, %d records: %v", title, jobs, recorded, err)
		}
	}
	t.Logf("%d of %d were answered again, the others done then", replayed, rounds)
}

// TestAnAnswerOutlivesItsSecret: the secret before still opens what it has sealed, and without it nothing is done twice.
func TestAnAnswerOutlivesItsSecret(t *testing.T) {
	t.Parallel()
	i := testkit.New(t)
	acme := i.Company("acme")
	hr := i.Replica().SignIn(t, acme.Users[api.RoleHr])
	create := func(c *testkit.Client) *testkit.Answer {
		return c.Do(http.MethodPost, "/api/v1/jobs", map[string]any{"title": "Welder"}, "Idempotency-Key", "night-1")
	}
	first := create(hr).Expect(http.StatusCreated)
	before := i.Config.SecretKey
	i.Config.SecretKey, i.Config.SecretKeysPrevious = "another secret, also long enough to be one: 51ab", append(i.Config.SecretKeysPrevious, before)
	again := create(i.Replica().SignIn(t, acme.Users[api.RoleHr])).Expect(http.StatusCreated)
	if again.Header.Get("Idempotency-Replayed") != "true" || again.Header.Get("Location") != first.Header.Get("Location") {
		t.Errorf("after the secret was changed: %v", again.Header)
	}
	i.Config.SecretKeysPrevious = nil
	create(i.Replica().SignIn(t, acme.Users[api.RoleHr])).Refused(http.StatusConflict, "idempotency_record_lost")
}

// TestNothingOfAnAnswerIsReadable: the database shows neither a key, nor what was asked with it, nor what was answered.
func TestNothingOfAnAnswerIsReadable(t *testing.T) {
	t.Parallel()
	i := testkit.New(t)
	admin := i.Replica().SignIn(t, i.Company("acme").Users[api.RoleAdmin])
	answer := admin.Do(http.MethodPost, "/api/v1/api-keys", map[string]any{"name": "Nightly sync", "scopes": []string{"jobs:read"}},
		"Idempotency-Key", "the-key-of-the-night").Expect(http.StatusCreated)
	secret := testkit.Decode[api.APIKeyWithSecret](answer).Secret
	var kept int
	err := i.Database.QueryRow(t.Context(), `SELECT count(*) FROM idempotency_records AS r, unnest($1::text[]) AS known
		WHERE position(convert_to(known, 'UTF8') IN r.sealed || r.key_hash) > 0`, []string{secret, "the-key-of-the-night", "Nightly sync", "api-keys"}).Scan(&kept)
	if err != nil || kept != 0 {
		t.Errorf("%d of what should be sealed stand there: %v", kept, err)
	}
}

// TestRecordsEndAfterADay: from then on the key is as good as new, whether its record was deleted yet or not.
func TestRecordsEndAfterADay(t *testing.T) {
	t.Parallel()
	i := testkit.New(t)
	hr := i.Replica().SignIn(t, i.Company("acme").Users[api.RoleHr])
	create := func() *testkit.Answer {
		return hr.Do(http.MethodPost, "/api/v1/jobs", map[string]any{"title": "Welder"}, "Idempotency-Key", "night-1").Expect(http.StatusCreated)
	}
	first := create()
	var hours float64
	err := i.Database.QueryRow(t.Context(), `SELECT extract(epoch FROM expires_at - created_at)::float8 / 3600 FROM idempotency_records`).Scan(&hours)
	if err != nil || hours != 24 {
		t.Errorf("a record is kept for %v hours: %v", hours, err)
	}
	i.Exec(`UPDATE idempotency_records SET expires_at = now() - INTERVAL '1 second'`)
	second := create()
	if second.Header.Get("Idempotency-Replayed") != "" || second.Header.Get("Location") == first.Header.Get("Location") {
		t.Error("a key is answered from a record whose time is over")
	}
	i.Exec(`UPDATE idempotency_records SET expires_at = now() - INTERVAL '1 second'`)
	var forgotten int
	if err := i.Database.QueryRow(t.Context(), `SELECT forget_idempotency_records(now(), 10)`).Scan(&forgotten); err != nil || forgotten != 1 {
		t.Errorf("%d records are deleted: %v", forgotten, err)
	}
}
