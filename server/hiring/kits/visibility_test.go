package kits_test

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"

	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/server/testkit"
)

// listVersions returns the versions of a kit that a client sees, newest first.
func listVersions(c *testkit.Client, kit uuid.UUID) []api.KitVersion {
	return testkit.Decode[api.KitVersionPage](c.Get(path(kit, "versions")).Expect(http.StatusOK)).Data
}

// TestEmployeesReadVersionsOfTheirInterviews verifies that employees read only the versions of their interviews, and
// that nothing reveals whether a kit has other versions.
func TestEmployeesReadVersionsOfTheirInterviews(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	hr, employee := f.as[api.RoleHr], f.as[api.RoleEmployee]
	application := f.hiring.Application(f.hiring.Candidate(), f.job, api.ApplicationStageInterview)

	// Versions 1 and 2 are archived, 3 is published, 4 is a draft. Another kit has a published version.
	k := f.create(nil)
	versions := map[int32]uuid.UUID{1: k.DraftVersionID.MustGet()}
	act(hr, k.ID, versions[1], "publish").Expect(http.StatusOK)
	for n := int32(2); n <= 4; n++ {
		versions[n] = createVersion(hr, k.ID, nil).ID
		if n < 4 {
			act(hr, k.ID, versions[n], "publish").Expect(http.StatusOK)
		}
	}
	other := f.create(nil)
	act(hr, other.ID, other.DraftVersionID.MustGet(), "publish").Expect(http.StatusOK)
	targets := []string{path(k.ID), path(k.ID, "versions"), path(k.ID, "versions", versions[3])}

	// visibleNumbers returns the numbers of the listed versions, and verifies that the others are not found.
	visibleNumbers := func(c *testkit.Client) (listed []int32) {
		t.Helper()
		for _, v := range listVersions(c, k.ID) {
			listed = append(listed, v.Number)
		}
		for n, id := range versions {
			want := http.StatusNotFound
			if slices.Contains(listed, n) {
				want = http.StatusOK
			}
			c.Get(path(k.ID, "versions", id)).Expect(want)
		}
		if len(listed) == 0 {
			t.Fatal("got no versions, want some")
		}
		if got := getKit(c, k.ID).LatestNumber; got != listed[0] {
			t.Errorf("latest number: got %d, want the first of %v", got, listed)
		}
		return listed
	}
	countKits := func(query string) int {
		return len(testkit.Decode[api.KitPage](employee.Get(collection + query).Expect(http.StatusOK)).Data)
	}

	// Without an interview, the kit looks like one that does not exist.
	for _, target := range targets {
		missing := strings.Replace(target, k.ID.String(), uuid.NewString(), 1)
		got, want := withoutRequestID(employee.Get(target)), withoutRequestID(employee.Get(missing))
		if got != want {
			t.Errorf("%s: got %s, want the answer for a missing kit: %s", target, got, want)
		}
	}
	if got := countKits(""); got != 0 {
		t.Errorf("employee without an interview: got %d kits, want 0", got)
	}

	// A panelist of an interview with version 2 sees version 2.
	f.hiring.Interview(application, versions[2], api.InterviewStatusCompleted, f.acme.Users[api.RoleEmployee])
	if got := visibleNumbers(employee); !slices.Equal(got, []int32{2}) {
		t.Errorf("panelist with version 2: got versions %v, want 2", got)
	}
	visible := getKit(employee, k.ID)
	if !visible.PublishedVersionID.IsNull() || !visible.DraftVersionID.IsNull() || len(visible.AllowedActions) != 0 {
		t.Errorf("panelist with version 2: got %+v, want no published version, draft or actions", visible)
	}
	if countKits("?is_published=true") != 0 || countKits("?is_published=false") != 1 {
		t.Error("the filter is_published reveals a published version that the panelist does not see")
	}

	// A panelist with version 3 sees the published version. An interview never has a draft; if it had, the draft would
	// still be invisible.
	f.hiring.Interview(application, versions[3], api.InterviewStatusScheduled,
		f.acme.Users[api.RoleEmployee], f.acme.Users[api.RoleTeamLead])
	f.hiring.Interview(application, versions[4], api.InterviewStatusDraft, f.acme.Users[api.RoleEmployee])
	if got := visibleNumbers(employee); !slices.Equal(got, []int32{3, 2}) {
		t.Errorf("panelist with versions 2 and 3: got versions %v, want 3 and 2", got)
	}
	visible = getKit(employee, k.ID)
	if visible.PublishedVersionID.MustGet() != versions[3] || !visible.DraftVersionID.IsNull() ||
		countKits("?is_published=true") != 1 {
		t.Errorf("panelist with versions 2 and 3: got %+v, want the published version %s", visible, versions[3])
	}
	for _, v := range listVersions(employee, k.ID) {
		if len(v.AllowedActions) != 0 || len(v.Criteria) != 1 {
			t.Errorf("panelist: got %+v, want no actions and one criterion", v)
		}
	}
	employee.Get(path(other.ID)).Refused(http.StatusNotFound, "not_found")

	// Other roles see every version; other companies see none.
	for _, role := range []api.Role{api.RoleTeamLead, api.RoleHr, api.RoleAdmin} {
		t.Run(string(role), func(t *testing.T) {
			if got := visibleNumbers(f.as[role].In(t)); !slices.Equal(got, []int32{4, 3, 2, 1}) {
				t.Errorf("got versions %v, want 4, 3, 2, 1", got)
			}
			f.as[role].In(t).Get(path(other.ID)).Expect(http.StatusOK)
		})
	}
	stranger := f.replica.SignIn(t, f.Company("globex").Users[api.RoleAdmin])
	for _, target := range targets {
		stranger.Get(target).Refused(http.StatusNotFound, "not_found")
	}
}

// withoutRequestID returns the JSON of a 404 problem without the members that identify the request.
func withoutRequestID(answer *testkit.Answer) string {
	p := answer.Refused(http.StatusNotFound, "not_found")
	p.Instance, p.RequestID = "", ""
	encoded, _ := json.Marshal(p) // a problem can always be encoded
	return string(encoded)
}
