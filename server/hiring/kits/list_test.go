package kits_test

import (
	"fmt"
	"net/http"
	"net/url"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/server/testkit"
)

// createKits creates n kits with equal names and times, with and without a job, and versions of every status. The
// employee is on the panel of an interview with every third kit, unless it was never published. It returns the kits,
// newest first.
func createKits(t *testing.T, f fixture, n int) []api.Kit {
	t.Helper()
	names := []string{"Özlem", "özlem", "Ada", "ada", "100%", "a_b", "Straße"}
	jobs := []any{nil, f.job, f.hiring.Job(api.JobStatusOpen)}
	statuses := []api.KitVersionStatus{
		api.KitVersionStatusDraft, api.KitVersionStatusPublished, api.KitVersionStatusArchived, api.KitVersionStatusPublished,
	}
	application := f.hiring.Application(f.hiring.Candidate(), f.job, api.ApplicationStageInterview)
	conn, start := f.Connect(), time.Now().UTC().Truncate(time.Hour).Add(-time.Hour)
	for i := range n {
		status := statuses[i%len(statuses)]
		id, version := f.hiring.KitVersion(status)
		at := start.Add(time.Duration(i/4) * time.Microsecond)
		_, err := conn.Exec(t.Context(), `UPDATE kits SET name = $2, job_id = $3, created_at = $4, updated_at = $5 WHERE id = $1`,
			id, names[i%len(names)], jobs[i%3], at, at.Add(time.Duration(i%3)*time.Second))
		if err != nil {
			t.Fatal(err)
		}
		if i%3 == 0 && status != api.KitVersionStatusDraft {
			f.hiring.Interview(application, version, api.InterviewStatusScheduled, f.acme.Users[api.RoleEmployee])
		}
	}
	f.Hiring(f.Company("globex")).KitVersion(api.KitVersionStatusPublished)
	all := list(f.as[api.RoleHr], url.Values{"limit": {"200"}}).Data
	if len(all) != n {
		t.Fatalf("HR sees %d kits, want %d", len(all), n)
	}
	return all
}

// list requests one page.
func list(c *testkit.Client, query url.Values) testkit.Page[api.Kit] {
	return testkit.List[api.Kit](c, collection, query)
}

// listAll requests all pages of a list.
func listAll(c *testkit.Client, query url.Values) []api.Kit {
	return testkit.ListAll[api.Kit](c, collection, query)
}

// compareBy returns the comparison of a sort order: names by the code points of their lower-case letters, ties by id.
func compareBy(sort string) func(a, b api.Kit) int {
	return testkit.SortOrder(sort, map[string]func(a, b api.Kit) int{
		"created_at": func(a, b api.Kit) int { return a.CreatedAt.Compare(b.CreatedAt) },
		"updated_at": func(a, b api.Kit) int { return a.UpdatedAt.Compare(b.UpdatedAt) },
		"name":       func(a, b api.Kit) int { return testkit.CompareNames(a.Name, b.Name) },
	})
}

func TestEveryOrderListsEveryRowOnce(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	all := createKits(t, f, 36)
	document, err := api.GetSpec()
	if err != nil {
		t.Fatal(err)
	}
	ofEmployee := testkit.IDs(list(f.as[api.RoleEmployee], url.Values{"limit": {"200"}}).Data)
	if len(ofEmployee) != 9 {
		t.Fatalf("the employee sees %d kits, want those of 9 interviews", len(ofEmployee))
	}

	for _, name := range document.Components.Schemas["KitSort"].Value.Enum {
		sort := name.(string)
		t.Run(sort, func(t *testing.T) {
			t.Parallel()
			sorted := slices.Clone(all)
			slices.SortFunc(sorted, compareBy(sort))
			want := testkit.IDs(sorted)
			wantOfEmployee := slices.DeleteFunc(testkit.IDs(sorted), func(id uuid.UUID) bool { return !slices.Contains(ofEmployee, id) })
			for _, limit := range []string{"1", "3", "7", "200"} {
				query := url.Values{"sort": {sort}, "limit": {limit}}
				if got := testkit.IDs(listAll(f.as[api.RoleTeamLead], query)); !slices.Equal(got, want) {
					t.Errorf("limit %s as team lead: got %v, want %v", limit, got, want)
				}
				if got := testkit.IDs(listAll(f.as[api.RoleEmployee], query)); !slices.Equal(got, wantOfEmployee) {
					t.Errorf("limit %s as employee: got %v, want %v", limit, got, wantOfEmployee)
				}
			}
		})
	}
	t.Run("default", func(t *testing.T) {
		t.Parallel()
		got := testkit.IDs(list(f.as[api.RoleHr], url.Values{"limit": {"200"}, "sort": {"-created_at"}}).Data)
		if !slices.Equal(got, testkit.IDs(all)) {
			t.Errorf("sort=-created_at: got %v, want the default order %v", got, testkit.IDs(all))
		}
	})
	for _, role := range []api.Role{api.RoleEmployee, api.RoleTeamLead, api.RoleHr} {
		t.Run("listed kit equals GetKit as "+string(role), func(t *testing.T) {
			t.Parallel()
			listed := list(f.as[role], nil).Data
			if len(listed) == 0 {
				t.Fatal("got no kits, want some")
			}
			for _, want := range listed {
				if got := getKit(f.as[role], want.ID); !reflect.DeepEqual(got, want) {
					t.Errorf("got %+v, listed %+v", got, want)
				}
			}
		})
	}
}

func TestFiltersCombine(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	all := createKits(t, f, 48)
	since := all[20].UpdatedAt
	sinceParam := since.Format(time.RFC3339Nano)
	ofJob := func(k api.Kit) bool { job, err := k.JobID.Get(); return err == nil && job == f.job }
	published := func(k api.Kit) bool { return !k.PublishedVersionID.IsNull() }
	updated := func(k api.Kit) bool { return !k.UpdatedAt.Before(since) }
	named := func(part string) func(api.Kit) bool {
		return func(k api.Kit) bool { return strings.Contains(strings.ToLower(k.Name), part) }
	}
	none := func(api.Kit) bool { return false }
	for name, test := range map[string]struct {
		query   url.Values
		matches func(k api.Kit) bool
	}{
		"job":          {url.Values{"job_id": {f.job.String()}}, ofJob},
		"unknown job":  {url.Values{"job_id": {uuid.NewString()}}, none},
		"published":    {url.Values{"is_published": {"true"}}, published},
		"unpublished":  {url.Values{"is_published": {"false"}}, func(k api.Kit) bool { return !published(k) }},
		"since":        {url.Values{"updated_since": {sinceParam}}, updated},
		"text":         {url.Values{"q": {"ÖZ"}}, named("öz")},
		"one letter":   {url.Values{"q": {"a"}}, named("a")},
		"percent sign": {url.Values{"q": {"%"}}, named("%")},
		"underscore":   {url.Values{"q": {"_"}}, named("_")},
		"backslash":    {url.Values{"q": {`\`}}, none},
		"all filters": {
			url.Values{
				"job_id": {f.job.String()}, "is_published": {"true"}, "q": {"a"}, "updated_since": {sinceParam}, "sort": {"name"},
			},
			func(k api.Kit) bool { return ofJob(k) && published(k) && named("a")(k) && updated(k) },
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, role := range []api.Role{api.RoleEmployee, api.RoleTeamLead, api.RoleHr} {
				visible := list(f.as[role], url.Values{"limit": {"200"}}).Data
				want := testkit.IDs(slices.DeleteFunc(visible, func(k api.Kit) bool { return !test.matches(k) }))
				got := testkit.IDs(listAll(f.as[role], testkit.With(test.query, url.Values{"limit": {"4"}})))
				byID := func(a, b uuid.UUID) int { return strings.Compare(a.String(), b.String()) }
				slices.SortFunc(want, byID)
				slices.SortFunc(got, byID)
				if !slices.Equal(got, want) {
					t.Errorf("%s: got %v, want %v", role, got, want)
				}
			}
		})
	}
	for _, query := range []string{
		"q=", "q=" + strings.Repeat("x", 101), "job_id=x", "is_published=maybe", "updated_since=yesterday", "limit=0", "limit=201",
		"sort=title", "sort=name&sort=name", "unknown=1",
	} {
		f.as[api.RoleHr].Get(collection+"?"+query).Refused(http.StatusBadRequest, "malformed_request")
	}
}

func TestCursorOfAnotherListIsRefused(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	createKits(t, f, 12)
	answer := f.as[api.RoleHr].Get(collection + "?limit=2&sort=name").Expect(http.StatusOK)
	cursor := testkit.Decode[api.KitPage](answer).NextCursor.MustGet()
	query := url.Values{"sort": {"name"}, "cursor": {cursor}}
	link := answer.Header.Get("Link")
	if !strings.HasPrefix(link, "<"+collection+"?") || !strings.Contains(link, url.QueryEscape(cursor)) {
		t.Errorf("Link: got %q, want the next page with the cursor %s", link, cursor)
	}

	// Another user of the company may use the cursor, with another limit.
	if got := list(f.as[api.RoleAdmin], testkit.With(query, url.Values{"limit": {"9"}})).Data; len(got) != 9 {
		t.Errorf("after the cursor: got %d kits, want 9", len(got))
	}

	for _, changes := range []url.Values{
		{"sort": nil},
		{"sort": {"-name"}},
		{"q": {"a"}},
		{"job_id": {f.job.String()}},
		{"is_published": {"true"}},
		{"updated_since": {"2020-01-01T00:00:00Z"}},
		{"cursor": {cursor + "AA"}},
		{"cursor": {"x"}},
	} {
		f.as[api.RoleHr].Get(collection+"?"+testkit.With(query, changes).Encode()).
			Refused(http.StatusBadRequest, "invalid_cursor")
	}
	stranger := f.replica.SignIn(t, testkit.User{Email: "hr@globex.example"})
	stranger.Get(collection+"?"+query.Encode()).Refused(http.StatusBadRequest, "invalid_cursor")
}

func TestVersionPages(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	hr := f.as[api.RoleHr]
	k, other := f.create(nil), f.create(nil)
	act(hr, k.ID, k.DraftVersionID.MustGet(), "publish").Expect(http.StatusOK)
	for range 6 {
		act(hr, k.ID, createVersion(hr, k.ID, nil).ID, "publish").Expect(http.StatusOK)
	}
	// As if the clock of the replica that created the last two versions had been slow: the number decides the order.
	f.Exec(`UPDATE kit_versions SET created_at = created_at - interval '1 hour' WHERE number > 5`)

	all := listVersions(hr, k.ID)
	if len(all) != 7 {
		t.Fatalf("got %d versions, want 7", len(all))
	}
	for i, listed := range all {
		if listed.Number != int32(7-i) {
			t.Errorf("version at %d: got number %d, want %d", i, listed.Number, 7-i)
		}
		if got := getVersion(hr, k.ID, listed.ID); !reflect.DeepEqual(got, listed) {
			t.Errorf("got %+v, listed %+v", got, listed)
		}
	}

	for limit := 1; limit <= 7; limit++ {
		var walked []api.KitVersion
		query := url.Values{"limit": {fmt.Sprint(limit)}}
		for {
			answer := hr.Get(path(k.ID, "versions") + "?" + query.Encode()).Expect(http.StatusOK)
			got := testkit.Decode[api.KitVersionPage](answer)
			walked = append(walked, got.Data...)
			if !got.HasMore {
				break
			}
			query.Set("cursor", got.NextCursor.MustGet())
		}
		if !reflect.DeepEqual(walked, all) {
			t.Errorf("limit %d: got %d versions, want the same %d in the same order", limit, len(walked), len(all))
		}
		if limit == 1 {
			hr.Get(path(other.ID, "versions")+"?"+query.Encode()).Refused(http.StatusBadRequest, "invalid_cursor")
		}
	}
}
