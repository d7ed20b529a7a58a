package fleet

import (
	"context"
	"sync"
	"time"

	"github.com/gatehouse-gateway/gatehouse/engine/event"
	"github.com/gatehouse-gateway/gatehouse/engine/pipeline"
	"github.com/gatehouse-gateway/gatehouse/engine/session"
	"github.com/gatehouse-gateway/gatehouse/engine/shard"
	"github.com/gatehouse-gateway/gatehouse/engine/spool"
)

// resumePace is the time between two shards that start with a session of an
// earlier run. RESUMEs are not limited, but thousands at once serve nobody.
const resumePace = 5 * time.Millisecond

// Restore gives shards the sessions of an earlier run, with the guilds that were
// known in them, and returns how many are held here. stored tells up to which
// sequence number a session's events are in a queue already. It is called before
// Run.
func (f *Fleet) Restore(sessions []session.Session, guilds []session.ShardGuilds, stored func(shard int, session uint64) int64) int {
	known := make(map[string]pipeline.Known, len(guilds))
	for _, g := range guilds {
		known[g.Session] = g.Guilds
	}
	restored := 0
	for _, saved := range sessions {
		s := f.shard(saved.Shard)
		if s == nil {
			continue
		}
		s.runner.Restore(shard.Session{ID: saved.ID, URL: saved.ResumeURL, Seq: saved.Seq, Since: saved.Since})
		digest := shard.Digest(saved.ID)
		s.worker.log.Restore(s.id, spool.Progress{Session: digest, Seq: saved.Seq}, stored(s.id, digest))
		s.guilds.Restore(digest, saved.Seq, known[saved.ID], saved.Guilds)
		_, _, loading := s.guilds.Counts()
		s.load.resumed(f.cfg.Clock.Now(), loading)
		if saved.Through > saved.Seq {
			s.standing.Store(&standing{digest, saved.Through, saved.Open})
		}
		restored++
	}
	return restored
}

// mostCarried is how many changes of guilds are saved with the sessions, which is
// once a second. If there are more, as while a very large bot starts, a crash before
// the guilds are saved makes their numbers and kinds wrong.
const mostCarried = 100_000

// Sessions are the sessions as they can be resumed without loss: each with the
// sequence number up to which every event has been dealt with, and what that has
// changed of the guilds since they were saved.
func (f *Fleet) Sessions() []session.Session {
	var out []session.Session
	carried := 0
	for _, w := range f.workers {
		// Sessions are read first: one that begins in between has not appended
		// anything, and is left out for now.
		held := make([]shard.Session, 0, len(w.ids))
		floors := make([]event.ID, 0, len(w.ids)) // one that is queued in between is in the progress
		for _, id := range w.ids {
			held = append(held, f.shard(id).runner.Session())
			floors = append(floors, f.floor(id))
		}
		progress := w.log.Progress()
		for i, s := range held {
			id := w.ids[i]
			p := below(below(progress[id], floors[i]), f.floor(id))
			if s.ID == "" || p.Session != shard.Digest(s.ID) {
				continue
			}
			saved := session.Session{Shard: id, ID: s.ID, ResumeURL: s.URL, Seq: p.Seq, Since: s.Since}
			if saved.Guilds = f.shard(id).guilds.Since(p.Session, p.Seq, mostCarried-carried); saved.Guilds != nil {
				carried += saved.Guilds.Len()
			}
			if st := f.shard(id).standing.Load(); st != nil && st.session == p.Session && p.Seq < st.through {
				saved.Through, saved.Open = st.through, st.open
			}
			out = append(out, saved)
		}
	}
	return out
}

// Guilds are the guilds of each session as they were when Sessions was asked last:
// of what came since, Discord sends again what a crash takes along.
func (f *Fleet) Guilds() []session.ShardGuilds {
	var out []session.ShardGuilds
	for _, s := range f.shards {
		held := s.runner.Session()
		if held.ID == "" {
			continue
		}
		if known, ok := s.guilds.Saved(shard.Digest(held.ID)); ok {
			out = append(out, session.ShardGuilds{Shard: s.id, Session: held.ID, Guilds: known})
		}
	}
	return out
}

// GuildChanges counts the changes to what Guilds returns.
func (f *Fleet) GuildChanges() uint64 {
	var n uint64
	for _, s := range f.shards {
		n += s.guilds.Changes()
	}
	return n
}

// Run starts the shards, keeps them until ctx ends, closes them, and returns
// when the last has ended. keep is asked then whether their sessions are to stay
// alive at Discord.
func (f *Fleet) Run(ctx context.Context, keep func() bool) {
	var wg sync.WaitGroup
	run := func(s *Shard) {
		s.ctx = ctx
		wg.Go(func() { s.runner.Run(ctx, keep) })
	}
	wg.Go(func() { f.tellAll(ctx) })
	start := f.cfg.Clock.Now()
	resuming, identifying := f.split()
	for i, s := range resuming {
		if !f.await(ctx, start.Add(time.Duration(i)*resumePace)) {
			break
		}
		run(s)
	}
	for i, s := range identifying {
		// One wave of identifies before its own: it is connected when its turn
		// comes, and a large fleet does not hold thousands that wait.
		wave := i/max(f.cfg.MaxConcurrency, 1) - 1
		if !f.await(ctx, start.Add(time.Duration(wave)*f.cfg.Spacing)) {
			break
		}
		run(s)
	}
	wg.Wait()
}

// split parts the shards into those with a session to resume and the others.
func (f *Fleet) split() (resuming, identifying []*Shard) {
	for _, s := range f.shards {
		if s.runner.Session().ID != "" {
			resuming = append(resuming, s)
		} else {
			identifying = append(identifying, s)
		}
	}
	return resuming, identifying
}

// await waits until an instant, and reports whether it came before ctx ended.
func (f *Fleet) await(ctx context.Context, at time.Time) bool {
	wait := at.Sub(f.cfg.Clock.Now())
	if wait <= 0 {
		return ctx.Err() == nil
	}
	timer := f.cfg.Clock.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C():
		return true
	case <-ctx.Done():
		return false
	}
}
