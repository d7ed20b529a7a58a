//go:build unix

package httpsink

import (
	"net"
	"syscall"
	"time"
)

// quiet reports whether there is nothing to read on an unused connection: no
// end, which would mean that the bot has closed it, and no byte, which would be
// taken for the next answer. It looks without waiting and takes nothing away.
func quiet(conn net.Conn) bool {
	sys, ok := conn.(syscall.Conn)
	if !ok {
		return true
	}
	// The deadline of the last exchange may have passed, and would fail the look.
	if conn.SetReadDeadline(time.Time{}) != nil {
		return false
	}
	raw, err := sys.SyscallConn()
	if err != nil {
		return false
	}
	var n int
	var peekErr error
	err = raw.Read(func(fd uintptr) bool {
		var one [1]byte
		n, _, peekErr = syscall.Recvfrom(int(fd), one[:], syscall.MSG_PEEK)
		return true
	})
	return err == nil && n <= 0 && (peekErr == syscall.EAGAIN || peekErr == syscall.EWOULDBLOCK)
}
