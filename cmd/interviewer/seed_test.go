package main

import (
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/ai-interviewer-platform/interviewer/server/dev/demo"
	"github.com/ai-interviewer-platform/interviewer/server/testkit"
)

func TestSeed(t *testing.T) {
	t.Parallel()
	installation := testkit.New(t)
	production := environ(installation, "APP_ENV=production")

	// Invalid arguments load nothing.
	call(t, production, "", "seed").fails(t, exitFailure, "--production")
	for _, scale := range []string{"0", "-1", "10000"} {
		call(t, environ(installation), "", "seed", "--scale", scale).fails(t, exitFailure, "--scale must be 1 to 9999")
	}
	call(t, environ(installation), "", "seed", "--company", "initech").fails(t, exitFailure, `no demo company "initech"`)

	// The first load adds the standard demo.
	first := call(t, environ(installation), "", "seed")
	prefix := "Loaded: 2 companies, 70 users, 14 jobs, 4 kits, 2020 candidates, 3026 applications, 606 interviews, "
	if !strings.HasPrefix(first.succeeds(t), prefix) {
		t.Errorf("first load: got output %q, want it to start with %q", first.out, prefix)
	}
	// Progress messages are printed only if the load takes several seconds.
	messages := regexp.MustCompile(`^(\d of 2 parts, \d+ rows, \d+ rows a second\n)*\d+ rows in [0-9.ms]+, \d+ rows a second\.\n$`)
	if !messages.MatchString(first.err) {
		t.Errorf("first load: got standard error %q, want it to match %s", first.err, messages)
	}

	// The second load adds nothing, a larger scale one part.
	second := call(t, production, "", "seed", "--production").succeeds(t)
	if second != "All demo data was already loaded.\n" {
		t.Errorf("second load: got output %q", second)
	}
	larger := call(t, environ(installation), "", "seed", "--scale", "2").succeeds(t)
	prefix = "Loaded: 0 companies, 30 users, 2 jobs, 0 kits, 2000 candidates, 3000 applications, 600 interviews, "
	if !strings.HasPrefix(larger, prefix) {
		t.Errorf("larger scale: got output %q, want it to start with %q", larger, prefix)
	}

	conn, rows := installation.Connect(), 0.
	err := conn.QueryRow(t.Context(), `SELECT reltuples FROM pg_class WHERE relname = 'candidates'`).Scan(&rows)
	if err != nil || rows != 4020 {
		t.Errorf("candidates in the statistics: got %v and error %v, want 4020", rows, err)
	}
}

// TestSeedAsNonOwner loads the demo with a role that does not own the schema. The load succeeds with a warning, because
// only the owner can update the statistics.
func TestSeedAsNonOwner(t *testing.T) {
	t.Parallel()
	installation := testkit.New(t)
	role := "seeder_" + strings.ReplaceAll(uuid.NewString(), "-", "")
	installation.Exec(`CREATE ROLE ` + role + ` LOGIN PASSWORD 'seeder' IN ROLE interviewer_service`)
	defer installation.Exec(`DROP ROLE ` + role)
	address, err := url.Parse(installation.DatabaseURL)
	if err != nil {
		t.Fatal(err)
	}
	address.User = url.UserPassword(role, "seeder")
	seeded := call(t, environ(installation, "DATABASE_URL="+address.String()), "", "seed")
	if seeded.succeeds(t); !strings.Contains(seeded.err, "The statistics were not updated") {
		t.Errorf("got standard error %q, want a warning about the statistics", seeded.err)
	}
}

func TestProgressIsPrintedEveryFiveSeconds(t *testing.T) {
	t.Parallel()
	var output strings.Builder
	now := time.Date(2026, time.March, 4, 10, 0, 0, 0, time.UTC)
	progress := program{err: &output}.progress(func() time.Time { return now })
	for i := range 12 {
		now = now.Add(time.Second)
		progress(demo.Loaded{Done: i + 1, Of: 12, Rows: 100 * (i + 1)})
	}
	if want := "5 of 12 parts, 500 rows, 100 rows a second\n10 of 12 parts, 1000 rows, 100 rows a second\n"; output.String() != want {
		t.Errorf("got %q, want %q", output.String(), want)
	}
}
