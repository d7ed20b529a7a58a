package discordtest

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"time"

	"github.com/gatehouse-gateway/gatehouse/engine/clock"
	"github.com/gatehouse-gateway/gatehouse/engine/discord"
)

// Config is what a simulated Discord is made of. The zero value of a field means
// the default that its comment names.
type Config struct {
	Clock  clock.Clock  // default: the system's
	Logger *slog.Logger // default: none
	Seed   uint64       // of guilds, traffic and session ids; same seed, same bot

	Listen   string       // TCP address; default 127.0.0.1:0
	Listener net.Listener // used instead of Listen if set, and closed by Close

	Token  discord.Token // default: [DefaultToken]
	Shards int           // recommended by GET /gateway/bot; default 1
	Guilds int           // of the bot at the start; default 100

	MaxConcurrency     int           // identifies at a time; default 1
	SessionStarts      int           // per SessionStartsReset; default 1000
	SessionStartsLeft  int           // at the start; default SessionStarts, -1 for none
	SessionStartsReset time.Duration // default 24 h, from the first identify

	HeartbeatInterval  time.Duration // default 41.25 s
	HeartbeatTolerance time.Duration // default a quarter of the interval
	IdentifyWindow     time.Duration // default 5 s
	IdentifyTolerance  time.Duration // default 50 ms
	ResumeWindow       time.Duration // how long a session outlives its connection; default 180 s
	ReplayBuffer       int           // events a session keeps for RESUME; default 3500
	Backlog            int           // events a connection may lag behind before it is cut; default 250 000

	Rate              float64            // events per second over all guilds; 0 for none, see SetRate
	Mix               map[string]float64 // weight by [Kinds] name; default [DefaultMix]
	BackfillPerSecond float64            // GUILD_CREATEs per second and session after READY; default 1000

	Members         int  // of every guild, as op 8 finds them; default as many as GUILD_CREATE names
	MembersPerChunk int  // of GUILD_MEMBERS_CHUNK; default 1000
	MembersOwed     bool // the bot must get the answers to op 8; by default it may, since they are for who asked

	PrivilegedIntents uint64 // granted in the portal; default all three, [NoPrivilegedIntents] for none
	LargeBotMultiple  int    // num_shards must be a multiple of it, else 4010; 0 for off
	GuildsPerShardMax int    // an identify of a shard with more is closed with 4011; default 2500
	SilentOutages     bool   // a guild that is down at READY comes as nothing at all, not as a GUILD_DELETE, until it is back

	ResumeURL     string   // resume_gateway_url of READY; default the server's own
	Network       *Network // that clients dial through; lets chaos kill the host of ResumeURL
	CompressLevel int      // of zlib-stream, 1 to 9 or [CompressLight]; default 0: 1 for 32 connections, light for more
	SplitFrames   int      // longest WebSocket message of zlib-stream, in bytes; 0 for one per event

	AuditWindow int      // events judged in full detail at a time (32 bytes each); default 4 194 304
	Optional    []string // names of [Kinds] that the bot need not receive, such as "MESSAGE_UPDATE/unfurl"
	OrderExempt []string // event types that may overtake, such as "INTERACTION_CREATE"
	GuildOrder  bool     // the sink keeps order per guild, not per shard
}

// DefaultToken is the token of a simulated bot unless the config names another.
// It is not a secret: its first part is the bot's id, as with a real one.
const DefaultToken = "MTEwNjE1MDM0NDgwNzMyNTczMw.GxPlAc.simulated-bot-token-of-no-value-000000"

// CompressLight compresses with 4 kB of shared context and 10 kB of memory per
// connection, against 820 kB for level 1 and its 32 kB; it takes twice the time.
const CompressLight = -1

// NoPrivilegedIntents stands for a bot that was granted none.
const NoPrivilegedIntents = 1 << 63

// Intents that Discord knows, and those of them that must be granted (Discord
// docs, Gateway: list of intents).
const (
	AllIntents        = 53608447
	PrivilegedIntents = intentMembers | intentPresences | intentContent
)

// The intents by which events are chosen.
const (
	intentGuilds      = 1 << 0
	intentMembers     = 1 << 1
	intentModeration  = 1 << 2
	intentExpressions = 1 << 3
	intentInvites     = 1 << 6
	intentVoice       = 1 << 7
	intentPresences   = 1 << 8
	intentMessages    = 1 << 9
	intentReactions   = 1 << 10
	intentTyping      = 1 << 11
	intentDirect      = 1 << 12
	intentContent     = 1 << 15
)

// withDefaults fills what was left out.
func (c Config) withDefaults() Config {
	if c.Clock == nil {
		c.Clock = clock.System()
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	if c.Token.IsZero() {
		c.Token = discord.NewToken(DefaultToken)
	}
	if c.PrivilegedIntents == 0 {
		c.PrivilegedIntents = PrivilegedIntents
	}
	if c.SessionStartsLeft == 0 {
		c.SessionStartsLeft = orDefault(c.SessionStarts, 1000)
	}
	c.Listen = orDefault(c.Listen, "127.0.0.1:0")
	c.Shards = orDefault(c.Shards, 1)
	c.Guilds = orDefault(c.Guilds, 100)
	c.MaxConcurrency = orDefault(c.MaxConcurrency, 1)
	c.SessionStarts = orDefault(c.SessionStarts, 1000)
	c.SessionStartsReset = orDefault(c.SessionStartsReset, 24*time.Hour)
	c.HeartbeatInterval = orDefault(c.HeartbeatInterval, 41250*time.Millisecond)
	c.HeartbeatTolerance = orDefault(c.HeartbeatTolerance, c.HeartbeatInterval/4)
	c.IdentifyWindow = orDefault(c.IdentifyWindow, 5*time.Second)
	c.IdentifyTolerance = orDefault(c.IdentifyTolerance, 50*time.Millisecond)
	c.ResumeWindow = orDefault(c.ResumeWindow, 3*time.Minute)
	c.ReplayBuffer = orDefault(c.ReplayBuffer, 3500)
	c.Backlog = orDefault(c.Backlog, 250_000)
	c.BackfillPerSecond = orDefault(c.BackfillPerSecond, 1000)
	c.GuildsPerShardMax = orDefault(c.GuildsPerShardMax, discord.MaxGuildsPerShard)
	c.AuditWindow = orDefault(c.AuditWindow, 1<<22)
	if c.Mix == nil {
		c.Mix = DefaultMix()
	}
	return c
}

// validate finds what cannot be simulated.
func (c Config) validate() error {
	switch {
	case c.Guilds < 0 || c.Guilds > maxGuilds:
		return fmt.Errorf("discordtest: %d guilds: want 1 to %d", c.Guilds, maxGuilds)
	case c.Shards < 0 || c.MaxConcurrency < 0 || c.ReplayBuffer < 0:
		return errors.New("discordtest: shards, max concurrency and replay buffer must not be negative")
	case c.Rate < 0 || c.BackfillPerSecond < 0:
		return errors.New("discordtest: rates must not be negative")
	case c.CompressLevel < CompressLight || c.CompressLevel > 9:
		return fmt.Errorf("discordtest: compression level %d: want -1 to 9", c.CompressLevel)
	}
	if err := checkNames("mix", keysOf(c.Mix)); err != nil {
		return err
	}
	return checkNames("optional", c.Optional)
}

// orDefault is v, or the default if v is zero.
func orDefault[T comparable](v, standard T) T {
	var zero T
	if v == zero {
		return standard
	}
	return v
}

func keysOf(m map[string]float64) []string {
	names := make([]string, 0, len(m))
	for name := range m {
		names = append(names, name)
	}
	return names
}
