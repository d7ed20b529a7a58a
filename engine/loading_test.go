package engine_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gatehouse-gateway/gatehouse/engine"
	"github.com/gatehouse-gateway/gatehouse/engine/discordtest"
	"github.com/gatehouse-gateway/gatehouse/engine/ops"
)

// heard is what a bot was told of its guilds, in order.
type heard struct {
	mu    sync.Mutex
	lines []string
	ids   []string // of the notices
}

// take keeps GUILD_CREATEs as "shard: kind" and notices as "shard: TYPE d".
func (h *heard) take(d discordtest.Delivered) {
	h.mu.Lock()
	defer h.mu.Unlock()
	switch {
	case d.Type == "GUILD_CREATE" || d.Type == "GUILD_DELETE":
		h.lines = append(h.lines, fmt.Sprintf("%d: %s", d.Shard, d.Kind))
	case strings.HasPrefix(d.Type, "GATEHOUSE_"):
		var line struct{ Data struct{ D json.RawMessage } }
		_ = json.Unmarshal(d.Line, &line) // what is not JSON shows as such
		h.lines = append(h.lines, fmt.Sprintf("%d: %s %s", d.Shard, strings.TrimPrefix(d.Type, "GATEHOUSE_"), line.Data.D))
		h.ids = append(h.ids, d.ID)
	}
}

// told are the lines that hold a word, in order.
func (h *heard) told(word string) []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(h.lines), func(l string) bool { return !strings.Contains(l, word) })
}

// of are a shard's lines, in order.
func (h *heard) of(shard int) []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(h.lines), func(l string) bool { return !strings.HasPrefix(l, fmt.Sprint(shard, ":")) })
}

func listening(w *world) *heard {
	h := &heard{}
	w.bot.SetTap(h.take)
	return h
}

func TestABotIsToldWhenItsGuildsAreLoaded(t *testing.T) {
	sim := discordtest.Config{Shards: 2, Guilds: 40, BackfillPerSecond: 10}
	inWorld(t, sim, nil, func(w *world) {
		h := listening(w)
		w.await("some guilds", time.Minute, func(s *ops.Snapshot) bool {
			return s.Load.Guilds > 5 && s.Load.Guilds < s.Load.GuildsAll && s.Load.Loaded < 2 && s.Load.GuildsAll <= 40
		})
		w.awaitReady()
		w.pass(2 * time.Second)
		total := 0
		for id := range 2 {
			lines := h.of(id)
			loaded := slices.IndexFunc(lines, func(l string) bool { return strings.Contains(l, " SHARD_LOADED ") })
			if loaded < 0 || slices.ContainsFunc(lines[loaded:], func(l string) bool { return strings.HasSuffix(l, ": loaded") }) {
				t.Fatalf("shard %d: %s", id, strings.Join(lines, ", "))
			}
			if want := fmt.Sprintf(`%d: SHARD_LOADED {"guilds":%d}`, id, loaded); lines[loaded] != want {
				t.Errorf("%s, want %s", lines[loaded], want)
			}
			total += loaded
		}
		all := h.told(" LOADED ")
		if want := fmt.Sprintf(`0: LOADED {"shards":2,"first":0,"last":1,"guilds":%d,"missing":0}`, total); len(all) != 1 || all[0] != want || h.lines[len(h.lines)-1] != want {
			t.Errorf("%q, want %s behind everything else", all, want)
		}
		if l := w.snapshot().Load; l.Shards != 2 || l.Loaded != 2 || l.Guilds != 40 || l.GuildsAll != 40 || l.LoadedAt.IsZero() || !l.Timeout.IsZero() || l.TimedOut != 0 {
			t.Errorf("%+v", l)
		}
	})
}

// What a bot has not taken it does not have: it is told that all guilds are there
// when it has them.
func TestABotThatIsAwayIsToldOfItsGuildsLater(t *testing.T) {
	inWorld(t, discordtest.Config{Shards: 2, Guilds: 30}, nil, func(w *world) {
		h := listening(w)
		w.bot.SetMode(discordtest.BotCrashed)
		w.awaitReady()
		w.pass(time.Minute)
		w.bot.SetMode(discordtest.BotUp)
		w.await("the notice", time.Minute, func(*ops.Snapshot) bool { return len(h.told(" LOADED ")) > 0 })
		if n := len(h.told(": loaded")); n != 30 {
			t.Errorf("told with %d guilds of 30", n)
		}
	})
}

func TestAShardNamesTheGuildsThatDoNotCome(t *testing.T) {
	sim := discordtest.Config{Shards: 1, Guilds: 10, SilentOutages: true}
	inWorld(t, sim, func(c *engine.Config) { c.Shards.LoadTimeout = 30 * time.Second }, func(w *world) {
		h := listening(w)
		w.awaitReady()
		w.pass(5 * time.Second)
		down := w.discord.GuildIDs()[3]
		w.must(w.discord.GuildOutage(down))
		w.do(ops.Command{Kind: ops.CommandReidentify, Shards: []int{0}})
		w.pass(20 * time.Second)
		if s := w.snapshot(); s.Load.Guilds != 9 || s.Load.GuildsAll != 10 || s.Load.Timeout.IsZero() || len(h.told("SHARD_LOADED")) != 1 {
			t.Errorf("%+v, %q", s.Load, h.told("SHARD_LOADED"))
		}
		w.pass(15 * time.Second)
		want := fmt.Sprintf(`0: SHARD_LOADED {"guilds":9,"missing":["%d"]}`, down)
		if got := h.told("SHARD_LOADED"); len(got) != 2 || got[1] != want {
			t.Errorf("%q, want %s", got, want)
		}
		s := w.snapshot()
		if s.Load.TimedOut != 1 || !slices.Equal(s.Load.Missing, []uint64{down}) || !slices.ContainsFunc(s.Alerts, func(a ops.Alert) bool { return a.ID == "guilds/missing" }) {
			t.Errorf("%+v, alerts %v", s.Load, s.Alerts)
		}
		w.must(w.discord.GuildReturn(down))
		w.pass(5 * time.Second)
		if s := w.snapshot(); len(s.Load.Missing) != 0 || len(h.told("SHARD_LOADED")) != 2 ||
			slices.ContainsFunc(s.Alerts, func(a ops.Alert) bool { return a.ID == "guilds/missing" }) {
			t.Errorf("%+v, alerts %v", s.Load, s.Alerts)
		}
	})
}

// A restart that resumes everything loads nothing, and tells nobody again.
func TestARestartTellsNobodyAgainThatGuildsAreLoaded(t *testing.T) {
	keep := &shelf{}
	inWorld(t, discordtest.Config{Shards: 2, Guilds: 20, Rate: 50}, func(c *engine.Config) { c.Sessions = keep }, func(w *world) {
		h := listening(w)
		w.awaitReady()
		w.pass(20 * time.Second)
		w.halt()
		w.start(nil)
		w.awaitReady()
		w.pass(20 * time.Second)
		if len(h.ids) != 3 {
			t.Errorf("%q", h.told("LOADED"))
		}
		if s := w.snapshot(); s.Load.Loaded != 2 || s.Load.LoadedAt.IsZero() {
			t.Errorf("%+v", s.Load)
		}
	})
}
