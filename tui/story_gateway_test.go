package tui

import (
	"strings"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/gatehouse-gateway/gatehouse/engine/ops"
	"github.com/gatehouse-gateway/gatehouse/tui/internal/opfake"
)

// changed is a console over a healthy fleet that a test changes.
func changed(change func(s *ops.Snapshot)) setup {
	return altered(opfake.SceneHealthy, change)
}

func TestTheFirstLookSaysWhetherIdentifiesGoOn(t *testing.T) {
	for s, want := range map[opfake.Scene][]string{
		opfake.SceneHealthy: {"identify 988/1000 ↻21h"},
		opfake.SceneStorm:   {"identify 412/1000 ▲1h"},
		opfake.SceneBreaker: {"✖ IDENTIFIES STOPPED", "✖ identifies are stopped, 12 shards wait", "I identifies"},
	} {
		t.Run(string(s), func(t *testing.T) {
			drive(t, at(s), func(d *driver) { d.sees(want...) })
			drive(t, scene(s, 80, 24), func(d *driver) { d.sees(want[0]) })
		})
	}
}

func TestAScreenTooSmallStillSaysThatIdentifiesAreStopped(t *testing.T) {
	drive(t, scene(opfake.SceneBreaker, 40, 10), func(d *driver) { d.sees("✖ identifies stopped for 12m00s") })
	drive(t, scene(opfake.SceneStorm, 40, 10), func(d *driver) { d.sees("▲ identify reserve in 1h, 412/1000 left") })
}

func TestThePageOfIdentifiesSaysWhereTheBudgetGoes(t *testing.T) {
	drive(t, at(opfake.SceneStorm), func(d *driver) {
		d.press("I")
		d.sees("412 of 1000", "reserve 100", "at this pace the reserve is reached at 01:21, in 81", "min, 7 h before the reset", "231 sent",
			"by Discord 38 min ago, 148 spent since", "12 shards  next in 2s", "16 every 5.0s", "14 answered with op 9",
			"✓ breaker closed", "3     1    40s       3", "most identifies since start")
		d.press("I")
		d.sees("╭─ shard 0 ─")
	})
}

func TestABudgetThatDiscordHasNotToldIsNotGuessed(t *testing.T) {
	drive(t, changed(func(s *ops.Snapshot) { s.Identify = ops.Identify{Waiting: 3} }), func(d *driver) {
		d.press("I")
		d.sees("not known: Discord has not told the budget yet", "not known yet", "3 shards")
		d.seesNot("0 of 0", "reserve 0", "resets")
	})
}

func TestAnOpenBreakerSaysWhyAndLetsGoOnlyAfterAYes(t *testing.T) {
	drive(t, at(opfake.SceneBreaker), func(d *driver) {
		d.press("I")
		d.sees("✖ breaker OPEN for 12m00s", "12 shards identified 31 times again", "No shard identifies by itself", "stopped by the breaker",
			"opened 2 times", "A let identifies go on", "only what an operator")
		d.press("A")
		d.sees("Let identifies go on?", "up to 12 session starts", "131 of 1000 left, reserve 100", "resets the bot's token")
		d.press("enter") // Cancel has the focus
		d.seesNot("Let identifies go on?")
		d.press("A", "A", "A", "right", "enter")
		d.did()
		d.press("esc", "A")
		d.sees("type 12 to go on")
		d.write("12")
		d.press("enter")
		d.did(ops.Command{Kind: ops.CommandAllow, By: "ann"})
	})
}

func TestLettingIdentifiesGoOnIntoTheReserveSaysSo(t *testing.T) {
	drive(t, altered(opfake.SceneBreaker, func(s *ops.Snapshot) { s.Identify.Remaining = 105 }), func(d *driver) {
		d.press("A")
		d.sees("This reaches into the reserve", "of 100.")
	})
}

func TestWhileTheBreakerIsClosedThereIsNothingToLetGo(t *testing.T) {
	drive(t, at(opfake.SceneStorm), func(d *driver) {
		d.press("A", "y")
		d.sees("let identifies go on, once the breaker has stopped them: the breaker is closed, none is stopped")
		d.did()
		d.press("I")
		d.sees("A let identifies go on: the breaker")
	})
}

func TestTheAlertAboutIdentifiesNamesItsKeys(t *testing.T) {
	drive(t, at(opfake.SceneBreaker), func(d *driver) {
		d.press("a")
		d.sees("about the identify budget: I shows it")
	})
}

func TestAnACKThatIsOverdueShowsItsAgeInPlaceOfALatency(t *testing.T) {
	drive(t, at(opfake.SceneSilent), func(d *driver) {
		d.sees("0      ack 48s", "latency    –  ack 48s ago, next overdue")
		d.pass(5 * time.Second)
		d.seesNot("–  70ms")
		d.press("down") // young: none is overdue
		d.sees("ack 1m10s ago, none since")
	})
	drive(t, scene(opfake.SceneSilent, 80, 24), func(d *driver) { d.sees("shard 0 ● ready  ack 48s") })
}

func TestAConnectionWithoutAnyACKIsJudgedByItsAge(t *testing.T) {
	for age, want := range map[time.Duration]string{10 * time.Second: "–  no ACK yet", 2 * time.Minute: "no ACK for 2m00s"} {
		drive(t, changed(func(s *ops.Snapshot) {
			s.Shards[0].Latency, s.Shards[0].LastACK, s.Shards[0].Since = 0, time.Time{}, s.At.Add(-age)
		}), func(d *driver) { d.sees(want) })
	}
}

func TestAQuietShardSaysHowQuietAndThatItIsProbed(t *testing.T) {
	drive(t, at(opfake.SceneSilent), func(d *driver) {
		d.press("right")
		d.sees("1     probe 3s", "quiet      5m02s of 5m00s  probed 3s ago")
		d.press("enter")
		d.send(sizeMsg(200, 60))
		d.sees("3 probes, 1 unanswered")
		d.send(sizeMsg(120, 40))
		d.press("esc", "down") // its pace is not known yet
		d.press("left")
		d.sees("2s, pace not known yet")
	})
}

func TestAShardWithoutAnEventYetSaysSo(t *testing.T) {
	drive(t, changed(func(s *ops.Snapshot) { s.Shards[0].LastEvent = time.Time{} }), func(d *driver) { d.sees("quiet      no event yet") })
}

func TestAReplacementAndWhatIsToBeSentShow(t *testing.T) {
	drive(t, at(opfake.SceneSilent), func(d *driver) {
		d.press("right", "right")
		d.sees("2    replacing", "replacement connection on its way, asked", "for by op 7")
		d.press("right")
		d.sees("sends      3 waiting, 112/120 in 60s")
	})
}

func TestTroubleThatIsNoStateIsFoundToo(t *testing.T) {
	drive(t, at(opfake.SceneSilent), func(d *driver) {
		d.press("n")
		d.sees("╭─ shard 1 ─")
		d.press("n")
		d.sees("╭─ shard 0 ─")
		d.press("/")
		d.write("ack>30s")
		d.sees("2 of 32 shards")
	})
}

// Where a shard is one glyph, one that owes an ACK is neither ready nor fast.
func TestASilentShardHasASignInDenseGrids(t *testing.T) {
	for _, size := range []struct{ n, w, h int }{{300, 120, 40}, {4096, 160, 45}, {4096, 80, 24}} {
		s := scene(opfake.SceneSilent, size.w, size.h)
		s.shards = size.n
		drive(t, s, func(d *driver) {
			for range 2 {
				lines := strings.Split(d.screen(), "\n")
				grid := strings.Join(lines[3:6], "\n")
				if !strings.Contains(grid, "▲") {
					t.Errorf("%d shards at %dx%d, colour %v: no sign of silence in\n%s", size.n, size.w, size.h, d.m.metric, grid)
				}
				d.sees("▲ silent")
				d.press("c")
			}
		})
	}
}

func TestAnUnknownLatencyHasNoHeat(t *testing.T) {
	drive(t, at(opfake.SceneSilent), func(d *driver) {
		d.press("c")
		d.sees("● no ACK yet")
	})
	drive(t, at(opfake.SceneHealthy), func(d *driver) {
		d.press("c")
		d.seesNot("no ACK yet")
	})
}

func TestWhatTheBotAsksOfDiscordShows(t *testing.T) {
	drive(t, at(opfake.SceneAsks), func(d *driver) {
		d.sees("zlib-stream 6.0:1", "1.6k commands  5 waiting")
		d.press("S")
		d.sees("asks       412 commands for Discord since start  7 refused")
	})
	drive(t, at(opfake.SceneHealthy), func(d *driver) {
		d.press("S")
		d.seesNot("asks ")
	})
}

func TestTrafficThatIsNotCompressedSaysSo(t *testing.T) {
	drive(t, changed(func(s *ops.Snapshot) {
		s.Fleet.Compress, s.Traffic.WireBytes, s.Traffic.Bytes, s.Commands = "none", 3<<20, 3<<20, ops.Commands{}
	}), func(d *driver) {
		d.sees("not compressed · 3.0MiB in")
		d.seesNot("commands")
	})
}

func TestTheOpeningKeyHeldDownSendsNothing(t *testing.T) {
	for _, key := range []string{"u", "A"} {
		drive(t, at(opfake.SceneBreaker), func(d *driver) {
			d.hold(key)
			d.did()
			d.sent()
		})
	}
}

func TestAReadOnlyConsoleSendsNothing(t *testing.T) {
	s := at(opfake.SceneBreaker)
	s.options = func(o *Options) { o.ReadOnly = true }
	drive(t, s, func(d *driver) {
		d.press("A", "y", "u", "up", "y")
		d.did()
		d.sent()
		d.press("I")
		d.sees("A let identifies go on: this console is read-only")
	})
}

func TestABrokenTextOfTheGatewayReachesNoTerminal(t *testing.T) {
	s := altered(opfake.SceneBreaker, func(s *ops.Snapshot) {
		s.Identify.Breaker.Why, s.Fleet.Compress, s.Shards[0].LastClose.Meaning = evil, evil, evil
	})
	drive(t, s, func(d *driver) {
		for _, keys := range [][]string{{}, {"I"}, {"A"}, {"esc", "esc", "u", "up", "up", "up"}} {
			d.press(keys...)
			d.send(tea.PasteMsg{Content: evil})
			d.harmless(keys)
		}
	})
}

// Ages go by whole seconds or coarser, so that a page that only grows older costs
// next to nothing on a slow line.
func TestAPageThatOnlyGrowsOlderRedrawsLittle(t *testing.T) {
	for key, most := range map[string]int{"I": 30, "enter": 90} { // a shard has a curve that moves on each second
		s := at(opfake.SceneBreaker)
		s.fleet = func(op *opfake.Operator) {
			op.Scene = opfake.SceneBreaker
			first := op.Clock.Now()
			op.Change = func(s *ops.Snapshot) { still(s, first) }
		}
		drive(t, s, func(d *driver) {
			d.press(key)
			before, cells := []rune(d.screen()), 0
			const seconds = 10
			for range 4 * seconds {
				d.pass(250 * time.Millisecond)
				now := []rune(d.screen())
				for i := range now {
					if now[i] != before[i] {
						cells++
					}
				}
				before = now
			}
			if cells == 0 || cells > most*seconds {
				t.Errorf("%s: %d cells changed in %d s", key, cells, seconds)
			}
		})
	}
}

// still leaves of a snapshot only what does not move, with instants that stay.
func still(s *ops.Snapshot, first time.Time) {
	moved := s.At.Sub(first)
	i := &s.Identify
	i.ToldAt, i.ResetAt, i.Breaker.Since = i.ToldAt.Add(-moved), i.ResetAt.Add(-moved), i.Breaker.Since.Add(-moved)
	for n := range i.Buckets {
		i.Buckets[n].OpenAt = i.Buckets[n].OpenAt.Add(-moved)
	}
	for n := range s.Shards {
		sh := &s.Shards[n]
		sh.Since, sh.LastACK, sh.LastEvent = sh.Since.Add(-moved), sh.LastACK.Add(-moved), sh.LastEvent.Add(-moved)
		sh.LastClose.At = sh.LastClose.At.Add(-moved)
		sh.Rate, sh.Seq, sh.Events = 0, 0, 0
	}
	s.Traffic = ops.Traffic{Events: 1}
	s.Latency = ops.Latency{}
	s.Sinks[0].Rate, s.Sinks[0].Delivered = 0, 0
}
