package control

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/gatehouse-gateway/gatehouse/engine/ops"
)

// command is an ops.Command.
type command struct {
	Action  string   `json:"action"` // a word of [ops.CommandKind]
	Shards  []int    `json:"shards,omitempty"`
	Workers []int    `json:"workers,omitempty"` // of restart: all of their shards
	Sink    string   `json:"sink,omitempty"`
	Letters []string `json:"letters,omitempty"` // event ids; none for all of the sink's
	Target  *target  `json:"target,omitempty"`  // of reshard; none for what reshard.target says
	By      string   `json:"by,omitempty"`      // who asks, for the log
	orders
}

// Bounds of a command: more is a mistake, or malice.
const (
	maxShardsNamed = 65536
	maxLetters     = 20000
	maxWord        = 128 // bytes of a sink's name, an event id, and who asks
)

func wireCommand(c ops.Command) command {
	out := command{
		Action: c.Kind.String(), Shards: c.Shards, Workers: c.Workers, Sink: c.Sink, Letters: c.Letters, By: c.By, orders: wireOrders(c),
	}
	if c.Target != (ops.Target{}) {
		t := wireTarget(c.Target)
		out.Target = &t
	}
	return out
}

// decodeCommand reads a command from outside. What it returns is of a known kind
// and has what that kind needs and nothing else; whether it is possible is the
// engine's to say. Errors are for whoever wrote the request.
func decodeCommand(body []byte) (ops.Command, error) {
	var c command
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&c); err != nil {
		return ops.Command{}, fmt.Errorf("the body is not a command: %s; send one such as {\"action\":\"restart\",\"shards\":[3]}", jsonCause(err))
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return ops.Command{}, errors.New("the body goes on after the command; send one command a request")
	}
	kind, ok := lookUp[ops.CommandKind](c.Action)
	if !ok {
		return ops.Command{}, fmt.Errorf("action: %.40q is not known; allowed: %s", c.Action, strings.Join(actionWords(), ", "))
	}
	if err := c.check(kind); err != nil {
		return ops.Command{}, err
	}
	out := ops.Command{Kind: kind, Shards: c.Shards, Workers: c.Workers, Sink: c.Sink, Letters: c.Letters, By: c.By}
	if c.Target != nil {
		out.Target = c.Target.ops()
	}
	return out, c.fill(&out)
}

// jsonCause is what is wrong with JSON, in its own words without the package's.
func jsonCause(err error) string {
	if errors.Is(err, io.EOF) {
		return "it is empty"
	}
	return strings.TrimPrefix(err.Error(), "json: ")
}

// actionWords lists the words of all commands.
func actionWords() []string {
	var out []string
	for n := range 256 {
		if word := ops.CommandKind(n).String(); word != unknownWord {
			out = append(out, word)
		}
	}
	return out
}

// needs says what a kind of command is about.
func needs(kind ops.CommandKind) (shards, sink, letters bool) {
	switch kind {
	case ops.CommandRestart, ops.CommandReidentify, ops.CommandStop, ops.CommandStart:
		return true, false, false
	case ops.CommandPauseSink, ops.CommandResumeSink, ops.CommandDiscard, ops.CommandDrop:
		return false, true, false
	case ops.CommandReplay:
		return false, true, true
	}
	return false, false, false
}

// check refuses what a kind of command cannot do with.
func (c *command) check(kind ops.CommandKind) error {
	shards, sink, letters := needs(kind)
	switch {
	case len(c.Workers) > 0 && kind != ops.CommandRestart:
		return fmt.Errorf("workers: %s takes none", kind)
	case shards && len(c.Shards) == 0 && len(c.Workers) == 0 && !c.All:
		return fmt.Errorf("shards: missing; %s needs at least one id", kind)
	case !shards && len(c.Shards) > 0:
		return fmt.Errorf("shards: %s takes none", kind)
	case max(len(c.Shards), len(c.Workers)) > maxShardsNamed:
		return fmt.Errorf("shards: %d are named; allowed: up to %d", max(len(c.Shards), len(c.Workers)), maxShardsNamed)
	case sink && c.Sink == "":
		return fmt.Errorf("sink: missing; %s needs the name of one", kind)
	case !sink && c.Sink != "":
		return fmt.Errorf("sink: %s takes none", kind)
	case !letters && len(c.Letters) > 0:
		return fmt.Errorf("letters: %s takes none", kind)
	case len(c.Letters) > maxLetters:
		return fmt.Errorf("letters: %d are named; allowed: up to %d, or none for all of the sink's", len(c.Letters), maxLetters)
	}
	if c.Target != nil {
		if kind != ops.CommandReshard {
			return fmt.Errorf("target: %s takes none", kind)
		}
		if err := c.Target.check(); err != nil {
			return fmt.Errorf("target: %w", err)
		}
	}
	return c.checkWords()
}

// checkWords refuses what would break a line of the log or a terminal.
func (c *command) checkWords() error {
	for _, id := range c.Shards {
		if id < 0 {
			return fmt.Errorf("shards: %d is below zero", id)
		}
	}
	for _, id := range c.Workers {
		if id < 0 {
			return fmt.Errorf("workers: %d is below zero", id)
		}
	}
	for name, text := range map[string]string{"sink": c.Sink, "by": c.By, "alert": c.Alert} {
		if !isWord(text) {
			return fmt.Errorf("%s: not a printable text of up to %d bytes", name, maxWord)
		}
	}
	for _, id := range c.Letters {
		if id == "" || !isWord(id) {
			return fmt.Errorf("letters: %.40q is not an event id", id)
		}
	}
	return nil
}

func isWord(text string) bool {
	return len(text) <= maxWord && utf8.ValidString(text) && !strings.ContainsFunc(text, func(r rune) bool { return !unicode.IsPrint(r) })
}

// action is an accepted command and how far it has come.
type action struct {
	ID     string `json:"id"` // of this run of Gatehouse
	Action string `json:"action"`
	State  string `json:"state"` // running, done, failed
	Done   int    `json:"done"`  // of its own steps, such as shards restarted
	Total  int    `json:"total"`
	Text   string `json:"text"`  // what it waits for, or the result, in words
	Error  string `json:"error"` // why it failed; empty otherwise
}

// The states of an action.
const (
	actionRunning = "running"
	actionDone    = "done"
	actionFailed  = "failed"
)

func (a *action) progress() ops.Progress {
	return ops.Progress{Done: a.Done, Total: a.Total, Text: a.Text}
}
