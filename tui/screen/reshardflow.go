package screen

import (
	"slices"

	"github.com/gatehouse-gateway/gatehouse/engine/ops"
	"github.com/gatehouse-gateway/gatehouse/tui/frame"
)

// flowSpan is how far back the curve of deliveries reaches, in seconds: a reshard
// of a small fleet, with a quiet minute before it.
const flowSpan = 120

// chart is the curve of what the bot has acknowledged, in h lines of w cells, the
// last of which marks the switch.
func (p ReshardPage) chart(l Look, w, h int) []string {
	values, cut := capped(p.Flow[max(0, len(p.Flow)-flowSpan):])
	c := curve{name: "events/s", values: values, unit: 10, paint: l.S.Events, now: l.G.Dash, axis: axisNumber}
	if n := len(p.Flow); n > 0 {
		c.now = frame.Rate(p.Flow[n-1])
	}
	if cut > 0 {
		c.axis = func(v float64) string {
			if v == cut {
				return axisNumber(v) + "+"
			}
			return axisNumber(v)
		}
	}
	series := frame.Series{Span: flowSpan, End: p.FlowEnd}
	lines := c.draw(l, series, w, h-1).Lines
	width := series.Reach(w-axisWidth-2, l.G)
	mark := ""
	if at, ok := series.Column(p.Switched.Unix(), width, l.G); ok && !p.Switched.IsZero() {
		mark = markLine(l, w-1-width+at, l.G.Mark, "switch "+l.clock(p.Switched), w)
	}
	return append(lines, mark)
}

// capped cuts what a bot takes at once after it was away, which would press all
// else to the ground. The second result is the end of the axis if anything was
// cut, and else 0.
func capped(values []float64) ([]float64, float64) {
	sorted := slices.Sorted(slices.Values(values))
	quiet := slices.IndexFunc(sorted, func(v float64) bool { return v > 0 })
	if quiet < 0 {
		return values, 0
	}
	limit := frame.Nice(1.6*sorted[(quiet+len(sorted))/2], 10)
	if sorted[len(sorted)-1] <= 1.5*limit {
		return values, 0
	}
	out := make([]float64, len(values))
	for i, v := range values {
		out[i] = min(v, limit)
	}
	return out, limit
}

// markLine puts a sign at column at of w cells, and its meaning where there is room.
func markLine(l Look, at int, sign, text string, w int) string {
	if n := frame.Width(text) + 1; at+1+n > w {
		return frame.Blank(at-n) + l.label(text+" ") + l.S.Accent.Bold().Paint(sign)
	}
	return frame.Blank(at) + l.S.Accent.Bold().Paint(sign) + l.label(" "+text)
}

// log is the end of what the log says about reshards, in h lines of w cells, the
// newest last.
func (p ReshardPage) log(l Look, w, h int) []string {
	if len(p.Log) == 0 {
		return []string{" " + l.label("nothing logged about it at this level")}
	}
	var out []string
	for i := len(p.Log) - 1; i >= 0; i-- {
		rows := logRows(l, &p.Log[i], w)
		if len(out)+len(rows) > h {
			break
		}
		out = append(rows, out...)
	}
	return out
}

// logRows is a line of the log in at most three lines: time and text.
func logRows(l Look, line *ops.LogLine, w int) []string {
	const head = 10 // the time and the blanks around it
	paint := l.S.Text
	if line.Level >= ops.LevelWarn {
		paint = levelStyle(l.S, line.Level)
	}
	clock := " " + l.label(l.clock(line.At)) + " "
	var out []string
	for _, text := range frame.Wrap(frame.Clean(line.Text), w-head, 3) {
		out = append(out, clock+paint.Paint(text))
		clock = frame.Blank(head)
	}
	return out
}
