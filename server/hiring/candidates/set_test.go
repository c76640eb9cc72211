package candidates_test

import (
	"net/http"
	"net/url"
	"sync"
	"testing"

	"github.com/google/uuid"

	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/server/testkit"
)

func byExternalID(id string) string { return collection + "/by-external-id/" + url.PathEscape(id) }

// TestSetByExternalID creates a candidate, repeats the request, and replaces the profile as a whole.
func TestSetByExternalID(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	hr := f.as[api.RoleHr]
	type object = map[string]any
	const id = "ats/47 %11?"
	body := object{"first_name": " Mira ", "last_name": "Solheim", "email": "Mira@Mail.example", "phone": "+49 30 1", "tags": []string{"A"}}
	answer := hr.Do(http.MethodPut, byExternalID(id), body).Expect(http.StatusCreated)
	created := testkit.Decode[api.Candidate](answer)
	for _, spelling := range []string{"ats%2F47%20%2511%3F", "%61ts%2f47%20%2511%3f"} {
		same := testkit.Decode[api.Candidate](hr.Do(http.MethodPut, collection+"/by-external-id/"+spelling, body).Expect(http.StatusOK))
		if same.ID != created.ID {
			t.Errorf("%s: got candidate %s, want %s", spelling, same.ID, created.ID)
		}
	}
	if created.ExternalID.MustGet() != id || created.FirstName != "Mira" || answer.Header.Get("Location") != path(created.ID) {
		t.Errorf("got %+v at %s, want the external_id %s and its Location", created, answer.Header.Get("Location"), id)
	}
	again := hr.Do(http.MethodPut, byExternalID(id), body).Expect(http.StatusOK)
	if again.Header.Get("ETag") != answer.Header.Get("ETag") {
		t.Errorf("ETag after an equal request: got %s, want %s", again.Header.Get("ETag"), answer.Header.Get("ETag"))
	}
	replaced := testkit.Decode[api.Candidate](hr.Do(http.MethodPut, byExternalID(id), object{"first_name": "Mira", "last_name": "Berg"},
		"If-Match", answer.Header.Get("ETag")).Expect(http.StatusOK))
	if replaced.ID != created.ID || replaced.LastName != "Berg" || !replaced.Email.IsNull() || !replaced.Phone.IsNull() ||
		len(replaced.Tags) != 0 || replaced.ExternalID.MustGet() != id {
		t.Errorf("replaced: got %+v, want the names and the external_id only", replaced)
	}
	hr.Do(http.MethodPut, byExternalID(id), body, "If-Match", answer.Header.Get("ETag")).Refused(http.StatusPreconditionFailed, "version_mismatch")
	hr.Do(http.MethodPut, byExternalID("new"), body, "If-Match", "*").Refused(http.StatusPreconditionFailed, "version_mismatch")
	hr.Do(http.MethodPut, byExternalID(id), object{"first_name": "Mira"}).Refused(http.StatusBadRequest, "malformed_request")
	hr.Do(http.MethodPut, byExternalID(id), object{"first_name": "Mira", "last_name": " \n"}).Refused(http.StatusBadRequest, "malformed_request")
	hr.Do(http.MethodPut, byExternalID(id), object{"first_name": "a", "last_name": "b", "external_id": "c"}).Refused(http.StatusBadRequest, "malformed_request")
	if got, want := f.auditEntries("candidate.created"), 1; len(got) != want {
		t.Errorf("entries of candidate.created: got %v, want %d", got, want)
	}
	want := []string{`hr ` + created.ID.String() + ` {"changed": ["last_name", "email", "phone", "tags"]}`}
	if got := f.auditEntries("candidate.updated"); len(got) != 1 || got[0] != want[0] {
		t.Errorf("entries of candidate.updated: got %v, want %v", got, want)
	}
	taken := hr.Post(collection, object{"first_name": "a", "last_name": "b", "external_id": id}).Refused(http.StatusConflict, "external_id_taken")
	if len(taken.Conflicts) != 1 || taken.Conflicts[0] != (api.ConflictingResource{Type: "candidate", ID: created.ID}) {
		t.Errorf("conflicts: got %v, want candidate %s", taken.Conflicts, created.ID)
	}
	other := f.hiring.Candidate()
	taken = hr.Patch(path(other), object{"external_id": id}).Refused(http.StatusConflict, "external_id_taken")
	if len(taken.Conflicts) != 1 || taken.Conflicts[0].ID != created.ID {
		t.Errorf("conflicts of a change: got %v, want candidate %s", taken.Conflicts, created.ID)
	}
	writer := f.replica.Bearer(t, f.Key(f.acme, []string{"candidates:write"}).Secret.Reveal())
	if blind := writer.Patch(path(other), object{"external_id": id}).Refused(http.StatusConflict, "external_id_taken"); len(blind.Conflicts) != 0 {
		t.Errorf("conflicts for a key that cannot read candidates: got %v, want none", blind.Conflicts)
	}
}

// TestConcurrentSetsCreateOneCandidate: of requests for the same external_id, one creates the candidate.
func TestConcurrentSetsCreateOneCandidate(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	const requests = 12
	var all sync.WaitGroup
	answers := make([]*testkit.Answer, requests)
	for n := range requests {
		all.Go(func() {
			answers[n] = f.as[api.RoleHr].Do(http.MethodPut, byExternalID("ats-1"), map[string]any{"first_name": "Mira", "last_name": string(rune('A' + n))})
		})
	}
	all.Wait()
	statuses, ids := map[int]int{}, map[uuid.UUID]bool{}
	for _, answer := range answers {
		statuses[answer.Status]++
		if answer.Status < 300 {
			ids[testkit.Decode[api.Candidate](answer).ID] = true
		}
	}
	if statuses[http.StatusCreated] != 1 || statuses[http.StatusOK] != requests-1 || len(ids) != 1 {
		t.Errorf("got statuses %v for %d candidates, want one 201 and otherwise 200 for one candidate", statuses, len(ids))
	}
}

// TestImportFindsJobsByExternalID: an external_id takes precedence over the title of another job.
func TestImportFindsJobsByExternalID(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	job, titled := f.hiring.Job(api.JobStatusOpen), f.hiring.Job(api.JobStatusOpen)
	f.Exec(`UPDATE jobs SET external_id = 'req-1' WHERE id = $1`, job)
	f.Exec(`UPDATE jobs SET title = 'req-1' WHERE id = $1`, titled)
	report := testkit.Decode[api.ImportReport](f.as[api.RoleHr].Do(http.MethodPost, collection+"/import.csv",
		"first_name,last_name,job\nMira,Solheim,req-1\nNora,Lind,REQ-1\n", "Content-Type", "text/csv").Expect(http.StatusOK))
	got := f.queryTexts(`SELECT c.first_name || ' ' || a.job_id FROM applications AS a JOIN candidates AS c ON c.id = a.candidate_id ORDER BY 1`)
	if report.ApplicationsCreated != 2 || got[0] != "Mira "+job.String() || got[1] != "Nora "+titled.String() {
		t.Errorf("got %v, want Mira %s by the external_id and Nora %s by the title", got, job, titled)
	}
}
