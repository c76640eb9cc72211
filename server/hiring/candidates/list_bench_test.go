package candidates_test

import (
	"fmt"
	"net/http"
	"net/url"
	"testing"

	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/server/testkit"
)

// BenchmarkListCandidates lists candidates in a company with half a million of them, as HR, and as team leads of a job
// with 25 and of a job with 100,000 applications. The cost of a page must not grow with the size of the company.
func BenchmarkListCandidates(b *testing.B) {
	const total = 500_000
	installation := testkit.New(b)
	replica, acme := installation.Replica(), installation.Company("acme")
	hiring := installation.Hiring(acme)
	installation.Exec(`
		INSERT INTO candidates
			(company_id, id, first_name, last_name, email, tags, source, status, created_at, updated_at)
		SELECT $1, gen_random_uuid(), (ARRAY['Ada', 'Björn', 'Chloé', 'Élif', '花子'])[1 + i * 7 % 5],
			(ARRAY['Berg', 'Costa', 'Engström', 'Müller', '山田'])[1 + i * 11 % 5] || i % 5003, 'person' || i || '@mail.example',
			ARRAY['skill' || i % 500, CASE WHEN i <= 20000 THEN 'oldest' ELSE 'newer' END], 'source' || i % 9,
			CASE WHEN i % 211 = 10 THEN 'archived' ELSE 'active' END, now() - make_interval(mins => $2 - i),
			now() - make_interval(mins => i * 31 % $2)
		FROM generate_series(1, $2) AS i`, acme.ID, total)
	clients := map[string]*testkit.Client{"hr": replica.SignIn(b, acme.Users[api.RoleHr])}
	for name, every := range map[string]int{"small": 20_000, "large": 5} {
		lead := installation.User(acme, name, api.RoleTeamLead)
		installation.Exec(`INSERT INTO applications (company_id, id, candidate_id, job_id, stage_entered_at, created_at, updated_at)
			SELECT $1, gen_random_uuid(), id, $2, now(), now(), now()
			FROM (SELECT id, row_number() OVER () AS n FROM candidates WHERE company_id = $1) AS c WHERE n % $3 = 0`,
			acme.ID, hiring.Job(api.JobStatusOpen, lead), every)
		clients[name] = replica.SignIn(b, lead)
	}
	installation.Exec(`VACUUM ANALYZE candidates, applications`)
	for user, client := range clients {
		for _, sort := range []string{"created_at", "-created_at", "updated_at", "-updated_at", "name", "-name"} {
			for name, query := range map[string]url.Values{
				"plain": {}, "q=rare": {"q": {"person77777@"}}, "q=common": {"q": {"berg"}}, "q=absent": {"q": {"zzzqqq"}},
				"q=b": {"q": {"b"}}, "q=be": {"q": {"be"}}, "q=zz": {"q": {"zz"}}, "q=花": {"q": {"花"}},
				"q=花子": {"q": {"花子"}}, "tag=rare": {"tag": {"skill7"}}, "tag=oldest": {"tag": {"oldest"}},
				"tag=absent": {"tag": {"nobody"}}, "tag+q": {"tag": {"newer"}, "q": {"costa"}},
				"archived": {"status": {"archived"}}, "source": {"source": {"source7"}},
			} {
				query.Set("sort", sort)
				b.Run(fmt.Sprintf("%s/%s/%s", user, sort, name), func(b *testing.B) {
					for b.Loop() {
						client.Get(collection + "?" + query.Encode()).Expect(http.StatusOK)
					}
				})
			}
		}
	}
}
