package jobs_test

import (
	"net/http"
	"net/url"
	"testing"

	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/server/testkit"
)

// TestExternalID sets, finds, changes and removes the id of a job in another system. A taken one names the other job, to
// callers who can read it.
func TestExternalID(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	type object = map[string]any
	hr := f.as[api.RoleHr]
	first := testkit.Decode[api.Job](hr.Post(collection, object{"title": "First", "external_id": "req 1"}).Expect(http.StatusCreated))
	second := testkit.Decode[api.Job](hr.Post(collection, object{"title": "Second"}).Expect(http.StatusCreated))
	list := func(externalID string) []api.Job {
		return testkit.Decode[api.JobPage](hr.Get(collection + "?external_id=" + url.QueryEscape(externalID)).Expect(http.StatusOK)).Data
	}
	if got := list("req 1"); len(got) != 1 || got[0].ID != first.ID {
		t.Errorf("jobs with the external_id: got %v, want %s", got, first.ID)
	}
	if got := list("REQ 1"); len(got) != 0 {
		t.Errorf("jobs with another external_id: got %v, want none", got)
	}
	path := collection + "/" + second.ID.String()
	for name, taken := range map[string]api.Problem{
		"create": hr.Post(collection, object{"title": "Third", "external_id": "req 1"}).Refused(http.StatusConflict, "external_id_taken"),
		"change": hr.Patch(path, object{"external_id": "req 1"}).Refused(http.StatusConflict, "external_id_taken"),
	} {
		if len(taken.Conflicts) != 1 || taken.Conflicts[0] != (api.ConflictingResource{Type: "job", ID: first.ID}) ||
			len(taken.Errors) != 1 || *taken.Errors[0].Pointer != "/external_id" {
			t.Errorf("%s: got conflicts %v and errors %v, want job %s and /external_id", name, taken.Conflicts, taken.Errors, first.ID)
		}
	}
	writer := f.replica.Bearer(t, f.Key(f.acme, []string{"jobs:write"}).Secret.Reveal())
	if blind := writer.Post(collection, object{"title": "Third", "external_id": "req 1"}).Refused(http.StatusConflict, "external_id_taken"); len(blind.Conflicts) != 0 {
		t.Errorf("conflicts for a key that cannot read jobs: got %v, want none", blind.Conflicts)
	}
	hr.Patch(collection+"/"+first.ID.String(), object{"external_id": nil}).Expect(http.StatusOK)
	if got := testkit.Decode[api.Job](hr.Patch(path, object{"external_id": "req 1"}).Expect(http.StatusOK)); got.ExternalID.MustGet() != "req 1" {
		t.Errorf("external_id: got %v, want req 1", got.ExternalID)
	}
	for _, invalid := range []string{"", " x", "é", "a\n"} {
		hr.Patch(path, object{"external_id": invalid}).Refused(http.StatusBadRequest, "malformed_request")
	}
	f.Installation.Hiring(f.Company("globex")).Job(api.JobStatusOpen)
	f.Exec(`UPDATE jobs SET external_id = 'req 2' WHERE company_id <> $1`, f.acme.ID)
	hr.Patch(path, object{"external_id": "req 2"}).Expect(http.StatusOK)
}
