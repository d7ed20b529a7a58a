package main

import (
	"math/rand/v2"
	"syscall"
	"testing"
	"time"
)

// What waits for a bot that is away longer than Discord remembers is on disk, and
// survives one death after the other: Discord keeps five hundred events of a
// session here, and each shard gets four times as many.
func TestKilledAgainAndAgainWhileTheBotIsAwayItLosesNothing(t *testing.T) {
	t.Parallel()
	const replay = 500
	seed := rand.Uint64()
	w := newKillWorld(t, seed, replay)
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 0x4b12))
	w.env = append(w.env, "GATEHOUSE_QUEUE_PERSIST_AFTER=10ms", "GATEHOUSE_QUEUE_MEMORY=4MiB")
	p := w.start(t)
	if !p.until(func() bool { return len(w.saved(t)) == killShards }, patience) {
		t.Fatalf("no sessions were saved:\n%s", p.stderr.String())
	}
	w.settle(t, p)
	w.server.SetRate(3 * replay)
	moodBusy.apply(w.bots[0].Bot)
	moodHung.apply(w.bots[1].Bot)
	lives := 0
	for w.outstanding() < 4*replay*killShards && !t.Failed() {
		lives++
		mark := w.outstanding()
		if p.until(func() bool { return p.up(w) }, patience) {
			w.server.SetRate(3 * replay)
		}
		// Most of what came in this life has to be on disk when it ends, or else
		// Discord, too, would have forgotten it.
		// While events come faster than a busy machine writes, that never is.
		came := p.until(func() bool { return p.up(w) && w.outstanding() > mark+replay/4 }, patience)
		w.server.SetRate(0)
		if !came || !p.until(func() bool { return p.up(w) && w.undurable(t) < replay/2 }, patience) {
			// The stacks tell what it waits for.
			_ = p.cmd.Process.Signal(syscall.SIGQUIT)
			p.lives(patience)
			t.Fatalf("life %d does not get its events to disk:\n%s", lives, p.stderr.String())
		}
		w.server.SetRate(3 * replay)
		p.lives(upTo(r, 20*time.Millisecond))
		w.server.SetRate(0) // however long the next start takes, Discord does not forget for it
		p.kill()
		if sign := badSigns(p.stderr.String()); sign != "" {
			t.Errorf("a log holds %q:\n%s", sign, lastLines(p.stderr.String(), 40))
		}
		w.happen(t, replay/4)
		p = w.start(t)
	}
	if !w.settle(t, p) {
		t.Log(p.stderr.String())
	}
	p.until(func() bool { return p.up(w) }, patience)
	p.stop(t)
	for i, b := range w.bots {
		got := b.audit.Report()
		if !got.OK() || got.Pending > 0 || len(got.Forfeited) > 0 || got.ResumesRefused > 0 || b.Stats().Gaps > 0 {
			t.Errorf("bot %d after %d lives: %+v", i, lives, got)
		}
	}
	t.Logf("%d lives", lives)
	if lives < 4 {
		t.Errorf("%d lives prove little", lives)
	}
	files, unfinished := w.folder(t)
	if len(files)+unfinished > 0 {
		t.Errorf("the bots have everything, and %d files of the queue and %d unfinished ones are left", len(files), unfinished)
	}
}

// happen makes some events.
func (w *killWorld) happen(t *testing.T, n int) {
	t.Helper()
	guilds := w.server.GuildIDs()
	for i := range n {
		if _, err := w.server.Inject("MESSAGE_CREATE", guilds[i%len(guilds)]); err != nil {
			t.Error(err)
		}
	}
}

// undurable is the most events of a session that a kill would have to get from
// Discord again.
func (w *killWorld) undurable(t *testing.T) (most int64) {
	t.Helper()
	saved := w.saved(t)
	for _, s := range w.server.Stats().Sessions {
		most = max(most, s.Seq-saved[s.Shard].Seq)
	}
	return most
}
