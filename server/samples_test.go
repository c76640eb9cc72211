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

// TestCurlSamplesAreTaken runs the sample of every operation in a shell against the real service. What the samples name
// does not exist, but none of them may be refused for its form, for who asks, or for a header that is missing.
func TestCurlSamplesAreTaken(t *testing.T) {
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
			if err := os.WriteFile(filepath.Join(folder, name), []byte(body.Media[0].Example.Text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		script := `set -e
uuidgen() { cat /proc/sys/kernel/random/uuid; }
curl() { command curl -sS -w '%{stderr}%{http_code}' "$@"; }
` + curl.Write(operation)
		command := exec.CommandContext(t.Context(), "bash", "-c", script)
		command.Dir = folder
		// Samples end sessions, so each has one of its own.
		token := replica.SignIn(t, company.Users[api.RoleAdmin]).Token
		command.Env = append(os.Environ(), "API_URL="+replica.URL, "API_KEY="+token)
		var told strings.Builder
		command.Stderr = &told
		if err := command.Run(); err != nil {
			t.Fatalf("%s: %v: %s\n%s", operation.ID, err, told.String(), script)
		}
		status, err := strconv.Atoi(told.String())
		if err != nil {
			t.Fatalf("%s: curl says %q", operation.ID, told.String())
		}
		refused := []int{
			http.StatusBadRequest, http.StatusMethodNotAllowed, http.StatusNotAcceptable, http.StatusUnsupportedMediaType,
			http.StatusRequestEntityTooLarge, http.StatusPreconditionRequired, http.StatusInternalServerError,
		}
		if operation.Permission != nil && len(operation.Permission.Roles) > 0 {
			refused = append(refused, http.StatusUnauthorized, http.StatusForbidden)
		}
		if slices.Contains(refused, status) {
			t.Errorf("%s is answered %d:\n%s", operation.ID, status, curl.Write(operation))
		}
	}
}
