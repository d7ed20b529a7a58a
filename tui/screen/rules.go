package screen

import (
	"strconv"

	"github.com/gatehouse-gateway/gatehouse/engine/ops"
	"github.com/gatehouse-gateway/gatehouse/tui/frame"
)

// ruleKeyWidth is the column of a rule's key.
const ruleKeyWidth = 22

// sinkRules are the rules of a sink with what they cost; none if it has none and
// takes everything.
func sinkRules(l Look, s *ops.Sink, w int) []string {
	if len(s.Rules) == 0 && s.Filtered == 0 {
		return nil
	}
	lines := []string{row(l, "filtered", l.S.Strong.Paint(frame.Count(s.Filtered))+l.label(" events kept away by ")+
		frame.Plural(len(s.Rules), "rule")+l.label(", ")+l.Press("rules")+l.label(" shows"))}
	for i := range s.Rules {
		lines = append(lines, ruleLine(l, &s.Rules[i], w))
		if e := ruleError(l, &s.Rules[i]); e != "" {
			lines = append(lines, frame.Cut("  "+e, w))
		}
	}
	return lines
}

// ruleLine is a rule on one line of w cells: its key, its counters, its text.
func ruleLine(l Look, r *ops.Rule, w int) string {
	key := frame.Fit(frame.Clean(r.Key), ruleKeyWidth)
	figures := frame.Right(frame.Count(r.Dropped), 6) + l.label(" kept away ") + frame.Right(frame.Bytes(r.Bytes), 8)
	head := "  " + l.label(key) + figures
	if r.Errors > 0 {
		return frame.Fit(head, w)
	}
	return frame.Cut(head+"  "+frame.Clean(r.Text), w)
}

// ruleError is what a rule could not judge; empty if it could.
func ruleError(l Look, r *ops.Rule) string {
	if r.Errors == 0 {
		return ""
	}
	return l.S.Warn.Bold().Paint(l.G.Warn+" "+frame.Count(r.Errors)+" not judged, which pass") + l.label(": ") + l.S.Warn.Paint(frame.Clean(r.Err))
}

// RuleFact is a rule in words, for a list of them.
type RuleFact struct{ Key, Text, Cost, Fault string }

// RuleFacts are the rules of a sink in words, in the order in which they are asked.
func RuleFacts(s *ops.Sink) []RuleFact {
	var out []RuleFact
	for i := range s.Rules {
		r := &s.Rules[i]
		f := RuleFact{Key: strconv.Itoa(i+1) + "  " + frame.Clean(r.Key), Text: frame.Clean(r.Text),
			Cost: frame.Grouped(int64(r.Dropped)) + " kept away, " + frame.Bytes(r.Bytes)}
		if r.Errors > 0 {
			f.Fault = frame.Grouped(int64(r.Errors)) + " not judged, which pass: " + frame.Clean(r.Err)
		}
		out = append(out, f)
	}
	return out
}
