package tui

import (
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
	added := p.missed(page, q.After)
	for _, line := range page.Lines {
		// Two pulls may overlap; each line is taken once.
		if n := len(p.lines); n == 0 || line.Seq > p.lines[n-1].Seq {
			p.lines = append(p.lines, line)
			added++
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
	p.back = min(p.back, max(0, len(p.lines)-1))
}

// missed puts a line in the place of those that the ring lost before they could
// be fetched, and reports how many it added.
func (p *logPane) missed(page ops.LogPage, after uint64) int {
	if page.Lost == 0 || after == 0 || len(page.Lines) == 0 || len(p.lines) == 0 {
		return 0
	}
	first := page.Lines[0]
	p.lines = append(p.lines, ops.LogLine{
		Seq: first.Seq - 1, At: first.At, Level: ops.LevelWarn, Shard: -1,
		Text: frame.Count(page.Lost) + " lines came faster than the console could fetch them and are not shown",
	})
	return 1
}

// scroll moves the view by lines, up being positive. At the end it follows again.
func (p *logPane) scroll(by, height int) {
	p.back = min(max(p.back+by, 0), max(0, len(p.lines)-height))
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
		Lines: p.lines, Back: p.back, New: p.fresh, Level: p.level, Shard: p.shard,
		Wrap: p.wrap, Full: full, Focus: p.focus && !full, Follow: p.back == 0, Error: p.err,
	}
}
