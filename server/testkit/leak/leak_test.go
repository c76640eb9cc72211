package leak

import (
	"errors"
	"strings"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { Main(m, nil) }

//nolint:paralleltest // it counts the goroutines of the process
func TestSettle(t *testing.T) {
	if err := settle(patience, nil); err != nil {
		t.Fatalf("without goroutines: %v", err)
	}
	failure := errors.New("it does not stop")
	if err := settle(patience, func() error { return failure }); !errors.Is(err, failure) {
		t.Errorf("a release function that fails: %v", err)
	}
	stop := make(chan struct{})
	go leaked(stop)
	if err := settle(0, nil); err == nil || !strings.Contains(err.Error(), "leak.leaked") {
		t.Errorf("with a goroutine that stays: %v", err)
	}
	if err := settle(0, nil, goleak.IgnoreTopFunction("github.com/ai-interviewer-platform/interviewer/server/testkit/leak.leaked")); err != nil {
		t.Errorf("with a goroutine that may stay: %v", err)
	}
	if err := settle(patience, func() error { close(stop); return nil }); err != nil {
		t.Errorf("after the release of the goroutine: %v", err)
	}
}

func leaked(stop <-chan struct{}) { <-stop }
