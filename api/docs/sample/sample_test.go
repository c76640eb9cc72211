package sample_test

import (
	"encoding/json"
	"fmt"
	"go/format"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ai-interviewer-platform/interviewer/api"
	"github.com/ai-interviewer-platform/interviewer/api/docs/reference"
	"github.com/ai-interviewer-platform/interviewer/api/docs/sample"
)

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
	t.Fatalf("there are no samples in %s", id)
	return sample.Language{}
}

func indented(code string) string {
	return "\t" + strings.ReplaceAll(code, "\n", "\n\t")
}

// TestGoSamplesCompile puts every sample of Go into a function, has them compiled against the generated client, and wants
// them as gofmt writes them.
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

	"github.com/ai-interviewer-platform/interviewer/gen/api"
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
	was, is := strings.Split(file.String(), "\n"), strings.Split(string(formatted), "\n")
	for i, line := range was {
		if i >= len(is) || is[i] != line {
			t.Fatalf("gofmt would change the line %q", line)
		}
	}

	source := filepath.Join(t.TempDir(), "compiled.go")
	if err := os.WriteFile(source, formatted, 0o600); err != nil {
		t.Fatal(err)
	}
	// The file stands in the module without being there, so that it can import the client.
	folder, err := filepath.Abs("compiled")
	if err != nil {
		t.Fatal(err)
	}
	overlay, err := json.Marshal(map[string]map[string]string{"Replace": {filepath.Join(folder, "compiled.go"): source}})
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
