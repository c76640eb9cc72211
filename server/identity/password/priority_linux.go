package password

import "golang.org/x/sys/unix"

// niceStep is how much nicer a worker's thread is than the rest of the process. At ten, a thread that competes with a
// normal one for a core gets about a tenth of it; alone it gets all of it. A still lower priority would delay the other
// threads: when the garbage collector stops the world, they wait until each worker has been scheduled and has stopped.
const niceStep = 10

// lowerPriority lowers the priority of the calling thread. Errors are ignored: without the permission to do so, the
// number of workers still bounds the hashing.
func lowerPriority() {
	const thisThread, lowest = 0, 19
	// The system call returns 20 - nice, to avoid negative numbers.
	answer, err := unix.Getpriority(unix.PRIO_PROCESS, thisThread)
	if err != nil {
		return
	}
	_ = unix.Setpriority(unix.PRIO_PROCESS, thisThread, min(20-answer+niceStep, lowest))
}
