package identify

import (
	"testing"
	"time"
)

// Discord's own outage: Identifies are sent, no READY comes, and Discord counts
// none of them. One run learns that from Discord; a restart in the middle must too.
func TestUncountedIdentifiesDoNotTripTheBreakerAfterARestart(t *testing.T) {
	run := func(restart bool) bool {
		l := newTestLedger(budget(1000, 1000, 16, 20*time.Hour))
		now := at(0)
		for range 7 {
			for shard := range 16 {
				l.send(now, l.grant(shard, 16, false))
			}
			now = now.Add(80 * time.Second)
		}
		told := budget(1000, 1000, 16, 20*time.Hour) // none was counted
		if restart {
			m := l.memory(now)
			l = newLedger(rules{width: 5 * time.Second, spacing: 5 * time.Second, reserve: tenPercent})
			l.recall(now, m)
		}
		l.update(now, told)
		return l.breaker.open
	}
	if run(false) {
		t.Fatal("tripped without a restart")
	}
	if run(true) {
		t.Error("after a restart the breaker is open, though Discord has all 1000 of 1000 left")
	}
}

// The same when Discord has told the budget before the memory is taken up.
func TestWhatDiscordHasNotCountedIsKnownAlsoIfItIsAskedFirst(t *testing.T) {
	l := newTestLedger(budget(1000, 1000, 16, 20*time.Hour))
	now := at(0)
	for range 7 {
		for shard := range 16 {
			l.send(now, l.grant(shard, 16, false))
		}
		now = now.Add(80 * time.Second)
	}
	m := l.memory(now)
	l = newTestLedger(budget(1000, 1000, 16, 20*time.Hour))
	l.recall(now, m)
	l.update(now.Add(time.Minute), budget(1000, 1000, 16, 20*time.Hour))
	if l.breaker.open {
		t.Error("the breaker is open, though Discord has all 1000 of 1000 left")
	}
}
