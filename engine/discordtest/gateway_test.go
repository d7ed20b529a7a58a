package discordtest

import (
	"encoding/json"
	"strconv"
	"strings"
	"testing"
	"time"
)

func TestIdentifyBackfillAndResumeInOneBubble(t *testing.T) {
	bubble(t, Config{Guilds: 40, Shards: 4}, func(t *testing.T, s *Server, dial dialFunc) {
		began := time.Now()
		c := hello(t, s, dial)
		me := c.ready(3, 4)
		if len(me.Guilds) != 10 || !me.Guilds[0].Unavailable || me.V != 10 || len(me.SessionID) != 32 {
			t.Fatalf("READY is %+v", me)
		}
		for _, f := range c.backfill(10) {
			var g struct {
				ID          string
				Unavailable *bool
				Members     []struct{ User struct{ ID string } }
			}
			if err := json.Unmarshal(f.D, &g); err != nil {
				t.Fatal(err)
			}
			id, _ := strconv.ParseUint(g.ID, 10, 64)
			if id>>22%4 != 3 || g.Unavailable == nil || *g.Unavailable || len(g.Members) == 0 {
				t.Errorf("guild %s: %.120s", g.ID, f.D)
			}
		}
		if c.seq != 11 {
			t.Errorf("s is %d after READY and 10 guilds", c.seq)
		}
		guild, _ := strconv.ParseUint(me.Guilds[0].ID, 10, 64)

		if err := s.DropConnection(Pair{Shard: 3}); err != nil {
			t.Fatal(err)
		}
		if _, err := c.read(); err == nil {
			t.Fatal("the connection lives on")
		}
		missed := []uint64{}
		for range 5 {
			n, err := s.Inject("MESSAGE_CREATE", guild)
			if err != nil {
				t.Fatal(err)
			}
			missed = append(missed, n)
		}
		<-time.After(100 * time.Second)

		c = hello(t, s, dial)
		c.resume(me.SessionID, 11)
		for i, want := range missed {
			f := c.next()
			if n, ok := EventNumber(f.raw); !ok || n != want || f.S != int64(12+i) || f.T != "MESSAGE_CREATE" {
				t.Errorf("replayed %.100s, want event %d", f.raw, want)
			}
		}
		if f := c.next(); f.T != "RESUMED" || f.S != 17 {
			t.Errorf("got %.100s, want RESUMED with s 17", f.raw)
		}
		if took := time.Since(began); took < 100*time.Second {
			t.Errorf("only %v passed", took)
		}
		wantViolations(t, s, map[string]uint64{})
		c.goodbye(4000)
	})
}

func TestWireFormIsDiscords(t *testing.T) {
	bubble(t, Config{Guilds: 1}, func(t *testing.T, s *Server, dial dialFunc) {
		c := hello(t, s, dial)
		c.ready(0, 1)
		f := c.backfill(1)[0]
		if !strings.HasPrefix(string(f.raw), `{"t":"GUILD_CREATE","s":2,"op":0,"d":{`) {
			t.Errorf("keys are not in order t, s, op, d: %.60s", f.raw)
		}
		if !strings.HasSuffix(string(f.raw), `,"gatehouse_n":1}}`) {
			t.Errorf("the number is not the last key of d: %s", f.raw[len(f.raw)-40:])
		}
		c.goodbye(4000)
	})
}

// Every rule of section "closing": what is sent, and the code that answers it.
func TestServerClosesWithDiscordsCodes(t *testing.T) {
	good := identifyFrame(DefaultToken, 1, 0, 1)
	for _, test := range []struct {
		name, query string
		send        []string
		code        int
		violation   string
	}{
		{"no version", "/", nil, 4012, ViolationVersion},
		{"old version", "/?v=8&encoding=json", nil, 4012, ViolationVersion},
		{"unknown opcode", query, []string{`{"op":12,"d":null}`}, 4001, ViolationOpcode},
		{"bad JSON", query, []string{`{"op":1,`}, 4002, ViolationDecode},
		{"no opcode", query, []string{`{"d":1}`}, 4002, ViolationDecode},
		{"too long", query, []string{`{"op":1,"d":null,"x":"` + strings.Repeat("x", 4096) + `"}`}, 4002, ViolationTooLong},
		{"command before identify", query, []string{`{"op":3,"d":{}}`}, 4003, ViolationNotAuthed},
		{"wrong token", query, []string{identifyFrame("nope", 1, 0, 1)}, 4004, ViolationAuth},
		{"wrong token in resume", query, []string{`{"op":6,"d":{"token":"nope","session_id":"x","seq":1}}`}, 4004, ViolationAuth},
		{"second identify", query, []string{good, good}, 4005, ViolationAlreadyAuthed},
		{"shard beyond total", query, []string{identifyFrame(DefaultToken, 1, 2, 2)}, 4010, ViolationShard},
		{"not a multiple", query, []string{identifyFrame(DefaultToken, 1, 0, 24)}, 4010, ViolationShard},
		{"too many guilds", query, []string{identifyFrame(DefaultToken, 1, 0, 16)}, 4011, ViolationSharding},
		{"no intents", query, []string{`{"op":2,"d":{"token":"` + DefaultToken + `","properties":{}}}`}, 4013, ViolationIntents},
		{"unknown intents", query, []string{identifyFrame(DefaultToken, 1<<17, 0, 1)}, 4013, ViolationIntents},
		{"privileged intents", query, []string{identifyFrame(DefaultToken, 1<<8, 0, 1)}, 4014, ViolationDisallowed},
		{"no properties", query, []string{`{"op":2,"d":{"token":"` + DefaultToken + `","intents":1}}`}, 4002, ViolationProperties},
		{"threshold", query, []string{`{"op":2,"d":{"token":"` + DefaultToken + `","intents":1,"large_threshold":10,"properties":{}}}`}, 4002, ViolationThreshold},
	} {
		t.Run(test.name, func(t *testing.T) {
			cfg := Config{Guilds: 40, PrivilegedIntents: intentMembers}
			switch test.name {
			case "not a multiple":
				cfg.LargeBotMultiple = 16
			case "too many guilds":
				cfg.GuildsPerShardMax = 2
			}
			bubble(t, cfg, func(t *testing.T, s *Server, dial dialFunc) {
				c := connect(t, dial, s.GatewayURL()+test.query)
				go func() {
					for _, frame := range test.send {
						if c.ws.WriteMessage(1, []byte(frame)) != nil {
							return
						}
					}
				}()
				c.wantClose(test.code)
				wantViolations(t, s, map[string]uint64{test.violation: 1})
			})
		})
	}
}

func TestTheHundredAndTwentyFirstSendOfAMinuteIsTooMany(t *testing.T) {
	bubble(t, Config{Guilds: 1}, func(t *testing.T, s *Server, dial dialFunc) {
		c, me := settle(t, s, dial)
		for range 120 { // the identify was the first
			c.send(`{"op":4,"d":{"guild_id":"%s","channel_id":null}}`, me.Guilds[0].ID)
		}
		c.wantClose(4008)
		wantViolations(t, s, map[string]uint64{ViolationSendRate: 1})
	})
}

func TestHundredAndTwentySendsAMinuteAreFine(t *testing.T) {
	bubble(t, Config{Guilds: 1}, func(t *testing.T, s *Server, dial dialFunc) {
		c := hello(t, s, dial)
		c.ready(0, 1)
		c.backfill(1)
		<-time.After(20 * time.Second)
		for range 9 { // the identify is one of the first minute's
			for range 38 {
				c.send(`{"op":4,"d":{"guild_id":1,"channel_id":null}}`)
			}
			c.beat()
			if f := c.next(); f.Op != 11 {
				t.Fatalf("got %s", f.raw)
			}
			<-time.After(20 * time.Second)
		}
		wantViolations(t, s, map[string]uint64{})
		c.goodbye(4000)
	})
}
