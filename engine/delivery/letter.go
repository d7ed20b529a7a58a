package delivery

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/gatehouse-gateway/gatehouse/engine/event"
	"github.com/gatehouse-gateway/gatehouse/engine/ops"
)

// letter is one line of a dead-letter file.
type letter struct {
	At     time.Time       `json:"at"`
	Reason string          `json:"reason"`
	Event  json.RawMessage `json:"event"`
}

// appendLetter appends the line of an event, with its line feed. It is written
// by hand, because encoding/json would change bytes of the frame.
func appendLetter(dst []byte, at time.Time, ev *event.Event, reason string) ([]byte, error) {
	text, err := json.Marshal(reason)
	if err != nil {
		return dst, err
	}
	dst = append(dst, `{"at":"`...)
	dst = at.UTC().AppendFormat(dst, time.RFC3339Nano)
	dst = append(dst, `","reason":`...)
	dst = append(dst, text...)
	dst = append(dst, `,"event":`...)
	dst = ev.AppendJSON(dst)
	return append(dst, '}', '\n'), nil
}

// parseLetter reads a line. The event's data is a part of it.
func parseLetter(line []byte) (letter, event.Event, error) {
	var l letter
	if err := json.Unmarshal(line, &l); err != nil {
		return l, event.Event{}, fmt.Errorf("dead letter: %w", err)
	}
	ev, err := event.Parse(l.Event)
	if err != nil {
		return l, ev, fmt.Errorf("dead letter: %w", err)
	}
	return l, ev, nil
}

// listed is the letter as an operator sees it.
func (l *letter) listed(sink string, ev *event.Event) ops.DeadLetter {
	return ops.DeadLetter{
		Sink: sink, At: l.At, Reason: l.Reason,
		ID: ev.ID.String(), Type: ev.Type, Shard: ev.ShardID, Event: l.Event,
	}
}
