package candidates_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/server/testkit"
)

// TestImportOfKnownEmails imports rows without id and external_id whose email a candidate has, with each value of
// same_email.
func TestImportOfKnownEmails(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	const known = "external_id,first_name,last_name,email\nk,Kim,Nown,kim@mail.example\nt1,Two,One,two@mail.example\n" +
		"t2,Two,Two,two@mail.example\nm,Mo,Ved,mo@mail.example\n"
	file := strings.Join([]string{
		"external_id,first_name,last_name,email,location", // 1
		"m,,,moved@mail.example,",                         // 2: mo@mail.example is free from here on
		",Kim,Nown,KIM@mail.example,Oslo",                 // 3
		",Two,Three,two@mail.example,",                    // 4
		",New,One,new@mail.example,",                      // 5
		",New,Two,New@Mail.example,",                      // 6
		",Mo,New,mo@mail.example,",                        // 7
		",Mo,Ved,moved@mail.example,",                     // 8
		"other,Kim,Other,kim@mail.example,",               // 9: an external_id identifies a candidate
	}, "\n")
	for mode, want := range map[string]struct {
		counts        [5]int32
		skipped       int32
		notes, errors string
	}{
		"": {
			[5]int32{8, 3, 1, 0, 0}, 4, "3/email same_email 4/email same_email 6/email same_email 8/email same_email 9/email same_email", "",
		},
		"skip": {
			[5]int32{8, 3, 1, 0, 0}, 4, "3/email same_email 4/email same_email 6/email same_email 8/email same_email 9/email same_email", "",
		},
		"update": {[5]int32{8, 3, 2, 0, 3}, 0, "9/email same_email", "4/email ambiguous 6/email duplicate 8/email duplicate"},
		"create": {[5]int32{8, 7, 1, 0, 0}, 0, "9/email same_email", ""},
	} {
		t.Run("mode "+mode, func(t *testing.T) {
			t.Parallel()
			f := f.in(t)
			hr := f.replica.SignIn(t, f.Company("known-" + mode + "x").Users[api.RoleHr])
			decodeReport(upload(hr, "csv", known))
			query := "csv?mode=partial"
			if mode != "" {
				query += "&same_email=" + mode
			}
			for _, query := range []string{query + "&dry_run=true", query} {
				report := decodeReport(upload(hr, query, file))
				if counts(report) != want.counts || report.Skipped != want.skipped ||
					strings.Join(describeNotes(report), " ") != want.notes || strings.Join(describeErrors(report.Errors), " ") != want.errors {
					t.Errorf("%s: got %+v, want counts %v, %d skipped, notes %q and errors %q",
						query, report, want.counts, want.skipped, want.notes, want.errors)
				}
			}
		})
	}
}

// TestImportAppliesToJobs imports rows with jobs: by id, by title, twice, of candidates that have applied, and of jobs
// and candidates that do not allow it.
func TestImportAppliesToJobs(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	hr := f.as[api.RoleHr]
	welder, closed, twin := f.hiring.Job(api.JobStatusOpen), f.hiring.Job(api.JobStatusClosed), f.hiring.Job(api.JobStatusOpen)
	other := f.hiring.Job(api.JobStatusOpen)
	f.Exec(`UPDATE jobs SET title = CASE id WHEN $2 THEN 'Welder, MIG' WHEN $3 THEN 'Closed' ELSE 'Twin' END
		WHERE company_id = $1`, f.acme.ID, welder, closed)
	foreign := f.Hiring(f.Company("globex")).Job(api.JobStatusOpen)
	decodeReport(upload(hr, "csv", "external_id,first_name,last_name\nold,Old,One\ngone,Gone,One\n"))
	f.as[api.RoleHr].Post(path(f.candidateID("gone"), "archive"), nil).Expect(http.StatusOK)
	file := strings.Join([]string{
		"external_id;first_name;last_name;Stelle",
		"old;;;Welder, MIG",                              // 2
		"a;Ada;Okafor;welder, mig",                       // 3
		"b;Ben;Berg;" + strings.ToUpper(welder.String()), // 4
		"c;Cem;Aziz;" + twin.String() + "|" + other.String() + "|Welder, MIG|" + welder.String(), // 5
		"d;Dan;Lind;",                    // 6
		"e;Eva;Lind;Plumber",             // 7
		"f;Fay;Lind;Twin",                // 8
		"g;Gil;Lind;Closed",              // 9
		"gone;;;Welder, MIG",             // 10
		"h;Hal;Lind;" + foreign.String(), // 11
	}, "\n")
	for round, want := range []struct {
		counts  [5]int32
		applied int32
	}{{[5]int32{10, 4, 0, 1, 5}, 6}, {[5]int32{10, 0, 0, 5, 5}, 0}} {
		for _, query := range []string{"csv?mode=partial&dry_run=true", "csv?mode=partial"} {
			report := decodeReport(upload(hr, query, file))
			errors := "7/job/0 unknown 8/job/0 ambiguous 9/job/0 state_conflict 10/job/0 state_conflict 11/job/0 unknown"
			if counts(report) != want.counts || report.ApplicationsCreated != want.applied ||
				strings.Join(describeErrors(report.Errors), " ") != errors {
				t.Errorf("round %d, %s: got %+v, want %v, %d applications and errors %q",
					round, query, report, want.counts, want.applied, errors)
			}
		}
	}
	got := f.queryTexts(`
		SELECT concat_ws(' ', c.external_id, j.title, a.stage, a.status, m.event, m.to_stage, m.to_status, u.role)
		FROM applications AS a JOIN candidates AS c ON c.id = a.candidate_id JOIN jobs AS j ON j.id = a.job_id
		JOIN application_moves AS m ON m.application_id = a.id JOIN users AS u ON u.id = m.actor_id
		WHERE a.company_id = $1 ORDER BY 1`, f.acme.ID)
	want := []string{
		"a Welder, MIG applied active apply applied active hr", "b Welder, MIG applied active apply applied active hr",
		"c Twin applied active apply applied active hr", "c Twin applied active apply applied active hr",
		"c Welder, MIG applied active apply applied active hr", "old Welder, MIG applied active apply applied active hr",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got applications\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	entries := f.auditEntries("candidate.imported")
	if len(entries) != 3 || !strings.Contains(entries[1], `"applications_created": 6`) {
		t.Errorf("got audit entries %q, want 3, the second with 6 applications", entries)
	}
}

// TestImportRemedies does what the errors and notes of imports advise.
func TestImportRemedies(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	hr := f.as[api.RoleHr]
	known := "external_id,first_name,last_name,email,tags\na,Ada,Okafor,ada@mail.example,x|y\nt1,Two,One,two@mail.example,\nt2,Two,Two,two@mail.example,\n"
	decodeReport(upload(hr, "csv", known))
	// Of two columns for the email, the one that the error names is ignored, and the other one is still read.
	twice := "external_id,E-Mail,Email\na,new@mail.example,\n"
	refused := upload(hr, "csv", twice).Refused(http.StatusUnprocessableEntity, "import_refused")
	if !strings.Contains(refused.Errors[0].Detail, "column=Email:ignore") {
		t.Errorf("got detail %q, want column=Email:ignore", refused.Errors[0].Detail)
	}
	if report := decodeReport(upload(hr, "csv?column=Email:ignore", twice)); report.Updated != 1 {
		t.Errorf("with column=Email:ignore: got %+v, want 1 updated", report)
	}
	f.expectStored("a v2 Ada Okafor new@mail.example {} {x,y} active", "t1 v1 Two One two@mail.example {} {} active",
		"t2 v1 Two Two two@mail.example {} {} active")
	same := upload(hr, "csv", "external_id,Email,Email\na,b@mail.example,\n").Refused(http.StatusUnprocessableEntity, "import_refused")
	if detail := same.Errors[0].Detail; strings.Contains(detail, "column=") || !strings.Contains(detail, "rename") {
		t.Errorf("equal headings: got detail %q, want to rename one", detail)
	}
	upload(hr, "csv?column=Email:email&column=Email:phone", twice).Refused(http.StatusUnprocessableEntity, "rule_violated")
	// Empty cells and lists of separators change nothing.
	if report := decodeReport(upload(hr, "csv", "external_id,email,tags,links\na,,|,\n")); report.Unchanged != 1 {
		t.Errorf("empty cells: got %+v, want 1 unchanged", report)
	}
	// An ambiguous email: the id of one changes it.
	const ambiguous = "first_name,email\nDuo,two@mail.example\n"
	refused = upload(hr, "csv?same_email=update", ambiguous).Refused(http.StatusUnprocessableEntity, "import_refused")
	if !strings.Contains(refused.Errors[0].Detail, "add the id") {
		t.Errorf("got detail %q, want to add the id", refused.Errors[0].Detail)
	}
	file := "id,first_name,email\n" + f.candidateID("t2").String() + ",Duo,two@mail.example\n"
	if report := decodeReport(upload(hr, "csv?same_email=update", file)); report.Updated != 1 || report.Created != 0 {
		t.Errorf("with the id: got %+v, want 1 updated", report)
	}
	// Two rows of one file with nothing but the same name.
	for _, query := range []string{"csv?dry_run=true", "csv"} {
		report := decodeReport(upload(hr, query, "first_name,last_name\nSam,Same\nEva,Same\nSAM,same\n"))
		if notes := describeNotes(report); report.Created != 3 || !slices.Equal(notes, []string{"4 same_name"}) {
			t.Errorf("%s: got %+v, want 3 created and a note about line 4", query, report)
		}
	}
}

// TestImportReportsStoredNames imports rows with nothing but a name that a candidate has. The dry run and the import
// report the same, also about candidates that the file itself creates and renames.
func TestImportReportsStoredNames(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	hr := f.as[api.RoleHr]
	decodeReport(upload(hr, "csv", "external_id,first_name,last_name\nknown,Zoë,D'Arcy\nrenamed,Old,Name\ntwin1,Two,Fold\ntwin2,Two,Fold\n"))
	known := f.candidateID("known").String()
	const foreign = "01980a3e-7b1c-7c7e-8f00-0123456789b1"
	file := "id,external_id,first_name,last_name,email\n" +
		",,zoe,d'arcy,\n" + // in line 2, the name of a candidate
		",,Zoe,Darcy,\n" + // that of line 2 as well
		",renamed,New,Name,\n,,Old,Name,\n,,new,name,\n" + // the old name is free, and line 4 has the new one
		",,Two,Fold,\n" +
		",,With,Mail,with@mail.example\n,,With,Mail,\n" +
		",,Zoë,Darcy,other@mail.example\n" + // an email identifies
		foreign + ",,Zoë,D’Arcy,\n" // an export of another company
	want := []string{"2 same_name", "3 same_name", "6 same_name", "7 same_name", "9 same_name", "11/id unknown_id"}
	for _, query := range []string{"csv?dry_run=true", "csv"} {
		report := decodeReport(upload(hr, query, file))
		if notes := describeNotes(report); report.Created != 9 || report.Updated != 1 || !slices.Equal(notes, want) {
			t.Errorf("%s: got notes %q and %+v, want %q", query, notes, report, want)
		}
		if first := report.Notes[0].Detail; !strings.Contains(first, "the name of candidate "+known) {
			t.Errorf("%s: got detail %q, want the id of the candidate", query, first)
		}
		if fourth := report.Notes[3].Detail; !strings.Contains(fourth, "more than one candidate") {
			t.Errorf("%s: got detail %q, want more than one candidate", query, fourth)
		}
	}
	// A repeated import reports every row, and an export of another company, too.
	again := decodeReport(upload(hr, "csv?dry_run=true", "id,first_name,last_name\n"+foreign+",Zoë,Darcy\n"))
	if notes := describeNotes(again); !slices.Equal(notes, []string{"2 same_name", "2/id unknown_id"}) {
		t.Errorf("an id of another company: got notes %q", notes)
	}
}

// TestImportFindsJobsByWrittenTitles imports rows with titles in other cases, with other spaces and in other compositions.
func TestImportFindsJobsByWrittenTitles(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	hr := f.as[api.RoleHr]
	f.Exec(`UPDATE jobs SET title = E'Ing\u00e9nieur  \u00c9TUDES\u00a0(m/w)' WHERE company_id = $1 AND id = $2`, f.acme.ID, f.hiring.Job(api.JobStatusOpen))
	titles := []string{
		"Ingénieur  ÉTUDES\u00a0(m/w)", "Ingénieur Études (m/w)", "inge\u0301nieur\u00a0e\u0301tudes\u202f(m/w)",
		"INGÉNIEUR\u2003ÉTUDES\t(M/W)\u00a0",
	}
	file := "external_id;first_name;last_name;job\n"
	for i, title := range titles {
		file += fmt.Sprintf("%d;Ada;Okafor;%s\n", i, title)
	}
	for _, query := range []string{"csv?dry_run=true", "csv"} {
		if report := decodeReport(upload(hr, query, file)); int(report.ApplicationsCreated) != len(titles) {
			t.Errorf("%s: got %+v, want %d applications", query, report, len(titles))
		}
	}
}

// TestImportOfJobsNeedsPermission imports with API keys: the column job requires the scope applications:write.
func TestImportOfJobsNeedsPermission(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	job := f.hiring.Job(api.JobStatusOpen)
	with := map[string]string{
		"csv":    fmt.Sprintf("first_name,last_name,job\nAda,Okafor,%s\n", job),
		"ndjson": fmt.Sprintf(`{"first_name":"Ada","last_name":"Okafor","job":[%q]}`, job),
	}
	without := map[string]string{"csv": "first_name,last_name,job\nAda,Okafor,\n", "ndjson": `{"first_name":"Ada","last_name":"Okafor"}`}
	for format := range with {
		t.Run(format, func(t *testing.T) {
			f := f.in(t)
			narrow := f.replica.Bearer(t, f.Key(f.acme, []string{"candidates:write"}).Secret.Reveal())
			for _, query := range []string{"", "?dry_run=true", "?mode=partial"} {
				problem := upload(narrow, format+query, with[format]).Refused(http.StatusForbidden, "permission_denied")
				if !strings.Contains(problem.Detail, "applications:write") {
					t.Errorf("got detail %q, want the scope applications:write", problem.Detail)
				}
			}
			decodeReport(upload(narrow, format, without[format]))
			wide := f.replica.Bearer(t, f.Key(f.acme, []string{"candidates:write", "applications:write"}).Secret.Reveal())
			if report := decodeReport(upload(wide, format, with[format])); report.ApplicationsCreated != 1 {
				t.Errorf("with the scope: got %+v, want 1 application", report)
			}
		})
	}
}

// TestImportIntoEmptyDatabaseUsesKeys imports candidates with jobs into a database whose tables were never analyzed. The
// checks of foreign keys must look up single rows, and not read all candidates that the import has written.
func TestImportIntoEmptyDatabaseUsesKeys(t *testing.T) {
	t.Parallel()
	const rows = 4000
	f := newFixture(t)
	job := f.hiring.Job(api.JobStatusOpen)
	var file strings.Builder
	file.WriteString("first_name,last_name,external_id,job\n")
	for n := range rows {
		fmt.Fprintf(&file, "Ada,Berg,new-%d,%s\n", n, job)
	}
	report := decodeReport(upload(f.as[api.RoleHr], "csv", file.String()).Expect(http.StatusOK))
	if report.Created != rows || report.ApplicationsCreated != rows {
		t.Fatalf("got %d candidates and %d applications, want %d each", report.Created, report.ApplicationsCreated, rows)
	}
	var read, scans int
	testkit.Eventually(t, 30*time.Second, "PostgreSQL has counted the scans of the import", func() bool {
		if err := f.Database.QueryRow(t.Context(), `SELECT sum(idx_tup_read), sum(idx_scan) FROM pg_stat_user_indexes
			WHERE relname IN ('candidates', 'applications')`).Scan(&read, &scans); err != nil {
			t.Fatal(err)
		}
		return scans >= 2*rows // the keys of an application and of its history
	})
	if most := 100 * rows; read > most {
		t.Errorf("rows read by indexes: got %d, want at most %d", read, most)
	}
}
