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

// startScratch starts a scratch server of a name and returns it with the folder of its data.
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
	return server, texts(t, server.URL("postgres"), `SHOW data_directory`)[0]
}

// texts reads one column.
func texts(t *testing.T, url, query string) []string {
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

func TestScratchPostgres(t *testing.T) {
	t.Parallel()
	name := fmt.Sprintf("local-test-scratch-%d", os.Getpid())
	t.Cleanup(func() {
		dir, err := local.ScratchDir(name)
		if err != nil {
			t.Fatal(err)
		}
		folders, err := filepath.Glob(strings.TrimSuffix(dir, fmt.Sprintf("-%d", os.Geteuid())) + "-*")
		if err != nil || len(folders) != 2 {
			t.Errorf("the servers had the folders %q: %v", folders, err)
		}
		for _, folder := range folders {
			if err := os.RemoveAll(folder); err != nil {
				t.Error(err)
			}
		}
	})
	first, data := startScratch(t, name)
	if _, other := startScratch(t, name); other == data {
		t.Error("two servers run at the same time in one folder")
	}
	if err := first.Template(t.Context(), "template_answer", makeAnswer); err != nil {
		t.Fatal(err)
	}
	leftover, _, err := first.Clone(t.Context(), "template_answer")
	if err != nil {
		t.Fatal(err)
	}
	if err := first.Stop(); err != nil {
		t.Fatal(err)
	}
	again, same := startScratch(t, name)
	if same != data {
		t.Errorf("the next server has its data in %s, not in %s", same, data)
	}
	left := texts(t, again.URL("postgres"), `SELECT datname FROM pg_database
		WHERE datname LIKE 'clone%' OR datname LIKE 'template_a%'`)
	if len(left) != 1 || left[0] != "template_answer" {
		t.Errorf("of template_answer and %s there is left: %q", leftover, left)
	}
}
