package spool

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/gatehouse-gateway/gatehouse/engine/clock"
	"github.com/gatehouse-gateway/gatehouse/engine/event"
)

// QueueConfig is what a queue is made of.
type QueueConfig struct {
	Bounds  Bounds                              // of all logs together
	Dropped func(e *event.Event, reason string) // as in [Config]
	Layout  Layout
	Bot     string // id of the bot whose events they are; empty if unknown
	// Store, PersistAfter, Clock and Logger are as in [Config].
	Store        Store
	PersistAfter time.Duration
	Clock        clock.Clock
	Logger       *slog.Logger
}

// Layout says which shards a process holds and how they are placed on workers. A
// queue of another layout that an earlier run has left is delivered first.
type Layout struct {
	Total, First, Last int
	PerWorker          int    // most shards of a worker
	Placement          string // tells other ways of placing them apart; empty for PerWorker of them in turn
}

func (l Layout) String() string {
	name := fmt.Sprintf("%d-%d-%d-%d", l.Total, l.First, l.Last, l.PerWorker)
	if l.Placement != "" {
		name += "-" + l.Placement
	}
	return name
}

// ForeignError says that a store holds what this process must not touch.
type ForeignError struct{ Text string }

func (e *ForeignError) Error() string { return e.Text }

// Queue is the logs of all workers, and those that earlier layouts and earlier
// runs have left. Each layout has its generation, whose number grows and names its
// folder in the store.
type Queue struct {
	cfg    QueueConfig
	budget Budget

	mu          sync.Mutex
	generations []*generation // by number
	present     *generation
	last        int // number that has been given out
	stored      map[sessionKey]int64
	tenders     tenders
}

// metaName is where a store says what it holds.
const metaName = "queue.json"

// meta is what a store says of itself.
type meta struct {
	Format int    `json:"format"`
	Bot    string `json:"bot"`
}

// format is that of the store as a whole.
const format = 1

// OpenQueue looks at what the store holds. It fails with a [*ForeignError] if that
// belongs to another bot or was written by another version, and then leaves it
// alone. After the sinks have been attached to all logs, [Queue.Recover] takes it
// over.
func OpenQueue(cfg QueueConfig) (*Queue, error) {
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	q := &Queue{cfg: cfg, stored: make(map[sessionKey]int64)}
	var files []Stored
	if cfg.Store != nil {
		var err error
		if files, err = cfg.Store.List(); err != nil {
			return nil, err
		}
		if err := q.claim(files); err != nil {
			return nil, err
		}
	}
	q.sort(files)
	return q, nil
}

// claim checks whose queue it is, and makes it ours.
func (q *Queue) claim(files []Stored) error {
	text, err := q.cfg.Store.Get(metaName, nil, 0)
	m := meta{Format: format, Bot: q.cfg.Bot}
	switch {
	case errors.Is(err, fs.ErrNotExist):
	case err != nil:
		return err
	case json.Unmarshal(text, &m) != nil:
		return &ForeignError{fmt.Sprintf("%s is damaged; if the queue is this bot's, delete that file", metaName)}
	case m.Format != format:
		return &ForeignError{fmt.Sprintf("it was written by another version of Gatehouse (format %d, this version knows format %d); "+
			"deliver it with that version (gatehouse ctl drain), or move it away", m.Format, format)}
	}
	chunks := slices.ContainsFunc(files, func(f Stored) bool { _, _, ok := parseChunkName(f.Name); return ok })
	if chunks && m.Bot != "" && q.cfg.Bot != "" && m.Bot != q.cfg.Bot {
		return &ForeignError{fmt.Sprintf("it holds events of bot %s that wait for delivery, and the token is that of bot %s; "+
			"give each bot a folder of its own, or move it away", m.Bot, q.cfg.Bot)}
	}
	if err == nil && m.Bot == q.cfg.Bot {
		return nil
	}
	m.Bot = cmp.Or(q.cfg.Bot, m.Bot)
	if text, err = json.Marshal(m); err != nil {
		return err
	}
	return q.cfg.Store.Put(metaName, text)
}

// sort finds the generations in a store. The present one is the newest of them if
// it has the layout, or else a new one.
func (q *Queue) sort(files []Stored) {
	byNumber := make(map[int]*generation)
	for _, f := range files {
		number, layout, worker, ok := parsePrefix(f.Name)
		if !ok {
			continue
		}
		g := byNumber[number]
		if g == nil {
			g = newGeneration(number, layout)
			g.promoted = true
			byNumber[number] = g
		}
		g.files[worker] = append(g.files[worker], f)
	}
	for _, number := range slices.Sorted(maps.Keys(byNumber)) {
		q.generations = append(q.generations, byNumber[number])
		q.present, q.last = byNumber[number], number
	}
	if q.present == nil || q.present.layout != q.cfg.Layout.String() {
		q.present = q.extend(q.cfg.Layout)
		q.present.promoted = true
	}
	for _, g := range q.generations {
		for worker := range g.files {
			if g != q.present {
				g.logs[worker] = q.newLog(g, worker)
			}
		}
	}
}

// parsePrefix takes a name apart: 0003_8-0-7-25/000/….
func parsePrefix(name string) (number int, layout string, worker int, ok bool) {
	parts := strings.Split(name, "/")
	if len(parts) != 3 {
		return 0, "", 0, false
	}
	n, layout, found := strings.Cut(parts[0], "_")
	number, err1 := strconv.Atoi(n)
	worker, err2 := strconv.Atoi(parts[1])
	return number, layout, worker, found && errors.Join(err1, err2) == nil
}

// Recover takes over what earlier runs have left. It is called once, when the
// sinks have been attached.
func (q *Queue) Recover() error {
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, g := range q.generations {
		for _, worker := range slices.Sorted(maps.Keys(g.files)) {
			log := g.logs[worker]
			if log == nil {
				continue // a worker that the same layout does not have: cannot be
			}
			if err := log.recover(g.files[worker], q.stored); err != nil {
				return err
			}
		}
	}
	return nil
}

// Stored is the sequence number up to which the events of a shard's session are in
// a queue already, or were delivered before the last stop; 0 if none is known to
// be.
func (q *Queue) Stored(shard int, session uint64) int64 {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.stored[sessionKey{shard, session}]
}

// Discard gives up all that waits for a sink that is not configured any more and
// returns how many events that was.
func (q *Queue) Discard(sink string) int {
	n := 0
	for _, l := range q.all() {
		n += l.forsake(sink)
	}
	return n
}
