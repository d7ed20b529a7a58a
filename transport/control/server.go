package control

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"sync"
	"time"

	"github.com/gatehouse-gateway/gatehouse/engine/clock"
	"github.com/gatehouse-gateway/gatehouse/engine/ops"
)

// Limits of a server.
const (
	maxBody     = 1 << 20          // bytes of a request's body
	maxSend     = 512 << 10        // bytes: as many shards as may be named, and a command
	maxHeader   = 16 << 10         // bytes of a request's headers
	maxRequests = 64               // served at a time, beside commands for Discord
	maxSenders  = 16               // commands for Discord at a time
	maxConns    = 128              // open at a time; more are closed at once
	readWithin  = 10 * time.Second // for headers, and again for a body
	replyWithin = 10 * time.Second // for a short answer, so that nobody holds one by not reading it
	leastPace   = 1 << 20          // bytes per second at which a long answer must be read
	idleFor     = 2 * time.Minute  // between two requests of a connection
	maxWait     = time.Minute      // of ?wait=
	stopWithin  = 2 * time.Second  // for what is being answered when the server stops
	maxDead     = 10_000           // dead letters of one answer
)

// Config says what a [Server] answers for.
type Config struct {
	Operator ops.Operator
	Version  string       // of the program
	Logger   *slog.Logger // nil for none
	Clock    clock.Clock  // nil for the machine's
}

// Server answers for an operator. Make one with [NewServer].
type Server struct {
	cfg     Config
	actions *actions
	places  chan struct{} // one a request under way
	senders chan struct{} // one a command for Discord under way

	life context.Context // ends when Serve shall end
	end  context.CancelFunc

	conns sync.WaitGroup // their goroutines, in which requests are served
	open  chan struct{}  // one a connection
}

// NewServer returns a server that does nothing before [Server.Serve].
func NewServer(c Config) *Server {
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	if c.Clock == nil {
		c.Clock = clock.System()
	}
	s := &Server{
		cfg: c, actions: newActions(), open: make(chan struct{}, maxConns),
		places: make(chan struct{}, maxRequests), senders: make(chan struct{}, maxSenders),
	}
	s.life, s.end = context.WithCancel(context.Background())
	return s
}

// Serve answers what comes in on l until ctx ends, and closes l. It returns when
// every request has been answered or given up and every goroutine has ended, and
// may be called once. The end of ctx is no error.
//
// Whoever follows an action that has ended is told so before the connection is
// closed: the end of a drain is the end of the server too.
func (s *Server) Serve(ctx context.Context, l net.Listener) error {
	requests, abort := context.WithCancel(context.WithoutCancel(ctx))
	defer abort()
	web := &http.Server{
		Handler:           s.handler(),
		ReadHeaderTimeout: readWithin,
		IdleTimeout:       idleFor,
		MaxHeaderBytes:    maxHeader,
		ErrorLog:          slog.NewLogLogger(s.cfg.Logger.Handler(), slog.LevelWarn),
		BaseContext:       func(net.Listener) context.Context { return requests },
		ConnState:         s.countConns,
		ConnContext:       withPeer,
	}
	ended := make(chan error, 1)
	go func() { ended <- web.Serve(&boundListener{Listener: l, open: s.open}) }()
	var err error
	select {
	case err = <-ended:
		s.end()
	case <-ctx.Done():
		s.finish(web)
		err = <-ended
	}
	abort()
	_ = web.Close() // connections only; what it could say has been said
	s.conns.Wait()
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return fmt.Errorf("control socket: %w", err)
}

// finish lets what is under way come to its end, for a bounded time.
func (s *Server) finish(web *http.Server) {
	ctx, cancel := context.WithTimeout(context.Background(), stopWithin)
	defer cancel()
	s.actions.awaitTold(ctx, s.cfg.Clock.Now())
	s.end()
	// It fails if the time is over, and then the connections are cut.
	_ = web.Shutdown(ctx)
}

// countConns follows connections, so that Serve can wait for their goroutines.
func (s *Server) countConns(_ net.Conn, state http.ConnState) {
	switch state {
	case http.StateNew:
		s.conns.Add(1)
	case http.StateClosed, http.StateHijacked:
		s.conns.Done()
	}
}

// identity is who answers.
func (s *Server) identity() Identity {
	return Identity{Protocol: Protocol, Version: s.cfg.Version, PID: os.Getpid()}
}

// boundListener closes connections above a bound as soon as they come.
type boundListener struct {
	net.Listener
	open chan struct{}
}

// Accept returns the next connection that there is a place for.
func (l *boundListener) Accept() (net.Conn, error) {
	for {
		conn, err := l.Listener.Accept()
		if err != nil {
			return nil, err
		}
		select {
		case l.open <- struct{}{}:
			return &boundConn{Conn: conn, open: l.open}, nil
		default:
			_ = conn.Close() // its other end sees it closed, whatever it says here
		}
	}
}

// boundConn gives its place back when it is closed.
type boundConn struct {
	net.Conn
	open chan struct{}
	once sync.Once
}

// Close closes the connection and frees its place.
func (c *boundConn) Close() error {
	err := c.Conn.Close()
	c.once.Do(func() { <-c.open })
	return err
}
