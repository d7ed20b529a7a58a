package screen

import (
	"time"

	"github.com/gatehouse-gateway/gatehouse/engine/ops"
	"github.com/gatehouse-gateway/gatehouse/tui/frame"
)

// detail is all that is known about the selected sink, and what can be done.
func (p SinksPage) detail(l Look, w, h int) frame.Block {
	inner, height := w-4, h-2
	box := frame.Box{Title: l.S.Title.Paint("sink")}
	if p.Selected < 0 || p.Selected >= len(p.Snap.Sinks) {
		return box.Draw(frame.NewBlock([]string{l.label(" none")}, w-2, height), l.S, l.G)
	}
	s := &p.Snap.Sinks[p.Selected]
	box.Title = l.S.Title.Paint("sink " + frame.Cut(frame.Clean(s.Name), 24))
	facts := sinkFacts(l, s, inner)
	actions := actionLines(l, p.Actions, inner)
	room := height - len(actions)
	if room < min(len(facts), 6) {
		// The key bar says what is possible; the figures are only here.
		actions, room = nil, height
	}
	lines := append([]string{}, facts[:min(len(facts), max(room, 0))]...)
	for len(lines) < room {
		lines = append(lines, "")
	}
	lines = append(lines, actions...)
	for i := range lines {
		lines[i] = " " + lines[i]
	}
	return box.Draw(frame.NewBlock(lines, w-2, height), l.S, l.G)
}

// sinkFacts are the lines about a sink in the order of their worth; the last
// are cut first.
func sinkFacts(l Look, s *ops.Sink, w int) []string {
	if s.Orphan {
		return orphanFacts(l, s, w)
	}
	lines := sinkCondition(l, s, w)
	t := trendOf(s)
	waits := t.paint(l).Paint(TrendText(s))
	switch {
	case s.Depth == 1:
		waits = "1 " + l.label("event  ") + waits
	case s.Depth > 1:
		waits = frame.Grouped(int64(s.Depth)) + " " + l.label("events  ") + waits
	}
	old := l.S.Text
	if s.Lag >= lagWarn {
		old = l.S.Warn.Bold()
	}
	lines = append(lines,
		row(l, "queue", waits),
		row(l, "oldest", old.Paint(lag(s.Lag))+l.label(" old")))
	if lost := sinkLost(l, s); len(lost) > 0 {
		lines = append(lines, lost...)
	} else {
		lines = append(lines, row(l, "lost", l.S.OK.Paint(l.G.OK)+l.label(" nothing since start")))
	}
	lines = append(lines,
		row(l, "delivers", frame.Rate(s.Rate)+l.label("/s  in flight ")+frame.Count(s.InFlight)+l.label("  since start ")+frame.Count(s.Delivered)),
		row(l, "answers in", frame.Latency(s.P50, l.G.Dash)+l.label(" (p50)  ")+frame.Latency(s.P99, l.G.Dash)+l.label(" (p99)")),
		row(l, "retries", frame.Count(s.Retries)+l.label(" since start")))
	lines = append(lines, sinkRules(l, s, w)...)
	if s.Early > 0 {
		lines = append(lines, row(l, "overtook", frame.Plural(int(s.Early), "interaction")+l.label(" went before the backlog")))
	}
	if s.Asked > 0 || s.Unsent > 0 {
		lines = append(lines, sinkAsks(l, s))
	}
	if s.LastError != "" && delivers(s) {
		lines = append(lines, row(l, "last error", l.label(l.ago(s.LastErrorAt)+" ago: "+frame.Cut(frame.Clean(s.LastError), w-labelWidth-12))))
	}
	return append(lines, row(l, "target", l.label(frame.Clean(s.Kind)+" ")+frame.Cut(frame.Clean(s.Target), w-labelWidth-6)))
}

// sinkCondition is the state, since when, the next try, and the error behind it.
func sinkCondition(l Look, s *ops.Sink, w int) []string {
	state := min(s.State, ops.SinkRefused)
	text := l.sinkStyle(state).Paint(l.G.Sink[state]+" "+state.String()) + l.label("  for ") + l.ago(s.Since)
	if s.State == ops.SinkPaused {
		text += l.label("  by an operator: " + l.key("pause") + " releases it")
	}
	if !s.NextTry.IsZero() {
		text += l.label("  tries again in ") + l.until(s.NextTry)
	}
	lines := []string{text}
	if delivers(s) || s.LastError == "" {
		return lines
	}
	for _, line := range frame.Wrap(frame.Clean(s.LastError), w, 2) {
		lines = append(lines, l.S.Warn.Paint(line))
	}
	if !s.LastErrorAt.IsZero() {
		lines[0] += l.label("  last tried ") + l.ago(s.LastErrorAt) + l.label(" ago")
	}
	return lines
}

// sinkLost is what a sink did not get, or too late, a line each.
func sinkLost(l Look, s *ops.Sink) []string {
	var out []string
	if s.Dropped > 0 || s.Gaps > 0 {
		text := frame.Plural(int(s.Dropped), "event") + " dropped by the queue's bounds"
		out = append(out, row(l, "lost", l.S.Warn.Bold().Paint(text)+l.label(", told in "+frame.Plural(int(s.Gaps), "gap marker"))))
	}
	if s.Letters > 0 || s.Buried > 0 {
		paint := l.S.Text
		if s.Letters > 0 {
			paint = l.S.Warn.Bold()
		}
		out = append(out, row(l, "put aside", paint.Paint(frame.Plural(s.Letters, "dead letter")+wait(s.Letters))+
			l.label("  of "+frame.Count(s.Buried)+" since start")))
	}
	if s.Late > 0 || s.Expired > 0 {
		out = append(out, row(l, "too late", l.S.Warn.Paint(frame.Plural(int(s.Late), "interaction")+" to answer, "+
			frame.Count(s.Expired)+" to follow up")))
	}
	return out
}

// sinkAsks is what the bot behind a sink has sent back for Discord.
func sinkAsks(l Look, s *ops.Sink) string {
	text := frame.Count(s.Asked) + l.label(" "+plainPlural(s.Asked, "command")+" for Discord since start")
	if s.Unsent > 0 {
		text += "  " + l.S.Warn.Paint(frame.Count(s.Unsent)+" refused")
	}
	return row(l, "asks", text)
}

// orphanFacts are about a sink that is not configured any more.
func orphanFacts(l Look, s *ops.Sink, w int) []string {
	lines := []string{l.S.Warn.Bold().Paint(l.G.Orphan + " not configured any more")}
	text := "Its events wait on disk and count towards the queue's bounds. Configure a sink of this name again and they are " +
		"delivered; or discard them."
	for _, line := range frame.Wrap(text, w, 4) {
		lines = append(lines, l.label(line))
	}
	lines = append(lines, row(l, "queue", frame.Grouped(int64(s.Depth))+l.label(" events")))
	if s.Lag > time.Second {
		lines = append(lines, row(l, "oldest", lag(s.Lag)+l.label(" old")))
	}
	return append(lines, sinkLost(l, s)...)
}
