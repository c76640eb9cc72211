package candidates_test

import (
	"bytes"
	"cmp"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"

	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/server/testkit"
)

// upload sends a file; the format is csv or ndjson, with a query behind it where one is wanted.
func upload(c *testkit.Client, format, body string) *testkit.Answer {
	media := "text/csv"
	if strings.HasPrefix(format, "ndjson") {
		media = "application/x-ndjson"
	}
	return c.Do(http.MethodPost, collection+"/import."+format, body, "Content-Type", media)
}

func imported(a *testkit.Answer) api.ImportReport {
	return testkit.Decode[api.ImportReport](a.Expect(http.StatusOK))
}

// counts are those of a report: total, created, updated, unchanged, failed.
func counts(r api.ImportReport) [5]int32 {
	return [5]int32{r.Total, r.Created, r.Updated, r.Unchanged, r.Failed}
}

// wrong gives what is wrong as "line/pointer code", each on its own.
func wrong(errors []api.ImportError) []string {
	texts := make([]string, len(errors))
	for i, e := range errors {
		texts[i] = fmt.Sprintf("%d%s %s", e.Line, e.Pointer, e.Code)
	}
	return texts
}

// refusedRows gives the same of a refused import.
func refusedRows(a *testkit.Answer) []string {
	var texts []string
	for _, e := range a.Refused(http.StatusUnprocessableEntity, "import_refused").Errors {
		texts = append(texts, fmt.Sprintf("%d%s %s", *e.Line, *e.Pointer, e.Code))
	}
	return texts
}

// known gives what is kept of the candidates with an external_id, as "external_id version: profile", in their order.
func (h house) known() []string {
	h.t.Helper()
	rows, err := h.Database.Query(h.t.Context(), `SELECT concat_ws(' ', external_id, 'v' || version, first_name, last_name, email, phone, location,
		links, tags, source, status) FROM candidates WHERE company_id = $1 AND external_id IS NOT NULL ORDER BY external_id`, h.acme.ID)
	if err != nil {
		h.t.Fatal(err)
	}
	texts := []string{}
	for rows.Next() {
		var text string
		if err := rows.Scan(&text); err != nil {
			h.t.Fatal(err)
		}
		texts = append(texts, text)
	}
	return texts
}

func (h house) expectKnown(want ...string) {
	h.t.Helper()
	if got := h.known(); !slices.Equal(got, want) {
		h.t.Errorf("known are\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func TestImportCreatesAndChanges(t *testing.T) {
	t.Parallel()
	h := build(t)
	hr := h.as[api.RoleHr]
	first := "external_id,first_name,last_name,email,phone,location,links,tags,source\r\n" +
		"a,Mira,Solheim,Mira@Mail.example,+49 1,Oslo,https://a.example|https://b.example,ROS2|robotics|ros2,fair\r\n" +
		"\"b\",\"Nora \",\"Lind, Jr.\",,,,,,\r\n"
	dry := imported(upload(hr, "csv?dry_run=true", first))
	if counts(dry) != [5]int32{2, 2, 0, 0, 0} || !dry.DryRun || dry.Mode != api.ImportModeAtomic {
		t.Errorf("a dry run reports %+v", dry)
	}
	h.expectKnown()
	report := imported(upload(hr, "csv", first))
	if counts(report) != [5]int32{2, 2, 0, 0, 0} || report.DryRun || len(report.Errors) != 0 || report.ErrorsTruncated {
		t.Errorf("the report is %+v", report)
	}
	h.expectKnown("a v1 Mira Solheim mira@mail.example +49 1 Oslo {https://a.example,https://b.example} {ros2,robotics} fair active",
		"b v1 Nora Lind, Jr. {} {} active")
	if again := imported(upload(hr, "csv?mode=partial", first)); counts(again) != [5]int32{2, 0, 0, 2, 0} || again.Mode != api.ImportModePartial {
		t.Errorf("the same file again: %+v", again)
	}
	h.as[api.RoleAdmin].Post(path(h.candidate("b"), "archive"), nil).Expect(http.StatusOK)
	// An empty cell, and a member that is absent, leave what is there; null clears it.
	changed := imported(upload(hr, "csv", "external_id,phone,location\nb,+49 2,\na,,Bergen\n"))
	if counts(changed) != [5]int32{2, 0, 2, 0, 0} {
		t.Errorf("the change reports %+v", changed)
	}
	h.expectKnown("a v2 Mira Solheim mira@mail.example +49 1 Bergen {https://a.example,https://b.example} {ros2,robotics} fair active",
		"b v3 Nora Lind, Jr. +49 2 {} {} archived")
	changed = imported(upload(hr, "ndjson", `{"external_id":"a","phone":null,"tags":[],"email":null}`+"\n\n"+
		`{"external_id":"b"}`+"\n"+`{"external_id":"c","first_name":"Omar","last_name":"Aziz","source":null}`))
	if counts(changed) != [5]int32{3, 1, 1, 1, 0} {
		t.Errorf("the change reports %+v", changed)
	}
	h.expectKnown("a v3 Mira Solheim Bergen {https://a.example,https://b.example} {} fair active",
		"b v3 Nora Lind, Jr. +49 2 {} {} archived", "c v1 Omar Aziz {} {} active")
	// Whoever has no external_id is new each time, and the same id elsewhere is somebody else.
	for range 2 {
		if got := imported(upload(hr, "ndjson", `{"first_name":"Ada","last_name":"Berg"}`)); got.Created != 1 {
			t.Errorf("without an external_id: %+v", got)
		}
	}
	globex := h.replica.SignIn(t, h.Company("globex").Users[api.RoleHr])
	if got := imported(upload(globex, "csv", first)); got.Created != 2 {
		t.Errorf("another company's: %+v", got)
	}
	if got := imported(upload(hr, "csv", "external_id,first_name,last_name\n")); counts(got) != [5]int32{} {
		t.Errorf("of no rows: %+v", got)
	}
	entries := h.audited("candidate.imported")
	want := []string{
		`hr - {"mode": "atomic", "total": 2, "failed": 0, "format": "csv", "created": 2, "updated": 0, "unchanged": 0}`,
		`hr - {"mode": "partial", "total": 2, "failed": 0, "format": "csv", "created": 0, "updated": 0, "unchanged": 2}`,
		`hr - {"mode": "atomic", "total": 2, "failed": 0, "format": "csv", "created": 0, "updated": 2, "unchanged": 0}`,
		`hr - {"mode": "atomic", "total": 3, "failed": 0, "format": "ndjson", "created": 1, "updated": 1, "unchanged": 1}`,
	}
	if len(entries) != 8 || !slices.Equal(entries[:len(want)], want) {
		t.Errorf("audited are %d:\n%s", len(entries), strings.Join(entries, "\n"))
	}
}

// TestImportFindsEverythingWrong has one file in which rows are wrong in every way, and asks for it in each mode.
func TestImportFindsEverythingWrong(t *testing.T) {
	t.Parallel()
	h := build(t)
	hr := h.as[api.RoleHr]
	imported(upload(hr, "ndjson", `{"external_id":"known","first_name":"Kim","last_name":"Nown"}`))
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
		"3/email format", "3/first_name min_length", "3/first_name pattern", "3/last_name max_length", "3/links/0 min_length", "3/links/0 pattern",
		"3/phone min_length", "3/tags unique_items",
		"4/first_name blank", "4/last_name control_character", "4/links/0 link",
		"5/external_id duplicate",
		"6/first_name type", "6/last_name type", "6/shoe_size unknown", "6/tags type",
		"7/email format", "7/source pattern",
		"8/external_id duplicate",
		"9 type", "10/id format",
	}
	refused := refusedRows(upload(hr, "ndjson", file))
	if !slices.IsSortedFunc(refused, func(a, b string) int { return lineOf(a) - lineOf(b) }) {
		t.Errorf("not by line: %q", refused)
	}
	if got := sorted(refused); !slices.Equal(got, sorted(want)) {
		t.Errorf("refused for\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	h.expectKnown("known v1 Kim Nown {} {} active")
	for _, mode := range []string{"atomic", "partial"} {
		dry := imported(upload(hr, "ndjson?dry_run=true&mode="+mode, file))
		if counts(dry) != [5]int32{11, 2, 0, 0, 9} || !slices.Equal(sorted(wrong(dry.Errors)), want) || dry.ErrorsTruncated {
			t.Errorf("a dry run, %s, reports %+v", mode, dry)
		}
	}
	h.expectKnown("known v1 Kim Nown {} {} active")
	partial := imported(upload(hr, "ndjson?mode=partial", file))
	if counts(partial) != [5]int32{11, 2, 0, 0, 9} || !slices.Equal(sorted(wrong(partial.Errors)), want) {
		t.Errorf("a partial import reports %+v", partial)
	}
	h.expectKnown("fine v1 Omar Aziz omar@mail.example {} {} active", "known v1 Kim Nown {} {} active", "ok v1 Mira Solheim {} {} active")
	if entries := h.audited("candidate.imported"); len(entries) != 2 || !strings.Contains(entries[1], `"failed": 9`) {
		t.Errorf("audited %q", entries)
	}
}

// TestImportOfWrongCSV is about what CSV adds: headings, the number of cells, lines that go on, and quotation marks.
func TestImportOfWrongCSV(t *testing.T) {
	t.Parallel()
	h := build(t)
	hr := h.as[api.RoleHr]
	for file, want := range map[string]string{
		"first_name,shoe_size,colour\nMira,46,red\n": "/shoe_size unknown /colour unknown",
		"first_name,first_name,last_name\nA,B,C\n":   "/first_name duplicate_name",
		"\n":                                        " required",
		"First_Name,last_name\nMira,Solheim\n":      "/First_Name unknown",
		"first_name;last_name\nMira;Solheim\n":      "/first_name;last_name unknown",
		"\"first_name\"x,last_name\nMira,Solheim\n": " syntax",
	} {
		for _, query := range []string{"csv", "csv?mode=partial", "csv?dry_run=true"} {
			var said []string
			for _, e := range upload(hr, query, file).Refused(http.StatusUnprocessableEntity, "import_refused").Errors {
				said = append(said, *e.Pointer+" "+e.Code)
			}
			if got := strings.Join(said, " "); got != want {
				t.Errorf("%q: wrong is %q, want %q", file, got, want)
			}
		}
	}
	file := "external_id,first_name,last_name,location\r\n" + // 1
		"a,Mira,Solheim\r\n" + // 2
		"b,\"No\r\nra\",Lind,\r\n" + // 3 and 4
		"c,Omar,\"Aziz\"\"\",Oslo\r\n" + // 5
		"d,O\"mar,Aziz,\r\n" + // 6
		"e,,Berg,\r\n" + // 7
		"f,Ada,\xff,\r\n" + // 8
		"g,Ada,Berg,\"Oslo" // 9
	got := refusedRows(upload(hr, "csv", file))
	want := []string{"2 cells", "3/first_name control_character", "6/first_name syntax", "7/first_name required", "8/last_name encoding", "9/location syntax"}
	if !slices.Equal(got, want) {
		t.Errorf("refused for %q, want %q", got, want)
	}
	if report := imported(upload(hr, "csv?mode=partial", file)); counts(report) != [5]int32{7, 1, 0, 0, 6} {
		t.Errorf("a partial import reports %+v", report)
	}
	h.expectKnown(`c v1 Omar Aziz" Oslo {} {} active`)
}

// TestImportListsAThousandErrors has more errors than are listed, and says so.
func TestImportListsAThousandErrors(t *testing.T) {
	t.Parallel()
	h := build(t)
	file := "first_name,last_name\n" + strings.Repeat("Mira,\n", 1000) + "Mira,Solheim\n"
	if got := refusedRows(upload(h.as[api.RoleHr], "csv", file)); len(got) != 1000 || got[999] != "1001/last_name required" {
		t.Errorf("%d errors are listed", len(got))
	}
	exactly := imported(upload(h.as[api.RoleHr], "csv?dry_run=true", file))
	more := imported(upload(h.as[api.RoleHr], "csv?mode=partial", file+",\n"))
	if len(exactly.Errors) != 1000 || exactly.ErrorsTruncated || len(more.Errors) != 1000 || !more.ErrorsTruncated ||
		counts(more) != [5]int32{1002, 1, 0, 0, 1001} {
		t.Errorf("the reports are %v, %t and %v, %t", counts(exactly), exactly.ErrorsTruncated, counts(more), more.ErrorsTruncated)
	}
	problem := upload(h.as[api.RoleHr], "csv", file+",\n").Refused(http.StatusUnprocessableEntity, "import_refused")
	if want := "1001 of 1002 rows are wrong, so nothing was imported. The first 1000 errors are listed."; problem.Detail != want {
		t.Errorf("the detail is %q, want %q", problem.Detail, want)
	}
}

// TestImportByID changes candidates whom the file names as an export does.
func TestImportByID(t *testing.T) {
	t.Parallel()
	h := build(t)
	hr := h.as[api.RoleHr]
	imported(upload(hr, "csv", "external_id,first_name,last_name\na,Mira,Solheim\nb,Nora,Lind\n"))
	a, bare := h.candidate("a"), h.hiring.Candidate()
	row := func(id uuid.UUID, rest string) string { return `{"id":"` + id.String() + `"` + rest + "}\n" }
	for _, test := range []struct {
		file   string
		counts [5]int32
		wrong  string
	}{
		{row(a, `,"location":"Oslo"`) + row(bare, `,"location":"Oslo"`), [5]int32{2, 0, 2, 0, 0}, ""},
		{row(a, `,"external_id":"a"`) + row(bare, ""), [5]int32{2, 0, 0, 2, 0}, ""},
		{row(bare, `,"external_id":"new"`), [5]int32{1, 0, 1, 0, 0}, ""},
		{row(bare, `,"external_id":null`), [5]int32{1, 0, 1, 0, 0}, ""},
		{row(uuid.New(), `,"first_name":"Omar","last_name":"Aziz"`), [5]int32{1, 0, 0, 0, 1}, "1/id unknown"},
		{row(a, `,"external_id":"renamed"`) + `{"external_id":"a","location":"Rome"}` + "\n", [5]int32{2, 0, 0, 0, 2}, "1/external_id duplicate 2/id duplicate"},
		{row(uuid.New(), `,"external_id":"a","source":"fair"`), [5]int32{1, 0, 1, 0, 0}, ""},
		{row(uuid.New(), ""), [5]int32{1, 0, 0, 0, 1}, "1/id unknown"},
		{row(a, `,"external_id":"b"`), [5]int32{1, 0, 0, 0, 1}, "1/external_id taken"},
		{row(a, "") + row(a, `,"phone":"+49 1"`), [5]int32{2, 0, 0, 1, 1}, "2/id duplicate"},
		{`{"external_id":"a"}` + "\n" + row(a, ""), [5]int32{2, 0, 0, 1, 1}, "2/id duplicate"},
	} {
		for _, query := range []string{"ndjson?mode=partial&dry_run=true", "ndjson?mode=partial"} {
			report := imported(upload(hr, query, test.file))
			if counts(report) != test.counts || strings.Join(wrong(report.Errors), " ") != test.wrong {
				t.Errorf("%s of %s reports %+v", query, test.file, report)
			}
		}
	}
	abroad := h.Hiring(h.Company("globex")).Candidate()
	if got := refusedRows(upload(hr, "ndjson", row(abroad, `,"location":"Oslo"`))); !slices.Equal(got, []string{"1/id unknown"}) {
		t.Errorf("another company's candidate: %q", got)
	}
}

func TestImportIsRefused(t *testing.T) {
	t.Parallel()
	h := build(t)
	const file = "first_name,last_name\nMira,Solheim\n"
	for _, role := range []api.Role{api.RoleEmployee, api.RoleTeamLead} {
		upload(h.as[role], "csv", file).Refused(http.StatusForbidden, "permission_denied")
	}
	hr := h.as[api.RoleHr]
	hr.Do(http.MethodPost, collection+"/import.csv", file, "Content-Type", "application/json").Refused(http.StatusUnsupportedMediaType, "unsupported_media_type")
	upload(hr, "csv", "").Refused(http.StatusBadRequest, "malformed_request")
	upload(hr, "csv?mode=some", file).Refused(http.StatusBadRequest, "malformed_request")
	upload(hr, "csv?dry_run=perhaps", file).Refused(http.StatusBadRequest, "malformed_request")
	var long bytes.Buffer
	for range 500_001 {
		long.WriteString("{}\n")
	}
	problem := upload(hr, "ndjson", long.String()).Refused(http.StatusRequestEntityTooLarge, "payload_too_large")
	if !strings.Contains(problem.Detail, "500000") || !strings.Contains(problem.Detail, "line 500001") {
		t.Errorf("the detail is %q", problem.Detail)
	}
	if got := list(hr, nil).Data; len(got) != 0 {
		t.Errorf("%d candidates were imported", len(got))
	}
}

// lineOf is the number that a text begins with.
func lineOf(text string) (line int) {
	_, _ = fmt.Sscan(text[:strings.IndexAny(text, "/ ")], &line)
	return line
}

// sorted orders what is wrong by line, and then by what it says.
func sorted(texts []string) []string {
	slices.SortFunc(texts, func(a, b string) int { return cmp.Or(lineOf(a)-lineOf(b), strings.Compare(a, b)) })
	return texts
}

// candidate gives the id of the candidate with an external_id.
func (h house) candidate(externalID string) uuid.UUID {
	h.t.Helper()
	var id uuid.UUID
	err := h.Database.QueryRow(h.t.Context(), `SELECT id FROM candidates WHERE company_id = $1 AND external_id = $2`, h.acme.ID, externalID).Scan(&id)
	if err != nil {
		h.t.Fatal(err)
	}
	return id
}
