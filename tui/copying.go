package tui

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"

	"github.com/gatehouse-gateway/gatehouse/tui/frame"
	"github.com/gatehouse-gateway/gatehouse/tui/screen"
)

// copyActions take what is on the screen elsewhere.
func copyActions() []action {
	return []action{
		{id: "copy", title: "copy the row under the cursor, or the page, to the clipboard", short: "copy", keys: []string{"y"}, group: groupLook,
			enabled: canCopy, run: func(m *model) tea.Cmd { return m.copyRow(false) }},
		{id: "copy-json", title: "copy it as JSON", keys: []string{"Y"}, group: groupLook,
			enabled: canCopy, run: func(m *model) tea.Cmd { return m.copyRow(true) }},
		{id: "save", title: "write what is on the screen, and the state of the engine as JSON, to files", short: "save", keys: []string{"ctrl+s"}, group: groupLook,
			enabled: func(m *model) (bool, string) {
				if m.opt.Save == nil {
					return false, "this console has no folder to write to"
				}
				return canCopy(m)
			}, run: (*model).save},
	}
}

func canCopy(m *model) (bool, string) { return m.snap != nil, "there is nothing to copy yet" }

// row is what the cursor of the page is on, as a line of text and as it is; without a
// cursor the page, and what it is about.
func (m *model) row() (text string, value any) {
	look := m.look()
	switch m.page {
	case pageSinks:
		if s := m.snap.Sinks; len(s) > 0 {
			v := s[m.sinkIndex()]
			return screen.SinkText(look, &v), v
		}
	case pageLetters:
		if d := m.letters.selected(); d != nil {
			return fmt.Sprintf("%s %s: %s", d.ID, d.Type, d.Reason), *d
		}
	case pageWorkers:
		if rows := m.workerRows(); len(rows) > 0 {
			v := rows[m.workerIndex(rows)]
			return screen.WorkerText(look, &v), v
		}
	case pageActions:
		if p := m.actionsPage(); len(p.Actions) > 0 {
			v := p.Actions[p.Cursor]
			return screen.ActionText(look, &v), v
		}
	case pageLog:
		if lines := m.log.shown(); len(lines) > 0 {
			v := lines[max(0, len(lines)-1-m.log.back)]
			return screen.LogText(look, &v), v
		}
	case pageBudget:
		return m.pageText(), m.snap.Identify
	case pageReshard:
		return m.pageText(), m.snap.Reshard
	case pageEvents:
		return m.pageText(), m.snap.Traffic
	case pageCharts:
		return m.pageText(), m.past.have
	default:
		if s := m.selected(); s != nil {
			return screen.ShardText(look, s), *s
		}
	}
	return m.pageText(), m.snap
}

// pageText is the screen between its first lines and its last ones, without colours.
func (m *model) pageText() string {
	lines := strings.Split(m.screenText(), "\n")
	from, to := m.topHeight(), len(lines)-2
	if from >= to {
		return m.screenText()
	}
	return strings.Join(lines[from:to], "\n")
}

// screenText is the screen without colours and without blanks at the ends of lines.
func (m *model) screenText() string {
	lines := strings.Split(ansi.Strip(m.draw()), "\n")
	for i := range lines {
		lines[i] = strings.TrimRight(lines[i], " ")
	}
	return strings.Join(lines, "\n")
}

// copyRow puts what the cursor is on into the clipboard, by the terminal (OSC 52).
func (m *model) copyRow(asJSON bool) tea.Cmd {
	if m.toast.refused(m.now()) {
		return nil // the key was meant for a question that was not asked
	}
	text, value := m.row()
	what := "copied: " + frame.Cut(frame.Clean(text), 40)
	if asJSON {
		data, err := m.opt.json(value)
		if err != nil {
			m.say(screen.ToneBad, "not copied: "+err.Error())
			return nil
		}
		text, what = string(data), "copied as JSON"
	}
	m.say(screen.ToneGood, fmt.Sprintf("%s (%s); nothing there? the terminal, or tmux's set-clipboard, does not take it", what, frame.Bytes(int64(len(text)))))
	m.copied = text
	return tea.SetClipboard(text)
}

// json is how a value is written for scripts.
func (o *Options) json(v any) ([]byte, error) {
	if o.JSON != nil {
		return o.JSON(v)
	}
	return json.MarshalIndent(v, "", "  ")
}

// savedMsg says where a snapshot was written.
type savedMsg struct {
	where string
	err   error
}

// save writes the screen and the engine's state.
func (m *model) save() tea.Cmd {
	text, snap := m.screenText()+"\n", m.snap
	return m.tasks.do(func(context.Context) tea.Msg {
		data, err := m.opt.json(snap)
		if err != nil {
			return savedMsg{err: err}
		}
		where, err := m.opt.Save(snap.At, []byte(text), data)
		return savedMsg{where, err}
	})
}

func (m *model) savedSnapshot(msg savedMsg) {
	if msg.err != nil {
		m.record(screen.ToneBad, "not saved: "+msg.err.Error())
		return
	}
	m.record(screen.ToneGood, "saved: "+msg.where)
}
