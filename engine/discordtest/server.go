package discordtest

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/gorilla/websocket"

	"github.com/gatehouse-gateway/gatehouse/engine/clock"
)

// Server is a simulated Discord. Make it with [New], run it with [Server.Start]
// and [Server.Close], or [Server.Run]. All methods may be called concurrently.
type Server struct {
	cfg      Config
	clock    clock.Clock
	log      *slog.Logger
	listener *listener
	host     string // of the listener, as clients dial it; empty if it listens everywhere
	local    string // the same, or localhost
	http     *http.Server
	upgrader websocket.Upgrader
	render   *renderer
	packer   packer
	audits   audits
	start    time.Time
	tasks    sync.WaitGroup
	stop     context.CancelFunc
	nudged   chan struct{} // wakes the traffic

	mu           sync.Mutex
	state        runState
	world        *world
	random       *rand.Rand
	mix          mix
	rate         float64
	owing        float64 // fractions of an event
	joins        float64 // guilds per second
	joining      float64 // fractions of a guild
	pumped       time.Time
	swept        time.Time
	nextNumber   uint64
	custom       customBodies
	limit        startLimit
	sessions     map[string]*session // living ones
	fleets       fleets
	conns        map[*conn]struct{}
	resumeURL    string
	outage       bool
	cutOff       bool // everything is down
	welcomes     int  // connections that are yet to be greeted as below; negative for all
	welcomeAs    Welcome
	noIdentify   refusals
	noResume     refusals
	laterResume  refusals
	quiet        map[Pair]bool
	withheld     map[int]map[uint32]bool // guilds by total
	restFaults   []restFault
	membersAsked map[uint32]time.Time // when all members of a guild were asked for
	counts       counts
	optional     [kindCount]bool
	scratch      []*session
	puts         []put
}

// runState is how far the server's life has come.
type runState uint8

const (
	stateNew runState = iota
	stateRunning
	stateClosed
)

// New makes a simulated Discord and opens its listener, so that [Server.URL] is
// known; nothing is answered before [Server.Start].
func New(cfg Config) (*Server, error) {
	cfg = cfg.withDefaults()
	if err := cfg.validate(); err != nil {
		return nil, err
	}
	compiled, err := newTemplates()
	if err != nil {
		return nil, err
	}
	inner := cfg.Listener
	if inner == nil {
		if inner, err = net.Listen("tcp", cfg.Listen); err != nil {
			return nil, fmt.Errorf("discordtest: %w", err)
		}
	}
	if cfg.Network != nil {
		cfg.Network.join(inner)
	}
	s := &Server{
		cfg: cfg, clock: cfg.Clock, log: cfg.Logger,
		listener: &listener{Listener: inner}, host: hostOf(inner.Addr()),
		start: cfg.Clock.Now(), nudged: make(chan struct{}, 1),
		world: newWorld(cfg.Seed, cfg.Guilds), random: rand.New(rand.NewPCG(cfg.Seed, 0x6a7e)),
		mix: newMix(cfg.Mix), rate: cfg.Rate, nextNumber: 1, limit: newStartLimit(cfg),
		sessions: make(map[string]*session), conns: make(map[*conn]struct{}),
		noIdentify: make(refusals), noResume: make(refusals), laterResume: make(refusals), quiet: make(map[Pair]bool),
		resumeURL: cfg.ResumeURL, counts: newCounts(), membersAsked: make(map[uint32]time.Time),
	}
	s.pumped, s.swept = s.start, s.start
	s.local = orDefault(s.host, localhost(inner.Addr()))
	s.prepare(compiled)
	return s, nil
}

// prepare makes the parts that do not fail.
func (s *Server) prepare(compiled *templates) {
	cfg := s.cfg
	s.render = &renderer{
		templates: compiled, world: &world{seed: cfg.Seed},
		app: appOf(cfg.Token.Reveal()), start: wallStart(s.start),
	}
	s.NewAudit()
	for _, name := range cfg.Optional {
		k, _ := kindNamed(name)
		s.optional[k] = true
	}
	s.upgrader = websocket.Upgrader{
		ReadBufferSize: 1024, WriteBufferSize: 1024, WriteBufferPool: new(sync.Pool),
		CheckOrigin: func(*http.Request) bool { return true },
	}
	s.http = &http.Server{Handler: s.routes(), ErrorLog: slog.NewLogLogger(s.log.Handler(), slog.LevelDebug)}
}

// wallStart is the moment that ids and timestamps are counted from: the start,
// or a fixed day if the clock stands before Discord began, as in a synctest bubble.
func wallStart(start time.Time) time.Time {
	if start.Year() >= 2016 {
		return start
	}
	return time.Date(2026, time.November, 20, 18, 41, 0, 0, time.UTC)
}

// ErrClosed is returned when a server is started twice or after its end.
var ErrClosed = errors.New("discordtest: server was started before or is closed")

// Start begins to answer and to make traffic. It returns at once; the server
// stops when ctx ends or [Server.Close] is called.
func (s *Server) Start(ctx context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.state != stateNew {
		return ErrClosed
	}
	s.state = stateRunning
	ctx, s.stop = context.WithCancel(ctx)
	s.tasks.Go(func() {
		if err := s.http.Serve(s.listener); !errors.Is(err, http.ErrServerClosed) {
			s.log.Error("simulated Discord stopped answering", "error", err)
		}
	})
	s.tasks.Go(func() { s.pump(ctx) })
	s.tasks.Go(func() {
		<-ctx.Done()
		s.disconnectAll()
	})
	return nil
}

// Run starts the server, waits until ctx ends, and closes it.
func (s *Server) Run(ctx context.Context) error {
	if err := s.Start(ctx); err != nil {
		return err
	}
	<-ctx.Done()
	return s.Close()
}

// Close cuts every connection and waits for every goroutine. It may be called
// several times, and before Start.
func (s *Server) Close() error {
	s.mu.Lock()
	was := s.state
	s.state = stateClosed
	s.mu.Unlock()
	if was == stateNew {
		return s.listener.Close()
	}
	s.stop()
	s.tasks.Wait()
	return nil
}

// disconnectAll ends the HTTP server and every gateway connection.
func (s *Server) disconnectAll() {
	if err := s.http.Close(); err != nil {
		s.log.Debug("closing the simulated Discord", "error", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.state = stateClosed
	for c := range s.conns {
		c.cut()
	}
}

// URL is the base of the REST API, such as http://127.0.0.1:4711/api/v10.
func (s *Server) URL() string { return "http://" + s.local + "/api/v10" }

// GatewayURL is what GET /gateway/bot names, such as ws://127.0.0.1:4711.
func (s *Server) GatewayURL() string { return "ws://" + s.local }

// Audit is the server's first audit.
func (s *Server) Audit() *Audit { return s.audits[0] }

// NewAudit is an audit for one more destination of events, which has to get all
// of them as well. It is made before [Server.Start].
func (s *Server) NewAudit() *Audit {
	a := newAudit(s.cfg, s.render.world.guildID, s.sinceStart)
	a.complete = s.completeReport
	s.audits = append(s.audits, a)
	return a
}

// sinceStart is the age of the server in milliseconds.
func (s *Server) sinceStart() uint32 { return uint32(s.clock.Now().Sub(s.start).Milliseconds()) }

// localhost is a listener's address on this machine.
func localhost(addr net.Addr) string {
	_, port, err := net.SplitHostPort(addr.String())
	if err != nil {
		return "localhost"
	}
	return net.JoinHostPort("localhost", port)
}

// hostOf is a listener's address as a client dials it; empty if it listens on
// all addresses, when the client knows better.
func hostOf(addr net.Addr) string {
	tcp, ok := addr.(*net.TCPAddr)
	if !ok {
		return addr.String()
	}
	if !tcp.IP.IsUnspecified() {
		return tcp.String()
	}
	return ""
}
