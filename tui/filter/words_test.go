package filter

import (
	"strings"
	"testing"
)

func TestEveryWordIsATermOrTheBeginningOfOne(t *testing.T) {
	seen := map[string]bool{}
	for _, w := range Words() {
		text := w.Text
		switch text[len(text)-1] {
		case ':':
			text += "3"
		case '<', '>':
			text += "5s"
			if _, err := Parse(text); err != nil {
				text = strings.TrimSuffix(text, "s")
			}
		}
		if _, err := Parse(text); err != nil || w.Note == "" || seen[w.Text] {
			t.Errorf("%+v: %v", w, err)
		}
		seen[w.Text] = true
	}
}
