package config

import (
	"strings"
	"testing"
)

// Every line is a mistake that somebody makes, and the one line they get.
func TestMistakesInTheFile(t *testing.T) {
	for _, c := range []struct{ yaml, want string }{
		{"discord:\n  intent: [Guilds]", `config: discord.intent: unknown key (FILE:2); did you mean "discord.intents"?`},
		{"shard:\n  total: 3", `config: shard: unknown key (FILE:1); gatehouse config init shows every key`},
		{"shards:\n  totl: 3", `config: shards.totl: unknown key (FILE:2); did you mean "shards.total"?`},
		{"level: debug", `config: level: unknown key (FILE:1); did you mean "log.level"?`},
		{"maxShards: 3", `config: maxShards: unknown key (FILE:1); use shards.total`},
		{"secretKey: hush", `config: secretKey: unknown key (FILE:1); use sinks[].authorization`},
		{"reshard: true", `config: reshard: unknown key (FILE:1); use reshard.auto`},
		{"shards: 3", `config: shards: is a section, not a value (FILE:1); write its keys below it, indented`},
		{"shards.total: many", `config: shards.total: "many" is not a whole number (FILE:1); allowed: 0 to 65536`},
		{"shards.total: -1", `config: shards.total: -1 is out of range (FILE:1); allowed: 0 to 65536`},
		{"shards.total: 1.5", `config: shards.total: 1.5 is not a whole number (FILE:1); allowed: 0 to 65536`},
		{"shards.large_bot_sharding: maybe", `config: shards.large_bot_sharding: "maybe" is neither true nor false (FILE:1)`},
		{"queue.memory: 4 gigs", `config: queue.memory: "4 gigs" is not a size (FILE:1); write a number with a unit, such as 256MiB or 4GiB`},
		{"queue.memory: 0", `config: queue.memory: 0 is too small (FILE:1); allowed: from 1MiB`},
		{"queue.max_age: 24", `config: queue.max_age: 24 is not a duration (FILE:1); write a number with a unit, such as 250ms, 10s, 5m, 24h or 1d`},
		{"tui.refresh: 1ms", `config: tui.refresh: "1ms" is out of range (FILE:1); allowed: 100ms to 10s`},
		{"queue.when_full: drop", `config: queue.when_full: "drop" is not known (FILE:1); allowed: drop_oldest, drop_noise, block`},
		{"queue.max_bytes: 1KiB", `config: queue.max_bytes: "1KiB" is too small (FILE:1); allowed: from 1MiB`},
		{"queue.persist_after: 1", `config: queue.persist_after: 1 is not a duration (FILE:1); write a number with a unit, such as 250ms, 10s, 5m, 24h or 1d`},
		{"queue.persist_after: 2h", `config: queue.persist_after: "2h" is out of range (FILE:1); allowed: 0s to 1h`},
		{"control: {socket: 'http://me:hush@bot/?key=hush'}", `config: control.socket: is not the path of a socket (FILE:1); write one such as /run/gatehouse/control.sock, or off`},
		{"control.socket: /" + strings.Repeat("x", 103), `config: control.socket: "/` + strings.Repeat("x", 59) + `…" is too long for a socket: 104 bytes (FILE:1); allowed: up to 103 bytes`},
		{"control: {token: hush}", `config: control.token: not supported by this version (FILE:1); the socket is for its owner alone; remove the line`},
		{"metrics: {listen: ':9090'}", `config: metrics.listen: not supported by this version (FILE:1); remove the line`},
		{"identify.reserve: 0", `config: identify.reserve: 0 is no such number (FILE:1); allowed: a share from "1 %" to "90 %", or a number of session starts from 1`},
		{"identify.reserve: 100 %", `config: identify.reserve: "100 %" is no such share (FILE:1); allowed: a share from "1 %" to "90 %", or a number of session starts from 1`},
		{"discord.compress: gzip", `config: discord.compress: "gzip" is not known (FILE:1); allowed: zlib-stream, zstd-stream, payload, none`},
		{"discord.capabilities: -1", `config: discord.capabilities: -1 is out of range (FILE:1); allowed: 0 to 9007199254740991`},
		{"discord.capabilities: [CHANNEL_OBFUSCATION]", `config: discord.capabilities: a list is not a whole number (FILE:1); allowed: 0 to 9007199254740991`},
		{"discord.watchdog: 10m", `config: discord.watchdog: "10m" is neither true nor false (FILE:1)`},
		{"discord.large_threshold: 10", `config: discord.large_threshold: 10 is out of range (FILE:1); allowed: 50 to 250`},
		{"discord.api_base: discord.com", `config: discord.api_base: "discord.com" is not an http or https URL (FILE:1); write one such as https://discord.com/api/v10`},
		{"discord.api_base: http://discord.com/api/v10", `config: discord.api_base: "http://discord.com/api/v10" would send the token in the clear (FILE:1); write https://discord.com/api/v10`},
		{"discord.api_base: https://discord.com/api/v9", `config: discord.api_base: "https://discord.com/api/v9" is not the API version that Gatehouse speaks (FILE:1); write https://discord.com/api/v10`},
		{"discord.presence: '{'", `config: discord.presence: is not valid JSON (FILE:1); write a section, or JSON such as {"status":"online"}`},
		{"sinks: http://bot", `config: sinks: is not a list (FILE:1); begin every sink with a hyphen: "- kind: http"`},
		{"sinks: [{}]", `config: sinks[0].url: missing; say where the bot listens, such as http://127.0.0.1:8080/events`},
		{"sinks: [{url: 'http://bot', bacth: 3}]", `config: sinks[0].bacth: unknown key (FILE:1); did you mean "batch"?`},
		{"sinks: [{url: 'ftp://bot'}]", `config: sinks[0].url: "ftp://bot" is not an http or https URL (FILE:1); write one such as http://127.0.0.1:8080/events`},
		{"sinks: [{url: 'http://me:hush@bot'}]", `config: sinks[0].url: holds a user name or password (FILE:1); put the secret into authorization and remove it here`},
		{"sinks: [{url: 'http://bot:99999'}]", `config: sinks[0].url: "http://bot:99999" has no valid port (FILE:1); allowed: 1 to 65535`},
		{"sinks: [{url: 'http://bot', kind: websocket}]", `config: sinks[0].kind: "websocket" is not supported by this version (FILE:1); allowed: http`},
		{"sinks: [{url: 'http://bot', kind: kafka}]", `config: sinks[0].kind: "kafka" is not known (FILE:1); allowed: http`},
		{"sinks: [{url: 'http://bot', order: guild}]", `config: sinks[0].order: "guild" is not supported by this version (FILE:1); allowed: shard`},
		{"sinks: [{url: 'http://bot', priority: sometimes}]", `config: sinks[0].priority: "sometimes" is neither true nor false (FILE:1)`},
		{"sinks: [{url: 'http://bot', commands: [8]}]", `config: sinks[0].commands: a list is neither true nor false (FILE:1)`},
		{"sinks: [{url: 'http://bot', expired: keep}]", `config: sinks[0].expired: "keep" is not known (FILE:1); allowed: deliver, drop, dead_letter`},
		{"sinks: [{url: 'http://bot', name: a}, {url: 'http://bot', name: a}]", `config: sinks[1].name: "a" is the name of another sink (FILE:1); names must differ`},
		{"sinks: [{url: 'http://bot', events: {drop: [MESAGE_CREATE]}}]", `config: sinks[0].events.drop: unknown event type "MESAGE_CREATE" (FILE:1); did you mean "MESSAGE_CREATE"?`},
		{"a: b: c", `config: FILE:1: not valid YAML: mapping values are not allowed in this context`},
		{"log: {level: info}\nlog: {level: warn}", `config: FILE:2: "log" is given twice, first in line 1; remove one of them`},
		{"log: {level: info}\nlog.level: warn", `config: log.level: given twice (FILE:2); remove one of them`},
		{"- a", `config: FILE: holds no keys; write lines such as shards.total: 0, or run gatehouse config init`},
		{"log.level: info\n---\nlog.level: info", `config: FILE: holds more than one YAML document; keep the first and remove what follows ---`},
	} {
		loaded, err := loadYAML(t, c.yaml)
		if err == nil {
			t.Errorf("%q is taken: %+v", c.yaml, loaded.Config)
			continue
		}
		if got := withoutFolder(err.Error()); got != c.want {
			t.Errorf("%q:\n got %s\nwant %s", c.yaml, got, c.want)
		}
	}
}

// withoutFolder puts FILE in the place of the file's path.
func withoutFolder(text string) string {
	const name = "gatehouse.yaml"
	for {
		end := strings.Index(text, name)
		if end < 0 {
			return text
		}
		start := strings.LastIndexAny(text[:end], " (") + 1
		text = text[:start] + "FILE" + text[end+len(name):]
	}
}

func TestMistakesInTheEnvironment(t *testing.T) {
	for _, c := range []struct{ variable, want string }{
		{"GATEHOUSE_SHARD_TOTAL=3", "config: GATEHOUSE_SHARD_TOTAL: unknown environment variable; did you mean GATEHOUSE_SHARDS_TOTAL?"},
		{"GATEHOUSE_WHATEVER_IT_IS=hush", "config: GATEHOUSE_WHATEVER_IT_IS: unknown environment variable; names are GATEHOUSE_ and the key's path in capitals, such as GATEHOUSE_DISCORD_API_BASE"},
		{"GATEHOUSE_METRICS_LISTEN=:9090", "config: GATEHOUSE_METRICS_LISTEN: not supported by this version; remove the line"},
		{"GATEHOUSE_QUEUE_PERSIST_AFTER=2h", `config: queue.persist_after: "2h" is out of range (GATEHOUSE_QUEUE_PERSIST_AFTER); allowed: 0s to 1h`},
		{"GATEHOUSE_SHARDS_TOTAL=x", `config: shards.total: "x" is not a whole number (GATEHOUSE_SHARDS_TOTAL); allowed: 0 to 65536`},
		{"GATEHOUSE_SINKS_2_URL=http://bot", "config: sinks[2].url: there is no such sink (GATEHOUSE_SINKS_2_URL); the next free number is 0"},
		{"GATEHOUSE_SINKS_0_BACTH=1", `config: sinks[0].bacth: unknown key (GATEHOUSE_SINKS_0_BACTH); did you mean "batch"?`},
		{"GATEHOUSE_SINKS=http://bot", `config: sinks: is not valid JSON (GATEHOUSE_SINKS); write a list such as [{"url":"http://127.0.0.1:8080/events"}]`},
		{"GATEHOUSE_DISCORD_TOKEN_FILE=/nowhere/token", `config: discord.token_file: "/nowhere/token" cannot be read: no such file or directory (GATEHOUSE_DISCORD_TOKEN_FILE); check the path and its permissions`},
	} {
		_, err := Load(Options{Dir: t.TempDir(), Env: []string{c.variable}})
		if err == nil || err.Error() != c.want {
			t.Errorf("%s:\n got %v\nwant %s", c.variable, err, c.want)
		}
	}
}

func TestIntentsWithATypingError(t *testing.T) {
	_, err := loadYAML(t, "discord.intents: [Guilds, GuildMesages]")
	if err == nil {
		t.Fatal("a misspelt intent is taken")
	}
	got := withoutFolder(err.Error())
	for _, part := range []string{"config: discord.intents: ", `"GuildMesages" (FILE:1); `, "GuildMessages"} {
		if !strings.Contains(got, part) {
			t.Errorf("%s\ndoes not hold %q", got, part)
		}
	}
}

func TestAllProblemsAreReportedAtOnce(t *testing.T) {
	_, err := loadYAML(t, "shards: {total: x, totl: 1}\nlog: {level: loud}\nsinks: [{}]\n", "GATEHOUSE_NOPE=1")
	if err == nil {
		t.Fatal("taken")
	}
	lines := strings.Split(err.Error(), "\n")
	if len(lines) != 5 {
		t.Errorf("%d lines, want 5:\n%s", len(lines), err)
	}
	for _, line := range lines {
		if !strings.HasPrefix(line, "config: ") {
			t.Errorf("line %q does not say that it is about the configuration", line)
		}
	}
}

func TestBadTokensAreNamedButNeverShown(t *testing.T) {
	for _, c := range []struct{ token, want string }{
		{"Bearer abcdefgh.ijklmnop", "OAuth2 bearer token"},
		{"YOUR_TOKEN_HERE", "placeholder"},
		{"<paste.it.here>", "placeholder"},
		{"abc def.ghi.jkl", "white space"},
		{"mfa.abcdefghijkl", "three parts"},
		{"abcd..efghijklmn", "a part is empty"},
		{"äbcd.efgh.ijklmn", "a character that no token has"},
	} {
		_, err := Load(Options{Dir: t.TempDir(), Env: []string{"DISCORD_TOKEN=" + c.token}})
		if err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), "discord.token") {
			t.Errorf("a token with the mistake %q gives %v", c.want, err)
		}
		if err != nil && strings.Contains(err.Error(), c.token) {
			t.Errorf("the token is in %q", err)
		}
	}
}

func TestASecretIsRefusedOnTheCommandLine(t *testing.T) {
	for _, path := range []string{"discord.token", "discord.rest_authorization", "sinks.0.authorization"} {
		_, err := Load(Options{Dir: t.TempDir(), Flags: map[string]any{path: "hush-hush", "sinks.0.url": "http://bot"}})
		if err == nil || !strings.Contains(err.Error(), "is a secret") || strings.Contains(err.Error(), "hush") {
			t.Errorf("%s: %v", path, err)
		}
	}
}

func TestOtherFormatsNameTheLine(t *testing.T) {
	for name, c := range map[string]struct{ content, want string }{
		"gatehouse.toml": {"[log]\nlevel = \n", "gatehouse.toml:2: not valid TOML: "},
		"gatehouse.json": {"{\n\"log\": {,}\n}", "gatehouse.json:2: not valid JSON: "},
	} {
		_, err := Load(Options{Dir: folder(t, map[string]string{name: c.content})})
		if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: got %v, want one line with %q", name, err, c.want)
		}
	}
}

func TestAYAMLBombIsRefused(t *testing.T) {
	bomb := "a: &a [x,x,x,x,x,x,x,x,x]\n"
	for i, name := range []string{"b", "c", "d", "e", "f", "g", "h"} {
		previous := string("abcdefgh"[i])
		bomb += name + ": &" + name + " [" + strings.Repeat("*"+previous+",", 8) + "*" + previous + "]\n"
	}
	if _, err := loadYAML(t, bomb); err == nil || !strings.Contains(err.Error(), "too large") {
		t.Errorf("got %v", err)
	}
}
