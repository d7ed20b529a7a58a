package dialog

import (
	"strings"
	"testing"
	"time"
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
	for _, text := range []string{"", "a", strings.Repeat("日本 ", 30)} {
		for active := range 4 {
			d := form()
			d.Active, d.Facts = active, []Fact{{Label: "costs", Value: strings.Repeat("much ", 40)}}
			d.Fields[1].Line.Set(text)
			for w := 40; w < 140; w += 23 {
				for h := 12; h < 60; h += 15 {
					fits(t, d, w, h)
				}
			}
		}
	}
}

func TestANumberTakesDigitsAndEnterAsksAtOnce(t *testing.T) {
	d := &Dialog{Enter: "plan", Buttons: []Button{{ID: "plan", Label: "Plan", Stays: true}, Cancel()},
		Fields: []Field{{Label: "shards", Line: Line{Most: 4, Digits: true}}}}
	if out := press(d, "R", "1", "x", "-", "2", "enter"); out != (Outcome{Button: "plan"}) {
		t.Errorf("got %+v", out)
	}
	if got := d.Fields[0].Line.Text(); got != "12" {
		t.Errorf("the field holds %q", got)
	}
	d.Insert(" 3a4 56")
	if got := d.Fields[0].Line.Text(); got != "1234" {
		t.Errorf("the field holds %q", got)
	}
	d.Busy = "it plans"
	if got := draws(t, d, 60, 20); !strings.Contains(got, "it plans") {
		t.Errorf("it does not say what it waits for:\n%s", got)
	}
}
