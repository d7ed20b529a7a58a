package outbox

import (
	"time"

	"github.com/gatehouse-gateway/gatehouse/engine/discord"
)

// The limits as they are kept here.
const (
	period  = time.Minute // of Discord's limit
	transit = time.Second // by which the network may bring frames closer together
	span    = period + transit

	leastReserve = 5 // frames that commands leave free
	askedBeats   = 3 // of which Discord may ask for with op 1
	leastRoom    = 20

	presences    = 5
	presenceSpan = 20*time.Second + transit
)

// window holds the instants of the frames of one connection.
type window struct {
	base time.Time       // instants count from here
	sent []time.Duration // in order, the latest; no more than the limit
	room int             // frames that commands may fill the window to
}

// begin is a new connection.
func (w *window) begin(now time.Time, interval time.Duration) {
	w.base, w.sent, w.room = now, w.sent[:0], roomBeside(interval)
}

// roomBeside is how many frames of a window heartbeats leave to commands.
func roomBeside(interval time.Duration) int {
	beats := 0
	if interval > 0 {
		beats = int((span + interval - 1) / interval)
	}
	reserve := max(beats+askedBeats, leastReserve)
	return max(discord.MaxSendsPerMinute-reserve, leastRoom)
}

// count adds a frame. Of more than the limit the latest are kept: they alone
// decide when there is room again.
func (w *window) count(now time.Time) {
	if w.base.IsZero() {
		w.base = now
	}
	at := now.Sub(w.base)
	if n := len(w.sent); n > 0 {
		at = max(at, w.sent[n-1])
	}
	drop := max(w.past(now, span), len(w.sent)-discord.MaxSendsPerMinute+1)
	if drop > 0 {
		w.sent = append(w.sent[:0], w.sent[drop:]...)
	}
	w.sent = append(w.sent, at)
}

// past is how many frames lie a span back, or further.
func (w *window) past(now time.Time, span time.Duration) int {
	before := now.Sub(w.base) - span
	n := 0
	for n < len(w.sent) && w.sent[n] <= before {
		n++
	}
	return n
}

// opens is when commands have room again: not after now if they do already.
func (w *window) opens(now time.Time) time.Time {
	in := len(w.sent) - w.past(now, span)
	if in < w.room {
		return now
	}
	return w.base.Add(w.sent[len(w.sent)-w.room] + span)
}

// pace holds the instants of the last presence updates, the oldest first.
type pace [presences]time.Time

// count adds an update.
func (p *pace) count(now time.Time) {
	copy(p[:], p[1:])
	p[presences-1] = now
}

// opens is when one more may go: not after now if it may already.
func (p *pace) opens(now time.Time) time.Time {
	if p[0].IsZero() {
		return now
	}
	if at := p[0].Add(presenceSpan); at.After(now) {
		return at
	}
	return now
}
