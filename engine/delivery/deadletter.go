package delivery

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/gatehouse-gateway/gatehouse/engine/clock"
	"github.com/gatehouse-gateway/gatehouse/engine/event"
)

// DeadLetterFiles keeps refused events in one file a sink, a JSON object a line:
//
//	{"at":"2026-11-22T12:00:00Z","reason":"…","event":{…}}
//
// event is what the bot was sent. The files are readable by their owner alone.
type DeadLetterFiles struct {
	dir   string
	clock clock.Clock

	mu sync.Mutex
}

var _ DeadLetters = (*DeadLetterFiles)(nil)

// NewDeadLetterFiles keeps dead letters below dir, which is made when the first
// one comes.
func NewDeadLetterFiles(dir string, c clock.Clock) *DeadLetterFiles {
	return &DeadLetterFiles{dir: dir, clock: c}
}

// Bury appends an event to its sink's file.
func (f *DeadLetterFiles) Bury(sink string, ev *event.Event, reason string) error {
	line, err := deadLetter(f.clock.Now(), ev, reason)
	if err != nil {
		return fmt.Errorf("dead letter: %w", err)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := os.MkdirAll(f.dir, 0o700); err != nil {
		return fmt.Errorf("dead letter: %w", err)
	}
	return appendLine(filepath.Join(f.dir, sink+".ndjson"), line)
}

// deadLetter is one line of a dead-letter file.
func deadLetter(at time.Time, ev *event.Event, reason string) ([]byte, error) {
	line, err := json.Marshal(struct {
		At     time.Time       `json:"at"`
		Reason string          `json:"reason"`
		Event  json.RawMessage `json:"event"`
	}{at.UTC(), reason, ev.AppendJSON(nil)})
	return append(line, '\n'), err
}

func appendLine(path string, line []byte) error {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return fmt.Errorf("dead letter: %w", err)
	}
	_, err = file.Write(line)
	if closed := file.Close(); err == nil {
		err = closed
	}
	return err
}
