package shard

import (
	"context"
	"errors"
	"time"

	"github.com/gatehouse-gateway/gatehouse/engine/discord"
)

// perform carries out one effect. r.mu is held, so whatever may take time goes
// to a goroutine that Run waits for.
func (r *Runner) perform(now time.Time, e Effect) {
	switch e.Kind {
	case DoDial:
		r.dial(e.URL)
	case DoClose:
		r.drop(e.Code, e.Text)
	case DoHeartbeat:
		r.scratch = discord.AppendHeartbeat(r.scratch[:0], e.Seq)
		r.write(r.scratch, nil)
	case DoIdentify:
		r.write(r.cfg.Identify())
		r.slot.Sent()
		r.force = false
	case DoResume:
		r.write(r.cfg.Resume(e.Session, e.Seq))
	case DoSetTimer:
		r.armed[e.Timer] = now.Add(e.After)
		r.timers[e.Timer].Reset(e.After)
	case DoStopTimer:
		r.armed[e.Timer] = time.Time{}
		r.timers[e.Timer].Stop()
	case DoAcquireSlot:
		r.acquire()
	case DoDropSlot:
		r.dropSlot()
	case DoConfirmSlot:
		r.slot.Confirmed()
		r.slot = nil
	case DoRejectSlot:
		r.slot.Rejected()
		r.slot = nil
	}
}

// write sends a frame, or logs why it could not be made. A connection that
// does not take it is found dead by its reader.
func (r *Runner) write(frame []byte, err error) {
	if err == nil && r.conn != nil {
		err = r.conn.Write(frame)
	}
	if err != nil {
		r.cfg.Logger.Warn("frame not sent", "error", err)
	}
}

// dial opens a connection in the background.
func (r *Runner) dial(url string) {
	r.gen++
	gen := r.gen
	ctx, cancel := context.WithTimeout(r.ctx, dialTimeout)
	r.hangUp = cancel
	r.wg.Go(func() {
		defer cancel()
		conn, err := r.cfg.Dialer.Dial(ctx, url)
		if err != nil {
			r.stepOf(gen, Input{Kind: InDialFailed, Err: err})
			return
		}
		r.opened(gen, conn)
	})
}

// opened hands a fresh connection to a reader, unless it is no longer wanted.
func (r *Runner) opened(gen uint64, conn Conn) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if gen != r.gen {
		r.wg.Go(func() { conn.Close(discord.CloseKeepSession, "not wanted any more") })
		return
	}
	r.conn = conn
	before, done := r.lastRead, make(chan struct{})
	r.lastRead = done
	r.locked(r.cfg.Clock.Now(), Input{Kind: InOpened})
	r.wg.Go(func() {
		defer close(done)
		// Events of one shard are delivered by one reader at a time.
		if before != nil {
			<-before
		}
		r.read(gen, conn)
	})
}

// drop gives up the connection or the dial under way.
func (r *Runner) drop(code int, reason string) {
	r.gen++
	if r.hangUp != nil {
		r.hangUp()
		r.hangUp = nil
	}
	conn := r.conn
	if conn == nil {
		return
	}
	r.conn = nil
	r.keepCount(conn)
	r.wg.Go(func() { conn.Close(code, reason) })
}

func (r *Runner) keepCount(conn Conn) {
	wire, inflated := conn.Received()
	r.wire += wire
	r.inflated += inflated
}

// acquire queues for an identify in the background.
func (r *Runner) acquire() {
	r.asked++
	asked, force := r.asked, r.force
	ctx, cancel := context.WithCancel(r.ctx)
	r.noSlot = cancel
	r.wg.Go(func() {
		defer cancel()
		slot, err := r.cfg.Slots.Acquire(ctx, r.cfg.ID, force)
		if err != nil {
			if !errors.Is(err, context.Canceled) {
				r.cfg.Logger.Error("no turn to identify", "error", err)
			}
			return
		}
		r.granted(asked, slot)
	})
}

// granted is our turn, unless we have left the queue meanwhile.
func (r *Runner) granted(asked uint64, slot Slot) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if asked != r.asked {
		slot.Release()
		return
	}
	r.slot = slot
	r.locked(r.cfg.Clock.Now(), Input{Kind: InSlot})
}

// dropSlot leaves the queue, and gives back a slot that has not been used.
func (r *Runner) dropSlot() {
	r.asked++
	if r.noSlot != nil {
		r.noSlot()
		r.noSlot = nil
	}
	if r.slot != nil {
		r.slot.Release()
		r.slot = nil
	}
}
