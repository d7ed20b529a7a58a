package engine

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"sync/atomic"
	"time"

	"github.com/gatehouse-gateway/gatehouse/engine/clock"
	"github.com/gatehouse-gateway/gatehouse/engine/discovery"
	"github.com/gatehouse-gateway/gatehouse/engine/fleet"
	"github.com/gatehouse-gateway/gatehouse/engine/identify"
	"github.com/gatehouse-gateway/gatehouse/engine/ops"
	"github.com/gatehouse-gateway/gatehouse/engine/session"
	"github.com/gatehouse-gateway/gatehouse/engine/spool"
)

// How often sessions are saved. What a crash leaves behind is at most so old, and
// Discord sends everything since then again.
const (
	saveEvery   = time.Second
	guildsEvery = 15 * time.Second // while they keep changing
	guildsPause = 5 * time.Second  // once they stand still
	// againAfter is when sessions are saved that have not changed: what was saved
	// long ago is taken for dead.
	againAfter = 5 * time.Minute
)

// keeper saves the fleet's sessions for the next run.
type keeper struct {
	store    SessionStore // nil keeps nothing
	gateway  discovery.Store
	caller   *discovery.Caller
	fleet    *fleet.Fleet
	events   *spool.Queue
	queue    *identify.Queue
	identity session.Identity
	clock    clock.Clock
	logger   *slog.Logger

	sessions, identifies, guilds, address saves

	resharded *session.Resharded // nil if the fleet is that of the configuration
	loaded    atomic.Pointer[session.Loaded]

	soon    chan struct{} // holds one: there is something that must not wait
	turns   chan turn
	saved   []session.Session // as saved last
	ready   *session.Loaded   // likewise
	sent    time.Time         // of the last identify, as saved last
	spent   spent             // as saved last
	told    discovery.Saved   // as saved last
	changes uint64            // of the guilds, as saved last
	seen    uint64            // of the guilds, a second ago
	guildAt time.Time         // when they were saved last
	savedAt time.Time         // when the sessions were
	spentAt time.Time         // when the identifies were, or were to be
}

// spent tells by little whether what the identify queue remembers has changed.
type spent struct {
	sent, rejected, trips uint64
	open                  bool
}

func (e *Engine) newKeeper(f *fleet.Fleet, q *spool.Queue, p slice) *keeper {
	return &keeper{
		store:     e.cfg.Sessions,
		gateway:   e.cfg.GatewayStore,
		caller:    e.caller,
		fleet:     f,
		events:    q,
		queue:     e.queue,
		identity:  e.cfg.identity(p.total),
		clock:     e.cfg.Clock,
		logger:    e.logger,
		soon:      make(chan struct{}, 1),
		turns:     make(chan turn),
		resharded: p.resharded,
		sessions: saves{what: "sessions", level: ops.AlertCritical,
			costs: "after a stop every shard identifies anew, and events in between are lost"},
		identifies: saves{what: "identifies", level: ops.AlertCritical,
			costs: "the next start does not know what has been spent, and stops a storm of identifies late"},
		guilds: saves{what: "guilds", level: ops.AlertWarn,
			costs: "after a restart their number is wrong until they are loaded anew"},
		address: saves{what: "the gateway's address", level: ops.AlertWarn,
			costs: "the next start needs Discord's REST API"},
	}
}

// identity is whose sessions they are if the bot has so many shards.
func (c *Config) identity(total int) session.Identity {
	return session.Identity{Token: c.Token.Fingerprint(), Intents: c.Intents, Total: total}
}

// hasten has the sessions saved now: a session that is not known after a crash is
// lost with all its events, and an identify that is not would be followed by the
// next too soon.
func (k *keeper) hasten() { nudge(k.soon) }

// keeps reports whether sessions outlive this run.
func (k *keeper) keeps() bool { return k.store != nil }

// restore gives the fleet the sessions of the last run, as far as they fit, and
// returns what was saved if there are any.
func (k *keeper) restore() *session.Saved {
	if !k.keeps() {
		return nil
	}
	k.recall()
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
		return nil
	case saved == nil || len(saved.Sessions) == 0:
		return nil
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
	return saved
}

// recall gives the identify queue what the last run had spent.
func (k *keeper) recall() {
	spent, err := k.store.LoadIdentifies()
	switch {
	case err != nil:
		k.logger.Warn("what the last run identified is not known: a storm that goes on is noticed later", "reason", err)
	case spent != nil && spent.Token == k.identity.Token:
		k.queue.Recall(spent.Memory)
		if b := k.queue.Snapshot().Breaker; b.Open {
			k.logger.Error("identifies have been stopped since before the start", "since", b.Since.UTC().Format(time.RFC3339), "reason", b.Why)
		}
	}
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
		case t := <-k.turns:
			k.take(t)
			continue
		case <-k.soon:
			k.saveSessions()
			if k.clock.Now().Sub(k.spentAt) >= saveEvery { // it is large, and changes with each identify
				k.saveIdentifies()
			}
			continue
		case now := <-timer.C():
			k.saveSessions()
			k.saveIdentifies()
			k.saveGateway()
			k.saveChangedGuilds(now)
		}
		timer.Reset(saveEvery)
	}
}

// turn is a fleet whose sessions are to be saved from now on.
type turn struct {
	fleet     *fleet.Fleet
	identity  session.Identity
	resharded *session.Resharded
	saved     chan<- error
}

// turn has another fleet's sessions saved in the place of those of the present one,
// and returns once they are. If that fails, or ctx ends first, the keeper goes on
// trying.
func (k *keeper) turn(ctx context.Context, t turn) error {
	if !k.keeps() {
		return nil
	}
	saved := make(chan error, 1)
	t.saved = saved
	select {
	case k.turns <- t:
	case <-ctx.Done():
		return ctx.Err()
	}
	select {
	case err := <-saved:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// take turns to another fleet.
func (k *keeper) take(t turn) {
	k.fleet, k.identity, k.resharded = t.fleet, t.identity, t.resharded
	k.changes, k.seen, k.savedAt = 0, 0, time.Time{}
	k.saveSessions()
	if why := k.sessions.trouble(k.clock.Now()); why != "" {
		t.saved <- errors.New(why)
	} else {
		t.saved <- nil
	}
	k.saveGuilds()
}

// saveAll is the last save of a run.
func (k *keeper) saveAll() {
	if k.keeps() {
		k.saveGuilds()
		k.savedAt = time.Time{} // they were alive until now
		k.saveSessions()
		k.saveIdentifies()
		k.saveGateway()
	}
}

// saveIdentifies saves what has been spent, if anything has since.
func (k *keeper) saveIdentifies() {
	id := k.queue.Snapshot()
	now := spent{id.Sent, id.Rejected, id.Breaker.Trips, id.Breaker.Open}
	if now == k.spent {
		return
	}
	k.spentAt = k.clock.Now()
	if k.save(&k.identifies, func() error {
		return k.store.SaveIdentifies(&session.Identifies{Token: k.identity.Token, Memory: k.queue.Memory()})
	}) {
		k.spent = now
	}
}

// saveGateway saves what Discord told about its gateway, if it is news.
func (k *keeper) saveGateway() {
	if k.gateway == nil {
		return
	}
	now, any := k.caller.Saved()
	if !any || now == k.told {
		return
	}
	if k.save(&k.address, func() error { return k.gateway.SaveGateway(&now) }) {
		k.told = now
	}
}

func (k *keeper) saveSessions() {
	now, sent, at, loaded := k.fleet.Sessions(), k.queue.LastSent(), k.clock.Now(), k.loaded.Load()
	recent := len(now) == 0 || at.Sub(k.savedAt) < againAfter
	if recent && slices.EqualFunc(now, k.saved, session.Session.Equal) && sent.Equal(k.sent) && loaded == k.ready {
		return
	}
	if k.save(&k.sessions, func() error {
		return k.store.Save(&session.Saved{At: at, Identity: k.identity, Sessions: now, LastIdentify: sent, Resharded: k.resharded, Loaded: loaded})
	}) {
		k.saved, k.sent, k.savedAt, k.ready = now, sent, at, loaded
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
	if k.save(&k.guilds, func() error { return k.store.SaveGuilds(&session.Guilds{Shards: k.fleet.Guilds()}) }) {
		k.changes = changes
	}
}
