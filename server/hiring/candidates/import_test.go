package candidates_test

import (
	"cmp"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/uuid"

	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/server/testkit"
)

// sheetMedia is the media type of XLSX.
const sheetMedia = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

// upload sends a file. The format is csv, xlsx or ndjson, optionally with a query, such as csv?mode=partial.
func upload(c *testkit.Client, format, body string) *testkit.Answer {
	media := "text/csv"
	switch {
	case strings.HasPrefix(format, "ndjson"):
		media = "application/x-ndjson"
	case strings.HasPrefix(format, "xlsx"):
		media = sheetMedia
	}
	return c.Do(http.MethodPost, collection+"/import."+format, body, "Content-Type", media)
}

// decodeReport expects status 200 and decodes the body.
func decodeReport(a *testkit.Answer) api.ImportReport {
	return testkit.Decode[api.ImportReport](a.Expect(http.StatusOK))
}

// counts returns the counts of a report: total, created, updated, unchanged, failed.
func counts(r api.ImportReport) [5]int32 {
	return [5]int32{r.Total, r.Created, r.Updated, r.Unchanged, r.Failed}
}

// describeErrors formats the errors of a report as "line/pointer code".
func describeErrors(errors []api.ImportError) []string {
	texts := make([]string, len(errors))
	for i, e := range errors {
		texts[i] = fmt.Sprintf("%d%s %s", e.Line, e.Pointer, e.Code)
	}
	return texts
}

// describeNotes formats the notes of a report like describeErrors.
func describeNotes(r api.ImportReport) []string {
	texts := make([]string, len(r.Notes))
	for i, n := range r.Notes {
		texts[i] = fmt.Sprintf("%d%s %s", n.Line, n.Pointer, n.Code)
	}
	return texts
}

// describeRefusal expects that an import was refused, and formats the errors of the problem like describeErrors.
func describeRefusal(a *testkit.Answer) []string {
	var texts []string
	for _, e := range a.Refused(http.StatusUnprocessableEntity, "import_refused").Errors {
		texts = append(texts, fmt.Sprintf("%d%s %s", *e.Line, *e.Pointer, e.Code))
	}
	return texts
}

// expectStored compares the candidates of acme that have an external_id, in its order, each as
// "external_id v<version> first_name last_name email phone location {links} {tags} source status" without nulls.
func (f fixture) expectStored(want ...string) {
	f.t.Helper()
	got := f.queryTexts(`
		SELECT concat_ws(' ', external_id, 'v' || version, first_name, last_name, email, phone, location, links, tags,
			source, status)
		FROM candidates WHERE company_id = $1 AND external_id IS NOT NULL ORDER BY external_id`, f.acme.ID)
	if !slices.Equal(got, want) {
		f.t.Errorf("stored are\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func TestImportCreatesAndUpdates(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	hr := f.as[api.RoleHr]
	first := "external_id,first_name,last_name,email,phone,location,links,tags,source\r\n" +
		"a,Mira,Solheim,Mira@Mail.example,+49 1,Oslo,https://a.example|https://b.example,ROS2|robotics|ros2,fair\r\n" +
		"\"b\",\"Nora \",\"Lind, Jr.\",,,,,,\r\n"

	// A dry run reports the same as the import and writes nothing.
	dry := decodeReport(upload(hr, "csv?dry_run=true", first))
	if counts(dry) != [5]int32{2, 2, 0, 0, 0} || !dry.DryRun || dry.Mode != api.ImportModeAtomic {
		t.Errorf("dry run: got %+v, want 2 created in mode atomic", dry)
	}
	f.expectStored()
	report := decodeReport(upload(hr, "csv", first))
	if counts(report) != [5]int32{2, 2, 0, 0, 0} || report.DryRun || len(report.Errors) != 0 || report.ErrorsTruncated {
		t.Errorf("import: got %+v, want 2 created", report)
	}
	f.expectStored(
		"a v1 Mira Solheim mira@mail.example +49 1 Oslo {https://a.example,https://b.example} {ros2,robotics} fair active",
		"b v1 Nora Lind, Jr. {} {} active")
	again := decodeReport(upload(hr, "csv?mode=partial", first))
	if counts(again) != [5]int32{2, 0, 0, 2, 0} || again.Mode != api.ImportModePartial {
		t.Errorf("same file again: got %+v, want 2 unchanged in mode partial", again)
	}

	// An empty cell and an absent member keep the value; null clears it. Archived candidates can be updated.
	f.as[api.RoleAdmin].Post(path(f.candidateID("b"), "archive"), nil).Expect(http.StatusOK)
	changed := decodeReport(upload(hr, "csv", "external_id,phone,location\nb,+49 2,\na,,Bergen\n"))
	if counts(changed) != [5]int32{2, 0, 2, 0, 0} {
		t.Errorf("CSV update: got %+v, want 2 updated", changed)
	}
	f.expectStored(
		"a v2 Mira Solheim mira@mail.example +49 1 Bergen {https://a.example,https://b.example} {ros2,robotics} fair active",
		"b v3 Nora Lind, Jr. +49 2 {} {} archived")
	changed = decodeReport(upload(hr, "ndjson", `{"external_id":"a","phone":null,"tags":[],"email":null}`+"\n\n"+
		`{"external_id":"b"}`+"\n"+`{"external_id":"c","first_name":"Omar","last_name":"Aziz","source":null}`))
	if counts(changed) != [5]int32{3, 1, 1, 1, 0} {
		t.Errorf("NDJSON update: got %+v, want 1 created, 1 updated and 1 unchanged", changed)
	}
	f.expectStored("a v3 Mira Solheim Bergen {https://a.example,https://b.example} {} fair active",
		"b v3 Nora Lind, Jr. +49 2 {} {} archived", "c v1 Omar Aziz {} {} active")

	// A row without an external_id creates a candidate each time.
	for range 2 {
		if got := decodeReport(upload(hr, "ndjson", `{"first_name":"Ada","last_name":"Berg"}`)); got.Created != 1 {
			t.Errorf("row without external_id: got %+v, want 1 created", got)
		}
	}
	if got := decodeReport(upload(hr, "csv", "external_id,first_name,last_name\n")); counts(got) != [5]int32{} {
		t.Errorf("file without rows: got %+v, want all counts 0", got)
	}

	// In another company, the same external_ids belong to other candidates.
	globex := f.replica.SignIn(t, f.Company("globex").Users[api.RoleHr])
	if got := decodeReport(upload(globex, "csv", first)); got.Created != 2 {
		t.Errorf("other company: got %+v, want 2 created", got)
	}

	entries := f.auditEntries("candidate.imported")
	want := []string{
		`hr - {"mode": "atomic", "total": 2, "failed": 0, "format": "csv", "created": 2, "skipped": 0, "updated": 0, "unchanged": 0, "applications_created": 0}`,
		`hr - {"mode": "partial", "total": 2, "failed": 0, "format": "csv", "created": 0, "skipped": 0, "updated": 0, "unchanged": 2, "applications_created": 0}`,
		`hr - {"mode": "atomic", "total": 2, "failed": 0, "format": "csv", "created": 0, "skipped": 0, "updated": 2, "unchanged": 0, "applications_created": 0}`,
		`hr - {"mode": "atomic", "total": 3, "failed": 0, "format": "ndjson", "created": 1, "skipped": 0, "updated": 1, "unchanged": 1, "applications_created": 0}`,
	}
	if len(entries) != 8 || !slices.Equal(entries[:len(want)], want) {
		t.Errorf("got %d audit entries, want 8:\n%s\nwant first\n%s",
			len(entries), strings.Join(entries, "\n"), strings.Join(want, "\n"))
	}
}

// TestImportReportsEveryError imports a file with errors of every kind in each mode.
func TestImportReportsEveryError(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	hr := f.as[api.RoleHr]
	decodeReport(upload(hr, "ndjson", `{"external_id":"known","first_name":"Kim","last_name":"Nown"}`))
	file := strings.Join([]string{
		`{"external_id":"ok","first_name":"Mira","last_name":"Solheim"}`,
		`{"external_id":"x"}`,
		`{"first_name":"","last_name":"` + strings.Repeat("é", 101) + `","email":"mira","phone":"1","links":["ftp://a"],"tags":["a","a"]}`,
		`{"first_name":"\u2003","last_name":"Li\u202end","links":["https://:1"]}`,
		`{"external_id":"ok","first_name":"Nora","last_name":"Lind"}`,
		`{"first_name":null,"last_name":7,"tags":"a","shoe_size":46}`,
		`{"external_id":"known","email":"kim","source":" "}`,
		`{"external_id":"known","location":"Oslo"}`,
		`[]`,
		`{"first_name":"Ada","last_name":"Berg","id":"4711"}`,
		`{"external_id":"fine","first_name":"Omar","last_name":"Aziz","email":"OMAR@mail.example"}`,
	}, "\n")
	want := []string{
		"2/first_name required", "2/last_name required",
		"3/email format", "3/first_name min_length", "3/first_name pattern", "3/last_name max_length",
		"3/links/0 min_length", "3/links/0 pattern", "3/phone min_length", "3/tags unique_items",
		"4/first_name blank", "4/last_name control_character", "4/links/0 link",
		"5/external_id duplicate",
		"6/first_name type", "6/last_name type", "6/shoe_size unknown", "6/tags type",
		"7/email format", "7/source pattern",
		"8/external_id duplicate",
		"9 type", "10/id format",
	}
	sortErrors(want)

	// An atomic import is refused with all errors, ordered by line.
	refused := describeRefusal(upload(hr, "ndjson", file))
	if !slices.IsSortedFunc(refused, func(a, b string) int { return lineOf(a) - lineOf(b) }) {
		t.Errorf("got %q, want the errors ordered by line", refused)
	}
	if got := sortErrors(refused); !slices.Equal(got, want) {
		t.Errorf("got errors\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	f.expectStored("known v1 Kim Nown {} {} active")

	// A dry run reports the same errors with status 200.
	for _, mode := range []string{"atomic", "partial"} {
		t.Run(mode, func(t *testing.T) {
			dry := decodeReport(upload(hr.In(t), "ndjson?dry_run=true&mode="+mode, file))
			if counts(dry) != [5]int32{11, 2, 0, 0, 9} || !slices.Equal(sortErrors(describeErrors(dry.Errors)), want) ||
				dry.ErrorsTruncated {
				t.Errorf("dry run in mode %s: got %+v, want 2 created and 9 failed", mode, dry)
			}
		})
	}
	f.expectStored("known v1 Kim Nown {} {} active")

	// A partial import writes the valid rows.
	partial := decodeReport(upload(hr, "ndjson?mode=partial", file))
	if counts(partial) != [5]int32{11, 2, 0, 0, 9} || !slices.Equal(sortErrors(describeErrors(partial.Errors)), want) {
		t.Errorf("partial import: got %+v, want 2 created and 9 failed", partial)
	}
	f.expectStored("fine v1 Omar Aziz omar@mail.example {} {} active", "known v1 Kim Nown {} {} active",
		"ok v1 Mira Solheim {} {} active")

	entries := f.auditEntries("candidate.imported")
	if len(entries) != 2 || !strings.Contains(entries[1], `"failed": 9`) {
		t.Errorf("got audit entries %q, want 2, the second with 9 failed rows", entries)
	}
}

// TestImportMalformedCSV imports files with errors that other formats cannot have: an invalid header, which is refused
// in every mode, and quotation marks in the wrong place. A quoted cell may span lines, and the last cells may be missing.
func TestImportMalformedCSV(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	hr := f.as[api.RoleHr]
	for name, c := range map[string]struct{ file, want string }{
		"unknown columns":      {"first_name,shoe_size,colour\nMira,46,red\n", "/shoe_size unknown /colour unknown"},
		"column twice":         {"first_name,first_name,last_name\nA,B,C\n", "/first_name duplicate_name"},
		"no header":            {"\n", " required"},
		"two names of a field": {"Vorname,Nachname,First name\nA,B,C\n", "/First name duplicate_name"},
		"unclear quotes":       {"last_name,\"first\"_name\"\nMira,Solheim\n", " syntax"},
		"a quote never closed": {"first_name,\"last_name\nMira,Solheim\n", " syntax"},
	} {
		t.Run(name, func(t *testing.T) {
			for _, query := range []string{"csv", "csv?mode=partial", "csv?dry_run=true"} {
				var errors []string
				for _, e := range upload(hr.In(t), query, c.file).Refused(http.StatusUnprocessableEntity, "import_refused").Errors {
					errors = append(errors, *e.Pointer+" "+e.Code)
				}
				if got := strings.Join(errors, " "); got != c.want {
					t.Errorf("%s of %q: got errors %q, want %q", query, c.file, got, c.want)
				}
			}
		})
	}

	t.Run("rows", func(t *testing.T) {
		f := f.in(t)
		hr := f.as[api.RoleHr]
		file := "external_id,first_name,last_name,location\r\n" + // 1
			"a,Mira,Solheim\r\n" + // 2
			"b,\"No\r\nra\",Lind,\r\n" + // 3 and 4
			"c,Omar,\"Aziz\"\"\",Oslo\r\n" + // 5
			"d,\"O\"mar\",Aziz,\r\n" + // 6
			"e,,Berg,\r\n" + // 7
			"f,Ada,Be\x00rg,\r\n" // 8
		unclosed := file + "g,Ada,Berg,\"Oslo\r\nh,Eva,Berg,\r\n" // 9
		want := []string{"6/first_name syntax", "7/first_name required", "8/last_name nul"}
		if got := describeRefusal(upload(hr, "csv", file)); !slices.Equal(got, want) {
			t.Errorf("got errors %q, want %q", got, want)
		}
		want = append(want, "9/location syntax")
		for _, query := range []string{"csv", "csv?mode=partial", "csv?dry_run=true", "csv?mode=partial&dry_run=true"} {
			if got := describeRefusal(upload(hr, query, unclosed)); !slices.Equal(got, want) {
				t.Errorf("%s, not closed: got errors %q, want %q", query, got, want)
			}
		}
		f.expectStored()
		if report := decodeReport(upload(hr, "csv?mode=partial", file)); counts(report) != [5]int32{6, 3, 0, 0, 3} ||
			!slices.Equal(describeNotes(report), []string{"2 cells", "3/first_name line_break"}) {
			t.Errorf("partial import: got %+v, want 3 created, 3 failed and 2 notes", report)
		}
		f.expectStored(`a v1 Mira Solheim {} {} active`, `b v1 No ra Lind {} {} active`, `c v1 Omar Aziz" Oslo {} {} active`)
	})
}

// TestImportErrorListIsLimited checks that the first 1000 errors are listed, and that the report says if there are more.
func TestImportErrorListIsLimited(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	file := "first_name,last_name\n" + strings.Repeat("Mira,\n", 1000) + "Mira,Solheim\n"
	if got := describeRefusal(upload(f.as[api.RoleHr], "csv", file)); len(got) != 1000 || got[999] != "1001/last_name required" {
		t.Errorf("got %d errors, want 1000 up to line 1001", len(got))
	}

	exactly := decodeReport(upload(f.as[api.RoleHr], "csv?dry_run=true", file))
	if len(exactly.Errors) != 1000 || exactly.ErrorsTruncated {
		t.Errorf("got %d errors, truncated: %t; want 1000, not truncated", len(exactly.Errors), exactly.ErrorsTruncated)
	}
	more := decodeReport(upload(f.as[api.RoleHr], "csv?mode=partial", file+",x\n"))
	if len(more.Errors) != 1000 || !more.ErrorsTruncated || counts(more) != [5]int32{1002, 1, 0, 0, 1001} {
		t.Errorf("got %d errors, truncated: %t, counts %v; want 1000, truncated, 1 created and 1001 failed",
			len(more.Errors), more.ErrorsTruncated, counts(more))
	}

	problem := upload(f.as[api.RoleHr], "csv", file+",x\n").Refused(http.StatusUnprocessableEntity, "import_refused")
	want := "1001 of 1002 rows are invalid, so nothing was imported. The first 1000 errors are listed."
	if problem.Detail != want {
		t.Errorf("got detail %q, want %q", problem.Detail, want)
	}
}

// TestImportByID updates candidates by the id that an export contains. The cases depend on each other.
func TestImportByID(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	hr := f.as[api.RoleHr]
	decodeReport(upload(hr, "csv", "external_id,first_name,last_name\na,Mira,Solheim\nb,Nora,Lind\n"))
	a, other := f.candidateID("a"), f.hiring.Candidate()
	row := func(id uuid.UUID, rest string) string { return `{"id":"` + id.String() + `"` + rest + "}\n" }
	for _, test := range []struct {
		name, file string
		counts     [5]int32
		errors     string
	}{
		{"two updates", row(a, `,"location":"Oslo"`) + row(other, `,"location":"Oslo"`), [5]int32{2, 0, 2, 0, 0}, ""},
		{"no changes", row(a, `,"external_id":"a"`) + row(other, ""), [5]int32{2, 0, 0, 2, 0}, ""},
		{"new external_id", row(other, `,"external_id":"new"`), [5]int32{1, 0, 1, 0, 0}, ""},
		{"null external_id", row(other, `,"external_id":null`), [5]int32{1, 0, 1, 0, 0}, ""},
		{"unknown id with a name", row(uuid.New(), `,"first_name":"Omar"`), [5]int32{1, 0, 0, 0, 1}, "1/last_name required"},
		{"unknown id twice", strings.Repeat(`{"id":"`+"00000000-0000-7000-8000-000000000000\",\"first_name\":\"Omar\",\"last_name\":\"Aziz\"}\n", 2), [5]int32{2, 1, 0, 0, 1}, "2/id duplicate"},
		{
			"id and external_id of one candidate",
			row(a, `,"external_id":"renamed"`) + `{"external_id":"a","location":"Rome"}` + "\n",
			[5]int32{2, 0, 0, 0, 2},
			"1/external_id duplicate 2/id duplicate",
		},
		{"unknown id with a known external_id", row(uuid.New(), `,"external_id":"a","source":"fair"`), [5]int32{1, 0, 1, 0, 0}, ""},
		{"unknown id", row(uuid.New(), ""), [5]int32{1, 0, 0, 0, 1}, "1/id unknown"},
		{"external_id of another candidate", row(a, `,"external_id":"b"`), [5]int32{1, 0, 0, 0, 1}, "1/external_id taken"},
		{"id twice", row(a, "") + row(a, `,"phone":"+49 1"`), [5]int32{2, 0, 0, 1, 1}, "2/id duplicate"},
		{"external_id, then its id", `{"external_id":"a"}` + "\n" + row(a, ""), [5]int32{2, 0, 0, 1, 1}, "2/id duplicate"},
	} {
		t.Run(test.name, func(t *testing.T) {
			for _, query := range []string{"ndjson?mode=partial&dry_run=true", "ndjson?mode=partial"} {
				report := decodeReport(upload(hr.In(t), query, test.file))
				if counts(report) != test.counts || strings.Join(describeErrors(report.Errors), " ") != test.errors {
					t.Errorf("%s of %s: got %+v, want counts %v and errors %q", query, test.file, report, test.counts, test.errors)
				}
			}
		})
	}

	foreign := f.Hiring(f.Company("globex")).Candidate()
	got := describeRefusal(upload(hr, "ndjson", row(foreign, `,"location":"Oslo"`)))
	if !slices.Equal(got, []string{"1/id unknown"}) {
		t.Errorf("other company's candidate: got errors %q, want 1/id unknown", got)
	}
}

func TestImportRefusesInvalidRequests(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	const file = "first_name,last_name\nMira,Solheim\n"
	for _, role := range []api.Role{api.RoleEmployee, api.RoleTeamLead} {
		upload(f.as[role], "csv", file).Refused(http.StatusForbidden, "permission_denied")
	}

	hr := f.as[api.RoleHr]
	hr.Do(http.MethodPost, collection+"/import.csv", file, "Content-Type", "application/json").
		Refused(http.StatusUnsupportedMediaType, "unsupported_media_type")
	upload(hr, "csv", "").Refused(http.StatusBadRequest, "malformed_request")
	upload(hr, "csv?mode=some", file).Refused(http.StatusBadRequest, "malformed_request")
	upload(hr, "csv?dry_run=perhaps", file).Refused(http.StatusBadRequest, "malformed_request")
	problem := upload(hr, "ndjson", strings.Repeat("{}\n", 500_001)).
		Refused(http.StatusRequestEntityTooLarge, "payload_too_large")
	if !strings.Contains(problem.Detail, "500000") || !strings.Contains(problem.Detail, "line 500001") {
		t.Errorf("got detail %q, want the limit 500000 and line 500001", problem.Detail)
	}

	if got := listPage(hr, nil).Data; len(got) != 0 {
		t.Errorf("%d candidates were imported, want none", len(got))
	}
}

// lineOf returns the line number of an error in the format of describeErrors.
func lineOf(text string) int {
	line, err := strconv.Atoi(text[:strings.IndexAny(text, "/ ")])
	if err != nil {
		panic(err)
	}
	return line
}

// sortErrors sorts errors in the format of describeErrors by line and then by text, and returns them.
func sortErrors(texts []string) []string {
	slices.SortFunc(texts, func(a, b string) int { return cmp.Or(lineOf(a)-lineOf(b), strings.Compare(a, b)) })
	return texts
}

// candidateID returns the id of the candidate with an external_id.
func (f fixture) candidateID(externalID string) uuid.UUID {
	f.t.Helper()
	var id uuid.UUID
	err := f.Database.QueryRow(f.t.Context(),
		`SELECT id FROM candidates WHERE company_id = $1 AND external_id = $2`, f.acme.ID, externalID).Scan(&id)
	if err != nil {
		f.t.Fatal(err)
	}
	return id
}
