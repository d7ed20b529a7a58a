package plain

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/gatehouse-gateway/gatehouse/engine/ops"
	"github.com/gatehouse-gateway/gatehouse/tui/frame"
)

// Teller puts what has changed between two snapshots into sentences.
type Teller struct {
	last *ops.Snapshot
}

// Tell is what has changed since the snapshot before; of the first, what there is.
func (t *Teller) Tell(s *ops.Snapshot) []string {
	before := t.last
	t.last = s
	if before == nil {
		out := []string{Summary(s)}
		for _, a := range s.Alerts {
			out = append(out, alertText(&a))
		}
		return out
	}
	var out []string
	if s.Phase != before.Phase {
		out = append(out, fmt.Sprintf("The engine is %s.", s.Phase))
	}
	out = append(out, shardChanges(before, s)...)
	out = append(out, sinkChanges(before, s)...)
	out = append(out, reshardChanges(&before.Reshard, &s.Reshard)...)
	out = append(out, alertChanges(before.Alerts, s.Alerts)...)
	return append(out, actionChanges(before.Actions, s.Actions)...)
}

// Summary is the engine in one sentence or two.
func Summary(s *ops.Snapshot) string {
	ready := s.Fleet.ByState[ops.ShardReady]
	text := fmt.Sprintf("The engine is %s: %d of %d shards ready, %s guilds, %s events a second", s.Phase, ready, len(s.Shards),
		frame.Grouped(int64(s.Fleet.Guilds)), frame.Rate(s.Traffic.Rate))
	if s.Traffic.Depth > 0 {
		text += fmt.Sprintf(", %s events queued, the oldest for %s", frame.Grouped(int64(s.Traffic.Depth)), frame.Duration(s.Traffic.Lag))
	}
	text += "."
	for _, state := range ops.ShardStates() {
		if n := s.Fleet.ByState[state]; n > 0 && state != ops.ShardReady {
			text += fmt.Sprintf(" %s %s.", frame.Plural(n, "shard"), stateText(state))
		}
	}
	if s.Identify.Known {
		text += fmt.Sprintf(" %d of %d session starts are left.", s.Identify.Remaining, s.Identify.Total)
	}
	switch n := len(s.Alerts); n {
	case 0:
		return text + " No alerts."
	default:
		return text + " " + frame.Plural(n, "alert") + "."
	}
}

// named is how many shards are named before only their number is told.
const named = 5

// shardChanges groups the shards that have changed by what they are now.
func shardChanges(before, s *ops.Snapshot) []string {
	was := map[int]*ops.Shard{}
	for i := range before.Shards {
		was[before.Shards[i].ID] = &before.Shards[i]
	}
	var out []string
	if before.Fleet.Total != s.Fleet.Total {
		return []string{fmt.Sprintf("The bot has %d shards now; %d of the %d that are held here are ready.", s.Fleet.Total, s.Fleet.ByState[ops.ShardReady], len(s.Shards))}
	}
	now := map[ops.ShardState][]int{}
	var back []int // ready again within one look
	for i := range s.Shards {
		sh := &s.Shards[i]
		old := was[sh.ID]
		switch {
		case old == nil || old.State == sh.State && old.Reconnects == sh.Reconnects:
		case sh.State == ops.ShardReady && old.State == ops.ShardReady:
			back = append(back, sh.ID)
		case sh.State == ops.ShardFailed:
			out = append(out, fmt.Sprintf("Shard %d has failed: %s.", sh.ID, strings.TrimRight(frame.Clean(sh.Fault), ".")))
		default:
			now[sh.State] = append(now[sh.State], sh.ID)
		}
	}
	if len(back) > 0 {
		out = append(out, who(back)+" reconnected"+are(back, " and is", " and are")+" ready again.")
	}
	for _, state := range ops.ShardStates() {
		ids := now[state]
		switch {
		case len(ids) == 0:
		case state == ops.ShardReady:
			text := who(ids) + are(ids, " is", " are") + " ready"
			if ready := s.Fleet.ByState[ops.ShardReady]; ready == len(s.Shards) {
				text += "; all " + strconv.Itoa(ready) + " are"
			} else {
				text += fmt.Sprintf("; %d of %d are", ready, len(s.Shards))
			}
			out = append(out, text+".")
		default:
			out = append(out, fmt.Sprintf("%s%s %s.", who(ids), are(ids, " is", " are"), stateText(state)))
		}
	}
	return out
}

// who names shards, or says how many they are.
func who(ids []int) string {
	switch {
	case len(ids) == 1:
		return "Shard " + strconv.Itoa(ids[0])
	case len(ids) > named:
		return strconv.Itoa(len(ids)) + " shards"
	}
	words := make([]string, len(ids))
	for i, id := range ids {
		words[i] = strconv.Itoa(id)
	}
	last := len(words) - 1
	return "Shards " + strings.Join(words[:last], ", ") + " and " + words[last]
}

func are(ids []int, one, several string) string {
	if len(ids) == 1 {
		return one
	}
	return several
}

// stateText is a state as it follows "is".
func stateText(s ops.ShardState) string {
	if s == ops.ShardBackoff {
		return "in backoff"
	}
	return s.String()
}

func sinkChanges(before, s *ops.Snapshot) []string {
	var out []string
	for i := range s.Sinks {
		k := &s.Sinks[i]
		at := slices.IndexFunc(before.Sinks, func(o ops.Sink) bool { return o.Name == k.Name })
		switch {
		case at < 0:
			out = append(out, fmt.Sprintf("Sink %s is new: %s.", frame.Clean(k.Name), k.State))
		case before.Sinks[at].State != k.State:
			text := fmt.Sprintf("Sink %s is %s", frame.Clean(k.Name), k.State)
			if k.State != ops.SinkOK && k.LastError != "" {
				text += ": " + frame.Clean(k.LastError)
			}
			if k.Depth > 0 {
				text += fmt.Sprintf("; %s events wait", frame.Grouped(int64(k.Depth)))
			}
			out = append(out, text+".")
		}
		if at >= 0 && k.Dropped > before.Sinks[at].Dropped {
			out = append(out, fmt.Sprintf("%s events for sink %s were dropped.", frame.Grouped(int64(k.Dropped-before.Sinks[at].Dropped)), frame.Clean(k.Name)))
		}
	}
	return out
}

func reshardChanges(before, r *ops.Reshard) []string {
	var out []string
	switch {
	case r.Now != nil && (before.Now == nil || before.Now.Phase != r.Now.Phase):
		out = append(out, fmt.Sprintf("Reshard from %d to %d shards: %s.", r.Now.Plan.From, r.Now.Plan.To, r.Now.Phase))
	case r.Now != nil && before.Now.Paused != r.Now.Paused:
		out = append(out, map[bool]string{true: "The reshard is paused.", false: "The reshard goes on."}[r.Now.Paused])
	case r.Now != nil && r.Now.Waits != before.Now.Waits && r.Now.Waits != "":
		out = append(out, "The reshard waits: "+strings.TrimRight(frame.Clean(r.Now.Waits), ".")+".")
	}
	if len(r.History) > 0 && (len(before.History) == 0 || !before.History[0].Begun.Equal(r.History[0].Begun)) {
		h := &r.History[0]
		if h.Err != "" {
			out = append(out, fmt.Sprintf("The reshard from %d to %d has ended without success: %s.", h.From, h.To, strings.TrimRight(frame.Clean(h.Err), ".")))
		} else {
			out = append(out, fmt.Sprintf("The reshard from %d to %d is done, with %s without deliveries.", h.From, h.To, frame.Duration(h.Gap)))
		}
	}
	return out
}

func alertText(a *ops.Alert) string {
	level := "Alert"
	if a.Level == ops.AlertCritical {
		level = "Critical alert"
	}
	return level + ": " + frame.Clean(a.Text)
}

func alertChanges(before, now []ops.Alert) []string {
	var out []string
	has := func(list []ops.Alert, a *ops.Alert) bool {
		return slices.ContainsFunc(list, func(o ops.Alert) bool { return o.ID == a.ID && o.Level == a.Level })
	}
	for i := range now {
		if !has(before, &now[i]) {
			out = append(out, alertText(&now[i]))
		}
	}
	for i := range before {
		a := &before[i]
		if !slices.ContainsFunc(now, func(o ops.Alert) bool { return o.ID == a.ID }) {
			out = append(out, "Alert over: "+frame.Clean(a.Text))
		}
	}
	return out
}

// actionChanges tells of actions that have begun or ended, the oldest first.
func actionChanges(before, now []ops.Action) []string {
	state := map[uint64]ops.ActionState{}
	for i := range before {
		state[before[i].ID] = before[i].State
	}
	var out []string
	for i := len(now) - 1; i >= 0; i-- {
		a := &now[i]
		was, known := state[a.ID]
		if known && was == a.State {
			continue
		}
		text := fmt.Sprintf("%s, by %s: %s", frame.Clean(a.What), frame.Clean(a.By), a.State)
		if a.Result != "" {
			text += ", " + strings.TrimRight(frame.Clean(a.Result), ".")
		}
		out = append(out, strings.ToUpper(text[:1])+text[1:]+".")
	}
	return out
}
