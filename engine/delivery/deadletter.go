package delivery

import (
	"fmt"
	"net/url"
	"path/filepath"
	"sync"

	"github.com/gatehouse-gateway/gatehouse/engine/clock"
	"github.com/gatehouse-gateway/gatehouse/engine/event"
	"github.com/gatehouse-gateway/gatehouse/engine/ops"
)

// maxLetterBytes bounds the file of one sink. Beyond it the oldest letters go.
const maxLetterBytes = 64 << 20

// DeadLetterFiles keeps events that were put aside in one file a sink, a JSON
// object a line, oldest first:
//
//	{"at":"2026-11-22T12:00:00Z","reason":"…","event":{…}}
//
// event is what the bot was sent. The files are readable by their owner alone,
// hold at most 64 MiB each, and are removed when they are empty. A person may
// edit or remove them at any time. A line that is not a letter, such as half of
// one after a crash, is left where it is.
//
// All methods may be called concurrently. No two DeadLetterFiles must write the
// letters of the same sink to the same folder.
type DeadLetterFiles struct {
	dir   string
	clock clock.Clock
	limit int64 // bytes of one file

	mu    sync.Mutex
	files map[string]*letterFile // by sink
}

var _ DeadLetters = (*DeadLetterFiles)(nil)

// NewDeadLetterFiles keeps dead letters below dir, which is made when the first
// one comes.
func NewDeadLetterFiles(dir string, c clock.Clock) *DeadLetterFiles {
	return &DeadLetterFiles{dir: dir, clock: c, limit: maxLetterBytes, files: make(map[string]*letterFile)}
}

// file is the file of a sink, whose name may hold what a file's cannot.
func (f *DeadLetterFiles) file(sink string) *letterFile {
	f.mu.Lock()
	defer f.mu.Unlock()
	l := f.files[sink]
	if l == nil {
		l = &letterFile{path: filepath.Join(f.dir, url.PathEscape(sink)+".ndjson")}
		f.files[sink] = l
	}
	return l
}

// Bury implements [DeadLetters].
func (f *DeadLetterFiles) Bury(sink string, events []event.Event, reason string) (gone int, err error) {
	at := f.clock.Now()
	var text []byte
	for i := range events {
		if text, err = appendLetter(text, at, &events[i], reason); err != nil {
			return 0, fmt.Errorf("dead letter: %w", err)
		}
	}
	if gone, err = f.file(sink).bury(text, events, f.limit); err != nil {
		return gone, fmt.Errorf("dead letter: %w", err)
	}
	return gone, nil
}

// Count implements [DeadLetters]. It waits for the disk the first time, and when
// somebody else has changed the file.
func (f *DeadLetterFiles) Count(sink string) (letters, damaged int) { return f.file(sink).count() }

// List returns the letters of a sink, oldest first, at most max of the newest,
// or all for 0. total is how many there are, listed or not. Lines that are not
// letters are neither.
func (f *DeadLetterFiles) List(sink string, max int) (letters []ops.DeadLetter, total int, err error) {
	lines, total, file, err := f.file(sink).newest(max)
	if err != nil {
		return nil, 0, fmt.Errorf("list dead letters: %w", err)
	}
	if file == nil {
		return nil, 0, nil
	}
	defer file.Close()
	letters = make([]ops.DeadLetter, 0, len(lines))
	for _, line := range lines {
		l, ev, err := line.read(file)
		if err != nil {
			return nil, 0, fmt.Errorf("list dead letters: %w", err)
		}
		letters = append(letters, l.listed(sink, &ev))
	}
	return letters, total, nil
}
