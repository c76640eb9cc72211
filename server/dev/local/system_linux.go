package local

import "syscall"

// dieWithParent has the kernel send a signal to a process when the thread that started it ends, however it ends.
func dieWithParent(attributes *syscall.SysProcAttr, signal syscall.Signal) {
	attributes.Pdeathsig = signal
}

// memoryFolder gives a folder that is kept in memory, when there is one that everybody can write to and that has room
// for a few hundred databases. Containers often have a tiny one.
func memoryFolder() (string, bool) {
	const (
		folder   = "/dev/shm"
		writable = 2
		room     = 2 << 30
	)
	var system syscall.Statfs_t
	if syscall.Access(folder, writable) != nil || syscall.Statfs(folder, &system) != nil {
		return "", false
	}
	return folder, system.Bavail >= room/uint64(system.Bsize) //nolint:gosec // A block's size is positive.
}
