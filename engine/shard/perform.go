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
		r.dial(&r.line, e.URL)
	case DoDialSpare:
		r.dial(&r.spare, e.URL)
	case DoClose:
		r.drop(&r.line, e.Code, e.Text)
	case DoCloseSpare:
		r.drop(&r.spare, e.Code, e.Text)
	case DoPromote:
		r.promote(e.Code, e.Text)
	case DoProbe:
		r.probe(now)
	case DoTell:
		r.cfg.Logger.Info(e.Text)
	case DoHeartbeat:
		r.scratch = discord.AppendHeartbeat(r.scratch[:0], e.Seq)
		r.write(r.scratch, nil)
	case DoIdentify:
		r.identify(now)
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
		r.force = false
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
	if err == nil && r.line.conn != nil {
		r.out.Count(r.cfg.Clock.Now())
		err = r.line.conn.Write(frame)
	}
	if err != nil {
		r.cfg.Logger.Warn("frame not sent", "error", err)
	}
}

// identify sends an Identify in our turn.
func (r *Runner) identify(now time.Time) {
	frame, err := r.cfg.Identify()
	if err != nil {
		r.later = append(r.later, Input{Kind: InNoIdentify, Err: err})
		return
	}
	r.write(frame, nil)
	r.slot.Sent()
	tellSuperseded(r.out.Identified(), now)
}

// probe asks for a sign of life, if there is anything to ask about.
func (r *Runner) probe(now time.Time) {
	frame, ok := r.cfg.Probe()
	if !ok {
		r.later = append(r.later, Input{Kind: InNoProbe})
		return
	}
	r.cfg.Logger.Info("quiet far beyond its normal pace, probing", "silence", now.Sub(r.m.watch.last).Round(time.Second))
	r.write(frame, nil)
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
