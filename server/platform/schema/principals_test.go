package schema_test

import (
	"fmt"
	"testing"

	"github.com/google/uuid"

	"github.com/ai-interviewer-platform/interviewer/db/stored"
	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/server/access"
	"github.com/ai-interviewer-platform/interviewer/server/testkit"
)

// insertPrincipal is the statement by which the service inserts a principal.
const insertPrincipal = `INSERT INTO principals (company_id, id, kind) VALUES ($1, $2, $3)`

// TestPrincipals checks the kinds of the principals that triggers insert, and those that the service inserts itself.
func TestPrincipals(t *testing.T) {
	t.Parallel()
	installation := testkit.New(t)
	acme, globex := installation.Company("acme"), installation.Company("globex")
	key := installation.Key(acme, []string{"jobs:read"})
	want := []string{"system " + acme.ID.String(), "api_key " + key.ID.String()}
	for _, user := range acme.Users {
		want = append(want, "user "+user.ID.String())
	}
	conn := service(t, installation, acme.ID)
	const all = `SELECT kind || ' ' || id FROM principals`
	same(t, "principals of triggers", column(t, conn, all), want)
	for _, kind := range access.Kinds() {
		id := uuid.New()
		if kind == access.KindSystem {
			id = acme.ID // which is the only one, and exists
		}
		_, err := conn.Exec(t.Context(), insertPrincipal+` ON CONFLICT DO NOTHING`, acme.ID, id, string(kind))
		if err != nil {
			t.Errorf("insert a principal of the kind %s: %v", kind, err)
		}
		if kind != access.KindSystem {
			want = append(want, string(kind)+" "+id.String())
		}
	}
	same(t, "principals of all kinds", column(t, conn, all), want)
	for name, row := range map[string][]any{
		"unknown kind":                 {acme.ID, uuid.New(), "robot"},
		"no kind":                      {acme.ID, uuid.New(), nil},
		"second system":                {acme.ID, uuid.New(), "system"},
		"user with the company's id":   {acme.ID, acme.ID, "user"},
		"principal of another company": {globex.ID, uuid.New(), "candidate"},
	} {
		if _, err := conn.Exec(t.Context(), insertPrincipal, row...); err == nil {
			t.Errorf("%s: inserted, want an error", name)
		}
	}
	for _, sql := range []string{`UPDATE principals SET kind = 'user'`, `DELETE FROM principals`} {
		if _, err := conn.Exec(t.Context(), sql); err == nil {
			t.Errorf("%s: got no error", sql)
		}
	}
}

// TestHistoryRefersToPrincipals writes rows with actors of every kind, and with one that does not exist.
func TestHistoryRefersToPrincipals(t *testing.T) {
	t.Parallel()
	installation := testkit.New(t)
	acme := installation.Company("acme")
	hiring, rater := installation.Hiring(acme), acme.Users[api.RoleEmployee]
	candidate, job := hiring.Candidate(), hiring.Job(api.JobStatusOpen)
	application := hiring.Application(candidate, job, api.ApplicationStageInterview)
	kit, version := hiring.KitVersion(api.KitVersionStatusPublished)
	interview := hiring.Interview(application, version, api.InterviewStatusCompleted, rater)
	score := hiring.Score(interview, rater, api.ScoreStatusSubmitted, 3)
	conn := service(t, installation, acme.ID)
	ids := map[string]uuid.UUID{"system": acme.ID, "user": rater.ID, "candidate": uuid.New(), "evaluator": uuid.New()}
	for _, kind := range []string{"candidate", "evaluator"} {
		if _, err := conn.Exec(t.Context(), insertPrincipal, acme.ID, ids[kind], kind); err != nil {
			t.Fatal(err)
		}
	}
	ids["nobody"] = uuid.New()
	statements := map[string]string{
		"application_moves": fmt.Sprintf(`INSERT INTO application_moves
			(company_id, id, application_id, job_id, candidate_id, event, to_stage, to_status, actor_id, created_at)
			VALUES ($1, gen_random_uuid(), '%s', '%s', '%s', 'hold', 'interview', 'on_hold', $2, now())`, application, job, candidate),
		"interview_events": fmt.Sprintf(`INSERT INTO interview_events (company_id, id, interview_id, event, to_status, actor_id, created_at)
			VALUES ($1, gen_random_uuid(), '%s', 'complete', 'completed', $2, now())`, interview),
		"score_revisions": fmt.Sprintf(`INSERT INTO score_revisions
			(company_id, id, score_id, revision, event, ratings, coverage, reason, actor_id, created_at)
			VALUES ($1, gen_random_uuid(), '%s', 1, 'reopen', '[]', 0, 'x', $2, now())`, score),
		"interviews": fmt.Sprintf(`INSERT INTO interviews
			(company_id, id, application_id, job_id, candidate_id, kit_version_id, title, kind, created_by, created_at, updated_at)
			VALUES ($1, gen_random_uuid(), '%s', '%s', '%s', '%s', 'x', 'ai', $2, now(), now())`, application, job, candidate, version),
		"kit_versions": fmt.Sprintf(`INSERT INTO kit_versions (company_id, id, kit_id, number, status, content_hash, published_at, published_by,
			archived_at, created_at, updated_at)
			VALUES ($1, gen_random_uuid(), '%s', (SELECT max(number) + 1 FROM kit_versions), 'archived', 'x', now(), $2, now(), now(), now())`, kit),
		"api_keys": `INSERT INTO api_keys (company_id, id, name, prefix, hash, scopes, created_by, created_at, updated_at)
			VALUES ($1, gen_random_uuid(), 'x', 'x', sha256(gen_random_uuid()::text::bytea), '{jobs:read}', $2, now(), now())`,
		"idempotency_records": `INSERT INTO idempotency_records (company_id, principal_id, key_hash, sealed, created_at, expires_at)
			VALUES ($1, $2, sha256('x'), 'x', now(), now())`,
	}
	for table, sql := range statements {
		for who, id := range ids {
			_, err := conn.Exec(t.Context(), sql, acme.ID, id)
			if accepted := err == nil; accepted != (who != "nobody") {
				t.Errorf("%s: actor %s: accepted: %t (error %v)", table, who, accepted, err)
			}
		}
	}
	const entry = `INSERT INTO audit_logs (company_id, id, created_at, actor_type, actor_id, action, resource_type, outcome)
		VALUES ($1, gen_random_uuid(), now(), $2::text::audit_actor, $3, 'x.y', 'x', 'success')`
	for who, id := range ids {
		for _, kind := range access.Kinds() {
			if kind == access.KindAPIKey {
				continue
			}
			_, err := conn.Exec(t.Context(), entry, acme.ID, string(kind), id)
			want := who != "nobody" && (kind == access.KindSystem) == (who == "system")
			if accepted := err == nil; accepted != want {
				t.Errorf("audit entry of %s with the type %s: accepted: %t (error %v)", who, kind, accepted, err)
			}
		}
	}
	// Earlier versions of the service record acts of the system without an id.
	if _, err := conn.Exec(t.Context(), entry, acme.ID, "system", nil); err != nil {
		t.Errorf("audit entry of the system without an id: %v", err)
	}
}

// TestOtherKindsAreBlinded checks that a candidate, an evaluator and the system see nothing by their reach, and with any
// other reach no score of a rater.
func TestOtherKindsAreBlinded(t *testing.T) {
	t.Parallel()
	installation := testkit.New(t)
	acme := installation.Company("acme")
	hiring, rater := installation.Hiring(acme), acme.Users[api.RoleEmployee]
	application := hiring.Application(hiring.Candidate(), hiring.Job(api.JobStatusOpen), api.ApplicationStageInterview)
	_, version := hiring.KitVersion(api.KitVersionStatusPublished)
	interview := hiring.Interview(application, version, api.InterviewStatusCompleted, rater)
	hiring.Score(interview, rater, api.ScoreStatusSubmitted, 3)
	conn := service(t, installation, acme.ID)
	actors := []access.Actor{access.System(acme.ID)}
	for _, kind := range []access.Kind{access.KindCandidate, access.KindEvaluator} {
		actor := access.Actor{Kind: kind, CompanyID: acme.ID, ID: uuid.New(), Role: stored.RoleAdmin}
		if _, err := conn.Exec(t.Context(), insertPrincipal, acme.ID, actor.ID, string(kind)); err != nil {
			t.Fatal(err)
		}
		actors = append(actors, actor)
	}
	for _, actor := range actors {
		for _, name := range functions(t, conn, "visible_") {
			var rows int
			err := conn.QueryRow(t.Context(), `SELECT count(*) FROM `+name+`($1, $2, $3)`, acme.ID, actor.ID, actor.Reach().String()).Scan(&rows)
			if err != nil || rows > 0 {
				t.Errorf("%s sees %d rows of %s (error %v), want 0", actor.Kind, rows, name, err)
			}
		}
		var scores int
		err := conn.QueryRow(t.Context(), `SELECT count(*) FROM visible_scores($1, $2, 'all')`, acme.ID, actor.ID).Scan(&scores)
		if err != nil || scores > 0 {
			t.Errorf("%s with the reach all sees %d scores (error %v), want 0", actor.Kind, scores, err)
		}
	}
}
