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

// versions gives the versions of a kit that somebody is shown.
func versions(c *testkit.Client, kit uuid.UUID) []api.KitVersion {
	return testkit.Decode[api.KitVersionPage](c.Get(path(kit, "versions")).Expect(http.StatusOK)).Data
}

// TestEmployeesReadTheVersionsOfTheirInterviews: they are shown nothing of a kit's other versions, neither themselves nor that
// they are there.
func TestEmployeesReadTheVersionsOfTheirInterviews(t *testing.T) {
	t.Parallel()
	h := build(t)
	hr, employee := h.as[api.RoleHr], h.as[api.RoleEmployee]
	application := h.hiring.Application(h.hiring.Candidate(), h.job, api.ApplicationStageInterview)
	k := h.create(nil)
	numbers := map[int32]uuid.UUID{1: k.DraftVersionID.MustGet()}
	act(hr, k.ID, numbers[1], "publish").Expect(http.StatusOK)
	for n := int32(2); n <= 4; n++ {
		numbers[n] = begin(hr, k.ID, nil).ID
		if n < 4 {
			act(hr, k.ID, numbers[n], "publish").Expect(http.StatusOK)
		}
	}
	// Now 1 and 2 are archived, 3 is published, 4 is a draft; and another kit has a published version of its own.
	other := h.create(nil)
	act(hr, other.ID, other.DraftVersionID.MustGet(), "publish").Expect(http.StatusOK)

	shown := func(c *testkit.Client) (listed []int32) {
		t.Helper()
		for _, v := range versions(c, k.ID) {
			listed = append(listed, v.Number)
		}
		for n, id := range numbers {
			want := http.StatusNotFound
			if slices.Contains(listed, n) {
				want = http.StatusOK
			}
			c.Get(path(k.ID, "versions", id)).Expect(want)
		}
		if got := kit(c, k.ID).LatestNumber; got != listed[0] {
			t.Errorf("the latest number is %d, listed are %v", got, listed)
		}
		return listed
	}
	unseen := func(target string) {
		t.Helper()
		random := strings.Replace(target, k.ID.String(), uuid.NewString(), 1)
		if a, b := anonymous(employee.Get(target)), anonymous(employee.Get(random)); a != b {
			t.Errorf("%s is told from what does not exist:\n%s\n%s", target, a, b)
		}
	}
	for _, target := range []string{path(k.ID), path(k.ID, "versions"), path(k.ID, "versions", numbers[3])} {
		unseen(target)
	}
	if got := testkit.Decode[api.KitPage](employee.Get(collection).Expect(http.StatusOK)).Data; len(got) != 0 {
		t.Errorf("an employee without an interview is shown %+v", got)
	}
	published := func(query string) int {
		return len(testkit.Decode[api.KitPage](employee.Get(collection + query).Expect(http.StatusOK)).Data)
	}

	h.hiring.Interview(application, numbers[2], api.InterviewStatusCompleted, h.acme.Users[api.RoleEmployee])
	if got := shown(employee); !slices.Equal(got, []int32{2}) {
		t.Errorf("the panelist of an interview by version 2 is shown %v", got)
	}
	seen := kit(employee, k.ID)
	if !seen.PublishedVersionID.IsNull() || !seen.DraftVersionID.IsNull() || len(seen.AllowedActions) != 0 {
		t.Errorf("the panelist is shown %+v", seen)
	}
	if published("?is_published=true") != 0 || published("?is_published=false") != 1 {
		t.Error("the filter tells the panelist of a version that they may not read")
	}
	h.hiring.Interview(application, numbers[3], api.InterviewStatusScheduled, h.acme.Users[api.RoleEmployee], h.acme.Users[api.RoleTeamLead])
	// No interview has a draft; if one had, it would not show it.
	h.hiring.Interview(application, numbers[4], api.InterviewStatusDraft, h.acme.Users[api.RoleEmployee])
	if got := shown(employee); !slices.Equal(got, []int32{3, 2}) {
		t.Errorf("the panelist of interviews by versions 2 and 3 is shown %v", got)
	}
	seen = kit(employee, k.ID)
	if seen.PublishedVersionID.MustGet() != numbers[3] || !seen.DraftVersionID.IsNull() || published("?is_published=true") != 1 {
		t.Errorf("the panelist is shown %+v", seen)
	}
	for _, v := range versions(employee, k.ID) {
		if len(v.AllowedActions) != 0 || len(v.Criteria) != 1 {
			t.Errorf("the panelist is shown %+v", v)
		}
	}
	employee.Get(path(other.ID)).Refused(http.StatusNotFound, "not_found")
	for _, role := range []api.Role{api.RoleTeamLead, api.RoleHr, api.RoleAdmin} {
		if got := shown(h.as[role]); !slices.Equal(got, []int32{4, 3, 2, 1}) {
			t.Errorf("%s is shown %v", role, got)
		}
		h.as[role].Get(path(other.ID)).Expect(http.StatusOK)
	}
	stranger := h.replica.SignIn(t, h.Company("globex").Users[api.RoleAdmin])
	for _, target := range []string{path(k.ID), path(k.ID, "versions"), path(k.ID, "versions", numbers[3])} {
		stranger.Get(target).Refused(http.StatusNotFound, "not_found")
	}
}

// anonymous is a refusal without what names the very request.
func anonymous(answer *testkit.Answer) string {
	p := answer.Refused(http.StatusNotFound, "not_found")
	p.Instance, p.RequestID = "", ""
	encoded, _ := json.Marshal(p) // a problem can always be encoded
	return string(encoded)
}
