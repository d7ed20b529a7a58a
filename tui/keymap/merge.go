package keymap

import (
	"maps"
	"slices"
	"strings"

	"github.com/gatehouse-gateway/gatehouse/tui/fuzzy"
)

// Action is what a key can be given to.
type Action struct {
	ID   string
	Keys []string // that it has where nothing is configured; none for none
}

// Problem is one thing that is wrong with a configured key map.
type Problem struct {
	Action string // as it was written
	What   string
	Hint   string // what is allowed, or what to do
}

// Disabled, in the place of a key, leaves an action without one.
const Disabled = "disabled"

// fixed are the keys that mean the same everywhere, in dialogs and fields too:
// the action that has them keeps them, and no other gets them.
func fixed() []string { return []string{"esc", "enter", "ctrl+c"} }

// answers are the keys that answer questions: an action that could open one must
// not have them, or a key held down would answer its own question.
func answers() []string { return []string{"y"} }

// Merge lays configured keys over those that actions come with, and returns the
// keys of every action by its ID. An action that is configured has those keys and
// no others; an empty list leaves it without one. With problems there is no map.
func Merge(actions []Action, configured map[string][]string) (map[string][]string, []Problem) {
	var problems []Problem
	out := map[string][]string{}
	for _, a := range actions {
		out[a.ID] = slices.Clone(a.Keys)
	}
	for _, id := range slices.Sorted(maps.Keys(configured)) {
		i := slices.IndexFunc(actions, func(a Action) bool { return a.ID == id })
		if i < 0 {
			problems = append(problems, noAction(id, actions))
			continue
		}
		keys, wrong := take(actions[i], configured[id])
		problems = append(problems, wrong...)
		out[id] = keys
	}
	problems = append(problems, clashes(actions, configured, out)...)
	if len(problems) > 0 {
		return nil, problems
	}
	return out, nil
}

func noAction(id string, actions []Action) Problem {
	ids := make([]string, len(actions))
	for i, a := range actions {
		ids[i] = a.ID
	}
	hint := "gatehouse config keys lists the actions"
	if near := fuzzy.Nearest(id, ids); near != "" {
		hint = "did you mean \"" + near + "\"?"
	}
	return Problem{Action: id, What: "is not an action", Hint: hint}
}

// take reads the keys of an action.
func take(a Action, keys []string) (out []string, problems []Problem) {
	wrong := func(key string, f *Fault) {
		problems = append(problems, Problem{Action: a.ID, What: "the key \"" + key + "\" " + f.What, Hint: f.Hint})
	}
	for _, key := range keys {
		switch f := allowed(a, key); {
		case f != nil:
			wrong(key, f)
		case slices.Contains(out, key):
			wrong(key, &Fault{"is there twice", "remove one of them"})
		default:
			out = append(out, key)
		}
	}
	for _, key := range a.Keys {
		if slices.Contains(fixed(), key) && !slices.Contains(out, key) {
			out = append(out, key) // the way out is where it always is
		}
	}
	return out, problems
}

// allowed says why an action may not have a key; nil if it may.
func allowed(a Action, key string) *Fault {
	own := slices.Contains(a.Keys, key)
	switch {
	case own:
		return nil
	case key == Disabled:
		return &Fault{"stands beside others", "write disabled alone"}
	case slices.Contains(fixed(), key):
		return &Fault{"cannot be taken: in dialogs, fields and pages it means the same everywhere", "choose another key"}
	case slices.Contains(answers(), key):
		return &Fault{"cannot be taken: it answers questions with yes", "choose another key"}
	}
	return Check(key)
}

// clashes finds keys that two actions have, in the order of the actions.
func clashes(actions []Action, configured, effective map[string][]string) []Problem {
	owner := map[string]string{}
	var out []Problem
	for _, a := range actions {
		for _, key := range effective[a.ID] {
			first, twice := owner[key]
			if !twice {
				owner[key] = a.ID
				continue
			}
			out = append(out, clash(key, first, a.ID, configured))
		}
	}
	return out
}

// clash names both actions that claim a key, and the one that somebody configured
// as the one to change.
func clash(key, a, b string, configured map[string][]string) Problem {
	_, mine := configured[a]
	_, other := configured[b]
	if !mine {
		a, b, mine, other = b, a, other, mine
	}
	if mine && other {
		return Problem{Action: a, What: "the key \"" + key + "\" is that of \"" + b + "\" as well", Hint: "give one of them another key, or write disabled"}
	}
	return Problem{Action: a, What: "the key \"" + key + "\" is that of \"" + b + "\" as well, where nothing is configured",
		Hint: "choose another key, or give " + b + " another one or disabled"}
}

// String is the problem on one line.
func (p Problem) String() string {
	parts := []string{p.Action + ": " + p.What}
	if p.Hint != "" {
		parts = append(parts, p.Hint)
	}
	return strings.Join(parts, "; ")
}
