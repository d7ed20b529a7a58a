package tui

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/gatehouse-gateway/gatehouse/engine/ops"
	"github.com/gatehouse-gateway/gatehouse/tui/frame"
	"github.com/gatehouse-gateway/gatehouse/tui/screen"
)

// Limits of the page of dead letters.
const (
	lettersTimeout = 5 * time.Second
	lettersKeep    = 200 // the newest; more is a matter for ctl
)

// letters is the page of a sink's dead letters.
type letters struct {
	sink    string
	from    page // where esc leads
	loading bool
	err     string
	list    []ops.DeadLetter // newest first
	total   int
	cursor  int
	event   []string // lines of the event that is open; nil for the list
	scroll  int
}

// lettersMsg is the engine's answer.
type lettersMsg struct {
	sink string
	page ops.DeadLetterPage
	err  error
}

// selected is the dead letter under the cursor; nil if there is none.
func (p *letters) selected() *ops.DeadLetter {
	if p.cursor < 0 || p.cursor >= len(p.list) {
		return nil
	}
	return &p.list[p.cursor]
}

// askLetters opens the page of a sink's dead letters.
func askLetters(m *model) tea.Cmd {
	if m.page == pageLetters {
		m.back()
		return nil
	}
	var cmd tea.Cmd
	m.pickSink("d", noLetters, func(m *model, s ops.Sink) { cmd = m.openLetters(s.Name) })
	return cmd
}

func (m *model) openLetters(sink string) tea.Cmd {
	m.letters = letters{sink: sink, from: m.page, loading: true}
	m.sink = sink
	m.turnTo(pageLetters)
	return m.fetchLetters()
}

// fetchLetters asks for the letters of the page, if it is open.
func (m *model) fetchLetters() tea.Cmd {
	if m.page != pageLetters {
		return nil
	}
	sink := m.letters.sink
	return m.tasks.do(func(ctx context.Context) tea.Msg {
		ctx, cancel := context.WithTimeout(ctx, lettersTimeout)
		defer cancel()
		page, err := m.opt.Operator.DeadLetters(ctx, ops.DeadLetterQuery{Sink: sink, Max: lettersKeep})
		slices.Reverse(page.Letters)
		return lettersMsg{sink: sink, page: page, err: err}
	})
}

// tookLetters takes in an answer; one about another sink comes too late. The
// cursor holds on to its event.
func (m *model) tookLetters(msg lettersMsg) {
	p := &m.letters
	if msg.sink != p.sink {
		return
	}
	m.dirty, p.loading, p.err = true, false, ""
	if errors.Is(msg.err, context.DeadlineExceeded) {
		p.err = "not answered within " + frame.Duration(lettersTimeout) + ": the engine may be busy or gone"
		return
	}
	if msg.err != nil {
		p.err = msg.err.Error()
		return
	}
	id := ""
	if s := p.selected(); s != nil {
		id = s.ID
	}
	p.list, p.total = msg.page.Letters, msg.page.Total
	at := slices.IndexFunc(p.list, func(d ops.DeadLetter) bool { return d.ID == id })
	if at < 0 {
		at, p.event = min(p.cursor, max(0, len(p.list)-1)), nil
	}
	p.cursor = at
}

// openEvent shows the selected event.
func (m *model) openEvent() {
	if m.letters.selected() == nil {
		return
	}
	m.letters.scroll = 0
	m.wrapEvent()
}

// wrapEvent breaks the selected event into lines of the screen's width.
func (m *model) wrapEvent() {
	d := m.letters.selected()
	if d == nil || m.w <= 2 {
		return
	}
	text := string(d.Event)
	var pretty bytes.Buffer
	if json.Indent(&pretty, d.Event, "", "  ") == nil {
		text = pretty.String()
	}
	m.letters.event = []string{}
	for line := range strings.Lines(text) {
		m.letters.event = append(m.letters.event, frame.Break(frame.Clean(strings.TrimRight(line, "\n")), m.w-2)...)
	}
	m.scrollEvent(0)
}

// eventHeight is how many lines of the open event are in sight.
func (m *model) eventHeight() int { return max(1, m.layout.whole.H-2) }

func (m *model) scrollEvent(by int) {
	p := &m.letters
	p.scroll = min(max(p.scroll+by, 0), max(0, len(p.event)-m.eventHeight()))
}

// moveLetters moves the cursor, or scrolls the event that is open.
func (m *model) moveLetters(by int) {
	p := &m.letters
	m.dirty = true
	if p.event != nil {
		m.scrollEvent(by)
		return
	}
	p.cursor = max(0, min(p.cursor+by, len(p.list)-1))
}

// closeLetters goes back from the event to the list, and from there to where the
// page was opened.
func (m *model) closeLetters() {
	if m.letters.event != nil {
		m.letters.event = nil
		return
	}
	m.turnTo(m.letters.from)
}

func (m *model) lettersPage() screen.Letters {
	p := &m.letters
	return screen.Letters{
		Sink: p.sink, Loading: p.loading, Error: p.err, Letters: p.list, Total: p.total, Cursor: p.cursor,
		Event: p.event, Scroll: p.scroll,
	}
}
