package gateway

import (
	"context"
	"crypto/tls"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/gorilla/websocket"

	"github.com/gatehouse-gateway/gatehouse/engine/clock"
	"github.com/gatehouse-gateway/gatehouse/engine/shard"
	"github.com/gatehouse-gateway/gatehouse/transport/gateway/inflate"
)

// Defaults and limits.
const (
	DefaultHandshakeTimeout = 15 * time.Second
	DefaultWriteTimeout     = 5 * time.Second
	// MaxMessage is the largest gateway message accepted, in bytes, on the wire
	// and inflated. Discord sets no limit; READYs and GUILD_CREATEs of a few
	// megabytes have been seen.
	MaxMessage = 64 << 20

	ioBuffer = 4 << 10 // of gorilla, per connection
)

// Dialer opens connections to the gateway. The zero value works: zlib-stream,
// TLS with the system's roots, the default timeouts. The fields must not change
// after the first Dial.
type Dialer struct {
	Compress         Compression   // default [ZlibStream]; [Payload] needs a word in the Identify too
	TLS              *tls.Config   // default: the system's roots; for wss only
	UserAgent        string        // of the upgrade request; none if empty
	HandshakeTimeout time.Duration // of all from resolving the name to the upgrade; default 15 s
	WriteTimeout     time.Duration // of one frame; default 5 s
	CloseTimeout     time.Duration // for Discord to answer a close frame; default 1 s
	Clock            clock.Clock   // of deadlines; default: the system's
	// NetDial opens the TCP connection; default: a [net.Dialer] with keep-alive
	// probes that notice a dead peer within a minute.
	NetDial func(ctx context.Context, network, address string) (net.Conn, error)

	buffers inflate.Pool // shared by all connections
	writes  sync.Pool    // of gorilla, which writes seldom
}

var _ shard.Dialer = (*Dialer)(nil)

// Dial connects to a gateway URL such as wss://gateway.discord.gg. Path, version,
// encoding and compression are added, other parameters of its query kept. It
// fails with a [*DialError], or with ctx's error once ctx has ended.
func (d *Dialer) Dial(ctx context.Context, gatewayURL string) (shard.Conn, error) {
	target, err := d.target(gatewayURL)
	if err != nil {
		return nil, err
	}
	shake, cancel := context.WithTimeout(ctx, orDefault(d.HandshakeTimeout, DefaultHandshakeTimeout))
	defer cancel()
	link := &link{}
	defer context.AfterFunc(shake, link.abort)()

	ws, answer, err := d.upgrader(link, target.Hostname()).DialContext(shake, target.String(), d.header())
	if err != nil || shake.Err() != nil {
		link.abort()
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		if shake.Err() != nil {
			err = shake.Err()
		}
		if d.over(ctx) && isTimeout(err) {
			return nil, context.DeadlineExceeded
		}
		return nil, d.explain(target, answer, err)
	}
	return d.newConn(ws, link), nil
}

// over reports whether ctx's deadline has passed. The network may notice that a
// moment before ctx does.
func (d *Dialer) over(ctx context.Context) bool {
	deadline, ok := ctx.Deadline()
	return ok && !orDefault(d.Clock, clock.System()).Now().Before(deadline)
}

// upgrader is gorilla's dialer for one connection.
func (d *Dialer) upgrader(link *link, host string) *websocket.Dialer {
	dial := func(ctx context.Context, network, address string) (net.Conn, error) {
		conn, err := d.netDial(ctx, network, address)
		if err != nil {
			return nil, err
		}
		return link.attach(ctx, conn)
	}
	return &websocket.Dialer{
		NetDialContext: dial,
		NetDialTLSContext: func(ctx context.Context, network, address string) (net.Conn, error) {
			if _, err := dial(ctx, network, address); err != nil {
				return nil, err
			}
			return link.secure(ctx, d.tlsConfig(host))
		},
		ReadBufferSize:  ioBuffer,
		WriteBufferSize: ioBuffer,
		WriteBufferPool: &d.writes,
	}
}

func (d *Dialer) netDial(ctx context.Context, network, address string) (net.Conn, error) {
	if d.NetDial != nil {
		return d.NetDial(ctx, network, address)
	}
	dialer := net.Dialer{KeepAliveConfig: net.KeepAliveConfig{
		Enable: true, Idle: 20 * time.Second, Interval: 10 * time.Second, Count: 4,
	}}
	return dialer.DialContext(ctx, network, address)
}

func (d *Dialer) tlsConfig(host string) *tls.Config {
	config := &tls.Config{MinVersion: tls.VersionTLS12}
	if d.TLS != nil {
		config = d.TLS.Clone()
	}
	if config.ServerName == "" {
		config.ServerName = host
	}
	config.NextProtos = nil // the upgrade needs HTTP/1.1
	return config
}

func (d *Dialer) header() http.Header {
	header := http.Header{}
	if d.UserAgent != "" {
		header.Set("User-Agent", d.UserAgent)
	}
	return header
}

func orDefault[T comparable](value, fallback T) T {
	var zero T
	if value == zero {
		return fallback
	}
	return value
}
