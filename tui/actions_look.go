package tui

import (
	"slices"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/gatehouse-gateway/gatehouse/engine/ops"
	"github.com/gatehouse-gateway/gatehouse/tui/frame"
	"github.com/gatehouse-gateway/gatehouse/tui/screen"
)

// lookActions change what is shown and how.
func lookActions() []action {
	return []action{
		{id: "filter", title: "filter, of the log by a text; of shards: ready  !ready  state:resuming,failed  id:0-63  12  worker:3; times: lat>200 since<5m ack>1m quiet>2m; " +
			"numbers: rate guilds events unavailable loading resumes reconnects identifies outbox sends deaf", short: "filter",
			keys: []string{"/"}, group: groupLook, bar: true, run: plain((*model).openFilter), arg: filterArgument()},
		{id: "colour", title: "colour by state, latency, lag, events or guilds", short: "colour", keys: []string{"c"}, group: groupLook, bar: true,
			enabled: func(m *model) (bool, string) { return !m.mono, "there are no colours here" },
			run:     plain(func(m *model) { m.metric = m.metric.Next() }), arg: colourArgument()},
		{id: "zoom", title: "shards alone on the screen", short: "zoom", keys: []string{"z"}, group: groupLook, bar: true,
			run: plain(func(m *model) { m.toggle(pageGrid) })},
		{id: "freeze", title: "freeze the display; the engine goes on", short: "freeze", keys: []string{"space", "f"}, show: "space", group: groupLook, bar: true,
			enabled: func(m *model) (bool, string) { return m.live != nil, "there is nothing to freeze yet" }, run: freeze},
		{id: "theme", title: "choose a theme", keys: []string{"t"}, group: groupLook, run: plain((*model).openThemes), arg: themeArgument()},
		{id: "faster", title: "refresh more often", keys: []string{"+", "="}, group: groupLook, run: plain(func(m *model) { m.changeRefresh(-1) })},
		{id: "slower", title: "refresh less often", keys: []string{"-"}, group: groupLook, run: plain(func(m *model) { m.changeRefresh(1) })},
		{id: "refresh", title: "time between two looks at the engine", group: groupLook, arg: refreshArgument()},
		{id: "mouse", title: "mouse on or off; off, the terminal selects text", keys: []string{"M"}, group: groupLook, run: plain(toggleMouse)},
	}
}

// logActions are about the log pane.
func logActions() []action {
	return []action{
		{id: "log", title: "log alone on the screen", short: "log", keys: []string{"l"}, group: groupLog, bar: true,
			run: plain(func(m *model) { m.toggle(pageLog) })},
		{id: "level", title: "least level shown", short: "level", keys: []string{"L"}, group: groupLog,
			run: relog(func(m *model) { m.log.ask(nextLevel(m.log.level), m.log.shard) }), arg: levelArgument()},
		{id: "only", title: "only lines of the selected shard", short: "only this shard", keys: []string{"o"}, group: groupLog, enabled: hasShard, run: relog(toggleOnly), arg: onlyArgument()},
		{id: "find", title: "look for a text in the log", group: groupLog, arg: findArgument()},
		{id: "wrap", title: "wrap long lines, on the log's own screen", short: "wrap", keys: []string{"w"}, group: groupLog,
			run: plain(func(m *model) { m.log.wrap = !m.log.wrap })},
	}
}

// relog is for actions that change which lines are asked for.
func relog(f func(m *model)) func(m *model) tea.Cmd {
	return func(m *model) tea.Cmd {
		f(m)
		m.dirty = true
		return m.refetch()
	}
}

func toggleOnly(m *model) {
	shard := -1
	if s := m.selected(); m.log.shard < 0 && s != nil {
		shard = s.ID
	}
	m.log.ask(m.log.level, shard)
}

func (m *model) toggle(p page) {
	if m.page == p {
		p = pageDash
	}
	m.turnTo(p)
}

// freeze holds what is shown as it is, or lets go of it.
func freeze(m *model) tea.Cmd {
	m.dirty = true
	if m.frozen.IsZero() {
		m.frozen = m.now()
		return nil
	}
	m.frozen = time.Time{}
	if m.live != nil {
		m.show(m.live)
	}
	return m.refetch()
}

func (m *model) changeRefresh(by int) {
	steps := refreshSteps()
	at, _ := slices.BinarySearch(steps, m.pull.refresh)
	m.pull.refresh = steps[min(max(at+by, 0), len(steps)-1)]
	m.say(screen.ToneQuiet, "refresh every "+frame.Duration(m.pull.refresh))
}

func toggleMouse(m *model) {
	m.mouse = !m.mouse
	if m.mouse {
		m.say(screen.ToneQuiet, "mouse on: a click selects, two open, the wheel scrolls, borders can be dragged")
		return
	}
	m.say(screen.ToneQuiet, "mouse off: the terminal selects text")
}

// noticeEnd tells the operator when the engine has stopped by itself.
func (m *model) noticeEnd() {
	if m.live.Phase != ops.PhaseStopped || m.dialogs.Has("stopped") || m.stopSeen {
		return
	}
	m.stopSeen = true
	m.openStopped()
}
