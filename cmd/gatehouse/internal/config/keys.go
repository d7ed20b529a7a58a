package config

import (
	"encoding/json"
	"strings"
	"time"

	"github.com/gatehouse-gateway/gatehouse/engine"
	"github.com/gatehouse-gateway/gatehouse/engine/discord"
	"github.com/gatehouse-gateway/gatehouse/themes"
)

// keys is every key outside of sinks, in the order in which people read them.
func keys() []key[Config] {
	all := append(discordKeys(), propertyKeys()...)
	all = append(all, shardKeys()...)
	all = append(all, reshardKeys()...)
	all = append(all, queueKeys()...)
	all = append(all, filterKeys()...)
	all = append(all, controlKeys()...)
	return append(all, consoleKeys()...)
}

func discordKeys() []key[Config] {
	return []key[Config]{
		tokenKey(),
		field("discord.token_file", "file that holds the token and nothing else, readable by us alone",
			textValue, func(c *Config) *string { return &c.Discord.TokenFile }, showText),
		field("discord.api_base", "REST API; a REST proxy may stand here",
			apiBase, func(c *Config) *string { return &c.Discord.APIBase }, showText),
		secretField("discord.rest_authorization", "sent to the REST API instead of \"Bot TOKEN\", for proxies",
			func(c *Config) *string { return &c.Discord.RESTAuthorization }),
		field("discord.intents", "number or names, in any library's spelling",
			discord.ParseIntents, func(c *Config) *discord.Intents { return &c.Discord.Intents }, showIntents),
		field("discord.compress", "how Discord packs what it sends: zlib-stream, zstd-stream (less CPU, more memory), payload (single messages) or none",
			compression, func(c *Config) *Compression { return &c.Discord.Compress }, showString[Compression]),
		field("discord.presence", "presence of every shard; strings may hold {{shard}}, {{shards}}, {{guilds}}",
			presence, func(c *Config) *json.RawMessage { return &c.Discord.Presence }, showPresence),
		field("discord.large_threshold", "members above which Discord leaves the offline ones out of a guild, 50 to 250",
			intRange(50, 250), func(c *Config) *int { return &c.Discord.LargeThreshold }, showInt),
		field("discord.capabilities", "bit field that Discord is told when a shard identifies, such as 32768 for obfuscated channels; 0 for none",
			intRange(0, maxCapabilities), func(c *Config) *int { return &c.Discord.Capabilities }, showInt),
		field("discord.watchdog", "probe a shard that stays quiet far beyond its normal pace",
			boolValue, func(c *Config) *bool { return &c.Discord.Watchdog }, showBool),
	}
}

// tokenKey is the bot token, which may be given in other ways too.
func tokenKey() key[Config] {
	return key[Config]{
		path: "discord.token", secret: true,
		doc: "bot token; better given as DISCORD_TOKEN or discord.token_file",
		decode: func(c *Config, raw any) error {
			text, err := secretText(raw)
			if err == nil {
				c.Discord.Token, err = parseToken(text)
			}
			return err
		},
		show: func(c *Config) string {
			if c.Discord.Token.IsZero() {
				return showSecret("")
			}
			return showSecret("set")
		},
		full: func(c *Config) string { return c.Discord.Token.Reveal() },
	}
}

// maxCapabilities is the largest number that every reader of JSON keeps exact.
const maxCapabilities = 1<<53 - 1

// propertyKeys are what an Identify says about us.
func propertyKeys() []key[Config] {
	return []key[Config]{
		field("discord.properties.os", "operating system that Discord is told",
			textValue, func(c *Config) *string { return &c.Discord.Properties.OS }, showText),
		field("discord.properties.browser", "library, as Discord asks for it",
			textValue, func(c *Config) *string { return &c.Discord.Properties.Browser }, showText),
		field("discord.properties.device", "the same again",
			textValue, func(c *Config) *string { return &c.Discord.Properties.Device }, showText),
	}
}

func shardKeys() []key[Config] {
	return []key[Config]{
		field("shards.total", "shards of the bot over all processes; 0 for what Discord recommends",
			intRange(0, maxShards), func(c *Config) *int { return &c.Shards.Total }, showInt),
		field("shards.first", "first shard of this process",
			intRange(0, maxShards-1), func(c *Config) *int { return &c.Shards.First }, showInt),
		field("shards.last", "last shard of this process, inclusive; -1 for the last of all",
			intRange(-1, maxShards), func(c *Config) *int { return &c.Shards.Last }, showInt),
		field("shards.per_worker", "shards that share one pipeline and one queue",
			intRange(1, maxShards), func(c *Config) *int { return &c.Shards.PerWorker }, showInt),
		field("shards.max_workers", "bound on workers; 0 for none",
			intRange(0, maxShards), func(c *Config) *int { return &c.Shards.MaxWorkers }, showInt),
		field("shards.placement", "contiguous (neighbouring shards share a worker) or round_robin (they do not)",
			placement, func(c *Config) *bool { return &c.Shards.RoundRobin }, showPlacement),
		field("shards.load_timeout", "for the guilds of a shard that has identified, 1s to 1h; then those that are missing are told",
			duration(time.Second, time.Hour), func(c *Config) *time.Duration { return &c.Shards.LoadTimeout }, showDuration),
		field("shards.large_bot_sharding", "round a recommended total from 100 up to the multiple that large bots need",
			boolValue, func(c *Config) *bool { return &c.Shards.LargeBot }, showBool),
		field("identify.reserve", "session starts that are never spent without being asked: a share such as \"10 %\" or a number",
			amount, func(c *Config) *engine.Amount { return &c.Identify.Reserve }, showAmount),
		field("identify.spacing", "between two identifies of one bucket; Discord demands 5s",
			duration(0, time.Hour), func(c *Config) *time.Duration { return &c.Identify.Spacing }, showDuration),
	}
}

// maxShards bounds what a typing error can ask for. The largest known bots run
// some thousands of shards.
const maxShards = 65536

// reshardKeys say when the number of shards changes, and how.
func reshardKeys() []key[Config] {
	return []key[Config]{
		field("reshard.auto", "grow the fleet when it fills up",
			boolValue, func(c *Config) *bool { return &c.Reshard.Auto }, showBool),
		field("reshard.at_percent", "of 2500 guilds a shard",
			intRange(1, 100), func(c *Config) *int { return &c.Reshard.AtPercent }, showInt),
		field("reshard.check_every", "between two looks at how full the shards are",
			duration(time.Minute, 0), func(c *Config) *time.Duration { return &c.Reshard.CheckEvery }, showDuration),
		field("reshard.soak", "for which both fleets have to agree",
			duration(0, time.Hour), func(c *Config) *time.Duration { return &c.Reshard.Soak }, showDuration),
		field("reshard.load_timeout", "for the guilds of the next fleet",
			duration(time.Second, 0), func(c *Config) *time.Duration { return &c.Reshard.LoadTimeout }, showDuration),
		field("reshard.target", "recommended, or a number of shards",
			reshardTarget, func(c *Config) *int { return &c.Reshard.Target }, showTarget),
	}
}

func queueKeys() []key[Config] {
	return []key[Config]{
		field("queue.dir", "folder for sessions, for events that wait long and for those that the bot refuses; empty for the XDG state folder",
			textValue, func(c *Config) *string { return &c.Queue.Dir }, showText),
		field("queue.max_bytes", "for the events that wait for the bot, in memory and on disk",
			size, func(c *Config) *int64 { return &c.Queue.MaxBytes }, showSize),
		field("queue.memory", "of those, for the ones in memory; what does not fit is on disk alone",
			size, func(c *Config) *int64 { return &c.Queue.Memory }, showSize),
		field("queue.persist_after", "after which an event that still waits is written to disk; 0 writes every event before it is delivered",
			duration(0, time.Hour), func(c *Config) *time.Duration { return &c.Queue.PersistAfter }, showDuration),
		field("queue.max_events", "bound on their number; 0 for none",
			intRange(0, 1<<40), func(c *Config) *int { return &c.Queue.MaxEvents }, showInt),
		field("queue.max_age", "after which an event is given up; 0 for never",
			duration(0, 0), func(c *Config) *time.Duration { return &c.Queue.MaxAge }, showDuration),
		field("queue.when_full", "drop_oldest, drop_noise (PRESENCE_UPDATE and TYPING_START first) or block",
			oneOf(engine.DropOldest, engine.DropNoise, engine.Block),
			func(c *Config) *engine.WhenFull { return &c.Queue.WhenFull }, showString[engine.WhenFull]),
	}
}

func controlKeys() []key[Config] {
	return []key[Config]{
		field("control.socket", "path of the socket for gatehouse attach and ctl; empty for the default one, off for none",
			controlSocket, func(c *Config) *string { return &c.Control.Socket }, showText),
	}
}

func consoleKeys() []key[Config] {
	return []key[Config]{
		field("log.level", "debug, info, warn or error",
			oneOf("debug", "info", "warn", "error"), func(c *Config) *string { return &c.Log.Level }, showText),
		field("log.format", "auto (text on a terminal, else json), text or json",
			oneOf("auto", "text", "json"), func(c *Config) *string { return &c.Log.Format }, showText),
		field("log.file", "appended to; empty for stderr, or for nowhere while the console is on",
			textValue, func(c *Config) *string { return &c.Log.File }, showText),
		field("tui.theme", strings.Join(themes.Names(), ", ")+", one of your own, or a file",
			themeName, func(c *Config) *string { return &c.TUI.Theme }, showText),
		field("tui.background", "theme, or terminal to keep the terminal's own",
			oneOf("theme", "terminal"), func(c *Config) *string { return &c.TUI.Background }, showText),
		field("tui.refresh", "between two looks at the engine, 100ms to 10s",
			duration(100*time.Millisecond, 10*time.Second), func(c *Config) *time.Duration { return &c.TUI.Refresh }, showDuration),
		field("tui.glyphs", "auto, braille, block or ascii",
			oneOf("auto", "braille", "block", "ascii"), func(c *Config) *string { return &c.TUI.Glyphs }, showText),
		field("tui.mouse", "off leaves the mouse to the terminal, for copying",
			boolValue, func(c *Config) *bool { return &c.TUI.Mouse }, showBool),
		field("tui.keys", "keys of the console's actions, such as {restart: f5, drain: disabled}; gatehouse config keys lists them",
			keyMap, func(c *Config) *map[string][]string { return &c.TUI.Keys }, showKeyMap),
	}
}

// sinkKeys is every key of one element of sinks.
func sinkKeys() []key[Sink] {
	all := append(addressKeys(), ruleKeys()...)
	return append(all, deliveryKeys()...)
}

// addressKeys say where a sink is.
func addressKeys() []key[Sink] {
	return []key[Sink]{
		field("name", "unique; shown in the console", sinkName, func(s *Sink) *string { return &s.Name }, showText).withUsual("bot"),
		field("kind", "http; other kinds are not there yet", sinkKind, func(s *Sink) *string { return &s.Kind }, showText),
		field("url", "events are POSTed here", sinkURL, func(s *Sink) *string { return &s.URL }, showURL).
			withUsual("http://127.0.0.1:8080/events").comparedBy(func(s *Sink) string { return s.URL }),
		secretField("authorization", "value of the Authorization header; a secret that only the bot knows",
			func(s *Sink) *string { return &s.Authorization }),
		field("batch", "most events of one POST; above 1 the body is NDJSON", intRange(1, 10000), func(s *Sink) *int { return &s.Batch }, showInt),
		field("parallel", "most POSTs at a time", intRange(1, 10000), func(s *Sink) *int { return &s.Parallel }, showInt),
		field("order", "what arrives in order: the events of one shard", sinkOrder, func(s *Sink) *string { return &s.Order }, showText),
	}
}

// deliveryKeys say how events are delivered there.
func deliveryKeys() []key[Sink] {
	return []key[Sink]{
		field("timeout", "of one POST, 100ms to 5m", duration(100*time.Millisecond, 5*time.Minute),
			func(s *Sink) *time.Duration { return &s.Timeout }, showDuration),
		field("max_attempts", "for an event that the bot refuses", intRange(1, 1000), func(s *Sink) *int { return &s.MaxAttempts }, showInt),
		field("priority", "INTERACTION_CREATE overtakes what is queued: it can be answered for 3 seconds only", boolValue,
			func(s *Sink) *bool { return &s.Priority }, showBool),
		field("expired", "what becomes of an interaction that is older than 15 minutes: deliver, drop or dead_letter",
			oneOf(engine.ExpiredDeliver, engine.ExpiredDrop, engine.ExpiredDeadLetter),
			func(s *Sink) *engine.Expired { return &s.Expired }, showString[engine.Expired]),
		field("commands", `the bot may send commands for Discord in its answers, as {"send":[{"op":8,"d":{…}}]}`, boolValue,
			func(s *Sink) *bool { return &s.Commands }, showBool),
	}
}
