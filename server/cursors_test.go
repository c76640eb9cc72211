package server_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/server/edge/gate"
	"github.com/ai-interviewer-platform/interviewer/server/platform/config"
	"github.com/ai-interviewer-platform/interviewer/server/testkit"
)

// TestCursorsSurviveRotations gets a cursor of every list that an API key can read, and continues with it after the key was
// rotated, at a replica whose SECRET_KEY was replaced. Without the former SECRET_KEY, the cursor is refused.
func TestCursorsSurviveRotations(t *testing.T) {
	t.Parallel()
	installation := testkit.New(t)
	acme := installation.Company("acme")
	replica := installation.Replica()
	first := installation.Config.SecretKey
	installation.Config.SecretKey = "the next key, as long as a key must be: b8"
	installation.Config.SecretKeysPrevious = []config.Secret{first}
	next := installation.Replica()
	installation.Config.SecretKeysPrevious = nil
	forgetful := installation.Replica()

	contract := loadContract(t)
	seed := &fixture{t, installation, replica, acme, acme.Users[api.RoleHr], replica.SignIn(t, acme.Users[api.RoleHr])}
	ids := listedTwice(seed)
	admin := replica.SignIn(t, acme.Users[api.RoleAdmin])
	key := installation.Key(acme, contract.Scopes())
	old := replica.Bearer(t, key.Secret.Reveal())
	operations, paths, cursors := specifiedOperations(t), map[string]string{}, map[string]string{}
	for _, op := range contract.Operations() {
		if !operations[op.ID].hasParameter("query", "cursor") || op.Keys != gate.KeyReachJobs && op.Keys != gate.KeyReachCompany {
			continue
		}
		path := pathOf(op, ids)
		answer := old.Get(path + "?limit=1")
		cursor, _ := testkit.Decode[map[string]any](answer.Expect(http.StatusOK))["next_cursor"].(string)
		if cursor == "" {
			t.Errorf("%s: got no cursor, want one: the list has only one entry", op.ID)
			continue
		}
		paths[op.ID], cursors[op.ID] = path, cursor
	}
	rotated := testkit.Decode[api.APIKeyWithSecret](admin.Post("/api/v1/api-keys/"+key.ID.String()+"/rotate", nil).Expect(http.StatusOK))
	for id, cursor := range cursors {
		t.Run(id, func(t *testing.T) {
			t.Parallel()
			following := paths[id] + "?" + url.Values{"limit": {"1"}, "cursor": {cursor}}.Encode()
			before := replica.Bearer(t, rotated.Secret).Get(following).Expect(http.StatusOK)
			after := next.Bearer(t, rotated.Secret).Get(following).Expect(http.StatusOK)
			if id == "FollowEvents" {
				return // The clock is part of its positions.
			}
			a, b := testkit.Decode[map[string]any](before)["data"], testkit.Decode[map[string]any](after)["data"]
			if len(a.([]any)) != 1 || len(b.([]any)) != 1 {
				t.Errorf("got %d entries with the former SECRET_KEY and %d with the next one, want 1 of each", len(a.([]any)), len(b.([]any)))
			}
			forgetful.Bearer(t, rotated.Secret).Get(following).Refused(http.StatusBadRequest, "invalid_cursor")
		})
	}
	if len(cursors) < 12 {
		t.Errorf("got %d lists, want at least 12", len(cursors))
	}
}

// listedTwice creates resources such that every list has at least two entries, and returns their ids by the names of path
// parameters.
func listedTwice(s *fixture) map[string]string {
	s.t.Helper()
	s.newApplication()
	for range 2 {
		s.client.Get("/api/v1/candidates/export").Expect(http.StatusOK) // an entry of the audit log
	}
	var ids map[string]string
	for range 2 {
		ids = hiringIDs(s)
	}
	for range 2 {
		merged := s.newPair().body
		s.client.Post("/api/v1/candidates/"+ids["candidate_id"]+"/merge", merged).Expect(http.StatusOK)
	}
	member := s.newEmployee()
	for _, sql := range []string{
		`INSERT INTO job_members (company_id, job_id, user_id, role, created_at, updated_at)
			SELECT j.company_id, j.id, u.id, 'recruiter', now(), now() FROM jobs AS j JOIN users AS u ON u.company_id = j.company_id
			ON CONFLICT DO NOTHING`,
		`INSERT INTO application_moves (company_id, id, application_id, job_id, candidate_id, event, to_stage, to_status, actor_id, created_at)
			SELECT a.company_id, gen_random_uuid(), a.id, a.job_id, a.candidate_id, 'apply', 'applied', 'active', u.id, now()
			FROM applications AS a JOIN users AS u ON u.company_id = a.company_id`,
		`INSERT INTO interview_events (company_id, id, interview_id, event, to_status, created_at)
			SELECT company_id, gen_random_uuid(), id, 'create', 'draft', now() FROM interviews, generate_series(1, 2)`,
		`UPDATE interviews SET status = 'completed', completed_at = now()`,
		`INSERT INTO score_revisions (company_id, id, score_id, revision, event, ratings, coverage, reason, actor_id, created_at)
			SELECT company_id, gen_random_uuid(), id, n, 'reopen', '[]', 0, 'x', rater_id, now() FROM scores, generate_series(1, 2) AS n`,
		`INSERT INTO kit_versions (company_id, id, kit_id, number, created_at, updated_at)
			SELECT company_id, gen_random_uuid(), id, 7, now(), now() FROM kits`,
	} {
		s.installation.Exec(strings.TrimSpace(sql))
	}
	ids["user_id"] = member.ID.String()
	return ids
}
