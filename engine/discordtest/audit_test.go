package discordtest

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gatehouse-gateway/gatehouse/engine/event"
)

// relayed runs relays against a server for a while and returns the report.
func relayed(t *testing.T, cfg Config, shards int, flaw func(*relay, event.Event) []event.Event,
	act func(s *Server, bot *Bot)) (report Report) {
	t.Helper()
	bubble(t, cfg, func(t *testing.T, s *Server, dial dialFunc) {
		bot := NewBot(s.Audit(), "secret", nil)
		ctx, cancel := context.WithCancel(context.Background())
		wait := startRelays(ctx, &relay{t: t, server: s, dial: dial, bot: bot, flaw: flaw}, shards)
		act(s, bot)
		s.SetRate(0)
		settled, stop := context.WithTimeout(ctx, 3*time.Minute)
		_ = s.Audit().AwaitSettled(settled) // the report tells
		stop()
		report = s.Audit().Report()
		cancel()
		wait()
		if report.Issued == 0 || report.Received == 0 {
			t.Errorf("nothing happened: %+v", report)
		}
	})
	return report
}

func asJSON(t *testing.T, r Report) string {
	t.Helper()
	text, err := json.MarshalIndent(r, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestHonestRelayThroughChaosLosesNothing(t *testing.T) {
	for seed := range uint64(2) {
		// The relay does not read while the bot hangs, so it is late for probes.
		cfg := Config{Guilds: 40, Rate: 10, Seed: seed, HeartbeatTolerance: 40 * time.Second}
		r := relayed(t, cfg, 4, nil, func(s *Server, bot *Bot) {
			ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
			defer cancel()
			chaos := DefaultChaos()
			chaos.Seed = seed
			go func() {
				for _, mode := range []BotMode{BotBusy, BotUp, BotForgets, BotUp, BotCrashed, BotUp, BotHung, BotUp} {
					pause(ctx, 20*time.Second)
					bot.SetMode(mode)
				}
			}()
			s.RunChaos(ctx, chaos)
		})
		if !r.OK() || r.Pending != 0 {
			t.Errorf("seed %d: %s", seed, asJSON(t, r))
		}
		if r.Received+r.Withheld+r.Unrouted < r.Issued-sum(r.Forfeited) || r.Resumes < 10 || r.Repeated == 0 {
			t.Errorf("seed %d: too little happened: %s", seed, asJSON(t, r))
		}
	}
}

func sum(m map[string]uint64) (n uint64) {
	for _, v := range m {
		n += v
	}
	return n
}

// A verdict that cannot be bad is worth nothing: each flaw must be found.
func TestFlawsAreFound(t *testing.T) {
	nth := func(n int64, then func(event.Event) []event.Event) func(*relay, event.Event) []event.Event {
		return func(_ *relay, e event.Event) []event.Event {
			if e.ID.Seq == n {
				return then(e)
			}
			return []event.Event{e}
		}
	}
	var held event.Event
	swap := func(_ *relay, e event.Event) []event.Event {
		switch e.ID.Seq {
		case 20:
			held = e
			return nil
		case 21:
			return []event.Event{e, held}
		default:
			return []event.Event{e}
		}
	}
	for _, test := range []struct {
		name string
		flaw func(*relay, event.Event) []event.Event
		find func(Report) uint64
	}{
		{"dropped", nth(30, func(event.Event) []event.Event { return nil }),
			func(r Report) uint64 { return r.Lost * uint64(len(r.LostSamples)) }},
		{"repeated under another id", nth(30, func(e event.Event) []event.Event {
			twin := e
			twin.ID.Seq += 1000
			return []event.Event{e, twin}
		}), func(r Report) uint64 { return r.RepeatedOtherID }},
		{"swapped", swap, func(r Report) uint64 { return r.OutOfOrderShard }},
		{"wrong shard", nth(30, func(e event.Event) []event.Event { e.ShardID = 5; return []event.Event{e} }),
			func(r Report) uint64 { return r.Misrouted }},
		{"invented", nth(30, func(e event.Event) []event.Event {
			fake := e
			fake.Data = []byte(`{"t":"X","s":1,"op":0,"d":{"gatehouse_n":99999999}}`)
			return []event.Event{e, fake}
		}), func(r Report) uint64 { return r.Unknown }},
		{"a letter changed", nth(30, func(e event.Event) []event.Event {
			e.Data = bytes.Replace(e.Data, []byte(`"d":{"`), []byte(`"d":{"X`), 1)
			return []event.Event{e}
		}), func(r Report) uint64 { return r.Altered }},
		{"a letter changed in a repeat", nth(30, func(e event.Event) []event.Event {
			twin := e
			twin.Data = bytes.Replace(e.Data, []byte(`"d":{"`), []byte(`"d":{"X`), 1)
			return []event.Event{e, twin}
		}), func(r Report) uint64 { return r.Altered }},
		{"under the id of another", nth(30, func(e event.Event) []event.Event { e.ID.Seq += 1000; return []event.Event{e} }),
			func(r Report) uint64 { return r.Altered }},
	} {
		t.Run(test.name, func(t *testing.T) {
			cfg := Config{Guilds: 10, Rate: 20}
			r := relayed(t, cfg, 1, test.flaw, func(*Server, *Bot) { <-time.After(20 * time.Second) })
			if r.OK() || test.find(r) != 1 {
				t.Errorf("not found: %s", asJSON(t, r))
			}
		})
	}
}

func TestEventsOfDeadSessionsAreForfeitedWithTheReason(t *testing.T) {
	for _, test := range []struct {
		reason string
		kill   func(t *testing.T, s *Server, c *client)
	}{
		{"invalidated by Discord", func(t *testing.T, s *Server, _ *client) {
			fault(t, s.GoSilent(Pair{}))
			inject(t, s, 3)
			fault(t, s.InvalidateSession(Pair{}, false))
		}},
		{"expired", func(t *testing.T, s *Server, _ *client) {
			fault(t, s.DropConnection(Pair{}))
			inject(t, s, 3)
			<-time.After(4 * time.Minute)
		}},
		{reasonOverflow, func(t *testing.T, s *Server, _ *client) {
			fault(t, s.DropConnection(Pair{}))
			<-time.After(time.Second)
			inject(t, s, 11)
		}},
		{"closed by its client with 1000", func(t *testing.T, s *Server, c *client) {
			inject(t, s, 3)
			c.goodbye(1000)
		}},
		{"forgotten by a test", func(t *testing.T, s *Server, c *client) {
			inject(t, s, 3)
			c.goodbye(4000)
			<-time.After(time.Second)
			fault(t, s.EndSession(s.Stats().Sessions[0].ID, "forgotten by a test"))
		}},
	} {
		t.Run(test.reason, func(t *testing.T) {
			bubble(t, Config{Guilds: 1, ReplayBuffer: 10}, func(t *testing.T, s *Server, dial dialFunc) {
				c, _ := settle(t, s, dial)
				if got := s.Audit().Report(); got.Lost != 1 || got.Pending != 0 {
					t.Errorf("the guild's backfill is written and not delivered, yet %s", asJSON(t, got))
				}
				test.kill(t, s, c)
				<-time.After(time.Second)
				_ = c.ws.NetConn().Close()
				synctest.Wait()
				got := s.Audit().Report()
				if got.Forfeited[test.reason] < 4 || got.Expected != 0 || !got.OK() {
					t.Errorf("%s", asJSON(t, got))
				}
			})
		})
	}
}

// Of two destinations, the audit of each tells what came there.
func TestTwoDestinationsAreJudgedApart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := NewMemoryListener()
		s, err := New(Config{Guilds: 1, Listener: l})
		if err != nil {
			t.Fatal(err)
		}
		second := s.NewAudit()
		fault(t, s.Start(t.Context()))
		settle(t, s, l.DialContext)
		n, err := s.Inject("TYPING_START", s.GuildIDs()[0])
		if err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		s.Audit().Observe(Observation{Number: n, ID: "0000000000000001-3"})
		if a, b := s.Audit().Report(), second.Report(); a.Lost != 1 || a.Received != 1 || b.Lost != 2 || b.Received != 0 {
			t.Errorf("the first got one event of two, the second none: %s\n%s", asJSON(t, a), asJSON(t, b))
		}
		fault(t, s.Close())
	})
}

func TestWhatTheClientProvedToHaveIsNotForfeited(t *testing.T) {
	bubble(t, Config{Guilds: 1}, func(t *testing.T, s *Server, dial dialFunc) {
		c, _ := settle(t, s, dial)
		inject(t, s, 2)
		c.next()
		c.next()
		c.beat() // has everything so far
		c.next()
		inject(t, s, 3)
		synctest.Wait()
		c.goodbye(1000)
		<-time.After(time.Second)
		got := s.Audit().Report()
		if got.Lost != 3 || got.Forfeited["closed by its client with 1000"] != 3 {
			t.Errorf("want 3 lost (the guild and 2 events) and 3 forfeited: %s", asJSON(t, got))
		}
	})
}

// What a client had proved to have is not owed when it died without leaving word
// of its session: nobody can take that up.
func TestALostSessionOwesNothing(t *testing.T) {
	bubble(t, Config{Guilds: 1}, func(t *testing.T, s *Server, dial dialFunc) {
		c, _ := settle(t, s, dial)
		inject(t, s, 2)
		c.next()
		c.next()
		c.beat()
		c.next()
		inject(t, s, 3)
		synctest.Wait()
		_ = c.ws.NetConn().Close()
		<-time.After(time.Second)
		fault(t, s.LoseSession(s.Stats().Sessions[0].ID, "killed"))
		if got := s.Audit().Report(); got.Lost != 0 || got.Pending != 0 || got.Forfeited["killed"] != 6 {
			t.Errorf("want 6 forfeited (the guild and 5 events): %s", asJSON(t, got))
		}
	})
}

// A client that proved to have the first events may still resume before them: it
// was killed, and what it had saved is older.
func TestReadyIsReplayedThoughItWasConfirmed(t *testing.T) {
	bubble(t, Config{Guilds: 1}, func(t *testing.T, s *Server, dial dialFunc) {
		c, me := settle(t, s, dial)
		c.beat()
		c.next()
		_ = c.ws.NetConn().Close()
		<-time.After(time.Second)
		c = hello(t, s, dial)
		c.resume(me.SessionID, 0)
		if again := c.next(); again.T != "READY" || !strings.Contains(string(again.D), me.SessionID) {
			t.Errorf("want READY again, got %s", again.raw)
		}
	})
}

func TestDetachedSessionsEventsArePending(t *testing.T) {
	bubble(t, Config{Guilds: 1}, func(t *testing.T, s *Server, dial dialFunc) {
		c, me := settle(t, s, dial)
		c.goodbye(4000)
		<-time.After(time.Second)
		inject(t, s, 3)
		if got := s.Audit().Report(); got.Pending != 4 || got.Lost != 0 || !got.OK() {
			t.Errorf("want 4 pending, none lost: %s", asJSON(t, got))
		}
		c = hello(t, s, dial)
		c.resume(me.SessionID, 2)
		c.until("RESUMED")
		if got := s.Audit().Report(); got.Pending != 0 || got.Lost != 4 {
			t.Errorf("want 4 lost, since nobody delivers: %s", asJSON(t, got))
		}
	})
}

// While one fleet follows the other, each event is owed once, through either; and
// the second fleet's backfill is not owed at all.
func TestTwoFleetsOweEachEventOnce(t *testing.T) {
	bubble(t, Config{Guilds: 6, MaxConcurrency: 16}, func(t *testing.T, s *Server, dial dialFunc) {
		old := hello(t, s, dial)
		old.ready(0, 1)
		old.backfill(6)
		<-time.After(5 * time.Second)
		var next []*client
		for shard := range 3 {
			c := hello(t, s, dial)
			c.ready(shard, 3)
			c.backfill(2)
			next = append(next, c)
		}
		guild := s.GuildIDs()[0]
		n, err := s.Inject("MESSAGE_CREATE", guild)
		if err != nil {
			t.Fatal(err)
		}
		a := old.until("MESSAGE_CREATE")
		b := next[guild>>22%3].until("MESSAGE_CREATE")
		if string(a.D) != string(b.D) {
			t.Errorf("twins differ:\n%s\n%s", a.D, b.D)
		}
		got := s.Audit().Report()
		if got.Expected != 7 || got.Optional != 6 {
			t.Errorf("want 6 guilds and 1 message owed, 6 guilds optional: %s", asJSON(t, got))
		}
		old.goodbye(1000)
		<-time.After(time.Second)
		s.Audit().Observe(Observation{Number: n, ID: "00000000000000aa-4", Shard: int(guild >> 22 % 3), Shards: 3})
		got = s.Audit().Report()
		if got.Expected != 1 || got.Received != 1 || got.Lost != 0 || !got.OK() {
			t.Errorf("want the message owed and received: %s", asJSON(t, got))
		}
	})
}

// What the bot need not get is not lost when it is kept away, and has no order: kept
// away before a crash, it may come in the replay.
func TestAnOptionalEventMayComeLateOrNever(t *testing.T) {
	a := newAudit(Config{GuildOrder: true}, func(i uint32) uint64 { return uint64(i) << 22 }, func() uint32 { return 0 })
	a.complete = func(*Report) situation { return situation{} }
	ses := a.open("s", 0, 1)
	for n, k := range []kind{kindMessage, kindUnfurl, kindUnfurl, kindEdit} {
		a.issue(entry{number: uint64(n + 1), kind: k}, []put{{ses, int64(n + 1)}}, k == kindUnfurl)
	}
	for _, n := range []uint64{1, 4, 2} {
		a.Observe(Observation{Number: n, ID: fmt.Sprintf("%016x-%d", 1, n), Shards: 1})
	}
	got := a.Report()
	if !got.OK() || got.Lost != 0 || got.OutOfOrderGuild+got.OutOfOrderShard != 0 {
		t.Errorf("%s", asJSON(t, got))
	}
	if got.Optional != 2 || got.Withheld != 1 || got.WithheldByType["MESSAGE_UPDATE/unfurl"] != 1 || len(got.WithheldByType) != 1 {
		t.Errorf("%s", asJSON(t, got))
	}
	if err := a.AwaitSettled(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestAuditFoldsWhatIsSettled(t *testing.T) {
	const n = 4*chunkSize + 100
	a := newAudit(Config{AuditWindow: 2 * chunkSize}, func(i uint32) uint64 { return uint64(i) << 22 }, func() uint32 { return 0 })
	a.complete = func(*Report) situation { return situation{} }
	ses := a.open("s", 0, 1)
	for i := uint64(1); i <= n; i++ {
		a.issue(entry{number: i, kind: kindTyping}, []put{{ses, int64(i)}}, false)
		if i != 7 && i != 9 {
			a.Observe(Observation{Number: i, ID: fmt.Sprintf("%016x-%d", 1, i), Shards: 1})
		}
	}
	detailed := 0
	for _, c := range a.ledger.chunks {
		if c.records != nil {
			detailed++
		}
	}
	if detailed > 3 {
		t.Errorf("%d chunks are kept in detail", detailed)
	}
	a.Observe(Observation{Number: 7, ID: "0000000000000001-7", Shards: 1})  // late, folded
	a.Observe(Observation{Number: 70, ID: "0000000000000001-7", Shards: 1}) // again
	got := a.Report()
	if got.Lost != 1 || got.LostSamples[0].Number != 9 || got.Received != n-1 || got.RepeatedUnjudged != 1 {
		t.Errorf("%s", asJSON(t, got))
	}
	a.forfeit([]uint64{9}, "expired")
	if got = a.Report(); got.Lost != 0 || got.Expected != n-1 {
		t.Errorf("%s", asJSON(t, got))
	}
	if err := a.AwaitSettled(t.Context()); err != nil {
		t.Error(err)
	}
}

// fault fails the test if a fault found nobody.
func fault(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
