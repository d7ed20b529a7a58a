package screen

import (
	"time"

	"github.com/gatehouse-gateway/gatehouse/engine/ops"
	"github.com/gatehouse-gateway/gatehouse/tui/frame"
	"github.com/gatehouse-gateway/gatehouse/tui/style"
)

// Look is what every part needs to draw: styles, signs, and the present.
type Look struct {
	S   *style.Sheet
	G   *style.Glyphs
	Now time.Time
	// Keys is how an action's key is written; nil for the action itself.
	Keys func(action string) string
}

// Press is what to press for an action, painted.
func (l Look) Press(action string) string { return l.S.Key.Paint(l.key(action)) }

func (l Look) key(action string) string {
	if l.Keys == nil {
		return ":" + action
	}
	return l.Keys(action)
}

// ago is the age of an instant; the dash for the zero one.
func (l Look) ago(at time.Time) string {
	if at.IsZero() {
		return l.G.Dash
	}
	return frame.Age(l.Now.Sub(at))
}

// until is the time to an instant; 0s once it has come.
func (l Look) until(at time.Time) string { return frame.Age(at.Sub(l.Now)) }

// state is a shard state's sign in its colour.
func (l Look) state(s ops.ShardState) string { return l.stateStyle(s).Paint(l.stateSign(s)) }

func (l Look) stateSign(s ops.ShardState) string {
	if int(s) < len(l.G.State) {
		return l.G.State[s]
	}
	return "?"
}

func (l Look) stateStyle(s ops.ShardState) style.Style {
	if int(s) < len(l.S.State) {
		return l.S.State[s]
	}
	return l.S.Critical
}

// label is a dim word before a figure.
func (l Look) label(s string) string { return l.S.Dim.Paint(s) }

// sep is the dim dot between figures.
func (l Look) sep() string { return l.S.Dim.Paint(" " + l.G.Sep + " ") }

// clock is an instant's time of day, in the zone of the present: the operator's.
func (l Look) clock(at time.Time) string { return at.In(l.Now.Location()).Format("15:04:05") }
