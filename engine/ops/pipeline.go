package ops

import (
	"strconv"
	"strings"
	"time"
)

// Filter is what keeps updates of messages away that no person made, as when a
// link is unfurled.
type Filter struct {
	On       bool
	Why      string // why it is off, in words; empty if it is on
	Seen     uint64 // MESSAGE_UPDATEs since start
	Dropped  uint64 // of those, kept away
	Bytes    uint64 // of the frames of those
	Known    int    // messages that it remembers
	Capacity int    // most of them
}

// Rule is one of the rules by which a sink takes events, with what it has cost.
type Rule struct {
	Key     string // of the configuration, such as "events.drop" or "sample.TYPING_START"
	Text    string // as configured, for people
	Dropped uint64 // events that it kept from the sink, since start or since it was last changed
	Bytes   uint64 // of the frames of those
	Errors  uint64 // events that it could not judge, which pass
	Err     string // the last reason for that; empty if there was none
	// Types are the types of the events that it kept away, the most frequent first,
	// at most 10, without rates.
	Types []TypeCount
}

// Hook is a step of the engine that the program around it has overridden.
type Hook struct {
	Name     string // such as "dispatch"
	Calls    uint64 // since start
	Panics   uint64 // of those; the engine went on as without the hook
	Last     string // what the last panic said, on one line; empty if there was none
	LastAt   time.Time
	LastWhen string // what the hook was called for at the last panic, in words
}

// Ranges writes ascending shard ids as people do: "0-24", or "0-3, 8, 12-15".
func Ranges(ids []int) string {
	var b strings.Builder
	for i := 0; i < len(ids); {
		j := i
		for j+1 < len(ids) && ids[j+1] == ids[j]+1 {
			j++
		}
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(strconv.Itoa(ids[i]))
		if j > i {
			b.WriteString("-" + strconv.Itoa(ids[j]))
		}
		i = j + 1
	}
	return b.String()
}

// Load is how far the fleet has come with the guilds that its shards were told of
// when they identified.
type Load struct {
	Shards    int       // held here
	Loaded    int       // of those, that have been told of all their guilds
	Guilds    int       // that have come
	GuildsAll int       // that were announced
	Missing   []uint64  // of the others, at most 20, by id
	Began     time.Time // when the first shard was told of its guilds; zero before
	Timeout   time.Time // when what is missing is told to the sinks; zero if nothing is awaited
	LoadedAt  time.Time // when nothing was awaited any more; zero before
	TimedOut  int       // guilds that did not come in time, since start
}
