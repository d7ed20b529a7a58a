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

// sendTimeout is how long a command for Discord may take: a shard that has sent
// all that it may in a minute has to wait for the minute to pass.
const sendTimeout = 75 * time.Second

// sending is a command for Discord that has not been answered yet.
type sending struct {
	what  string // in words, such as "presence of shard 12"
	send  ops.Send
	began time.Time
}

// sentMsg is the engine's answer to a command for Discord.
type sentMsg struct {
	job  *sending
	sent ops.Sent
	err  error
}

// sendOut has a command sent to Discord, if it has been confirmed.
func (m *model) sendOut(what string, s ops.Send) tea.Cmd {
	if m.opt.ReadOnly || m.granted < gradeDialog {
		m.say(screen.ToneBad, what+": not confirmed, nothing was sent")
		return nil
	}
	s.By = m.opt.User
	job := &sending{what: what, send: s, began: m.now()}
	m.sendings = append(m.sendings, job)
	m.dirty = true
	return m.tasks.do(func(ctx context.Context) tea.Msg {
		ctx, cancel := context.WithTimeout(ctx, sendTimeout)
		defer cancel()
		sent, err := m.opt.Operator.Send(ctx, s)
		return sentMsg{job: job, sent: sent, err: err}
	})
}

// sentOut says how a command for Discord came out.
func (m *model) sentOut(msg sentMsg) tea.Cmd {
	m.sendings = slices.DeleteFunc(m.sendings, func(s *sending) bool { return s == msg.job })
	if msg.err != nil {
		m.record(screen.ToneBad, msg.job.what+" "+m.unsent(msg.err))
		return m.refetch()
	}
	m.presenceSent(msg.job.send)
	m.record(screen.ToneGood, msg.job.what+": sent by "+frame.Plural(len(msg.sent.Shards), "shard"))
	return m.refetch()
}

// unsent is why a command was not sent, in the engine's words, and when it would be.
func (m *model) unsent(err error) string {
	var refused *ops.SendError
	switch {
	case errors.As(err, &refused):
		text := refused.Error()
		if !refused.RetryAt.IsZero() {
			at := refused.RetryAt.In(m.now().Location())
			text = "not sent (possible at " + at.Format("15:04:05") + ", in " + frame.Age(at.Sub(m.now())) + "): " + refused.Reason
		}
		if n := len(refused.Sent); n > 0 {
			text += "; " + frame.Plural(n, "shard") + " sent it all the same: " + idList(refused.Sent)
		}
		return text
	case errors.Is(err, context.DeadlineExceeded):
		return "not written by every shard within " + frame.Duration(sendTimeout) + ": their outboxes may be full"
	default:
		return "failed: " + err.Error()
	}
}

// status is a command on its way, for the message line.
func (s *sending) status(now time.Time) string {
	return s.what + " for " + frame.Age(now.Sub(s.began)) + ": waits for its turn in the shards' outboxes"
}
