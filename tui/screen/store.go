package screen

import (
	"strconv"
	"strings"
	"time"

	"github.com/gatehouse-gateway/gatehouse/engine/ops"
	"github.com/gatehouse-gateway/gatehouse/tui/frame"
)

// busyWarn is how long a write or read may take before it is worth a word.
const busyWarn = time.Second

// fullPart is the part of a bound that may be free of a queue that is full:
// events come and go in files, never one by one.
const fullPart = 100

// fullSoon is the time to the bound of the queue from which it is a warning.
const fullSoon = time.Hour

// FullIn is when the queue reaches a bound if it goes on growing as it does now.
// False if it does not grow, has no bound, or has not been measured, and while
// the engine drains or stops.
func FullIn(s *ops.Snapshot) (time.Duration, bool) {
	d := deepest(s.Sinks)
	if d == nil || d.Drain > -stir || s.Phase >= ops.PhaseDraining { // then nothing new comes in
		return 0, false
	}
	events, most := 0, 0
	for i := range s.Workers {
		events += s.Workers[i].Queue.Depth
		most = max(most, s.Workers[i].Queue.MaxEvents)
	}
	out, known := 0.0, false
	until := func(room, perSecond float64) {
		if t := max(room, 0) / perSecond; perSecond > 0 && (!known || t < out) {
			out, known = t, true
		}
	}
	if most > 0 {
		until(float64(most-events), -d.Drain)
	}
	events = max(events, d.Depth) // a reshaped fleet leaves queues that belong to no worker
	if events > 0 && s.Store.Bytes > 0 {
		growth := -d.Drain * float64(s.Store.Bytes) / float64(events)
		for _, b := range bounds(&s.Store) {
			until(float64(b.most-b.used), growth)
		}
	}
	if !known || out > float64(1000*time.Hour/time.Second) {
		return 0, false
	}
	return time.Duration(out * float64(time.Second)), true
}

// bound is one limit of the queue and what is used of it.
type bound struct{ used, most int64 }

// bounds are those that events run into: without a disk, or while it takes
// nothing, memory is one of them.
func bounds(s *ops.Store) []bound {
	var out []bound
	if s.MaxBytes > 0 {
		out = append(out, bound{max(s.Bytes, s.Disk), s.MaxBytes})
	}
	if s.MaxMemory > 0 && (!s.OnDisk || s.Fault != "") {
		out = append(out, bound{s.Memory, s.MaxMemory})
	}
	return out
}

// storeLines are the queue and its disk in at most n lines of w cells: how full,
// what is wrong or notable, and what was lost.
func storeLines(l Look, s *ops.Snapshot, w, n int) []string {
	lines := []string{storeGauges(l, &s.Store, w)}
	notes, room := storeNotes(l, s), max(1, n-2) // the gauges and the losses have a line each
	if s.Store.Fault != "" {
		rows := min(room, 2)
		if len(notes) > 0 {
			rows = max(1, room-1) // how long there is room counts more than the end of an error
		}
		lines = append(lines, critical(l, faultText(l, &s.Store), w, min(rows, 2))...)
	}
	for _, t := range append(notes, fitParts(storeWords(l, s), "  ", w)) {
		if len(lines) <= room {
			lines = append(lines, frame.Cut(t, w))
		}
	}
	lines = append(lines, frame.Cut(lossLine(l, s, w), w))
	return lines[max(0, len(lines)-n):]
}

// critical wraps a text that needs a person into at most n lines.
func critical(l Look, text string, w, n int) []string {
	var out []string
	for i, line := range frame.Wrap(text, w-2, n) {
		sign := l.G.Critical + " "
		if i > 0 {
			sign = "  "
		}
		out = append(out, l.S.Critical.Paint(sign+line))
	}
	return out
}

// storeGauges are memory and disk beside each other, as full as they are.
func storeGauges(l Look, s *ops.Store, w int) string {
	half := (w - 2) / 2
	left := gauge(l, "memory", s.Memory, s.MaxMemory, half)
	if !s.OnDisk {
		return left + "  " + l.S.Strong.Paint("in memory only")
	}
	return frame.Fit(left, half) + "  " + gauge(l, "disk", s.Disk, s.MaxBytes, half)
}

// gauge is a label, a bar and the amounts in w cells.
func gauge(l Look, name string, used, most int64, w int) string {
	if most <= 0 {
		return l.label(name+" ") + frame.Bytes(used) + l.label(", no bound")
	}
	amounts := " " + frame.Bytes(used) + l.label("/"+frame.Bytes(most))
	bar := frame.Gauge(used, most, min(24, w-frame.Width(name)-1-frame.Width(amounts)), l.G)
	paint := l.S.Queue
	if used*10 >= most*9 {
		paint = l.S.Critical
	}
	return l.label(name+" ") + paint.Paint(bar) + amounts
}

// storeNotes are what is notable about the queue beside a fault of the disk, the
// worst first.
func storeNotes(l Look, s *ops.Snapshot) []string {
	var out []string
	if t := fullText(l, s, false); t != "" {
		out = append(out, t)
	}
	if s.Store.Busy > busyWarn {
		out = append(out, slowText(l, &s.Store))
	}
	return out
}

func slowText(l Look, s *ops.Store) string {
	return l.S.Warn.Bold().Paint(l.G.Warn + " disk slow: under way for " + frame.Duration(s.Busy))
}

// faultText is why the disk takes no events, and since when.
func faultText(l Look, s *ops.Store) string {
	text := "disk fault"
	if !s.FaultSince.IsZero() {
		text += " " + l.ago(s.FaultSince)
	}
	return text + ": " + frame.Clean(s.Fault)
}

// fullText is when the queue will be full; empty if it is not and does not grow.
func fullText(l Look, s *ops.Snapshot, brief bool) string {
	full := false
	for _, b := range bounds(&s.Store) {
		full = full || b.used >= b.most-b.most/fullPart
	}
	hint, pace, what := " (see queue.when_full)", " at this pace", "queue full"
	if brief {
		hint, pace, what = "", "", "full"
	}
	in, grows := FullIn(s)
	switch {
	case full:
		return l.S.Critical.Paint(l.G.Critical + " queue full" + hint)
	case !grows:
		return ""
	case in < fullSoon:
		return l.S.Warn.Bold().Paint(l.G.Warn + " " + what + " in " + frame.Age(in) + pace)
	default:
		return l.label(what+" in ") + frame.Age(in) + l.label(pace)
	}
}

// storeWords are the figures of a disk that is in order.
func storeWords(l Look, s *ops.Snapshot) []string {
	t := &s.Store
	if !t.OnDisk {
		return []string{l.label("a crash loses what Discord does not replay")}
	}
	if t.Fault != "" {
		return []string{frame.Plural(t.Files, "file") + l.label(" on disk stay and are delivered")}
	}
	slowest := l.G.Dash
	if t.Slowest > 0 {
		slowest = frame.Duration(t.Slowest)
	}
	return []string{
		l.S.OK.Paint(l.G.OK) + l.label(" disk ok"),
		frame.Plural(t.Files, "file"),
		l.label("slowest write ") + slowest,
		l.label("written ") + frame.Bytes(t.Written),
		l.label("read ") + frame.Bytes(t.Read),
	}
}

// lossLine is what was lost or came too late since start, over all sinks, and
// what waits for a person, in w cells; it is said too if that is nothing.
func lossLine(l Look, s *ops.Snapshot, w int) string {
	if losses(s) == "" && deadLetters(s) == "" {
		return l.S.OK.Paint(l.G.OK) + l.label(" nothing lost since start")
	}
	return lossText(l, s, " since start", w)
}

// lossText names what was lost and what waits for a person, after with, if
// there is room for that; empty if there is nothing to name.
func lossText(l Look, s *ops.Snapshot, with string, w int) string {
	lost, letters := losses(s), deadLetters(s)
	if len([]rune(lost))+len([]rune(letters))+len(with)+6 > w {
		with = ""
	}
	var parts []string
	if lost != "" {
		parts = append(parts, l.S.Warn.Bold().Paint(l.G.Warn+" "+lost+with))
	}
	if letters != "" {
		parts = append(parts, l.S.Warn.Paint(letters))
	}
	return strings.Join(parts, l.sep())
}

func deadLetters(s *ops.Snapshot) string {
	n := 0
	for i := range s.Sinks {
		n += s.Sinks[i].Letters
	}
	if n == 0 {
		return ""
	}
	return frame.Plural(n, "dead letter")
}

// losses names what cannot come back. An interaction that came too late was
// delivered, and yet is lost to the one who waited for an answer.
func losses(s *ops.Snapshot) string {
	var dropped, late, expired uint64
	for i := range s.Sinks {
		dropped += s.Sinks[i].Dropped
		late += s.Sinks[i].Late
		expired += s.Sinks[i].Expired
	}
	var out []string
	if dropped > 0 {
		out = append(out, frame.Count(dropped)+" dropped")
	}
	if n := s.Store.Damaged; n > 0 {
		out = append(out, frame.Plural(n, "file")+" damaged")
	}
	if late > 0 {
		out = append(out, frame.Count(late)+" late")
	}
	if expired > 0 {
		out = append(out, frame.Count(expired)+" expired")
	}
	return strings.Join(out, ", ")
}

// wait is the verb of n things that wait.
func wait(n int) string {
	if n == 1 {
		return " waits"
	}
	return " wait"
}

// StoreLine is the queue and its disk on one line of w cells, for small screens:
// the worst of it, cut if need be, when the queue is full, and what was lost.
func StoreLine(l Look, s *ops.Snapshot, w int) string {
	t := &s.Store
	full, lost := fullText(l, s, true), lossText(l, s, "", w)
	var first string
	switch {
	case t.Fault != "":
		first = l.S.Critical.Paint(l.G.Critical + " " + faultText(l, t))
	case full != "":
		first, full = full, ""
	case t.OnDisk:
		first = l.S.OK.Paint(l.G.OK) + l.label(" disk ok")
	default:
		first = l.S.Strong.Paint("in memory only") + l.label(", ") + share(t.Memory, t.MaxMemory)
	}
	parts := squeeze(first, full, lost, w-2)
	if lost == "" {
		parts = append(parts, lossLine(l, s, w))
	}
	return frame.Fit(" "+fitParts(append(parts, storeRest(l, t, first)...), l.sep(), w-2), w)
}

// squeeze cuts what a line begins with, and what was lost, so that all three
// show in w cells. The first keeps at least a few words, and so does the last.
func squeeze(first, full, lost string, w int) []string {
	const fewWords, fewest = 24, 18
	taken := 0
	if full != "" {
		taken += frame.Width(full) + 3
	}
	if lost != "" {
		room := w - taken - 3 - min(frame.Width(first), fewWords)
		lost = frame.Cut(lost, max(fewest, room))
		taken += frame.Width(lost) + 3
	}
	return []string{frame.Cut(first, max(fewest, w-taken)), full, lost}
}

// storeRest is what a line that begins with first says where there is room.
func storeRest(l Look, t *ops.Store, first string) []string {
	var out []string
	if t.Busy > busyWarn {
		out = append(out, slowText(l, t))
	}
	memory := l.label("memory ") + share(t.Memory, t.MaxMemory)
	if !t.OnDisk {
		if memory = l.S.Strong.Paint("in memory only") + l.label(", ") + share(t.Memory, t.MaxMemory); memory == first {
			return out
		}
		return append(out, memory)
	}
	return append(out, l.label("disk ")+share(t.Disk, t.MaxBytes), memory)
}

// share is an amount against its bound.
func share(used, most int64) string {
	if most <= 0 {
		return frame.Bytes(used)
	}
	return percent(used, most) + " of " + frame.Bytes(most)
}

// percent is part of whole in whole percents; something is never 0%, and only
// what is full is 100%.
func percent(part, whole int64) string {
	switch p := int(float64(part) * 100 / float64(whole)); {
	case part <= 0:
		return "0%"
	case p < 1:
		return "<1%"
	default:
		return strconv.Itoa(p) + "%"
	}
}

// fitParts joins the parts that fit into w cells, in order.
func fitParts(parts []string, sep string, w int) string {
	line := ""
	for _, p := range parts {
		switch {
		case p == "":
		case line == "":
			line = frame.Cut(p, w)
		case frame.Width(line)+frame.Width(sep)+frame.Width(p) <= w:
			line += sep + p
		}
	}
	return line
}
