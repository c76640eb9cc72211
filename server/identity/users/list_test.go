package users_test

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

// insertUsers inserts users with equal sort keys: the same names, the same times, letters of many scripts.
func insertUsers(t *testing.T, h fixture, n int) {
	t.Helper()
	first := []string{"Özlem", "özlem", "Ada", "ada", "Émile", "ß", "😀", "Zoë", "zoë"}
	last := []string{"Østergård", "østergård", "O'Brien", "Straße", "STRASSE", "a", "B", "Ä", "日本"}
	conn, began := h.Connect(), time.Now().UTC().Truncate(time.Hour).Add(-time.Hour)
	for i := range n {
		at := began.Add(time.Duration(i/4) * time.Microsecond)
		_, err := conn.Exec(t.Context(), `INSERT INTO users
			(company_id, id, email, password_hash, first_name, last_name, role, department, is_active, created_at, updated_at)
			VALUES ($1, $2, $3, '', $4, $5, $6, $7, $8, $9, $10)`,
			h.acme.ID, uuid.Must(uuid.NewV7()), fmt.Sprintf("%c_%d@acme.example", 'z'-i%26, i), first[i%len(first)], last[i/2%len(last)],
			roles()[i%3], []any{nil, "Sales", "R&D 100%"}[i%3], i%5 != 0, at, at.Add(time.Duration(i%3)*time.Second))
		if err != nil {
			t.Fatal(err)
		}
	}
}

// list requests one page.
func list(c *testkit.Client, query url.Values) testkit.Page[api.User] {
	return testkit.List[api.User](c, collection, query)
}

// listAll requests all pages of a list. It calls the functions of between before each page but the first.
func listAll(c *testkit.Client, query url.Values, between ...func()) []api.User {
	return testkit.ListAll[api.User](c, collection, query, between...)
}

// comparison compares users by a sort order: names by the code points of their lower-case letters.
func comparison(sort string) func(a, b api.User) int {
	return testkit.SortOrder(sort, map[string]func(a, b api.User) int{
		"created_at": func(a, b api.User) int { return a.CreatedAt.Compare(b.CreatedAt) },
		"updated_at": func(a, b api.User) int { return a.UpdatedAt.Compare(b.UpdatedAt) },
		"name": func(a, b api.User) int {
			return cmp.Or(testkit.CompareNames(a.LastName, b.LastName), testkit.CompareNames(a.FirstName, b.FirstName))
		},
		"email": func(a, b api.User) int { return strings.Compare(string(a.Email), string(b.Email)) },
	})
}

func TestSortOrders(t *testing.T) {
	t.Parallel()
	h := newFixture(t)
	insertUsers(t, h, 32)
	for _, sort := range []string{"created_at", "-created_at", "updated_at", "-updated_at", "name", "-name", "email", "-email"} {
		t.Run(sort, func(t *testing.T) {
			t.Parallel()
			whole := list(h.as[api.RoleHr].In(t), url.Values{"sort": {sort}, "limit": {"200"}}).Data
			if len(whole) != 36 {
				t.Fatalf("%d users on the one page, want 36", len(whole))
			}
			if !slices.IsSortedFunc(whole, comparison(sort)) {
				t.Error("the list is not in order")
			}
			for limit := 1; limit <= 7; limit++ {
				got := listAll(h.as[api.RoleTeamLead].In(t), url.Values{"sort": {sort}, "limit": {fmt.Sprint(limit)}})
				if !slices.Equal(testkit.IDs(got), testkit.IDs(whole)) {
					t.Errorf("%s, %d per page: %d users, want the %d of the single page in the same order", sort, limit, len(got), len(whole))
				}
			}
		})
	}
	if got, want := testkit.IDs(list(h.as[api.RoleHr], url.Values{"limit": {"200"}}).Data),
		testkit.IDs(list(h.as[api.RoleHr], url.Values{"limit": {"200"}, "sort": {"-created_at"}}).Data); !slices.Equal(got, want) {
		t.Error("the default order is not -created_at")
	}
}

func TestInsertsDuringPagination(t *testing.T) {
	t.Parallel()
	h := newFixture(t)
	insertUsers(t, h, 30)
	n := 0
	for _, sort := range []string{"created_at", "-updated_at", "name", "-email"} {
		t.Run(sort, func(t *testing.T) {
			before := testkit.IDs(list(h.as[api.RoleHr].In(t), url.Values{"sort": {sort}, "limit": {"200"}}).Data)
			walked := testkit.IDs(listAll(h.as[api.RoleHr].In(t), url.Values{"sort": {sort}, "limit": {"5"}}, func() {
				n++
				h.User(h.acme, fmt.Sprintf("%c-late-%d", 'a'+n%26, n), api.RoleEmployee)
			}))
			was := slices.DeleteFunc(slices.Clone(walked), func(id uuid.UUID) bool { return !slices.Contains(before, id) })
			if !slices.Equal(was, before) {
				t.Errorf("the pages have %d users, want %d", len(was), len(before))
			}
			slices.SortFunc(walked, func(a, b uuid.UUID) int { return strings.Compare(a.String(), b.String()) })
			if len(slices.Compact(walked)) != len(walked) {
				t.Error("a user is on two pages")
			}
		})
	}
}

func TestFilters(t *testing.T) {
	t.Parallel()
	h := newFixture(t)
	insertUsers(t, h, 60)
	all := list(h.as[api.RoleHr], url.Values{"limit": {"200"}}).Data
	since := all[30].UpdatedAt
	for name, test := range map[string]struct {
		query url.Values
		keep  func(u api.User) bool
	}{
		"role": {url.Values{"role": {"hr"}}, func(u api.User) bool { return u.Role == api.RoleHr }},
		"roles": {url.Values{"role": {"hr", "admin"}}, func(u api.User) bool {
			return u.Role == api.RoleHr || u.Role == api.RoleAdmin
		}},
		"active":     {url.Values{"is_active": {"true"}}, func(u api.User) bool { return u.IsActive }},
		"inactive":   {url.Values{"is_active": {"false"}}, func(u api.User) bool { return !u.IsActive }},
		"department": {url.Values{"department": {"R&D 100%"}}, func(u api.User) bool { return department(u) == "R&D 100%" }},
		"no match":   {url.Values{"department": {"sales"}}, func(api.User) bool { return false }},
		"since": {url.Values{"updated_since": {since.Format(time.RFC3339Nano)}}, func(u api.User) bool {
			return !u.UpdatedAt.Before(since)
		}},
		"all at once": {
			url.Values{"role": {"team_lead"}, "is_active": {"true"}, "department": {"Sales"}, "q": {"acme"}, "sort": {"name"}},
			func(u api.User) bool { return u.Role == api.RoleTeamLead && u.IsActive && department(u) == "Sales" },
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			hr := h.replica.Bearer(t, h.as[api.RoleHr].Token)
			want := testkit.IDs(slices.DeleteFunc(slices.Clone(all), func(u api.User) bool { return !test.keep(u) }))
			test.query.Set("limit", "7")
			got := testkit.IDs(listAll(hr, test.query))
			sorted := func(a, b uuid.UUID) int { return strings.Compare(a.String(), b.String()) }
			slices.SortFunc(want, sorted)
			slices.SortFunc(got, sorted)
			if !slices.Equal(got, want) {
				t.Errorf("got %d users, want %d", len(got), len(want))
			}
		})
	}
}

func department(u api.User) string {
	name, _ := u.Department.Get()
	return name
}

func TestSearchTreatsCharactersLiterally(t *testing.T) {
	t.Parallel()
	h := newFixture(t)
	conn := h.Connect()
	names := []string{"100%", "a_b", `back\slash`, "O'Neil", `"quoted"`, "Émile Özgür", "x", "per cent 100", "axb", "Straße", "semi;--"}
	for i, name := range names {
		_, err := conn.Exec(t.Context(), `INSERT INTO users (company_id, id, email, password_hash, first_name, last_name)
			VALUES ($1, $2, $3, '', 'F', $4)`, h.acme.ID, uuid.Must(uuid.NewV7()), fmt.Sprintf("f%d@e.io", i), name)
		if err != nil {
			t.Fatal(err)
		}
	}
	for q, want := range map[string][]string{
		"%": {"100%"}, "_": {"Example", "a_b"}, "a_b": {"a_b"}, `\`: {`back\slash`}, `k\s`: {`back\slash`}, "'": {"O'Neil"}, "o'n": {"O'Neil"},
		`"`: nil, `"QUOTED"`: {`"quoted"`}, "émile": {"Émile Özgür"}, "ÉMILE ÖZ": {"Émile Özgür"}, "zg": {"Émile Özgür"},
		"100": {"100%", "per cent 100"}, "0%": {"100%"}, "%%%": nil, "___": nil, "straß": {"Straße"}, ";--": {"semi;--"},
		"f x": {"x", "axb"}, "nobody": nil, "😀": nil,
	} {
		t.Run(q, func(t *testing.T) {
			t.Parallel()
			var got []string
			for _, u := range listAll(h.as[api.RoleHr].In(t), url.Values{"q": {q}, "sort": {"created_at"}, "limit": {"3"}}) {
				got = append(got, u.LastName)
			}
			if !slices.Equal(got, want) {
				t.Errorf("%q finds %q, want %q", q, got, want)
			}
		})
	}
	if found := list(h.as[api.RoleHr], url.Values{"q": {"TEAM_LEAD@ACME"}}).Data; len(found) != 1 {
		t.Errorf("users found by the email = %d, want 1", len(found))
	}
	for _, q := range []string{"", strings.Repeat("x", 101), "a\x00b", "\xff"} {
		h.as[api.RoleHr].Get(collection+"?q="+url.QueryEscape(q)).Refused(http.StatusBadRequest, "malformed_request")
	}
}

// TestSearchByIndexAndByWalk has more users than a search reads before it uses the index, and texts with fewer and more
// hits than it takes from the index.
func TestSearchByIndexAndByWalk(t *testing.T) {
	t.Parallel()
	h := newFixture(t)
	h.Exec(`INSERT INTO users (company_id, id, email, password_hash, first_name, last_name, created_at)
		SELECT $1, gen_random_uuid(), 'm' || i || '@e.io', '', 'Many', CASE WHEN i <= 10 THEN 'Rarest' WHEN i <= 2500 THEN 'Medium' ELSE 'Much' END,
			now() + make_interval(secs => i)
		FROM generate_series(1, 6000) AS i`, h.acme.ID)
	for q, want := range map[string]int{"rarest": 10, "ra": 10, "medium": 2490, "much": 3500, "many rare": 10, "m1@": 1, "none at all": 0} {
		t.Run(q, func(t *testing.T) {
			t.Parallel()
			got := listAll(h.as[api.RoleHr].In(t), url.Values{"q": {q}, "limit": {"200"}})
			if len(got) != want || !slices.IsSortedFunc(got, comparison("-created_at")) {
				t.Errorf("%d users, want %d in order", len(got), want)
			}
		})
	}
}

func TestCursors(t *testing.T) {
	t.Parallel()
	h := newFixture(t)
	insertUsers(t, h, 10)
	first := list(h.as[api.RoleHr], url.Values{"limit": {"2"}, "role": {"employee"}})
	cursor := *first.NextCursor
	same := url.Values{"role": {"employee"}, "cursor": {cursor}}
	for _, alike := range []url.Values{{"limit": {"9"}}, {"sort": {"-created_at"}}} {
		query := testkit.With(same, alike)
		if got := list(h.as[api.RoleAdmin], query).Data; len(got) == 0 {
			t.Errorf("%v: the page after the cursor is empty", query)
		}
	}
	h.Company("globex")
	foreign := h.replica.SignIn(t, testkit.User{Email: "hr@globex.example"})
	foreign.Get(collection+"?"+same.Encode()).Refused(http.StatusBadRequest, "invalid_cursor")
	for _, other := range []url.Values{
		{"role": nil},
		{"role": {"hr"}},
		{"sort": {"name"}},
		{"q": {"a"}},
		{"is_active": {"true"}},
		{"department": {"Sales"}},
		{"updated_since": {"2020-01-01T00:00:00Z"}},
		{"cursor": {cursor[:len(cursor)-1]}},
		{"cursor": {cursor + "AA"}},
		{"cursor": {"x"}},
		{"cursor": {strings.ToUpper(cursor)}},
	} {
		query := testkit.With(same, other)
		h.as[api.RoleHr].Get(collection+"?"+query.Encode()).Refused(http.StatusBadRequest, "invalid_cursor")
	}
	for _, bad := range []string{
		"limit=0", "limit=201", "limit=x", "limit=1&limit=2", "sort=password_hash", "sort=name,email", "role=owner", "role=hr&role=hr",
		"is_active=maybe", "updated_since=yesterday", "cursor=", "unknown=1", "Q=a", "role=hr;drop",
	} {
		h.as[api.RoleHr].Get(collection+"?"+bad).Refused(http.StatusBadRequest, "malformed_request")
	}
	for _, extreme := range []string{"0001-01-01T00:00:00Z", "9999-12-31T23:59:59.999999999Z"} {
		h.as[api.RoleHr].Get(collection + "?updated_since=" + extreme).Expect(http.StatusOK)
	}
}
