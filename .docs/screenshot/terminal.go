package main

import (
	"context"
	"errors"
	"fmt"
	"image/color"
	"io"
	"os"
	"os/exec"
	"sync"
	"syscall"
	"time"

	"github.com/charmbracelet/x/vt"
	"github.com/creack/pty"
)

// What the program is told about its terminal, and what shows where it paints
// nothing.
var (
	foreground = color.RGBA{0xe2, 0xe5, 0xe9, 0xff}
	background = color.RGBA{0x0e, 0x11, 0x16, 0xff}
)

// How long the output must pause before a picture is taken, so that no frame is
// caught half drawn, and how long to wait for that.
const (
	quietFor    = 40 * time.Millisecond
	quietWithin = 2 * time.Second
)

// How long the program may take to end once asked.
const endWithin = 6 * time.Second

// terminal is a running program and the screen it draws on.
//
// Two goroutines own the traffic: one feeds the program's output to the
// emulator, one brings the emulator's answers (what colour is your background?)
// to the program. stop waits for both.
type terminal struct {
	pty     *os.File
	process *exec.Cmd
	done    chan struct{} // the program's output has ended
	workers sync.WaitGroup

	mu       sync.Mutex // guards the emulator's screen; its answers have their own pipe
	emulator *vt.Emulator
	wrote    time.Time
}

func start(command []string, width, height int) (*terminal, error) {
	t := &terminal{
		process:  exec.Command(command[0], command[1:]...),
		done:     make(chan struct{}),
		emulator: vt.NewEmulator(width, height),
	}
	t.emulator.SetDefaultForegroundColor(foreground)
	t.emulator.SetDefaultBackgroundColor(background)
	t.process.Env = []string{"TERM=xterm-256color", "COLORTERM=truecolor", "LANG=C.UTF-8"}
	for _, name := range []string{"PATH", "HOME", "TMPDIR"} {
		if value, ok := os.LookupEnv(name); ok {
			t.process.Env = append(t.process.Env, name+"="+value)
		}
	}
	var err error
	t.pty, err = pty.StartWithSize(t.process, &pty.Winsize{Cols: uint16(width), Rows: uint16(height)})
	if err != nil {
		return nil, fmt.Errorf("starting %s: %w", command[0], err)
	}
	t.workers.Go(t.show)
	t.workers.Go(t.answer)
	return t, nil
}

// show feeds the emulator until the program has closed its terminal.
func (t *terminal) show() {
	defer close(t.done)
	buffer := make([]byte, 32<<10)
	for {
		n, err := t.pty.Read(buffer)
		t.mu.Lock()
		t.emulator.Write(buffer[:n]) // fails only once closed
		t.wrote = time.Now()
		t.mu.Unlock()
		if err != nil {
			// Not Close: that would write what answer reads without a lock.
			if pipe, ok := t.emulator.InputPipe().(io.Closer); ok {
				pipe.Close()
			}
			return
		}
	}
}

// answer goes on reading after the program is gone, or the emulator would
// wait for its reader.
func (t *terminal) answer() {
	buffer := make([]byte, 4<<10)
	for {
		n, err := t.emulator.Read(buffer)
		if err != nil {
			return
		}
		t.pty.Write(buffer[:n]) // a program that is gone needs no answer
	}
}

// pass waits for d, and fails if the program ends meanwhile.
func (t *terminal) pass(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	case <-t.done:
		return errors.New("the program ended before its picture was taken; it said:\n" + t.grab().text())
	}
}

// picture takes the screen at the first pause of the output.
func (t *terminal) picture(ctx context.Context) *picture {
	for deadline := time.Now().Add(quietWithin); time.Now().Before(deadline); {
		t.mu.Lock()
		quiet := time.Since(t.wrote) >= quietFor
		t.mu.Unlock()
		if quiet || t.pass(ctx, quietFor/4) != nil {
			break
		}
	}
	return t.grab()
}

// grab copies the screen as it is.
func (t *terminal) grab() *picture {
	t.mu.Lock()
	defer t.mu.Unlock()
	p := &picture{width: t.emulator.Width(), height: t.emulator.Height()}
	for y := range p.height {
		for x := range p.width {
			p.cells = append(p.cells, newCell(t.emulator.CellAt(x, y)))
		}
	}
	return p
}

// stop asks the program to end, then insists.
func (t *terminal) stop() {
	t.process.Process.Signal(syscall.SIGTERM)
	kill := time.AfterFunc(endWithin, func() { t.process.Process.Kill() })
	t.process.Wait()
	kill.Stop()
	<-t.done
	t.workers.Wait()
	t.pty.Close()
}
