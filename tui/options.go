package tui

import (
	"errors"
	"io"
	"time"

	"github.com/gatehouse-gateway/gatehouse/engine/clock"
	"github.com/gatehouse-gateway/gatehouse/engine/ops"
	"github.com/gatehouse-gateway/gatehouse/themes"
)

// How [Run] can end, other than with nil.
var (
	// ErrTerminalLost means that the terminal has gone away: hung up, closed, or
	// stuck. Only the console has ended; the caller decides what else does.
	ErrTerminalLost = errors.New("terminal lost")
	// ErrDetached means that the operator left the console and wants the
	// engine to go on. Only with [Options.CanDetach].
	ErrDetached = errors.New("console left, engine goes on")
	// ErrDumbTerminal means that the terminal cannot show a console at all.
	ErrDumbTerminal = errors.New("TERM is dumb or not set: this terminal cannot show the console; run with --no-tui")
)

// Options of a console. Only Operator is required.
type Options struct {
	Operator ops.Operator

	Theme themes.Theme // the zero Theme means [themes.DefaultName]
	// Themes brings themes that take the place of the one on show while the console
	// runs, as when the configuration has changed; nil for none. The caller may
	// close it.
	Themes     <-chan themes.Theme
	Library    themes.Library // to choose from; the zero Library has the built-in ones
	Notice     string         // said when the console opens; empty for nothing
	Background string         // "terminal" keeps the terminal's background; else the theme's
	Glyphs     string         // auto (default), braille, block, ascii
	NoColor    bool           // draw without colours; NO_COLOR in Env does the same

	// Env is the environment as KEY=value: TERM, COLORTERM, NO_COLOR and the
	// locale are read from it. Nil means that of the process, for colours, and
	// an unknown locale.
	Env []string

	// Input and Output are the terminal; nil means the process's own. Only a
	// terminal that is passed here is noticed when it goes away.
	Input  io.Reader
	Output io.Writer

	Refresh  time.Duration // time between snapshots while something moves; default 250 ms, at least 100 ms
	Mouse    bool          // click and wheel; off, the terminal selects text
	ReadOnly bool          // no action on the engine

	// Keys are the keys of actions by their names, in the place of those that they
	// have; an empty list leaves one without. [Bindings] lists the actions, and
	// [CheckKeys] says what cannot be.
	Keys map[string][]string

	// JSON writes what is copied or saved as JSON; nil for Go's own names of fields.
	JSON func(v any) ([]byte, error)
	// Save writes what was on the screen at an instant, and the state as JSON, to
	// files, and says where; nil if there is no place for them.
	Save func(at time.Time, text, state []byte) (where string, err error)

	Title string // of the program; default "gatehouse"
	User  string // who acts, for the engine's log

	// Attached says that the engine is another process: leaving the console
	// does not stop it and needs no confirmation.
	Attached bool
	// CanDetach offers to leave the console with the engine going on in this
	// process; [Run] then returns [ErrDetached].
	CanDetach bool

	Clock clock.Clock // default: the system's
}

// DefaultRefresh is the time between snapshots while something moves.
const DefaultRefresh = 250 * time.Millisecond

// defaults fills in what was left out.
func (o Options) defaults() (Options, error) {
	if o.Operator == nil {
		return o, errors.New("tui: no operator")
	}
	if _, ok := o.Theme.Color(themes.Text); !ok {
		theme, err := themes.Load(themes.DefaultName)
		if err != nil {
			return o, err
		}
		o.Theme = theme
	}
	if o.Refresh <= 0 {
		o.Refresh = DefaultRefresh
	}
	o.Refresh = max(o.Refresh, refreshSteps()[0])
	if o.Title == "" {
		o.Title = "gatehouse"
	}
	if o.Clock == nil {
		o.Clock = clock.System()
	}
	return o, nil
}
