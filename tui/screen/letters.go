package screen

import (
	"strconv"

	"github.com/gatehouse-gateway/gatehouse/engine/ops"
	"github.com/gatehouse-gateway/gatehouse/tui/frame"
)

// Letters is the page of a sink's dead letters: the list, or one event of it.
// Like the log's own screen it has no side borders, so that text can be copied.
type Letters struct {
	Sink    string
	Loading bool
	Error   string
	Letters []ops.DeadLetter // newest first
	Total   int              // that the engine has
	Cursor  int
	Event   []string // lines of the event that is open; nil for the list
	Scroll  int      // lines scrolled down in it
}

// reasonRows is how many lines below the list tell the reason of the selected one.
const reasonRows = 3

// Draw is the page of w×h cells.
func (v Letters) Draw(l Look, w, h int) frame.Block {
	head := frame.Ends(" "+v.title(l), "  "+l.S.Key.Paint("esc")+l.label(" back "), w)
	lines := v.list(l, w, h-1)
	if v.Event != nil {
		lines = v.event(l, w, h-1)
	}
	return frame.Stack(frame.Block{W: w, Lines: []string{l.S.Surface(head)}}, frame.NewBlock(lines, w, h-1))
}

func (v Letters) title(l Look) string {
	text := l.S.Title.Paint("dead letters of " + frame.Cut(frame.Clean(v.Sink), 24))
	if v.Event != nil && v.Cursor < len(v.Letters) {
		d := &v.Letters[v.Cursor]
		return text + l.sep() + frame.Clean(d.Type) + l.sep() + l.label("shard ") + strconv.Itoa(d.Shard) + l.sep() + frame.Clean(d.ID)
	}
	switch {
	case v.Loading:
	case v.Total > len(v.Letters):
		text += l.sep() + l.label("the newest ") + strconv.Itoa(len(v.Letters)) + l.label(" of ") + strconv.Itoa(v.Total)
	default:
		text += l.sep() + strconv.Itoa(v.Total)
	}
	return text
}

// list is a line for each letter, and the reason of the selected one in full.
func (v Letters) list(l Look, w, h int) []string {
	switch {
	case v.Error != "":
		var out []string
		for _, line := range frame.Wrap("not to be had: "+frame.Clean(v.Error), w-2, 4) {
			out = append(out, " "+l.S.Warn.Paint(line))
		}
		return out
	case v.Loading:
		return []string{l.label(" asking the engine" + l.G.Dots)}
	case len(v.Letters) == 0:
		return []string{" " + l.S.OK.Paint(l.G.OK) + l.label(" none: the bot has refused nothing, or all was sent again")}
	}
	room := max(1, h-reasonRows-2)
	first := min(max(0, v.Cursor-room/2), max(0, len(v.Letters)-room))
	lines := []string{l.label(" put aside " + frame.Fit("type", typeWidth(w)) + " shard  reason")}
	for i := first; i < len(v.Letters) && len(lines) <= room; i++ {
		lines = append(lines, v.line(l, i, w))
	}
	for len(lines) < h-reasonRows-1 {
		lines = append(lines, "")
	}
	d := &v.Letters[v.Cursor]
	lines = append(lines, " "+l.label("event ")+frame.Clean(d.ID)+l.label("  put aside "+l.ago(d.At)+" ago  ")+
		frame.Bytes(int64(len(d.Event)))+"  "+l.S.Key.Paint("enter")+l.label(" shows it"))
	for _, line := range frame.Wrap(frame.Clean(d.Reason), w-2, reasonRows) {
		lines = append(lines, " "+l.S.Warn.Paint(line))
	}
	return lines
}

// typeWidth is the column of the event types: all of them where there is room.
func typeWidth(w int) int {
	if w >= 100 {
		return 38
	}
	return min(25, max(8, w/3))
}

func (v Letters) line(l Look, i, w int) string {
	d := &v.Letters[i]
	text := " " + l.clock(d.At) + "  " + frame.Fit(frame.Clean(d.Type), typeWidth(w)) + " " + frame.Fit(strconv.Itoa(d.Shard), 7) + frame.Clean(d.Reason)
	if i == v.Cursor {
		return l.S.Selection.Paint(frame.Fit(l.G.Right+text, w))
	}
	return frame.Fit(" "+text, w)
}

// event is the part of the open event that is in sight.
func (v Letters) event(l Look, w, h int) []string {
	end := min(len(v.Event), v.Scroll+h-1)
	var lines []string
	for _, line := range v.Event[min(v.Scroll, end):end] {
		lines = append(lines, " "+line)
	}
	for len(lines) < h-1 {
		lines = append(lines, "")
	}
	where := "all " + strconv.Itoa(len(v.Event)) + " lines"
	if len(v.Event) > h-1 {
		where = "lines " + strconv.Itoa(v.Scroll+1) + "-" + strconv.Itoa(end) + " of " + strconv.Itoa(len(v.Event)) + ", arrows scroll"
	}
	return append(lines, " "+l.label(where))
}
