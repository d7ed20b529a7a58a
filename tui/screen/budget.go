package screen

import (
	"strconv"
	"time"

	"github.com/gatehouse-gateway/gatehouse/engine/ops"
	"github.com/gatehouse-gateway/gatehouse/tui/frame"
	"github.com/gatehouse-gateway/gatehouse/tui/style"
)

// identifyFigure is the budget of session starts, with the shards that wait, the
// time of the reset, and the forecast if it is bad, if all of it is asked for.
func identifyFigure(l Look, i ops.Identify, all bool) string {
	if !i.Known {
		return l.label("identify ") + l.G.Dash
	}
	text := l.label("identify ") + remainingStyle(l, i).Paint(strconv.Itoa(i.Remaining)) + l.label("/"+strconv.Itoa(i.Total))
	if !all {
		if runsOut(i) {
			text += l.S.Warn.Bold().Paint(" " + l.G.Warn + coarse(i.RunsOutAt.Sub(l.Now)))
		}
		return text
	}
	if i.Waiting > 0 {
		text += l.label(" wait ") + strconv.Itoa(i.Waiting)
	}
	if runsOut(i) {
		text += l.S.Warn.Bold().Paint(" " + l.G.Warn + " reserve in " + coarse(i.RunsOutAt.Sub(l.Now)))
	}
	if !i.ResetAt.IsZero() && i.ResetAt.After(l.Now) {
		text += l.label(" " + l.G.Clock + coarse(i.ResetAt.Sub(l.Now)))
	}
	return text
}

// identifyRest is what the header has no room for.
func identifyRest(l Look, i ops.Identify) string {
	return l.label("identifies: ") + strconv.Itoa(i.LastHour) + l.label(" in the last hour, reserve ") + strconv.Itoa(i.Reserve)
}

// identifyRank is how long the budget keeps its place in the header: a bad
// forecast outlives the figures of a fleet that is well.
func identifyRank(i ops.Identify) int {
	if i.Breaker.Open || runsOut(i) || i.Known && i.Remaining <= i.Reserve {
		return rankName
	}
	return rankIdentify
}

// remainingStyle is how loud what is left of the budget is said.
func remainingStyle(l Look, i ops.Identify) style.Style {
	switch {
	case i.Remaining <= i.Reserve:
		return l.S.Critical
	case runsOut(i):
		return l.S.Warn.Bold()
	default:
		return l.S.Text
	}
}

// runsOut reports whether the reserve is reached before the reset at the present pace.
func runsOut(i ops.Identify) bool {
	return i.Known && !i.RunsOutAt.IsZero() && i.Remaining > i.Reserve && !i.Breaker.Open
}

// budgetTrouble is the worst of the budget in a few words; empty if all is well.
func budgetTrouble(l Look, i ops.Identify) string {
	switch {
	case i.Breaker.Open:
		return l.S.Critical.Paint(l.G.Critical + " identifies stopped for " + l.ago(i.Breaker.Since) + ", " + left(i))
	case i.Known && i.Remaining <= i.Reserve:
		return l.S.Critical.Paint(l.G.Critical + " identify reserve reached, " + left(i))
	case runsOut(i):
		return l.S.Warn.Bold().Paint(l.G.Warn + " identify reserve in " + coarse(i.RunsOutAt.Sub(l.Now)) + ", " + left(i))
	default:
		return ""
	}
}

// left is what remains of the budget: 412/1000 left.
func left(i ops.Identify) string {
	if !i.Known {
		return "budget not known"
	}
	return strconv.Itoa(i.Remaining) + "/" + strconv.Itoa(i.Total) + " left"
}

// ForecastText says where the budget goes at the pace of the last hour, in words,
// with times of day in the zone of now. The pace is the engine's: sessions that
// begin for the first time are none.
func ForecastText(i ops.Identify, now time.Time) string {
	switch {
	case !i.Known:
		return "not known: Discord has not told the budget yet"
	case i.Breaker.Open:
		return "while the breaker is open, only what an operator asks for is spent"
	case i.Remaining <= i.Reserve:
		return "the reserve is reached: shards identify by themselves again after the reset, and before it when an operator asks"
	case i.LastHour == 0:
		return "no identify in the last hour: the budget lasts"
	case i.RunsOutAt.IsZero() && i.ResetAt.IsZero():
		return "the budget lasts, as far as the last hour tells"
	case i.RunsOutAt.IsZero():
		return "the budget lasts until the reset, as far as the last hour tells"
	}
	text := "at this pace the reserve is reached at " + i.RunsOutAt.In(now.Location()).Format("15:04") + ", in " + roughly(i.RunsOutAt.Sub(now))
	if before := i.ResetAt.Sub(i.RunsOutAt); before > 0 {
		text += ", " + roughly(before) + " before the reset"
	}
	return text
}

// roughly is a span in words that do not change each second: 42 min, 3 h.
func roughly(d time.Duration) string {
	switch {
	case d >= 2*time.Hour:
		return strconv.Itoa(int(d.Hours())) + " h"
	case d >= time.Minute:
		return strconv.Itoa(int(d.Minutes())) + " min"
	default:
		return strconv.Itoa(max(int(d.Seconds()), 0)) + " s"
	}
}

// budgetBar is what remains of the budget as a bar of w cells, with a mark where
// the reserve ends.
func budgetBar(l Look, i ops.Identify, w int) string {
	if !i.Known || i.Total <= 0 || w < 3 {
		return ""
	}
	full := []rune(frame.Gauge(int64(i.Remaining), int64(i.Total), w, l.G))
	mark := min(max(i.Reserve*w/i.Total, 0), w-1)
	paint := l.S.Queue
	if i.Remaining <= i.Reserve {
		paint = l.S.Critical
	} else if runsOut(i) {
		paint = l.S.Warn
	}
	if i.Reserve <= 0 {
		return paint.Paint(string(full))
	}
	return paint.Paint(string(full[:mark])) + l.S.Strong.Paint(l.G.Vertical) + paint.Paint(string(full[mark+1:]))
}

// budgetScale is the line below the bar: what its ends and its mark stand for.
func budgetScale(l Look, i ops.Identify, w int) string {
	if !i.Known || i.Total <= 0 {
		return ""
	}
	mark := min(max(i.Reserve*w/i.Total, 0), w-1)
	reserve := frame.Blank(mark) + l.G.Vertical + " reserve " + strconv.Itoa(i.Reserve)
	if i.Reserve <= 0 {
		reserve = "no reserve"
	}
	return l.label(frame.Ends(reserve, " of "+strconv.Itoa(i.Total), w))
}
