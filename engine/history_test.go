package engine_test

import (
	"context"
	"math"
	"testing"
	"time"

	"github.com/gatehouse-gateway/gatehouse/engine"
	"github.com/gatehouse-gateway/gatehouse/engine/discordtest"
	"github.com/gatehouse-gateway/gatehouse/engine/ops"
)

// What is measured each second is told over every range; before the start there is
// nothing, which is not zero.
func TestThePastIsKeptOverEveryRange(t *testing.T) {
	sim := discordtest.Config{Shards: 2, Guilds: 4, Rate: 6, HeartbeatInterval: 5 * time.Second}
	inWorld(t, sim, func(c *engine.Config) { c.Dialer = far{c.Dialer} }, func(w *world) {
		w.awaitReady()
		w.pass(20 * time.Minute)
		for _, r := range ops.HistoryRanges() {
			h, err := w.engine.History(context.Background(), r)
			w.must(err)
			known := 0
			for i := range h.Events {
				if math.IsNaN(h.Events[i]) != math.IsNaN(h.Depth[i]) {
					t.Fatalf("%v, step %d: events %v, depth %v", r, i, h.Events[i], h.Depth[i])
				}
				if !math.IsNaN(h.Events[i]) {
					known++
				}
			}
			last := r.Steps() - 2
			if rate := h.Events[last]; rate < 1 || rate > 20 || h.Bytes[last] < 100*rate {
				t.Errorf("%v: %v events and %v bytes a second", r, rate, h.Bytes[last])
			}
			if h.P50[last] <= 0 || h.P99[last] < h.P50[last] {
				t.Errorf("%v: latency %v, %v", r, h.P50[last], h.P99[last])
			}
			if want := min(r.Steps(), int(20*time.Minute/r.Step())); known < want || known > want+2 || len(h.Events) != r.Steps() {
				t.Errorf("%v: %d of %d steps are known, want %d", r, known, len(h.Events), want)
			}
			if age := w.snapshot().At.Sub(h.End); age < 0 || age > r.Step()+time.Second {
				t.Errorf("%v: the last step began %v ago", r, age)
			}
		}
		if _, err := w.engine.History(context.Background(), 9); err == nil {
			t.Error("there is a ninth range")
		}
	})
}
