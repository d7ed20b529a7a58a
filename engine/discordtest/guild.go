package discordtest

import (
	"math"
	"math/rand/v2"

	"github.com/gatehouse-gateway/gatehouse/engine/discord"
)

const (
	// firstGuildMS is the creation time of the first guild: April 2016, in
	// milliseconds of Discord's epoch (2015).
	firstGuildMS = 40_000_000_000
	// guildStepMS parts two guilds. It is a prime and so coprime with any shard
	// total, which spreads guilds over shards as evenly as can be: guild i is on
	// shard (firstGuildMS + i*guildStepMS) % total.
	guildStepMS = 1_000_003
	// maxGuilds keeps the last guild's id in this decade.
	maxGuilds = 300_000
)

// guildState is what befell a guild.
type guildState uint8

const (
	guildUp guildState = iota
	guildDown
	guildGone
)

// world is the bot's guilds. Guild i has an id that follows from i alone; only
// what changes is kept.
type world struct {
	seed     uint64
	state    []guildState
	messages []lastMessage // by guild: what an edit or a reaction refers to
	left     int           // guilds that are gone
}

// lastMessage is the newest message of a guild.
type lastMessage struct {
	number uint64 // event number of its MESSAGE_CREATE; 0 for none
	at     uint32
	now    revision
}

func newWorld(seed uint64, guilds int) *world {
	return &world{seed: seed, state: make([]guildState, guilds), messages: make([]lastMessage, guilds)}
}

// noGuild stands for the guild of an event that is of none, whose id is 0.
const noGuild uint32 = math.MaxUint32

// guildID is the id of guild i.
func (w *world) guildID(i uint32) uint64 {
	if i == noGuild {
		return 0
	}
	return (firstGuildMS+uint64(i)*guildStepMS)<<22 | scramble(w.seed^uint64(i)+1)&0x3fffff
}

// index finds a guild by id; ok is false for a guild the bot never had.
func (w *world) index(id uint64) (i uint32, ok bool) {
	ms := id >> 22
	if ms < firstGuildMS || (ms-firstGuildMS)%guildStepMS != 0 {
		return 0, false
	}
	n := (ms - firstGuildMS) / guildStepMS
	if n >= uint64(len(w.state)) || w.guildID(uint32(n)) != id {
		return 0, false
	}
	return uint32(n), true
}

// shardOf is the shard of guild i among total.
func (w *world) shardOf(i uint32, total int) int { return discord.ShardOf(w.guildID(i), total) }

// firstOf is the lowest guild on a shard, or -1. The others follow in steps of
// total, so the k-th guild of the shard is firstOf + k*total.
func (w *world) firstOf(shard, total int) int {
	for i := range min(total, len(w.state)) {
		if w.shardOf(uint32(i), total) == shard {
			return i
		}
	}
	return -1
}

// guildsOn counts the guilds of a shard that the bot is in.
func (w *world) guildsOn(shard, total int) int {
	n := 0
	first := w.firstOf(shard, total)
	for i := first; i >= 0 && i < len(w.state); i += total {
		if w.state[i] != guildGone {
			n++
		}
	}
	return n
}

// add makes a new guild.
func (w *world) add() uint32 {
	w.state = append(w.state, guildUp)
	w.messages = append(w.messages, lastMessage{})
	return uint32(len(w.state) - 1)
}

// popular draws a guild. A few are much busier than most: of 4000 guilds, the
// busiest has about 4 % of the traffic. Which ones those are is scattered.
func (w *world) popular(r *rand.Rand) (uint32, bool) {
	n := uint64(len(w.state))
	if n == 0 {
		return 0, false
	}
	u := r.Float64()
	rank := uint64(u * float64(n))
	if r.Uint32()%10 < 7 {
		rank = uint64(u * u * u * float64(n))
	}
	i := uint32((rank*2_654_435_761 + w.seed) % n)
	return i, w.state[i] == guildUp
}

// scramble is a 64-bit mixer (splitmix64): neighbours become unrelated.
func scramble(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}
