package screen

import (
	"cmp"
	"slices"
	"strconv"

	"github.com/gatehouse-gateway/gatehouse/engine/ops"
	"github.com/gatehouse-gateway/gatehouse/tui/frame"
)

// The widths of the figures beside the types.
const (
	guildIDWidth   = 20
	keptCountWidth = 7
)

// hotGuilds are the busiest guilds, in at most n lines.
func (p EventsPage) hotGuilds(l Look, n int) []string {
	all := p.Snap.Traffic.Guilds
	if len(all) == 0 {
		return []string{l.label("none counted yet: " + strconv.Itoa(ops.HotSeconds) + " s are counted at a time")}
	}
	lines := []string{l.label(frame.Fit("guild", guildIDWidth) + frame.Right("shard", 6) + frame.Right("ev/s", 8) + frame.Right("bytes/s", 10))}
	for i := range all[:min(len(all), max(n-1, 1))] {
		g := &all[i]
		lines = append(lines, frame.Fit(strconv.FormatUint(g.Guild, 10), guildIDWidth)+frame.Right(strconv.Itoa(g.Shard), 6)+
			l.S.Strong.Paint(frame.Right(frame.Rate(float64(g.Count)/ops.HotSeconds), 8))+frame.Right(frame.Bytes(g.Bytes/ops.HotSeconds), 10))
	}
	return lines
}

// kept is what a rule has kept of a type from a sink.
type kept struct {
	kind, sink, rule string
	count            uint64
}

// keptByRules are the types that rules kept away, by which rule of which sink, in
// at most n lines.
func (p EventsPage) keptByRules(l Look, w, n int) []string {
	var all []kept
	ruled := false
	for i := range p.Snap.Sinks {
		s := &p.Snap.Sinks[i]
		for _, r := range s.Rules {
			ruled = true
			for _, t := range r.Types {
				all = append(all, kept{t.Type, s.Name, r.Key, t.Count})
			}
		}
	}
	switch {
	case !ruled:
		return []string{l.label("no sink has rules: each takes every event")}
	case len(all) == 0:
		return []string{l.label("nothing: all events pass the rules")}
	}
	slices.SortStableFunc(all, func(a, b kept) int { return cmp.Compare(b.count, a.count) })
	var lines []string
	width := keptCountWidth
	if n == 1 {
		width = 0 // there is nothing to stand below
	}
	for i := range all[:min(len(all), max(n, 1))] {
		k := &all[i]
		lines = append(lines, frame.Cut(l.S.Strong.Paint(frame.Right(frame.Count(k.count), width))+" "+frame.Clean(k.kind)+
			l.label(" from "+frame.Clean(k.sink)+" by "+frame.Clean(k.rule)), w))
	}
	if left := len(all) - len(lines); left > 0 && n > 1 {
		lines[n-1] = l.label("and " + strconv.Itoa(left+1) + " more")
	}
	return lines
}

// keptBrief is what rules kept away most and the busiest guild, in a line each.
func (p EventsPage) keptBrief(l Look, w int) []string {
	lines := []string{row(l, "by rules", p.keptByRules(l, w-labelWidth, 1)[0])}
	if all := p.Snap.Traffic.Guilds; len(all) > 0 {
		g := &all[0]
		lines = append(lines, row(l, "busiest", l.label("guild ")+strconv.FormatUint(g.Guild, 10)+l.label(" of shard ")+strconv.Itoa(g.Shard)+l.label(", ")+
			l.S.Strong.Paint(frame.Rate(float64(g.Count)/ops.HotSeconds))+l.label("/s")))
	}
	return lines
}
