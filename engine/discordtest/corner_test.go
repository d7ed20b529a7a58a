package discordtest

import (
	"bytes"
	"compress/zlib"
	"encoding/json"
	"io"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func TestMembersAreAnsweredAndLimited(t *testing.T) {
	bubble(t, Config{Guilds: 1}, func(t *testing.T, s *Server, dial dialFunc) {
		c, me := settle(t, s, dial)
		ask := `{"op":8,"d":{"guild_id":["` + me.Guilds[0].ID + `"],"query":"","limit":0,"nonce":"n1"}}`
		c.send("%s", ask)
		f := c.next()
		var chunk struct {
			Members []struct{ User struct{ ID string } }
			Nonce   string
			Count   int `json:"chunk_count"`
		}
		if err := json.Unmarshal(f.D, &chunk); err != nil || f.T != "GUILD_MEMBERS_CHUNK" {
			t.Fatalf("%v: %.200s", err, f.raw)
		}
		if len(chunk.Members) == 0 || chunk.Nonce != "n1" || chunk.Count != 1 {
			t.Errorf("chunk is %+v", chunk)
		}
		<-time.After(10 * time.Second)
		c.send("%s", ask)
		if f := c.next(); f.T != "RATE_LIMITED" || !strings.Contains(string(f.D), `"retry_after":20.0`) {
			t.Errorf("got %.200s", f.raw)
		}
		<-time.After(20 * time.Second)
		c.send("%s", ask)
		if f := c.next(); f.T != "GUILD_MEMBERS_CHUNK" {
			t.Errorf("got %.200s", f.raw)
		}
	})
}

func TestPayloadCompressionPacksLongMessages(t *testing.T) {
	bubble(t, Config{Guilds: 1}, func(t *testing.T, s *Server, dial dialFunc) {
		c := hello(t, s, dial)
		c.send("%s", strings.Replace(identifyFrame(DefaultToken, AllIntents, 0, 1), `"shard"`, `"compress":true,"shard"`, 1))
		if f := c.next(); f.T != "READY" { // short, so it is text
			t.Fatalf("got %.100s", f.raw)
		}
		kind, packed, err := c.ws.ReadMessage()
		if err != nil || kind != 2 {
			t.Fatalf("GUILD_CREATE came as kind %d, %v", kind, err)
		}
		r, err := zlib.NewReader(bytes.NewReader(packed))
		if err != nil {
			t.Fatal(err)
		}
		if plain, err := io.ReadAll(r); err != nil || !json.Valid(plain) || !strings.HasPrefix(string(plain), `{"t":"GUILD_CREATE","s":2`) {
			t.Errorf("%v: %.100s", err, plain)
		}
	})
}

// A RESUME with a seq from the future, while the session's connection stands,
// ends both.
func TestBadResumeOfALivingSession(t *testing.T) {
	bubble(t, Config{Guilds: 1}, func(t *testing.T, s *Server, dial dialFunc) {
		old, me := settle(t, s, dial)
		c := hello(t, s, dial)
		c.resume(me.SessionID, 1000)
		c.wantClose(4007)
		old.wantClose(4000)
		wantViolations(t, s, map[string]uint64{ViolationSeq: 1})
		if st := s.Stats(); len(st.Sessions) != 0 {
			t.Errorf("sessions are %+v", st.Sessions)
		}
	})
}

func TestACommandThatCrossesOp9IsNoOffence(t *testing.T) {
	bubble(t, Config{Guilds: 1}, func(t *testing.T, s *Server, dial dialFunc) {
		c, _ := settle(t, s, dial)
		fault(t, s.InvalidateSession(Pair{}, false))
		c.send(`{"op":3,"d":{}}`)
		c.send(`{"op":1,"d":2}`)
		if f := c.next(); f.Op != 9 {
			t.Errorf("got %s, want op 9", f.raw)
		}
		if f := c.next(); f.Op != 11 {
			t.Errorf("got %s, want an ACK", f.raw)
		}
		wantViolations(t, s, map[string]uint64{})
	})
}

func TestResumeURLCanBeADeadOne(t *testing.T) {
	bubble(t, Config{Guilds: 1, ResumeURL: "ws://dead.test"}, func(t *testing.T, s *Server, dial dialFunc) {
		c := hello(t, s, dial)
		if me := c.ready(0, 1); me.ResumeURL != "ws://dead.test" {
			t.Errorf("resume_gateway_url is %s", me.ResumeURL)
		}
		s.SetResumeURL("")
		c.goodbye(1000)
		<-time.After(5 * time.Second)
		c = hello(t, s, dial)
		if me := c.ready(0, 1); me.ResumeURL != s.GatewayURL() || me.Application.ID != "1106150344807325733" || me.PrivateChannels == nil {
			t.Errorf("READY is %+v", me)
		}
	})
}

// A client that does not read is cut when it lags too far; its session can be
// resumed as long as the replay buffer lasts.
func TestAClientThatDoesNotReadIsCut(t *testing.T) {
	bubble(t, Config{Guilds: 1, Backlog: 50, ReplayBuffer: 1000}, func(t *testing.T, s *Server, dial dialFunc) {
		c, me := settle(t, s, dial)
		inject(t, s, 200) // the writer is blocked: nobody reads the pipe
		synctest.Wait()
		inject(t, s, 200)
		synctest.Wait()
		if st := s.Stats(); st.Lagged != 1 || st.Connections != 0 {
			t.Fatalf("lagged %d, connections %d", st.Lagged, st.Connections)
		}
		for {
			if _, err := c.read(); err != nil {
				break
			}
		}
		seq := c.seq
		c = hello(t, s, dial)
		c.resume(me.SessionID, seq)
		if f := c.next(); f.S != seq+1 {
			t.Errorf("replay begins at %d after %d", f.S, seq)
		}
		c.until("RESUMED")
	})
}
