package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"

	"github.com/gatehouse-gateway/gatehouse/cmd/gatehouse/internal/config"
	"github.com/gatehouse-gateway/gatehouse/engine"
	"github.com/gatehouse-gateway/gatehouse/engine/ops"
	"github.com/gatehouse-gateway/gatehouse/themes"
)

// reloading reads the configuration of a run again, with the flags and the
// environment that it was started with. The engine asks it to, one time after the
// other; whoever wants that done asks the engine.
type reloading struct {
	app    *app
	flags  configFlags // with the file that was read
	book   *logbook
	path   string // of the file, absolute
	sum    [32]byte
	show   func(name string, t themes.Theme) // has a console take the theme of a name; nil without one
	themes themes.Library
	dumps  *dumping // that tell of the configuration

	force    config.Config // what is in effect
	warnings []string      // that have been told
}

// newReloading prepares for a configuration that was loaded. It is nil for one
// without a file: flags and the environment do not change.
func newReloading(a *app, flags configFlags, loaded *config.Loaded, book *logbook, dumps *dumping) (*reloading, error) {
	if loaded.File == "" {
		return nil, nil
	}
	path, err := filepath.Abs(loaded.File)
	if err != nil {
		return nil, fmt.Errorf("the path of the configuration: %w", err)
	}
	flags.file = loaded.File
	return &reloading{
		app: a, flags: flags, book: book, dumps: dumps, path: path, sum: loaded.Sum, force: loaded.Config, warnings: loaded.Warnings,
	}, nil
}

// reloadable has a session's engine read its configuration again by r, unless that is
// nil or could not be made.
func (s *session) reloadable(r *reloading, err error) error {
	if err == nil && r != nil {
		s.reloading, s.engine.Reload = r, r.read
	}
	return err
}

// shownBy gives a session its console, which takes the themes to come, unless it
// could not be made.
func (s *session) shownBy(c *console, err error) error {
	s.console = c
	if err == nil && s.reloading != nil {
		s.reloading.show, s.reloading.themes = c.use, c.themes
	}
	return err
}

// read is [engine.Config.Reload]. An error says on one line what keeps the file from
// being taken.
func (r *reloading) read(context.Context) (*engine.Reloaded, error) {
	loaded, err := r.flags.load(r.app)
	if err == nil {
		err = loaded.Check()
	}
	if err != nil {
		return nil, &notTakenError{err}
	}
	r.book.redactor.hide(secretsOf(loaded))
	theme, err := r.themes.Load(loaded.TUI.Theme)
	if err != nil {
		return nil, &notTakenError{fmt.Errorf("tui.theme: %w", err)}
	}
	sinks, err := sinkConfigs(loaded.Sinks)
	if err != nil {
		return nil, &notTakenError{err}
	}
	out := &engine.Reloaded{
		Presence: loaded.Discord.Presence, Filter: loaded.Filter, Reshard: loaded.Reshard, Sinks: sinks,
		Apply: func() { r.apply(loaded, theme) },
	}
	for _, change := range r.force.Changes(&loaded.Config) {
		if change.Live {
			out.Changed = append(out.Changed, change.Text)
		} else {
			out.Restart = append(out.Restart, change.Text)
		}
	}
	return out, nil
}

// apply has what is outside of the engine take effect.
func (r *reloading) apply(loaded *config.Loaded, theme themes.Theme) {
	if loaded.Log.Level != r.force.Log.Level { // else what an operator has set stays
		_ = r.book.setLevel(loaded.Log.Level) // the loader knows the levels
	}
	r.dumps.loaded.Store(loaded)
	if r.show != nil && loaded.TUI.Theme != r.force.TUI.Theme {
		r.show(loaded.TUI.Theme, theme)
	}
	for _, warning := range loaded.Warnings {
		if !slices.Contains(r.warnings, warning) {
			r.book.Warn(warning)
		}
	}
	r.force, r.warnings = r.force.WithLive(&loaded.Config), loaded.Warnings
}

// attend asks the engine to read the configuration again whenever the file changes
// or the process gets a SIGHUP, until ctx ends. A nil reloading does nothing.
func (r *reloading) attend(ctx context.Context, op ops.Operator) {
	if r == nil {
		return
	}
	ask := func(by string) func(context.Context) {
		return func(ctx context.Context) {
			_, _ = op.Do(ctx, ops.Command{Kind: ops.CommandReload, By: by}) // the engine logs what comes of it
		}
	}
	watch, err := newFileWatch(r.path, r.sum, ask("the file"))
	if err != nil {
		r.book.Warn("changes to the configuration file take a while to be seen; gatehouse ctl reload reads it at once",
			"reason", oneLine(err), "within", filePoll)
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		watch.run(ctx)
	}()
	defer func() { <-ended }()
	for {
		select {
		case <-ctx.Done():
			return
		case <-r.app.hangups:
			ask("SIGHUP")(ctx)
		}
	}
}

// notTakenError says why a configuration is not taken, on one line.
type notTakenError struct{ err error }

func (e *notTakenError) Error() string {
	text := oneLine(e.err)
	if bad := (*config.Error)(nil); errors.As(e.err, &bad) {
		text = bad.Problems[0].String()
		if more := len(bad.Problems) - 1; more > 0 {
			text += fmt.Sprintf("; and %s more, see gatehouse config show", counted(more, "mistake"))
		}
	}
	return "the old configuration stays in effect: " + text
}

func (e *notTakenError) Unwrap() error { return e.err }

// secretsOf lists what may never be in a log.
func secretsOf(l *config.Loaded) []string { return append(l.Secrets(), l.Discord.Token.Reveal()) }
