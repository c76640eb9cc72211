// Package local starts the PostgreSQL and Redis servers that development and tests need, on a machine where none are
// running. It uses installed programs or installs them, with or without root privileges, and without containers.
//
// The servers are private. They listen on a Unix socket in a directory that only their user can enter; only the
// in-process substitute for Redis listens on a loopback port. Data survives a stop. Servers end with this process, on
// Linux even if it is killed. Two processes cannot run a server in the same directory.
package local

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"
)

// ErrInUse is returned, wrapped, if the directory is used by a server of another process or by another server of this
// process.
var ErrInUse = errors.New("in use")

// BinVariable is the environment variable with Options.Bin of the servers that tests use.
const BinVariable = "TEST_POSTGRES_BIN"

// Options configures StartPostgres and StartRedis.
type Options struct {
	// Dir is the directory for data, sockets and logs; required. Each server uses a subdirectory. Dir is created if it
	// does not exist, accessible to its owner only. If root starts the servers, they run as an unprivileged user, so
	// others can traverse Dir but not list it. See DefaultDir.
	Dir string

	// Bin is the directory of the programs of PostgreSQL; empty to find them. See BinVariable.
	Bin string

	// Fast disables durability, for tests. A crash of the machine can destroy the data.
	Fast bool

	// Log is called with a message in the form of fmt.Printf, without a newline, before steps that can take more than
	// two seconds. It may be nil and is never called concurrently.
	Log func(format string, args ...any)
}

func (o Options) log(format string, args ...any) {
	if o.Log != nil {
		o.Log(format, args...)
	}
}

// DefaultDir returns the directory with the given name for data that can be created again: below /var/tmp for root,
// because the servers' user cannot reach root's home, otherwise in the user's cache directory. It does not create the
// directory. It fails if the user has no home directory.
func DefaultDir(name string) (string, error) {
	if os.Geteuid() == 0 {
		return filepath.Join("/var/tmp", name), nil
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("find cache directory: %w", err)
	}
	return filepath.Join(cache, name), nil
}

// ScratchDir returns the directory with the given name for data that is needed only during a test run. It is in
// memory if there is enough space, which makes copying a database ten times faster, otherwise it is DefaultDir(name).
// Its content is lost at a reboot. It does not create the directory.
func ScratchDir(name string) (string, error) {
	if dir, ok := memoryDir(); ok {
		return filepath.Join(dir, fmt.Sprintf("%s-%d", name, os.Geteuid())), nil
	}
	return DefaultDir(name)
}

// poll checks a condition every 20 ms until it is true. It returns the error of the condition, or the cause of the
// context if that ends first.
func poll(ctx context.Context, met func() (bool, error)) error {
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		if ok, err := met(); ok || err != nil {
			return err
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}
