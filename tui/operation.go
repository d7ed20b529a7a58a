package tui

import (
	"context"
	"errors"
	"slices"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/gatehouse-gateway/gatehouse/engine/ops"
	"github.com/gatehouse-gateway/gatehouse/tui/frame"
	"github.com/gatehouse-gateway/gatehouse/tui/screen"
)

// acceptTimeout is how long the engine may take to accept a command.
const acceptTimeout = 5 * time.Second

// operation is an action of the operator under way.
type operation struct {
	what     string // in words, such as "resume of shard 12"
	kind     ops.CommandKind
	handle   ops.Operation
	began    time.Time
	progress ops.Progress
}

// acceptedMsg is the engine's answer to a command.
type acceptedMsg struct {
	what   string
	kind   ops.CommandKind
	handle ops.Operation
	err    error
}

// endedMsg says that an operation has ended.
type endedMsg struct {
	op       *operation
	progress ops.Progress
	err      error
}

// perform sends a command to the engine, if it has been confirmed.
func (m *model) perform(what string, c ops.Command) tea.Cmd {
	if why := m.unconfirmed(c); why != "" {
		m.say(screen.ToneBad, what+": "+why)
		return nil
	}
	c.By = m.opt.User
	m.say(screen.ToneQuiet, what+": asked")
	return m.tasks.do(func(ctx context.Context) tea.Msg {
		ctx, cancel := context.WithTimeout(ctx, acceptTimeout)
		defer cancel()
		handle, err := m.opt.Operator.Do(ctx, c)
		return acceptedMsg{what: what, kind: c.Kind, handle: handle, err: err}
	})
}

// accepted waits for the end of what the engine has accepted.
func (m *model) accepted(msg acceptedMsg) tea.Cmd {
	if msg.err != nil {
		m.record(screen.ToneBad, msg.what+" "+refusal(msg.err))
		return nil
	}
	op := &operation{what: msg.what, kind: msg.kind, handle: msg.handle, began: m.now()}
	m.running = append(m.running, op)
	m.toast.text, m.dirty = "", true // its progress shows in the toast's place
	wait := m.tasks.do(func(ctx context.Context) tea.Msg {
		select {
		case <-ctx.Done():
			return nil
		case <-op.handle.Done():
			return endedMsg{op: op, progress: op.handle.Progress(), err: op.handle.Err()}
		}
	})
	return tea.Batch(wait, m.refetch())
}

// refusal is why a command was not carried out, in the engine's words.
func refusal(err error) string {
	var refused *ops.RefusedError
	switch {
	case errors.As(err, &refused):
		return "refused: " + refused.Reason
	case errors.Is(err, context.DeadlineExceeded):
		return "not answered within " + frame.Duration(acceptTimeout) + ": the engine may be busy or gone"
	default:
		return "failed: " + err.Error()
	}
}

// ended says how an operation came out.
func (m *model) ended(msg endedMsg) tea.Cmd {
	m.running = slices.DeleteFunc(m.running, func(op *operation) bool { return op == msg.op })
	text := msg.op.what
	if msg.op.kind == ops.CommandReshard {
		m.watched.own = m.now()
	}
	if msg.err != nil {
		m.record(screen.ToneBad, text+" failed: "+msg.err.Error())
	} else {
		// The engine says how it came out, and how long it took.
		if steersReshard(msg.op.kind) {
			text += ": done"
		} else if msg.progress.Text != "" {
			text = msg.progress.Text
		}
		m.record(screen.ToneGood, text)
	}
	// Those sent again are no dead letters any more.
	return tea.Batch(m.refetch(), m.fetchLetters())
}

// steersReshard reports whether a command steers the reshard under way. What
// becomes of that is told by itself, apart from the command.
func steersReshard(k ops.CommandKind) bool {
	switch k {
	case ops.CommandReshardPause, ops.CommandReshardResume, ops.CommandReshardAbort, ops.CommandReshardForce:
		return true
	default:
		return false
	}
}

// status is an operation as it stands, for the message line.
func (op *operation) status(now time.Time) string {
	text := op.what
	// The steps of a reshard are of several kinds; its page counts each.
	if p := op.progress; p.Total > 1 && op.kind != ops.CommandReshard {
		text += " " + frame.Count(p.Done) + "/" + frame.Count(p.Total)
	}
	text += " for " + frame.Age(now.Sub(op.began))
	if op.progress.Text != "" {
		text += ": " + op.progress.Text
	}
	return text
}
