package api_test

import (
	"os"
	"strings"
	"testing"
)

// TestDocumentationShowsExamples checks that docs/clients.md contains the examples that are compiled and run: each whole,
// or the part between its two README lines.
func TestDocumentationShowsExamples(t *testing.T) {
	t.Parallel()
	page := readFile(t, "../docs/clients.md")
	for file, language := range map[string]string{
		"clients/typescript/readme.ts": "ts", "clients/hey-api/readme.ts": "ts", "clients/python/readme.py": "python",
		"clients/typescript/copies.ts": "ts", "clients/python/copies.py": "python",
		"clients/java/src/main/java/Readme.java": "java", "clients/go/main.go": "go",
	} {
		t.Run(file, func(t *testing.T) {
			t.Parallel()
			example := readFile(t, file)
			if parts := strings.Split(example, "// README\n"); len(parts) == 3 {
				example = unindent(parts[1])
			}
			if !strings.Contains(page, "```"+language+"\n"+strings.TrimRight(example, "\n\t ")+"\n```\n") {
				t.Errorf("docs/clients.md does not contain the current %s:\n%s", file, example)
			}
		})
	}
}

func readFile(t *testing.T, name string) string {
	t.Helper()
	content, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

// unindent removes the indentation of the first line from all lines.
func unindent(text string) string {
	indent := text[:len(text)-len(strings.TrimLeft(text, " \t"))]
	var out strings.Builder
	for line := range strings.Lines(text) {
		out.WriteString(strings.TrimPrefix(line, indent))
	}
	return out.String()
}
