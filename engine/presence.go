package engine

import (
	"context"
	"encoding/json"
	"regexp"
	"slices"
	"sync"
	"time"

	"github.com/gatehouse-gateway/gatehouse/engine/asks"
	"github.com/gatehouse-gateway/gatehouse/engine/discord"
	"github.com/gatehouse-gateway/gatehouse/engine/fleet"
	"github.com/gatehouse-gateway/gatehouse/engine/ops"
)

// presences are the templates of what the shards show, and what Discord has been
// told of them.
type presences struct {
	mu     sync.Mutex
	common template
	own    map[int]template // of shards that were set apart
	last   uint64           // revision
	told   map[*fleet.Fleet]map[int]shown

	// queueing is held while updates are made and queued, so that what is queued
	// later is not older.
	queueing sync.Mutex
}

// template is a presence with placeholders; the revision tells it from others.
type template struct {
	text     json.RawMessage
	revision uint64
}

// shown is what Discord was last told of a shard's presence.
type shown struct {
	revision uint64
	guilds   int // in it; 0 if their number does not stand in it
}

// countsGuilds finds templates that go out of date.
var countsGuilds = regexp.MustCompile(`\{\{\s*guilds\s*\}\}`)

// shared is the template of the shards that have none of their own.
func (p *presences) shared() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return string(p.common.text)
}

// set changes the template of some shards, or of all if none is named.
func (p *presences) set(text json.RawMessage, shards []int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.last++
	t := template{text, p.last}
	if len(shards) == 0 {
		p.common, p.own = t, nil
		return
	}
	if p.own == nil {
		p.own = make(map[int]template)
	}
	for _, id := range shards {
		p.own[id] = t
	}
}

// of is a shard's template, and what Discord knows once it has been told of it.
func (p *presences) of(shard, guilds int) (json.RawMessage, shown) {
	p.mu.Lock()
	defer p.mu.Unlock()
	t, ok := p.own[shard]
	if !ok {
		t = p.common
	}
	if !countsGuilds.Match(t.text) {
		guilds = 0
	}
	return t.text, shown{t.revision, guilds}
}

// tell notes what Discord has been told.
func (p *presences) tell(f *fleet.Fleet, shard int, s shown) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.told == nil {
		p.told = make(map[*fleet.Fleet]map[int]shown)
	}
	if p.told[f] == nil {
		p.told[f] = make(map[int]shown)
	}
	p.told[f][shard] = s
}

func (p *presences) knows(f *fleet.Fleet, shard int) shown {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.told[f][shard]
}

// forget drops what Discord was told of the shards of a fleet that is no more.
func (p *presences) forget(f *fleet.Fleet) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.told, f)
}

// fits says why a presence cannot be set; nil if it can. A presence is in the shard's
// next Identify too, which is longer than op 3; with the longest figures, since an
// Identify that turns out too long when its time has come would never be sent.
func (c *Config) fits(presence json.RawMessage) error {
	_, err := c.identify(presence, 4096, 4096, 1e6)
	return err
}

// present has shards show the presence that is set for them now.
func (e *Engine) present(ctx context.Context, f *fleet.Fleet, shards []int, then func(error)) *posted {
	deadline := e.deadline(ctx, showWithin)
	// The Identify of a shard that has not been started will carry it.
	shards = slices.DeleteFunc(shards, func(id int) bool { return e.unstarted(f, id) })
	ask, _ := e.asks.Open(asks.Request{}) // op 3 has no answer, and so no place in the book
	p := newPosted(discord.OpPresenceUpdate, ask, len(shards), then)
	e.presence.queueing.Lock()
	defer e.presence.queueing.Unlock()
	for _, id := range shards {
		part, err := e.presencePart(f, id)
		if err != nil {
			p.done(part, time.Time{}, err)
			continue
		}
		e.queuePart(ctx, f, p, part, deadline)
	}
	return p
}

// presencePart is a shard's op 3. Without a presence it is online, as it is after an
// Identify without one.
func (e *Engine) presencePart(f *fleet.Fleet, id int) (part, error) {
	_, _, total := f.Slice()
	guilds := f.GuildCount(id)
	text, show := e.presence.of(id, guilds)
	if len(text) == 0 {
		text = json.RawMessage(`{}`)
	}
	p := part{shard: id, show: show}
	cmd, err := discord.ParseCommand(discord.OpPresenceUpdate, text)
	if err == nil {
		cmd, err = cmd.Fill(id, total, guilds)
	}
	if err == nil {
		p.frame, err = cmd.AppendFrame(nil, "")
	}
	return p, err
}

// renewPresence sends their presence to the shards of which Discord shows another
// one: the number of guilds in it has changed, which it always has after an
// Identify; it was changed while the shard was away; or the session is of an
// earlier run, and the configuration may have changed since, or the presence may
// have been taken out of it.
func (e *Engine) renewPresence(ctx context.Context, shards []ops.Shard) {
	f := e.current()
	for i := range shards {
		s := &shards[i]
		if s.State != ops.ShardReady || s.Outbox > 0 {
			continue
		}
		_, now := e.presence.of(s.ID, f.GuildCount(s.ID))
		if now == e.presence.knows(f, s.ID) || now.guilds > 0 && s.Loading > 0 {
			continue
		}
		e.present(ctx, f, []int{s.ID}, nil)
	}
}
