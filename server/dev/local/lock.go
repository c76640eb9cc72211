package local

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

const (
	// launcherTimeout bounds the wait for the end of another launcher, which may have just been killed.
	launcherTimeout = time.Second

	// serverTimeout bounds the wait for the end of a server whose launcher has ended.
	serverTimeout = 10 * time.Second
)

// acquireLocks locks a directory for a server. The launcher's lock is released when this process ends. The server
// inherits the other lock, which is released when its last process ends. After its launcher is killed, a server ends
// a moment later, so acquireLocks waits for it.
func acquireLocks(ctx context.Context, o Options, dir string) (launcher, server *os.File, err error) {
	launcher, err = acquireLauncherLock(ctx, dir)
	if err != nil {
		return nil, nil, err
	}
	server, err = acquireServerLock(ctx, o, dir)
	if err != nil {
		return nil, nil, errors.Join(err, launcher.Close())
	}
	return launcher, server, nil
}

func acquireLauncherLock(ctx context.Context, dir string) (*os.File, error) {
	lock, err := openLock(filepath.Join(dir, "launcher.lock"))
	if err != nil {
		return nil, err
	}
	err = waitForLock(ctx, launcherTimeout, lock)
	if errors.Is(err, ErrInUse) {
		err = fmt.Errorf("%s is %w by process %s; stop that process, or choose another directory",
			dir, err, readOwner(lock))
	}
	if err == nil {
		err = writeOwner(lock)
	}
	if err != nil {
		return nil, errors.Join(err, lock.Close())
	}
	return lock, nil
}

func acquireServerLock(ctx context.Context, o Options, dir string) (*os.File, error) {
	lock, err := openLock(filepath.Join(dir, "server.lock"))
	if err != nil {
		return nil, err
	}
	if errors.Is(tryLock(lock), ErrInUse) {
		o.log("Waiting for the end of an earlier server in %s", dir)
	}
	err = waitForLock(ctx, serverTimeout, lock)
	if errors.Is(err, ErrInUse) {
		err = fmt.Errorf("%s is %w by a server whose launcher has ended; stop it, or choose another directory", dir, err)
	}
	if err != nil {
		return nil, errors.Join(err, lock.Close())
	}
	return lock, nil
}

func openLock(path string) (*os.File, error) {
	lock, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600) //nolint:gosec // the directory is our own
	if err != nil {
		return nil, fmt.Errorf("open lock file: %w", err)
	}
	return lock, nil
}

// waitForLock tries to lock a file until the timeout. It then returns ErrInUse.
func waitForLock(ctx context.Context, timeout time.Duration, lock *os.File) error {
	ctx, cancel := context.WithTimeoutCause(ctx, timeout, ErrInUse)
	defer cancel()
	return poll(ctx, func() (bool, error) {
		err := tryLock(lock)
		if errors.Is(err, ErrInUse) {
			return false, nil
		}
		return err == nil, err
	})
}

func tryLock(lock *os.File) error {
	err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		return ErrInUse
	}
	if err != nil {
		return fmt.Errorf("lock file %s: %w", lock.Name(), err)
	}
	return nil
}

// readOwner returns the process id in a lock file, for error messages only: between locking and writing the file has
// an old one.
func readOwner(lock *os.File) string {
	text, err := io.ReadAll(io.NewSectionReader(lock, 0, 20))
	if err != nil {
		return "unknown"
	}
	return strings.TrimSpace(string(text))
}

func writeOwner(lock *os.File) error {
	if err := lock.Truncate(0); err != nil {
		return fmt.Errorf("truncate lock file: %w", err)
	}
	if _, err := lock.WriteAt([]byte(strconv.Itoa(os.Getpid())+"\n"), 0); err != nil {
		return fmt.Errorf("write lock file: %w", err)
	}
	return nil
}
