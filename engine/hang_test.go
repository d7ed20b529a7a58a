package engine_test

import (
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gatehouse-gateway/gatehouse/engine"
	"github.com/gatehouse-gateway/gatehouse/engine/discordtest"
	"github.com/gatehouse-gateway/gatehouse/engine/discovery"
	"github.com/gatehouse-gateway/gatehouse/engine/ops"
	"github.com/gatehouse-gateway/gatehouse/engine/session"
	"github.com/gatehouse-gateway/gatehouse/engine/spool"
)

// haltInVain stops an engine whose disk hangs: it has to end in time all the same.
func (w *world) haltInVain() {
	w.t.Helper()
	start := time.Now()
	w.stop()
	err := <-w.ended
	if err == nil || !strings.Contains(err.Error(), "the disk hangs") {
		w.t.Errorf("Run: %v", err)
	}
	if took := time.Since(start); took > 5*time.Second {
		w.t.Errorf("the engine took %v to stop", took)
	}
}

func TestADiskThatHangsDoesNotHoldUpAStop(t *testing.T) {
	withDisk(t, func(w *world, d *disk, _ *shelf) {
		w.awaitReady()
		w.bot.SetMode(discordtest.BotBusy)
		w.pass(3 * time.Second)
		d.spoil(func(d *disk) { d.stall = time.Minute })
		w.pass(5 * time.Second)
		w.haltInVain()
		d.spoil(func(d *disk) { d.dead, d.stall = true, 0 }) // for the old engine
		folder, err := spool.NewFolder(d.dir)
		w.must(err)
		w.bot.SetMode(discordtest.BotUp)
		w.start(func(c *engine.Config) { c.Store = folder })
		w.awaitReady()
		w.settle()
		if r := w.discord.Audit().Report(); len(r.Forfeited) > 0 || r.Identifies != 8 {
			t.Errorf("forfeited %v, %d identifies", r.Forfeited, r.Identifies)
		}
		w.pass(time.Minute) // what was left behind ends
	})
}

// slowReader is a disk that takes long to read.
type slowReader struct {
	spool.Store
	wait time.Duration
}

func (d slowReader) Get(name string, dst []byte, limit int) ([]byte, error) {
	<-time.After(d.wait)
	return d.Store.Get(name, dst, limit)
}

func TestAStartThatWaitsForItsDiskCanBeWatchedAndStopped(t *testing.T) {
	withDisk(t, func(w *world, d *disk, _ *shelf) {
		w.awaitReady()
		w.bot.SetMode(discordtest.BotBusy)
		w.pass(5 * time.Second)
		w.halt()
		w.start(func(c *engine.Config) { c.Store = slowReader{d, 6 * time.Second} })
		w.pass(10 * time.Second) // the queue is being taken over
		if s := w.snapshot(); s.Phase != ops.PhaseStarting || len(s.Shards) != 0 {
			t.Errorf("phase %v, %d shards", s.Phase, len(s.Shards))
		}
		w.haltInVain()
		w.bot.SetMode(discordtest.BotUp)
		w.start(func(c *engine.Config) { c.Store = d })
		w.awaitReady()
		w.settle()
		w.pass(time.Minute) // what was left behind ends
	})
}

// slowShelf takes long to save sessions.
type slowShelf struct {
	*shelf
	wait atomic.Int64 // nanoseconds
}

func (s *slowShelf) Save(saved *session.Saved) error {
	<-time.After(time.Duration(s.wait.Load()))
	return s.shelf.Save(saved)
}

func TestSessionsWhoseDiskHangsAreAnAlert(t *testing.T) {
	s := &slowShelf{shelf: &shelf{}}
	inWorld(t, small, func(c *engine.Config) { c.Sessions = s }, func(w *world) {
		w.awaitReady()
		s.wait.Store(int64(8 * time.Second))
		w.await("an alert", 10*time.Second, func(s *ops.Snapshot) bool {
			return len(s.Alerts) == 1 && s.Alerts[0].ID == "sessions/unsaved" && strings.Contains(s.Alerts[0].Text, "has not answered for")
		})
		s.wait.Store(0)
		w.pass(10 * time.Second)
		if a := w.snapshot().Alerts; len(a) != 0 {
			t.Errorf("alerts %+v after the disk is mended", a)
		}
	})
}

// A bot to which nothing happens has live sessions all the same.
func TestSessionsOfAQuietBotAreNotTakenForDead(t *testing.T) {
	sim := small
	sim.Rate = 0
	for name, end := range map[string]func(w *world, s *shelf){
		"stopped": func(w *world, _ *shelf) { w.halt() },
		"killed": func(w *world, s *shelf) {
			s.spoil(true, nil)
			w.halt()
			s.spoil(false, nil)
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := &shelf{}
			inWorld(t, sim, func(c *engine.Config) { c.Sessions = s }, func(w *world) {
				w.awaitReady()
				w.pass(65 * time.Minute)
				end(w, s)
				w.start(nil)
				w.awaitReady()
				if n := w.discord.Stats().Identifies; n != 8 {
					t.Errorf("%d identifies", n)
				}
			})
		})
	}
}

func TestADrainThatRacesWithAStopEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sim := discordtest.Config{Shards: 1, Guilds: 1}
		for range 60 {
			w := newWorld(t, sim, nil)
			w.await("a fleet", time.Minute, func(s *ops.Snapshot) bool { return len(s.Shards) > 0 })
			asked := make(chan ops.Operation)
			for range 4 {
				go func() {
					op, _ := w.engine.Do(t.Context(), ops.Command{Kind: ops.CommandDrain})
					asked <- op
				}()
			}
			go w.stop()
			for range 4 {
				if op := <-asked; op != nil {
					<-op.Done() // else the bubble is found dead
				}
			}
			<-w.ended
			w.discord.Close()
		}
	})
}

// Nothing tells a sink that is paused that its last event has become too old.
func TestADrainEndsWhenNothingIsLeft(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDisk(t)
		w := newWorld(t, small, func(c *engine.Config) {
			c.Store, c.StoreDir, c.Queue.PersistAfter, c.Queue.MaxAge = d, d.dir, time.Second, time.Minute
			c.Sinks[0].Rules.Drop = []string{"GATEHOUSE_*"} // without gap markers
		})
		w.awaitReady()
		w.do(ops.Command{Kind: ops.CommandPauseSink, Sink: "bot"})
		w.pass(20 * time.Second)
		op := w.do(ops.Command{Kind: ops.CommandDrain})
		w.pass(2 * time.Minute)
		select {
		case err := <-w.ended:
			w.must(err)
		default:
			t.Errorf("it still waits: %+v", op.Progress())
			w.stop()
			<-w.ended
		}
		if p := op.Progress(); op.Err() != nil || !strings.HasPrefix(p.Text, "drained: 0 events delivered, ") || !strings.HasSuffix(p.Text, " dropped") {
			t.Errorf("%+v, %v", p, op.Err())
		}
		w.discord.Close()
	})
}

// hungAddress is a disk that does not give the gateway's address back.
type hungAddress struct {
	address
	wait time.Duration
}

func (a *hungAddress) LoadGateway() (*discovery.Saved, error) {
	<-time.After(a.wait)
	return a.address.LoadGateway()
}

func TestAStartWhoseDiskHangsCanBeStopped(t *testing.T) {
	inWorld(t, small, func(c *engine.Config) {
		c.Sessions, c.GatewayStore = &shelf{}, &hungAddress{wait: time.Minute}
	}, func(w *world) {
		w.pass(10 * time.Second)
		w.haltInVain()
		w.over = true
		w.pass(time.Minute) // what was left behind ends
	})
}
