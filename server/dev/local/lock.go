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
	// dying bounds the wait for a launcher, which may have been killed a moment ago.
	dying = time.Second

	// handover bounds the wait for a server whose launcher is gone and which is about to follow it.
	handover = 10 * time.Second
)

// takeLocks locks a folder for a server. One lock is for its launcher, which is this process, and goes with it. The
// other is for the server to inherit, and goes with the last of its processes: a server can outlive its launcher by a
// moment when that is killed, and is worth a wait then.
func takeLocks(ctx context.Context, o Options, folder string) (launcher, server *os.File, err error) {
	launcher, err = takeLauncherLock(ctx, folder)
	if err != nil {
		return nil, nil, err
	}
	server, err = takeServerLock(ctx, o, folder)
	if err != nil {
		return nil, nil, errors.Join(err, launcher.Close())
	}
	return launcher, server, nil
}

func takeLauncherLock(ctx context.Context, folder string) (*os.File, error) {
	lock, err := openLock(filepath.Join(folder, "launcher.lock"))
	if err != nil {
		return nil, err
	}
	err = waitForLock(ctx, dying, lock)
	if errors.Is(err, ErrInUse) {
		err = fmt.Errorf("%s is %w by process %s; stop that one, or choose another folder",
			folder, err, readOwner(lock))
	}
	if err == nil {
		err = writeOwner(lock)
	}
	if err != nil {
		return nil, errors.Join(err, lock.Close())
	}
	return lock, nil
}

func takeServerLock(ctx context.Context, o Options, folder string) (*os.File, error) {
	lock, err := openLock(filepath.Join(folder, "server.lock"))
	if err != nil {
		return nil, err
	}
	if errors.Is(lockNow(lock), ErrInUse) {
		o.say("waiting for the server of an earlier run in %s to end", folder)
	}
	err = waitForLock(ctx, handover, lock)
	if errors.Is(err, ErrInUse) {
		err = fmt.Errorf("%s is %w by a server whose launcher is gone; end it, or choose another folder", folder, err)
	}
	if err != nil {
		return nil, errors.Join(err, lock.Close())
	}
	return lock, nil
}

func openLock(path string) (*os.File, error) {
	lock, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600) //nolint:gosec // The folder is our own.
	if err != nil {
		return nil, fmt.Errorf("open a lock: %w", err)
	}
	return lock, nil
}

// waitForLock tries to lock a file for some time. It gives ErrInUse when somebody else holds the lock all the while.
func waitForLock(ctx context.Context, patience time.Duration, lock *os.File) error {
	ctx, cancel := context.WithTimeoutCause(ctx, patience, ErrInUse)
	defer cancel()
	return until(ctx, func() (bool, error) {
		err := lockNow(lock)
		if errors.Is(err, ErrInUse) {
			return false, nil
		}
		return err == nil, err
	})
}

func lockNow(lock *os.File) error {
	err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		return ErrInUse
	}
	if err != nil {
		return fmt.Errorf("lock %s: %w", lock.Name(), err)
	}
	return nil
}

// readOwner gives the process id in a lock file. It is for people to read: between locking and writing it is an old
// one.
func readOwner(lock *os.File) string {
	text, err := io.ReadAll(io.NewSectionReader(lock, 0, 20))
	if err != nil {
		return "unknown"
	}
	return strings.TrimSpace(string(text))
}

func writeOwner(lock *os.File) error {
	if err := lock.Truncate(0); err != nil {
		return fmt.Errorf("empty the lock file: %w", err)
	}
	if _, err := lock.WriteAt([]byte(strconv.Itoa(os.Getpid())+"\n"), 0); err != nil {
		return fmt.Errorf("write the lock file: %w", err)
	}
	return nil
}
