package api_test

import (
	"os"
	"strings"
	"testing"
)

// TestDocumentationShowsExamples compares docs/clients.md with the examples that are compiled and run: it contains each
// whole, or the part between two README lines.
func TestDocumentationShowsExamples(t *testing.T) {
	t.Parallel()
	page := read(t, "../docs/clients.md")
	for file, language := range map[string]string{
		"clients/typescript/readme.ts": "ts", "clients/hey-api/readme.ts": "ts", "clients/python/readme.py": "python",
		"clients/java/src/main/java/Readme.java": "java", "clients/go/main.go": "go",
	} {
		example := read(t, file)
		if parts := strings.Split(example, "// README\n"); len(parts) == 3 {
			example = unindented(parts[1])
		}
		if !strings.Contains(page, "```"+language+"\n"+strings.TrimRight(example, "\n\t ")+"\n```\n") {
			t.Errorf("docs/clients.md does not show %s as it is:\n%s", file, example)
		}
	}
}

func read(t *testing.T, name string) string {
	t.Helper()
	content, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

// unindented takes from each line the white space that the first begins with.
func unindented(text string) string {
	indent := text[:len(text)-len(strings.TrimLeft(text, " \t"))]
	var out strings.Builder
	for line := range strings.Lines(text) {
		out.WriteString(strings.TrimPrefix(line, indent))
	}
	return out.String()
}
