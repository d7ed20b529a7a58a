package screen

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gatehouse-gateway/gatehouse/engine/ops"
	"github.com/gatehouse-gateway/gatehouse/tui/frame"
	"github.com/gatehouse-gateway/gatehouse/tui/style"
)

// ReshardPage is everything about the reshard under way, or else about those
// that have ended and the next one.
type ReshardPage struct {
	Snap     *ops.Snapshot
	Flow     []float64 // events acknowledged in each of the last seconds, oldest first
	FlowEnd  int64     // number of the second of the last one
	Switched time.Time // when the next fleet took over, of the reshard on show; zero if it has not, or nobody knows
	Log      []ops.LogLine
	Actions  []Hint
}

// From this size on the progress and the curve stand beside each other.
const (
	reshardWide = 110
	reshardHigh = 18
)

// Draw is the page of w×h cells.
func (p ReshardPage) Draw(l Look, w, h int) frame.Block {
	if w < reshardWide || h < reshardHigh {
		return p.box(l, p.narrow(l, w-4, h-2), w, h)
	}
	lw := w * 11 / 20
	left := p.box(l, append(p.lines(l, lw-4, false), p.rest(l, lw-4)...), lw, h)
	ch := min(max(h/2, 8), 20)
	chart := p.chart(l, w-lw-2, ch-2)
	box := frame.Box{Title: l.S.Title.Paint("events to the bot"), Foot: l.label("last 2 min, as this console has seen them")}
	log := frame.Box{Title: l.S.Title.Paint("log of it")}
	return frame.Beside(left, frame.Stack(
		box.Draw(frame.NewBlock(chart, w-lw-2, ch-2), l.S, l.G),
		log.Draw(frame.NewBlock(p.log(l, w-lw-4, h-ch-2), w-lw-2, h-ch-2), l.S, l.G)))
}

// The curve's height in a page that is one box: the least at which it tells
// anything, with the blank line before it, and the most.
const (
	curveLeast = 6
	curveMost  = 9
)

// narrow has everything in one box, what matters most first: the figures, the
// curve, the rest, the log.
func (p ReshardPage) narrow(l Look, w, h int) []string {
	lines, rest := p.lines(l, w, h < reshardHigh-2), p.rest(l, w)
	room := h - len(lines) - len(p.actions(l, w))
	if room >= curveLeast {
		n := min(max(room-len(rest), curveLeast), curveMost)
		room -= n
		rest = rest[:min(len(rest), room)]
		lines = append(append(lines, rest...), "")
		lines = append(lines, p.chart(l, w, n-1)...)
	} else {
		lines = append(lines, rest...)
	}
	if room -= len(rest); room >= 3 {
		lines = append(lines, p.log(l, w, room)...)
	}
	return lines
}

// actions are what can be done, on the page of a reshard under way.
func (p ReshardPage) actions(l Look, w int) []string {
	if p.Snap.Reshard.Now == nil {
		return nil
	}
	return actionLines(l, p.Actions, w)
}

// box is the panel with the actions at its end.
func (p ReshardPage) box(l Look, lines []string, w, h int) frame.Block {
	title := "reshard"
	if run := p.Snap.Reshard.Now; run != nil {
		title = fmt.Sprintf("reshard %d %s %d", run.Plan.From, l.G.Right, run.Plan.To)
	}
	box := frame.Box{Title: l.S.Title.Paint(title), Focus: true, Note: l.S.Key.Paint("esc") + l.label(" back")}
	room, actions := max(0, h-2), p.actions(l, w-4)
	if len(actions) >= room/2 {
		actions = nil // the key bar says what is possible
	}
	room -= len(actions)
	for len(lines) < room {
		lines = append(lines, "")
	}
	out := []string{}
	for _, line := range append(lines[:room:room], actions...) {
		out = append(out, " "+line)
	}
	return box.Draw(frame.NewBlock(out, w-2, h-2), l.S, l.G)
}

// lines are the figures; where there is no room for all, tight, those of the
// present phase come first.
func (p ReshardPage) lines(l Look, w int, tight bool) []string {
	run := p.Snap.Reshard.Now
	if run == nil {
		return p.ended(l, w)
	}
	lines := flow(steps(l, run), w)
	shards, guilds, streams := spawnLines(l, run, w), loadLines(l, run, w), overlapLines(l, run, w)
	order := [][]string{shards, guilds, streams}
	switch {
	case tight && run.Phase == ops.ReshardLoad:
		order = [][]string{guilds, streams, shards}
	case tight && run.Phase > ops.ReshardLoad:
		order = [][]string{streams, guilds, shards}
	}
	lines = append(lines, waitLines(l, run, w, tight)...)
	return append(lines, slices.Concat(order...)...)
}

// rest are the lines that can be done without.
func (p ReshardPage) rest(l Look, w int) []string {
	if p.Snap.Reshard.Now == nil {
		return p.earlier(l, w)
	}
	return restLines(l, p.Snap.Reshard.Now, w)
}

// spawnLines are how many shards of the next fleet are up.
func spawnLines(l Look, run *ops.ReshardRun, w int) []string {
	up, all := run.ByState[ops.ShardReady], ReshardSize(run)
	return []string{row(l, "shards", progress(l, int64(up), int64(all), fmt.Sprintf("%d of %d ready", up, all), w)), waveLine(l, run)}
}

// loadLines are how many guilds the next fleet has been told of.
func loadLines(l Look, run *ops.ReshardRun, w int) []string {
	text := fmt.Sprintf("%d of %d", run.Guilds, run.GuildsAll)
	return append([]string{row(l, "guilds", progress(l, int64(run.Guilds), int64(run.GuildsAll), text, w))}, missingLines(l, run, w)...)
}

// overlapLines are how the streams compare.
func overlapLines(l Look, run *ops.ReshardRun, w int) []string {
	text := soak(run.Agreed) + " of " + soak(run.Soak)
	return append([]string{row(l, "agreement", progress(l, int64(run.Agreed), int64(run.Soak), text, w))}, labelled(l, "events", flow(counters(l, run), w-labelWidth))...)
}

// restLines are the next fleet's states, and how the reshard came about.
func restLines(l Look, run *ops.ReshardRun, w int) []string {
	lines := append(switchLine(l, run), fleetLines(l, run, w)...)
	begun := fmt.Sprintf("%s ago by %s", l.ago(run.Begun), frame.Clean(run.By))
	begun += "; " + strconv.Itoa(run.Plan.To) + " shards: " + frame.Clean(run.Plan.Why)
	return append(lines, labelled(l, "begun", frame.Wrap(begun, w-labelWidth, 2))...)
}

// switchLine is when the next fleet takes over, by the plan; none once it has, or
// while nothing moves.
func switchLine(l Look, run *ops.ReshardRun) []string {
	if run.Phase >= ops.ReshardSwitch || run.Paused || run.Plan.ETA <= 0 {
		return nil
	}
	left := run.Begun.Add(run.Plan.ETA).Sub(l.Now)
	if left < 0 {
		return []string{row(l, "switch", frame.Age(-left)+l.label(" later than planned"))}
	}
	return []string{row(l, "switch", l.label("in about ")+frame.Age(left)+l.label(" by the plan"))}
}

// steps are the phases in their order: those that are over, the present one with
// its age, those to come.
func steps(l Look, run *ops.ReshardRun) []string {
	var out []string
	for phase := ops.ReshardSpawn; phase <= ops.ReshardRetire; phase++ {
		switch {
		case phase < run.Phase:
			out = append(out, l.S.OK.Paint(l.G.OK+" "+phase.String()))
		case phase > run.Phase:
			out = append(out, l.label(l.stateSign(ops.ShardIdle)+" "+phase.String()))
		case run.Paused:
			out = append(out, l.S.Warn.Bold().Paint(l.G.Frozen+" "+phase.String()+" PAUSED"))
		default:
			out = append(out, l.S.Accent.Bold().Paint(l.G.Right+" "+phase.String()+" "+l.ago(run.Since)))
		}
	}
	return out
}

// waitLines are what it waits for; loud if it does not go on by itself.
func waitLines(l Look, run *ops.ReshardRun, w int, tight bool) []string {
	if run.Waits == "" {
		return nil
	}
	paint := l.S.Text
	if reshardHeld(l, run) {
		paint = l.S.Warn.Bold()
	}
	most := 4
	if tight {
		most = 2
	}
	lines := frame.Wrap(frame.Clean(run.Waits), w-labelWidth, most)
	for i := range lines {
		lines[i] = paint.Paint(lines[i])
	}
	return labelled(l, "waits", lines)
}

// reshardHeld reports whether a reshard does not go on without a person.
func reshardHeld(l Look, run *ops.ReshardRun) bool {
	late := !run.Timeout.IsZero() && l.Now.After(run.Timeout)
	apart := run.Phase == ops.ReshardOverlap && run.Soak > 0 && l.Now.Sub(run.Since) > 3*run.Soak
	return run.Paused || late || apart
}

// barMost is the widest bar of a progress, in cells.
const barMost = 30

// progress is a bar, and the figures that it stands for.
func progress(l Look, part, whole int64, text string, w int) string {
	paint := l.S.Queue
	if part >= whole && whole > 0 {
		paint = l.S.OK
	}
	n := min(barMost, w-labelWidth-frame.Width(text)-1)
	if n < 4 {
		return text
	}
	return paint.Paint(frame.Gauge(part, whole, n, l.G)) + " " + text
}

// waveLine is which wave of identifies is under way, and when the last is up.
func waveLine(l Look, run *ops.ReshardRun) string {
	text := strconv.Itoa(run.Wave) + l.label(" of ") + strconv.Itoa(run.Waves)
	switch {
	case run.Phase != ops.ReshardSpawn:
		text += l.label(", all shards are up")
	case run.Paused:
		text += l.label(", none is sent while it is paused")
	case !run.UpAt.IsZero():
		text += l.label(", all up in ") + l.until(run.UpAt) + l.label(" at ") + l.clock(run.UpAt)
	}
	return row(l, "waves", text)
}

// labelled puts a label before the first line, and the others below its value.
func labelled(l Look, name string, lines []string) []string {
	out := make([]string, len(lines))
	for i, line := range lines {
		out[i] = row(l, name, line)
		name = ""
	}
	return out
}

// counters are how the streams of both fleets compare.
func counters(l Look, run *ops.ReshardRun) []string {
	differs := func(n uint64) style.Style {
		if n > 0 {
			return l.S.Warn.Bold()
		}
		return l.S.Text
	}
	waiting := frame.Count(run.Waiting) + l.label(" waiting")
	if run.Bytes > 0 {
		waiting += l.label(" (") + frame.Bytes(run.Bytes) + l.label(")")
	}
	return []string{
		frame.Grouped(int64(run.Both)) + l.label(" from both"),
		differs(run.OnlyOld).Paint(frame.Grouped(int64(run.OnlyOld))) + l.label(" only old"),
		differs(run.OnlyNew).Paint(frame.Grouped(int64(run.OnlyNew))) + l.label(" only new"),
		waiting,
	}
}

// missingLines name guilds that have not come to the next fleet.
func missingLines(l Look, run *ops.ReshardRun, w int) []string {
	lacks := run.GuildsAll - run.Guilds
	if lacks <= 0 || len(run.Missing) == 0 || run.Phase < ops.ReshardLoad {
		return nil // before its shards are up, the next fleet cannot know of them
	}
	text := frame.Plural(lacks, "guild")
	if !run.Timeout.IsZero() {
		if run.Timeout.After(l.Now) {
			text += l.label(", an alert in ") + l.until(run.Timeout)
		} else {
			text += l.S.Warn.Bold().Paint(" for longer than reshard.load_timeout")
		}
	}
	out := []string{row(l, "missing", text)}
	const rows = 3
	fit := max(1, (w-labelWidth)/idWidth)
	var ids []string
	for _, id := range run.Missing {
		if len(ids) == fit*rows-1 && lacks > len(ids)+1 {
			break // the last place is for how many more there are
		}
		ids = append(ids, frame.Fit(strconv.FormatUint(id, 10), idWidth))
	}
	if n := lacks - len(ids); n > 0 {
		ids = append(ids, "and "+frame.Count(n)+" more")
	}
	for some := range slices.Chunk(ids, fit) {
		out = append(out, row(l, "", l.label(strings.Join(some, ""))))
	}
	return out
}

// idWidth is the room for the id of a guild.
const idWidth = 20

// fleetLines are the shards of the next fleet: how many in each state, and a sign
// for each where that is not too many.
func fleetLines(l Look, run *ops.ReshardRun, w int) []string {
	lines := []string{row(l, "next fleet", States(l, ops.Fleet{ByState: run.ByState}, true))}
	room, n := w-labelWidth, ReshardSize(run)
	if n > 3*room || room < 8 {
		return lines
	}
	line, used := "", 0
	for _, state := range ops.ShardStates() {
		for left := run.ByState[state]; left > 0; {
			take := min(left, room-used)
			line += l.stateStyle(state).Paint(strings.Repeat(l.stateSign(state), take))
			if used, left = used+take, left-take; used == room {
				lines, line, used = append(lines, row(l, "", line)), "", 0
			}
		}
	}
	if used > 0 {
		lines = append(lines, row(l, "", line))
	}
	return lines
}
