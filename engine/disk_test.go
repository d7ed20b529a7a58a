package engine_test

import (
	"context"
	"errors"
	"os"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gatehouse-gateway/gatehouse/engine"
	"github.com/gatehouse-gateway/gatehouse/engine/discordtest"
	"github.com/gatehouse-gateway/gatehouse/engine/ops"
	"github.com/gatehouse-gateway/gatehouse/engine/spool"
)

// disk is a folder that a test can spoil.
type disk struct {
	*spool.Folder
	dir string

	mu    sync.Mutex
	err   error         // of every write
	stall time.Duration // of every write
	dead  bool          // nothing is written any more, as if the process had died
}

func newDisk(t *testing.T) *disk {
	t.Helper()
	dir := t.TempDir()
	folder, err := spool.NewFolder(dir)
	if err != nil {
		t.Fatal(err)
	}
	return &disk{Folder: folder, dir: dir}
}

func (d *disk) spoil(change func(*disk)) {
	d.mu.Lock()
	defer d.mu.Unlock()
	change(d)
}

func (d *disk) Put(name string, data []byte) error {
	d.mu.Lock()
	err, stall := d.err, d.stall
	d.mu.Unlock()
	if stall > 0 {
		<-time.After(stall)
	}
	d.mu.Lock()
	dead := d.dead
	d.mu.Unlock()
	if dead || err != nil {
		return err
	}
	return d.Folder.Put(name, data)
}

func (d *disk) Delete(name string) error {
	d.mu.Lock()
	dead := d.dead
	d.mu.Unlock()
	if dead {
		return nil
	}
	return d.Folder.Delete(name)
}

// withDisk runs a story about an engine whose queue has a disk below it.
func withDisk(t *testing.T, story func(w *world, d *disk, s *shelf)) {
	t.Helper()
	d, s := newDisk(t), &shelf{}
	inWorld(t, small, func(c *engine.Config) {
		c.Sessions, c.Store, c.StoreDir = s, d, d.dir
		c.Queue.PersistAfter = time.Second
	}, func(w *world) { story(w, d, s) })
}

// die ends the engine as kill -9 does: what has not been written by now never is.
func (w *world) die(d *disk, s *shelf) {
	w.t.Helper()
	d.spoil(func(d *disk) { d.dead = true })
	s.spoil(true, nil)
	w.stop()
	<-w.ended
	d.spoil(func(d *disk) { d.dead = false })
	s.spoil(false, nil)
}

func TestAHealthyBotCostsNoDisk(t *testing.T) {
	withDisk(t, func(w *world, _ *disk, _ *shelf) {
		w.awaitReady()
		w.pass(3 * time.Minute)
		if s := w.snapshot().Store; s.Written != 0 || s.Files != 0 || !s.OnDisk {
			t.Errorf("after three minutes: %+v", s)
		}
	})
}

// Discord forgets a session within minutes. What came before is on our disk.
func TestWhatIsOnDiskOutlivesTheSession(t *testing.T) {
	withDisk(t, func(w *world, _ *disk, _ *shelf) {
		w.awaitReady()
		w.bot.SetMode(discordtest.BotBusy)
		w.pass(10 * time.Second)
		depth := w.snapshot().Traffic.Depth
		if depth < 100 {
			t.Fatalf("%d events queued", depth)
		}
		w.discord.SetRate(0)
		w.pass(3 * time.Second)
		w.halt()
		w.pass(20 * time.Minute)
		w.bot.SetMode(discordtest.BotUp)
		w.start(nil)
		w.awaitReady()
		w.settle()
		if n := w.discord.Stats().Identifies; n != 16 {
			t.Errorf("%d identifies, the sessions cannot have been kept", n)
		}
		if r := w.discord.Audit().Report(); r.Forfeited["expired"] < 100 || r.Revived != r.Forfeited["expired"] || r.Pending > 0 {
			t.Errorf("forfeited %v, of which %d came all the same, pending %d", r.Forfeited, r.Revived, r.Pending)
		}
		if s := w.snapshot().Store; s.Files != 0 && w.await("no files", 5*time.Second, func(s *ops.Snapshot) bool { return s.Store.Files == 0 }) == nil {
			t.Errorf("%+v", s)
		}
	})
}

func TestDeathsWithADeadBotLoseNothing(t *testing.T) {
	for name, persist := range map[string]time.Duration{"late": time.Second, "soon": 50 * time.Millisecond, "strict": 0} {
		t.Run(name, func(t *testing.T) {
			withDisk(t, func(w *world, d *disk, s *shelf) {
				w.awaitReady()
				for i := range 20 {
					w.bot.SetMode([]discordtest.BotMode{discordtest.BotBusy, discordtest.BotUp, discordtest.BotHung}[i%3])
					w.pass(time.Duration(300+400*(i%5)) * time.Millisecond)
					w.die(d, s)
					w.start(func(c *engine.Config) { c.Queue.PersistAfter = persist })
					w.pass(700 * time.Millisecond)
				}
				w.bot.SetMode(discordtest.BotUp)
				w.awaitReady()
				w.settle()
				if r := w.discord.Audit().Report(); len(r.Forfeited) > 0 || r.Identifies != 8 {
					t.Errorf("forfeited %v, %d identifies", r.Forfeited, r.Identifies)
				}
			})
		})
	}
}

func TestADiskThatStallsHoldsUpNoShard(t *testing.T) {
	withDisk(t, func(w *world, d *disk, _ *shelf) {
		w.awaitReady()
		w.bot.SetMode(discordtest.BotBusy)
		w.pass(5 * time.Second)
		d.spoil(func(d *disk) { d.stall = 5 * time.Second })
		w.pass(20 * time.Second)
		before := w.snapshot()
		if got := before.Traffic.Rate; got < 10 {
			t.Errorf("%.0f events a second while the disk stalls, 20 are sent", got)
		}
		if !strings.Contains(w.log(), "has not answered for") {
			t.Errorf("nobody says that the disk stalls:\n%s", w.log())
		}
		d.spoil(func(d *disk) { d.stall = 0 })
		w.bot.SetMode(discordtest.BotUp)
		w.settle()
	})
}

func TestAFullDiskIsSaidAndEventsGoOn(t *testing.T) {
	withDisk(t, func(w *world, d *disk, _ *shelf) {
		w.awaitReady()
		w.bot.SetMode(discordtest.BotBusy)
		w.pass(3 * time.Second)
		d.spoil(func(d *disk) { d.err = errors.New("no space left on device") })
		w.pass(10 * time.Second)
		s := w.snapshot()
		if s.Store.Fault != "no space left on device" || s.Store.FaultSince.IsZero() {
			t.Errorf("store %+v", s.Store)
		}
		if !hasAlert(s, "queue/disk") {
			t.Errorf("alerts %+v", s.Alerts)
		}
		d.spoil(func(d *disk) { d.err = nil })
		w.await("the disk is well", 10*time.Second, func(s *ops.Snapshot) bool { return s.Store.Fault == "" })
		w.pass(2 * time.Second)
		if s := w.snapshot(); hasAlert(s, "queue/disk") {
			t.Errorf("alerts %+v", s.Alerts)
		}
		w.bot.SetMode(discordtest.BotUp)
		w.settle()
	})
}

func hasAlert(s *ops.Snapshot, id string) bool {
	for _, a := range s.Alerts {
		if a.ID == id {
			return true
		}
	}
	return false
}

func TestEventsOfASinkThatIsNotConfiguredAnyMoreWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d, s := newDisk(t), &shelf{}
		w := newWorld(t, small, func(c *engine.Config) {
			c.Sessions, c.Store, c.StoreDir, c.Queue.PersistAfter = s, d, d.dir, time.Second
		})
		w.awaitReady()
		w.bot.SetMode(discordtest.BotBusy)
		w.pass(10 * time.Second)
		w.discord.SetRate(0)
		w.pass(2 * time.Second)
		w.halt()
		w.bot.SetMode(discordtest.BotUp)
		rename := func(to string) func(*engine.Config) {
			return func(c *engine.Config) {
				c.Sinks = append([]engine.SinkConfig(nil), c.Sinks...)
				c.Sinks[0].Name = to
			}
		}
		w.start(rename("other"))
		w.awaitReady()
		w.pass(3 * time.Second)
		snap := w.snapshot()
		if len(snap.Sinks) != 2 || !snap.Sinks[1].Orphan || snap.Sinks[1].Name != "bot" || snap.Sinks[1].Depth < 100 || !hasAlert(snap, "sink/bot/orphan") {
			t.Fatalf("sinks %+v, alerts %+v", snap.Sinks, snap.Alerts)
		}
		w.halt()
		w.start(rename("bot"))
		w.awaitReady()
		w.end()
	})
}

func TestAnotherPlacementKeepsTheOrder(t *testing.T) {
	withDisk(t, func(w *world, _ *disk, _ *shelf) {
		w.awaitReady()
		for _, per := range []int{1, 25, 3} {
			w.bot.SetMode(discordtest.BotBusy)
			w.pass(5 * time.Second)
			w.halt()
			w.start(func(c *engine.Config) { c.Shards.PerWorker = per })
			w.awaitReady()
			w.pass(5 * time.Second)
		}
		w.bot.SetMode(discordtest.BotUp)
		w.pass(5 * time.Second)
		w.settle()
		if r := w.discord.Audit().Report(); r.OutOfOrderShard > 0 || len(r.Forfeited) > 0 || r.Identifies != 8 {
			t.Errorf("out of order %d, forfeited %v, identifies %d", r.OutOfOrderShard, r.Forfeited, r.Identifies)
		}
	})
}

func TestDeadLettersAreReplayed(t *testing.T) {
	withDisk(t, func(w *world, d *disk, _ *shelf) {
		w.awaitReady()
		w.bot.SetStatus(func(n uint64) int { return 422 })
		w.pass(20 * time.Second)
		w.discord.SetRate(0)
		letters := w.await("dead letters", 10*time.Minute, func(s *ops.Snapshot) bool { return s.Sinks[0].Letters > 20 && s.Sinks[0].Depth == 0 }).Sinks[0].Letters
		w.bot.SetStatus(nil)
		page, err := w.engine.DeadLetters(context.Background(), ops.DeadLetterQuery{Sink: "bot", Max: 2})
		if err != nil || len(page.Letters) != 2 || page.Total != letters || page.Letters[0].Type == "" {
			t.Fatalf("%+v, %v", page, err)
		}
		_, err = w.engine.Do(context.Background(), ops.Command{Kind: ops.CommandReplay, Sink: "bot", Letters: []string{"0000000000000000-1"}})
		if err == nil || !strings.Contains(err.Error(), "no dead letter 0000000000000000-1") {
			t.Errorf("a letter that is not there: %v", err)
		}
		d.spoil(func(d *disk) { d.stall = 2 * time.Second })
		w.do(ops.Command{Kind: ops.CommandPauseSink, Sink: "bot"})
		op := w.do(ops.Command{Kind: ops.CommandReplay, Sink: "bot"})
		w.pass(time.Second)
		if p := op.Progress(); p.Done != 0 || p.Total != letters || strings.Contains(p.Text, "READY") {
			t.Errorf("before anything is on disk: %+v", p)
		}
		<-op.Done()
		if p := op.Progress(); p.Done != letters {
			t.Errorf("at the end: %+v", p)
		}
		d.spoil(func(d *disk) { d.stall = 0 })
		w.pass(5 * time.Second)
		w.do(ops.Command{Kind: ops.CommandResumeSink, Sink: "bot"})
		if err := op.Err(); err != nil {
			t.Fatal(err)
		}
		w.settle()
		w.pass(time.Second) // for the last acknowledgement
		if s := w.snapshot().Sinks[0]; s.Letters != 0 || s.Depth != 0 {
			t.Errorf("sink %+v", s)
		}
	})
}

func TestAFolderOfAnotherBotIsLeftAlone(t *testing.T) {
	d := newDisk(t)
	if err := os.WriteFile(d.dir+"/queue.json", []byte(`{"format":7,"bot":"1"}`), 0o600); err != nil {
		t.Fatal(err)
	}
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, small, func(c *engine.Config) { c.Store, c.StoreDir = d, d.dir })
		err := <-w.ended
		var wrong *engine.ConfigError
		if !errors.As(err, &wrong) || !strings.Contains(err.Error(), "queue.dir: "+d.dir) || !strings.Contains(err.Error(), "format 7") {
			t.Errorf("Run: %v", err)
		}
		w.over = true
		w.end()
	})
}

// Once Discord has given a session up, nobody but us has its events.
func TestTheEventsOfASessionThatIsOverAreStoredAtOnce(t *testing.T) {
	withDisk(t, func(w *world, d *disk, s *shelf) {
		w.awaitReady()
		w.halt()
		w.start(func(c *engine.Config) { c.Queue.PersistAfter = time.Hour })
		w.awaitReady()
		w.bot.SetMode(discordtest.BotBusy)
		w.pass(3 * time.Second)
		for id := range 8 {
			w.must(w.discord.InvalidateSession(shardOf(id), false))
		}
		before := w.discord.Stats().Identifies
		for end := time.Now().Add(time.Minute); w.discord.Stats().Identifies < before+8 && time.Now().Before(end); {
			w.pass(time.Millisecond)
		}
		w.pass(20 * time.Millisecond)
		w.die(d, s)
		w.bot.SetMode(discordtest.BotUp)
		w.start(nil)
		w.awaitReady()
		w.settle()
		if r := w.discord.Audit().Report(); r.Lost > 0 || r.Identifies != 16 {
			t.Errorf("%d events lost, %d identifies", r.Lost, r.Identifies)
		}
	})
}

func TestAShardThatIsNotReadIsAnAlert(t *testing.T) {
	withDisk(t, func(w *world, _ *disk, _ *shelf) {
		w.awaitReady()
		w.halt()
		w.start(func(c *engine.Config) { c.Queue.MaxEvents, c.Queue.WhenFull = 100, engine.Block })
		w.awaitReady()
		w.bot.SetMode(discordtest.BotBusy)
		w.await("the alert", time.Minute, func(s *ops.Snapshot) bool { return hasAlert(s, "queue/blocked") })
		w.bot.SetMode(discordtest.BotUp)
		w.await("its end", time.Minute, func(s *ops.Snapshot) bool { return !hasAlert(s, "queue/blocked") })
		w.settle()
	})
}
