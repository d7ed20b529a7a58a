package tui

import (
	"errors"
	"strings"

	"github.com/gatehouse-gateway/gatehouse/tui/keymap"
)

// Binding is an action of the console with its keys, as Bubble Tea names them.
type Binding struct {
	Action  string   // what tui.keys and the palette call it
	Title   string   // what it does
	Section string   // of the help
	Default []string // keys where nothing is configured; none for none
	Keys    []string // keys in effect
}

// arrows are the actions that move the cursor. The help shows them as one.
func arrows() []string { return []string{"left", "down", "up", "right"} }

// Bindings lists every action with the keys it has under a configuration of
// [Options.Keys], in the order of the help. With an error it lists none.
func Bindings(configured map[string][]string) ([]Binding, error) {
	plain := registry()
	bound, err := bind(registry(), configured)
	if err != nil {
		return nil, err
	}
	out := make([]Binding, len(plain))
	for i := range plain {
		out[i] = Binding{Action: plain[i].id, Title: plain[i].title, Section: string(plain[i].group), Default: plain[i].keys, Keys: bound[i].keys}
	}
	return out, nil
}

// CheckKeys says what is wrong with a configuration of [Options.Keys].
func CheckKeys(configured map[string][]string) []keymap.Problem {
	_, problems := keymap.Merge(keymapOf(registry()), configured)
	return problems
}

func keymapOf(actions []action) []keymap.Action {
	out := make([]keymap.Action, len(actions))
	for i, a := range actions {
		out[i] = keymap.Action{ID: a.id, Keys: a.keys}
	}
	return out
}

// bind gives actions the keys that are configured.
func bind(actions []action, configured map[string][]string) ([]action, error) {
	keys, problems := keymap.Merge(keymapOf(actions), configured)
	if len(problems) > 0 {
		lines := make([]error, len(problems))
		for i, p := range problems {
			lines[i] = errors.New("key map: " + p.String())
		}
		return nil, errors.Join(lines...)
	}
	var moves []string
	moved := false
	for _, id := range arrows() {
		_, changed := configured[id]
		moved = moved || changed
		moves = append(moves, keys[id][:min(1, len(keys[id]))]...)
	}
	for i := range actions {
		a := &actions[i]
		a.keys = keys[a.id]
		if _, ok := configured[a.id]; ok {
			a.show = "" // that was for the keys it came with
		}
		if moved && a.id == "left" {
			a.show = strings.Join(moves, " ")
		}
	}
	return actions, nil
}

// keyOf is what is written for an action's key; what to type for one without.
func (m *model) keyOf(id string) string {
	if a := m.byID(id); a != nil {
		return a.written()
	}
	return ":" + id
}

// keyed writes keys into a text that names them by their actions, as in "{stop}
// starts it". Doubled braces are those of a presence.
func (m *model) keyed(text string) string {
	var out strings.Builder
	for {
		before, rest, ok := strings.Cut(text, "{")
		out.WriteString(before)
		if !ok {
			return out.String()
		}
		id, after, closed := strings.Cut(rest, "}")
		switch a := m.byID(id); {
		case closed && a != nil:
			out.WriteString(a.written())
			text = after
		case strings.HasPrefix(rest, "{"):
			out.WriteString("{{")
			text = rest[1:]
			if inner, tail, ok := strings.Cut(text, "}"); ok { // as it stands
				out.WriteString(inner + "}")
				text = tail
			}
		default:
			out.WriteString("{")
			text = rest
		}
	}
}
