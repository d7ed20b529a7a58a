package shard

import (
	"errors"

	"github.com/gatehouse-gateway/gatehouse/engine/discord"
)

// read is the way of every event: from the socket through the machine to the
// handler, on one goroutine.
func (r *Runner) read(gen uint64, conn Conn, t *turn) {
	var f discord.Frame
	for {
		msg, err := conn.Read()
		if err == nil && r.cfg.Frame != nil {
			r.cfg.Frame(msg)
		}
		if err == nil {
			err = discord.Scan(msg, &f)
		}
		if err != nil {
			r.ended(gen, conn, err)
			return
		}
		if !r.received(gen, t, &f, msg) {
			return
		}
	}
}

// received steps the machine with a frame and delivers what it says. It
// reports whether the connection is still ours to read.
func (r *Runner) received(gen uint64, t *turn, f *discord.Frame, msg []byte) bool {
	r.mu.Lock()
	l, spare := r.lineOf(gen)
	if l == nil {
		r.mu.Unlock()
		return false
	}
	now := r.cfg.Clock.Now()
	d := r.locked(now, Input{Kind: InFrame, Frame: f, Spare: spare, Stalled: r.heldBack(now)})
	if f.Op == discord.OpHeartbeatACK {
		d.latency = r.m.beat.latency
	}
	first := t.before != nil
	if d.event {
		t.since.Store(now.UnixNano())
	}
	r.mu.Unlock()

	if d.latency > 0 {
		r.cfg.Handler.Beat(d.latency)
	}
	if !d.event {
		return true
	}
	if first {
		r.await(t)
	}
	if d.ready != nil {
		r.cfg.Handler.Started(d.ready)
	}
	if r.cfg.Handler.Dispatch(d.id, f, msg, now) || first {
		t.stalled.Store(r.cfg.Clock.Now().UnixNano())
	}
	t.since.Store(0)
	return !t.over.Load() // the next reader does not wait until the socket is closed
}

// ended tells the machine how the connection ended, and frees it.
func (r *Runner) ended(gen uint64, conn Conn, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	l, spare := r.lineOf(gen)
	if l == nil {
		return
	}
	*l = line{}
	r.keepCount(conn)
	// Frees the socket; resumable, because an unreadable frame ends the
	// connection from our side.
	r.wg.Go(func() { conn.Close(discord.CloseKeepSession, "") })
	r.locked(r.cfg.Clock.Now(), Input{Kind: InClosed, Close: closeOf(err), Spare: spare})
}

// closeOf is how a connection ended. A frame that cannot be read counts as a
// lost connection: after a RESUME Discord sends it again.
func closeOf(err error) *discord.CloseError {
	var c *discord.CloseError
	if errors.As(err, &c) {
		return c
	}
	return &discord.CloseError{Reason: err.Error()}
}
