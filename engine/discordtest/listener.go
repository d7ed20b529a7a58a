package discordtest

import (
	"net"
	"sync"
)

// listener hands out connections that can be corked and cut. They share their
// buffers, so that a quiet connection holds none.
type listener struct {
	net.Listener
	buffers sync.Pool
}

// Accept waits for a connection.
func (l *listener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return &wireConn{Conn: c, buffers: &l.buffers}, nil
}

// corkedBytes is how much a corked connection gathers before it writes.
const corkedBytes = 32 << 10

// wireConn is a connection whose small writes can be gathered: a burst of events
// costs one system call.
type wireConn struct {
	net.Conn
	buffers *sync.Pool // of *[]byte

	mu     sync.Mutex
	corked bool
	buf    *[]byte // nil while nothing is gathered
}

var _ net.Conn = (*wireConn)(nil)

// Write sends or gathers.
func (w *wireConn) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.corked {
		return w.Conn.Write(p)
	}
	if w.buf == nil {
		w.buf = w.buffer()
	}
	*w.buf = append(*w.buf, p...)
	if len(*w.buf) < corkedBytes {
		return len(p), nil
	}
	return len(p), w.flush()
}

func (w *wireConn) buffer() *[]byte {
	if b, ok := w.buffers.Get().(*[]byte); ok {
		return b
	}
	b := make([]byte, 0, 2*corkedBytes)
	return &b
}

// cork begins to gather.
func (w *wireConn) cork() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.corked = true
}

// uncork sends what was gathered.
func (w *wireConn) uncork() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.corked = false
	return w.flush()
}

func (w *wireConn) flush() error {
	if w.buf == nil {
		return nil
	}
	_, err := w.Conn.Write(*w.buf)
	*w.buf = (*w.buf)[:0]
	w.buffers.Put(w.buf)
	w.buf = nil
	return err
}

// abort drops the connection without any farewell, as a dead network does.
func (w *wireConn) abort() {
	if tcp, ok := w.Conn.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0) // at worst the peer sees an orderly end
	}
	_ = w.Conn.Close() // it is gone either way
}
