package config_test

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/ai-interviewer-platform/interviewer/server/platform/config"
)

// TestDocumentationListsEveryVariable compares the table of docs/operations/configuration.md with the variables that the service reads.
func TestDocumentationListsEveryVariable(t *testing.T) {
	t.Parallel()
	readme, err := os.ReadFile("../../../docs/operations/configuration.md")
	if err != nil {
		t.Fatal(err)
	}
	var rows []string
	for line := range strings.Lines(string(readme)) {
		if strings.HasPrefix(line, "| `") && strings.ToUpper(line[3:4]) == line[3:4] {
			rows = append(rows, strings.TrimSpace(line))
		}
	}
	var want []string
	for _, v := range config.Variables() {
		otherwise := v.Default
		if otherwise != "" {
			otherwise = "`" + otherwise + "`"
		}
		want = append(want, fmt.Sprintf("| `%s` | %s | %s |", v.Name, otherwise, v.Meaning))
	}
	if got, want := strings.Join(rows, "\n"), strings.Join(want, "\n"); got != want {
		t.Errorf("the table in docs/operations/configuration.md must be:\n%s\n\nit is:\n%s", want, got)
	}
}
