package password

import (
	"runtime"
	"testing"

	"golang.org/x/crypto/bcrypt"
	"golang.org/x/sys/unix"
)

// nice returns the nice value of the calling thread.
func nice(t *testing.T) int {
	t.Helper()
	answer, err := unix.Getpriority(unix.PRIO_PROCESS, 0)
	if err != nil {
		t.Error(err)
	}
	return 20 - answer
}

func TestOnlyWorkersHaveLowPriority(t *testing.T) {
	t.Parallel()
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	h := NewHasher(Options{Cost: bcrypt.MinCost, Workers: 1})
	defer h.Close()

	own, want := nice(t), min(nice(t)+niceStep, 19)
	if err := h.do(t.Context(), "acme", func() {
		if got := nice(t); got != want {
			t.Errorf("a worker runs at nice %d, want %d", got, want)
		}
	}); err != nil {
		t.Fatal(err)
	}
	if got := nice(t); got != own {
		t.Errorf("the caller runs at nice %d, want %d", got, own)
	}
}
