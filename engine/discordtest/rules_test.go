package discordtest

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-gateway/gatehouse/engine/discord"
)

func TestIdentifyTooFastIsRefusedWithOp9(t *testing.T) {
	bubble(t, Config{MaxConcurrency: 2}, func(t *testing.T, s *Server, dial dialFunc) {
		first, other, same := hello(t, s, dial), hello(t, s, dial), hello(t, s, dial)
		first.ready(0, 4)
		other.ready(1, 4) // another key
		<-time.After(4900 * time.Millisecond)
		same.identify(2, 4)
		if f := same.next(); f.Op != 9 || string(f.D) != "false" {
			t.Fatalf("got %s, want op 9 false", f.raw)
		}
		wantViolations(t, s, map[string]uint64{ViolationIdentifyFast: 1})
		if left := s.Stats().SessionStarts; left != 998 {
			t.Errorf("%d session starts left, want 998: a refused identify is free", left)
		}
		<-time.After(70 * time.Millisecond) // within the tolerance of 50 ms
		same.ready(2, 4)
		wantViolations(t, s, map[string]uint64{ViolationIdentifyFast: 1})
	})
}

func TestOverdrawnSessionStartsKillTheToken(t *testing.T) {
	cfg := Config{SessionStarts: 2, SessionStartsLeft: 2, SessionStartsReset: time.Hour}
	bubble(t, cfg, func(t *testing.T, s *Server, dial dialFunc) {
		a, b, c := hello(t, s, dial), hello(t, s, dial), hello(t, s, dial)
		a.ready(0, 3)
		<-time.After(5 * time.Second)
		b.ready(1, 3)
		res, body := get(t, s, dial, "/api/v10/gateway/bot", "Bot "+DefaultToken)
		if res.StatusCode != 200 || !strings.Contains(body, `"remaining":0,"reset_after":3595000,`) {
			t.Errorf("%d %s", res.StatusCode, body)
		}
		<-time.After(5 * time.Second)
		c.identify(2, 3)
		for _, victim := range []*client{a, b, c} {
			victim.wantClose(4004)
		}
		wantViolations(t, s, map[string]uint64{ViolationSessionStarts: 1})
		if res, _ := get(t, s, dial, "/api/v10/gateway/bot", "Bot "+DefaultToken); res.StatusCode != 401 {
			t.Errorf("the token still works: %d", res.StatusCode)
		}
	})
}

func TestSessionStartsComeBack(t *testing.T) {
	cfg := Config{SessionStarts: 5, SessionStartsLeft: 1, SessionStartsReset: time.Minute, HeartbeatInterval: time.Hour}
	bubble(t, cfg, func(t *testing.T, s *Server, dial dialFunc) {
		hello(t, s, dial).ready(0, 1)
		<-time.After(time.Minute)
		hello(t, s, dial).ready(0, 1)
		if left := s.Stats().SessionStarts; left != 4 {
			t.Errorf("%d left, want 4", left)
		}
		wantViolations(t, s, map[string]uint64{})
	})
}

func TestRESTAnswers(t *testing.T) {
	cfg := Config{Shards: 8, MaxConcurrency: 16, SessionStartsLeft: 961}
	bubble(t, cfg, func(t *testing.T, s *Server, dial dialFunc) {
		for _, version := range []string{"v10", "v9"} {
			path := "/api/" + version + "/gateway/bot"
			res, body := get(t, s, dial, path, "Bot "+DefaultToken)
			var got discord.GatewayBot
			if err := json.Unmarshal([]byte(body), &got); err != nil || res.StatusCode != 200 {
				t.Fatalf("%s: %d %s", path, res.StatusCode, body)
			}
			want := discord.GatewayBot{URL: s.GatewayURL(), Shards: 8}
			want.Limit = discord.SessionStartLimit{Total: 1000, Remaining: 961, MaxConcurrency: 16}
			if got != want {
				t.Errorf("got %+v, want %+v", got, want)
			}
		}
		if _, body := get(t, s, dial, "/api/v10/gateway", ""); body != `{"url":"ws://discord.test"}` {
			t.Errorf("GET /gateway says %s", body)
		}
		s.RESTFault(1, 429)
		s.RESTFault(1, 502)
		res, body := get(t, s, dial, "/api/v10/gateway/bot", "Bot "+DefaultToken)
		if res.StatusCode != 429 || res.Header.Get("Retry-After") != "1" ||
			res.Header.Get("X-RateLimit-Remaining") != "0" || !strings.Contains(body, `"retry_after":1.000`) {
			t.Errorf("429 came as %d %v %s", res.StatusCode, res.Header, body)
		}
		if res, body = get(t, s, dial, "/api/v10/gateway/bot", "Bot "+DefaultToken); res.StatusCode != 502 || body[0] != '<' {
			t.Errorf("502 came as %d %s", res.StatusCode, body)
		}
		wantViolations(t, s, map[string]uint64{})
		res, body = get(t, s, dial, "/api/v10/gateway/bot", "Bot wrong")
		if res.StatusCode != 401 || body != `{"message":"401: Unauthorized","code":0}` {
			t.Errorf("a wrong token gets %d %s", res.StatusCode, body)
		}
		wantViolations(t, s, map[string]uint64{ViolationREST: 1})
	})
}

func TestHeartbeatsAreWatched(t *testing.T) {
	interval := 40 * time.Second
	cfg := Config{HeartbeatInterval: interval, HeartbeatTolerance: 10 * time.Second, Guilds: 1}
	bubble(t, cfg, func(t *testing.T, s *Server, dial dialFunc) {
		c := hello(t, s, dial)
		next := time.Now()
		c.ready(0, 1)
		c.backfill(1)
		for _, delay := range []time.Duration{13 * time.Second, interval, interval + 3*time.Second} {
			next = next.Add(delay)
			<-time.After(time.Until(next))
			c.beat()
			if f := c.next(); f.Op != 11 {
				t.Fatalf("got %s, want an ACK", f.raw)
			}
		}
		got := s.Beats()[0]
		want := "[13s 40s 43s]"
		if fmt.Sprint(got.Delays) != want || got.Latest != 3*time.Second || got.Beats != 3 {
			t.Errorf("recorded %+v, want delays %s and 3 s late at worst", got, want)
		}
		wantViolations(t, s, map[string]uint64{})

		before := time.Now()
		c.wantClose(4000)
		if waited := time.Since(before); waited != 50*time.Second {
			t.Errorf("given up after %v, want 50 s", waited)
		}
		wantViolations(t, s, map[string]uint64{ViolationHeartbeatLate: 1})
	})
}

func TestHeartbeatSeqAndFloods(t *testing.T) {
	bubble(t, Config{Guilds: 3}, func(t *testing.T, s *Server, dial dialFunc) {
		c := hello(t, s, dial)
		c.send(`{"op":1,"d":null}`) // legal before Identify
		c.next()
		c.ready(0, 1)
		c.backfill(3)
		for _, d := range []string{"2", "4", "3", "5", `"x"`} { // backwards, not sent yet, nonsense
			c.send(`{"op":1,"d":%s}`, d)
			if f := c.next(); f.Op != 11 {
				t.Fatalf("got %s, want an ACK", f.raw)
			}
		}
		wantViolations(t, s, map[string]uint64{ViolationHeartbeatSeq: 3, ViolationHeartbeatFlood: 1})
		if got := s.Stats().Sessions[0].Confirmed; got != 4 {
			t.Errorf("confirmed up to %d, want 4", got)
		}
	})
}

func TestProbeMustBeAnswered(t *testing.T) {
	bubble(t, Config{Guilds: 1, HeartbeatInterval: time.Hour, HeartbeatTolerance: time.Second},
		func(t *testing.T, s *Server, dial dialFunc) {
			c := hello(t, s, dial)
			c.ready(0, 1)
			c.backfill(1)
			for _, answered := range []bool{true, false} {
				if err := s.ProbeHeartbeat(Pair{}); err != nil {
					t.Fatal(err)
				}
				if f := c.next(); f.Op != 1 {
					t.Fatalf("got %s, want op 1", f.raw)
				}
				if answered {
					c.beat()
					c.next()
				}
				<-time.After(3 * time.Second)
			}
			wantViolations(t, s, map[string]uint64{ViolationProbe: 1})
			if got := s.Beats()[0].Probes; got != 1 {
				t.Errorf("%d probes answered, want 1", got)
			}
		})
}

// A client keeps its timer whatever op 1 asks for in between.
func TestBeatsThatWereAskedForAreNotOfTheRhythm(t *testing.T) {
	interval := 40 * time.Second
	bubble(t, Config{HeartbeatInterval: interval, Guilds: 1}, func(t *testing.T, s *Server, dial dialFunc) {
		c, _ := settle(t, s, dial)
		start := time.Now()
		beatAt := func(after time.Duration) {
			<-time.After(time.Until(start.Add(after)))
			c.beat()
			c.next()
		}
		beatAt(7 * time.Second)
		<-time.After(time.Second)
		fault(t, s.ProbeHeartbeat(Pair{}))
		c.next()
		beatAt(9 * time.Second)
		beatAt(47 * time.Second)
		beatAt(87*time.Second + 300*time.Millisecond)
		got := s.Beats()[0]
		if fmt.Sprint(got.Delays[1:]) != "[40s 40.3s]" || got.Drift != 300*time.Millisecond || got.Soonest != interval || got.Beats != 4 || got.Probes != 1 {
			t.Errorf("recorded %+v", got)
		}
		wantViolations(t, s, map[string]uint64{})
	})
}
