package fleet

import (
	"sync"

	"github.com/gatehouse-gateway/gatehouse/engine/ops"
	"github.com/gatehouse-gateway/gatehouse/engine/spool"
	"github.com/gatehouse-gateway/gatehouse/engine/stats"
)

// Worker is a group of shards with one queue.
type Worker struct {
	id          int
	first, last int
	log         *spool.Log
	bounds      spool.Bounds

	mu    sync.Mutex
	meter stats.Meter
}

func newWorker(id, first, last int, cfg Config) *Worker {
	return &Worker{id: id, first: first, last: last, bounds: cfg.Bounds, log: cfg.Log(id)}
}

// sample takes the second's measurement.
func (w *Worker) sample() {
	appended := w.log.Stats().Appended
	w.mu.Lock()
	defer w.mu.Unlock()
	w.meter.Sample(appended)
}

func (w *Worker) rate() float64 {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.meter.Rate()
}

// snapshot is the worker's part of the operator's snapshot.
func (w *Worker) snapshot() ops.Worker {
	st := w.log.Stats()
	return ops.Worker{
		ID:    w.id,
		First: w.first,
		Last:  w.last,
		Queue: ops.Queue{
			Depth:      st.Depth,
			Bytes:      st.Bytes,
			Memory:     st.Memory,
			Disk:       st.Disk,
			Files:      st.Files,
			MaxEvents:  w.bounds.Events,
			MaxBytes:   w.bounds.Bytes,
			Dropped:    st.Dropped,
			OldestAt:   st.Oldest,
			AppendRate: w.rate(),
		},
	}
}
