package control

import (
	"net"
	"syscall"
)

// peerUID is the user id of whoever holds the other end of a Unix socket; false if the
// system does not tell.
func peerUID(conn net.Conn) (uint32, bool) {
	unix, ok := conn.(*net.UnixConn)
	if !ok {
		return 0, false
	}
	raw, err := unix.SyscallConn()
	if err != nil {
		return 0, false
	}
	var who *syscall.Ucred
	var failed error
	if err := raw.Control(func(fd uintptr) {
		who, failed = syscall.GetsockoptUcred(int(fd), syscall.SOL_SOCKET, syscall.SO_PEERCRED)
	}); err != nil || failed != nil {
		return 0, false
	}
	return who.Uid, true
}
