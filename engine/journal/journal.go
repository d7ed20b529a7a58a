// Package journal keeps the last lines of the engine's log for the console.
//
// A [Journal] is a ring of lines; [Journal.Handler] is the slog handler that
// fills it and passes every record on. Both may be used concurrently; nothing
// here owns a goroutine.
package journal

import (
	"context"
	"log/slog"
	"strings"
	"sync"

	"github.com/gatehouse-gateway/gatehouse/engine/ops"
)

// ShardKey is the attribute that ties a line to a shard.
const ShardKey = "shard"

// Journal holds the last lines logged.
type Journal struct {
	redact func(string) string

	mu    sync.Mutex
	lines []ops.LogLine // a ring: line seq stands at (seq-1) % len
	last  uint64
}

// New returns a journal of size lines. redact cuts secrets out of every line;
// nil leaves them as they are.
func New(size int, redact func(string) string) *Journal {
	if redact == nil {
		redact = func(s string) string { return s }
	}
	return &Journal{lines: make([]ops.LogLine, size), redact: redact}
}

func (j *Journal) add(line ops.LogLine) {
	line.Text = j.redact(line.Text)
	j.mu.Lock()
	defer j.mu.Unlock()
	j.last++
	line.Seq = j.last
	j.lines[(j.last-1)%uint64(len(j.lines))] = line
}

// Last is the highest sequence number so far.
func (j *Journal) Last() uint64 {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.last
}

// Page answers a query.
func (j *Journal) Page(q ops.LogQuery) ops.LogPage {
	j.mu.Lock()
	defer j.mu.Unlock()
	page := ops.LogPage{Last: j.last}
	oldest := uint64(1)
	if size := uint64(len(j.lines)); j.last > size {
		oldest = j.last - size + 1
	}
	if q.After+1 < oldest {
		page.Lost = oldest - q.After - 1
	}
	for seq := j.last; seq >= max(oldest, q.After+1); seq-- {
		if q.Max > 0 && len(page.Lines) == q.Max {
			break
		}
		line := j.lines[(seq-1)%uint64(len(j.lines))]
		if line.Level >= q.Level && (q.Shard < 0 || line.Shard == q.Shard) {
			page.Lines = append(page.Lines, line)
		}
	}
	reverse(page.Lines)
	return page
}

func reverse(lines []ops.LogLine) {
	for i, j := 0, len(lines)-1; i < j; i, j = i+1, j-1 {
		lines[i], lines[j] = lines[j], lines[i]
	}
}

// Handler returns a slog handler that keeps records of at least the level and
// passes those that next wants on to it. next may be nil.
func (j *Journal) Handler(level slog.Leveler, next slog.Handler) slog.Handler {
	return &handler{journal: j, level: level, next: next, shard: -1}
}

type handler struct {
	journal *Journal
	level   slog.Leveler
	next    slog.Handler
	shard   int
	attrs   string // of With, formatted
	group   string
}

var _ slog.Handler = (*handler)(nil)

func (h *handler) Enabled(ctx context.Context, level slog.Level) bool {
	return level >= h.level.Level() || h.next != nil && h.next.Enabled(ctx, level)
}

func (h *handler) Handle(ctx context.Context, rec slog.Record) error {
	if rec.Level >= h.level.Level() {
		line := ops.LogLine{At: rec.Time, Level: ops.Level(rec.Level), Shard: h.shard}
		var text strings.Builder
		text.WriteString(rec.Message)
		text.WriteString(h.attrs)
		rec.Attrs(func(a slog.Attr) bool {
			if shard, ok := shardOf(h.group, a); ok {
				line.Shard = shard
			} else {
				format(&text, h.group, a)
			}
			return true
		})
		line.Text = text.String()
		h.journal.add(line)
	}
	if h.next != nil && h.next.Enabled(ctx, rec.Level) {
		return h.next.Handle(ctx, rec)
	}
	return nil
}

func (h *handler) WithAttrs(attrs []slog.Attr) slog.Handler {
	child := *h
	var text strings.Builder
	text.WriteString(h.attrs)
	for _, a := range attrs {
		if shard, ok := shardOf(h.group, a); ok {
			child.shard = shard
		} else {
			format(&text, h.group, a)
		}
	}
	child.attrs = text.String()
	if h.next != nil {
		child.next = h.next.WithAttrs(attrs)
	}
	return &child
}

func (h *handler) WithGroup(name string) slog.Handler {
	if name == "" {
		return h
	}
	child := *h
	child.group = h.group + name + "."
	if h.next != nil {
		child.next = h.next.WithGroup(name)
	}
	return &child
}

func shardOf(group string, a slog.Attr) (int, bool) {
	if group != "" || a.Key != ShardKey || a.Value.Kind() != slog.KindInt64 {
		return 0, false
	}
	return int(a.Value.Int64()), true
}

// sentence reports whether an attribute goes on with the message in words.
func sentence(key string) bool { return key == "reason" || key == "error" }

// format appends " key=value", quoted where white space asks for it, or ": value"
// for a reason or an error.
func format(b *strings.Builder, group string, a slog.Attr) {
	value := a.Value.Resolve()
	if value.Kind() == slog.KindGroup {
		for _, member := range value.Group() {
			format(b, group+a.Key+".", member)
		}
		return
	}
	if a.Equal(slog.Attr{}) {
		return
	}
	text := strings.Map(printable, value.String())
	if group == "" && sentence(a.Key) {
		b.WriteString(": ")
		b.WriteString(text)
		return
	}
	b.WriteByte(' ')
	b.WriteString(group)
	b.WriteString(a.Key)
	b.WriteByte('=')
	if strings.ContainsAny(text, " =\"") {
		text = `"` + strings.ReplaceAll(text, `"`, `'`) + `"`
	}
	b.WriteString(text)
}

// printable keeps control characters, which could move a terminal's cursor, out
// of the lines.
func printable(r rune) rune {
	if r < ' ' || r >= 0x7f && r < 0xa0 {
		return ' '
	}
	return r
}
