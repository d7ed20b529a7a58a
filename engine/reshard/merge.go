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
	// NextHolds reports whether the next fleet has been told of a guild.
	NextHolds(guild uint64) bool
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

// Old takes an event of the old fleet. d is its `d`; both are valid during the
// call. It reports whether it had to wait for room in a queue.
func (m *Merge) Old(ctx context.Context, ev *event.Event, d []byte) (waited bool) {
	if ev.Type == "READY" {
		m.oldBegins(ctx, ev.ShardID)
	}
	key := uint64(0)
	if !PerSession(ev.Type) && !aboutSession(ev.Type) {
		key = m.key(ev, d)
	}
	s := m.stripe(ev.Guild)
	if !s.lock.take(ctx) {
		m.old[ev.ShardID].withhold(ev.ID)
		return true
	}
	defer s.lock.give()
	switch {
	case m.closed.Load() || PerSession(ev.Type):
		return m.cfg.Outlet.Forward(ctx, ev)
	case m.led.Load(): // it comes from the next fleet
		m.old[ev.ShardID].withhold(ev.ID)
		return false
	case m.holding.Load():
		m.old[ev.ShardID].withhold(ev.ID)
		m.keep(ev, key)
		return false
	}
	return m.lead(ctx, s, ev, key)
}

// lead forwards an event of the old fleet, unless its twin has been delivered. s is
// locked.
func (m *Merge) lead(ctx context.Context, s *stripe, ev *event.Event, key uint64) (waited bool) {
	if aboutSession(ev.Type) {
		return m.cfg.Outlet.Forward(ctx, ev)
	}
	g := s.of(ev.Guild)
	defer s.tidy(ev.Guild, g)
	for i := range g.pending {
		if g.pending[i].key != key {
			continue
		}
		rescued := g.pending[i].rescued
		m.old[ev.ShardID].advance(g.pending[i].at)
		m.forget(g, i)
		m.both.Add(1)
		if rescued {
			m.onlyNew.Add(^uint64(0))
			m.cfg.Outlet.Pass(ev)
			return false
		}
		return m.cfg.Outlet.Forward(ctx, ev)
	}
	follows := m.follows(g, ev.Guild)
	if follows && ev.Kind == event.KindLoaded && m.covers(s, ev.Guild) {
		// The bot has been told of all that happened in the guild since, and this
		// comes behind some of it.
		m.cfg.Outlet.Pass(ev)
		return false
	}
	// A guild as the new session is told of it has no twin.
	if follows && ev.Kind != event.KindLoaded {
		m.old[ev.ShardID].withhold(ev.ID)
		g.late = append(g.late, m.copyOf(ev, key))
		m.ahead.Add(1)
		m.blocking.Add(1)
		return false
	}
	return m.forward(ctx, s, g, ev, key)
}

// forward forwards an event of the old fleet, and remembers it. s is locked.
func (m *Merge) forward(ctx context.Context, s *stripe, g *guild, ev *event.Event, key uint64) (waited bool) {
	f := forwarded{key: key, at: m.cfg.Clock.Now(), what: ev.Type}
	m.old[ev.ShardID].advance(f.at)
	m.ahead.Add(1)
	if ev.Kind != event.KindLoaded && m.nextOf(ev.Guild).hasBegun() {
		loaded, told := s.loaded[ev.Guild]
		f.blocking = true
		f.expected = (told && f.at.Sub(loaded) >= freshFor || ev.Guild == 0) && m.old[ev.ShardID].steady(f.at, freshFor)
		m.blocking.Add(1)
	}
	g.ahead = append(g.ahead, f)
	return m.cfg.Outlet.Forward(ctx, ev)
}

// follows reports whether the old fleet does not lead in a guild: it has lost a
// session just now.
func (m *Merge) follows(g *guild, id uint64) bool {
	return len(g.late) > 0 || m.oldOf(id).restartedWithin(m.cfg.Clock.Now(), m.cfg.Settle)
}

// covers reports whether the next fleet has brought all that happened in a guild for
// a while. s is locked.
func (m *Merge) covers(s *stripe, id uint64) bool {
	now := m.cfg.Clock.Now()
	loaded, told := s.loaded[id]
	return told && now.Sub(loaded) >= m.cfg.Settle && m.nextOf(id).steady(now, m.cfg.Settle)
}

// oldBegins notes a new session of the old fleet. What it has lost is delivered
// from the next one, beginning with what is there.
func (m *Merge) oldBegins(ctx context.Context, shard int) {
	m.old[shard].restart(m.cfg.Clock.Now())
	if m.led.Load() || m.closed.Load() {
		return
	}
	for i := range m.stripes {
		s := &m.stripes[i]
		if !s.lock.take(ctx) {
			return
		}
		for id, g := range s.guilds {
			if shardOf(id, m.cfg.Total) != shard {
				continue
			}
			for i := range g.pending {
				m.rescue(ctx, &g.pending[i])
			}
		}
		s.lock.give()
	}
}

// rescue delivers an event of the next fleet in the old one's place. The stripe is
// locked.
func (m *Merge) rescue(ctx context.Context, p *pending) {
	if p.rescued {
		return
	}
	m.cfg.Outlet.Rescue(ctx, &p.ev)
	m.onlyNew.Add(1)
	m.letGo(p)
	p.rescued = true
}

// letGo forgets the bytes of an event that waits no more.
func (m *Merge) letGo(p *pending) {
	if !p.rescued {
		m.waiting.Add(-1)
		m.bytes.Add(-int64(p.ev.Size()))
		p.ev.Data = nil
	}
}

// forget drops a pending event.
func (m *Merge) forget(g *guild, i int) {
	m.letGo(&g.pending[i])
	g.pending = append(g.pending[:i], g.pending[i+1:]...)
}

// New takes an event of the next fleet, as [Merge.Old] does of the old one.
func (m *Merge) New(ctx context.Context, ev *event.Event, d []byte) (waited bool) {
	if ev.Type == "READY" {
		m.nextBegins(ctx, ev.ShardID)
	}
	s := m.stripe(ev.Guild)
	if !s.lock.take(ctx) {
		return true // the fleet is closed
	}
	defer s.lock.give()
	if m.led.Load() {
		if m.met(s, ev, d) {
			m.cfg.Outlet.Skip(ev)
			return false
		}
		return m.cfg.Outlet.Lead(ctx, ev)
	}
	at := &m.standing[ev.ShardID]
	at.Session, at.Seq = ev.ID.Session, ev.ID.Seq
	if m.closed.Load() || PerSession(ev.Type) || aboutSession(ev.Type) || !m.cfg.Outlet.Mine(ev.Guild) {
		return false
	}
	return m.follow(ctx, s, ev, d)
}

// follow finds the twin of an event of the next fleet, or has it wait for it. s is
// locked.
func (m *Merge) follow(ctx context.Context, s *stripe, ev *event.Event, d []byte) (waited bool) {
	key := m.key(ev, d)
	g := s.of(ev.Guild)
	defer s.tidy(ev.Guild, g)
	if ev.Type == "GUILD_CREATE" {
		s.loaded[ev.Guild] = m.cfg.Clock.Now()
	}
	if m.meet(g, key) {
		return false
	}
	for i := range g.late {
		if g.late[i].key == key {
			return m.forwardLate(ctx, s, g, i+1)
		}
	}
	kind, news := m.meaning(ev, d)
	if !news {
		return false
	}
	p := pending{key: key, at: m.cfg.Clock.Now(), n: m.arrivals.Add(1), ev: *ev}
	p.ev.Data, p.ev.Kind = append([]byte(nil), ev.Data...), kind
	m.waiting.Add(1)
	m.bytes.Add(int64(p.ev.Size()))
	g.pending = append(g.pending, p)
	if m.follows(g, ev.Guild) || m.cfg.Outlet.Held(ev.Guild) == HoldsStale {
		for i := range g.pending {
			m.rescue(ctx, &g.pending[i])
		}
	}
	return false
}

// forwardLate forwards the first n events with which the old fleet followed: the
// next one has brought the last of them, and so all that was before.
func (m *Merge) forwardLate(ctx context.Context, s *stripe, g *guild, n int) (waited bool) {
	twin := g.late[n-1]
	defer m.old[twin.ev.ShardID].queued(twin.ev.ID)
	m.forwardStale(ctx, s, g, n-1)
	g.late = append([]kept(nil), g.late[1:]...)
	m.ahead.Add(-1)
	m.unblock()
	m.both.Add(1)
	return m.cfg.Outlet.Forward(ctx, &twin.ev)
}

// meaning is what an event of the next fleet that the old one has not brought is to
// the bot. news is false for the state of a guild that a session is told of at
// first, and which the bot knows.
func (m *Merge) meaning(ev *event.Event, d []byte) (kind event.Kind, news bool) {
	switch {
	case ev.Type == "GUILD_DELETE":
		held := m.cfg.Outlet.Held(ev.Guild)
		_, outage := discord.GuildUnavailable(d)
		return ev.Kind, held == HoldsAvailable || held == HoldsStale || held == HoldsUnavailable && !outage
	case ev.Kind != event.KindLoaded:
		return ev.Kind, true
	}
	switch m.cfg.Outlet.Held(ev.Guild) {
	case HoldsAvailable:
		return ev.Kind, false
	case HoldsUnavailable:
		return event.KindAvailable, true
	case HoldsStale:
		return ev.Kind, true
	default:
		return event.KindJoined, true
	}
}

// meet reports whether an event of the next fleet is the twin of one that has been
// forwarded, which is forgotten then.
func (m *Merge) meet(g *guild, key uint64) bool {
	for i := range g.ahead {
		f := &g.ahead[i]
		if f.key != key {
			continue
		}
		if f.expired && f.expected {
			m.onlyOld.Add(^uint64(0))
		}
		m.both.Add(1)
		m.catchUp(g, i)
		return true
	}
	return false
}

// met is meet once the next fleet leads: what it is late with is still not the
// bot's. s is locked.
func (m *Merge) met(s *stripe, ev *event.Event, d []byte) bool {
	g := s.guilds[ev.Guild]
	if g == nil || PerSession(ev.Type) || aboutSession(ev.Type) {
		return false
	}
	defer s.tidy(ev.Guild, g)
	return m.meet(g, m.key(ev, d))
}

// copyOf keeps an event for later.
func (m *Merge) copyOf(ev *event.Event, key uint64) kept {
	k := kept{ev: *ev, key: key, at: m.cfg.Clock.Now()}
	k.ev.Data = append([]byte(nil), ev.Data...)
	return k
}

// catchUp forgets an event of the old fleet: its twin has come, or will not.
func (m *Merge) catchUp(g *guild, i int) {
	was := g.ahead[i]
	g.ahead = append(g.ahead[:i], g.ahead[i+1:]...)
	m.ahead.Add(-1)
	if was.blocking {
		m.unblock()
	}
}

// unblock notes that the switch waits for one event less.
func (m *Merge) unblock() {
	if m.blocking.Add(-1) > 0 || !m.holding.Load() {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.tellCaughtUp()
}

// tellCaughtUp tells that nothing blocks. m.mu is held.
func (m *Merge) tellCaughtUp() {
	if m.caught == nil || m.blocking.Load() > 0 {
		return
	}
	select {
	case <-m.caught:
	default:
		close(m.caught)
	}
}

// nextBegins notes a new session of the next fleet: it does not bring what was sent
// before it.
func (m *Merge) nextBegins(ctx context.Context, shard int) {
	now := m.cfg.Clock.Now()
	m.next[shard].restart(now)
	for i := range m.stripes {
		s := &m.stripes[i]
		if !s.lock.take(ctx) {
			return
		}
		if m.holding.Load() { // what is kept of its guilds it may never bring
			m.spoilt.Store(true)
		}
		for id, g := range s.guilds {
			if shardOf(id, m.cfg.NextTotal) == shard {
				m.soften(g)
			}
		}
		s.lock.give()
	}
}

// soften has the switch wait for none of a guild's events, whose twins may never
// come.
func (m *Merge) soften(g *guild) {
	for i := range g.ahead {
		if f := &g.ahead[i]; f.blocking {
			f.blocking, f.expected = false, false
			m.unblock()
		}
	}
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
