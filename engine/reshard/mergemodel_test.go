package reshard

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

// step lets some time pass.
func (w *model) step(trouble bool) {
	w.clk.Advance(time.Duration(w.rng.IntN(120)) * time.Millisecond)
	for range w.rng.IntN(4) {
		w.live()
	}
	for _, at := range w.rng.Perm(len(w.fleets[0].shards) + len(w.fleets[1].shards)) {
		side := 0
		if at >= len(w.fleets[0].shards) {
			side, at = 1, at-len(w.fleets[0].shards)
		}
		s := w.fleets[side].shards[at]
		w.deliver(side, s)
		w.mend(side, s)
		if trouble && w.rng.IntN(400) == 0 {
			w.breaks(side, s)
		}
	}
	if w.rng.IntN(3) > 0 {
		w.m.Tick(w.t.Context())
	}
}

// deliver brings some of what is on its way, and all that has been for long.
func (w *model) deliver(side int, s *mShard) {
	if s.session == nil || s.silent {
		return
	}
	some := w.rng.IntN(4)
	for l := s.session; l.sent < len(l.log); some-- {
		if some <= 0 && w.clk.Now().Sub(l.log[l.sent].at) < mostLag {
			return
		}
		w.bring(side, s)
	}
}

// breaks begins some trouble: a connection that dies, seen at once or later, with
// the session or without it.
func (w *model) breaks(side int, s *mShard) {
	if s.session == nil || s.silent {
		return
	}
	s.loses = w.losses && w.rng.IntN(3) == 0
	if side == 0 && s.loses && !w.allWell(1, 3*time.Second) || side == 1 && w.grieves() {
		s.loses = false
		return
	}
	s.silent = true
	s.up = w.rng.IntN(2) == 0 // a zombie
	most := 20_000
	if s.up {
		most = 60_000
	}
	if !s.up {
		w.tell(side, s)
	}
	s.until = w.clk.Now().Add(time.Duration(w.rng.IntN(most)) * time.Millisecond)
}

// grieves reports whether the old fleet is about to lose a session, or has done so
// just now: only the next one can tell then what was lost.
func (w *model) grieves() bool {
	for _, s := range w.fleets[0].shards {
		if s.session == nil || s.loses || w.m.old[s.id].restartedWithin(w.clk.Now(), 15*time.Second) {
			return true
		}
	}
	return false
}

func (w *model) allWell(side int, d time.Duration) bool {
	for _, s := range w.fleets[side].shards {
		if s.session == nil || s.silent || !s.up || w.clk.Now().Sub(s.well) < d {
			return false
		}
	}
	return true
}

func (w *model) tell(side int, s *mShard) {
	if side == 0 {
		w.m.OldState(s.id, s.up)
		return
	}
	w.m.NewState(s.id, s.up)
}

// mend ends a trouble when its time has come.
func (w *model) mend(side int, s *mShard) {
	if s.session != nil && !s.silent || w.clk.Now().Before(s.until) {
		return
	}
	soon := w.clk.Now().Add(time.Duration(w.rng.IntN(4000)) * time.Millisecond)
	switch {
	case s.session == nil:
		w.begin(w.fleets[side], s, false)
		w.bring(side, s) // READY
		w.tell(side, s)
	case s.up: // the heartbeat shows that it is dead
		s.up, s.until = false, soon
		w.tell(side, s)
	case s.loses:
		for _, e := range s.session.log[s.session.sent:] {
			if strings.HasPrefix(e.typ, "GUILD_") && e.nth >= 0 {
				w.blurred[e.guild] = true
			}
		}
		s.session, s.until = nil, soon
	default:
		s.silent = false
		for s.session.sent < len(s.session.log) {
			w.bring(side, s)
		}
		s.up, s.well = true, w.clk.Now()
		w.tell(side, s)
	}
}

// drain brings what is still on its way, of the fleets that are there.
func (w *model) drain(sides ...int) {
	for _, side := range sides {
		for _, s := range w.fleets[side].shards {
			for s.session != nil && s.session.sent < len(s.session.log) {
				w.bring(side, s)
			}
		}
	}
}

// check compares what came out with what happened.
func (w *model) check() {
	w.t.Helper()
	for guild := range w.state {
		var want []string
		for _, e := range w.truth[guild] {
			if w.carried[guild][e.nth] {
				want = append(want, label(e.typ, e.d))
			}
		}
		got := w.out[guild]
		if w.blurred[guild] {
			want, got = messages(want), messages(got)
		}
		if guild == 0 {
			slices.Sort(want)
			got = slices.Sorted(slices.Values(got))
		}
		if !slices.Equal(got, want) {
			w.t.Fatalf("guild %d (blurred %v) at %d: got %d events, want %d\n got %s\nwant %s", guild>>22, w.blurred[guild], diverges(got, want),
				len(got), len(want), around(got, diverges(got, want)), around(want, diverges(got, want)))
		}
	}
}

func messages(all []string) (out []string) {
	for _, l := range all {
		if !strings.HasPrefix(l, "GUILD_") {
			out = append(out, l)
		}
	}
	return out
}

func diverges(a, b []string) int {
	for i := range min(len(a), len(b)) {
		if a[i] != b[i] {
			return i
		}
	}
	return min(len(a), len(b))
}

func around(all []string, at int) string {
	return strings.Join(all[max(0, at-5):min(len(all), at+8)], ", ")
}

// settled reports whether an engine would switch.
func (w *model) settled() bool {
	st := w.m.Stats()
	return w.allWell(0, 3*time.Second) && w.allWell(1, 3*time.Second) && st.Behind == 0 && st.Overdue == 0
}

// seeds are fewer where each takes longer.
func seeds() uint64 {
	if raceEnabled || testing.Short() {
		return 15
	}
	return 200
}

// walk runs a world up to a moment at which an end is possible.
func walk(t *testing.T, seed uint64, most int) *model {
	w := newModel(t, seed, 1+int(seed%5), 1+int(seed/5%6), 12)
	for range 200 + w.rng.IntN(most) {
		w.step(true)
	}
	for range 3000 {
		if w.settled() {
			return w
		}
		w.step(false)
	}
	t.Fatalf("the streams never came level: %+v", w.m.Stats())
	return nil
}

func TestWhateverHappensTheBotGetsTheTrueStreamOnce(t *testing.T) {
	for seed := range seeds() {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			w := walk(t, seed, 1500)
			switch seed % 3 {
			case 0:
				w.m.Close(t.Context())
				for range 50 {
					w.step(false)
				}
				w.drain(0, 1)
			default:
				w.switchOver()
				for range 50 {
					w.step(false)
				}
				w.drain(1, 0)
			}
			w.check()
			if st := w.m.Stats(); st.Bytes != 0 {
				t.Fatalf("something is left: %+v", st)
			}
		})
	}
}

// switchOver holds until the next fleet has caught up, giving up now and then, and
// cuts.
func (w *model) switchOver() []Standing {
	for range 100 {
		if err := w.m.Hold(w.t.Context()); err != nil {
			w.t.Fatal(err)
		}
		for range 40 {
			w.step(false)
			select {
			case <-w.m.CaughtUp():
				if w.rng.IntN(3) > 0 {
					w.cutting = true
					for guild, all := range w.out {
						w.queued[guild] = len(all)
					}
					all, done := w.m.Cut(w.t.Context(), func() {})
					w.cutting = false
					if !done {
						w.t.Fatal("the cut was refused, though every session of the next fleet lived")
					}
					return all
				}
			default:
			}
		}
		w.m.Release(w.t.Context())
		for range 5 {
			w.step(false)
		}
	}
	w.t.Fatalf("the next fleet never caught up: %+v", w.m.Stats())
	return nil
}

// A crash right after the cut loses what it led, but for what the sessions that were
// saved bring again.
func TestTheStandingIsWhatACrashHasToBringAgain(t *testing.T) {
	for seed := range seeds() {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			w := walk(t, seed+1000, 800)
			all := w.switchOver()
			led := map[string]int{}
			for _, id := range w.leads {
				led[id.String()]++
			}
			for guild := range w.out {
				w.out[guild] = w.out[guild][:w.queued[guild]]
			}
			for _, at := range all {
				s := w.fleets[1].shards[at.Shard]
				if s.session.id != at.Session || s.session.sent != int(at.Seq) {
					t.Fatalf("shard %d stands at %d of session %d, and has brought %d of %d", at.Shard, at.Seq, at.Session, s.session.sent, s.session.id)
				}
				from := at.Seq
				if len(at.Open) > 0 {
					from = at.Open[0] - 1
				}
				for seq := from + 1; seq <= at.Seq; seq++ {
					if _, open := slices.BinarySearch(at.Open, seq); open {
						w.take(1, w.fleets[1], s, s.session.log[seq-1], seq)
						led[fmt.Sprintf("%016x-%d", at.Session, seq)]--
					}
				}
			}
			for id, n := range led {
				if n != 0 {
					t.Fatalf("%s was led by the cut, and is not open", id)
				}
			}
			w.drain(1)
			w.check()
		})
	}
}
