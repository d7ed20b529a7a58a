package discordtest

import (
	"context"
	"net"
	"sync"
)

// MemoryListener is a listener without a network: connections are pairs of
// net.Pipe, so that a server and its clients live in one testing/synctest bubble
// and their waits cost no time. Make it inside of the bubble.
type MemoryListener struct {
	conns  chan net.Conn
	closed chan struct{}
	once   sync.Once
}

var _ net.Listener = (*MemoryListener)(nil)

// NewMemoryListener returns an open listener.
func NewMemoryListener() *MemoryListener {
	return &MemoryListener{conns: make(chan net.Conn), closed: make(chan struct{})}
}

// Accept waits for a dial; after Close it returns [net.ErrClosed].
func (l *MemoryListener) Accept() (net.Conn, error) {
	select {
	case c := <-l.conns:
		return c, nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

// Close refuses further dials. Connections stay.
func (l *MemoryListener) Close() error {
	l.once.Do(func() { close(l.closed) })
	return nil
}

// Addr is a made-up name; every address dialled leads here.
func (l *MemoryListener) Addr() net.Addr { return memoryAddr{} }

// DialContext connects to the listener, whatever the address. It fits
// http.Transport and websocket.Dialer.NetDialContext.
func (l *MemoryListener) DialContext(ctx context.Context, _, _ string) (net.Conn, error) {
	client, server := net.Pipe()
	select {
	case l.conns <- server:
		return client, nil
	case <-l.closed:
		return nil, net.ErrClosed
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}

type memoryAddr struct{}

func (memoryAddr) Network() string { return "memory" }
func (memoryAddr) String() string  { return "discord.test" }
