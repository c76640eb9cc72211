package candidates_test

import (
	"cmp"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/server/testkit"
)

// insertCandidates inserts n candidates with equal sort keys: the same names and times, in several scripts.
func (f fixture) insertCandidates(n int) {
	f.t.Helper()
	first := []string{"Özlem", "özlem", "Ada", "ada", "Émile", "ß", "😀", "Zoë", "zoë"}
	last := []string{"Østergård", "østergård", "O'Brien", "Straße", "STRASSE", "a", "B", "Ä", "日本"}
	conn, start := f.Connect(), time.Now().UTC().Truncate(time.Hour).Add(-time.Hour)
	for i := range n {
		at := start.Add(time.Duration(i/4) * time.Microsecond)
		_, err := conn.Exec(f.t.Context(), `INSERT INTO candidates
			(company_id, id, first_name, last_name, email, tags, source, external_id, status, created_at, updated_at)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`,
			f.acme.ID, uuid.Must(uuid.NewV7()), first[i%len(first)], last[i/2%len(last)],
			fmt.Sprintf("p%d@mail.example", i/2), [][]string{{}, {"go"}, {"go", "sql"}, {"c++"}}[i%4],
			[]any{nil, "fair", "100%"}[i%3], fmt.Sprintf("ats-%d", i), []string{"active", "archived", "active"}[i%3],
			at, at.Add(time.Duration(i%3)*time.Second))
		if err != nil {
			f.t.Fatal(err)
		}
	}
}

// listPage requests one page.
func listPage(c *testkit.Client, query url.Values) testkit.Page[api.Candidate] {
	return testkit.List[api.Candidate](c, collection, query)
}

// listAll requests all pages of a list.
func listAll(c *testkit.Client, query url.Values) []api.Candidate {
	return testkit.ListAll[api.Candidate](c, collection, query)
}

// comparison returns the comparison of candidates that a value of the parameter sort stands for: names are compared
// ignoring case and accents, equal candidates by id.
func comparison(sort string) func(a, b api.Candidate) int {
	return testkit.SortOrder(sort, map[string]func(a, b api.Candidate) int{
		"created_at": func(a, b api.Candidate) int { return a.CreatedAt.Compare(b.CreatedAt) },
		"updated_at": func(a, b api.Candidate) int { return a.UpdatedAt.Compare(b.UpdatedAt) },
		"name": func(a, b api.Candidate) int {
			return cmp.Or(testkit.CompareNames(a.LastName, b.LastName), testkit.CompareNames(a.FirstName, b.FirstName))
		},
	})
}

func sortOrders() []string {
	return []string{"created_at", "-created_at", "updated_at", "-updated_at", "name", "-name"}
}

// TestEveryOrderListsEveryRowOnce lists as an admin, who sees all candidates, and as a team lead to whose job all
// candidates have applied.
func TestEveryOrderListsEveryRowOnce(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.insertCandidates(36)
	f.Exec(`INSERT INTO applications (company_id, id, candidate_id, job_id, stage_entered_at, created_at, updated_at)
		SELECT company_id, gen_random_uuid(), id, $1, now(), now(), now() FROM candidates`,
		f.hiring.Job(api.JobStatusOpen, f.acme.Users[api.RoleTeamLead]))
	for _, sort := range sortOrders() {
		t.Run(sort, func(t *testing.T) {
			t.Parallel()
			f := f.in(t)
			whole := listPage(f.as[api.RoleHr], url.Values{"sort": {sort}, "limit": {"200"}}).Data
			if len(whole) != 36 || !slices.IsSortedFunc(whole, comparison(sort)) {
				t.Fatalf("got %d candidates on one page, want 36 in order", len(whole))
			}
			for _, role := range []api.Role{api.RoleAdmin, api.RoleTeamLead} {
				for limit := 1; limit <= 7; limit++ {
					got := listAll(f.as[role], url.Values{"sort": {sort}, "limit": {fmt.Sprint(limit)}})
					if !slices.Equal(testkit.IDs(got), testkit.IDs(whole)) {
						t.Errorf("%s, limit %d: got %d candidates, want the %d of the single page in the same order",
							role, limit, len(got), len(whole))
					}
				}
			}
			if sort == "-created_at" &&
				!slices.Equal(testkit.IDs(listPage(f.as[api.RoleHr], url.Values{"limit": {"200"}}).Data), testkit.IDs(whole)) {
				t.Error("the list without sort has another order, want -created_at")
			}
		})
	}
}

// TestFiltersCombine compares every filter with its meaning in Go, for HR and for a team lead who sees two thirds of the
// candidates.
func TestFiltersCombine(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.insertCandidates(60)
	f.Exec(`INSERT INTO applications (company_id, id, candidate_id, job_id, stage_entered_at, created_at, updated_at)
		SELECT company_id, gen_random_uuid(), id, $1, now(), now(), now() FROM candidates
		WHERE substr(external_id, 5)::integer % 3 < 2`,
		f.hiring.Job(api.JobStatusOpen, f.acme.Users[api.RoleTeamLead]))
	all := map[api.Role][]api.Candidate{}
	for role, want := range map[api.Role]int{api.RoleHr: 60, api.RoleTeamLead: 40} {
		all[role] = listPage(f.as[role], url.Values{"limit": {"200"}}).Data
		if len(all[role]) != want {
			t.Fatalf("%s: got %d candidates, want %d", role, len(all[role]), want)
		}
	}
	since := all[api.RoleHr][30].UpdatedAt
	has := func(c api.Candidate, tags ...string) bool {
		return !slices.ContainsFunc(tags, func(tag string) bool { return !slices.Contains(c.Tags, tag) })
	}
	source := func(c api.Candidate) string { s, _ := c.Source.Get(); return s }
	for name, test := range map[string]struct {
		query url.Values
		keep  func(c api.Candidate) bool
	}{
		"active":         {url.Values{"status": {"active"}}, func(c api.Candidate) bool { return c.Status == "active" }},
		"archived":       {url.Values{"status": {"archived"}}, func(c api.Candidate) bool { return c.Status == "archived" }},
		"tag":            {url.Values{"tag": {"GO"}}, func(c api.Candidate) bool { return has(c, "go") }},
		"tags":           {url.Values{"tag": {"go", "sql"}}, func(c api.Candidate) bool { return has(c, "go", "sql") }},
		"unknown tag":    {url.Values{"tag": {"go", "none"}}, func(api.Candidate) bool { return false }},
		"source":         {url.Values{"source": {"100%"}}, func(c api.Candidate) bool { return source(c) == "100%" }},
		"unknown source": {url.Values{"source": {"Fair"}}, func(api.Candidate) bool { return false }},
		"email": {url.Values{"email": {"P7@Mail.example"}}, func(c api.Candidate) bool {
			return c.Email.MustGet() == "p7@mail.example"
		}},
		"external_id": {url.Values{"external_id": {"ats-12"}}, func(c api.Candidate) bool {
			return c.ExternalID.MustGet() == "ats-12"
		}},
		"updated_since": {url.Values{"updated_since": {since.Format(time.RFC3339Nano)}}, func(c api.Candidate) bool {
			return !c.UpdatedAt.Before(since)
		}},
		"q": {url.Values{"q": {"stra"}}, func(c api.Candidate) bool {
			return strings.Contains(strings.ToLower(c.LastName), "stra")
		}},
		"short q": {url.Values{"q": {"Öz"}}, func(c api.Candidate) bool { return strings.ToLower(c.FirstName) == "özlem" }},
		"all filters": {
			url.Values{
				"status": {"active"}, "tag": {"go"}, "source": {"100%"}, "q": {"mail"}, "sort": {"name"},
				"updated_since": {"2020-01-01T00:00:00Z"},
			},
			func(c api.Candidate) bool { return c.Status == "active" && has(c, "go") && source(c) == "100%" },
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := f.in(t)
			test.query.Set("limit", "7")
			for _, role := range []api.Role{api.RoleHr, api.RoleTeamLead} {
				want := testkit.IDs(slices.DeleteFunc(slices.Clone(all[role]), func(c api.Candidate) bool { return !test.keep(c) }))
				got := testkit.IDs(listAll(f.as[role], test.query))
				byID := func(a, b uuid.UUID) int { return strings.Compare(a.String(), b.String()) }
				slices.SortFunc(want, byID)
				slices.SortFunc(got, byID)
				if !slices.Equal(got, want) {
					t.Errorf("%s: got %d candidates, want %d", role, len(got), len(want))
				}
			}
		})
	}
}

func TestSearch(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	conn := f.Connect()
	names := []string{
		"100%", "a_bcd", `back\slash`, "O'Neil", `"quoted"`, "Émile Özgür", "x", "per cent 100", "axbcd", "Straße",
		"semi;--", "山田", "鈴木一郎", "Anna-Lena", "Robert (Bo) Quist", "Bu/Jo", "Mia“Bö”", "Ka·Io", "Ed,Ny", "St.Vu",
	}
	for i, name := range names {
		_, err := conn.Exec(t.Context(), `
			INSERT INTO candidates (company_id, id, first_name, last_name, email, tags, created_at, updated_at)
			VALUES ($1, $2, 'F', $3, $4, $5, now(), now())`,
			f.acme.ID, uuid.Must(uuid.NewV7()), name, fmt.Sprintf("f%d@e.io", i),
			append([]string{}, map[int][]string{0: {"c++", "machine learning"}, 1: {"f#"}}[i]...))
		if err != nil {
			t.Fatal(err)
		}
	}
	for q, want := range map[string][]string{
		// Three consecutive letters or digits are found anywhere.
		"a_bcd": {"a_bcd"}, `k\sla`: {`back\slash`}, "neil": {"O'Neil"}, `"QUOTED"`: {`"quoted"`},
		"émile": {"Émile Özgür"}, "ÉMILE ÖZ": {"Émile Özgür"}, "zgür": {"Émile Özgür"},
		"100": {"100%", "per cent 100"}, "100%": {"100%"}, "traß": {"Straße"}, "semi;--": {"semi;--"}, "emi;--": {"Émile Özgür", "semi;--"},
		"木一郎": {"鈴木一郎"}, "bcd": {"a_bcd", "axbcd"}, "nobody": nil, "learning": {"100%"}, "-len": {"Anna-Lena"},
		"lena f": {"Anna-Lena"},
		// A shorter text is found at the start of a word.
		"a_b": {"a_bcd"}, "o'n": {"O'Neil"}, "öz": {"Émile Özgür"}, "zg": nil, "x": {"x"}, "f x": {"x"},
		"山": {"山田"}, "山田": {"山田"}, "田": {"山田"}, "鈴木": {"鈴木一郎"}, "木一": {"鈴木一郎"}, "c++": {"100%"}, "f#": {"a_bcd"},
		// Punctuation before or in a short word, and characters that people add to a searched text, make no difference.
		"bo": {"Robert (Bo) Quist", "Mia“Bö”"}, "(bo)": {"Robert (Bo) Quist", "Mia“Bö”"}, "quist bo": {"Robert (Bo) Quist"},
		"jo": {"Bu/Jo"}, "io": {"Ka·Io"}, "ny": {"Ed,Ny"}, "*quist*": {"Robert (Bo) Quist"}, "#quist": {"Robert (Bo) Quist"},
		"quist…": {"Robert (Bo) Quist"}, "/quist/": {"Robert (Bo) Quist"}, "\u200equ\u00adist\u200b": {"Robert (Bo) Quist"},
		"robert\u200bquist": {"Robert (Bo) Quist"}, "vu": nil, // St.Vu: periods are parts of words, as in email addresses.
		"le": {"100%", "Anna-Lena"}, "ba": {`back\slash`}, "龍": nil, "f1@": {"a_bcd"},
	} {
		t.Run(q, func(t *testing.T) {
			t.Parallel()
			var got []string
			for _, c := range listAll(f.as[api.RoleHr].In(t), url.Values{"q": {q}, "sort": {"created_at"}, "limit": {"3"}}) {
				got = append(got, c.LastName)
			}
			if !slices.Equal(got, want) {
				t.Errorf("found %q, want %q", got, want)
			}
		})
	}
	if found := listPage(f.as[api.RoleHr], url.Values{"q": {"F10@E.IO"}}).Data; len(found) != 1 {
		t.Errorf("found %d candidates by email address, want 1", len(found))
	}

	t.Run("invalid texts", func(t *testing.T) {
		f := f.in(t)
		for name, c := range map[string]struct{ q, code string }{
			"empty":         {"", "malformed_request"},
			"101 letters":   {strings.Repeat("x", 101), "malformed_request"},
			"NUL":           {"a\x00b", "malformed_request"},
			"invalid UTF-8": {"\xff", "malformed_request"},
			"percent sign":  {"%", "rule_violated"},
			"underscores":   {"___", "rule_violated"},
			"plus signs":    {"++", "rule_violated"},
			"space":         {" ", "rule_violated"},
			"emoji":         {"😀", "rule_violated"},
		} {
			t.Run(name, func(t *testing.T) {
				status := http.StatusBadRequest
				if c.code == "rule_violated" {
					status = http.StatusUnprocessableEntity
				}
				problem := f.as[api.RoleHr].In(t).Get(collection+"?q="+url.QueryEscape(c.q)).Refused(status, c.code)
				if len(problem.Errors) == 0 || *problem.Errors[0].Parameter != "q" {
					t.Errorf("got errors %+v, want one for q", problem.Errors)
				}
			})
		}
	})
}

// TestSearchStrategiesAgree checks that list_candidates finds the same whichever strategy it chooses. There are more
// candidates than its longest walk examines, and rare and frequent texts and tags at both ends of the order. Team leads
// see few, many or all of them.
func TestSearchStrategiesAgree(t *testing.T) {
	t.Parallel()
	const total = 43_000
	f := newFixture(t)
	conn := f.Connect()
	exec := func(sql string, args ...any) {
		t.Helper()
		if _, err := conn.Exec(t.Context(), sql, args...); err != nil {
			t.Fatal(err)
		}
	}
	exec(`
		INSERT INTO candidates (company_id, id, external_id, first_name, last_name, tags, created_at, updated_at)
		SELECT $1, gen_random_uuid(), i::text, 'Many',
			CASE WHEN i <= 60 THEN 'Rarest' WHEN i <= 4000 THEN 'Medium' ELSE 'Much' END,
			CASE WHEN i <= 41000 THEN ARRAY['old', 'n' || i % 100] ELSE ARRAY['new'] END,
			now() - make_interval(secs => 50000 - i), now()
		FROM generate_series(1, $2) AS i`, f.acme.ID, total)
	visible := map[*testkit.Client]int{f.as[api.RoleHr]: total}
	for every, name := range map[int]string{1000: "few", 10: "many", 1: "all"} {
		lead := f.User(f.acme, name, api.RoleTeamLead)
		exec(`
			INSERT INTO applications (company_id, id, candidate_id, job_id, stage_entered_at, created_at, updated_at)
			SELECT $1, gen_random_uuid(), id, $2, now(), now(), now() FROM (
				SELECT id, row_number() OVER (ORDER BY created_at) AS n FROM candidates WHERE company_id = $1
			) AS c WHERE n % $3 = 0`,
			f.acme.ID, f.hiring.Job(api.JobStatusOpen, lead), every)
		visible[f.replica.SignIn(t, lead)] = total / every
	}
	exec(`ANALYZE candidates, applications`)

	for client, count := range visible {
		every := total / count
		// The values are the first and the last number of the matching candidates.
		for query, bounds := range map[string][2]int{
			"q=rarest": {1, 60}, "q=ra": {1, 60}, "q=medium": {61, 4000}, "q=much": {4001, total}, "q=m": {1, total},
			"q=many+rare": {1, 60}, "q=none+at+all": {1, 0}, "tag=old": {1, 41_000}, "tag=new": {41_001, total},
			"tag=nobody": {1, 0}, "tag=old&q=much": {4001, 41_000}, "tag=new&q=rarest": {1, 0},
			"tag=n0&tag=old&q=rarest": {1, 0}, "status=archived": {1, 0}, "": {1, total},
		} {
			t.Run(fmt.Sprintf("%q with %d visible", query, count), func(t *testing.T) {
				var want []string
				for n := bounds[0]; n <= bounds[1]; n++ {
					if n%every == 0 {
						want = append(want, fmt.Sprint(n))
					}
				}
				for _, sort := range []string{"created_at", "-created_at"} {
					if sort == "-created_at" {
						slices.Reverse(want)
					}
					found := listPage(client.In(t), parseQuery(t, query+"&limit=60&sort="+sort))
					var got []string
					for _, candidate := range found.Data {
						got = append(got, candidate.ExternalID.MustGet())
					}
					if !slices.Equal(got, want[:min(len(want), 60)]) || found.HasMore != (len(want) > 60) {
						t.Errorf("%q by %s, %d visible: got %v (more: %t), want the first of %d: %v",
							query, sort, count, got, found.HasMore, len(want), want[:min(len(want), 60)])
					}
				}
			})
		}
	}
}

// TestSearchesOfShortStepsFindAll lists with steps so short that each search goes through all of them. The candidates were
// created in one minute, years apart and in between.
func TestSearchesOfShortStepsFindAll(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.Exec(`INSERT INTO candidates (company_id, id, first_name, last_name, email, tags, status, created_at, updated_at)
		SELECT $1, gen_random_uuid(), (ARRAY['Ada', 'Özlem', 'Oftentimes'])[1 + n % 3], (ARRAY['Often', 'Öften-Ada', 'Other', 'Zorn', 'Seldom'])[1 + n % 5],
			'often' || n || '@seldom.example', ARRAY['tag' || n % 4], CASE n % 7 WHEN 0 THEN 'archived' ELSE 'active' END,
			CASE WHEN n <= 60 THEN timestamptz '2026-03-01 12:00' ELSE timestamptz '1890-01-01' + power(n - 60, 2.1) * interval '1 day' END,
			timestamptz '2026-04-01' + n % 40 * interval '1 minute'
		FROM generate_series(1, 220) AS n`, f.acme.ID)
	f.Exec(`UPDATE candidates SET email = NULL WHERE tags <> '{tag3}'`)
	f.Exec(`CREATE OR REPLACE FUNCTION list_walk_limit() RETURNS integer LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN 6`)
	for _, sort := range sortOrders() {
		t.Run(sort, func(t *testing.T) {
			t.Parallel()
			hr := f.as[api.RoleHr].In(t)
			all := listPage(hr, url.Values{"sort": {sort}, "limit": {"200"}})
			everyone := append(all.Data, listPage(hr, url.Values{"sort": {sort}, "limit": {"200"}, "cursor": {*all.NextCursor}}).Data...)
			for query, matches := range map[string]func(c api.Candidate) bool{
				"q=often":     func(c api.Candidate) bool { return isOften(c) },
				"q=often+ada": func(c api.Candidate) bool { return isOften(c) && (c.FirstName == "Ada" || c.LastName == "Öften-Ada") },
				"q=seldom&status=archived": func(c api.Candidate) bool {
					return (c.LastName == "Seldom" || c.Tags[0] == "tag3") && c.Status == api.CandidateStatusArchived
				},
				"tag=tag1":        func(c api.Candidate) bool { return c.Tags[0] == "tag1" },
				"tag=tag1&q=zorn": func(c api.Candidate) bool { return c.Tags[0] == "tag1" && c.LastName == "Zorn" },
				"q=nobody":        func(api.Candidate) bool { return false },
			} {
				var want []uuid.UUID
				for _, c := range everyone {
					if matches(c) {
						want = append(want, c.ID)
					}
				}
				values := parseQuery(t, query+"&limit=9&sort="+sort)
				if got := testkit.IDs(listAll(hr, values)); !slices.Equal(got, want) {
					t.Errorf("%s by %s: got %d candidates, want %d in the order of the whole list", query, sort, len(got), len(want))
				}
			}
		})
	}
}

// isOften returns whether the word "often" is in a name or in the email.
func isOften(c api.Candidate) bool {
	return c.FirstName == "Oftentimes" || c.LastName == "Often" || c.LastName == "Öften-Ada" || c.Tags[0] == "tag3"
}

// TestSearchByLastNameFindsOthers sorts by name and searches words with which thousands of last names begin. The candidates
// who match otherwise are among them, also where the last name contains a letter that is sorted elsewhere.
func TestSearchByLastNameFindsOthers(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	lead := f.User(f.acme, "lead", api.RoleTeamLead)
	f.Exec(`
		INSERT INTO candidates (company_id, id, first_name, last_name, email, tags, status, created_at, updated_at)
		SELECT $1, gen_random_uuid(), 'First' || i % 700, CASE
				WHEN i % 4 > 0 THEN (ARRAY['Bello', 'Belló', 'BELLO'])[i % 4]
				ELSE (ARRAY['Isabello', 'Þbello', 'Abello', 'O''Bello', 'Zeta', 'de Bello', 'Bell', 'Zeta'])[1 + i / 4 % 8]
			END || CASE WHEN i % 13 = 0 THEN ' Ruiz' ELSE '' END,
			CASE WHEN i % 28 = 0 THEN 'bello' || i || '@mail.example' END, CASE WHEN i % 44 = 0 THEN ARRAY['bello'] ELSE '{}' END,
			CASE WHEN i % 3 = 0 THEN 'archived' ELSE 'active' END, now(), now()
		FROM generate_series(1, 6000) AS i`, f.acme.ID)
	f.Exec(`INSERT INTO applications (company_id, id, candidate_id, job_id, stage_entered_at, created_at, updated_at)
		SELECT company_id, gen_random_uuid(), id, $1, now(), now(), now() FROM candidates WHERE last_name NOT LIKE 'Bell%'
			OR first_name LIKE '%7'`, f.hiring.Job(api.JobStatusOpen, lead))
	f.Exec(`ANALYZE candidates, applications`)
	for name, client := range map[string]*testkit.Client{"hr": f.as[api.RoleHr], "lead": f.replica.SignIn(t, lead)} {
		whole := listAll(client, url.Values{"sort": {"name"}, "limit": {"200"}})
		for _, query := range []url.Values{
			{"q": {"bello"}},
			{"q": {"BÉLLO"}},
			{"q": {"bel"}},
			{"q": {"be"}},
			{"q": {"ruiz"}},
			{"q": {"zeta"}},
			{"q": {"first7"}},
			{"q": {"bello"}, "status": {"archived"}},
			{"q": {"bello"}, "tag": {"bello"}},
			{"q": {"bello ruiz"}},
		} {
			t.Run(name+" "+query.Encode(), func(t *testing.T) {
				t.Parallel()
				words := strings.Fields(strings.ReplaceAll(strings.ToLower(query.Get("q")), "é", "e"))
				var want []uuid.UUID
				for _, c := range whole {
					email, _ := c.Email.Get()
					text := strings.NewReplacer("ó", "o", "'", "").Replace(
						strings.ToLower(strings.Join(append([]string{"", c.FirstName, c.LastName, string(email)}, c.Tags...), " ")))
					matches := !slices.ContainsFunc(words, func(w string) bool {
						return !strings.Contains(text, w) || len(w) < 3 && !strings.Contains(text, " "+w)
					})
					if matches && (query.Get("status") == "" || query.Get("status") == string(c.Status)) &&
						(query.Get("tag") == "" || slices.Contains(c.Tags, query.Get("tag"))) {
						want = append(want, c.ID)
					}
				}
				if len(want) < 20 {
					t.Fatalf("got %d candidates that match, want at least 20", len(want))
				}
				for _, sort := range []string{"name", "-name"} {
					got := testkit.IDs(listAll(client.In(t), testkit.With(query, url.Values{"sort": {sort}, "limit": {"150"}})))
					if sort == "-name" {
						slices.Reverse(got)
					}
					if !slices.Equal(got, want) {
						t.Errorf("%s: got %d candidates, want %d in the order of the whole list", sort, len(got), len(want))
					}
				}
			})
		}
	}
}

func parseQuery(t *testing.T, query string) url.Values {
	t.Helper()
	values, err := url.ParseQuery(query)
	if err != nil {
		t.Fatal(err)
	}
	return values
}

func TestListRefusesInvalidParameters(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.insertCandidates(12)
	cursor := *listPage(f.as[api.RoleHr], url.Values{"limit": {"2"}, "status": {"active"}}).NextCursor
	same := url.Values{"status": {"active"}, "cursor": {cursor}}

	// Another limit, the default sort by name and another user of the company belong to the same list.
	for _, changes := range []url.Values{{"limit": {"9"}}, {"sort": {"-created_at"}}} {
		query := testkit.With(same, nil)
		maps.Copy(query, changes)
		if got := listPage(f.as[api.RoleAdmin], query).Data; len(got) == 0 {
			t.Errorf("%v: got an empty page, want candidates after the cursor", query)
		}
	}

	outsider := f.replica.SignIn(t, f.Company("globex").Users[api.RoleHr])
	outsider.Get(collection+"?"+same.Encode()).Refused(http.StatusBadRequest, "invalid_cursor")
	for _, changes := range []url.Values{
		{"status": nil},
		{"status": {"archived"}},
		{"sort": {"name"}},
		{"q": {"a"}},
		{"tag": {"go"}},
		{"source": {"fair"}},
		{"email": {"p1@mail.example"}},
		{"external_id": {"ats-1"}},
		{"updated_since": {"2020-01-01T00:00:00Z"}},
		{"cursor": {"x"}},
	} {
		query := testkit.With(same, nil)
		maps.Copy(query, changes)
		f.as[api.RoleHr].Get(collection+"?"+query.Encode()).Refused(http.StatusBadRequest, "invalid_cursor")
	}

	t.Run("other invalid parameters", func(t *testing.T) {
		f := f.in(t)
		for _, invalid := range []string{
			"limit=0", "limit=201", "sort=email", "status=anonymized", "status=active&status=archived", "tag=", "tag=a&tag=a",
			"tag=a%7Cb", "email=x", "external_id=", "updated_since=yesterday", "unknown=1", "source=",
		} {
			f.as[api.RoleHr].Get(collection+"?"+invalid).Refused(http.StatusBadRequest, "malformed_request")
		}
	})
}
