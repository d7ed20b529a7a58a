package gateway

import (
	"errors"
	"fmt"
	"testing"
	"testing/synctest"

	"github.com/gatehouse-gateway/gatehouse/engine/discord"
	"github.com/gatehouse-gateway/gatehouse/engine/discordtest"
	"github.com/gatehouse-gateway/gatehouse/engine/shard"
)

// simulated runs a story against the simulated Discord, in memory and in a bubble
// with a clock of its own. Its audit knows the bytes of every event.
func simulated(t *testing.T, name string, cfg discordtest.Config, story func(t *testing.T, s *discordtest.Server, d *Dialer)) {
	t.Helper()
	t.Run(name, func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			listener := discordtest.NewMemoryListener()
			cfg.Listener = listener
			s, err := discordtest.New(cfg)
			if err != nil {
				t.Fatal(err)
			}
			if err := s.Start(t.Context()); err != nil {
				t.Fatal(err)
			}
			defer s.Close()
			story(t, s, &Dialer{NetDial: listener.DialContext})
		})
	})
}

// reader is a shard as far as a connection needs one: it identifies, reads, shows
// the audit what it has read, and resumes.
type reader struct {
	t       *testing.T
	server  *discordtest.Server
	dialer  *Dialer
	conn    shard.Conn
	session string
	seq     int64
	numbers map[uint64]bool // of the events that came
	events  int
	largest int
}

var whole = discordtest.Pair{Shard: 0, Shards: 1}

// newReader connects and starts a session.
func newReader(t *testing.T, s *discordtest.Server, d *Dialer) *reader {
	t.Helper()
	r := &reader{t: t, server: s, dialer: d, numbers: make(map[uint64]bool)}
	r.connect()
	frame, err := discord.AppendIdentify(nil, discord.Identify{
		Token: discord.NewToken(discordtest.DefaultToken), Intents: discordtest.AllIntents,
		Shards: 1, Compress: d.Compress.InIdentify(),
	})
	if err == nil {
		err = r.conn.Write(frame)
	}
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// connect dials and reads Hello.
func (r *reader) connect() {
	r.t.Helper()
	var err error
	if r.conn, err = r.dialer.Dial(r.t.Context(), r.server.GatewayURL()); err != nil {
		r.t.Fatal(err)
	}
	if f, err := r.read(); err != nil || f.Op != discord.OpHello {
		r.t.Fatalf("op %d, %v, want Hello", f.Op, err)
	}
}

// resume hangs up and takes the session up on a new connection.
func (r *reader) resume() {
	r.t.Helper()
	_ = r.conn.Close(discord.CloseKeepSession, "")
	r.connect()
	frame, err := discord.AppendResume(nil, discord.NewToken(discordtest.DefaultToken), r.session, r.seq)
	if err == nil {
		err = r.conn.Write(frame)
	}
	if err != nil {
		r.t.Fatal(err)
	}
}

// read takes one message as the engine does.
func (r *reader) read() (f discord.Frame, err error) {
	message, err := r.conn.Read()
	if err != nil {
		return f, err
	}
	if err := discord.Scan(message, &f); err != nil {
		return f, err
	}
	if f.Seq != 0 {
		r.dispatch(&f, message)
	}
	return f, nil
}

// dispatch checks that no event is missing before this one and shows it to the
// audit.
func (r *reader) dispatch(f *discord.Frame, message []byte) {
	if f.Seq != r.seq+1 {
		r.t.Errorf("event %d comes after %d", f.Seq, r.seq)
	}
	r.seq = f.Seq
	r.largest = max(r.largest, len(message))
	if string(f.Type) == "READY" {
		ready, err := discord.DecodeReady(f.Data)
		if err != nil {
			r.t.Fatal(err)
		}
		r.session = ready.SessionID
	}
	if number, ok := discordtest.EventNumber(message); ok {
		r.events++
		r.numbers[number] = true
		r.server.Audit().Observe(discordtest.Observation{
			Number: number, ID: fmt.Sprint(number), Shards: 1, Attempt: 1, Seq: f.Seq, Digest: discordtest.FrameDigest(message),
		})
	}
}

// readUntil reads until enough says so; the connection must hold.
func (r *reader) readUntil(enough func() bool) {
	r.t.Helper()
	for !enough() {
		if _, err := r.read(); err != nil {
			r.t.Fatalf("after %d events: %v", r.events, err)
		}
	}
}

// settle stops the traffic, reads the last event and wants the audit to be
// content: none lost, none with other bytes than were sent.
func (r *reader) settle() {
	r.t.Helper()
	r.server.SetRate(0)
	var lasts []uint64
	for range 2 { // one might be held back, to be joined with the other
		last, err := r.server.InjectData("LAST", r.server.GuildIDs()[0], []byte(`{"x":1}`))
		if err != nil {
			r.t.Fatal(err)
		}
		lasts = append(lasts, last)
	}
	r.readUntil(func() bool { return r.numbers[lasts[0]] && r.numbers[lasts[1]] })
	report := r.server.Audit().Report()
	if report.Received != uint64(r.events) || report.Lost+report.Pending+report.Altered+report.Unknown != 0 || len(report.Violations) > 0 {
		r.t.Errorf("of %d events: received %d, lost %d, pending %d, altered %d, unknown %d, violations %v", r.events,
			report.Received, report.Lost, report.Pending, report.Altered, report.Unknown, report.Violations)
	}
	_ = r.conn.Close(discord.CloseNormal, "")
}

// closedByDamage reports whether a connection ended because of what came over it.
func closedByDamage(err error) bool {
	var closed *discord.CloseError
	return errors.As(err, &closed) && closed.Code == 0
}
