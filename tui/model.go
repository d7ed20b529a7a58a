package tui

import (
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/gatehouse-gateway/gatehouse/engine/ops"
	"github.com/gatehouse-gateway/gatehouse/themes"
	"github.com/gatehouse-gateway/gatehouse/tui/dialog"
	"github.com/gatehouse-gateway/gatehouse/tui/screen"
	"github.com/gatehouse-gateway/gatehouse/tui/style"
)

// leaving is how the operator left the console.
type leaving uint8

const (
	leaveNot leaving = iota
	leaveStop
	leaveDetach
)

// model is the console. Bubble Tea calls Update and View from one goroutine;
// everything slow runs in tasks.
type model struct {
	opt   Options
	tasks *tasks
	after func(time.Duration, tea.Msg) tea.Cmd // how a tick is waited for

	theme  themes.Theme // on show, perhaps only to look at
	chosen themes.Theme // what the operator or the configuration has chosen
	sheet  *style.Sheet
	glyphs *style.Glyphs
	mono   bool // no colours

	w, h    int
	layout  layout
	page    page
	beneath page          // where esc leads from the drawer
	spans   []screen.Span // of the key bar, for the mouse

	tabSpans []screen.Span // of the line of pages

	live   *ops.Snapshot // the newest; nil before the first
	snap   *ops.Snapshot // what is shown: live, or a frozen one
	frozen time.Time     // when the display was frozen; zero if it is not
	alerts []ops.Alert   // of snap, the most urgent first
	alert  string        // ID of the alert that is shown
	pull   pulling
	detail detail

	sel     selection
	table   shardTable
	sink    string // name of the selected sink; empty before one is
	letters letters
	filter  filtering
	finding finding
	metric  screen.Metric
	log     logPane
	actions []action
	granted grade  // of the confirmation that has just been given
	opening string // key of the last action that was run; it opens the dialogs that follow
	focus   focus
	mouse   bool
	clicked clicked
	split   split
	drag    dragging

	dialogs  dialog.Stack
	answers  map[*dialog.Dialog]answer // what follows from each open dialog
	stopSeen bool                      // the operator has been told that the engine stopped
	confirm  *confirm
	toast    toast
	journal  []journalEntry
	running  []*operation
	sendings []*sending
	presence presence
	wizard   wizard
	watched  watched
	past     past
	copied   string // what was put into the clipboard last
	shardAll shardPage
	workers  workers
	// typesScroll is how far the list of types is scrolled down, in lines.
	typesScroll int
	flow        flow
	deed        uint64 // ID of the action under the cursor; 0 for the newest

	leaving leaving
	dirty   bool
	frame   tea.View
	draws   int // frames drawn, for tests
}

// focus is which panel the arrows move in.
type focus uint8

const (
	focusShards focus = iota
	focusLog
)

var _ tea.Model = (*model)(nil)

func newModel(o Options, t *tasks) (*model, error) {
	kind, err := style.ChooseKind(o.Glyphs, o.Env)
	if err != nil {
		return nil, err
	}
	m := &model{
		opt: o, tasks: t, after: t.after, theme: o.Theme, glyphs: style.GlyphSet(kind),
		mono: o.NoColor || style.Lookup(o.Env, "NO_COLOR") != "", mouse: o.Mouse, dirty: true,
	}
	m.pull.refresh = o.Refresh
	m.pull.focused = true
	m.log = newLogPane()
	m.sel.marked = map[int]bool{}
	m.answers = map[*dialog.Dialog]answer{}
	if m.actions, err = bind(registry(), o.Keys); err != nil {
		return nil, err
	}
	m.chosen = o.Theme
	m.restyle(o.Theme)
	if o.Notice != "" {
		m.say(screen.ToneBad, o.Notice)
	}
	return m, nil
}

// restyle takes on a theme.
func (m *model) restyle(t themes.Theme) {
	m.theme = t
	m.sheet = style.NewSheet(t, style.Options{NoColor: m.mono, Sixteen: sixteen(m.opt), KeepBackground: m.opt.Background == "terminal"})
	m.dirty = true
}

// now is the present on the console's clock.
func (m *model) now() time.Time { return m.opt.Clock.Now() }

// shards are those on show; nil before the first snapshot.
func (m *model) shards() []ops.Shard {
	if m.snap == nil {
		return nil
	}
	return m.snap.Shards
}

// relayout divides the screen anew, after whatever it depends on has changed.
func (m *model) relayout() {
	n, first := len(m.shards()), 0
	if n > 0 {
		first = m.snap.Shards[0].ID
	}
	m.layout = newLayout(m.w, m.h, m.page, n, first, m.glyphs.HalfBlock != "" && !m.mono, m.split)
	if m.log.focus = m.page == pageLog || m.focus == focusLog; m.layout.log.empty() {
		m.log.focus = false
	}
	if m.page == pageLetters && m.letters.event != nil {
		m.wrapEvent()
	}
	m.dirty = true
}

// Init asks for the first snapshot and starts the ticking.
func (m *model) Init() tea.Cmd {
	return tea.Batch(m.pullNow(), m.after(m.pull.interval(), tickMsg{}), m.awaitTheme())
}
