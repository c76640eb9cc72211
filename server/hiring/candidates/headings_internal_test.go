package candidates

import (
	"regexp"
	"strings"
	"testing"

	"github.com/ai-interviewer-platform/interviewer/gen/api"
)

// TestHeadingsAreDocumented compares the headings with the description of ImportCandidatesCSV.
func TestHeadingsAreDocumented(t *testing.T) {
	t.Parallel()
	document, err := api.GetSpec()
	if err != nil {
		t.Fatal(err)
	}
	description := document.Paths.Value("/api/v1/candidates/import.csv").Post.Description
	documented := map[string]string{}
	for _, line := range regexp.MustCompile("(?m)^- `([a-z_]+)`: (.*)$").FindAllStringSubmatch(description, -1) {
		documented[line[1]] = line[2]
	}
	found := 0
	for _, column := range importColumns() {
		if len(column.Headings) == 0 {
			continue
		}
		found++
		if got, want := documented[column.Name], strings.Join(column.Headings, ", "); got != want {
			t.Errorf("%s: documented are %q, want %q", column.Name, got, want)
		}
	}
	if found != len(documented) || found == 0 {
		t.Errorf("got %d documented columns, want %d", len(documented), found)
	}
}
