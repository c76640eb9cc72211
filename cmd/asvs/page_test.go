package main

import (
	"os"
	"strings"
	"testing"
)

const repository = "../.."

// TestPageIsCurrent fails if docs/security/asvs.md is not what the requirements and the tests generate.
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
	if proofs := strings.Count(string(want), "](../../"); proofs < 200 {
		t.Errorf("the page links %d tests, want 200 or more", proofs)
	}
	got, err := os.ReadFile(repository + "/docs/security/asvs.md")
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != string(want) {
		t.Error("docs/security/asvs.md is out of date: run make generate")
	}
}

func TestGenerateRefuses(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ row, want string }{
		"missing test":    {"{id: a, status: met, tests: [cmd/asvs.TestThatDoesNotExist]}", "cmd/asvs has no test TestThatDoesNotExist"},
		"missing package": {"{id: a, status: met, tests: [nowhere.TestX]}", "nowhere has no test TestX"},
		"malformed test":  {"{id: a, status: met, tests: [TestX]}", "not a folder, a dot and a test"},
		"no proof":        {"{id: a, status: met}", "neither a test nor a note"},
		"missing folder":  {"{id: a, status: met, note: x, implementation: 'in `server/nowhere`'}", "server/nowhere does not exist"},
		"unknown status":  {"{id: a, status: maybe, note: x}", `the status "maybe" is none of`},
		"unknown member":  {"{id: a, colour: red}", "colour"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := generate([]byte("standards: [{title: T, groups: [{requirements: ["+test.row+"]}]}]"), repository)
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("the error is %v, want one with %q", err, test.want)
			}
		})
	}
}
