package discordtest

import (
	"testing"
	"testing/synctest"
	"time"
)

// A client that dials before it lets go of its old connection.
func TestAHandoverIsTimedFromOp7ToTheNextConnection(t *testing.T) {
	bubble(t, Config{Guilds: 1}, func(t *testing.T, s *Server, dial dialFunc) {
		old, me := settle(t, s, dial)
		fault(t, s.Reconnect(Pair{}))
		old.next()
		<-time.After(300 * time.Millisecond)
		inject(t, s, 1)
		if f := old.next(); f.T != "TYPING_START" {
			t.Errorf("after op 7 the old connection brings %s", f.raw)
		}
		c := hello(t, s, dial)
		<-time.After(200 * time.Millisecond)
		c.resume(me.SessionID, 3)
		c.until("RESUMED")
		half := Millis(500 * time.Millisecond)
		want := Handover{Shard: 0, Shards: 1, Resumed: half, Dispatch: half, Standing: true}
		if got := s.Handovers(); len(got) != 1 || got[0] != want {
			t.Errorf("handovers %+v, want %+v", got, want)
		}
		if st := s.Stats(); st.Stolen != 1 || st.HandedOver != 1 || st.WorstHandover != half {
			t.Errorf("stolen %d, handed over %d, worst %v", st.Stolen, st.HandedOver, st.WorstHandover)
		}
		wantViolations(t, s, map[string]uint64{})
	})
}

func TestOp7IsFollowedByACloseAtOnceOrNeverOrBySilence(t *testing.T) {
	for name, test := range map[string]struct {
		fault  func(*Server) error
		closes time.Duration
		beats  bool
	}{
		"at once": {fault: func(s *Server) error { return s.ReconnectAfter(Pair{}, 0) }},
		"never":   {fault: func(s *Server) error { return s.ReconnectAfter(Pair{}, Never) }, closes: Never, beats: true},
		"silence": {fault: func(s *Server) error { return s.ReconnectAndHush(Pair{}) }, closes: Never},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, Config{Guilds: 1}, func(t *testing.T, s *Server, dial dialFunc) {
				c, me := settle(t, s, dial)
				fault(t, test.fault(s))
				if f := c.next(); f.Op != 7 {
					t.Fatalf("got %s, want op 7", f.raw)
				}
				if test.closes == 0 {
					c.wantClose(4000)
					return
				}
				next := hello(t, s, dial)
				next.resume(me.SessionID, c.seq)
				next.until("RESUMED")
				c.beat()
				must(t, c.ws.SetReadDeadline(time.Now().Add(40*time.Second)))
				if f, err := c.read(); (err == nil) != test.beats {
					t.Errorf("the old connection says %s, %v", f.raw, err)
				}
				wantViolations(t, s, map[string]uint64{})
			})
		})
	}
}

func TestConnectionsAreGreetedAsTold(t *testing.T) {
	for _, test := range []struct {
		w    Welcome
		want string // how the first frame begins; empty for none
	}{
		{Welcome{}, `{"t":null,"s":null,"op":10,"d":{"heartbeat_interval":41250,`},
		{Welcome{Nothing: true}, ``},
		{Welcome{Reconnect: true}, `{"t":null,"s":null,"op":7,`},
		{Welcome{Interval: `-1`}, `{"t":null,"s":null,"op":10,"d":{"heartbeat_interval":-1,`},
	} {
		bubble(t, Config{Guilds: 1}, func(t *testing.T, s *Server, dial dialFunc) {
			s.Welcome(1, test.w)
			c := connect(t, dial, s.GatewayURL()+query)
			must(t, c.ws.SetReadDeadline(time.Now().Add(time.Minute)))
			f, _ := c.read()
			if got := string(f.raw); len(got) < len(test.want) || got[:len(test.want)] != test.want || test.want == "" && got != "" {
				t.Errorf("%v: greeted with %q", test.w, got)
			}
			hello(t, s, dial) // the next one is a good one
			if got := s.Stats().Faults[test.w.String()]; got != 1 {
				t.Errorf("faults %v, want one %v", s.Stats().Faults, test.w)
			}
		})
	}
}

func TestOp7AfterEveryResume(t *testing.T) {
	bubble(t, Config{Guilds: 1}, func(t *testing.T, s *Server, dial dialFunc) {
		s.Welcome(-1, Welcome{Op7After: time.Second})
		c, me := settle(t, s, dial)
		for range 3 {
			if f := c.next(); f.Op != 7 {
				t.Fatalf("got %s, want op 7", f.raw)
			}
			next := hello(t, s, dial)
			next.resume(me.SessionID, c.seq)
			next.until("RESUMED")
			c = next
		}
		s.Welcome(0, Welcome{})
		if n := len(s.Handovers()); n != 3 {
			t.Errorf("%d handovers", n)
		}
	})
}

func TestADeafConnectionAcknowledgesAndKeepsEverythingBack(t *testing.T) {
	bubble(t, Config{Guilds: 1}, func(t *testing.T, s *Server, dial dialFunc) {
		c, me := settle(t, s, dial)
		fault(t, s.GoDeaf(Pair{}))
		inject(t, s, 3)
		c.send(`{"op":8,"d":{"guild_id":"%s","user_ids":["1"],"nonce":"are you there"}}`, me.Guilds[0].ID)
		c.beat()
		if f := c.next(); f.Op != 11 {
			t.Errorf("got %s, want an ACK", f.raw)
		}
		must(t, c.ws.SetReadDeadline(time.Now().Add(30*time.Second)))
		if f, err := c.read(); err == nil {
			t.Errorf("a deaf connection says %s", f.raw)
		}
		next := hello(t, s, dial)
		next.resume(me.SessionID, 2)
		for range 3 {
			if f := next.next(); f.T != "TYPING_START" {
				t.Errorf("replayed %s", f.raw)
			}
		}
		next.until("RESUMED")
		next.send(`{"op":8,"d":{"guild_id":"%s","user_ids":["1"],"nonce":"and now"}}`, me.Guilds[0].ID)
		next.until("GUILD_MEMBERS_CHUNK")
	})
}

func TestAQuietShardAnswersAllTheSame(t *testing.T) {
	bubble(t, Config{Guilds: 2, Rate: 50}, func(t *testing.T, s *Server, dial dialFunc) {
		s.SetQuiet(Pair{0, 1}, true)
		c, me := settle(t, s, dial)
		<-time.After(20 * time.Second)
		c.send(`{"op":8,"d":{"guild_id":%s,"query":"","limit":1,"nonce":"x"}}`, me.Guilds[0].ID)
		if f := c.next(); f.T != "GUILD_MEMBERS_CHUNK" {
			t.Errorf("got %s", f.raw)
		}
		s.SetQuiet(Pair{0, 1}, false)
		c.next()
	})
}

func TestWithoutACKs(t *testing.T) {
	bubble(t, Config{Guilds: 1}, func(t *testing.T, s *Server, dial dialFunc) {
		c, _ := settle(t, s, dial)
		fault(t, s.StopACKs(Pair{}))
		c.beat()
		inject(t, s, 1)
		if f := c.next(); f.T != "TYPING_START" {
			t.Errorf("got %s", f.raw)
		}
	})
}

func TestRefusals(t *testing.T) {
	bubble(t, Config{Guilds: 1}, func(t *testing.T, s *Server, dial dialFunc) {
		s.RefuseIdentify(Pair{Shard: 0}, 1)
		c := hello(t, s, dial)
		c.identify(0, 1)
		if f := c.next(); f.Op != 9 {
			t.Fatalf("got %s, want op 9", f.raw)
		}
		<-time.After(5 * time.Second)
		me := c.ready(0, 1)
		c.backfill(1)
		if left := s.Stats().SessionStarts; left != 999 {
			t.Errorf("%d session starts left: a refused identify is free", left)
		}
		_ = c.ws.NetConn().Close()
		synctest.Wait()
		s.RefuseResume(Pair{Shard: -1}, 1, true)
		c = hello(t, s, dial)
		c.resume(me.SessionID, 2)
		if f := c.next(); f.Op != 9 || string(f.D) != "true" {
			t.Fatalf("got %s, want op 9 true", f.raw)
		}
		c.resume(me.SessionID, 2)
		c.until("RESUMED")
		_ = c.ws.NetConn().Close()
		synctest.Wait()
		s.RefuseResume(Pair{Shard: -1}, 1, false)
		c = hello(t, s, dial)
		c.resume(me.SessionID, 2)
		if f := c.next(); f.Op != 9 || string(f.D) != "false" {
			t.Fatalf("got %s, want op 9 false", f.raw)
		}
		if n := len(s.Stats().Sessions); n != 0 {
			t.Errorf("%d sessions", n)
		}
		wantViolations(t, s, map[string]uint64{})
	})
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
