package reports_test

import (
	"net/http"
	"testing"

	"github.com/google/uuid"

	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/server/testkit"
)

// BenchmarkReports requests the reports of a company with 200,000 applications to one job and 1,000 to another, 4,000
// interviewers, and one interview for every second application.
func BenchmarkReports(b *testing.B) {
	installation := testkit.New(b)
	acme := installation.Company("acme")
	hiring := installation.Hiring(acme)
	large, small := hiring.Job(api.JobStatusOpen), hiring.Job(api.JobStatusOpen, acme.Users[api.RoleTeamLead])
	_, version := hiring.KitVersion(api.KitVersionStatusPublished)
	installation.Exec(`INSERT INTO users (company_id, id, email, password_hash, first_name, last_name)
		SELECT $1, md5('user' || i)::uuid, 'u' || i || '@acme.test', '', 'First' || i % 97, 'Last' || i % 5003
		FROM generate_series(1, 4000) AS i`, acme.ID)
	installation.Exec(`INSERT INTO candidates (company_id, id, first_name, last_name, created_at, updated_at)
		SELECT $1, md5('candidate' || i)::uuid, 'First', 'Last', now(), now() FROM generate_series(1, 200000) AS i`, acme.ID)
	for job, applications := range map[uuid.UUID]int{large: 200_000, small: 1000} {
		seed(installation, acme, job, version, applications)
	}
	installation.Exec(`VACUUM ANALYZE`)
	replica := installation.Replica()
	hr, lead := replica.SignIn(b, acme.Users[api.RoleHr]), replica.SignIn(b, acme.Users[api.RoleTeamLead])
	for name, request := range map[string]struct {
		client *testkit.Client
		path   string
	}{
		"pipeline/large":         {hr, path(large, "pipeline")},
		"pipeline/small":         {lead, path(small, "pipeline")},
		"interviewers/all":       {hr, interviewers},
		"interviewers/200":       {hr, interviewers + "?limit=200"},
		"interviewers/large":     {hr, interviewers + "?job_id=" + large.String()},
		"interviewers/small":     {hr, interviewers + "?job_id=" + small.String()},
		"interviewers/team_lead": {lead, interviewers},
	} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				request.client.Get(request.path).Expect(http.StatusOK)
			}
		})
	}
}

// seed inserts applications to a job in all stages, and for every second one an interview with two scores.
func seed(installation *testkit.Installation, company testkit.Company, job, version uuid.UUID, applications int) {
	const stages = `ARRAY['applied', 'screening', 'interview', 'evaluation', 'offer', 'hired']`
	hr := company.Users[api.RoleHr].ID
	installation.Exec(`INSERT INTO applications
			(company_id, id, candidate_id, job_id, stage, furthest_stage, status, stage_entered_at, created_at, updated_at)
		SELECT $1, md5($2::text || i)::uuid, md5('candidate' || i)::uuid, $2::text::uuid, (`+stages+`)[1 + i % 6], (`+stages+`)[1 + i % 6],
			CASE i % 6 WHEN 5 THEN 'hired' WHEN 3 THEN 'withdrawn' ELSE 'active' END, now(), now() - make_interval(secs => i), now()
		FROM generate_series(1, $3::integer) AS i`, company.ID, job.String(), applications)
	installation.Exec(`INSERT INTO application_moves (company_id, id, application_id, job_id, candidate_id, event, from_stage, to_stage,
			from_status, to_status, seconds, actor_id, created_at)
		SELECT a.company_id, gen_random_uuid(), a.id, a.job_id, a.candidate_id, 'advance', (`+stages+`)[s], (`+stages+`)[s + 1],
			'active', 'active', (random() * 2000000)::bigint, $3, now()
		FROM applications AS a, generate_series(1, 5) AS s
		WHERE a.company_id = $1 AND a.job_id = $2 AND s < array_position(`+stages+`, a.furthest_stage::text)`, company.ID, job, hr)
	installation.Exec(`INSERT INTO interviews (company_id, id, application_id, job_id, candidate_id, kit_version_id, title, kind, status,
			starts_at, ends_at, timezone, finished_at, created_by, created_at, updated_at)
		SELECT $1, md5('interview' || $2::text || i)::uuid, md5($2::text || i)::uuid, $2::text::uuid, md5('candidate' || i)::uuid, $4, 'Interview',
			'video', CASE i % 5 WHEN 0 THEN 'scheduled' ELSE 'completed' END, now() - INTERVAL '1 hour', now(), 'UTC', now(), $5, now(), now()
		FROM generate_series(2, $3::integer, 2) AS i`, company.ID, job.String(), applications, version, hr)
	installation.Exec(`INSERT INTO interview_panelists (company_id, interview_id, user_id, created_at, updated_at)
		SELECT $1, md5('interview' || $2::text || i)::uuid, md5('user' || 1 + (i * 31 + k) % 4000)::uuid, now(), now()
		FROM generate_series(2, $3::integer, 2) AS i, generate_series(1, 2) AS k`, company.ID, job.String(), applications)
	installation.Exec(`INSERT INTO scores (company_id, id, interview_id, application_id, job_id, rater_id, status, recommendation,
			submitted_at, created_at, updated_at)
		SELECT i.company_id, gen_random_uuid(), i.id, i.application_id, i.job_id, f.user_id, 'submitted', 'yes',
			now() + random() * INTERVAL '3 days', now(), now()
		FROM interviews AS i JOIN interview_panelists AS f ON f.company_id = i.company_id AND f.interview_id = i.id
		WHERE i.company_id = $1 AND i.job_id = $2 AND i.status = 'completed'`, company.ID, job)
}
