package engine

import (
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/gatehouse-gateway/gatehouse/engine/ops"
)

// queueAlerts speak of the queue and its disk.
func (a *alerts) queueAlerts(snap *ops.Snapshot, c *conditions) []ops.Alert {
	var out []ops.Alert
	add := func(id string, level ops.AlertLevel, format string, args ...any) {
		out = append(out, ops.Alert{ID: id, Level: level, Shard: -1, Text: fmt.Sprintf(format, args...)})
	}
	s := &snap.Store
	if c.lost > 0 {
		add("queue/dropped", ops.AlertCritical, "%d events were dropped since the start, the last because of this: %s; bring the bot back, or give the queue more room", c.lost, c.lostWhy)
		out[0].Count = int(min(c.lost, math.MaxInt32))
	}
	if c.blocked > 0 {
		add("queue/blocked", ops.AlertCritical, "%d shards are not read: the queue is full and queue.when_full is block; "+
			"Discord closes their connections before long, bring the bot back", c.blocked)
	}
	switch {
	case s.Fault != "":
		add("queue/disk", ops.AlertCritical, "the queue cannot be written to %s: %s; make room or mend the disk, events are held in memory, %s of %s used",
			s.Dir, s.Fault, megabytes(s.Memory), megabytes(s.MaxMemory))
	case s.Busy > diskSlowAfter:
		add("queue/disk", ops.AlertCritical, "the disk below %s has not answered for %s; look at it, events are held in memory, %s of %s used",
			s.Dir, s.Busy.Round(time.Second), megabytes(s.Memory), megabytes(s.MaxMemory))
	case s.Slowest > diskSlowAfter && a.was("queue/disk"):
		add("queue/disk", ops.AlertWarn, "the disk below %s is slow, a write has taken %s within the last minute: look at it", s.Dir, s.Slowest.Round(time.Second))
	}
	if s.Damaged > 0 {
		add("queue/damaged", ops.AlertCritical, "%d files of the queue were damaged: what could be read is delivered, copies are kept in %s as *.damaged", s.Damaged, s.Dir)
	}
	full := queueFullAt
	if a.was("queue/full") {
		full = queueFullUntil
	}
	if held := max(s.Bytes, s.Disk); s.MaxBytes > 0 && float64(held) > full*float64(s.MaxBytes) {
		add("queue/full", ops.AlertWarn, "the queue holds %s of the %s that it may: bring the bot back, or raise queue.max_bytes", megabytes(held), megabytes(s.MaxBytes))
	}
	for i := range snap.Sinks {
		if sink := &snap.Sinks[i]; sink.Orphan {
			add("sink/"+sink.Name+"/orphan", ops.AlertWarn, "%d events wait for sink %s, which is not configured any more: configure it again, or discard them",
				sink.Depth, sink.Name)
		}
	}
	return out
}

func megabytes(n int64) string { return fmt.Sprintf("%d MiB", (n+1<<20-1)>>20) }

func unsavedAlerts(u unsaved) []ops.Alert {
	if len(u.what) == 0 {
		return nil
	}
	return []ops.Alert{{
		ID:    "sessions/unsaved",
		Level: u.level,
		Shard: -1,
		Text:  fmt.Sprintf("%s cannot be saved, %s: %s", strings.Join(u.what, " and "), u.why, u.costs),
	}}
}
