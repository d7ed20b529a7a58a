package gateway

import (
	"context"
	"crypto/tls"
	"net"
	"sync"
	"sync/atomic"
)

// link is the network connection below one WebSocket. It can be cut off from
// any goroutine at any time, during the handshake too, without waiting for TLS
// to say goodbye to a peer that may not listen.
type link struct {
	net.Conn // TLS, or what NetDial gave
	wire     atomic.Uint64

	mu  sync.Mutex
	raw net.Conn // what NetDial gave
	cut bool
}

// attach takes the connection over, or closes it if the link is cut already.
func (l *link) attach(ctx context.Context, raw net.Conn) (net.Conn, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.cut {
		_ = raw.Close()
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		return nil, net.ErrClosed
	}
	l.raw, l.Conn = raw, raw
	return l, nil
}

// secure does the TLS handshake over what is attached.
func (l *link) secure(ctx context.Context, config *tls.Config) (net.Conn, error) {
	conn := tls.Client(l.Conn, config)
	if err := conn.HandshakeContext(ctx); err != nil {
		l.abort()
		return nil, err
	}
	l.Conn = conn
	return l, nil
}

// abort cuts the link. It may be called several times.
func (l *link) abort() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.cut = true
	if l.raw != nil {
		_ = l.raw.Close()
	}
}

// Close cuts the link.
func (l *link) Close() error {
	l.abort()
	return nil
}

// Read counts what comes over the wire, without the overhead of TLS.
func (l *link) Read(p []byte) (int, error) {
	n, err := l.Conn.Read(p)
	l.wire.Add(uint64(n))
	return n, err
}
