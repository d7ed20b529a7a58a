package tui

import (
	"strings"

	"github.com/gatehouse-gateway/gatehouse/engine/ops"
	"github.com/gatehouse-gateway/gatehouse/tui/frame"
	"github.com/gatehouse-gateway/gatehouse/tui/screen"
)

// logKeep is how many lines the console keeps, and asks for at most.
const logKeep = 2000

// logPane is the tail of the engine's log as far as the console has it.
type logPane struct {
	lines []ops.LogLine
	last  uint64 // highest line seen, matched or not
	level ops.Level
	shard int  // only this shard's lines; -1 for all
	back  int  // lines scrolled back; 0 follows
	fresh int  // lines that came since
	wrap  bool // long lines go on below
	focus bool
	stale bool // what is asked for has changed: begin anew
	err   string

	find  string        // only lines that hold this, whatever their case; empty for all
	found []ops.LogLine // of lines, if find is set
}

// shown are the lines that find picks.
func (p *logPane) shown() []ops.LogLine {
	if p.find == "" {
		return p.lines
	}
	return p.found
}

// picks reports whether a line is shown.
func (p *logPane) picks(line *ops.LogLine) bool {
	return p.find == "" || strings.Contains(strings.ToLower(line.Text), p.find)
}

// search shows only the lines that hold a text, the newest at the end.
func (p *logPane) search(text string) {
	p.find, p.back, p.fresh = strings.ToLower(strings.TrimSpace(text)), 0, 0
	p.pick()
}

// pick looks through all lines again.
func (p *logPane) pick() {
	p.found = nil
	if p.find == "" {
		return
	}
	for i := range p.lines {
		if p.picks(&p.lines[i]) {
			p.found = append(p.found, p.lines[i])
		}
	}
}

func newLogPane() logPane { return logPane{level: ops.LevelInfo, shard: -1, stale: true} }

// query is what to ask for next.
func (p *logPane) query() (q ops.LogQuery, known uint64, force bool) {
	q = ops.LogQuery{After: p.last, Max: logKeep, Level: p.level, Shard: p.shard}
	if p.stale {
		q.After = 0
	}
	return q, p.last, p.stale
}

// take adds a page. Answers to a question that no longer stands are dropped.
func (p *logPane) take(q ops.LogQuery, page ops.LogPage, err error) {
	if q.Level != p.level || q.Shard != p.shard {
		return
	}
	if err != nil {
		p.err = err.Error()
		return
	}
	p.err = ""
	if p.stale || q.After == 0 {
		p.lines, p.back, p.fresh, p.stale = nil, 0, 0, false
	}
	added := 0
	if p.missed(page, q.After) {
		added = p.count(len(p.lines) - 1)
	}
	for _, line := range page.Lines {
		// Two pulls may overlap; each line is taken once.
		if n := len(p.lines); n == 0 || line.Seq > p.lines[n-1].Seq {
			p.lines = append(p.lines, line)
			added += p.count(len(p.lines) - 1)
		}
	}
	p.last = max(p.last, page.Last)
	if p.back > 0 {
		p.back += added
		p.fresh += added
	}
	if n := len(p.lines) - logKeep; n > 0 {
		p.lines = append([]ops.LogLine(nil), p.lines[n:]...)
	}
	p.pick()
	p.back = min(p.back, max(0, len(p.shown())-1))
}

// count is 1 if the line at an index is shown.
func (p *logPane) count(i int) int {
	if p.picks(&p.lines[i]) {
		return 1
	}
	return 0
}

// missed puts a line in the place of those that the ring lost before they could
// be fetched, and reports whether there was need to.
func (p *logPane) missed(page ops.LogPage, after uint64) bool {
	if page.Lost == 0 || after == 0 || len(page.Lines) == 0 || len(p.lines) == 0 {
		return false
	}
	first := page.Lines[0]
	p.lines = append(p.lines, ops.LogLine{
		Seq: first.Seq - 1, At: first.At, Level: ops.LevelWarn, Shard: -1,
		Text: frame.Count(page.Lost) + " lines came faster than the console could fetch them and are not shown",
	})
	return true
}

// scroll moves the view by lines, up being positive. At the end it follows again.
func (p *logPane) scroll(by, height int) {
	p.back = min(max(p.back+by, 0), max(0, len(p.shown())-height))
	if p.back == 0 {
		p.fresh = 0
	}
}

// ask changes what is asked for.
func (p *logPane) ask(level ops.Level, shard int) {
	p.level, p.shard, p.stale = level, shard, true
}

// nextLevel is the level after l, from the talkative to the quiet, in a circle.
func nextLevel(l ops.Level) ops.Level {
	switch l {
	case ops.LevelDebug:
		return ops.LevelInfo
	case ops.LevelInfo:
		return ops.LevelWarn
	case ops.LevelWarn:
		return ops.LevelError
	default:
		return ops.LevelDebug
	}
}

// view is the pane as it is drawn.
func (p *logPane) view(full bool) screen.Log {
	return screen.Log{
		Lines: p.shown(), Find: p.find, Back: p.back, New: p.fresh, Level: p.level, Shard: p.shard,
		Wrap: p.wrap, Full: full, Focus: p.focus && !full, Follow: p.back == 0, Error: p.err,
	}
}
