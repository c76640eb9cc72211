package main

import (
	"bytes"
	"runtime"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"golang.org/x/crypto/bcrypt"

	spec "github.com/ai-interviewer-platform/interviewer/api"
	"github.com/ai-interviewer-platform/interviewer/server/platform/smtp/smtptest"
	"github.com/ai-interviewer-platform/interviewer/server/testkit"
)

func TestMain(m *testing.M) { testkit.Main(m) }

// result is the exit code and the output of a command.
type result struct {
	code     int
	out, err string
}

// call runs a command in this process, with an environment and standard input.
func call(t *testing.T, environ []string, in string, args ...string) result {
	t.Helper()
	var out, errs bytes.Buffer
	p := program{in: strings.NewReader(in), out: &out, err: &errs, environ: environ, hashCost: bcrypt.MinCost, mailRoots: smtptest.Roots(t)}
	code := p.execute(t.Context(), args)
	return result{code, out.String(), errs.String()}
}

// succeeds requires the exit code 0 and returns standard output.
func (r result) succeeds(t *testing.T) string {
	t.Helper()
	if r.code != 0 {
		t.Fatalf("got exit code %d, want 0; standard error:\n%s", r.code, r.err)
	}
	return r.out
}

// fails requires the exit code and each of the texts in standard error.
func (r result) fails(t *testing.T, code int, texts ...string) {
	t.Helper()
	if r.code != code {
		t.Errorf("got exit code %d, want %d; standard error:\n%s", r.code, code, r.err)
	}
	for _, text := range texts {
		if !strings.Contains(r.err, text) {
			t.Errorf("got standard error\n%s\nwant it to contain %q", r.err, text)
		}
	}
}

// commands returns a command and all its subcommands.
func commands(c *cobra.Command) []*cobra.Command {
	all := []*cobra.Command{c}
	for _, sub := range c.Commands() {
		all = append(all, commands(sub)...)
	}
	return all
}

func TestEveryCommandHasHelpAndExample(t *testing.T) {
	t.Parallel()
	for _, c := range commands(program{}.command()) {
		path := strings.Fields(c.CommandPath())
		t.Run(strings.Join(path, " "), func(t *testing.T) {
			t.Parallel()
			help := call(t, nil, "", append(path[1:], "--help")...).succeeds(t)
			if !strings.HasPrefix(help, strings.TrimSpace(c.Long)) || c.Long == "" && c.Short == "" {
				t.Errorf("got help\n%s\nwant it to start with the description", help)
			}
			if c.RunE != nil && (len(c.Long) < 50 || !strings.Contains(help, "Examples:\n  ")) {
				t.Errorf("got help\n%s\nwant a description of 50 characters or more and an example", help)
			}
		})
	}
}

func TestHelpListsEnvironmentVariables(t *testing.T) {
	t.Parallel()
	help := call(t, nil, "", "help", "environment").succeeds(t)
	for _, text := range []string{"SECRET_KEY=", "PORT=8000", "OTEL_SERVICE_NAME=interviewer"} {
		if !strings.Contains(help, text) {
			t.Errorf("got help\n%s\nwant it to contain %s", help, text)
		}
	}
}

// TestInvalidArguments checks the exit code and that the error is short instead of the whole help.
func TestInvalidArguments(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ arguments, want string }{
		"misspelled command":      {"sreve", `"interviewer sreve"; did you mean serve?`},
		"misspelled subcommand":   {"migrate upp", `"interviewer migrate upp"; did you mean up?`},
		"unknown subcommand":      {"company frobnicate", `unknown command "interviewer company frobnicate"`},
		"unknown flag":            {"serve --port 9", "unknown flag: --port"},
		"unexpected argument":     {"serve now", `unknown command "now"`},
		"missing argument":        {"company deactivate", "accepts 1 arg"},
		"missing required flag":   {"company create --name Acme", `"slug" not set`},
		"invalid value of a flag": {"migrate down --steps many", "--steps"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := call(t, nil, "", strings.Fields(c.arguments)...)
			got.fails(t, exitUsage, c.want, "For usage, run \"interviewer")
			if lines := strings.Count(got.err, "\n"); lines > 2 {
				t.Errorf("got %d lines of standard error, want 2 or fewer:\n%s", lines, got.err)
			}
		})
	}
}

func TestInvalidEnvironmentListsAllProblems(t *testing.T) {
	t.Parallel()
	environ := []string{"PORT=eighty", "LOG_LEVEL=loud", "SECRET_KEY=hunter2", "REDIS_URL=redis://localhost"}
	for _, command := range []string{"serve", "health", "seed", "migrate up", "company list"} {
		t.Run(command, func(t *testing.T) {
			t.Parallel()
			got := call(t, environ, "", strings.Fields(command)...)
			got.fails(t, exitUsage, "4 problem(s)", "PORT is not an integer", "for example, set PORT=8000",
				"LOG_LEVEL is not one of", "SECRET_KEY is shorter than 32 bytes", "DATABASE_URL is missing")
			if strings.Contains(got.err, "hunter2") {
				t.Errorf("the error contains the secret:\n%s", got.err)
			}
		})
	}
}

func TestServeRequiresStrongKeyInProduction(t *testing.T) {
	t.Parallel()
	environ := []string{"DATABASE_URL=postgres://localhost/none", "REDIS_URL=redis://localhost"}
	call(t, environ, "", "serve").fails(t, exitUsage, "SECRET_KEY is missing", "openssl rand")
	call(t, append(environ, "SECRET_KEY=change-me-change-me-change-me-change-me"), "", "serve").
		fails(t, exitUsage, "SECRET_KEY", "openssl rand")
}

func TestOpenAPIPrintsPublishedDocument(t *testing.T) {
	t.Parallel()
	published, err := spec.Published()
	if err != nil {
		t.Fatal(err)
	}
	if got := call(t, nil, "", "openapi").succeeds(t); got != string(published.YAML) {
		t.Error("the YAML differs from the published document")
	}
	if got := call(t, nil, "", "openapi", "--format", "json").succeeds(t); got != string(published.JSON)+"\n" {
		t.Error("the JSON differs from the published document")
	}
	for format, want := range map[string]string{"yaml": `- url: "https://a.example/x"`, "json": `"url":"https://a.example/x"`} {
		if got := call(t, nil, "", "openapi", "--format", format, "--server", "https://a.example/x").succeeds(t); !strings.Contains(got, want) {
			t.Errorf("the %s with --server does not contain %s", format, want)
		}
	}
	call(t, nil, "", "openapi", "--format", "xml").fails(t, exitFailure, "yaml or json")
}

func TestVersion(t *testing.T) {
	t.Parallel()
	for _, form := range []string{"version", "--version", "-v"} {
		t.Run(form, func(t *testing.T) {
			t.Parallel()
			got := call(t, nil, "", form).succeeds(t)
			if !strings.HasPrefix(got, "interviewer version "+release+" (commit ") || !strings.HasSuffix(got, ", "+runtime.Version()+")\n") {
				t.Errorf("got %q, want \"interviewer version %s (commit …, %s)\"", got, release, runtime.Version())
			}
		})
	}
}
