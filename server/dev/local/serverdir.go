package local

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

const (
	// longestSocket is the maximum length in bytes of a socket's path that works on every system (the lowest limit is
	// 103).
	longestSocket = 99

	// tailSize is the number of bytes of a server's log that an error includes.
	tailSize = 2048
)

// serverDir is the directory of one server, locked while it is open. Our own files are in it directly. The server
// writes only to subdirectories that its user owns, so that an unprivileged program cannot replace files that root
// uses.
type serverDir struct {
	path         string
	runAs        *syscall.Credential // of the server; nil if it runs as the current user
	launcherLock *os.File            // held by this process
	serverLock   *os.File            // inherited by the server
	log          *os.File
	sockets      string // a directory elsewhere that close removes, or empty
}

// openServerDir creates the directory of a server if it does not exist, and locks it. The error wraps ErrInUse if it
// is locked.
func openServerDir(ctx context.Context, o Options, server string) (*serverDir, error) {
	if o.Dir == "" {
		return nil, errors.New("Options.Dir is empty")
	}
	dir, err := filepath.Abs(o.Dir)
	if err != nil {
		return nil, fmt.Errorf("resolve path %s: %w", o.Dir, err)
	}
	d := &serverDir{path: filepath.Join(dir, server)}
	for _, path := range []string{dir, d.path} {
		if err := makeOwnDir(path); err != nil {
			return nil, err
		}
	}
	if d.launcherLock, d.serverLock, err = acquireLocks(ctx, o, d.path); err != nil {
		return nil, err
	}
	d.log, err = os.OpenFile(d.logPath(), os.O_RDWR|os.O_CREATE|os.O_TRUNC|os.O_APPEND, 0o600)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("open log of %s: %w", server, err), d.close())
	}
	return d, nil
}

// close releases the directory. The server's lock is released only when the server has ended, too.
func (d *serverDir) close() error {
	var errs []error
	if d.sockets != "" {
		errs = append(errs, os.RemoveAll(d.sockets))
	}
	if d.log != nil {
		errs = append(errs, d.log.Close())
	}
	return errors.Join(append(errs, d.serverLock.Close(), d.launcherLock.Close())...)
}

func (d *serverDir) logPath() string { return filepath.Join(d.path, "log") }

// chooseAccount sets the user that the server runs as: the current user or, if that is root, the first of the named
// users that exists. It fails if that user cannot reach the directory.
func (d *serverDir) chooseAccount(names ...string) error {
	if os.Geteuid() != 0 {
		return nil
	}
	for _, name := range names {
		account, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, err := strconv.ParseUint(account.Uid, 10, 32)
		if err != nil {
			return fmt.Errorf("parse id of user %s: %w", name, err)
		}
		gid, err := strconv.ParseUint(account.Gid, 10, 32)
		if err != nil {
			return fmt.Errorf("parse group of user %s: %w", name, err)
		}
		d.runAs = &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
		return checkTraversable(d.path, name)
	}
	return fmt.Errorf("the server cannot run as root, and none of the users %s exists", strings.Join(names, ", "))
}

// makeSubdir creates a subdirectory that only the server's user can enter.
func (d *serverDir) makeSubdir(name string) (string, error) {
	path := filepath.Join(d.path, name)
	if err := os.MkdirAll(path, 0o700); err != nil {
		return "", fmt.Errorf("create directory %s: %w", path, err)
	}
	return path, d.chown(path)
}

// chown makes the server's user the owner of a path.
func (d *serverDir) chown(path string) error {
	if d.runAs == nil {
		return nil
	}
	if err := os.Lchown(path, int(d.runAs.Uid), int(d.runAs.Gid)); err != nil {
		return fmt.Errorf("change owner of %s: %w", path, err)
	}
	return nil
}

// socketDir creates the directory for a socket: below the server's directory, or below /tmp if the path would be too
// long.
func (d *serverDir) socketDir(socket string) (string, error) {
	if fitsSocket(filepath.Join(d.path, "run", socket)) {
		return d.makeSubdir("run")
	}
	path, err := os.MkdirTemp("/tmp", "local-")
	if err != nil {
		return "", fmt.Errorf("create directory for socket: %w", err)
	}
	d.sockets = path
	return path, d.chown(path)
}

// fitsSocket reports whether a path can be the path of a socket on every system, and an element of PostgreSQL's list
// of sockets, in which commas and quotes have a meaning.
func fitsSocket(path string) bool {
	return len(path) <= longestSocket && !strings.ContainsAny(path, `",`)
}

// withLog adds the end of the server's log to an error.
func (d *serverDir) withLog(err error) error {
	from := int64(0)
	if info, statErr := d.log.Stat(); statErr == nil {
		from = max(0, info.Size()-tailSize)
	}
	tail, readErr := io.ReadAll(io.NewSectionReader(d.log, from, tailSize))
	if readErr != nil {
		return errors.Join(err, fmt.Errorf("read log %s: %w", d.logPath(), readErr))
	}
	return fmt.Errorf("%w; end of %s:\n%s", err, d.logPath(), strings.TrimSpace(string(tail)))
}

// makeOwnDir creates a directory. It fails if the path exists and is not a directory of the current user, which
// another user could have prepared.
func makeOwnDir(path string) error {
	if err := os.MkdirAll(path, 0o700); err != nil {
		return fmt.Errorf("create directory %s: %w", path, err)
	}
	info, err := os.Lstat(path)
	if err != nil {
		return fmt.Errorf("inspect %s: %w", path, err)
	}
	if stat, ok := info.Sys().(*syscall.Stat_t); !ok || !info.IsDir() || int(stat.Uid) != os.Geteuid() {
		return fmt.Errorf("%s is not a directory of the current user; choose another directory", path)
	}
	if os.Geteuid() == 0 && info.Mode().Perm()&0o011 != 0o011 {
		if err := os.Chmod(path, info.Mode().Perm()|0o011); err != nil {
			return fmt.Errorf("make %s accessible to the server's user: %w", path, err)
		}
	}
	return nil
}

// checkTraversable returns an error if an unprivileged user cannot traverse path and its parents.
func checkTraversable(path, name string) error {
	for dir := path; dir != filepath.Dir(dir); dir = filepath.Dir(dir) {
		info, err := os.Stat(dir)
		if err != nil {
			return fmt.Errorf("inspect %s: %w", dir, err)
		}
		if info.Mode().Perm()&0o001 == 0 {
			return fmt.Errorf("the server's user %s cannot access %s; choose a directory below /var/tmp",
				name, dir)
		}
	}
	return nil
}
