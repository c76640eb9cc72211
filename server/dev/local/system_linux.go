package local

import "syscall"

// dieWithParent makes the kernel send a signal to the process when the thread that started it ends for any reason.
func dieWithParent(attributes *syscall.SysProcAttr, signal syscall.Signal) {
	attributes.Pdeathsig = signal
}

// memoryDir returns a directory in memory if everybody can write to it and it has space for several hundred
// databases. Many containers have only a small one.
func memoryDir() (string, bool) {
	const (
		dir      = "/dev/shm"
		writable = 2
		minFree  = 2 << 30
	)
	var system syscall.Statfs_t
	if syscall.Access(dir, writable) != nil || syscall.Statfs(dir, &system) != nil {
		return "", false
	}
	return dir, system.Bavail >= minFree/uint64(system.Bsize) //nolint:gosec // the size of a block is positive
}
