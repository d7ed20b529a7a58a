package delivery

import (
	"errors"
	"fmt"
	"os"
	"slices"

	"github.com/gatehouse-gateway/gatehouse/engine/event"
)

// ErrReplaying is returned by [DeadLetterFiles.Take] while an earlier one of the
// sink has not ended.
var ErrReplaying = errors.New("a replay of this sink's dead letters is under way: wait for its end")

// errEdited says that the letters of a replay cannot be found any more.
var errEdited = errors.New("the file was changed by somebody else meanwhile: the replayed letters are still in it")

// Taken are letters on their way back into a queue. They stay in the file until
// [Taken.Done] says that they are safe elsewhere, so that no crash loses one.
type Taken struct {
	Events  []event.Event // oldest first, no id twice
	Missing []string      // ids that were asked for and are not there

	file  *letterFile
	lines map[uint64]int // number of a line → index of its event
	reads uint64         // of the file, when they were taken
	ended bool
}

// Take reads letters of a sink, those with the ids or all of them if there are
// none, to be put back into the queue. Done must follow. It fails with
// [ErrReplaying] if another is under way.
//
// The events are as they were, but for interactions that have expired, whose
// kind says so from now on: a person wants them delivered all the same.
func (f *DeadLetterFiles) Take(sink string, ids []string) (*Taken, error) {
	l := f.file(sink)
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.taken {
		return nil, ErrReplaying
	}
	t, err := l.take(ids)
	if err != nil {
		return nil, fmt.Errorf("replay dead letters: %w", err)
	}
	now := f.clock.Now()
	for i := range t.Events {
		if ev := &t.Events[i]; ev.Lateness(now) == event.KindExpired {
			ev.Kind = event.KindExpired
		}
	}
	l.taken = true
	return t, nil
}

// take reads the letters. f.mu is held.
func (f *letterFile) take(ids []string) (*Taken, error) {
	if err := f.look(); err != nil {
		return nil, err
	}
	t := &Taken{file: f, lines: make(map[uint64]int), reads: f.reads}
	wanted := make(map[event.ID]bool)
	for _, text := range ids {
		if id, ok := event.ParseID([]byte(text)); ok {
			wanted[id] = true
		}
	}
	if f.letters.Load() > 0 {
		file, err := os.Open(f.path)
		if err != nil {
			return nil, err
		}
		defer file.Close()
		if err := t.read(file, len(ids) == 0, wanted); err != nil {
			return nil, err
		}
	}
	for _, text := range ids {
		if id, ok := event.ParseID([]byte(text)); !ok || wanted[id] {
			t.Missing = append(t.Missing, text)
		}
	}
	return t, nil
}

// read fills the events from the file, and forgets those wanted that it finds.
// Without ids all are. t.file.mu is held.
func (t *Taken) read(file *os.File, all bool, wanted map[event.ID]bool) error {
	known := make(map[event.ID]int)
	for _, line := range t.file.lines {
		i, twice := known[line.id]
		if !line.letter || !all && !twice && !wanted[line.id] {
			continue
		}
		if !twice {
			_, ev, err := line.read(file)
			if err != nil {
				return err
			}
			i = len(t.Events)
			known[line.id] = i
			delete(wanted, line.id)
			t.Events = append(t.Events, ev)
		}
		t.lines[line.number] = i
	}
	return nil
}

// Done ends the replay. The first n events are safe in a queue: their letters
// are removed, and nil says that this is durable. The others stay. Later calls
// do nothing.
func (t *Taken) Done(n int) error {
	f := t.file
	f.mu.Lock()
	defer f.mu.Unlock()
	if t.ended {
		return nil
	}
	t.ended, f.taken = true, false
	if n == 0 {
		return nil
	}
	err := f.look()
	if err == nil && f.reads != t.reads && len(f.lines) > 0 {
		err = errEdited
	}
	if err == nil {
		err = f.rewrite(slices.DeleteFunc(slices.Clone(f.lines), func(line letterLine) bool {
			i, taken := t.lines[line.number]
			return taken && i < n
		}))
	}
	if err != nil {
		return fmt.Errorf("replay dead letters: %w", err)
	}
	return nil
}
