package tui

import (
	"time"

	"github.com/gatehouse-gateway/gatehouse/engine/ops"
	"github.com/gatehouse-gateway/gatehouse/tui/filter"
)

// filtering is the filter in force and the one being typed.
type filtering struct {
	active  filter.Filter
	match   []bool // by index; nil without a filter
	matches int

	editing bool
	input   editor
	err     error // of what is being typed
}

// apply decides about every shard.
func (f *filtering) apply(shards []ops.Shard, now time.Time) {
	f.match, f.matches = nil, 0
	if f.active.Empty() {
		return
	}
	f.match = make([]bool, len(shards))
	for i := range shards {
		if f.active.Match(&shards[i], now) {
			f.match[i] = true
			f.matches++
		}
	}
}

// wants reports whether "next" should stop at a shard.
func (f *filtering) wants(i int, s *ops.Shard) bool {
	if f.match != nil {
		return i < len(f.match) && f.match[i]
	}
	return s.State != ops.ShardReady
}

// openFilter lets the operator type a filter, beginning with the one in force.
func (m *model) openFilter() {
	m.filter.editing, m.filter.err = true, nil
	m.filter.input.set(m.filter.active.String())
	m.dirty = true
}

// filterKey answers a key while a filter is being typed. The shards that it
// would pick show at once.
func (m *model) filterKey(key, text string) {
	f := &m.filter
	m.dirty = true
	switch key {
	case "esc", "ctrl+c":
		f.editing = false
		m.setFilter("")
		return
	case "enter":
		if f.err == nil {
			f.editing = false
			if f.matches > 0 && !f.match[min(m.sel.index, len(f.match)-1)] {
				m.seek(1)
			}
		}
		return
	}
	if f.input.key(key, text) {
		f.err = m.setFilter(f.input.text())
	}
}

// setFilter puts a filter in force; one that cannot be read leaves the last.
func (m *model) setFilter(text string) error {
	parsed, err := filter.Parse(text)
	if err != nil {
		return err
	}
	m.filter.active = parsed
	m.filter.apply(m.shards(), m.now())
	m.dirty = true
	return nil
}

// editor is one line of text with a cursor.
type editor struct {
	runes []rune
	at    int
}

func (e *editor) set(s string) { e.runes = []rune(s); e.at = len(e.runes) }

func (e *editor) text() string { return string(e.runes) }

// key takes one key and reports whether the text may have changed.
func (e *editor) key(key, text string) bool {
	switch key {
	case "left":
		e.at = max(0, e.at-1)
	case "right":
		e.at = min(len(e.runes), e.at+1)
	case "home":
		e.at = 0
	case "end":
		e.at = len(e.runes)
	case "backspace":
		if e.at > 0 {
			e.runes = append(e.runes[:e.at-1], e.runes[e.at:]...)
			e.at--
		}
	case "delete":
		if e.at < len(e.runes) {
			e.runes = append(e.runes[:e.at], e.runes[e.at+1:]...)
		}
	case "ctrl+u":
		e.set("")
	default:
		return e.insert(text)
	}
	return true
}

// insert puts printable text at the cursor, as far as there is room for it.
func (e *editor) insert(text string) bool {
	const most = 200
	changed := false
	for _, r := range text {
		if r < ' ' || r == 0x7f || len(e.runes) >= most {
			continue
		}
		e.runes = append(e.runes[:e.at], append([]rune{r}, e.runes[e.at:]...)...)
		e.at++
		changed = true
	}
	return changed
}

// halves is the text before and after the cursor.
func (e *editor) halves() (before, after string) {
	return string(e.runes[:e.at]), string(e.runes[e.at:])
}
