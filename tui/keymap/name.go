package keymap

import (
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/gatehouse-gateway/gatehouse/tui/fuzzy"
)

// modifiers are the names that stand before a key, in the order in which they
// must, as Bubble Tea writes them.
func modifiers() []string { return []string{"ctrl", "alt", "shift", "meta", "hyper", "super"} }

// Named are the keys that have a name instead of a letter, without f1 to f63.
func Named() []string {
	return []string{"enter", "esc", "tab", "space", "backspace", "insert", "delete", "home", "end", "pgup", "pgdown",
		"up", "down", "left", "right", "begin", "find", "select", "menu", "pause", "printscreen"}
}

// Fault is what is wrong with a key, and what to do about it.
type Fault struct{ What, Hint string }

// taken are the keys that programs around the console take, with what they do
// there.
func taken(key string) string {
	switch key {
	case "ctrl+a":
		return "screen takes it"
	case "ctrl+b":
		return "tmux takes it"
	case "ctrl+space", "ctrl+@":
		return "input methods and tmux set-ups take it"
	default:
		return ""
	}
}

// sentAs is the key that terminals send for one of these: they cannot be told
// apart.
func sentAs(key string) string {
	return map[string]string{"ctrl+i": "tab", "ctrl+m": "enter", "ctrl+[": "esc", "ctrl+h": "backspace", "ctrl+?": "backspace"}[key]
}

// Check reads the name of a key as Bubble Tea writes it: a letter or sign, a name
// such as f5 or pgup, each with modifiers in front, as in ctrl+r. It returns nil
// for one that can be pressed and may be taken.
func Check(key string) *Fault {
	if why := taken(key); why != "" {
		return &Fault{"cannot be taken: " + why + " before the console sees it", "choose another key"}
	}
	if other := sentAs(key); other != "" {
		return &Fault{"cannot be told from " + other + ": terminals send the same", "choose another key"}
	}
	mods, base := split(key)
	switch {
	case key == "":
		return &Fault{"is empty", "name a key such as f5, g or ctrl+r, or disabled"}
	case base == " ":
		return &Fault{"is a blank", "write space"}
	case utf8.RuneCountInString(base) == 1:
		return checkLetter(key, mods, base)
	case !known(base):
		return unknown(base)
	}
	return checkOrder(mods, base)
}

// split takes the modifiers off; "+" is a key itself.
func split(key string) (mods []string, base string) {
	for {
		mod, rest, ok := strings.Cut(key, "+")
		if !ok || mod == "" || rest == "" {
			return mods, key
		}
		mods, key = append(mods, mod), rest
	}
}

func known(base string) bool {
	if slices.Contains(Named(), base) {
		return true
	}
	digits, ok := strings.CutPrefix(base, "f")
	n, err := strconv.Atoi(digits)
	return ok && err == nil && n >= 1 && n <= 63 && digits == strconv.Itoa(n)
}

func unknown(base string) *Fault {
	hint := "allowed: one letter or sign, f1 to f63, " + strings.Join(Named(), ", ") + ", each also behind ctrl+, alt+ or shift+"
	if near := fuzzy.Nearest(base, Named()); near != "" {
		hint = "did you mean \"" + near + "\"?"
	}
	return &Fault{"is not a key", hint}
}

// checkLetter checks a key that types something: with shift it is another letter.
func checkLetter(key string, mods []string, base string) *Fault {
	r, _ := utf8.DecodeRuneInString(base)
	shifted := slices.Contains(mods, "shift")
	switch {
	case r == utf8.RuneError || !unicode.IsPrint(r):
		return &Fault{"is not a key", "name a key such as f5, g or ctrl+r"}
	case len(mods) == 1 && shifted && unicode.IsLetter(r):
		return &Fault{"is written as the letter it types", "write " + strings.ToUpper(base)}
	case len(mods) == 1 && shifted:
		return &Fault{"is written as the sign it types", "write that sign, such as ! or ?"}
	case len(mods) > 0 && unicode.IsUpper(r):
		return &Fault{"has a capital behind a modifier", "write " + strings.TrimSuffix(key, base) + strings.ToLower(base)}
	}
	return checkOrder(mods, base)
}

// checkOrder checks the modifiers, each of which may come once, in their order.
func checkOrder(mods []string, base string) *Fault {
	var sorted []string
	for _, mod := range modifiers() {
		if slices.Contains(mods, mod) {
			sorted = append(sorted, mod)
		}
	}
	for _, mod := range mods {
		if !slices.Contains(modifiers(), mod) {
			return &Fault{"begins with what is not a modifier", "allowed: " + strings.Join(modifiers(), ", ")}
		}
	}
	if !slices.Equal(sorted, mods) {
		return &Fault{"has its modifiers in another order", "write " + strings.Join(append(sorted, base), "+")}
	}
	return nil
}
