package engine

import (
	"context"
	"encoding/json"
	"log/slog"
	"time"

	"github.com/gatehouse-gateway/gatehouse/engine/clock"
	"github.com/gatehouse-gateway/gatehouse/engine/delivery"
	"github.com/gatehouse-gateway/gatehouse/engine/discord"
	"github.com/gatehouse-gateway/gatehouse/engine/discovery"
	"github.com/gatehouse-gateway/gatehouse/engine/rules"
	"github.com/gatehouse-gateway/gatehouse/engine/session"
	"github.com/gatehouse-gateway/gatehouse/engine/shard"
	"github.com/gatehouse-gateway/gatehouse/engine/spool"
)

// Config is what an engine is made of. The zero value of a field means the
// default that its comment names; required fields say so.
type Config struct {
	Name    string // of this instance, shown in the console
	Version string // of the program, shown in the console

	Token          discord.Token   // required
	Intents        discord.Intents // sent as they are; 0 asks for none
	Presence       json.RawMessage // `d` of op 3, with {{shard}}, {{shards}}, {{guilds}} in strings; empty for none
	Properties     discord.Properties
	LargeThreshold int // 50 to 250 members; default 50
	Capabilities   int // bit field of the Identify; 0 leaves it out

	Compress        string // how the Dialer has Discord compress, for display
	PayloadCompress bool   // ask for payload compression in the Identify; not beside one of the transport

	// NoWatchdog leaves alone shards that go quiet far beyond their normal pace;
	// otherwise they are probed.
	NoWatchdog bool

	Shards   ShardsConfig
	Identify IdentifyConfig
	Queue    QueueConfig
	Reshard  ReshardConfig
	Sinks    []SinkConfig

	Filter FilterConfig
	Hooks  Hooks
	// Reload reads the configuration again, for ops.CommandReload; nil if there is
	// nothing to read.
	Reload func(ctx context.Context) (*Reloaded, error)

	DeadLetterDir string // folder for events that the bot refuses; required

	Sessions SessionStore // keeps sessions for the next run; nil ends them with this one
	// GatewayStore keeps what Discord told about its gateway, for a start while its
	// API is away; nil for none.
	GatewayStore discovery.Store
	Store        spool.Store // keeps what waits long for the bot, over restarts too; nil for memory alone
	StoreDir     string      // where Store keeps it, for people

	Gateway GatewayInfo  // required: asks Discord for its gateway
	Dialer  shard.Dialer // required: connects to it

	Clock  clock.Clock // default: the system's
	Logger *slog.Logger
	// LogLevel is the least level that Logger logs, for ops.CommandLogLevel; nil for
	// one that is the log ring's alone.
	LogLevel *slog.LevelVar
	Dump     DumpConfig
	Seed     uint64 // of jitter; 0 for a random one
}

// ShardsConfig says which shards this process holds.
type ShardsConfig struct {
	Total      int  // of the bot, over all processes; 0 for Discord's recommendation
	First      int  // first shard held here
	Last       int  // last shard held here, inclusive; -1 for Total-1
	PerWorker  int  // default 25
	MaxWorkers int  // 0 for no limit
	LargeBot   bool // round totals from 100 up to what Discord demands of large bots
	// RoundRobin gives neighbouring shards to different workers.
	RoundRobin bool
	// LoadTimeout is how long a shard that has identified waits for its guilds before
	// those that are missing are told; default 1 min.
	LoadTimeout time.Duration
}

// FilterConfig says which events are no news.
type FilterConfig struct {
	MessageUpdate bool // keep updates of messages away that no person made
	Messages      int  // most messages that are remembered for it; default 100 000
}

// Reloaded is what of a configuration that has been read again can take effect while
// the engine runs.
type Reloaded struct {
	Presence json.RawMessage
	Filter   FilterConfig
	Reshard  ReshardConfig
	Sinks    []SinkConfig
	Changed  []string // what has changed and takes effect, one line each, without secrets
	Restart  []string // what has changed and needs a restart, likewise
	// Apply has what is outside of the engine take effect; nil for nothing.
	Apply func()
}

// IdentifyConfig bounds the use of the session-start budget.
type IdentifyConfig struct {
	Reserve Amount        // what automatic identifies leave untouched; default 10 %
	Spacing time.Duration // between identifies of one bucket; default and least 5 s with Discord
}

// ReshardConfig says when the number of shards changes, and how.
type ReshardConfig struct {
	Auto        bool          // it changes by itself when the shards fill up
	AtPercent   int           // of the guilds that Discord allows them; default 80
	CheckEvery  time.Duration // between two looks beside those at changes; default 8 h
	Soak        time.Duration // for which the events of both fleets have to agree before the switch; 0 for none
	LoadTimeout time.Duration // until guilds that the next fleet has not been told of are an alert; default 10 min
	Target      int           // shards; 0 for Discord's recommendation
}

// Amount is either a share of a whole or a number.
type Amount struct {
	Percent float64 // 0 to 100; counts if Count is 0
	Count   int
}

// Of is the amount of a whole, rounded up.
func (a Amount) Of(whole int) int {
	if a.Count > 0 {
		return a.Count
	}
	n := a.Percent * float64(whole) / 100
	if n > float64(int(n)) {
		return int(n) + 1
	}
	return int(n)
}

// QueueConfig bounds what waits for the bot, over all workers together.
type QueueConfig struct {
	Memory    int64         // bytes of events held in memory; default 256 MiB
	MaxBytes  int64         // bytes of events altogether; default 4 GiB
	MaxEvents int           // 0 for no bound
	MaxAge    time.Duration // 0 for no bound
	// PersistAfter is how long an event may wait before it is written to the
	// Store. 0 writes every event before it is delivered.
	PersistAfter time.Duration
	WhenFull     WhenFull // default DropOldest
}

// WhenFull says what happens to events when the queue is full.
type WhenFull string

// The ways to go on when the queue is full.
const (
	DropOldest WhenFull = "drop_oldest" // the default
	DropNoise  WhenFull = "drop_noise"  // PRESENCE_UPDATE and TYPING_START first, then the oldest
	Block      WhenFull = "block"       // stop reading from Discord
)

// SinkConfig is one destination of events.
type SinkConfig struct {
	Name        string        // required, unique
	Kind        string        // "http", …; for display
	Target      string        // URL or address without secrets; for display
	Sink        delivery.Sink // required
	Batch       int           // most events of one delivery; default 1
	Parallel    int           // most deliveries at a time; default 64
	MaxAttempts int           // for events that the bot refuses; default 5
	Rules       rules.Config  // which events it takes
	// Version tells sinks apart that are reached in another way, as by another URL
	// or secret: at a reload one of the same version keeps its Sink. It is not shown.
	Version string
	// Commands lets the bot send gateway commands in its answers, as
	// {"send":[{"op":8,"d":{…}}]}; Sink must be a delivery.Asking.
	Commands bool
	// Priority lets INTERACTION_CREATE overtake what is queued: it can be
	// answered for three seconds only.
	Priority bool
	// Expired says what becomes of an interaction that is older than 15 minutes,
	// after which nothing can be done with it; default ExpiredDeliver.
	Expired Expired
}

// Expired says what becomes of interactions that have expired.
type Expired string

// What can become of interactions that have expired.
const (
	ExpiredDeliver    Expired = "deliver"     // the default: marked as such
	ExpiredDrop       Expired = "drop"        // forgotten, and counted
	ExpiredDeadLetter Expired = "dead_letter" // put aside for a person
)

func (e Expired) policy() delivery.ExpiredPolicy {
	switch e {
	case ExpiredDrop:
		return delivery.DropExpired
	case ExpiredDeadLetter:
		return delivery.BuryExpired
	default:
		return delivery.DeliverExpired
	}
}

// SessionStore keeps what the next run needs to RESUME. It is called by one
// goroutine at a time.
type SessionStore interface {
	// Load returns what was saved last, nil if nothing was.
	Load() (*session.Saved, error)
	// Save replaces what was saved, atomically.
	Save(*session.Saved) error
	// LoadGuilds and SaveGuilds do the same for the sessions' guilds.
	LoadGuilds() (*session.Guilds, error)
	SaveGuilds(*session.Guilds) error
	// LoadIdentifies and SaveIdentifies do the same for what has been spent of the
	// session starts.
	LoadIdentifies() (*session.Identifies, error)
	SaveIdentifies(*session.Identifies) error
}

// GatewayInfo asks Discord where its gateway is and what the bot may do there.
type GatewayInfo interface {
	// GatewayBot is GET /gateway/bot. An answer that is not a success gives a
	// *discord.RESTError.
	GatewayBot(ctx context.Context) (discord.GatewayBot, error)
}
