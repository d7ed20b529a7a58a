package delivery

import (
	"bufio"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"

	"github.com/gatehouse-gateway/gatehouse/engine/event"
)

// letterFile is the file of one sink, and where its letters are in it.
type letterFile struct {
	path string

	// letters and damaged are what the lines come to, for who must not wait.
	letters, damaged atomic.Int64

	mu     sync.Mutex
	seen   bool        // the file has been looked at
	left   os.FileInfo // as we left it, to notice others' changes; nil if there was none
	lines  []letterLine
	size   int64  // bytes
	open   bool   // its last line has no end
	number uint64 // of the next line
	reads  uint64 // how often the file has been read
	taken  bool   // a replay is under way
}

// letterLine is where one line is.
type letterLine struct {
	number uint64 // the same as long as the line is there
	from   int64  // offset in the file
	size   int    // bytes, with the line feed
	id     event.ID
	letter bool // it can be read
}

// read reads a line as a letter.
func (l letterLine) read(file io.ReaderAt) (letter, event.Event, error) {
	text := make([]byte, l.size)
	if _, err := file.ReadAt(text, l.from); err != nil {
		return letter{}, event.Event{}, err
	}
	return parseLetter(text)
}

// count is how many letters and damaged lines there are. While the file is being
// written it does not wait, and tells what was there before.
func (f *letterFile) count() (letters, damaged int) {
	if f.mu.TryLock() {
		_ = f.look() // what cannot be read will be said when it is asked for
		f.mu.Unlock()
	}
	return int(f.letters.Load()), int(f.damaged.Load())
}

// look reads the file unless it is as we know it. f.mu is held.
func (f *letterFile) look() error {
	now, err := os.Stat(f.path)
	if errors.Is(err, fs.ErrNotExist) {
		now, err = nil, nil
	}
	if err != nil {
		return err
	}
	if f.seen && same(f.left, now) {
		return nil
	}
	f.seen = false
	f.lines, f.size, f.open = f.lines[:0], 0, false
	f.reads++
	if now != nil {
		if err := f.scan(); err != nil {
			return err
		}
	}
	f.seen, f.left = true, now
	f.tally()
	return nil
}

// same reports whether nobody has touched a file between two looks.
func same(a, b os.FileInfo) bool {
	if a == nil || b == nil {
		return a == nil && b == nil
	}
	return os.SameFile(a, b) && a.Size() == b.Size() && a.ModTime().Equal(b.ModTime())
}

// scan finds the lines. f.mu is held.
func (f *letterFile) scan() error {
	file, err := os.Open(f.path)
	if err != nil {
		return err
	}
	defer file.Close()
	br := bufio.NewReaderSize(file, 64<<10)
	var text []byte
	for {
		piece, err := br.ReadSlice('\n')
		text = append(text, piece...)
		switch {
		case err == bufio.ErrBufferFull:
			continue
		case err != nil && err != io.EOF:
			return err
		case len(text) > 0:
			_, ev, broken := parseLetter(text)
			f.add(len(text), ev.ID, broken == nil)
			f.open = err == io.EOF
		}
		if err == io.EOF {
			return nil
		}
		text = text[:0]
	}
}

// add books a line at the end. f.mu is held.
func (f *letterFile) add(size int, id event.ID, letter bool) {
	f.lines = append(f.lines, letterLine{number: f.number, from: f.size, size: size, id: id, letter: letter})
	f.number++
	f.size += int64(size)
}

// tally counts the lines. f.mu is held.
func (f *letterFile) tally() {
	letters := 0
	for i := range f.lines {
		if f.lines[i].letter {
			letters++
		}
	}
	f.letters.Store(int64(letters))
	f.damaged.Store(int64(len(f.lines) - letters))
}

// newest finds at most max letters, the newest, and opens the file they are in;
// no file if there are none. What was found stays there until it is closed,
// since the file is replaced and never overwritten.
func (f *letterFile) newest(max int) (lines []letterLine, total int, file *os.File, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := f.look(); err != nil {
		return nil, 0, nil, err
	}
	total = int(f.letters.Load())
	if total == 0 {
		return nil, 0, nil, nil
	}
	skip := 0
	if max > 0 {
		skip = total - max
	}
	for _, line := range f.lines {
		if line.letter {
			if skip--; skip < 0 {
				lines = append(lines, line)
			}
		}
	}
	file, err = os.Open(f.path)
	return lines, total, file, err
}

// bury appends the text of some events, and makes room for it first. It returns
// how many letters had to go.
func (f *letterFile) bury(text []byte, events []event.Event, limit int64) (gone int, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := f.look(); err != nil {
		return 0, err
	}
	if f.size > 0 && f.size+int64(len(text)) >= limit {
		if gone, err = f.trim(limit - limit/8 - int64(len(text))); err != nil {
			return gone, err
		}
	}
	if f.open { // what follows must not become a part of a damaged line
		text = append([]byte{'\n'}, text...)
	}
	if err := f.append(text); err != nil {
		f.seen = false
		return gone, err
	}
	if f.open {
		f.lines[len(f.lines)-1].size++
		f.size++
		f.open = false
		text = text[1:]
	}
	f.book(text, events)
	return gone, nil
}

// book notes the lines of events that have been appended. f.mu is held.
func (f *letterFile) book(text []byte, events []event.Event) {
	for i := range events {
		end := 0
		for text[end] != '\n' {
			end++
		}
		f.add(end+1, events[i].ID, true)
		text = text[end+1:]
	}
	f.letters.Add(int64(len(events)))
}

// append writes to the end of the file and makes it durable, or leaves the file
// as it was. f.mu is held.
func (f *letterFile) append(text []byte) (err error) {
	dir := filepath.Dir(f.path)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	file, err := os.OpenFile(f.path, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			_ = file.Truncate(f.size) // half of a letter is nobody's gain
		}
		err = errors.Join(err, file.Close())
		if err != nil && f.size == 0 {
			_ = os.Remove(f.path)
		}
	}()
	if _, err := file.Write(text); err != nil {
		return err
	}
	if err := file.Sync(); err != nil {
		return err
	}
	if f.left == nil { // the file is new, and so may be its folder
		if err := errors.Join(syncDir(dir), syncDir(filepath.Dir(dir))); err != nil {
			return err
		}
	}
	f.left, err = file.Stat()
	return err
}

// trim drops lines from the front until those that are left fit into room, and
// returns how many letters these were. f.mu is held.
func (f *letterFile) trim(room int64) (gone int, err error) {
	first, left := 0, f.size
	for ; first < len(f.lines) && left > room; first++ {
		left -= int64(f.lines[first].size)
		if f.lines[first].letter {
			gone++
		}
	}
	if err := f.rewrite(f.lines[first:]); err != nil {
		return 0, err
	}
	return gone, nil
}
