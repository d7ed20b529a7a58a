package main

import (
	"fmt"
	"io"
	"sync"
	"time"
)

// Bounds of a patientWriter.
const (
	patientBytes = 4 << 20     // held for a reader that does not read
	patientEnd   = time.Second // that the end waits for it
)

// patientWriter keeps whoever logs from waiting for whoever reads: a terminal
// stopped with Ctrl-S, or a pipe that nobody empties, would hold up the shards
// and with them their heartbeats. What does not fit is counted, and the count is
// written when the reader is back.
type patientWriter struct {
	w    io.Writer
	wake chan struct{} // holds one
	done chan struct{} // closed when the last line has been written

	mu     sync.Mutex
	held   []byte
	lost   int
	closed bool
}

// newPatientWriter starts the goroutine that writes to w; Close ends it.
func newPatientWriter(w io.Writer) *patientWriter {
	p := &patientWriter{w: w, wake: make(chan struct{}, 1), done: make(chan struct{})}
	go p.run()
	return p
}

// Write takes a line, or counts it as lost. It never waits and never fails.
func (p *patientWriter) Write(line []byte) (int, error) {
	p.mu.Lock()
	if len(p.held)+len(line) > patientBytes || p.closed {
		p.lost++
	} else {
		p.held = append(p.held, line...)
	}
	p.mu.Unlock()
	p.nudge()
	return len(line), nil
}

func (p *patientWriter) nudge() {
	select {
	case p.wake <- struct{}{}:
	default:
	}
}

// run writes what was taken until Close.
func (p *patientWriter) run() {
	defer close(p.done)
	for {
		lines, closed := p.take()
		if len(lines) > 0 {
			// There is nobody to tell that a log cannot be written.
			_, _ = p.w.Write(lines)
			continue
		}
		if closed {
			return
		}
		<-p.wake
	}
}

// take is all that is held, with a word about what was lost after it.
func (p *patientWriter) take() (lines []byte, closed bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	lines, p.held = p.held, nil
	if p.lost > 0 {
		lines = fmt.Appendf(lines, "gatehouse: %d log lines are missing here: nobody read them in time\n", p.lost)
		p.lost = 0
	}
	return lines, p.closed
}

// Close writes what is left, as far as the reader takes it within a second.
func (p *patientWriter) Close() {
	p.mu.Lock()
	p.closed = true
	p.mu.Unlock()
	p.nudge()
	timer := time.NewTimer(patientEnd)
	defer timer.Stop()
	select {
	case <-p.done:
	case <-timer.C:
	}
}
