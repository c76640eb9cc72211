//go:build !linux

package password

// lowerPriority does nothing here: the service is deployed on Linux, and elsewhere the bound of the gate must do.
func lowerPriority() {}
