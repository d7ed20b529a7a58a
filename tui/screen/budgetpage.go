package screen

import (
	"cmp"
	"slices"
	"strconv"

	"github.com/gatehouse-gateway/gatehouse/engine/ops"
	"github.com/gatehouse-gateway/gatehouse/tui/frame"
)

// BudgetPage is everything about identifies: the budget and where it goes, the
// breaker, and the buckets.
type BudgetPage struct {
	Snap    *ops.Snapshot
	Actions []Hint
}

// From this size on budget and buckets stand beside each other.
const (
	budgetPageWide = 110
	budgetPageHigh = 20
)

// Draw is the page of w×h cells.
func (p BudgetPage) Draw(l Look, w, h int) frame.Block {
	if w < budgetPageWide || h < budgetPageHigh {
		return p.narrow(l, w, h)
	}
	lw := w * 11 / 20
	breaker := p.breaker(l, w-lw-4)
	bh := min(len(breaker)+len(actionLines(l, p.Actions, w-lw-4))+2, h/2)
	budget := p.budget(l, lw-4)
	top := min(len(budget)+2, h)
	return frame.Beside(
		frame.Stack(
			p.box(l, "session starts", budget, lw, top, false),
			p.boxOf(l, "most identifies since start", p.spenders(l, lw-4, h-top-2), lw, h-top)),
		frame.Stack(
			p.box(l, "breaker", breaker, w-lw, bh, true),
			p.boxOf(l, "buckets", p.buckets(l, w-lw-4, h-bh-2), w-lw, h-bh)))
}

// narrow has everything in one box, what matters most first.
func (p BudgetPage) narrow(l Look, w, h int) frame.Block {
	var lines []string
	if p.Snap.Identify.Breaker.Open {
		lines = append(lines, p.breaker(l, w-4)...)
	}
	lines = append(lines, p.budget(l, w-4)...)
	if !p.Snap.Identify.Breaker.Open {
		lines = append(lines, p.breaker(l, w-4)...)
	}
	actions := actionLines(l, p.Actions, w-4)
	if room := h - 2 - len(actions) - len(lines); room >= 2 {
		lines = append(lines, p.buckets(l, w-4, room)...)
	}
	return p.box(l, "session starts", lines, w, h, true)
}

// box is a panel of w×h cells; the one that leads back carries the actions.
func (p BudgetPage) box(l Look, title string, lines []string, w, h int, acts bool) frame.Block {
	room := max(0, h-2)
	if acts {
		actions := actionLines(l, p.Actions, w-4)
		if len(actions) >= room {
			actions = nil // the key bar says what is possible
		}
		room -= len(actions)
		for len(lines) < room {
			lines = append(lines, "")
		}
		lines = append(lines[:room:room], actions...)
	}
	return p.boxOf(l, title, lines, w, h)
}

func (p BudgetPage) boxOf(l Look, title string, lines []string, w, h int) frame.Block {
	box := frame.Box{Title: l.S.Title.Paint(title), Focus: title == "session starts"}
	if box.Focus {
		box.Note = l.S.Key.Paint("esc") + l.label(" back")
	}
	out := make([]string, len(lines))
	for i := range lines {
		out[i] = " " + lines[i]
	}
	return box.Draw(frame.NewBlock(out, w-2, h-2), l.S, l.G)
}

// budget are the lines about the budget in the order of their worth.
func (p BudgetPage) budget(l Look, w int) []string {
	i := p.Snap.Identify
	var lines []string
	if i.Known {
		lines = append(lines,
			row(l, "left", remainingStyle(l, i).Paint(strconv.Itoa(i.Remaining))+l.label(" of ")+strconv.Itoa(i.Total)),
			budgetBar(l, i, w), budgetScale(l, i, w))
	}
	lines = append(lines, p.forecast(l, w)...)
	if i.Known {
		lines = append(lines, row(l, "resets", resetText(l, i)), row(l, "told", told(l, i)))
	}
	lines = append(lines,
		row(l, "last hour", strconv.Itoa(i.LastHour)+l.label(" sent, since start ")+frame.Count(i.Sent)+l.label(", ")+rejected(l, i)),
		row(l, "waiting", p.waits(l)),
		row(l, "pace", paceText(l, i)))
	return lines
}

// told is when Discord last said so, and what was spent since.
func told(l Look, i ops.Identify) string {
	if i.ToldAt.IsZero() {
		return l.G.Dash
	}
	return l.label("by Discord ") + roughly(l.Now.Sub(i.ToldAt)) + l.label(" ago, ") + strconv.Itoa(i.Spent) + l.label(" spent since")
}

func (p BudgetPage) forecast(l Look, w int) []string {
	i := p.Snap.Identify
	paint := remainingStyle(l, i)
	var lines []string
	name := "forecast"
	for _, line := range frame.Wrap(ForecastText(i, l.Now), w-labelWidth, 3) {
		lines = append(lines, row(l, name, paint.Paint(line)))
		name = ""
	}
	return lines
}

func resetText(l Look, i ops.Identify) string {
	switch {
	case i.ResetAt.IsZero():
		return l.label("not told, as while nothing is used")
	case !i.ResetAt.After(l.Now):
		return l.label("now")
	default:
		return "at " + i.ResetAt.In(l.Now.Location()).Format("15:04") + l.label(", in ") + roughly(i.ResetAt.Sub(l.Now))
	}
}

// waits is who waits for their turn, and when the next one has it.
func (p BudgetPage) waits(l Look) string {
	i := p.Snap.Identify
	if i.Waiting == 0 {
		return l.label("nobody")
	}
	text := frame.Plural(i.Waiting, "shard")
	switch {
	case i.Breaker.Open:
		text += l.S.Critical.Paint("  stopped by the breaker")
	case i.NextAt.After(l.Now):
		text += l.label("  next in ") + l.until(i.NextAt)
	}
	return text
}

func paceText(l Look, i ops.Identify) string {
	if i.MaxConcurrency <= 0 {
		return l.label("not known yet")
	}
	return strconv.Itoa(i.MaxConcurrency) + l.label(" every ") + frame.Duration(i.Spacing) + l.label(", one of each bucket (max_concurrency)")
}

func rejected(l Look, i ops.Identify) string {
	text := frame.Count(i.Rejected) + " answered with op 9"
	if i.Rejected > 0 {
		return l.S.Warn.Paint(text)
	}
	return l.label(text)
}

// breaker are the lines about the breaker: loud while it is open.
func (p BudgetPage) breaker(l Look, w int) []string {
	b := p.Snap.Identify.Breaker
	trips := l.label("opened ") + frame.Count(b.Trips) + l.label(times(b.Trips)+" since start")
	if !b.Open {
		lines := []string{l.S.OK.Paint(l.G.OK+" breaker closed") + l.label(", ") + trips}
		if b.Why == "" {
			return lines
		}
		for _, line := range frame.Wrap("last "+coarse(l.Now.Sub(b.Since))+" ago: "+frame.Clean(b.Why), w, 4) {
			lines = append(lines, l.label(line))
		}
		return lines
	}
	lines := []string{l.S.Critical.Paint(l.G.Critical + " breaker OPEN for " + l.ago(b.Since))}
	for _, line := range frame.Wrap(frame.Clean(b.Why), w, 7) {
		lines = append(lines, l.S.Warn.Bold().Paint(line))
	}
	text := "No shard identifies by itself: those without a session stay down. Live shards and RESUMEs go on. " +
		"It closes when the budget is reset, or when you let identifies go on."
	for _, line := range frame.Wrap(text, w, 4) {
		lines = append(lines, l.label(line))
	}
	if b.Trips > 1 {
		lines = append(lines, trips)
	}
	return lines
}

func times(n uint64) string {
	if n == 1 {
		return " time"
	}
	return " times"
}

// spenders are the shards that identified most since start, in at most n lines,
// and how their last connection ended.
func (p BudgetPage) spenders(l Look, w, n int) []string {
	var all []*ops.Shard
	for i := range p.Snap.Shards {
		if s := &p.Snap.Shards[i]; s.Identifies > 1 {
			all = append(all, s)
		}
	}
	if len(all) == 0 {
		return []string{l.label("no shard identified more than once")}
	}
	slices.SortStableFunc(all, func(a, b *ops.Shard) int { return cmp.Compare(b.Identifies, a.Identifies) })
	lines := []string{l.label("shard  identifies  reconnects  last close")}
	for _, s := range all[:min(len(all), max(0, n-1))] {
		text := frame.Right(strconv.Itoa(s.ID), 5) + frame.Right(frame.Count(s.Identifies), 12) + frame.Right(frame.Count(s.Reconnects), 12) + "  "
		if !s.LastClose.At.IsZero() {
			text += l.label(coarse(l.Now.Sub(s.LastClose.At))+" ago ") + frame.Clean(s.LastClose.Meaning)
		}
		lines = append(lines, frame.Cut(text, w))
	}
	return lines
}
