package spool

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gatehouse-gateway/gatehouse/engine/clock"
	"github.com/gatehouse-gateway/gatehouse/engine/event"
)

// rig is a queue over a fake store, with a clock that a test moves by hand.
type rig struct {
	t       *testing.T
	store   *fakeStore
	clock   *clock.Manual
	cfg     QueueConfig
	sinks   []CursorConfig
	queue   *Queue
	cursors map[string][][]*Cursor // by sink, generation and log
	log     bytes.Buffer
	woken   map[string]int
	mu      sync.Mutex
	seqs    map[int]int64
	dropped map[string]int // by reason
}

// rigSession is the session of all of a rig's shards.
const rigSession = 7

// newRig opens a queue of one worker with four shards for a sink named bot.
func newRig(t *testing.T, change func(r *rig)) *rig {
	t.Helper()
	r := &rig{
		t: t, store: newFake(), clock: clock.NewManual(epoch), sinks: []CursorConfig{{Name: "bot"}},
		woken: make(map[string]int), seqs: make(map[int]int64), dropped: make(map[string]int),
	}
	r.cfg = QueueConfig{
		Layout: Layout{Total: 4, First: 0, Last: 3, PerWorker: 4}, Bot: "1", Store: r.store, PersistAfter: time.Second,
		Clock: r.clock, Logger: slog.New(slog.NewTextHandler(&r.log, nil)),
		Dropped: func(_ *event.Event, why string) { r.dropped[why]++ },
	}
	if change != nil {
		change(r)
	}
	r.open()
	return r
}

// open starts a process.
func (r *rig) open() {
	r.t.Helper()
	if err := r.tryOpen(); err != nil {
		r.t.Fatal(err)
	}
}

func (r *rig) tryOpen() error {
	q, err := OpenQueue(r.cfg)
	if err != nil {
		return err
	}
	r.queue, r.cursors = q, make(map[string][][]*Cursor)
	l := r.cfg.Layout
	q.Log((l.Last - l.First) / l.PerWorker)
	for _, logs := range q.Generations() {
		for _, cfg := range r.sinks {
			cfg.Wake = func() { r.woken[cfg.Name]++ }
			var cursors []*Cursor
			for _, log := range logs {
				c, err := log.Open(cfg)
				if err != nil {
					return err
				}
				cursors = append(cursors, c)
			}
			r.cursors[cfg.Name] = append(r.cursors[cfg.Name], cursors)
		}
	}
	return q.Recover()
}

// stop ends the process in order.
func (r *rig) stop() {
	for _, l := range r.queue.all() {
		l.finish()
	}
}

// restart ends the process in order and starts the next.
func (r *rig) restart() {
	r.t.Helper()
	r.stop()
	r.open()
}

func (r *rig) first() *Log { return r.queue.Log(0) }

func (r *rig) cursor(sink string) *Cursor {
	all := r.cursors[sink]
	return all[len(all)-1][0]
}

// work lets all tenders work.
func (r *rig) work() {
	for _, l := range r.queue.all() {
		l.work()
	}
}

// pass lets time pass, in which the tenders work.
func (r *rig) pass(d time.Duration) {
	for end := r.clock.Now().Add(d); r.clock.Now().Before(end); {
		r.clock.Advance(min(250*time.Millisecond, end.Sub(r.clock.Now())))
		for _, l := range r.queue.all() {
			l.tick()
		}
		r.work()
	}
}

// add appends events of 1 kB to a shard.
func (r *rig) add(shard, n int) {
	r.t.Helper()
	for range n {
		r.addOf(shard, "MESSAGE_CREATE", 1000)
	}
}

func (r *rig) addOf(shard int, eventType string, size int) {
	r.t.Helper()
	ev := r.nextEvent(shard, eventType, size)
	l := r.queue.Log((shard - r.cfg.Layout.First) / r.cfg.Layout.PerWorker)
	l.mu.Lock()
	fits := l.makeRoom(int64(ev.Size()), ev.Received, true)
	l.mu.Unlock()
	if !fits { // the tender has to work first, or Append would wait for the clock
		l.work()
	}
	if _, err := l.Append(context.Background(), &ev); err != nil {
		r.t.Fatal(err)
	}
}

// nextEvent is the next of a shard. It may be called concurrently.
func (r *rig) nextEvent(shard int, eventType string, size int) event.Event {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.seqs[shard]++
	return r.event(shard, r.seqs[shard], eventType, size)
}

func (r *rig) event(shard int, seq int64, eventType string, size int) event.Event {
	data := bytes.Repeat([]byte{byte(seq)}, size)
	return event.Event{
		ID: event.ID{Session: rigSession, Seq: seq}, ShardID: shard, Shards: r.cfg.Layout.Total,
		Type: eventType, Received: r.cfg.Clock.Now(), Data: data,
	}
}

// take has a sink take everything that it can get, and acknowledge it. It is told
// as shard:seq, with runs as shard:first-last, and gap markers as shard:-count.
func (r *rig) take(sink string) string {
	r.t.Helper()
	return r.tell(r.items(sink, true))
}

// items are everything that a sink can get.
func (r *rig) items(sink string, ack bool) (all []Item) {
	r.t.Helper()
	for _, cursors := range r.cursors[sink] {
		for _, c := range cursors {
			for tries := 0; c.Depth() > 0 && tries < 3; tries++ {
				items := c.Next(nil, 100)
				for _, it := range items {
					all = append(all, it)
					r.judge(&it.Event)
					if ack {
						c.Ack(it.Pos)
					}
				}
				if len(items) > 0 {
					tries = -1
				}
				c.log.work()
			}
		}
	}
	return all
}

// judge checks the data of an event.
func (r *rig) judge(ev *event.Event) {
	r.t.Helper()
	if ev.Type == GapType {
		return
	}
	for _, b := range ev.Data {
		if b != byte(ev.ID.Seq) {
			r.t.Fatalf("event %d of shard %d holds the data of another", ev.ID.Seq, ev.ShardID)
		}
	}
}

func (r *rig) tell(items []Item) string {
	var out []string
	first := int64(0)
	for i, it := range items {
		ev := &it.Event
		if ev.Type == GapType {
			g, err := parseGap(ev.Data)
			if err != nil {
				r.t.Fatal(err)
			}
			out = append(out, fmt.Sprintf("%d:-%d", ev.ShardID, g.Count))
			continue
		}
		run := i > 0 && items[i-1].Event.ShardID == ev.ShardID && items[i-1].Event.ID.Seq == ev.ID.Seq-1 && items[i-1].Event.Type != GapType
		if run {
			out[len(out)-1] = fmt.Sprintf("%d:%d-%d", ev.ShardID, first, ev.ID.Seq)
		} else {
			first = ev.ID.Seq
			out = append(out, fmt.Sprintf("%d:%d", ev.ShardID, first))
		}
	}
	return strings.Join(out, " ")
}

// check fails the test if a sum is wrong.
func (r *rig) check() {
	r.t.Helper()
	for _, l := range r.queue.all() {
		if err := l.check(); err != nil {
			r.t.Fatalf("%s: %v", l.cfg.Prefix, err)
		}
	}
}

// empty fails the test unless nothing is left, in the queue or the store.
func (r *rig) empty() {
	r.t.Helper()
	r.pass(10 * time.Second)
	r.check()
	if s := r.queue.Stats(); s.Events != 0 || s.Bytes != 0 || s.Memory != 0 || s.Disk != 0 || s.Files != 0 {
		r.t.Errorf("an empty queue says %+v", s)
	}
	for name := range r.store.files {
		if name != metaName {
			r.t.Errorf("%s is left in the store", name)
		}
	}
}

func (r *rig) expect(what, got, want string) {
	r.t.Helper()
	if got != want {
		r.t.Errorf("%s: got %q, want %q", what, got, want)
	}
}
