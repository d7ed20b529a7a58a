package dialog

import (
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-gateway/gatehouse/themes"
	"github.com/gatehouse-gateway/gatehouse/tui/frame"
	"github.com/gatehouse-gateway/gatehouse/tui/style"
)

// form has a choice, a text, and two buttons.
func form() *Dialog {
	return &Dialog{Title: "Form", Opener: "u", Buttons: []Button{Cancel(), {ID: "yes", Label: "Send", Key: "y"}},
		Fields: []Field{{Label: "status", Options: []string{"online", "idle", "dnd"}}, {Label: "text", Hint: "none"}}}
}

func press(d *Dialog, keys ...string) (out Outcome) {
	for _, key := range keys {
		if out = d.Handle(key, time.Unix(0, 0)); out.Closed {
			return out
		}
	}
	return out
}

func TestAFormIsFilledAndSentOnPurpose(t *testing.T) {
	for _, tc := range []struct {
		name   string
		keys   string
		want   Outcome
		status int
		text   string
	}{
		{"letters do nothing to a choice", "y u n", Outcome{}, 0, ""},
		{"a choice goes round", "left", Outcome{Edited: true}, 2, ""},
		{"and on", "right space right right", Outcome{Edited: true}, 1, ""},
		{"letters of a text are letters", "tab y u n space q", Outcome{Edited: true}, 0, "yun q"},
		{"a text is mended", "tab a b left backspace c delete d", Outcome{Edited: true}, 0, "cd"},
		{"other scripts", "tab é 日本 ctrl+x", Outcome{Edited: false}, 0, "é日本"},
		{"enter held down cancels", "enter enter enter", Outcome{Closed: true}, 0, ""},
		{"the button's key where a button has the keys", "tab tab y", Outcome{Closed: true, Button: "yes"}, 0, ""},
		{"the last button", "up enter", Outcome{Closed: true, Button: "yes"}, 0, ""},
		{"from button to button", "tab tab right enter", Outcome{Closed: true, Button: "yes"}, 0, ""},
		{"round and back to the choice", "tab tab tab tab right", Outcome{Edited: true}, 1, ""},
		{"the opener presses nothing", "up u", Outcome{}, 0, ""},
		{"esc", "tab a esc", Outcome{Closed: true}, 0, "a"},
	} {
		d := form()
		if got := press(d, strings.Fields(tc.keys)...); got != tc.want {
			t.Errorf("%s: %+v, want %+v", tc.name, got, tc.want)
		}
		if d.Fields[0].Choice != tc.status || d.Fields[1].Line.Text() != tc.text {
			t.Errorf("%s: status %d, text %q", tc.name, d.Fields[0].Choice, d.Fields[1].Line.Text())
		}
	}
}

func TestPastedTextGoesIntoATextOnly(t *testing.T) {
	d := form()
	if d.Insert("x") {
		t.Error("pasted into a choice")
	}
	press(d, "tab")
	if !d.Insert("a\x1b[31mb") || d.Fields[1].Line.Text() != "a[31mb" {
		t.Errorf("text %q", d.Fields[1].Line.Text())
	}
	press(d, "tab")
	if d.Insert("x") {
		t.Error("pasted into a button")
	}
}

func TestALineTakesNoMoreThanItMay(t *testing.T) {
	l := Line{Most: 5}
	l.Insert("abcdefgh")
	if l.Text() != "abcde" {
		t.Errorf("text %q", l.Text())
	}
	l.Key("home", "")
	l.Key("right", "")
	if before, after := l.Halves(); before != "a" || after != "bcde" {
		t.Errorf("%q | %q", before, after)
	}
	l.Key("ctrl+u", "")
	if l.Text() != "" {
		t.Errorf("text %q", l.Text())
	}
}

func TestFormsFitIntoTheirScreen(t *testing.T) {
	theme, err := themes.Load("")
	if err != nil {
		t.Fatal(err)
	}
	s, g := style.NewSheet(theme, style.Options{}), style.GlyphSet(style.Braille)
	for _, text := range []string{"", "a", strings.Repeat("日本 ", 30)} {
		for active := range 4 {
			d := form()
			d.Active, d.Facts = active, []Fact{{Label: "costs", Value: strings.Repeat("much ", 40)}}
			d.Fields[1].Line.Set(text)
			for w := 40; w < 140; w += 23 {
				for h := 12; h < 60; h += 15 {
					b := d.Draw(s, g, w, h)
					if b.W > w || b.H() > h {
						t.Errorf("%dx%d on a screen of %dx%d", b.W, b.H(), w, h)
					}
					for _, line := range b.Lines {
						if frame.Width(line) != b.W {
							t.Fatalf("%q is not %d cells wide", line, b.W)
						}
					}
				}
			}
		}
	}
}
