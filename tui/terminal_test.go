package tui

import (
	"context"
	"errors"
	"io"
	"os"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/charmbracelet/colorprofile"
	"github.com/charmbracelet/x/vt"
	"github.com/creack/pty"

	"github.com/gatehouse-gateway/gatehouse/engine/clock"
	"github.com/gatehouse-gateway/gatehouse/tui/internal/opfake"
	"github.com/gatehouse-gateway/gatehouse/tui/style"
)

// terminal is a real pseudo-terminal with an emulator behind it, and a console
// in front. It answers no query, as tmux does not either.
type terminal struct {
	t      *testing.T
	master *os.File
	op     *opfake.Operator

	mu      sync.Mutex // around the emulator, which is not safe for concurrent use
	screen  *vt.Emulator
	written int
	changed chan struct{}

	ended chan error
}

// open starts a console on a terminal of w×h cells.
func open(t *testing.T, ctx context.Context, shards, w, h int) *terminal {
	t.Helper()
	master, slave, err := pty.Open()
	if err != nil {
		t.Skipf("no pseudo-terminal here: %v", err)
	}
	if err := pty.Setsize(master, &pty.Winsize{Rows: uint16(h), Cols: uint16(w)}); err != nil {
		t.Fatal(err)
	}
	x := &terminal{
		t: t, master: master, op: opfake.New(clock.System(), shards), screen: vt.NewEmulator(w, h),
		changed: make(chan struct{}, 1), ended: make(chan error, 1),
	}
	var pumps, answers sync.WaitGroup
	pumps.Go(x.pump)
	answers.Go(func() { _, _ = io.Copy(io.Discard, x.screen) }) // they go nowhere
	pumps.Go(func() {
		defer func() { _ = slave.Close() }()
		x.ended <- Run(ctx, Options{
			Operator: x.op, Input: slave, Output: slave,
			Env: []string{"TERM=xterm-256color", "COLORTERM=truecolor", "LANG=C.UTF-8"},
		})
	})
	t.Cleanup(func() {
		_ = master.Close()
		pumps.Wait()
		_ = x.screen.InputPipe().(io.Closer).Close()
		answers.Wait()
	})
	return x
}

// pump feeds what the console writes to the emulator.
func (x *terminal) pump() {
	buf := make([]byte, 32<<10)
	for {
		n, err := x.master.Read(buf)
		if n > 0 {
			x.mu.Lock()
			x.written += n
			_, _ = x.screen.Write(buf[:n])
			x.mu.Unlock()
			select {
			case x.changed <- struct{}{}:
			default:
			}
		}
		if err != nil {
			return
		}
	}
}

func (x *terminal) text() string {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.screen.String()
}

// await waits until the screen satisfies a condition.
func (x *terminal) await(what string, ok func(text string) bool) {
	x.t.Helper()
	deadline := time.After(10 * time.Second)
	for !ok(x.text()) {
		select {
		case <-x.changed:
		case <-deadline:
			x.t.Fatalf("%s has not come:\n%s", what, x.text())
		}
	}
}

func (x *terminal) awaitText(text string) {
	x.t.Helper()
	x.await(text, func(s string) bool { return strings.Contains(s, text) })
}

func (x *terminal) press(keys string) {
	x.t.Helper()
	if _, err := x.master.WriteString(keys); err != nil {
		x.t.Fatal(err)
	}
}

// end is how Run ended.
func (x *terminal) end() error {
	x.t.Helper()
	select {
	case err := <-x.ended:
		return err
	case <-time.After(10 * time.Second):
		x.t.Fatalf("the console has not ended:\n%s", x.text())
		return nil
	}
}

func TestOnARealTerminal(t *testing.T) {
	begin := time.Now()
	x := open(t, t.Context(), 32, 120, 40)
	x.awaitText("shards 32")
	// Generous, because the machine may be busy; alone it takes some 30 ms.
	if took := time.Since(begin); took > 2*time.Second {
		t.Errorf("the first frame took %v", took)
	} else {
		t.Logf("first frame after %v", took)
	}
	x.press("?")
	x.awaitText("re-identify")
	x.awaitText("type to search")
	x.press("\x1b")
	x.await("the end of the help", func(s string) bool { return !strings.Contains(s, "esc close") })
	x.press("\x1b[C") // right
	x.awaitText("shard 1 ")
	x.press("r")
	x.awaitText("restart shard 1?")
	x.press("y")
	x.awaitText("waits for READY")
	x.op.Finish(nil)
	x.awaitText("restart shard 1: done")
	x.press("I")
	x.awaitText("most identifies since start")
	x.press("I")
	x.awaitText("sinks and queue")
	x.press("q")
	x.awaitText("Stop Gatehouse?")
	x.press("y")
	if err := x.end(); err != nil {
		t.Fatalf("quit ends with %v", err)
	}
	if n := len(x.op.Commands()); n != 1 {
		t.Errorf("%d commands", n)
	}
}

func TestLosingTheTerminalEndsOnlyTheConsole(t *testing.T) {
	x := open(t, t.Context(), 32, 120, 40)
	x.awaitText("shards 32")
	if err := x.master.Close(); err != nil {
		t.Fatal(err)
	}
	if err := x.end(); !errors.Is(err, ErrTerminalLost) {
		t.Fatalf("ends with %v", err)
	}
}

func TestACallerThatKnowsOfTheLossSaysSo(t *testing.T) {
	ctx, cancel := context.WithCancelCause(t.Context())
	x := open(t, ctx, 32, 120, 40)
	x.awaitText("shards 32")
	cancel(ErrTerminalLost) // as on SIGHUP
	if err := x.end(); !errors.Is(err, ErrTerminalLost) {
		t.Fatalf("ends with %v", err)
	}
}

func TestAStoppedContextEndsTheConsole(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	x := open(t, ctx, 4096, 160, 45)
	x.awaitText("shards 4096")
	cancel()
	if err := x.end(); !errors.Is(err, context.Canceled) {
		t.Fatalf("ends with %v", err)
	}
}

// stuckTerminal takes no bytes until it is closed.
type stuckTerminal struct{ closed chan struct{} }

func (s stuckTerminal) Write([]byte) (int, error) {
	<-s.closed
	return 0, io.ErrClosedPipe
}

func TestATerminalThatTakesNoBytesDoesNotHoldTheCaller(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := stuckTerminal{make(chan struct{})}
		ctx, cancel := context.WithCancel(t.Context())
		in, typed := io.Pipe()
		ended := make(chan error, 1)
		go func() {
			ended <- Run(ctx, Options{Operator: opfake.New(clock.System(), 4), Input: in, Output: s, Env: []string{"TERM=xterm"}})
		}()
		<-time.After(time.Second) // by now the first frame is stuck
		cancel()
		begin := time.Now()
		if err := <-ended; !errors.Is(err, ErrTerminalLost) {
			t.Errorf("ends with %v", err)
		}
		if took := time.Since(begin); took > stuckAfter {
			t.Errorf("held for %v", took)
		}
		close(s.closed)
		_ = typed.Close()
	})
}

func TestADumbTerminalIsRefusedWithAHint(t *testing.T) {
	err := Run(t.Context(), Options{Operator: opfake.New(clock.System(), 4), Env: []string{"TERM=dumb"}})
	if !errors.Is(err, ErrDumbTerminal) || !strings.Contains(err.Error(), "--no-tui") {
		t.Fatalf("got %v", err)
	}
}

func TestTheEnvironmentSaysHowManyColoursThereAre(t *testing.T) {
	for _, tc := range []struct {
		env  []string
		want colorprofile.Profile
	}{
		{[]string{"TERM=xterm-256color"}, colorprofile.ANSI256},
		{[]string{"TERM=xterm-256color", "COLORTERM=truecolor"}, colorprofile.TrueColor},
		{[]string{"TERM=tmux-256color", "TMUX=/tmp/tmux-0/default,1,0"}, colorprofile.ANSI256},
		{[]string{"TERM=tmux-256color", "TMUX=/tmp/tmux-0/default,1,0", "COLORTERM=truecolor"}, colorprofile.TrueColor},
		{[]string{"TERM=xterm-256color", "COLORTERM=truecolor", "NO_COLOR=yes"}, colorprofile.ASCII},
		{[]string{"TERM=linux"}, colorprofile.ANSI},
	} {
		if got := profile(tc.env, false); got != tc.want {
			t.Errorf("%v: %v, want %v", tc.env, got, tc.want)
		}
	}
	if got := profile([]string{"TERM=xterm-256color"}, true); got != colorprofile.ASCII {
		t.Errorf("without colour by option: %v", got)
	}
}

func TestSixteenColoursAreChosenByHand(t *testing.T) {
	for _, tc := range []struct {
		env  []string
		want bool
	}{
		{[]string{"TERM=linux", "LANG=C.UTF-8"}, true},
		{[]string{"TERM=xterm-256color", "LANG=C.UTF-8"}, false},
		{[]string{"TERM=linux", "NO_COLOR=1"}, false},
	} {
		drive(t, full(32), func(d *driver) {
			d.m.opt.Env, d.m.mono = tc.env, style.Lookup(tc.env, "NO_COLOR") != ""
			d.m.restyle(d.m.theme)
			d.pass(time.Second)
			view := d.m.View().Content
			if got := strings.Contains(view, "\x1b[92m") && !strings.Contains(view, "38;2;"); got != tc.want {
				t.Errorf("%v: sixteen colours: %t", tc.env, got)
			}
		})
	}
}
