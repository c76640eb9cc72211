package server_test

import (
	"os"
	"regexp"
	"strings"
	"testing"
)

// TestSecurityNamesRealTests keeps SECURITY.md honest: each test that it names as a proof stands in the file it names.
func TestSecurityNamesRealTests(t *testing.T) {
	t.Parallel()
	document, err := os.ReadFile("../SECURITY.md")
	if err != nil {
		t.Fatal(err)
	}
	references := regexp.MustCompile("`([\\w/.]+_test\\.go)`: ((?:`\\w+`(?:, )?)+)").FindAllStringSubmatch(string(document), -1)
	if len(references) < 100 {
		t.Fatalf("only %d proofs were found: has the form of the table changed?", len(references))
	}
	for _, reference := range references {
		content, err := os.ReadFile(reference[1])
		if err != nil {
			if content, err = os.ReadFile("../" + reference[1]); err != nil {
				t.Errorf("%s is named and does not exist", reference[1])
				continue
			}
		}
		for name := range strings.SplitSeq(reference[2], ", ") {
			if name = strings.Trim(name, "`, "); name != "" && !strings.Contains(string(content), "func "+name+"(") {
				t.Errorf("%s has no %s", reference[1], name)
			}
		}
	}
}
