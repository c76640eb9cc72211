package candidates_test

import (
	"cmp"
	"fmt"
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

// crowd fills the company with people whose sort keys collide: same names, same times, letters of many scripts.
func (h house) crowd(n int) {
	h.t.Helper()
	first := []string{"Özlem", "özlem", "Ada", "ada", "Émile", "ß", "😀", "Zoë", "zoë"}
	last := []string{"Østergård", "østergård", "O'Brien", "Straße", "STRASSE", "a", "B", "Ä", "日本"}
	conn, began := h.Connect(), time.Now().UTC().Truncate(time.Hour).Add(-time.Hour)
	for i := range n {
		at := began.Add(time.Duration(i/4) * time.Microsecond)
		_, err := conn.Exec(h.t.Context(), `INSERT INTO candidates
			(company_id, id, first_name, last_name, email, tags, source, external_id, status, created_at, updated_at)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`,
			h.acme.ID, uuid.Must(uuid.NewV7()), first[i%len(first)], last[i/2%len(last)], fmt.Sprintf("p%d@mail.example", i/2),
			[][]string{{}, {"go"}, {"go", "sql"}, {"c++"}}[i%4], []any{nil, "fair", "100%"}[i%3], fmt.Sprintf("ats-%d", i),
			[]string{"active", "archived", "active"}[i%3], at, at.Add(time.Duration(i%3)*time.Second))
		if err != nil {
			h.t.Fatal(err)
		}
	}
}

// list asks for one page.
func list(c *testkit.Client, query url.Values) api.CandidatePage {
	return testkit.Decode[api.CandidatePage](c.Get(collection + "?" + query.Encode()).Expect(http.StatusOK))
}

// every follows a list from page to page to its end.
func every(t *testing.T, c *testkit.Client, query url.Values) []api.Candidate {
	t.Helper()
	var all []api.Candidate
	query = cloned(query)
	for range 1000 {
		got := list(c, query)
		all = append(all, got.Data...)
		if !got.HasMore {
			if !got.NextCursor.IsNull() {
				t.Error("the last page has a cursor")
			}
			return all
		}
		query.Set("cursor", got.NextCursor.MustGet())
	}
	t.Fatal("the list does not end")
	return nil
}

func cloned(query url.Values) url.Values {
	other := url.Values{}
	for name, values := range query {
		other[name] = slices.Clone(values)
	}
	return other
}

func ids(candidates []api.Candidate) []uuid.UUID {
	found := make([]uuid.UUID, len(candidates))
	for i, c := range candidates {
		found[i] = c.ID
	}
	return found
}

// order is what each sort order means, in Go: names by code point of their lower-case letters, ties by id.
func order(sort string) func(a, b api.Candidate) int {
	by := map[string]func(a, b api.Candidate) int{
		"created_at": func(a, b api.Candidate) int { return a.CreatedAt.Compare(b.CreatedAt) },
		"updated_at": func(a, b api.Candidate) int { return a.UpdatedAt.Compare(b.UpdatedAt) },
		"name": func(a, b api.Candidate) int {
			return cmp.Or(strings.Compare(strings.ToLower(a.LastName), strings.ToLower(b.LastName)),
				strings.Compare(strings.ToLower(a.FirstName), strings.ToLower(b.FirstName)))
		},
	}[strings.TrimPrefix(sort, "-")]
	return func(a, b api.Candidate) int {
		c := cmp.Or(by(a, b), strings.Compare(a.ID.String(), b.ID.String()))
		if strings.HasPrefix(sort, "-") {
			return -c
		}
		return c
	}
}

func sorts() []string {
	return []string{"created_at", "-created_at", "updated_at", "-updated_at", "name", "-name"}
}

// TestEveryOrderGivesEveryoneOnce walks as HR, and as a team lead whose job everybody has applied to.
func TestEveryOrderGivesEveryoneOnce(t *testing.T) {
	t.Parallel()
	h := build(t)
	h.crowd(36)
	h.Exec(`INSERT INTO applications (company_id, id, candidate_id, job_id, stage_entered_at, created_at, updated_at)
		SELECT company_id, gen_random_uuid(), id, $1, now(), now(), now() FROM candidates`,
		h.hiring.Job(api.JobStatusOpen, h.acme.Users[api.RoleTeamLead]))
	for _, sort := range sorts() {
		whole := list(h.as[api.RoleHr], url.Values{"sort": {sort}, "limit": {"200"}}).Data
		if len(whole) != 36 {
			t.Fatalf("%s: %d candidates on the one page, want 36", sort, len(whole))
		}
		if !slices.IsSortedFunc(whole, order(sort)) {
			t.Errorf("%s: not in order", sort)
		}
		for _, role := range []api.Role{api.RoleAdmin, api.RoleTeamLead} {
			for limit := 1; limit <= 7; limit++ {
				got := every(t, h.as[role], url.Values{"sort": {sort}, "limit": {fmt.Sprint(limit)}})
				if !slices.Equal(ids(got), ids(whole)) {
					t.Errorf("%s by %d: %s walks %d, not the %d of the one page in their order", sort, limit, role, len(got), len(whole))
				}
			}
		}
	}
	if got, want := ids(list(h.as[api.RoleHr], url.Values{"limit": {"200"}}).Data),
		ids(list(h.as[api.RoleHr], url.Values{"limit": {"200"}, "sort": {"-created_at"}}).Data); !slices.Equal(got, want) {
		t.Error("the order without sort is not -created_at")
	}
}

// TestFiltersCombine holds every filter against what it means, for HR and for a team lead who sees every third candidate.
func TestFiltersCombine(t *testing.T) {
	t.Parallel()
	h := build(t)
	h.crowd(60)
	h.Exec(`INSERT INTO applications (company_id, id, candidate_id, job_id, stage_entered_at, created_at, updated_at)
		SELECT company_id, gen_random_uuid(), id, $1, now(), now(), now() FROM candidates WHERE substr(external_id, 5)::integer % 3 < 2`,
		h.hiring.Job(api.JobStatusOpen, h.acme.Users[api.RoleTeamLead]))
	since := list(h.as[api.RoleHr], url.Values{"limit": {"200"}}).Data[30].UpdatedAt
	has := func(c api.Candidate, tags ...string) bool {
		return !slices.ContainsFunc(tags, func(tag string) bool { return !slices.Contains(c.Tags, tag) })
	}
	source := func(c api.Candidate) string { s, _ := c.Source.Get(); return s }
	for name, test := range map[string]struct {
		query url.Values
		keep  func(c api.Candidate) bool
	}{
		"active":      {url.Values{"status": {"active"}}, func(c api.Candidate) bool { return c.Status == "active" }},
		"archived":    {url.Values{"status": {"archived"}}, func(c api.Candidate) bool { return c.Status == "archived" }},
		"tag":         {url.Values{"tag": {"GO"}}, func(c api.Candidate) bool { return has(c, "go") }},
		"tags":        {url.Values{"tag": {"go", "sql"}}, func(c api.Candidate) bool { return has(c, "go", "sql") }},
		"no such tag": {url.Values{"tag": {"go", "none"}}, func(api.Candidate) bool { return false }},
		"source":      {url.Values{"source": {"100%"}}, func(c api.Candidate) bool { return source(c) == "100%" }},
		"no source":   {url.Values{"source": {"Fair"}}, func(api.Candidate) bool { return false }},
		"email":       {url.Values{"email": {"P7@Mail.example"}}, func(c api.Candidate) bool { return c.Email.MustGet() == "p7@mail.example" }},
		"external id": {url.Values{"external_id": {"ats-12"}}, func(c api.Candidate) bool { return c.ExternalID.MustGet() == "ats-12" }},
		"since":       {url.Values{"updated_since": {since.Format(time.RFC3339Nano)}}, func(c api.Candidate) bool { return !c.UpdatedAt.Before(since) }},
		"text":        {url.Values{"q": {"stra"}}, func(c api.Candidate) bool { return strings.Contains(strings.ToLower(c.LastName), "stra") }},
		"short text":  {url.Values{"q": {"Ö"}}, func(c api.Candidate) bool { return strings.ToLower(c.FirstName) == "özlem" }},
		"all at once": {
			url.Values{"status": {"active"}, "tag": {"go"}, "source": {"100%"}, "q": {"mail"}, "sort": {"name"}, "updated_since": {"2020-01-01T00:00:00Z"}},
			func(c api.Candidate) bool { return c.Status == "active" && has(c, "go") && source(c) == "100%" },
		},
	} {
		test.query.Set("limit", "7")
		for _, role := range []api.Role{api.RoleHr, api.RoleTeamLead} {
			all := list(h.as[role], url.Values{"limit": {"200"}}).Data
			want := ids(slices.DeleteFunc(slices.Clone(all), func(c api.Candidate) bool { return !test.keep(c) }))
			got := ids(every(t, h.as[role], test.query))
			sorted := func(a, b uuid.UUID) int { return strings.Compare(a.String(), b.String()) }
			slices.SortFunc(want, sorted)
			slices.SortFunc(got, sorted)
			if !slices.Equal(got, want) {
				t.Errorf("%s: %s finds %d candidates, want %d", name, role, len(got), len(want))
			}
		}
	}
}

func TestSearchTakesEveryCharacterForItself(t *testing.T) {
	t.Parallel()
	h := build(t)
	conn := h.Connect()
	names := []string{
		"100%", "a_bcd", `back\slash`, "O'Neil", `"quoted"`, "Émile Özgür", "x", "per cent 100", "axbcd", "Straße", "semi;--", "山田", "鈴木一郎", "Anna-Lena",
	}
	for i, name := range names {
		_, err := conn.Exec(t.Context(), `INSERT INTO candidates (company_id, id, first_name, last_name, email, tags, created_at, updated_at)
			VALUES ($1, $2, 'F', $3, $4, $5, now(), now())`, h.acme.ID, uuid.Must(uuid.NewV7()), name, fmt.Sprintf("f%d@e.io", i),
			append([]string{}, map[int][]string{0: {"c++", "machine learning"}, 1: {"f#"}}[i]...))
		if err != nil {
			t.Fatal(err)
		}
	}
	for q, want := range map[string][]string{
		// Three letters or digits in a row are found anywhere.
		"a_bcd": {"a_bcd"}, `k\sla`: {`back\slash`}, "neil": {"O'Neil"}, `"QUOTED"`: {`"quoted"`}, "émile": {"Émile Özgür"}, "ÉMILE ÖZ": {"Émile Özgür"},
		"zgür": {"Émile Özgür"}, "100": {"100%", "per cent 100"}, "100%": {"100%"}, "traß": {"Straße"}, "emi;--": {"semi;--"}, "木一郎": {"鈴木一郎"},
		"bcd": {"a_bcd", "axbcd"}, "nobody": nil, "learning": {"100%"}, "-len": {"Anna-Lena"}, "lena f": {"Anna-Lena"},
		// Anything shorter is found where a word begins.
		"a_b": {"a_bcd"}, "o'n": {"O'Neil"}, "öz": {"Émile Özgür"}, "zg": nil, "x": {"x"}, "f x": {"x"}, "山": {"山田"}, "山田": {"山田"}, "田": nil, "鈴木": {"鈴木一郎"},
		"木一": nil, "c++": {"100%"}, "f#": {"a_bcd"}, "le": {"100%"}, "ba": {`back\slash`}, "龍": nil, "f1@": {"a_bcd"},
	} {
		var got []string
		for _, c := range every(t, h.as[api.RoleHr], url.Values{"q": {q}, "sort": {"created_at"}, "limit": {"3"}}) {
			got = append(got, c.LastName)
		}
		if !slices.Equal(got, want) {
			t.Errorf("%q finds %q, want %q", q, got, want)
		}
	}
	if found := list(h.as[api.RoleHr], url.Values{"q": {"F10@E.IO"}}).Data; len(found) != 1 {
		t.Errorf("the email is found %d times", len(found))
	}
	for q, code := range map[string]string{
		"": "malformed_request", strings.Repeat("x", 101): "malformed_request", "a\x00b": "malformed_request", "\xff": "malformed_request",
		"%": "rule_violated", "___": "rule_violated", "++": "rule_violated", " ": "rule_violated", "😀": "rule_violated",
	} {
		status := http.StatusBadRequest
		if code == "rule_violated" {
			status = http.StatusUnprocessableEntity
		}
		problem := h.as[api.RoleHr].Get(collection+"?q="+url.QueryEscape(q)).Refused(status, code)
		if len(problem.Errors) == 0 || *problem.Errors[0].Parameter != "q" {
			t.Errorf("%q is refused with %+v", q, problem.Errors)
		}
	}
}

// TestSearchFindsTheSameInEveryWay has more candidates than a search looks at with its last effort, and texts and tags on
// both sides of either effort, at the beginning and at the end of the order; and team leads who see few, many, and most.
func TestSearchFindsTheSameInEveryWay(t *testing.T) {
	t.Parallel()
	const everybody = 43_000
	h := build(t)
	conn := h.Connect()
	run := func(sql string, args ...any) {
		t.Helper()
		if _, err := conn.Exec(t.Context(), sql, args...); err != nil {
			t.Fatal(err)
		}
	}
	run(`INSERT INTO candidates (company_id, id, external_id, first_name, last_name, tags, created_at, updated_at)
		SELECT $1, gen_random_uuid(), i::text, 'Many', CASE WHEN i <= 60 THEN 'Rarest' WHEN i <= 4000 THEN 'Medium' ELSE 'Much' END,
			CASE WHEN i <= 41000 THEN ARRAY['old', 'n' || i % 100] ELSE ARRAY['new'] END, now() - make_interval(secs => 50000 - i), now()
		FROM generate_series(1, $2) AS i`, h.acme.ID, everybody)
	leads := map[*testkit.Client]int{h.as[api.RoleHr]: everybody}
	for share, name := range map[int]string{1000: "few", 10: "many", 1: "most"} {
		lead := h.User(h.acme, name, api.RoleTeamLead)
		run(`INSERT INTO applications (company_id, id, candidate_id, job_id, stage_entered_at, created_at, updated_at)
			SELECT $1, gen_random_uuid(), id, $2, now(), now(), now()
			FROM (SELECT id, row_number() OVER (ORDER BY created_at) AS n FROM candidates WHERE company_id = $1) AS c WHERE n % $3 = 0`,
			h.acme.ID, h.hiring.Job(api.JobStatusOpen, lead), share)
		leads[h.replica.SignIn(t, lead)] = everybody / share
	}
	run(`ANALYZE candidates, applications`)
	for client, sees := range leads {
		share := everybody / sees
		for query, from := range map[string][2]int{
			"q=rarest": {1, 60}, "q=ra": {1, 60}, "q=medium": {61, 4000}, "q=much": {4001, everybody}, "q=m": {1, everybody}, "q=many+rare": {1, 60},
			"q=none+at+all": {1, 0}, "tag=old": {1, 41_000}, "tag=new": {41_001, everybody}, "tag=nobody": {1, 0}, "tag=old&q=much": {4001, 41_000},
			"tag=new&q=rarest": {1, 0}, "tag=n0&tag=old&q=rarest": {1, 0}, "status=archived": {1, 0}, "": {1, everybody},
		} {
			var want []string
			for n := from[0]; n <= from[1]; n++ {
				if n%share == 0 {
					want = append(want, fmt.Sprint(n))
				}
			}
			for _, sort := range []string{"created_at", "-created_at"} {
				if sort == "-created_at" {
					slices.Reverse(want)
				}
				found := list(client, asValues(t, query+"&limit=60&sort="+sort))
				var got []string
				for _, one := range found.Data {
					got = append(got, one.ExternalID.MustGet())
				}
				if !slices.Equal(got, want[:min(len(want), 60)]) || found.HasMore != (len(want) > 60) {
					t.Errorf("%q by %s: somebody who sees %d finds %v (more: %t), want the first of %d: %v",
						query, sort, sees, got, found.HasMore, len(want), want[:min(len(want), 60)])
				}
			}
		}
	}
}

func asValues(t *testing.T, query string) url.Values {
	t.Helper()
	values, err := url.ParseQuery(query)
	if err != nil {
		t.Fatal(err)
	}
	return values
}

func TestACursorBelongsToItsList(t *testing.T) {
	t.Parallel()
	h := build(t)
	h.crowd(12)
	cursor := list(h.as[api.RoleHr], url.Values{"limit": {"2"}, "status": {"active"}}).NextCursor.MustGet()
	same := url.Values{"status": {"active"}, "cursor": {cursor}}
	for _, alike := range []url.Values{{"limit": {"9"}}, {"sort": {"-created_at"}}} {
		query := cloned(same)
		for name, values := range alike {
			query[name] = values
		}
		if got := list(h.as[api.RoleAdmin], query).Data; len(got) == 0 {
			t.Errorf("%v: nothing behind the cursor", query)
		}
	}
	stranger := h.replica.SignIn(t, h.Company("globex").Users[api.RoleHr])
	stranger.Get(collection+"?"+same.Encode()).Refused(http.StatusBadRequest, "invalid_cursor")
	for _, other := range []url.Values{
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
		query := cloned(same)
		for name, values := range other {
			query[name] = values
		}
		h.as[api.RoleHr].Get(collection+"?"+query.Encode()).Refused(http.StatusBadRequest, "invalid_cursor")
	}
	for _, bad := range []string{
		"limit=0", "limit=201", "sort=email", "status=anonymized", "status=active&status=archived", "tag=", "tag=a&tag=a", "tag=a%7Cb",
		"email=x", "external_id=", "updated_since=yesterday", "unknown=1", "source=",
	} {
		h.as[api.RoleHr].Get(collection+"?"+bad).Refused(http.StatusBadRequest, "malformed_request")
	}
}
