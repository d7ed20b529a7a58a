package dialog

import "unicode/utf8"

// lineMost is how many characters a Line takes unless it says otherwise.
const lineMost = 200

// Line is one line of text with a cursor. The zero Line is empty.
type Line struct {
	Most   int  // characters that it takes; 0 for 200
	Digits bool // it takes nothing else

	runes []rune
	at    int
}

// Set replaces the text and puts the cursor at its end.
func (e *Line) Set(s string) { e.runes = []rune(s); e.at = len(e.runes) }

// Text is what has been typed.
func (e *Line) Text() string { return string(e.runes) }

// Halves is the text before and after the cursor.
func (e *Line) Halves() (before, after string) {
	return string(e.runes[:e.at]), string(e.runes[e.at:])
}

// Key takes a key, named as Bubble Tea names it, with the text that it types, and
// reports whether the text may have changed.
func (e *Line) Key(key, text string) bool {
	switch key {
	case "left":
		e.at = max(0, e.at-1)
	case "right":
		e.at = min(len(e.runes), e.at+1)
	case "home":
		e.at = 0
	case "end":
		e.at = len(e.runes)
	case "backspace":
		if e.at > 0 {
			e.runes = append(e.runes[:e.at-1], e.runes[e.at:]...)
			e.at--
		}
	case "delete":
		if e.at < len(e.runes) {
			e.runes = append(e.runes[:e.at], e.runes[e.at+1:]...)
		}
	case "ctrl+u":
		e.Set("")
	default:
		return e.Insert(text)
	}
	return true
}

// Insert puts printable text at the cursor, as far as there is room for it, and
// reports whether there was any.
func (e *Line) Insert(text string) bool {
	most := e.Most
	if most == 0 {
		most = lineMost
	}
	changed := false
	for _, r := range text {
		if e.Digits && (r < '0' || r > '9') {
			continue
		}
		if r < ' ' || r == 0x7f || r == utf8.RuneError || len(e.runes) >= most {
			continue
		}
		e.runes = append(e.runes[:e.at], append([]rune{r}, e.runes[e.at:]...)...)
		e.at++
		changed = true
	}
	return changed
}
