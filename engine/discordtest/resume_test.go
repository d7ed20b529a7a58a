package discordtest

import (
	"testing"
	"testing/synctest"
	"time"
)

// settle readies shard 0 of 1 and reads its backfill.
func settle(t *testing.T, s *Server, dial dialFunc) (*client, readyBody) {
	t.Helper()
	c := hello(t, s, dial)
	me := c.ready(0, 1)
	c.backfill(len(me.Guilds))
	return c, me
}

// inject makes n events of the first guild.
func inject(t *testing.T, s *Server, n int) {
	t.Helper()
	for range n {
		if _, err := s.Inject("TYPING_START", s.GuildIDs()[0]); err != nil {
			t.Error(err)
		}
	}
}

func TestResumeRefusals(t *testing.T) {
	for _, test := range []struct {
		name string
		wait time.Duration
		miss int
		id   string
		seq  int64
		code int // 0 for op 9
	}{
		{name: "unknown session", id: "00112233445566778899aabbccddeeff", seq: 2},
		{name: "expired", wait: 181 * time.Second, seq: 2},
		{name: "overflowed", miss: 11, seq: 2},
		{name: "seq from the future", seq: 3, code: 4007},
	} {
		t.Run(test.name, func(t *testing.T) {
			bubble(t, Config{Guilds: 1, ReplayBuffer: 10}, func(t *testing.T, s *Server, dial dialFunc) {
				c, me := settle(t, s, dial)
				c.goodbye(4000)
				<-time.After(time.Second)
				inject(t, s, test.miss)
				<-time.After(test.wait)
				if test.id == "" {
					test.id = me.SessionID
				}
				c = hello(t, s, dial)
				c.resume(test.id, test.seq)
				if test.code != 0 {
					c.wantClose(test.code)
					return
				}
				if f := c.next(); f.Op != 9 || string(f.D) != "false" {
					t.Errorf("got %s, want op 9 false", f.raw)
				}
				wantViolations(t, s, map[string]uint64{})
			})
		})
	}
}

func TestResumeAtTheEdgeOfTheBuffer(t *testing.T) {
	bubble(t, Config{Guilds: 1, ReplayBuffer: 10}, func(t *testing.T, s *Server, dial dialFunc) {
		c, me := settle(t, s, dial)
		c.goodbye(4000)
		<-time.After(179 * time.Second)
		inject(t, s, 10)
		c = hello(t, s, dial)
		c.resume(me.SessionID, 2)
		if f := c.until("RESUMED"); f.S != 13 {
			t.Errorf("RESUMED has s %d, want 13", f.S)
		}
	})
}

func TestClientsCloseCodeDecidesAboutTheSession(t *testing.T) {
	for code, kept := range map[int]bool{1000: false, 1001: false, 4000: true, 1012: true, 0: true} {
		bubble(t, Config{Guilds: 1}, func(t *testing.T, s *Server, dial dialFunc) {
			c, _ := settle(t, s, dial)
			if code == 0 {
				_ = c.ws.NetConn().Close()
			} else {
				c.goodbye(code)
			}
			<-time.After(time.Second)
			if got := len(s.Stats().Sessions) == 1; got != kept {
				t.Errorf("after %d the session lives: %v, want %v", code, got, kept)
			}
		})
	}
}

func TestResumeStealsTheOldConnection(t *testing.T) {
	bubble(t, Config{Guilds: 1}, func(t *testing.T, s *Server, dial dialFunc) {
		old, me := settle(t, s, dial)
		c := hello(t, s, dial)
		c.resume(me.SessionID, 2)
		c.until("RESUMED")
		old.wantClose(4000)
		inject(t, s, 1)
		if f := c.next(); f.T != "TYPING_START" || f.S != 4 {
			t.Errorf("got %.80s", f.raw)
		}
		synctest.Wait()
		if st := s.Stats(); st.Stolen != 1 || st.Connections != 1 {
			t.Errorf("stolen %d, connections %d", st.Stolen, st.Connections)
		}
	})
}

// A process that was killed comes back with an older seq than its heartbeats
// named: Discord replays from there all the same.
func TestResumeFromBeforeTheLastHeartbeat(t *testing.T) {
	bubble(t, Config{Guilds: 1}, func(t *testing.T, s *Server, dial dialFunc) {
		c, me := settle(t, s, dial)
		inject(t, s, 5)
		for c.seq < 7 {
			c.next()
		}
		c.beat()
		c.next()
		_ = c.ws.NetConn().Close()
		<-time.After(time.Second)
		c = hello(t, s, dial)
		c.resume(me.SessionID, 3)
		if f := c.next(); f.S != 4 {
			t.Errorf("replay begins at %d, want 4", f.S)
		}
		c.until("RESUMED")
		c.beat()
		c.next()
		wantViolations(t, s, map[string]uint64{})
	})
}

func TestReconnectIsForcedAfterAWhile(t *testing.T) {
	bubble(t, Config{Guilds: 1}, func(t *testing.T, s *Server, dial dialFunc) {
		c, me := settle(t, s, dial)
		if err := s.Reconnect(Pair{Shard: 0, Shards: 1}); err != nil {
			t.Fatal(err)
		}
		if f := c.next(); f.Op != 7 {
			t.Fatalf("got %s, want op 7", f.raw)
		}
		before := time.Now()
		c.wantClose(4000)
		if waited := time.Since(before); waited != reconnectGrace {
			t.Errorf("closed after %v", waited)
		}
		c = hello(t, s, dial)
		c.resume(me.SessionID, 2)
		c.until("RESUMED")
	})
}

func TestInvalidSession(t *testing.T) {
	bubble(t, Config{Guilds: 1}, func(t *testing.T, s *Server, dial dialFunc) {
		c, me := settle(t, s, dial)
		if err := s.InvalidateSession(Pair{}, true); err != nil {
			t.Fatal(err)
		}
		if f := c.next(); f.Op != 9 || string(f.D) != "true" {
			t.Fatalf("got %s, want op 9 true", f.raw)
		}
		c.resume(me.SessionID, 2) // on the same connection
		c.until("RESUMED")
		if err := s.InvalidateSession(Pair{}, false); err != nil {
			t.Fatal(err)
		}
		if f := c.next(); f.Op != 9 || string(f.D) != "false" {
			t.Fatalf("got %s, want op 9 false", f.raw)
		}
		c.resume(me.SessionID, 3)
		if f := c.next(); f.Op != 9 {
			t.Fatalf("a session that is gone was resumed: %s", f.raw)
		}
		<-time.After(5 * time.Second)
		c.ready(0, 1)
	})
}

func TestSilenceIsTotalButTheSessionLives(t *testing.T) {
	bubble(t, Config{Guilds: 1}, func(t *testing.T, s *Server, dial dialFunc) {
		c, me := settle(t, s, dial)
		if err := s.GoSilent(Pair{}); err != nil {
			t.Fatal(err)
		}
		c.beat()
		inject(t, s, 1)
		if err := c.ws.SetReadDeadline(time.Now().Add(40 * time.Second)); err != nil {
			t.Fatal(err)
		}
		if f, err := c.read(); err == nil {
			t.Fatalf("got %s from a silent connection", f.raw)
		}
		c = hello(t, s, dial)
		c.resume(me.SessionID, 2)
		if f := c.next(); f.T != "TYPING_START" {
			t.Errorf("got %.80s", f.raw)
		}
		wantViolations(t, s, map[string]uint64{})
	})
}

func TestGatewayOutageRefusesDials(t *testing.T) {
	bubble(t, Config{Guilds: 1}, func(t *testing.T, s *Server, dial dialFunc) {
		s.GatewayOutage(true)
		if _, err := dialGateway(t, dial, s.GatewayURL()+query); err == nil {
			t.Error("the gateway answered during its outage")
		}
		s.GatewayOutage(false)
		hello(t, s, dial)
		if got := s.Stats().UpgradesRefused; got != 1 {
			t.Errorf("%d refused, want 1", got)
		}
	})
}
