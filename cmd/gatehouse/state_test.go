package main

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-gateway/gatehouse/engine/discord"
	"github.com/gatehouse-gateway/gatehouse/engine/discordtest"
	"github.com/gatehouse-gateway/gatehouse/engine/durable"
)

// What a damaged file has lost is said, to the operator and in its place to the
// bot; all the rest of the queue is delivered.
func TestADamagedFileOfTheQueueCostsItsOwnEventsAlone(t *testing.T) {
	t.Parallel()
	for name, damage := range map[string]func(file []byte) []byte{
		"cut in the middle":          func(f []byte) []byte { return f[:len(f)/2] },
		"a bit flipped":              func(f []byte) []byte { f[len(f)*2/3] ^= 4; return f },
		"a bit flipped near its end": func(f []byte) []byte { f[len(f)*9/10] ^= 1; return f },
		"a hole of zeros":            func(f []byte) []byte { clear(f[len(f)/2 : len(f)/2+600]); return f },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newKillWorld(t, 1, 1<<20)
			w.fill(t)
			waited := w.outstanding()
			path := w.largest(t)
			file, err := os.ReadFile(path)
			if err == nil {
				err = os.WriteFile(path, damage(file), 0o600)
			}
			if err != nil {
				t.Fatal(err)
			}
			for _, b := range w.bots {
				moodUp.apply(b.Bot)
			}
			p := w.start(t)
			said := func() bool {
				// A RESUMED and the notice that the guilds are loaded have no number: the
				// audit does not miss them, the gaps count them. The notice of one bot is not
				// a gap of the other, and the log counts both.
				lost, gapped := w.outstanding(), w.bots[0].Stats().Gapped
				dropped := func(n uint64) bool {
					return strings.Contains(p.stderr.String(), fmt.Sprintf(`"msg":"events dropped","events":%d,`, n))
				}
				return p.up(w) && 0 < gapped && lost < waited && lost <= gapped && gapped <= lost+killShards+1 && w.bots[1].Stats().Gapped == gapped &&
					(dropped(gapped) || dropped(gapped+1))
			}
			if !p.until(said, patience) {
				t.Errorf("%d of %d events do not come, gaps speak of %d and %d:\n%s",
					w.outstanding(), waited, w.bots[0].Stats().Gapped, w.bots[1].Stats().Gapped, p.stderr.String())
			}
			p.stop(t)
			if log := p.stderr.String(); !strings.Contains(log, "is damaged") || !strings.Contains(log, filepath.Base(path)) {
				t.Errorf("the log does not name the file:\n%s", log)
			}
			if aside := w.setAside(t); len(aside) != 1 {
				t.Errorf("put aside: %q", aside)
			}
			for i, b := range w.bots {
				if r := b.audit.Report(); r.Altered+r.OutOfOrderShard+r.Unknown+r.RepeatedOtherID > 0 {
					t.Errorf("bot %d: %+v", i, r)
				}
			}
			if log := w.deliver(t, w.outstanding()); strings.Contains(log, "damaged") {
				t.Errorf("the next start meets the damage again:\n%s", log)
			}
		})
	}
}

// A file whose head cannot be read, or whose name is all that is left of it, is
// put aside; what its records still tell is delivered.
func TestAFileOfTheQueueWithoutItsHeadIsSalvaged(t *testing.T) {
	t.Parallel()
	w := newKillWorld(t, 1, 1<<20)
	w.fill(t)
	path := w.largest(t)
	file, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	file[40] ^= 1
	if err := os.WriteFile(path, file, 0o600); err != nil {
		t.Fatal(err)
	}
	log := w.deliver(t, 0)
	if !strings.Contains(log, filepath.Base(path)) || len(w.setAside(t)) != 1 {
		t.Errorf("put aside: %q; the log:\n%s", w.setAside(t), log)
	}
	w.complete(t)
}

// A disk that takes no files of more than some kilobytes is as good as full. What
// it did not take, Discord keeps: a kill loses nothing.
func TestAFullDiskIsSaidAndLosesNothing(t *testing.T) {
	t.Parallel()
	w := newKillWorld(t, 1, 1<<20)
	w.introduce(t)
	for _, b := range w.bots {
		moodHung.apply(b.Bot)
	}
	p := w.startLimited(t, 16, "GATEHOUSE_QUEUE_PERSIST_AFTER=20ms")
	if !p.until(func() bool { return p.up(w) }, patience) {
		t.Fatalf("it does not start:\n%s", p.stderr.String())
	}
	w.happen(t, 300)
	if !p.until(func() bool { return strings.Contains(p.stderr.String(), "cannot be written to disk") }, patience) {
		t.Errorf("the log does not tell:\n%s", p.stderr.String())
	}
	w.happen(t, 300)
	p.lives(50 * time.Millisecond)
	if !p.lives(0) {
		t.Errorf("it has ended:\n%s", p.stderr.String())
	}
	p.kill()
	if sign := badSigns(p.stderr.String()); sign != "" {
		t.Errorf("its log holds %q:\n%s", sign, p.stderr.String())
	}
	w.deliver(t, 0)
	w.complete(t)
}

// startLimited begins a life that can write no files of more than so many blocks
// of 512 bytes.
func (w *killWorld) startLimited(t *testing.T, blocks int, settings ...string) *process {
	t.Helper()
	shell, err := exec.LookPath("sh")
	if err != nil {
		t.Skip("without a shell there is no limit on files")
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return w.startCommand(t, exec.Command(shell, "-c", fmt.Sprintf(`ulimit -f %d && exec "$0" "$@"`, blocks), self, "run", "--no-tui"), settings)
}

// A folder that cannot be written while the process runs is said, and so is that
// it can be written again.
func TestAQueueFolderThatGoesAwayAndComesBack(t *testing.T) {
	t.Parallel()
	w := newKillWorld(t, 1, 1<<20)
	w.introduce(t)
	for _, b := range w.bots {
		moodBusy.apply(b.Bot)
	}
	p := w.start(t, "GATEHOUSE_QUEUE_PERSIST_AFTER=20ms")
	if !p.until(func() bool { return p.up(w) }, patience) {
		t.Fatalf("it does not start:\n%s", p.stderr.String())
	}
	queue := filepath.Join(w.state, queueFolder)
	away := queue + ".away"
	if err := os.Rename(queue, away); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(queue, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	w.happen(t, 200)
	if !p.until(func() bool { return strings.Contains(p.stderr.String(), "cannot be written to disk") }, patience) {
		t.Errorf("the log does not tell:\n%s", p.stderr.String())
	}
	w.happen(t, 200)
	if err := os.Remove(queue); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(away, queue); err != nil {
		t.Fatal(err)
	}
	if !p.until(func() bool {
		return strings.Contains(p.stderr.String(), "can be written to disk again") && w.undurable(t) == 0
	}, patience) {
		t.Errorf("the disk is back, and is not used:\n%s", p.stderr.String())
	}
	p.kill()
	w.deliver(t, 0)
	w.complete(t)
	if t.Failed() {
		t.Logf("the life before:\n%s", p.stderr.String())
	}
}

func TestAQueueFolderThatIsAFileIsOneLine(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, queueFolder), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	got := gatehouse(t, complete("http://127.0.0.1:1/api/v10", "GATEHOUSE_QUEUE_DIR="+dir), "run", "--no-tui", "--set", "log.level=error")
	if got.code != exitUsage || !strings.HasPrefix(got.stderr, "gatehouse: config: queue.dir: cannot be written: ") || strings.Count(got.stderr, "\n") != 1 {
		t.Errorf("exit code %d:\n%s", got.code, got.stderr)
	}
	if left, _ := os.ReadDir(dir); len(left) > 2 {
		t.Errorf("left behind: %v", left)
	}
}

// Events of one bot must never reach another, whoever mixes up the folders.
func TestTheQueueOfAnotherBotIsRefused(t *testing.T) {
	t.Parallel()
	w := newKillWorld(t, 1, 1<<20)
	w.fill(t)
	_, rest, _ := strings.Cut(testToken, ".")
	token := base64.RawStdEncoding.EncodeToString([]byte("99999999999999999")) + "." + rest
	server, err := discordtest.New(discordtest.Config{Token: discord.NewToken(token), Shards: killShards})
	if err != nil {
		t.Fatal(err)
	}
	if err := server.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	files, _ := w.folder(t)
	p := w.start(t, "DISCORD_TOKEN="+token, "GATEHOUSE_DISCORD_API_BASE="+server.URL())
	if p.lives(patience) {
		p.kill()
	}
	log := lastLines(p.stderr.String(), 1)
	if p.cmd.ProcessState.ExitCode() != exitUsage || !strings.HasPrefix(log, "gatehouse: queue.dir: ") ||
		!strings.Contains(log, "99999999999999999") || !strings.Contains(log, discord.NewToken(testToken).Bot()) {
		t.Errorf("exit code %d:\n%s", p.cmd.ProcessState.ExitCode(), p.stderr.String())
	}
	if left, _ := w.folder(t); len(left) != len(files) {
		t.Errorf("%d files of %d are left", len(left), len(files))
	}
	w.deliver(t, 0)
	w.complete(t)
}

// A queue that a later version has written is left alone.
func TestTheQueueOfALaterVersionIsRefused(t *testing.T) {
	t.Parallel()
	w := newKillWorld(t, 1, 1<<20)
	w.fill(t)
	path, now := w.meta(t)
	later := bytes.Replace(now, []byte(`"format":1`), []byte(`"format":7`), 1)
	if err := os.WriteFile(path, later, 0o600); err != nil {
		t.Fatal(err)
	}
	p := w.start(t)
	if p.lives(patience) {
		p.kill()
	}
	log := lastLines(p.stderr.String(), 1)
	if p.cmd.ProcessState.ExitCode() != exitUsage || !strings.HasPrefix(log, "gatehouse: queue.dir: ") || !strings.Contains(log, "format 7") {
		t.Errorf("exit code %d:\n%s", p.cmd.ProcessState.ExitCode(), p.stderr.String())
	}
	if err := os.WriteFile(path, now, 0o600); err != nil {
		t.Fatal(err)
	}
	w.deliver(t, 0)
	w.complete(t)
}

// meta is the file that says whose queue it is, and in which format.
func (w *killWorld) meta(t *testing.T) (path string, text []byte) {
	t.Helper()
	dir := filepath.Join(w.state, queueFolder)
	files, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if f.IsDir() {
			continue
		}
		path = filepath.Join(dir, f.Name())
		var m struct{ Format int }
		if text, err = os.ReadFile(path); err == nil && json.Unmarshal(text, &m) == nil && m.Format == 1 {
			return path, text
		}
	}
	t.Fatalf("no file in %s names a format", dir)
	return "", nil
}

// What a killed process was writing is gone once another has taken the folder.
func TestUnfinishedFilesAreSweptAtTheStart(t *testing.T) {
	dir := t.TempDir()
	keep := []string{"sessions.json", "guilds.json", "bot.ndjson", "notes.txt"}
	for _, name := range append([]string{"sessions.json.writing-123", "guilds.json.writing-9", probePrefix + "77"}, keep...) {
		if err := os.WriteFile(filepath.Join(dir, name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	s, err := openState(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer s.release()
	left, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range left {
		if durable.IsTemp(f.Name()) || strings.HasPrefix(f.Name(), probePrefix) {
			t.Errorf("%s is left", f.Name())
		}
	}
	if len(left) != len(keep)+2 { // and the lock, and the queue
		t.Errorf("%v", left)
	}
}
