package discordtest

import (
	"io"
	"net"
	"sync"
	"testing"

	"github.com/gorilla/websocket"
)

// sinkConn leads to a peer that reads and forgets.
func sinkConn(b *testing.B) net.Conn {
	b.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	defer l.Close()
	out, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		b.Fatal(err)
	}
	in, err := l.Accept()
	if err != nil {
		b.Fatal(err)
	}
	go func() { _, _ = io.Copy(io.Discard, in) }()
	b.Cleanup(func() { _ = out.Close(); _ = in.Close() })
	return out
}

// BenchmarkInvent is the making of an event: drawing, numbering, routing to one
// session, the audit.
func BenchmarkInvent(b *testing.B) {
	s, err := New(Config{Guilds: 4000, Listener: NewMemoryListener()})
	if err != nil {
		b.Fatal(err)
	}
	c := &conn{srv: s, wake: make(chan struct{}, 1)}
	s.mu.Lock()
	defer s.mu.Unlock()
	intents := uint64(AllIntents)
	s.openSession(c, identifyData{Intents: &intents, Shard: []int{0, 1}}, s.start)
	c.session.loaded = maxGuilds
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		s.invent()
		if i%64 == 0 {
			c.session.sent = c.session.seq()
			c.session.confirm(c.session.sent)
			c.session.log.trim(s.cfg.ReplayBuffer, c.session.sent)
		}
	}
}

// BenchmarkFrame is rendering, compressing and writing one event of the mix.
func BenchmarkFrame(b *testing.B) {
	r := newTestRenderer(b)
	s, err := New(Config{Guilds: 4000, Listener: NewMemoryListener()})
	if err != nil {
		b.Fatal(err)
	}
	var events []entry
	for n := uint64(1); n <= 4096; n++ {
		k, _ := s.mix.draw(s.random)
		events = append(events, entry{number: n, kind: k, guild: uint32(n) % 400, at: uint32(n)})
	}
	for _, mode := range []struct {
		name, compress string
		level          int
		write          bool
	}{
		{name: "render"}, {name: "plain", write: true},
		{name: "zlib light", compress: "zlib-stream", level: CompressLight, write: true},
		{name: "zlib 1", compress: "zlib-stream", level: 1, write: true},
		{name: "zlib 6", compress: "zlib-stream", level: 6, write: true},
		{name: "zstd", compress: "zstd-stream", write: true},
	} {
		b.Run(mode.name, func(b *testing.B) {
			enc, err := newEncoder(mode.compress, mode.level)
			if err != nil {
				b.Fatal(err)
			}
			wire := &wireConn{Conn: sinkConn(b), buffers: new(sync.Pool)}
			frame, plain, packed := []byte(nil), 0, 0
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				frame = r.appendFrame(frame[:0], events[i%len(events)], int64(i), nil)
				plain += len(frame)
				out := frame
				if enc != nil {
					if out, err = enc.encode(frame); err != nil {
						b.Fatal(err)
					}
				}
				packed += len(out)
				if mode.write {
					wire.cork()
					_, _ = wire.Write(out)
					if i%batchSize == 0 {
						_ = wire.uncork()
					}
				}
			}
			b.ReportMetric(float64(plain)/float64(b.N), "plain-B/op")
			b.ReportMetric(float64(packed)/float64(b.N), "wire-B/op")
		})
	}
}

// BenchmarkServer is everything: made as fast as one client on loopback reads.
func BenchmarkServer(b *testing.B) {
	for _, compress := range []string{"", "&compress=zlib-stream"} {
		b.Run("stream"+compress, func(b *testing.B) {
			s, err := New(Config{Guilds: 400, Rate: 1e6, BackfillPerSecond: 1e6, Backlog: 1 << 30})
			if err != nil {
				b.Fatal(err)
			}
			if err := s.Start(b.Context()); err != nil {
				b.Fatal(err)
			}
			defer s.Close()
			ws, _, err := websocket.DefaultDialer.Dial(s.GatewayURL()+query+compress, nil)
			if err != nil {
				b.Fatal(err)
			}
			defer ws.Close()
			if err := ws.WriteMessage(1, []byte(identifyFrame(DefaultToken, AllIntents, 0, 1))); err != nil {
				b.Fatal(err)
			}
			for b.Loop() {
				if _, _, err := ws.NextReader(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkObserve is the bot's side of the audit.
func BenchmarkObserve(b *testing.B) {
	a := newAudit(Config{AuditWindow: 1 << 22}, func(uint32) uint64 { return 0 }, func() uint32 { return 0 })
	ses := a.open("s", 0, 1)
	n := uint64(0)
	b.ReportAllocs()
	for b.Loop() {
		n++
		a.issue(entry{number: n, kind: kindTyping}, []put{{ses, int64(n)}}, false)
		a.Observe(Observation{Number: n, ID: "00000000000000ab-42", Shards: 1})
	}
}
