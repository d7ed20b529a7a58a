package tui

import (
	"fmt"
	"strconv"

	tea "charm.land/bubbletea/v2"

	"github.com/gatehouse-gateway/gatehouse/tui/dialog"
)

// fleetActions steer the fleet as a whole.
func fleetActions() []action {
	return []action{
		{id: "reshard", title: "reshard the fleet", short: "reshard", keys: []string{"R"}, group: groupAct, bar: true, run: openReshard},
	}
}

// openReshard says what the fleet has and what Discord recommends, and whether
// it can be changed.
func openReshard(m *model) tea.Cmd {
	d := &dialog.Dialog{ID: "reshard", Title: "Reshard", Opener: "R"}
	if m.live == nil {
		d.Body = []string{"The engine has not answered yet."}
		m.open(d, nil)
		return nil
	}
	r, f := m.live.Reshard, m.live.Fleet
	recommended := "not known yet"
	if r.Recommended > 0 {
		recommended = strconv.Itoa(r.Recommended)
	}
	fullest := 0
	for i := range m.live.Shards {
		fullest = max(fullest, m.live.Shards[i].Guilds)
	}
	d.Facts = []dialog.Fact{
		{Label: "shards now", Value: strconv.Itoa(f.Total)},
		{Label: "recommended", Value: recommended, Note: "by Discord"},
		{Label: "fullest shard", Value: fmt.Sprintf("%d of 2500 guilds", fullest), Note: fmt.Sprintf("%d %%", fullest*100/2500)},
	}
	d.Warning = "Not possible: " + r.Reason
	if r.Supported {
		d.Warning = "This console cannot start it; use gatehouse ctl reshard."
	}
	m.open(d, nil)
	return nil
}
