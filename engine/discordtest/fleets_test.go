package discordtest

import (
	"bytes"
	"context"
	"encoding/json"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// bodyOf is a frame's `d`, byte for byte.
func bodyOf(f frame) []byte {
	_, d, _ := bytes.Cut(f.raw, []byte(`"d":`))
	return d
}

// pair is one shard's client in each of two fleets, loaded.
func pair(t *testing.T, s *Server, dial dialFunc, shards, next [2]int, guilds int) (old, young *client) {
	t.Helper()
	old = hello(t, s, dial)
	old.ready(shards[0], shards[1])
	old.backfill(guilds)
	<-time.After(5 * time.Second)
	young = hello(t, s, dial)
	young.ready(next[0], next[1])
	young.backfill(guilds)
	return old, young
}

func TestTwinsAreTheSameByteForByte(t *testing.T) {
	bubble(t, Config{Guilds: 1, Rate: 0, HeartbeatInterval: time.Hour}, func(t *testing.T, s *Server, dial dialFunc) {
		guild := s.GuildIDs()[0]
		total := 7
		shard := int(guild >> 22 % uint64(total))
		old, young := pair(t, s, dial, [2]int{0, 1}, [2]int{shard, total}, 1)
		for k := kindMessage; k < kindDirect; k++ {
			for range 3 {
				if _, err := s.Inject(k.String(), guild); err != nil {
					t.Fatal(err)
				}
				a, b := old.next(), young.next()
				if a.T != b.T || !bytes.Equal(bodyOf(a), bodyOf(b)) {
					t.Fatalf("%s differs:\n%s\n%s", k, a.raw, b.raw)
				}
			}
		}
		for range 2 {
			fault(t, s.InjectBare("POKED", guild, []byte(`{"guild_id":"1"}`)))
			if a, b := old.next(), young.next(); string(bodyOf(a)) != `{"guild_id":"1"}}` || !bytes.Equal(bodyOf(a), bodyOf(b)) {
				t.Fatalf("%s and %s", a.raw, b.raw)
			}
		}
		fault(t, s.GuildOutage(guild))
		fault(t, s.GuildReturn(guild))
		fault(t, s.GuildLeave(guild))
		fault(t, s.GuildRejoin(guild))
		for _, want := range []struct{ name, part string }{
			{"GUILD_DELETE", `"unavailable":true`}, {"GUILD_CREATE", `"unavailable":false`},
			{"GUILD_DELETE", `"id"`}, {"GUILD_CREATE", `"members"`},
		} {
			a, b := old.next(), young.next()
			if a.T != want.name || !strings.Contains(string(a.D), want.part) || !bytes.Equal(bodyOf(a), bodyOf(b)) {
				t.Errorf("want %v, got %.150s\n%.150s", want, a.raw, b.raw)
			}
		}
	})
}

func TestWhatIsOfNoGuildGoesToShard0OfEveryTotal(t *testing.T) {
	bubble(t, Config{Guilds: 1, HeartbeatInterval: time.Hour}, func(t *testing.T, s *Server, dial dialFunc) {
		var zero []*client
		for _, p := range [][2]int{{0, 2}, {1, 2}, {0, 3}, {2, 3}} {
			c := hello(t, s, dial)
			c.ready(p[0], p[1])
			if p[0] == 0 {
				zero = append(zero, c)
			}
			<-time.After(5 * time.Second)
		}
		before := s.Stats().Dispatches
		for _, name := range []string{"MESSAGE_CREATE/direct", "ENTITLEMENT_CREATE", "USER_UPDATE", "SUBSCRIPTION_CREATE"} {
			if _, err := s.Inject(name, 0); err != nil {
				t.Fatal(err)
			}
			want, _, _ := strings.Cut(name, "/")
			a, b := zero[0].until(want), zero[1].until(want)
			if !bytes.Equal(bodyOf(a), bodyOf(b)) || strings.Contains(string(a.D), "guild_id") {
				t.Errorf("%s and %s", a.raw, b.raw)
			}
		}
		synctest.Wait()
		if n := s.Stats().Dispatches - before; n != 8 {
			t.Errorf("%d dispatches, want 4 of each shard 0", n)
		}
		if _, err := s.Inject("TYPING_START", 0); err == nil {
			t.Error("somebody types in no guild")
		}
		if _, err := s.Inject("USER_UPDATE", s.GuildIDs()[0]); err == nil {
			t.Error("the bot's user changes in a guild")
		}
	})
}

func TestAnswersGoToWhoAsked(t *testing.T) {
	bubble(t, Config{Guilds: 1, HeartbeatInterval: time.Hour}, func(t *testing.T, s *Server, dial dialFunc) {
		guild := s.GuildIDs()[0]
		old, young := pair(t, s, dial, [2]int{0, 1}, [2]int{0, 1}, 1)
		asks := []struct{ frame, answer string }{
			{`{"op":4,"d":{"guild_id":"%d","channel_id":"77","self_mute":false,"self_deaf":false}}`, "VOICE_SERVER_UPDATE"},
			{`{"op":31,"d":{"guild_ids":["%d"]}}`, "SOUNDBOARD_SOUNDS"},
			{`{"op":43,"d":{"guild_id":"%d","fields":["status"]}}`, "CHANNEL_INFO"},
			{`{"op":8,"d":{"guild_id":"%d","query":"","limit":0}}`, "GUILD_MEMBERS_CHUNK"},
			{`{"op":8,"d":{"guild_id":"%d","query":"","limit":0}}`, "RATE_LIMITED"},
		}
		for _, ask := range asks {
			old.send(ask.frame, guild)
			old.until(ask.answer)
		}
		if _, err := s.Inject("TYPING_START", guild); err != nil {
			t.Fatal(err)
		}
		// The one that did not ask hears where the bot is, and nothing else.
		for _, want := range []string{"VOICE_STATE_UPDATE", "TYPING_START"} {
			if f := young.next(); f.T != want {
				t.Errorf("the other session got %s, want %s", f.T, want)
			}
		}
		old.send(`{"op":4,"d":{"guild_id":"%d","channel_id":null,"self_mute":false,"self_deaf":false}}`, guild)
		if f := young.next(); !strings.Contains(string(f.D), `"channel_id":null`) {
			t.Errorf("after leaving the channel: %s", f.raw)
		}
	})
}

func TestGuildsComeAndGoWhileAFleetLoads(t *testing.T) {
	cfg := Config{Guilds: 10, BackfillPerSecond: 1, HeartbeatInterval: time.Hour}
	bubble(t, cfg, func(t *testing.T, s *Server, dial dialFunc) {
		ids := s.GuildIDs()
		c := hello(t, s, dial)
		c.ready(0, 1)
		c.backfill(2)
		joined := s.GuildJoin()
		fault(t, s.GuildLeave(ids[7]))
		fault(t, s.GuildLeave(ids[8]))
		fault(t, s.GuildRejoin(ids[8]))
		if _, err := s.Inject("TYPING_START", joined); err != nil {
			t.Fatal(err)
		}
		seen := map[string]int{}
		for range 11 {
			f := c.next()
			var d struct {
				ID      string
				GuildID string `json:"guild_id"`
			}
			if err := json.Unmarshal(f.D, &d); err != nil {
				t.Fatal(err)
			}
			seen[f.T+" "+d.ID]++
		}
		<-time.After(5 * time.Second) // for the turn of the one that came ahead
		if n := s.Stats().Sessions[0].Seq; n != 14 || s.Stats().Sessions[0].Loading {
			t.Errorf("%d dispatches after %v, loading %v", n, seen, s.Stats().Sessions[0].Loading)
		}
		for what, n := range seen {
			if n > 1 {
				t.Errorf("%s came %d times", what, n)
			}
		}
	})
}

func TestAGuildThatIsDownAtREADYCanBeSilent(t *testing.T) {
	cfg := Config{Guilds: 2, SilentOutages: true, HeartbeatInterval: time.Hour}
	bubble(t, cfg, func(t *testing.T, s *Server, dial dialFunc) {
		guild := s.GuildIDs()[0]
		fault(t, s.GuildOutage(guild))
		c := hello(t, s, dial)
		if me := c.ready(0, 1); len(me.Guilds) != 2 {
			t.Fatalf("READY names %d guilds", len(me.Guilds))
		}
		c.backfill(1)
		<-time.After(time.Minute)
		fault(t, s.GuildReturn(guild))
		if f := c.next(); f.T != "GUILD_CREATE" || !strings.Contains(string(f.D), `"unavailable":false`) {
			t.Errorf("after the outage: %.200s", f.raw)
		}
	})
}

func TestIdentifiesOfAllFleetsShareTheWindow(t *testing.T) {
	cfg := Config{Guilds: 1, MaxConcurrency: 4, HeartbeatInterval: time.Hour}
	bubble(t, cfg, func(t *testing.T, s *Server, dial dialFunc) {
		for _, p := range [][2]int{{1, 8}, {2, 12}, {0, 6}} { // keys 1, 2, 0
			hello(t, s, dial).ready(p[0], p[1])
		}
		c := hello(t, s, dial)
		c.identify(5, 12) // key 1 again
		if f := c.next(); f.Op != 9 {
			t.Errorf("got %.100s, want op 9", f.raw)
		}
		wantViolations(t, s, map[string]uint64{ViolationIdentifyFast: 1})
	})
}

func TestAFullShardIsRefusedAndALargerTotalIsNot(t *testing.T) {
	cfg := Config{Guilds: 10, GuildsPerShardMax: 10, HeartbeatInterval: time.Hour}
	bubble(t, cfg, func(t *testing.T, s *Server, dial dialFunc) {
		hello(t, s, dial).ready(0, 1)
		if n := s.AddGuilds(2); n != 2 {
			t.Fatalf("%d guilds added", n)
		}
		<-time.After(5 * time.Second)
		c := hello(t, s, dial)
		c.identify(0, 1)
		c.wantClose(4011)
		hello(t, s, dial).ready(0, 2)
		wantViolations(t, s, nil) // the client could not know
	})
}

func TestABotGrows(t *testing.T) {
	bubble(t, Config{Guilds: 10, HeartbeatInterval: time.Hour}, func(t *testing.T, s *Server, dial dialFunc) {
		c := hello(t, s, dial)
		c.ready(0, 1)
		c.backfill(10)
		fault(t, s.SetJoins(2))
		for _, f := range c.backfill(20) {
			if strings.Contains(string(f.D), `"unavailable"`) {
				t.Fatalf("not a join: %.100s", f.raw)
			}
		}
		fault(t, s.SetJoins(0))
		<-time.After(time.Minute)
		if n := s.Stats().Guilds; n < 30 || n > 31 {
			t.Errorf("%d guilds", n)
		}
		if s.SetJoins(-1) == nil {
			t.Error("a negative rate was taken")
		}
	})
}

// One of two sessions is closed for good: what the other holds as well stays owed,
// what only the first one had is forfeited.
func TestWhatAnotherFleetHoldsStaysOwed(t *testing.T) {
	bubble(t, Config{Guilds: 1, HeartbeatInterval: time.Hour}, func(t *testing.T, s *Server, dial dialFunc) {
		guild := s.GuildIDs()[0]
		old, young := pair(t, s, dial, [2]int{0, 1}, [2]int{0, 1}, 1)
		old.beat()
		young.beat()
		synctest.Wait()
		if _, err := s.Inject("TYPING_START", guild); err != nil {
			t.Fatal(err)
		}
		old.next()
		young.next()
		owed := s.Audit().Outstanding()
		old.goodbye(1000)
		synctest.Wait()
		r := s.Audit().Report()
		if s.Audit().Outstanding() != owed || len(r.Forfeited) != 0 || s.Stats().SessionsEnded["closed by its client with 1000"] != 1 {
			t.Errorf("%d outstanding, %d before; forfeited %v", s.Audit().Outstanding(), owed, r.Forfeited)
		}
		young.goodbye(1000)
		synctest.Wait()
		if r := s.Audit().Report(); r.Forfeited["closed by its client with 1000"] != 1 {
			t.Errorf("forfeited %v", r.Forfeited)
		}
	})
}

// See the audit find what a bad reshard would do.
func TestTheAuditJudgesAcrossFleets(t *testing.T) {
	bubble(t, Config{Guilds: 1, HeartbeatInterval: time.Hour}, func(t *testing.T, s *Server, dial dialFunc) {
		guild := s.GuildIDs()[0]
		_, _ = pair(t, s, dial, [2]int{0, 1}, [2]int{int(guild >> 22 % 3), 3}, 1)
		one, err := s.Inject("TYPING_START", guild)
		fault(t, err)
		two, err := s.Inject("TYPING_START", guild)
		fault(t, err)
		direct, err := s.Inject("USER_UPDATE", 0)
		fault(t, err)
		shard := int(guild >> 22 % 3)
		a := s.Audit()
		a.Observe(Observation{Number: two, ID: "00000000000000aa-9", Shards: 1})
		a.Observe(Observation{Number: one, ID: "00000000000000bb-3", Shard: shard, Shards: 3})
		a.Observe(Observation{Number: two, ID: "00000000000000bb-4", Shard: shard, Shards: 3})
		a.Observe(Observation{Number: direct, ID: "00000000000000bb-5", Shard: 2, Shards: 3})
		r := a.Report()
		if r.OutOfOrderGuild != 1 || r.RepeatedOtherID != 1 || r.Misrouted != 1 || r.OutOfOrderShard != 0 {
			t.Errorf("%d out of order, %d repeated, %d misrouted, %d out of order in a session",
				r.OutOfOrderGuild, r.RepeatedOtherID, r.Misrouted, r.OutOfOrderShard)
		}
		if len(r.OddSamples) != 2 || r.OddSamples[0].Number != one || r.OddSamples[0].After != two || r.OddSamples[1].Number != two ||
			r.OddSamples[1].Guild != guild || r.OddSamples[1].First != "0 of 1" {
			t.Errorf("samples %+v", r.OddSamples)
		}
	})
}

func TestAWatchFindsTheLongestGap(t *testing.T) {
	bubble(t, Config{Guilds: 1}, func(t *testing.T, s *Server, _ dialFunc) {
		a := s.Audit()
		w := a.Watch()
		for _, pause := range []time.Duration{time.Second, 3 * time.Second, 2 * time.Second} {
			<-time.After(pause)
			a.Observe(Observation{Number: 1})
		}
		short := a.Watch()
		<-time.After(500 * time.Millisecond)
		got, want := w.End(), Rhythm{Deliveries: 3, Length: 6500 * time.Millisecond, Longest: 3 * time.Second, At: time.Second}
		a.Observe(Observation{Number: 1})
		if got != want || w.End() != want {
			t.Errorf("%+v, then %+v, want %+v", got, w.End(), want)
		}
		<-time.After(time.Second)
		if got := short.End(); got.Longest != time.Second || got.At != 500*time.Millisecond || got.Deliveries != 1 {
			t.Errorf("%+v", got)
		}
	})
}

func TestATapSeesWhatTheBotTakes(t *testing.T) {
	bubble(t, Config{Guilds: 2, Rate: 5, Mix: map[string]float64{"TYPING_START": 1}}, func(t *testing.T, s *Server, dial dialFunc) {
		bot := NewBot(s.Audit(), "secret", nil)
		seen := make(chan Delivered, 1000)
		bot.SetTap(func(d Delivered) {
			if number, _ := EventNumber(d.Line); number != d.Number {
				t.Errorf("%+v, its line has number %d", d, number)
			}
			seen <- d
		})
		ctx, cancel := context.WithCancel(context.Background())
		wait := startRelays(ctx, &relay{t: t, server: s, dial: dial, bot: bot}, 1)
		for n := 0; n < 20; {
			d := <-seen
			if d.Type == "TYPING_START" {
				n++
				if d.Number == 0 || d.Shards != 1 || d.ID == "" || d.Kind != "" {
					t.Fatalf("%+v", d)
				}
			}
		}
		bot.SetTap(nil)
		cancel()
		wait()
	})
}

func TestFleetsCanBeMadeToDiffer(t *testing.T) {
	bubble(t, Config{Guilds: 2, HeartbeatInterval: time.Hour}, func(t *testing.T, s *Server, dial dialFunc) {
		ids := s.GuildIDs()
		old := hello(t, s, dial)
		old.ready(0, 1)
		old.backfill(2)
		fault(t, s.Withhold(2, ids[1], true))
		<-time.After(5 * time.Second)
		young := hello(t, s, dial)
		shard := int(ids[1] >> 22 % 2)
		if me := young.ready(shard, 2); len(me.Guilds) != 1 {
			t.Errorf("READY names %d guilds", len(me.Guilds))
		}
		_, err := s.Inject("TYPING_START", ids[1])
		fault(t, err)
		if f := old.next(); f.T != "TYPING_START" {
			t.Errorf("got %.100s", f.raw)
		}
		<-time.After(5 * time.Second)
		fault(t, s.Withhold(2, ids[1], false))
		if f := young.next(); f.T != "GUILD_CREATE" || !strings.Contains(string(f.D), `"unavailable":false`) {
			t.Errorf("got %.100s", f.raw)
		}
		fault(t, s.InjectOnly(1, "LOPSIDED", ids[1], []byte(`{"a":1}`)))
		fault(t, s.InjectOnly(2, "OTHERWISE", ids[1], []byte(`{"a":1}`)))
		if a, b := old.next(), young.next(); a.T != "LOPSIDED" || b.T != "OTHERWISE" {
			t.Errorf("got %s and %s", a.raw, b.raw)
		}
		if s.Withhold(2, 7, true) == nil {
			t.Error("a guild that the bot is not in")
		}
	})
}
