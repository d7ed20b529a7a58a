package control

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/gatehouse-gateway/gatehouse/engine/ops"
)

// logPage is an ops.LogPage.
type logPage struct {
	Lines []logLine `json:"lines"` // oldest first
	Last  uint64    `json:"last"`
	Lost  uint64    `json:"lost"`
}

func wireLogPage(p ops.LogPage) logPage {
	return logPage{Lines: each(p.Lines, wireLine), Last: p.Last, Lost: p.Lost}
}

func (p *logPage) page() (ops.LogPage, error) {
	out := ops.LogPage{Last: p.Last, Lost: p.Lost}
	for _, line := range p.Lines {
		level, ok := Level(line.Level)
		if !ok {
			return out, fmt.Errorf("control: the answer has the level %q, which this version does not know", line.Level)
		}
		out.Lines = append(out.Lines, ops.LogLine{Seq: line.Seq, At: line.At, Level: level, Shard: line.Shard, Text: line.Text})
	}
	return out, nil
}

type logLine struct {
	Seq   uint64    `json:"seq"`
	At    time.Time `json:"at"`
	Level string    `json:"level"` // debug, info, warn, error
	Shard int       `json:"shard"` // -1 for none
	Text  string    `json:"text"`
}

func wireLine(l ops.LogLine) logLine {
	return logLine{Seq: l.Seq, At: l.At.UTC(), Level: l.Level.String(), Shard: l.Shard, Text: l.Text}
}

// Level reads the word of a log level: debug, info, warn or error.
func Level(word string) (ops.Level, bool) {
	for _, l := range []ops.Level{ops.LevelDebug, ops.LevelInfo, ops.LevelWarn, ops.LevelError} {
		if l.String() == word {
			return l, true
		}
	}
	return 0, false
}

type letter struct {
	Sink   string          `json:"sink"`
	At     time.Time       `json:"at"`
	Reason string          `json:"reason"`
	ID     string          `json:"id"`
	Type   string          `json:"type"`
	Shard  int             `json:"shard"`
	Event  json.RawMessage `json:"event"` // as the bot was sent it
}

// wireLetter keeps an event that is no JSON, which a damaged file may hold, from
// spoiling the list: it is shown as a text.
func wireLetter(l ops.DeadLetter) letter {
	out := letter(l)
	out.At = l.At.UTC()
	out.Event = asJSON(l.Event)
	return out
}

func (l letter) ops() ops.DeadLetter {
	if string(l.Event) == "null" {
		l.Event = nil
	}
	return ops.DeadLetter(l)
}
