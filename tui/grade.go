package tui

import (
	"strconv"

	tea "charm.land/bubbletea/v2"

	"github.com/gatehouse-gateway/gatehouse/engine/ops"
	"github.com/gatehouse-gateway/gatehouse/tui/dialog"
)

// grade is how an action on the engine has to be confirmed. What it costs decides.
type grade uint8

const (
	gradeNone   grade = iota // it harms nothing: no question
	gradeYes                 // a question on the message line, y: one shard or sink, and no loss
	gradeDialog              // a dialog that states the cost and begins on Cancel: many shards
	gradeTyped               // a word or number to be typed: it discards events, or spends identifies in bulk
)

// bulk is the most identifies that are spent without a number being typed.
const bulk = 10

// gradeOf is the grade of a command as things stand.
func gradeOf(c ops.Command, s *ops.Snapshot) grade {
	switch c.Kind {
	case ops.CommandAck, ops.CommandDump, ops.CommandLogLevel: // chosen by name, and undone as easily
		return gradeNone
	case ops.CommandPauseSink, ops.CommandResumeSink, ops.CommandReshardPause, ops.CommandReshardResume, ops.CommandReload,
		ops.CommandCancel:
		return gradeYes
	case ops.CommandRestart:
		if c.All || c.Rolling.On || len(c.Workers) > 0 || len(c.Shards) > 1 {
			return gradeDialog
		}
		return gradeYes
	case ops.CommandReidentify, ops.CommandStop, ops.CommandStart:
		return spends(len(c.Shards))
	case ops.CommandAllow:
		if s == nil {
			return gradeTyped
		}
		return max(gradeDialog, spends(s.Identify.Waiting))
	case ops.CommandDrain, ops.CommandReplay, ops.CommandReshardAbort:
		return gradeDialog
	default: // discard, drop, reshard, force, and whatever is not thought of here
		return gradeTyped
	}
}

// spends is the grade of what costs so many identifies, now or later.
func spends(identifies int) grade {
	switch {
	case identifies <= 1:
		return gradeYes
	case identifies <= bulk:
		return gradeDialog
	default:
		return gradeTyped
	}
}

// given is the grade of the confirmation that a button of a dialog is.
func given(d *dialog.Dialog, button string) grade {
	for _, b := range d.Buttons {
		if b.ID == button && b.ID != "" {
			if d.Typing != "" && b.Danger {
				return gradeTyped
			}
			return gradeDialog
		}
	}
	return gradeNone
}

// unconfirmed says why a command is not sent; empty if it has been confirmed as its
// grade asks for. Every command comes by here, whatever has led to it.
func (m *model) unconfirmed(c ops.Command) string {
	switch {
	case m.opt.ReadOnly:
		return "this console is read-only"
	case m.granted < gradeOf(c, m.live):
		return "not confirmed, nothing was done"
	default:
		return ""
	}
}

// grant runs what a confirmation of a grade allows.
func (m *model) grant(g grade, then func() tea.Cmd) tea.Cmd {
	m.granted = g
	defer func() { m.granted = gradeNone }()
	return then()
}

// confirmCommand has a command confirmed in a dialog, and carried out. Where a word
// is to be typed it is the number of shards, unless the dialog names another.
func (m *model) confirmCommand(d *dialog.Dialog, what string, c ops.Command) {
	if gradeOf(c, m.live) == gradeTyped && d.Typing == "" {
		d.Typing = strconv.Itoa(len(c.Shards))
	}
	if d.Typing != "" {
		for i := range d.Buttons {
			if b := &d.Buttons[i]; b.ID == "yes" {
				b.Danger, b.Key = true, ""
			}
		}
	}
	m.open(d, func(m *model) tea.Cmd { return m.perform(what, c) })
}
