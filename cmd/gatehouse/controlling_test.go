package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/gatehouse-gateway/gatehouse/engine/discordtest"
)

// reachable puts the default sockets of a world's Gatehouses into a folder, or
// into one of their own if it is empty, and returns it.
func (w *world) reachable(t *testing.T, dir string) string {
	t.Helper()
	if dir == "" {
		dir = shortDir(t)
	}
	w.env = append(w.env, "XDG_RUNTIME_DIR="+dir, "TMPDIR="+dir)
	return dir
}

// ctl runs one gatehouse ctl beside the processes of a world.
func (w *world) ctl(t *testing.T, args ...string) outcome {
	t.Helper()
	return gatehouse(t, w.env, append([]string{"ctl"}, args...)...)
}

// What an operator does before a restart, in real processes: the bot is away, the
// drain waits for it, and the process ends when the bot has everything.
func TestCtlDrainsARealGatehouse(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.reachable(t, "")
	cmd := w.program(t, "run", "--no-tui")
	var stderr buffer
	cmd.Stderr = &stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	eventually(t, "events at the bot", func() bool { return w.connected() && w.bot.Stats().Events > 50 })
	if got := w.ctl(t, "status"); got.code != exitDone || !strings.Contains(got.stdout, "\nshards      2 ready\n") {
		t.Errorf("status: %+v", got)
	}
	if got := w.ctl(t, "restart", "0-1", "--wait"); got.code != exitDone || !strings.HasPrefix(got.stdout, "restart 2 shards: done in ") {
		t.Errorf("restart: %+v", got)
	}
	if got := w.ctl(t, "stop", "9"); got.code != exitFailed || got.stderr != "gatehouse: stop refused: shard 9 is not held here; this process holds 0 to 1\n" {
		t.Errorf("stop: %+v", got)
	}
	if got := w.ctl(t, "pause", "http"); got.code != exitDone {
		t.Errorf("pause: %+v", got)
	}
	eventually(t, "a queue", func() bool { return waitingFor(t, w, "http") > 100 })
	drained := make(chan outcome, 1)
	go func() { drained <- w.ctl(t, "drain", "--wait") }()
	eventually(t, "the drain", func() bool { return strings.Contains(w.ctl(t, "status").stdout, ": draining, up ") })
	if got := w.ctl(t, "restart", "0"); got.code != exitFailed || !strings.Contains(got.stderr, "drain") {
		t.Errorf("restart while draining: %+v", got)
	}
	if got := w.ctl(t, "resume", "http"); got.code != exitDone {
		t.Errorf("resume: %+v", got)
	}
	got := <-drained
	if got.code != exitDone || !strings.Contains(got.stdout, "drained") || !strings.HasPrefix(got.stderr, "drain: 0 of ") {
		t.Errorf("drain --wait: %+v", got)
	}
	if code := exitOf(t, cmd); code != exitDone {
		t.Errorf("Gatehouse exits with %d:\n%s", code, stderr.String())
	}
	if got := w.ctl(t, "status"); got.code != exitFailed || !strings.Contains(got.stderr, "no Gatehouse answers at ") {
		t.Errorf("afterwards: %+v", got)
	}
	if !strings.Contains(stderr.String(), "(ctl)") || strings.Contains(stderr.String(), testToken) {
		t.Errorf("the log does not say who asked, or shows the token:\n%s", stderr.String())
	}
}

// waitingFor is how many events a sink has not acknowledged.
func waitingFor(t *testing.T, w *world, sink string) int {
	t.Helper()
	var sinks []struct {
		Name  string
		Depth int
	}
	got := w.ctl(t, "sinks", "-o", "json")
	if err := json.Unmarshal([]byte(got.stdout), &sinks); err != nil {
		t.Fatalf("%v: %+v", err, got)
	}
	for _, s := range sinks {
		if s.Name == sink {
			return s.Depth
		}
	}
	t.Fatalf("no sink %s: %+v", sink, got)
	return 0
}

// The second one on a machine is not reached by default, and says so; it holds
// its shards all the same. Asked for the same socket by name, it does not start.
func TestTheSecondGatehouseOnAMachineSaysThatItIsNotReached(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	folder := w.reachable(t, "")
	first := w.program(t, "run", "--no-tui")
	if err := first.Start(); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the first", func() bool { return w.connected() && w.ctl(t, "status").code == exitDone })
	socket := filepath.Join(folder, "gatehouse", socketName)

	other := newWorld(t)
	other.reachable(t, folder)
	second := other.program(t, "run", "--no-tui")
	var stderr buffer
	second.Stderr = &stderr
	if err := second.Start(); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the second", other.connected)
	if want := "gatehouse ctl cannot reach this Gatehouse: " + socket + " is used by another Gatehouse, process "; !strings.Contains(stderr.String(), want) {
		t.Errorf("no %q in\n%s", want, stderr.String())
	}

	third := newWorld(t)
	named := third.program(t, "run", "--no-tui", "--set", "log.level=error", "--set", "control.socket="+socket)
	out, _ := named.CombinedOutput()
	want := "gatehouse: config: control.socket: " + socket + " is used by another Gatehouse, process "
	if code := named.ProcessState.ExitCode(); code != exitUsage || !strings.HasPrefix(string(out), want) || strings.Count(string(out), "\n") != 1 {
		t.Errorf("by name: exit code %d:\n%s", code, out)
	}
	if third.server.Stats().Identifies > 0 {
		t.Error("it identified before it looked at its socket")
	}
	second.Process.Signal(syscall.SIGTERM)
	if code := exitOf(t, second); code != exitDone {
		t.Errorf("the second exits with %d", code)
	}
	if got := w.ctl(t, "status"); got.code != exitDone {
		t.Errorf("the first is not reached any more: %+v", got)
	}
	first.Process.Kill()
	exitOf(t, first)

	// What the kill has left is no obstacle.
	again := w.program(t, "run", "--no-tui")
	var said buffer
	again.Stderr = &said
	if err := again.Start(); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the next life", func() bool { return w.ctl(t, "status").code == exitDone })
	again.Process.Signal(syscall.SIGTERM)
	if code := exitOf(t, again); code != exitDone {
		t.Errorf("the next life ends with %s:\n%s", again.ProcessState, said.String())
	}
	if _, err := os.Stat(socket); !os.IsNotExist(err) {
		t.Errorf("the socket is left behind: %v", err)
	}
}

func TestADemoIsReachedIfItWasGivenASocket(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	socket := filepath.Join(shortDir(t), "demo.sock")
	cmd := w.program(t, "demo", "--no-tui", "--shards", "2", "--guilds", "10", "--control", "unix://"+socket)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	eventually(t, "an answer", func() bool {
		return strings.HasPrefix(gatehouse(t, nil, "ctl", "status", "--control", socket).stdout, "Gatehouse ")
	})
	cmd.Process.Signal(syscall.SIGTERM)
	exitOf(t, cmd)
	got := gatehouse(t, nil, "demo", "--no-tui", "--control", "http://x")
	if got.code != exitUsage || !strings.HasPrefix(got.stderr, `gatehouse: --control: "http://x" is not supported by this version`) {
		t.Errorf("%+v", got)
	}
}

// A drain that has to end is told from one that was cut short.
func TestADrainThatAStopCutsShortIsNoSuccess(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.reachable(t, "")
	cmd := w.program(t, "run", "--no-tui")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	eventually(t, "events at the bot", func() bool { return w.connected() && w.bot.Stats().Events > 20 })
	w.bot.SetMode(discordtest.BotBusy)
	eventually(t, "a queue", func() bool { return waitingFor(t, w, "http") > 20 })
	drained := make(chan outcome, 1)
	go func() { drained <- w.ctl(t, "drain", "--wait") }()
	eventually(t, "the drain", func() bool { return !w.connected() })
	cmd.Process.Signal(syscall.SIGTERM)
	if got := <-drained; got.code != exitFailed || !strings.HasPrefix(lastLine(got.stderr), "gatehouse: drain failed: ") {
		t.Errorf("%+v", got)
	}
	exitOf(t, cmd)
}

func lastLine(text string) string {
	text = strings.TrimRight(text, "\n")
	return text[strings.LastIndex(text, "\n")+1:]
}
