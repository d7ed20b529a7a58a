package main

import (
	"context"
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/fsnotify/fsnotify"

	"github.com/gatehouse-gateway/gatehouse/cmd/gatehouse/internal/config"
)

// Times of a fileWatch.
const (
	// fileSettles is how long a file has to be left alone before it is read: editors
	// write in several steps.
	fileSettles = 300 * time.Millisecond
	// filePoll is between two looks without a reason. Not every file system tells of
	// changes: those of a network do not, nor a file mounted into a container.
	filePoll = 10 * time.Second
	// maxLinks bounds the symbolic links on the way to a file.
	maxLinks = 40
)

// fileWatch tells when a file's content has changed. It watches the folders rather
// than the file, since editors, package managers and Kubernetes replace a file or
// a symbolic link on the way to it, and do not write into it.
type fileWatch struct {
	path    string        // absolute
	settles time.Duration // see fileSettles
	changed func(context.Context)

	system *fsnotify.Watcher // nil if the system has none for us
	paths  map[string]bool   // whose replacement may change what the file holds
	dirs   map[string]bool   // that are watched
	seen   [sha256.Size]byte // of the content that was told last
	gone   bool              // that it cannot be read has been told
}

// newFileWatch watches a file whose content is known by its sum. An error says that
// changes are seen within filePoll only.
func newFileWatch(path string, seen [sha256.Size]byte, changed func(context.Context)) (*fileWatch, error) {
	w := &fileWatch{path: path, settles: fileSettles, changed: changed, seen: seen, dirs: map[string]bool{}}
	system, err := fsnotify.NewWatcher()
	if err != nil {
		return w, fmt.Errorf("the system does not tell of changes to files: %w", err)
	}
	w.system = system
	return w, w.follow()
}

// run calls changed, one call at a time, until ctx ends.
func (w *fileWatch) run(ctx context.Context) {
	var events chan fsnotify.Event
	var errs chan error
	if w.system != nil {
		defer w.system.Close()
		events, errs = w.system.Events, w.system.Errors
	}
	quiet := time.NewTimer(w.settles) // it may have changed before it was watched
	defer quiet.Stop()
	poll := time.NewTicker(filePoll)
	defer poll.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case ev := <-events:
			if w.paths[ev.Name] {
				quiet.Reset(w.settles)
			}
		case <-errs: // some event was lost
			quiet.Reset(w.settles)
		case <-poll.C:
			if _, differs := w.look(); differs {
				quiet.Reset(w.settles)
			}
		case <-quiet.C:
			w.tell(ctx)
		}
	}
}

// look reads the file and reports whether it is not as it was told.
func (w *fileWatch) look() (sum [sha256.Size]byte, differs bool) {
	sum, err := config.Sum(w.path)
	if err != nil {
		return sum, !w.gone
	}
	return sum, w.gone || sum != w.seen
}

// tell says that the file has changed, if it has.
func (w *fileWatch) tell(ctx context.Context) {
	_ = w.follow() // what cannot be watched is polled
	sum, differs := w.look()
	if !differs {
		return
	}
	_, err := os.Stat(w.path)
	w.seen, w.gone = sum, err != nil
	w.changed(ctx)
}

// follow watches the folders on the way to the file as it is now.
func (w *fileWatch) follow() error {
	if w.system == nil {
		return nil
	}
	w.paths = map[string]bool{}
	dirs := map[string]bool{}
	for _, path := range wayTo(w.path) {
		w.paths[path] = true
		dirs[filepath.Dir(path)] = true
	}
	var failed error
	for dir := range dirs {
		if err := w.system.Add(dir); err != nil { // again, too: it may be another folder of that name
			failed = fmt.Errorf("changes in %s are not told: %w", dir, err)
		}
	}
	for dir := range w.dirs {
		if !dirs[dir] {
			_ = w.system.Remove(dir) // it may be gone
		}
	}
	w.dirs = dirs
	return failed
}

// wayTo lists the symbolic links on the way to a file, and the file that they lead
// to.
func wayTo(path string) []string {
	root := filepath.VolumeName(path) + string(filepath.Separator)
	at, rest := root, pathParts(path)
	var way []string
	for links := 0; len(rest) > 0; {
		next := filepath.Join(at, rest[0])
		rest = rest[1:]
		target, err := os.Readlink(next)
		if err != nil || links == maxLinks {
			at = next
			continue
		}
		links++
		way = append(way, next)
		if filepath.IsAbs(target) {
			at = root
		}
		rest = append(pathParts(target), rest...)
	}
	return append(way, at)
}

// pathParts are the names in a path.
func pathParts(path string) []string {
	path = path[len(filepath.VolumeName(path)):]
	return strings.FieldsFunc(path, func(r rune) bool { return r == filepath.Separator || r == '/' })
}
