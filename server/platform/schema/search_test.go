package schema_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/ai-interviewer-platform/interviewer/server/platform/schema"
	"github.com/ai-interviewer-platform/interviewer/server/testkit"
)

// TestLastNamesOfALexemeAreAdjacent: a search by name leaves out the last names whose lexeme begins with the searched word,
// because it finds them in a part of the alphabetical order. Every such last name must be in that part, whatever the version
// of ICU is. Each character is tried at the beginning and inside of a last name.
func TestLastNamesOfALexemeAreAdjacent(t *testing.T) {
	t.Parallel()
	conn := testkit.New(t).Connect()
	const names = `FROM generate_series(32, 131071) AS code, unnest(ARRAY[chr(code), 'Ab' || chr(code) || 'ba']) AS name,
		unnest(tsvector_to_array(surname_term(name))) AS term WHERE code NOT BETWEEN 55296 AND 57343 AND term <> '*'`
	var terms int
	if err := conn.QueryRow(t.Context(), `SELECT count(*) `+names).Scan(&terms); err != nil {
		t.Fatal(err)
	}
	if terms < 1000 {
		t.Errorf("last names with a lexeme: got %d, want at least 1000", terms)
	}
	same(t, "last names outside the part of the order that their lexeme is in", column(t, conn, `SELECT name || ' ' || term `+names+`
		AND NOT (name COLLATE alphabetical >= term AND name COLLATE alphabetical < term || E'\uFFFF')`), nil)
}

// TestPreviousReleaseCallsLists calls the lists as the previous release does: with its pattern of a short text, and with its
// cursor, which has the names in lower case.
func TestPreviousReleaseCallsLists(t *testing.T) {
	t.Parallel()
	installation := testkit.New(t)
	acme := installation.Company("acme")
	for _, name := range []string{"Ährens", "Berg", "Böll", "Özer"} {
		installation.Exec(`INSERT INTO candidates (company_id, id, first_name, last_name, created_at, updated_at)
			VALUES ($1, gen_random_uuid(), 'Ada', $2, now(), now())`, acme.ID, name)
	}
	conn := service(t, installation, acme.ID)
	list := `SELECT last_name FROM list_candidates('` + acme.ID.String() + `', '` + acme.ID.String() + `', 'all', 'name', 10`
	same(t, "candidates of the short text b", column(t, conn, list+`, pattern => '% b%')`), []string{"Berg", "Böll"})
	same(t, "candidates after a cursor of the previous release", column(t, conn, list+`, after_text => (SELECT name_key FROM candidates
		WHERE last_name = 'Böll'), after_id => (SELECT id FROM candidates WHERE last_name = 'Böll'))`), []string{"Özer"})
}

// TestChangedCollationIsReported pretends that the database was created with another version of ICU.
func TestChangedCollationIsReported(t *testing.T) {
	t.Parallel()
	installation := testkit.New(t)
	check := func() []string {
		conn, err := pgx.Connect(t.Context(), installation.DatabaseURL)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = conn.Close(context.WithoutCancel(t.Context())) }()
		changed, err := schema.ChangedCollations(t.Context(), conn)
		if err != nil {
			t.Fatal(err)
		}
		return changed
	}
	if got := check(); len(got) != 0 {
		t.Errorf("changed collations: got %q, want none", got)
	}
	installation.Exec(`UPDATE pg_collation SET collversion = '1.2.3' WHERE collname = 'alphabetical'`)
	got := check()
	if len(got) != 1 || !strings.Contains(got[0], "alphabetical") || !strings.Contains(got[0], "1.2.3") {
		t.Errorf("changed collations: got %q, want alphabetical with its version 1.2.3", got)
	}
	m, err := schema.Open(t.Context(), installation.DatabaseURL, schema.Options{})
	if err != nil {
		t.Fatal(err)
	}
	err = m.Reindex(t.Context())
	if err := errors.Join(err, m.Close(t.Context())); err != nil {
		t.Fatal(err)
	}
	if got := check(); len(got) != 0 {
		t.Errorf("changed collations after Reindex: got %q, want none", got)
	}
}

// TestSearchesReadAsMuchInLargeCompanies counts the blocks that a search reads in companies with 3,000 and with 40,000 candidates, of
// whom the same share matches: in the order of time, at its beginning and in the middle.
func TestSearchesReadAsMuchInLargeCompanies(t *testing.T) {
	t.Parallel()
	installation := testkit.New(t)
	read := map[string][]int{}
	for _, size := range []int{3000, 40_000} {
		company := installation.Company(fmt.Sprint("acme-", size))
		installation.Exec(`INSERT INTO candidates (company_id, id, first_name, last_name, created_at, updated_at)
			SELECT $1, gen_random_uuid(), 'Ada', CASE n % 17 WHEN 0 THEN 'Often' ELSE 'Other' END, now() - n * interval '1 hour', now()
			FROM generate_series(1, $2) AS n`, company.ID, size)
		installation.Exec(`ANALYZE candidates`)
		conn := service(t, installation, company.ID)
		if _, err := conn.Exec(t.Context(), `SET plan_cache_mode = force_generic_plan`); err != nil {
			t.Fatal(err)
		}
		for _, sort := range []string{"created_at", "-created_at"} {
			for _, from := range []string{"", ", after_id => gen_random_uuid(), after_time => now() - interval '1500 hours'"} {
				search := fmt.Sprintf(`EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) SELECT * FROM list_candidates('%s', '%s', 'all', '%s', 51, pattern => '%%often%%'%s)`,
					company.ID, company.ID, sort, from)
				var plans []struct {
					Plan struct {
						Rows   float64 `json:"Actual Rows"`
						Hit    int     `json:"Shared Hit Blocks"`
						Missed int     `json:"Shared Read Blocks"`
					}
				}
				for range 2 { // the first one also reads the catalog
					if err := conn.QueryRow(t.Context(), search).Scan(&plans); err != nil {
						t.Fatal(err)
					}
				}
				if plans[0].Plan.Rows != 51 {
					t.Errorf("%s: got %v rows, want 51", search, plans[0].Plan.Rows)
				}
				read[sort+from] = append(read[sort+from], plans[0].Plan.Hit+plans[0].Plan.Missed)
			}
		}
	}
	for search, blocks := range read {
		if blocks[1] > 2*blocks[0] {
			t.Errorf("%s: got %d blocks in the large company and %d in the small one, want at most twice as many", search, blocks[1], blocks[0])
		}
	}
}
