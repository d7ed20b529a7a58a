package screen

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/gatehouse-gateway/gatehouse/engine/ops"
	"github.com/gatehouse-gateway/gatehouse/tui/frame"
)

// ended is the page while no reshard runs: how the last one came out, those
// before it, and when the fleet grows by itself.
func (p ReshardPage) ended(l Look, w int) []string {
	r := &p.Snap.Reshard
	var lines []string
	if len(r.History) == 0 {
		lines = append(lines, l.label("no reshard since start"))
	} else {
		lines = append(lines, resultLines(l, &r.History[0], w)...)
	}
	lines = append(lines, "", row(l, "by itself", AutoText(r.Auto, l.Now)))
	if text := GrowthText(r.Auto, l.Now); text != "" {
		lines = append(lines, row(l, "growth", text))
	}
	if r.Auto.Due != "" {
		text := r.Auto.Due
		if r.Auto.Held != "" {
			text += "; it does not begin: " + r.Auto.Held
		}
		due := frame.Wrap(frame.Clean(text), w-labelWidth, 3)
		for i := range due {
			due[i] = l.S.Warn.Bold().Paint(due[i])
		}
		lines = append(lines, labelled(l, "due", due)...)
	}
	return append(lines, row(l, "", l.Press("reshard")+l.label(" plans one")))
}

// earlier are the reshards before the last one.
func (p ReshardPage) earlier(l Look, w int) []string {
	all := p.Snap.Reshard.History
	if len(all) < 2 {
		return nil
	}
	lines := []string{"", l.label("earlier")}
	for i := range all[1:] {
		lines = append(lines, pastLine(l, &all[1+i], w))
	}
	return lines
}

// resultLines are how a reshard came out.
func resultLines(l Look, r *ops.ReshardResult, w int) []string {
	fleets := fmt.Sprintf("%d %s %d", r.From, l.G.Right, r.To)
	head := l.S.OK.Paint(l.G.OK+" "+fleets+" done") + l.label(" in ") + frame.Age(r.Ended.Sub(r.Begun))
	var why []string
	if r.Err != "" {
		head = l.S.Critical.Paint(l.G.Bad+" "+fleets+" ended in "+r.Phase.String()) + l.label(" after ") + frame.Age(r.Ended.Sub(r.Begun))
		lines := frame.Wrap(frame.Clean(r.Err), w-labelWidth, 4)
		for i := range lines {
			lines[i] = l.S.Warn.Paint(lines[i])
		}
		why = append(labelled(l, "why", lines), row(l, "fleet", "as it was: "+strconv.Itoa(r.From)+" shards"))
	}
	lines := append([]string{head}, why...)
	if r.Err == "" {
		lines = append(lines, row(l, "gap", frame.Duration(r.Gap)+l.label(" without a delivery at the switch")))
	}
	lines = append(lines,
		row(l, "ended", "at "+l.clock(r.Ended)+l.label(", begun at ")+l.clock(r.Begun)+l.label(" by ")+frame.Clean(r.By)),
		row(l, "identifies", strconv.Itoa(r.Identifies)+l.label(" spent")))
	return append(lines, labelled(l, "events", flow([]string{frame.Grouped(int64(r.Both)) + l.label(" from both"),
		frame.Grouped(int64(r.OnlyOld)) + l.label(" only old"), frame.Grouped(int64(r.OnlyNew)) + l.label(" only new")}, w-labelWidth))...)
}

// pastLine is an earlier reshard on one line of w cells.
func pastLine(l Look, r *ops.ReshardResult, w int) string {
	sign := l.S.OK.Paint(l.G.OK)
	if r.Err != "" {
		sign = l.S.Critical.Paint(l.G.Bad)
	}
	return frame.Cut(sign+" "+l.label(l.clock(r.Ended)+" ")+strings.ReplaceAll(ResultText(r, l.Now), "→", l.G.Right)+l.label(", begun by "+frame.Clean(r.By)), w)
}
