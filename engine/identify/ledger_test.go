package identify

import (
	"testing"
	"time"

	"github.com/gatehouse-gateway/gatehouse/engine/discord"
)

var start = time.Date(2026, 11, 20, 9, 0, 0, 0, time.UTC)

const width = DefaultSpacing + DefaultMargin

// at is an instant, counted from the start of the test.
func at(d time.Duration) time.Time { return start.Add(d) }

func limit(total, remaining, concurrency int) discord.SessionStartLimit {
	return discord.SessionStartLimit{Total: total, Remaining: remaining, MaxConcurrency: concurrency,
		ResetAfterMS: time.Hour.Milliseconds()}
}

func tenPercent(total int) int { return total / 10 }

// newTestLedger has been told a limit at the start.
func newTestLedger(told discord.SessionStartLimit) *ledger {
	l := newLedger(rules{width: width, reserve: tenPercent})
	l.update(start, told)
	return l
}

// identify sends a shard's Identify at once.
func (l *ledger) identify(now time.Time, shard int) *grant {
	g := l.grant(shard, 0, false)
	l.send(now, g)
	l.confirm(now, g)
	return g
}

func TestLedgerAnswers(t *testing.T) {
	for _, tc := range []struct {
		name  string
		setup func() *ledger
		now   time.Duration
		shard int
		force bool
		want  answer
	}{
		{"knows nothing before Discord has told", func() *ledger {
			return newLedger(rules{width: width})
		}, 0, 0, true, answer{verdict: unknown}},
		{"lets the first go at once", func() *ledger {
			return newTestLedger(limit(1000, 1000, 1))
		}, 0, 5, false, answer{granted, start}},
		{"closes the bucket while a slot is out", func() *ledger {
			l := newTestLedger(limit(1000, 1000, 16))
			l.grant(3, 0, false)
			return l
		}, 0, 19, false, answer{verdict: closed}},
		{"leaves other buckets open", func() *ledger {
			l := newTestLedger(limit(1000, 1000, 16))
			l.grant(3, 0, false)
			l.identify(start, 4)
			return l
		}, 0, 5, false, answer{granted, start}},
		{"counts the window from the send", func() *ledger {
			l := newTestLedger(limit(1000, 1000, 16))
			l.identify(at(2*time.Second), 3)
			return l
		}, 6 * time.Second, 19, false, answer{closed, at(2*time.Second + width)}},
		{"keeps the margin", func() *ledger {
			l := newTestLedger(limit(1000, 1000, 1))
			l.identify(start, 0)
			return l
		}, DefaultSpacing, 1, false, answer{closed, at(width)}},
		{"opens at the end of the window", func() *ledger {
			l := newTestLedger(limit(1000, 1000, 1))
			l.identify(start, 0)
			return l
		}, width, 1, false, answer{granted, at(width)}},
		{"closes the bucket anew after a refusal", func() *ledger {
			l := newTestLedger(limit(1000, 1000, 1))
			l.reject(at(time.Second), l.identify(start, 0))
			return l
		}, width, 1, false, answer{closed, at(time.Second + width)}},
		{"applies a window when the buckets change", func() *ledger {
			l := newTestLedger(limit(1000, 1000, 16))
			l.identify(start, 3)
			l.update(at(time.Second), limit(1000, 999, 2))
			return l
		}, time.Second, 1, false, answer{closed, at(width)}},
		{"counts the last window of buckets that became one", func() *ledger {
			l := newTestLedger(limit(1000, 1000, 16))
			first := l.identify(start, 3)
			l.identify(at(time.Second), 4)
			l.reject(at(2*time.Second), first)
			l.update(at(2*time.Second), limit(1000, 998, 1))
			return l
		}, 2 * time.Second, 0, false, answer{closed, at(2*time.Second + width)}},
		{"holds at the reserve", func() *ledger {
			return newTestLedger(limit(1000, 100, 1))
		}, 0, 0, false, answer{held, at(time.Hour)}},
		{"lets one go above the reserve", func() *ledger {
			return newTestLedger(limit(1000, 101, 1))
		}, 0, 0, false, answer{granted, start}},
		{"counts slots that are out against the budget", func() *ledger {
			l := newTestLedger(limit(1000, 101, 16))
			l.grant(0, 0, false)
			return l
		}, 0, 1, false, answer{held, at(time.Hour)}},
		{"forces through the reserve", func() *ledger {
			return newTestLedger(limit(1000, 2, 1))
		}, 0, 0, true, answer{granted, start}},
		{"never gives the last one away", func() *ledger {
			return newTestLedger(limit(1000, 1, 1))
		}, 0, 0, true, answer{held, at(time.Hour)}},
		{"assumes nothing once the reset has come", func() *ledger {
			return newTestLedger(limit(1000, 100, 1))
		}, 2 * time.Hour, 0, false, answer{held, at(time.Hour)}},
		{"has no budget where a proxy leaves it out", func() *ledger {
			return newTestLedger(discord.SessionStartLimit{})
		}, 0, 0, false, answer{granted, start}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got := tc.setup().ask(at(tc.now), tc.shard, tc.force)
			if got.verdict != tc.want.verdict || !got.at.Equal(tc.want.at) {
				t.Fatalf("got %+v, want %+v", got, tc.want)
			}
		})
	}
}

func TestLedgerUpdateAgainstWhatIsUnderWay(t *testing.T) {
	for _, tc := range []struct {
		name       string
		sends      int
		after      time.Duration // from the sends to the answer
		told, want int
	}{
		{"an answer that has the sends stands", 16, time.Second, 984, 984},
		{"one that misses those under way is corrected", 16, time.Second, 1000, 984},
		{"one that misses some of them too", 16, time.Second, 990, 984},
		{"others spent as well", 16, time.Second, 700, 700},
		{"sends that failed come back once their window is over", 16, width, 1000, 1000},
	} {
		t.Run(tc.name, func(t *testing.T) {
			l := newTestLedger(limit(1000, 1000, 16))
			for shard := range tc.sends {
				l.identify(start, shard)
			}
			l.update(at(tc.after), limit(1000, tc.told, 16))
			if l.remaining != tc.want {
				t.Fatalf("remaining is %d, want %d", l.remaining, tc.want)
			}
		})
	}
}

func TestLedgerSettlesASlotOnce(t *testing.T) {
	l := newTestLedger(limit(1000, 1000, 1))
	g := l.identify(start, 0)
	l.send(start, g)
	l.confirm(start, g)
	l.settle(g)
	released := l.grant(1, 0, false)
	l.settle(released)
	l.send(start, released)
	l.confirm(start, released)
	if l.remaining != 999 || l.sent != 1 || len(l.out) != 0 {
		t.Fatalf("remaining %d, sent %d, out %d", l.remaining, l.sent, len(l.out))
	}
}

func TestLedgerForgetsOldWindows(t *testing.T) {
	l := newTestLedger(limit(1000, 1000, 1))
	for i := range 500 {
		l.identify(at(time.Duration(i)*width), i)
	}
	if len(l.windows) != 1 {
		t.Fatalf("%d windows are kept", len(l.windows))
	}
}

func TestReserveStaysWithinTheTotal(t *testing.T) {
	for reserve, want := range map[int]int{-5: 0, 0: 0, 30: 30, 5000: 1000} {
		l := newLedger(rules{reserve: func(int) int { return reserve }})
		l.update(start, limit(1000, 1000, 1))
		if got := l.reserve(); got != want {
			t.Errorf("reserve %d of 1000 is %d, want %d", reserve, got, want)
		}
	}
}

// An Identify that travels long must not let the next one come too close to it.
func TestAWindowCountsFromTheLatestArrival(t *testing.T) {
	const spacing = DefaultSpacing
	for answered, opens := range map[time.Duration]time.Duration{
		10 * time.Millisecond:  width, // the margin covers it
		400 * time.Millisecond: spacing + 400*time.Millisecond,
		3 * time.Second:        spacing + longestTransit, // Discord's own time
	} {
		l := newLedger(rules{width: width, spacing: spacing})
		l.update(start, discord.SessionStartLimit{Total: 10, Remaining: 10, MaxConcurrency: 1})
		g := l.grant(0, 0, false)
		l.send(start, g)
		if open := l.openAt(0); !open.Equal(start.Add(width + longestTransit)) {
			t.Errorf("without an answer the bucket opens after %v", open.Sub(start))
		}
		l.confirm(start.Add(answered), g)
		if open := l.openAt(0); !open.Equal(start.Add(opens)) {
			t.Errorf("answered after %v, the bucket opens after %v, want %v", answered, open.Sub(start), opens)
		}
	}
}
