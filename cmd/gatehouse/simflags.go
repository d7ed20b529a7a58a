package main

import (
	"errors"
	"net"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/gatehouse-gateway/gatehouse/engine/discord"
	"github.com/gatehouse-gateway/gatehouse/engine/discordtest"
)

// simFlags describe the simulated bot: demo and sim share them.
type simFlags struct {
	shards         int
	recommend      int // shards that Discord recommends once those are up; 0 for the command's default
	guilds         int
	rate           float64 // events per second
	maxConcurrency int
	seed           uint64
	chaos          bool
	duration       time.Duration // 0 for no end
	report         string        // file for the audit or the figures
	heartbeat      time.Duration // interval that Discord asks for; 0 for the usual 41.25 s
	backfill       float64       // guilds a second that a fresh session is sent; 0 for the simulator's default
	optional       []string      // kinds of events that the bot need not get, since rules keep them away
	guildOrder     bool          // events are to come in order in each guild, not in each shard: the bot may be resharded
	listen         string
	token          discord.Token
}

// Bounds of a simulation that fits on one machine.
const (
	mostShards = 4096
	mostGuilds = 1_000_000
	mostRate   = 100_000
)

// add declares the flags. noRecommend says what no --recommend means.
func (f *simFlags) add(cmd *cobra.Command, noRecommend string) {
	flags := cmd.Flags()
	flags.IntVar(&f.shards, "shards", f.shards, "shards that the bot begins with, 1 to 4096")
	flags.IntVar(&f.recommend, "recommend", f.recommend, "`shards` that Discord recommends once those are up; "+noRecommend)
	flags.IntVar(&f.guilds, "guilds", f.guilds, "guilds of the bot")
	flags.Float64Var(&f.rate, "rate", f.rate, "`events` per second over all guilds")
	flags.IntVar(&f.maxConcurrency, "max-concurrency", f.maxConcurrency, "identifies at a time that Discord allows")
	flags.Uint64Var(&f.seed, "seed", f.seed, "of guilds, traffic and faults; the same seed gives the same")
	flags.BoolVar(&f.chaos, "chaos", false, "faults all the time: dropped sockets, op 7, op 9, zombies, outages")
	flags.DurationVar(&f.duration, "duration", 0, "stop after this time, such as 30s; 0 for never")
	flags.StringVar(&f.report, "report", "", "write the figures as JSON to this `file` at the end")
}

// check refuses what cannot be simulated.
func (f *simFlags) check() error {
	outOfRange := func(flag string, value any, least, most int) error {
		return usagef("--%s: %v is out of range; allowed: %d to %d", flag, value, least, most)
	}
	switch {
	case f.shards < 1 || f.shards > mostShards:
		return outOfRange("shards", f.shards, 1, mostShards)
	case f.guilds < 1 || f.guilds > mostGuilds:
		return outOfRange("guilds", f.guilds, 1, mostGuilds)
	case f.guilds > f.shards*discord.MaxGuildsPerShard:
		return usagef("--guilds: %d do not fit on %d shards; allowed: up to %d a shard, so raise --shards, or lower --guilds", f.guilds, f.shards, discord.MaxGuildsPerShard)
	case !(f.rate >= 0 && f.rate <= mostRate):
		return outOfRange("rate", f.rate, 0, mostRate)
	case f.recommend != 0 && (f.recommend < fewestShards(f.guilds) || f.recommend > mostShards):
		return usagef("--recommend: %d is out of range; allowed for %d guilds: %d to %d", f.recommend, f.guilds, fewestShards(f.guilds), mostShards)
	case f.maxConcurrency < 1 || f.maxConcurrency > mostShards:
		return outOfRange("max-concurrency", f.maxConcurrency, 1, mostShards)
	case f.duration < 0:
		return usagef("--duration: %s is below zero; 0 means no end", f.duration)
	}
	return nil
}

// fewestShards hold a number of guilds.
func fewestShards(guilds int) int {
	return (guilds + discord.MaxGuildsPerShard - 1) / discord.MaxGuildsPerShard
}

// leastSessionStarts is the daily budget of a bot that Discord has not given
// more; many shards are a large bot's, which has enough to start them all and to
// reshard.
const leastSessionStarts = 1000

// server opens the simulated Discord, not answering yet.
func (f *simFlags) server() (*discordtest.Server, error) {
	server, err := discordtest.New(discordtest.Config{
		Seed:           f.seed,
		Listen:         f.listen,
		Token:          f.token,
		Shards:         f.shards,
		Guilds:         f.guilds,
		MaxConcurrency: f.maxConcurrency,
		SessionStarts:  max(leastSessionStarts, 4*max(f.shards, f.recommend)),
		Rate:           f.rate,

		HeartbeatInterval: f.heartbeat,
		BackfillPerSecond: f.backfill,
		GuildOrder:        f.guildOrder,
		Optional:          f.optional,
	})
	return server, listenError(f.listen, err)
}

// listenError words why an address cannot be listened on.
func listenError(address string, err error) error {
	var bad *net.OpError
	switch {
	case err == nil:
		return nil
	case errors.Is(err, syscall.EADDRINUSE):
		return usagef("--listen: %s is in use by another program; choose another port, or 0 for any", address)
	case errors.Is(err, syscall.EADDRNOTAVAIL):
		return usagef("--listen: %s is not an address of this machine; choose one such as 127.0.0.1:8081", address)
	case errors.Is(err, syscall.EACCES):
		return usagef("--listen: %s may not be listened on; choose a port from 1024", address)
	case errors.As(err, &bad):
		return usagef("--listen: %q: %w; write it like 127.0.0.1:8081", address, bad.Err)
	default:
		return err
	}
}

// chaosRates are the faults of --chaos.
func (f *simFlags) chaosRates() discordtest.Chaos {
	rates := discordtest.DefaultChaos()
	rates.Seed = f.seed
	return rates
}
