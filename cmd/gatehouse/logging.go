package main

import (
	"bytes"
	"fmt"
	"io"
	"log/slog"
	"os"
	"sync"

	"github.com/gatehouse-gateway/gatehouse/cmd/gatehouse/internal/config"
)

// openLog makes the logger of a run. While the console owns the screen, lines go
// to log.file, or else to the engine's ring alone: the returned screen drops
// them. The returned function ends the log: nothing may be logged after it.
func (a *app) openLog(c config.Log, console bool, secrets []string) (*slog.Logger, *screen, func(), error) {
	stderr := &screen{w: a.stderr}
	if !console {
		stderr.release()
	}
	var w io.Writer = stderr
	tty := isTerminal(a.stderr)
	closeLog := func() {}
	if c.File != "" {
		f, err := os.OpenFile(c.File, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
		if err != nil {
			return nil, nil, nil, usagef("config: log.file: cannot be written: %w; check the folder and its permissions", err)
		}
		w, tty = f, false
		closeLog = func() { f.Close() }
	} else if _, blocks := a.stderr.(*os.File); blocks {
		patient := newPatientWriter(stderr)
		w, closeLog = patient, patient.Close
	}
	var level slog.Level
	if err := level.UnmarshalText([]byte(c.Level)); err != nil {
		return nil, nil, nil, usagef("config: log.level: %w", err)
	}
	options := &slog.HandlerOptions{Level: level, ReplaceAttr: readable}
	w = newRedactor(w, secrets)
	if c.Format == "text" || c.Format == "auto" && tty {
		return slog.New(slog.NewTextHandler(w, options)), stderr, closeLog, nil
	}
	return slog.New(slog.NewJSONHandler(w, options)), stderr, closeLog, nil
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
	for _, s := range secrets {
		if len(s) >= minSecret {
			r.secrets = append(r.secrets, []byte(s))
		}
	}
	return r
}

// minSecret is the length below which a text is no secret and cutting it out
// would only garble the log.
const minSecret = 6

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
