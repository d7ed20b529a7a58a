package outbox

import (
	"errors"
	"time"

	"github.com/gatehouse-gateway/gatehouse/engine/discord"
)

// Item is one command that waits to be written.
type Item struct {
	Op       discord.Opcode
	Frame    []byte    // as it goes to Discord; the queue neither reads nor changes it
	Deadline time.Time // it is not written at this instant or later
	// Gone is closed once nobody wants it any more: from then on it is not written.
	// Nil for one that stays wanted.
	Gone <-chan struct{}
	// Done is told what has become of the command, by the owner of the queue: the
	// queue carries it and never calls it. It gets the instant of the write, or
	// why there was none.
	Done func(at time.Time, err error)
}

// due reports whether it may still be written.
func (it *Item) due(now time.Time) bool { return now.Before(it.Deadline) && !it.gone() }

func (it *Item) gone() bool {
	select {
	case <-it.Gone:
		return true
	default:
		return false
	}
}

// Dropped is an item that left the queue without being written, with one of the
// errors below or the reason given to [Queue.Clear].
type Dropped struct {
	Item
	Err error
}

// ErrSuperseded tells of a presence update that was not written because another one
// has taken its place: a newer one, or that of an Identify. It counts as done.
var ErrSuperseded = errors.New("a newer presence has taken its place")

// Why an item is refused or dropped. The texts are for people.
var (
	// ErrFull refuses an item for which there is no room.
	ErrFull = errors.New("too many commands wait for this shard already; try again in a minute")
	// ErrLate refuses an item whose deadline has come.
	ErrLate = errors.New("its time was over before it could be queued")
	// ErrGone drops an item that nobody wants any more.
	ErrGone = errors.New("whoever asked for it has given up")
	// ErrDown drops an item while the shard has no live session.
	ErrDown = errors.New("the shard was not connected in time; try again once it is ready")
	// ErrLimited drops an item for which the window had no room.
	ErrLimited = errors.New("its turn did not come in time: Discord takes 120 frames in 60 s of a shard; send fewer")
	// ErrPresenceLimited drops a presence update that was one too many.
	ErrPresenceLimited = errors.New("its turn did not come in time: Discord takes 5 presence updates in 20 s of a shard; send fewer")
)
