package spool

import (
	"fmt"
	"iter"
	"maps"
	"slices"
)

// generation is the logs of one layout.
type generation struct {
	number   int
	layout   string
	logs     map[int]*Log     // by worker
	files    map[int][]Stored // that an earlier run has left, by worker
	promoted bool
}

func newGeneration(number int, layout string) *generation {
	return &generation{number: number, layout: layout, logs: make(map[int]*Log), files: make(map[int][]Stored)}
}

// list are the logs by worker.
func (g *generation) list() []*Log {
	out := make([]*Log, 0, len(g.logs))
	for _, worker := range slices.Sorted(maps.Keys(g.logs)) {
		out = append(out, g.logs[worker])
	}
	return out
}

// Log is a worker's log in the present generation, made with those before it when
// it is first asked for.
func (q *Queue) Log(worker int) *Log {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.logOf(q.present, worker)
}

// logOf is a worker's log. q.mu is held.
func (q *Queue) logOf(g *generation, worker int) *Log {
	for w := range worker + 1 {
		if g.logs[w] != nil {
			continue
		}
		l := q.newLog(g, w)
		g.logs[w] = l
		if g.promoted {
			q.tend(l)
		}
	}
	return g.logs[worker]
}

func (q *Queue) newLog(g *generation, worker int) *Log {
	l := New(Config{
		Bounds: q.cfg.Bounds, Budget: &q.budget, Dropped: q.cfg.Dropped,
		Store: q.cfg.Store, Prefix: fmt.Sprintf("%04d_%s/%03d/", g.number, g.layout, worker),
		PersistAfter: q.cfg.PersistAfter, Clock: q.cfg.Clock, Logger: q.cfg.Logger,
	})
	l.apart = !g.promoted
	return l
}

// Generations are all logs by the number of their generation, the oldest first
// and the present one last; those that are not promoted are not among them. A sink
// reads a generation once it has done with those before it, so that the order per
// shard holds. It is called when every worker has asked for its log.
func (q *Queue) Generations() iter.Seq2[int, []*Log] {
	q.mu.Lock()
	defer q.mu.Unlock()
	var numbers []int
	var logs [][]*Log
	for _, g := range q.generations {
		if g.promoted {
			numbers, logs = append(numbers, g.number), append(logs, g.list())
		}
	}
	return func(yield func(int, []*Log) bool) {
		for i, number := range numbers {
			if !yield(number, logs[i]) {
				return
			}
		}
	}
}

// all are the logs of all generations that are promoted.
func (q *Queue) all() (out []*Log) {
	for _, logs := range q.Generations() {
		out = append(out, logs...)
	}
	return out
}

// Extend makes a generation of another layout, or of the same one again, beside
// the present one, and returns its number, which is higher than all before it.
// What is appended to its logs stays in memory until [Queue.Promote], and no restart
// before that finds it. In strict mode nothing of it is handed out before either.
func (q *Queue) Extend(layout Layout) (generation int) {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.extend(layout).number
}

func (q *Queue) extend(layout Layout) *generation {
	q.last++
	g := newGeneration(q.last, layout.String())
	q.generations = append(q.generations, g)
	return g
}

// find is the generation with a number; nil if it is not there. q.mu is held.
func (q *Queue) find(number int) *generation {
	i := slices.IndexFunc(q.generations, func(g *generation) bool { return g.number == number })
	if i < 0 {
		return nil
	}
	return q.generations[i]
}

// LogOf is a worker's log in a generation, made with those before it when it is
// first asked for; nil if there is no such generation.
func (q *Queue) LogOf(generation, worker int) *Log {
	q.mu.Lock()
	defer q.mu.Unlock()
	g := q.find(generation)
	if g == nil {
		return nil
	}
	return q.logOf(g, worker)
}

// Logs are a generation's logs that have been asked for, or hold what an earlier
// run has left, by worker.
func (q *Queue) Logs(generation int) []*Log {
	q.mu.Lock()
	defer q.mu.Unlock()
	g := q.find(generation)
	if g == nil {
		return nil
	}
	return g.list()
}

// Present is the number of the present generation.
func (q *Queue) Present() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.present.number
}

// Withdraw drops a generation that is not promoted with all that is in it, of which
// nothing is told: these events were not the bot's. What is still appended comes
// to nothing. Of any other generation it does nothing.
func (q *Queue) Withdraw(generation int) {
	q.mu.Lock()
	defer q.mu.Unlock()
	g := q.find(generation)
	if g == nil || g.promoted {
		return
	}
	q.drop(g)
	for _, l := range g.logs {
		l.withdraw()
	}
}

// drop takes a generation off the list. q.mu is held.
func (q *Queue) drop(g *generation) {
	q.generations = slices.DeleteFunc(q.generations, func(o *generation) bool { return o == g })
}

// Promote makes a generation that [Queue.Extend] has made the present one. Its logs
// are tended from now on, and a restart with its layout finds them. Those before it
// stay until they are empty. Of a generation that is not there, or is promoted
// already, it does nothing.
func (q *Queue) Promote(generation int) {
	q.mu.Lock()
	defer q.mu.Unlock()
	g := q.find(generation)
	if g == nil || g.promoted {
		return
	}
	g.promoted = true
	if g.number > q.present.number {
		q.present = g
	}
	for _, l := range g.list() {
		l.admit()
		q.tend(l)
	}
}

// Forget drops the generations before the present one in which nothing waits for
// any sink, configured or not, and returns their numbers. Their files go. Nothing
// may be appended to them any more; it would fail with [ErrForgotten].
func (q *Queue) Forget() (generations []int) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, g := range slices.Clone(q.generations) {
		if !g.promoted || g == q.present || !forget(g.list()) {
			continue
		}
		q.drop(g)
		q.release(g.list())
		generations = append(generations, g.number)
	}
	return generations
}

// forget ends logs if nothing waits in any of them, and reports whether it has.
func forget(logs []*Log) bool {
	for _, l := range logs {
		l.mu.Lock()
		defer l.mu.Unlock()
	}
	for _, l := range logs {
		if slices.ContainsFunc(l.chunks, func(c *chunk) bool { return c.live > 0 }) {
			return false
		}
	}
	for _, l := range logs {
		l.end = forgotten
		l.cfg.Budget.logs.Add(-1)
	}
	return true
}

// withdraw gives up all that is in the log. What sinks have in hand stays as it is
// until they let it go.
func (l *Log) withdraw() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.end = withdrawn
	for _, c := range l.chunks {
		c.entries, c.gone = nil, true // the blocks are not used again
	}
	for _, cur := range l.cursors {
		cur.depth, cur.dropped, cur.earlyQueue = 0, 0, nil
		cur.read, cur.low = l.tail, l.tail
	}
	events, bytes := l.events, l.bytes
	l.chunks, l.open, l.events, l.bytes, l.fresh, l.noise = nil, nil, 0, 0, 0, 0
	clear(l.progress)
	clear(l.gaps)
	l.isSafer()
	l.cfg.Budget.logs.Add(-1)
	l.cfg.Budget.add(-events, -bytes)
}

// admit lets what is in the log reach the store.
func (l *Log) admit() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.apart = false
}
