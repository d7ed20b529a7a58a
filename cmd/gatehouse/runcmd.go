package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"

	"github.com/spf13/cobra"

	"github.com/gatehouse-gateway/gatehouse/cmd/gatehouse/internal/config"
	"github.com/gatehouse-gateway/gatehouse/engine"
	"github.com/gatehouse-gateway/gatehouse/engine/ops"
)

// runOptions are the flags of run.
type runOptions struct {
	configFlags
	noTUI    bool
	plain    bool
	readOnly bool
}

func (a *app) runCommand() *cobra.Command {
	var o runOptions
	cmd := &cobra.Command{
		Use:   "run",
		Short: "Hold the bot's shards, with the console or without",
		Long: `Holds the bot's shards and forwards their events to the bot.

With a terminal it shows the console; leaving the console stops the shards.
Without one, or with --no-tui, it logs to stderr: text on a terminal, else JSON.`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error { return a.hold(cmd.Context(), &o) },
	}
	o.add(cmd)
	cmd.Flags().BoolVar(&o.noTUI, "no-tui", false, "no console: log to stderr")
	cmd.Flags().BoolVar(&o.plain, "plain", false, "a console of sentences, for screen readers and terminals that cannot draw")
	cmd.Flags().BoolVar(&o.readOnly, "read-only", false, "the console shows, but cannot act")
	return cmd
}

// hold is the run command.
func (a *app) hold(ctx context.Context, o *runOptions) error {
	if err := checkPlain(o.plain, o.noTUI); err != nil {
		return err
	}
	loaded, err := o.complete(a)
	if err != nil {
		return err
	}
	plain := a.wantsPlain(o.plain, o.noTUI)
	show := plain || a.wantsConsole(o.noTUI)
	book, err := a.openLog(loaded.Log, show, secretsOf(loaded))
	if err != nil {
		return err
	}
	defer book.close()
	a.announce(book.Logger, loaded, show, o.noTUI)
	state, err := openState(loaded.Queue.Dir)
	if err != nil {
		return err
	}
	defer state.release()
	control, err := a.openControl(ctx, loaded.Control.Socket, book.Logger, a.warning(book.Logger, book.screen))
	if err != nil {
		return err
	}
	defer control.close()
	s := &session{control: control, log: book.Logger}
	if s.engine, err = a.prepareEngine(ctx, loaded, state, book.Logger); err != nil {
		return ignoreCanceled(err)
	}
	dumps := &dumping{}
	dumps.tell(&s.engine, loaded.Queue.Dir, loaded, book)
	if err := s.reloadable(newReloading(a, o.configFlags, loaded, book, dumps)); err != nil {
		return err
	}
	if show {
		if err := s.shownBy(a.newConsole(loaded.TUI, o.readOnly, book.screen, a.themes(loaded.File), book.Logger)); err != nil {
			return err
		}
		s.console.plain = plain
		s.console.options.Save = saver{loaded.Queue.Dir}.save
	}
	last, err := s.hold(ctx)
	if book.screen.taken() {
		a.sayUndelivered(last)
	}
	return err
}

// prepareEngine is the engine's configuration, once Discord has been asked whether
// it can work.
func (a *app) prepareEngine(ctx context.Context, loaded *config.Loaded, state *state, log *slog.Logger) (engine.Config, error) {
	c, err := engineConfig(loaded, log)
	if err != nil {
		return c, err
	}
	state.keep(&c)
	// Two consoles side by side are told apart by their machines.
	c.Name, _ = os.Hostname()
	c.Gateway, err = a.preflight(ctx, loaded, c.Gateway, state)
	return c, err
}

// complete is the configuration in effect, with all that a run needs.
func (o *runOptions) complete(a *app) (*config.Loaded, error) {
	loaded, err := o.load(a)
	if err == nil {
		err = loaded.Check()
	}
	return loaded, err
}

// announce says where the configuration came from and what is odd about it.
func (a *app) announce(log *slog.Logger, l *config.Loaded, console, noTUI bool) {
	log.Info("gatehouse starts", "version", buildInfo().Version, "config", l.Summary())
	if !console && !noTUI {
		log.Info("running without the console", "reason", a.noConsoleReason())
	}
	for _, warning := range l.Warnings {
		log.Warn(warning)
	}
}

// sayUndelivered tells what the end of the process takes with it; if the
// log went to the screen, it has said so.
func (a *app) sayUndelivered(last *ops.Snapshot) {
	if last == nil {
		return
	}
	for _, sink := range last.Sinks {
		if sink.Depth == 0 || sink.Orphan {
			continue
		}
		why := ""
		if sink.LastError != "" {
			why = ": " + sink.LastError
		}
		fmt.Fprintf(a.stderr, "gatehouse: %d events were not delivered to %s: %s%s\n", sink.Depth, sink.Name, fate(last), why)
	}
}

// fate is what becomes of events that were not delivered before the end.
func fate(last *ops.Snapshot) string {
	switch {
	case last.Store.OnDisk && last.Store.Fault == "" && last.Store.Busy == 0: // else they could not be written
		return "they are on disk, and the next start delivers them"
	case last.KeepsSessions:
		return "they come again by RESUME if Gatehouse starts within minutes"
	default:
		return "they are lost"
	}
}

// ignoreCanceled is err, unless it says that we were asked to stop.
func ignoreCanceled(err error) error {
	if errors.Is(err, context.Canceled) {
		return nil
	}
	return err
}
