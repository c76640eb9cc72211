package candidates_test

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/server/testkit"
)

// decodeLines decodes an export in NDJSON.
func decodeLines(t *testing.T, body []byte) []api.Candidate {
	t.Helper()
	var all []api.Candidate
	for line := range bytes.Lines(body) {
		var candidate api.Candidate
		if err := json.Unmarshal(line, &candidate); err != nil {
			t.Fatalf("decode %s: %v", line, err)
		}
		all = append(all, candidate)
	}
	return all
}

// TestExportEqualsListOldestFirst compares exports in both formats with the list, for every filter and several roles.
// There are several batches, and equal times at their borders.
func TestExportEqualsListOldestFirst(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.Exec(`
		INSERT INTO candidates
			(company_id, id, first_name, last_name, email, tags, source, external_id, status, created_at, updated_at)
		SELECT $1, gen_random_uuid(), 'First' || i, 'Last', 'p' || i || '@mail.example',
			CASE WHEN i % 2 = 0 THEN ARRAY['even'] ELSE ARRAY['odd', 'x'] END, CASE WHEN i % 3 = 0 THEN 'fair' END, 'ats-' || i, CASE WHEN i % 7 = 0 THEN 'archived' ELSE 'active' END,
			now() - make_interval(secs => i / 40), now() - make_interval(mins => i)
		FROM generate_series(1, 1700) AS i`, f.acme.ID)
	job := f.hiring.Job(api.JobStatusOpen, f.acme.Users[api.RoleTeamLead])
	f.Exec(`INSERT INTO applications (company_id, id, candidate_id, job_id, stage_entered_at, created_at, updated_at)
		SELECT company_id, gen_random_uuid(), id, $1, now(), now(), now() FROM candidates
		WHERE substr(external_id, 5)::integer % 4 = 0`, job)
	_, version := f.hiring.KitVersion(api.KitVersionStatusPublished)
	application := f.hiring.Application(f.hiring.Candidate(), job, api.ApplicationStageInterview)
	f.hiring.Interview(application, version, api.InterviewStatusScheduled, f.acme.Users[api.RoleEmployee])
	newest := listPage(f.as[api.RoleHr], url.Values{"limit": {"200"}, "sort": {"-updated_at"}}).Data
	since := newest[150].UpdatedAt.Format("2006-01-02T15:04:05.999999Z07:00")

	for role, total := range map[api.Role]int{api.RoleHr: 1701, api.RoleTeamLead: 426, api.RoleEmployee: 1} {
		t.Run(string(role), func(t *testing.T) {
			f := f.in(t)
			for _, filter := range []url.Values{
				{},
				{"status": {"archived"}},
				{"tag": {"odd", "X"}},
				{"source": {"fair"}},
				{"updated_since": {since}},
				{"tag": {"none"}},
			} {
				query := testkit.With(filter, nil)
				query.Set("sort", "created_at")
				query.Set("limit", "200")
				listed := listAll(f.as[role], query)
				if len(filter) == 0 && len(listed) != total {
					t.Errorf("got %d candidates in the list, want %d", len(listed), total)
				}

				lines := f.as[role].Get(collection + "/export?" + filter.Encode()).Expect(http.StatusOK)
				if got := decodeLines(t, lines.Body); !reflect.DeepEqual(got, listed) {
					t.Errorf("%s %v: got %d lines, want the %d candidates of the list in the same order",
						role, filter, len(got), len(listed))
				}
				name := lines.Header.Get("Content-Disposition")
				if got := lines.Header.Get("Content-Type"); got != "application/x-ndjson" ||
					!strings.HasPrefix(name, `attachment; filename="candidates-`) || !strings.HasSuffix(name, `.ndjson"`) {
					t.Errorf("got Content-Type %s and Content-Disposition %s, want NDJSON", got, name)
				}

				table := f.as[role].Get(collection + "/export?format=csv&" + filter.Encode()).Expect(http.StatusOK)
				if name := table.Header.Get("Content-Disposition"); !strings.HasSuffix(name, `.csv"`) {
					t.Errorf("got Content-Disposition %s, want a name that ends in .csv", name)
				}
				records, err := csv.NewReader(bytes.NewReader(bytes.TrimPrefix(table.Body, []byte("\ufeff")))).ReadAll()
				if err != nil || len(records) != 1+len(listed) {
					t.Fatalf("%s %v: got %d records, %v; want a header and %d", role, filter, len(records), err, len(listed))
				}
				for i, record := range records[1:] {
					if record[0] != listed[i].ID.String() {
						t.Fatalf("%s %v: record %d is candidate %s, want %s", role, filter, i+1, record[0], listed[i].ID)
					}
				}
			}
		})
	}

	// Every export is recorded with its query. Refused ones are not.
	f.as[api.RoleHr].Get(collection+"/export?format=xml").Refused(http.StatusBadRequest, "malformed_request")
	f.as[api.RoleHr].Get(collection+"/export?limit=5").Refused(http.StatusBadRequest, "malformed_request")
	entries := f.auditEntries("candidate.exported")
	if len(entries) != 36 ||
		!slices.Contains(entries, `employee - {"query": "format=csv&status=archived", "format": "csv"}`) ||
		!slices.Contains(entries, `hr - {"query": "", "format": "ndjson"}`) {
		t.Errorf("got %d audit entries, want 36: %q", len(entries), entries)
	}
}

// TestExportCanBeImported exports and imports texts that break quoting or that a spreadsheet would evaluate, in every
// format. In the same company the import changes nothing, with or without external_ids. In another company it creates
// all candidates, and its export equals the first one but for ids and times.
func TestExportCanBeImported(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	hr := f.as[api.RoleHr]
	for i, body := range []map[string]any{
		{"first_name": "Mira", "last_name": "Solheim", "external_id": "ats-1", "email": "mira@mail.example"},
		{"first_name": `=cmd|' /C calc'!A0`, "last_name": "'=1", "phone": "+49 30 1", "location": "-1", "source": "@SUM(A1)"},
		{
			"first_name": `"quoted", and`, "last_name": `back\slash`, "email": "mira@mail.example",
			"tags": []string{`a\b`, "c++", "ünïcödé 😀", "'+x", "a;b", "c,d", "x;=1", `\`},
		},
		{
			"first_name": "'", "last_name": "''@", "tags": []string{"=1"},
			"links": []string{"https://a.example/?x=1,2;y=3", "http://b.example"}, "external_id": `=1+1|\`,
		},
		{"first_name": "日本", "last_name": "a;b", "location": "true", "source": "null", "phone": "007"},
		{"first_name": "＝1", "last_name": "x;=1+1", "location": `x;"'＋1`, "phone": "4.9305E+11", "external_id": "4,93E+11"},
		{"first_name": "'4.9E+11", "last_name": "_x0041_", "location": "sep=;", "phone": "4.9305550012345E+14"},
	} {
		created := testkit.Decode[api.Candidate](hr.Post(collection, body).Expect(http.StatusCreated))
		if i == 2 {
			hr.Post(path(created.ID, "archive"), nil).Expect(http.StatusOK)
		}
	}

	before := hr.Get(collection + "/export").Expect(http.StatusOK).Body
	for _, format := range []string{"ndjson", "csv", "csv&bom=false", "xlsx"} {
		t.Run(format, func(t *testing.T) {
			f := f.in(t)
			hr := f.as[api.RoleHr]
			file := string(hr.Get(collection + "/export?format=" + format).Expect(http.StatusOK).Body)
			kind, _, _ := strings.Cut(format, "&")
			for _, mode := range []string{"atomic", "partial"} {
				if report := decodeReport(upload(hr, kind+"?mode="+mode, file)); counts(report) != [5]int32{7, 0, 0, 7, 0} {
					t.Errorf("%s import in the same company: got %+v, want 7 unchanged", mode, report)
				}
			}

			slug := strings.NewReplacer("&", "-", "=", "-").Replace("globex-" + format)
			other := f.replica.SignIn(t, f.Company(slug).Users[api.RoleHr])
			if report := decodeReport(upload(other, kind, file)); counts(report) != [5]int32{7, 7, 0, 0, 0} ||
				len(report.Notes) != 7 || report.Notes[0].Code != "unknown_id" {
				t.Errorf("import in another company: got %+v, want 7 created and a note about each id", report)
			}
			imported := decodeLines(t, other.Get(collection+"/export").Expect(http.StatusOK).Body)
			got, want := profilesByFirstName(imported), profilesByFirstName(decodeLines(t, before))
			if !reflect.DeepEqual(got, want) {
				t.Errorf("imported profiles are %+v, want %+v", got, want)
			}

			// The next import of the same file changes the candidates with an external_id, skips those with an email, and
			// creates the others again.
			again := decodeReport(upload(other, kind, file))
			if counts(again) != [5]int32{7, 3, 0, 3, 0} || again.Skipped != 1 {
				t.Errorf("second import in another company: got %+v, want 3 created, 3 unchanged, 1 skipped", again)
			}
		})
	}
	if after := hr.Get(collection + "/export").Expect(http.StatusOK).Body; !bytes.Equal(after, before) {
		t.Errorf("after the imports, the export is\n%s\nwant\n%s", after, before)
	}
}

// TestExportOpensInExcel checks the byte order mark, and the cells of formulas.csv after they were imported.
func TestExportOpensInExcel(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	hr := f.as[api.RoleHr]
	decodeReport(upload(hr, "csv", testFile(t, "formulas.csv")))
	for query, marked := range map[string]bool{"": true, "&bom=true": true, "&bom=false": false} {
		t.Run(query, func(t *testing.T) {
			table := string(hr.In(t).Get(collection + "/export?format=csv" + query).Expect(http.StatusOK).Body)
			bare, found := strings.CutPrefix(table, "\ufeff")
			if found != marked || !strings.HasPrefix(bare, "id,first_name,") {
				t.Errorf("got a file that begins with %q, want a byte order mark: %t", table[:min(20, len(table))], marked)
			}
			for _, cell := range []string{`,"'=HYPERLINK(""http://x.example"")",`, ",'＝1+1,", ",x;'=1+1,"} {
				if !strings.Contains(table, cell) {
					t.Errorf("got\n%s\nwant the cell %s", table, cell)
				}
			}
		})
	}
	for _, format := range []string{"ndjson", "xlsx"} {
		if body := hr.Get(collection + "/export?format=" + format).Expect(http.StatusOK).Body; bytes.HasPrefix(body, []byte("\ufeff")) {
			t.Errorf("%s: got a byte order mark", format)
		}
	}
	answer := hr.Get(collection + "/export?format=xlsx").Expect(http.StatusOK)
	if name := answer.Header.Get("Content-Disposition"); answer.Header.Get("Content-Type") != sheetMedia ||
		!strings.HasSuffix(name, `.xlsx"`) {
		t.Errorf("got Content-Type %s and Content-Disposition %s, want XLSX", answer.Header.Get("Content-Type"), name)
	}
}

// profilesByFirstName returns the fields that clients write, by first name.
func profilesByFirstName(candidates []api.Candidate) map[string]api.Candidate {
	byName := map[string]api.Candidate{}
	for _, c := range candidates {
		byName[c.FirstName] = api.Candidate{
			FirstName: c.FirstName, LastName: c.LastName, Email: c.Email, Phone: c.Phone, Location: c.Location,
			Links: c.Links, Tags: c.Tags, Source: c.Source, ExternalID: c.ExternalID,
		}
	}
	return byName
}

// TestExportStopsWhenClientLeaves closes the connection in the middle of several exports. The service must release their
// database connections.
func TestExportStopsWhenClientLeaves(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.Exec(`INSERT INTO candidates (company_id, id, first_name, last_name, created_at, updated_at)
		SELECT $1, gen_random_uuid(), 'First', 'Last', now(), now() FROM generate_series(1, 4000) AS i`, f.acme.ID)
	for n := range 6 {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, f.replica.URL+collection+"/export", nil)
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set("Authorization", "Bearer "+f.as[api.RoleAdmin].Token)
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
	f.as[api.RoleHr].Get(collection + "/export?status=archived").Expect(http.StatusOK)
}
