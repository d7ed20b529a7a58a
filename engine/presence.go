package engine

import (
	"context"
	"encoding/json"
	"regexp"
	"sync"

	"github.com/gatehouse-gateway/gatehouse/engine/asks"
	"github.com/gatehouse-gateway/gatehouse/engine/discord"
	"github.com/gatehouse-gateway/gatehouse/engine/ops"
)

// presences are the templates of what the shards show, and what Discord has been
// told of them.
type presences struct {
	mu     sync.Mutex
	common template
	own    map[int]template // of shards that were set apart
	last   uint64           // revision
	told   map[int]shown
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
func (p *presences) tell(shard int, s shown) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.told == nil {
		p.told = make(map[int]shown)
	}
	p.told[shard] = s
}

func (p *presences) knows(shard int) shown {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.told[shard]
}

// renewPresence sends their presence to the shards of which Discord shows another
// one: the number of guilds in it has changed, which it always has after an
// Identify; it was changed while the shard was away; or the session is of an
// earlier run, and the configuration may have changed since.
func (e *Engine) renewPresence(ctx context.Context, shards []ops.Shard) {
	f := e.current()
	for i := range shards {
		s := &shards[i]
		if s.State != ops.ShardReady || s.Outbox > 0 {
			continue
		}
		text, now := e.presence.of(s.ID, f.GuildCount(s.ID))
		if len(text) == 0 || now == e.presence.knows(s.ID) || now.guilds > 0 && s.Loading > 0 {
			continue
		}
		cmd, err := discord.ParseCommand(discord.OpPresenceUpdate, text)
		if err != nil {
			continue // it was checked when it was set
		}
		parts, err := e.parts(f, cmd, []int{s.ID}, "")
		ask, _ := e.asks.Open(asks.Request{Command: cmd}) // op 3 has no answer, and so no place in the book
		if err == nil {
			e.queueParts(ctx, f, cmd, ask, parts)
		}
	}
}
