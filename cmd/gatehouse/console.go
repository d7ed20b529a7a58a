package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os/user"
	"sync/atomic"

	"github.com/gatehouse-gateway/gatehouse/cmd/gatehouse/internal/config"
	"github.com/gatehouse-gateway/gatehouse/engine/clock"
	"github.com/gatehouse-gateway/gatehouse/engine/ops"
	"github.com/gatehouse-gateway/gatehouse/themes"
	"github.com/gatehouse-gateway/gatehouse/tui"
	"github.com/gatehouse-gateway/gatehouse/tui/plain"
)

// console is the screen of a session.
type console struct {
	options tui.Options
	screen  *screen
	stderr  io.Writer
	// next is a theme to take the place of the one on show; it holds one.
	next chan themes.Theme
	// themes are those that there are; theme is the one that the configuration names.
	themes themes.Library
	theme  atomic.Pointer[string]
	log    *slog.Logger // for what is wrong with a theme
	// only says that the console is all there is to the session: without a
	// terminal nothing would ever end it.
	only bool
	// plain says that it tells in sentences instead of drawing.
	plain bool
}

// newConsole prepares the console; nothing is drawn before show.
func (a *app) newConsole(c config.TUI, readOnly bool, s *screen, lib themes.Library, log *slog.Logger) (*console, error) {
	theme, err := lib.Load(c.Theme)
	notice := ""
	switch {
	case errors.Is(err, themes.ErrUnknown):
		return nil, usagef("config: tui.theme: %w", err)
	case err != nil: // which must not keep anybody from seeing the shards
		notice = "tui.theme: " + err.Error() + "; " + themes.DefaultName + " is shown instead"
		log.Warn(notice)
	}
	next := make(chan themes.Theme, 1)
	out := &console{screen: s, stderr: a.stderr, next: next, themes: lib, log: log, options: tui.Options{
		Theme:      theme,
		Library:    lib,
		Notice:     notice,
		JSON:       rowJSON,
		Themes:     next,
		Background: c.Background,
		Glyphs:     c.Glyphs,
		Env:        a.env,
		Input:      a.stdin,
		Output:     a.stdout,
		Refresh:    c.Refresh,
		Mouse:      c.Mouse,
		Keys:       c.Keys,
		ReadOnly:   readOnly,
		User:       a.actor("console"),
		CanDetach:  true,
	}}
	out.theme.Store(&c.Theme)
	return out, nil
}

// use is take for the theme that the configuration names from now on.
func (c *console) use(name string, theme themes.Theme) {
	c.theme.Store(&name)
	c.take(theme)
}

// take has the console show a theme. It does not wait for the console, which may
// have ended: of two themes that it has not seen, the later one counts. It is called
// by one goroutine at a time.
func (c *console) take(theme themes.Theme) {
	select {
	case <-c.next:
	default:
	}
	c.next <- theme
}

// show runs the console until it is left or ctx ends. It reports whether the
// session shall go on without it: the operator detached, or the terminal went.
func (c *console) show(ctx context.Context, op ops.Operator) (stay bool, err error) {
	c.options.Operator = op
	if c.plain {
		err = c.tell(ctx)
	} else {
		err = tui.Run(ctx, c.options)
	}
	switch {
	case err == nil || ctx.Err() != nil:
		return false, nil
	case errors.Is(err, tui.ErrDetached):
		c.screen.release()
		fmt.Fprintln(c.stderr, "gatehouse: the console is closed, the shards go on; Ctrl-C stops them")
		return true, nil
	case errors.Is(err, tui.ErrTerminalLost):
		return !c.only, nil
	default:
		return false, err
	}
}

// tell is the console in sentences. An output that is gone is a lost terminal.
func (c *console) tell(ctx context.Context) error {
	o := &c.options
	err := plain.Run(ctx, plain.Options{
		Operator: o.Operator, Clock: clock.System(), Input: o.Input, Output: o.Output, User: o.User,
		ReadOnly: o.ReadOnly, Attached: o.Attached, CanDetach: o.CanDetach,
	})
	switch {
	case errors.Is(err, plain.ErrDetached):
		return tui.ErrDetached
	case err != nil:
		return fmt.Errorf("%w: %w", tui.ErrTerminalLost, err)
	}
	return nil
}

// actor is who acts by way of something, for the log and the list of actions.
func (a *app) actor(by string) string {
	if who := a.user(); who != "" {
		return who + " (" + by + ")"
	}
	return by
}

// user is whoever runs the program; empty if that is not known.
func (a *app) user() string {
	for _, name := range []string{"SUDO_USER", "USER", "LOGNAME"} {
		if who := a.variable(name); who != "" {
			return who
		}
	}
	if u, err := user.Current(); err == nil {
		return u.Username
	}
	return ""
}
