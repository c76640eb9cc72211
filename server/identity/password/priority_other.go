//go:build !linux

package password

// lowerPriority does nothing: the service is deployed on Linux. Elsewhere, the number of workers bounds the hashing.
func lowerPriority() {}
