package local

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"syscall"
	"time"
)

// signalTimeout bounds the wait for the end of a process after a signal.
const signalTimeout = 10 * time.Second

// process is a running program of a serverDir.
type process struct {
	command *exec.Cmd
	ended   chan struct{} // closed when the process has ended; result is valid afterwards
	result  error
}

// launch starts a program in the server's directory and under its account. Its output goes to the log. The program
// has its own process group, so that an interrupt from the terminal does not reach it before stop does. It receives
// the signal parentDeathSignal when this process dies. The end of the context does not end it.
func (d *serverDir) launch(
	ctx context.Context, parentDeathSignal syscall.Signal, program string, args ...string,
) (*process, error) {
	//nolint:gosec // neither program nor arguments are user input
	command := exec.CommandContext(context.WithoutCancel(ctx), program, args...)
	command.Dir = d.path
	command.Env = environment(os.Environ())
	command.Stdout, command.Stderr = d.log, d.log
	command.ExtraFiles = []*os.File{d.serverLock} // locked until the program and its children end
	command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Credential: d.runAs}
	dieWithParent(command.SysProcAttr, parentDeathSignal)

	p := &process{command: command, ended: make(chan struct{})}
	started := make(chan error, 1)
	go func() {
		// On Linux the parent-death signal refers to the thread that started the process, and Go can end idle threads.
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := command.Start()
		started <- err
		if err == nil {
			p.result = command.Wait()
			close(p.ended)
		}
	}()
	if err := <-started; err != nil {
		return nil, fmt.Errorf("start program %s: %w", program, err)
	}
	return p, nil
}

// run runs a program to its end. If the context ends first, it stops the program.
func (d *serverDir) run(ctx context.Context, program string, args ...string) error {
	p, err := d.launch(ctx, syscall.SIGKILL, program, args...)
	if err != nil {
		return err
	}
	select {
	case <-p.ended:
	case <-ctx.Done():
		return errors.Join(context.Cause(ctx), p.stop(syscall.SIGTERM, syscall.SIGKILL))
	}
	if p.result != nil {
		return d.withLog(fmt.Errorf("run %s: %w", program, p.result))
	}
	return nil
}

// stop sends the signals one after another, waiting signalTimeout after each, until the process has ended. It does
// nothing if the process has ended already.
func (p *process) stop(signals ...syscall.Signal) error {
	for _, signal := range signals {
		if err := p.command.Process.Signal(signal); err != nil && !errors.Is(err, os.ErrProcessDone) {
			return fmt.Errorf("signal process %d: %w", p.command.Process.Pid, err)
		}
		select {
		case <-p.ended:
			return nil
		case <-time.After(signalTimeout):
		}
	}
	return fmt.Errorf("process %d (%s) does not stop", p.command.Process.Pid, p.command.Path)
}

// checkRunning returns an error if the process has ended.
func (p *process) checkRunning() error {
	select {
	case <-p.ended:
		return fmt.Errorf("%s ended unexpectedly: %s", p.command.Path, p.command.ProcessState)
	default:
		return nil
	}
}

// environment returns the variables without those that change the behavior of PostgreSQL's programs, and sets the
// locale so that messages are in English.
func environment(ours []string) []string {
	var kept []string
	for _, variable := range ours {
		if !strings.HasPrefix(variable, "PG") && !strings.HasPrefix(variable, "LC_") &&
			!strings.HasPrefix(variable, "LANG") {
			kept = append(kept, variable)
		}
	}
	return append(kept, "LC_ALL=C")
}
