package tui

import (
	"fmt"
	"strconv"
	"strings"

	tea "charm.land/bubbletea/v2"

	"github.com/gatehouse-gateway/gatehouse/engine/ops"
	"github.com/gatehouse-gateway/gatehouse/tui/dialog"
	"github.com/gatehouse-gateway/gatehouse/tui/frame"
)

// shardActions steer the selected or marked shards.
func shardActions() []action {
	return []action{
		{id: "restart", title: "restart by resume", short: "restart", keys: []string{"r"}, group: groupAct, engine: true, bar: true, drawer: true,
			enabled: canRestart, run: askRestart, arg: targetsArgument("restart", canRestartShards, askRestartShards)},
		{id: "reidentify", title: "re-identify", keys: []string{"i"}, group: groupAct, engine: true, bar: true, drawer: true,
			enabled: canReidentify, run: askReidentify, arg: targetsArgument("reidentify", canReidentify, askReidentify)},
		{id: "stop", title: "stop or start", short: "stop", keys: []string{"s"}, group: groupAct, engine: true, bar: true, drawer: true,
			name: stopName, enabled: canStop, run: askStop, arg: targetsArgument("stop", canStop, askStop)},
		{id: "presence", title: "presence: what people see of the bot, changed live", short: "presence", keys: []string{"u"}, group: groupAct,
			engine: true, enabled: hasShard, run: plain((*model).openPresence)},
		{id: "where", title: "the shard of a guild, now and under a plan", short: "where", group: groupMove, arg: whereArgument()},
		{id: "mark", title: "mark the shard for an action on several", short: "mark", keys: []string{"m"}, group: groupAct,
			enabled: hasShard, run: plain(toggleMark)},
	}
}

// eligible are the targets for which a condition holds, and, if there are
// none, why the first of them is not.
func (m *model) eligible(why func(s *ops.Shard) string) (ids []int, reason string) {
	reason = "no shard is selected"
	for i, id := range m.targets() {
		s := m.shardByID(id)
		if s == nil {
			continue
		}
		if no := why(s); no == "" {
			ids = append(ids, id)
		} else if i == 0 {
			reason = no
		}
	}
	return ids, reason
}

func down(s *ops.Shard) string {
	switch s.State {
	case ops.ShardStopped:
		return "the shard is stopped: {stop} starts it"
	case ops.ShardFailed:
		return "the shard has failed: mend the cause, then {stop} starts it"
	default:
		return ""
	}
}

func noRestart(s *ops.Shard) string {
	if no := down(s); no != "" {
		return no
	}
	if s.SessionSince.IsZero() {
		return "no session to resume: the shard identifies"
	}
	if s.State == ops.ShardResuming {
		return "the shard is resuming already"
	}
	return ""
}

func hasShard(m *model) (bool, string) {
	return m.selected() != nil, "there are no shards yet"
}

func canRestart(m *model) (bool, string) {
	if m.page == pageWorkers {
		return canRestartWorker(m) // no shard is in sight
	}
	return canRestartShards(m)
}

func canRestartShards(m *model) (bool, string) {
	ids, why := m.eligible(noRestart)
	return len(ids) > 0, why
}

func askRestart(m *model) tea.Cmd {
	if m.page == pageWorkers {
		return askRestartWorker(m)
	}
	return askRestartShards(m)
}

// askRestartShards asks before the targets reconnect.
func askRestartShards(m *model) tea.Cmd {
	ids, _ := m.eligible(noRestart)
	left := len(m.targets()) - len(ids)
	what, c := "restart of "+shardNames(ids), ops.Command{Kind: ops.CommandRestart, Shards: ids}
	if len(ids) == 1 {
		m.ask(fmt.Sprintf("restart shard %d? It reconnects and resumes its session; no identify, no event lost.", ids[0]),
			func(m *model) tea.Cmd { return m.perform(what, c) })
		return nil
	}
	m.openWith(&dialog.Dialog{
		ID: "restart", Title: "Restart " + shardNames(ids), Opener: "r",
		Body: []string{"Each shard closes its connection and resumes its session. No identify is spent, no event is lost; " +
			"what comes meanwhile is replayed."},
		Facts: m.skipped(ids),
		Buttons: []dialog.Button{dialog.Cancel(), {ID: "yes", Label: "Restart", Key: "y"},
			{ID: "pace", Label: "One after the other", Key: "o"}},
	}, func(m *model, out dialog.Outcome) tea.Cmd {
		switch out.Button {
		case "yes":
			return m.perform(what, c)
		case "pace":
			m.askPace(ids, c, left)
		}
		return nil
	})
	return nil
}

// skipped lists the shards of an action, and how many of the marked are left out.
func (m *model) skipped(ids []int) []dialog.Fact {
	facts := []dialog.Fact{{Label: "shards", Value: idList(ids)}}
	if n := len(m.targets()) - len(ids); n > 0 {
		facts = append(facts, dialog.Fact{Label: "left out", Value: strconv.Itoa(n), Note: "not possible in their state"})
	}
	return facts
}

func canReidentify(m *model) (bool, string) {
	ids, why := m.eligible(down)
	if len(ids) == 0 {
		return false, why
	}
	if b := m.live.Identify; b.Known && b.Remaining < len(ids) {
		return false, fmt.Sprintf("%d session starts are left until %s, %d are needed", b.Remaining, b.ResetAt.Format("15:04"), len(ids))
	}
	return true, ""
}

func askReidentify(m *model) tea.Cmd {
	ids, _ := m.eligible(down)
	b := m.live.Identify
	budget := "not known yet"
	if b.Known {
		budget = fmt.Sprintf("%d → %d of %d", b.Remaining, b.Remaining-len(ids), b.Total)
	}
	facts := append(m.skipped(ids),
		dialog.Fact{Label: "costs", Value: frame.Plural(len(ids), "session start")},
		dialog.Fact{Label: "budget", Value: budget, Note: "resets " + reset(m, b)})
	warning := "Events that Discord holds for the old session are lost."
	if b.Known && b.Remaining-len(ids) < b.Reserve {
		warning += fmt.Sprintf(" This reaches into the reserve of %d.", b.Reserve)
	}
	body := "The session is given up and a new one begun. To reconnect without loss, restart instead ({restart})."
	if len(ids) > 1 {
		body = "The sessions are given up and new ones begun, as many at a time as may identify; the others stay up until it is their turn. " +
			"To reconnect without loss, restart instead ({restart})."
	}
	m.confirmCommand(&dialog.Dialog{
		ID: "reidentify", Title: "Re-identify " + shardNames(ids), Opener: "i", Facts: facts, Warning: warning,
		Body:    []string{body},
		Buttons: []dialog.Button{dialog.Cancel(), {ID: "yes", Label: "Re-identify", Key: "y", Danger: true}},
	}, "re-identify of "+shardNames(ids), ops.Command{Kind: ops.CommandReidentify, Shards: ids})
	return nil
}

func notRunning(s *ops.Shard) string {
	if down(s) != "" {
		return ""
	}
	return "the shard runs"
}

func canStop(m *model) (bool, string) {
	_, why := m.eligible(down)
	return len(m.targets()) > 0, why
}

func stopName(m *model) string {
	if run, _ := m.eligible(down); len(run) > 0 || len(m.targets()) == 0 {
		return "stop"
	}
	return "start"
}

// askStop starts the targets if all of them are down, else stops those that run.
func askStop(m *model) tea.Cmd {
	if run, _ := m.eligible(down); len(run) > 0 {
		m.askStopOf(run)
		return nil
	}
	ids, _ := m.eligible(notRunning)
	m.askStart(ids)
	return nil
}

// askStart asks before shards that are down identify.
func (m *model) askStart(ids []int) {
	what, c := "start of "+shardNames(ids), ops.Command{Kind: ops.CommandStart, Shards: ids}
	if len(ids) == 1 {
		m.ask("start "+shardNames(ids)+"? It costs a session start, as soon as the identify queue allows.",
			func(m *model) tea.Cmd { return m.perform(what, c) })
		return
	}
	b := m.live.Identify
	m.confirmCommand(&dialog.Dialog{
		ID: "start", Title: "Start " + shardNames(ids), Opener: "s",
		Body: []string{"Each shard identifies anew, as soon as the identify queue allows."},
		Facts: append(m.skipped(ids), dialog.Fact{Label: "costs", Value: frame.Plural(len(ids), "session start")},
			dialog.Fact{Label: "budget", Value: budgetWords(b), Note: "resets " + reset(m, b)}),
		Buttons: []dialog.Button{dialog.Cancel(), {ID: "yes", Label: "Start", Key: "y"}},
	}, what, c)
}

func (m *model) askStopOf(ids []int) {
	guilds := 0
	for _, id := range ids {
		guilds += m.shardByID(id).Guilds
	}
	m.confirmCommand(&dialog.Dialog{
		ID: "stop", Title: "Stop " + shardNames(ids), Opener: "s",
		Body: []string{"The shard stays down until it is started again."},
		Facts: append(m.skipped(ids),
			dialog.Fact{Label: "silences", Value: frame.Plural(guilds, "guild")}),
		Warning: "The session ends: the bot misses the events of these guilds until the shard is started, which costs a session start.",
		Buttons: []dialog.Button{dialog.Cancel(), {ID: "yes", Label: "Stop", Key: "y", Danger: true}},
	}, "stop of "+shardNames(ids), ops.Command{Kind: ops.CommandStop, Shards: ids})
}

func toggleMark(m *model) {
	id := m.selected().ID
	if m.sel.marked[id] {
		delete(m.sel.marked, id)
	} else {
		m.sel.marked[id] = true
	}
	if i := m.sel.index + 1; i < len(m.shards()) {
		m.selectIndex(i)
	}
}

func shardNames(ids []int) string {
	if len(ids) == 1 {
		return "shard " + strconv.Itoa(ids[0])
	}
	return strconv.Itoa(len(ids)) + " shards"
}

// idList writes ids as ranges: 3, 7-12, 40.
func idList(ids []int) string {
	var parts []string
	for i := 0; i < len(ids); {
		j := i
		for j+1 < len(ids) && ids[j+1] == ids[j]+1 {
			j++
		}
		if part := strconv.Itoa(ids[i]); j == i {
			parts = append(parts, part)
		} else {
			parts = append(parts, part+"-"+strconv.Itoa(ids[j]))
		}
		i = j + 1
	}
	return strings.Join(parts, ", ")
}
