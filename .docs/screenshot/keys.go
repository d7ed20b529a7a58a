package main

import (
	"fmt"
	"strings"
	"time"
	"unicode/utf8"
)

const keyHelp = "single characters, up down left right enter esc tab shift+tab space backspace home end pgup pgdown f1-f4 ctrl+x, text:WORD, wait:1s"

// press is what one key sends, or a pause.
type press struct {
	bytes string
	pause time.Duration
}

// named returns what a terminal sends for a key with a name.
func named(name string) (string, bool) {
	s, ok := map[string]string{
		"up": "\x1b[A", "down": "\x1b[B", "right": "\x1b[C", "left": "\x1b[D",
		"home": "\x1b[H", "end": "\x1b[F", "pgup": "\x1b[5~", "pgdown": "\x1b[6~",
		"enter": "\r", "esc": "\x1b", "tab": "\t", "shift+tab": "\x1b[Z", "space": " ", "backspace": "\x7f",
		"f1": "\x1bOP", "f2": "\x1bOQ", "f3": "\x1bOR", "f4": "\x1bOS",
	}[name]
	return s, ok
}

func parseKeys(keys string) ([]press, error) {
	var presses []press
	for _, word := range strings.Fields(keys) {
		p, err := parseKey(word)
		if err != nil {
			return nil, err
		}
		presses = append(presses, p...)
	}
	return presses, nil
}

func parseKey(word string) ([]press, error) {
	if s, ok := named(word); ok {
		return []press{{bytes: s}}, nil
	}
	if utf8.RuneCountInString(word) == 1 {
		return []press{{bytes: word}}, nil
	}
	if letter, ok := strings.CutPrefix(word, "ctrl+"); ok && len(letter) == 1 && letter[0] >= 'a' && letter[0] <= 'z' {
		return []press{{bytes: string(letter[0] - 'a' + 1)}}, nil
	}
	if pause, ok := strings.CutPrefix(word, "wait:"); ok {
		d, err := time.ParseDuration(pause)
		if err != nil {
			return nil, fmt.Errorf("-keys: %w", err)
		}
		return []press{{pause: d}}, nil
	}
	if text, ok := strings.CutPrefix(word, "text:"); ok {
		var presses []press
		for _, r := range text {
			presses = append(presses, press{bytes: string(r)})
		}
		return presses, nil
	}
	return nil, fmt.Errorf("-keys: %q is not known; there are %s", word, keyHelp)
}
