package users_test

import (
	"fmt"
	"net/http"
	"net/url"
	"testing"

	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/server/testkit"
)

// BenchmarkListUsers lists pages of a company with 500,000 users; 20 companies share the table. The first page and a page
// far behind it must cost the same, as must every sort order and filters with few and many matches.
func BenchmarkListUsers(b *testing.B) {
	installation := testkit.New(b)
	replica := installation.Replica()
	companies := make([]testkit.Company, 20)
	for i := range companies {
		companies[i] = installation.Company(fmt.Sprintf("c%d", i))
	}
	for i, company := range companies {
		n := 26_000
		if i == 0 {
			n = 500_000
		}
		installation.Exec(`INSERT INTO users (company_id, id, email, password_hash, first_name, last_name, role, department, is_active, created_at, updated_at)
			SELECT $1, gen_random_uuid(), 'user' || i || '@' || $2 || '.test', '', (ARRAY['Ada', 'Björn', 'Chloé', 'Élif', 'Hana'])[1 + i * 7 % 5],
				(ARRAY['Berg', 'Costa', 'Engström', 'Müller'])[1 + i * 11 % 4] || i % 5003, CASE WHEN i % 1000 = 2 THEN 'hr' ELSE 'employee' END,
				CASE WHEN i % 50021 = 8 THEN 'Rare' ELSE 'D' || i % 41 END, i % 211 <> 10,
				now() - make_interval(secs => i), now() - make_interval(secs => i * 31 % 900001)
			FROM generate_series(1, $3) AS i`, company.ID, company.Slug, n)
	}
	installation.Exec(`VACUUM ANALYZE users`)
	hr := replica.SignIn(b, companies[0].Users[api.RoleHr])
	conn := installation.Connect()
	ask := func(b *testing.B, query url.Values) {
		for b.Loop() {
			hr.Get(collection + "?" + query.Encode()).Expect(http.StatusOK)
		}
	}
	for _, sort := range []string{"created_at", "-created_at", "updated_at", "-updated_at", "name", "-name", "email", "-email"} {
		b.Run("first/"+sort, func(b *testing.B) { ask(b, url.Values{"sort": {sort}}) })
	}
	for name, query := range map[string]url.Values{
		"role/rare": {"role": {"admin"}}, "role/common": {"role": {"employee"}}, "inactive": {"is_active": {"false"}},
		"department/rare": {"department": {"Rare"}}, "department/common": {"department": {"D2"}}, "department/none": {"department": {"none"}},
		"q/common": {"q": {"engstr"}}, "q/rare": {"q": {"user477777@"}}, "q/none": {"q": {"zzzzzz"}}, "q/short": {"q": {"be"}},
	} {
		b.Run(name, func(b *testing.B) { ask(b, query) })
	}
	// After 40,000 users by cursor, and after 90% of the users by time.
	b.Run("deep/updated_at", func(b *testing.B) {
		var since string
		err := conn.QueryRow(b.Context(), `SELECT to_char(percentile_disc(0.9) WITHIN GROUP (ORDER BY updated_at) AT TIME ZONE 'UTC',
			'YYYY-MM-DD"T"HH24:MI:SS"Z"') FROM users WHERE company_id = $1`, companies[0].ID).Scan(&since)
		if err != nil {
			b.Fatal(err)
		}
		ask(b, url.Values{"sort": {"updated_at"}, "updated_since": {since}})
	})
	b.Run("deep/name", func(b *testing.B) {
		query := url.Values{"sort": {"name"}, "limit": {"200"}}
		for range 200 {
			query.Set("cursor", *list(hr, query).NextCursor)
		}
		query.Del("limit")
		ask(b, query)
	})
}
