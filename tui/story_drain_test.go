package tui

import (
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-gateway/gatehouse/engine/ops"
	"github.com/gatehouse-gateway/gatehouse/tui/internal/opfake"
)

func TestADrainSaysWhatItDoesAndWhatItWaitsFor(t *testing.T) {
	drive(t, at(opfake.SceneDown), func(d *driver) {
		d.press("D")
		d.sees("Drain the queue and exit?")
		d.says("can be resumed", "however long that takes", "then Gatehouse exits",
			"1.8M events", "retrying: the drain waits for it", "for a few minutes only")
		d.press("D", "D", "enter") // neither the opener nor Enter does it
		d.did()
		d.press("D", "y")
		d.did(ops.Command{Kind: ops.CommandDrain, By: "ann"})
	})
}

func TestADrainSaysHowLongItTakes(t *testing.T) {
	for name, tc := range map[string]struct {
		change func(s *ops.Snapshot)
		want   string
	}{
		"delivering":       {func(*ops.Snapshot) {}, "about 1m59s at the present 8.8k/s"},
		"held":             {func(s *ops.Snapshot) { s.Sinks[0].State = ops.SinkPaused }, "the drain waits until p releases it"},
		"secret refused":   {func(s *ops.Snapshot) { s.Sinks[0].State = ops.SinkRefused }, "the bot refused our secret"},
		"nothing moves":    {func(s *ops.Snapshot) { s.Sinks[0].Rate = 0 }, "takes nothing at present"},
		"nothing waits":    {func(s *ops.Snapshot) { s.Sinks[0].Depth = 0 }, "nothing waits"},
		"orphans":          {func(s *ops.Snapshot) { s.Sinks = append(s.Sinks, ops.Sink{Name: "o", Orphan: true, Depth: 5}) }, "not configured stay on disk"},
		"no sessions kept": {func(s *ops.Snapshot) { s.KeepsSessions = false }, "costs 32 session starts"},
	} {
		t.Run(name, func(t *testing.T) {
			s := at(opfake.SceneBack)
			s.fleet = func(op *opfake.Operator) { op.Scene, op.Change = opfake.SceneBack, tc.change }
			drive(t, s, func(d *driver) {
				d.press("D")
				d.says(tc.want)
			})
		})
	}
}

func TestWhileTheEngineDrainsOnlyWhatHelpsIsPossible(t *testing.T) {
	s := at(opfake.SceneDrain)
	s.fleet = func(op *opfake.Operator) {
		op.Scene = opfake.SceneDrain
		op.Change = func(s *ops.Snapshot) { s.Sinks[0].State = ops.SinkRetrying }
	}
	drive(t, s, func(d *driver) {
		d.sees("DRAINING", "waits for bot, retrying")
		for _, key := range []string{"r", "i", "s", "p", "e", "X", "D"} {
			d.press(key)
			d.sees("the engine drains")
			d.press("y")
			d.did()
		}
		d.press("P", "y")
		d.did(ops.Command{Kind: ops.CommandResumeSink, Sink: "bot", By: "ann"})
	})
}

func TestASinkThatIsHeldCanBeReleasedWhileTheEngineDrains(t *testing.T) {
	s := at(opfake.SceneDrain)
	s.fleet = func(op *opfake.Operator) {
		op.Scene = opfake.SceneDrain
		op.Change = func(s *ops.Snapshot) { s.Sinks[0].State = ops.SinkPaused }
	}
	drive(t, s, func(d *driver) {
		d.sees("waits for bot, paused", "p release")
		d.press("p", "y")
		d.did(ops.Command{Kind: ops.CommandResumeSink, Sink: "bot", By: "ann"})
	})
}

func TestADrainThatIsDoneSaysThatGatehouseExits(t *testing.T) {
	s := at(opfake.SceneDrain)
	s.fleet = func(op *opfake.Operator) {
		op.Scene = opfake.SceneDrain
		op.Change = func(s *ops.Snapshot) { s.Sinks[0].Depth = 0 }
	}
	drive(t, s, func(d *driver) { d.sees("nothing waits any more, Gatehouse exits") })
}

func TestQuittingADrainSaysWhatIsLeft(t *testing.T) {
	drive(t, at(opfake.SceneDrain), func(d *driver) {
		d.press("q")
		d.sees("Stop before the drain has ended?", "not delivered  96k events", "delivered by the next start", "Go on draining")
		d.press("n")
		d.sees("DRAINING")
		d.press("q", "y")
		if !d.quit || d.m.leaving != leaveStop {
			t.Errorf("quit %v, leaving %v", d.quit, d.m.leaving)
		}
	})
}

// What a stop does to the queue and to the sessions, in each of the cases.
func TestQuittingSaysWhatBecomesOfTheQueue(t *testing.T) {
	for _, tc := range []struct {
		name        string
		disk, keeps bool
		change      func(s *ops.Snapshot)
		says, not   []string
	}{
		{"disk and sessions", true, true, nil,
			[]string{"can be resumed", "stays on disk", "kept on disk, delivered by the next start", "resumes"}, []string{"lost", "session starts"}},
		{"disk alone", true, false, nil,
			[]string{"ends its session", "kept on disk, delivered by the next start", "costs 32 session starts", "misses those in between"}, []string{"lost", "resumed"}},
		{"sessions alone", false, true, nil,
			[]string{"can be resumed", "does not take at once comes again, if the", "resumes"}, []string{"on disk,", "lost,"}},
		{"neither", false, false, nil,
			[]string{"ends its session", "lost, unless the bot takes them at once", "costs 32 session starts"}, []string{"on disk,"}},
		{"a disk that takes nothing, sessions", true, true, func(s *ops.Snapshot) { s.Store.Fault = "read-only file system" },
			[]string{"what is not on disk yet comes again", "takes nothing: read-only file system"}, []string{"kept on disk"}},
		{"a disk that takes nothing, no sessions", true, false, func(s *ops.Snapshot) { s.Store.Fault = "read-only file system" },
			[]string{"what is not on disk yet is lost"}, []string{"kept on disk"}},
		{"nothing waits", true, true, func(s *ops.Snapshot) { s.Sinks[0].Depth, s.Traffic.Depth = 0, 0 },
			[]string{"0 events"}, []string{"kept on disk, delivered"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			s := at(opfake.SceneDown)
			s.fleet = func(op *opfake.Operator) {
				op.Scene = opfake.SceneDown
				op.Change = func(s *ops.Snapshot) {
					s.Alerts = nil
					s.KeepsSessions, s.Store.OnDisk = tc.keeps, tc.disk
					if tc.change != nil {
						tc.change(s)
					}
				}
			}
			drive(t, s, func(d *driver) {
				d.press("q")
				d.sees("Stop Gatehouse?")
				d.says(tc.says...)
				for _, text := range tc.not {
					if dialogShows(d, text) {
						t.Errorf("the question says %q:\n%s", text, d.screen())
					}
				}
			})
		})
	}
}

// says fails unless the open dialog says every text, wherever its lines break.
func (d *driver) says(texts ...string) {
	d.t.Helper()
	for _, text := range texts {
		if !dialogShows(d, text) {
			d.t.Fatalf("the question does not say %q:\n%s", text, d.screen())
		}
	}
}

// dialogShows reports whether the open dialog says a text.
func dialogShows(d *driver, text string) bool {
	top := d.m.dialogs.Top()
	for _, p := range append([]string{top.Warning}, top.Body...) {
		if strings.Contains(p, text) {
			return true
		}
	}
	for _, f := range top.Facts {
		if strings.Contains(f.Value+"  "+f.Note, text) {
			return true
		}
	}
	return false
}

func TestTheProgressOfADrainShows(t *testing.T) {
	drive(t, at(opfake.SceneBack), func(d *driver) {
		d.press("D", "y")
		d.pass(3 * time.Second)
		d.sees("drain for 3s: waits for READY") // in the words of the engine
	})
}
