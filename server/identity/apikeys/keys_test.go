package apikeys_test

import (
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/server/identity/apikey"
	"github.com/ai-interviewer-platform/interviewer/server/testkit"
)

const (
	collection = "/api/v1/api-keys"
	mine       = collection + "/me"
)

type object = map[string]any

// fixture is a company, its admin and two replicas.
type fixture struct {
	*testkit.Installation
	t             *testing.T
	acme          testkit.Company
	replica, next *testkit.Replica
	admin         *testkit.Client
}

func newFixture(t *testing.T) fixture {
	t.Helper()
	i := testkit.New(t)
	h := fixture{Installation: i, t: t, acme: i.Company("acme"), replica: i.Replica(), next: i.Replica()}
	h.admin = h.replica.SignIn(t, h.acme.Users[api.RoleAdmin])
	return h
}

// create creates a key through the API.
func (h fixture) create(body object) api.APIKeyWithSecret {
	h.t.Helper()
	return testkit.Decode[api.APIKeyWithSecret](h.admin.Post(collection, body).Expect(http.StatusCreated))
}

func (h fixture) as(secret string) *testkit.Client { return h.replica.Bearer(h.t, secret) }

func response(a *testkit.Answer) api.APIKey { return testkit.Decode[api.APIKey](a) }

func at(id uuid.UUID, action ...string) string {
	return strings.Join(append([]string{collection, id.String()}, action...), "/")
}

func TestKeyLifecycle(t *testing.T) {
	t.Parallel()
	h := newFixture(t)
	answer := h.admin.Post(collection, object{"name": " Nightly sync ", "scopes": []string{"jobs:write", "jobs:read"}}).Expect(http.StatusCreated)
	created := testkit.Decode[api.APIKeyWithSecret](answer)
	key := created.APIKey
	if !regexp.MustCompile(`^aip_live_[0-9A-Za-z]{38}$`).MatchString(created.Secret) || !strings.HasPrefix(created.Secret, key.Prefix) ||
		len(key.Prefix) != 17 {
		t.Errorf("secret = %s with the prefix %s, want a live secret and its first 17 characters", created.Secret, key.Prefix)
	}
	if key.Name != "Nightly sync" || key.Mode != api.CompanyModeLive || !slices.Equal(key.Scopes, []api.APIKeyScope{"jobs:read", "jobs:write"}) ||
		!key.JobIds.IsNull() || key.ActsAs != api.RoleHr || key.Status != api.APIKeyStatusActive || !key.LastUsedAt.IsNull() ||
		key.CreatedBy.MustGet() != h.acme.Users[api.RoleAdmin].ID || len(key.AllowedActions) != 3 {
		t.Errorf("key = %+v, want the created one, active and unused", key)
	}
	if got := h.admin.Get(answer.Header.Get("Location")).Expect(http.StatusOK); strings.Contains(string(got.Body), created.Secret[20:]) {
		t.Error("the secret is shown again")
	}

	program := h.as(created.Secret)
	me := response(program.Get(mine).Expect(http.StatusOK))
	if me.ID != key.ID || len(me.AllowedActions) != 0 || me.LastUsedAt.IsNull() {
		t.Errorf("the key reads itself as %+v, want the key %s, used and without allowed actions", me, key.ID)
	}
	job := program.Post("/api/v1/jobs", object{"title": "Welder"}).Expect(http.StatusCreated)
	program.Get(job.Header.Get("Location")).Expect(http.StatusOK)
	program.Get("/api/v1/candidates").Refused(http.StatusForbidden, "permission_denied")
	program.Get("/api/v1/users/me").Refused(http.StatusForbidden, "permission_denied")
	h.admin.Get(mine).Refused(http.StatusForbidden, "permission_denied")

	changed := response(h.admin.Patch(at(key.ID), object{"scopes": []string{"candidates:read"}, "name": "Other"}).Expect(http.StatusOK))
	if changed.Name != "Other" || len(changed.Scopes) != 1 {
		t.Errorf("changed = %+v, want the name Other and one scope", changed)
	}
	program.At(h.next).Get("/api/v1/jobs").Refused(http.StatusForbidden, "permission_denied")
	program.At(h.next).Get("/api/v1/candidates").Expect(http.StatusOK)

	revoked := response(h.admin.Post(at(key.ID, "revoke"), nil).Expect(http.StatusOK))
	if revoked.Status != api.APIKeyStatusRevoked || revoked.RevokedAt.IsNull() || len(revoked.AllowedActions) != 0 {
		t.Errorf("revoked = %+v, want the status revoked, a time and no allowed actions", revoked)
	}
	for _, replica := range []*testkit.Replica{h.replica, h.next} {
		program.At(replica).Get(mine).Refused(http.StatusUnauthorized, "invalid_token")
	}
	for _, send := range []func() *testkit.Answer{
		func() *testkit.Answer { return h.admin.Post(at(key.ID, "revoke"), nil) },
		func() *testkit.Answer { return h.admin.Post(at(key.ID, "rotate"), nil) },
		func() *testkit.Answer { return h.admin.Patch(at(key.ID), object{"name": "x"}) },
	} {
		if p := send().Refused(http.StatusConflict, "state_conflict"); p.State == nil || *p.State != "revoked" {
			t.Errorf("problem = %+v, want the state revoked", p)
		}
	}
	var trail []string
	rows, err := h.Database.Query(t.Context(), `SELECT action || ' ' || actor_type FROM audit_logs WHERE resource_id = $1 OR actor_id = $1
		ORDER BY created_at, id`, key.ID)
	if err != nil {
		t.Fatal(err)
	}
	for rows.Next() {
		var one string
		if err := rows.Scan(&one); err != nil {
			t.Fatal(err)
		}
		trail = append(trail, one)
	}
	want := []string{
		"api_key.created user", "job.created api_key", "access.denied api_key", "access.denied api_key", "api_key.updated user",
		"access.denied api_key", "api_key.revoked user",
	}
	if !slices.Equal(trail, want) {
		t.Errorf("the audit log has %v, want %v", trail, want)
	}
	var leaked int
	err = h.Database.QueryRow(t.Context(), `SELECT count(*) FROM audit_logs AS l WHERE l::text LIKE '%' || $1 || '%'`, created.Secret[17:]).Scan(&leaked)
	if err != nil || leaked != 0 {
		t.Errorf("entries of the audit log with the secret = %d (error %v), want 0", leaked, err)
	}
}

func TestRotationOverlaps(t *testing.T) {
	t.Parallel()
	h := newFixture(t)
	first := h.create(object{"name": "Sync", "scopes": []string{"jobs:read"}})
	rotate := func(overlap any) api.APIKeyWithSecret {
		t.Helper()
		var body any
		if overlap != nil {
			body = object{"overlap_seconds": overlap}
		}
		return testkit.Decode[api.APIKeyWithSecret](h.admin.Post(at(first.APIKey.ID, "rotate"), body).Expect(http.StatusOK))
	}
	second := rotate(nil)
	if until := second.APIKey.PreviousExpiresAt.MustGet(); time.Until(until) < 23*time.Hour || time.Until(until) > 24*time.Hour {
		t.Errorf("the previous secret is valid until %s, want one day", until)
	}
	for _, secret := range []string{first.Secret, second.Secret} {
		if me := response(h.as(secret).At(h.next).Get(mine).Expect(http.StatusOK)); me.ID != first.APIKey.ID {
			t.Errorf("key of the secret = %s, want %s", me.ID, first.APIKey.ID)
		}
	}
	third := rotate(60)
	h.as(first.Secret).Get(mine).Refused(http.StatusUnauthorized, "invalid_token")
	h.as(second.Secret).Get(mine).Expect(http.StatusOK)
	h.Exec(`UPDATE api_keys SET previous_expires_at = now() - INTERVAL '1 second'`)
	h.as(second.Secret).Get(mine).Refused(http.StatusUnauthorized, "invalid_token")
	fourth := rotate(0)
	h.as(third.Secret).Get(mine).Refused(http.StatusUnauthorized, "invalid_token")
	if me := response(h.as(fourth.Secret).Get(mine).Expect(http.StatusOK)); !me.PreviousExpiresAt.IsNull() {
		t.Errorf("previous_expires_at = %v, want null, because the previous secret is not valid", me.PreviousExpiresAt)
	}
	h.admin.Post(at(first.APIKey.ID, "revoke"), nil).Expect(http.StatusOK)
	h.as(fourth.Secret).Get(mine).Refused(http.StatusUnauthorized, "invalid_token")
	for _, overlap := range []any{-1, 604801, 1.5, "60"} {
		h.admin.Post(at(first.APIKey.ID, "rotate"), object{"overlap_seconds": overlap}).Refused(http.StatusBadRequest, "malformed_request")
	}
}

func TestKeyRules(t *testing.T) {
	t.Parallel()
	h := newFixture(t)
	job := h.Hiring(h.acme).Job(api.JobStatusOpen)
	foreign := h.Hiring(h.Company("globex")).Job(api.JobStatusOpen)
	soon := time.Now().Add(time.Hour).UTC().Format(time.RFC3339)
	for name, c := range map[string]struct {
		body   object
		status int
		wrong  string
	}{
		"no scope":           {object{"name": "x", "scopes": []string{}}, 400, "/scopes"},
		"an unknown scope":   {object{"name": "x", "scopes": []string{"jobs:delete"}}, 400, "/scopes/0"},
		"a scope for users":  {object{"name": "x", "scopes": []string{"scores:write"}}, 400, "/scopes/0"},
		"to manage keys":     {object{"name": "x", "scopes": []string{"api_keys:manage"}}, 400, "/scopes/0"},
		"a scope twice":      {object{"name": "x", "scopes": []string{"jobs:read", "jobs:read"}}, 400, "/scopes"},
		"no job":             {object{"name": "x", "scopes": []string{"jobs:read"}, "job_ids": []string{}}, 400, "/job_ids"},
		"a blank name":       {object{"name": " \t", "scopes": []string{"jobs:read"}}, 422, "/name"},
		"a past expiry":      {object{"name": "x", "scopes": []string{"jobs:read"}, "expires_at": "2020-01-01T00:00:00Z"}, 422, "/expires_at"},
		"a distant expiry":   {object{"name": "x", "scopes": []string{"jobs:read"}, "expires_at": "2199-01-01T00:00:00Z"}, 422, "/expires_at"},
		"a scope for tests":  {object{"name": "x", "scopes": []string{"users:create"}}, 422, "/scopes/0"},
		"to override":        {object{"name": "x", "scopes": []string{"interviews:override"}}, 400, "/scopes/0"},
		"an unknown job":     {object{"name": "x", "scopes": []string{"jobs:read"}, "job_ids": []uuid.UUID{job, uuid.New()}}, 422, "/job_ids/1"},
		"a foreign job":      {object{"name": "x", "scopes": []string{"jobs:read"}, "job_ids": []uuid.UUID{foreign}}, 422, "/job_ids/0"},
		"beyond its jobs":    {object{"name": "x", "scopes": []string{"jobs:read", "candidates:write"}, "job_ids": []uuid.UUID{job}}, 422, "/scopes/1"},
		"everything allowed": {object{"name": "x", "scopes": []string{"jobs:read"}, "job_ids": []uuid.UUID{job}, "expires_at": soon}, 201, ""},
	} {
		t.Run(name, func(t *testing.T) {
			answer := h.admin.In(t).Post(collection, c.body)
			if answer.Status != c.status {
				t.Errorf("status = %d, want %d: %s", answer.Status, c.status, answer.Body)
				return
			}
			if c.wrong != "" {
				problem := testkit.Decode[api.Problem](answer)
				if len(problem.Errors) != 1 || *problem.Errors[0].Pointer != c.wrong {
					t.Errorf("errors = %+v, want one at %s", problem.Errors, c.wrong)
				}
			}
		})
	}
	limited := h.create(object{"name": "x", "scopes": []string{"jobs:read"}, "job_ids": []uuid.UUID{job}})
	refused := func(patch object, wrong string) {
		t.Helper()
		problem := h.admin.Patch(at(limited.APIKey.ID), patch).Refused(http.StatusUnprocessableEntity, "rule_violated")
		if len(problem.Errors) != 1 || *problem.Errors[0].Pointer != wrong {
			t.Errorf("%v: errors = %+v, want one at %s", patch, problem.Errors, wrong)
		}
	}
	// The scopes are stored in another order than in the request. The pointer refers to the request.
	refused(object{"scopes": []string{"jobs:read", "interviews:read", "candidates:write"}}, "/scopes/2")
	refused(object{"job_ids": []uuid.UUID{job, uuid.New()}}, "/job_ids/1")
	h.admin.Patch(at(limited.APIKey.ID), object{"scopes": []string{"candidates:write"}, "job_ids": nil}).Expect(http.StatusOK)
	refused(object{"job_ids": []uuid.UUID{job}}, "/job_ids")
	h.admin.Patch(at(limited.APIKey.ID), object{}).Refused(http.StatusBadRequest, "malformed_request")
}

// TestExpiry shows that a key is refused after its expiry, and accepted again when it gets another expiry.
func TestExpiry(t *testing.T) {
	t.Parallel()
	h := newFixture(t)
	end := time.Now().Add(time.Hour).UTC().Truncate(time.Microsecond).Add(time.Nanosecond)
	key := h.create(object{"name": "x", "scopes": []string{"jobs:read"}, "expires_at": end})
	h.as(key.Secret).Get(mine).Expect(http.StatusOK)
	before := h.admin.Get(at(key.APIKey.ID)).Expect(http.StatusOK).Header.Get("ETag")
	same := h.admin.Patch(at(key.APIKey.ID), object{"expires_at": end}).Expect(http.StatusOK)
	if after := same.Header.Get("ETag"); after != before {
		t.Errorf("ETag after setting the same expiry = %s, want %s", after, before)
	}
	h.Exec(`UPDATE api_keys SET expires_at = now() - INTERVAL '1 second'`)
	h.as(key.Secret).Get(mine).Refused(http.StatusUnauthorized, "invalid_token")
	expired := response(h.admin.Get(at(key.APIKey.ID)).Expect(http.StatusOK))
	if expired.Status != api.APIKeyStatusExpired || len(expired.AllowedActions) != 3 {
		t.Errorf("expired = %+v, want the status expired and 3 allowed actions", expired)
	}
	h.admin.Patch(at(key.APIKey.ID), object{"name": "An expired key can be renamed"}).Expect(http.StatusOK)
	h.admin.Patch(at(key.APIKey.ID), object{"expires_at": nil}).Expect(http.StatusOK)
	h.as(key.Secret).Get(mine).Expect(http.StatusOK)
}

func TestInvalidSecrets(t *testing.T) {
	t.Parallel()
	h := newFixture(t)
	key := h.create(object{"name": "x", "scopes": []string{"jobs:read"}})
	other := string(apikey.New(api.CompanyModeLive))
	typo := []byte(key.Secret)
	typo[20]++
	for name, secret := range map[string]string{
		"a typing error": string(typo), "unknown": other, "of another mode": string(apikey.New(api.CompanyModeTest)),
		"cut": key.Secret[:46], "longer": key.Secret + "a", "another case": strings.ToUpper(key.Secret), "only its prefix": key.APIKey.Prefix,
		"unknown mode": "aip_prod_" + key.Secret[9:], "empty": "aip_",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			answer := h.replica.Bearer(t, secret).Get(mine)
			answer.Refused(http.StatusUnauthorized, "invalid_token")
			if answer.Header.Get("WWW-Authenticate") == "" {
				t.Error("the 401 has no WWW-Authenticate header")
			}
		})
	}
	h.Exec(`UPDATE companies SET is_active = false WHERE id = $1`, h.acme.ID)
	h.as(key.Secret).Get(mine).Refused(http.StatusUnauthorized, "invalid_token")
}

// TestKeyLimit creates keys at the same time near the limit.
func TestKeyLimit(t *testing.T) {
	t.Parallel()
	h := newFixture(t)
	h.Exec(`INSERT INTO api_keys (company_id, id, name, prefix, hash, scopes, created_at, updated_at)
		SELECT $1, gen_random_uuid(), 'x', 'aip_live_x', sha256(n::text::bytea), '{jobs:read}', now(), now() FROM generate_series(1, 98) AS n`, h.acme.ID)
	var all sync.WaitGroup
	statuses := make([]int, 6)
	for n := range statuses {
		all.Go(func() {
			statuses[n] = h.admin.At([]*testkit.Replica{h.replica, h.next}[n%2]).
				Post(collection, object{"name": fmt.Sprint(n), "scopes": []string{"jobs:read"}}).Status
		})
	}
	all.Wait()
	slices.Sort(statuses)
	if !slices.Equal(statuses, []int{201, 201, 409, 409, 409, 409}) {
		t.Errorf("statuses of six requests at the same time = %v, want 201 twice and 409 four times", statuses)
	}
}

// TestLimitedKey shows that a key that is limited to a job sees only what belongs to the job, in a test company as in a
// live one.
func TestLimitedKey(t *testing.T) {
	t.Parallel()
	t.Run("live", func(t *testing.T) {
		t.Parallel()
		testLimitedKey(t, newFixture(t))
	})
	t.Run("test", func(t *testing.T) {
		t.Parallel()
		h := newFixture(t)
		h.Exec(`UPDATE companies SET test_of = $2 WHERE id = $1`, h.acme.ID, h.Company("parent").ID)
		testLimitedKey(t, h)
	})
}

func testLimitedKey(t *testing.T, h fixture) {
	t.Helper()
	hiring, rater := h.Hiring(h.acme), h.acme.Users[api.RoleEmployee]
	arrange := func() (ids map[string]uuid.UUID) {
		ids = map[string]uuid.UUID{"jobs": hiring.Job(api.JobStatusOpen), "candidates": hiring.Candidate()}
		ids["applications"] = hiring.Application(ids["candidates"], ids["jobs"], api.ApplicationStageInterview)
		kit, version := hiring.KitVersion(api.KitVersionStatusPublished)
		h.Exec(`UPDATE kits SET job_id = $2 WHERE id = $1`, kit, ids["jobs"])
		ids["kits"] = kit
		ids["interviews"] = hiring.Interview(ids["applications"], version, api.InterviewStatusCompleted, rater)
		ids["scores"] = hiring.Score(ids["interviews"], rater, api.ScoreStatusSubmitted, 4)
		return ids
	}
	ours, theirs := arrange(), arrange()
	key := h.create(object{
		"name": "Board", "job_ids": []uuid.UUID{ours["jobs"]},
		"scopes": []string{"jobs:read", "candidates:read", "applications:read", "applications:move", "kits:read", "interviews:read", "scores:read", "reports:read"},
	})
	if key.APIKey.ActsAs != api.RoleTeamLead {
		t.Errorf("the key acts as %s, want team_lead", key.APIKey.ActsAs)
	}
	program := h.as(key.Secret)
	for kind, id := range ours {
		one := program.Get("/api/v1/" + kind + "/" + id.String())
		one.Expect(http.StatusOK)
		program.Get("/api/v1/"+kind+"/"+theirs[kind].String()).Refused(http.StatusNotFound, "not_found")
		listed := string(program.Get("/api/v1/" + kind).Expect(http.StatusOK).Body)
		if !strings.Contains(listed, id.String()) || strings.Contains(listed, theirs[kind].String()) {
			t.Errorf("list of %s = %s, want %s and not %s", kind, listed, id, theirs[kind])
		}
	}
	for _, path := range []string{"/api/v1/jobs/%s/pipeline", "/api/v1/jobs/%s/members"} {
		program.Get(fmt.Sprintf(path, ours["jobs"])).Expect(http.StatusOK)
		program.Get(fmt.Sprintf(path, theirs["jobs"])).Refused(http.StatusNotFound, "not_found")
	}
	for _, kind := range []string{"candidates", "applications", "scores"} {
		exported := string(program.Get("/api/v1/" + kind + "/export").Expect(http.StatusOK).Body)
		if !strings.Contains(exported, ours[kind].String()) || strings.Contains(exported, theirs[kind].String()) {
			t.Errorf("export of %s = %s, want %s and not %s", kind, exported, ours[kind], theirs[kind])
		}
	}
	move := func(id uuid.UUID, to string) *testkit.Answer {
		return program.Post("/api/v1/applications/"+id.String()+"/move", object{"to": to})
	}
	move(theirs["applications"], "evaluation").Refused(http.StatusNotFound, "not_found")
	move(ours["applications"], "offer").Refused(http.StatusForbidden, "role_not_allowed") // only HR may skip a stage
	moved := testkit.Decode[api.Application](move(ours["applications"], "evaluation").Expect(http.StatusOK))
	history := testkit.Decode[api.ApplicationMovePage](program.Get("/api/v1/applications/" + moved.ID.String() + "/history").Expect(http.StatusOK))
	if last := history.Data[len(history.Data)-1]; last.Actor != (api.ActorSummary{ID: key.APIKey.ID, Type: "api_key", Name: "Board"}) {
		t.Errorf("the move was made by %+v, want the key %s with the name Board", last.Actor, key.APIKey.ID)
	}
}

func TestListAPIKeys(t *testing.T) {
	t.Parallel()
	h := newFixture(t)
	for n := range 5 {
		h.create(object{"name": fmt.Sprint("Key ", n), "scopes": []string{"jobs:read"}})
	}
	page := testkit.Decode[api.APIKeyPage](h.admin.Get(collection + "?limit=2").Expect(http.StatusOK))
	h.admin.Post(at(page.Data[0].ID, "revoke"), nil).Expect(http.StatusOK)
	var names []string
	query := "?limit=2"
	for {
		page = testkit.Decode[api.APIKeyPage](h.replica.SignIn(t, h.acme.Users[api.RoleHr]).Get(collection + query).Expect(http.StatusOK))
		for _, key := range page.Data {
			names = append(names, key.Name)
			if len(key.AllowedActions) != 0 {
				t.Errorf("actions offered to HR = %v, want none", key.AllowedActions)
			}
		}
		if !page.HasMore {
			break
		}
		query = "?limit=2&cursor=" + page.NextCursor.MustGet()
	}
	if !slices.Equal(names, []string{"Key 4", "Key 3", "Key 2", "Key 1", "Key 0"}) {
		t.Errorf("names = %v, want Key 4 to Key 0", names)
	}
	for query, want := range map[string]int{"?is_revoked=true": 1, "?is_revoked=false": 4} {
		t.Run(query, func(t *testing.T) {
			t.Parallel()
			if got := testkit.Decode[api.APIKeyPage](h.admin.In(t).Get(collection + query).Expect(http.StatusOK)); len(got.Data) != want {
				t.Errorf("%d keys, want %d", len(got.Data), want)
			}
		})
	}
}

// TestKeyOfDeletedJob shows that a key loses a deleted job, can be changed then, and is still limited to jobs when all of
// them were deleted.
func TestKeyOfDeletedJob(t *testing.T) {
	t.Parallel()
	h := newFixture(t)
	hiring := h.Hiring(h.acme)
	stays, goes := hiring.Job(api.JobStatusOpen), hiring.Job(api.JobStatusOpen)
	key := h.create(object{"name": "Board", "scopes": []string{"jobs:read"}, "job_ids": []uuid.UUID{stays, goes}})
	h.Exec(`DELETE FROM jobs WHERE id = $1`, goes)
	changed := response(h.admin.Patch(at(key.APIKey.ID), object{"name": "Wall"}).Expect(http.StatusOK))
	if changed.Name != "Wall" || !slices.Equal(changed.JobIds.MustGet(), []uuid.UUID{stays}) {
		t.Errorf("changed = %+v, want the name Wall and the job %s", changed, stays)
	}
	h.admin.Patch(at(key.APIKey.ID), object{"scopes": []string{"jobs:read", "kits:read"}}).Expect(http.StatusOK)
	problem := h.admin.Patch(at(key.APIKey.ID), object{"job_ids": []uuid.UUID{goes, stays}}).Refused(http.StatusUnprocessableEntity, "rule_violated")
	if len(problem.Errors) != 1 || *problem.Errors[0].Pointer != "/job_ids/0" {
		t.Errorf("errors = %+v, want one at /job_ids/0", problem.Errors)
	}
	h.admin.Patch(at(key.APIKey.ID), object{"job_ids": []uuid.UUID{stays}}).Expect(http.StatusOK)

	h.Exec(`DELETE FROM jobs WHERE id = $1`, stays)
	changed = response(h.admin.Patch(at(key.APIKey.ID), object{"name": "Hall"}).Expect(http.StatusOK))
	if jobs, err := changed.JobIds.Get(); err != nil || len(jobs) != 0 || changed.ActsAs != api.RoleTeamLead {
		t.Errorf("after the deletion of all jobs: job_ids = %v (error %v), acts_as = %s, want an empty list and %s",
			jobs, err, changed.ActsAs, api.RoleTeamLead)
	}
	hiring.Job(api.JobStatusOpen)
	seen := testkit.Decode[api.JobPage](h.replica.Bearer(t, key.Secret).Get("/api/v1/jobs").Expect(http.StatusOK))
	if len(seen.Data) != 0 {
		t.Errorf("the key sees %d jobs, want none", len(seen.Data))
	}
	changed = response(h.admin.Patch(at(key.APIKey.ID), object{"job_ids": nil}).Expect(http.StatusOK))
	if !changed.JobIds.IsNull() {
		t.Errorf("job_ids = %v, want null", changed.JobIds)
	}
}

// TestChangeWaitsForAnother changes the jobs of a key while another transaction replaces them. The change must see the jobs of
// that transaction, or it would find nothing to change.
func TestChangeWaitsForAnother(t *testing.T) {
	t.Parallel()
	h := newFixture(t)
	hiring := h.Hiring(h.acme)
	wanted, other := hiring.Job(api.JobStatusOpen), hiring.Job(api.JobStatusOpen)
	key := h.create(object{"name": "Board", "scopes": []string{"jobs:read"}, "job_ids": []uuid.UUID{wanted}})
	another, err := h.Connect().Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, sql := range []string{
		`UPDATE api_keys SET version = version + 1 WHERE id = $1`, `UPDATE api_key_jobs SET job_id = $2 WHERE api_key_id = $1`,
	} {
		if _, err := another.Exec(t.Context(), sql, []any{key.APIKey.ID, other}[:strings.Count(sql, "$")]...); err != nil {
			t.Fatal(err)
		}
	}
	answers := make(chan *testkit.Answer, 1)
	go func() { answers <- h.admin.Patch(at(key.APIKey.ID), object{"job_ids": []uuid.UUID{wanted}}) }()
	testkit.Eventually(t, time.Minute, "the change waits for the lock", func() bool {
		var waiting bool
		err := h.Database.QueryRow(t.Context(), `SELECT EXISTS (SELECT FROM pg_stat_activity
			WHERE datname = current_database() AND wait_event_type = 'Lock')`).Scan(&waiting)
		return err == nil && waiting
	})
	if err := another.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	(<-answers).Expect(http.StatusOK)
	saved := response(h.admin.Get(at(key.APIKey.ID)).Expect(http.StatusOK))
	if got := saved.JobIds.MustGet(); !slices.Equal(got, []uuid.UUID{wanted}) || saved.ActsAs != api.RoleTeamLead {
		t.Errorf("jobs = %v, want %s", got, wanted)
	}
}

// TestJobsKeepTheirOrder shows that a key lists its jobs in the order of the request that set them.
func TestJobsKeepTheirOrder(t *testing.T) {
	t.Parallel()
	h := newFixture(t)
	hiring := h.Hiring(h.acme)
	a, b, c := hiring.Job(api.JobStatusOpen), hiring.Job(api.JobStatusOpen), hiring.Job(api.JobStatusOpen)
	key := h.create(object{"name": "Board", "scopes": []string{"jobs:read"}, "job_ids": []uuid.UUID{b, c, a}})
	program := h.as(key.Secret)
	expect := func(what string, got api.APIKey, want ...uuid.UUID) {
		t.Helper()
		stored, mine := response(h.admin.Get(at(key.APIKey.ID))), response(program.Get(mine))
		listed := testkit.Decode[api.APIKeyPage](h.admin.Get(collection).Expect(http.StatusOK)).Data
		for where, shown := range map[string]api.APIKey{"response": got, "GetAPIKey": stored, "GetMyAPIKey": mine, "ListAPIKeys": listed[0]} {
			if jobs := shown.JobIds.MustGet(); !slices.Equal(jobs, want) {
				t.Errorf("%s: %s has the jobs %v, want %v", what, where, jobs, want)
			}
		}
	}
	expect("created", key.APIKey, b, c, a)
	for _, jobs := range [][]uuid.UUID{{a, b, c}, {c, b}, {a, c}} {
		changed := response(h.admin.Patch(at(key.APIKey.ID), object{"job_ids": jobs}).Expect(http.StatusOK))
		expect("changed", changed, jobs...)
	}
	version := h.admin.Get(at(key.APIKey.ID)).Header.Get("ETag")
	if same := h.admin.Patch(at(key.APIKey.ID), object{"job_ids": []uuid.UUID{a, c}}).Expect(http.StatusOK); same.Header.Get("ETag") != version {
		t.Errorf("ETag after a patch without changes = %s, want %s", same.Header.Get("ETag"), version)
	}
}
