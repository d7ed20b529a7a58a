package engine_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gatehouse-gateway/gatehouse/engine"
	"github.com/gatehouse-gateway/gatehouse/engine/discord"
	"github.com/gatehouse-gateway/gatehouse/engine/discordtest"
	"github.com/gatehouse-gateway/gatehouse/engine/ops"
)

// small is a bot of eight shards with traffic.
var small = discordtest.Config{Shards: 8, Guilds: 64, MaxConcurrency: 8, Rate: 20}

func TestEveryEventComesToTheBot(t *testing.T) {
	inWorld(t, small, nil, func(w *world) {
		w.awaitReady()
		w.pass(10 * time.Second)
		w.settle()
		got := w.bot.Stats()
		if r := w.discord.Audit().Report(); r.Received < 200 || r.Lost+r.Pending > 0 || got.Malformed > 0 {
			t.Errorf("report %+v, bot %+v", r, got)
		}
		if got.Notices["READY"] != 8 {
			t.Errorf("the bot got %d READYs, want 8", got.Notices["READY"])
		}
	})
}

func TestIdentifiesKeepDiscordsRules(t *testing.T) {
	sim := discordtest.Config{Shards: 8, Guilds: 64, MaxConcurrency: 1}
	inWorld(t, sim, nil, func(w *world) {
		start := time.Now()
		s := w.awaitReady()
		// Eight identifies, one in 5 s and a margin.
		if took := time.Since(start); took < 35*time.Second || took > 36*time.Second {
			t.Errorf("eight shards took %v", took)
		}
		if s.Identify.Remaining != 992 || s.Identify.Sent != 8 {
			t.Errorf("identify ledger %+v", s.Identify)
		}
		if !s.Identify.ResetAt.IsZero() {
			t.Errorf("the budget resets at %v, which nobody has told", s.Identify.ResetAt)
		}
		w.pass(5 * time.Second) // Discord is asked anew after the last identify
		if reset := w.snapshot().Identify.ResetAt; reset.Sub(start).Round(time.Minute) != 24*time.Hour {
			t.Errorf("the budget resets at %v", reset)
		}
		if got := w.discord.Stats().SessionStarts; got != 992 {
			t.Errorf("Discord says %d session starts are left", got)
		}
	})
}

func TestTheScreensFiguresAreTheSimulators(t *testing.T) {
	inWorld(t, small, nil, func(w *world) {
		w.awaitReady()
		w.pass(90 * time.Second)
		w.settle()
		w.pass(2 * time.Second)
		s, d := w.snapshot(), w.discord.Stats()
		if s.Fleet.Guilds != d.Guilds-d.GuildsDown || s.Traffic.Events != d.Dispatches {
			t.Errorf("guilds %d of %d, events %d of %d", s.Fleet.Guilds, d.Guilds, s.Traffic.Events, d.Dispatches)
		}
		for _, ses := range d.Sessions {
			sh := s.Shards[ses.Shard]
			if sh.Seq != ses.Seq || sh.Guilds != ses.Guilds || sh.Events != ses.Dispatches {
				t.Errorf("shard %d: %+v, the simulator says %+v", ses.Shard, sh, ses)
			}
			if sh.LastACK.IsZero() {
				t.Errorf("shard %d: no heartbeat was acknowledged in 90 s", ses.Shard)
			}
		}
		notices := uint64(len(s.Shards)) + 1 // of loaded guilds
		if sink := s.Sinks[0]; sink.Delivered != d.Dispatches+notices || sink.Depth != 0 || sink.State != ops.SinkOK {
			t.Errorf("sink %+v, %d dispatches", sink, d.Dispatches)
		}
		if s.Phase != ops.PhaseRunning || len(s.Alerts) != 0 {
			t.Errorf("phase %v, alerts %v", s.Phase, s.Alerts)
		}
	})
}

func TestFaultsOfTheGatewayLoseNothing(t *testing.T) {
	faults := map[string]func(*discordtest.Server) error{
		"dropped":      func(d *discordtest.Server) error { return d.DropConnection(shardOf(3)) },
		"closed":       func(d *discordtest.Server) error { return d.CloseConnection(shardOf(3), 4000) },
		"op 7":         func(d *discordtest.Server) error { return d.Reconnect(shardOf(3)) },
		"op 9 true":    func(d *discordtest.Server) error { return d.InvalidateSession(shardOf(3), true) },
		"zombie":       func(d *discordtest.Server) error { return d.GoSilent(shardOf(3)) },
		"op 1":         func(d *discordtest.Server) error { return d.ProbeHeartbeat(shardOf(3)) },
		"rate limited": func(d *discordtest.Server) error { return d.CloseConnection(shardOf(3), 4008) },
	}
	for name, fault := range faults {
		t.Run(name, func(t *testing.T) {
			inWorld(t, small, nil, func(w *world) {
				w.awaitReady()
				w.pass(3 * time.Second)
				w.must(fault(w.discord))
				w.pass(100 * time.Second)
				s := w.awaitReady()
				w.settle()
				r := w.discord.Audit().Report()
				if len(r.Forfeited) > 0 || r.Identifies != 8 {
					t.Errorf("forfeited %v, %d identifies", r.Forfeited, r.Identifies)
				}
				if resumed := s.Shards[3].Resumes; (resumed == 1) == (name == "op 1") {
					t.Errorf("resumed %d times", resumed)
				}
			})
		})
	}
}

func TestALostSessionIsIdentifiedAnew(t *testing.T) {
	inWorld(t, small, nil, func(w *world) {
		w.awaitReady()
		w.must(w.discord.InvalidateSession(shardOf(3), false))
		w.pass(20 * time.Second)
		s := w.awaitReady()
		if sh := s.Shards[3]; sh.Identifies != 2 || !strings.Contains(sh.LastClose.Meaning, "op 9") {
			t.Errorf("shard %+v", sh)
		}
	})
}

func TestTheBotMayBeAway(t *testing.T) {
	for name, mode := range map[string]discordtest.BotMode{
		"busy": discordtest.BotBusy, "crashed": discordtest.BotCrashed,
		"hung": discordtest.BotHung, "forgets": discordtest.BotForgets,
	} {
		t.Run(name, func(t *testing.T) {
			inWorld(t, small, nil, func(w *world) {
				w.awaitReady()
				w.bot.SetMode(mode)
				w.pass(time.Minute)
				s := w.snapshot()
				if sink := s.Sinks[0]; sink.State != ops.SinkRetrying || sink.Depth < 1000 || sink.Lag < 50*time.Second || sink.LastError == "" {
					t.Errorf("while the bot is away: %+v", sink)
				}
				if len(s.Alerts) != 1 || s.Alerts[0].Sink != "bot" {
					t.Errorf("alerts %+v", s.Alerts)
				}
				w.bot.SetMode(discordtest.BotUp)
				w.pass(15 * time.Second)
				w.settle()
				w.pass(2 * time.Second)
				if s := w.snapshot(); s.Sinks[0].State != ops.SinkOK || len(s.Alerts) != 0 || s.Traffic.Depth != 0 {
					t.Errorf("after the bot is back: %+v, alerts %v", s.Sinks[0], s.Alerts)
				}
			})
		})
	}
}

func TestAnOperatorRestartsAndReidentifies(t *testing.T) {
	inWorld(t, small, nil, func(w *world) {
		w.awaitReady()
		events, err := w.engine.Subscribe(context.Background(), 100)
		w.must(err)
		op := w.do(ops.Command{Kind: ops.CommandRestart, Shards: []int{2, 5}, By: "test"})
		<-op.Done()
		w.must(op.Err())
		if p := op.Progress(); p.Done != 2 || p.Total != 2 || !strings.HasPrefix(p.Text, "restart 2 shards: done in") {
			t.Errorf("progress %+v", p)
		}
		op = w.do(ops.Command{Kind: ops.CommandReidentify, Shards: []int{2}, By: "test"})
		<-op.Done()
		w.must(op.Err())
		synctest.Wait()
		s := w.snapshot()
		if a, b := s.Shards[2], s.Shards[5]; a.Resumes != 1 || a.Identifies != 2 || b.Resumes != 1 || b.Identifies != 1 {
			t.Errorf("shards %+v %+v", a, b)
		}
		var ended []string
		for len(events) > 0 {
			if e := <-events; e.Kind == ops.EventOperation {
				ended = append(ended, e.Text)
			}
		}
		if len(ended) != 2 {
			t.Errorf("operations that ended: %q", ended)
		}
	})
}

func TestTheReserveIsKeptForTheOperator(t *testing.T) {
	sim := small
	sim.SessionStarts, sim.SessionStartsLeft = 20, 7 // 10 % of 20 are kept
	sim.SessionStartsReset, sim.Rate = 10*time.Minute, 0
	inWorld(t, sim, nil, func(w *world) {
		s := w.await("five shards ready, the others held", time.Minute, func(s *ops.Snapshot) bool {
			return s.Fleet.ByState[ops.ShardReady] == 5 && len(s.Alerts) == 1 && s.Alerts[0].ID != "identify/budget"
		})
		if a := s.Alerts[0]; a.ID != "identify/held" || !strings.Contains(a.Text, "3 shards may not identify") {
			t.Errorf("alert %+v", a)
		}
		w.pass(8 * time.Minute)
		if left := w.discord.Stats().SessionStarts; left != 2 {
			t.Errorf("%d session starts left, the reserve is 2", left)
		}
		w.pass(5 * time.Minute)
		w.awaitReady()
	})
}

func TestStopAndStartOfAShard(t *testing.T) {
	inWorld(t, small, nil, func(w *world) {
		w.awaitReady()
		<-w.do(ops.Command{Kind: ops.CommandStop, Shards: []int{1}}).Done()
		w.pass(time.Minute)
		if s := w.snapshot(); s.Fleet.ByState[ops.ShardStopped] != 1 {
			t.Errorf("by state %v", s.Fleet.ByState)
		}
		_, err := w.engine.Do(context.Background(), ops.Command{Kind: ops.CommandRestart, Shards: []int{1}})
		var refused *ops.RefusedError
		if !errors.As(err, &refused) || !strings.Contains(refused.Reason, "start it instead") {
			t.Errorf("err = %v", err)
		}
		<-w.do(ops.Command{Kind: ops.CommandStart, Shards: []int{1}}).Done()
		w.awaitReady()
	})
}

func TestAPausedSinkQueues(t *testing.T) {
	inWorld(t, small, nil, func(w *world) {
		w.awaitReady()
		w.do(ops.Command{Kind: ops.CommandPauseSink, Sink: "bot"})
		w.pass(10 * time.Second)
		if s := w.snapshot().Sinks[0]; s.State != ops.SinkPaused || s.Depth < 150 {
			t.Errorf("paused: %+v", s)
		}
		w.do(ops.Command{Kind: ops.CommandResumeSink, Sink: "bot"})
		if _, err := w.engine.Do(context.Background(), ops.Command{Kind: ops.CommandPauseSink, Sink: "bto"}); err == nil {
			t.Error("an unknown sink was paused")
		}
	})
}

func TestAFullQueueDropsAndSaysSo(t *testing.T) {
	bounded := func(c *engine.Config) { c.Queue.MaxEvents = 80 }
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, small, bounded)
		w.awaitReady()
		w.do(ops.Command{Kind: ops.CommandPauseSink, Sink: "bot"})
		w.pass(30 * time.Second)
		s := w.snapshot()
		// Beside the events waits a gap marker for each of the eight shards.
		if s.Traffic.Depth != 88 || s.Sinks[0].Dropped == 0 {
			t.Errorf("sink %+v", s.Sinks[0])
		}
		if len(s.Alerts) != 1 || s.Alerts[0].ID != "queue/dropped" {
			t.Errorf("alerts %+v", s.Alerts)
		}
		w.do(ops.Command{Kind: ops.CommandResumeSink, Sink: "bot"})
		w.discord.SetRate(0)
		w.pass(10 * time.Second)
		r := w.discord.Audit().Report()
		w.halt()
		w.discord.Close()
		// A notice is queued like an event, and may be dropped like one.
		if dropped := w.snapshot().Sinks[0].Dropped; r.Lost > dropped || r.Lost+9 < dropped || r.OutOfOrderShard > 0 {
			t.Errorf("lost %d, the sink counts %d dropped, %d out of order", r.Lost, dropped, r.OutOfOrderShard)
		}
	})
}

func TestAWrongTokenIsFatal(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, discordtest.Config{Token: discord.NewToken("MTEwNg.right.one")}, func(c *engine.Config) {
			c.Token = discord.NewToken("MTEwNg.wrong.one")
		})
		defer w.discord.Close()
		// REST knows the right token, so that the gateway is what refuses.
		err := <-w.ended
		var fatal *engine.FatalError
		if !errors.As(err, &fatal) || !strings.Contains(err.Error(), "4004") && !strings.Contains(err.Error(), "token") {
			t.Errorf("err = %v", err)
		}
		if strings.Contains(err.Error()+w.log(), "wrong.one") {
			t.Error("the token is shown")
		}
	})
}

func TestIntentsThatWereNotGrantedAreFatal(t *testing.T) {
	sim := small
	sim.PrivilegedIntents = discordtest.NoPrivilegedIntents
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, sim, nil)
		defer w.discord.Close()
		err := <-w.ended
		var fatal *engine.FatalError
		if !errors.As(err, &fatal) || !strings.Contains(err.Error(), "discord.intents") {
			t.Errorf("err = %v", err)
		}
	})
}

func TestAFatalAnswerLaterFailsTheShardAlone(t *testing.T) {
	inWorld(t, small, nil, func(w *world) {
		w.awaitReady()
		w.must(w.discord.CloseConnection(shardOf(4), 4014))
		w.pass(5 * time.Second)
		s := w.snapshot()
		if sh := s.Shards[4]; sh.State != ops.ShardFailed || !strings.Contains(sh.Fault, "privileged") {
			t.Errorf("shard %+v", sh)
		}
		if len(s.Alerts) != 1 || s.Alerts[0].Shard != 4 || s.Alerts[0].Level != ops.AlertCritical {
			t.Errorf("alerts %+v", s.Alerts)
		}
		<-w.do(ops.Command{Kind: ops.CommandStart, Shards: []int{4}}).Done()
		w.awaitReady()
	})
}

func TestASliceHoldsItsShardsAlone(t *testing.T) {
	slice := func(c *engine.Config) { c.Shards = engine.ShardsConfig{Total: 8, First: 2, Last: 4, PerWorker: 2} }
	inWorld(t, small, slice, func(w *world) {
		s := w.awaitReady()
		if len(s.Shards) != 3 || s.Shards[0].ID != 2 || len(s.Workers) != 2 || s.Workers[1].Shards[0] != 4 {
			t.Errorf("shards %+v, workers %+v", s.Shards, s.Workers)
		}
		if _, err := w.engine.Shard(context.Background(), 5); !errors.Is(err, ops.ErrNoShard) {
			t.Errorf("err = %v", err)
		}
	})
}

func TestChaosForTenMinutes(t *testing.T) {
	inWorld(t, small, nil, func(w *world) {
		w.awaitReady()
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Minute)
		defer cancel()
		w.discord.RunChaos(ctx, discordtest.DefaultChaos())
		w.awaitReady()
	})
}

func TestAConfigThatCannotWorkIsRefused(t *testing.T) {
	_, err := engine.New(engine.Config{})
	var bad *engine.ConfigError
	if !errors.As(err, &bad) || !strings.Contains(err.Error(), "discord.token") {
		t.Errorf("err = %v", err)
	}
}
