package spool

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/gatehouse-gateway/gatehouse/engine/clock"
	"github.com/gatehouse-gateway/gatehouse/engine/event"
)

// anEntry is an entry with something in every field.
func anEntry(rnd *rand.Rand, pos uint64) entry {
	data := make([]byte, rnd.IntN(3000))
	for i := range data {
		data[i] = byte(rnd.Uint32())
	}
	e := entry{pos: pos, waits: 1 + rnd.Uint64N(7), origin: []origin{ours, ours, ours, again, foreign}[rnd.IntN(5)], ev: event.Event{
		ID: event.ID{Session: rnd.Uint64(), Seq: rnd.Int64() - rnd.Int64()}, ShardID: rnd.IntN(9), Shards: rnd.IntN(1000),
		Type: []string{"", "PRESENCE_UPDATE", "MESSAGE_CREATE", "SOMETHING_NEW"}[rnd.IntN(4)], Guild: rnd.Uint64(),
		Kind: event.Kind(rnd.IntN(6)), Received: time.Unix(rnd.Int64N(4e9), rnd.Int64N(1e9)), Data: data,
	}}
	if rnd.IntN(8) == 0 {
		e.ev.Type, e.ev.Data = GapType, nil
		e.gap = &gap{Count: 1 + rnd.IntN(99), Reason: "because", From: epoch, To: epoch.Add(time.Duration(rnd.Int64N(1e15)))}
	}
	return e
}

// anImage is an image of n entries, with holes between them.
func anImage(rnd *rand.Rand, n int) (*image, []entry) {
	im := &image{first: 100, level: uint8(rnd.IntN(3)), sinks: []string{"bot", "", "ü\""}}
	var entries []entry
	pos := im.first
	for range n {
		e := anEntry(rnd, pos)
		entries = append(entries, e)
		im.take(&e)
		pos += 1 + uint64(rnd.IntN(2)*rnd.IntN(5))
	}
	im.next = pos
	return im, entries
}

func TestWhatIsWrittenIsWhatIsRead(t *testing.T) {
	for seed := range uint64(200) {
		rnd := rand.New(rand.NewPCG(seed, 1))
		im, entries := anImage(rnd, 1+rnd.IntN(60))
		want := im.summary()
		file, err := im.encode([]byte("what was there before")[:0])
		if err != nil {
			t.Fatal(err)
		}
		if bound := im.bound(); int64(len(file)) > bound {
			t.Errorf("%d bytes, bounded by %d", len(file), bound)
		}
		s, got, err := readFile(file, im.first, im.next, nil)
		if err != nil {
			t.Fatal(err)
		}
		for i := range s.Sessions {
			if s.Sessions[i].session != want.Sessions[i].session || s.Sessions[i].Seq != want.Sessions[i].Seq {
				t.Errorf("session %+v, want %+v", s.Sessions[i], want.Sessions[i])
			}
		}
		s.Sessions, want.Sessions = nil, nil
		if !reflect.DeepEqual(s, *want) || len(got) != len(entries) {
			t.Fatalf("%d entries of %d, %+v, want %+v", len(got), len(entries), s, want)
		}
		for i := range got {
			if !sameEntry(&got[i], &entries[i]) {
				t.Fatalf("entry %d: %+v, want %+v", i, got[i], entries[i])
			}
		}
	}
}

func sameEntry(a, b *entry) bool {
	if !bytes.Equal(a.ev.Data, b.ev.Data) || !a.ev.Received.Equal(b.ev.Received) || (a.gap == nil) != (b.gap == nil) {
		return false
	}
	if a.gap != nil && (a.gap.Count != b.gap.Count || a.gap.Reason != b.gap.Reason || !a.gap.From.Equal(b.gap.From) || !a.gap.To.Equal(b.gap.To)) {
		return false
	}
	x, y := *a, *b
	x.ev.Data, y.ev.Data, x.gap, y.gap, x.ev.Received, y.ev.Received = nil, nil, nil, nil, time.Time{}, time.Time{}
	return reflect.DeepEqual(x, y)
}

// Whatever single byte is wrong, and wherever a file ends, it is seen, and costs no
// more than the record it is in.
func TestNoDamageGoesUnseenOrSpreads(t *testing.T) {
	rnd := rand.New(rand.NewPCG(3, 3))
	im, entries := anImage(rnd, 12)
	for i := range im.entries { // short, so that every place can be tried
		if e := &im.entries[i]; e.gap == nil {
			e.ev.Data = e.ev.Data[:min(20, len(e.ev.Data))]
			entries[i].ev.Data = e.ev.Data
		}
	}
	im.records = 0
	for i := range im.entries {
		im.records += int64(recordHead + recordFixed + len(im.entries[i].ev.Type) + len(im.entries[i].ev.Data))
	}
	file, err := im.encode(nil)
	if err != nil {
		t.Fatal(err)
	}
	_, text, _ := readHead(file, im.first, im.next)
	head, tail := len(magic)+8+text, len(file)-(len(magic)+8+text)
	for at := range file {
		bad := bytes.Clone(file)
		bad[at] ^= byte(1 + rnd.IntN(255))
		s, got, err := readFile(bad, im.first, im.next, nil)
		inRecords := at >= head && at < tail
		if at < tail && !errors.Is(err, errDamaged) {
			t.Errorf("byte %d: %v", at, err)
		}
		if n := len(entries) - len(got); n > 1 || !inRecords && n > 0 {
			t.Errorf("byte %d of [%d,%d): %d records are lost", at, head, tail, n)
		}
		if s.Sinks == nil {
			t.Errorf("byte %d: nothing is known of the file", at)
		}
		holds(t, entries, got)
	}
	for end := range file {
		_, got, err := readFile(file[:end], im.first, im.next, nil)
		if !errors.Is(err, errDamaged) {
			t.Errorf("cut at %d: %v", end, err)
		}
		holds(t, entries, got)
	}
}

// holds checks that every entry is one of those that were written, in order.
func holds(t *testing.T, all, got []entry) {
	t.Helper()
	for i := range got {
		for len(all) > 0 && all[0].pos < got[i].pos {
			all = all[1:]
		}
		if len(all) == 0 || !sameEntry(&all[0], &got[i]) {
			t.Fatalf("%+v was never written", got[i])
		}
		all = all[1:]
	}
}

func FuzzReadFile(f *testing.F) {
	for seed := range uint64(6) {
		im, _ := anImage(rand.New(rand.NewPCG(seed, 2)), int(seed))
		file, err := im.encode(nil)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(file, im.first, im.next)
		f.Add(file[len(file)/3:], im.first, im.next)
	}
	f.Add([]byte(magic), uint64(0), uint64(math.MaxUint64))
	f.Fuzz(func(t *testing.T, file []byte, first, next uint64) {
		s, got, err := readFile(file, first, next, nil)
		for i := range got {
			if got[i].pos < first || got[i].pos >= next || i > 0 && got[i].pos <= got[i-1].pos {
				t.Fatalf("an entry at %d of [%d,%d)", got[i].pos, first, next)
			}
		}
		if err == nil && (s.First != first || s.Next != next || s.records() != len(got)) {
			t.Fatalf("%d entries, the summary says %+v", len(got), s)
		}
	})
}

// What is left in a store can be anything.
func FuzzRecover(f *testing.F) {
	im, _ := anImage(rand.New(rand.NewPCG(9, 9)), 20)
	file, err := im.encode(nil)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(file, []byte(`{"sum":1,"index":{}}`), "0000000000000064-0000000000000080", false)
	f.Add(file[:500], []byte(`{"sum":3523407757,"index":1}`), "0000000000000000-ffffffffffffffff", false)
	f.Add([]byte(nil), []byte("x"), "0000000000000001-0000000000000002", false)
	f.Add([]byte(`{"first":100,"next":128,"length":100,"sinks":["bot"],"groups":[{"shard":1,"shards":2,"waits":3,"events":5,"bytes":50}]}`),
		[]byte(`{"tail":200,"sinks":{"bot":{"read":120,"waiting":[110,112],"done":[[125,126]]},"dead":{"read":3}}}`),
		"0000000000000003-0000000000000070", true)
	f.Fuzz(func(t *testing.T, file, cursors []byte, name string, signed bool) {
		if signed { // with checksums that are right, to come further
			file = slices.Concat([]byte(magic), le32(uint32(len(file))), le32(crcOf(file)), file)
			cursors = fmt.Appendf(nil, `{"sum":%d,"index":%s}`, crcOf(cursors), cursors)
		}
		store := newFake()
		prefix := "0001_1-0-0-1/000/"
		store.files[prefix+name+".chunk"] = file
		store.files[prefix+"0000000000000064-0000000000000080.chunk"] = file
		store.files[prefix+indexName] = cursors
		now := clock.NewManual(epoch)
		q, err := OpenQueue(QueueConfig{Store: store, Clock: now, Layout: Layout{1, 0, 0, 1, ""}, PersistAfter: time.Second})
		if err != nil {
			t.Fatal(err)
		}
		l := q.Log(0)
		c, err := l.Open(CursorConfig{Name: "bot", Wake: func() {}})
		if err != nil {
			t.Fatal(err)
		}
		if err := q.Recover(); err != nil {
			t.Fatal(err)
		}
		for range 40 {
			if err := l.check(); err != nil {
				t.Fatal(err)
			}
			for _, it := range c.Next(nil, 100) {
				c.Ack(it.Pos)
			}
			l.work()
			now.Advance(time.Second)
		}
		if n := c.Depth(); n > 0 {
			t.Fatalf("%d can never be delivered", n)
		}
	})
}

func le32(n uint32) []byte { return binary.LittleEndian.AppendUint32(nil, n) }

func TestNamesOfChunksSayWhatTheyHold(t *testing.T) {
	for _, p := range [][2]uint64{{0, 1}, {5, 1029}, {1 << 40, 1<<40 + joinEvents}} {
		name := chunkName("0001_8-0-7-25/000/", p[0], p[1])
		if first, next, ok := parseChunkName(name); !ok || first != p[0] || next != p[1] {
			t.Errorf("%s: [%d,%d) %v", name, first, next, ok)
		}
	}
	for _, name := range []string{"", "cursors.json", "a/probe", "5-5.chunk", "9-5.chunk", "5.chunk", "-.chunk", "x-y.chunk", "1-2.chunk.damaged", "0-ffff.chunk", "fffffffffffffff0-ffffffffffffffff.chunk"} {
		if _, _, ok := parseChunkName(name); ok {
			t.Errorf("%q is taken for a chunk", name)
		}
	}
	for _, name := range []string{"queue.json", "a/b/c/d", "x_1/000/a", "0001/000/a", "0001_1/x/a"} {
		if _, _, _, ok := parsePrefix(name); ok {
			t.Errorf("%q is taken for a file of a log", name)
		}
	}
	if n, layout, worker, ok := parsePrefix("0003_8-0-7-25/012/cursors.json"); !ok || fmt.Sprintf("%d %s %d", n, layout, worker) != "3 8-0-7-25 12" {
		t.Errorf("%d %s %d %v", n, layout, worker, ok)
	}
}
