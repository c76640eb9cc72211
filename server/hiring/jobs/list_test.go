package jobs_test

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
	"github.com/oapi-codegen/nullable"

	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/server/testkit"
)

// crowd fills the company with jobs whose sort keys collide: same titles, same times, letters of many scripts. Every
// seventh is the team lead's and HR's, every fifth the employee's.
func crowd(t *testing.T, h house, n int) {
	t.Helper()
	titles := []string{"Özel", "özel", "Welder", "welder", "Émile", "ß", "😀", "Zoë", "日本"}
	conn, began := h.Connect(), time.Now().UTC().Truncate(time.Hour).Add(-time.Hour)
	for i := range n {
		id, at := uuid.Must(uuid.NewV7()), began.Add(time.Duration(i/4)*time.Microsecond)
		_, err := conn.Exec(t.Context(), `INSERT INTO jobs (company_id, id, title, department, location, status, created_at, updated_at)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
			h.acme.ID, id, titles[i%len(titles)], []any{nil, "Sales", "R&D 100%"}[i%3], []any{"Oslo", nil}[i%2],
			[]string{"draft", "open", "on_hold", "closed"}[i/3%4], at, at.Add(time.Duration(i%3)*time.Second))
		if err != nil {
			t.Fatal(err)
		}
		if i%7 == 0 {
			h.Member(id, h.acme.Users[api.RoleTeamLead])
			h.Member(id, h.acme.Users[api.RoleHr])
		}
		if i%5 == 0 {
			h.Member(id, h.acme.Users[api.RoleEmployee])
		}
	}
}

// list asks for one page.
func list(c *testkit.Client, query url.Values) api.JobPage {
	return testkit.Decode[api.JobPage](c.Get(collection + "?" + query.Encode()).Expect(http.StatusOK))
}

// every follows a list from page to page to its end.
func every(t *testing.T, c *testkit.Client, query url.Values) []api.Job {
	t.Helper()
	var all []api.Job
	query = with(query, nil)
	for range 1000 {
		got := list(c, query)
		all = append(all, got.Data...)
		if !got.HasMore {
			return all
		}
		query.Set("cursor", got.NextCursor.MustGet())
	}
	t.Fatal("the list does not end")
	return nil
}

// with is a query with members replaced.
func with(query, changes url.Values) url.Values {
	other := url.Values{}
	for _, from := range []url.Values{query, changes} {
		for name, values := range from {
			other[name] = slices.Clone(values)
		}
	}
	return other
}

func ids(jobs []api.Job) []uuid.UUID {
	found := make([]uuid.UUID, len(jobs))
	for i, j := range jobs {
		found[i] = j.ID
	}
	return found
}

// order is what each sort order means, in Go.
func order(sort string) func(a, b api.Job) int {
	by := map[string]func(a, b api.Job) int{
		"created_at": func(a, b api.Job) int { return a.CreatedAt.Compare(b.CreatedAt) },
		"updated_at": func(a, b api.Job) int { return a.UpdatedAt.Compare(b.UpdatedAt) },
		"title":      func(a, b api.Job) int { return strings.Compare(strings.ToLower(a.Title), strings.ToLower(b.Title)) },
	}[strings.TrimPrefix(sort, "-")]
	return func(a, b api.Job) int {
		c := cmp.Or(by(a, b), strings.Compare(a.ID.String(), b.ID.String()))
		if strings.HasPrefix(sort, "-") {
			return -c
		}
		return c
	}
}

func TestEveryOrderGivesEveryJobOnce(t *testing.T) {
	t.Parallel()
	h := build(t)
	crowd(t, h, 36)
	for _, sort := range []string{"created_at", "-created_at", "updated_at", "-updated_at", "title", "-title"} {
		whole := list(h.as[api.RoleHr], url.Values{"sort": {sort}, "limit": {"200"}}).Data
		if len(whole) != 36 || !slices.IsSortedFunc(whole, order(sort)) {
			t.Fatalf("%s: %d jobs on the one page, want 36 in order", sort, len(whole))
		}
		for limit := 1; limit <= 7; limit++ {
			got := every(t, h.as[api.RoleTeamLead], url.Values{"sort": {sort}, "limit": {fmt.Sprint(limit)}})
			if !slices.Equal(ids(got), ids(whole)) {
				t.Errorf("%s by %d: walked %d jobs, not the %d of the one page in their order", sort, limit, len(got), len(whole))
			}
		}
		if sort == "-created_at" && !slices.Equal(ids(list(h.as[api.RoleHr], nil).Data), ids(whole)) {
			t.Error("the order without sort is another")
		}
	}
}

func TestFiltersCombine(t *testing.T) {
	t.Parallel()
	h := build(t)
	crowd(t, h, 70)
	all := every(t, h.as[api.RoleHr], url.Values{"limit": {"200"}})
	since, conn := all[30].UpdatedAt, h.Connect()
	mine := map[api.Role][]uuid.UUID{}
	for _, role := range roles() {
		rows, err := conn.Query(t.Context(), `SELECT job_id FROM job_members WHERE user_id = $1`, h.acme.Users[role].ID)
		if err != nil {
			t.Fatal(err)
		}
		for rows.Next() {
			var id uuid.UUID
			if err := rows.Scan(&id); err != nil {
				t.Fatal(err)
			}
			mine[role] = append(mine[role], id)
		}
	}
	for name, test := range map[string]struct {
		query url.Values
		keep  func(j api.Job, mine bool) bool
	}{
		"status":   {url.Values{"status": {"open"}}, func(j api.Job, _ bool) bool { return j.Status == "open" }},
		"statuses": {url.Values{"status": {"draft", "closed"}}, func(j api.Job, _ bool) bool { return j.Status == "draft" || j.Status == "closed" }},
		"department": {url.Values{"department": {"R&D 100%"}}, func(j api.Job, _ bool) bool {
			return said(j.Department) == "R&D 100%"
		}},
		"no such":    {url.Values{"department": {"sales"}}, func(api.Job, bool) bool { return false }},
		"mine":       {url.Values{"mine": {"true"}}, func(_ api.Job, mine bool) bool { return mine }},
		"not mine":   {url.Values{"mine": {"false"}}, func(_ api.Job, mine bool) bool { return !mine }},
		"since":      {url.Values{"updated_since": {since.Format(time.RFC3339Nano)}}, func(j api.Job, _ bool) bool { return !j.UpdatedAt.Before(since) }},
		"q":          {url.Values{"q": {"OSL"}}, func(j api.Job, _ bool) bool { return said(j.Location) == "Oslo" }},
		"everything": {url.Values{}, func(api.Job, bool) bool { return true }},
		"all at once": {
			url.Values{"status": {"open", "draft", "on_hold"}, "department": {"Sales"}, "q": {"wel"}, "mine": {"false"}, "sort": {"title"}},
			func(j api.Job, mine bool) bool {
				return j.Status != "closed" && said(j.Department) == "Sales" && strings.EqualFold(j.Title, "welder") && !mine
			},
		},
	} {
		for _, role := range roles() {
			want := ids(slices.DeleteFunc(slices.Clone(all), func(j api.Job) bool {
				member := slices.Contains(mine[role], j.ID)
				return !test.keep(j, member) || role == api.RoleEmployee && !member
			}))
			got := ids(every(t, h.as[role], with(test.query, url.Values{"limit": {"7"}})))
			sorted := func(a, b uuid.UUID) int { return strings.Compare(a.String(), b.String()) }
			slices.SortFunc(want, sorted)
			slices.SortFunc(got, sorted)
			if !slices.Equal(got, want) {
				t.Errorf("%s as %s: %d jobs, want %d", name, role, len(got), len(want))
			}
		}
	}
}

func said(text nullable.Nullable[string]) string {
	value, _ := text.Get()
	return value
}

// TestThePanelSeesItsJobs: employees see the jobs that they interview for, without being a member, and do not call them theirs.
func TestThePanelSeesItsJobs(t *testing.T) {
	t.Parallel()
	h := build(t)
	employee := h.acme.Users[api.RoleEmployee]
	member, panelist := h.Job(api.JobStatusOpen, employee), h.Job(api.JobStatusOpen)
	h.Job(api.JobStatusOpen)
	_, version := h.KitVersion(api.KitVersionStatusPublished)
	for range 2 {
		application := h.Application(h.Candidate(), panelist, api.ApplicationStageInterview)
		h.Interview(application, version, api.InterviewStatusCancelled, employee)
	}
	for query, want := range map[string][]uuid.UUID{"": {panelist, member}, "mine=true": {member}, "mine=false": {panelist}} {
		values, err := url.ParseQuery(query)
		if err != nil {
			t.Fatal(err)
		}
		if got := ids(list(h.as[api.RoleEmployee], values).Data); !slices.Equal(got, want) {
			t.Errorf("%q: %v, want %v", query, got, want)
		}
	}
}

func TestSearchTakesEveryCharacterForItself(t *testing.T) {
	t.Parallel()
	h := build(t)
	for i, text := range []string{"100%", "a_b", `back\slash`, "O'Neil", `"quoted"`, "Émile Özgür", "x", "per cent 100", "axb", "Straße"} {
		id, column := h.Job(api.JobStatusOpen), []string{"title", "department", "location"}[i%3]
		h.Exec(`UPDATE jobs SET title = 'T' WHERE id = $1`, id)
		h.Exec(`UPDATE jobs SET `+column+` = $1 WHERE id = $2`, text, id)
	}
	for q, want := range map[string][]string{
		"%": {"100%"}, "_": {"a_b"}, "a_b": {"a_b"}, `\`: {`back\slash`}, `k\s`: {`back\slash`}, "'": {"O'Neil"}, "o'n": {"O'Neil"},
		`"QUOTED"`: {`"quoted"`}, "ÉMILE ÖZ": {"Émile Özgür"}, "zg": {"Émile Özgür"}, "100": {"100%", "per cent 100"}, "0%": {"100%"},
		"%%%": nil, "___": nil, "straß": {"Straße"}, "t x": nil, "nobody": nil, "😀": nil,
	} {
		var got []string
		for _, j := range every(t, h.as[api.RoleTeamLead], url.Values{"q": {q}, "sort": {"created_at"}, "limit": {"1"}}) {
			got = append(got, strings.TrimPrefix(j.Title, "T")+said(j.Department)+said(j.Location))
		}
		if !slices.Equal(got, want) {
			t.Errorf("%q finds %q, want %q", q, got, want)
		}
	}
	for _, q := range []string{"", strings.Repeat("x", 101), "a\x00b", "\xff"} {
		h.as[api.RoleHr].Get(collection+"?q="+url.QueryEscape(q)).Refused(http.StatusBadRequest, "malformed_request")
	}
}

func TestACursorBelongsToItsList(t *testing.T) {
	t.Parallel()
	h := build(t)
	crowd(t, h, 10)
	query := url.Values{"status": {"draft"}, "limit": {"1"}}
	first := list(h.as[api.RoleHr], query)
	query.Set("cursor", first.NextCursor.MustGet())
	link := h.as[api.RoleHr].Get(collection + "?status=draft&limit=1").Header.Get("Link")
	if want := "<" + collection + "?" + query.Encode() + `>; rel="next"`; link != want {
		t.Errorf("Link is %s, want %s", link, want)
	}
	for _, alike := range []url.Values{{"limit": {"9"}}, {"sort": {"-created_at"}}} {
		if got := list(h.as[api.RoleAdmin], with(query, alike)).Data; len(got) == 0 {
			t.Errorf("%v: nothing behind the cursor", alike)
		}
	}
	stranger := h.replica.SignIn(t, h.Company("globex").Users[api.RoleHr])
	stranger.Get(collection+"?"+query.Encode()).Refused(http.StatusBadRequest, "invalid_cursor")
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
		h.as[api.RoleHr].Get(collection+"?"+with(query, other).Encode()).Refused(http.StatusBadRequest, "invalid_cursor")
	}
	for _, bad := range []string{
		"limit=0", "limit=201", "limit=1&limit=2", "sort=version", "sort=title,created_at", "status=archived", "status=open&status=open",
		"mine=maybe", "updated_since=yesterday", "department=", "cursor=", "unknown=1", "Q=a",
	} {
		h.as[api.RoleHr].Get(collection+"?"+bad).Refused(http.StatusBadRequest, "malformed_request")
	}
	for _, extreme := range []string{"0001-01-01T00:00:00Z", "9999-12-31T23:59:59.999999999Z"} {
		h.as[api.RoleHr].Get(collection + "?updated_since=" + extreme).Expect(http.StatusOK)
	}
}

// TestListedJobsEqualEachAlone: what a list shows of a job is what the job shows by itself.
func TestListedJobsEqualEachAlone(t *testing.T) {
	t.Parallel()
	h := build(t)
	crowd(t, h, 12)
	for _, role := range roles() {
		for _, listed := range list(h.as[role], nil).Data {
			if one := job(h.as[role].Get(path(listed.ID))); fmt.Sprint(one) != fmt.Sprint(listed) {
				t.Errorf("%s: listed\n%+v, alone\n%+v", role, listed, one)
			}
		}
	}
}
