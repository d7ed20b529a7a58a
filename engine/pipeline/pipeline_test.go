package pipeline

import (
	"fmt"
	"testing"

	"github.com/gatehouse-gateway/gatehouse/engine/discord"
)

// tell feeds one guild event and returns its kind.
func tell(g *Guilds, eventType string, guild uint64, more string) string {
	d := fmt.Sprintf(`{"name":"x","id":"%d"%s}`, guild, more)
	f := &discord.Frame{Type: []byte(eventType), Guild: guild, Data: []byte(d)}
	return g.Classify(eventType, f).String()
}

func counts(g *Guilds) string {
	available, unavailable, loading := g.Counts()
	return fmt.Sprintf("%d available, %d unavailable, %d loading", available, unavailable, loading)
}

const (
	back = `,"unavailable":false`
	out  = `,"unavailable":true`
)

func TestTheKindsOfGuildCreate(t *testing.T) {
	var g Guilds
	g.Started(1, []uint64{1, 2, 3})
	steps := []struct{ name, event, more, kind, counts string }{
		{"1 backfill", "GUILD_CREATE", back, "loaded", "1 available, 0 unavailable, 2 loading"},
		{"2 outage at start", "GUILD_DELETE", out, "outage", "1 available, 1 unavailable, 1 loading"},
		{"2 outage over", "GUILD_CREATE", back, "available", "2 available, 0 unavailable, 1 loading"},
		{"2 sent again", "GUILD_CREATE", back, "replayed", "2 available, 0 unavailable, 1 loading"},
		{"9 joined", "GUILD_CREATE", "", "joined", "3 available, 0 unavailable, 1 loading"},
		{"9 left", "GUILD_DELETE", "", "left", "2 available, 0 unavailable, 1 loading"},
		{"9 joined again", "GUILD_CREATE", "", "joined", "3 available, 0 unavailable, 1 loading"},
		{"3 stub", "GUILD_CREATE", out, "", "3 available, 1 unavailable, 0 loading"},
		{"7 unheard of, back", "GUILD_CREATE", back, "available", "4 available, 1 unavailable, 0 loading"},
		{"8 left unknown", "GUILD_DELETE", "", "left", "4 available, 1 unavailable, 0 loading"},
	}
	for _, s := range steps {
		var guild uint64
		fmt.Sscan(s.name, &guild)
		if kind := tell(&g, s.event, guild, s.more); kind != s.kind {
			t.Errorf("%s: kind %q, want %q", s.name, kind, s.kind)
		}
		if got := counts(&g); got != s.counts {
			t.Errorf("%s: %s, want %s", s.name, got, s.counts)
		}
	}
}

func TestANewSessionForgetsGuildsThatWereLeft(t *testing.T) {
	var g Guilds
	g.Started(1, []uint64{1, 2})
	tell(&g, "GUILD_CREATE", 1, back)
	g.Started(1, []uint64{1})
	if got := counts(&g); got != "0 available, 0 unavailable, 1 loading" {
		t.Error(got)
	}
}

func TestGuildsOutliveTheProcess(t *testing.T) {
	var before, after Guilds
	before.Started(1, []uint64{1, 2, 3})
	tell(&before, "GUILD_CREATE", 1, back)
	tell(&before, "GUILD_DELETE", 2, out)
	changes := before.Changes()
	after.Restore(1, 9, before.Known(), nil)
	if counts(&after) != counts(&before) || before.Changes() != changes {
		t.Errorf("%s, then %s", counts(&before), counts(&after))
	}
	if kind := tell(&after, "GUILD_CREATE", 3, back); kind != "loaded" {
		t.Errorf("kind %q", kind)
	}
	if kind := tell(&after, "GUILD_CREATE", 1, back); kind != "replayed" {
		t.Errorf("kind %q", kind)
	}
	if after.Changes() == 0 {
		t.Error("no change was counted")
	}
}

func TestOtherEventsOfAGuildSayNothingAboutIt(t *testing.T) {
	var g Guilds
	if kind := tell(&g, "MESSAGE_CREATE", 5, ""); kind != "" || counts(&g) != "0 available, 0 unavailable, 0 loading" {
		t.Errorf("kind %q, %s", kind, counts(&g))
	}
}
