package config

import (
	"encoding/json"
	"time"

	"github.com/gatehouse-gateway/gatehouse/engine"
	"github.com/gatehouse-gateway/gatehouse/engine/discord"
	"github.com/gatehouse-gateway/gatehouse/engine/rules"
	"github.com/gatehouse-gateway/gatehouse/themes"
)

// Config is the effective configuration. Every field is valid on its own and
// together with the others once [Loaded.Check] has passed.
type Config struct {
	Discord  Discord
	Shards   engine.ShardsConfig
	Identify engine.IdentifyConfig
	Reshard  engine.ReshardConfig
	Queue    Queue
	Filter   engine.FilterConfig
	Sinks    []Sink // without the ones of other versions; empty if none is configured
	Control  Control
	Log      Log
	TUI      TUI
}

// Discord says who the bot is and how to talk to Discord.
type Discord struct {
	Token     discord.Token // zero if none was given
	TokenFile string        // where Token was read; empty if it was given directly

	APIBase           string          // URL of the REST API or of a proxy in its place, with version
	RESTAuthorization string          // sent instead of "Bot TOKEN"; empty for that. A secret
	Intents           discord.Intents // default Guilds and GuildMessages
	Compress          Compression
	Presence          json.RawMessage // `d` of op 3 with placeholders; empty for none
	Properties        discord.Properties
	LargeThreshold    int  // members, 50 to 250; default 50
	Capabilities      int  // bit field of the Identify; default 0, which leaves it out
	Watchdog          bool // probe shards that stay quiet far beyond their normal pace
}

// Compression is how Discord compresses what it sends.
type Compression string

// The compressions (Discord docs, Gateway: compressing and encoding).
const (
	CompressZlib    Compression = "zlib-stream" // the default
	CompressZstd    Compression = "zstd-stream"
	CompressPayload Compression = "payload" // each message by itself, and not every one
	CompressNone    Compression = "none"
)

// ParseCompression reads the name of a compression.
func ParseCompression(name string) (Compression, error) { return compression(name) }

// Queue bounds what waits for the bot, in memory and on disk. Memory is never
// above MaxBytes.
type Queue struct {
	engine.QueueConfig
	// Dir holds sessions, the events that wait long, and those that the bot
	// refuses. [Load] fills it with the XDG state folder if it is not set.
	Dir string
}

// Sink is one destination of events.
type Sink struct {
	Name          string // unique; default the kind, then kind-2 …
	Kind          string // "http"
	URL           string
	Authorization string        // value of the Authorization header; empty for none. A secret
	Batch         int           // most events of one delivery; default 1
	Parallel      int           // most deliveries at a time; default 64
	Order         string        // "shard"
	Rules         rules.Config  // which events it takes
	Timeout       time.Duration // of one delivery; default 10 s
	MaxAttempts   int           // for events that the bot refuses; default 5
	Priority      bool          // interactions overtake what is queued
	Expired       engine.Expired
	Commands      bool // the bot may send gateway commands in its answers
}

// Control says how a running Gatehouse is reached by "gatehouse attach" and
// "gatehouse ctl".
type Control struct {
	// Socket is the path of a Unix socket: empty for the default one,
	// [ControlOff] for none.
	Socket string
}

// ControlOff is the control.socket of a Gatehouse that cannot be reached.
const ControlOff = "off"

// Log says what is logged and where.
type Log struct {
	Level  string // debug, info, warn, error
	Format string // auto, text, json; auto is text on a terminal, else json
	File   string // appended to; empty for stderr, or for nowhere while the console is on
}

// TUI is how the console looks.
type TUI struct {
	Theme      string
	Background string        // theme, terminal
	Refresh    time.Duration // between two looks at the engine, 100 ms to 10 s
	Glyphs     string        // auto, braille, block, ascii
	Mouse      bool
	// Keys are the keys of the console's actions by their names, in the place of the
	// ones they come with; an empty list leaves one without.
	Keys map[string][]string
}

// Default is what holds where nothing is configured.
func Default() Config {
	return Config{
		Discord: Discord{
			APIBase:        DiscordAPI,
			Intents:        defaultIntents,
			Compress:       CompressZlib,
			Properties:     discord.Properties{OS: "linux", Browser: "gatehouse", Device: "gatehouse"},
			LargeThreshold: 50,
			Watchdog:       true,
		},
		Shards:   engine.ShardsConfig{Last: -1, PerWorker: 25, LargeBot: true, LoadTimeout: time.Minute},
		Identify: engine.IdentifyConfig{Reserve: engine.Amount{Percent: 10}, Spacing: identifySpacing},
		Reshard: engine.ReshardConfig{Auto: true, AtPercent: 80, CheckEvery: 8 * time.Hour, Soak: 10 * time.Second,
			LoadTimeout: 10 * time.Minute},
		Queue: Queue{QueueConfig: engine.QueueConfig{MaxBytes: 4 << 30, MaxAge: 24 * time.Hour, Memory: 256 << 20,
			PersistAfter: time.Second, WhenFull: engine.DropOldest}},
		Filter: engine.FilterConfig{MessageUpdate: true, Messages: 100_000},
		Log:    Log{Level: "info", Format: "auto"},
		TUI:    TUI{Theme: themes.DefaultName, Background: "theme", Refresh: 250 * time.Millisecond, Glyphs: "auto", Mouse: true},
	}
}

// defaultSink is a sink of which nothing but its place is known.
func defaultSink() Sink {
	return Sink{Kind: "http", Batch: 1, Parallel: 64, Order: "shard", Timeout: 10 * time.Second, MaxAttempts: 5,
		Expired: engine.ExpiredDeliver}
}

// DiscordAPI is the base of Discord's REST API, of the version this program speaks.
const DiscordAPI = "https://discord.com/api/v10"

// identifySpacing is the least time between two identifies of one bucket
// (Discord docs, Gateway: rate limiting, max_concurrency).
const identifySpacing = 5 * time.Second

// defaultIntents is Guilds and GuildMessages.
const defaultIntents discord.Intents = 1<<0 | 1<<9
