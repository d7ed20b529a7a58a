package config

import (
	"fmt"
	"maps"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-gateway/gatehouse/engine/rules"
)

// The two ids differ in their last digit alone, which a float does not keep.
const (
	oneGuild   = 1234567890123456789
	otherGuild = 1234567890123456788
)

func TestEveryFormatSaysTheSameRules(t *testing.T) {
	want := rules.Config{
		Only: []string{"GUILD_*", "MESSAGE_CREATE"}, Drop: []string{"TYPING_START"},
		Guilds: []uint64{oneGuild, otherGuild}, Not: []uint64{5},
		Shards: []rules.Range{{First: 0, Last: 63}, {First: 70, Last: 70}},
		Sample: map[string]float64{"PRESENCE_UPDATE": 0.5, "CHANNEL_UPDATE": 100},
		When:   `size < 65536 and type != "READY"`,
	}
	files := map[string]string{
		"gatehouse.yaml": `
sinks:
  - url: http://bot
    events: {only: [guild_*, MESSAGE_CREATE], drop: TYPING_START}
    guilds: [1234567890123456789, "1234567890123456788"]
    guilds_drop: 5
    shards: 0-63, 70
    sample: {PRESENCE_UPDATE: 0.5%, channel_update: 100}
    when: >
      size < 65536
      and type != "READY"
`,
		"gatehouse.toml": `
[[sinks]]
url = 'http://bot'
events.only = ['GUILD_*', 'MESSAGE_CREATE']
events.drop = ['TYPING_START']
guilds = [1234567890123456789, 1234567890123456788]
guilds_drop = ["5"]
shards = ['0-63', 70]
sample.PRESENCE_UPDATE = '0.5 %'
sample.CHANNEL_UPDATE = '100%'
when = 'size < 65536 and type != "READY"'
`,
		"gatehouse.json": `{"sinks":[{"url":"http://bot","events":{"only":"GUILD_*,MESSAGE_CREATE","drop":["TYPING_START"]},
			"guilds":[1234567890123456789,1234567890123456788],"guilds_drop":["5"],"shards":"0 - 63,70",
			"sample":"PRESENCE_UPDATE: 0.5%, CHANNEL_UPDATE=100%","when":"size < 65536 and type != \"READY\""}]}`,
	}
	for name, content := range files {
		loaded := mustLoad(t, Options{Dir: folder(t, map[string]string{name: content})})
		if got := loaded.Sinks[0].Rules; !reflect.DeepEqual(got, want) {
			t.Errorf("%s:\n got %+v\nwant %+v", name, got, want)
		}
	}
	flags := map[string]any{"sinks.0.url": "http://bot", "sinks.0.sample": "PRESENCE_UPDATE:0.5%,CHANNEL_UPDATE:100%", "sinks.0.shards": "0-63,70"}
	env := []string{
		"GATEHOUSE_SINKS_0_EVENTS_ONLY=GUILD_*,MESSAGE_CREATE", "GATEHOUSE_SINKS_0_EVENTS_DROP=TYPING_START",
		"GATEHOUSE_SINKS_0_GUILDS=1234567890123456789, 1234567890123456788", "GATEHOUSE_SINKS_0_GUILDS_DROP=5",
		`GATEHOUSE_SINKS_0_WHEN=size < 65536 and type != "READY"`,
	}
	if got := mustLoad(t, Options{Dir: t.TempDir(), Env: env, Flags: flags}).Sinks[0].Rules; !reflect.DeepEqual(got, want) {
		t.Errorf("environment and flags:\n got %+v\nwant %+v", got, want)
	}
}

// What is shown can be written into a file, where it means the same.
func TestShownRulesAreReadAsTheSame(t *testing.T) {
	s := defaultSink()
	s.Name, s.URL = "bot", "http://bot"
	s.Rules = rules.Config{
		Only: []string{"GUILD_*"}, Drop: []string{"TYPING_START", "PRESENCE_UPDATE"}, Guilds: []uint64{oneGuild}, Not: []uint64{1, otherGuild},
		Shards: []rules.Range{{First: 3, Last: 3}, {First: 8, Last: 15}}, Sample: map[string]float64{"VOICE_STATE_UPDATE": 12.5},
		When: `type startsWith "MESSAGE" and size > 10`,
	}
	file := "sinks:\n  -\n"
	for _, k := range sinkKeys() {
		if !k.secret {
			file += "    " + k.path + ": " + k.show(&s) + "\n"
		}
	}
	loaded, err := loadYAML(t, file)
	if err != nil {
		t.Fatalf("%v\n%s", err, file)
	}
	if !reflect.DeepEqual(loaded.Sinks[0], s) {
		t.Errorf("got  %+v\nwant %+v", loaded.Sinks[0], s)
	}
}

func TestTheFilterAndThePlacement(t *testing.T) {
	loaded, err := loadYAML(t, "filter: {message_update: off, messages: 5000}\nshards: {placement: round_robin, load_timeout: 90s}")
	if err != nil {
		t.Fatal(err)
	}
	if loaded.Filter.MessageUpdate || loaded.Filter.Messages != 5000 || !loaded.Shards.RoundRobin || loaded.Shards.LoadTimeout != 90*time.Second {
		t.Errorf("%+v %+v", loaded.Filter, loaded.Shards)
	}
	if d := Default(); !d.Filter.MessageUpdate || d.Filter.Messages != 100_000 || d.Shards.RoundRobin || d.Shards.LoadTimeout != time.Minute {
		t.Errorf("by default %+v %+v", d.Filter, d.Shards)
	}
}

func TestMistakesInRules(t *testing.T) {
	for _, c := range []struct{ rule, want string }{
		{`events.drop: "MESAGE_CREATE"`, `events.drop: unknown event type "MESAGE_CREATE" (FILE:3); did you mean "MESSAGE_CREATE"?`},
		{`events.only: [MESSAGE CREATE]`, `events.only: "MESSAGE CREATE" is not an event type (FILE:3); write names such as MESSAGE_CREATE, or GUILD_* for all that begin so`},
		{`events.only: ["*_CREATE"]`, `events.only: "*_CREATE" is not an event type (FILE:3); write names such as MESSAGE_CREATE, or GUILD_* for all that begin so`},
		{`guilds: [my-guild]`, `guilds: "my-guild" is not the id of a guild (FILE:3); write ids such as 81384788765712384; right-click the guild in Discord, Copy Server ID`},
		{`guilds: [8.1e16]`, `guilds: 8.1e+16 is not the id of a guild (FILE:3); write ids such as 81384788765712384; right-click the guild in Discord, Copy Server ID`},
		{`guilds: [0]`, `guilds: 0 is not the id of a guild (FILE:3); write ids such as 81384788765712384; right-click the guild in Discord, Copy Server ID`},
		{`guilds_drop: {a: 1}`, `guilds_drop: a section is not a list (FILE:3); write [A, B] or "A,B"`},
		{`shards: 9-3`, `shards: "9-3" is not a shard or a range of shards (FILE:3); allowed: 0 to 65535, such as "0-63, 70"`},
		{`shards: [-1]`, `shards: -1 is not a shard or a range of shards (FILE:3); allowed: 0 to 65535, such as "0-63, 70"`},
		{`shards: 65536`, `shards: 65536 is not a shard or a range of shards (FILE:3); allowed: 0 to 65535, such as "0-63, 70"`},
		{`sample: 10%`, `sample: "10%" is no section of event types and shares (FILE:3); write one such as {TYPING_START: 10%}`},
		{`sample: {TYPING_START: 0.5}`, `sample: 0.5 is no share of TYPING_START (FILE:3); allowed: 0% to 100%, with the sign, such as 10%`},
		{`sample: {TYPING_START: 101%}`, `sample: "101%" is no share of TYPING_START (FILE:3); allowed: 0% to 100%, with the sign, such as 10%`},
		{`sample: {TYPING_STRT: 10%}`, `sample: unknown event type "TYPING_STRT" (FILE:3); did you mean "TYPING_START"?`},
		{`when: 3`, `when: 3 is not an expression (FILE:3); write one such as "size < 65536"`},
	} {
		_, err := loadYAML(t, "sinks:\n  - url: http://bot\n    "+c.rule+"\n")
		if err == nil {
			t.Errorf("%s is taken", c.rule)
			continue
		}
		if got := strings.TrimPrefix(withoutFolder(err.Error()), "config: sinks[0]."); got != c.want {
			t.Errorf("%s:\n got %s\nwant %s", c.rule, got, c.want)
		}
	}
	_, err := loadYAML(t, "filter.messages: 5")
	if want := "config: filter.messages: 5 is out of range (FILE:1); allowed: 100 to 50000000"; err == nil || withoutFolder(err.Error()) != want {
		t.Errorf("got %v", err)
	}
	_, err = loadYAML(t, "shards.placement: random")
	if want := `config: shards.placement: "random" is not known (FILE:1); allowed: contiguous, round_robin`; err == nil || withoutFolder(err.Error()) != want {
		t.Errorf("got %v", err)
	}
}

func TestAnExpressionIsPointedAtWhereItIsWrong(t *testing.T) {
	long := strings.Repeat("x", 100)
	for _, c := range []struct {
		text   string
		column int
		want   string
	}{
		{"type = 1", 6, "type ^= 1"},
		{"type", 1, "^type"},
		{"type ==", 8, "type ==^"},
		{"type ==", 99, "type ==^"},
		{"größe > 1", 7, "größe ^> 1"},
		{long + "!" + long, 101, "…" + long[:40] + "^!" + long[:39] + "…"},
	} {
		if got := pointed(c.text, c.column); got != c.want {
			t.Errorf("column %d of %q: %q, want %q", c.column, c.text, got, c.want)
		}
	}
	err := ruleProblem(&rules.Error{Key: "when", Column: 6, Text: "unknown operator"}, "type = 1; x")
	if got := problemOf("sinks[0].when", err, Source{}).String(); got != "sinks[0].when: column 6: unknown operator; it is at the ^ in type ^= 1; x" {
		t.Error(got)
	}
	err = ruleProblem(&rules.Error{Key: "sample.A", Text: "101 is too much; allowed: 0 to 100"}, "type")
	if got := problemOf("sinks[0].sample.A", err, Source{}).String(); got != "sinks[0].sample.A: 101 is too much; allowed: 0 to 100" {
		t.Error(got)
	}
}

// A faulty expression is named with its line, however the library words it.
func TestAFaultyExpressionIsRefused(t *testing.T) {
	_, err := loadYAML(t, "sinks:\n  - url: http://bot\n    when: size > and 3\n")
	if err == nil {
		t.Fatal("it is taken")
	}
	got := withoutFolder(err.Error())
	for _, part := range []string{"config: sinks[0].when: column ", "(FILE:3); ", "it is at the ^ in size > ^and 3"} {
		if !strings.Contains(got, part) || strings.Contains(got, "\n") {
			t.Errorf("%s\nis not one line with %q", got, part)
		}
	}
}

func TestWhatHasChanged(t *testing.T) {
	const before = `
log.level: info
discord.rest_authorization: old-secret
sinks:
  - {name: bot, url: 'http://bot/?key=hush', events.drop: [TYPING_START], authorization: old-secret}
  - {name: gone, url: 'http://gone'}
`
	const after = `
log.level: debug
shards.total: 8
discord.rest_authorization: new-secret
discord.presence: {status: idle}
sinks:
  - {name: fresh, url: 'http://fresh/?key=hush', guilds: [1234567890123456789]}
  - {name: bot, url: 'http://bot/?key=hash', batch: 4, authorization: new-secret}
`
	old, err := loadYAML(t, before)
	if err != nil {
		t.Fatal(err)
	}
	next, err := loadYAML(t, after)
	if err != nil {
		t.Fatal(err)
	}
	next.Queue.Dir = old.Queue.Dir
	var live, restart []string
	for _, c := range old.Changes(&next.Config) {
		if c.Live {
			live = append(live, c.Text)
		} else {
			restart = append(restart, c.Text)
		}
	}
	wantLive := []string{
		`discord.presence: "" -> {"status":"idle"}`,
		"log.level: info -> debug",
		"sinks: gone: removed; what waits for it stays in the queue",
		"sinks: fresh: added, http://fresh/",
		"sinks: bot: url: changed",
		"sinks: bot: authorization: changed",
		"sinks: bot: batch: 1 -> 4",
		"sinks: bot: events.drop: [TYPING_START] -> []",
	}
	if !slices.Equal(live, wantLive) {
		t.Errorf("takes effect:\n %s\nwant\n %s", strings.Join(live, "\n "), strings.Join(wantLive, "\n "))
	}
	if want := []string{"discord.rest_authorization: changed", "shards.total: 0 -> 8"}; !slices.Equal(restart, want) {
		t.Errorf("needs a restart: %q, want %q", restart, want)
	}
	now := old.WithLive(&next.Config)
	for _, c := range now.Changes(&next.Config) {
		if c.Live {
			t.Errorf("%s is not in effect after it took effect", c.Text)
		}
	}
	if again := now.Changes(&now); len(again) != 0 {
		t.Errorf("a configuration differs from itself: %+v", again)
	}
}

// Every key that is called live is one that WithLive brings.
func TestEveryLiveKeyTakesEffect(t *testing.T) {
	others := map[string]string{
		"discord.presence": `'{"status":"dnd"}'`, "filter.message_update": "false", "filter.messages": "777", "log.level": "error", "tui.theme": "light",
		"reshard.auto": "false", "reshard.at_percent": "50", "reshard.check_every": "1h", "reshard.soak": "1s", "reshard.load_timeout": "1m", "reshard.target": "64",
	}
	paths := LivePaths()
	if want := append(slices.Sorted(maps.Keys(others)), "sinks"); !slices.Equal(slices.Sorted(slices.Values(paths)), slices.Sorted(slices.Values(want))) {
		t.Fatalf("live are %q, and this test knows %q", paths, want)
	}
	old, err := loadYAML(t, "")
	if err != nil {
		t.Fatal(err)
	}
	for path, value := range others {
		next, err := loadYAML(t, path+": "+value)
		if err != nil {
			t.Fatal(err)
		}
		changes := old.Changes(&next.Config)
		if len(changes) != 1 || changes[0].Key != path || !changes[0].Live {
			t.Errorf("%s: %s makes the changes %+v", path, value, changes)
		}
		now := old.WithLive(&next.Config)
		if left := now.Changes(&next.Config); len(left) != 0 {
			t.Errorf("%s does not take effect: %+v", path, left)
		}
	}
}

func TestTheSumTellsWhetherAFileHasChanged(t *testing.T) {
	path := filepath.Join(folder(t, map[string]string{"gatehouse.yaml": "log.level: warn"}), "gatehouse.yaml")
	loaded := mustLoad(t, Options{File: path})
	if sum, err := Sum(path); err != nil || sum != loaded.Sum {
		t.Errorf("%x, %v; loaded %x", sum, err, loaded.Sum)
	}
	if _, err := Sum(path + ".gone"); err == nil {
		t.Error("a file that is not there has a sum")
	}
	if fmt.Sprintf("%x", loaded.Sum) == strings.Repeat("0", 64) {
		t.Error("the sum is empty")
	}
}
