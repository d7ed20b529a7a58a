package screen

import (
	"strconv"
	"time"

	"github.com/gatehouse-gateway/gatehouse/engine/ops"
	"github.com/gatehouse-gateway/gatehouse/tui/frame"
	"github.com/gatehouse-gateway/gatehouse/tui/style"
)

// firstACK is how long a new connection may be without an ACK: its first
// heartbeat comes within an interval of some 41 s.
const firstACK = time.Minute

// ackOverdue reports whether a shard that is up has not been answered in time.
// Without a latency either an ACK is overdue, or the connection is so young that
// none has come on it yet.
func ackOverdue(s *ops.Shard, now time.Time) bool {
	if !s.State.Up() || s.Latency > 0 {
		return false
	}
	return s.LastACK.After(s.Since) || now.Sub(s.Since) > firstACK
}

// Troubled reports whether a shard needs a look: it is not ready, an ACK is
// overdue, or it is so quiet that it is being probed.
func Troubled(s *ops.Shard, now time.Time) bool {
	return s.State != ops.ShardReady || ackOverdue(s, now) || !s.ProbeAt.IsZero()
}

// pulse is what tells in one or two words whether a shard that is up lives: what
// is wrong with it, or else its latency, and how loud that is said.
func pulse(l Look, s *ops.Shard) (string, style.Style) {
	bad := l.S.Warn.Bold()
	switch {
	case ackOverdue(s, l.Now):
		return ackAge(l, s), bad
	case !s.ProbeAt.IsZero():
		return "probe " + l.ago(s.ProbeAt), bad
	case s.Replacing:
		return "replacing", l.S.Text
	case s.Latency > 0:
		return frame.Duration(s.Latency), warnLatency(l, s.Latency)
	default:
		return ackAge(l, s), l.S.Text
	}
}

// ackAge is the age of the last ACK in a tight place; the dash before the first.
func ackAge(l Look, s *ops.Shard) string {
	if s.LastACK.IsZero() {
		return l.G.Dash
	}
	return "ack " + l.ago(s.LastACK)
}

// silence is how long a shard has been without an event, of how long it may be,
// and the probe that is under way; empty for one that is not up.
func (d Drawer) silence(l Look, w int) string {
	s := d.Shard
	if !s.State.Up() {
		return ""
	}
	paint := l.S.Text
	if !s.ProbeAt.IsZero() {
		paint = l.S.Warn.Bold()
	}
	parts := []string{paint.Paint(l.ago(s.LastEvent)) + l.label(" of ") + frame.Age(s.Quiet)}
	switch {
	case s.LastEvent.IsZero():
		parts[0] = l.label("no event yet")
	case s.Quiet == 0:
		parts[0] = l.ago(s.LastEvent) + l.label(", pace not known yet")
	}
	if !s.ProbeAt.IsZero() {
		parts = append(parts, paint.Paint("probed "+l.ago(s.ProbeAt)+" ago"))
	}
	if s.Probes > 0 || s.Deaf > 0 {
		parts = append(parts, frame.Count(s.Probes)+l.label(plainPlural(s.Probes, " probe")+", ")+frame.Count(s.Deaf)+l.label(" unanswered"))
	}
	return row(l, "quiet", fitParts(parts, "  ", w-labelWidth))
}

// plainPlural is a noun as it follows the number n.
func plainPlural(n uint64, noun string) string {
	if n == 1 {
		return noun
	}
	return noun + "s"
}

// sendsMost is how many frames Discord takes of a connection in a minute, and
// sendsWarn from how many on little is left (Discord docs, Gateway: rate limiting).
const (
	sendsMost = 120
	sendsWarn = 100
)

// sends is what the shard sends to Discord, and what waits to be sent; empty for
// one that is not up and has nothing to send.
func (d Drawer) sends(l Look) string {
	s := d.Shard
	if !s.State.Up() && s.Outbox == 0 {
		return ""
	}
	used, waits := l.S.Text, l.label("0 waiting")
	if s.Sends >= sendsWarn {
		used = l.S.Warn.Bold()
	}
	if s.Outbox > 0 {
		waits = l.S.Strong.Paint(frame.Count(s.Outbox)) + l.label(" waiting")
	}
	return row(l, "sends", waits+l.label(", ")+used.Paint(strconv.Itoa(s.Sends))+l.label("/"+strconv.Itoa(sendsMost)+" in 60s"))
}

// replacing says that the next connection is on its way.
func (d Drawer) replacing(l Look, w int) []string {
	if !d.Shard.Replacing {
		return nil
	}
	var out []string
	for _, line := range frame.Wrap("replacement connection on its way, asked for by op 7", w, 2) {
		out = append(out, l.S.Accent.Paint(line))
	}
	return out
}
