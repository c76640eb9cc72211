package server

import (
	"context"
	"log/slog"
	"net"
	"time"

	"golang.org/x/sys/unix"
)

const (
	// settleTime is longer than the rest of a handshake takes: the packet of the client that completes it.
	settleTime = 250 * time.Millisecond
	// acceptTime bounds the wait for connections that are complete and not yet accepted.
	acceptTime = 5 * time.Second
)

// refuseConnections makes the kernel ignore new connections to a listener, and returns once those that were opened
// before are accepted. Closing the listener would reset the ones that are not: a client may have sent a request on
// them. A client whose connection is ignored tries again, and then the listener is closed, or a load balancer has
// chosen another replica. It does nothing for listeners that do not permit it.
func (s *Server) refuseConnections(ctx context.Context, listener net.Listener) {
	tcp, ok := listener.(*net.TCPListener)
	if !ok {
		return
	}
	raw, err := tcp.SyscallConn()
	if err == nil {
		err = control(raw.Control, ignoreNew)
	}
	if err != nil {
		s.log.DebugContext(ctx, "the kernel cannot ignore new connections", slog.Any("error", err))
		return
	}
	time.Sleep(settleTime)
	for range acceptTime / (10 * time.Millisecond) {
		waiting := uint32(0)
		err := control(raw.Control, func(fd int) error {
			// Of a listener, the unacknowledged packets are the connections that are not accepted.
			info, err := unix.GetsockoptTCPInfo(fd, unix.IPPROTO_TCP, unix.TCP_INFO)
			if err == nil {
				waiting = info.Unacked
			}
			return err
		})
		if err != nil || waiting == 0 {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
}

// control calls act with the file descriptor of a socket.
func control(with func(func(fd uintptr)) error, act func(fd int) error) error {
	var failed error
	if err := with(func(fd uintptr) { failed = act(int(fd)) }); err != nil {
		return err
	}
	return failed
}

// ignoreNew attaches a filter that drops packets that open a connection. Packets of handshakes that have begun pass.
func ignoreNew(fd int) error {
	const flags, syn = 13, 0x02 // of the TCP header, at which the filter of a TCP socket begins
	program := []unix.SockFilter{
		{Code: unix.BPF_LD | unix.BPF_B | unix.BPF_ABS, K: flags},
		{Code: unix.BPF_JMP | unix.BPF_JSET | unix.BPF_K, K: syn, Jt: 0, Jf: 1},
		{Code: unix.BPF_RET | unix.BPF_K, K: 0},
		{Code: unix.BPF_RET | unix.BPF_K, K: 1 << 16},
	}
	return unix.SetsockoptSockFprog(fd, unix.SOL_SOCKET, unix.SO_ATTACH_FILTER,
		&unix.SockFprog{Len: uint16(len(program)), Filter: &program[0]}) //nolint:gosec // the program has four instructions
}
