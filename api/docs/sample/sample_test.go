package sample_test

import (
	"encoding/json"
	"flag"
	"fmt"
	"go/format"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ai-interviewer-platform/interviewer/api"
	"github.com/ai-interviewer-platform/interviewer/api/docs/reference"
	"github.com/ai-interviewer-platform/interviewer/api/docs/sample"
)

// target is a directory for the samples, in which make samples checks them with the tools of their languages.
var target = flag.String("write", "", "write the samples to this directory") //nolint:gochecknoglobals // a flag

func document(t *testing.T) *reference.Document {
	t.Helper()
	d, err := reference.Read(api.Specification)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func language(t *testing.T, id string) sample.Language {
	t.Helper()
	for _, l := range sample.Languages() {
		if l.ID == id {
			return l
		}
	}
	t.Fatalf("no samples in %s", id)
	return sample.Language{}
}

func indented(code string) string {
	return "\t" + strings.ReplaceAll(code, "\n", "\n\t")
}

// TestGoSamplesCompile compiles the samples for Go, each in a function of its own, against the generated client. It
// also checks that gofmt would not change them.
func TestGoSamplesCompile(t *testing.T) {
	t.Parallel()
	golang := language(t, "go")
	var file strings.Builder
	file.WriteString(`package compiled

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"time"

	"github.com/google/uuid"
	"github.com/oapi-codegen/nullable"

	api "github.com/ai-interviewer-platform/interviewer/gen/client"
)

var _ = []any{time.UTC, uuid.Nil, nullable.NewNullNullable[string](), http.StatusOK, os.Args, fmt.Sprint()}

func client() error {
` + indented(golang.Setup) + `
	_ = client
	return nil
}
`)
	for _, o := range document(t).Operations() {
		fmt.Fprintf(&file, "\nfunc call%s(ctx context.Context, client *api.ClientWithResponses) error {\n%s\n\treturn nil\n}\n",
			o.ID, indented(golang.Write(o)))
	}
	formatted, err := format.Source([]byte(file.String()))
	if err != nil {
		t.Fatalf("%v in %s", err, file.String())
	}
	got, want := strings.Split(file.String(), "\n"), strings.Split(string(formatted), "\n")
	for i, line := range got {
		if i >= len(want) || want[i] != line {
			t.Fatalf("gofmt would change the line %q", line)
		}
	}

	source := filepath.Join(t.TempDir(), "compiled.go")
	if err := os.WriteFile(source, formatted, 0o600); err != nil {
		t.Fatal(err)
	}
	// An overlay places the file in the module, so that it can import the client.
	directory, err := filepath.Abs("compiled")
	if err != nil {
		t.Fatal(err)
	}
	overlay, err := json.Marshal(map[string]map[string]string{"Replace": {filepath.Join(directory, "compiled.go"): source}})
	if err != nil {
		t.Fatal(err)
	}
	list := filepath.Join(t.TempDir(), "overlay.json")
	if err := os.WriteFile(list, overlay, 0o600); err != nil {
		t.Fatal(err)
	}
	output, err := exec.CommandContext(t.Context(), "go", "build", "-overlay", list, "./compiled").CombinedOutput()
	if err != nil {
		t.Errorf("%v: %s", err, output)
	}
}

// TestSamplesAreComplete checks that each sample, in every language, contains the method, the path and all values
// that it sends. With -write, it also writes the samples for TypeScript and Python to files.
func TestSamplesAreComplete(t *testing.T) {
	t.Parallel()
	typeScript, python := language(t, "typescript"), language(t, "python")
	write(t, "typescript/client.ts", typeScript.Setup+"\n\nexport { client };\n")
	for _, o := range document(t).Operations() {
		for _, l := range sample.Languages() {
			written := l.Write(o)
			for _, want := range parts(l.ID, o) {
				if !strings.Contains(written, want) {
					t.Errorf("%s in %s does not contain %s:\n%s", o.ID, l.Title, want, written)
				}
			}
			if strings.Contains(written, "{"+o.ID) || strings.HasSuffix(written, "\n") || strings.Contains(written, "\t ") {
				t.Errorf("%s in %s contains a placeholder or stray white space:\n%s", o.ID, l.Title, written)
			}
		}
		write(t, "typescript/"+o.ID+".ts", "import { client } from \"./client\";\n"+typeScript.Write(o)+"\n")
		write(t, "py/"+strings.ToLower(o.ID)+".py", python.Setup+"\n\n"+python.Write(o)+"\n")
	}
}

// parts returns the strings that the sample of an operation must contain.
func parts(language string, o *reference.Operation) []string {
	var want []string
	switch language {
	case "curl":
		want = append(want, `"$API_URL/`)
		if o.Method != http.MethodGet {
			want = append(want, "-X "+o.Method)
		}
		if o.Permission != nil {
			want = append(want, `-H "Authorization: Bearer $API_KEY"`)
		}
	case "typescript":
		want = append(want, "client."+o.Method+`("`+o.Path+`"`)
	case "python":
		want = append(want, "client."+strings.ToLower(o.Method)+"(")
	case "go":
		want = append(want, "client."+o.ID+"With")
	}
	for _, name := range []string{"Idempotency-Key", "If-Match"} {
		if o.Parameter("header", name) == nil {
			continue
		}
		if language == "go" {
			name = strings.ReplaceAll(name, "-", "") + ":"
		}
		want = append(want, name)
	}
	if o.Body != nil {
		for _, member := range o.Body.Media[0].Example.Members {
			name := member.Name
			if language == "go" {
				name = strings.ToUpper(name[:1])
			}
			want = append(want, name)
		}
	}
	return want
}

func write(t *testing.T, name, text string) {
	t.Helper()
	if *target == "" {
		return
	}
	if err := os.WriteFile(filepath.Join(*target, name), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}
