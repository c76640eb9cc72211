package retention_test

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/ai-interviewer-platform/interviewer/server/compliance/retention"
	"github.com/ai-interviewer-platform/interviewer/server/platform/config"
)

// TestDocumentationListsEveryTable compares docs/operations/retention.md with the list.
func TestDocumentationListsEveryTable(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../../../docs/operations/retention.md")
	if err != nil {
		t.Fatal(err)
	}
	var rows, want []string
	for line := range strings.Lines(string(page)) {
		if strings.HasPrefix(line, "| `") {
			rows = append(rows, strings.TrimSpace(line))
		}
	}
	for _, table := range retention.Tables() {
		setting := ""
		if table.Setting != "" {
			setting = "`" + strings.ReplaceAll(table.Setting, ", ", "`, `") + "`"
		}
		want = append(want, fmt.Sprintf("| `%s` | %s | %s | %s | %s | `%s` |",
			table.Name, table.Grows, table.Kept, setting, table.Deleted, table.Owner))
	}
	if got, want := strings.Join(rows, "\n"), strings.Join(want, "\n"); got != want {
		t.Errorf("the table in docs/operations/retention.md must be:\n%s\n\nit is:\n%s", want, got)
	}
}

// TestEntriesAreComplete checks that settings and owners exist.
func TestEntriesAreComplete(t *testing.T) {
	t.Parallel()
	known := map[string]bool{}
	for _, variable := range config.Variables() {
		known[variable.Name] = true
	}
	for _, table := range retention.Tables() {
		if table.Grows == "" || table.Deleted == "" {
			t.Errorf("%s: an empty entry", table.Name)
		}
		for name := range strings.SplitSeq(table.Setting, ", ") {
			if name != "" && !known[name] {
				t.Errorf("%s: the setting %s does not exist", table.Name, name)
			}
		}
		if info, err := os.Stat("../../" + table.Owner); err != nil || !info.IsDir() {
			t.Errorf("%s: the package of the owner, server/%s, does not exist", table.Name, table.Owner)
		}
	}
}
