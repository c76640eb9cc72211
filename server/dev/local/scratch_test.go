package local_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/ai-interviewer-platform/interviewer/server/dev/local"
)

// startScratch starts a scratch server and returns it with its data directory.
func startScratch(t *testing.T, name string) (*local.Postgres, string) {
	t.Helper()
	server, err := local.StartScratchPostgres(t.Context(), name, t.Logf)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := server.Stop(); err != nil {
			t.Error(err)
		}
	})
	return server, column(t, server.URL("postgres"), `SHOW data_directory`)[0]
}

// column returns the values of a query with one column.
func column(t *testing.T, url, query string) []string {
	t.Helper()
	rows, err := connect(t, url).Query(t.Context(), query)
	if err != nil {
		t.Fatal(err)
	}
	found, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func TestScratchServerIsReused(t *testing.T) {
	t.Parallel()
	name := fmt.Sprintf("local-test-scratch-%d", os.Getpid())
	t.Cleanup(func() {
		dir, err := local.ScratchDir(name)
		if err != nil {
			t.Fatal(err)
		}
		dirs, err := filepath.Glob(strings.TrimSuffix(dir, fmt.Sprintf("-%d", os.Geteuid())) + "-*")
		if err != nil || len(dirs) != 2 {
			t.Errorf("directories: got %q and error %v, want 2", dirs, err)
		}
		for _, dir := range dirs {
			if err := os.RemoveAll(dir); err != nil {
				t.Error(err)
			}
		}
	})

	// Two concurrent servers have different directories.
	first, data := startScratch(t, name)
	if _, other := startScratch(t, name); other == data {
		t.Errorf("data directory of the second server: got %s, want another one", other)
	}

	// A later server has the templates of the first one, but not its other databases.
	if err := first.Template(t.Context(), "template_answer", createAnswer); err != nil {
		t.Fatal(err)
	}
	leftover, _, err := first.Clone(t.Context(), "template_answer")
	if err != nil {
		t.Fatal(err)
	}
	if err := first.Stop(); err != nil {
		t.Fatal(err)
	}
	next, nextData := startScratch(t, name)
	if nextData != data {
		t.Errorf("data directory of the next server: got %s, want %s", nextData, data)
	}
	left := column(t, next.URL("postgres"), `SELECT datname FROM pg_database
		WHERE datname LIKE 'clone%' OR datname LIKE 'template_a%'`)
	if len(left) != 1 || left[0] != "template_answer" {
		t.Errorf("databases: got %q, want template_answer only, without %s", left, leftover)
	}
}
