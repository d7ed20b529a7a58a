package screen

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gatehouse-gateway/gatehouse/engine/ops"
	"github.com/gatehouse-gateway/gatehouse/tui/frame"
	"github.com/gatehouse-gateway/gatehouse/tui/style"
)

// Header is what the first line shows.
type Header struct {
	Snap   *ops.Snapshot // nil before the first one has come
	Title  string        // of the program
	Badges []Badge       // what is special about this console now
}

// Badge is a short word on the header, such as READ-ONLY or the age of stale figures.
type Badge struct {
	Text  string
	Alarm bool
}

// figure is one part of the header. Those with the highest rank are left out
// first when the line is too short.
type figure struct {
	text  string
	short string // a shorter way to say it; empty for none
	rank  int
	left  bool
}

// Ranks of the header's figures: what is wrong outlives what is nice to know.
const (
	rankStates = iota
	rankBadge
	rankName
	rankQueue
	rankRate
	rankHeartbeat
	rankIdentify
	rankGuilds
	rankPhase
	rankVersion
)

// sparkWidth is how many seconds the header's curve shows.
const sparkWidth = 8

// Draw is the header as one line of w cells.
func (h Header) Draw(l Look, w int) string {
	figures := shorten(h.figures(l), w)
	var left, right []string
	for _, f := range figures {
		if f.left {
			left = append(left, f.text)
		} else {
			right = append(right, f.text)
		}
	}
	line := frame.Ends(" "+strings.Join(left, "  "), strings.Join(right, "  ")+" ", w)
	return l.S.Surface(line)
}

// shorten picks what fits into w cells: by rank, everything first in its few
// words, so that more is said, then in its full ones where room is left, and
// last what is only there to fill the line.
func shorten(figures []figure, w int) []figure {
	byRank := make([]int, len(figures))
	for i := range byRank {
		byRank[i] = i
	}
	slices.SortStableFunc(byRank, func(a, b int) int { return figures[a].rank - figures[b].rank })
	said := make([]string, len(figures)) // empty for what is left out
	say := func(i int, text string, must bool) {
		if more := cells(text) - cells(said[i]); more <= w || must {
			said[i] = text
			w -= more
		}
	}
	for n, i := range byRank {
		if figures[i].rank < rankPhase {
			say(i, figures[i].brief(), n == 0)
		}
	}
	// What is said in the most words, the states' names, comes after the figures.
	for _, i := range append(byRank[1:], byRank[0]) {
		if said[i] != "" {
			say(i, figures[i].text, false)
		}
	}
	for i, f := range figures {
		if said[i] == "" && f.rank >= rankPhase {
			say(i, f.text, false)
		}
	}
	var out []figure
	for i, f := range figures {
		if f.text = said[i]; f.text != "" {
			out = append(out, f)
		}
	}
	return out
}

// brief is the figure in as few words as it has.
func (f figure) brief() string {
	if f.short != "" {
		return f.short
	}
	return f.text
}

// cells is the width of a text with the gap to the next; of none, nothing.
func cells(text string) int {
	if text == "" {
		return 0
	}
	return frame.Width(text) + 2
}

func (h Header) figures(l Look) []figure {
	name := frame.Clean(h.Title)
	if h.Snap != nil && h.Snap.Name != "" {
		name += " " + frame.Clean(h.Snap.Name)
	}
	out := []figure{{text: l.S.Title.Paint(frame.Cut(name, 32)), rank: rankName, left: true}}
	if h.Snap != nil {
		out = append(out, h.leftFigures(l)...)
	}
	for _, b := range h.Badges {
		paint := l.S.Accent.Bold()
		if b.Alarm {
			paint = l.S.Critical
		}
		out = append(out, figure{text: paint.Paint(frame.Clean(b.Text)), rank: rankBadge, left: true})
	}
	if h.Snap == nil {
		return out
	}
	return append(out, h.rightFigures(l)...)
}

func (h Header) leftFigures(l Look) []figure {
	s := h.Snap
	out := []figure{{text: l.label(frame.Cut(frame.Clean(s.Version), 12)), rank: rankVersion, left: true}}
	phase := figure{text: l.label(s.Phase.String()), rank: rankPhase, left: true}
	switch s.Phase {
	case ops.PhaseRunning:
	case ops.PhaseDraining:
		phase.text, phase.rank = l.S.Warn.Bold().Paint("DRAINING"), rankBadge
	default:
		phase.text, phase.rank = l.S.Warn.Paint(s.Phase.String()), rankBadge
	}
	out = append(out, phase)
	if s.Store.Fault != "" {
		out = append(out, figure{text: l.S.Critical.Paint(l.G.Critical + " DISK FAULT"), rank: rankBadge, left: true})
	}
	if run := s.Reshard.Now; run != nil {
		out = append(out, figure{text: reshardFigure(l, run, true), short: reshardFigure(l, run, false), rank: rankBadge, left: true})
	}
	if text := loadFigure(l, &s.Load, true); text != "" && (len(s.Alerts) > 0 || s.Reshard.Now != nil) { // else the second line says it

		out = append(out, figure{text: text, short: loadFigure(l, &s.Load, false), rank: rankBadge, left: true})
	}
	if s.Identify.Breaker.Open {
		out = append(out, figure{text: l.S.Critical.Paint(l.G.Critical + " IDENTIFIES STOPPED"), rank: rankBadge, left: true})
	}
	return append(out, figure{text: States(l, s.Fleet, true), short: States(l, s.Fleet, false), rank: rankStates, left: true})
}

// States is the number of shards in each state that occurs, with or without the
// states' names.
func States(l Look, f ops.Fleet, names bool) string {
	var parts []string
	for _, state := range ops.ShardStates() {
		n := f.ByState[state]
		if n == 0 {
			continue
		}
		text := l.stateSign(state) + " " + strconv.Itoa(n)
		if names || state == ops.ShardReady {
			text += " " + state.String()
		}
		parts = append(parts, l.stateStyle(state).Paint(text))
	}
	if len(parts) == 0 {
		return l.label("no shards yet")
	}
	return strings.Join(parts, " ")
}

func (h Header) rightFigures(l Look) []figure {
	s := h.Snap
	per := s.Traffic.PerSecond
	spark := frame.Spark(per, sparkWidth, frame.Nice(greatest(per), 10), l.G)
	rate := l.S.Strong.Paint(frame.Right(frame.Rate(s.Traffic.Rate), 4)) + l.label(" ev/s")
	return []figure{
		{text: frame.Right(frame.Count(s.Fleet.Guilds), 4) + l.label(" guilds"), rank: rankGuilds},
		{text: rate + "  " + l.S.Spark.Paint(spark), short: rate, rank: rankRate},
		{text: queueFigure(l, s, true), short: queueFigure(l, s, false), rank: rankQueue},
		{text: heartbeatFigure(l, s.Latency), rank: rankHeartbeat},
		{text: identifyFigure(l, s.Identify, true), short: identifyFigure(l, s.Identify, false), rank: identifyRank(s.Identify)},
	}
}

// The lag and latency from which a figure is drawn as a warning.
const (
	lagWarn     = 10 * time.Second
	latencyWarn = time.Second
)

// usualQueue is the width of a queue that is in order, so that what stands
// beside it does not move with each event.
const usualQueue = 10

// queueFigure is the deepest sink's queue: how many events, and how old the
// oldest is; of a backlog first where it goes, and the age if all is asked for.
func queueFigure(l Look, s *ops.Snapshot, all bool) string {
	depth, age := s.Traffic.Depth, s.Traffic.Lag
	d := deepest(s.Sinks)
	if d != nil {
		depth, age = d.Depth, d.Lag
	}
	paint := l.S.Text
	if age >= lagWarn {
		paint = l.S.Warn.Bold()
	}
	if d != nil && trendOf(d).backlog() {
		t := trendOf(d)
		text := l.label("queue ") + paint.Paint(frame.Count(depth)) + " " + t.paint(l).Paint(t.brief(d))
		if all {
			text += l.sep() + l.label("lag ") + paint.Paint(lag(age))
		}
		return text
	}
	value := paint.Paint(frame.Count(depth)) + l.sep() + paint.Paint(lag(age))
	return l.label("queue ") + frame.Fit(value, max(frame.Width(value), usualQueue))
}

// lag is an age in tenths of seconds at most, so that it does not flicker.
func lag(d time.Duration) string {
	switch {
	case d <= 0:
		return "0s"
	case d < 100*time.Millisecond:
		return "<0.1s"
	case d < 10*time.Second:
		return strconv.FormatFloat(d.Truncate(100*time.Millisecond).Seconds(), 'f', 1, 64) + "s"
	default:
		return frame.Age(d)
	}
}

func heartbeatFigure(l Look, t ops.Latency) string {
	p50, p99 := frame.Latency(t.P50, l.G.Dash), frame.Latency(t.P99, l.G.Dash)
	return l.label("hb ") + frame.Fit(warnLatency(l, t.P50).Paint(p50)+l.label("/")+warnLatency(l, t.P99).Paint(p99), 11)
}

func warnLatency(l Look, d time.Duration) style.Style {
	if d >= latencyWarn {
		return l.S.Warn.Bold()
	}
	return l.S.Text
}

// coarse is a long span without the part that changes each second.
func coarse(d time.Duration) string {
	if d >= time.Hour {
		return strconv.Itoa(int(d.Hours())) + "h"
	}
	if d >= time.Minute {
		return strconv.Itoa(int(d.Minutes())) + "m"
	}
	return frame.Age(d)
}

func greatest(values []float64) float64 {
	top := 0.0
	for _, v := range values {
		if v > top { // not so NaN
			top = v
		}
	}
	return top
}
