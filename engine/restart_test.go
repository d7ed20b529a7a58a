package engine_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gatehouse-gateway/gatehouse/engine"
	"github.com/gatehouse-gateway/gatehouse/engine/discordtest"
	"github.com/gatehouse-gateway/gatehouse/engine/discovery"
	"github.com/gatehouse-gateway/gatehouse/engine/identify"
	"github.com/gatehouse-gateway/gatehouse/engine/ops"
	"github.com/gatehouse-gateway/gatehouse/engine/session"
)

// shelf is a session store that a test can spoil.
type shelf struct {
	mu         sync.Mutex
	saved      *session.Saved
	guilds     *session.Guilds
	identifies *session.Identifies
	frozen     bool // as if the process had died: nothing is written any more
	err        error
}

func (s *shelf) Load() (*session.Saved, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.saved, s.err
}

func (s *shelf) Save(saved *session.Saved) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.frozen && s.err == nil {
		s.saved = saved
	}
	return s.err
}

func (s *shelf) LoadGuilds() (*session.Guilds, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.guilds, s.err
}

func (s *shelf) SaveGuilds(g *session.Guilds) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.frozen && s.err == nil {
		s.guilds = g
	}
	return s.err
}

func (s *shelf) LoadIdentifies() (*session.Identifies, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.identifies, s.err
}

func (s *shelf) SaveIdentifies(i *session.Identifies) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.frozen && s.err == nil {
		s.identifies = i
	}
	return s.err
}

func (s *shelf) spoil(frozen bool, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.frozen, s.err = frozen, err
}

// withShelf runs a story about an engine that keeps its sessions.
func withShelf(t *testing.T, story func(w *world, s *shelf)) {
	t.Helper()
	s := &shelf{}
	inWorld(t, small, func(c *engine.Config) { c.Sessions = s }, func(w *world) { story(w, s) })
}

func TestARestartResumesEveryShard(t *testing.T) {
	withShelf(t, func(w *world, _ *shelf) {
		before := w.awaitReady()
		w.pass(3 * time.Second)
		w.halt()
		w.pass(20 * time.Second) // events that Discord keeps for us
		w.start(nil)
		s := w.awaitReady()
		w.pass(time.Second)
		w.settle()
		d := w.discord.Stats()
		if d.Identifies != 8 || d.Resumes != 8 || d.ResumesRefused != 0 {
			t.Errorf("%d identifies, %d resumes, %d refused", d.Identifies, d.Resumes, d.ResumesRefused)
		}
		if s.Fleet.Guilds != before.Fleet.Guilds || s.Fleet.Loading != 0 {
			t.Errorf("%d guilds after the restart, %d before", s.Fleet.Guilds, before.Fleet.Guilds)
		}
		r := w.discord.Audit().Report()
		if len(r.Forfeited) > 0 || r.Repeated > 0 {
			t.Errorf("forfeited %v, repeated %d", r.Forfeited, r.Repeated)
		}
	})
}

func TestWhatTheBotDidNotTakeComesAgainAfterARestart(t *testing.T) {
	withShelf(t, func(w *world, _ *shelf) {
		w.awaitReady()
		w.bot.SetMode(discordtest.BotBusy)
		w.pass(10 * time.Second)
		if depth := w.snapshot().Traffic.Depth; depth < 100 {
			t.Fatalf("%d events queued", depth)
		}
		w.halt()
		w.bot.SetMode(discordtest.BotUp)
		w.start(nil)
		w.awaitReady()
		w.settle()
		if r := w.discord.Audit().Report(); len(r.Forfeited) > 0 || r.Pending > 0 {
			t.Errorf("forfeited %v, pending %d", r.Forfeited, r.Pending)
		}
	})
}

func TestADeathAtAnyMomentLosesNothing(t *testing.T) {
	withShelf(t, func(w *world, s *shelf) {
		w.awaitReady()
		for range 12 {
			w.pass(1700 * time.Millisecond)
			s.spoil(true, nil) // from here on nothing is written: the process is dead
			w.stop()
			<-w.ended
			s.spoil(false, nil)
			w.start(nil)
			w.awaitReady()
		}
		w.settle()
		r := w.discord.Audit().Report()
		if len(r.Forfeited) > 0 || r.Identifies != 8 {
			t.Errorf("forfeited %v, %d identifies", r.Forfeited, r.Identifies)
		}
	})
}

func TestSessionsThatDoNotFitAreGivenUpWithAReason(t *testing.T) {
	withShelf(t, func(w *world, _ *shelf) {
		w.awaitReady()
		w.settle()
		w.halt()
		w.start(func(c *engine.Config) { c.Intents = 513 })
		w.awaitReady()
		if log := w.log(); !strings.Contains(log, "discord.intents were") {
			t.Errorf("the log does not say why:\n%s", log)
		}
		if n := w.discord.Stats().Identifies; n != 16 {
			t.Errorf("%d identifies", n)
		}
	})
}

func TestSessionsThatCannotBeSavedAreAnAlert(t *testing.T) {
	withShelf(t, func(w *world, s *shelf) {
		w.awaitReady()
		s.spoil(false, errors.New("disk full"))
		w.pass(5 * time.Second)
		if a := w.snapshot().Alerts; len(a) != 1 || a[0].ID != "sessions/unsaved" {
			t.Errorf("alerts %+v", a)
		}
		s.spoil(false, nil)
		w.pass(5 * time.Second)
		if a := w.snapshot().Alerts; len(a) != 0 {
			t.Errorf("alerts %+v after the disk is mended", a)
		}
	})
}

func TestAnExpiredSessionIsIdentifiedAnewAfterARestart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &shelf{}
		w := newWorld(t, small, func(c *engine.Config) { c.Sessions = s })
		w.awaitReady()
		w.settle()
		w.halt()
		w.pass(10 * time.Minute) // longer than Discord keeps sessions
		w.start(nil)
		snap := w.awaitReady()
		if n := snap.Fleet.ByState[ops.ShardReady]; n != 8 || snap.Identify.Sent != 8 {
			t.Errorf("%d ready, %d identifies", n, snap.Identify.Sent)
		}
		w.end()
	})
}

func TestADeathSoonAfterTheStartRemembersTheGuilds(t *testing.T) {
	withShelf(t, func(w *world, s *shelf) {
		before := w.awaitReady()
		w.pass(3 * time.Second) // the guilds stand still and are saved
		s.spoil(true, nil)
		w.stop()
		<-w.ended
		s.spoil(false, nil)
		w.start(nil)
		if after := w.awaitReady(); after.Fleet.Guilds != before.Fleet.Guilds {
			t.Errorf("%d guilds, %d before the death", after.Fleet.Guilds, before.Fleet.Guilds)
		}
	})
}

// A machine whose clock was wrong for a while has saved an instant that is far
// away.
func TestAnIdentifyInTheFutureDoesNotHoldUpAStart(t *testing.T) {
	withShelf(t, func(w *world, s *shelf) {
		w.awaitReady()
		w.settle()
		w.halt()
		s.saved.LastIdentify = time.Now().Add(1000 * time.Hour)
		w.start(func(c *engine.Config) { c.Intents = 513 }) // so that it has to identify
		w.awaitReady()
	})
}

// badAddress is a disk that does not take the gateway's address.
type badAddress struct{ address }

func (*badAddress) SaveGateway(*discovery.Saved) error {
	return errors.New("gateway.json: permission denied")
}

func TestOneFileThatCannotBeSavedIsOneAlert(t *testing.T) {
	inWorld(t, small, func(c *engine.Config) { c.Sessions, c.GatewayStore = &shelf{}, &badAddress{} }, func(w *world) {
		w.awaitReady()
		w.pass(60 * time.Second)
		a := w.snapshot().Alerts
		if len(a) != 1 || a[0].Level != ops.AlertWarn || !strings.HasPrefix(a[0].Text, "the gateway's address cannot be saved, gateway.json: permission denied") {
			t.Errorf("alerts %+v", a)
		}
		page, _ := w.engine.Log(context.Background(), ops.LogQuery{Level: ops.LevelInfo, Shard: -1, Max: 1000})
		var about []string
		for _, l := range page.Lines {
			if strings.Contains(l.Text, "saved") {
				about = append(about, l.Text)
			}
		}
		if len(about) != 2 {
			t.Errorf("in a minute the log says: %q", about)
		}
	})
}

func TestAnIdentifyIsSavedAtOnce(t *testing.T) {
	s := &shelf{}
	inWorld(t, discordtest.Config{Shards: 1, Guilds: 4, MaxConcurrency: 1}, func(c *engine.Config) { c.Sessions = s }, func(w *world) {
		for w.snapshot().Identify.Sent == 0 {
			w.pass(time.Millisecond)
		}
		if i, _ := s.LoadIdentifies(); i == nil || len(i.Memory.Identifies) != 1 {
			t.Errorf("saved: %+v", i)
		}
		w.awaitReady()
	})
}

func TestThatIdentifiesGoOnIsSavedAtOnce(t *testing.T) {
	s := &shelf{}
	inWorld(t, discordtest.Config{Shards: 1, Guilds: 4, MaxConcurrency: 1}, func(c *engine.Config) {
		c.Sessions = s
		open := identify.BreakerMemory{Open: true, Since: time.Now(), Why: "a storm", ResetAt: time.Now().Add(time.Hour)}
		s.identifies = &session.Identifies{Version: 1, Token: c.Token.Fingerprint(), Memory: identify.Memory{Breaker: open}}
	}, func(w *world) {
		w.pass(10*time.Second + 300*time.Millisecond)
		if sh := w.snapshot().Shards[0]; sh.State != ops.ShardQueued {
			t.Fatalf("the shard is %s", sh.State)
		}
		w.do(ops.Command{Kind: ops.CommandAllow})
		synctest.Wait()
		if i, _ := s.LoadIdentifies(); i.Memory.Breaker.Open {
			t.Error("after a crash now they would be stopped again")
		}
		w.awaitReady()
	})
}
