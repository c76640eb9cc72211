package main

import (
	"bytes"
	"os"
	"runtime"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"golang.org/x/crypto/bcrypt"

	spec "github.com/ai-interviewer-platform/interviewer/api"
	"github.com/ai-interviewer-platform/interviewer/server/testkit"
)

// asProgram makes the test binary the program itself, for tests that need a process of their own.
const asProgram = "INTERVIEWER_TEST_AS_PROGRAM"

func TestMain(m *testing.M) {
	if os.Getenv(asProgram) != "" {
		main()
	}
	testkit.Main(m)
}

// result is what a command left behind.
type result struct {
	code     int
	out, err string
}

// call runs the program in this process with an environment and a standard input.
func call(t *testing.T, environ []string, in string, args ...string) result {
	t.Helper()
	var out, errs bytes.Buffer
	p := program{in: strings.NewReader(in), out: &out, err: &errs, environ: environ, hashCost: bcrypt.MinCost}
	code := p.execute(t.Context(), args)
	return result{code, out.String(), errs.String()}
}

// succeeds fails the test unless the command did what it was asked, and gives what it printed.
func (r result) succeeds(t *testing.T) string {
	t.Helper()
	if r.code != 0 {
		t.Fatalf("the command ends with %d and says\n%s", r.code, r.err)
	}
	return r.out
}

// fails fails the test unless the command ended with the code, saying each of the texts.
func (r result) fails(t *testing.T, code int, says ...string) {
	t.Helper()
	if r.code != code {
		t.Errorf("the command ends with %d, want %d; it says\n%s", r.code, code, r.err)
	}
	for _, text := range says {
		if !strings.Contains(r.err, text) {
			t.Errorf("the command does not say %q, but\n%s", text, r.err)
		}
	}
}

// commands lists a command and all below it.
func commands(c *cobra.Command) []*cobra.Command {
	all := []*cobra.Command{c}
	for _, sub := range c.Commands() {
		all = append(all, commands(sub)...)
	}
	return all
}

func TestHelpTeaches(t *testing.T) {
	t.Parallel()
	for _, c := range commands(program{}.command()) {
		path := strings.Fields(c.CommandPath())
		t.Run(strings.Join(path, " "), func(t *testing.T) {
			t.Parallel()
			help := call(t, nil, "", append(path[1:], "--help")...).succeeds(t)
			if !strings.HasPrefix(help, strings.TrimSpace(c.Long)) || c.Long == "" && c.Short == "" {
				t.Errorf("the help does not explain the command:\n%s", help)
			}
			if c.RunE != nil && (len(c.Long) < 50 || !strings.Contains(help, "Examples:\n  ")) {
				t.Errorf("the help explains too little, or shows no example:\n%s", help)
			}
		})
	}
}

func TestEnvironmentTopic(t *testing.T) {
	t.Parallel()
	help := call(t, nil, "", "help", "environment").succeeds(t)
	for _, text := range []string{"SECRET_KEY=", "PORT=8000", "OTEL_SERVICE_NAME=interviewer"} {
		if !strings.Contains(help, text) {
			t.Errorf("the topic does not hold %s:\n%s", text, help)
		}
	}
}

// TestMisuse holds mistakes in a call to an exit code of their own, and to one line of help instead of a page.
func TestMisuse(t *testing.T) {
	t.Parallel()
	for name, one := range map[string]struct {
		call string
		says string
	}{
		"command":       {"sreve", `"interviewer sreve"; did you mean serve?`},
		"group":         {"migrate upp", `"interviewer migrate upp"; did you mean up?`},
		"nothing like":  {"company frobnicate", `there is no command "interviewer company frobnicate"`},
		"flag":          {"serve --port 9", "unknown flag: --port"},
		"argument":      {"serve now", `unknown command "now"`},
		"no argument":   {"company deactivate", "accepts 1 arg"},
		"required flag": {"company create --name Acme", `"slug" not set`},
		"flag value":    {"migrate down --steps many", "--steps"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := call(t, nil, "", strings.Fields(one.call)...)
			got.fails(t, misused, one.says, "--help\" for how it is used")
			if lines := strings.Count(got.err, "\n"); lines > 2 {
				t.Errorf("the hint has %d lines:\n%s", lines, got.err)
			}
		})
	}
}

func TestEnvironmentIsRefusedWhole(t *testing.T) {
	t.Parallel()
	environ := []string{"PORT=eighty", "LOG_LEVEL=loud", "SECRET_KEY=hunter2", "REDIS_URL=redis://localhost"}
	for _, command := range []string{"serve", "health", "seed", "migrate up", "company list"} {
		got := call(t, environ, "", strings.Fields(command)...)
		got.fails(t, failed, "4 problem(s)", "PORT is not an integer", "for example, set PORT=8000",
			"LOG_LEVEL is not one of", "SECRET_KEY is shorter than 32 bytes", "DATABASE_URL is missing")
		if strings.Contains(got.err, "hunter2") {
			t.Errorf("%s shows the secret:\n%s", command, got.err)
		}
	}
}

func TestServeRefusesAWeakKeyInProduction(t *testing.T) {
	t.Parallel()
	environ := []string{"DATABASE_URL=postgres://localhost/none", "REDIS_URL=redis://localhost"}
	call(t, environ, "", "serve").fails(t, failed, "SECRET_KEY is missing", "openssl rand")
	call(t, append(environ, "SECRET_KEY=change-me-change-me-change-me-change-me"), "", "serve").
		fails(t, failed, "SECRET_KEY", "openssl rand")
}

func TestOpenAPI(t *testing.T) {
	t.Parallel()
	published, err := spec.Published()
	if err != nil {
		t.Fatal(err)
	}
	if got := call(t, nil, "", "openapi").succeeds(t); got != string(published.YAML) {
		t.Error("the YAML is not the specification")
	}
	if got := call(t, nil, "", "openapi", "--format", "json").succeeds(t); got != string(published.JSON)+"\n" {
		t.Error("the JSON is not the specification")
	}
	call(t, nil, "", "openapi", "--format", "xml").fails(t, failed, "yaml or json")
}

func TestVersion(t *testing.T) {
	t.Parallel()
	for _, form := range []string{"version", "--version", "-v"} {
		t.Run(form, func(t *testing.T) {
			t.Parallel()
			got := call(t, nil, "", form).succeeds(t)
			if !strings.HasPrefix(got, "interviewer version "+release+" (commit ") || !strings.HasSuffix(got, ", "+runtime.Version()+")\n") {
				t.Errorf("the version is %q", got)
			}
		})
	}
}
