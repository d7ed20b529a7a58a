package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/gatehouse-gateway/gatehouse/engine/discord"
	"github.com/gatehouse-gateway/gatehouse/engine/discordtest"
	"github.com/gatehouse-gateway/gatehouse/engine/durable"
)

// killShards is the number of shards of the bot that is killed.
const killShards = 3

// neverSaved is why the killed bot's session ended when no file named it: no
// later process can know of it.
const neverSaved = "its process was killed before it was saved"

// killWorld is what outlives the processes that are killed: a Discord that keeps
// every session and every event for as long as the test takes, two bots that both
// get everything, and the folder of Gatehouse.
type killWorld struct {
	server *discordtest.Server
	bots   [2]killBot
	state  string // queue.dir
	dir    string // working folder
	env    []string
}

// killBot is a destination of events and what is known of it.
type killBot struct {
	*discordtest.Bot
	audit *discordtest.Audit
}

// newKillWorld makes a world whose Discord keeps so many events of a session for
// a RESUME.
func newKillWorld(t *testing.T, seed uint64, replay int, more ...func(*discordtest.Config)) *killWorld {
	t.Helper()
	cfg := discordtest.Config{
		Token: discord.NewToken(testToken), Shards: killShards, Guilds: 60, MaxConcurrency: killShards,
		SessionStarts: 1 << 20, IdentifyWindow: killSpacing, ResumeWindow: 24 * time.Hour, ReplayBuffer: replay, Seed: seed,
	}
	for _, set := range more {
		set(&cfg)
	}
	server, err := discordtest.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	w := &killWorld{server: server, state: t.TempDir(), dir: t.TempDir()}
	for i, audit := range []*discordtest.Audit{server.Audit(), server.NewAudit()} {
		w.bots[i] = killBot{discordtest.NewBot(audit, "hush-hush", nil), audit}
		web := httptest.NewServer(w.bots[i])
		t.Cleanup(web.Close)
		sink := fmt.Sprintf("GATEHOUSE_SINKS_%d_", i)
		w.env = append(w.env, sink+"NAME="+[]string{"bot", "copy"}[i], sink+"URL="+web.URL+"/events", sink+"AUTHORIZATION=hush-hush")
	}
	if err := server.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { server.Close() })
	w.env = append(w.env,
		asProgram+"=1", "HOME="+t.TempDir(), "DISCORD_TOKEN="+testToken, "GATEHOUSE_CONTROL_SOCKET=off",
		"GATEHOUSE_QUEUE_DIR="+w.state, "GATEHOUSE_DISCORD_API_BASE="+server.URL(),
		"GATEHOUSE_DISCORD_INTENTS="+strconv.Itoa(discordtest.AllIntents), "GATEHOUSE_IDENTIFY_SPACING="+killSpacing.String(),
		"GATEHOUSE_FILTER_MESSAGE_UPDATE=false", // what it keeps away may come late after a kill
	)
	return w
}

// outstanding is how many events the bot has not got that is worse off.
func (w *killWorld) outstanding() uint64 {
	return max(w.bots[0].audit.Outstanding(), w.bots[1].audit.Outstanding())
}

// settle lets nothing happen any more and waits until the bots have everything.
func (w *killWorld) settle(t *testing.T, p *process) bool {
	t.Helper()
	w.server.SetRate(0)
	for _, b := range w.bots {
		moodUp.apply(b.Bot)
	}
	// A shard that is on its way up brings more.
	p.until(func() bool { return p.up(w) && !w.loading() }, patience)
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	for i, b := range w.bots {
		if err := b.audit.AwaitSettled(ctx); err != nil {
			t.Errorf("bot %d is up, and %d events do not come: %v\n%s", i, b.audit.Outstanding(), err, lastLines(p.stderr.String(), 40))
			return false
		}
	}
	return true
}

// loading reports whether a session has not been told of all its guilds.
func (w *killWorld) loading() bool {
	return slices.ContainsFunc(w.server.Stats().Sessions, func(s discordtest.SessionStats) bool { return s.Loading })
}

// killSpacing is what this Discord wants between two identifies of one bucket.
const killSpacing = 100 * time.Millisecond

// start begins a life.
func (w *killWorld) start(t *testing.T, settings ...string) *process {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return w.startCommand(t, exec.Command(self, "run", "--no-tui"), settings)
}

func (w *killWorld) startCommand(t *testing.T, cmd *exec.Cmd, settings []string) *process {
	t.Helper()
	p := &process{cmd: cmd, ended: make(chan struct{}), before: w.server.Stats()}
	p.cmd.Env, p.cmd.Dir, p.cmd.Stderr = append(append([]string(nil), w.env...), settings...), w.dir, &p.stderr
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		defer close(p.ended)
		// How it ended is in ProcessState.
		_ = p.cmd.Wait()
	}()
	return p
}

// process is one life.
type process struct {
	cmd    *exec.Cmd
	stderr buffer
	ended  chan struct{} // closed when it has ended
	before discordtest.Stats
}

// lives waits for a while and reports whether the process is still there.
func (p *process) lives(d time.Duration) bool {
	if d <= 0 {
		select {
		case <-p.ended:
			return false
		default:
			return true
		}
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-p.ended:
		return false
	case <-timer.C:
		return true
	}
}

// until waits for a condition and reports whether it came true while the process
// lived.
func (p *process) until(condition func() bool, most time.Duration) bool {
	deadline := time.NewTimer(most)
	defer deadline.Stop()
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for !condition() {
		select {
		case <-tick.C:
		case <-p.ended:
			return false
		case <-deadline.C:
			return false
		}
	}
	return true
}

// kill is SIGKILL.
func (p *process) kill() {
	// It may have ended by itself; the caller looks.
	_ = p.cmd.Process.Kill()
	<-p.ended
}

// stop is SIGTERM, and a wait for an orderly end.
func (p *process) stop(t *testing.T) {
	t.Helper()
	// If it has ended, its exit code tells.
	_ = p.cmd.Process.Signal(syscall.SIGTERM)
	if p.lives(patience) {
		p.kill()
		t.Error("the process does not stop")
	}
	if code := p.cmd.ProcessState.ExitCode(); code != exitDone {
		t.Errorf("exit code %d:\n%s", code, lastLines(p.stderr.String(), 40))
	}
}

// up reports whether every shard has been ready in this life.
func (p *process) up(w *killWorld) bool {
	s := w.server.Stats()
	return s.Resumes+s.Identifies >= p.before.Resumes+p.before.Identifies+killShards
}

// saved are the sessions that the next life will know of, by shard.
func (w *killWorld) saved(t *testing.T) map[int]savedSession {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(w.state, "sessions.json"))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	var file struct {
		Sessions []savedSession `json:"sessions"`
	}
	if err := errors.Join(err, json.Unmarshal(data, &file)); err != nil {
		t.Errorf("sessions.json was damaged by a kill: %v\n%s", err, data)
	}
	out := map[int]savedSession{}
	for _, s := range file.Sessions {
		out[s.Shard] = s
	}
	return out
}

// savedSession is what sessions.json says of a shard.
type savedSession struct {
	Shard int    `json:"shard"`
	ID    string `json:"session_id"`
	Seq   int64  `json:"seq"`
}

// folder lists the queue's files with events, and counts what writers left
// unfinished anywhere in the folder.
func (w *killWorld) folder(t *testing.T) (queue map[string]bool, unfinished int) {
	t.Helper()
	queue = map[string]bool{}
	err := filepath.WalkDir(w.state, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		name, err := filepath.Rel(w.state, path)
		if err != nil {
			return err
		}
		if durable.IsTemp(name) || strings.HasPrefix(d.Name(), probePrefix) {
			unfinished++
			return nil
		}
		if filepath.Ext(name) == ".chunk" {
			queue[filepath.ToSlash(name)] = true
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
	return queue, unfinished
}

// resumable are the sessions that a process can take up: saved, and still there.
func (w *killWorld) resumable(t *testing.T) map[int]savedSession {
	t.Helper()
	saved := w.saved(t)
	for shard, s := range saved {
		if !slices.ContainsFunc(w.server.Stats().Sessions, func(live discordtest.SessionStats) bool { return live.ID == s.ID }) {
			delete(saved, shard)
		}
	}
	return saved
}

// settleSessions looks at the sessions after a life that could resume some. A
// shard that identified all the same is a fault, and so is a saved session that
// was forgotten. A new one that was not saved yet can never be resumed by
// anybody: it ends, and is counted.
func (w *killWorld) settleSessions(t *testing.T, before map[int]savedSession, life string) (unsaved int) {
	t.Helper()
	after := w.saved(t)
	for _, s := range w.server.Stats().Sessions {
		if old, had := before[s.Shard]; had && old.ID != s.ID {
			t.Errorf("%s: shard %d identified, though session %s was saved at seq %d and could be resumed", life, s.Shard, old.ID, old.Seq)
		}
		if after[s.Shard].ID == s.ID {
			continue
		}
		if before[s.Shard].ID == s.ID {
			t.Errorf("%s: session %s of shard %d was saved before, and is no more", life, s.ID, s.Shard)
		}
		unsaved++
		if err := w.server.LoseSession(s.ID, neverSaved); err != nil {
			t.Error(err)
		}
	}
	return unsaved
}

// lastLines is the end of a log.
func lastLines(log string, n int) string {
	lines := strings.Split(strings.TrimSpace(log), "\n")
	return strings.Join(lines[max(0, len(lines)-n):], "\n")
}

// badSigns finds what no log may hold, whatever happens to the process.
func badSigns(log string) string {
	for _, sign := range []string{testToken, "hush-hush", "panic:", "fatal error:", "DATA RACE", "goroutine "} {
		if strings.Contains(log, sign) {
			return sign
		}
	}
	return ""
}

// compareSessions orders a report's samples.
func compareSessions(a, b discordtest.LostEvent) int {
	return cmp.Or(cmp.Compare(a.Shard[0], b.Shard[0]), cmp.Compare(a.Seq, b.Seq))
}
