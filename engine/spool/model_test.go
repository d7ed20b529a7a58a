package spool

import (
	"context"
	"flag"
	"fmt"
	"log/slog"
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
	if testing.Short() || raceEnabled { // one goroutine walks: there is little to detect, at ten times the cost
		seeds = 20
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
	run      int             // the process that has appended it last
	safe     bool            // it has been on disk
	passed   bool            // another fleet brings it
	foreign  bool            // it stands in for one of the shard's session
	late     bool            // its fleet was not the present one any more
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
	cursors []*modelGeneration
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
	next    *modelFleet           // to come; nil if none is
	old     *modelFleet           // the one before; nil if there was none
	runs    int                   // processes so far
	session uint64                // the last one given out
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

var modelLayouts = []Layout{{4, 0, 3, 2, ""}, {4, 0, 3, 4, ""}, {6, 0, 5, 3, ""}}

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

// act takes one step.
func (m *model) act() {
	switch n := m.rnd.IntN(110); {
	case n >= 100:
		m.reshard()
	case n < 40:
		for range 1 + m.rnd.IntN(6) {
			m.send()
		}
	case n < 58:
		m.take()
	case n < 74:
		m.ack(0.3 + m.rnd.Float64())
	case n < 84:
		m.work()
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
		switch m.rnd.IntN(11) {
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
		case 8:
			m.sendNext()
		case 9:
			m.cut()
		case 10:
			m.standIn()
		}
		m.verify(false)
	}
	m.did("so far")
	m.inside = false
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
		s = &modelShard{session: m.newSession()}
		m.shards[shard] = s
	}
	if !m.replay(shard) {
		return
	}
	m.orders[shard]++
	e := m.issue(event.ID{Session: s.session, Seq: int64(len(s.events) + 1)}, shard, m.orders[shard])
	if !m.appendTo(m.log(shard), e) {
		if fresh {
			delete(m.shards, shard)
		}
		return
	}
	s.events, s.read = append(s.events, e), s.read+1
	m.require(e)
	if fresh {
		m.keep()
	}
}

// newSession is an id that no other session has.
func (m *model) newSession() uint64 {
	m.session++
	return letterSession + m.session
}

// issue makes an event of a shard.
func (m *model) issue(id event.ID, shard, order int) *issued {
	size := m.rnd.IntN(2000)
	if m.rnd.IntN(40) == 0 {
		size = m.rnd.IntN(200_000)
	}
	return &issued{
		id: id, shard: shard, order: order,
		typ: modelTypes[m.rnd.IntN(len(modelTypes))], size: size, received: m.clock.Now(),
		required: make(map[string]bool), acked: make(map[string]bool), dropped: make(map[string]bool), first: make(map[string]bool),
	}
}

// require notes that the sinks that want an event, which is in the queue, must have
// it.
func (m *model) require(e *issued) {
	m.events[e.id] = e
	ev := m.event(e)
	for name := range m.sinks {
		if w := modelWants(name); w == nil || w(&ev) {
			e.required[name] = true
		}
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

// appendTo puts an event into a log and reports whether it is taken. One that would
// have to wait for more than the disk is not.
func (m *model) appendTo(l *Log, e *issued) bool {
	ev := m.event(e)
	fits := func() bool {
		l.mu.Lock()
		defer l.mu.Unlock()
		p := l.progress[e.shard]
		stored := p != nil && p.session == ev.ID.Session && ev.ID.Seq <= p.stored
		return stored || l.wanted(&ev) == 0 || l.makeRoom(int64(ev.Size()), ev.Received, true)
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
	var waited bool
	var err error
	if e.foreign {
		err = l.AppendForeign(context.Background(), &ev)
	} else {
		waited, err = l.Append(context.Background(), &ev)
	}
	if err != nil || waited {
		m.fail("append %v: waited %v, %v", e.id, waited, err)
	}
	e.run = m.runs
	m.did("append %v %s of %d to %s", e.id, e.typ, e.size, l.cfg.Prefix)
	return true
}
