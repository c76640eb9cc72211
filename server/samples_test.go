package server_test

import (
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	spec "github.com/ai-interviewer-platform/interviewer/api"
	"github.com/ai-interviewer-platform/interviewer/api/docs/reference"
	"github.com/ai-interviewer-platform/interviewer/api/docs/sample"
	"github.com/ai-interviewer-platform/interviewer/gen/api"
	"github.com/ai-interviewer-platform/interviewer/server/testkit"
)

// TestCurlSamplesAreValid runs the curl sample of every operation in a shell. The resources of the samples do not exist, but
// no request may be refused for its form, its headers or its credentials.
func TestCurlSamplesAreValid(t *testing.T) {
	t.Parallel()
	installation := testkit.New(t)
	company := installation.Company("acme")
	replica := installation.Replica()
	document, err := reference.Read(spec.Specification)
	if err != nil {
		t.Fatal(err)
	}
	curl := sample.Languages()[0]
	for _, operation := range document.Operations() {
		folder := t.TempDir()
		if body := operation.Body; body != nil && body.Media[0].Schema.Type == "string" {
			name := operation.Tag + filepath.Ext(operation.Path)
			content := []byte(body.Media[0].Example.Text)
			if filepath.Ext(name) == ".xlsx" { // the example is only the beginning of a workbook
				exported := replica.SignIn(t, company.Users[api.RoleAdmin]).Get("/api/v1/candidates/export?format=xlsx")
				content = exported.Expect(http.StatusOK).Body
			}
			if err := os.WriteFile(filepath.Join(folder, name), content, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		script := `set -e
uuidgen() { cat /proc/sys/kernel/random/uuid; }
curl() { command curl -sS -w '%{stderr}%{http_code}' "$@"; }
` + curl.Write(operation)
		command := exec.CommandContext(t.Context(), "bash", "-c", script)
		command.Dir = folder
		// Some samples end sessions, so each sample has its own.
		token := replica.SignIn(t, company.Users[api.RoleAdmin]).Token
		command.Env = append(os.Environ(), "API_URL="+replica.URL, "API_KEY="+token)
		var output strings.Builder
		command.Stderr = &output
		if err := command.Run(); err != nil {
			t.Fatalf("%s: %v: %s\n%s", operation.ID, err, output.String(), script)
		}
		status, err := strconv.Atoi(output.String())
		if err != nil {
			t.Fatalf("%s: output of curl: got %q, want a status", operation.ID, output.String())
		}
		refused := []int{
			http.StatusBadRequest, http.StatusMethodNotAllowed, http.StatusNotAcceptable, http.StatusUnsupportedMediaType,
			http.StatusRequestEntityTooLarge, http.StatusPreconditionRequired, http.StatusInternalServerError,
		}
		if operation.Permission != nil && len(operation.Permission.Roles) > 0 {
			refused = append(refused, http.StatusUnauthorized, http.StatusForbidden)
		}
		if slices.Contains(refused, status) {
			t.Errorf("%s: got status %d for\n%s", operation.ID, status, curl.Write(operation))
		}
	}
}
