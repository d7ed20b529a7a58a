package ops

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// Operator is a running engine as seen by whoever watches and steers it. It is
// implemented by the engine itself and by a client of its control API; both
// are safe for concurrent use.
type Operator interface {
	// Snapshot is the engine's state now. The result is immutable.
	Snapshot(ctx context.Context) (*Snapshot, error)
	// Shard is what the snapshot leaves out about one shard of the active
	// fleet. It fails with [ErrNoShard].
	Shard(ctx context.Context, id int) (*ShardDetail, error)
	// Log returns lines of the engine's log ring, oldest first.
	Log(ctx context.Context, q LogQuery) (LogPage, error)
	GuildFinder
	// History is what was measured over a range, of the past at once.
	History(ctx context.Context, r HistoryRange) (*History, error)
	// Subscribe delivers the engine's rare events until ctx ends, then closes
	// the channel. At most buffer events wait; further ones are replaced by one
	// event of kind [EventMissed] that says how many.
	Subscribe(ctx context.Context, buffer int) (<-chan Event, error)
	// DeadLetters are the events that a bot has refused for good, or that were
	// put aside because they came too late, oldest first.
	DeadLetters(ctx context.Context, q DeadLetterQuery) (DeadLetterPage, error)
	// Plan says what a reshard would do and cost. It changes nothing.
	Plan(ctx context.Context, to Target) (*ReshardPlan, error)
	// Do starts an action and returns as soon as it has been accepted. It
	// fails with a [*RefusedError] if the action is not possible now.
	Do(ctx context.Context, cmd Command) (Operation, error)
	// Send has one gateway command sent to Discord by the shards that it
	// concerns, and returns when the last of them has written it or, if the
	// answers are asked for, when they are there. It fails with a
	// [*SendError] if the command is not sent, and with ctx's error once ctx
	// has ended; what was written by then stays written.
	Send(ctx context.Context, s Send) (Sent, error)
}

// ErrNoShard is returned for a shard id that the active fleet does not have.
var ErrNoShard = errors.New("no such shard in the active fleet")

// RefusedError says why the engine does not carry out a command.
type RefusedError struct {
	Command Command
	Reason  string // for people: why, and what to do
}

func (e *RefusedError) Error() string { return e.Command.Kind.String() + " refused: " + e.Reason }

// CommandKind names what an operator can ask for.
type CommandKind uint8

// The commands.
const (
	// CommandRestart closes a shard's connection and RESUMEs its session:
	// nothing is lost, no identify is spent.
	CommandRestart CommandKind = iota + 1
	// CommandReidentify gives up a shard's session and identifies anew. Costs
	// one session start per shard; what Discord had buffered for the old
	// session is gone.
	CommandReidentify
	// CommandStop closes a shard for good until it is started again.
	CommandStop
	// CommandStart starts a stopped or failed shard.
	CommandStart
	// CommandPauseSink holds deliveries to a sink; its events queue up.
	CommandPauseSink
	// CommandResumeSink lets deliveries to a sink go on, and tries at once
	// what waits for a retry.
	CommandResumeSink
	// CommandDrain closes every shard so that its session can be resumed,
	// delivers what is queued however long that takes, and ends the engine.
	CommandDrain
	// CommandReplay puts dead letters of a sink back into its queue, with the
	// ids that they had: those named in Letters, or all of them.
	CommandReplay
	// CommandDiscard forgets what is queued for a sink that is not configured
	// any more.
	CommandDiscard
	// CommandAllow lets identifies go on that the breaker has stopped.
	CommandAllow
	// CommandReshard has a fleet of another number of shards (Target) take over,
	// without a pause in the events. Costs one session start per shard of it.
	CommandReshard
	// CommandReshardPause has the reshard under way spend no further identify and
	// not switch; CommandReshardResume lets it go on.
	CommandReshardPause
	CommandReshardResume
	// CommandReshardAbort closes the next fleet and leaves the active one as it is.
	CommandReshardAbort
	// CommandReshardForce switches although guilds are missing on the next fleet,
	// or the streams do not agree: what it lacks is lost, what differs may come
	// twice.
	CommandReshardForce
	// CommandReload has the configuration read again, and what of it can change
	// while the engine runs takes effect.
	CommandReload
	// CommandDrop gives up the oldest events that wait for a sink, at most Events of
	// them. Gap markers take their place; what is being delivered goes on.
	CommandDrop
	// CommandLogLevel sets the least level that is logged, until the configuration
	// changes it.
	CommandLogLevel
	// CommandDump writes a file for whoever has to find out what is wrong: the
	// snapshot, the last lines of the log, the configuration without secrets, and
	// what every goroutine does.
	CommandDump
	// CommandAck takes an alert off the line of every console until it ends or gets
	// worse.
	CommandAck
	// CommandCancel ends an action under way, if it can be; see [Action.Cancels].
	CommandCancel
)

var commandNames = map[CommandKind]string{
	CommandRestart:    "restart",
	CommandReidentify: "reidentify",
	CommandStop:       "stop",
	CommandStart:      "start",
	CommandPauseSink:  "pause",
	CommandResumeSink: "resume",
	CommandDrain:      "drain",
	CommandReplay:     "replay",
	CommandDiscard:    "discard",
	CommandAllow:      "allow",

	CommandReshard:       "reshard",
	CommandReshardPause:  "reshard-pause",
	CommandReshardResume: "reshard-resume",
	CommandReshardAbort:  "reshard-abort",
	CommandReshardForce:  "reshard-force",

	CommandReload: "reload",

	CommandDrop:     "drop",
	CommandLogLevel: "loglevel",
	CommandDump:     "dump",
	CommandAck:      "ack",
	CommandCancel:   "cancel",
}

// String is the command's name as `gatehouse ctl` spells it.
func (k CommandKind) String() string {
	if name, ok := commandNames[k]; ok {
		return name
	}
	return "unknown"
}

// Command is one request of an operator.
type Command struct {
	Kind   CommandKind
	Shards []int  // ids of the active fleet; for shard commands
	Sink   string // name; for sink commands
	By     string // who asks, for the log

	Workers []int    // whose shards a CommandRestart is for, beside Shards
	Letters []string // event ids, for CommandReplay; empty for all of the sink's
	Target  Target   // for CommandReshard

	All     bool    // every shard, for a CommandRestart; those that cannot be restarted are left out
	Rolling Rolling // how a CommandRestart goes from shard to shard
	Events  int     // for CommandDrop
	Level   Level   // for CommandLogLevel
	Alert   string  // id, for CommandAck
	Action  uint64  // id, for CommandCancel
}

// Rolling says that shards are restarted one after the other. The zero Rolling
// restarts all at once.
type Rolling struct {
	On    bool
	Every time.Duration // from a shard's return to the next one's restart; at most an hour
	// Within is how long a shard may take to come back before the restart stops, the
	// others untouched; 0 for [RollingWithin].
	Within time.Duration
}

// What a rolling restart does if nobody says otherwise, and the most that it takes.
const (
	RollingEvery  = 2 * time.Second
	RollingWithin = time.Minute
	RollingMost   = time.Hour
)

// Wrong says what is wrong with the pace; empty if nothing is.
func (r Rolling) Wrong() string {
	switch {
	case !r.On && r != Rolling{}:
		return "a pace is given for a restart that is not rolling"
	case r.Every < 0 || r.Every > RollingMost:
		return fmt.Sprintf("every %s; allowed: 0 to %s", r.Every, RollingMost)
	case r.Within < 0 || r.Within > RollingMost:
		return fmt.Sprintf("within %s; allowed: 1s to %s", r.Within, RollingMost)
	default:
		return ""
	}
}

// What is the command in words, such as "restart shard 3".
func (c Command) What() string {
	switch {
	case c.Kind == CommandDrop:
		return fmt.Sprintf("drop up to %d events of sink %s", c.Events, c.Sink)
	case c.Kind == CommandLogLevel:
		return "log level " + c.Level.String()
	case c.Kind == CommandAck:
		return "acknowledge " + c.Alert
	case c.Kind == CommandCancel:
		return fmt.Sprintf("cancel action %d", c.Action)
	case c.Rolling.On && c.All:
		return "rolling restart of all shards"
	case c.Rolling.On:
		return "rolling restart of " + c.shards()
	case c.All:
		return c.Kind.String() + " all shards"
	case c.Sink != "":
		return c.Kind.String() + " sink " + c.Sink
	case len(c.Workers) > 0 || len(c.Shards) > 0:
		return c.Kind.String() + " " + c.shards()
	default:
		return c.Kind.String()
	}
}

// shards are those of the command, in words.
func (c Command) shards() string {
	switch {
	case len(c.Workers) == 1:
		return fmt.Sprintf("worker %d", c.Workers[0])
	case len(c.Workers) > 0:
		return fmt.Sprintf("%d workers", len(c.Workers))
	case len(c.Shards) == 1:
		return fmt.Sprintf("shard %d", c.Shards[0])
	default:
		return fmt.Sprintf("%d shards", len(c.Shards))
	}
}

// Operation is an accepted command under way.
type Operation interface {
	// Progress is how far it has come.
	Progress() Progress
	// Done is closed when the operation has ended, well or not.
	Done() <-chan struct{}
	// Err is nil while it runs and after success.
	Err() error
}

// Progress of an operation in its own steps, such as shards restarted.
type Progress struct {
	Done, Total int
	Text        string // what it waits for, or the result, in words
}

// EventKind names the rare facts that are pushed to subscribers.
type EventKind uint8

// The event kinds.
const (
	EventShardState EventKind = iota + 1 // Shard, From, To, Text
	EventSinkState                       // Sink, Text
	EventAlert                           // Text
	EventOperation                       // an operator's action ended: Text
	EventMissed                          // Missed events were not delivered
	EventReshard                         // a reshard began, came to another phase, or ended: Text
)

// Event is one rare fact: a state change that must not be missed silently.
type Event struct {
	Kind     EventKind
	At       time.Time
	Shard    int // id, or -1
	From, To ShardState
	Sink     string
	Text     string // for people
	Missed   int
}

// DeadLetterQuery selects dead letters.
type DeadLetterQuery struct {
	Sink string // name; empty for every sink
	Max  int    // at most so many, the newest; 0 for all
}

// DeadLetterPage is an answer to a [DeadLetterQuery].
type DeadLetterPage struct {
	Letters []DeadLetter // oldest first
	Total   int          // that match the sink, shown or not
}

// DeadLetter is one event that was put aside.
type DeadLetter struct {
	Sink   string
	At     time.Time // when it was put aside
	Reason string
	ID     string // of the event, as the bot sees it
	Type   string
	Shard  int
	Event  json.RawMessage // as the bot was sent it
}

// LogQuery selects lines of the log ring.
type LogQuery struct {
	After uint64 // only lines with a greater sequence number
	Max   int    // at most so many, the newest; 0 means all in the ring
	Level Level  // only this severe or more
	Shard int    // only this shard's lines; -1 for all
}

// LogPage is an answer to a [LogQuery].
type LogPage struct {
	Lines []LogLine // oldest first
	Last  uint64    // highest sequence number in the ring, matched or not
	Lost  uint64    // lines after LogQuery.After that the ring no longer holds
}

// LogLine is one line of the engine's log.
type LogLine struct {
	Seq   uint64 // counts from 1, without holes
	At    time.Time
	Level Level
	Shard int    // shard id, or -1
	Text  string // message and attributes, on one line, without secrets
}

// Level is a log line's severity, with the values of log/slog.
type Level int

// The levels.
const (
	LevelDebug Level = -4
	LevelInfo  Level = 0
	LevelWarn  Level = 4
	LevelError Level = 8
)

// String is the level in lower case: debug, info, warn, error.
func (l Level) String() string {
	switch {
	case l < LevelInfo:
		return "debug"
	case l < LevelWarn:
		return "info"
	case l < LevelError:
		return "warn"
	default:
		return "error"
	}
}
