package shard

import "github.com/gatehouse-gateway/gatehouse/engine/discord"

// InputKind names what can happen to a shard.
type InputKind uint8

// The inputs.
const (
	InStart      InputKind = iota + 1 // begin, or begin again after a stop or a fatal answer
	InStop                            // end; Keep says whether the session may be resumed later
	InRestart                         // reconnect and RESUME
	InReidentify                      // give up the session and identify anew
	InOpened                          // the dial succeeded
	InDialFailed                      // it did not: Err
	InFrame                           // a gateway message: Frame
	InClosed                          // the connection ended: Close
	InTimer                           // Timer fired
	InSlot                            // our turn to identify
	InNoProbe                         // there is nobody to ask about: the probe was not sent
	InNoIdentify                      // the Identify cannot be made, and was not sent: Err
	InReturn                          // others have got through to Discord again
)

// TimerKind names a machine's timers. Setting one replaces what it was set to.
type TimerKind uint8

// The timers.
const (
	TimerBackoff   TimerKind = iota // wait before the next dial
	TimerHello                      // the longest wait for Hello
	TimerHeartbeat                  // the next heartbeat
	TimerSpare                      // the longest wait for the replacement, or the wait before its next dial
	TimerWatch                      // how long the shard may be quiet, be it live or resuming
	TimerProbe                      // the longest wait for the answer to a probe
	timerKinds
)

// String is the timer's name.
func (t TimerKind) String() string {
	switch t {
	case TimerBackoff:
		return "backoff"
	case TimerHello:
		return "hello"
	case TimerHeartbeat:
		return "heartbeat"
	case TimerSpare:
		return "spare"
	case TimerWatch:
		return "watch"
	case TimerProbe:
		return "probe"
	default:
		return "unknown"
	}
}

// Input is one thing that happened.
type Input struct {
	Kind  InputKind
	Frame *discord.Frame      // of InFrame; read during the step alone
	Close *discord.CloseError // of InClosed
	Err   error               // of InDialFailed and InNoIdentify
	Timer TimerKind           // of InTimer
	Keep  bool                // of InStop
	// Spare, of InOpened, InDialFailed, InFrame and InClosed, says that it is
	// about the replacement of a connection that still stands.
	Spare bool
	// Stalled, of a timer or a frame, says that we ourselves have not been reading
	// (the queue holds the reader back), so that a missing ACK or Hello proves
	// nothing, and neither does a gap between events.
	Stalled bool
}
