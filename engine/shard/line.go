package shard

import (
	"context"
	"sync/atomic"

	"github.com/gatehouse-gateway/gatehouse/engine/discord"
)

// line is one connection to Discord, or a dial on its way to be one. A shard has
// one, and for moments a second that is to take its place.
type line struct {
	gen    uint64 // names it; 0 if there is none
	conn   Conn   // nil while it is being dialled
	hangUp context.CancelFunc
	turn   *turn // of its reader
}

// turn keeps the order of readers: events of one shard are delivered by one of
// them at a time.
type turn struct {
	before *turn         // of the reader whose last event comes first; nil if there is none
	done   chan struct{} // closed when this reader, and those before it, have delivered their last
	// since is when the reader took up the event that it is about to deliver, in Unix
	// nanoseconds, or 0; stalled is when delivery last held it back.
	since, stalled atomic.Int64
	// over says that the line is gone: there is nothing more to read.
	over atomic.Bool
}

// await waits until it is a reader's turn. Only that reader calls it.
func (r *Runner) await(t *turn) {
	r.mu.Lock()
	before := t.before
	r.mu.Unlock()
	if before == nil {
		return
	}
	<-before.done
	r.mu.Lock()
	t.before = nil
	r.mu.Unlock()
}

// dial opens a connection in the background.
func (r *Runner) dial(l *line, url string) {
	r.gens++
	gen := r.gens
	ctx, cancel := context.WithCancel(r.ctx)
	*l = line{gen: gen, hangUp: cancel}
	r.wg.Go(func() {
		defer cancel()
		conn, err := r.connect(ctx, url)
		if err != nil {
			r.notOpened(gen, err)
			return
		}
		r.opened(gen, conn)
	})
}

// connect dials when its turn has come.
func (r *Runner) connect(ctx context.Context, url string) (Conn, error) {
	if err := r.cfg.Pace(ctx); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, dialTimeout)
	defer cancel()
	return r.cfg.Dialer.Dial(ctx, url)
}

// lineOf is the line of a generation, nil if it is gone, and whether it is the
// second one. r.mu is held.
func (r *Runner) lineOf(gen uint64) (l *line, spare bool) {
	switch gen {
	case r.line.gen:
		return &r.line, false
	case r.spare.gen:
		return &r.spare, true
	default:
		return nil, false
	}
}

func (r *Runner) notOpened(gen uint64, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	l, spare := r.lineOf(gen)
	if l == nil {
		return
	}
	*l = line{}
	r.locked(r.cfg.Clock.Now(), Input{Kind: InDialFailed, Err: err, Spare: spare})
}

// opened hands a fresh connection to a reader, unless it is no longer wanted.
func (r *Runner) opened(gen uint64, conn Conn) {
	r.mu.Lock()
	defer r.mu.Unlock()
	l, spare := r.lineOf(gen)
	if l == nil {
		r.wg.Go(func() { conn.Close(discord.CloseKeepSession, "not wanted any more") })
		return
	}
	l.conn, l.turn = conn, &turn{done: make(chan struct{})}
	if !spare {
		r.claim()
	}
	r.locked(r.cfg.Clock.Now(), Input{Kind: InOpened, Spare: spare})
	t := l.turn
	r.wg.Go(func() {
		r.read(gen, conn, t)
		r.await(t)
		close(t.done)
	})
}

// claim gives the line the next turn to deliver. The connections before it are gone:
// their readers take up no further event, and one that has none in hand is not waited
// for, since its socket may take long to close.
func (r *Runner) claim() {
	before := r.lastRead
	for before != nil && before.since.Load() == 0 {
		before = before.before
	}
	r.line.turn.before, r.lastRead = before, r.line.turn
}

// promote closes the line and puts the second one in its place.
func (r *Runner) promote(code int, reason string) {
	r.drop(&r.line, code, reason)
	r.line, r.spare = r.spare, line{}
	if r.line.conn != nil {
		r.claim()
	}
}

// drop gives up a connection or the dial under way.
func (r *Runner) drop(l *line, code int, reason string) {
	gone := *l
	*l = line{}
	if gone.hangUp != nil {
		gone.hangUp()
	}
	if conn := gone.conn; conn != nil {
		gone.turn.over.Store(true)
		r.keepCount(conn)
		r.wg.Go(func() { conn.Close(code, reason) })
	}
}

func (r *Runner) keepCount(conn Conn) {
	wire, inflated := conn.Received()
	r.wire += wire
	r.inflated += inflated
}
