package discord

import (
	"slices"
	"testing"
)

func TestEventTypes(t *testing.T) {
	names := EventTypes()
	if len(names) != 79 {
		t.Errorf("%d names", len(names))
	}
	sorted := slices.Sorted(slices.Values(names))
	if len(slices.Compact(sorted)) != len(names) {
		t.Error("a name occurs twice")
	}
	names[0] = "changed"
	if EventTypes()[0] == "changed" {
		t.Error("the table can be changed from outside")
	}
}

func TestInternType(t *testing.T) {
	for _, name := range append(EventTypes(), "GUILD_JOIN_REQUEST_CREATE", "") {
		text := []byte(name)
		got := InternType(text)
		clear(text)
		if got != name {
			t.Errorf("%s became %s", name, got)
		}
	}
	for _, name := range EventTypes() {
		text := []byte(name)
		if testing.AllocsPerRun(5, func() { InternType(text) }) != 0 {
			t.Errorf("%s allocates", name)
		}
	}
}

func TestLargeBotShards(t *testing.T) {
	for _, tc := range []struct{ n, concurrency, want int }{
		{1, 1, 1}, {99, 16, 99}, {100, 1, 112}, {100, 0, 112}, {270, 16, 272}, {272, 16, 272}, {270, 1, 272}, {130, 64, 192}, {100, 2, 100}, {0, 0, 0},
	} {
		if got := LargeBotShards(tc.n, tc.concurrency); got != tc.want {
			t.Errorf("%d shards, %d at a time: got %d, want %d", tc.n, tc.concurrency, got, tc.want)
		}
	}
}
