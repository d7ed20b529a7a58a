package control

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/gatehouse-gateway/gatehouse/engine/ops"
)

// send is an ops.Send.
type send struct {
	Op      int             `json:"op"` // 3, 4, 8, 31, 43
	Data    json.RawMessage `json:"d"`
	Shards  []int           `json:"shards,omitempty"`  // for op 3; none for all
	Answers bool            `json:"answers,omitempty"` // wait for Discord's answers
	By      string          `json:"by,omitempty"`      // who asks, for the log
	Sink    string          `json:"sink,omitempty"`    // the answers to op 8 are delivered to it alone
}

func wireSend(s ops.Send) send {
	return send{Op: s.Op, Data: s.Data, Shards: s.Shards, Answers: s.Answers, By: s.By, Sink: s.Sink}
}

// decodeSend reads a command for Discord from outside. What it returns has the
// form of one; whether it is a good one is the engine's to say. Errors are for
// whoever wrote the request.
func decodeSend(body []byte) (ops.Send, error) {
	var s send
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&s); err != nil {
		return ops.Send{}, fmt.Errorf("the body is not a command for Discord: %s; send one such as {\"op\":3,\"d\":{\"status\":\"idle\"}}", jsonCause(err))
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return ops.Send{}, errors.New("the body goes on after the command; send one command a request")
	}
	if len(s.Data) == 0 || string(s.Data) == "null" {
		return ops.Send{}, errors.New("d: missing; give the data of the command, such as {\"status\":\"idle\"} for op 3")
	}
	if len(s.Shards) > maxShardsNamed {
		return ops.Send{}, fmt.Errorf("shards: %d are named; allowed: up to %d", len(s.Shards), maxShardsNamed)
	}
	if err := (&command{Shards: s.Shards, Sink: s.Sink, By: s.By}).checkWords(); err != nil {
		return ops.Send{}, err
	}
	return ops.Send{Op: s.Op, Data: s.Data, Shards: s.Shards, Answers: s.Answers, By: s.By, Sink: s.Sink}, nil
}

// sent is an ops.Sent.
type sent struct {
	Shards  []int             `json:"shards"`
	At      time.Time         `json:"sent_at,omitzero"`
	Answers []json.RawMessage `json:"answers"` // dispatches as Discord sent them
}

func wireSent(s ops.Sent) sent {
	return sent{Shards: each(s.Shards, itself), At: s.At.UTC(), Answers: each(s.Answers, asJSON)}
}

func (s *sent) ops() ops.Sent {
	return ops.Sent{Shards: some(s.Shards, itself), At: s.At, Answers: some(s.Answers, itself)}
}

func itself[T any](v T) T { return v }

// asJSON is a text that should be JSON, or a JSON string of it, so that one bad
// text does not spoil the whole answer.
func asJSON(text json.RawMessage) json.RawMessage {
	switch {
	case len(text) == 0:
		return json.RawMessage("null")
	case json.Valid(text):
		return text
	}
	quoted, _ := json.Marshal(string(text))
	return quoted
}

// notSent is the fault for an ops.SendError.
func notSent(e *ops.SendError) fault {
	return fault{Code: codeNotSent, Message: e.Reason, RetryAt: e.RetryAt.UTC(), Sent: e.Sent}
}

// sendError is the way back, and what other faults mean to whoever sends: nothing
// has been sent.
func (f *fault) sendError(op int) *ops.SendError {
	switch f.Code {
	case codeNotSent, codeBadRequest, codeBusy:
		return &ops.SendError{Op: op, Reason: f.Message, RetryAt: f.RetryAt, Sent: f.Sent}
	}
	return nil
}

// commands is an ops.Commands.
type commands struct {
	Sent    uint64 `json:"sent"`
	Refused uint64 `json:"refused"`
	Waiting int    `json:"waiting"`
	Asked   int    `json:"asked"` // requests whose answers are not complete
}
