package engine

import (
	"context"
	"fmt"

	"github.com/gatehouse-gateway/gatehouse/engine/delivery"
	"github.com/gatehouse-gateway/gatehouse/engine/discovery"
	"github.com/gatehouse-gateway/gatehouse/engine/event"
	"github.com/gatehouse-gateway/gatehouse/engine/session"
	"github.com/gatehouse-gateway/gatehouse/engine/shard"
	"github.com/gatehouse-gateway/gatehouse/engine/spool"
)

// guardPorts puts guards before what a configuration brings beside its hooks.
func (h *guards) guardPorts(cfg *Config) {
	if cfg.Dialer != nil {
		cfg.Dialer = guardedDialer{h, cfg.Dialer}
	}
	if cfg.Sessions != nil {
		cfg.Sessions = guardedSessions{h, cfg.Sessions}
	}
	if cfg.GatewayStore != nil {
		cfg.GatewayStore = guardedGateway{h, cfg.GatewayStore}
	}
	if cfg.Store != nil {
		cfg.Store = guardedStore{h, cfg.Store}
	}
}

// guardedSink makes an error of a sink's panic, after which the events come again.
type guardedSink struct {
	delivery.Sink
	guards *guards
	name   string
}

func (s guardedSink) Deliver(ctx context.Context, events []event.Event, attempt int) error {
	when := func() string {
		return fmt.Sprintf("sink %s, %s of shard %d", s.name, events[0].Type, events[0].ShardID)
	}
	return s.guards.call(&s.guards.forward, when, func() error { return s.Sink.Deliver(ctx, events, attempt) })
}

type guardedDialer struct {
	guards *guards
	dialer shard.Dialer
}

func (d guardedDialer) Dial(ctx context.Context, gatewayURL string) (conn shard.Conn, err error) {
	err = d.guards.call(&d.guards.dial, saying("a connection to Discord"), func() (err error) {
		conn, err = d.dialer.Dial(ctx, gatewayURL)
		return err
	})
	return conn, err
}

type guardedSessions struct {
	guards *guards
	store  SessionStore
}

func (s guardedSessions) Load() (saved *session.Saved, err error) {
	err = s.guards.call(&s.guards.sessions, saying("loading sessions"), func() (err error) { saved, err = s.store.Load(); return err })
	return saved, err
}

func (s guardedSessions) Save(saved *session.Saved) error {
	return s.guards.call(&s.guards.sessions, saying("saving sessions"), func() error { return s.store.Save(saved) })
}

func (s guardedSessions) LoadGuilds() (saved *session.Guilds, err error) {
	err = s.guards.call(&s.guards.sessions, saying("loading guilds"), func() (err error) { saved, err = s.store.LoadGuilds(); return err })
	return saved, err
}

func (s guardedSessions) SaveGuilds(saved *session.Guilds) error {
	return s.guards.call(&s.guards.sessions, saying("saving guilds"), func() error { return s.store.SaveGuilds(saved) })
}

func (s guardedSessions) LoadIdentifies() (saved *session.Identifies, err error) {
	err = s.guards.call(&s.guards.sessions, saying("loading identifies"), func() (err error) { saved, err = s.store.LoadIdentifies(); return err })
	return saved, err
}

func (s guardedSessions) SaveIdentifies(saved *session.Identifies) error {
	return s.guards.call(&s.guards.sessions, saying("saving identifies"), func() error { return s.store.SaveIdentifies(saved) })
}

type guardedGateway struct {
	guards *guards
	store  discovery.Store
}

func (s guardedGateway) LoadGateway() (saved *discovery.Saved, err error) {
	err = s.guards.call(&s.guards.gatewayStore, saying("loading the gateway's address"), func() (err error) { saved, err = s.store.LoadGateway(); return err })
	return saved, err
}

func (s guardedGateway) SaveGateway(saved *discovery.Saved) error {
	return s.guards.call(&s.guards.gatewayStore, saying("saving the gateway's address"), func() error { return s.store.SaveGateway(saved) })
}

type guardedStore struct {
	guards *guards
	store  spool.Store
}

func (s guardedStore) List() (list []spool.Stored, err error) {
	err = s.guards.call(&s.guards.queueStore, saying("listing"), func() (err error) { list, err = s.store.List(); return err })
	return list, err
}

func (s guardedStore) Get(name string, dst []byte, limit int) (data []byte, err error) {
	err = s.guards.call(&s.guards.queueStore, saying("reading "+name), func() (err error) { data, err = s.store.Get(name, dst, limit); return err })
	return data, err
}

func (s guardedStore) Put(name string, data []byte) error {
	return s.guards.call(&s.guards.queueStore, saying("writing "+name), func() error { return s.store.Put(name, data) })
}

func (s guardedStore) Delete(name string) error {
	return s.guards.call(&s.guards.queueStore, saying("deleting "+name), func() error { return s.store.Delete(name) })
}

func (s guardedStore) SetAside(name string) error {
	return s.guards.call(&s.guards.queueStore, saying("setting aside "+name), func() error { return s.store.SetAside(name) })
}

// saying says always the same.
func saying(what string) func() string { return func() string { return what } }
