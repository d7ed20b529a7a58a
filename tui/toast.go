package tui

import (
	"time"

	"github.com/gatehouse-gateway/gatehouse/tui/screen"
)

// How long a result stays on the message line.
const (
	toastFor    = 6 * time.Second
	badToastFor = 15 * time.Second
)

// journalKeep is how many results the action log keeps.
const journalKeep = 100

// toast is the last result, for a while.
type toast struct {
	text  string
	tone  screen.Tone
	until time.Time
}

// expire takes the toast off when its time is over, and reports that.
func (t *toast) expire(now time.Time) bool {
	if t.text == "" || now.Before(t.until) {
		return false
	}
	t.text = ""
	return true
}

// reflex is how long after a refusal a key is still meant for the question that would
// have been asked.
const reflex = 2 * time.Second

// refused reports whether a refusal has just been said.
func (t *toast) refused(now time.Time) bool {
	return t.text != "" && t.tone == screen.ToneBad && t.until.Sub(now) > badToastFor-reflex
}

// journalEntry is a line of the action log.
type journalEntry struct {
	at   time.Time
	text string
	bad  bool
}

// say shows a result for a while.
func (m *model) say(tone screen.Tone, text string) {
	keep := toastFor
	if tone == screen.ToneBad {
		keep = badToastFor
	}
	m.toast = toast{text: m.keyed(text), tone: tone, until: m.now().Add(keep)}
	m.dirty = true
}

// record shows a result and writes it into the action log.
func (m *model) record(tone screen.Tone, text string) {
	m.say(tone, text)
	m.journal = append(m.journal, journalEntry{at: m.now(), text: text, bad: tone == screen.ToneBad})
	if n := len(m.journal) - journalKeep; n > 0 {
		m.journal = append([]journalEntry(nil), m.journal[n:]...)
	}
}
