package reshard

import (
	"context"
	"hash/maphash"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gatehouse-gateway/gatehouse/engine/clock"
	"github.com/gatehouse-gateway/gatehouse/engine/discord"
	"github.com/gatehouse-gateway/gatehouse/engine/event"
)

// Holding is what the old fleet knows of a guild.
type Holding uint8

// What the old fleet can know of a guild.
const (
	HoldsNot         Holding = iota // nothing: the bot is not in it, or the fleet has yet to be told
	HoldsAvailable                  // it is there
	HoldsUnavailable                // Discord reports an outage
	HoldsStale                      // its shard has lost its session and has no other yet
)

// Outlet is where a [Merge] puts events, and what it asks about guilds. It must
// not call back.
type Outlet interface {
	// Forward appends an event of the old fleet to its worker's queue and reports
	// whether it had to wait for room.
	Forward(ctx context.Context, ev *event.Event) (waited bool)
	// Pass notes that an event of the old fleet is dealt with though it is not
	// forwarded: its twin was delivered from the next fleet.
	Pass(ev *event.Event)
	// Rescue appends an event of the next fleet that the old one never brought, in
	// the place of the old fleet's shard that should have.
	Rescue(ctx context.Context, ev *event.Event)
	// Lead appends an event of the next fleet to its own queue, once that leads.
	Lead(ctx context.Context, ev *event.Event) (waited bool)
	// Skip notes that an event of the next fleet, which leads, has been delivered
	// from the old one.
	Skip(ev *event.Event)
	// Mine reports whether the old fleet is to bring a guild's events: it may hold
	// but a slice of the bot's shards.
	Mine(guild uint64) bool
	// Held is what the old fleet knows of a guild.
	Held(guild uint64) Holding
}

// MergeConfig is what a merge is made of.
type MergeConfig struct {
	Clock clock.Clock // required
	// Settle is how long a twin may take while both shards are up; default 10 s.
	Settle    time.Duration
	Total     int   // shards of the bot in the old fleet
	NextTotal int   // and in the next one
	MaxBytes  int64 // of events that wait for their twin; default 64 MiB
	Outlet    Outlet
}

// Times of a merge.
const (
	defaultSettle   = 10 * time.Second
	defaultMaxBytes = 64 << 20
	rememberFor     = 10 * time.Minute // an event whose twin has not come in time
	deadFor         = 2 * time.Minute  // a connection can be before that is seen, and longer
	freshFor        = 2 * time.Second  // one fleet may be ahead of the other in what it has been told
)

// stripes are how many guilds can be worked on at a time.
const stripes = 64

// Merge makes one stream of those of two fleets. All methods may be called
// concurrently; those of one shard's events are called in their order.
//
// The old fleet leads: what it brings is forwarded at once, and remembered until
// the next fleet brings the twin. What the next fleet brings first waits for the
// old one, whose ids are those that a crash would repeat. Of every guild each
// fleet has the events in Discord's order, and so has what comes out.
//
// A shard of the old fleet that has lost its session has lost events, which the next
// fleet may have yet to bring: for a while that one leads in its guilds.
type Merge struct {
	cfg      MergeConfig
	seed     maphash.Seed
	stripes  [stripes]stripe
	old      []link // by shard
	next     []link
	standing []Standing // by shard of the next fleet; written with a stripe's lock held

	both, onlyOld, onlyNew atomic.Uint64
	arrivals               atomic.Uint64
	waiting                atomic.Int64 // of the next fleet
	ahead                  atomic.Int64 // of the old fleet
	blocking               atomic.Int64 // of those, that the switch waits for
	bytes                  atomic.Int64
	late, overdue          atomic.Int64 // as MergeStats.Behind and Overdue, at the last Tick

	// holding, led and closed change with all stripes locked.
	holding, led, closed atomic.Bool
	spoilt               atomic.Bool // a shard of the next fleet has lost its session during the hold

	mu      sync.Mutex
	kept    []kept
	caught  chan struct{} // closed once the next fleet has caught up; nil unless held
	agreed  time.Time
	differs string
}

// kept is an event of the old fleet that is not forwarded yet.
type kept struct {
	ev  event.Event
	key uint64
	at  time.Time
}

// link is how one shard stands.
type link struct {
	mu        sync.Mutex
	up        bool
	since     time.Time  // of up
	began     bool       // it has had a session
	ended     bool       // the other fleet leads
	withheld  []event.ID // of the old fleet, in order: they have come and are in no queue
	progress  time.Time  // when what it has brought last came from whichever fleet was first
	restarted time.Time  // when its present session began
}

// stripe is a part of the guilds.
type stripe struct {
	lock   lock
	guilds map[uint64]*guild
	loaded map[uint64]time.Time // when the next fleet was told of a guild
}

// guild is what has come from one fleet alone.
type guild struct {
	ahead   []forwarded // of the old one
	pending []pending   // of the next one
	late    []kept      // of the old one, which follows: the next one may have more before them
}

// forwarded is an event of the old fleet whose twin has not come.
type forwarded struct {
	key      uint64
	at       time.Time
	blocking bool // the switch waits for the twin
	expected bool // its absence would be a difference
	expired  bool // it was not in time
	missed   bool // the next fleet's shard had another session, which may not have brought it
	passed   bool // the next fleet has brought what came after it in the guild
	what     string
}

// pending is an event of the next fleet whose twin has not come.
type pending struct {
	key     uint64
	at      time.Time
	n       uint64 // in the order in which they came
	rescued bool   // it has been delivered
	ev      event.Event
}

// NewMerge returns a merge in which the old fleet leads.
func NewMerge(cfg MergeConfig) *Merge {
	if cfg.Settle <= 0 {
		cfg.Settle = defaultSettle
	}
	if cfg.MaxBytes <= 0 {
		cfg.MaxBytes = defaultMaxBytes
	}
	m := &Merge{
		cfg: cfg, seed: maphash.MakeSeed(), agreed: cfg.Clock.Now(),
		old: make([]link, cfg.Total), next: make([]link, cfg.NextTotal), standing: make([]Standing, cfg.NextTotal),
	}
	for i := range m.stripes {
		m.stripes[i] = stripe{lock: newLock(), guilds: make(map[uint64]*guild), loaded: make(map[uint64]time.Time)}
	}
	for i := range m.standing {
		m.standing[i].Shard = i
	}
	return m
}

// PerSession reports whether an event is about the session that brings it alone,
// as answers to what was asked in it are: it has no twin.
func PerSession(eventType string) bool {
	return eventType == "VOICE_SERVER_UPDATE" || discord.IsAnswer(eventType)
}

// aboutSession reports whether an event begins a session or a RESUME.
func aboutSession(eventType string) bool { return eventType == "READY" || eventType == "RESUMED" }

func (m *Merge) stripe(guild uint64) *stripe { return &m.stripes[guild>>22%stripes] }

// of is a guild's state, made if it has none.
func (s *stripe) of(id uint64) *guild {
	g := s.guilds[id]
	if g == nil {
		g = &guild{}
		s.guilds[id] = g
	}
	return g
}

// tidy forgets a guild of which nothing waits.
func (s *stripe) tidy(id uint64, g *guild) {
	if len(g.ahead)+len(g.pending)+len(g.late) == 0 {
		delete(s.guilds, id)
	}
}

// key tells events of a guild apart. Two sessions may see other members in a
// guild's own events, so that there the bytes say nothing.
func (m *Merge) key(ev *event.Event, d []byte) uint64 {
	var h maphash.Hash
	h.SetSeed(m.seed)
	h.WriteString(ev.Type)
	h.WriteByte(0)
	if ev.Type == "GUILD_CREATE" || ev.Type == "GUILD_DELETE" {
		if _, unavailable := discord.GuildUnavailable(d); unavailable {
			h.WriteByte(1)
		}
	} else {
		h.Write(d)
	}
	return h.Sum64()
}

// shardOf is the shard of a guild's events; those of none are shard 0's.
func shardOf(guild uint64, total int) int {
	if guild == 0 {
		return 0
	}
	return discord.ShardOf(guild, total)
}

// nextOf is the next fleet's shard of a guild.
func (m *Merge) nextOf(guild uint64) *link { return &m.next[shardOf(guild, m.cfg.NextTotal)] }

// oldOf is the old fleet's shard of a guild.
func (m *Merge) oldOf(guild uint64) *link { return &m.old[shardOf(guild, m.cfg.Total)] }
