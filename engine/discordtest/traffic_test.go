package discordtest

import (
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"sort"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func newTestRenderer(t testing.TB) *renderer {
	t.Helper()
	compiled, err := newTemplates()
	if err != nil {
		t.Fatal(err)
	}
	return &renderer{templates: compiled, world: &world{seed: 7}, app: fallbackApp, start: wallStart(time.Time{})}
}

func TestEveryKindIsValidJSONWithItsGuildAndNumber(t *testing.T) {
	r := newTestRenderer(t)
	for k := kindGuildCreate; k < kindCount; k++ {
		if k.bodied() {
			continue
		}
		for n := uint64(1); n <= 24; n++ {
			e := entry{number: n, kind: k, guild: uint32(n), at: uint32(n * 1000)}
			if k.guildless() {
				e.guild = noGuild
			}
			if n%2 == 0 {
				e.ref, e.refAt = n/2, uint32(n*500)
			}
			raw := r.appendFrame(nil, e, int64(n)+1, nil)
			var f struct {
				T  string
				S  int64
				Op *int
				D  map[string]json.RawMessage
			}
			if err := json.Unmarshal(raw, &f); err != nil {
				t.Fatalf("%s %d: %v\n%s", k, n, err, raw)
			}
			guild := f.D["guild_id"]
			if guild == nil && !k.guildless() {
				guild = f.D["id"]
			}
			want := fmt.Sprintf(`"%d"`, r.world.guildID(uint32(n)))
			if k.guildless() {
				want = ""
			}
			if f.T != k.dispatch() || f.S != int64(n)+1 || *f.Op != 0 || string(guild) != want {
				t.Fatalf("%s %d: t %s, s %d, guild %s want %s", k, n, f.T, f.S, guild, want)
			}
			if got, ok := EventNumber(raw); !ok || got != n || string(f.D[NumberKey]) != fmt.Sprint(n) {
				t.Fatalf("%s: number %d, want %d", k, got, n)
			}
		}
	}
}

func TestUpdatesTellOfTheSameMessage(t *testing.T) {
	r := newTestRenderer(t)
	create := entry{number: 5, kind: kindMessage, guild: 3, at: 1000}
	for !hasLink(create.number) {
		create.number++
	}
	last := lastMessage{number: create.number}
	unfurl := entry{number: 500, ref: create.number, kind: kindUnfurl, guild: 3, at: 1800, refAt: 1000}
	last.happens(&unfurl)
	type message struct {
		ID, Content, Timestamp string
		Edited                 *string `json:"edited_timestamp"`
		Author                 struct{ ID string }
		ChannelID              string `json:"channel_id"`
		Embeds                 []any
	}
	read := func(e entry) (m message) {
		var f struct{ D *message }
		f.D = &m
		if err := json.Unmarshal(r.appendFrame(nil, e, 1, nil), &f); err != nil {
			t.Fatal(err)
		}
		return m
	}
	a, b := read(create), read(unfurl)
	if len(a.Embeds) != 0 || len(b.Embeds) != 1 {
		t.Errorf("%d embeds, then %d", len(a.Embeds), len(b.Embeds))
	}
	b.Embeds = a.Embeds
	if fmt.Sprint(a) != fmt.Sprint(b) || b.Edited != nil {
		t.Errorf("an unfurl changed the message:\n%+v\n%+v", a, b)
	}
	edit := entry{number: 501, ref: create.number, kind: kindEdit, guild: 3, at: 2500, refAt: 1000}
	last.happens(&edit)
	c := read(edit)
	if c.ID != a.ID || c.Content == a.Content || c.Edited == nil || len(c.Embeds) != 1 {
		t.Errorf("an edit is %+v of %+v", c, a)
	}
	again := entry{number: 502, ref: create.number, kind: kindUnfurl, guild: 3, at: 2900, refAt: 1000}
	last.happens(&again)
	if d := read(again); d.Content != c.Content || *d.Edited == *c.Edited || (*d.Edited)[:23] != (*c.Edited)[:23] {
		t.Errorf("an unfurl after an edit is %+v of %+v", d, c)
	}
}

// A message is pinned and unpinned, whatever else is done to it, and a bot's own
// embed changes with its edit.
func TestAMessageStandsAsWhatHappenedToItLeftIt(t *testing.T) {
	r := newTestRenderer(t)
	var app uint64 = 7
	for scramble(app)%10 != 8 {
		app++
	}
	create := entry{number: app, kind: kindMessage, guild: 3}
	var last lastMessage
	last.happens(&create)
	type message struct {
		Pinned bool
		Nonce  string
		Edited *string `json:"edited_timestamp"`
		Author struct{ Bot bool }
		Embeds []struct{ Description string }
	}
	read := func(e entry) (m message) {
		var f struct{ D *message }
		f.D = &m
		if err := json.Unmarshal(r.appendFrame(nil, e, 1, nil), &f); err != nil {
			t.Fatal(err)
		}
		return m
	}
	before := read(create)
	if !before.Author.Bot || before.Pinned || before.Edited != nil || len(before.Embeds) != 1 {
		t.Fatalf("created as %+v", before)
	}
	for i, want := range []struct {
		kind           kind
		pinned, edited bool
	}{{kindPin, true, false}, {kindEdit, true, true}, {kindPin, false, true}} {
		e := entry{number: app + 100 + uint64(i), ref: app, kind: want.kind, guild: 3}
		last.happens(&e)
		m := read(e)
		changed := m.Embeds[0].Description != before.Embeds[0].Description
		if m.Pinned != want.pinned || (m.Edited != nil) != want.edited || changed != want.edited || m.Nonce != "" {
			t.Errorf("after %v: %+v", want.kind, m)
		}
	}
}

func TestGuildSizesAreSkewed(t *testing.T) {
	r := newTestRenderer(t)
	var sizes []int
	for i := range uint32(1000) {
		sizes = append(sizes, len(r.appendFrame(nil, entry{number: 1, kind: kindGuildCreate, guild: i}, 1, nil)))
	}
	sort.Ints(sizes)
	total := 0
	for _, n := range sizes {
		total += n
	}
	t.Logf("GUILD_CREATE: least %d, median %d, mean %d, p99 %d, most %d bytes",
		sizes[0], sizes[500], total/len(sizes), sizes[990], sizes[999])
	if sizes[0] < 1500 || sizes[0] > 4000 || sizes[500] > 12_000 || sizes[999] < 150_000 || sizes[999] > 260_000 {
		t.Errorf("sizes run from %d over %d to %d", sizes[0], sizes[500], sizes[999])
	}
}

func TestGuildsSpreadEvenlyOverAnyTotal(t *testing.T) {
	w := newWorld(3, 4000)
	for _, total := range []int{1, 2, 7, 16, 20, 64, 176, 272} {
		sum := 0
		for shard := range total {
			n := w.guildsOn(shard, total)
			sum += n
			if math.Abs(float64(n)-4000/float64(total)) > 1 {
				t.Errorf("%d of %d holds %d guilds", shard, total, n)
			}
		}
		if sum != 4000 {
			t.Errorf("%d guilds on %d shards", sum, total)
		}
	}
	for i := range uint32(4000) {
		if got, ok := w.index(w.guildID(i)); !ok || got != i {
			t.Fatalf("guild %d is not found by its id", i)
		}
	}
}

func TestPopularityIsSkewed(t *testing.T) {
	w, r := newWorld(3, 4000), rand.New(rand.NewPCG(1, 2))
	hits := make([]int, 4000)
	const n = 50_000
	for range n {
		i, _ := w.popular(r)
		hits[i]++
	}
	sort.Sort(sort.Reverse(sort.IntSlice(hits)))
	if top := float64(hits[0]) / n; top < 0.03 || top > 0.07 {
		t.Errorf("the busiest guild has %.1f %% of the traffic", 100*top)
	}
}

func TestRateIsKept(t *testing.T) {
	bubble(t, Config{Guilds: 20, HeartbeatInterval: time.Hour}, func(t *testing.T, s *Server, dial dialFunc) {
		c, _ := settle(t, s, dial)
		go func() {
			for {
				if _, err := c.read(); err != nil {
					return
				}
			}
		}()
		for _, rate := range []float64{0.5, 7, 100} {
			before := s.Stats().Issued
			s.SetRate(rate)
			<-time.After(time.Minute)
			s.SetRate(0)
			if got := float64(s.Stats().Issued-before) / 60; math.Abs(got-rate) > rate*0.02+0.02 {
				t.Errorf("%.2f events per second, want %.2f", got, rate)
			}
			before = s.Stats().Issued
			<-time.After(time.Minute)
			if got := s.Stats().Issued; got != before {
				t.Errorf("%d events at rate 0", got-before)
			}
		}
		_ = c.ws.Close()
	})
}

func TestIntentsDecide(t *testing.T) {
	bubble(t, Config{Guilds: 4, HeartbeatInterval: time.Hour}, func(t *testing.T, s *Server, dial dialFunc) {
		c := hello(t, s, dial)
		c.send("%s", identifyFrame(DefaultToken, intentMessages|intentTyping, 0, 1))
		c.next()
		s.SetRate(200)
		seen := map[string]int{}
		for range 500 {
			seen[c.next().T]++
		}
		for name := range seen {
			if !strings.HasPrefix(name, "MESSAGE_") && name != "TYPING_START" && name != "INTERACTION_CREATE" ||
				strings.HasPrefix(name, "MESSAGE_REACTION") {
				t.Errorf("got %s without its intent", name)
			}
		}
		if len(seen) < 5 {
			t.Errorf("got only %v", seen)
		}
		_ = c.ws.Close()
	})
}

func TestSessionsOfAllTotalsGetTheirGuilds(t *testing.T) {
	bubble(t, Config{Guilds: 12, MaxConcurrency: 16, HeartbeatInterval: time.Hour},
		func(t *testing.T, s *Server, dial dialFunc) {
			pairs := []Pair{{0, 1}, {2, 3}, {1, 4}, {1, 4}}
			var clients []*client
			for _, p := range pairs {
				c := hello(t, s, dial)
				c.backfill(len(c.ready(p.Shard, p.Shards).Guilds))
				clients = append(clients, c)
				<-time.After(5 * time.Second)
			}
			want := make([][]uint64, len(pairs))
			for _, guild := range s.GuildIDs() {
				n, err := s.Inject("THREAD_CREATE", guild)
				if err != nil {
					t.Fatal(err)
				}
				for i, p := range pairs {
					if int(guild>>22)%p.Shards == p.Shard {
						want[i] = append(want[i], n)
					}
				}
			}
			for i, c := range clients {
				for _, n := range want[i] {
					if got, _ := EventNumber(c.next().raw); got != n {
						t.Errorf("%v got event %d, want %d", pairs[i], got, n)
					}
				}
			}
		})
}

func TestOutagesJoinsAndLeaves(t *testing.T) {
	bubble(t, Config{Guilds: 3}, func(t *testing.T, s *Server, dial dialFunc) {
		ids := s.GuildIDs()
		fault(t, s.GuildOutage(ids[0]))
		c := hello(t, s, dial)
		if me := c.ready(0, 1); len(me.Guilds) != 3 {
			t.Fatalf("READY has %d guilds, want 3: a guild that is down is in it", len(me.Guilds))
		}
		expect := func(what, name, part string, absent bool) {
			t.Helper()
			f := c.next()
			if f.T != name || strings.Contains(string(f.D), part) == absent {
				t.Errorf("%s: got %.200s", what, f.raw)
			}
		}
		expect("down during backfill", "GUILD_DELETE", `"unavailable":true`, false)
		c.backfill(2)
		fault(t, s.GuildReturn(ids[0]))
		expect("back", "GUILD_CREATE", `"unavailable":false`, false)
		fault(t, s.GuildOutage(ids[1]))
		expect("down", "GUILD_DELETE", `"unavailable":true`, false)
		fault(t, s.GuildLeave(ids[2]))
		expect("left", "GUILD_DELETE", `unavailable`, true)
		if id := s.GuildJoin(); id != s.GuildIDs()[2] {
			t.Error("the new guild is not the last one")
		}
		expect("joined", "GUILD_CREATE", `"unavailable"`, true)
		if st := s.Stats(); st.Guilds != 3 || st.GuildsDown != 1 || st.Sessions[0].Guilds != 3 {
			t.Errorf("stats say %d guilds, %d down, %d on the shard", st.Guilds, st.GuildsDown, st.Sessions[0].Guilds)
		}
		if _, err := s.Inject("TYPING_START", ids[2]); err == nil {
			t.Error("an event of a guild that was left")
		}
	})
}

func TestInjectedData(t *testing.T) {
	bubble(t, Config{Guilds: 1}, func(t *testing.T, s *Server, dial dialFunc) {
		c, me := settle(t, s, dial)
		guild := s.GuildIDs()[0]
		n, err := s.InjectData("SOMETHING_NEW", guild, []byte(`{"a":[1,{"s":2}]}`))
		if err != nil {
			t.Fatal(err)
		}
		want := fmt.Sprintf(`{"t":"SOMETHING_NEW","s":3,"op":0,"d":{"a":[1,{"s":2}],"gatehouse_n":%d}}`, n)
		if f := c.next(); string(f.raw) != want {
			t.Errorf("got %s, want %s", f.raw, want)
		}
		c = hello(t, s, dial)
		c.resume(me.SessionID, 2)
		if f := c.next(); string(f.raw) != want {
			t.Errorf("replayed %s, want %s", f.raw, want)
		}
		for _, bad := range []string{``, `[]`, `{}`, `{"a"`} {
			if _, err := s.InjectData("X", guild, []byte(bad)); err == nil {
				t.Errorf("%q was taken", bad)
			}
		}
	})
}

func TestNothingOfAGuildBeforeItsBackfill(t *testing.T) {
	cfg := Config{Guilds: 50, BackfillPerSecond: 10, Rate: 500, HeartbeatInterval: time.Hour}
	bubble(t, cfg, func(t *testing.T, s *Server, dial dialFunc) {
		c := hello(t, s, dial)
		c.ready(0, 1)
		loaded := map[string]bool{}
		for range 2200 {
			f := c.next()
			var d struct {
				ID      string
				GuildID string `json:"guild_id"`
			}
			if err := json.Unmarshal(f.D, &d); err != nil {
				t.Fatal(err)
			}
			if f.T == "GUILD_CREATE" {
				loaded[d.ID] = true
			} else if !loaded[d.GuildID] {
				t.Fatalf("%s of a guild that is not loaded", f.T)
			}
		}
		synctest.Wait()
		if len(loaded) < 30 {
			t.Errorf("only %d guilds loaded", len(loaded))
		}
		_ = c.ws.Close()
	})
}
