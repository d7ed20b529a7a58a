package tui

import (
	"errors"
	"time"

	"github.com/gatehouse-gateway/gatehouse/engine/ops"
	"github.com/gatehouse-gateway/gatehouse/tui/dialog"
	"github.com/gatehouse-gateway/gatehouse/tui/filter"
	"github.com/gatehouse-gateway/gatehouse/tui/screen"
)

// filtering is the filter in force and the one being typed.
type filtering struct {
	active  filter.Filter
	match   []bool // by index; nil without a filter
	matches int

	editing bool
	log     bool // what is being typed picks lines of the log
	guilds  bool // it picks guilds of the shard on show
	input   dialog.Line
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
func (f *filtering) wants(i int, s *ops.Shard, now time.Time) bool {
	if f.match != nil {
		return i < len(f.match) && f.match[i]
	}
	return screen.Troubled(s, now)
}

// openFilter lets the operator type a filter, beginning with the one in force: of
// the shards, or of the log while it has the keys.
func (m *model) openFilter() {
	m.filter.log, m.filter.guilds = m.log.focus, m.page == pageDrawer
	m.filter.editing, m.filter.err = true, nil
	m.filter.input.Set(m.filter.active.String())
	switch {
	case m.filter.guilds:
		m.filter.input.Set(m.shardAll.find)
	case m.filter.log:
		m.filter.input.Set(m.log.find)
	}
	m.dirty = true
}

// filterKey answers a key while a filter is being typed. The shards that it
// would pick show at once.
func (m *model) filterKey(key, text string) {
	f := &m.filter
	m.dirty = true
	switch {
	case f.guilds:
		m.findKey(key, text, m.shardAll.search)
		return
	case f.log:
		m.findKey(key, text, m.log.search)
		return
	}
	switch key {
	case "esc", "ctrl+c":
		f.editing = false
		m.setFilter("")
		return
	case "enter":
		if f.err == nil {
			f.editing = false
			m.toFirstMatch()
		}
		return
	}
	if f.input.Key(key, text) {
		f.err = m.setFilter(f.input.Text())
	}
}

// findKey answers a key while a text to look for is being typed.
func (m *model) findKey(key, text string, search func(text string)) {
	f := &m.filter
	switch key {
	case "esc", "ctrl+c":
		f.editing = false
		search("")
	case "enter":
		f.editing = false
	default:
		if f.input.Key(key, text) {
			search(f.input.Text())
		}
	}
}

// setFilter puts a filter in force; one that cannot be read leaves the last.
func (m *model) setFilter(text string) error {
	parsed, err := filter.Parse(text)
	if err != nil {
		return errors.New(m.keyed(err.Error()))
	}
	m.filter.active = parsed
	m.filter.apply(m.shards(), m.now())
	if m.page == pageShards && m.snap != nil {
		m.orderShards()
	}
	m.dirty = true
	return nil
}
