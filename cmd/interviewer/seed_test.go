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
	call(t, production, "", "seed").fails(t, failed, "--production")
	for _, scale := range []string{"0", "-1", "10000"} {
		call(t, environ(installation), "", "seed", "--scale", scale).fails(t, failed, "--scale must be 1 to 9999")
	}
	call(t, environ(installation), "", "seed", "--company", "initech").fails(t, failed, `no demo company "initech"`)
	first := call(t, environ(installation), "", "seed")
	said := "Loaded: 2 companies, 70 users, 14 jobs, 4 kits, 2020 candidates, 3026 applications, 606 interviews, "
	if !strings.HasPrefix(first.succeeds(t), said) {
		t.Errorf("seed says %q", first.out)
	}
	// A load that takes longer tells how far it has come.
	told := regexp.MustCompile(`^(\d of 2 parts, \d+ rows, \d+ rows a second\n)*\d+ rows in [0-9.ms]+, \d+ rows a second\.\n$`)
	if !told.MatchString(first.err) {
		t.Errorf("seed tells %q", first.err)
	}
	again := call(t, production, "", "seed", "--production").succeeds(t)
	if again != "Everything was there already.\n" {
		t.Errorf("seed again says %q", again)
	}
	more := call(t, environ(installation), "", "seed", "--scale", "2").succeeds(t)
	if !strings.HasPrefix(more, "Loaded: 0 companies, 30 users, 2 jobs, 0 kits, 2000 candidates, 3000 applications, 600 interviews, ") {
		t.Errorf("seed of a larger scale says %q", more)
	}
	conn, known := installation.Connect(), 0.
	err := conn.QueryRow(t.Context(), `SELECT reltuples FROM pg_class WHERE relname = 'candidates'`).Scan(&known)
	if err != nil || known != 4020 {
		t.Errorf("the statistics know of %v candidates, %v", known, err)
	}
}

// TestSeedWithoutOwnership is a service whose login does not own the schema: the load succeeds, and says what it could
// not do.
func TestSeedWithoutOwnership(t *testing.T) {
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
	if seeded.succeeds(t); !strings.Contains(seeded.err, "The statistics were not brought up to date") {
		t.Errorf("seed tells %q", seeded.err)
	}
}

// TestProgressIsTold holds the lines that a load tells its way by to one every few seconds.
func TestProgressIsTold(t *testing.T) {
	t.Parallel()
	var told strings.Builder
	now := time.Date(2026, time.March, 4, 10, 0, 0, 0, time.UTC)
	progress := program{err: &told}.progress(func() time.Time { return now })
	for i := range 12 {
		now = now.Add(time.Second)
		progress(demo.Loaded{Done: i + 1, Of: 12, Rows: 100 * (i + 1)})
	}
	if want := "5 of 12 parts, 500 rows, 100 rows a second\n10 of 12 parts, 1000 rows, 100 rows a second\n"; told.String() != want {
		t.Errorf("told is %q, want %q", told.String(), want)
	}
}
