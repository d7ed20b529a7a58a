package engine

import (
	"context"
	"log/slog"
	"slices"
	"sync/atomic"
	"time"

	"github.com/gatehouse-gateway/gatehouse/engine/clock"
	"github.com/gatehouse-gateway/gatehouse/engine/fleet"
	"github.com/gatehouse-gateway/gatehouse/engine/identify"
	"github.com/gatehouse-gateway/gatehouse/engine/session"
	"github.com/gatehouse-gateway/gatehouse/engine/spool"
)

// How often sessions are saved. What a crash leaves behind is at most so old, and
// Discord sends everything since then again.
const (
	saveEvery   = time.Second
	guildsEvery = 15 * time.Second // while they keep changing
	guildsPause = 5 * time.Second  // once they stand still
)

// keeper saves the fleet's sessions for the next run.
type keeper struct {
	store    SessionStore // nil keeps nothing
	fleet    *fleet.Fleet
	events   *spool.Queue
	queue    *identify.Queue
	identity session.Identity
	clock    clock.Clock
	logger   *slog.Logger

	soon    chan struct{}     // holds one: there is something that must not wait
	saved   []session.Session // as saved last
	sent    time.Time         // of the last identify, as saved last
	changes uint64            // of the guilds, as saved last
	seen    uint64            // of the guilds, a second ago
	guildAt time.Time         // when they were saved last
	failing atomic.Bool
}

func (e *Engine) newKeeper(f *fleet.Fleet, p slice) *keeper {
	return &keeper{
		store:    e.cfg.Sessions,
		fleet:    f,
		events:   e.events,
		queue:    e.queue,
		identity: session.Identity{Token: e.cfg.Token.Fingerprint(), Intents: e.cfg.Intents, Total: p.total},
		clock:    e.cfg.Clock,
		logger:   e.logger,
		soon:     make(chan struct{}, 1),
	}
}

// hasten has the sessions saved now: a session that is not known after a crash is
// lost with all its events, and an identify that is not would be followed by the
// next too soon.
func (k *keeper) hasten() {
	select {
	case k.soon <- struct{}{}:
	default:
	}
}

// keeps reports whether sessions outlive this run.
func (k *keeper) keeps() bool { return k.store != nil }

// restore gives the fleet the sessions of the last run, as far as they fit.
func (k *keeper) restore() {
	if !k.keeps() {
		return
	}
	saved, err := k.store.Load()
	if err == nil && saved != nil {
		now := k.clock.Now()
		last := saved.LastIdentify
		if last.After(now) { // a clock that was wrong then must not keep the shards waiting
			last = now
		}
		k.queue.After(last)
		err = saved.Usable(now, k.identity)
	}
	switch {
	case err != nil:
		k.logger.Warn("saved sessions are not used, the shards identify anew", "reason", err)
		return
	case saved == nil || len(saved.Sessions) == 0:
		return
	}
	guilds, err := k.store.LoadGuilds()
	if err != nil {
		k.logger.Warn("the saved sessions' guilds are not known, their number is wrong until they are loaded anew", "reason", err)
	}
	if guilds == nil {
		guilds = &session.Guilds{}
	}
	n := k.fleet.Restore(saved.Sessions, guilds.Shards, k.events.Stored)
	k.logger.Info("resuming the sessions of the last run", "sessions", n,
		"saved", saved.At.UTC().Format(time.RFC3339), "age", k.clock.Now().Sub(saved.At).Round(time.Second))
}

// run saves until ctx ends.
func (k *keeper) run(ctx context.Context) {
	if !k.keeps() {
		return
	}
	timer := k.clock.NewTimer(saveEvery)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-k.soon:
			k.saveSessions()
			continue
		case now := <-timer.C():
			k.saveSessions()
			k.saveChangedGuilds(now)
		}
		timer.Reset(saveEvery)
	}
}

// saveAll is the last save of a run.
func (k *keeper) saveAll() {
	if k.keeps() {
		k.saveGuilds()
		k.saveSessions()
	}
}

func (k *keeper) saveSessions() {
	now, sent := k.fleet.Sessions(), k.queue.LastSent()
	if slices.Equal(now, k.saved) && sent.Equal(k.sent) {
		return
	}
	if k.done(k.store.Save(&session.Saved{
		At: k.clock.Now(), Identity: k.identity, Sessions: now, LastIdentify: sent,
	})) {
		k.saved, k.sent = now, sent
	}
}

// saveChangedGuilds saves the guilds soon after they have stopped changing, as
// when a fleet has loaded, and now and then while they do not.
func (k *keeper) saveChangedGuilds(now time.Time) {
	changes, pause := k.fleet.GuildChanges(), guildsEvery
	if changes == k.seen {
		pause = guildsPause
	}
	k.seen = changes
	if changes != k.changes && now.Sub(k.guildAt) >= pause {
		k.guildAt = now
		k.saveGuilds()
	}
}

func (k *keeper) saveGuilds() {
	changes := k.fleet.GuildChanges()
	if changes == k.changes {
		return
	}
	if k.done(k.store.SaveGuilds(&session.Guilds{Shards: k.fleet.Guilds()})) {
		k.changes = changes
	}
}

// done logs the first of a row of failures, and its end.
func (k *keeper) done(err error) bool {
	switch {
	case err != nil && !k.failing.Load():
		k.logger.Error("sessions cannot be saved: the next start will identify anew, or repeat more events than needed", "error", err)
	case err == nil && k.failing.Load():
		k.logger.Info("sessions can be saved again")
	}
	k.failing.Store(err != nil)
	return err == nil
}
