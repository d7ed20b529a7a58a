package tui

import (
	"slices"
	"strconv"
	"strings"

	tea "charm.land/bubbletea/v2"

	"github.com/gatehouse-gateway/gatehouse/engine/ops"
	"github.com/gatehouse-gateway/gatehouse/tui/frame"
	"github.com/gatehouse-gateway/gatehouse/tui/screen"
	"github.com/gatehouse-gateway/gatehouse/tui/style"
)

// View is the frame. It is drawn only if something that it shows has changed.
func (m *model) View() tea.View {
	if !m.dirty {
		return m.frame
	}
	m.dirty = false
	m.draws++
	m.frame = tea.NewView(m.draw())
	m.frame.AltScreen = true
	m.frame.ReportFocus = true
	if m.mouse && m.page != pageLog && m.page != pageLetters {
		m.frame.MouseMode = tea.MouseModeCellMotion
	}
	return m.frame
}

// look is what every part is drawn with.
func (m *model) look() screen.Look {
	return screen.Look{S: m.sheet, G: m.glyphs, Now: m.now(), Keys: m.keyOf}
}

// draw is the whole frame as text.
func (m *model) draw() string {
	if m.w <= 0 || m.h <= 0 {
		return ""
	}
	look := m.look()
	if !m.frozen.IsZero() {
		look.Now = m.frozen
	}
	var all frame.Block
	if m.layout.mode == modeTiny {
		all = m.tiny(look)
	} else {
		all = frame.Stack(m.top(look), m.body(look), m.bottom(look))
	}
	if m.finding.kind != finderNone && m.layout.mode != modeTiny {
		all = frame.Centre(all, m.finder().Draw(look, m.w, m.h))
	}
	if d := m.dialogs.Top(); d != nil {
		all = frame.Centre(all, d.Draw(m.sheet, m.glyphs, m.w, m.h))
	}
	for i, line := range all.Lines {
		if m.glyphs.Kind == style.ASCII {
			line = frame.ASCII(line)
		}
		all.Lines[i] = m.sheet.Ground(line)
	}
	return strings.Join(all.Lines, "\n")
}

func (m *model) tiny(look screen.Look) frame.Block {
	b := screen.Summary(look, m.snap, m.alerts, m.badges(look), m.w, m.h)
	if m.confirm != nil && len(b.Lines) > 0 {
		b.Lines[len(b.Lines)-1] = frame.Fit(m.sheet.Warn.Paint(m.confirm.question), m.w)
	}
	return b
}

func (m *model) top(look screen.Look) frame.Block {
	header := screen.Header{Snap: m.snap, Title: m.opt.Title, Badges: m.badges(look)}
	top := frame.Block{W: m.w, Lines: []string{
		header.Draw(look, m.w),
		screen.Alert(look, m.snap, m.alerts, m.alertIndex(), m.w),
	}}
	if m.layout.tabs.empty() {
		return top
	}
	return frame.Stack(top, m.tabLine(look))
}

// topHeight is how many lines stand above the body.
func (m *model) topHeight() int { return 2 + m.layout.tabs.H }

// badges are what is special about this console now.
func (m *model) badges(look screen.Look) []screen.Badge {
	var out []screen.Badge
	if text := m.stale(m.now()); text != "" {
		out = append(out, screen.Badge{Text: text, Alarm: true})
	}
	if !m.frozen.IsZero() {
		out = append(out, screen.Badge{Text: look.G.Frozen + " frozen " + frame.Age(m.now().Sub(m.frozen)) + m.unseen(), Alarm: true})
	}
	if m.opt.ReadOnly {
		out = append(out, screen.Badge{Text: "READ-ONLY"})
	}
	if m.opt.Mouse && !m.mouse {
		out = append(out, screen.Badge{Text: "mouse off"})
	}
	return out
}

// unseen says that there are alerts which the frozen display does not show.
func (m *model) unseen() string {
	shown := map[string]bool{}
	for _, a := range m.alerts {
		shown[a.ID] = true
	}
	n := 0
	for _, a := range unseenAlerts(m.live.Alerts) {
		if !shown[a.ID] {
			n++
		}
	}
	if n == 0 {
		return ""
	}
	return ", " + frame.Plural(n, "new alert")
}

// body is what is between the two lines at the top and the two at the bottom.
func (m *model) body(look screen.Look) frame.Block {
	l := m.layout
	if m.snap == nil {
		return m.waiting(look, m.w, m.h-2-m.topHeight())
	}
	switch l.page {
	case pageDrawer:
		return m.shardPage(look).Draw(look, l.drawer.W, l.drawer.H)
	case pageGrid:
		return m.grid().Draw(look, l.shards.W, l.shards.H)
	case pageLog:
		return m.log.view(true).Draw(look, l.log.W, l.log.H)
	case pageSinks:
		return m.sinksPage().Draw(look, l.whole.W, l.whole.H)
	case pageLetters:
		return m.lettersPage().Draw(look, l.whole.W, l.whole.H)
	case pageBudget:
		return m.budgetPage().Draw(look, l.whole.W, l.whole.H)
	case pageReshard:
		return m.reshardPage().Draw(look, l.whole.W, l.whole.H)
	case pageWorkers:
		return m.workersPage().Draw(look, l.whole.W, l.whole.H)
	case pageWorker:
		return m.workerPage().Draw(look, l.whole.W, l.whole.H)
	case pageEvents:
		return m.eventsPage().Draw(look, l.whole.W, l.whole.H)
	case pageCharts:
		return m.curves().DrawAll(look, l.whole.W, l.whole.H)
	case pageShards:
		return m.shardTable().Draw(look, l.whole.W, l.whole.H)
	case pageActions:
		return m.actionsPage().Draw(look, l.whole.W, l.whole.H)
	default:
		return m.dash(look)
	}
}

// dash is the page with everything.
func (m *model) dash(look screen.Look) frame.Block {
	l := m.layout
	shards := m.grid().Draw(look, l.shards.W, l.shards.H)
	if l.mode == modeFull {
		return frame.Stack(
			frame.Beside(shards, m.drawer(look).Draw(look, l.drawer.W, l.drawer.H)),
			frame.Beside(m.curves().Draw(look, l.charts.W, l.charts.H), screen.Sinks(look, m.snap, l.sinks.W, l.sinks.H)),
			m.log.view(false).Draw(look, l.log.W, l.log.H),
		)
	}
	sinks := frame.Block{W: m.w, Lines: []string{
		screen.SinksLine(look, m.snap.Sinks, m.w), screen.StoreLine(look, m.snap, m.w)}}
	if l.log.empty() {
		return frame.Stack(shards, sinks)
	}
	return frame.Stack(shards, sinks, m.log.view(false).Draw(look, l.log.W, l.log.H))
}

// waiting fills the body until the first snapshot has come.
func (m *model) waiting(look screen.Look, w, h int) frame.Block {
	text := "asking the engine" + look.G.Dots
	if m.pull.err != nil {
		text = "the engine does not answer: " + frame.Clean(m.pull.err.Error())
	}
	lines := make([]string, h/2)
	lines = append(lines, frame.Blank((w-frame.Width(text))/2)+m.sheet.Dim.Paint(text))
	return frame.NewBlock(lines, w, h)
}

func (m *model) grid() screen.Shards {
	return screen.Shards{
		Shards: m.snap.Shards, Total: m.snap.Fleet.Total, Grid: m.layout.grid, Cursor: m.sel.index,
		Match: m.filter.match, Filter: m.filter.active.String(), Matches: m.filter.matches,
		Marked: m.sel.marked, Metric: m.metric, Workers: m.snap.Workers,
		Focus: !m.log.focus && m.layout.mode == modeFull,
	}
}

func (m *model) drawer(look screen.Look) screen.Drawer {
	s := m.selected()
	if s == nil {
		return screen.Drawer{Page: m.page == pageDrawer}
	}
	d := screen.Drawer{
		Shard: s, Detail: m.detail.of(s.ID), Page: m.page == pageDrawer,
		Actions: m.hints(func(a *action) bool { return a.drawer }),
	}
	if m.detail.shard == s.ID {
		d.Error = m.detail.failed
	}
	if s.Worker >= 0 && s.Worker < len(m.snap.Workers) {
		d.Worker = &m.snap.Workers[s.Worker]
	}
	return d
}

// onBar picks the actions of the key bar: those of the page, and the pinned ones.
func (m *model) onBar(a *action) bool {
	switch m.page {
	case pageLog:
		return a.group == groupLog || a.id == "filter" || a.pin
	case pageSinks:
		return a.group == groupQueue && a.id != "sinks" || a.pin
	case pageLetters:
		return a.id == "replay" || a.id == "open" || a.id == "pause" || a.id == "flush" || a.pin
	case pageBudget:
		return a.budget || a.pin
	case pageReshard:
		return a.reshard || a.id == "reshard" || a.pin
	case pageWorkers:
		return a.worker || a.id == "open" || a.id == "order" || a.id == "freeze" || a.pin
	case pageWorker:
		return a.worker || a.id == "open" || a.id == "restart" || a.id == "mark" || a.pin
	case pageShards:
		return a.drawer || a.id == "mark" || a.id == "mark-all" || a.id == "order" || a.id == "filter" || a.id == "open" || a.pin
	case pageActions:
		return a.id == "open" || a.pin
	case pageCharts:
		return a.id == "range" || a.id == "freeze" || a.pin
	case pageEvents:
		return a.id == "reload" || a.id == "sinks" || a.id == "freeze" || a.pin
	default:
		return a.bar
	}
}

func (m *model) bottom(look screen.Look) frame.Block {
	hints := m.hints(func(a *action) bool { return len(a.keys) > 0 && m.onBar(a) })
	if m.budgetAlert() && m.page == pageDash {
		// Who is called because of it must not have to look for the page.
		hints = m.first(hints, "budget")
	}
	if m.onWorkers() {
		hints = m.first(hints, "restart-worker")
	}
	if m.page == pageDash && m.snap != nil && (m.snap.Reshard.Now != nil || m.snap.Reshard.Auto.Due != "") {
		hints = m.first(hints, "reshard")
	}
	note := "refresh " + frame.Duration(m.pull.refresh)
	keys, spans := screen.KeyBar(look, hints, note, m.w)
	m.spans = spans
	return frame.Block{W: m.w, Lines: []string{m.message(look).Draw(look, m.w), keys}}
}

// first puts an action before the others, if it has a key.
func (m *model) first(hints []screen.Hint, id string) []screen.Hint {
	a := m.byID(id)
	if len(a.keys) == 0 {
		return hints
	}
	return slices.Insert(slices.DeleteFunc(hints, func(h screen.Hint) bool { return h.ID == id }), 0, m.hint(a))
}

// budgetAlert reports whether an alert is about identifies.
func (m *model) budgetAlert() bool {
	return slices.ContainsFunc(m.alerts, func(a ops.Alert) bool { return strings.HasPrefix(a.ID, "identify/") })
}

// message is the line above the keys: whatever waits for an answer first.
func (m *model) message(look screen.Look) screen.Message {
	switch {
	case m.confirm != nil:
		answers := look.S.Key.Paint(m.confirm.key) + " yes  " + look.S.Dim.Paint("any other key: no")
		// The answers stay readable, whatever the question's length.
		room := m.w - frame.Width(answers) - 4
		return screen.Message{Tone: screen.ToneAsk, Text: frame.Cut(m.confirm.question, room), Input: "  " + answers}
	case m.filter.editing:
		return m.filterMessage(look)
	case m.toast.text != "":
		return screen.Message{Tone: m.toast.tone, Text: m.toast.text, Note: m.runningNote(look)}
	case len(m.running) > 0 && !(m.page == pageReshard && len(m.running) == 1 && m.ownReshard()): // the page says it
		return screen.Message{Tone: screen.ToneQuiet, Text: m.running[len(m.running)-1].status(m.now()), Note: m.runningNote(look)}
	case len(m.sendings) > 0:
		return screen.Message{Tone: screen.ToneQuiet, Text: m.sendings[0].status(m.now())}
	case m.layout.drawer.empty() && m.layout.whole.empty():
		return screen.Message{Input: screen.ShardLine(look, m.selected())}
	case len(m.journal) > 0:
		last := m.journal[len(m.journal)-1]
		return screen.Message{Text: last.at.Format("15:04:05") + " " + last.text}
	}
	return screen.Message{}
}

func (m *model) runningNote(look screen.Look) string {
	if len(m.running) < 2 {
		return ""
	}
	return look.S.Dim.Paint(strconv.Itoa(len(m.running)) + " actions under way")
}

func (m *model) filterMessage(look screen.Look) screen.Message {
	before, after := m.filter.input.Halves()
	if m.filter.guilds {
		note := look.S.Dim.Paint("digits of a guild's id")
		return screen.Message{Input: look.S.Accent.Paint("/"+before) + look.S.Key.Paint(look.G.Cursor) + look.S.Accent.Paint(after), Note: note}
	}
	if m.filter.log {
		n := len(m.log.shown())
		return screen.Message{Input: look.S.Accent.Paint("/"+before) + look.S.Key.Paint(look.G.Cursor) + look.S.Accent.Paint(after),
			Note: strconv.Itoa(n) + look.S.Dim.Paint(" of "+strconv.Itoa(len(m.log.lines))+" lines")}
	}
	if m.filter.err != nil {
		// It stands behind what is typed: at the end of the line it would be cut.
		return screen.Message{Input: look.S.Accent.Paint("/"+before) + look.S.Key.Paint(look.G.Cursor) + look.S.Accent.Paint(after) + "  " +
			look.S.Warn.Paint(frame.Clean(m.filter.err.Error()))}
	}
	note := strconv.Itoa(m.matching()) + look.S.Dim.Paint(" of "+strconv.Itoa(len(m.shards()))+" shards")
	return screen.Message{
		Input: look.S.Accent.Paint("/"+before) + look.S.Key.Paint(look.G.Cursor) + look.S.Accent.Paint(after), Note: note,
	}
}

func (m *model) matching() int {
	if m.filter.match == nil {
		return len(m.shards())
	}
	return m.filter.matches
}
