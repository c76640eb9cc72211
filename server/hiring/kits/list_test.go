package kits_test

import (
	"cmp"
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

// fill gives a company kits of the company and of two jobs, whose names and times collide, with versions of every status. The
// employee is on the panel of an interview by every third of those that have been published.
func fill(t *testing.T, h house, n int) []api.Kit {
	t.Helper()
	names := []string{"Özlem", "özlem", "Ada", "ada", "100%", "a_b", "Straße"}
	jobs := []any{nil, h.job, h.hiring.Job(api.JobStatusOpen)}
	statuses := []api.KitVersionStatus{api.KitVersionStatusDraft, api.KitVersionStatusPublished, api.KitVersionStatusArchived, api.KitVersionStatusPublished}
	application := h.hiring.Application(h.hiring.Candidate(), h.job, api.ApplicationStageInterview)
	conn, began := h.Connect(), time.Now().UTC().Truncate(time.Hour).Add(-time.Hour)
	for i := range n {
		status := statuses[i%len(statuses)]
		id, version := h.hiring.KitVersion(status)
		at := began.Add(time.Duration(i/4) * time.Microsecond)
		_, err := conn.Exec(t.Context(), `UPDATE kits SET name = $2, job_id = $3, created_at = $4, updated_at = $5 WHERE id = $1`,
			id, names[i%len(names)], jobs[i%3], at, at.Add(time.Duration(i%3)*time.Second))
		if err != nil {
			t.Fatal(err)
		}
		if i%3 == 0 && status != api.KitVersionStatusDraft {
			h.hiring.Interview(application, version, api.InterviewStatusScheduled, h.acme.Users[api.RoleEmployee])
		}
	}
	h.Hiring(h.Company("globex")).KitVersion(api.KitVersionStatusPublished)
	all := list(h.as[api.RoleHr], url.Values{"limit": {"200"}}).Data
	if len(all) != n {
		t.Fatalf("HR sees %d kits, want %d", len(all), n)
	}
	return all
}

func list(c *testkit.Client, query url.Values) api.KitPage {
	return testkit.Decode[api.KitPage](c.Get(collection + "?" + query.Encode()).Expect(http.StatusOK))
}

// every follows a list from page to page to its end.
func every(t *testing.T, c *testkit.Client, query url.Values) []api.Kit {
	t.Helper()
	var all []api.Kit
	query = with(query, nil)
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

// with gives a query with other values; a name without values is left out.
func with(query, changes url.Values) url.Values {
	other := url.Values{}
	for _, part := range []url.Values{query, changes} {
		for name, values := range part {
			other[name] = slices.Clone(values)
		}
	}
	return other
}

func ids(kits []api.Kit) []uuid.UUID {
	found := make([]uuid.UUID, len(kits))
	for i, k := range kits {
		found[i] = k.ID
	}
	return found
}

// order is what each sort order means, in Go: names by code point of their lower-case letters, ties by id.
func order(sort string) func(a, b api.Kit) int {
	by := map[string]func(a, b api.Kit) int{
		"created_at": func(a, b api.Kit) int { return a.CreatedAt.Compare(b.CreatedAt) },
		"updated_at": func(a, b api.Kit) int { return a.UpdatedAt.Compare(b.UpdatedAt) },
		"name":       func(a, b api.Kit) int { return strings.Compare(strings.ToLower(a.Name), strings.ToLower(b.Name)) },
	}[strings.TrimPrefix(sort, "-")]
	return func(a, b api.Kit) int {
		c := cmp.Or(by(a, b), strings.Compare(a.ID.String(), b.ID.String()))
		if strings.HasPrefix(sort, "-") {
			return -c
		}
		return c
	}
}

func TestEveryOrderGivesEverythingOnce(t *testing.T) {
	t.Parallel()
	h := build(t)
	all := fill(t, h, 36)
	document, err := api.GetSpec()
	if err != nil {
		t.Fatal(err)
	}
	panel := ids(list(h.as[api.RoleEmployee], url.Values{"limit": {"200"}}).Data)
	if len(panel) != 9 {
		t.Errorf("the employee is shown %d kits, want those of 9 interviews", len(panel))
	}
	for _, name := range document.Components.Schemas["KitSort"].Value.Enum {
		sort := name.(string)
		want := slices.Clone(all)
		slices.SortFunc(want, order(sort))
		for _, limit := range []string{"1", "3", "7", "200"} {
			query := url.Values{"sort": {sort}, "limit": {limit}}
			if got := every(t, h.as[api.RoleTeamLead], query); !slices.Equal(ids(got), ids(want)) {
				t.Errorf("%s by %s: %d kits, not the %d in their order", sort, limit, len(got), len(want))
			}
			mine := slices.DeleteFunc(ids(want), func(id uuid.UUID) bool { return !slices.Contains(panel, id) })
			if got := every(t, h.as[api.RoleEmployee], query); !slices.Equal(ids(got), mine) {
				t.Errorf("%s by %s, as an employee: %d kits, not the %d in their order", sort, limit, len(got), len(mine))
			}
		}
	}
	if got := ids(list(h.as[api.RoleHr], url.Values{"limit": {"200"}, "sort": {"-created_at"}}).Data); !slices.Equal(got, ids(all)) {
		t.Error("the order without sort is not -created_at")
	}
	for _, role := range []api.Role{api.RoleEmployee, api.RoleTeamLead, api.RoleHr} {
		for _, listed := range list(h.as[role], nil).Data {
			if one := kit(h.as[role], listed.ID); !reflect.DeepEqual(listed, one) {
				t.Errorf("%s lists %+v, reads %+v", role, listed, one)
			}
		}
	}
}

func TestFiltersCombine(t *testing.T) {
	t.Parallel()
	h := build(t)
	all := fill(t, h, 48)
	since := all[20].UpdatedAt
	of := func(k api.Kit) bool { job, err := k.JobID.Get(); return err == nil && job == h.job }
	named := func(k api.Kit, part string) bool { return strings.Contains(strings.ToLower(k.Name), part) }
	for name, test := range map[string]struct {
		query url.Values
		keep  func(k api.Kit) bool
	}{
		"job":            {url.Values{"job_id": {h.job.String()}}, of},
		"an unknown job": {url.Values{"job_id": {uuid.NewString()}}, func(api.Kit) bool { return false }},
		"published":      {url.Values{"is_published": {"true"}}, func(k api.Kit) bool { return !k.PublishedVersionID.IsNull() }},
		"unpublished":    {url.Values{"is_published": {"false"}}, func(k api.Kit) bool { return k.PublishedVersionID.IsNull() }},
		"since":          {url.Values{"updated_since": {since.Format(time.RFC3339Nano)}}, func(k api.Kit) bool { return !k.UpdatedAt.Before(since) }},
		"text":           {url.Values{"q": {"ÖZ"}}, func(k api.Kit) bool { return named(k, "öz") }},
		"one letter":     {url.Values{"q": {"a"}}, func(k api.Kit) bool { return named(k, "a") }},
		"per cent":       {url.Values{"q": {"%"}}, func(k api.Kit) bool { return named(k, "%") }},
		"underscore":     {url.Values{"q": {"_"}}, func(k api.Kit) bool { return named(k, "_") }},
		"backslash":      {url.Values{"q": {`\`}}, func(api.Kit) bool { return false }},
		"all": {
			url.Values{"job_id": {h.job.String()}, "is_published": {"true"}, "q": {"a"}, "updated_since": {since.Format(time.RFC3339Nano)}, "sort": {"name"}},
			func(k api.Kit) bool {
				return of(k) && !k.PublishedVersionID.IsNull() && named(k, "a") && !k.UpdatedAt.Before(since)
			},
		},
	} {
		for _, role := range []api.Role{api.RoleEmployee, api.RoleTeamLead, api.RoleHr} {
			seen := list(h.as[role], url.Values{"limit": {"200"}}).Data
			want := ids(slices.DeleteFunc(seen, func(k api.Kit) bool { return !test.keep(k) }))
			got := ids(every(t, h.as[role], with(test.query, url.Values{"limit": {"4"}})))
			sorted := func(a, b uuid.UUID) int { return strings.Compare(a.String(), b.String()) }
			slices.SortFunc(want, sorted)
			slices.SortFunc(got, sorted)
			if !slices.Equal(got, want) {
				t.Errorf("%s as %s: %d kits, want %d", name, role, len(got), len(want))
			}
		}
	}
	for _, bad := range []string{
		"q=", "q=" + strings.Repeat("x", 101), "job_id=x", "is_published=maybe", "updated_since=yesterday", "limit=0", "limit=201", "sort=title",
		"sort=name&sort=name", "unknown=1",
	} {
		h.as[api.RoleHr].Get(collection+"?"+bad).Refused(http.StatusBadRequest, "malformed_request")
	}
}

func TestACursorBelongsToItsList(t *testing.T) {
	t.Parallel()
	h := build(t)
	fill(t, h, 12)
	answer := h.as[api.RoleHr].Get(collection + "?limit=2&sort=name").Expect(http.StatusOK)
	cursor := testkit.Decode[api.KitPage](answer).NextCursor.MustGet()
	same := url.Values{"sort": {"name"}, "cursor": {cursor}}
	if link := answer.Header.Get("Link"); !strings.HasPrefix(link, "<"+collection+"?") || !strings.Contains(link, url.QueryEscape(cursor)) {
		t.Errorf("Link is %q", link)
	}
	if got := list(h.as[api.RoleAdmin], with(same, url.Values{"limit": {"9"}})).Data; len(got) != 9 {
		t.Errorf("behind the cursor are %d kits", len(got))
	}
	for _, other := range []url.Values{
		{"sort": nil},
		{"sort": {"-name"}},
		{"q": {"a"}},
		{"job_id": {h.job.String()}},
		{"is_published": {"true"}},
		{"updated_since": {"2020-01-01T00:00:00Z"}},
		{"cursor": {cursor + "AA"}},
		{"cursor": {"x"}},
	} {
		h.as[api.RoleHr].Get(collection+"?"+with(same, other).Encode()).Refused(http.StatusBadRequest, "invalid_cursor")
	}
	stranger := h.replica.SignIn(t, testkit.User{Email: "hr@globex.example"})
	stranger.Get(collection+"?"+same.Encode()).Refused(http.StatusBadRequest, "invalid_cursor")
}

func TestVersionsByPages(t *testing.T) {
	t.Parallel()
	h := build(t)
	hr := h.as[api.RoleHr]
	k, other := h.create(nil), h.create(nil)
	act(hr, k.ID, k.DraftVersionID.MustGet(), "publish").Expect(http.StatusOK)
	for range 6 {
		act(hr, k.ID, begin(hr, k.ID, nil).ID, "publish").Expect(http.StatusOK)
	}
	// The clock of the replica that began the last two was behind.
	h.Exec(`UPDATE kit_versions SET created_at = created_at - interval '1 hour' WHERE number > 5`)
	whole := versions(hr, k.ID)
	for i, v := range whole {
		if v.Number != int32(7-i) {
			t.Errorf("the version at %d has the number %d", i, v.Number)
		}
		if one := version(hr, k.ID, v.ID); !reflect.DeepEqual(v, one) {
			t.Errorf("listed is %+v, read is %+v", v, one)
		}
	}
	for limit := 1; limit <= 7; limit++ {
		var walked []api.KitVersion
		query := url.Values{"limit": {fmt.Sprint(limit)}}
		for {
			got := testkit.Decode[api.KitVersionPage](hr.Get(path(k.ID, "versions") + "?" + query.Encode()).Expect(http.StatusOK))
			walked = append(walked, got.Data...)
			if !got.HasMore {
				break
			}
			query.Set("cursor", got.NextCursor.MustGet())
		}
		if !reflect.DeepEqual(walked, whole) {
			t.Errorf("by %d: walked %d versions, not the %d in their order", limit, len(walked), len(whole))
		}
		if limit == 1 {
			hr.Get(path(other.ID, "versions")+"?"+query.Encode()).Refused(http.StatusBadRequest, "invalid_cursor")
		}
	}
}
