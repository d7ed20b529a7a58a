package tui

import (
	"fmt"
	"strconv"
	"time"

	"github.com/gatehouse-gateway/gatehouse/engine/ops"
	"github.com/gatehouse-gateway/gatehouse/tui/dialog"
	"github.com/gatehouse-gateway/gatehouse/tui/frame"
	"github.com/gatehouse-gateway/gatehouse/tui/screen"
)

// budgetActions are about session starts.
func budgetActions() []action {
	return []action{
		{id: "budget", title: "identifies: budget, forecast, breaker and buckets", short: "identifies", keys: []string{"I"}, group: groupAct, bar: true,
			run: plain(func(m *model) { m.toggle(pageBudget) })},
		{id: "allow", title: "let identifies go on, once the breaker has stopped them", short: "let identifies go on", keys: []string{"A"}, group: groupAct,
			engine: true, budget: true, enabled: canAllow, run: plain(askAllow)},
	}
}

func canAllow(m *model) (bool, string) {
	return m.live.Identify.Breaker.Open, "the breaker is closed, none is stopped"
}

// askAllow asks before identifies go on, and says what that may cost.
func askAllow(m *model) {
	b := m.live.Identify
	facts := []dialog.Fact{
		{Label: "costs now", Value: "up to " + frame.Plural(b.Waiting, "session start"), Note: "one for each shard that waits"},
		{Label: "budget", Value: budgetWords(b), Note: "resets " + reset(m, b)},
		{Label: "costs later", Value: "one for each session that is lost, until the breaker opens again"},
		{Label: "last hour", Value: strconv.Itoa(b.LastHour), Note: "session starts"},
		{Label: "stopped", Value: "for " + frame.Age(m.now().Sub(b.Breaker.Since)), Note: b.Breaker.Why},
	}
	d := &dialog.Dialog{
		ID: "allow", Title: "Let identifies go on?", Opener: "A", Facts: facts,
		Warning: allowWarning(b),
		Buttons: []dialog.Button{dialog.Cancel(), {ID: "yes", Label: "Let them go on", Key: "y", Danger: true}},
	}
	c := ops.Command{Kind: ops.CommandAllow}
	if gradeOf(c, m.live) == gradeTyped {
		d.Typing = strconv.Itoa(b.Waiting)
	}
	m.confirmCommand(d, "letting identifies go on", c)
}

func budgetWords(b ops.Identify) string {
	if !b.Known {
		return "not known yet"
	}
	return fmt.Sprintf("%d of %d left, reserve %d", b.Remaining, b.Total, b.Reserve)
}

func allowWarning(b ops.Identify) string {
	text := "With none left Discord ends every session and resets the bot's token. Mend first what costs the sessions."
	if b.Known && b.Remaining-b.Waiting < b.Reserve {
		text += fmt.Sprintf(" This reaches into the reserve of %d.", b.Reserve)
	}
	return text
}

func (m *model) budgetPage() screen.BudgetPage {
	return screen.BudgetPage{Snap: m.snap, Actions: m.hints(func(a *action) bool { return a.budget })}
}

// reset is when the budget is whole again, in words that follow "resets".
func reset(m *model, b ops.Identify) string {
	if !b.Known || b.ResetAt.IsZero() {
		return "at a time not known yet"
	}
	return "in " + frame.Age(max(b.ResetAt.Sub(m.now()), time.Duration(0)))
}
