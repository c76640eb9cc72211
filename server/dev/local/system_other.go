//go:build unix && !linux

package local

import "syscall"

// dieWithParent does nothing on systems whose kernel cannot tie one process to another: there a server survives when
// this process is killed without a chance to stop it. The next start in the same folder says so.
func dieWithParent(*syscall.SysProcAttr, syscall.Signal) {}

// memoryFolder finds none: other systems have no folder in memory that is always there.
func memoryFolder() (string, bool) { return "", false }
