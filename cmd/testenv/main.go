// Command testenv runs a command with a PostgreSQL server for tests: testenv go test ./...
//
// It starts one private server, with its data in memory if possible, and passes the server's URL to the command as
// TEST_DATABASE_URL. All test binaries of a run share the server and its templates. If TEST_DATABASE_URL is set
// already, the command uses that server. TEST_POSTGRES_BIN is the directory of the programs of another version of
// PostgreSQL than the installed one. The exit code is that of the command.
//
// The server ends with this process, on Linux even if the process is killed. testenv forwards SIGINT and SIGTERM to
// the command and waits for its end.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"syscall"

	"github.com/ai-interviewer-platform/interviewer/server/dev/local"
)

// variable is the environment variable with the URL of the server.
const variable = "TEST_DATABASE_URL"

func main() {
	if len(os.Args) < 2 {
		fmt.Fprintln(os.Stderr, "usage: testenv COMMAND [ARGUMENT…]")
		os.Exit(2)
	}
	if err := run(context.Background(), os.Args[1], os.Args[2:]...); err != nil {
		var failed *exec.ExitError
		if errors.As(err, &failed) && failed.ExitCode() > 0 { // the command has printed its error
			os.Exit(failed.ExitCode())
		}
		fmt.Fprintln(os.Stderr, "testenv:", err)
		os.Exit(1)
	}
}

// run runs the command with a server. The error is an exec.ExitError if the command fails.
func run(ctx context.Context, name string, arguments ...string) (err error) {
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	defer signal.Stop(signals)
	command := exec.CommandContext(ctx, name, arguments...) //nolint:gosec // the caller chooses the command
	command.Stdin, command.Stdout, command.Stderr = os.Stdin, os.Stdout, os.Stderr
	if os.Getenv(variable) == "" {
		server, err := local.StartScratchPostgres(ctx, "interviewer-tests", func(format string, arguments ...any) {
			fmt.Fprintf(os.Stderr, format+"\n", arguments...)
		})
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, server.Stop()) }()
		command.Env = append(os.Environ(), variable+"="+server.URL("postgres"))
	}
	if err := command.Start(); err != nil {
		return fmt.Errorf("start command: %w", err)
	}
	ended := make(chan error, 1)
	go func() { ended <- command.Wait() }()
	for {
		select {
		case err := <-ended:
			return err
		case received := <-signals:
			_ = command.Process.Signal(received) // fails if the command has just ended
		}
	}
}
