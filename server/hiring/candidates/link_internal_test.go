package candidates

import (
	"fmt"
	"testing"

	"github.com/ai-interviewer-platform/interviewer/server/edge/bulk"
)

// TestLinksAreSeparated reads links as people write several of them into one cell.
func TestLinksAreSeparated(t *testing.T) {
	t.Parallel()
	for cell, want := range map[string]string{
		"https://a.example":                         "[https://a.example] 0",
		"https://a.example, https://b.example":      "[https://a.example https://b.example] 1",
		"https://a.example;  HTTPS://b.example":     "[https://a.example https://b.example] 2",
		"https://a.example\u00a0http://b.example/x": "[https://a.example http://b.example/x] 1",
		"https://a.example http://b.example":        "[https://a.example http://b.example] 1",
		"https://a.example/?u=x,https://b.example":  "[https://a.example/?u=x,https://b.example] 0",
		"see https://a.example":                     "[see https://a.example] 1",
	} {
		t.Run(cell, func(t *testing.T) {
			t.Parallel()
			record := bulk.Record{Line: 2, Fields: map[string]any{"links": []any{cell}}}
			notes := normalizeLinks(record)
			if got := fmt.Sprint(record.Fields["links"], " ", len(notes)); got != want {
				t.Errorf("got %s, want %s", got, want)
			}
		})
	}
}
