package main

import (
	"os"
	"strings"
	"testing"
)

const repository = "../.."

func TestPageIsCurrent(t *testing.T) {
	t.Parallel()
	content, err := os.ReadFile(repository + "/docs/security/requirements.yaml")
	if err != nil {
		t.Fatal(err)
	}
	want, err := generate(content, repository)
	if err != nil {
		t.Fatal(err)
	}
	if links := strings.Count(string(want), "](../../"); links < 200 {
		t.Errorf("links to tests: got %d, want 200 or more", links)
	}
	got, err := os.ReadFile(repository + "/docs/security/asvs.md")
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != string(want) {
		t.Error("docs/security/asvs.md is not up to date; run make generate")
	}
}

func TestGenerateRefusesInvalidRequirements(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ row, want string }{
		"missing test":    {"{id: a, status: met, tests: [cmd/asvs.TestThatDoesNotExist]}", "cmd/asvs has no test TestThatDoesNotExist"},
		"missing package": {"{id: a, status: met, tests: [nowhere.TestX]}", "nowhere has no test TestX"},
		"malformed test":  {"{id: a, status: met, tests: [TestX]}", "must be written as directory.TestName"},
		"no test or note": {"{id: a, status: met}", "neither a test nor a note"},
		"missing path":    {"{id: a, status: met, note: x, implementation: 'in `server/nowhere`'}", "server/nowhere does not exist"},
		"unknown status":  {"{id: a, status: maybe, note: x}", `the status "maybe" is not one of`},
		"unknown member":  {"{id: a, colour: red}", "colour"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := generate([]byte("standards: [{title: T, groups: [{requirements: ["+test.row+"]}]}]"), repository)
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got error %v, want %q", err, test.want)
			}
		})
	}
}
