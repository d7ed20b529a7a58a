package tui

import (
	"io"

	"github.com/charmbracelet/colorprofile"
	"github.com/charmbracelet/x/term"

	"github.com/gatehouse-gateway/gatehouse/tui/style"
)

// namedFile is what the input reader of Bubble Tea takes for a terminal.
type namedFile interface {
	term.File
	Name() string
}

// watchedFile reports when the terminal behind it has gone away, which Bubble
// Tea itself lets pass in silence: a hung-up terminal reads as the end of a file.
type watchedFile struct {
	namedFile
	lost func()
}

func (f watchedFile) Read(p []byte) (int, error) {
	n, err := f.namedFile.Read(p)
	if err != nil {
		f.lost()
	}
	return n, err
}

func (f watchedFile) Write(p []byte) (int, error) {
	n, err := f.namedFile.Write(p)
	if err != nil {
		f.lost()
	}
	return n, err
}

func watchInput(r io.Reader, lost func()) io.Reader {
	if f, ok := r.(namedFile); ok {
		return watchedFile{f, lost}
	}
	return r
}

func watchOutput(w io.Writer, lost func()) io.Writer {
	if f, ok := w.(namedFile); ok {
		return watchedFile{f, lost}
	}
	return w
}

// profile is how many colours the terminal has, as its environment says. The
// terminal itself is not asked, and neither is tmux: either may never answer.
// tmux takes every colour and degrades it itself, so COLORTERM is believed there.
func profile(env []string, noColor bool) colorprofile.Profile {
	found := max(colorprofile.Env(env), colorprofile.Terminfo(style.Lookup(env, "TERM")))
	full := style.Lookup(env, "COLORTERM")
	if style.Lookup(env, "TMUX") != "" && (full == "truecolor" || full == "24bit") {
		found = colorprofile.TrueColor
	}
	if noColor || style.Lookup(env, "NO_COLOR") != "" {
		return min(found, colorprofile.ASCII)
	}
	return found
}

// sixteen reports whether the terminal has no more than sixteen colours. Without
// an environment, as for frames in a test, it has them all.
func sixteen(o Options) bool {
	return o.Env != nil && profile(o.Env, o.NoColor) == colorprofile.ANSI
}

// dumb reports whether the terminal cannot even place its cursor.
func dumb(env []string) bool {
	kind := style.Lookup(env, "TERM")
	return kind == "" || kind == "dumb"
}
