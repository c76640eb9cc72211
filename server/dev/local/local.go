// Package local brings up the PostgreSQL and the Redis that running and testing the service take, on a machine that has
// neither running: with the programs found there, or else fetched, as root or as any other user, without containers.
//
// The servers are private. They are reached by a Unix socket in a folder that only their user enters, or, where Redis
// has to be replaced within this process, on a loopback port. What they keep survives a stop, they end when this
// process ends, even by SIGKILL (on Linux), and two processes never run a server in one folder.
package local

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"
)

// ErrInUse is wrapped by the error of a launcher whose folder is taken by the server of another process, or by another
// server of this one.
var ErrInUse = errors.New("in use")

// Options are what both launchers need to know.
type Options struct {
	// Dir is where data, sockets and logs live. Each server takes a folder of its own in it. Dir is made when it does
	// not exist, for its owner only; when root starts the servers, others may pass through it but not list it, because
	// the servers then run as a user without privileges. Required; see DefaultDir.
	Dir string

	// Fast gives up the safety of data against a crash of the machine. It is meant for tests.
	Fast bool

	// Say is told, before anything that can take more than two seconds, what is about to happen, in the form of
	// fmt.Printf without a line feed. It may be nil, and is called by one goroutine at a time.
	Say func(format string, args ...any)
}

func (o Options) say(format string, args ...any) {
	if o.Say != nil {
		o.Say(format, args...)
	}
}

// DefaultDir gives the folder, of one path element name, where the present user keeps what can be made again: for root
// below /var/tmp, since the servers cannot reach root's home, for anybody else in their cache folder. It makes nothing,
// and fails where the user has no home.
func DefaultDir(name string) (string, error) {
	if os.Geteuid() == 0 {
		return filepath.Join("/var/tmp", name), nil
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("find the cache folder: %w", err)
	}
	return filepath.Join(cache, name), nil
}

// ScratchDir gives the folder, of one path element name, for what the present user needs only for the time of a test
// run: in memory where there is room for it, which makes copying a database ten times faster, else DefaultDir(name).
// What it holds is gone after a reboot. It makes nothing.
func ScratchDir(name string) (string, error) {
	if folder, ok := memoryFolder(); ok {
		return filepath.Join(folder, fmt.Sprintf("%s-%d", name, os.Geteuid())), nil
	}
	return DefaultDir(name)
}

// until asks about every 20 ms whether a condition is met. It gives the condition's own error, or the context's when it
// ends first.
func until(ctx context.Context, met func() (bool, error)) error {
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
