package engine

import (
	"cmp"
	"encoding/json"
	"fmt"
	"log/slog"
	"runtime"
	"strings"
	"time"

	"github.com/gatehouse-gateway/gatehouse/engine/asks"
	"github.com/gatehouse-gateway/gatehouse/engine/clock"
	"github.com/gatehouse-gateway/gatehouse/engine/discord"
	"github.com/gatehouse-gateway/gatehouse/engine/fleet"
	"github.com/gatehouse-gateway/gatehouse/engine/identify"
	"github.com/gatehouse-gateway/gatehouse/engine/ops"
	"github.com/gatehouse-gateway/gatehouse/engine/session"
	"github.com/gatehouse-gateway/gatehouse/engine/shard"
	"github.com/gatehouse-gateway/gatehouse/engine/spool"
)

// ConfigError is a configuration that cannot work. Its text names the key and
// says what is allowed.
type ConfigError struct{ Text string }

func (e *ConfigError) Error() string { return e.Text }

func configErrorf(format string, args ...any) error {
	return &ConfigError{fmt.Sprintf(format, args...)}
}

// Defaults of Config.
const (
	defaultPerWorker      = 25
	defaultMemory         = 256 << 20
	defaultMaxBytes       = 4 << 30
	defaultLargeThreshold = 50
	defaultParallel       = 64
	defaultMaxAttempts    = 5
	defaultAtPercent      = 80
	defaultCheckEvery     = 8 * time.Hour
	defaultLoadTimeout    = 10 * time.Minute
	defaultGuildsTimeout  = time.Minute
	defaultMessages       = 100_000
)

func (c Config) withDefaults() Config {
	if c.Clock == nil {
		c.Clock = clock.System()
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	if c.LogLevel == nil {
		c.LogLevel = &slog.LevelVar{}
	}
	if c.Shards.PerWorker == 0 {
		c.Shards.PerWorker = defaultPerWorker
	}
	if c.Queue.Memory == 0 {
		c.Queue.Memory = defaultMemory
	}
	if c.Queue.MaxBytes == 0 {
		c.Queue.MaxBytes = defaultMaxBytes
	}
	if c.LargeThreshold == 0 {
		c.LargeThreshold = defaultLargeThreshold
	}
	if c.Identify.Spacing == 0 {
		c.Identify.Spacing = identify.DefaultSpacing
	}
	c.Reshard.AtPercent = cmp.Or(c.Reshard.AtPercent, defaultAtPercent)
	c.Reshard.CheckEvery = cmp.Or(c.Reshard.CheckEvery, defaultCheckEvery)
	c.Reshard.LoadTimeout = cmp.Or(c.Reshard.LoadTimeout, defaultLoadTimeout)
	c.Shards.LoadTimeout = cmp.Or(c.Shards.LoadTimeout, defaultGuildsTimeout)
	c.Filter.Messages = cmp.Or(c.Filter.Messages, defaultMessages)
	if c.Identify.Reserve == (Amount{}) {
		c.Identify.Reserve = Amount{Percent: 10}
	}
	if c.Properties == (discord.Properties{}) {
		c.Properties = discord.Properties{OS: runtime.GOOS, Browser: "gatehouse", Device: "gatehouse"}
	}
	sinks := make([]SinkConfig, len(c.Sinks))
	for i, s := range c.Sinks {
		sinks[i] = s.withDefaults()
	}
	c.Sinks = sinks
	return c
}

func (s SinkConfig) withDefaults() SinkConfig {
	if s.Batch == 0 {
		s.Batch = 1
	}
	if s.Parallel == 0 {
		s.Parallel = defaultParallel
	}
	if s.MaxAttempts == 0 {
		s.MaxAttempts = defaultMaxAttempts
	}
	return s
}

// check finds what can be told to be wrong without asking Discord.
func (c *Config) check() error {
	switch {
	case c.Token.IsZero():
		return configErrorf("discord.token is not set")
	case c.Gateway == nil || c.Dialer == nil:
		return configErrorf("the engine needs a Gateway and a Dialer")
	case c.Shards.Total < 0 || c.Shards.First < 0 || c.Shards.PerWorker < 1 || c.Shards.MaxWorkers < 0:
		return configErrorf("shards: numbers must not be negative, and shards.per_worker at least 1")
	case c.LargeThreshold < 50 || c.LargeThreshold > 250:
		return configErrorf("discord.large_threshold: %d is not between 50 and 250", c.LargeThreshold)
	case len(c.Sinks) > spool.MaxCursors:
		return configErrorf("sinks: %d are too many, the most is %d", len(c.Sinks), spool.MaxCursors)
	}
	if _, err := c.Queue.policy(); err != nil {
		return err
	}
	if err := c.fits(c.Presence); err != nil {
		return configErrorf("discord.presence: %s", strings.TrimPrefix(err.Error(), "presence: "))
	}
	seen := make(map[string]bool)
	for _, s := range c.Sinks {
		if s.Name == "" || s.Name == asks.Nobody || s.Sink == nil || seen[s.Name] {
			return configErrorf("sinks: every sink needs a name of its own (%q)", s.Name)
		}
		seen[s.Name] = true
	}
	return nil
}

func (q QueueConfig) policy() (spool.Policy, error) {
	switch q.WhenFull {
	case "", DropOldest:
		return spool.DropOldest, nil
	case DropNoise:
		return spool.DropNoise, nil
	case Block:
		return spool.Block, nil
	default:
		return 0, configErrorf("queue.when_full: %q is not one of drop_oldest, drop_noise, block", q.WhenFull)
	}
}

// slice is what this process holds of the bot's shards.
type slice struct {
	total, first, last int
	place              []int              // worker of each shard
	hooked             bool               // a hook has placed them
	resharded          *session.Resharded // how it came about; nil for the configuration
}

// placed gives the shards of a slice to workers.
func (c *Config) placed(p slice) slice {
	p.place = fleet.Place(p.last-p.first+1, c.Shards.PerWorker, c.Shards.MaxWorkers, c.Shards.RoundRobin)
	return p
}

// placement is how shards are given to workers, for people.
func (s *ShardsConfig) placement(p slice) string {
	switch {
	case p.hooked:
		return "hook"
	case s.RoundRobin:
		return "round_robin"
	default:
		return "contiguous"
	}
}

// carryOn is the slice that the last run held if the bot had been resharded and the
// configuration is as it was then; false if it is not so.
func (e *Engine) carryOn() (slice, bool) {
	if e.cfg.Sessions == nil {
		return slice{}, false
	}
	saved, err := e.cfg.Sessions.Load()
	if err != nil || saved == nil || saved.Resharded == nil || saved.Identity.Token != e.cfg.Token.Fingerprint() {
		return slice{}, false // what is wrong with it is told when the sessions are restored
	}
	r, c := saved.Resharded, &e.cfg.Shards
	if r.ConfiguredTotal != c.Total || r.ConfiguredFirst != c.First || r.ConfiguredLast != c.Last {
		return slice{}, false
	}
	if c.Total != 0 && c.Total != saved.Identity.Total {
		e.logger.Warn("the bot has been resharded since shards.total was set; set it to the number that it has now",
			"shards.total", c.Total, "shards", saved.Identity.Total)
	}
	return slice{total: saved.Identity.Total, first: r.First, last: r.Last, resharded: r}, true
}

// plan decides how many shards the bot has and which are held here.
func (c *Config) plan(m *meeting) (slice, error) {
	p := slice{total: cmp.Or(c.Shards.Total, m.total), first: c.Shards.First, last: c.Shards.Last}
	if p.total == 0 {
		p.total = m.Shards
		if c.Shards.LargeBot {
			p.total = discord.LargeBotShards(p.total, m.Limit.MaxConcurrency)
		}
	}
	if p.last < 0 || p.last == p.total {
		// The last one too many is what Discordeno's lastShardId has always been.
		p.last = p.total - 1
	}
	if p.first >= p.total {
		return p, configErrorf("shards.first: %d is not below the total of %d; shards are counted from 0", p.first, p.total)
	}
	if p.last >= p.total {
		return p, configErrorf("shards.last: %d is not below the total of %d; shards are counted from 0", p.last, p.total)
	}
	if p.last < p.first {
		return p, configErrorf("shards.last: %d is below shards.first, %d", p.last, p.first)
	}
	return p, nil
}

func (e *Engine) machineConfig(url string) shard.MachineConfig {
	m := shard.DefaultMachineConfig(url, e.random(1))
	if e.cfg.NoWatchdog || e.bot == 0 {
		m.ProbeTimeout = 0
	}
	return m
}

// newIdentifyQueue makes the queue in which all shards of the bot wait for their turn.
func (e *Engine) newIdentifyQueue() *identify.Queue {
	return identify.New(identify.Config{
		Clock:   e.cfg.Clock,
		Spacing: e.cfg.Identify.Spacing,
		Reserve: e.cfg.Identify.Reserve.Of,
		Random:  e.random(4),
		Refresh: e.refreshBudget,
		Tripped: func(why string) {
			e.logger.Error("identifies are stopped", "reason", why)
			e.actions.note(ops.ByItself+" (the breaker)", "stop identifies", nil, why, time.Time{})
		},
	})
}

func (c *Config) identify(template json.RawMessage, id, total, guilds int) ([]byte, error) {
	presence, err := discord.RenderPresence(template, id, total, guilds)
	if err != nil {
		return nil, err
	}
	return discord.AppendIdentify(nil, discord.Identify{
		Token:          c.Token,
		Intents:        c.Intents,
		Properties:     c.Properties,
		Shard:          id,
		Shards:         total,
		LargeThreshold: c.LargeThreshold,
		Presence:       presence,
		Compress:       c.PayloadCompress,
		Capabilities:   c.Capabilities,
	})
}
