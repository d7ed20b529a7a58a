package spool

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-gateway/gatehouse/engine/event"
)

// damages are what can happen to the file of a chunk, and what is lost by it of
// ten events of shard 0 and ten of shard 1, in turn.
var damages = []struct {
	name   string
	change func(data []byte) []byte
	lost   func(shard int) int // of ten; -1 for what cannot be told by shard
}{
	{"a bit is flipped in a record", func(d []byte) []byte {
		d[recordAt(d, 3)+recordHead+recordFixed+20] ^= 4
		return d
	}, func(shard int) int { return shard }},
	{"the length of a record is wrong", func(d []byte) []byte {
		d[recordAt(d, 4)+1] ^= 0x80
		return d
	}, func(shard int) int { return 1 - shard }},
	{"a run of zeros over three records", func(d []byte) []byte {
		clear(d[recordAt(d, 5)+10 : recordAt(d, 8)-10])
		return d
	}, func(shard int) int { return 1 + shard }},
	{"it ends early", func(d []byte) []byte { return d[:recordAt(d, 16)+100] }, func(int) int { return 2 }},
	{"it ends in its head", func(d []byte) []byte { return d[:40] }, func(int) int { return 10 }},
	{"its head is damaged", func(d []byte) []byte { d[len(magic)+12] ^= 1; return d }, func(int) int { return 0 }},
	{"its magic is damaged", func(d []byte) []byte { d[0] ^= 1; return d }, func(int) int { return 0 }},
	{"its beginning is gone", func(d []byte) []byte { return d[recordAt(d, 1)+5:] }, func(shard int) int { return 1 }},
	{"something stands behind it", func(d []byte) []byte { return append(d, "what is this?"...) }, func(int) int { return 0 }},
	{"head and tail are damaged", func(d []byte) []byte { d[0] ^= 1; d[len(d)-1] ^= 1; return d }, func(int) int { return 0 }},
	{"it is empty", func(d []byte) []byte { return nil }, func(int) int { return 10 }},
	{"it is full of zeros", func(d []byte) []byte { clear(d); return d }, func(int) int { return 10 }},
	{"it is another file", func(d []byte) []byte { return bytes.Repeat([]byte("PNG\r\n"), 1000) }, func(int) int { return 10 }},
}

// recordAt is where the n-th record of a file begins.
func recordAt(file []byte, n int) int {
	first, next := uint64(20), uint64(40)
	_, text, err := readHead(file, first, next)
	if err != nil {
		panic(err)
	}
	at := len(magic) + 8 + text
	for range n {
		var e entry
		at += readRecord(file[at:], first, next, &e)
	}
	return at
}

// damaged is a rig with three files on disk alone, of twenty events each, the
// second of which is spoilt.
func damaged(t *testing.T, change func([]byte) []byte) *rig {
	t.Helper()
	r := newRig(t, func(r *rig) {
		r.sinks = append(r.sinks, CursorConfig{Name: "picky", Wants: func(e *event.Event) bool { return e.ShardID == 1 }})
	})
	for range 3 {
		for range 10 {
			r.addOf(0, "MESSAGE_CREATE", 200)
			r.addOf(1, "MESSAGE_CREATE", 200)
		}
		r.pass(2 * time.Second)
	}
	r.evictAll()
	if change != nil {
		r.store.damage(t, r.store.chunks()[1], change)
	}
	return r
}

// evictAll takes out of memory what can leave it.
func (r *rig) evictAll() {
	for _, l := range r.queue.all() {
		l.mu.Lock()
		for _, c := range slices.Clone(l.hot) {
			if c.held == 0 && !c.dirty && c.bytes > 0 {
				l.cool(c)
			}
		}
		l.mu.Unlock()
	}
}

// outcome is what a sink got of each shard, and what it was told of.
type outcome struct{ got, told [2]int }

func (r *rig) outcome(sink string) (o outcome) {
	r.t.Helper()
	last := [2]int64{}
	for _, it := range r.items(sink, true) {
		shard := it.Event.ShardID
		if it.Event.Type == GapType {
			g, err := parseGap(it.Event.Data)
			if err != nil || !strings.HasPrefix(g.Reason, reasonLost) {
				r.t.Errorf("gap marker %s: %v", it.Event.Data, err)
			}
			o.told[shard] += g.Count
			continue
		}
		if it.Event.ID.Seq <= last[shard] {
			r.t.Errorf("%s: %d of shard %d behind %d", sink, it.Event.ID.Seq, shard, last[shard])
		}
		last[shard] = it.Event.ID.Seq
		o.got[shard]++
	}
	return o
}

func TestADamagedFileCostsOnlyWhatIsDamaged(t *testing.T) {
	for _, d := range damages {
		t.Run(d.name, func(t *testing.T) {
			r := damaged(t, d.change)
			name := r.store.chunks()[1]
			copied := bytes.Clone(r.store.files[name])
			for _, sink := range []string{"bot", "picky"} {
				o := r.outcome(sink)
				for shard := range 2 {
					lost := d.lost(shard)
					if sink == "picky" && shard == 0 {
						if o.got[0]+o.told[0] > 0 {
							t.Errorf("%s wants nothing of shard 0: %+v", sink, o)
						}
						continue
					}
					if o.got[shard] != 30-lost || o.told[shard] != lost {
						t.Errorf("%s: of shard %d %d came, %d are told of; %d are damaged", sink, shard, o.got[shard], o.told[shard], lost)
					}
				}
			}
			if n := d.lost(0) + d.lost(1); r.dropped[reasonLost] != n || r.first().Stats().Dropped != uint64(n) {
				t.Errorf("dropped %v, want %d", r.dropped, n)
			}
			r.judgeDamage(name, copied)
			r.empty()
		})
	}
}

// judgeDamage looks whether the damage was seen, said, and put aside.
func (r *rig) judgeDamage(name string, copied []byte) {
	r.t.Helper()
	if r.queue.Stats().Damaged != 1 || !bytes.Equal(r.store.aside[name], copied) || len(r.store.aside) != 1 {
		r.t.Errorf("%d damaged, %d put aside", r.queue.Stats().Damaged, len(r.store.aside))
	}
	if !strings.Contains(r.log.String(), name) {
		r.t.Errorf("nothing is said of %s:\n%s", name, r.log.String())
	}
}

func TestDamageIsFoundAtAStartToo(t *testing.T) {
	for _, d := range damages {
		t.Run(d.name, func(t *testing.T) {
			r := damaged(t, nil)
			r.stop()
			name := r.store.chunks()[1]
			r.store.damage(t, name, d.change)
			copied := bytes.Clone(r.store.files[name])
			r.open()
			r.check()
			o, picky := r.outcome("bot"), r.outcome("picky")
			lost := d.lost(0) + d.lost(1)
			if o.got[0] != 30-d.lost(0) || o.got[1] != 30-d.lost(1) || o.told[0]+o.told[1] != lost {
				t.Errorf("%+v, %d are damaged", o, lost)
			}
			if picky.got[0] != 0 || picky.got[1] != 30-d.lost(1) || picky.told[0]+picky.told[1] < min(d.lost(1), 1) {
				t.Errorf("the picky one: %+v", picky)
			}
			if r.dropped[reasonLost] != lost {
				t.Errorf("dropped %v, want %d", r.dropped, lost)
			}
			r.judgeDamage(name, copied)
			r.empty()
		})
	}
}

func TestAFileThatIsGoneIsToldOf(t *testing.T) {
	r := damaged(t, nil)
	r.store.spoil(func(f *fakeStore) { delete(f.files, firstOf(f)) })
	o := r.outcome("bot")
	if o.got != [2]int{20, 20} || o.told != [2]int{10, 10} {
		t.Errorf("%+v", o)
	}
	r.outcome("picky")
	r.empty()
}

func firstOf(f *fakeStore) string {
	for name := range f.files {
		if first, _, ok := parseChunkName(name); ok && first == 0 {
			return name
		}
	}
	return ""
}

// What a cursor has had of a damaged file before is not lost again.
func TestDamageBehindACursorCostsNothing(t *testing.T) {
	r := damaged(t, nil)
	c := r.cursor("bot")
	var got []Item
	for len(got) < 26 {
		got = append(got, c.Next(nil, 26-len(got))...)
		r.work()
	}
	for _, it := range got {
		c.Ack(it.Pos)
	}
	r.evictAll()
	r.store.damage(t, r.store.chunks()[1], func(d []byte) []byte {
		before, behind := recordAt(d, 2), recordAt(d, 8)
		d[before+100] ^= 1
		d[behind+100] ^= 1
		return d
	})
	o := r.outcome("bot")
	if o.got != [2]int{16, 17} || o.told != [2]int{1, 0} {
		t.Errorf("%+v", o)
	}
	if p := r.outcome("picky"); p.got != [2]int{0, 30} {
		t.Errorf("the picky one: %+v", p)
	}
	r.empty()
}

func TestWithoutItsCursorsAQueueIsDeliveredAgain(t *testing.T) {
	for name, change := range map[string]func([]byte) []byte{
		"gone":          nil,
		"not JSON":      func([]byte) []byte { return []byte("{") },
		"a digit wrong": func(d []byte) []byte { return bytes.Replace(d, []byte(`"read":4`), []byte(`"read":8`), 1) },
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, nil)
			r.add(0, 10)
			r.pass(2 * time.Second)
			c := r.cursor("bot")
			for _, it := range c.Next(nil, 4) {
				c.Ack(it.Pos)
			}
			r.stop()
			index := r.first().cfg.Prefix + indexName
			if change == nil {
				r.store.spoil(func(f *fakeStore) { delete(f.files, index) })
			} else {
				r.store.damage(t, index, change)
			}
			r.open()
			r.expect("delivered again", r.take("bot"), "0:1-10")
			if said := strings.Contains(r.log.String(), "forgotten how far"); said != (change != nil) {
				t.Errorf("said: %v", said)
			}
			r.empty()
		})
	}
}

// A start with one file that the disk cannot read goes on with the others.
func TestAStartDoesNotFailForOneBadFile(t *testing.T) {
	r := damaged(t, nil)
	r.stop()
	bad := r.store.chunks()[1]
	r.store.spoil(func(f *fakeStore) {
		f.refuse = func(op, name string) error {
			if op == "get" && name == bad {
				return errDisk
			}
			return nil
		}
	})
	r.open()
	got := r.outcome("bot")
	if got.got != [2]int{10, 10} || got.told != [2]int{} {
		t.Errorf("before the bad file: %+v", got)
	}
	r.store.fail(nil)
	r.pass(time.Minute)
	if got := r.outcome("bot"); got.got != [2]int{20, 20} || got.told != [2]int{} {
		t.Errorf("after the disk has come back: %+v", got)
	}
	r.outcome("picky")
	r.empty()

	r = damaged(t, nil)
	r.stop()
	r.store.fail(fmt.Errorf("open: %w", fs.ErrPermission), "get")
	if err := r.tryOpen(); !errors.Is(err, fs.ErrPermission) {
		t.Errorf("without permission: %v", err)
	}
}
