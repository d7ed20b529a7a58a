package screen

import (
	"fmt"
	"strings"

	"github.com/charmbracelet/x/ansi"

	"github.com/gatehouse-gateway/gatehouse/engine/ops"
	"github.com/gatehouse-gateway/gatehouse/tui/frame"
)

// ShardText is a shard on one line of plain text.
func ShardText(l Look, s *ops.Shard) string {
	parts := []string{fmt.Sprintf("shard %d: %s for %s", s.ID, s.State, l.ago(s.Since))}
	if s.State.Up() {
		parts = append(parts, "latency "+frame.Latency(s.Latency, "not measured"))
	}
	parts = append(parts, frame.Rate(s.Rate)+" events/s", frame.Plural(s.Guilds, "guild"))
	if n := s.Unavailable + s.Loading; n > 0 {
		parts = append(parts, frame.Plural(n, "guild")+" away")
	}
	parts = append(parts, fmt.Sprintf("%d connections lost, %d resumes, %d identifies", s.Reconnects, s.Resumes, s.Identifies), fmt.Sprintf("worker %d", s.Worker))
	if why := strings.TrimSpace(ansi.Strip(whyCell(l, s))); why != "" {
		parts = append(parts, why)
	}
	return strings.Join(parts, ", ")
}

// SinkText is a sink on one line of plain text.
func SinkText(_ Look, s *ops.Sink) string {
	text := fmt.Sprintf("sink %s: %s, %s queued, lag %s, %s/s, %s retries, %s dropped, %s dead letters, to %s", frame.Clean(s.Name), s.State,
		frame.Count(s.Depth), lag(s.Lag), frame.Rate(s.Rate), frame.Count(s.Retries), frame.Count(s.Dropped), frame.Count(s.Letters), frame.Clean(s.Target))
	if s.LastError != "" {
		text += ", last error: " + frame.Clean(s.LastError)
	}
	return text
}

// WorkerText is a worker on one line of plain text.
func WorkerText(_ Look, w *ops.Worker) string {
	return fmt.Sprintf("worker %d: shards %s, %s guilds, %s events/s, %s queued, lag %s, %s of the work", w.ID, ops.Ranges(w.Shards),
		frame.Count(w.Guilds), frame.Rate(w.Rate), frame.Count(w.Queue.Depth), lag(w.Lag), percentOf(w.Share))
}

// ActionText is an action on one line of plain text.
func ActionText(l Look, a *ops.Action) string {
	text := fmt.Sprintf("%s %s: %s, %s", a.At.In(l.Now.Location()).Format("2006-01-02 15:04:05"), frame.Clean(a.By), frame.Clean(a.What), a.State)
	if a.Result != "" {
		text += ": " + frame.Clean(a.Result)
	}
	return text
}

// LogText is a line of the log as plain text.
func LogText(l Look, line *ops.LogLine) string {
	shard := ""
	if line.Shard >= 0 {
		shard = fmt.Sprintf(" shard %d", line.Shard)
	}
	return fmt.Sprintf("%s %s%s %s", line.At.In(l.Now.Location()).Format("2006-01-02 15:04:05"), line.Level, shard, frame.Clean(line.Text))
}
