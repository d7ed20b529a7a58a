package control

import (
	"bytes"
	"fmt"
	"math"
	"time"

	"github.com/gatehouse-gateway/gatehouse/engine/ops"
)

// Protocol is the version of what client and server say to each other. It grows
// when a name changes its meaning or is taken away.
const Protocol = 3

// protocolHeader carries [Protocol] on every answer, and on every request of a
// [Client]. A request without it is taken as one of the server's version, so
// that curl works.
const protocolHeader = "Gatehouse-Protocol"

// Identity says which Gatehouse answers.
type Identity struct {
	Protocol int    `json:"protocol"`
	Version  string `json:"version"` // of the program
	PID      int    `json:"pid"`
}

// fault is the body of every answer that is not what was asked for.
type fault struct {
	Code    string `json:"code"`
	Message string `json:"message"` // for people, without the operation

	RetryAt time.Time `json:"retry_at,omitzero"` // of not_sent: when it would be sent
	Sent    []int     `json:"sent,omitempty"`    // of not_sent: shards that have written it all the same
}

// The codes of a fault.
const (
	codeBadRequest = "bad_request" // 400, 413: the request cannot be understood
	codeProtocol   = "protocol"    // 400: client and server are of different versions
	codeNotFound   = "not_found"   // 404: no such endpoint
	codeNoShard    = "no_shard"    // 404
	codeNoAction   = "no_action"   // 404
	codeRefused    = "refused"     // 409: the engine does not carry out the command
	codeNotSent    = "not_sent"    // 409: the command has not been sent to Discord, or not by all of its shards
	codeFailed     = "failed"      // 500: the engine could not answer
	codeBusy       = "busy"        // 503: too many requests at a time
	codeStopping   = "stopping"    // 503: Gatehouse stops
	codeTimeout    = "timeout"     // 504: the command was not done in time
)

// Marshal is v as this package's API shows it, for whoever prints what a
// [Client] returned. It takes [*ops.Snapshot], [*ops.ShardDetail], [ops.LogPage], [*ops.History], [ops.GuildPlace], [ops.GuildPage],
// [ops.DeadLetterPage], [ops.Identify], [ops.Sent], [*ops.SendError], [ops.Sink], [ops.Reshard],
// [*ops.ReshardPlan], and slices of [ops.Shard], [ops.Worker],
// [ops.Sink], [ops.Alert] and [ops.Action].
func Marshal(v any) ([]byte, error) {
	wire := wireOf(v)
	if wire == nil {
		return nil, fmt.Errorf("control: no form for %T", v)
	}
	data, err := plainJSON(wire)
	return bytes.TrimSuffix(data, []byte{'\n'}), err
}

// wireOf is the form of a value, nil if it has none.
func wireOf(v any) any {
	switch v := v.(type) {
	case *ops.Snapshot:
		return wireSnapshot(v)
	case *ops.ShardDetail:
		return wireDetail(v)
	case ops.LogPage:
		return wireLogPage(v)
	case ops.Shard:
		return wireShard(v)
	case ops.Worker:
		return wireWorker(v)
	case ops.Action:
		return wireDeed(v)
	case ops.LogLine:
		return wireLine(v)
	case ops.DeadLetter:
		return wireLetter(v)
	case ops.Traffic:
		return wireTraffic(v)
	case ops.GuildPlace:
		return wirePlace(v)
	case ops.GuildPage:
		return wireGuildPage(v)
	case *ops.History:
		return wireHistory(v)
	case ops.DeadLetterPage:
		return wireLetterPage(v)
	case ops.Identify:
		return wireIdentify(v)
	case ops.Sent:
		return wireSent(v)
	case *ops.SendError:
		return notSent(v)
	case ops.Sink:
		return wireSink(v)
	case ops.Reshard:
		return wireReshard(v)
	case *ops.ReshardPlan:
		return wirePlan(v)
	case []ops.Shard:
		return each(v, wireShard)
	case []ops.Worker:
		return each(v, wireWorker)
	case []ops.Sink:
		return each(v, wireSink)
	case []ops.Alert:
		return each(v, wireAlert)
	case []ops.Action:
		return each(v, wireDeed)
	}
	return nil
}

// each converts a list. It is never nil, so that JSON has [] and not null.
func each[A, B any](in []A, convert func(A) B) []B {
	out := make([]B, len(in))
	for i, a := range in {
		out[i] = convert(a)
	}
	return out
}

// some is the way back: an empty list is nil, as the engine has it.
func some[A, B any](in []A, convert func(A) B) []B {
	if len(in) == 0 {
		return nil
	}
	return each(in, convert)
}

// millis is a duration in milliseconds, to the nanosecond.
func millis(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

// ofMillis is the way back.
func ofMillis(ms float64) time.Duration {
	return time.Duration(math.Round(ms * float64(time.Millisecond)))
}

// finite keeps a figure that is none from spoiling the whole answer: JSON has
// neither infinities nor NaN.
func finite(f float64) float64 {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return 0
	}
	return f
}

// words reads the words of states. It keeps the first that is not known, so that
// conversions need not fail one by one.
type words struct{ err error }

// word is a value that shows itself as one.
type word interface {
	~uint8
	String() string
}

// unknownWord is how a word shows a value that it has no name for.
const unknownWord = "unknown"

// lookUp is the value of a type that shows itself as text.
func lookUp[T word](text string) (T, bool) {
	for n := range math.MaxUint8 + 1 {
		if v := T(n); v.String() == text && text != unknownWord {
			return v, true
		}
	}
	return 0, false
}

// readWord looks a word up for a conversion.
func readWord[T word](w *words, text string) T {
	v, ok := lookUp[T](text)
	if !ok && w.err == nil {
		w.err = fmt.Errorf("control: the answer has the state %q, which this version does not know", text)
	}
	return v
}
