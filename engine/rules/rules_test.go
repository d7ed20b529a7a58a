package rules

import (
	"errors"
	"fmt"
	"math"
	"reflect"
	"strings"
	"sync"
	"testing"

	"github.com/gatehouse-gateway/gatehouse/engine/event"
	"github.com/gatehouse-gateway/gatehouse/engine/ops"
	"github.com/gatehouse-gateway/gatehouse/engine/spool"
)

// asked is which of some events pass, each written as type/guild/shard.
func asked(t *testing.T, c Config, events string) string {
	t.Helper()
	s := must(t, c)
	var passes []string
	for _, text := range strings.Fields(events) {
		var e event.Event
		parts := strings.Split(text, "/")
		e.Type = parts[0]
		if len(parts) > 1 {
			fmt.Sscan(parts[1], &e.Guild)
		}
		if len(parts) > 2 {
			fmt.Sscan(parts[2], &e.ShardID)
		}
		if s.Wants(&e) {
			passes = append(passes, text)
		}
	}
	return strings.Join(passes, " ")
}

func TestWhichEventsPass(t *testing.T) {
	for _, c := range []struct {
		name         string
		rules        Config
		events, want string
	}{
		{"no rules", Config{}, "MESSAGE_CREATE GUILD_CREATE", "MESSAGE_CREATE GUILD_CREATE"},
		{"one type", Config{Only: []string{"MESSAGE_CREATE"}}, "MESSAGE_CREATE MESSAGE_UPDATE", "MESSAGE_CREATE"},
		{"a kind of types", Config{Only: []string{"GUILD_*"}}, "GUILD_CREATE GUILDS MESSAGE_CREATE", "GUILD_CREATE"},
		{"but one", Config{Drop: []string{"TYPING_START"}}, "TYPING_START GUILD_CREATE", "GUILD_CREATE"},
		{"drop outweighs only", Config{Only: []string{"GUILD_*", "MESSAGE_CREATE"}, Drop: []string{"MESSAGE_*"}}, "MESSAGE_CREATE GUILD_CREATE", "GUILD_CREATE"},
		{"everything dropped", Config{Drop: []string{"*"}}, "MESSAGE_CREATE X", ""},

		{"guilds", Config{Guilds: []uint64{5, 6}}, "A/5 A/7 A/6 A/0", "A/5 A/6 A/0"},
		{"guilds not wanted", Config{Not: []uint64{5, 6}}, "A/5 A/7 A/6 A/0", "A/7 A/0"},
		{"both lists", Config{Guilds: []uint64{5, 6}, Not: []uint64{7}}, "A/5 A/7 A/8", "A/5"},

		{"shards", Config{Shards: []Range{{8, 9}, {0, 2}, {2, 3}, {12, 12}}}, "A/1/0 A/1/3 A/1/4 A/1/7 A/1/8 A/1/9 A/1/10 A/1/12 A/1/13", "A/1/0 A/1/3 A/1/8 A/1/9 A/1/12"},
		{"a range in a range", Config{Shards: []Range{{0, 9}, {2, 3}}}, "A/1/0 A/1/5 A/1/9 A/1/10", "A/1/0 A/1/5 A/1/9"},
		{"no shard but the last", Config{Shards: []Range{{70, 70}}}, "A/1/0 A/1/70 A/1/71", "A/1/70"},

		{"none of a type", Config{Sample: map[string]float64{"TYPING_START": 0}}, "TYPING_START A", "A"},
		{"all of a type", Config{Sample: map[string]float64{"TYPING_START": 100}}, "TYPING_START A", "TYPING_START A"},
		{"the longest that fits", Config{Sample: map[string]float64{"*": 0, "MESSAGE_*": 100, "MESSAGE_REACTION_*": 0, "MESSAGE_REACTION_ADD": 100}},
			"A MESSAGE_CREATE MESSAGE_REACTION_REMOVE MESSAGE_REACTION_ADD", "MESSAGE_CREATE MESSAGE_REACTION_ADD"},

		{"all together", Config{Only: []string{"A", "B"}, Guilds: []uint64{1}, Shards: []Range{{0, 1}}, When: "shard == 1"},
			"A/1/1 B/1/1 C/1/1 A/2/1 A/1/2 A/1/0", "A/1/1 B/1/1"},
	} {
		if got := asked(t, c.rules, c.events); got != c.want {
			t.Errorf("%s: %q pass, want %q", c.name, got, c.want)
		}
	}
}

func TestNoticesPassWhateverDoesNotNameThem(t *testing.T) {
	const all = "GATEHOUSE_GAP GATEHOUSE_LOADED GATEHOUSE_SHARD_LOADED/9/5"
	for _, c := range []struct {
		name  string
		rules Config
		want  string
	}{
		{"other types", Config{Only: []string{"MESSAGE_CREATE"}}, all},
		{"everything dropped", Config{Drop: []string{"*", "G*", "GATEHOUSE*"}}, all},
		{"other guilds and shards", Config{Guilds: []uint64{1}, Not: []uint64{9}, Shards: []Range{{0, 1}}}, all},
		{"sampled", Config{Sample: map[string]float64{"*": 0}}, all},
		{"an expression", Config{When: "false"}, all},
		{"one by name", Config{Drop: []string{"GATEHOUSE_GAP"}}, "GATEHOUSE_LOADED GATEHOUSE_SHARD_LOADED/9/5"},
		{"a kind of them", Config{Drop: []string{"GATEHOUSE_SHARD_*"}}, "GATEHOUSE_GAP GATEHOUSE_LOADED"},
		{"all of them", Config{Drop: []string{"GATEHOUSE_*"}}, ""},
	} {
		if got := asked(t, c.rules, all); got != c.want {
			t.Errorf("%s: %q pass, want %q", c.name, got, c.want)
		}
	}
}

func TestTheRuleThatRefusesCounts(t *testing.T) {
	s := must(t, Config{
		Only: []string{"A", "B", "C"}, Drop: []string{"C", "GATEHOUSE_*"}, Shards: []Range{{0, 63}, {70, 70}},
		Guilds: []uint64{1, 2, 3, 4, 5, 6, 7, 8, 9, 10}, Not: []uint64{11},
		Sample: map[string]float64{"B": 0, "TYPING_START": 12.5}, When: "size\n\t< 4",
	})
	for _, e := range []event.Event{
		{Type: "X", Data: []byte("12")}, {Type: "X", Data: []byte("123"), Guild: 99, ShardID: 99},
		{Type: "C", Data: []byte("1")},
		{Type: "A", ShardID: 64},
		{Type: "A", Guild: 11, Data: []byte("1")},
		{Type: "B", Guild: 1}, {Type: "B"},
		{Type: "A", Data: []byte("12345")},
		{Type: "A"}, {Type: "A", Guild: 10, ShardID: 70},
		{Type: "GATEHOUSE_LOADED", Data: []byte("1")},
		{Type: spool.GapType}, {Type: spool.GapType}, // asked about again and again
	} {
		s.Wants(&e)
	}
	of := func(name string, count, bytes uint64) ops.TypeCount {
		return ops.TypeCount{Type: name, Count: count, Bytes: bytes}
	}
	want := []ops.Rule{
		{Key: "events.only", Text: "A, B, C", Dropped: 2, Bytes: 5, Types: []ops.TypeCount{of("X", 2, 5)}},
		{Key: "events.drop", Text: "C, GATEHOUSE_*", Dropped: 2, Bytes: 2, Types: []ops.TypeCount{of("C", 1, 1), of("GATEHOUSE_LOADED", 1, 1)}},
		{Key: "shards", Text: "0-63, 70", Dropped: 1, Types: []ops.TypeCount{of("A", 1, 0)}},
		{Key: "guilds", Text: "1, 2, 3, 4, 5, 6, 7, 8 and 2 more", Dropped: 1, Bytes: 1, Types: []ops.TypeCount{of("A", 1, 1)}},
		{Key: "guilds_drop", Text: "11"},
		{Key: "sample.B", Text: "0 %", Dropped: 2, Types: []ops.TypeCount{of("B", 2, 0)}},
		{Key: "sample.TYPING_START", Text: "12.5 %"},
		{Key: "when", Text: "size < 4", Dropped: 1, Bytes: 5, Types: []ops.TypeCount{of("A", 1, 5)}},
	}
	if got := s.Rules(); !reflect.DeepEqual(got, want) {
		t.Errorf("%+v\nwant %+v", got, want)
	}
}

// Types that Discord thinks up must not fill the memory.
func TestARuleCountsTypesApartUpToABound(t *testing.T) {
	s := must(t, Config{Only: []string{"A"}})
	for i := range 3 * typesKept {
		for range 1 + i%7 {
			s.Wants(&event.Event{Type: fmt.Sprintf("T%03d", i), Data: []byte("1")})
		}
	}
	r := s.Rules()[0]
	if len(*s.only.types.Load()) != typesKept || len(r.Types) != typesTold || r.Types[0].Count != 7 || r.Types[0].Type != "T006" || r.Dropped < 3*typesKept {
		t.Errorf("%d types counted, %+v", len(*s.only.types.Load()), r)
	}
}

func TestASampleIsTheSameAgainAndOfTheSizeThatWasAskedFor(t *testing.T) {
	const n = 100_000
	sample := func(percent float64) *Set { return must(t, Config{Sample: map[string]float64{"TYPING_*": percent}}) }
	for _, percent := range []float64{0.1, 1, 10, 50, 99} {
		first, second := sample(percent), sample(percent)
		passed, before, pairs := 0, false, 0
		for i := range n {
			// Four sessions, whose sequence numbers go up.
			e := event.Event{Type: "TYPING_START", ID: event.ID{Session: uint64(i % 4), Seq: int64(i / 4)}}
			yes := first.Wants(&e)
			if yes != second.Wants(&e) || yes != first.Wants(&e) {
				t.Fatalf("%v: decided differently the next time", e.ID)
			}
			if yes {
				passed++
				if before {
					pairs++
				}
			}
			before = yes
		}
		share := percent / 100
		if off := 5 * math.Sqrt(n*share*(1-share)); math.Abs(float64(passed)-n*share) > off {
			t.Errorf("%v %%: %d of %d passed", percent, passed, n)
		}
		if off := 6*math.Sqrt(n*share*share) + 1; math.Abs(float64(pairs)-n*share*share) > off {
			t.Errorf("%v %%: %d pairs in a row of %d: they are not drawn one by one", percent, pairs, n)
		}
	}
}

func TestARuleThatCannotBeIsAnError(t *testing.T) {
	for _, c := range []struct {
		rules     Config
		key, text string
	}{
		{Config{Only: []string{"message_create"}}, "events.only", `"message_create" is not an event type; write it in capitals, such as MESSAGE_CREATE or GUILD_*`},
		{Config{Drop: []string{"A", "MESSAGE CREATE"}}, "events.drop", `"MESSAGE CREATE" is not`},
		{Config{Drop: []string{"*_CREATE"}}, "events.drop", `"*_CREATE" is not`},
		{Config{Drop: []string{""}}, "events.drop", `"" is not`},
		{Config{Guilds: []uint64{1, 0}}, "guilds", "0 is not a guild"},
		{Config{Not: []uint64{0}}, "guilds_drop", "0 is not a guild"},
		{Config{Guilds: []uint64{1, 2}, Not: []uint64{3, 2}}, "guilds_drop", "2 is in guilds too; keep one of them"},
		{Config{Shards: []Range{{5, 3}}}, "shards", "5-3 is not a range of shards; write the lower number first, such as 0-63"},
		{Config{Shards: []Range{{-1, 3}}}, "shards", "-1-3 is not a range"},
		{Config{Sample: map[string]float64{"A": 101}}, "sample.A", "101 % is not a share; write 0% to 100%"},
		{Config{Sample: map[string]float64{"A": -1}}, "sample.A", "-1 % is not a share"},
		{Config{Sample: map[string]float64{"A": math.NaN()}}, "sample.A", "NaN % is not a share"},
		{Config{Sample: map[string]float64{"GATEHOUSE_GAP": 1}}, "sample.GATEHOUSE_GAP", "notices of Gatehouse's own are not sampled"},
		{Config{Sample: map[string]float64{"a": 1}}, "sample", `"a" is not an event type`},
		{Config{When: "size"}, "when", "not true or false"},
	} {
		s, err := Compile(c.rules)
		var bad *Error
		if !errors.As(err, &bad) || s != nil {
			t.Errorf("%+v: no *Error but %v", c.rules, err)
			continue
		}
		if bad.Key != c.key || !strings.HasPrefix(bad.Text, c.text) && c.key != "when" || !strings.Contains(bad.Text, c.text) {
			t.Errorf("%s: %s; want %s: %s", bad.Key, bad.Text, c.key, c.text)
		}
	}
}

func TestAnErrorNamesKeyAndColumn(t *testing.T) {
	_, err := Compile(Config{When: "true and tipe"})
	if want := "when, column 10: unknown name tipe; there are type, guild, shard, shards, size, kind, seq and d"; err == nil || err.Error() != want {
		t.Errorf("%v, want %s", err, want)
	}
	_, err = Compile(Config{Guilds: []uint64{0}})
	if want := "guilds: 0 is not a guild; write its id, such as 81384788765712384"; err == nil || err.Error() != want {
		t.Errorf("%v, want %s", err, want)
	}
}

func TestNoRulesAreNoSet(t *testing.T) {
	s, err := Compile(Config{When: " \n", Only: []string{}})
	if s != nil || err != nil || !s.Wants(&event.Event{Type: "A"}) || s.Rules() != nil {
		t.Errorf("%v, %v", s, err)
	}
}

func TestConfigurationsAreEqualIfTheySayTheSame(t *testing.T) {
	full := func() Config {
		return Config{
			Only: []string{"A"}, Drop: []string{"B"}, Guilds: []uint64{1}, Not: []uint64{2},
			Shards: []Range{{0, 1}}, Sample: map[string]float64{"A": 1}, When: "true",
		}
	}
	if !full().Equal(full()) || full().Empty() || !(Config{}).Equal(Config{Only: []string{}, Sample: map[string]float64{}}) {
		t.Error("the same differ")
	}
	for name, change := range map[string]func(*Config){
		"only": func(c *Config) { c.Only[0] = "X" }, "drop": func(c *Config) { c.Drop = nil },
		"guilds": func(c *Config) { c.Guilds[0]++ }, "not": func(c *Config) { c.Not[0]++ },
		"shards": func(c *Config) { c.Shards[0].Last++ }, "sample": func(c *Config) { c.Sample["A"]++ },
		"sampled types": func(c *Config) { c.Sample["B"] = 1 }, "when": func(c *Config) { c.When = "false" },
	} {
		other := full()
		change(&other)
		if full().Equal(other) || other.Equal(full()) {
			t.Errorf("another %s is not noticed", name)
		}
	}
}

func TestManyAskAtATime(t *testing.T) {
	s := must(t, Config{Drop: []string{"X"}, Sample: map[string]float64{"A": 50}, When: `d.author.id == guild`})
	const workers, each = 8, 500
	var wg sync.WaitGroup
	for w := range workers {
		wg.Go(func() {
			for i := range each {
				guild := uint64(1 + w*each + i)
				e := event.Event{Type: "B", Guild: guild, Data: fmt.Appendf(nil, `{"d":{"author":{"id":"%d"}}}`, guild)}
				if !s.Wants(&e) {
					t.Errorf("guild %d: judged by another event", guild)
				}
				s.Wants(&event.Event{Type: "X"})
				s.Rules()
			}
		})
	}
	wg.Wait()
	if r := s.Rules(); r[0].Dropped != workers*each || r[2].Dropped != 0 || r[2].Errors != 0 {
		t.Errorf("%+v", r)
	}
}
