//go:build !linux

package server

import (
	"context"
	"net"
)

// refuseConnections does nothing: only Linux can ignore new connections to a listener that is open.
func (s *Server) refuseConnections(context.Context, net.Listener) {}
