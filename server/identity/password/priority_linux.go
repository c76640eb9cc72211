package password

import "golang.org/x/sys/unix"

// courtesy is how far below the rest of the process a worker stands, in steps of nice. At ten, a thread that competes
// with one of the others gets about a tenth of the core; alone it gets all of it. Lower still would not be kinder: when
// the garbage collector stops the world, everyone waits until each worker has had its turn to notice.
const courtesy = 10

// lowerPriority makes the calling thread yield to the others of the process. Where the system does not let it, the gate
// still bounds the hashing, so there is nothing to be done about a failure.
func lowerPriority() {
	const thisThread, lowest = 0, 19
	// The system call itself answers 20 - nice, in order not to return negative numbers.
	answer, err := unix.Getpriority(unix.PRIO_PROCESS, thisThread)
	if err != nil {
		return
	}
	_ = unix.Setpriority(unix.PRIO_PROCESS, thisThread, min(20-answer+courtesy, lowest))
}
