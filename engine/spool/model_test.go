package spool

import (
	"context"
	"flag"
	"fmt"
	"log/slog"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-gateway/gatehouse/engine/clock"
	"github.com/gatehouse-gateway/gatehouse/engine/event"
)

var (
	modelFor  = flag.Duration("model.for", 0, "how long the model test walks, instead of a fixed number of seeds")
	modelSeed = flag.Uint64("model.seed", 0, "the one seed that the model test walks")
)

// TestAnyWalkKeepsThePromises walks at random through everything that can happen
// to a queue, beside a model that knows what each sink must get.
func TestAnyWalkKeepsThePromises(t *testing.T) {
	if *modelSeed != 0 {
		walk(t, *modelSeed)
		return
	}
	seeds := uint64(60)
	if testing.Short() {
		seeds = 10
	}
	for seed, start := uint64(1), time.Now(); !t.Failed(); seed++ {
		if *modelFor == 0 && seed > seeds || *modelFor > 0 && time.Since(start) > *modelFor {
			t.Logf("%d seeds", seed-1)
			return
		}
		walk(t, seed)
	}
}

// letterSession is that of events that are put in by hand.
const letterSession = 999

// issued is an event that Discord has sent, and what has become of it.
type issued struct {
	id       event.ID
	shard    int
	order    int // among the shard's
	typ      string
	size     int
	received time.Time
	required map[string]bool // sinks that must have it, or be told
	acked    map[string]bool
	dropped  map[string]bool
	first    map[string]bool // sinks that have been given it
}

// modelShard is a shard's session at Discord.
type modelShard struct {
	session uint64
	events  []*issued // of this session, by seq from 1
	read    int       // so many of them have been appended since the last RESUME
}

// modelSink is a sink's end of the queue.
type modelSink struct {
	name    string
	cursors [][]*Cursor // by generation and log
	hand    []held
	last    map[int]int // order of the last first delivery of each shard
	told    int         // events that gap markers have told of
	dropped int         // events that were dropped before it had them
}

type held struct {
	cursor *Cursor
	item   Item
}

// model is a walk under way.
type model struct {
	t       *testing.T
	seed    uint64
	rnd     *rand.Rand
	clock   *clock.Manual
	store   *fakeStore
	cfg     QueueConfig
	crashes bool // so that repeats are allowed
	faults  bool
	queue   *Queue
	step    int
	trail   []string

	layout  int
	sinks   map[string]*modelSink // configured ones
	all     map[string]*modelSink
	shards  map[int]*modelShard
	orders  map[int]int
	events  map[event.ID]*issued
	saved   map[int]Progress
	letters int64
	lost    int  // told by Dropped, of no event in particular
	inside  bool // an operation of the store is under way
}

var modelLayouts = []Layout{{4, 0, 3, 2}, {4, 0, 3, 4}, {6, 0, 5, 3}}

var modelSinks = []string{"all", "quiet", "early", "picky"}

// modelTypes are weighted by repetition.
var modelTypes = []string{"MESSAGE_CREATE", "MESSAGE_CREATE", "GUILD_UPDATE", "TYPING_START", "PRESENCE_UPDATE", "PRESENCE_UPDATE", "INTERACTION_CREATE"}

func modelWants(sink string) func(*event.Event) bool {
	switch sink {
	case "quiet":
		return func(e *event.Event) bool { return !isNoise(e.Type) }
	case "picky":
		return func(e *event.Event) bool { return e.Type == "MESSAGE_CREATE" || e.Type == GapType }
	default:
		return nil
	}
}

func walk(t *testing.T, seed uint64) {
	rnd := rand.New(rand.NewPCG(seed, 7))
	m := &model{
		t: t, seed: seed, rnd: rnd, clock: clock.NewManual(epoch), store: newFake(),
		crashes: rnd.IntN(2) == 0, faults: rnd.IntN(3) == 0,
		all: make(map[string]*modelSink), shards: make(map[int]*modelShard), orders: make(map[int]int),
		events: make(map[event.ID]*issued), saved: make(map[int]Progress),
	}
	m.cfg = QueueConfig{
		Store: m.store, Clock: m.clock, Logger: slog.New(slog.DiscardHandler), Dropped: m.noteDropped,
		PersistAfter: []time.Duration{0, 100 * time.Millisecond, time.Second, time.Minute}[rnd.IntN(4)],
		Bounds: Bounds{
			Events: []int{0, 0, 20, 300}[rnd.IntN(4)],
			Bytes:  []int64{0, 100_000, 1_000_000}[rnd.IntN(3)],
			Memory: []int64{0, 10_000, 200_000}[rnd.IntN(3)],
			Age:    []time.Duration{0, 0, 20 * time.Second}[rnd.IntN(3)],
			Policy: Policy(rnd.IntN(3)),
		},
	}
	m.sinks = make(map[string]*modelSink)
	m.start(m.someSinks())
	m.store.during = m.meanwhile
	for m.step = 0; m.step < 1000 && !t.Failed(); m.step++ {
		m.act()
		m.verify(m.step%32 == 0)
	}
	if !t.Failed() {
		m.end()
	}
}

func (m *model) fail(format string, args ...any) {
	m.t.Helper()
	m.t.Fatalf("seed %d, step %d (%+v, persist %v, crashes %v, faults %v): %s\n%s", m.seed, m.step, m.cfg.Bounds, m.cfg.PersistAfter,
		m.crashes, m.faults, fmt.Sprintf(format, args...), strings.Join(m.trail[max(0, len(m.trail)-25):], "\n"))
}

func (m *model) did(format string, args ...any) {
	m.trail = append(m.trail, fmt.Sprintf("%d: ", m.step)+fmt.Sprintf(format, args...))
}

// exact reports whether nothing may come twice, and every drop is told of.
func (m *model) exact() bool { return !m.crashes }

func (m *model) someSinks() []string {
	names := slices.Clone(modelSinks)
	m.rnd.Shuffle(len(names), func(i, j int) { names[i], names[j] = names[j], names[i] })
	return names[:1+m.rnd.IntN(3)]
}

// start opens the queue as a new process does, and resumes the sessions.
func (m *model) start(sinks []string) {
	m.inside = true // nobody else is there yet
	defer func() { m.inside = false }()
	m.did("start with %v, layout %d", sinks, m.layout)
	m.cfg.Layout = modelLayouts[m.layout]
	q, err := OpenQueue(m.cfg)
	if err != nil {
		m.fail("open: %v", err)
	}
	m.queue = q
	per := m.cfg.Layout.PerWorker
	for w := range (m.cfg.Layout.Total + per - 1) / per {
		q.Log(w)
	}
	clear(m.sinks)
	for _, name := range sinks {
		if m.all[name] == nil {
			m.all[name] = &modelSink{name: name, last: make(map[int]int)}
		}
		m.sinks[name] = m.all[name]
		m.sinks[name].cursors, m.sinks[name].hand = nil, nil
	}
	for _, logs := range q.Generations() {
		for _, name := range sinks {
			m.attach(m.sinks[name], logs)
		}
	}
	if err := q.Recover(); err != nil {
		m.fail("recover: %v", err)
	}
	m.resume()
}

func (m *model) attach(s *modelSink, logs []*Log) {
	var cursors []*Cursor
	for _, l := range logs {
		cfg := CursorConfig{Name: s.name, Wants: modelWants(s.name), Wake: func() {}}
		if s.name == "early" {
			cfg.Early = func(e *event.Event) bool { return e.Type == "INTERACTION_CREATE" }
		}
		c, err := l.Open(cfg)
		if err != nil {
			m.fail("attach: %v", err)
		}
		cursors = append(cursors, c)
	}
	s.cursors = append(s.cursors, cursors)
}

// resume has Discord send again what the saved sessions do not cover.
func (m *model) resume() {
	for shard := range m.cfg.Layout.Total {
		p, ok := m.saved[shard]
		s := m.shards[shard]
		if !ok || s == nil || p.Session != s.session {
			delete(m.shards, shard)
			continue
		}
		m.log(shard).Restore(shard, p, m.queue.Stored(shard, p.Session))
		s.read = int(p.Seq)
		for _, e := range s.events[s.read:] {
			for name := range e.required {
				if m.sinks[name] == nil && !e.acked[name] {
					delete(e.required, name) // it is not known to be for that one any more
				}
			}
		}
		m.replay(shard)
	}
}

// replay appends what a RESUME brings, and reports whether that is all.
func (m *model) replay(shard int) bool {
	s := m.shards[shard]
	for s.read < len(s.events) && m.append(shard, s.events[s.read]) {
		s.read++
	}
	return s.read == len(s.events)
}

func (m *model) log(shard int) *Log { return m.queue.Log(shard / m.cfg.Layout.PerWorker) }

func (m *model) logs() []*Log { return m.queue.all() }

// act takes one step.
func (m *model) act() {
	switch n := m.rnd.IntN(100); {
	case n < 40:
		for range 1 + m.rnd.IntN(6) {
			m.send()
		}
	case n < 58:
		m.take()
	case n < 74:
		m.ack(0.3 + m.rnd.Float64())
	case n < 84:
		m.did("work")
		for _, l := range m.logs() {
			l.work()
		}
	case n < 92:
		m.wait(time.Duration(m.rnd.IntN(1500)) * time.Millisecond)
	case n < 94:
		m.keep()
	case n < 95 && m.faults:
		m.spoil()
	case n < 96:
		m.put()
	case n < 97:
		m.discard()
	case n < 99:
		m.restart()
	default:
		m.endSession(m.rnd.IntN(m.cfg.Layout.Total))
	}
}

// meanwhile is what goes on while the tender waits for the store.
func (m *model) meanwhile(op, name string) {
	if m.inside || m.rnd.IntN(3) > 0 {
		return
	}
	m.inside = true
	m.did("in the middle of %s %s:", op, name)
	for range 1 + m.rnd.IntN(3) {
		switch m.rnd.IntN(8) {
		case 0, 1:
			m.send()
		case 2, 3:
			m.take()
		case 4, 5:
			m.ack(0.5 + m.rnd.Float64())
		case 6:
			m.wait(time.Duration(m.rnd.IntN(300)) * time.Millisecond)
		case 7:
			m.discard()
		}
		m.verify(false)
	}
	m.did("so far")
	m.inside = false
}

// endSession makes Discord forget a session, with what it still had to send.
func (m *model) endSession(shard int) {
	if s := m.shards[shard]; s != nil {
		for _, e := range s.events[s.read:] {
			clear(e.required)
		}
	}
	delete(m.shards, shard)
}

func (m *model) wait(d time.Duration) {
	m.did("wait %v", d)
	m.clock.Advance(d)
	for _, l := range m.logs() {
		l.tick()
	}
}

// send has a shard receive an event.
func (m *model) send() {
	shard := m.rnd.IntN(m.cfg.Layout.Total)
	s := m.shards[shard]
	fresh := s == nil
	if fresh {
		m.orders[shard] += 1000
		s = &modelShard{session: uint64(shard*100_000 + m.orders[shard])}
		m.shards[shard] = s
	}
	if !m.replay(shard) {
		return
	}
	size := m.rnd.IntN(2000)
	if m.rnd.IntN(40) == 0 {
		size = m.rnd.IntN(200_000)
	}
	m.orders[shard]++
	e := &issued{
		id: event.ID{Session: s.session, Seq: int64(len(s.events) + 1)}, shard: shard, order: m.orders[shard],
		typ: modelTypes[m.rnd.IntN(len(modelTypes))], size: size, received: m.clock.Now(),
		required: make(map[string]bool), acked: make(map[string]bool), dropped: make(map[string]bool), first: make(map[string]bool),
	}
	if !m.append(shard, e) {
		if fresh {
			delete(m.shards, shard)
		}
		return
	}
	s.events, s.read = append(s.events, e), s.read+1
	m.events[e.id] = e
	ev := m.event(e)
	for name := range m.sinks {
		if w := modelWants(name); w == nil || w(&ev) {
			e.required[name] = true
		}
	}
	if fresh {
		m.keep()
	}
}

func (m *model) event(e *issued) event.Event {
	return event.Event{ID: e.id, ShardID: e.shard, Shards: m.cfg.Layout.Total, Type: e.typ, Received: e.received, Data: modelData(e.id, e.size)}
}

// modelData is the data of an event, which no other has.
func modelData(id event.ID, size int) []byte {
	data := make([]byte, size)
	for i := range data {
		data[i] = byte(uint64(i)*0x9E3779B97F4A7C15>>56) ^ byte(id.Seq) ^ byte(id.Session)
	}
	return data
}

// append puts an event into the queue and reports whether it is taken. One that
// would have to wait for more than the disk is not.
func (m *model) append(shard int, e *issued) bool {
	l, ev := m.log(shard), m.event(e)
	fits := func() bool {
		l.mu.Lock()
		defer l.mu.Unlock()
		return l.wanted(&ev) == 0 || l.makeRoom(int64(ev.Size()), ev.Received, true)
	}
	for tries := 0; !fits(); tries++ {
		m.did("no room for %v", e.id)
		if m.inside {
			return false
		}
		m.inside = true // nobody sends in the middle of sending
		for _, l := range m.logs() {
			l.work()
		}
		m.inside = false
		if tries == 2 {
			if m.cfg.Bounds.Policy != Block && m.store.refuse == nil {
				m.fail("no room for %v, though the disk takes everything", e.id)
			}
			return false
		}
	}
	if waited, err := l.Append(context.Background(), &ev); err != nil || waited {
		m.fail("append %v: waited %v, %v", e.id, waited, err)
	}
	m.did("append %v %s of %d to %s", e.id, e.typ, e.size, l.cfg.Prefix)
	return true
}

// take hands events to a sink, of the oldest generation that has any.
func (m *model) take() {
	s := m.sink()
	early := m.rnd.IntN(3) == 0
	for g, cursors := range s.cursors {
		left := 0
		for _, c := range cursors {
			left += c.Depth()
		}
		if left == 0 && g < len(s.cursors)-1 {
			continue
		}
		c := cursors[m.rnd.IntN(len(cursors))]
		var items []Item
		if early {
			items = c.NextEarly(nil, 1+m.rnd.IntN(10))
		} else {
			items = c.Next(nil, 1+m.rnd.IntN(30))
		}
		m.did("%s takes %s of %s (early %v)", s.name, seqs(items), c.log.cfg.Prefix, early)
		for _, it := range items {
			s.hand = append(s.hand, held{c, it})
			m.given(s, &it.Event, early)
			if m.cfg.PersistAfter == 0 && !it.Pos.chunk.saved && !c.log.tender.faulty() {
				m.fail("%s gets %v, which is not on disk", s.name, it.Event.ID)
			}
		}
		return
	}
}

func (m *model) sink() *modelSink {
	names := slices.Sorted(maps.Keys(m.sinks))
	return m.sinks[names[m.rnd.IntN(len(names))]]
}

// given judges what a sink is given.
func (m *model) given(s *modelSink, ev *event.Event, early bool) {
	if ev.Type == GapType {
		return
	}
	e := m.events[ev.ID]
	switch {
	case e == nil:
		m.fail("%s gets %v, which nobody has sent", s.name, ev.ID)
	case ev.ShardID != e.shard || ev.Type != e.typ || !slices.Equal(ev.Data, modelData(e.id, e.size)) || !ev.Received.Equal(e.received):
		m.fail("%s gets %v spoilt", s.name, ev.ID)
	case m.exact() && e.acked[s.name]:
		m.fail("%s gets %v again", s.name, ev.ID)
	case m.exact() && e.dropped[s.name]:
		m.fail("%s gets %v, of which it was said that it was dropped", s.name, ev.ID)
	case slices.ContainsFunc(s.hand[:len(s.hand)-1], func(h held) bool { return h.item.Event.ID == ev.ID }):
		m.fail("%s gets %v and has it in hand", s.name, ev.ID)
	}
	if !e.first[s.name] && !early && e.id.Session != letterSession {
		if e.order < s.last[e.shard] {
			m.fail("%s gets %v (%d of shard %d) behind %d", s.name, ev.ID, e.order, e.shard, s.last[e.shard])
		}
		s.last[e.shard] = e.order
	}
	e.first[s.name] = true
}

// ack has a sink acknowledge a part of what it has in hand, in any order.
func (m *model) ack(part float64) {
	s := m.sink()
	m.rnd.Shuffle(len(s.hand), func(i, j int) { s.hand[i], s.hand[j] = s.hand[j], s.hand[i] })
	n := min(int(part*float64(len(s.hand))+0.5), len(s.hand))
	for _, h := range s.hand[:n] {
		m.acked(s, h)
	}
	m.did("%s acknowledges %d of %d", s.name, n, len(s.hand))
	s.hand = slices.Delete(s.hand, 0, n)
}

func (m *model) acked(s *modelSink, h held) {
	if h.item.Event.Type == GapType {
		g, err := parseGap(h.item.Event.Data)
		if err != nil {
			m.fail("gap marker: %v", err)
		}
		s.told += g.Count
	} else {
		e := m.events[h.item.Event.ID]
		e.acked[s.name] = true
		if !slices.Equal(h.item.Event.Data, modelData(e.id, e.size)) {
			m.fail("the data of %v has changed in the hands of %s", e.id, s.name)
		}
	}
	h.cursor.Ack(h.item.Pos)
}

// noteDropped is told by the queue of what it drops. The log's lock is held.
func (m *model) noteDropped(ev *event.Event, why string) {
	e := m.events[ev.ID]
	if e == nil {
		m.lost++
		return
	}
	for name := range e.required {
		if !e.acked[name] && !e.dropped[name] {
			e.dropped[name] = true
			m.all[name].dropped++
		}
	}
	m.did("dropped %v: %s", ev.ID, why)
	m.judgeDrop(why)
}

// judgeDrop looks whether something had to be dropped: about, because other logs
// go on meanwhile, and more than one is dropped at a time.
func (m *model) judgeDrop(why string) {
	const most = 200_096 // the largest event
	b, q := &m.cfg.Bounds, &m.queue.budget
	full := b.Events > 0 && int(q.events.Load())+1+b.Events/slack >= b.Events ||
		b.Bytes > 0 && max(q.bytes.Load(), q.disk.Load())+most+b.Bytes/slack >= b.Bytes
	if why == reasonFull && !full || why == reasonOld && b.Age == 0 || why == reasonMemory && !m.faults {
		m.fail("dropped (%s) with %d events, %d bytes, %d on disk", why, q.events.Load(), q.bytes.Load(), q.disk.Load())
	}
	if b.Policy == Block && why != reasonOld {
		m.fail("dropped (%s), though the queue blocks", why)
	}
}

// keep saves the sessions.
func (m *model) keep() {
	for _, l := range m.queue.logs {
		for shard, p := range l.Progress() {
			if s := m.shards[shard]; s != nil && s.session == p.Session {
				if p.Seq > int64(len(s.events)) {
					m.fail("shard %d is dealt with up to %d of %d", shard, p.Seq, len(s.events))
				}
				m.saved[shard] = p
			}
		}
	}
	m.did("sessions kept: %v", m.saved)
}

// spoil breaks the store, or mends it.
func (m *model) spoil() {
	if m.store.refuse != nil {
		m.did("the store is mended")
		m.store.spoil(func(f *fakeStore) { f.refuse, f.forget = nil, nil })
		return
	}
	kind := m.rnd.IntN(4)
	m.did("the store is broken (%d)", kind)
	m.store.fail(errDisk, [][]string{{"put"}, {"put", "delete"}, {"get"}, {"put", "get", "delete"}}[kind]...)
	if m.rnd.IntN(3) == 0 { // what is written is there, but nobody knows
		m.store.spoil(func(f *fakeStore) {
			f.refuse = func(string, string) error { return nil }
			f.forget = func(string) error { return errDisk }
		})
	}
}

// put puts a letter back into the queue, for one sink.
func (m *model) put() {
	s := m.sink()
	m.letters++
	e := &issued{
		id: event.ID{Session: letterSession, Seq: m.letters}, shard: m.rnd.IntN(4), typ: "LETTER", size: 100, received: epoch.Add(-time.Hour),
		required: map[string]bool{}, acked: make(map[string]bool), dropped: make(map[string]bool), first: make(map[string]bool),
	}
	m.events[e.id] = e
	c := s.cursors[len(s.cursors)-1][m.rnd.IntN(len(s.cursors[len(s.cursors)-1]))]
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	err := c.Put(ctx, m.event(e)) // it does not wait here
	e.required[s.name] = true
	if !m.exact() && err != nil {
		delete(e.required, s.name)
	}
	m.did("letter %v for %s: %v", e.id, s.name, err)
}

// discard gives up what waits for an orphan.
func (m *model) discard() {
	for _, o := range m.queue.Stats().Orphans {
		n := m.queue.Discard(o.Sink)
		m.did("discard %d of %s", n, o.Sink)
		if n != o.Depth {
			m.fail("%d of %s discarded, %d were there", n, o.Sink, o.Depth)
		}
		for _, e := range m.events {
			delete(e.required, o.Sink)
		}
		m.all[o.Sink].told, m.all[o.Sink].dropped = 0, 0
		if m.queue.Stats().Orphans != nil && m.queue.Stats().Orphans[0].Sink == o.Sink {
			m.fail("%s is still there", o.Sink)
		}
	}
}

// restart ends the process, in order or not, and starts the next.
func (m *model) restart() {
	layout := m.layout
	if m.rnd.IntN(3) == 0 {
		layout = m.rnd.IntN(len(modelLayouts))
	}
	crash, anew := m.crashes && m.rnd.IntN(3) > 0, modelLayouts[layout].Total != m.cfg.Layout.Total
	if !crash {
		m.stop()
	}
	if anew { // no session can be resumed
		for shard := range m.shards {
			m.endSession(shard)
		}
		clear(m.saved)
	}
	if crash {
		m.crash()
	}
	m.layout = layout
	sinks := slices.Sorted(maps.Keys(m.sinks))
	if m.rnd.IntN(2) == 0 {
		sinks = m.someSinks()
	}
	m.start(sinks)
}

// stop ends the process in order, with a store that works.
func (m *model) stop() {
	m.did("stop")
	m.inside = true
	defer func() { m.inside = false }()
	m.store.spoil(func(f *fakeStore) { f.refuse, f.forget = nil, nil })
	for _, l := range m.logs() {
		l.finish()
	}
	m.keep()
}

// crash ends the process at the n-th write to the store, or now. Of a session that
// has ended, what was in memory is gone.
func (m *model) crash() {
	m.inside = true
	defer func() { m.inside = false }()
	lost := m.lost
	m.store.spoil(func(f *fakeStore) { f.fuse = 1 + m.rnd.IntN(12) })
	m.did("crash")
	if m.rnd.IntN(2) == 0 {
		m.wait(2 * time.Second)
		for _, l := range m.logs() {
			l.work()
		}
	}
	m.lost = lost // the dead store's files are not there
	m.store.spoil(func(f *fakeStore) { f.fuse, f.dead, f.refuse, f.forget = 0, false, nil, nil })
	for _, e := range m.events {
		if s := m.shards[e.shard]; s == nil || s.session != e.id.Session {
			clear(e.required)
		}
	}
	for _, s := range m.all { // what was dropped before may come after all
		clear(s.last)
	}
}

// verify checks all sums.
func (m *model) verify(files bool) {
	var events, nfiles int
	var bytes, memory, disk int64
	for _, l := range m.logs() {
		if err := l.check(); err != nil {
			m.fail("%s: %v", l.cfg.Prefix, err)
		}
		if files {
			if err := l.checkFiles(m.store); err != nil {
				m.fail("%s: %v", l.cfg.Prefix, err)
			}
		}
		s := l.Stats()
		events, bytes, memory, disk, nfiles = events+s.Depth, bytes+s.Bytes, memory+s.Memory, disk+s.Disk, nfiles+s.Files
	}
	s := m.queue.Stats()
	if s.Events != events || s.Bytes != bytes || s.Memory != memory || s.Disk != disk || s.Files != nfiles {
		m.fail("the queue says %+v; its logs have %d events, %d bytes, %d in memory, %d on disk in %d files", s, events, bytes, memory, disk, nfiles)
	}
}

// end has every sink take everything, and looks whether it was everything.
func (m *model) end() {
	m.stop()
	m.start(modelSinks)
	for round := 0; ; round++ {
		if round == 2000 {
			m.fail("the queue does not run empty: %+v", m.queue.Stats())
		}
		m.wait(300 * time.Millisecond)
		for _, l := range m.logs() {
			l.work()
		}
		left := 0
		for shard, s := range m.shards {
			m.replay(shard)
			left += len(s.events) - s.read
		}
		for _, s := range m.sinks {
			left += m.drain(s)
		}
		m.verify(false)
		if left == 0 {
			break
		}
	}
	m.settleUp()
}

// drain has a sink take and acknowledge what it can, and reports what is left.
func (m *model) drain(s *modelSink) (left int) {
	for _, cursors := range s.cursors {
		for _, c := range cursors {
			for _, it := range c.Next(nil, 1000) {
				s.hand = append(s.hand, held{c, it})
				m.given(s, &it.Event, false)
			}
			for _, h := range s.hand {
				m.acked(s, h)
			}
			s.hand = nil
			left += c.Depth()
		}
		if left > 0 {
			break
		}
	}
	return left
}

// settleUp looks what has become of every event.
func (m *model) settleUp() {
	m.store.during = nil
	for _, e := range m.events {
		for name := range e.required {
			if !e.acked[name] && !e.dropped[name] {
				m.fail("%s has never had %v (%d of shard %d, %s)", name, e.id, e.order, e.shard, e.typ)
			}
		}
	}
	for name, s := range m.all {
		if m.exact() && s.told != s.dropped {
			m.fail("%s: %d events were dropped, gap markers tell of %d", name, s.dropped, s.told)
		}
	}
	m.clock.Advance(5 * time.Second)
	for _, l := range m.logs() {
		l.finish()
	}
	if s := m.queue.Stats(); s.Events != 0 || s.Bytes != 0 || s.Memory != 0 || s.Disk != 0 || s.Files != 0 || m.lost > 0 {
		m.fail("an empty queue says %+v, %d events were lost", s, m.lost)
	}
	for name := range m.store.files {
		if name != metaName {
			m.fail("%s is left over", name)
		}
	}
}
