package tui

import (
	"github.com/gatehouse-gateway/gatehouse/engine/ops"
	"github.com/gatehouse-gateway/gatehouse/tui/dialog"
	"github.com/gatehouse-gateway/gatehouse/tui/frame"
	"github.com/gatehouse-gateway/gatehouse/tui/screen"
)

// onSinks reports whether the page is about one selected sink.
func (m *model) onSinks() bool { return m.page == pageSinks || m.page == pageLetters }

// sinks are those of the newest snapshot, which is what actions are judged by.
func (m *model) sinks() []ops.Sink {
	if m.live == nil {
		return nil
	}
	return m.live.Sinks
}

// sinkIndex is where the selected sink stands among those on show; the first if
// it has gone.
func (m *model) sinkIndex() int {
	if m.snap != nil {
		for i := range m.snap.Sinks {
			if m.snap.Sinks[i].Name == m.sink {
				return i
			}
		}
	}
	return 0
}

// selectedSink is the selected sink as it is now; nil if there is none.
func (m *model) selectedSink() *ops.Sink {
	all := m.sinks()
	for i := range all {
		if all[i].Name == m.sink {
			return &all[i]
		}
	}
	if len(all) == 0 {
		return nil
	}
	return &all[0]
}

// stepSink moves the cursor of the sinks page.
func (m *model) stepSink(by int) {
	if m.snap == nil || len(m.snap.Sinks) == 0 {
		return
	}
	m.selectSink(min(max(m.sinkIndex()+by, 0), len(m.snap.Sinks)-1))
}

func (m *model) selectSink(i int) {
	m.sink = m.snap.Sinks[i].Name
	m.dirty = true
}

func (m *model) sinksPage() screen.SinksPage {
	return screen.SinksPage{
		Snap: m.snap, Curves: m.curves(), Selected: m.sinkIndex(),
		Actions: m.hints(func(a *action) bool { return a.sink }),
	}
}

// openSinks turns to the page of the sinks, or back from it. It begins with the
// sink that needs a person most.
func openSinks(m *model) {
	if m.page == pageSinks {
		m.turnTo(pageDash)
		return
	}
	turnToSinks(m)
}

func turnToSinks(m *model) {
	if s := m.selectedSink(); m.sink == "" && s != nil {
		m.sink = s.Name
		for _, other := range m.sinks() {
			if other.State != ops.SinkOK && other.State != ops.SinkIdle && !other.Orphan {
				m.sink = other.Name
				break
			}
		}
	}
	m.turnTo(pageSinks)
}

// fitting says whether an action is possible on the selected sink of a page
// about sinks, elsewhere on any. not says why one cannot be chosen.
func (m *model) fitting(not func(ops.Sink) string, none string) (bool, string) {
	if s := m.selectedSink(); m.onSinks() && s != nil {
		why := not(*s)
		return why == "", frame.Clean(s.Name) + " " + why
	}
	for _, s := range m.sinks() {
		if not(s) == "" {
			return true, ""
		}
	}
	return false, none
}

// pickSink goes on with the selected sink, the only sink that is possible, or
// the one that is chosen from a list.
func (m *model) pickSink(opener string, not func(ops.Sink) string, then func(*model, ops.Sink)) {
	if s := m.selectedSink(); m.onSinks() && s != nil {
		then(m, *s)
		return
	}
	var items []dialog.Item
	var fit []ops.Sink
	for _, s := range m.sinks() {
		item := dialog.Item{ID: s.Name, Text: s.Name, Note: s.State.String() + ", " + frame.Count(s.Depth) + " queued"}
		if s.Orphan {
			item.Note = "not configured, " + frame.Count(s.Depth) + " wait on disk"
		}
		if why := not(s); why != "" {
			item.Off, item.Note = true, why
		} else {
			fit = append(fit, s)
		}
		items = append(items, item)
	}
	if len(fit) == 1 {
		then(m, fit[0])
		return
	}
	m.openChoice(&dialog.Dialog{ID: "sink", Title: "Which sink?", Items: items, Opener: opener}, func(m *model, id string) {
		for _, s := range m.sinks() {
			if s.Name == id {
				then(m, s)
			}
		}
	})
}
