package httpsink

import (
	"context"
	"crypto/tls"
	"net"
	"sync"
	"time"
)

// probeAfter is how long a connection must have been unused before it is worth
// a system call to see whether the bot has closed it meanwhile.
const probeAfter = time.Second

// pool keeps the connections to the bot.
type pool struct {
	config  Config
	address string
	tls     *tls.Config // nil for http
	slots   chan struct{}

	mu     sync.Mutex
	idle   []*conn // the most recently used last
	closed bool
}

func newPool(c Config) *pool {
	p := &pool{config: c, address: c.URL.Host, slots: make(chan struct{}, c.MaxConns)}
	port := c.URL.Port()
	if port == "" {
		port = c.URL.Scheme // net knows both names
	}
	p.address = net.JoinHostPort(c.URL.Hostname(), port)
	if c.URL.Scheme == "https" {
		p.tls = &tls.Config{MinVersion: tls.VersionTLS12}
		if c.TLS != nil {
			p.tls = c.TLS.Clone()
		}
		if p.tls.ServerName == "" {
			p.tls.ServerName = c.URL.Hostname()
		}
		p.tls.NextProtos = nil
	}
	return p
}

// enter waits for the right to use a connection; leave gives it back.
func (p *pool) enter(ctx context.Context) error {
	select {
	case p.slots <- struct{}{}:
		return nil
	default:
	}
	select {
	case p.slots <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (p *pool) leave() { <-p.slots }

// kept returns an idle connection that is likely to work, or nil.
func (p *pool) kept(ctx context.Context, now time.Time) *conn {
	for {
		c := p.pop()
		if c == nil {
			return nil
		}
		idle := now.Sub(c.idleSince)
		if idle < p.maxIdle(c) && c.br.Buffered() == 0 && c.watch(ctx) && (idle < probeAfter || quiet(c.raw)) {
			return c
		}
		c.close()
	}
}

func (p *pool) pop() *conn {
	p.mu.Lock()
	defer p.mu.Unlock()
	last := len(p.idle) - 1
	if last < 0 {
		return nil
	}
	c := p.idle[last]
	p.idle[last] = nil
	p.idle = p.idle[:last]
	return c
}

// maxIdle is how long a connection may be unused. The bot's own word counts,
// with half a second for the way, because a request that crosses the bot's
// close has to be sent twice.
func (p *pool) maxIdle(c *conn) time.Duration {
	if c.keepFor > 0 {
		return min(p.config.MaxIdle, c.keepFor-500*time.Millisecond)
	}
	return p.config.MaxIdle
}

// keep takes a connection back for the next delivery, and closes one that has
// been unused for too long.
func (p *pool) keep(c *conn, now time.Time) {
	c.used, c.idleSince = true, now
	p.mu.Lock()
	if p.closed {
		p.mu.Unlock()
		c.close()
		return
	}
	p.idle = append(p.idle, c)
	var stale *conn
	if oldest := p.idle[0]; now.Sub(oldest.idleSince) > p.config.MaxIdle {
		stale = oldest
		p.idle = append(p.idle[:0], p.idle[1:]...)
	}
	p.mu.Unlock()
	if stale != nil {
		stale.close()
	}
}

// dial opens a connection.
func (p *pool) dial(ctx context.Context, deadline time.Time) (*conn, error) {
	bounded, cancel := context.WithDeadline(ctx, deadline)
	defer cancel()
	raw, err := p.config.Dial(bounded, "tcp", p.address)
	if err != nil {
		return nil, err
	}
	link := raw
	if p.tls != nil {
		secure := tls.Client(raw, p.tls)
		if err := secure.HandshakeContext(bounded); err != nil {
			_ = raw.Close()
			return nil, err
		}
		link = secure
	}
	c := newConn(raw, link)
	c.watch(ctx)
	return c, nil
}

// close closes idle connections, now and from now on.
func (p *pool) close() {
	p.mu.Lock()
	idle := p.idle
	p.idle, p.closed = nil, true
	p.mu.Unlock()
	for _, c := range idle {
		c.close()
	}
}
