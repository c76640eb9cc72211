package applications_test

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"net/http"
	"net/url"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"

	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/server/testkit"
)

const export = collection + "/export"

// lines reads an export as NDJSON.
func lines(t *testing.T, answer *testkit.Answer) []api.Application {
	t.Helper()
	var all []api.Application
	for decoder := json.NewDecoder(bytes.NewReader(answer.Expect(http.StatusOK).Body)); decoder.More(); {
		var one api.Application
		if err := decoder.Decode(&one); err != nil {
			t.Fatal(err)
		}
		all = append(all, one)
	}
	return all
}

// TestAnExportIsTheListFromOldToNew holds what is exported against the list, for everybody, with filters and without.
func TestAnExportIsTheListFromOldToNew(t *testing.T) {
	t.Parallel()
	h := build(t)
	c := fill(t, h, 40)
	for _, role := range []api.Role{api.RoleEmployee, api.RoleTeamLead, api.RoleHr, api.RoleAdmin} {
		for _, query := range []url.Values{
			{},
			{"job_id": {c.jobs[0].String()}},
			{"candidate_id": {c.candidates[3].String()}},
			{"stage": {"offer", "hired"}},
			{"status": {"withdrawn"}},
			{"updated_since": {c.all[20].UpdatedAt.Format("2006-01-02T15:04:05.999999Z07:00")}},
			{"job_id": {uuid.NewString()}},
		} {
			want := every(t, h.as[role], with(query, url.Values{"sort": {"created_at"}}))
			answer := h.as[role].Get(export + "?" + query.Encode())
			if got := lines(t, answer); !reflect.DeepEqual(got, want) {
				t.Errorf("%s by %v: exported %d applications, listed are %d", role, query, len(got), len(want))
			}
			if got := answer.Header.Get("Content-Disposition"); !strings.HasPrefix(got, `attachment; filename="applications-`) || !strings.HasSuffix(got, `.ndjson"`) {
				t.Errorf("Content-Disposition is %q", got)
			}
		}
	}
	for _, bad := range []string{"format=xml", "limit=5", "sort=created_at", "cursor=x", "stage=none"} {
		h.as[api.RoleHr].Get(export+"?"+bad).Refused(http.StatusBadRequest, "malformed_request")
	}
}

func TestAnExportAsCSV(t *testing.T) {
	t.Parallel()
	h := build(t)
	job := h.hiring.Job(api.JobStatusOpen)
	h.Exec(`UPDATE jobs SET title = '=cmd|calc' WHERE id = $1`, job)
	rejected := h.hiring.Application(h.hiring.Candidate(), job, api.ApplicationStageInterview)
	h.Exec(`UPDATE applications SET source = '"Fair", Oslo', status = 'rejected', rejection_reason = 'location' WHERE id = $1`, rejected)
	active := h.hiring.Application(h.hiring.Candidate(), job, api.ApplicationStageOffer)
	answer := h.as[api.RoleHr].Get(export + "?format=csv").Expect(http.StatusOK)
	if kind, name := answer.Header.Get("Content-Type"), answer.Header.Get("Content-Disposition"); kind != "text/csv" || !strings.HasSuffix(name, `.csv"`) {
		t.Errorf("it is %s, %s", kind, name)
	}
	records, err := csv.NewReader(bytes.NewReader(answer.Body)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	a, b := read(h.as[api.RoleHr], rejected), read(h.as[api.RoleHr], active)
	stamp := func(a api.Application) []string {
		var times []string
		for _, at := range []any{a.StageEnteredAt, a.CreatedAt, a.UpdatedAt} {
			encoded, _ := json.Marshal(at) // a time can always be encoded
			times = append(times, strings.Trim(string(encoded), `"`))
		}
		return times
	}
	want := [][]string{
		{
			"id", "candidate_id", "candidate_first_name", "candidate_last_name", "job_id", "job_title", "stage", "status", "rejection_reason",
			"source", "stage_entered_at", "created_at", "updated_at",
		},
		append([]string{
			rejected.String(), a.Candidate.ID.String(), a.Candidate.FirstName, a.Candidate.LastName, job.String(), "'=cmd|calc", "interview",
			"rejected", "location", `"Fair", Oslo`,
		}, stamp(a)...),
		append([]string{
			active.String(), b.Candidate.ID.String(), b.Candidate.FirstName, b.Candidate.LastName, job.String(), "'=cmd|calc", "offer",
			"active", "", "",
		}, stamp(b)...),
	}
	if !slices.EqualFunc(records, want, slices.Equal[[]string]) {
		t.Errorf("exported is %q\nwant %q", records, want)
	}
	if got := string(h.as[api.RoleEmployee].Get(export + "?format=csv").Expect(http.StatusOK).Body); got != strings.Join(want[0], ",")+"\r\n" {
		t.Errorf("CSV of nothing is %q", got)
	}
}

// TestALongExport goes over several batches whose times collide at their borders.
func TestALongExport(t *testing.T) {
	t.Parallel()
	h := build(t)
	candidate, job := h.hiring.Candidate(), h.hiring.Job(api.JobStatusOpen)
	h.Exec(`INSERT INTO applications (company_id, id, candidate_id, job_id, status, stage_entered_at, created_at, updated_at)
		SELECT $1, gen_random_uuid(), $2, $3, 'withdrawn', now(), now() - make_interval(secs => i / 7), now() FROM generate_series(1, 1600) AS i`,
		h.acme.ID, candidate, job)
	got := lines(t, h.as[api.RoleHr].Get(export))
	if len(got) != 1600 || !slices.IsSortedFunc(got, order("created_at")) {
		t.Errorf("exported are %d applications, want 1600 in order", len(got))
	}
	found := ids(got)
	slices.SortFunc(found, func(a, b uuid.UUID) int { return strings.Compare(a.String(), b.String()) })
	if len(slices.Compact(found)) != 1600 {
		t.Error("an application came twice")
	}
}

// TestAnExportIsRecorded: whoever takes applications out leaves a trace, whatever their role.
func TestAnExportIsRecorded(t *testing.T) {
	t.Parallel()
	h := build(t)
	for role, user := range h.acme.Users {
		h.as[role].Get(export + "?format=csv&stage=offer").Expect(http.StatusOK)
		entries := testkit.Decode[api.AuditLogPage](h.as[api.RoleAdmin].
			Get("/api/v1/audit-logs?action=application.exported&actor_id=" + user.ID.String()).Expect(http.StatusOK)).Data
		if len(entries) != 1 || entries[0].ResourceType != "application" || details(t, entries[0]) != `{"format":"csv","query":"format=csv\u0026stage=offer"}` {
			t.Errorf("%s: recorded is %+v", role, entries)
		}
	}
}
