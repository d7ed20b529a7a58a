package discordtest

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"
)

type membersChunk struct {
	GuildID   string `json:"guild_id"`
	Index     int    `json:"chunk_index"`
	Count     int    `json:"chunk_count"`
	Nonce     string `json:"nonce"`
	NotFound  []string
	Members   []struct{ User struct{ ID string } }
	Presences []struct{ User struct{ ID string } }
}

func (c *client) chunk() (got membersChunk) {
	c.t.Helper()
	f := c.next()
	raw := strings.Replace(string(f.D), "not_found", "NotFound", 1)
	if err := json.Unmarshal([]byte(raw), &got); err != nil || f.T != "GUILD_MEMBERS_CHUNK" {
		c.t.Fatalf("%v: %.200s", err, f.raw)
	}
	return got
}

func TestAllMembersComeInChunks(t *testing.T) {
	bubble(t, Config{Guilds: 1, Members: 2345}, func(t *testing.T, s *Server, dial dialFunc) {
		c, me := settle(t, s, dial)
		c.send(`{"op":8,"d":{"guild_id":"%s","query":"","limit":0,"presences":true,"nonce":"all"}}`, me.Guilds[0].ID)
		seen := map[string]bool{}
		for i, want := range []int{1000, 1000, 345} {
			got := c.chunk()
			if got.Index != i || got.Count != 3 || got.Nonce != "all" || len(got.Members) != want || len(got.Presences) != want {
				t.Errorf("chunk %d of %d, %q, %d members, %d presences", got.Index, got.Count, got.Nonce, len(got.Members), len(got.Presences))
			}
			for _, m := range got.Members {
				seen[m.User.ID] = true
			}
		}
		if len(seen) != 2345 {
			t.Errorf("%d different members", len(seen))
		}
	})
}

func TestMembersByIDAndByPrefix(t *testing.T) {
	bubble(t, Config{Guilds: 1, Members: 50}, func(t *testing.T, s *Server, dial dialFunc) {
		c, me := settle(t, s, dial)
		ask := func(d string) membersChunk {
			c.send(`{"op":8,"d":{"guild_id":["%s"],%s}}`, me.Guilds[0].ID, d)
			return c.chunk()
		}
		all := ask(`"query":"","limit":100`)
		if len(all.Members) != 50 {
			t.Fatalf("%d members", len(all.Members))
		}
		id := all.Members[7].User.ID
		got := ask(fmt.Sprintf(`"user_ids":[%q,"123"],"nonce":"two"`, id))
		if len(got.Members) != 1 || got.Members[0].User.ID != id || fmt.Sprint(got.NotFound) != "[123]" || got.Nonce != "two" || got.Presences != nil {
			t.Errorf("by id: %+v", got)
		}
		if got := ask(`"user_ids":` + id + `,"nonce":"` + strings.Repeat("n", 33) + `"`); len(got.Members) != 1 || got.Nonce != "" {
			t.Errorf("one id alone, with too long a nonce: %+v", got)
		}
		if got := ask(`"query":"zzzz","limit":5`); len(got.Members) != 0 || got.Count != 1 {
			t.Errorf("nobody: %+v", got)
		}
		wantViolations(t, s, map[string]uint64{})
	})
}

func TestCommandsThatDiscordRefuses(t *testing.T) {
	guild := newWorld(0, 4).guildID
	for name, test := range map[string]struct {
		frame     string
		code      int // 0 for none
		violation string
	}{
		"no activities":     {`{"op":3,"d":{"since":null,"activities":null,"status":"online","afk":false}}`, 4002, ViolationDecode},
		"unknown status":    {`{"op":3,"d":{"since":null,"activities":[],"status":"busy","afk":false}}`, 4002, ViolationDecode},
		"two guilds":        {fmt.Sprintf(`{"op":8,"d":{"guild_id":["%d","%d"],"query":"","limit":0}}`, guild(0), guild(2)), 4002, ViolationDecode},
		"neither nor":       {fmt.Sprintf(`{"op":8,"d":{"guild_id":"%d","limit":1}}`, guild(0)), 4002, ViolationDecode},
		"limit":             {fmt.Sprintf(`{"op":8,"d":{"guild_id":"%d","query":"a","limit":101}}`, guild(0)), 4002, ViolationDecode},
		"field":             {fmt.Sprintf(`{"op":43,"d":{"guild_id":"%d","fields":["name"]}}`, guild(0)), 4002, ViolationDecode},
		"wrong shard":       {fmt.Sprintf(`{"op":4,"d":{"guild_id":"%d","channel_id":null}}`, guild(1)), 0, ViolationWrongShard},
		"no guild to be in": {`{"op":4,"d":{"channel_id":null}}`, 4002, ViolationDecode},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, Config{Guilds: 4}, func(t *testing.T, s *Server, dial dialFunc) {
				shard := int(guild(0) >> 22 % 2)
				c := hello(t, s, dial)
				c.backfill(len(c.ready(shard, 2).Guilds))
				c.send("%s", test.frame)
				if test.code != 0 {
					c.wantClose(test.code)
				} else {
					c.beat()
					c.next()
				}
				wantViolations(t, s, map[string]uint64{test.violation: 1})
			})
		})
	}
}

func TestPresenceIsKeptAndPaced(t *testing.T) {
	bubble(t, Config{Guilds: 1}, func(t *testing.T, s *Server, dial dialFunc) {
		c, _ := settle(t, s, dial)
		update := func(name string) {
			c.send(`{"op":3,"d":{"since":null,"activities":[{"name":"%s","type":0}],"status":"online","afk":false}}`, name)
			c.beat()
			c.next()
		}
		for range 2 {
			for i := range 5 {
				update(fmt.Sprint("game ", i))
			}
			<-time.After(20 * time.Second)
		}
		if got := s.Stats().Sessions[0].Presence; !strings.Contains(got, "game 4") {
			t.Errorf("presence %s", got)
		}
		for i := range 6 {
			update(fmt.Sprint(i))
		}
		st := s.Stats()
		if st.Violations[ViolationPresenceRate] != 1 || st.Commands["presence update"] != 16 || len(s.CommandLog()) != 16 {
			t.Errorf("violations %v, commands %v", st.Violations, st.Commands)
		}
	})
}

func TestSoundsAndChannelInfoAreAnswered(t *testing.T) {
	bubble(t, Config{Guilds: 2}, func(t *testing.T, s *Server, dial dialFunc) {
		c, me := settle(t, s, dial)
		c.send(`{"op":31,"d":{"guild_ids":["%s","%s"]}}`, me.Guilds[0].ID, me.Guilds[1].ID)
		for i := range 2 {
			if f := c.next(); f.T != "SOUNDBOARD_SOUNDS" || !strings.Contains(string(f.D), `"guild_id":"`+me.Guilds[i].ID+`"`) {
				t.Errorf("got %s", f.raw)
			}
		}
		c.send(`{"op":43,"d":{"guild_id":"%s","fields":["status","voice_start_time"]}}`, me.Guilds[1].ID)
		f := c.next()
		var info struct {
			GuildID  string `json:"guild_id"`
			Channels []struct {
				Status string
				Start  int64 `json:"voice_start_time"`
			}
		}
		must(t, json.Unmarshal(f.D, &info))
		if f.T != "CHANNEL_INFO" || info.GuildID != me.Guilds[1].ID || len(info.Channels) != 1 || info.Channels[0].Start == 0 {
			t.Errorf("got %s", f.raw)
		}
	})
}

func TestACommandBeforeReadyIsNoticed(t *testing.T) {
	bubble(t, Config{Guilds: 1}, func(t *testing.T, s *Server, dial dialFunc) {
		c := hello(t, s, dial)
		s.mu.Lock()
		for x := range s.conns {
			x.deaf = true // READY is not written
		}
		s.mu.Unlock()
		c.identify(0, 1)
		c.send(`{"op":4,"d":{"guild_id":"%d","channel_id":null}}`, s.GuildIDs()[0])
		c.beat()
		c.next()
		wantViolations(t, s, map[string]uint64{ViolationBeforeReady: 1})
	})
}
