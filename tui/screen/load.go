package screen

import (
	"strconv"
	"strings"
	"time"

	"github.com/gatehouse-gateway/gatehouse/engine/ops"
	"github.com/gatehouse-gateway/gatehouse/tui/frame"
)

// loadedFor is how long it is worth a word that everything has been loaded.
const loadedFor = 30 * time.Second

// loading reports whether guilds are awaited.
func loading(v *ops.Load) bool {
	return !v.Began.IsZero() && v.LoadedAt.IsZero()
}

// overdue reports whether guilds are missing that should have come by now.
func overdue(v *ops.Load, now time.Time) bool {
	return len(v.Missing) > 0 && (v.Timeout.IsZero() || !v.Timeout.After(now))
}

// loadFigure is the loading on the header; empty when there is none.
func loadFigure(l Look, v *ops.Load, all bool) string {
	if !loading(v) {
		return ""
	}
	text := "loading " + strconv.Itoa(v.Loaded) + "/" + strconv.Itoa(v.Shards)
	if all {
		text += " shards"
	}
	if overdue(v, l.Now) {
		return l.S.Warn.Bold().Paint(l.G.Warn + " " + text)
	}
	return l.S.Accent.Paint(text)
}

// loadLine is how far the loading has come, in w cells; empty when there is
// nothing to say any more.
func loadLine(l Look, v *ops.Load, w int) string {
	switch {
	case v.Began.IsZero():
		return ""
	case loading(v):
		return loadProgress(l, v, w)
	case l.Now.Sub(v.LoadedAt) >= loadedFor:
		return ""
	}
	took := frame.Age(v.LoadedAt.Sub(v.Began))
	if n := v.GuildsAll - v.Guilds; n > 0 {
		return l.S.Warn.Paint(l.G.Warn+" loaded in "+took+", "+frame.Plural(n, "guild")+" did not come") + l.label(": "+guildIDs(v.Missing, 3))
	}
	return l.S.OK.Paint(l.G.OK) + l.label(" all ") + strconv.Itoa(v.Shards) + l.label(" shards loaded, ") + frame.Grouped(int64(v.Guilds)) +
		l.label(" guilds in ") + took
}

// loadProgress is the loading under way.
func loadProgress(l Look, v *ops.Load, w int) string {
	shards := l.label("loading ") + l.S.Accent.Paint(frame.Gauge(int64(v.Guilds), int64(v.GuildsAll), 16, l.G)) + " " +
		strconv.Itoa(v.Loaded) + l.label("/"+strconv.Itoa(v.Shards)+" shards")
	guilds := frame.Grouped(int64(v.Guilds)) + l.label(" of "+frame.Grouped(int64(v.GuildsAll))+" guilds")
	parts := []string{shards, guilds, l.label("for ") + l.ago(v.Began)}
	switch {
	case overdue(v, l.Now):
		missing := l.S.Warn.Bold().Paint(l.G.Warn + " " + frame.Plural(v.GuildsAll-v.Guilds, "guild") + " missing")
		parts = []string{shards, missing, parts[2], l.label(guildIDs(v.Missing, 1)), l.label(l.key("events") + " shows them"), guilds}
	case v.Timeout.After(l.Now):
		parts = append(parts, l.label("missing ones are told in ")+l.until(v.Timeout))
	}
	return fitParts(parts, l.sep(), w)
}

// guildIDs are the first n ids of guilds.
func guildIDs(ids []uint64, n int) string {
	var out []string
	for _, id := range ids[:min(n, len(ids))] {
		out = append(out, strconv.FormatUint(id, 10))
	}
	text := strings.Join(out, ", ")
	if len(ids) > n {
		text += ", …"
	}
	return text
}

// loadBrief is the loading in a few words.
func loadBrief(l Look, v *ops.Load) string {
	if v.Began.IsZero() {
		return l.label("none announced yet: shards that resume keep theirs")
	}
	text := frame.Grouped(int64(v.Guilds)) + l.label(" of "+frame.Grouped(int64(v.GuildsAll))+" loaded, by ") +
		strconv.Itoa(v.Loaded) + l.label(" of "+frame.Plural(v.Shards, "shard"))
	if n := v.GuildsAll - v.Guilds; n > 0 && (overdue(v, l.Now) || !loading(v)) {
		text = l.S.Warn.Bold().Paint(l.G.Warn+" "+frame.Plural(n, "guild")+" missing") + l.label(", ") + text
	}
	return text
}

// guildLines are the loading in full, in lines of w cells.
func guildLines(l Look, v *ops.Load, w int) []string {
	if v.Began.IsZero() {
		return []string{l.label("no shard has been told of its guilds yet: those that"), l.label("resume keep what they had")}
	}
	state := l.S.OK.Paint(l.G.OK) + l.label(" loaded ") + l.ago(v.LoadedAt) + l.label(" ago, in ") + frame.Age(v.LoadedAt.Sub(v.Began))
	switch {
	case overdue(v, l.Now) && loading(v):
		state = l.S.Warn.Bold().Paint(l.G.Warn+" guilds are missing") + l.label(", for ") + l.ago(v.Began)
	case loading(v):
		state = l.S.Accent.Paint("loading") + l.label(" for ") + l.ago(v.Began)
		if v.Timeout.After(l.Now) {
			state += l.label(", what is missing is told in ") + l.until(v.Timeout)
		}
	}
	if n := v.GuildsAll - v.Guilds; n > 0 && !loading(v) {
		state = l.S.Warn.Bold().Paint(l.G.Warn + " loaded " + l.ago(v.LoadedAt) + " ago without " + frame.Plural(n, "guild"))
	}
	lines := []string{
		state,
		row(l, "shards", strconv.Itoa(v.Loaded)+l.label(" of "+strconv.Itoa(v.Shards))),
		row(l, "guilds", frame.Grouped(int64(v.Guilds))+l.label(" of "+frame.Grouped(int64(v.GuildsAll)))),
	}
	if v.TimedOut > 0 {
		lines = append(lines, row(l, "late", l.S.Warn.Paint(frame.Plural(v.TimedOut, "guild"))+l.label(" did not come in time, since start")))
	}
	if len(v.Missing) > 0 {
		for i, line := range frame.Wrap(guildIDs(v.Missing, 20), w-labelWidth, 4) {
			lines = append(lines, row(l, map[bool]string{true: "missing"}[i == 0], l.S.Warn.Paint(line)))
		}
	}
	return lines
}
