package control

import (
	"fmt"
	"time"

	"github.com/gatehouse-gateway/gatehouse/engine/ops"
)

type alert struct {
	ID    string    `json:"id"`
	Level string    `json:"level"` // warn, critical
	Since time.Time `json:"since"`
	Shard int       `json:"shard"` // -1 for none
	Sink  string    `json:"sink"`
	Count int       `json:"count"` // of shards or events that it speaks of; 0 for one of its own
	Page  string    `json:"page"`  // of the console that shows more; empty for none
	Text  string    `json:"text"`

	AckedAt time.Time `json:"acknowledged_at,omitzero"`
	AckedBy string    `json:"acknowledged_by"`
}

// alertLevel gives the levels of alerts their words.
type alertLevel ops.AlertLevel

// String is the level's word.
func (l alertLevel) String() string {
	switch ops.AlertLevel(l) {
	case ops.AlertWarn:
		return "warn"
	case ops.AlertCritical:
		return "critical"
	}
	return unknownWord
}

func wireAlert(a ops.Alert) alert {
	return alert{
		ID: a.ID, Level: alertLevel(a.Level).String(), Since: a.Since.UTC(), Shard: a.Shard, Sink: a.Sink, Count: a.Count, Page: a.Page,
		Text: a.Text, AckedAt: a.AckedAt.UTC(), AckedBy: a.AckedBy,
	}
}

func (a alert) ops(w *words) ops.Alert {
	return ops.Alert{
		ID: a.ID, Level: ops.AlertLevel(readWord[alertLevel](w, a.Level)), Since: a.Since, Shard: a.Shard, Sink: a.Sink, Count: a.Count, Page: a.Page,
		Text: a.Text, AckedAt: a.AckedAt, AckedBy: a.AckedBy,
	}
}

// deed is an ops.Action: what was done, by whom, and how it came out.
type deed struct {
	ID      uint64    `json:"id"`
	At      time.Time `json:"at"`
	By      string    `json:"by"`
	What    string    `json:"what"`
	State   string    `json:"state"`  // running, done, failed, refused
	Result  string    `json:"result"` // or what it waits for, in words
	Took    float64   `json:"took_ms"`
	Done    int       `json:"done"` // of its own steps
	Total   int       `json:"total"`
	Cancels bool      `json:"can_be_cancelled"`
}

func wireDeed(a ops.Action) deed {
	return deed{
		ID: a.ID, At: a.At.UTC(), By: a.By, What: a.What, State: a.State.String(), Result: a.Result, Took: millis(a.Took),
		Done: a.Done, Total: a.Total, Cancels: a.Cancels,
	}
}

func (d deed) ops(w *words) ops.Action {
	return ops.Action{
		ID: d.ID, At: d.At, By: d.By, What: d.What, State: readWord[ops.ActionState](w, d.State), Result: d.Result, Took: ofMillis(d.Took),
		Done: d.Done, Total: d.Total, Cancels: d.Cancels,
	}
}

// readLevel looks up the word of a level of the log.
func readLevel(w *words, text string) ops.Level {
	level, ok := Level(text)
	if !ok && w.err == nil {
		w.err = fmt.Errorf("control: the answer has the log level %q, which this version does not know", text)
	}
	return level
}
