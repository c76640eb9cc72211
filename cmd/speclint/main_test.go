package main

import (
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

const (
	entry = "../../api/openapi.yaml"
	parts = "../../api/spec"
)

// TestFindingHasPositionInPart changes a summary in a copy of the specification. That is the only finding: make lint-spec
// and the tests of api/lint check that the specification itself has none.
func TestFindingHasPositionInPart(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	if err := os.CopyFS(filepath.Join(folder, "spec"), os.DirFS(parts)); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(entry)
	if err != nil {
		t.Fatal(err)
	}
	copied := filepath.Join(folder, "openapi.yaml")
	if err := os.WriteFile(copied, text, 0o600); err != nil {
		t.Fatal(err)
	}
	part := filepath.Join(folder, "spec", "jobs.yaml")
	if text, err = os.ReadFile(part); err != nil {
		t.Fatal(err)
	}
	const summary = "summary: List jobs\n"
	before, after, found := strings.Cut(string(text), summary)
	if !found {
		t.Fatalf("jobs.yaml does not contain %q", summary)
	}
	if err := os.WriteFile(part, []byte(before+"summary: list jobs\n"+after), 0o600); err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	findings, err := check(t.Context(), copied, &out)
	line := part + ":" + strconv.Itoa(strings.Count(before, "\n")+1) + ": "
	if err != nil || findings != 1 || !strings.Contains(out.String(), "✗ summaries-are-titles") || !strings.Contains(out.String(), line) {
		t.Errorf("got %d findings and error %v, want one finding at %s\n%s", findings, err, line, out.String())
	}
}

func TestCheckFailsForMissingFile(t *testing.T) {
	t.Parallel()
	if _, err := check(t.Context(), filepath.Join(t.TempDir(), "none.yaml"), new(strings.Builder)); !os.IsNotExist(errors.Unwrap(err)) {
		t.Errorf("got error %v, want one for a file that does not exist", err)
	}
}
