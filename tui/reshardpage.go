package tui

import (
	"strings"
	"time"

	"github.com/gatehouse-gateway/gatehouse/engine/ops"
	"github.com/gatehouse-gateway/gatehouse/tui/frame"
	"github.com/gatehouse-gateway/gatehouse/tui/screen"
)

// watched is what the console has seen of the reshards, to tell what has changed.
type watched struct {
	known    bool // a snapshot has been seen: what it told is not new
	begun    time.Time
	phase    ops.ReshardPhase // 0 while none runs
	paused   bool
	ended    time.Time // begin of the newest that has ended
	switched time.Time // when the next fleet of the newest took over; zero if it has not, or it was not seen
	own      time.Time // when a reshard that was begun here has ended
}

// ownReport is how long after the end of an action its result stands for the reshard's.
const ownReport = 5 * time.Second

// watch says what has happened to the reshard since the last snapshot.
func (m *model) watch(s *ops.Snapshot) {
	w, r := &m.watched, &s.Reshard
	first := !w.known
	w.known = true
	m.watchEnd(r, first)
	run := r.Now
	if run == nil {
		w.phase, w.paused = ops.ReshardNone, false
		return
	}
	if begun := !run.Begun.Equal(w.begun) || w.phase == ops.ReshardNone; begun {
		w.begun, w.switched, w.phase, w.paused = run.Begun, time.Time{}, run.Phase, run.Paused
		if !first {
			m.mention("reshard " + fleets(run) + " begun by " + frame.Clean(run.By))
		}
	}
	if run.Phase >= ops.ReshardSwitch && w.switched.IsZero() {
		w.switched = run.Since
	}
	if run.Phase != w.phase {
		w.phase = run.Phase
		m.mention(phaseText(run))
	}
	if run.Paused != w.paused {
		w.paused = run.Paused
		m.mention("reshard " + fleets(run) + map[bool]string{true: " is paused", false: " goes on"}[run.Paused])
	}
}

func phaseText(run *ops.ReshardRun) string {
	text := "reshard " + fleets(run) + ": "
	switch run.Phase {
	case ops.ReshardSwitch:
		return text + "the next fleet takes over"
	case ops.ReshardRetire:
		return text + "the next fleet leads, the old one is closed"
	default:
		return text + run.Phase.String()
	}
}

// watchEnd tells how a reshard has ended, unless the action that began it has
// told so or is going to.
func (m *model) watchEnd(r *ops.Reshard, first bool) {
	w := &m.watched
	if len(r.History) == 0 || r.History[0].Begun.Equal(w.ended) {
		return
	}
	last := &r.History[0]
	w.ended = last.Begun
	if first || m.ownReshard() || m.now().Sub(w.own) < ownReport {
		return
	}
	text := "reshard " + screen.ResultText(last, last.Ended)
	text = strings.Replace(text, ", 0s ago", "", 1)
	if last.Err != "" {
		m.record(screen.ToneBad, text)
		return
	}
	m.record(screen.ToneGood, text+", gap "+frame.Duration(last.Gap))
}

// ownReshard reports whether a reshard that was begun from here is under way.
func (m *model) ownReshard() bool {
	for _, op := range m.running {
		if op.kind == ops.CommandReshard {
			return true
		}
	}
	return false
}

// mention says what happens by itself, unless a result is on show.
func (m *model) mention(text string) {
	if m.toast.text == "" || m.toast.tone == screen.ToneQuiet {
		m.say(screen.ToneQuiet, text)
	}
}

// reshardLog is how many lines about reshards the page has at most.
const reshardLog = 40

func (m *model) reshardPage() screen.ReshardPage {
	p := screen.ReshardPage{
		Snap: m.snap, Switched: m.watched.switched,
		Actions: m.hints(func(a *action) bool { return a.reshard }),
	}
	p.Flow, p.FlowEnd = m.flow.until(m.frozen)
	for i := len(m.log.lines) - 1; i >= 0 && len(p.Log) < reshardLog; i-- {
		if line := m.log.lines[i]; aboutReshard(line.Text) {
			p.Log = append([]ops.LogLine{line}, p.Log...)
		}
	}
	return p
}

// aboutReshard reports whether a line of the log is about a reshard.
func aboutReshard(text string) bool {
	return strings.Contains(text, "reshard") || strings.Contains(text, "next fleet")
}
