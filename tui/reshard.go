package tui

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/gatehouse-gateway/gatehouse/engine/ops"
	"github.com/gatehouse-gateway/gatehouse/tui/dialog"
	"github.com/gatehouse-gateway/gatehouse/tui/frame"
	"github.com/gatehouse-gateway/gatehouse/tui/screen"
)

// The fields of the form, in their order. The last two are those of a process
// that holds a slice.
const (
	fieldTotal = iota
	fieldFirst
	fieldLast
)

// How long a plan may take, and from when on the form says that it waits for it.
const (
	planTimeout = 10 * time.Second
	planShows   = 200 * time.Millisecond
	planTurns   = 250 * time.Millisecond // of the sign that shows it
)

// targetDigits is how long a number of shards can be.
const targetDigits = 6

// wizard is the form in which a reshard is asked for, and the plan it waits for.
type wizard struct {
	form   *dialog.Dialog // nil while it is not open
	sliced bool           // somebody has written into the fields of the slice
	asked  int            // plans, to know the answer that is waited for
	since  time.Time      // when it was asked for; zero if none is
}

// planMsg is the engine's answer to the question for a plan.
type planMsg struct {
	asked int
	plan  *ops.ReshardPlan
	err   error
}

// planTickMsg lets the form show that it still waits.
type planTickMsg struct{ asked int }

// openReshard shows the reshard under way, or asks for the target of one.
func openReshard(m *model) tea.Cmd {
	if m.live == nil {
		m.say(screen.ToneBad, "reshard: the engine has not answered yet")
		return nil
	}
	if m.live.Reshard.Now != nil {
		m.toggle(pageReshard)
		return nil
	}
	total := m.live.Reshard.Recommended
	if total == 0 {
		total = m.live.Fleet.Total
	}
	m.openTarget(ops.Target{Total: total})
	return nil
}

// openTarget opens the form with a target filled in.
func (m *model) openTarget(to ops.Target) {
	d := &dialog.Dialog{
		ID: "reshard", Title: "Reshard: how many shards?", Opener: "R", Enter: "plan", Facts: m.targetFacts(),
		Fields: []dialog.Field{number("shards", to.Total, "what reshard.target says")},
		Buttons: []dialog.Button{{ID: "plan", Label: "Show the plan", Key: "enter", Stays: true},
			{Label: "Cancel", Key: "esc"}},
	}
	m.wizard = wizard{form: d, asked: m.wizard.asked, sliced: to.Slice}
	if m.holdsSlice() {
		if !to.Slice {
			to.First, to.Last = m.sliceOf(to.Total)
		}
		d.Fields = append(d.Fields, number("first here", to.First, "0"), number("last here", to.Last, "the last of all"))
	}
	if len(m.live.Reshard.History) > 0 {
		d.Buttons = slices.Insert(d.Buttons, 1, dialog.Button{ID: "past", Label: "Earlier ones"})
	}
	r := &m.live.Reshard
	if r.Auto.Due != "" {
		d.Warning = "Due: " + r.Auto.Due + "."
		if r.Auto.Held != "" {
			d.Warning += " It does not begin: " + r.Auto.Held + "."
		}
	}
	if r.Refusal != "" {
		d.Warnings = []string{"None can begin now: " + r.Refusal}
	}
	m.openWith(d, func(m *model, out dialog.Outcome) tea.Cmd { return m.targetKey(d, out) })
}

// number is a field for a number, with one filled in; without one the hint shows.
func number(label string, n int, hint string) dialog.Field {
	f := dialog.Field{Label: label, Hint: hint, Line: dialog.Line{Most: targetDigits, Digits: true}}
	if n > 0 || label != "shards" {
		f.Line.Set(strconv.Itoa(n))
	}
	return f
}

// holdsSlice reports whether the process holds only some of the bot's shards.
func (m *model) holdsSlice() bool {
	f := m.live.Fleet
	return f.Total > 0 && (f.First > 0 || f.Last < f.Total-1)
}

// sliceOf is the part of total shards that this process holds now.
func (m *model) sliceOf(total int) (first, last int) {
	f := m.live.Fleet
	return f.First * total / f.Total, max(0, (f.Last+1)*total/f.Total-1)
}

// targetFacts are what a target is chosen by.
func (m *model) targetFacts() []dialog.Fact {
	r, f := &m.live.Reshard, m.live.Fleet
	now := dialog.Fact{Label: "shards now", Value: strconv.Itoa(f.Total)}
	if m.holdsSlice() {
		now.Note = fmt.Sprintf("this process holds %d to %d", f.First, f.Last)
	}
	recommended := dialog.Fact{Label: "recommended", Value: "not known yet"}
	if r.Recommended > 0 {
		recommended.Value, recommended.Note = strconv.Itoa(r.Recommended), "by Discord"
	}
	facts := []dialog.Fact{now, recommended}
	if a := r.Auto; a.Capacity > 0 {
		facts = append(facts, m.fullestFact("fullest shard", a.Fullest, a.Capacity, a.AtPercent))
	}
	facts = append(facts, dialog.Fact{Label: "by itself", Value: screen.AutoText(r.Auto, m.now())})
	if text := screen.GrowthText(r.Auto, m.now()); text != "" {
		facts = append(facts, dialog.Fact{Label: "growth", Value: text})
	}
	if len(r.History) > 0 {
		facts = append(facts, dialog.Fact{Label: "last one", Value: screen.ResultText(&r.History[0], m.now())})
	}
	return facts
}

// barHeight is the least height of a screen on which dialogs have bars.
const barHeight = 24

// fullestFact is the fullest shard of a fleet; percent is where it gets too full.
func (m *model) fullestFact(label string, f ops.Fullest, capacity, percent int) dialog.Fact {
	limit := capacity
	if percent > 0 {
		limit = capacity * percent / 100
	}
	fact := dialog.Fact{Label: label, Value: fmt.Sprintf("%d with %d of %d guilds", f.Shard, f.Guilds, capacity)}
	if capacity > 0 {
		fact.Note = strconv.Itoa(f.Guilds*100/capacity) + " %"
	}
	if m.h >= barHeight {
		fact.Bar = &dialog.Bar{Part: int64(f.Guilds), Whole: int64(capacity), Mark: int64(limit), Alarm: f.Guilds >= limit}
	}
	return fact
}

// targetKey hears the form.
func (m *model) targetKey(d *dialog.Dialog, out dialog.Outcome) tea.Cmd {
	switch {
	case out.Button == "plan":
		return m.askPlan(d)
	case out.Button == "past":
		m.turnTo(pageReshard)
	case out.Edited:
		m.retarget(d)
		return nil
	}
	m.wizard.form = nil
	m.forgetPlan(d)
	return nil
}

// retarget keeps the slice in proportion until somebody writes it, and forgets
// the plan for what was written before.
func (m *model) retarget(d *dialog.Dialog) {
	m.forgetPlan(d)
	m.wizard.sliced = m.wizard.sliced || d.Active != fieldTotal
	if len(d.Fields) <= fieldLast || m.wizard.sliced {
		return
	}
	first, last := m.sliceOf(valueOf(&d.Fields[fieldTotal]))
	d.Fields[fieldFirst].Line.Set(strconv.Itoa(first))
	d.Fields[fieldLast].Line.Set(strconv.Itoa(last))
}

// forgetPlan waits no longer for a plan.
func (m *model) forgetPlan(d *dialog.Dialog) {
	m.wizard.asked++
	m.wizard.since, d.Busy = time.Time{}, ""
}

// valueOf is the number in a field; 0 if there is none.
func valueOf(f *dialog.Field) int {
	n, _ := strconv.Atoi(f.Line.Text()) // digits alone, and few: it cannot fail but for none
	return n
}

// target is what the form asks for, or what is wrong with it.
func target(d *dialog.Dialog) (to ops.Target, wrong string) {
	to.Total = valueOf(&d.Fields[fieldTotal])
	if d.Fields[fieldTotal].Line.Text() != "" && to.Total == 0 {
		return to, "shards is 0: write at least 1, or nothing for what reshard.target says"
	}
	if len(d.Fields) <= fieldLast {
		return to, ""
	}
	to.Slice = true
	to.First, to.Last = valueOf(&d.Fields[fieldFirst]), valueOf(&d.Fields[fieldLast])
	switch {
	case to.Total == 0:
		return to, "shards is empty: a process that holds a slice needs the number of all shards"
	case to.Last < to.First:
		return to, fmt.Sprintf("last here is %d, before first here, %d: write at least %d", to.Last, to.First, to.First)
	case to.Last >= to.Total:
		return to, fmt.Sprintf("last here is %d: with %d shards the last one is %d", to.Last, to.Total, to.Total-1)
	}
	return to, ""
}

// askPlan asks the engine for the plan, beside everything else.
func (m *model) askPlan(d *dialog.Dialog) tea.Cmd {
	to, wrong := target(d)
	d.Warnings = nil
	if d.Warning = wrong; wrong != "" {
		return nil
	}
	m.forgetPlan(d)
	m.wizard.since = m.now()
	asked := m.wizard.asked
	return tea.Batch(m.after(planShows, planTickMsg{asked}), m.tasks.do(func(ctx context.Context) tea.Msg {
		ctx, cancel := context.WithTimeout(ctx, planTimeout)
		defer cancel()
		plan, err := m.opt.Operator.Plan(ctx, to)
		return planMsg{asked: asked, plan: plan, err: err}
	}))
}

// planTick shows that the plan has not come yet.
func (m *model) planTick(msg planTickMsg) tea.Cmd {
	w := &m.wizard
	if w.form == nil || msg.asked != w.asked || w.since.IsZero() {
		return nil
	}
	waited := m.now().Sub(w.since)
	sign := m.glyphs.Spin[int(waited/planTurns)%len(m.glyphs.Spin)]
	w.form.Busy, m.dirty = sign+" the engine plans"+m.glyphs.Dots+" "+frame.Age(waited), true
	return m.after(planTurns, msg)
}

// planned puts the plan in the form's place, or says in the form what is wrong.
func (m *model) planned(msg planMsg) {
	w := &m.wizard
	if w.form == nil || msg.asked != w.asked || w.since.IsZero() {
		return
	}
	form := w.form
	m.forgetPlan(form)
	m.dirty = true
	if m.dialogs.Top() != form {
		return // something more urgent lies above: Enter asks again
	}
	if msg.err != nil || msg.plan == nil {
		form.Warning = "No plan: " + planError(msg.err)
		return
	}
	to, _ := target(form)
	m.dialogs.Pop()
	delete(m.answers, form)
	w.form = nil
	m.openPlan(msg.plan, to)
}

func planError(err error) string {
	switch {
	case err == nil:
		return "the engine has answered nothing"
	case errors.Is(err, context.DeadlineExceeded):
		return "the engine has not answered within " + frame.Duration(planTimeout)
	default:
		return err.Error()
	}
}
