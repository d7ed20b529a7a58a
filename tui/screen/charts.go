package screen

import (
	"math"
	"strconv"
	"time"

	"github.com/gatehouse-gateway/gatehouse/engine/ops"
	"github.com/gatehouse-gateway/gatehouse/tui/frame"
	"github.com/gatehouse-gateway/gatehouse/tui/style"
)

// Curves is what the panels of curves show.
type Curves struct {
	Snap    *ops.Snapshot
	History *ops.History // nil until it has come
	Range   ops.HistoryRange
	Key     string // that shows another range; empty for none
}

// curveWidth is the least width of a curve in a panel.
const curveWidth = 26

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

// curves are all that are measured, the most important first.
func (c Curves) curves(l Look) []curve {
	h, s := c.History, c.Snap
	if h == nil {
		h = &ops.History{Range: c.Range}
	}
	lags, unit := inUnit(h.Lag)
	return []curve{
		{"events/s", frame.Rate(s.Traffic.Rate), h.Events, 10, l.S.Events, axisNumber},
		{"queue", frame.Count(s.Traffic.Depth), h.Depth, 10, l.S.Queue, axisNumber},
		{"heartbeat p50", frame.Latency(s.Latency.P50, l.G.Dash), h.P50, 50, l.S.Latency, axisMillis},
		{"heartbeat p99", frame.Latency(s.Latency.P99, l.G.Dash), h.P99, 50, l.S.Latency, axisMillis},
		{"bytes/s", frame.Bytes(int64(s.Traffic.ByteRate)), h.Bytes, 1 << 10, l.S.Events, axisBytes},
		{"lag", lag(s.Traffic.Lag), lags, 1, l.S.Queue, func(v float64) string { return axisNumber(v) + unit }},
	}
}

// Draw is the panel of the overview: as many curves as there is room for. Axes begin
// at zero and end at a round number that is written there.
func (c Curves) Draw(l Look, w, h int) frame.Block {
	return c.box(l, c.curves(l), c.title(l, ""), trafficFoot(l, c.Snap, w-6), w, h)
}

// DrawQueue is the panel of the queue's curves: depth and lag of the deepest sink.
func (c Curves) DrawQueue(l Look, w, h int) frame.Block {
	all := c.curves(l)
	return c.box(l, []curve{all[1], all[5]}, c.title(l, ", the deepest sink"), "", w, h)
}

// DrawAll is a page of w×h cells with all curves and the time below them.
func (c Curves) DrawAll(l Look, w, h int) frame.Block {
	all := c.curves(l)
	cols := min(len(all), max(1, (w-2)/pageCurveWidth))
	for cols > 1 && len(all)%cols > 0 {
		cols--
	}
	rows := len(all) / cols
	for rows > 1 && (h-2)/rows < pageCurveHeight {
		rows--
	}
	var floors []frame.Block
	for y := range rows {
		height := (h-2)*(y+1)/rows - (h-2)*y/rows
		floors = append(floors, frame.Stack(
			c.beside(l, all[y*cols:(y+1)*cols], w-2, height-1),
			frame.NewBlock([]string{c.times(l, w-2, cols)}, w-2, 1)))
	}
	box := frame.Box{Title: c.title(l, ""), Focus: true, Note: l.S.Key.Paint("esc") + l.label(" back")}
	if left := len(all) - rows*cols; left > 0 {
		box.Foot = l.label("no room for " + strconv.Itoa(left) + " more")
	}
	return box.Draw(frame.Stack(floors...), l.S, l.G)
}

// The least size of a curve on the page.
const (
	pageCurveWidth  = 50
	pageCurveHeight = 6
)

// title says the range, and how another is shown.
func (c Curves) title(l Look, what string) string {
	text := l.S.Title.Paint("last "+rangeText(c.Range)) + l.label(what)
	if c.Key != "" {
		text += "  " + l.S.Key.Paint(c.Key) + l.label(" "+rangeText(c.Range.Next()))
	}
	return text
}

func rangeText(r ops.HistoryRange) string {
	return [...]string{ops.History5m: "5 min", ops.History1h: "1 h", ops.History24h: "24 h"}[r]
}

// halfText is half a range, in the words of rangeText where they fit.
func halfText(r ops.HistoryRange) string {
	return [...]string{ops.History5m: "2m30s", ops.History1h: "30 min", ops.History24h: "12 h"}[r]
}

// box draws as many curves as there is room for, side by side.
func (c Curves) box(l Look, curves []curve, title, foot string, w, h int) frame.Block {
	n := min(len(curves), max(1, (w-2)/curveWidth))
	box := frame.Box{Title: title, Foot: foot}
	return box.Draw(c.beside(l, curves[:n], w-2, h-2), l.S, l.G)
}

func (c Curves) beside(l Look, curves []curve, w, h int) frame.Block {
	var parts []frame.Block
	for i := range curves {
		parts = append(parts, curves[i].draw(l, c.series(), w*(i+1)/len(curves)-w*i/len(curves), h))
	}
	return frame.Beside(parts...)
}

// series is the time that every curve stands for.
func (c Curves) series() frame.Series {
	s := frame.Series{Step: int(c.Range.Step() / time.Second), Span: int(c.Range.Span() / time.Second)}
	if c.History != nil {
		s.End = c.History.End.Unix()
	}
	return s
}

// times is the axis of the time below cols curves: when the range begins, its middle,
// and now.
func (c Curves) times(l Look, w, cols int) string {
	text := ""
	s := c.series()
	for i := range cols {
		cw := w*(i+1)/cols - w*i/cols
		width := s.Reach(cw-axisWidth-2, l.G)
		first := frame.Blank(cw-1-width) + "-" + rangeText(c.Range)
		middle := "-" + halfText(c.Range)
		line := frame.Ends(first, "now ", cw)
		if at := cw - 1 - width/2 - frame.Width(middle)/2; at > frame.Width(first)+1 && at+frame.Width(middle) < cw-6 {
			line = frame.Fit(first, at) + middle + frame.Right("now ", cw-at-frame.Width(middle))
		}
		text += l.label(line)
	}
	return text
}

// draw is one curve of w×h cells: a heading, then the axis and the curve.
func (c curve) draw(l Look, series frame.Series, w, h int) frame.Block {
	top := frame.Nice(greatest(c.values), c.unit)
	series.Values, series.Top = c.values, top
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

func axisBytes(v float64) string { return frame.Bytes(int64(v)) }

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
