package tui

import (
	"slices"
	"strings"

	"github.com/gatehouse-gateway/gatehouse/tui/dialog"
	"github.com/gatehouse-gateway/gatehouse/tui/frame"
	"github.com/gatehouse-gateway/gatehouse/tui/screen"
)

// deeds are what was done, the newest first.
func (m *model) deeds() []screen.Deed {
	var all []screen.Deed
	for _, e := range slices.Backward(m.journal) {
		what, result, _ := strings.Cut(e.text, ": ")
		all = append(all, screen.Deed{At: e.at, By: m.opt.User, What: what, Result: result, Bad: e.bad})
	}
	return all
}

func (m *model) actionsPage() screen.ActionsPage {
	deeds := m.deeds()
	return screen.ActionsPage{Deeds: deeds, Cursor: min(m.deed, max(0, len(deeds)-1))}
}

// stepDone moves the cursor of the actions.
func (m *model) stepDone(by int) {
	p := m.actionsPage()
	m.deed = min(max(p.Cursor+by, 0), max(0, len(p.Deeds)-1))
	m.dirty = true
}

// openDeed shows an action in full.
func (m *model) openDeed() {
	p := m.actionsPage()
	if len(p.Deeds) == 0 {
		return
	}
	d := p.Deeds[p.Cursor]
	who, took := d.By, "not known"
	if who == "" {
		who = "the engine, by itself"
	}
	if d.Took > 0 {
		took = frame.Duration(d.Took)
	}
	facts := []dialog.Fact{{Label: "time", Value: d.At.Format("2006-01-02 15:04:05")}, {Label: "who", Value: who}, {Label: "what", Value: d.What}}
	if d.Result != "" {
		facts = append(facts, dialog.Fact{Label: "result", Value: d.Result})
	}
	m.open(&dialog.Dialog{ID: "deed", Title: "Action", Opener: "enter", Facts: append(facts, dialog.Fact{Label: "took", Value: took})}, nil)
}
