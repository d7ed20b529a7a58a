package ops

import "context"

// GuildState is what is known of a guild.
type GuildState uint8

// The states of a guild.
const (
	GuildUnknown     GuildState = iota // nothing is known: its shard is not held here, or has not been told of its guilds
	GuildAbsent                        // the bot is certainly not in it
	GuildLoading                       // announced by READY, not seen yet
	GuildAvailable                     // its events come
	GuildUnavailable                   // Discord reports an outage
)

var guildStateNames = [...]string{
	GuildUnknown: "unknown", GuildAbsent: "absent", GuildLoading: "loading", GuildAvailable: "available", GuildUnavailable: "unavailable",
}

// String is the state's name in lower case.
func (s GuildState) String() string {
	if int(s) < len(guildStateNames) {
		return guildStateNames[s]
	}
	return "unknown"
}

// Guild is one of a shard's guilds.
type Guild struct {
	ID    uint64
	State GuildState
}

// GuildPlace is where a guild is.
type GuildPlace struct {
	Guild  uint64
	Shard  int // (guild >> 22) modulo Shards (Discord docs, Gateway: sharding formula)
	Shards int // of the bot now
	Held   bool
	Worker int // of the shard, if it is held here; else -1
	State  GuildState
	// Planned is its shard among PlannedShards: those that were asked for, or else
	// those of the reshard under way. PlannedShards is 0 without either.
	Planned, PlannedShards int
}

// GuildQuery asks for guilds of a shard.
type GuildQuery struct {
	Shard    int
	Contains string // digits that the id holds; empty for all
	Max      int    // at most so many; 0 for 1000
}

// GuildPage is an answer: what needs a person first (loading, then unavailable), then
// by id.
type GuildPage struct {
	Guilds   []Guild
	Matching int // of the shard, with those beyond Max
	Total    int // of the shard
}

// GuildFinder finds guilds. Every [Operator] does.
type GuildFinder interface {
	// Where says which shard a guild is on, now and among total shards; 0 for those
	// of the reshard under way, if there is one. It fails for the guild 0 and while
	// the number of shards is not known.
	Where(ctx context.Context, guild uint64, total int) (GuildPlace, error)
	// Guilds lists guilds of a shard of the active fleet. It fails with [ErrNoShard].
	Guilds(ctx context.Context, q GuildQuery) (GuildPage, error)
}
