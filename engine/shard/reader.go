package shard

import (
	"errors"

	"github.com/gatehouse-gateway/gatehouse/engine/discord"
)

// read is the way of every event: from the socket through the machine to the
// handler, on one goroutine.
func (r *Runner) read(gen uint64, conn Conn) {
	var f discord.Frame
	for {
		msg, err := conn.Read()
		if err == nil {
			err = discord.Scan(msg, &f)
		}
		if err != nil {
			r.ended(gen, conn, err)
			return
		}
		if !r.received(gen, &f, msg) {
			return
		}
	}
}

// received steps the machine with a frame and delivers what it says. It
// reports whether the connection is still ours to read.
func (r *Runner) received(gen uint64, f *discord.Frame, msg []byte) bool {
	r.mu.Lock()
	if gen != r.gen {
		r.mu.Unlock()
		return false
	}
	now := r.cfg.Clock.Now()
	d := r.locked(now, Input{Kind: InFrame, Frame: f})
	if f.Op == discord.OpHeartbeatACK {
		d.latency = r.m.beat.latency
	}
	r.mu.Unlock()

	if d.latency > 0 {
		r.cfg.Handler.Beat(d.latency)
	}
	if d.ready != nil {
		r.cfg.Handler.Started(d.ready)
	}
	if !d.event {
		return true
	}
	r.delivering.Store(now.UnixNano())
	if r.cfg.Handler.Dispatch(d.id, f, msg, now) {
		r.stalled.Store(r.cfg.Clock.Now().UnixNano())
	}
	r.delivering.Store(0)
	return true
}

// ended tells the machine how the connection ended, and frees it.
func (r *Runner) ended(gen uint64, conn Conn, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if gen != r.gen {
		return
	}
	r.gen++
	r.conn = nil
	r.keepCount(conn)
	// Frees the socket; resumable, because an unreadable frame ends the
	// connection from our side.
	r.wg.Go(func() { conn.Close(discord.CloseKeepSession, "") })
	r.locked(r.cfg.Clock.Now(), Input{Kind: InClosed, Close: closeOf(err)})
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
