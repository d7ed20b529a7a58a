package ops

import "time"

// ReshardPhase is how far a reshard has come.
type ReshardPhase uint8

// The phases of a reshard, in their order.
const (
	// ReshardNone: none is under way.
	ReshardNone ReshardPhase = iota
	// ReshardSpawn: the shards of the next fleet identify, wave by wave.
	ReshardSpawn
	// ReshardLoad: the next fleet is told of the guilds that the active one holds.
	ReshardLoad
	// ReshardOverlap: the events of both fleets are compared.
	ReshardOverlap
	// ReshardSwitch: the next fleet becomes the active one. From here on it cannot
	// be aborted.
	ReshardSwitch
	// ReshardRetire: the old fleet is closed.
	ReshardRetire
)

var reshardPhaseNames = [...]string{
	ReshardNone: "none", ReshardSpawn: "spawn", ReshardLoad: "load",
	ReshardOverlap: "overlap", ReshardSwitch: "switch", ReshardRetire: "retire",
}

// String is the phase's name in lower case.
func (p ReshardPhase) String() string {
	if int(p) < len(reshardPhaseNames) {
		return reshardPhaseNames[p]
	}
	return "unknown"
}

// Target is the fleet that a reshard is asked to make.
type Target struct {
	Total int // shards of the bot, over all processes; 0 for what reshard.target says
	// First and Last are the slice that this process is to hold, inclusive. They
	// count only with Slice, which a process needs that does not hold all shards.
	First, Last int
	Slice       bool
}

// ReshardPlan is what a reshard would do and cost.
type ReshardPlan struct {
	At                        time.Time
	From, FromFirst, FromLast int    // the active fleet: total and slice held here
	To, First, Last           int    // the next one
	Why                       string // the total is that, in words
	Recommended               int    // by Discord; 0 if unknown

	Identifies     int       // it takes
	Known          bool      // whether Discord has told the budget
	Remaining      int       // session starts left
	Reserve        int       // of those, that automatic identifies leave untouched
	ResetAt        time.Time // of the budget; zero if not known
	MaxConcurrency int
	Waves          int           // of identifies
	Spacing        time.Duration // between waves
	Spawn          time.Duration // until the last identify
	ETA            time.Duration // until the switch, if nothing fails: Spawn, loading as fast as at the start, and the soak

	Guilds      int // held now
	Capacity    int // guilds that Discord allows a shard
	FullestNow  Fullest
	FullestThen Fullest // of those guilds, in the next fleet
	Memory      uint64  // bytes that the process uses now
	More        uint64  // bytes that it is going to use in addition while both fleets are up, about

	Refusals []string // why it cannot begin; empty if it can
	Warnings []string // what the operator should know
}

// Fullest is the shard with the most guilds.
type Fullest struct{ Shard, Guilds int }

// Reshard is what has to do with the number of shards.
type Reshard struct {
	Recommended int    // shards recommended by Discord; 0 if unknown
	Refusal     string // why none can begin now; empty if one can
	Auto        ReshardAuto
	Now         *ReshardRun     // under way; nil if none is
	History     []ReshardResult // since start, newest first, at most 20
}

// ReshardAuto is how the fleet grows by itself.
type ReshardAuto struct {
	On         bool
	AtPercent  int    // of Capacity
	Target     string // as configured: "recommended" or a number
	CheckEvery time.Duration
	NextCheck  time.Time // zero if never
	Percent    float64   // guilds of the capacity of the shards held here
	Fullest    Fullest
	Capacity   int    // guilds of a shard
	Due        string // why a reshard is due, in words; empty if none is
	Held       string // why it does not begin though it is due; else empty
	// PerDay is how many guilds the bot gains in a day, by what has been seen
	// since the start; 0 before there is a figure. FullAt is when the fleet is full
	// at that growth; zero if it never is, or there is no figure.
	PerDay float64
	FullAt time.Time
}

// ReshardRun is a reshard under way.
type ReshardRun struct {
	Plan   ReshardPlan // by which it began
	By     string      // who began it
	Begun  time.Time
	Phase  ReshardPhase
	Since  time.Time // of the phase
	Paused bool
	Waits  string // what it waits for, or why it does not go on, in words

	ByState [ShardFailed + 1]int // shards of the next fleet held here
	Wave    int                  // of identifies, counting from 1; 0 before the first
	Waves   int
	UpAt    time.Time // when the last shard is expected to be ready; zero if not known

	Guilds    int       // of the active fleet's that the next one holds
	GuildsAll int       // of the active fleet's that it has to hold
	Missing   []uint64  // of the others, at most 20, by id
	Timeout   time.Time // when the missing ones are told as an alert; zero outside of Load

	Both    uint64        // events that have come from both fleets
	OnlyOld uint64        // that the next fleet should have had and did not
	OnlyNew uint64        // that the active fleet should have had and did not: they were delivered from the next one
	Waiting int           // events whose twin has not come yet
	Bytes   int64         // of events held for comparison
	Agreed  time.Duration // for which the streams have agreed
	Soak    time.Duration // for which they have to
}

// ReshardResult is a reshard that has ended.
type ReshardResult struct {
	Begun, Ended           time.Time
	From, To               int
	By                     string
	Phase                  ReshardPhase // in which it ended; ReshardRetire if it succeeded
	Err                    string       // why it did not; empty if it did
	Identifies             int          // spent
	Both, OnlyOld, OnlyNew uint64
	// Gap is how long no event could be delivered at the switch.
	Gap time.Duration
}
