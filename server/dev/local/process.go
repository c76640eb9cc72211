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

// patience is how long a process may take to follow one signal.
const patience = 10 * time.Second

// process is a running program of a home.
type process struct {
	command *exec.Cmd
	ended   chan struct{} // Closed when the process is gone; result may be read only then.
	result  error
}

// launch starts a program in the folder of its home and under its home's account, with its output going to the home's
// log. It is in a process group of its own, so that an interrupt typed at the terminal does not reach it before we have
// told it to stop, and gets the signal death when this process dies. The context does not end it.
func (h *home) launch(ctx context.Context, death syscall.Signal, program string, args ...string) (*process, error) {
	//nolint:gosec // The program is one that we looked up, and the arguments are ours.
	command := exec.CommandContext(context.WithoutCancel(ctx), program, args...)
	command.Dir = h.path
	command.Env = environment(os.Environ())
	command.Stdout, command.Stderr = h.log, h.log
	command.ExtraFiles = []*os.File{h.lent} // Held by the program as long as it, or a child of it, lives.
	command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Credential: h.runAs}
	dieWithParent(command.SysProcAttr, death)

	p := &process{command: command, ended: make(chan struct{})}
	started := make(chan error, 1)
	go func() {
		// To Linux the parent of a process is the thread that made it, and a thread without work may be ended any time.
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
		return nil, fmt.Errorf("start %s: %w", program, err)
	}
	return p, nil
}

// run launches a program and waits for its success; the program is ended when the context is.
func (h *home) run(ctx context.Context, program string, args ...string) error {
	p, err := h.launch(ctx, syscall.SIGKILL, program, args...)
	if err != nil {
		return err
	}
	select {
	case <-p.ended:
	case <-ctx.Done():
		return errors.Join(context.Cause(ctx), p.stop(syscall.SIGTERM, syscall.SIGKILL))
	}
	if p.result != nil {
		return h.explain(fmt.Errorf("%s: %w", program, p.result))
	}
	return nil
}

// stop sends one signal after the other, with some patience after each, until the process is gone. Stopping one that is
// gone does nothing.
func (p *process) stop(signals ...syscall.Signal) error {
	for _, signal := range signals {
		if err := p.command.Process.Signal(signal); err != nil && !errors.Is(err, os.ErrProcessDone) {
			return fmt.Errorf("stop process %d: %w", p.command.Process.Pid, err)
		}
		select {
		case <-p.ended:
			return nil
		case <-time.After(patience):
		}
	}
	return fmt.Errorf("process %d (%s) does not stop", p.command.Process.Pid, p.command.Path)
}

// gone gives an error once the process has ended by itself.
func (p *process) gone() error {
	select {
	case <-p.ended:
		return fmt.Errorf("%s ended by itself: %s", p.command.Path, p.command.ProcessState)
	default:
		return nil
	}
}

// environment leaves out what would change how PostgreSQL's programs behave, and lets programs speak English, which is
// what the people who search for their messages expect.
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
