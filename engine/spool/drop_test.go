package spool

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

func TestWhatIsGivenUpLeavesAGap(t *testing.T) {
	r := newRig(t, nil)
	r.add(0, 10)
	r.add(1, 5)
	c := r.cursor("bot")
	hand := c.Next(nil, 4)
	n, more := c.Drop([]Position{hand[2].Pos, hand[3].Pos}, 8)
	r.check()
	if n != 8 || more || c.Depth() != 15-8+1 || c.Stats().Dropped != 8 {
		t.Errorf("%d, %v, %+v", n, more, c.Stats())
	}
	if n, _ := c.Drop(nil, 2); n != 2 {
		t.Errorf("%d", n)
	}
	c.Ack(hand[0].Pos, hand[1].Pos)
	r.expect("the rest", r.take("bot"), "1:3-5 0:-8 1:-2")
	if len(r.dropped) > 0 {
		t.Errorf("the bounds are said to have cost %v", r.dropped)
	}
	r.empty()
}

// A sink that shares its queue with another loses its own alone.
func TestWhatOneSinkGivesUpTheOtherGets(t *testing.T) {
	r := newRig(t, func(r *rig) { r.sinks = append(r.sinks, CursorConfig{Name: "audit"}) })
	r.add(2, 20)
	if n, _ := r.cursor("bot").Drop(nil, 1000); n != 20 {
		t.Errorf("%d", n)
	}
	r.check()
	r.expect("audit", r.take("audit"), "2:1-20")
	r.expect("bot", r.take("bot"), "2:-20")
	r.empty()
}

// What is on disk alone is given up without being read, unless it holds gap markers
// or is more than may go.
func TestABacklogOnDiskIsGivenUp(t *testing.T) {
	r := newRig(t, func(r *rig) { r.cfg.Bounds.Memory = 1 << 20 })
	r.add(0, 4000)
	r.pass(5 * time.Second)
	c := r.cursor("bot")
	if n, more := c.Drop(nil, 3000); n+500 < 3000 || n > 3000 || !more && n != 3000 {
		t.Errorf("at first %d, more %v", n, more)
	}
	r.check()
	for more, tries := true, 0; more && tries < 100; tries++ {
		_, more = c.Drop(nil, 3000-int(c.Stats().Dropped))
		r.work()
		r.check()
	}
	if got := c.Stats(); got.Dropped != 3000 || got.Depth != 1001 {
		t.Errorf("%+v", got)
	}
	r.expect("the rest", r.take("bot"), "0:3001-4000 0:-3000")
	r.empty()
}

// What was given up stays so, whatever comes next.
func TestWhatIsGivenUpStaysGone(t *testing.T) {
	r := newRig(t, nil)
	r.add(0, 2500)
	r.pass(5 * time.Second)
	if n, _ := r.cursor("bot").Drop(nil, 2000); n != 2000 {
		t.Errorf("%d", n)
	}
	r.pass(5 * time.Second)
	r.restart()
	r.expect("after a restart", r.take("bot"), "0:2001-2500 0:-2000")
	r.empty()
}

// Whatever happens in whatever order: each event comes, or a gap marker tells of it.
func TestNothingVanishesWhenEventsAreGivenUp(t *testing.T) {
	for seed := range uint64(12) {
		rnd := rand.New(rand.NewPCG(seed, 1))
		r := newRig(t, func(r *rig) {
			r.sinks = append(r.sinks, CursorConfig{Name: "audit"})
			r.cfg.Bounds.Memory = 1 << 20
		})
		told := map[string]int{}
		hands := map[string][]Item{}
		tell := func(sink string, items []Item) {
			for _, it := range items {
				told[sink] += 1
				if it.Event.Type == GapType {
					g, err := parseGap(it.Event.Data)
					if err != nil {
						t.Fatal(err)
					}
					told[sink] += g.Count - 1
				}
			}
		}
		sent := 0
		for range 60 {
			sink := r.sinks[rnd.IntN(2)].Name
			c, hand := r.cursor(sink), hands[sink]
			switch rnd.IntN(6) {
			case 0, 1:
				n := rnd.IntN(900)
				r.add(rnd.IntN(4), n)
				sent += n
			case 2:
				hands[sink] = append(hand, c.Next(nil, rnd.IntN(300))...)
			case 3:
				n := rnd.IntN(len(hand) + 1)
				tell(sink, hand[:n])
				for _, it := range hand[:n] {
					c.Ack(it.Pos)
				}
				hands[sink] = slices.Clone(hand[n:])
			case 4:
				r.pass(time.Duration(rnd.IntN(3000)) * time.Millisecond)
			case 5:
				limit := rnd.IntN(2000)
				var back []Position
				kept := hand[:0:0]
				for _, it := range hand {
					if it.Event.Type != GapType && len(back) < limit && rnd.IntN(2) == 0 {
						back = append(back, it.Pos)
					} else {
						kept = append(kept, it)
					}
				}
				if n, _ := c.Drop(back, limit); n > limit || n < len(back) {
					t.Fatalf("seed %d: gave up %d of at most %d, %d in hand", seed, n, limit, len(back))
				}
				hands[sink] = kept
			}
			r.check()
		}
		for _, s := range r.sinks {
			tell(s.Name, hands[s.Name])
			for _, it := range hands[s.Name] {
				r.cursor(s.Name).Ack(it.Pos)
			}
			tell(s.Name, r.items(s.Name, true))
			if told[s.Name] != sent {
				t.Errorf("seed %d: %s was told of %d events of %d", seed, s.Name, told[s.Name], sent)
			}
		}
		r.empty()
		if t.Failed() {
			return
		}
	}
}
