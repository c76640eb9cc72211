package server_test

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/server/testkit"
)

// TestConnectionLossAtAnyMomentLeavesOneResult cuts the connections to PostgreSQL while a request runs, later in each
// round, so that the cuts fall before, into and after the commit. Whatever the first response was, the repeated request
// succeeds and the operation has run once.
func TestConnectionLossAtAnyMomentLeavesOneResult(t *testing.T) {
	t.Parallel()
	const rounds, step = 40, 150 * time.Microsecond
	i := testkit.New(t)
	proxy := newPostgresProxy(t, i)
	i.Config.RequestTimeout = 2
	hr := i.Company("acme").Users[api.RoleHr]
	c := i.Replica().SignIn(t, hr)
	replayed := 0
	for round := range rounds {
		title := fmt.Sprintf("Welder %d", round)
		send := func() *testkit.Answer {
			return c.Do(http.MethodPost, "/api/v1/jobs", map[string]any{"title": title}, "Idempotency-Key", fmt.Sprint("round-", round))
		}
		first := make(chan *testkit.Answer)
		go func() { first <- send() }()
		cut := time.NewTimer(time.Duration(round) * step)
		<-cut.C
		proxy.Cut()
		answer := <-first
		proxy.Restore()
		var again *testkit.Answer
		testkit.Eventually(t, maxResponseTime, "the repeated request succeeds", func() bool {
			again = send()
			return again.Status == http.StatusCreated
		})
		if again.Header.Get("Idempotency-Replayed") == "true" {
			replayed++
		}
		if answer.Status == http.StatusCreated && answer.Header.Get("Location") != again.Header.Get("Location") {
			t.Errorf("%s: Location of the repeated response: got %s, want %s",
				title, again.Header.Get("Location"), answer.Header.Get("Location"))
		}
		var jobs, entries int
		err := i.Database.QueryRow(t.Context(), `SELECT (SELECT count(*) FROM jobs WHERE title = $1),
			(SELECT count(*) FROM audit_logs WHERE action = 'job.created' AND details->'changes'->'title'->>'to' = $1)`, title).
			Scan(&jobs, &entries)
		if err != nil || jobs != 1 || entries != 1 {
			t.Errorf("%s: got %d jobs and %d audit entries (error %v), want 1 and 1", title, jobs, entries, err)
		}
	}
	t.Logf("%d of %d repeated requests were replayed, the others ran the operation", replayed, rounds)
}

// TestRecordsSurviveSecretRotation checks that a previous secret opens the records that it sealed, and that a request is
// not run again if no secret opens its record.
func TestRecordsSurviveSecretRotation(t *testing.T) {
	t.Parallel()
	i := testkit.New(t)
	acme := i.Company("acme")
	hr := i.Replica().SignIn(t, acme.Users[api.RoleHr])
	create := func(c *testkit.Client) *testkit.Answer {
		return c.Do(http.MethodPost, "/api/v1/jobs", map[string]any{"title": "Welder"}, "Idempotency-Key", "night-1")
	}
	first := create(hr).Expect(http.StatusCreated)
	before := i.Config.SecretKey
	i.Config.SecretKey, i.Config.SecretKeysPrevious = "another secret that is long enough: 51ab", append(i.Config.SecretKeysPrevious, before)
	again := create(i.Replica().SignIn(t, acme.Users[api.RoleHr])).Expect(http.StatusCreated)
	if again.Header.Get("Idempotency-Replayed") != "true" || again.Header.Get("Location") != first.Header.Get("Location") {
		t.Errorf("headers after the rotation: got %v, want a replay with Location %s", again.Header, first.Header.Get("Location"))
	}
	i.Config.SecretKeysPrevious = nil
	create(i.Replica().SignIn(t, acme.Users[api.RoleHr])).Refused(http.StatusConflict, "idempotency_record_lost")
}

// TestRecordsAreEncrypted checks that the database contains neither the key, nor the request, nor the response in plain
// text.
func TestRecordsAreEncrypted(t *testing.T) {
	t.Parallel()
	i := testkit.New(t)
	admin := i.Replica().SignIn(t, i.Company("acme").Users[api.RoleAdmin])
	answer := admin.Do(http.MethodPost, "/api/v1/api-keys", map[string]any{"name": "Nightly sync", "scopes": []string{"jobs:read"}},
		"Idempotency-Key", "nightly-key").Expect(http.StatusCreated)
	secret := testkit.Decode[api.APIKeyWithSecret](answer).Secret
	var records, readable int
	err := i.Database.QueryRow(t.Context(), `SELECT count(DISTINCT r.key_hash),
			count(*) FILTER (WHERE position(convert_to(known, 'UTF8') IN r.sealed || r.key_hash) > 0)
		FROM idempotency_records AS r, unnest($1::text[]) AS known`,
		[]string{secret, "nightly-key", "Nightly sync", "api-keys"}).Scan(&records, &readable)
	if err != nil || records != 1 || readable != 0 {
		t.Errorf("got %d records and %d readable texts (error %v), want 1 and 0", records, readable, err)
	}
}

// TestRecordsExpireAfterOneDay checks that the key can be used again after a day, even if the record is not deleted yet.
func TestRecordsExpireAfterOneDay(t *testing.T) {
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
		t.Errorf("lifetime of a record: got %v hours (error %v), want 24", hours, err)
	}
	i.Exec(`UPDATE idempotency_records SET expires_at = now() - INTERVAL '1 second'`)
	second := create()
	if second.Header.Get("Idempotency-Replayed") != "" || second.Header.Get("Location") == first.Header.Get("Location") {
		t.Errorf("headers after expiry: got %v, want a new job", second.Header)
	}
	i.Exec(`UPDATE idempotency_records SET expires_at = now() - INTERVAL '1 second'`)
	var forgotten int
	if err := i.Database.QueryRow(t.Context(), `SELECT forget_idempotency_records(now(), 10)`).Scan(&forgotten); err != nil || forgotten != 1 {
		t.Errorf("deleted records: got %d (error %v), want 1", forgotten, err)
	}
}
