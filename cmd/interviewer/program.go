package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"runtime/debug"
	"strings"

	"github.com/spf13/cobra"

	spec "github.com/ai-interviewer-platform/interviewer/api"
	"github.com/ai-interviewer-platform/interviewer/server/platform/config"
)

// program is the command with everything it takes from the process, so that a test can give it something else.
type program struct {
	in       io.Reader
	out, err io.Writer
	environ  []string
	dotenv   string
	// hashCost is the cost of passwords that a command sets; 0 means that of the service.
	hashCost int
}

// What a process tells its parent by its exit code, besides 0 for success.
const (
	failed      = 1
	misused     = 2 // the call itself is wrong, and nothing was done
	interrupted = 130
)

// execute runs the command that the arguments name, and gives the exit code.
func (p program) execute(ctx context.Context, args []string) int {
	root, began := p.command(), false //nolint:contextcheck // commands get theirs when they run
	guide(root, &began)
	root.SetArgs(args)
	c, err := root.ExecuteContextC(ctx)
	switch {
	case err == nil:
		return 0
	case !began:
		p.say("interviewer: %v\n  See %q for how it is used.", err, c.CommandPath()+" --help")
		return misused
	case ctx.Err() != nil && errors.Is(err, context.Canceled):
		p.say("interviewer: interrupted")
		return interrupted
	}
	p.say("interviewer: %s", explain(err))
	return failed
}

// guide completes a tree of commands. A group shows its help, and refuses a command that it does not have. Every
// command notes that it began, for what fails before that is a mistake in the call.
func guide(c *cobra.Command, began *bool) {
	for _, sub := range c.Commands() {
		guide(sub, began)
	}
	if c.HasSubCommands() {
		c.Args, c.RunE = known, func(c *cobra.Command, _ []string) error { return c.Help() }
	}
	if run := c.RunE; run != nil {
		c.RunE = func(c *cobra.Command, args []string) error {
			*began = true
			return run(c, args)
		}
	}
}

// known refuses a command that a group does not have, and proposes those that were meant.
func known(group *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	group.SuggestionsMinimumDistance = 2
	unknown := fmt.Errorf("there is no command %q", group.CommandPath()+" "+args[0])
	if similar := group.SuggestionsFor(args[0]); len(similar) > 0 {
		return fmt.Errorf("%w; did you mean %s?", unknown, strings.Join(similar, " or "))
	}
	return unknown
}

func (p program) command() *cobra.Command {
	root := &cobra.Command{
		Use:   "interviewer",
		Short: "The AI interviewer platform's backend",
		Long: `The AI interviewer platform's backend: one program that serves the API and does what its operator needs.

Configuration comes from the environment and from a file .env in the working directory; "interviewer help environment"
lists every variable. Without any of them, APP_ENV=development runs the service with a private PostgreSQL and Redis:

  APP_ENV=development interviewer serve`,
		Version:      built("") + buildInfo(),
		SilenceUsage: true, SilenceErrors: true,
		CompletionOptions: cobra.CompletionOptions{HiddenDefaultCmd: true},
	}
	root.SetIn(p.in)
	root.SetOut(p.out)
	root.SetErr(p.err)
	root.AddCommand(p.serve(), p.health(), p.migrate(), p.seed(), p.company(), p.user(), p.audit(), p.imports(),
		p.openapi(), p.version(), environment())
	return root
}

// load reads the configuration, whole or not at all.
func (p program) load() (*config.Config, error) {
	return config.Load(p.environ, p.dotenv)
}

// say tells the person at the terminal something that is no result.
func (p program) say(format string, args ...any) { _, _ = fmt.Fprintf(p.err, format+"\n", args...) }

// print writes a result.
func (p program) print(format string, args ...any) error {
	if _, err := fmt.Fprintf(p.out, format, args...); err != nil {
		return fmt.Errorf("write the result: %w", err)
	}
	return nil
}

func (p program) openapi() *cobra.Command {
	format := "yaml"
	c := &cobra.Command{
		Use:   "openapi",
		Short: "Print the specification of the API",
		Long: `Prints the OpenAPI document that this program serves at /openapi.yaml and /openapi.json. It needs no
configuration.`,
		Example: "  interviewer openapi > openapi.yaml\n  interviewer openapi --format json | jq .info",
		Args:    cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			document, err := spec.Published()
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
	return c
}

func (p program) version() *cobra.Command {
	return &cobra.Command{
		Use: "version", Short: "Print the version", Args: cobra.NoArgs,
		Long:    "Prints the version of this program, the commit that it was built from, if known, and the version of Go.",
		Example: "  interviewer version",
		RunE: func(c *cobra.Command, _ []string) error {
			// The format is cobra's for --version. A template for that would add 15 MiB: with text/template the linker keeps
			// every method.
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

// built is the version to report: what the configuration says, or what the build said.
func built(configured string) string {
	if configured != "" {
		return configured
	}
	return release
}

// environment is a help topic: a command that does nothing but explain.
func environment() *cobra.Command {
	var b strings.Builder
	b.WriteString(`Every variable that the service reads, with its default. An empty variable counts as unset; a file .env
in the working directory is read too, and the process's own environment wins over it.
`)
	for _, v := range config.Variables() {
		otherwise := v.Default
		if otherwise == "" {
			otherwise = "(empty)"
		}
		fmt.Fprintf(&b, "\n  %s=%s\n      %s\n", v.Name, otherwise, v.Meaning)
	}
	return &cobra.Command{Use: "environment", Short: "Every environment variable", Long: b.String()}
}
