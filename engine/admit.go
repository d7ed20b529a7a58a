package engine

import (
	"github.com/gatehouse-gateway/gatehouse/engine/discord"
	"github.com/gatehouse-gateway/gatehouse/engine/event"
	"github.com/gatehouse-gateway/gatehouse/engine/ops"
)

// admit decides about an event at the queue's door: whoever is not let in is no
// news to any bot.
func (e *Engine) admit(ev *event.Event) bool {
	return !e.edits.Noise(ev) && e.hooks.admit(ev)
}

// setFilter has updates of messages judged by another configuration.
func (e *Engine) setFilter(f FilterConfig) {
	e.filter.Store(&f)
	e.edits.Configure(f.MessageUpdate, f.Messages)
}

// filtered is the operator's part about updates of messages.
func (e *Engine) filtered() ops.Filter {
	cfg := e.filter.Load()
	f := ops.Filter{On: cfg.MessageUpdate, Capacity: cfg.Messages}
	f.Seen, f.Dropped, f.Bytes, f.Known = e.edits.Stats()
	switch {
	case !cfg.MessageUpdate:
		f.Why = "filter.message_update is off"
	case !e.cfg.Intents.Has(discord.IntentMessageContent):
		f.On, f.Why = false, "without the intent MessageContent nobody can tell an edit from an unfurled link"
	}
	return f
}
