// Package leak fails a test run that leaves goroutines behind. It depends on nothing of the service, so that the tests
// of a small package do not link the whole of it.
package leak

import (
	"fmt"
	"net/http"
	"os"
	"testing"
	"time"

	"go.uber.org/goleak"
)

// patience bounds the wait for goroutines that are about to end.
const patience = 10 * time.Second

// Main runs the tests of a package and exits; it is the whole body of a TestMain. After the tests it calls release,
// unless that is nil, to stop what the tests of the package share. The run fails if release fails, or if a goroutine
// that the tests have started is still running 10 seconds later. The options name goroutines that may remain.
func Main(m *testing.M, release func() error, options ...goleak.Option) {
	code := m.Run()
	if err := settle(patience, release, options...); err != nil && code == 0 {
		fmt.Fprintf(os.Stderr, "after the tests: %v\n", err)
		code = 1
	}
	os.Exit(code)
}

// settle calls release and waits for the end of all goroutines that the tests have started. It returns an error that
// lists those that remain.
func settle(within time.Duration, release func() error, options ...goleak.Option) error {
	if release != nil {
		if err := release(); err != nil {
			return err
		}
	}
	http.DefaultClient.CloseIdleConnections()
	late := time.After(within)
	for {
		// Find itself retries for half a second.
		err := goleak.Find(options...)
		if err == nil {
			return nil
		}
		select {
		case <-late:
			return fmt.Errorf("the tests have left goroutines behind: %w", err)
		default:
		}
	}
}
