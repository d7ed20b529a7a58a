package engine

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/gatehouse-gateway/gatehouse/engine/asks"
	"github.com/gatehouse-gateway/gatehouse/engine/discord"
	"github.com/gatehouse-gateway/gatehouse/engine/event"
	"github.com/gatehouse-gateway/gatehouse/engine/ops"
)

// maxRequests is how many commands a bot may send back at a time.
const maxRequests = 64

// request is what a bot sends back.
type request struct {
	Send []struct {
		Op     int             `json:"op"`
		Data   json.RawMessage `json:"d"`
		Shards []int           `json:"shards"`
	} `json:"send"`
}

// asked takes what the bot behind a sink has sent back. What it is not about, such
// as an answer that says {"ok":true}, is none of our business.
func (e *Engine) asked(s *sink, body []byte) {
	if !bytes.Contains(body, []byte(`"send"`)) {
		return
	}
	var r request
	if err := json.Unmarshal(body, &r); err != nil {
		s.asked.Add(1)
		e.unsent(s, 1, fmt.Errorf("what the bot sent back is not {\"send\":[{\"op\":8,\"d\":{…}}]}: %w", err))
		return
	}
	s.asked.Add(uint64(len(r.Send)))
	if over := len(r.Send) - maxRequests; over > 0 {
		e.unsent(s, over, fmt.Errorf("%d commands at a time are too many, the first %d are sent", len(r.Send), maxRequests))
		r.Send = r.Send[:maxRequests]
	}
	for _, c := range r.Send {
		over := func(err error) {
			if err != nil {
				e.unsent(s, 1, err)
			}
		}
		if _, err := e.post(context.Background(), ops.Send{Op: c.Op, Data: c.Data, Shards: c.Shards, Sink: s.cfg.Name}, over); err != nil {
			over(err)
		}
	}
}

// tellUnsentEvery is the least time between two lines of the log about commands
// of a bot that were not sent: it may send one with every event.
const tellUnsentEvery = 10 * time.Second

// unsent notes commands of a bot that were not sent.
func (e *Engine) unsent(s *sink, n int, err error) {
	total := s.unsent.Add(uint64(n))
	now, last := e.cfg.Clock.Now().UnixNano(), s.unsentTold.Load()
	if now-last < int64(tellUnsentEvery) || !s.unsentTold.CompareAndSwap(last, now) {
		return
	}
	e.logger.Warn("command of the bot not sent", "sink", s.cfg.Name, "reason", err, "since_start", total)
}

// probeFrame asks Discord for the bot itself, in one of a shard's guilds.
func (e *Engine) probeFrame(guild uint64) []byte {
	cmd := discord.MemberRequest(guild, e.bot)
	ask, err := e.asks.Open(asks.Request{Command: cmd, Probe: true})
	if err != nil {
		return nil
	}
	frame, err := cmd.AppendFrame(nil, ask.Nonce())
	if err != nil {
		ask.Unsent()
		return nil
	}
	ask.Sent(e.cfg.Clock.Now())
	return frame
}

// answered finds out for whom a dispatch is that answers a command.
func (e *Engine) answered(kind string, d, msg []byte) (to string, out []byte) {
	a := e.asks.Answer(kind, d, msg)
	return a.To, a.Msg
}

// wants says whether a sink takes an event: what its rules let through, but no
// answers to others' questions.
func (s *sink) wants(ev *event.Event) bool {
	return (ev.To == "" || ev.To == s.cfg.Name) && s.rules.Load().Wants(ev)
}
