package interviews_test

import (
	"net/http"
	"net/url"
	"testing"

	"github.com/google/uuid"

	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/server/testkit"
)

// BenchmarkListInterviews lists pages of a company with 300,000 interviews of 200 jobs: a large job has a third of
// them, a small one has 25. Every order should cost the same for HR, for the leads of both jobs and for an employee,
// and so should filters that match few or many interviews.
func BenchmarkListInterviews(b *testing.B) {
	installation := testkit.New(b)
	replica, acme := installation.Replica(), installation.Company("acme")
	hiring := installation.Hiring(acme)
	_, version := hiring.KitVersion(api.KitVersionStatusPublished)
	employee, hr := acme.Users[api.RoleEmployee], acme.Users[api.RoleHr]
	large, small := installation.User(acme, "large", api.RoleTeamLead), installation.User(acme, "small", api.RoleTeamLead)
	installation.Exec(`INSERT INTO jobs (company_id, id, title, status, created_at, updated_at)
		SELECT $1, lpad(n::text, 32, '0')::uuid, 'Job ' || n, 'open', now(), now() FROM generate_series(1, 200) AS n`, acme.ID)
	installation.Exec(`INSERT INTO candidates (company_id, id, first_name, last_name, created_at, updated_at)
		SELECT $1, lpad(n::text, 32, '0')::uuid, 'First' || n, 'Last', now(), now() FROM generate_series(1, 60000) AS n`, acme.ID)
	installation.Exec(`INSERT INTO applications (company_id, id, candidate_id, job_id, stage_entered_at, created_at, updated_at)
		SELECT $1, lpad(n::text, 32, '0')::uuid, lpad(n::text, 32, '0')::uuid,
			lpad((CASE WHEN n <= 5 THEN 1 WHEN n % 3 = 0 THEN 2 ELSE 3 + n % 198 END)::text, 32, '0')::uuid, now(), now(), now()
		FROM generate_series(1, 60000) AS n`, acme.ID)
	installation.Exec(`INSERT INTO interviews (company_id, id, application_id, job_id, candidate_id, kit_version_id, title, kind, status,
			starts_at, ends_at, timezone, created_by, created_at, updated_at)
		SELECT $1, lpad(n::text, 32, '0')::uuid, a.id, a.job_id, a.candidate_id, $2, 'Interview', 'video',
			CASE WHEN n % 1000 = 0 THEN 'no_show' WHEN n % 20 = 2 THEN 'scheduled' ELSE 'completed' END,
			now() - make_interval(mins => n * 7 % 1000003), now() - make_interval(mins => n * 7 % 1000003 - 60), 'UTC', $3,
			now() - make_interval(mins => n), now() - make_interval(secs => n * 31 % 900001)
		FROM generate_series(1, 300000) AS n
		JOIN applications AS a ON a.company_id = $1 AND a.id = lpad((1 + n % 60000)::text, 32, '0')::uuid`, acme.ID, version, hr.ID)
	installation.Exec(`INSERT INTO interview_panelists (company_id, interview_id, user_id, created_at, updated_at)
		SELECT company_id, id, CASE WHEN status = 'no_show' THEN $2::uuid ELSE $3::uuid END, now(), now() FROM interviews WHERE company_id = $1`,
		acme.ID, employee.ID, hr.ID)
	hiring.Member(uuid.MustParse("00000000-0000-0000-0000-000000000001"), small)
	hiring.Member(uuid.MustParse("00000000-0000-0000-0000-000000000002"), large)
	installation.Exec(`VACUUM ANALYZE`)
	list := func(client *testkit.Client, query url.Values) func(*testing.B) {
		return func(b *testing.B) {
			for b.Loop() {
				client.Get(collection + "?" + query.Encode()).Expect(http.StatusOK)
			}
		}
	}
	clients := map[string]*testkit.Client{}
	for name, user := range map[string]testkit.User{"hr": hr, "large": large, "small": small, "employee": employee} {
		clients[name] = replica.SignIn(b, user)
		for _, sort := range []string{"starts_at", "-starts_at", "created_at", "-created_at", "updated_at", "-updated_at"} {
			b.Run(name+"/"+sort, list(clients[name], url.Values{"sort": {sort}}))
		}
	}
	for name, query := range map[string]url.Values{
		"status/rare": {"status": {"no_show"}}, "status/common": {"status": {"completed"}}, "kind/none": {"kind": {"ai"}},
		"job/small": {"job_id": {"00000000-0000-0000-0000-000000000001"}, "sort": {"-updated_at"}},
		"job/large": {"job_id": {"00000000-0000-0000-0000-000000000002"}, "sort": {"-updated_at"}},
		"candidate": {"candidate_id": {"00000000-0000-0000-0000-000000000009"}}, "panelist": {"panelist_id": {employee.ID.String()}},
		"mine/false": {"mine": {"false"}, "sort": {"-starts_at"}},
	} {
		b.Run(name, list(clients["hr"], query))
	}
}
