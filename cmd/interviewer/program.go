package main

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"runtime/debug"
	"strings"

	"github.com/spf13/cobra"

	spec "github.com/ai-interviewer-platform/interviewer/api"
	"github.com/ai-interviewer-platform/interviewer/server/platform/config"
)

// program has everything that the command uses of the process, so that tests can replace it.
type program struct {
	in       io.Reader
	out, err io.Writer
	environ  []string
	dotenv   string
	// hashCost is the cost of password hashes that commands create. 0 means the service's default.
	hashCost int
	// mailRoots verify the certificate of the mail server; nil for the authorities of the system.
	mailRoots *x509.CertPool
}

// Exit codes other than 0.
const (
	exitFailure     = 1
	exitUsage       = 2 // the arguments or the configuration are invalid, and nothing was done
	exitUnfit       = 3 // the operator must change the database; waiting and trying again does not help
	exitInterrupted = 130
)

// execute runs the command and returns its exit code.
func (p program) execute(ctx context.Context, args []string) int {
	root, started := p.command(), false //nolint:contextcheck // commands get a context when they run
	prepareCommands(root, &started)
	root.SetArgs(args)
	c, err := root.ExecuteContextC(ctx)
	switch {
	case err == nil:
		return 0
	case !started:
		p.message("interviewer: %v\n  For usage, run %q.", err, c.CommandPath()+" --help")
		return exitUsage
	case ctx.Err() != nil && errors.Is(err, context.Canceled):
		p.message("interviewer: interrupted")
		return exitInterrupted
	}
	p.message("interviewer: %s", errorText(err))
	var problems config.Problems
	switch {
	case isUnfit(err):
		return exitUnfit
	case errors.As(err, &problems):
		return exitUsage
	}
	return exitFailure
}

// prepareCommands completes a tree of commands. A group without arguments prints its help and refuses unknown
// commands. Every command sets started when it runs; an error before that is an error in the arguments.
func prepareCommands(c *cobra.Command, started *bool) {
	for _, sub := range c.Commands() {
		prepareCommands(sub, started)
	}
	if c.HasSubCommands() {
		c.Args, c.RunE = refuseUnknown, func(c *cobra.Command, _ []string) error { return c.Help() }
	}
	if run := c.RunE; run != nil {
		c.RunE = func(c *cobra.Command, args []string) error {
			*started = true
			return run(c, args)
		}
	}
}

// refuseUnknown returns an error for an unknown command of a group, with similar commands.
func refuseUnknown(group *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	group.SuggestionsMinimumDistance = 2
	unknown := fmt.Errorf("unknown command %q", group.CommandPath()+" "+args[0])
	if similar := group.SuggestionsFor(args[0]); len(similar) > 0 {
		return fmt.Errorf("%w; did you mean %s?", unknown, strings.Join(similar, " or "))
	}
	return unknown
}

func (p program) command() *cobra.Command {
	root := &cobra.Command{
		Use:   "interviewer",
		Short: "The AI interviewer platform's backend",
		Long: `The AI interviewer platform's backend: one program with the API and the commands for its operators.

Configuration is read from the environment and from a file .env in the working directory; "interviewer help
environment" lists all variables. With APP_ENV=development and no other variable, the service starts a private
PostgreSQL and Redis:

  APP_ENV=development interviewer serve`,
		Version:      versionOr("") + buildInfo(),
		SilenceUsage: true, SilenceErrors: true,
		CompletionOptions: cobra.CompletionOptions{HiddenDefaultCmd: true},
	}
	root.SetIn(p.in)
	root.SetOut(p.out)
	root.SetErr(p.err)
	root.AddCommand(p.serve(), p.work(), p.health(), p.migrate(), p.doctor(), p.backup(), p.restore(), p.jobs(),
		p.seed(), p.company(), p.user(), p.mail(), p.audit(), p.imports(), p.openapi(), p.version(), environment())
	return root
}

// load reads and validates the configuration. The error lists everything that is wrong.
func (p program) load() (*config.Config, error) {
	return config.Load(p.environ, p.dotenv)
}

// message writes a line to standard error.
func (p program) message(format string, args ...any) { _, _ = fmt.Fprintf(p.err, format+"\n", args...) }

// print writes to standard output.
func (p program) print(format string, args ...any) error {
	if _, err := fmt.Fprintf(p.out, format, args...); err != nil {
		return fmt.Errorf("write result: %w", err)
	}
	return nil
}

func (p program) openapi() *cobra.Command {
	format, server := "yaml", "/"
	c := &cobra.Command{
		Use:   "openapi",
		Short: "Print the OpenAPI document",
		Long: `Prints the OpenAPI document that this program serves at /openapi.yaml and /openapi.json. No configuration
is needed. The served document contains the URL of the server; here, --server sets it.`,
		Example: "  interviewer openapi > openapi.yaml\n" +
			"  interviewer openapi --format json --server https://hiring.example.com | jq .servers",
		Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			document, err := spec.Published()
			if err == nil && server != "/" {
				document, err = document.At(server)
			}
			switch {
			case err != nil:
				return err
			case format == "yaml":
				return p.print("%s", document.YAML)
			case format == "json":
				return p.print("%s\n", document.JSON)
			}
			return fmt.Errorf("--format must be yaml or json, not %q", format)
		},
	}
	c.Flags().StringVar(&format, "format", format, "yaml or json")
	c.Flags().StringVar(&server, "server", server, "the URL of the server to name in the document")
	return c
}

func (p program) version() *cobra.Command {
	return &cobra.Command{
		Use: "version", Short: "Print the version", Args: cobra.NoArgs,
		Long:    "Prints the version of this program, the commit that it was built from if known, and the version of Go.",
		Example: "  interviewer version",
		RunE: func(c *cobra.Command, _ []string) error {
			// This is cobra's format for --version. Using a template would add 15 MiB to the binary, because with
			// text/template the linker keeps every method.
			return p.print("%s version %s\n", c.Root().Name(), c.Root().Version)
		},
	}
}

// buildInfo returns the commit that the program was built from and the version of Go, in parentheses.
func buildInfo() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return ""
	}
	commit := "unknown"
	for _, setting := range info.Settings {
		if setting.Key == "vcs.revision" {
			commit = setting.Value
		}
	}
	return fmt.Sprintf(" (commit %s, %s)", commit, info.GoVersion)
}

// release is the version of this program; the build sets it with -ldflags "-X main.release=…".
var release = "0.1.0-dev" //nolint:gochecknoglobals // the linker can set nothing else

// versionOr returns the configured version or, if that is empty, the release.
func versionOr(configured string) string {
	if configured != "" {
		return configured
	}
	return release
}

// environment returns the help topic that lists the environment variables.
func environment() *cobra.Command {
	var b strings.Builder
	b.WriteString(`All variables that the service reads, with their defaults. An empty variable counts as unset. A file
.env in the working directory is read, too; variables of the process's environment override it.
`)
	for _, v := range config.Variables() {
		otherwise := v.Default
		if otherwise == "" {
			otherwise = "(empty)"
		}
		fmt.Fprintf(&b, "\n  %s=%s\n      %s\n", v.Name, otherwise, v.Meaning)
	}
	return &cobra.Command{Use: "environment", Short: "List all environment variables", Long: b.String()}
}
