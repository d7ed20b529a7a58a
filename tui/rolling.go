package tui

import (
	"slices"
	"strconv"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/gatehouse-gateway/gatehouse/engine/ops"
	"github.com/gatehouse-gateway/gatehouse/tui/dialog"
	"github.com/gatehouse-gateway/gatehouse/tui/frame"
)

// The fields of the form, in their order.
const (
	fieldHow = iota
	fieldPause
	fieldLimit
)

// The ways to restart many shards.
const (
	oneByOne = iota
	allAtOnce
)

// pauses and limits are what can be chosen of the pace of a rolling restart.
func pauses() []time.Duration {
	return []time.Duration{0, time.Second, ops.RollingEvery, 5 * time.Second, 10 * time.Second, 30 * time.Second, time.Minute}
}

func limits() []time.Duration {
	return []time.Duration{30 * time.Second, ops.RollingWithin, 2 * time.Minute, 5 * time.Minute}
}

func spans(all []time.Duration) (words []string) {
	for _, d := range all {
		text := frame.Duration(d)
		if d == 0 {
			text = "none"
		}
		words = append(words, text)
	}
	return words
}

// askRestartAll asks before every shard is restarted.
func askRestartAll(m *model) {
	var ids []int
	for i := range m.live.Shards {
		if s := &m.live.Shards[i]; noRestart(s) == "" {
			ids = append(ids, s.ID)
		}
	}
	m.askPace(ids, ops.Command{Kind: ops.CommandRestart, All: true}, len(m.live.Shards)-len(ids))
}

func canRestartAll(m *model) (bool, string) {
	for i := range m.live.Shards {
		if noRestart(&m.live.Shards[i]) == "" {
			return true, ""
		}
	}
	return false, "no shard can be restarted now"
}

// askPace is the form in which the pace of a restart of many shards is chosen. c is
// the restart without it; out shards are left out.
func (m *model) askPace(ids []int, c ops.Command, out int) {
	name := shardNames(ids)
	if c.All {
		name = "all shards"
	}
	d := &dialog.Dialog{
		ID: "rolling", Title: "Restart " + name, Opener: "restart-all",
		Body: []string{"Each shard closes its connection and resumes its session: no identify is spent, no event is lost. One after the other " +
			"it stops by itself when a shard does not come back within the limit, or sessions are lost."},
		Fields: []dialog.Field{
			{Label: "how", Options: []string{"one after the other", "all at once"}},
			{Label: "pause", Options: spans(pauses()), Choice: slices.Index(pauses(), ops.RollingEvery)},
			{Label: "limit", Options: spans(limits()), Choice: slices.Index(limits(), ops.RollingWithin)},
		},
		Buttons: []dialog.Button{dialog.Cancel(), {ID: "yes", Label: "Restart", Key: "y"}},
	}
	facts := func() {
		rolling := d.Fields[fieldHow].Choice == oneByOne
		d.Fields[fieldPause].Off, d.Fields[fieldLimit].Off = !rolling, !rolling
		d.Facts = m.paceFacts(d, ids, out)
	}
	facts()
	m.openWith(d, func(m *model, o dialog.Outcome) tea.Cmd {
		facts()
		if o.Button != "yes" {
			return nil
		}
		what := "restart of " + name
		if d.Fields[fieldHow].Choice == oneByOne {
			what = "rolling " + what
			c.Rolling = ops.Rolling{On: true, Every: pauses()[d.Fields[fieldPause].Choice], Within: limits()[d.Fields[fieldLimit].Choice]}
		}
		return m.perform(what, c)
	})
}

// paceFacts are what a restart at the chosen pace is about.
func (m *model) paceFacts(d *dialog.Dialog, ids []int, out int) []dialog.Fact {
	guilds := 0
	for _, id := range ids {
		if s := m.shardByID(id); s != nil {
			guilds += s.Guilds
		}
	}
	facts := []dialog.Fact{
		{Label: "shards", Value: frame.Cut(idList(ids), 48), Note: frame.Plural(guilds, "guild")},
		{Label: "costs", Value: "no session start", Note: "sessions are resumed"},
	}
	if out > 0 {
		facts = append(facts, dialog.Fact{Label: "left out", Value: strconv.Itoa(out), Note: "not possible in their state"})
	}
	takes := dialog.Fact{Label: "away", Value: frame.Plural(len(ids), "shard"), Note: "at a time"}
	if d.Fields[fieldHow].Choice == oneByOne {
		least := time.Duration(len(ids)-1) * pauses()[d.Fields[fieldPause].Choice]
		takes = dialog.Fact{Label: "away", Value: "1 shard", Note: "at a time; pauses of " + frame.Duration(least) + " in all"}
	}
	return append(facts, takes)
}

// cancellable is the newest action under way that can be cancelled; nil if there is
// none.
func (m *model) cancellable() *ops.Action {
	for i := range m.live.Actions {
		if a := &m.live.Actions[i]; a.Cancels && a.State == ops.ActionRunning {
			return a
		}
	}
	return nil
}

func canCancel(m *model) (bool, string) {
	return m.cancellable() != nil, "nothing that can be cancelled is under way"
}

// askCancel asks before an action under way is ended.
func askCancel(m *model) {
	a := m.cancellable()
	id := a.ID
	m.ask("cancel the "+frame.Clean(a.What)+", "+strconv.Itoa(a.Done)+" of "+strconv.Itoa(a.Total)+" done?", func(m *model) tea.Cmd {
		return m.perform("cancel", ops.Command{Kind: ops.CommandCancel, Action: id})
	})
}
