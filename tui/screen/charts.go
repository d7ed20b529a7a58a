package screen

import (
	"math"
	"strconv"

	"github.com/gatehouse-gateway/gatehouse/engine/ops"
	"github.com/gatehouse-gateway/gatehouse/tui/frame"
	"github.com/gatehouse-gateway/gatehouse/tui/style"
)

// ChartSpan is how far back the curves reach where there is room, in seconds.
const ChartSpan = 300

// axisWidth is the column of the axis labels.
const axisWidth = 6

// curve is one chart of the panel.
type curve struct {
	name   string
	now    string
	values []float64
	unit   float64 // the least end of the axis
	paint  style.Style
	axis   func(float64) string
}

// Charts is the panel of curves: events, queue depth and heartbeat latency over
// the last minutes, the last only where there is room. Axes begin at zero and end at a round number that is written there.
func Charts(l Look, s *ops.Snapshot, w, h int) frame.Block {
	return chartBox(l, s, []curve{
		{"events/s", frame.Rate(s.Traffic.Rate), s.Traffic.PerSecond, 10, l.S.Events, axisNumber},
		{"queue", frame.Count(s.Traffic.Depth), s.Traffic.DepthPerSecond, 10, l.S.Queue, axisNumber},
		{"heartbeat", frame.Latency(s.Latency.P50, l.G.Dash), s.Latency.PerSecond, 50, l.S.Latency, axisMillis},
	}, "last 5 min", trafficFoot(l, s, w-6), w, h)
}

// QueueCharts is the panel of the queue's curves: depth and lag of the deepest sink.
func QueueCharts(l Look, s *ops.Snapshot, w, h int) frame.Block {
	lags, unit := inUnit(s.Traffic.LagPerSecond)
	return chartBox(l, s, []curve{
		{"queue", frame.Count(s.Traffic.Depth), s.Traffic.DepthPerSecond, 10, l.S.Queue, axisNumber},
		{"lag", lag(s.Traffic.Lag), lags, 1, l.S.Latency, func(v float64) string { return axisNumber(v) + unit }},
	}, "last 5 min, the deepest sink", "", w, h)
}

// chartBox draws as many curves as there is room for, side by side.
func chartBox(l Look, s *ops.Snapshot, curves []curve, title, foot string, w, h int) frame.Block {
	inner, height := w-2, h-2
	n := min(len(curves), max(1, inner/22))
	var parts []frame.Block
	for i, c := range curves[:n] {
		cw := inner * (i + 1) / n
		cw -= inner * i / n
		parts = append(parts, c.draw(l, s.At.Unix()-1, ChartSpan, cw, height))
	}
	box := frame.Box{Title: l.S.Title.Paint(title), Foot: foot}
	return box.Draw(frame.Beside(parts...), l.S, l.G)
}

// draw is one curve of w×h cells that reaches back span seconds: a heading, then the axis and the curve.
func (c curve) draw(l Look, end int64, span, w, h int) frame.Block {
	top := frame.Nice(greatest(c.values), c.unit)
	series := frame.Series{Values: c.values, Span: span, End: end, Top: top}
	lines := []string{frame.Blank(2) + l.label(c.name) + " " + l.S.Strong.Paint(c.now)}
	width := series.Reach(w-axisWidth-2, l.G)
	axis := w - 2 - width
	for y, row := range frame.Chart(series, width, h-1, l.G) {
		tick := ""
		switch rows := h - 1; {
		case y == 0:
			tick = c.axis(top)
		case y == rows-1:
			tick = "0"
		case rows >= 6 && 2*y == rows:
			tick = c.axis(top / 2)
		}
		lines = append(lines, l.label(frame.Right(tick, axis)+l.G.Vertical)+c.paint.Paint(row))
	}
	return frame.NewBlock(lines, w, h)
}

func axisNumber(v float64) string {
	if v >= 1000 {
		return frame.Count(int64(math.Round(v)))
	}
	return strconv.FormatFloat(v, 'f', -1, 64)
}

func axisMillis(v float64) string {
	if v >= 1000 {
		return strconv.FormatFloat(v/1000, 'f', -1, 64) + "s"
	}
	return strconv.FormatFloat(v, 'f', -1, 64) + "ms"
}

// inUnit turns seconds into minutes or hours where those are what a person reads.
func inUnit(seconds []float64) (values []float64, unit string) {
	by, unit := 1.0, "s"
	switch top := greatest(seconds); {
	case top >= 2*3600:
		by, unit = 3600, "h"
	case top >= 120:
		by, unit = 60, "m"
	}
	for _, v := range seconds {
		values = append(values, v/by)
	}
	return values, unit
}
