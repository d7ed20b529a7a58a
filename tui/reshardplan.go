package tui

import (
	"fmt"
	"strconv"

	tea "charm.land/bubbletea/v2"

	"github.com/gatehouse-gateway/gatehouse/engine/ops"
	"github.com/gatehouse-gateway/gatehouse/tui/dialog"
	"github.com/gatehouse-gateway/gatehouse/tui/frame"
)

// openPlan shows what a reshard would do and cost. It is begun by typing the
// number of shards; what forbids it stands in the place of that.
func (m *model) openPlan(p *ops.ReshardPlan, asked ops.Target) {
	d := &dialog.Dialog{
		ID: "plan", Title: fmt.Sprintf("Reshard %d → %d", p.From, p.To), Facts: m.planFacts(p), Warnings: p.Warnings, WarnFirst: m.h < barHeight,
		Barred: p.Refusals, Deaf: m.now().Add(dialog.DeafFor),
	}
	if ok, why := m.steerable(false); !ok && len(d.Barred) == 0 {
		d.Barred = []string{why}
	}
	if len(d.Barred) > 0 {
		d.Buttons = []dialog.Button{{Label: "Close", Key: "n"}, {ID: "back", Label: "Another number", Key: "b"}}
	} else {
		d.Typing = strconv.Itoa(p.To)
		d.Buttons = []dialog.Button{dialog.Cancel(), {ID: "yes", Label: "Reshard to " + d.Typing, Danger: true}}
	}
	m.openWith(d, func(m *model, out dialog.Outcome) tea.Cmd {
		switch out.Button {
		case "back":
			m.openTarget(asked)
		case "yes":
			return m.beginReshard(p, asked.Slice)
		}
		return nil
	})
}

// beginReshard has exactly what the plan shows done.
func (m *model) beginReshard(p *ops.ReshardPlan, slice bool) tea.Cmd {
	to := ops.Target{Total: p.To}
	if slice {
		to = ops.Target{Total: p.To, First: p.First, Last: p.Last, Slice: true}
	}
	m.turnTo(pageReshard)
	return m.perform(fmt.Sprintf("reshard %d to %d", p.From, p.To), ops.Command{Kind: ops.CommandReshard, Target: to})
}

// planFacts are the plan's lines in the order of their worth.
func (m *model) planFacts(p *ops.ReshardPlan) []dialog.Fact {
	facts := []dialog.Fact{{Label: "shards", Value: fmt.Sprintf("%d → %d", p.From, p.To), Note: p.Why}}
	if p.From != p.FromLast-p.FromFirst+1 || p.To != p.Last-p.First+1 {
		facts = append(facts, dialog.Fact{Label: "held here", Value: fmt.Sprintf("%d to %d → %d to %d", p.FromFirst, p.FromLast, p.First, p.Last)})
	}
	if p.Identifies == 0 {
		return facts // there is nothing to plan: the refusal says why
	}
	facts = append(facts, m.costFact(p), wavesFact(p),
		dialog.Fact{Label: "switch", Value: "in about " + frame.Age(p.ETA), Note: "if nothing fails; events flow all the while"},
		m.fullestFact("fullest now", p.FullestNow, p.Capacity, m.live.Reshard.Auto.AtPercent), m.fullestFact("and then", p.FullestThen, p.Capacity, m.live.Reshard.Auto.AtPercent))
	if p.Guilds > 0 && m.h >= barHeight {
		facts = append(facts, dialog.Fact{Label: "on average", Value: m.averages(p), Note: "guilds a shard"})
	}
	return append(facts, dialog.Fact{Label: "memory", Value: "about " + frame.Bytes(p.More) + " more", Note: "while both fleets are up, " + frame.Bytes(p.Memory) + " now"})
}

// averages are the guilds of a shard now and then.
func (m *model) averages(p *ops.ReshardPlan) string {
	now, then := max(p.FromLast-p.FromFirst+1, 1), max(p.Last-p.First+1, 1)
	return fmt.Sprintf("%d → %d", p.Guilds/now, p.Guilds/then)
}

// costFact is what the plan takes of the budget, as a bar of what is left after it.
func (m *model) costFact(p *ops.ReshardPlan) dialog.Fact {
	if !p.Known {
		return dialog.Fact{Label: "costs", Value: identifies(p.Identifies), Note: "Discord has not told the budget yet"}
	}
	left := p.Remaining - p.Identifies
	fact := dialog.Fact{Label: "costs", Value: fmt.Sprintf("%d of %s", p.Identifies, identifies(p.Remaining))}
	fact.Note = fmt.Sprintf("%d after it, reserve %d", left, p.Reserve)
	if left < 0 {
		fact.Note = strconv.Itoa(-left) + " too few"
	}
	if !p.ResetAt.IsZero() {
		fact.Note += ", reset " + frame.Age(p.ResetAt.Sub(m.now()))
	}
	if m.h >= barHeight {
		whole := max(m.live.Identify.Total, p.Remaining)
		fact.Bar = &dialog.Bar{Part: int64(max(left, 0)), Whole: int64(whole), Mark: int64(p.Reserve), Alarm: left < p.Reserve}
	}
	return fact
}

// wavesFact is in how many waves the identifies are sent.
func wavesFact(p *ops.ReshardPlan) dialog.Fact {
	if p.Waves <= 1 {
		return dialog.Fact{Label: "waves", Value: "1,", Note: "all identifies at once"}
	}
	return dialog.Fact{Label: "waves", Value: fmt.Sprintf("%d of %d, %s apart", p.Waves, p.MaxConcurrency, frame.Duration(p.Spacing)),
		Note: "the last identify after " + frame.Age(p.Spawn)}
}
