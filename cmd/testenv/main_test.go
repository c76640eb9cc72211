package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/ai-interviewer-platform/interviewer/server/testkit/leak"
)

// asProgram makes the test binary run the program.
const asProgram = "TESTENV_TEST_AS_PROGRAM"

func TestMain(m *testing.M) {
	if os.Getenv(asProgram) != "" {
		main()
		return
	}
	leak.Main(m, nil)
}

// program returns the program as a command that uses the server of url or, if that is empty, starts one.
func program(t *testing.T, url string, arguments ...string) *exec.Cmd {
	t.Helper()
	own, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	command := exec.CommandContext(t.Context(), own, arguments...)
	command.Env = append(os.Environ(), asProgram+"=1", variable+"="+url)
	return command
}

func TestCommandGetsServer(t *testing.T) {
	t.Parallel()
	command := program(t, "", "sh", "-c", `echo "$`+variable+`"; read -r line; echo "$line"`)
	input, err := command.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	output, err := command.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewReader(output)
	url, err := lines.ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	url = strings.TrimSpace(url)
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatalf("connect to %q: %v", url, err)
	}
	if err := conn.Close(t.Context()); err != nil {
		t.Error(err)
	}
	if _, err := fmt.Fprintln(input, "go on"); err != nil {
		t.Fatal(err)
	}
	if rest, err := io.ReadAll(lines); err != nil || string(rest) != "go on\n" {
		t.Errorf("rest of the output: got %q and error %v, want \"go on\\n\"", rest, err)
	}
	if err := command.Wait(); err != nil {
		t.Errorf("testenv: got error %v, want none", err)
	}
	if _, err := pgx.Connect(t.Context(), url); err == nil {
		t.Error("the server still accepts connections after the end of the command")
	}
}

func TestExistingServerIsUsed(t *testing.T) {
	t.Parallel()
	output, err := program(t, "postgres://elsewhere/x", "sh", "-c", `echo "$`+variable+`"`).Output()
	if err != nil || string(output) != "postgres://elsewhere/x\n" {
		t.Errorf("got server %q and error %v, want that of the environment", output, err)
	}
}

func TestExitCodes(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		arguments []string
		want      int
	}{
		"failed command":  {[]string{"sh", "-c", "exit 7"}, 7},
		"no command":      {nil, 2},
		"missing command": {[]string{"/nowhere/command"}, 1},
		"killed command":  {[]string{"sh", "-c", "kill -9 $$"}, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := program(t, "postgres://elsewhere/x", c.arguments...).Run()
			var failed *exec.ExitError
			if !errors.As(err, &failed) || failed.ExitCode() != c.want {
				t.Errorf("got %v, want exit code %d", err, c.want)
			}
		})
	}
}

func TestSignalsAreForwarded(t *testing.T) {
	t.Parallel()
	for _, sent := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM} {
		t.Run(sent.String(), func(t *testing.T) {
			t.Parallel()
			script := `trap 'echo got; exit 3' INT TERM; echo ready; while :; do sleep 0.05; done`
			command := program(t, "postgres://elsewhere/x", "bash", "-c", script)
			output, err := command.StdoutPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := command.Start(); err != nil {
				t.Fatal(err)
			}
			lines := bufio.NewReader(output)
			if line, err := lines.ReadString('\n'); err != nil || line != "ready\n" {
				t.Fatalf("first line: got %q and error %v, want ready", line, err)
			}
			if err := command.Process.Signal(sent); err != nil {
				t.Fatal(err)
			}
			rest, err := io.ReadAll(lines)
			if err != nil || string(rest) != "got\n" {
				t.Errorf("output after the signal: got %q and error %v, want got", rest, err)
			}
			if err := command.Wait(); command.ProcessState.ExitCode() != 3 {
				t.Errorf("got %v, want exit code 3", err)
			}
		})
	}
}
