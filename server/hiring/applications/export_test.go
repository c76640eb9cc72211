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

// decodeLines decodes an export in NDJSON.
func decodeLines(t *testing.T, answer *testkit.Answer) []api.Application {
	t.Helper()
	var all []api.Application
	for decoder := json.NewDecoder(bytes.NewReader(answer.Expect(http.StatusOK).Body)); decoder.More(); {
		var application api.Application
		if err := decoder.Decode(&application); err != nil {
			t.Fatal(err)
		}
		all = append(all, application)
	}
	return all
}

// TestExportEqualsListOldestFirst compares exports with the list, for every role and filter.
func TestExportEqualsListOldestFirst(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	c := insertApplications(t, f, 40)
	for _, role := range []api.Role{api.RoleEmployee, api.RoleTeamLead, api.RoleHr, api.RoleAdmin} {
		t.Run(string(role), func(t *testing.T) {
			f := f.in(t)
			for _, query := range []url.Values{
				{},
				{"job_id": {c.jobs[0].String()}},
				{"candidate_id": {c.candidates[3].String()}},
				{"stage": {"offer", "hired"}},
				{"status": {"withdrawn"}},
				{"updated_since": {c.all[20].UpdatedAt.Format("2006-01-02T15:04:05.999999Z07:00")}},
				{"job_id": {uuid.NewString()}},
			} {
				want := listAll(f.as[role], testkit.With(query, url.Values{"sort": {"created_at"}}))
				if len(query) == 0 && len(want) == 0 {
					t.Error("got an empty list")
				}
				answer := f.as[role].Get(export + "?" + query.Encode())
				if got := decodeLines(t, answer); !reflect.DeepEqual(got, want) {
					t.Errorf("%s, %v: exported %d applications, want the %d of the list in the same order",
						role, query, len(got), len(want))
				}
				name := answer.Header.Get("Content-Disposition")
				if !strings.HasPrefix(name, `attachment; filename="applications-`) || !strings.HasSuffix(name, `.ndjson"`) {
					t.Errorf("got Content-Disposition %q, want the name of an NDJSON file", name)
				}
			}
		})
	}
	for _, invalid := range []string{"format=xml", "limit=5", "sort=created_at", "cursor=x", "stage=none"} {
		f.as[api.RoleHr].Get(export+"?"+invalid).Refused(http.StatusBadRequest, "malformed_request")
	}
}

func TestExportCSV(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	job := f.hiring.Job(api.JobStatusOpen)
	f.Exec(`UPDATE jobs SET title = '=cmd|calc' WHERE id = $1`, job)
	rejected := f.hiring.Application(f.hiring.Candidate(), job, api.ApplicationStageInterview)
	f.Exec(`
		UPDATE applications SET source = '"Fair", Oslo', status = 'rejected', rejection_reason = 'location'
		WHERE id = $1`, rejected)
	active := f.hiring.Application(f.hiring.Candidate(), job, api.ApplicationStageOffer)

	answer := f.as[api.RoleHr].Get(export + "?format=csv").Expect(http.StatusOK)
	name := answer.Header.Get("Content-Disposition")
	if got := answer.Header.Get("Content-Type"); got != "text/csv; charset=utf-8" || !strings.HasSuffix(name, `.csv"`) {
		t.Errorf("got Content-Type %s and Content-Disposition %s, want CSV", got, name)
	}
	records, err := csv.NewReader(bytes.NewReader(bytes.TrimPrefix(answer.Body, []byte("\ufeff")))).ReadAll()
	if err != nil {
		t.Fatal(err)
	}

	a, b := getApplication(f.as[api.RoleHr], rejected), getApplication(f.as[api.RoleHr], active)
	timesOf := func(a api.Application) []string {
		var times []string
		for _, at := range []any{a.StageEnteredAt, a.CreatedAt, a.UpdatedAt} {
			encoded, _ := json.Marshal(at) // encoding a time of this century cannot fail
			times = append(times, strings.Trim(string(encoded), `"`))
		}
		return times
	}
	want := [][]string{
		{
			"id", "candidate_id", "candidate_first_name", "candidate_last_name", "candidate_external_id",
			"candidate_email", "job_id", "job_title", "stage", "status", "rejection_reason", "source", "stage_entered_at", "created_at", "updated_at",
		},
		append([]string{
			rejected.String(), a.Candidate.ID.String(), a.Candidate.FirstName, a.Candidate.LastName, "",
			string(a.Candidate.Email.MustGet()), job.String(),
			"'=cmd|calc", "interview", "rejected", "location", `"Fair", Oslo`,
		}, timesOf(a)...),
		append([]string{
			active.String(), b.Candidate.ID.String(), b.Candidate.FirstName, b.Candidate.LastName, "",
			string(b.Candidate.Email.MustGet()), job.String(),
			"'=cmd|calc", "offer", "active", "", "",
		}, timesOf(b)...),
	}
	if !slices.EqualFunc(records, want, slices.Equal[[]string]) {
		t.Errorf("got records %q\nwant %q", records, want)
	}

	// An export without rows has the header.
	empty := string(f.as[api.RoleEmployee].Get(export + "?format=csv").Expect(http.StatusOK).Body)
	if header := strings.Join(want[0], ",") + "\r\n"; empty != "\ufeff"+header {
		t.Errorf("got %q for no rows, want %q", empty, header)
	}
}

// TestLongExportIsComplete exports several batches, with equal times at their borders.
func TestLongExportIsComplete(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	candidate, job := f.hiring.Candidate(), f.hiring.Job(api.JobStatusOpen)
	f.Exec(`
		INSERT INTO applications (company_id, id, candidate_id, job_id, status, stage_entered_at, created_at, updated_at)
		SELECT $1, gen_random_uuid(), $2, $3, 'withdrawn', now(), now() - make_interval(secs => i / 7), now()
		FROM generate_series(1, 1600) AS i`, f.acme.ID, candidate, job)
	got := decodeLines(t, f.as[api.RoleHr].Get(export))
	if len(got) != 1600 || !slices.IsSortedFunc(got, comparison("created_at")) {
		t.Errorf("exported %d applications, want 1600 in order", len(got))
	}
	found := testkit.IDs(got)
	slices.SortFunc(found, func(a, b uuid.UUID) int { return strings.Compare(a.String(), b.String()) })
	if len(slices.Compact(found)) != 1600 {
		t.Error("an application was exported twice")
	}
}

// TestExportIsAudited checks that the export of every role is in the audit log with its query.
func TestExportIsAudited(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	for role, user := range f.acme.Users {
		t.Run(string(role), func(t *testing.T) {
			f := f.in(t)
			f.as[role].Get(export + "?format=csv&stage=offer").Expect(http.StatusOK)
			entries := testkit.Decode[api.AuditLogPage](f.as[api.RoleAdmin].
				Get("/api/v1/audit-logs?action=application.exported&actor_id=" + user.ID.String()).Expect(http.StatusOK)).Data
			want := `{"format":"csv","query":"format=csv\u0026stage=offer"}`
			if len(entries) != 1 || entries[0].ResourceType != "application" || auditDetails(t, entries[0]) != want {
				t.Errorf("got audit entries %+v, want one with %s", entries, want)
			}
		})
	}
}
