package config

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/gatehouse-gateway/gatehouse/tui"
	"github.com/gatehouse-gateway/gatehouse/tui/keymap"
)

// keysHint is how tui.keys is written.
const keysHint = "write actions and keys, such as {restart: f5, stop: [s, f8], drain: disabled}; gatehouse config keys lists the actions"

// keyMap reads the keys of the console's actions: a section, or JSON in a variable
// or flag. An action that is disabled has an empty list.
func keyMap(raw any) (map[string][]string, error) {
	section, ok := raw.(map[string]any)
	if text, isText := raw.(string); isText {
		ok = json.Unmarshal([]byte(text), &section) == nil
	}
	if !ok {
		return nil, invalid(raw, "is no section of actions and keys", keysHint+`; in a variable as JSON: {"restart":"f5"}`)
	}
	out := make(map[string][]string, len(section))
	for _, action := range slices.Sorted(maps.Keys(section)) {
		if section[action] == nil {
			continue // a key without a value is as good as no key
		}
		keys, err := keysOf(section[action])
		if err != nil {
			return nil, &valueError{action + ": " + err.Error(), keysHint}
		}
		out[action] = keys
	}
	if len(out) == 0 {
		return nil, nil
	}
	return out, nil
}

// keysOf reads a key, a list of keys, or that there is none.
func keysOf(raw any) ([]string, error) {
	list, ok := raw.([]any)
	if !ok {
		list = []any{raw}
	}
	if len(list) == 0 {
		return nil, fmt.Errorf("the list is empty")
	}
	var out []string
	for _, element := range list {
		switch v := element.(type) {
		case string:
			out = append(out, v)
		case int64:
			out = append(out, strconv.FormatInt(v, 10))
		case float64:
			out = append(out, strconv.FormatFloat(v, 'f', -1, 64))
		default:
			return nil, fmt.Errorf("%s is not a key; put it in quotes", quote(element))
		}
	}
	if len(out) == 1 && strings.EqualFold(out[0], keymap.Disabled) {
		return []string{}, nil
	}
	return out, nil
}

func showKeyMap(keys map[string][]string) string {
	var out []string
	for _, action := range slices.Sorted(maps.Keys(keys)) {
		text := keymap.Disabled
		if len(keys[action]) > 0 {
			quoted := make([]string, len(keys[action]))
			for i, key := range keys[action] {
				quoted[i] = strconv.Quote(key)
			}
			text = showList(quoted)
		}
		out = append(out, action+": "+text)
	}
	return "{" + strings.Join(out, ", ") + "}"
}

// checkKeyMap looks for actions and keys that are not there, and for keys that two
// actions claim.
func (out *Loaded) checkKeyMap(l *layers) {
	for _, p := range tui.CheckKeys(out.TUI.Keys) {
		l.problem("tui.keys."+p.Action, &valueError{p.What, p.Hint}, out.Sources["tui.keys"])
	}
}
