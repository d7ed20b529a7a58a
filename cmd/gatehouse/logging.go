package main

import (
	"bytes"
	"fmt"
	"io"
	"log/slog"
	"os"
	"slices"
	"strings"
	"sync"

	"github.com/gatehouse-gateway/gatehouse/cmd/gatehouse/internal/config"
)

// logbook is the log of a run. What of it can change while it is written is its
// level, and which secrets are cut out of it.
type logbook struct {
	*slog.Logger
	screen   *screen // stderr, which drops lines while the console owns the screen
	level    *slog.LevelVar
	redactor *redactor
	close    func() // ends the log: nothing may be logged after it
}

// setLevel sets the least level that is logged, by its name.
func (l *logbook) setLevel(name string) error {
	var level slog.Level
	if err := level.UnmarshalText([]byte(name)); err != nil {
		return usagef("config: log.level: %w", err)
	}
	l.level.Set(level)
	return nil
}

// openLog makes the log of a run. While the console owns the screen, lines go to
// log.file, or else to the engine's ring alone: the screen drops them.
func (a *app) openLog(c config.Log, console bool, secrets []string) (*logbook, error) {
	l := &logbook{screen: &screen{w: a.stderr}, level: &slog.LevelVar{}, close: func() {}}
	if err := l.setLevel(c.Level); err != nil {
		return nil, err
	}
	if !console {
		l.screen.release()
	}
	var w io.Writer = l.screen
	tty := isTerminal(a.stderr)
	if c.File != "" {
		f, err := os.OpenFile(c.File, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
		if err != nil {
			return nil, usagef("config: log.file: cannot be written: %w; check the folder and its permissions", err)
		}
		w, tty = f, false
		l.close = func() { f.Close() }
	} else if _, blocks := a.stderr.(*os.File); blocks {
		patient := newPatientWriter(l.screen)
		w, l.close = patient, patient.Close
	}
	l.redactor = newRedactor(w, secrets)
	options := &slog.HandlerOptions{Level: l.level, ReplaceAttr: readable}
	if c.Format == "text" || c.Format == "auto" && tty {
		l.Logger = slog.New(slog.NewTextHandler(l.redactor, options))
	} else {
		l.Logger = slog.New(slog.NewJSONHandler(l.redactor, options))
	}
	return l, nil
}

// readable writes durations with their unit; JSON would have nanoseconds.
func readable(_ []string, attr slog.Attr) slog.Attr {
	if attr.Value.Kind() == slog.KindDuration {
		attr.Value = slog.StringValue(attr.Value.Duration().String())
	}
	return attr
}

// redactor is the last line of defence against a secret in a log: it cuts them
// out of everything that passes. A handler writes a line with one Write, so no
// secret is ever split.
type redactor struct {
	mu      sync.Mutex
	w       io.Writer
	secrets [][]byte
}

func newRedactor(w io.Writer, secrets []string) *redactor {
	r := &redactor{w: w}
	r.hide(secrets)
	return r
}

// hide cuts more secrets out of what is written from now on. It goes on with those
// that it knows: an old one may still be in use elsewhere.
func (r *redactor) hide(secrets []string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, s := range secrets {
		known := slices.ContainsFunc(r.secrets, func(k []byte) bool { return string(k) == s })
		if len(s) >= minSecret && !known {
			r.secrets = append(r.secrets, []byte(s))
		}
	}
}

// minSecret is the length below which a text is no secret and cutting it out
// would only garble the log.
const minSecret = 6

// clean is a text without the secrets.
func (r *redactor) clean(text string) string {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, s := range r.secrets {
		text = strings.ReplaceAll(text, string(s), "[secret]")
	}
	return text
}

// Write passes p on without the secrets. It reports len(p), as a Writer must.
func (r *redactor) Write(p []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	line := p
	for _, s := range r.secrets {
		if bytes.Contains(line, s) {
			line = bytes.ReplaceAll(line, s, []byte("[secret]"))
		}
	}
	if _, err := r.w.Write(line); err != nil {
		return 0, fmt.Errorf("writing the log: %w", err)
	}
	return len(p), nil
}
