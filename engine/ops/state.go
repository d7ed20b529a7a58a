package ops

// ShardState is where a shard is in its connection's life.
type ShardState uint8

// The states, in the order of a shard's way up.
const (
	ShardIdle        ShardState = iota // not started yet
	ShardConnecting                    // dialling, or waiting for Hello
	ShardQueued                        // connected, waits for its turn to identify
	ShardIdentifying                   // Identify sent, waits for READY
	ShardResuming                      // Resume sent, missed events are being replayed
	ShardReady                         // live
	ShardBackoff                       // connection lost, waits before it dials again
	ShardStopped                       // stopped by an operator
	ShardFailed                        // stopped by a fatal answer; needs a person
)

// ShardStates lists every state in the order of display.
func ShardStates() []ShardState {
	return []ShardState{ShardReady, ShardResuming, ShardIdentifying, ShardQueued,
		ShardConnecting, ShardIdle, ShardBackoff, ShardStopped, ShardFailed}
}

var shardStateNames = [...]string{
	ShardIdle:        "idle",
	ShardConnecting:  "connecting",
	ShardQueued:      "queued",
	ShardIdentifying: "identifying",
	ShardResuming:    "resuming",
	ShardReady:       "ready",
	ShardBackoff:     "backoff",
	ShardStopped:     "stopped",
	ShardFailed:      "failed",
}

// String is the state's name in lower case.
func (s ShardState) String() string {
	if int(s) < len(shardStateNames) {
		return shardStateNames[s]
	}
	return "unknown"
}

// Up reports whether events reach us from the shard, live or as a replay.
func (s ShardState) Up() bool { return s == ShardReady || s == ShardResuming }

// SinkState is what a sink is doing.
type SinkState uint8

// The sink states.
const (
	SinkIdle      SinkState = iota // nothing to deliver yet
	SinkOK                         // the last delivery was acknowledged
	SinkRetrying                   // deliveries fail and are retried
	SinkRejecting                  // the bot answers, but refuses events
	SinkPaused                     // held by an operator
	SinkRefused                    // held because the bot refused our secret (401, 403)
)

var sinkStateNames = [...]string{
	SinkIdle:      "idle",
	SinkOK:        "ok",
	SinkRetrying:  "retrying",
	SinkRejecting: "rejecting",
	SinkPaused:    "paused",
	SinkRefused:   "refused",
}

// String is the state's name in lower case.
func (s SinkState) String() string {
	if int(s) < len(sinkStateNames) {
		return sinkStateNames[s]
	}
	return "unknown"
}

// EnginePhase is where the engine is in its own life.
type EnginePhase uint8

// The phases of the engine.
const (
	PhaseStarting EnginePhase = iota // not every shard has been up yet
	PhaseRunning
	PhaseDraining // shards are closed for a restart, the queue is delivered to its end
	PhaseStopping // closing shards, delivering what the sinks take within seconds
	PhaseStopped
)

var phaseNames = [...]string{
	PhaseStarting: "starting",
	PhaseRunning:  "running",
	PhaseDraining: "draining",
	PhaseStopping: "stopping",
	PhaseStopped:  "stopped",
}

// String is the phase's name in lower case.
func (p EnginePhase) String() string {
	if int(p) < len(phaseNames) {
		return phaseNames[p]
	}
	return "unknown"
}
