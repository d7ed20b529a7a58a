package control

import (
	"context"
	"net"
	"os/user"
	"strconv"
)

// peerKey finds the connection of a request in its context.
type peerKey struct{}

// withPeer remembers a connection for those who want to know who asks.
func withPeer(ctx context.Context, conn net.Conn) context.Context {
	return context.WithValue(ctx, peerKey{}, conn)
}

// asker is who asks by way of the socket without saying so: the user whom the system
// tells, if it does.
func asker(ctx context.Context) string {
	conn, _ := ctx.Value(peerKey{}).(net.Conn)
	if bound, ok := conn.(*boundConn); ok {
		conn = bound.Conn
	}
	uid, ok := peerUID(conn)
	if !ok {
		return "control socket"
	}
	who := strconv.FormatUint(uint64(uid), 10)
	if u, err := user.LookupId(who); err == nil {
		return u.Username + " (control socket)"
	}
	return "uid " + who + " (control socket)"
}
