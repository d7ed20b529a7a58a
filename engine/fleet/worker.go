package fleet

import (
	"sync"
	"time"

	"github.com/gatehouse-gateway/gatehouse/engine/ops"
	"github.com/gatehouse-gateway/gatehouse/engine/spool"
	"github.com/gatehouse-gateway/gatehouse/engine/stats"
)

// What an event costs, for a worker's part of the work: so much of itself, and so
// much a byte. Inflating and scanning 1.3 kB takes about 5 µs, of which nearly all
// goes with the bytes; queueing and handing over take about 3 µs whatever the size.
const (
	eventCost = 3.0   // µs
	byteCost  = 0.004 // µs
)

// Worker is a group of shards with one queue.
type Worker struct {
	id     int
	ids    []int // of its shards, ascending
	shards []*Shard
	log    *spool.Log
	bounds spool.Bounds

	mu       sync.Mutex
	appended stats.Meter
	events   stats.Meter
	bytes    stats.Meter
}

func newWorker(id int, cfg Config) *Worker {
	return &Worker{id: id, bounds: cfg.Bounds, log: cfg.Log(id)}
}

func (w *Worker) add(s *Shard) {
	w.ids, w.shards = append(w.ids, s.id), append(w.shards, s)
}

// sample takes the second's measurement.
func (w *Worker) sample() {
	appended := w.log.Stats().Appended
	var t Totals
	for _, s := range w.shards {
		t.add(s)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.appended.Sample(appended)
	w.events.Sample(t.Events)
	w.bytes.Sample(t.Inflated)
}

// snapshot is the worker's part of the operator's snapshot, but for its share.
// shards are all of the fleet, whose first is first.
func (w *Worker) snapshot(shards []ops.Shard, first int, now time.Time) ops.Worker {
	st := w.log.Stats()
	w.mu.Lock()
	out := ops.Worker{ID: w.id, Shards: w.ids, Rate: w.events.Rate(), Bytes: w.bytes.Rate()}
	appended := w.appended.Rate()
	w.mu.Unlock()
	for _, id := range w.ids {
		s := &shards[id-first]
		out.ByState[s.State]++
		out.Guilds += s.Guilds
		out.Events += s.Events
	}
	if !st.Oldest.IsZero() {
		out.Lag = max(now.Sub(st.Oldest), 0)
	}
	out.Queue = ops.Queue{
		Depth:      st.Depth,
		Bytes:      st.Bytes,
		Memory:     st.Memory,
		Disk:       st.Disk,
		Files:      st.Files,
		MaxEvents:  w.bounds.Events,
		MaxBytes:   w.bounds.Bytes,
		Dropped:    st.Dropped,
		OldestAt:   st.Oldest,
		AppendRate: appended,
	}
	return out
}

// share writes each worker's part of the work of all.
func share(workers []ops.Worker) {
	all := 0.0
	for i := range workers {
		all += cost(&workers[i])
	}
	for i := range workers {
		if all > 0 {
			workers[i].Share = cost(&workers[i]) / all
		}
	}
}

func cost(w *ops.Worker) float64 { return eventCost*w.Rate + byteCost*w.Bytes }
