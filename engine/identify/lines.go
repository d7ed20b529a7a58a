package identify

import (
	"cmp"
	"maps"
	"slices"
)

// waiter is one call of Acquire.
type waiter struct {
	shard int
	opts  Options
	wake  chan struct{} // holds at most one
}

// compare is the order of service within a bucket.
func compare(a, b *waiter) int {
	if a.opts.Spare != b.opts.Spare {
		if b.opts.Spare {
			return -1
		}
		return 1
	}
	return cmp.Compare(a.shard, b.shard)
}

// lines are those who wait, each bucket's in the order of service.
type lines struct {
	buckets int
	of      map[int][]*waiter // no bucket is empty
	n       int
}

func newLines(buckets int) *lines {
	return &lines{buckets: buckets, of: make(map[int][]*waiter)}
}

// join puts w in its place, behind those like it that came before.
func (l *lines) join(w *waiter) {
	bucket := w.shard % l.buckets
	line := l.of[bucket]
	i, _ := slices.BinarySearchFunc(line, w, func(other, w *waiter) int {
		if order := compare(other, w); order != 0 {
			return order
		}
		return -1
	})
	l.of[bucket] = slices.Insert(line, i, w)
	l.n++
}

// leave takes w out.
func (l *lines) leave(w *waiter) {
	bucket := w.shard % l.buckets
	i := slices.Index(l.of[bucket], w)
	if i < 0 {
		return
	}
	l.n--
	if l.of[bucket] = slices.Delete(l.of[bucket], i, i+1); len(l.of[bucket]) == 0 {
		delete(l.of, bucket)
	}
}

// regroup follows a change of max_concurrency.
func (l *lines) regroup(buckets int) {
	if buckets == l.buckets {
		return
	}
	old := l.of
	*l = *newLines(buckets)
	for _, key := range slices.Sorted(maps.Keys(old)) {
		for _, w := range old[key] {
			l.join(w)
		}
	}
}

// head is whose turn it is in a bucket: the first that may pass, or the first at
// all; nil if nobody waits.
func (l *lines) head(bucket int, normal, forced bool) *waiter {
	line := l.of[bucket]
	if len(line) == 0 {
		return nil
	}
	if !normal && forced {
		for _, w := range line {
			if w.opts.Force {
				return w
			}
		}
	}
	return line[0]
}

// count is the number of those who may not pass.
func (l *lines) count(normal, forced bool) (n int) {
	if normal {
		return 0
	}
	for _, line := range l.of {
		for _, w := range line {
			if !forced || !w.opts.Force {
				n++
			}
		}
	}
	return n
}
