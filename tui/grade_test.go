package tui

import (
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/gatehouse-gateway/gatehouse/engine/ops"
	"github.com/gatehouse-gateway/gatehouse/tui/dialog"
	"github.com/gatehouse-gateway/gatehouse/tui/internal/opfake"
)

// worlds are states of the engine in which, together, every action is possible.
func worlds() map[string]func(op *opfake.Operator) {
	return map[string]func(op *opfake.Operator){
		"troubled": func(*opfake.Operator) {},
		"stopped": func(op *opfake.Operator) {
			op.Change = func(s *ops.Snapshot) {
				for i := range s.Shards {
					s.Shards[i].State = ops.ShardStopped
				}
			}
		},
		"breaker": func(op *opfake.Operator) { op.Scene = opfake.SceneBreaker },
		"letters": func(op *opfake.Operator) { op.Scene = opfake.SceneLetters },
		"orphan": func(op *opfake.Operator) {
			op.Change = func(s *ops.Snapshot) { s.Sinks = append(s.Sinks, ops.Sink{Name: "old", Orphan: true, Depth: 9}) }
		},
		"held": func(op *opfake.Operator) {
			op.Change = func(s *ops.Snapshot) {
				for i := range s.Sinks {
					s.Sinks[i].State, s.Sinks[i].Depth = ops.SinkRetrying, 100
				}
			}
		},
		"reshard": func(op *opfake.Operator) { op.Scene = opfake.SceneDiffers },
		"rolling": func(op *opfake.Operator) {
			op.Change = func(s *ops.Snapshot) {
				s.Actions = []ops.Action{{ID: 9, What: "rolling restart", Cancels: true, Total: 4}}
			}
		},
	}
}

// everyAction runs each action of the registry that changes the engine in every world
// in which it is possible.
func everyAction(t *testing.T, marks int, each func(d *driver, id string)) {
	t.Helper()
	possible := map[string]bool{}
	for _, world := range worlds() {
		for _, a := range registry() {
			if !a.engine {
				continue
			}
			s := setup{shards: 16, w: 80, h: 24, fleet: world}
			drive(t, s, func(d *driver) {
				for range marks {
					d.press("m")
				}
				if ok, _ := d.m.possible(d.m.byID(a.id)); !ok || a.run == nil {
					return
				}
				possible[a.id] = true
				d.start(d.m.runAction(d.m.byID(a.id)))
				d.settle()
				each(d, a.id)
			})
		}
	}
	for _, a := range registry() {
		if a.engine && a.run != nil && !possible[a.id] {
			t.Errorf("%s was never possible: there is no world for it", a.id)
		}
	}
}

// harmless are the commands that need no question.
func harmlessOnly(cmds []ops.Command) bool {
	for _, c := range cmds {
		if gradeOf(c, nil) != gradeNone {
			return false
		}
	}
	return true
}

// No action on the engine is carried out by the key that opened its question, however
// long it is held, and whatever it is bound to; enter pressed blindly cancels.
func TestNoActionConfirmsItself(t *testing.T) {
	for _, key := range []string{"y", "enter", "Q"} {
		everyAction(t, 0, func(d *driver, id string) {
			d.send(keyMsg("esc")) // a fresh start
			d.settle()
			d.m.byID(id).keys = []string{key}
			for i := range d.m.actions {
				if a := &d.m.actions[i]; a.id != id {
					a.keys = nil
				}
			}
			before := len(d.op.Commands())
			for range 8 {
				d.press(key)
				d.pass(60 * time.Millisecond)
			}
			if got := d.op.Commands()[before:]; !harmlessOnly(got) {
				t.Errorf("%s, bound to %s and held down, has asked the engine %+v", id, key, got)
			}
		})
	}
}

// Every dialog begins on an answer that does nothing, and one in which something has
// to be typed takes nothing else for it.
func TestEveryDialogBeginsOnAnAnswerThatDoesNothing(t *testing.T) {
	for _, marks := range []int{0, 3, 15} {
		everyAction(t, marks, func(d *driver, id string) {
			before := len(d.op.Commands())
			if top := d.m.dialogs.Top(); top != nil && len(top.Buttons) > 0 && len(top.Fields) == 0 && top.Buttons[top.Focus].ID != "" {
				t.Errorf("%s: %q begins on %q", id, top.Title, top.Buttons[top.Focus].Label)
			}
			if d.m.confirm != nil && d.m.confirm.key == "" {
				t.Errorf("%s: its question has no answer", id)
			}
			d.press("enter", "enter", "enter")
			if got := d.op.Commands()[before:]; !harmlessOnly(got) {
				t.Errorf("%s with %d marks: enter alone has asked the engine %+v", id, marks, got)
			}
		})
	}
}

// What is sent has been confirmed as its grade asks for.
func TestWhatSpendsInBulkIsTyped(t *testing.T) {
	for _, tc := range []struct {
		marks int
		keys  []string
		want  grade
	}{
		{0, []string{"r"}, gradeYes},
		{3, []string{"r"}, gradeDialog},
		{31, []string{"r"}, gradeDialog},
		{3, []string{"i"}, gradeDialog},
		{15, []string{"i"}, gradeTyped},
		{3, []string{"s"}, gradeDialog},
		{15, []string{"s"}, gradeTyped},
		{0, []string{"Z"}, gradeDialog},
		{0, []string{"B"}, gradeDialog},
		{0, []string{"D"}, gradeDialog},
	} {
		s := full(32)
		s.calm = true
		drive(t, s, func(d *driver) {
			for range tc.marks {
				d.press("m")
			}
			d.press(tc.keys...)
			got := gradeNone
			switch top := d.m.dialogs.Top(); {
			case d.m.confirm != nil:
				got = gradeYes
			case top != nil && top.Typing != "":
				got = gradeTyped
			case top != nil:
				got = gradeDialog
			}
			if got != tc.want {
				t.Errorf("%v with %d marks asks by grade %d, want %d:\n%s", tc.keys, tc.marks, got, tc.want, d.screen())
			}
		})
	}
}

// A command that comes by without its confirmation is not sent, whatever has led to it.
func TestACommandWithoutItsConfirmationIsNotSent(t *testing.T) {
	drive(t, full(32), func(d *driver) {
		for _, c := range []ops.Command{
			{Kind: ops.CommandRestart, Shards: []int{1}}, {Kind: ops.CommandRestart, All: true}, {Kind: ops.CommandDrop, Sink: "bot", Events: 9},
			{Kind: ops.CommandDiscard, Sink: "bot"}, {Kind: ops.CommandReshardForce}, {Kind: ops.CommandKind(200)},
		} {
			if cmd := d.m.perform("it", c); cmd != nil {
				t.Errorf("%+v is sent", c)
			}
			if cmd := d.m.grant(gradeOf(c, d.m.live)-1, func() tea.Cmd { return d.m.perform("it", c) }); cmd != nil {
				t.Errorf("%+v is sent for less than it asks", c)
			}
		}
		d.did()
		if d.m.granted != gradeNone {
			t.Error("a confirmation outlasts what it was for")
		}
	})
}

// A read-only console refuses every action on the engine, and says so at the top.
func TestAReadOnlyConsoleRefusesEveryAction(t *testing.T) {
	s := full(32)
	s.options = func(o *Options) { o.ReadOnly = true }
	drive(t, s, func(d *driver) {
		d.sees("READ-ONLY")
		for _, a := range registry() {
			if !a.engine {
				continue
			}
			if ok, why := d.m.possible(d.m.byID(a.id)); ok || why != "this console is read-only" {
				t.Errorf("%s: possible %v, %s", a.id, ok, why)
			}
			d.start(d.m.byID(a.id).attempt(d.m))
			d.settle()
			if a.arg != nil {
				if _, err := d.m.runWith(d.m.byID(a.id), "bot"); err == nil {
					t.Errorf("%s takes its argument", a.id)
				}
			}
			if d.m.dialogs.Len() > 0 || d.m.confirm != nil {
				t.Errorf("%s asks", a.id)
			}
		}
		if cmd := d.m.grant(gradeTyped, func() tea.Cmd { return d.m.perform("it", ops.Command{Kind: ops.CommandDump}) }); cmd != nil {
			t.Error("a command went by")
		}
		d.did()
		if len(d.op.Sends()) > 0 {
			t.Error("a presence was sent")
		}
	})
}

// A dialog that nobody has asked for hears nothing at first.
func TestADialogThatOpensByItselfIsDeafForAMoment(t *testing.T) {
	drive(t, full(32), func(d *driver) {
		heard := false
		d.m.openWith(&dialog.Dialog{ID: "test", Title: "Test", Buttons: []dialog.Button{dialog.Cancel(), {ID: "yes", Label: "Yes", Key: "y"}}},
			func(*model, dialog.Outcome) tea.Cmd { heard = true; return nil })
		d.press("y")
		d.pass(390 * time.Millisecond)
		d.press("y", "enter", "esc")
		if heard || d.m.dialogs.Len() != 1 {
			t.Error("it has heard a key at once")
		}
		d.pass(20 * time.Millisecond)
		d.press("y")
		if !heard || d.m.dialogs.Len() != 0 {
			t.Error("it does not hear at all")
		}
	})
}
