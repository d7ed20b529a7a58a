package engine

import (
	"context"
	"errors"
	"reflect"
	"slices"
	"strings"

	"github.com/gatehouse-gateway/gatehouse/engine/delivery"
	"github.com/gatehouse-gateway/gatehouse/engine/ops"
)

// reshardConfig is Config.Reshard as it is now.
func (e *Engine) reshardConfig() *ReshardConfig { return e.growing.Load() }

// reload reads the configuration again. What of it can change now takes effect,
// all of it or nothing.
func (s *steering) reload(ctx context.Context, op *operation) error {
	e := s.engine
	var r *Reloaded
	if err := e.hooks.call(&e.hooks.reload, func() string { return "the configuration" }, func() (err error) {
		r, err = e.cfg.Reload(ctx)
		return err
	}); err != nil {
		return err
	}
	if r == nil {
		return errors.New("reading the configuration gave nothing")
	}
	next, err := e.with(r)
	if err != nil {
		closeAll(r.Sinks)
		return err
	}
	if err := s.changeSinks(next.Sinks); err != nil {
		return err
	}
	if string(e.loadedPresence) != string(next.Presence) {
		e.loadedPresence = next.Presence
		e.presence.set(next.Presence, nil)
		e.present(ctx, e.current(), everyShard(e.current()), nil)
	}
	e.setFilter(next.Filter)
	if old := e.growing.Swap(&next.Reshard); *old != next.Reshard {
		s.auto.configure(&next.Reshard)
	}
	if r.Apply != nil {
		r.Apply()
	}
	e.tellReload(op, r)
	return nil
}

// with is the engine's configuration with what has been read again. It fails with a
// [*ConfigError] if that cannot work.
func (e *Engine) with(r *Reloaded) (Config, error) {
	next := e.cfg
	next.Presence, next.Filter, next.Reshard, next.Sinks = r.Presence, r.Filter, r.Reshard, r.Sinks
	next = next.withDefaults()
	return next, next.check()
}

// tellReload logs what has changed, and ends the operation with a word on it.
func (e *Engine) tellReload(op *operation, r *Reloaded) {
	for _, line := range r.Changed {
		e.logger.Info("configuration changed: "+line, "by", asker(op.cmd))
	}
	for _, line := range r.Restart {
		e.logger.Warn("configuration changed, which needs a restart: "+line, "by", asker(op.cmd))
	}
	var parts []string
	if n := len(r.Changed); n > 0 {
		parts = append(parts, "in effect: "+strings.Join(r.Changed, "; "))
	}
	if n := len(r.Restart); n > 0 {
		parts = append(parts, "after a restart: "+strings.Join(r.Restart, "; "))
	}
	if len(parts) == 0 {
		parts = append(parts, "nothing has changed")
	}
	op.end(nil, "configuration read again, "+strings.Join(parts, ", "))
}

// obeyReload reads the configuration again, once no reshard is under way.
func (s *steering) obeyReload(ctx context.Context, o order) orderReply {
	refuse := func(why string) orderReply {
		return orderReply{err: &ops.RefusedError{Command: o.cmd, Reason: why}}
	}
	if s.engine.cfg.Reload == nil {
		return refuse("there is no configuration to read: nothing but flags and the environment configures this run")
	}
	op := newOperation(o.cmd, s.engine.cfg.Clock)
	if s.now != nil {
		op.text = "waits for the end of the reshard"
		s.reloads = append(s.reloads, op)
		return orderReply{op: op}
	}
	if err := s.reload(ctx, op); err != nil {
		return refuse(err.Error())
	}
	return orderReply{op: op}
}

// catchUp reads the configuration again if that was asked for during a reshard.
func (s *steering) catchUp(ctx context.Context) {
	waiting := s.reloads
	s.reloads = nil
	for _, op := range waiting {
		if err := s.reload(ctx, op); err != nil {
			s.engine.logger.Warn("reload refused", "by", asker(op.cmd), "reason", err)
			op.abandon(err)
		}
	}
}

// changeSinks makes the sinks those of a new configuration. One that is reached in
// the same way goes on, with its new rules; one that is not configured any more
// leaves what waits for it in the queue.
func (s *steering) changeSinks(configs []SinkConfig) error {
	e := s.engine
	list := make([]*sink, len(configs))
	var fresh []*sink
	for i := range configs {
		sc := &configs[i]
		if old := e.sinks.named(sc.Name); old != nil && old.cfg.sameWay(sc) {
			list[i] = old
			continue
		}
		k, err := e.newSink(*sc, uint64(i))
		if err != nil {
			closeAll(configs)
			return err
		}
		list[i], fresh = k, append(fresh, k)
	}
	if err := e.setRules(list, fresh, configs); err != nil {
		closeAll(configs)
		return err
	}
	return e.exchange(list, fresh)
}

// setRules compiles the rules of the sinks that stay, and has them take effect.
func (e *Engine) setRules(list, fresh []*sink, configs []SinkConfig) error {
	sets := make([]func(), 0, len(list))
	for i, k := range list {
		sc := configs[i]
		if slices.Contains(fresh, k) { // it has its rules
			continue
		}
		set, err := compileRules(&sc)
		if err != nil {
			return err
		}
		sets = append(sets, func() {
			if !k.ruled.Equal(sc.Rules) {
				k.ruled = sc.Rules
				k.rules.Store(set)
			}
			if otherSink(k.cfg.Sink, sc.Sink) {
				e.closeSink(sc.Name, sc.Sink) // its likeness goes on
			}
		})
	}
	for _, set := range sets {
		set()
	}
	return nil
}

// sameWay reports whether a sink of the new configuration is reached as this one is,
// and is used in the same way.
func (s *SinkConfig) sameWay(o *SinkConfig) bool {
	return s.Version == o.Version && s.Kind == o.Kind && s.Batch == o.Batch && s.Parallel == o.Parallel &&
		s.MaxAttempts == o.MaxAttempts && s.Commands == o.Commands && s.Priority == o.Priority && s.Expired == o.Expired
}

// otherSink reports whether two are known to be different: one whose type cannot be
// compared may be the one that is in use.
func otherSink(a, b delivery.Sink) bool {
	return reflect.ValueOf(a).Comparable() && reflect.ValueOf(b).Comparable() && a != b
}

func closeAll(configs []SinkConfig) {
	for _, sc := range configs {
		if sc.Sink != nil {
			_ = sc.Sink.Close() // nothing was delivered to it
		}
	}
}

// exchange puts new sinks into the place of those that are not in the list. One of
// the same name takes over what waits for the old one, in its place in the order.
func (e *Engine) exchange(list, fresh []*sink) error {
	for i, k := range fresh {
		if e.sinks.named(k.cfg.Name) != nil {
			continue
		}
		if err := e.attach(k); err != nil {
			for _, other := range fresh[:i+1] {
				other.runner.Release()
			}
			closeFresh(fresh)
			return err
		}
	}
	for _, old := range e.sinks.all() {
		if !slices.Contains(list, old) {
			e.sinks.halt(old)
			e.succeed(old, list)
			e.closeSink(old.cfg.Name, old.cfg.Sink)
		}
	}
	e.sinks.set(list)
	for _, k := range fresh {
		e.sinks.start(k)
	}
	return nil
}

// succeed gives what waits for a sink that has been halted to the one of its name in
// a list, or leaves it in the queue if there is none.
func (e *Engine) succeed(old *sink, list []*sink) {
	i := slices.IndexFunc(list, func(k *sink) bool { return k.cfg.Name == old.cfg.Name })
	if i < 0 {
		old.runner.Release()
		return
	}
	list[i].runner.TakeOver(old.runner)
}

func closeFresh(fresh []*sink) {
	for _, k := range fresh {
		_ = k.cfg.Sink.Close() // nothing was delivered to it
	}
}
