package main

import (
	"flag"
	"math/rand/v2"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/gatehouse-gateway/gatehouse/engine/discordtest"
)

// How long and how TestKilledAtRandomItLosesNothing goes on. A failure names its
// seed; the same seed gives the same plan, though not the same timing.
var (
	killFor  = flag.Duration("killfor", 15*time.Second, "how long the process is killed at random")
	killSeed = flag.Uint64("killseed", 0, "of the plan for that; 0 for a random one")
)

// killRate is the traffic while the process is killed, in events per second.
const killRate = 600

// A Gatehouse that is killed again and again, at any moment of its life and
// whatever the bot does, loses nothing that Discord still has: after hundreds of
// lives every event has come, in order, under one id, with the bytes that Discord
// sent, and no shard has identified that could have resumed.
func TestKilledAtRandomItLosesNothing(t *testing.T) {
	t.Parallel()
	seed := *killSeed
	if seed == 0 {
		seed = rand.Uint64()
	}
	t.Logf("go test -run %s -killseed %d -killfor %s", t.Name(), seed, *killFor)
	h := &killing{w: newKillWorld(t, seed, 1<<22), random: rand.New(rand.NewPCG(seed, 0x4b11))}
	h.settleIn(t)
	h.w.server.SetRate(killRate)
	for end := time.Now().Add(*killFor); time.Now().Before(end) && !t.Failed(); {
		h.live(t, h.plan())
	}
	h.finish(t)
	t.Log("\n" + h.tally.String())
	h.judge(t)
}

// killing is the story of one bot under many deaths.
type killing struct {
	w      *killWorld
	random *rand.Rand
	tally  killTally
	lives  []lifeRecord // the latest
}

// lifeRecord is what is remembered of a life in case something is missing later.
type lifeRecord struct {
	plan  lifePlan
	phase string
	saved map[int]savedSession // when it was over
	log   string
}

// settleIn is a first life without haste: it identifies and saves its sessions.
func (h *killing) settleIn(t *testing.T) {
	t.Helper()
	p := h.w.start(t)
	defer p.kill()
	if !p.until(func() bool { return len(h.w.saved(t)) == killShards }, patience) {
		t.Fatalf("no sessions were saved:\n%s", p.stderr.String())
	}
	h.w.settleSessions(t, nil, "the first life")
	h.tally.identifies = h.w.server.Stats().Identifies
}

// live is one life as planned, and its audit.
func (h *killing) live(t *testing.T, plan lifePlan) {
	t.Helper()
	if plan.renew {
		h.quiet(t)
	}
	plan.bot.apply(h.w.bots[0].Bot)
	plan.copy.apply(h.w.bots[1].Bot)
	before, oldFiles := h.w.resumable(t), h.tally.files
	p := h.w.start(t, plan.settings()...)
	h.act(p, plan)
	phase := h.phase(p, plan)
	p.kill()
	log := p.stderr.String()
	h.lives = append(h.lives[max(0, len(h.lives)-5000):], lifeRecord{plan, phase, h.w.saved(t), lastLines(log, 12)})
	h.tally.add(phase, plan)
	unsaved := h.w.settleSessions(t, before, plan.String())
	if unsaved > 0 && phase == phaseRunning && plan.from == fromReady && plan.live > savedWithin {
		t.Errorf("%s: it did not save its new sessions:\n%s", plan, lastLines(log, 40))
	}
	h.tally.unsaved += unsaved
	files, unfinished := h.w.folder(t)
	h.tally.seeFiles(oldFiles, files, unfinished)
	if sign := badSigns(log); sign != "" {
		t.Errorf("%s: its log holds %q:\n%s", plan, sign, lastLines(log, 40))
	}
	if phase == phaseFailed {
		t.Errorf("%s: it ended by itself with exit code %d:\n%s", plan, p.cmd.ProcessState.ExitCode(), lastLines(log, 40))
	}
}

// quiet gives the bot everything, so that nothing hangs on the sessions that are
// about to be ended.
func (h *killing) quiet(t *testing.T) {
	t.Helper()
	p := h.w.start(t)
	defer p.kill()
	if !h.w.settle(t, p) {
		return
	}
	for shard := range killShards {
		// A shard that is not connected keeps its session.
		_ = h.w.server.InvalidateSession(discordtest.Pair{Shard: shard}, false)
	}
	h.w.server.SetRate(killRate)
}

// act lets the process live until its time has come.
func (h *killing) act(p *process, plan lifePlan) {
	if !p.until(func() bool { return plan.from.reached(p, h.w) }, patience) {
		return
	}
	if plan.fault != nil {
		if !p.lives(plan.live / 2) {
			return
		}
		// Without a connection there is nothing to break.
		_ = plan.fault(h.w.server)
		plan.live /= 2
	}
	if plan.catchUp {
		p.until(func() bool { return h.w.outstanding() < killBacklog/10 }, patience)
	}
	if !p.lives(plan.live) || !plan.term {
		return
	}
	// The process may be gone; its end is looked at later.
	_ = p.cmd.Process.Signal(syscall.SIGTERM)
	p.lives(plan.grace)
}

// phase says how far a life had come, just before it is killed.
func (h *killing) phase(p *process, plan lifePlan) string {
	log := p.stderr.String()
	now := h.w.server.Stats()
	switch {
	case !p.lives(0) && plan.term && (p.cmd.ProcessState.ExitCode() == exitDone || !strings.Contains(log, "starting shards")):
		return phaseEnded
	case !p.lives(0):
		return phaseFailed
	case strings.Contains(log, `"stopping`):
		return phaseStopping
	case now.ConnectionsEver == p.before.ConnectionsEver:
		return phaseStarting
	case !p.up(h.w):
		return phaseResuming
	default:
		return phaseRunning
	}
}

// finish is the last life: it gives the bot everything and stops in order.
func (h *killing) finish(t *testing.T) {
	t.Helper()
	p := h.w.start(t)
	h.w.settle(t, p)
	for i, b := range h.w.bots {
		h.tally.audits[i], h.tally.bots[i] = b.audit.Report(), b.Stats()
	}
	h.tally.identifies = h.w.server.Stats().Identifies - h.tally.identifies
	p.stop(t)
	if files, unfinished := h.w.folder(t); len(files)+unfinished > 0 {
		t.Errorf("the bots have everything, and %d files of the queue and %d unfinished ones are left", len(files), unfinished)
	}
}

// judge draws the verdict, and names the life in which what is missing was said
// to be safe.
func (h *killing) judge(t *testing.T) {
	t.Helper()
	for i := range h.w.bots {
		h.judgeBot(t, h.tally.audits[i], h.tally.bots[i])
	}
	for _, phase := range []string{phaseStarting, phaseResuming, phaseRunning, phaseStopping} {
		if h.tally.phases[phase] == 0 && *killFor >= 10*time.Second {
			t.Errorf("no life was killed while %s", phase)
		}
	}
	if h.tally.left == 0 {
		t.Error("no life left files of the queue behind")
	}
}

func (h *killing) judgeBot(t *testing.T, r discordtest.Report, b discordtest.BotStats) {
	t.Helper()
	samples := r.LostSamples
	if r.Violations[discordtest.ViolationIdentifyFast] <= uint64(h.tally.unsaved) {
		// A process that was killed before it could note its identify cannot tell
		// the next one to wait.
		delete(r.Violations, discordtest.ViolationIdentifyFast)
	}
	if r.LostSamples = nil; !r.OK() || r.Pending > 0 || b.Gaps > 0 || b.Malformed > 0 {
		t.Errorf("after %d lives: %+v, %+v", h.tally.kills, r, b)
	}
	for reason, n := range r.Forfeited {
		if reason != neverSaved && reason != invalidated {
			t.Errorf("%d events are gone with a session that was %s", n, reason)
		}
	}
	slices.SortFunc(samples, compareSessions)
	for _, lost := range samples {
		i := slices.IndexFunc(h.lives, func(l lifeRecord) bool {
			s := l.saved[lost.Shard[0]]
			return s.ID == lost.Session && s.Seq >= int64(lost.Seq)
		})
		if i < 0 {
			t.Logf("lost: %+v; it was never committed", lost)
			continue
		}
		t.Logf("lost: %+v; it was committed after %s, while %s:\n%s", lost, h.lives[i].plan, h.lives[i].phase, h.lives[i].log)
	}
	if r.Received < 1000 || r.Repeated == 0 {
		t.Errorf("too little happened to prove anything: %d received, %d repeated", r.Received, r.Repeated)
	}
}

// savedWithin is how long after READY a session must have been saved.
const savedWithin = 1500 * time.Millisecond

// invalidated is why Discord's sessions end in quiet.
const invalidated = "invalidated by Discord"
