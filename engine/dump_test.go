package engine_test

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-gateway/gatehouse/engine"
	"github.com/gatehouse-gateway/gatehouse/engine/discordtest"
	"github.com/gatehouse-gateway/gatehouse/engine/ops"
)

// A dump is one file with all that somebody needs who was not there, and no secret.
func TestADumpTellsEverythingButSecrets(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "a", "dumps")
	inWorld(t, discordtest.Config{Shards: 2, MaxConcurrency: 2}, func(c *engine.Config) {
		c.Dump = engine.DumpConfig{
			Dir: dir, Redact: func(s string) string { return strings.ReplaceAll(s, secret, "[secret]") },
			Config: func() string { return "sinks[0].authorization: " + secret + "\nshards.total: recommended\n" },
		}
	}, func(w *world) {
		w.awaitReady()
		w.pass(2 * time.Second) // until the engine has noticed
		op := w.do(ops.Command{Kind: ops.CommandDump, By: "ann"})
		<-op.Done()
		w.must(op.Err())
		path, ok := strings.CutPrefix(op.Progress().Text, "dump: written to ")
		if !ok || filepath.Dir(path) != dir {
			t.Fatalf("it says %q", op.Progress().Text)
		}
		text, err := os.ReadFile(path)
		w.must(err)
		for _, want := range []string{"== alerts ==", "== actions ==", "ann  dump  running", "== configuration ==\n\n", "shards.total: recommended",
			"== log ==", "all shards are ready", "== snapshot ==", `"Shards"`, "== goroutines ==", "goroutine profile: total"} {
			if !strings.Contains(string(text), want) {
				t.Errorf("it lacks %q", want)
			}
		}
		for _, never := range []string{secret, discordtest.DefaultToken} {
			if strings.Contains(string(text), never) {
				t.Errorf("it holds %q", never)
			}
		}
		if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%v, %v", info, err)
		}
		if a := w.snapshot().Actions[0]; a.State != ops.ActionDone || a.Result != "written to "+path {
			t.Errorf("%+v", a)
		}
	})
}

func TestOldDumpsMakeRoom(t *testing.T) {
	dir := t.TempDir()
	for n := range 30 {
		if err := os.WriteFile(filepath.Join(dir, fmt.Sprintf("gatehouse-dump-1999%02d.txt", n)), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	other := filepath.Join(dir, "bot.ndjson")
	if err := os.WriteFile(other, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	inWorld(t, discordtest.Config{Shards: 1}, func(c *engine.Config) { c.Dump.Dir = dir }, func(w *world) {
		w.awaitReady()
		for range 2 { // at the same instant
			op := w.do(ops.Command{Kind: ops.CommandDump})
			<-op.Done()
			w.must(op.Err())
		}
		left, err := filepath.Glob(filepath.Join(dir, "gatehouse-dump-*"))
		if _, gone := os.Stat(other); err != nil || gone != nil || len(left) != 20 || !strings.Contains(left[19], "gatehouse-dump-2") {
			t.Errorf("%d are left: %v", len(left), left)
		}
	})
}

func TestADumpThatCannotBeWrittenSaysSo(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	inWorld(t, discordtest.Config{Shards: 1}, func(c *engine.Config) { c.Dump.Dir = filepath.Join(file, "dumps") }, func(w *world) {
		w.awaitReady()
		op := w.do(ops.Command{Kind: ops.CommandDump})
		<-op.Done()
		if err := op.Err(); err == nil || !strings.Contains(err.Error(), "it cannot be written: ") || !strings.Contains(err.Error(), file) {
			t.Errorf("err = %v", err)
		}
	})
}

func TestTheLogLevelChangesWhileTheEngineRuns(t *testing.T) {
	var level slog.LevelVar
	inWorld(t, discordtest.Config{Shards: 1}, func(c *engine.Config) { c.LogLevel = &level }, func(w *world) {
		w.awaitReady()
		debug := func() int {
			page, err := w.engine.Log(context.Background(), ops.LogQuery{Level: ops.LevelDebug, Shard: -1})
			w.must(err)
			n := 0
			for _, l := range page.Lines {
				if l.Level == ops.LevelDebug {
					n++
				}
			}
			return n
		}
		if got := w.snapshot().LogLevel; got != ops.LevelInfo || debug() != 0 {
			t.Errorf("level %s, %d lines of debug", got, debug())
		}
		op := w.do(ops.Command{Kind: ops.CommandLogLevel, Level: ops.LevelDebug})
		if got := op.Progress().Text; got != "log level debug: it was info" {
			t.Errorf("it says %q", got)
		}
		w.do(ops.Command{Kind: ops.CommandRestart, Shards: []int{0}})
		w.pass(5 * time.Second)
		if w.snapshot().LogLevel != ops.LevelDebug || level.Level() != slog.LevelDebug || debug() == 0 {
			t.Errorf("level %s, %d lines of debug", level.Level(), debug())
		}
		w.do(ops.Command{Kind: ops.CommandLogLevel, Level: ops.LevelError})
		before := w.snapshot().LastLog
		w.do(ops.Command{Kind: ops.CommandRestart, Shards: []int{0}})
		if w.snapshot().LastLog == before {
			t.Error("the ring has no line of info any more")
		}
		if _, err := w.engine.Do(context.Background(), ops.Command{Kind: ops.CommandLogLevel, Level: 3}); err == nil {
			t.Error("a level that is none was taken")
		}
	})
}

func TestAnAlertIsAcknowledgedForEveryConsole(t *testing.T) {
	inWorld(t, discordtest.Config{Shards: 2, MaxConcurrency: 2}, nil, func(w *world) {
		w.awaitReady()
		w.bot.SetMode(discordtest.BotCrashed)
		w.discord.SetRate(20)
		s := w.await("an alert", time.Minute, func(s *ops.Snapshot) bool { return len(s.Alerts) > 0 })
		w.do(ops.Command{Kind: ops.CommandAck, Alert: s.Alerts[0].ID, By: "ann"})
		w.pass(5 * time.Second)
		if a := w.snapshot().Alerts[0]; a.AckedBy != "ann" || a.Page != "sinks" {
			t.Errorf("%+v", a)
		}
		_, err := w.engine.Do(context.Background(), ops.Command{Kind: ops.CommandAck, Alert: "none"})
		if err == nil || !strings.Contains(err.Error(), `there is no alert "none"`) {
			t.Errorf("err = %v", err)
		}
		w.bot.SetMode(discordtest.BotUp)
	})
}
