package screen

import (
	"time"

	"github.com/gatehouse-gateway/gatehouse/engine/ops"
	"github.com/gatehouse-gateway/gatehouse/tui/frame"
	"github.com/gatehouse-gateway/gatehouse/tui/style"
)

// trend is what becomes of the events that wait for a sink.
type trend uint8

const (
	trendEmpty   trend = iota // none wait
	trendBrisk                // they are only on their way
	trendShrinks              // a backlog that gets less
	trendGrows                // a backlog that gets more
	trendStands               // a backlog that stays as it is
)

// backlogLag is the lag from which what waits is a backlog. Below it the figures
// of a busy sink go up and down with every delivery and mean nothing.
const backlogLag = 2 * time.Second

// stir is the change of depth, in events per second, below which there is none.
const stir = 0.5

func trendOf(s *ops.Sink) trend {
	switch {
	case s.Depth == 0:
		return trendEmpty
	case s.Lag < backlogLag && delivers(s):
		return trendBrisk
	case s.Drain >= stir && s.ETA > 0:
		return trendShrinks
	case s.Drain <= -stir:
		return trendGrows
	default:
		return trendStands
	}
}

// delivers reports whether a sink takes events at present.
func delivers(s *ops.Sink) bool {
	return !s.Orphan && (s.State == ops.SinkOK || s.State == ops.SinkIdle)
}

// TrendText says what becomes of the events that wait for a sink, in words that
// stand alone: "draining 8.1k/s, empty in 2m10s", "growing 1.9k/s".
func TrendText(s *ops.Sink) string {
	if s.Orphan {
		return "kept on disk, nobody takes them"
	}
	switch trendOf(s) {
	case trendEmpty:
		return "nothing waits"
	case trendBrisk:
		return "keeps up"
	case trendShrinks:
		return "draining " + frame.Rate(s.Drain) + "/s, empty in " + frame.Age(max(s.ETA, time.Second))
	case trendGrows:
		return "growing " + frame.Rate(-s.Drain) + "/s"
	default:
		return "not shrinking"
	}
}

// brief is what the header has room for.
func (f trend) brief(s *ops.Sink) string {
	if f == trendShrinks {
		return "empty in " + frame.Age(max(s.ETA, time.Second))
	}
	return TrendText(s)
}

// paint is how loud a trend is said.
func (f trend) paint(l Look) style.Style {
	if f == trendGrows || f == trendStands {
		return l.S.Warn.Bold()
	}
	return l.S.Text
}

// backlog reports whether the words of a trend are worth their room.
func (f trend) backlog() bool { return f >= trendShrinks }

// deepest is the configured sink with the most events waiting, the oldest of
// them where two have as many; nil if none is configured.
func deepest(sinks []ops.Sink) *ops.Sink {
	var out *ops.Sink
	for i := range sinks {
		s := &sinks[i]
		if s.Orphan {
			continue
		}
		if out == nil || s.Depth > out.Depth || s.Depth == out.Depth && s.Lag > out.Lag {
			out = s
		}
	}
	return out
}

// waiting is how many events wait for the configured sinks together.
func waiting(sinks []ops.Sink) int {
	n := 0
	for i := range sinks {
		if !sinks[i].Orphan {
			n += sinks[i].Depth
		}
	}
	return n
}
