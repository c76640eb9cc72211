//go:build unix && !linux

package local

import "syscall"

// dieWithParent does nothing, because these kernels have no parent-death signal. The server keeps running if this
// process is killed, and the next start in the same directory reports it.
func dieWithParent(*syscall.SysProcAttr, syscall.Signal) {}

// memoryDir reports that there is none: other systems have no standard directory in memory.
func memoryDir() (string, bool) { return "", false }
