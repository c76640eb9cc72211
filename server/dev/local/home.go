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
	// longestSocket is the length in bytes that a socket's path may have on every system (the lowest limit is 103).
	longestSocket = 99

	// tailSize is how many bytes of a server's log an error shows.
	tailSize = 2048
)

// home is the folder of one server. While it is open nobody else can open it. Our own files stand in it directly; what
// the server may write stands in folders below that belong to the server's user, so that a program without privileges
// can lay no trap for root.
type home struct {
	path    string
	runAs   *syscall.Credential // Of the server; nil when it runs as the present user.
	own     *os.File            // The lock of this process.
	lent    *os.File            // The lock that the server inherits.
	log     *os.File
	sockets string // A folder elsewhere, to be removed in the end, or nothing.
}

// openHome makes the folder of a server if need be, and takes possession of it. The error wraps ErrInUse when it is
// taken already.
func openHome(ctx context.Context, o Options, server string) (*home, error) {
	if o.Dir == "" {
		return nil, errors.New("Options.Dir is empty")
	}
	dir, err := filepath.Abs(o.Dir)
	if err != nil {
		return nil, fmt.Errorf("resolve %s: %w", o.Dir, err)
	}
	h := &home{path: filepath.Join(dir, server)}
	for _, folder := range []string{dir, h.path} {
		if err := makeOwn(folder); err != nil {
			return nil, err
		}
	}
	if h.own, h.lent, err = takeLocks(ctx, o, h.path); err != nil {
		return nil, err
	}
	h.log, err = os.OpenFile(h.logPath(), os.O_RDWR|os.O_CREATE|os.O_TRUNC|os.O_APPEND, 0o600)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("open the log of %s: %w", server, err), h.close())
	}
	return h, nil
}

// close gives the folder up. The lock that the server inherited goes only when the server is gone as well.
func (h *home) close() error {
	var errs []error
	if h.sockets != "" {
		errs = append(errs, os.RemoveAll(h.sockets))
	}
	if h.log != nil {
		errs = append(errs, h.log.Close())
	}
	return errors.Join(append(errs, h.lent.Close(), h.own.Close())...)
}

func (h *home) logPath() string { return filepath.Join(h.path, "log") }

// useAccount settles whom the server runs as: the present user or, when that is root, the first of these users that
// exists. It fails when that user could not reach the folder.
func (h *home) useAccount(names ...string) error {
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
			return fmt.Errorf("read the id of user %s: %w", name, err)
		}
		gid, err := strconv.ParseUint(account.Gid, 10, 32)
		if err != nil {
			return fmt.Errorf("read the group of user %s: %w", name, err)
		}
		h.runAs = &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
		return reachable(h.path, name)
	}
	return fmt.Errorf("root may not run the server and none of the users %s exists", strings.Join(names, ", "))
}

// folder makes a folder that the server may write to, and nobody else enter.
func (h *home) folder(name string) (string, error) {
	path := filepath.Join(h.path, name)
	if err := os.MkdirAll(path, 0o700); err != nil {
		return "", fmt.Errorf("make %s: %w", path, err)
	}
	return path, h.give(path)
}

// give lets the server's user own a folder.
func (h *home) give(path string) error {
	if h.runAs == nil {
		return nil
	}
	if err := os.Lchown(path, int(h.runAs.Uid), int(h.runAs.Gid)); err != nil {
		return fmt.Errorf("give %s to the server's user: %w", path, err)
	}
	return nil
}

// socketFolder makes the folder for a socket of this name: in the home, or below /tmp when the path would be too long.
func (h *home) socketFolder(socket string) (string, error) {
	if fitsSocket(filepath.Join(h.path, "run", socket)) {
		return h.folder("run")
	}
	path, err := os.MkdirTemp("/tmp", "local-")
	if err != nil {
		return "", fmt.Errorf("make a folder for the socket: %w", err)
	}
	h.sockets = path
	return path, h.give(path)
}

// fitsSocket reports whether a path can be a socket's on any system and stand in a list of sockets, as PostgreSQL and
// its clients read one.
func fitsSocket(path string) bool {
	return len(path) <= longestSocket && !strings.ContainsAny(path, `",`)
}

// explain adds the end of the server's log to an error.
func (h *home) explain(err error) error {
	from := int64(0)
	if info, statErr := h.log.Stat(); statErr == nil {
		from = max(0, info.Size()-tailSize)
	}
	tail, readErr := io.ReadAll(io.NewSectionReader(h.log, from, tailSize))
	if readErr != nil {
		return errors.Join(err, fmt.Errorf("read %s: %w", h.logPath(), readErr))
	}
	return fmt.Errorf("%w; the end of %s:\n%s", err, h.logPath(), strings.TrimSpace(string(tail)))
}

// makeOwn makes a folder that belongs to the present user, and refuses one that another user has prepared.
func makeOwn(path string) error {
	if err := os.MkdirAll(path, 0o700); err != nil {
		return fmt.Errorf("make %s: %w", path, err)
	}
	info, err := os.Lstat(path)
	if err != nil {
		return fmt.Errorf("inspect %s: %w", path, err)
	}
	if stat, ok := info.Sys().(*syscall.Stat_t); !ok || !info.IsDir() || int(stat.Uid) != os.Geteuid() {
		return fmt.Errorf("%s is not a folder of the user who starts the server; choose another one", path)
	}
	if os.Geteuid() == 0 && info.Mode().Perm()&0o011 != 0o011 {
		if err := os.Chmod(path, info.Mode().Perm()|0o011); err != nil {
			return fmt.Errorf("let the server's user pass through %s: %w", path, err)
		}
	}
	return nil
}

// reachable fails when a folder above path is closed to a user without privileges.
func reachable(path, name string) error {
	for dir := path; dir != filepath.Dir(dir); dir = filepath.Dir(dir) {
		info, err := os.Stat(dir)
		if err != nil {
			return fmt.Errorf("inspect %s: %w", dir, err)
		}
		if info.Mode().Perm()&0o001 == 0 {
			return fmt.Errorf("the server's user %s cannot pass through %s; choose a folder below /var/tmp",
				name, dir)
		}
	}
	return nil
}
