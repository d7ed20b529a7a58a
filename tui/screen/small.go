package screen

import (
	"strconv"
	"strings"

	"github.com/gatehouse-gateway/gatehouse/engine/ops"
	"github.com/gatehouse-gateway/gatehouse/tui/frame"
)

// The least size at which there is more than a summary.
const (
	MinWidth  = 60
	MinHeight = 16
)

// Summary is what is left on a screen too small for more: what is wrong, in
// order of urgency, then the size that is needed.
func Summary(l Look, s *ops.Snapshot, alerts []ops.Alert, badges []Badge, w, h int) frame.Block {
	var lines []string
	for _, b := range badges {
		if b.Alarm {
			lines = append(lines, l.S.Critical.Paint(frame.Clean(b.Text)))
		}
	}
	if s == nil {
		lines = append(lines, l.label("waiting for the engine"))
	} else {
		lines = append(lines, compactStates(l, s.Fleet))
		lines = append(lines, special(l, s, w)...)
		if len(alerts) > 0 {
			text := l.G.Warn + " " + frame.Clean(alerts[0].Text)
			for _, line := range frame.Wrap(text, max(w, 1), max(1, h-5)) {
				lines = append(lines, l.S.Critical.Paint(line))
			}
		}
		lines = append(lines, frame.Rate(s.Traffic.Rate)+l.label(" ev/s  ")+queueFigure(l, s, false))
		if d := deepest(s.Sinks); d != nil {
			lines = append(lines, SinkLine(l, d, w))
		}
	}
	need := strconv.Itoa(MinWidth) + "x" + strconv.Itoa(MinHeight)
	hint := l.label("needs "+need+", has "+strconv.Itoa(w)+"x"+strconv.Itoa(h)+"  ") + l.S.Key.Paint(l.quitKey()) + l.label(" quit")
	room := max(1, h)
	if len(lines) >= room {
		return frame.NewBlock(lines[:room], w, h)
	}
	for len(lines) < room-1 {
		lines = append(lines, "")
	}
	return frame.NewBlock(append(lines, hint), w, h)
}

// quitKey is what to press to leave: where nothing can be typed, ctrl+c always is.
func (l Look) quitKey() string {
	key := l.key("quit")
	if strings.HasPrefix(key, ":") && len(key) > 1 {
		return "ctrl+c"
	}
	return key
}

// special is what is not as usual, a line each.
func special(l Look, s *ops.Snapshot, w int) []string {
	var lines []string
	if s.Store.Fault != "" {
		lines = append(lines, l.S.Critical.Paint(frame.Cut(l.G.Critical+" "+faultText(l, &s.Store), w)))
	}
	if run := s.Reshard.Now; run != nil {
		lines = append(lines, frame.Cut(reshardFigure(l, run, true), w))
	}
	if loading(&s.Load) {
		lines = append(lines, loadProgress(l, &s.Load, w))
	}
	if text := budgetTrouble(l, s.Identify); text != "" {
		lines = append(lines, frame.Cut(text, w))
	}
	return lines
}

// compactStates is the number of shards that are ready, and of those that are not.
func compactStates(l Look, f ops.Fleet) string {
	ready, rest := f.ByState[ops.ShardReady], 0
	for state, n := range f.ByState {
		if ops.ShardState(state) != ops.ShardReady {
			rest += n
		}
	}
	text := l.state(ops.ShardReady) + " " + strconv.Itoa(ready) + l.label(" ready ")
	if rest > 0 {
		text += l.S.Critical.Paint(strconv.Itoa(rest) + " not")
	}
	return text
}

// ShardLine is the selected shard on one line, where there is no drawer.
func ShardLine(l Look, s *ops.Shard) string {
	if s == nil {
		return ""
	}
	text := l.label("shard ") + strconv.Itoa(s.ID) + " " + l.stateStyle(s.State).Paint(l.stateSign(s.State)+" "+s.State.String())
	if s.State.Up() {
		word, paint := pulse(l, s)
		text += "  " + paint.Paint(word)
	}
	return text + "  " + frame.Count(s.Guilds) + l.label(" guilds  ") + frame.Rate(s.Rate) + l.label("/s")
}
