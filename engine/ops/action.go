package ops

import "time"

// ActionState is how an action stands.
type ActionState uint8

// The states of an action.
const (
	ActionRunning ActionState = iota
	ActionDone
	ActionFailed
	ActionRefused // the engine did not carry it out
)

var actionStateNames = [...]string{
	ActionRunning: "running", ActionDone: "done", ActionFailed: "failed", ActionRefused: "refused",
}

// String is the state's name in lower case.
func (s ActionState) String() string {
	if int(s) < len(actionStateNames) {
		return actionStateNames[s]
	}
	return "unknown"
}

// ByItself is who does what nobody has asked for.
const ByItself = "by itself"

// Action is one thing that was done to the engine, or that it did by itself.
type Action struct {
	ID     uint64    // counts from 1
	At     time.Time // when it was asked for
	By     string    // who asked, such as "ann@gate1 (console)", or what: "by itself"
	What   string    // such as "restart shard 3"
	State  ActionState
	Result string        // how it came out, or what it waits for, in words
	Took   time.Duration // until its end; so far, while it runs
	Done   int           // of its own steps, such as shards restarted
	Total  int           // likewise; 0 if it has none
	// Cancels says that [CommandCancel] ends it before it is done.
	Cancels bool
}
