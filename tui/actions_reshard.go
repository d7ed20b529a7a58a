package tui

import (
	"fmt"
	"strconv"

	tea "charm.land/bubbletea/v2"

	"github.com/gatehouse-gateway/gatehouse/engine/ops"
	"github.com/gatehouse-gateway/gatehouse/tui/dialog"
	"github.com/gatehouse-gateway/gatehouse/tui/frame"
	"github.com/gatehouse-gateway/gatehouse/tui/screen"
)

// reshardActions change the number of shards.
func reshardActions() []action {
	return []action{
		{id: "reshard", title: "reshard: another number of shards without a pause", keys: []string{"R"}, group: groupAct, bar: true,
			name: reshardName, run: openReshard, arg: reshardArgument()},
		{id: "reshard-abort", title: "abort the reshard under way", short: "abort", keys: []string{"x"}, group: groupAct,
			engine: true, reshard: true, enabled: underWay, run: plain(askAbort)},
		{id: "reshard-pause", title: "pause the reshard under way, or let it go on", keys: []string{"h"}, group: groupAct,
			engine: true, reshard: true, name: pauseReshardName, enabled: underWay, run: plain(askPauseReshard)},
		{id: "reshard-force", title: "force the switch to the next fleet", short: "force", keys: []string{"F"}, group: groupAct,
			engine: true, reshard: true, enabled: canForce, run: plain(askForce)},
	}
}

// resharding is the reshard under way; nil if there is none.
func (m *model) resharding() *ops.ReshardRun {
	if m.live == nil {
		return nil
	}
	return m.live.Reshard.Now
}

func reshardName(m *model) string {
	if run := m.resharding(); run != nil {
		return "reshard: " + run.Phase.String()
	}
	return "reshard"
}

// underWay says whether the reshard can still be steered, and if not, why.
func underWay(m *model) (bool, string) {
	run := m.resharding()
	switch {
	case run == nil:
		return false, "no reshard is under way"
	case run.Phase >= ops.ReshardSwitch:
		return false, "too late, the next fleet has taken over"
	default:
		return true, ""
	}
}

func canForce(m *model) (bool, string) {
	if ok, why := underWay(m); !ok {
		return false, why
	}
	run := m.resharding()
	if up, all := run.ByState[ops.ShardReady], screen.ReshardSize(run); up < all {
		return false, fmt.Sprintf("only %d of %d shards of the next fleet are ready, the guilds of the others would get nothing", up, all)
	}
	return true, ""
}

func pauseReshardName(m *model) string {
	if run := m.resharding(); run != nil && run.Paused {
		return "go on"
	}
	return "pause"
}

// fleets are the totals of the reshard, in words.
func fleets(run *ops.ReshardRun) string { return fmt.Sprintf("%d → %d", run.Plan.From, run.Plan.To) }

// askAbort asks before the next fleet is given up.
func askAbort(m *model) {
	run := m.resharding()
	spent := screen.ReshardSpent(run)
	m.open(&dialog.Dialog{
		ID: "reshard-abort", Title: "Abort the reshard " + fleets(run) + "?", Opener: "x",
		Body: []string{fmt.Sprintf("The next fleet is closed. The active one, with %d shards, goes on untouched: no event is lost, none comes twice.", run.Plan.From)},
		Facts: []dialog.Fact{
			{Label: "phase", Value: run.Phase.String(), Note: "for " + frame.Age(m.now().Sub(run.Since)) + ", begun by " + run.By},
			{Label: "gone", Value: identifies(spent), Note: "another try costs " + strconv.Itoa(run.Plan.Identifies)},
			{Label: "budget", Value: budgetWords(m.live.Identify), Note: "resets " + reset(m, m.live.Identify)},
		},
		Buttons: []dialog.Button{{Label: "Go on resharding", Key: "n"}, {ID: "yes", Label: "Abort", Key: "y", Danger: true}},
	}, func(m *model) tea.Cmd {
		return m.perform("abort of the reshard", ops.Command{Kind: ops.CommandReshardAbort})
	})
}

func identifies(n int) string {
	if n == 1 {
		return "1 identify"
	}
	return strconv.Itoa(n) + " identifies"
}

// askPauseReshard asks before no further identify is spent, or before they go on.
func askPauseReshard(m *model) {
	run := m.resharding()
	if run.Paused {
		m.ask("let the reshard go on?", func(m *model) tea.Cmd {
			return m.perform("resume of the reshard", ops.Command{Kind: ops.CommandReshardResume})
		})
		return
	}
	m.ask("pause the reshard? No further identify, no switch.", func(m *model) tea.Cmd {
		return m.perform("pause of the reshard", ops.Command{Kind: ops.CommandReshardPause})
	})
}

// askForce has the number of shards typed before the next fleet takes over as it is.
func askForce(m *model) {
	run := m.resharding()
	lacks := run.GuildsAll - run.Guilds
	facts := []dialog.Fact{
		{Label: "phase", Value: run.Phase.String(), Note: "for " + frame.Age(m.now().Sub(run.Since))},
		{Label: "missing", Value: frame.Plural(lacks, "guild"), Note: "no events of theirs until they come"},
		{Label: "only old", Value: frame.Plural(int(run.OnlyOld), "event"), Note: "further ones are lost"},
		{Label: "only new", Value: frame.Plural(int(run.OnlyNew), "event"), Note: "delivered from the next fleet"},
		{Label: "waiting", Value: frame.Plural(run.Waiting, "event"), Note: "may come twice"},
	}
	if run.Waits != "" {
		facts = append(facts, dialog.Fact{Label: "it waits", Value: run.Waits})
	}
	m.open(&dialog.Dialog{
		ID: "reshard-force", Title: "Force the switch to " + frame.Plural(run.Plan.To, "shard") + "?", Opener: "F", Typing: strconv.Itoa(run.Plan.To),
		Body:    []string{"The next fleet takes over as it is: what it lacks is lost, what differs may come twice. There is no way back but another reshard."},
		Facts:   facts,
		Warning: "To lose nothing, wait, or abort ({reshard-abort}).",
		Buttons: []dialog.Button{dialog.Cancel(), {ID: "yes", Label: "Force the switch", Danger: true}},
	}, func(m *model) tea.Cmd {
		return m.perform("forced switch to "+frame.Plural(run.Plan.To, "shard"), ops.Command{Kind: ops.CommandReshardForce})
	})
}
