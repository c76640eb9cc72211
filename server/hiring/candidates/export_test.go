package candidates_test

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/server/testkit"
)

// lines reads an export in NDJSON.
func lines(t *testing.T, body []byte) []api.Candidate {
	t.Helper()
	var all []api.Candidate
	for line := range bytes.Lines(body) {
		var one api.Candidate
		if err := json.Unmarshal(line, &one); err != nil {
			t.Fatalf("%v: %s", err, line)
		}
		all = append(all, one)
	}
	return all
}

// TestExportIsTheListFromOldToNew has several batches, times that collide at their borders, and every filter, for
// everybody who sees somebody.
func TestExportIsTheListFromOldToNew(t *testing.T) {
	t.Parallel()
	h := build(t)
	h.Exec(`INSERT INTO candidates (company_id, id, first_name, last_name, email, tags, source, external_id, status, created_at, updated_at)
		SELECT $1, gen_random_uuid(), 'First' || i, 'Last', 'p' || i || '@mail.example', CASE WHEN i % 2 = 0 THEN ARRAY['even'] ELSE ARRAY['odd', 'x'] END,
			CASE WHEN i % 3 = 0 THEN 'fair' END, 'ats-' || i, CASE WHEN i % 7 = 0 THEN 'archived' ELSE 'active' END,
			now() - make_interval(secs => i / 40), now() - make_interval(mins => i)
		FROM generate_series(1, 1700) AS i`, h.acme.ID)
	job := h.hiring.Job(api.JobStatusOpen, h.acme.Users[api.RoleTeamLead])
	h.Exec(`INSERT INTO applications (company_id, id, candidate_id, job_id, stage_entered_at, created_at, updated_at)
		SELECT company_id, gen_random_uuid(), id, $1, now(), now(), now() FROM candidates WHERE substr(external_id, 5)::integer % 4 = 0`, job)
	_, version := h.hiring.KitVersion(api.KitVersionStatusPublished)
	h.hiring.Interview(h.hiring.Application(h.hiring.Candidate(), job, api.ApplicationStageInterview), version, api.InterviewStatusScheduled, h.acme.Users[api.RoleEmployee])
	since := list(h.as[api.RoleHr], url.Values{"limit": {"200"}, "sort": {"-updated_at"}}).Data[150].UpdatedAt.Format("2006-01-02T15:04:05.999999Z07:00")
	for _, role := range []api.Role{api.RoleHr, api.RoleTeamLead, api.RoleEmployee} {
		for _, filter := range []url.Values{{}, {"status": {"archived"}}, {"tag": {"odd", "X"}}, {"source": {"fair"}}, {"updated_since": {since}}, {"tag": {"none"}}} {
			query := cloned(filter)
			query.Set("sort", "created_at")
			query.Set("limit", "200")
			listed := every(t, h.as[role], query)
			answer := h.as[role].Get(collection + "/export?" + filter.Encode()).Expect(http.StatusOK)
			if got := lines(t, answer.Body); !reflect.DeepEqual(got, listed) {
				t.Errorf("%s %v: %d lines, want the %d candidates of the list in their order", role, filter, len(got), len(listed))
			}
			if kind, name := answer.Header.Get("Content-Type"), answer.Header.Get("Content-Disposition"); kind != "application/x-ndjson" ||
				!strings.HasPrefix(name, `attachment; filename="candidates-`) || !strings.HasSuffix(name, `.ndjson"`) {
				t.Errorf("%s %s", kind, name)
			}
			table := h.as[role].Get(collection + "/export?format=csv&" + filter.Encode()).Expect(http.StatusOK)
			records, err := csv.NewReader(bytes.NewReader(table.Body)).ReadAll()
			if err != nil || len(records) != 1+len(listed) || !strings.HasSuffix(table.Header.Get("Content-Disposition"), `.csv"`) {
				t.Fatalf("%s %v: %d records, %v", role, filter, len(records), err)
			}
			for i, record := range records[1:] {
				if record[0] != listed[i].ID.String() {
					t.Fatalf("%s %v: record %d is another candidate", role, filter, i+1)
				}
			}
		}
	}
	h.as[api.RoleHr].Get(collection+"/export?format=xml").Refused(http.StatusBadRequest, "malformed_request")
	h.as[api.RoleHr].Get(collection+"/export?limit=5").Refused(http.StatusBadRequest, "malformed_request")
	entries := h.audited("candidate.exported")
	if len(entries) != 36 || !slices.Contains(entries, `employee - {"query": "format=csv&status=archived", "format": "csv"}`) ||
		!slices.Contains(entries, `hr - {"query": "", "format": "ndjson"}`) {
		t.Errorf("audited are %d: %q", len(entries), entries[0])
	}
}

// TestAnExportCanBeImported takes texts that break quoting, or that a spreadsheet would compute, through both formats:
// in the company they come from nothing changes, with an external_id or without one, and in another one all are created.
func TestAnExportCanBeImported(t *testing.T) {
	t.Parallel()
	h := build(t)
	hr := h.as[api.RoleHr]
	for i, body := range []map[string]any{
		{"first_name": "Mira", "last_name": "Solheim", "external_id": "ats-1"},
		{"first_name": `=cmd|' /C calc'!A0`, "last_name": "'=1", "phone": "+49 30 1", "location": "-1", "source": "@SUM(A1)"},
		{"first_name": `"quoted", and`, "last_name": `back\slash`, "email": "mira@mail.example", "tags": []string{`a\b`, "c++", "ünïcödé 😀", "'+x"}},
		{"first_name": "'", "last_name": "''@", "tags": []string{"=1"}, "links": []string{"https://a.example/?x=1,2", "http://b.example"}, "external_id": `=1+1|\`},
		{"first_name": "日本", "last_name": "a;b", "location": "true", "source": "null", "phone": "007"},
	} {
		created := testkit.Decode[api.Candidate](hr.Post(collection, body).Expect(http.StatusCreated))
		if i == 2 {
			hr.Post(path(created.ID, "archive"), nil).Expect(http.StatusOK)
		}
	}
	before := hr.Get(collection + "/export").Expect(http.StatusOK).Body
	for n, format := range []string{"ndjson", "csv"} {
		file := string(hr.Get(collection + "/export?format=" + format).Expect(http.StatusOK).Body)
		for _, mode := range []string{"atomic", "partial"} {
			if report := imported(upload(hr, format+"?mode="+mode, file)); counts(report) != [5]int32{5, 0, 0, 5, 0} {
				t.Errorf("%s, %s, at home: %+v", format, mode, report)
			}
		}
		company := h.Company(fmt.Sprintf("globex%d", n))
		other := h.replica.SignIn(t, company.Users[api.RoleHr])
		// The ids name nobody there, and are refused rather than to make everybody anew with each import; without them it goes.
		if got := refusedRows(upload(other, format, file)); len(got) != 3 {
			t.Errorf("%s, abroad with its ids: %q", format, got)
		}
		none := map[string]string{"ndjson": "null", "csv": ""}[format]
		file = regexp.MustCompile(`"?[0-9a-f]{8}-[0-9a-f-]{27}"?`).ReplaceAllString(file, none)
		if report := imported(upload(other, format, file)); counts(report) != [5]int32{5, 5, 0, 0, 0} {
			t.Errorf("%s, abroad: %+v", format, report)
		}
		abroad := lines(t, other.Get(collection+"/export").Expect(http.StatusOK).Body)
		if got, want := written(abroad), written(lines(t, before)); !reflect.DeepEqual(got, want) {
			t.Errorf("%s: abroad are %+v, want %+v", format, got, want)
		}
	}
	if after := hr.Get(collection + "/export").Expect(http.StatusOK).Body; !bytes.Equal(after, before) {
		t.Errorf("the imports have made of\n%s\n%s", before, after)
	}
}

// written gives what people have written about candidates, by first names: without what a service adds.
func written(candidates []api.Candidate) map[string]api.Candidate {
	byName := map[string]api.Candidate{}
	for _, one := range candidates {
		byName[one.FirstName] = api.Candidate{
			FirstName: one.FirstName, LastName: one.LastName, Email: one.Email, Phone: one.Phone, Location: one.Location,
			Links: one.Links, Tags: one.Tags, Source: one.Source, ExternalID: one.ExternalID,
		}
	}
	return byName
}

// TestExportStopsWithItsReader leaves in the middle; the service must go on, with its connections free.
func TestExportStopsWithItsReader(t *testing.T) {
	t.Parallel()
	h := build(t)
	h.Exec(`INSERT INTO candidates (company_id, id, first_name, last_name, created_at, updated_at)
		SELECT $1, gen_random_uuid(), 'First', 'Last', now(), now() FROM generate_series(1, 4000) AS i`, h.acme.ID)
	for n := range 6 {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, h.replica.URL+collection+"/export", nil)
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set("Authorization", "Bearer "+h.as[api.RoleAdmin].Token)
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.CopyN(io.Discard, response.Body, int64(n)*1000+1); err != nil {
			t.Error(err)
		}
		if err := response.Body.Close(); err != nil {
			t.Error(err)
		}
	}
	h.as[api.RoleHr].Get(collection + "/export?status=archived").Expect(http.StatusOK)
}
