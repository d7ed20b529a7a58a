package ops

import "time"

// Snapshot is the engine at one instant. It is immutable.
//
// Figures are measured, never estimated. What has not been measured yet is the
// zero value of its type; each field says how to tell.
type Snapshot struct {
	At        time.Time
	StartedAt time.Time
	Name      string // of this instance, for the console's corner; may be empty
	Version   string
	Phase     EnginePhase
	// KeepsSessions says that sessions outlive the engine: its next start
	// resumes them, and with them comes what was not delivered.
	KeepsSessions bool

	Fleet    Fleet
	Shards   []Shard // of the active fleet, by id, without holes
	Workers  []Worker
	Sinks    []Sink
	Store    Store
	Identify Identify
	Commands Commands
	// Presence is the template of what people see of the bot (`d` of op 3), of the
	// shards that have none of their own; empty for none.
	Presence string
	Traffic  Traffic
	Latency  Latency
	Reshard  Reshard
	Filter   Filter
	Load     Load
	Hooks    []Hook  // those that are set, by name
	Alerts   []Alert // the most urgent first, then the newest
	// Actions are what was done to the engine and what it did by itself, newest
	// first, at most 50.
	Actions  []Action
	LogLevel Level  // least level that is logged
	LastLog  uint64 // highest LogLine.Seq, to see that there is more to fetch
}

// Fleet is one complete set of shards with one total.
type Fleet struct {
	Total       int // shards of the bot, over all processes; 0 before it is known
	First, Last int // inclusive slice held by this process
	ByState     [ShardFailed + 1]int
	Guilds      int // loaded and available
	Unavailable int // known, but Discord reports an outage
	Loading     int // announced by READY, not seen yet

	Compress string // how Discord compresses what it sends, such as "zlib-stream"
	// Placement is how shards are given to workers: "contiguous", "round_robin" or,
	// if a hook decides, "hook".
	Placement string
}

// Shard is one gateway session and its connection.
type Shard struct {
	ID     int
	Worker int // index into Snapshot.Workers
	State  ShardState
	Since  time.Time // of State

	// Latency is the last measured time from heartbeat to ACK; 0 if there is
	// none on the present connection, or an ACK is overdue. LastACK is when the
	// last ACK came on the present connection, or on the last one while there is
	// none; zero before the first.
	Latency time.Duration
	LastACK time.Time

	// Replacing says that Discord has asked for a reconnect, and that the next
	// connection is being opened while this one still brings events.
	Replacing bool

	// LastEvent is when the last dispatch came; zero before the first. Quiet is
	// how long the shard may go without one before it is probed; 0 if it never
	// is. ProbeAt is when a probe was sent that has not been answered; else
	// zero.
	LastEvent time.Time
	Quiet     time.Duration
	ProbeAt   time.Time
	Probes    uint64 // sent since start
	Deaf      uint64 // probes that stayed unanswered, each of which led to a RESUME

	Outbox int // commands that wait to be sent
	Sends  int // frames sent in the last 60 s on this connection, of the 120 that Discord allows

	Guilds      int
	Unavailable int
	Loading     int

	Seq          int64     // last sequence number received; 0 without a session
	SessionSince time.Time // when the session was identified; zero without one
	LoadedAt     time.Time // when all its guilds had come; zero before, and for a session of an earlier run

	Events     uint64  // dispatches received since start
	Rate       float64 // dispatches per second, over the last 5 s
	Identifies uint64  // Identifies sent since start
	Resumes    uint64  // sessions resumed since start
	Reconnects uint64  // connections lost or closed since start

	RetryAt   time.Time // when a shard in backoff dials again; else zero
	LastClose Close
	Fault     string // why the shard failed and what to do; empty otherwise
}

// Close says how a connection ended.
type Close struct {
	At      time.Time // zero: no connection has ended yet
	Code    int       // WebSocket close code; 0 if none was received
	ByUs    bool      // we closed it
	Meaning string    // the code or the error in words
}

// Worker is a group of shards with one pipeline and one queue.
type Worker struct {
	ID      int
	Shards  []int // ids, ascending
	ByState [ShardFailed + 1]int
	Guilds  int
	Events  uint64  // dispatches received by its shards since start
	Rate    float64 // of those, per second, over the last 5 s
	Bytes   float64 // of JSON per second, likewise
	// Share is its part of the work of all workers, 0 to 1, estimated by the events
	// and bytes of the last 5 s; 0 if there were none.
	Share float64
	Lag   time.Duration // age of the oldest event that a sink has not acknowledged; 0 if none
	Queue Queue
}

// Queue is what a worker's log holds until every sink has acknowledged it.
type Queue struct {
	Depth      int   // events
	Bytes      int64 // of events, in memory and on disk
	Memory     int64 // of those, in memory; an event may be in memory and on disk
	Disk       int64 // bytes of files
	Files      int
	MaxEvents  int   // bound on all workers together; 0 for none
	MaxBytes   int64 // bound on all workers together; 0 for none
	Dropped    uint64
	OldestAt   time.Time // when the oldest event was received; zero if empty
	AppendRate float64   // events per second, over the last 5 s
}

// Store is what the queues of all workers hold together, and the disk below.
type Store struct {
	OnDisk    bool   // what waits long is kept on disk; false: in memory alone
	Dir       string // where, for people; empty without a disk
	Bytes     int64  // of events, in memory and on disk
	MaxBytes  int64  // bound on Bytes and on Disk; 0 for none
	Memory    int64  // bytes of events in memory
	MaxMemory int64  // bound on Memory
	Disk      int64  // bytes of files
	Files     int

	Written uint64        // bytes of events written to disk since start
	Read    uint64        // bytes of events read back since start
	Busy    time.Duration // how long the longest write or read under way has taken; 0 if none is
	Slowest time.Duration // the longest write of the last minute; 0 if none
	Damaged int           // files that could not be read and were put aside, since start

	Fault      string    // why the disk does not take events at present; empty if it does
	FaultSince time.Time // zero without a fault
}

// Sink is where events go: the bot.
type Sink struct {
	Name   string
	Kind   string // "http", …
	Target string // URL or address without secrets
	State  SinkState
	Since  time.Time // of State

	Depth     int           // events not acknowledged
	Lag       time.Duration // age of the oldest of them; 0 if none
	InFlight  int           // deliveries under way
	Delivered uint64        // events acknowledged since start
	Rate      float64       // events acknowledged per second, over the last 5 s
	Retries   uint64        // deliveries tried again since start
	Drain     float64       // events per second by which Depth shrinks, over the last 5 s; below 0 while it grows
	ETA       time.Duration // until Depth is 0 at that pace; 0 if it does not shrink, or is 0
	Dropped   uint64        // events that the queue's bounds cost, since start
	Gaps      uint64        // gap markers delivered since start, each for one or more dropped events
	Early     uint64        // interactions that overtook the backlog, since start
	Late      uint64        // interactions delivered too late to be answered, since start
	Expired   uint64        // interactions too late to be followed up, since start
	Orphan    bool          // not configured any more: its events wait on disk until it is again
	Buried    uint64        // events put aside as dead letters since start
	Letters   int           // dead letters that wait for a replay or for being removed
	Asked     uint64        // commands for Discord that its bot has sent back, since start
	Unsent    uint64        // of those, refused
	Filtered  uint64        // events that its rules kept away, since start
	Rules     []Rule        // in the order in which they are asked
	P50, P99  time.Duration // delivery to acknowledgement, last minute; 0 if none

	LastError   string // in words; empty if there was none
	LastErrorAt time.Time
	NextTry     time.Time // of a sink that retries; else zero
}

// Identify is the session-start budget.
type Identify struct {
	Known          bool      // false until Discord has told
	Total          int       // session starts per day
	Remaining      int       // as Discord last said, less what we started since
	ResetAt        time.Time // zero if Discord has not told, as while nothing is used
	MaxConcurrency int       // identifies per Spacing, one per bucket
	Spacing        time.Duration
	Reserve        int       // session starts that automatic identifies leave untouched
	Waiting        int       // shards in the queue
	NextAt         time.Time // earliest next identify; zero if none waits
	Sent           uint64    // Identifies sent since start
	Rejected       uint64    // Identifies that Discord answered with op 9, since start

	ToldAt   time.Time // when Discord last told the budget
	Spent    int       // identifies sent since then
	LastHour int       // identifies sent in the last hour
	// RunsOutAt is when no more than the reserve is left, at the pace of the last
	// hour; zero if the reset comes first, or there is no pace.
	RunsOutAt time.Time
	Breaker   Breaker
	// Buckets are those of max_concurrency in which somebody waits, or which
	// Discord has told to slow down, by key, at most 64.
	Buckets []Bucket
}

// Breaker stops the identifies that nobody asked for before they have burnt the
// reserve.
type Breaker struct {
	Open  bool      // it has stopped them
	Since time.Time // when it did; zero if it has not
	Why   string    // in words; empty if it has not
	Trips uint64    // since start
}

// Bucket is one of the groups of shards that may identify in parallel.
type Bucket struct {
	Key     int       // shard id modulo max_concurrency
	Waiting int       // shards
	OpenAt  time.Time // earliest next identify; zero if that is not known
	Refused int       // identifies in a row that Discord has answered with op 9
}

// Traffic is what flows through, over the active fleet.
type Traffic struct {
	Events    uint64  // dispatches received since start
	Bytes     uint64  // of JSON, after inflating, since start
	WireBytes uint64  // as received, since start
	Rate      float64 // dispatches per second, over the last 5 s
	ByteRate  float64 // of JSON per second, over the last 5 s
	Delivered float64 // acknowledged per second over all sinks, over the last 5 s
	Depth     int     // deepest sink
	Lag       time.Duration

	// PerSecond holds the dispatches of each of the last seconds, oldest
	// first, at most 300; the second under way is not in it. DepthPerSecond
	// and LagPerSecond are sampled at the same instants.
	PerSecond      []float64
	DepthPerSecond []float64
	LagPerSecond   []float64 // seconds

	Types []TypeCount // by count since start, greatest first, at most 40
	// Guilds are the busiest, the first the most, at most 20; none before the first
	// [HotSeconds] are over. Guilds that are not among the busiest 32 of their shard
	// are not seen.
	Guilds []GuildCount
}

// HotSeconds is the span over which the guilds' events are counted, in seconds.
const HotSeconds = 30

// GuildCount is how busy a guild is.
type GuildCount struct {
	Guild uint64
	Shard int
	Count uint64 // dispatches, at least, in the last whole span of [HotSeconds]
	Bytes uint64 // of those
}

// TypeCount is how often a dispatch type was received.
type TypeCount struct {
	Type  string
	Count uint64
	Bytes uint64
	Rate  float64 // per second, over the last 5 s
}

// Latency sums up the heartbeat latency of the shards that are up.
type Latency struct {
	P50, P99, Max time.Duration // 0 if nothing has been measured
	PerSecond     []float64     // p50 in ms of each of the last seconds, oldest first, at most 300
}

// AlertLevel orders alerts.
type AlertLevel uint8

// The alert levels.
const (
	AlertWarn AlertLevel = iota + 1
	AlertCritical
)

// Alert is a condition that needs a person. It stays as long as it holds.
type Alert struct {
	ID    string // stable while the condition holds, such as "shard/3/failed"
	Level AlertLevel
	Since time.Time
	Shard int    // to jump to; -1 if none
	Sink  string // to jump to; empty if none
	Text  string // what is wrong and what to do, one line
	// Count is how many shards or events it speaks of; 0 for one of its own. It gets
	// worse as that doubles.
	Count int
	// Page is the page that shows more: "shards", "sinks", "events", "reshard",
	// "workers", "identify" or "logs"; empty if there is none.
	Page string
	// AckedAt is when somebody acknowledged it, and AckedBy who; zero before. It
	// stays acknowledged until it ends or its level rises.
	AckedAt time.Time
	AckedBy string
}

// ShardDetail is what the snapshot leaves out about one shard.
type ShardDetail struct {
	Shard          Shard
	ResumeHost     string          // host that a RESUME dials; empty without a session
	Latencies      []time.Duration // last heartbeats, oldest first, at most 60
	EventPerSecond []float64       // dispatches in each of the last seconds, oldest first, at most 120
	Types          []TypeCount     // greatest first, at most 20
	History        []Transition    // oldest first, at most 50
}

// Transition is one change of a shard's state.
type Transition struct {
	At       time.Time
	From, To ShardState
	Reason   string // in words
}
