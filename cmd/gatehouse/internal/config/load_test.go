package config

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-gateway/gatehouse/engine"
)

// testToken has the shape of a token and belongs to nobody.
const testToken = "MTIzNDU2Nzg5MDEyMzQ1Njc4.GaTeHo.notARealOneJustTheShape-_0123456789"

// folder makes a working directory with the given files.
func folder(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, content := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// loadYAML loads one file and nothing else.
func loadYAML(t *testing.T, content string, env ...string) (*Loaded, error) {
	t.Helper()
	return Load(Options{Dir: folder(t, map[string]string{"gatehouse.yaml": content}), Env: env})
}

func mustLoad(t *testing.T, o Options) *Loaded {
	t.Helper()
	loaded, err := Load(o)
	if err != nil {
		t.Fatalf("Load: %v", err)
	}
	return loaded
}

func TestNothingConfiguredGivesTheDefaults(t *testing.T) {
	loaded := mustLoad(t, Options{Dir: t.TempDir()})
	if loaded.File != "" || len(loaded.Sources) != 0 {
		t.Errorf("read %q and set %v, want nothing", loaded.File, loaded.Sources)
	}
	if q := loaded.Queue; q.Memory != 256<<20 || q.MaxBytes != 4<<30 || q.MaxAge != 24*time.Hour || q.PersistAfter != time.Second {
		t.Errorf("queue bounds %+v are not those of the design", loaded.Queue)
	}
	if loaded.Shards.PerWorker != 25 || loaded.Shards.Last != -1 || !loaded.Shards.LargeBot {
		t.Errorf("shards %+v are not those of the design", loaded.Shards)
	}
}

func TestEveryFormatSaysTheSame(t *testing.T) {
	files := map[string]string{
		"gatehouse.yaml": "shards:\n  total: 8\n  first: 2\nqueue: {memory: 1GiB}\nsinks:\n  - url: http://bot:80/e\n    events:\n      drop: [TYPING_START]\n",
		"gatehouse.toml": "[shards]\ntotal = 8\nfirst = 2\n[queue]\nmemory = '1GiB'\n[[sinks]]\nurl = 'http://bot:80/e'\nevents.drop = ['TYPING_START']\n",
		"gatehouse.json": `{"shards":{"total":8,"first":2},"queue":{"memory":1073741824},"sinks":[{"url":"http://bot:80/e","events":{"drop":["typing_start"]}}]}`,
		"gatehouse.yml":  "shards.total: 8\nshards.first: 2\nqueue.memory: 1073741824\nsinks: [{url: 'http://bot:80/e', events.drop: TYPING_START}]\n",
	}
	for name, content := range files {
		loaded := mustLoad(t, Options{Dir: folder(t, map[string]string{name: content})})
		if loaded.Shards.Total != 8 || loaded.Shards.First != 2 || loaded.Queue.Memory != 1<<30 {
			t.Errorf("%s: got %+v %+v", name, loaded.Shards, loaded.Queue)
		}
		if len(loaded.Sinks) != 1 || loaded.Sinks[0].URL != "http://bot:80/e" || strings.Join(loaded.Sinks[0].Rules.Drop, ",") != "TYPING_START" {
			t.Errorf("%s: sinks are %+v", name, loaded.Sinks)
		}
	}
}

func TestFlagsBeatEnvironmentBeatsFile(t *testing.T) {
	dir := folder(t, map[string]string{"gatehouse.yaml": "log:\n  level: error\nshards:\n  total: 1\n  per_worker: 3\n"})
	loaded := mustLoad(t, Options{
		Dir:   dir,
		Env:   []string{"GATEHOUSE_LOG_LEVEL=warn", "GATEHOUSE_SHARDS_TOTAL=2"},
		Flags: map[string]any{"log.level": "debug"},
	})
	if loaded.Log.Level != "debug" || loaded.Shards.Total != 2 || loaded.Shards.PerWorker != 3 {
		t.Errorf("got level %s, total %d, per worker %d; want debug, 2, 3", loaded.Log.Level, loaded.Shards.Total, loaded.Shards.PerWorker)
	}
	want := map[string]string{
		"log.level":         "command line",
		"shards.total":      "GATEHOUSE_SHARDS_TOTAL",
		"shards.per_worker": filepath.Join(dir, "gatehouse.yaml") + ":5",
	}
	for key, source := range want {
		if got := loaded.Sources[key].String(); got != source {
			t.Errorf("%s comes from %q, want %q", key, got, source)
		}
	}
}

func TestEveryKeyCanBeGivenInTheEnvironment(t *testing.T) {
	c := Default()
	var env []string
	for _, k := range keys() {
		value := strings.Trim(k.show(&c), `"`)
		if k.secret || value == "" {
			continue
		}
		env = append(env, variable(k.path)+"="+strings.Trim(value, "[]"))
	}
	loaded := mustLoad(t, Options{Dir: t.TempDir(), Env: env})
	c.Queue.Dir = loaded.Queue.Dir
	for _, k := range keys() {
		if k.show(&loaded.Config) != k.show(&c) {
			t.Errorf("%s: %s in the environment gives %s", k.path, k.show(&c), k.show(&loaded.Config))
		}
	}
	if len(loaded.Sources) != len(env) {
		t.Errorf("%d variables set %d keys", len(env), len(loaded.Sources))
	}
}

func TestAnEmptyVariableCountsAsNotSet(t *testing.T) {
	loaded := mustLoad(t, Options{Dir: t.TempDir(), Env: []string{"GATEHOUSE_SHARDS_TOTAL=", "DISCORD_TOKEN=", "GATEHOUSE_CONTROL=/run/x"}})
	if len(loaded.Sources) != 0 {
		t.Errorf("set %v", loaded.Sources)
	}
}

func TestSinksFromTheEnvironment(t *testing.T) {
	t.Run("single fields over the file", func(t *testing.T) {
		loaded, err := loadYAML(t, "sinks:\n  - url: http://old/\n    batch: 16\n",
			"GATEHOUSE_SINKS_0_URL=http://new/", "GATEHOUSE_SINKS_1_URL=http://second/", "GATEHOUSE_SINKS_0_EVENTS_ONLY=MESSAGE_CREATE,MESSAGE_UPDATE")
		if err != nil {
			t.Fatal(err)
		}
		first := loaded.Sinks[0]
		if first.URL != "http://new/" || first.Batch != 16 || len(first.Rules.Only) != 2 {
			t.Errorf("first sink is %+v", first)
		}
		if second := loaded.Sinks[1]; second.URL != "http://second/" || second.Name != "http-2" {
			t.Errorf("second sink is %+v", second)
		}
	})
	t.Run("a list as JSON replaces the file's", func(t *testing.T) {
		loaded, err := loadYAML(t, "sinks:\n  - url: http://old/\n  - url: http://older/\n",
			`GATEHOUSE_SINKS=[{"name":"bot","url":"http://new/"}]`)
		if err != nil {
			t.Fatal(err)
		}
		if len(loaded.Sinks) != 1 || loaded.Sinks[0].Name != "bot" {
			t.Errorf("sinks are %+v", loaded.Sinks)
		}
	})
}

func TestFoldersAreSearchedInOrder(t *testing.T) {
	home := folder(t, map[string]string{"gatehouse/gatehouse.toml": "log.level = 'warn'", ".config/gatehouse/gatehouse.json": `{"log":{"level":"error"}}`})
	work := folder(t, map[string]string{"gatehouse.yml": "log.level: debug"})
	for _, c := range []struct {
		name string
		o    Options
		want string
	}{
		{"working directory first", Options{Dir: work, Env: []string{"XDG_CONFIG_HOME=" + home}}, "debug"},
		{"then the XDG folder", Options{Dir: t.TempDir(), Env: []string{"XDG_CONFIG_HOME=" + home}}, "warn"},
		{"which is ~/.config by default", Options{Dir: t.TempDir(), Env: []string{"HOME=" + home}}, "error"},
		{"--config beats all", Options{File: filepath.Join(home, "gatehouse/gatehouse.toml"), Dir: work}, "warn"},
	} {
		if got := mustLoad(t, c.o).Log.Level; got != c.want {
			t.Errorf("%s: level %q, want %q", c.name, got, c.want)
		}
	}
}

func TestTokenFile(t *testing.T) {
	dir := folder(t, map[string]string{"token": "\n  " + testToken + " \n"})
	path := filepath.Join(dir, "token")
	loaded := mustLoad(t, Options{Dir: dir, Env: []string{"GATEHOUSE_DISCORD_TOKEN_FILE=" + path}})
	if loaded.Discord.Token.Reveal() != testToken {
		t.Error("the token of the file was not read, or not trimmed")
	}
	if len(loaded.Warnings) != 0 {
		t.Errorf("warnings for a private file: %q", loaded.Warnings)
	}
	if err := os.Chmod(path, 0o644); err != nil {
		t.Fatal(err)
	}
	loaded = mustLoad(t, Options{Dir: dir, Env: []string{"GATEHOUSE_DISCORD_TOKEN_FILE=" + path}})
	if len(loaded.Warnings) != 1 || !strings.Contains(loaded.Warnings[0], "chmod 600") {
		t.Errorf("warnings for a file that all can read: %q", loaded.Warnings)
	}
}

func TestAFileWithSecretsThatAllCanRead(t *testing.T) {
	for content, want := range map[string]int{
		"sinks: [{url: 'http://bot', authorization: hush}]": 1,
		"sinks: [{url: 'http://bot'}]":                      0,
	} {
		path := filepath.Join(folder(t, map[string]string{"gatehouse.yaml": content}), "gatehouse.yaml")
		if err := os.Chmod(path, 0o644); err != nil {
			t.Fatal(err)
		}
		if got := mustLoad(t, Options{File: path}).Warnings; len(got) != want {
			t.Errorf("%s: warnings %q, want %d", content, got, want)
		}
	}
}

func TestTheHigherLayerGivesTheToken(t *testing.T) {
	other := strings.Replace(testToken, "MTIz", "OTk5", 1)
	dir := folder(t, map[string]string{"token": other})
	path := filepath.Join(dir, "token")
	for _, c := range []struct{ name, yaml, env, want string }{
		{"a variable beats a token_file in the file", "discord.token_file: " + path, "DISCORD_TOKEN=" + testToken, testToken},
		{"a token_file in the environment beats a token in the file", "discord.token: " + testToken, "GATEHOUSE_DISCORD_TOKEN_FILE=" + path, other},
		{"our own variable beats the common one", "", "GATEHOUSE_DISCORD_TOKEN=" + testToken, testToken},
	} {
		loaded, err := loadYAML(t, c.yaml, c.env)
		if err != nil {
			t.Fatalf("%s: %v", c.name, err)
		}
		if loaded.Discord.Token.Reveal() != c.want {
			t.Errorf("%s: it did not", c.name)
		}
	}
}

func TestCheckNamesWhatIsMissing(t *testing.T) {
	err := mustLoad(t, Options{Dir: t.TempDir()}).Check()
	bad := (*Error)(nil)
	if !errors.As(err, &bad) || len(bad.Problems) != 2 {
		t.Fatalf("Check() = %v, want a missing token and missing sinks", err)
	}
	for _, way := range []string{"DISCORD_TOKEN", "discord.token_file", "discord.token in"} {
		if !strings.Contains(bad.Problems[0].String(), way) {
			t.Errorf("%q does not tell of %s", bad.Problems[0], way)
		}
	}
}

func TestValuesThatDoNotGoTogether(t *testing.T) {
	complete := []string{"DISCORD_TOKEN=" + testToken, "GATEHOUSE_SINKS_0_URL=http://bot/"}
	for _, c := range []struct{ yaml, want string }{
		{"shards: {first: 3}", "config: shards.first: needs shards.total (FILE:1); all processes of the bot must agree on the total; set it"},
		{"shards: {last: 3}", "config: shards.last: needs shards.total (FILE:1); all processes of the bot must agree on the total; set it"},
		{"shards: {total: 4, first: 4}", "config: shards.first: 4 is behind the last shard (FILE:1); allowed: 0 to 3, since shards.total is 4"},
		{"shards: {total: 4, last: 9}", "config: shards.last: 9 is behind the last shard (FILE:1); allowed: -1 to 3, since shards.total is 4"},
		{"shards: {total: 4, first: 2, last: 1}", "config: shards.last: 1 is before shards.first, 2 (FILE:1); shards.first to shards.last is the slice of this process"},
		{"identify.spacing: 1s", "config: identify.spacing: 1s is less than Discord allows (FILE:1); allowed: from 5s; less only with another discord.api_base"},
		{"queue: {memory: 2GiB, max_bytes: 1GiB}", "config: queue.memory: 2GiB is more than queue.max_bytes, 1GiB (FILE:1); lower it, or raise queue.max_bytes: that bounds memory and disk together"},
		{"queue: {memory: 5GiB}", "config: queue.memory: 5GiB is more than queue.max_bytes, 4GiB (FILE:1); lower it, or raise queue.max_bytes: that bounds memory and disk together"},
		{"queue: {max_bytes: 64MiB}", ""},
		{"{identify.spacing: 1s, discord.api_base: 'http://proxy:8080/api/v10'}", ""},
		{"shards: {total: 4, first: 2, last: 3}", ""},
		{"shards: {total: 4, last: 4}", ""}, // the predecessor's habit
		{"shards: {total: 4, last: 5}", "config: shards.last: 5 is behind the last shard (FILE:1); allowed: -1 to 3, since shards.total is 4"},
	} {
		loaded, err := loadYAML(t, c.yaml, complete...)
		if err != nil {
			t.Fatalf("%s: %v", c.yaml, err)
		}
		got := ""
		if err := loaded.Check(); err != nil {
			got = strings.ReplaceAll(err.Error(), loaded.File, "FILE")
		}
		if got != c.want {
			t.Errorf("%s:\n got %s\nwant %s", c.yaml, got, c.want)
		}
	}
}

func TestASmallQueueTakesItsMemoryWithIt(t *testing.T) {
	loaded, err := loadYAML(t, "queue.max_bytes: 64MiB")
	if err != nil {
		t.Fatal(err)
	}
	if q := loaded.Queue; q.MaxBytes != 64<<20 || q.Memory != 64<<20 {
		t.Errorf("max_bytes %d gives a memory of %d", q.MaxBytes, q.Memory)
	}
}

// 0 is a mode of its own, and not the absence of a value.
func TestPersistAfterZeroIsKept(t *testing.T) {
	for text, want := range map[string]time.Duration{"0": 0, "0s": 0, "20ms": 20 * time.Millisecond, "1h": time.Hour} {
		loaded, err := loadYAML(t, "queue.persist_after: "+text)
		if err != nil || loaded.Queue.PersistAfter != want {
			t.Errorf("%s: %v, %v", text, loaded, err)
		}
	}
}

func TestTheControlSocket(t *testing.T) {
	for text, want := range map[string]string{
		"": "", "/run/bot.sock": "/run/bot.sock", "'off'": ControlOff, "off": ControlOff, "OFF": ControlOff, "./bot.sock": "./bot.sock",
	} {
		loaded, err := loadYAML(t, "control:\n  socket: "+text)
		if err != nil || loaded.Control.Socket != want {
			t.Errorf("%s: %v, %v", text, loaded, err)
		}
	}
}

func TestHowDiscordIsSpokenTo(t *testing.T) {
	for text, want := range map[string]Compression{
		"zlib-stream": CompressZlib, "zstd-stream": CompressZstd, "payload": CompressPayload, "none": CompressNone, "ZSTD-Stream": CompressZstd,
	} {
		loaded, err := loadYAML(t, "discord: {compress: "+text+", capabilities: 32768, watchdog: off}")
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		if d := loaded.Discord; d.Compress != want || d.Capabilities != 1<<15 || d.Watchdog {
			t.Errorf("%s: %+v", text, d)
		}
	}
	if d := Default().Discord; d.Compress != CompressZlib || d.Capabilities != 0 || !d.Watchdog {
		t.Errorf("by default %+v", d)
	}
}

func TestABotIsHeardOnlyIfThatIsWanted(t *testing.T) {
	loaded, err := loadYAML(t, "sinks: [{url: 'http://a'}, {name: b, url: 'http://b', commands: true}]")
	if err != nil || loaded.Sinks[0].Commands || !loaded.Sinks[1].Commands {
		t.Errorf("%+v, %v", loaded, err)
	}
	loaded, err = loadYAML(t, "sinks: [{url: 'http://a'}]", "GATEHOUSE_SINKS_0_COMMANDS=yes")
	if err != nil || !loaded.Sinks[0].Commands {
		t.Errorf("%+v, %v", loaded, err)
	}
}

func TestWhatBecomesOfInteractions(t *testing.T) {
	loaded, err := loadYAML(t, "sinks: [{url: 'http://a'}, {name: b, url: 'http://b', priority: true, expired: Dead_Letter}]", "GATEHOUSE_SINKS_0_EXPIRED=drop")
	if err != nil {
		t.Fatal(err)
	}
	a, b := loaded.Sinks[0], loaded.Sinks[1]
	if a.Priority || a.Expired != engine.ExpiredDrop || !b.Priority || b.Expired != engine.ExpiredDeadLetter {
		t.Errorf("sinks are %+v", loaded.Sinks)
	}
	if d := defaultSink(); d.Priority || d.Expired != engine.ExpiredDeliver {
		t.Errorf("by default %+v", d)
	}
}

func TestAmounts(t *testing.T) {
	for raw, want := range map[any]engine.Amount{
		"10 %": {Percent: 10}, "10%": {Percent: 10}, "2.5 %": {Percent: 2.5}, int64(100): {Count: 100}, "100": {Count: 100},
	} {
		if got, err := amount(raw); err != nil || got != want {
			t.Errorf("amount(%v) = %v, %v; want %v", raw, got, err, want)
		}
	}
}

func TestSizesAndDurations(t *testing.T) {
	for text, want := range map[string]int64{"4GiB": 4 << 30, "256 MiB": 256 << 20, "1.5gib": 3 << 29, "2GB": 2e9, "1048576": 1 << 20} {
		if got, err := size(text); err != nil || got != want {
			t.Errorf("size(%q) = %d, %v; want %d", text, got, err, want)
		}
	}
	parse := duration(0, 0)
	for text, want := range map[string]time.Duration{"1d": 24 * time.Hour, "1d12h": 36 * time.Hour, "90m": 90 * time.Minute, "0": 0, "250ms": 250 * time.Millisecond} {
		if got, err := parse(text); err != nil || got != want {
			t.Errorf("duration(%q) = %v, %v; want %v", text, got, err, want)
		}
	}
}
