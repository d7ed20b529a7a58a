package tui

import (
	"errors"
	"strings"

	tea "charm.land/bubbletea/v2"
)

// argument is what an action can be told in the palette, as in "theme nord".
type argument struct {
	name string // in one word, as the palette shows it: "id", "name", "shards"
	// hint says in a few words what is allowed, such as "0 to 31"; nil for nothing
	// to say.
	hint func(m *model) string
	// optional: without the argument the action runs as by its key.
	optional bool
	// complete are the values for what has been typed so far, the likeliest first;
	// nil for none. It may leave the picking to the palette and list them all.
	complete func(m *model, typed string) []completion
	// run does it. An error is one line that names what was typed and says what is
	// allowed; the palette shows it and stays open. Whether the engine takes
	// commands at all has been asked before; enabled has not, since it is about
	// what the cursor is on.
	run func(m *model, text string) (tea.Cmd, error)
}

// completion is a value that an argument can have.
type completion struct {
	value string // what is typed
	note  string // beside it: what it is
	off   bool   // not possible now; note says why
}

// values makes completions of words.
func values(words ...string) []completion {
	out := make([]completion, len(words))
	for i, w := range words {
		out[i] = completion{value: w}
	}
	return out
}

// named reports whether the palette knows the action by a word.
func (a *action) named(word string) bool {
	if strings.EqualFold(a.id, word) {
		return true
	}
	for _, alias := range a.aliases {
		if strings.EqualFold(alias, word) {
			return true
		}
	}
	return false
}

// runWith runs an action with an argument; without one as by its key, if that is
// how it can be run. What is wrong comes back as one line.
func (m *model) runWith(a *action, text string) (tea.Cmd, error) {
	text = strings.TrimSpace(text)
	switch {
	case text != "" && a.arg == nil:
		return nil, errors.New(a.id + " takes nothing after it")
	case text == "" && a.arg != nil && !a.arg.optional:
		return nil, errors.New(a.id + " needs " + a.needs(m))
	case text == "":
		if ok, why := m.possible(a); !ok {
			return nil, errors.New(a.id + ": " + why)
		}
		return a.run(m), nil
	}
	if a.engine {
		if ok, why := m.steerable(a.drains); !ok {
			return nil, errors.New(a.id + ": " + why)
		}
	}
	m.dirty = true
	return a.arg.run(m, text)
}

// needs is the action's argument in words.
func (a *action) needs(m *model) string {
	text := "<" + a.arg.name + ">"
	if a.arg.hint != nil {
		if hint := a.arg.hint(m); hint != "" {
			text += ": " + hint
		}
	}
	return text
}
