package screen

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/gatehouse-gateway/gatehouse/engine/ops"
	"github.com/gatehouse-gateway/gatehouse/tui/frame"
)

// ReshardSize is how many shards of the next fleet this process holds.
func ReshardSize(run *ops.ReshardRun) int {
	return max(run.Plan.Last-run.Plan.First+1, 0)
}

// ReshardSpent is how many identifies the reshard has used at least: one for each
// shard that has had its turn.
func ReshardSpent(run *ops.ReshardRun) int {
	n := 0
	for state, in := range run.ByState {
		switch ops.ShardState(state) {
		case ops.ShardIdle, ops.ShardConnecting, ops.ShardQueued:
		default:
			n += in
		}
	}
	return n
}

// ReshardProgress is how far the present phase has come, in a few words; empty
// where it has no steps.
func ReshardProgress(run *ops.ReshardRun) string {
	switch run.Phase {
	case ops.ReshardSpawn:
		return fmt.Sprintf("%d/%d shards", run.ByState[ops.ShardReady], ReshardSize(run))
	case ops.ReshardLoad:
		if lacks := run.GuildsAll - run.Guilds; lacks > 0 && lacks < 100 {
			return frame.Plural(lacks, "guild") + " missing"
		}
		return frame.Count(run.Guilds) + "/" + frame.Count(run.GuildsAll) + " guilds"
	case ops.ReshardOverlap:
		return "agreed " + soak(run.Agreed) + " of " + soak(run.Soak)
	default:
		return ""
	}
}

// soak is a span that is counted in seconds.
func soak(d time.Duration) string { return frame.Age(d) }

// reshardFigure is the reshard under way in the header: long with the fleets and
// the progress, or only with its phase.
func reshardFigure(l Look, run *ops.ReshardRun, all bool) string {
	paint, sign := l.S.Accent.Bold(), l.G.Clock
	if run.Paused {
		paint, sign = l.S.Warn.Bold(), l.G.Frozen
	}
	text := sign + " " + run.Phase.String()
	if run.Paused {
		text += ", PAUSED"
	}
	if p := ReshardProgress(run); p != "" {
		text += " " + p
	}
	if all {
		text = sign + " reshard " + strconv.Itoa(run.Plan.From) + l.G.Right + strconv.Itoa(run.Plan.To) + strings.TrimPrefix(text, sign)
	}
	return paint.Paint(text)
}

// reshardQuiet is the second line while a reshard runs and there is no alert.
func reshardQuiet(l Look, run *ops.ReshardRun) string {
	text := fmt.Sprintf("resharding %d %s %d", run.Plan.From, l.G.Right, run.Plan.To)
	parts := []string{" " + l.S.OK.Paint(l.G.OK) + l.label(" no alerts"), l.S.Accent.Paint(text),
		run.Phase.String() + l.label(" for ") + l.ago(run.Since)}
	if run.Paused {
		parts = append(parts, l.S.Warn.Bold().Paint("PAUSED"))
	}
	if p := ReshardProgress(run); p != "" {
		parts = append(parts, p)
	}
	return strings.Join(append(parts, l.Press("reshard")+l.label(" shows it")), l.sep())
}

// AutoText is how the fleet grows by itself, in words.
func AutoText(a ops.ReshardAuto, now time.Time) string {
	if !a.On {
		return "off (reshard.auto)"
	}
	text := fmt.Sprintf("from %d %% full on, now %s %%", a.AtPercent, strconv.FormatFloat(a.Percent, 'f', 0, 64))
	if !a.NextCheck.IsZero() {
		text += "; next check in " + coarse(a.NextCheck.Sub(now))
	}
	return text
}

// GrowthText is how fast the bot grows, and when the fleet is full; empty before
// there is a figure.
func GrowthText(a ops.ReshardAuto, now time.Time) string {
	if a.PerDay == 0 {
		return ""
	}
	text := strconv.FormatFloat(a.PerDay, 'f', 0, 64) + " guilds a day"
	if !a.FullAt.IsZero() {
		text += ", the fleet is full on " + a.FullAt.In(now.Location()).Format("2 Jan 2006")
	}
	return text
}

// ResultText is a reshard that has ended, on one line.
func ResultText(r *ops.ReshardResult, now time.Time) string {
	text := fmt.Sprintf("%d → %d, %s ago: ", r.From, r.To, coarse(now.Sub(r.Ended)))
	if r.Err == "" {
		return text + "done in " + frame.Age(r.Ended.Sub(r.Begun))
	}
	return text + "ended in " + r.Phase.String() + ", " + frame.Clean(r.Err)
}
