package jobs_test

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/ai-interviewer-platform/interviewer/api/nullable"
	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/server/testkit"
)

// insertJobs inserts n jobs with equal sort keys: the same titles and times, in several scripts. The team lead and HR
// are members of every seventh job, the employee of every fifth.
func insertJobs(t *testing.T, f fixture, n int) {
	t.Helper()
	titles := []string{"Özel", "özel", "Welder", "welder", "Émile", "ß", "😀", "Zoë", "日本"}
	conn, start := f.Connect(), time.Now().UTC().Truncate(time.Hour).Add(-time.Hour)
	for i := range n {
		id, at := uuid.Must(uuid.NewV7()), start.Add(time.Duration(i/4)*time.Microsecond)
		_, err := conn.Exec(t.Context(), `
			INSERT INTO jobs (company_id, id, title, department, location, status, created_at, updated_at)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
			f.acme.ID, id, titles[i%len(titles)], []any{nil, "Sales", "R&D 100%"}[i%3], []any{"Oslo", nil}[i%2],
			[]string{"draft", "open", "on_hold", "closed"}[i/3%4], at, at.Add(time.Duration(i%3)*time.Second))
		if err != nil {
			t.Fatal(err)
		}
		if i%7 == 0 {
			f.Member(id, f.acme.Users[api.RoleTeamLead])
			f.Member(id, f.acme.Users[api.RoleHr])
		}
		if i%5 == 0 {
			f.Member(id, f.acme.Users[api.RoleEmployee])
		}
	}
}

// listPage requests one page.
func listPage(c *testkit.Client, query url.Values) testkit.Page[api.Job] {
	return testkit.List[api.Job](c, collection, query)
}

// listAll requests all pages of a list.
func listAll(c *testkit.Client, query url.Values) []api.Job {
	return testkit.ListAll[api.Job](c, collection, query)
}

// comparison returns the comparison of jobs that a value of the parameter sort stands for.
func comparison(sort string) func(a, b api.Job) int {
	return testkit.SortOrder(sort, map[string]func(a, b api.Job) int{
		"created_at": func(a, b api.Job) int { return a.CreatedAt.Compare(b.CreatedAt) },
		"updated_at": func(a, b api.Job) int { return a.UpdatedAt.Compare(b.UpdatedAt) },
		"title":      func(a, b api.Job) int { return testkit.CompareNames(a.Title, b.Title) },
	})
}

func TestEveryOrderListsEveryRowOnce(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	insertJobs(t, f, 36)
	for _, sort := range []string{"created_at", "-created_at", "updated_at", "-updated_at", "title", "-title"} {
		t.Run(sort, func(t *testing.T) {
			t.Parallel()
			f := f.in(t)
			whole := listPage(f.as[api.RoleHr], url.Values{"sort": {sort}, "limit": {"200"}}).Data
			if len(whole) != 36 || !slices.IsSortedFunc(whole, comparison(sort)) {
				t.Fatalf("got %d jobs on one page, want 36 in order", len(whole))
			}
			for limit := 1; limit <= 7; limit++ {
				got := listAll(f.as[api.RoleTeamLead], url.Values{"sort": {sort}, "limit": {fmt.Sprint(limit)}})
				if !slices.Equal(testkit.IDs(got), testkit.IDs(whole)) {
					t.Errorf("limit %d: got %d jobs, want the %d of the single page in the same order", limit, len(got), len(whole))
				}
			}
			if sort == "-created_at" && !slices.Equal(testkit.IDs(listPage(f.as[api.RoleHr], nil).Data), testkit.IDs(whole)) {
				t.Error("the list without sort has another order, want -created_at")
			}
		})
	}
}

func TestFiltersCombine(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	insertJobs(t, f, 70)
	all := listAll(f.as[api.RoleHr], url.Values{"limit": {"200"}})
	if len(all) != 70 {
		t.Fatalf("got %d jobs, want 70", len(all))
	}
	since, conn := all[30].UpdatedAt, f.Connect()
	mine := map[api.Role][]uuid.UUID{}
	for _, role := range roles() {
		rows, err := conn.Query(t.Context(), `SELECT job_id FROM job_members WHERE user_id = $1`, f.acme.Users[role].ID)
		if err != nil {
			t.Fatal(err)
		}
		if mine[role], err = pgx.CollectRows(rows, pgx.RowTo[uuid.UUID]); err != nil {
			t.Fatal(err)
		}
	}

	for name, test := range map[string]struct {
		query url.Values
		keep  func(j api.Job, mine bool) bool
	}{
		"status": {url.Values{"status": {"open"}}, func(j api.Job, _ bool) bool { return j.Status == "open" }},
		"statuses": {url.Values{"status": {"draft", "closed"}}, func(j api.Job, _ bool) bool {
			return j.Status == "draft" || j.Status == "closed"
		}},
		"department": {url.Values{"department": {"R&D 100%"}}, func(j api.Job, _ bool) bool {
			return valueOf(j.Department) == "R&D 100%"
		}},
		"unknown department": {url.Values{"department": {"sales"}}, func(api.Job, bool) bool { return false }},
		"mine":               {url.Values{"mine": {"true"}}, func(_ api.Job, mine bool) bool { return mine }},
		"not mine":           {url.Values{"mine": {"false"}}, func(_ api.Job, mine bool) bool { return !mine }},
		"updated_since": {url.Values{"updated_since": {since.Format(time.RFC3339Nano)}}, func(j api.Job, _ bool) bool {
			return !j.UpdatedAt.Before(since)
		}},
		"q":         {url.Values{"q": {"OSL"}}, func(j api.Job, _ bool) bool { return valueOf(j.Location) == "Oslo" }},
		"no filter": {url.Values{}, func(api.Job, bool) bool { return true }},
		"all filters": {
			url.Values{
				"status": {"open", "draft", "on_hold"}, "department": {"Sales"}, "q": {"wel"}, "mine": {"false"},
				"sort": {"title"},
			},
			func(j api.Job, mine bool) bool {
				return j.Status != "closed" && valueOf(j.Department) == "Sales" && strings.EqualFold(j.Title, "welder") && !mine
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := f.in(t)
			for _, role := range roles() {
				want := testkit.IDs(slices.DeleteFunc(slices.Clone(all), func(j api.Job) bool {
					member := slices.Contains(mine[role], j.ID)
					return !test.keep(j, member) || role == api.RoleEmployee && !member
				}))
				got := testkit.IDs(listAll(f.as[role], testkit.With(test.query, url.Values{"limit": {"7"}})))
				byID := func(a, b uuid.UUID) int { return strings.Compare(a.String(), b.String()) }
				slices.SortFunc(want, byID)
				slices.SortFunc(got, byID)
				if !slices.Equal(got, want) {
					t.Errorf("%s: got %d jobs, want %d", role, len(got), len(want))
				}
			}
		})
	}
}

// valueOf returns the text, or "" for null.
func valueOf(text nullable.Nullable[string]) string {
	value, _ := text.Get()
	return value
}

// TestPanelistsSeeJob checks that employees see the jobs for which they are panelists, even of a cancelled interview.
// The filter mine selects by membership only.
func TestPanelistsSeeJob(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	employee := f.acme.Users[api.RoleEmployee]
	member, panelist := f.Job(api.JobStatusOpen, employee), f.Job(api.JobStatusOpen)
	f.Job(api.JobStatusOpen)
	_, version := f.KitVersion(api.KitVersionStatusPublished)
	for range 2 {
		application := f.Application(f.Candidate(), panelist, api.ApplicationStageInterview)
		f.Interview(application, version, api.InterviewStatusCancelled, employee)
	}
	for query, want := range map[string][]uuid.UUID{"": {panelist, member}, "mine=true": {member}, "mine=false": {panelist}} {
		t.Run(query, func(t *testing.T) {
			t.Parallel()
			f := f.in(t)
			values, err := url.ParseQuery(query)
			if err != nil {
				t.Fatal(err)
			}
			if got := testkit.IDs(listPage(f.as[api.RoleEmployee], values).Data); !slices.Equal(got, want) {
				t.Errorf("got %v, want %v", got, want)
			}
		})
	}
}

func TestSearchTreatsCharactersLiterally(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	for i, text := range []string{
		"100%", "a_b", `back\slash`, "O'Neil", `"quoted"`, "Émile Özgür", "x", "per cent 100", "axb", "Straße",
	} {
		id, column := f.Job(api.JobStatusOpen), []string{"title", "department", "location"}[i%3]
		f.Exec(`UPDATE jobs SET title = 'T' WHERE id = $1`, id)
		f.Exec(`UPDATE jobs SET `+column+` = $1 WHERE id = $2`, text, id)
	}
	for q, want := range map[string][]string{
		"%": {"100%"}, "_": {"a_b"}, "a_b": {"a_b"}, `\`: {`back\slash`}, `k\s`: {`back\slash`},
		"'": {"O'Neil"}, "o'n": {"O'Neil"}, `"QUOTED"`: {`"quoted"`}, "ÉMILE ÖZ": {"Émile Özgür"},
		"zg": {"Émile Özgür"}, "100": {"100%", "per cent 100"}, "0%": {"100%"},
		"%%%": nil, "___": nil, "straß": {"Straße"}, "t x": {"axb"}, "nobody": nil, "😀": nil,
	} {
		t.Run(q, func(t *testing.T) {
			t.Parallel()
			f := f.in(t)
			var got []string
			for _, j := range listAll(f.as[api.RoleTeamLead], url.Values{"q": {q}, "sort": {"created_at"}, "limit": {"1"}}) {
				got = append(got, strings.TrimPrefix(j.Title, "T")+valueOf(j.Department)+valueOf(j.Location))
			}
			if !slices.Equal(got, want) {
				t.Errorf("found %q, want %q", got, want)
			}
		})
	}
	for _, q := range []string{"", strings.Repeat("x", 101), "a\x00b", "\xff"} {
		f.as[api.RoleHr].Get(collection+"?q="+url.QueryEscape(q)).Refused(http.StatusBadRequest, "malformed_request")
	}
}

func TestListRefusesInvalidParameters(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	insertJobs(t, f, 10)
	query := url.Values{"status": {"draft"}, "limit": {"1"}}
	first := listPage(f.as[api.RoleHr], query)
	query.Set("cursor", *first.NextCursor)
	link := f.as[api.RoleHr].Get(collection + "?status=draft&limit=1").Header.Get("Link")
	if want := "<" + collection + "?" + query.Encode() + `>; rel="next"`; link != want {
		t.Errorf("got Link %s, want %s", link, want)
	}

	// Another limit, the default sort by name and another user of the company belong to the same list.
	for _, same := range []url.Values{{"limit": {"9"}}, {"sort": {"-created_at"}}} {
		if got := listPage(f.as[api.RoleAdmin], testkit.With(query, same)).Data; len(got) == 0 {
			t.Errorf("%v: got an empty page, want jobs after the cursor", same)
		}
	}

	outsider := f.replica.SignIn(t, f.Company("globex").Users[api.RoleHr])
	outsider.Get(collection+"?"+query.Encode()).Refused(http.StatusBadRequest, "invalid_cursor")
	for _, other := range []url.Values{
		{"status": nil},
		{"status": {"open"}},
		{"sort": {"title"}},
		{"q": {"a"}},
		{"mine": {"false"}},
		{"department": {"Sales"}},
		{"updated_since": {"2020-01-01T00:00:00Z"}},
		{"cursor": {"x"}},
	} {
		f.as[api.RoleHr].Get(collection+"?"+testkit.With(query, other).Encode()).Refused(http.StatusBadRequest, "invalid_cursor")
	}

	t.Run("other invalid parameters", func(t *testing.T) {
		f := f.in(t)
		for _, invalid := range []string{
			"limit=0", "limit=201", "limit=1&limit=2", "sort=version", "sort=title,created_at", "status=archived",
			"status=open&status=open", "mine=maybe", "updated_since=yesterday", "department=", "cursor=", "unknown=1", "Q=a",
		} {
			f.as[api.RoleHr].Get(collection+"?"+invalid).Refused(http.StatusBadRequest, "malformed_request")
		}
		for _, extreme := range []string{"0001-01-01T00:00:00Z", "9999-12-31T23:59:59.999999999Z"} {
			f.as[api.RoleHr].Get(collection + "?updated_since=" + extreme).Expect(http.StatusOK)
		}
	})
}

// TestListedJobEqualsGet compares the jobs of a list with the representations that GetJob returns.
func TestListedJobEqualsGet(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	insertJobs(t, f, 12)
	for _, role := range roles() {
		t.Run(string(role), func(t *testing.T) {
			f := f.in(t)
			page := listPage(f.as[role], nil).Data
			if len(page) == 0 {
				t.Error("got an empty list")
			}
			for _, listed := range page {
				if got := decodeJob(f.as[role].Get(path(listed.ID))); fmt.Sprint(got) != fmt.Sprint(listed) {
					t.Errorf("listed\n%+v, GetJob returned\n%+v", listed, got)
				}
			}
		})
	}
}
