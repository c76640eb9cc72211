package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestCheckCountsAndPrintsFindings(t *testing.T) {
	t.Parallel()
	const path = "../../api/openapi.yaml"
	var out strings.Builder
	if found, err := check(t.Context(), path, &out); err != nil || found != 0 {
		t.Errorf("finds %d and fails with %v:\n%s", found, err, out.String())
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	broken := filepath.Join(t.TempDir(), "broken.yaml")
	const summary = "summary: List jobs\n"
	if strings.Count(string(text), summary) != 1 {
		t.Fatalf("%q stands elsewhere", summary)
	}
	before, after, _ := strings.Cut(string(text), summary)
	if err := os.WriteFile(broken, []byte(before+"summary: list jobs\n"+after), 0o600); err != nil {
		t.Fatal(err)
	}
	out.Reset()
	found, err := check(t.Context(), broken, &out)
	if err != nil || found != 1 || !strings.Contains(out.String(), "✗ summaries-are-titles") || !strings.Contains(out.String(), broken+":") {
		t.Errorf("finds %d and fails with %v:\n%s", found, err, out.String())
	}
	if _, err := check(t.Context(), filepath.Join(t.TempDir(), "none.yaml"), &out); err == nil {
		t.Error("reads a file that is not there")
	}
}
