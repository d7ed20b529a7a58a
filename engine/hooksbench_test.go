package engine

import (
	"log/slog"
	"testing"

	"github.com/gatehouse-gateway/gatehouse/engine/clock"
	"github.com/gatehouse-gateway/gatehouse/engine/event"
)

// guarded are the guards of an engine that does nothing else.
func guarded(set Hooks) *guards {
	e := &Engine{cfg: Config{Hooks: set, Clock: clock.System()}, logger: slog.New(slog.DiscardHandler)}
	e.hooks.begin(e, &e.cfg)
	return &e.hooks
}

func aMessage() *event.Event {
	return &event.Event{Type: "MESSAGE_CREATE", ShardID: 3, Data: []byte(`{"t":"MESSAGE_CREATE","s":4,"op":0,"d":{"content":"hi"}}`)}
}

// An event must not pay for hooks that are not there, and little for those that are.
func BenchmarkHooks(b *testing.B) {
	for name, set := range map[string]Hooks{
		"none":   {},
		"filter": {Filter: func(*event.Event) bool { return true }},
		"both":   {Dispatch: func(*event.Event) {}, Filter: func(*event.Event) bool { return true }},
	} {
		b.Run(name, func(b *testing.B) {
			h, ev := guarded(set), aMessage()
			b.ReportAllocs()
			for b.Loop() {
				h.admit(ev)
			}
		})
	}
}

func TestHooksCostAnEventNoMemory(t *testing.T) {
	for _, set := range []Hooks{{}, {Dispatch: func(*event.Event) {}, Filter: func(*event.Event) bool { return true }}} {
		h, ev := guarded(set), aMessage()
		if n := testing.AllocsPerRun(100, func() { h.admit(ev) }); n > 0 {
			t.Errorf("%v allocations for an event", n)
		}
	}
	if h := guarded(Hooks{}); h.beat() != nil || h.frames() != nil || h.report() != nil {
		t.Error("hooks that are not set are called all the same, or shown")
	}
}

// Whatever a hook puts into an event, only another JSON object takes effect.
func TestADispatchHookChangesTheDataAndNothingElse(t *testing.T) {
	whole := string(aMessage().Data)
	for put, want := range map[string]string{
		`{"op":0,"d":null}`: `{"op":0,"d":null}`,
		`{"op":0,"d":`:      whole,
		`[1]`:               whole,
		``:                  whole,
	} {
		h := guarded(Hooks{Dispatch: func(ev *event.Event) { *ev = event.Event{Type: "MINE", ShardID: 9, Data: []byte(put)} }})
		ev := aMessage()
		if !h.admit(ev) || string(ev.Data) != want || ev.Type != "MESSAGE_CREATE" || ev.ShardID != 3 {
			t.Errorf("%q: %+v with %s", put, ev, ev.Data)
		}
		if wrong := put != want; wrong != (h.dispatch.panics.Load() == 1) {
			t.Errorf("%q counts as %d panics", put, h.dispatch.panics.Load())
		}
	}
	h := guarded(Hooks{Filter: func(ev *event.Event) bool { ev.Data = nil; panic("late") }})
	if ev := aMessage(); !h.admit(ev) || string(ev.Data) != whole {
		t.Errorf("a filter has changed an event: %+v", ev)
	}
}
