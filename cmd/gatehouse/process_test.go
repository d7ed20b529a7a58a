package main

import (
	"bytes"
	"context"
	"fmt"
	"net/http/httptest"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/creack/pty"

	"github.com/gatehouse-gateway/gatehouse/engine/discord"
	"github.com/gatehouse-gateway/gatehouse/engine/discordtest"
)

// asProgram makes the test binary be the program.
const asProgram = "RUN_AS_THE_PROGRAM"

func TestMain(m *testing.M) {
	if os.Getenv(asProgram) != "" {
		main()
	}
	os.Exit(m.Run())
}

// patience is how long a test waits for what must happen.
const patience = 30 * time.Second

// world is a simulated Discord and a bot for a Gatehouse in its own process.
type world struct {
	server *discordtest.Server
	bot    *discordtest.Bot
	state  string // XDG state folder
	env    []string
}

func newWorld(t *testing.T) *world {
	t.Helper()
	server, err := discordtest.New(discordtest.Config{Token: discord.NewToken(testToken), Shards: 2, Guilds: 20, MaxConcurrency: 2, Rate: 400, Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	if err := server.Start(context.Background()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { server.Close() })
	bot := discordtest.NewBot(server.Audit(), "", nil)
	web := httptest.NewServer(bot)
	t.Cleanup(web.Close)
	state := t.TempDir()
	w := &world{server: server, bot: bot, state: state, env: []string{
		"XDG_STATE_HOME=" + state,
		asProgram + "=1", "TERM=xterm-256color", "LANG=C.UTF-8", "HOME=" + t.TempDir(), "DISCORD_TOKEN=" + testToken,
		"GATEHOUSE_DISCORD_API_BASE=" + server.URL(), "GATEHOUSE_SINKS_0_URL=" + web.URL + "/events",
	}}
	w.reachable(t, "") // by nobody else
	return w
}

// program prepares Gatehouse as a process in an empty folder.
func (w *world) program(t *testing.T, args ...string) *exec.Cmd {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(self, args...)
	cmd.Env, cmd.Dir = w.env, t.TempDir()
	return cmd
}

// connected reports whether both shards are up.
func (w *world) connected() bool {
	up := 0
	for _, s := range w.server.Stats().Sessions {
		if s.Connected {
			up++
		}
	}
	return up == 2
}

// eventually waits for a condition.
func eventually(t *testing.T, what string, condition func() bool) {
	t.Helper()
	deadline := time.After(patience)
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for !condition() {
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatalf("%s did not happen within %s", what, patience)
		}
	}
}

// exitOf waits for a process and returns its exit code.
func exitOf(t *testing.T, cmd *exec.Cmd) int {
	t.Helper()
	done := make(chan struct{})
	go func() {
		defer close(done)
		cmd.Wait()
	}()
	select {
	case <-done:
	case <-time.After(patience):
		cmd.Process.Kill()
		<-done
		t.Fatal("the program does not end")
	}
	return cmd.ProcessState.ExitCode()
}

// buffer is a bytes.Buffer that may be read while it is written.
type buffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}

func TestSIGTERMStopsAHeadlessRunInOrder(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	cmd := w.program(t, "run")
	var stderr buffer
	cmd.Stderr = &stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	eventually(t, "events at the bot", func() bool { return w.connected() && w.bot.Stats().Events > 50 })
	cmd.Process.Signal(syscall.SIGHUP)
	seen := w.bot.Stats().Events
	eventually(t, "life after SIGHUP", func() bool { return w.bot.Stats().Events > seen+20 })
	asked := time.Now()
	cmd.Process.Signal(syscall.SIGTERM)
	if code := exitOf(t, cmd); code != exitDone {
		t.Errorf("exit code %d:\n%s", code, stderr.String())
	}
	if took := time.Since(asked); took > stopWithin {
		t.Errorf("the stop took %s", took)
	}
	if !strings.Contains(stderr.String(), `"reason":"stdin and stdout are not both a terminal"`) {
		t.Errorf("the log does not say why there is no console:\n%s", stderr.String())
	}
	if strings.Contains(stderr.String(), testToken) {
		t.Error("the token is in the log")
	}
}

func TestTheSecondSignalDoesNotWaitForTheBot(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	cmd := w.program(t, "run", "--no-tui")
	var stderr buffer
	cmd.Stderr = &stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	eventually(t, "events at the bot", func() bool { return w.connected() && w.bot.Stats().Events > 20 })
	w.bot.SetMode(discordtest.BotHung)
	issued := w.server.Stats().Issued
	eventually(t, "a queue", func() bool { return w.server.Stats().Issued > issued+100 })
	cmd.Process.Signal(os.Interrupt)
	eventually(t, "the orderly stop", func() bool { return strings.Contains(stderr.String(), "stopping") })
	// One that follows at once would be taken for the first.
	eventually(t, "the second signal", func() bool {
		cmd.Process.Signal(os.Interrupt)
		return strings.Contains(stderr.String(), "second signal")
	})
	if code := exitOf(t, cmd); code != exitFailed || !strings.Contains(stderr.String(), "gatehouse: second signal: exit without an orderly stop\n") {
		t.Errorf("exit code %d:\n%s", code, stderr.String())
	}
	w.bot.SetMode(discordtest.BotUp)
}

func TestALostTerminalLeavesTheEngineAlone(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	cmd := w.program(t, "run")
	terminal, err := pty.StartWithSize(cmd, &pty.Winsize{Rows: 40, Cols: 120})
	if err != nil {
		t.Fatal(err)
	}
	screen := &buffer{}
	read := make(chan struct{})
	go func() {
		defer close(read)
		chunk := make([]byte, 4096)
		for {
			n, err := terminal.Read(chunk)
			screen.Write(chunk[:n])
			if err != nil {
				return
			}
		}
	}()
	eventually(t, "the console", func() bool { return w.connected() && strings.Contains(screen.String(), "ready") })
	terminal.Close()
	<-read
	seen := w.bot.Stats().Events
	eventually(t, "life after the terminal", func() bool { return w.connected() && w.bot.Stats().Events > seen+50 })
	cmd.Process.Signal(syscall.SIGTERM)
	if code := exitOf(t, cmd); code != exitDone {
		t.Errorf("exit code %d", code)
	}
	if strings.Contains(screen.String(), testToken) {
		t.Error("the token is on the screen")
	}
}

func TestARefusedTokenIsExitCode3(t *testing.T) {
	w := newWorld(t)
	cmd := w.program(t, "run", "--no-tui", "--set", "log.level=error")
	cmd.Env = append(cmd.Env, "DISCORD_TOKEN="+strings.Replace(testToken, "GaTeHo", "Wr0ng0", 1))
	out, _ := cmd.CombinedOutput()
	if code := cmd.ProcessState.ExitCode(); code != exitRefused || !strings.HasPrefix(string(out), "gatehouse: discord.token (DISCORD_TOKEN): discord answered 401") || bytes.Count(out, []byte("\n")) != 1 {
		t.Errorf("exit code %d:\n%s", code, out)
	}
	if strings.Contains(string(out), "Wr0ng0") {
		t.Error("the token is in the error")
	}
}

func TestIntentsThatWereNotGrantedAreExitCode3(t *testing.T) {
	server, err := discordtest.New(discordtest.Config{Token: discord.NewToken(testToken), PrivilegedIntents: discordtest.NoPrivilegedIntents})
	if err != nil {
		t.Fatal(err)
	}
	if err := server.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	got := gatehouse(t, complete(server.URL(), "GATEHOUSE_DISCORD_INTENTS=Guilds,MessageContent"), "run", "--no-tui", "--set", "log.level=error")
	last := got.stderr[strings.LastIndex(strings.TrimSpace(got.stderr), "\n")+1:]
	if got.code != exitRefused || !strings.HasPrefix(last, "gatehouse: ") || !strings.Contains(last, "intent") {
		t.Errorf("exit code %d:\n%s", got.code, got.stderr)
	}
}

// Killed at any moment, a Gatehouse that is started again loses nothing: what was
// not acknowledged comes again by RESUME, under the same ids.
func TestTwoGatehousesDoNotShareAFolder(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	first := w.program(t, "run", "--no-tui")
	if err := first.Start(); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the first", w.connected)
	second := w.program(t, "run", "--no-tui")
	var stderr buffer
	second.Stderr = &stderr
	if err := second.Start(); err != nil {
		t.Fatal(err)
	}
	want := fmt.Sprintf("is used by process %d; stop it, or give each Gatehouse a folder of its own", first.Process.Pid)
	if code := exitOf(t, second); code != exitUsage || !strings.Contains(stderr.String(), want) {
		t.Errorf("exit code %d:\n%s", code, stderr.String())
	}
	first.Process.Signal(syscall.SIGTERM)
	if code := exitOf(t, first); code != exitDone {
		t.Errorf("the first exits with %d", code)
	}
}
