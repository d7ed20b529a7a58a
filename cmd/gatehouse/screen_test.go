package main

import (
	"io"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/charmbracelet/x/vt"
	"github.com/creack/pty"
)

// sitting is somebody in front of the real program, on a pseudo-terminal that answers
// no query.
type sitting struct {
	t      *testing.T
	cmd    *exec.Cmd
	master *os.File
	stderr buffer
	ended  chan error

	mu      sync.Mutex // around the emulator
	screen  *vt.Emulator
	changed chan struct{}
}

// sit starts the program on a terminal of w×h cells.
func sit(t *testing.T, w, h int, args ...string) *sitting {
	t.Helper()
	master, slave, err := pty.Open()
	if err != nil {
		t.Skipf("no pseudo-terminal here: %v", err)
	}
	s := &sitting{t: t, master: master, ended: make(chan error, 1), screen: vt.NewEmulator(w, h), changed: make(chan struct{}, 1)}
	s.size(w, h)
	home := t.TempDir()
	s.cmd = exec.Command(os.Args[0], args...)
	s.cmd.Env = []string{asProgram + "=1", "HOME=" + home, "XDG_STATE_HOME=" + home, "TMPDIR=" + os.TempDir(),
		"TERM=xterm-256color", "COLORTERM=truecolor", "LANG=C.UTF-8", "TZ=UTC"}
	s.cmd.Stdin, s.cmd.Stdout, s.cmd.Stderr = slave, slave, &s.stderr
	s.cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	if err := s.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	_ = slave.Close()
	var pumps, answers sync.WaitGroup
	pumps.Go(s.pump)
	answers.Go(func() { _, _ = io.Copy(io.Discard, s.screen) }) // they go nowhere
	go func() { s.ended <- s.cmd.Wait() }()
	t.Cleanup(func() {
		_ = s.cmd.Process.Kill()
		_ = master.Close()
		pumps.Wait()
		_ = s.screen.InputPipe().(io.Closer).Close()
		answers.Wait()
	})
	return s
}

// size changes the size of the terminal; the emulator's changes with it.
func (s *sitting) size(w, h int) {
	s.t.Helper()
	s.mu.Lock()
	s.screen.Resize(w, h)
	s.mu.Unlock()
	if err := pty.Setsize(s.master, &pty.Winsize{Rows: uint16(h), Cols: uint16(w)}); err != nil {
		s.t.Fatal(err)
	}
}

func (s *sitting) pump() {
	buf := make([]byte, 32<<10)
	for {
		n, err := s.master.Read(buf)
		if n > 0 {
			s.mu.Lock()
			_, _ = s.screen.Write(buf[:n])
			s.mu.Unlock()
			select {
			case s.changed <- struct{}{}:
			default:
			}
		}
		if err != nil {
			return
		}
	}
}

func (s *sitting) text() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.screen.String()
}

// sees waits until the screen shows every text.
func (s *sitting) sees(texts ...string) {
	s.t.Helper()
	deadline := time.After(patience)
	for _, want := range texts {
		for !strings.Contains(s.text(), want) {
			select {
			case <-s.changed:
			case <-deadline:
				s.t.Fatalf("%q does not come:\n%s\n%s", want, s.text(), s.stderr.String())
			}
		}
	}
}

// types presses keys, as a terminal sends them.
func (s *sitting) types(keys string) {
	s.t.Helper()
	if _, err := s.master.WriteString(keys); err != nil {
		s.t.Fatal(err)
	}
}

// exits waits for the end of the program.
func (s *sitting) exits(code int) {
	s.t.Helper()
	select {
	case <-s.ended:
		if got := s.cmd.ProcessState.ExitCode(); got != code {
			s.t.Errorf("exit code %d, want %d:\n%s", got, code, s.stderr.String())
		}
	case <-time.After(patience):
		s.t.Fatalf("it does not end:\n%s", s.text())
	}
}

// A sitting with the demo, from the first frame to the end: every page, a shard, the
// palette, a restart, other sizes, and leaving.
func TestASittingWithTheDemo(t *testing.T) {
	t.Parallel()
	s := sit(t, 120, 40, "demo", "--shards", "8", "--guilds", "80", "--rate", "60")
	s.sees("1 overview", "8 ready", "last 5 min")
	for key, want := range map[string]string{
		"2": "worst first", "3": "memory", "4": "busiest guilds", "5": "no reshard", "6": "workers", "7": "reserve", "8": "wrap", "9": "newest first", "C": "heartbeat p99",
	} {
		s.types(key)
		s.sees(want)
		s.types("1")
		s.sees("colour state")
	}
	s.types("2")
	s.sees("worst first")
	s.types("\r")
	s.sees("events by type", "its log")
	s.types("r")
	s.sees("resumes its session")
	s.types("y")
	s.sees("done in")
	s.types(":")
	s.sees("Commands")
	s.types("page 9\r")
	s.sees("newest first", "restart shard")
	for _, size := range [][2]int{{80, 24}, {31, 7}, {200, 60}, {1, 1}, {120, 40}} {
		s.size(size[0], size[1])
	}
	s.sees("newest first")
	s.types("q")
	s.sees("Stop Gatehouse?")
	s.types("q") // which does not confirm itself
	s.sees("Stop Gatehouse?")
	s.types("y")
	s.exits(exitDone)
	if !strings.Contains(s.stderr.String()+s.text(), "nothing lost") {
		t.Errorf("no word on the events:\n%s\n%s", s.text(), s.stderr.String())
	}
}
