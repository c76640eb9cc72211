package candidates_test

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"reflect"
	"strings"
	"testing"

	"github.com/google/uuid"

	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/server/testkit"
)

// randomImports generates files about few people, so that their rows often refer to the same candidates.
type randomImports struct {
	*rand.Rand

	ids, jobs []uuid.UUID
}

// pick returns one of some texts.
func (r randomImports) pick(texts ...string) string { return texts[r.IntN(len(texts))] }

// number returns a small number. Small ones are more frequent.
func (r randomImports) number() int { return r.IntN(1 + r.IntN(12)) }

func (r randomImports) id() string {
	return r.pick("", "", "", r.ids[r.IntN(len(r.ids))].String(), fmt.Sprintf("00000000-0000-7000-8000-%012d", r.number()), "x")
}

func (r randomImports) job() string {
	return r.pick("", "", "", r.jobs[r.IntN(len(r.jobs))].String(), "welder", "Twin", "Plumber", "Welder|"+r.jobs[0].String())
}

// row returns the cells of a row: id, external_id, first_name, last_name, email, phone, links, tags and job.
func (r randomImports) row() []string {
	return []string{
		r.id(), r.pick("", fmt.Sprintf("x-%d", r.number())), r.pick("Ada", "Ada", "Ada", "", "Zoë"),
		r.pick("Okafor", "Okafor", "", "Li\nnd"),
		r.pick("", fmt.Sprintf("p%d@mail.example", r.number()), fmt.Sprintf("P%d@mail.example", r.number()), "nobody"),
		r.pick("", "", "+49 1", "4.9E+11"), r.pick("", "", "HTTPS://a.example/ü", "www.a.example"), r.pick("", "", "a|b", "A, a"),
		r.job(),
	}
}

// file returns a file with random rows. All batches of an import have 500 rows, so a long one has several.
func (r randomImports) file(rows int) string {
	delimiter, line := r.pick(",", ";", "\t"), r.pick("\n", "\r\n", "\r")
	var text strings.Builder
	text.WriteString(strings.Join(strings.Fields("id external_id first_name last_name email phone links tags job"), delimiter) + line)
	for range rows {
		cells := r.row()
		for i, cell := range cells {
			if strings.ContainsAny(cell, delimiter+"\n") {
				cells[i] = `"` + cell + `"`
			}
		}
		text.WriteString(strings.Join(cells, delimiter) + line)
	}
	return text.String()
}

// TestDryRunPredictsImport imports random files into companies with random candidates. The report of the dry run equals
// that of the import but for dry_run, and a refused import has the errors of the dry run and writes nothing.
func TestDryRunPredictsImport(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	for seed := range uint64(4) {
		t.Run(fmt.Sprintf("seed %d", seed), func(t *testing.T) {
			t.Parallel()
			f := f.in(t)
			company := f.Company(fmt.Sprintf("random-%d", seed))
			hr, hiring := f.replica.SignIn(t, company.Users[api.RoleHr]), f.Hiring(company)
			random := randomImports{Rand: rand.New(rand.NewPCG(seed, 1))}
			for range 6 {
				random.ids = append(random.ids, hiring.Candidate())
			}
			for _, title := range []string{"Welder", "Twin", "Twin", "Closed"} {
				status := api.JobStatusOpen
				if title == "Closed" {
					status = api.JobStatusClosed
				}
				job := hiring.Job(status)
				f.Exec(`UPDATE jobs SET title = $2 WHERE id = $1`, job, title)
				random.jobs = append(random.jobs, job)
			}
			f.Exec(`UPDATE candidates SET external_id = 'x-' || substr(last_name, 5), email = 'p1@mail.example'
				WHERE id = ANY ($1)`, random.ids[:2])
			f.Exec(`UPDATE candidates SET status = 'archived' WHERE id = $1`, random.ids[2])

			changed := 0
			for n := range 30 {
				rows := 1 + random.number()
				if n%10 == 9 {
					rows = 1200
				}
				file := random.file(rows)
				query := "csv?mode=" + random.pick("partial", "partial", "atomic") + "&same_email=" + random.pick("skip", "update", "create")
				before := f.contents(company)
				want := decodeReport(upload(hr, query+"&dry_run=true", file))
				if after := f.contents(company); after != before {
					t.Fatalf("import %d, %s of\n%s\nthe dry run has changed something", n, query, file)
				}
				answer := upload(hr, query, file)
				if answer.Status != http.StatusOK {
					got := describeRefusal(answer)
					if !strings.Contains(query, "atomic") || !reflect.DeepEqual(got, describeErrors(want.Errors)) {
						t.Fatalf("import %d, %s of\n%s\ngot errors %q, want %q", n, query, file, got, describeErrors(want.Errors))
					}
					if after := f.contents(company); after != before {
						t.Fatalf("import %d, %s of\n%s\nwas refused, but has changed something", n, query, file)
					}
					continue
				}
				got := decodeReport(answer)
				want.DryRun = false
				if !reflect.DeepEqual(got, want) {
					t.Fatalf("import %d, %s of\n%.3000s\ngot\n%+v, the dry run says\n%+v", n, query, file, got, want)
				}
				if got.Created+got.Updated+got.Unchanged+got.Skipped+got.Failed != got.Total {
					t.Fatalf("import %d, %s: got %+v, in which the counts are not the total", n, query, got)
				}
				if got.Created+got.Updated > 0 && f.contents(company) == before {
					t.Fatalf("import %d, %s: got %+v, but nothing has changed", n, query, got)
				}
				changed += int(got.Created + got.Updated + got.ApplicationsCreated)
			}
			if changed == 0 {
				t.Error("no import has changed anything")
			}
		})
	}
}

// contents returns a digest of the candidates and applications of a company.
func (f fixture) contents(company testkit.Company) string {
	f.t.Helper()
	return strings.Join(f.queryTexts(`
		SELECT concat(count(*), ' ', md5(string_agg(c::text, '' ORDER BY c.id))) FROM candidates AS c WHERE company_id = $1
		UNION ALL
		SELECT concat(count(*), ' ', md5(string_agg(a::text, '' ORDER BY a.id))) FROM applications AS a WHERE company_id = $1`,
		company.ID), " ")
}
