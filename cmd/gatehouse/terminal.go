package main

import (
	"io"
	"os"
	"strings"
	"sync/atomic"

	"github.com/charmbracelet/x/term"
)

// wantsConsole reports whether the console can and shall be shown.
func (a *app) wantsConsole(noTUI bool) bool { return !noTUI && a.noConsoleReason() == "" }

// wantsPlain reports whether the console shall tell in sentences instead of drawing:
// because that is asked for, or because the terminal cannot draw.
func (a *app) wantsPlain(plain, noTUI bool) bool {
	dumb := a.variable("TERM") == "" || a.variable("TERM") == "dumb"
	return plain || !noTUI && dumb && isTerminal(a.stdin) && isTerminal(a.stdout)
}

// checkPlain says if two ways to show the engine are asked for.
func checkPlain(plain, noTUI bool) error {
	if plain && noTUI {
		return usagef("--plain and --no-tui: the one tells what happens in sentences, the other only logs; leave one of them out")
	}
	return nil
}

// noConsoleReason says why there can be no console here; empty if there can.
func (a *app) noConsoleReason() string {
	switch {
	case !isTerminal(a.stdin) || !isTerminal(a.stdout):
		return "stdin and stdout are not both a terminal"
	case a.variable("TERM") == "" || a.variable("TERM") == "dumb":
		return "TERM is dumb or not set"
	}
	return ""
}

// isTerminal reports whether a stream of the process is a terminal.
func isTerminal(stream any) bool {
	f, ok := stream.(*os.File)
	return ok && term.IsTerminal(f.Fd())
}

// variable is the value of an environment variable.
func (a *app) variable(name string) string {
	value := ""
	for _, line := range a.env {
		if rest, ok := strings.CutPrefix(line, name+"="); ok {
			value = rest
		}
	}
	return value
}

// screen is stderr while a console may own the terminal: what is written
// before [screen.release] is dropped.
type screen struct {
	w    io.Writer
	free atomic.Bool
}

// release lets writes through from now on.
func (s *screen) release() { s.free.Store(true) }

// taken reports whether writes are dropped.
func (s *screen) taken() bool { return !s.free.Load() }

// Write drops p while the screen is taken.
func (s *screen) Write(p []byte) (int, error) {
	if !s.free.Load() {
		return len(p), nil
	}
	return s.w.Write(p)
}
