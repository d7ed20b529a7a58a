package screen

import (
	"slices"
	"strconv"
	"strings"

	"github.com/gatehouse-gateway/gatehouse/engine/ops"
	"github.com/gatehouse-gateway/gatehouse/tui/frame"
)

// Drawer is what is known about the selected shard.
type Drawer struct {
	Shard   *ops.Shard       // nil if none is selected
	Detail  *ops.ShardDetail // nil until it has come
	Error   string           // why the detail did not come
	Worker  *ops.Worker      // nil if unknown
	Actions []Hint
	Page    bool // it fills the screen: there is room for history, and Esc leads back
}

// Hint is an action as it stands now: its key, what it does, and, if it is not
// possible, why.
type Hint struct {
	ID      string
	Key     string
	Title   string
	Short   string // for the key bar
	Enabled bool
	Reason  string
	Pinned  bool // at the right end of the key bar, where it never gives way
}

// labelWidth is the column of the labels.
const labelWidth = 11

// Draw is the panel of w×h cells.
func (d Drawer) Draw(l Look, w, h int) frame.Block {
	box := frame.Box{Title: l.S.Title.Paint("shard"), Focus: d.Page}
	if d.Page {
		box.Note = l.S.Key.Paint("esc") + l.label(" back")
	}
	inner, height := w-4, h-2
	if d.Shard == nil {
		body := frame.NewBlock([]string{"", l.label(" no shard selected")}, w-2, height)
		return box.Draw(body, l.S, l.G)
	}
	box.Title = l.S.Title.Paint("shard " + strconv.Itoa(d.Shard.ID))
	if d.Worker != nil && !d.Page {
		box.Note = l.label("worker " + strconv.Itoa(d.Worker.ID))
	}
	actions := actionLines(l, d.Actions, inner)
	facts := d.facts(l, inner)
	room := max(0, height-len(actions))
	if len(facts) < room {
		facts = append(facts, d.history(l, inner, room-len(facts))...)
	}
	lines := append([]string{}, facts[:min(len(facts), room)]...)
	for len(lines) < room {
		lines = append(lines, "")
	}
	lines = append(lines, actions...)
	for i := range lines {
		lines[i] = " " + lines[i]
	}
	return box.Draw(frame.NewBlock(lines, w-2, height), l.S, l.G)
}

// row is a labelled figure.
func row(l Look, name, value string) string {
	return l.label(frame.Fit(name, labelWidth)) + value
}

// facts are the lines in the order of their worth; the last are cut first.
func (d Drawer) facts(l Look, w int) []string {
	lines := append(d.condition(l, w), d.replacing(l, w)...)
	lines = append(lines, d.latency(l, w), d.events(l, w), d.silence(l, w), d.guilds(l), d.session(l), d.counters(l))
	lines = append(lines, d.lastClose(l, w)...)
	lines = append(lines, d.sends(l))
	if d.Detail != nil && d.Detail.ResumeHost != "" {
		lines = append(lines, row(l, "resume at", frame.Cut(frame.Clean(d.Detail.ResumeHost), w-labelWidth)))
	}
	if d.Worker != nil {
		q := d.Worker.Queue
		id, depth := strconv.Itoa(d.Worker.ID), frame.Count(q.Depth)
		shards := frame.Cut(ops.Ranges(d.Worker.Shards), w-labelWidth-len(id)-len(depth)-len(" shards  queue "))
		lines = append(lines, row(l, "worker", id+l.label(" shards "+shards+" queue ")+depth))
		if q.Depth > 0 || q.Disk > 0 {
			lines = append(lines, row(l, "its queue", fitParts([]string{frame.Bytes(q.Memory) + l.label(" memory"),
				frame.Bytes(q.Disk) + l.label(" disk"), frame.Plural(q.Files, "file")}, "  ", w-labelWidth)))
		}
	}
	if d.Error != "" {
		lines = append(lines, l.S.Warn.Paint(frame.Cut(frame.Clean(d.Error), w)))
	}
	return slices.DeleteFunc(lines, func(line string) bool { return line == "" })
}

// condition is the state, since when, and what the shard waits for or died of.
func (d Drawer) condition(l Look, w int) []string {
	s := d.Shard
	text := l.stateStyle(s.State).Bold().Paint(l.stateSign(s.State) + " " + s.State.String())
	lines := []string{text + l.label("  for ") + l.ago(s.Since)}
	if s.State == ops.ShardBackoff && !s.RetryAt.IsZero() {
		lines[0] += l.label("  retry in ") + l.until(s.RetryAt)
	}
	if s.Fault != "" {
		for _, line := range frame.Wrap(frame.Clean(s.Fault), w, 4) {
			lines = append(lines, l.S.Critical.Paint(line))
		}
	}
	return lines
}

// latency shows the curve and the last value of a living connection; of a dead
// one, and of one that owes an ACK, only how long ago it last answered.
func (d Drawer) latency(l Look, w int) string {
	s := d.Shard
	if !s.State.Up() {
		if s.LastACK.IsZero() {
			return row(l, "latency", l.G.Dash+l.label("  not connected"))
		}
		return row(l, "latency", l.G.Dash+l.label("  last ACK ")+l.ago(s.LastACK)+l.label(" ago"))
	}
	if s.Latency <= 0 {
		return row(l, "latency", l.G.Dash+"  "+owedACK(l, s))
	}
	value := warnLatency(l, s.Latency).Paint(frame.Fit(frame.Duration(s.Latency), 7))
	if d.Detail == nil {
		return row(l, "latency", value)
	}
	var ms []float64
	for _, v := range d.Detail.Latencies {
		ms = append(ms, float64(v.Milliseconds()))
	}
	return row(l, "latency", value+l.S.Latency.Paint(frame.Spark(ms, w-labelWidth-8, frame.Nice(greatest(ms), 50), l.G)))
}

// owedACK is what there is to say about a connection without a latency.
func owedACK(l Look, s *ops.Shard) string {
	switch {
	case s.LastACK.IsZero() && !ackOverdue(s, l.Now):
		return l.label("no ACK yet")
	case s.LastACK.IsZero():
		return l.S.Warn.Bold().Paint("no ACK for " + l.ago(s.Since))
	case ackOverdue(s, l.Now):
		return l.S.Warn.Bold().Paint(ackAge(l, s) + " ago, next overdue")
	default:
		return ackAge(l, s) + l.label(" ago, none since")
	}
}

func (d Drawer) events(l Look, w int) string {
	value := frame.Fit(frame.Rate(d.Shard.Rate)+"/s", 7)
	if d.Detail == nil {
		return row(l, "events", value+l.label(frame.Count(d.Shard.Events)+" since start"))
	}
	per := d.Detail.EventPerSecond
	return row(l, "events", value+l.S.Events.Paint(frame.Spark(per, w-labelWidth-8, frame.Nice(greatest(per), 10), l.G)))
}

func (d Drawer) guilds(l Look) string {
	s := d.Shard
	value := frame.Fit(frame.Grouped(int64(s.Guilds)), 7)
	if s.Unavailable > 0 {
		value += l.S.Warn.Paint(strconv.Itoa(s.Unavailable)+" unavailable") + "  "
	}
	if s.Loading > 0 {
		value += strconv.Itoa(s.Loading) + l.label(" loading")
	}
	return row(l, "guilds", value)
}

func (d Drawer) session(l Look) string {
	s := d.Shard
	if s.SessionSince.IsZero() {
		return row(l, "session", l.label("none: the next connection identifies"))
	}
	return row(l, "session", frame.Fit(l.ago(s.SessionSince), 7)+l.label("seq ")+frame.Grouped(s.Seq))
}

func (d Drawer) counters(l Look) string {
	s := d.Shard
	return row(l, "reconnects", frame.Count(s.Reconnects)+l.label("  resumes ")+frame.Count(s.Resumes)+l.label("  identifies ")+frame.Count(s.Identifies))
}

func (d Drawer) lastClose(l Look, w int) []string {
	c := d.Shard.LastClose
	if c.At.IsZero() {
		return []string{row(l, "last close", l.label("none"))}
	}
	text := frame.Clean(c.Meaning)
	if c.Code != 0 {
		text = strings.TrimSpace(strconv.Itoa(c.Code) + " " + text)
	}
	who := "by Discord"
	switch {
	case c.ByUs:
		who = "by us"
	case c.Code == 0:
		who = "connection lost"
	}
	wrapped := frame.Wrap(text, w-labelWidth, 2)
	lines := []string{row(l, "last close", l.ago(c.At)+l.label(" ago, "+who))}
	for _, line := range wrapped {
		lines = append(lines, row(l, "", line))
	}
	return lines
}
