package screen

import (
	"strconv"

	"github.com/gatehouse-gateway/gatehouse/engine/ops"
	"github.com/gatehouse-gateway/gatehouse/tui/frame"
)

// ShardTab is which part of a shard's page is shown where there is no room for all.
type ShardTab uint8

// The parts of a shard's page.
const (
	ShardFacts ShardTab = iota
	ShardTypes
	ShardGuilds
	ShardLog
	shardTabs
)

// Next is the part that follows, in a circle.
func (t ShardTab) Next() ShardTab { return (t + 1) % shardTabs }

// ShardPage is everything about a shard.
type ShardPage struct {
	Drawer Drawer
	Guilds *ops.GuildPage // nil until it has come
	Find   string         // digits that the guilds' ids hold; empty for all
	Log    []ops.LogLine  // its last lines, oldest first
	Tab    ShardTab
	TabKey string // that shows the next part
}

// From this size on all parts of a shard's page are shown.
const (
	shardPageWide = 120
	shardPageHigh = 28
	shardAside    = 56
)

// Draw is the page of w×h cells.
func (p ShardPage) Draw(l Look, w, h int) frame.Block {
	if p.Drawer.Shard == nil {
		return p.Drawer.Draw(l, w, h)
	}
	if w >= shardPageWide && h >= shardPageHigh {
		th := min(len(p.types())+3, (h-8)/3)
		gh := (h - th) / 2
		side := min(max(shardAside, w*9/20), w-64)
		return frame.Beside(p.Drawer.Draw(l, w-side, h), frame.Stack(
			p.typesPanel(l, side, th), p.guildsPanel(l, side, gh), p.logPanel(l, side, h-th-gh)))
	}
	if h < 4 {
		return p.part(l, w, h)
	}
	return frame.Stack(frame.NewBlock([]string{p.tabs(l)}, w, 1), p.part(l, w, h-1))
}

// tabs names the parts, the one on show brought out.
func (p ShardPage) tabs(l Look) string {
	text := ""
	for t, name := range [...]string{ShardFacts: "facts", ShardTypes: "events", ShardGuilds: "guilds", ShardLog: "log"} {
		if ShardTab(t) == p.Tab {
			text += " " + l.S.Selection.Paint(" "+name+" ")
		} else {
			text += l.label("  " + name + " ")
		}
	}
	return text + "  " + l.S.Key.Paint(p.TabKey) + l.label(" next")
}

func (p ShardPage) part(l Look, w, h int) frame.Block {
	switch p.Tab {
	case ShardTypes:
		return p.typesPanel(l, w, h)
	case ShardGuilds:
		return p.guildsPanel(l, w, h)
	case ShardLog:
		return p.logPanel(l, w, h)
	default:
		return p.Drawer.Draw(l, w, h)
	}
}

func (p ShardPage) types() []ops.TypeCount {
	if p.Drawer.Detail == nil {
		return nil
	}
	return p.Drawer.Detail.Types
}

// typesPanel is what has come by type.
func (p ShardPage) typesPanel(l Look, w, h int) frame.Block {
	all := p.types()
	if len(all) == 0 {
		return panel(l, "events by type", []string{l.label("none yet")}, w, h)
	}
	names := w - 4 - 24
	lines := []string{l.label(frame.Fit("type", names) + "    ev/s   count   bytes")}
	for i := range all[:min(len(all), max(0, h-3))] {
		t := &all[i]
		lines = append(lines, frame.Fit(frame.Clean(t.Type), names)+frame.Right(frame.Rate(t.Rate), 8)+frame.Right(frame.Count(t.Count), 8)+frame.Right(frame.Bytes(t.Bytes), 8))
	}
	return panel(l, "events by type", lines, w, h)
}

// guildsPanel are the shard's guilds, what needs a person first.
func (p ShardPage) guildsPanel(l Look, w, h int) frame.Block {
	title := "guilds"
	if p.Guilds == nil {
		return panel(l, title, []string{l.label("asking the engine" + l.G.Dots)}, w, h)
	}
	title += " " + frame.Grouped(int64(p.Guilds.Total))
	if p.Find != "" {
		title += l.sep() + l.S.Accent.Paint("/"+p.Find) + l.label(" "+strconv.Itoa(p.Guilds.Matching))
	}
	var lines []string
	for i := range p.Guilds.Guilds[:min(len(p.Guilds.Guilds), max(0, h-2))] {
		lines = append(lines, guildLine(l, &p.Guilds.Guilds[i]))
	}
	if len(lines) == 0 {
		lines = []string{l.label("none")}
	}
	if left := p.Guilds.Matching - len(lines); left > 0 && len(lines) > 1 {
		lines[len(lines)-1] = l.label("and "+frame.Grouped(int64(left+1))+" more: ") + l.S.Key.Paint(l.Press("filter")) + l.label(" looks for digits of an id")
	}
	return panel(l, title, lines, w, h)
}

func guildLine(l Look, g *ops.Guild) string {
	id := frame.Fit(strconv.FormatUint(g.ID, 10), guildIDWidth) + " "
	switch g.State {
	case ops.GuildAvailable:
		return id + l.S.OK.Paint(l.G.OK) + l.label(" available")
	case ops.GuildUnavailable:
		return id + l.S.Warn.Paint(l.G.Warn+" unavailable")
	default:
		return id + l.S.Accent.Paint(l.G.Dots+" "+g.State.String())
	}
}

// logPanel are the shard's last lines.
func (p ShardPage) logPanel(l Look, w, h int) frame.Block {
	v := Log{Lines: p.Log, Shard: -1}
	lines := v.visible(l, w-4, max(0, h-2))
	if len(p.Log) == 0 {
		lines = []string{l.label("nothing logged about it yet")}
	}
	return panel(l, "its log", lines, w, h)
}
