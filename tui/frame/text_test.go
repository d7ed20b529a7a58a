package frame

import (
	"strings"
	"testing"

	"github.com/charmbracelet/x/ansi"
)

func TestFitTakesExactlyItsCells(t *testing.T) {
	for _, s := range []string{"", "abc", "a long line of plain text", "\x1b[31mred text\x1b[m that goes on", "漢字かな交じり文", "e\u0301tude", "…"} {
		for w := range 30 {
			if got := Width(Fit(s, w)); got != w {
				t.Errorf("Fit(%q, %d) takes %d cells", s, w, got)
			}
			if got := Width(Ends(s, "right", w)); got != w {
				t.Errorf("Ends(%q, %d) takes %d cells", s, w, got)
			}
		}
	}
}

func TestACutIsMarked(t *testing.T) {
	if got := Cut("abcdefgh", 5); got != "abcd…" {
		t.Errorf("got %q", got)
	}
	if got := Cut("\x1b[31mabcdefgh\x1b[m", 5); ansi.Strip(got) != "abcd…" {
		t.Errorf("got %q", got)
	}
}

func TestCleanTakesAwayWhatSteersATerminal(t *testing.T) {
	for in, want := range map[string]string{
		"plain":                     "plain",
		"a\x1b[2Jb":                 "ab",
		"a\x1b]0;title\x07b":        "ab",
		"line\nbreak\tand\rreturn":  "line break and return",
		"bell\x07 nul\x00":          "bell nul",
		"c1 \u009b31m":              "c1 31m",
		"right \u202eto left":       "right to left",
		"größe 漢字 – fine":           "größe 漢字 – fine",
		"half an escape \x1b[38;5;": "half an escape ",
	} {
		if got := Clean(in); strings.TrimSpace(got) != strings.TrimSpace(want) {
			t.Errorf("Clean(%q) is %q, want %q", in, got, want)
		}
	}
}

func FuzzClean(f *testing.F) {
	f.Add("a\x1b[2Jb\x9b31m")
	f.Add("\x1b]0;x\x07\u202e")
	f.Fuzz(func(t *testing.T, s string) {
		for _, r := range Clean(s) {
			if r < ' ' || (r >= 0x7f && r < 0xa0) {
				t.Fatalf("%q leaves %q", s, r)
			}
		}
	})
}

func TestWrapEndsWithAMarkWhereItDoesNotFit(t *testing.T) {
	got := Wrap("one two three four five six", 9, 2)
	if len(got) != 2 || !strings.HasSuffix(got[1], "…") {
		t.Errorf("got %q", got)
	}
	for _, line := range Wrap("averyveryverylongwordwithoutblanks and more", 8, 10) {
		if Width(line) > 8 {
			t.Errorf("%q is too wide", line)
		}
	}
}

func TestASCIIKeepsTheWidth(t *testing.T) {
	for _, s := range []string{"cut…", "–", "漢字", "5µs → 3", "\x1b[1mbold\x1b[m ●"} {
		got := ASCII(s)
		if Width(got) != Width(s) {
			t.Errorf("%q becomes %q", s, got)
		}
		for _, r := range got {
			if r > 127 {
				t.Errorf("%q keeps %q", s, r)
			}
		}
	}
}

func TestABlockLaidOverAnotherKeepsItsShape(t *testing.T) {
	base := NewBlock([]string{"\x1b[31maaaaaaaaaa\x1b[m", "bbbbbbbbbb", "漢字漢字漢"}, 10, 3)
	top := NewBlock([]string{"XX", "YY"}, 2, 2)
	for x := range 12 {
		out := Over(base, top, x, 1)
		for _, line := range out.Lines {
			if Width(line) != 10 {
				t.Errorf("at %d: %q", x, line)
			}
		}
	}
	if got := ansi.Strip(Over(base, top, 3, 0).Lines[0]); got != "aaaXXaaaaa" {
		t.Errorf("got %q", got)
	}
}
