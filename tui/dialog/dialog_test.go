package dialog

import (
	"strings"
	"testing"
	"time"

	"github.com/charmbracelet/x/ansi"

	"github.com/gatehouse-gateway/gatehouse/themes"
	"github.com/gatehouse-gateway/gatehouse/tui/frame"
	"github.com/gatehouse-gateway/gatehouse/tui/style"
)

func question() *Dialog {
	return &Dialog{Opener: "i", Buttons: []Button{Cancel(), {ID: "yes", Label: "Do it", Key: "y"}}}
}

// looks are the styles and signs that the tests draw with.
func looks(t *testing.T) (*style.Sheet, *style.Glyphs) {
	t.Helper()
	theme, err := themes.Load("")
	if err != nil {
		t.Fatal(err)
	}
	return style.NewSheet(theme, style.Options{}), style.GlyphSet(style.Braille)
}

// fits fails if a dialog on a screen of w×h cells is larger, or not a rectangle.
func fits(t *testing.T, d *Dialog, w, h int) {
	t.Helper()
	s, g := looks(t)
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

// draws is a dialog as text without its colours.
func draws(t *testing.T, d *Dialog, w, h int) string {
	t.Helper()
	s, g := looks(t)
	return ansi.Strip(d.Draw(s, g, w, h).String())
}

func TestAQuestionBeginsOnCancel(t *testing.T) {
	now := time.Unix(0, 0)
	for key, want := range map[string]Outcome{
		"enter": {Closed: true},
		"esc":   {Closed: true},
		"n":     {Closed: true},
		"y":     {Closed: true, Button: "yes"},
		"i":     {}, // the key that opened it
		"x":     {},
		"tab":   {},
	} {
		if got := question().Handle(key, now); got != want {
			t.Errorf("%s: %+v, want %+v", key, got, want)
		}
	}
}

func TestTheFocusMovesInACircle(t *testing.T) {
	d, now := question(), time.Unix(0, 0)
	d.Handle("right", now)
	if out := d.Handle("enter", now); out.Button != "yes" {
		t.Errorf("got %+v", out)
	}
	d.Handle("right", now)
	d.Handle("shift+tab", now)
	d.Handle("left", now)
	if d.Focus != 0 {
		t.Errorf("focus on %d", d.Focus)
	}
}

func TestADeafDialogHearsNothingUntilItsTime(t *testing.T) {
	start := time.Unix(100, 0)
	d := question()
	d.Deaf = start.Add(DeafFor)
	for _, key := range []string{"y", "enter", "esc", "right"} {
		if out := d.Handle(key, start.Add(DeafFor-time.Millisecond)); out != (Outcome{}) {
			t.Errorf("%s: %+v", key, out)
		}
	}
	if out := d.Handle("y", start.Add(DeafFor)); out.Button != "yes" {
		t.Errorf("still deaf: %+v", out)
	}
}

func TestAListIsChosenFromButNotWhatIsOff(t *testing.T) {
	now := time.Unix(0, 0)
	d := &Dialog{Items: []Item{{ID: "a"}, {ID: "b", Off: true}, {ID: "c"}}}
	if out := d.Handle("up", now); out.Moved {
		t.Error("moved beyond the first")
	}
	if out := d.Handle("down", now); !out.Moved {
		t.Error("not moved")
	}
	if out := d.Handle("enter", now); out.Closed {
		t.Error("chose what is off")
	}
	d.Handle("end", now)
	if out := d.Handle("enter", now); out.Choice != "c" {
		t.Errorf("got %+v", out)
	}
}

func TestWhatOnlyInformsClosesWithTheKeyThatOpenedIt(t *testing.T) {
	d := &Dialog{Opener: "?", Body: []string{"text"}}
	if out := d.Handle("?", time.Unix(0, 0)); !out.Closed {
		t.Error("still open")
	}
}

func TestDialogsFitIntoTheirScreen(t *testing.T) {
	d := &Dialog{Title: "A title that is rather long for a small screen", Warning: "beware of what comes", Buttons: question().Buttons}
	for range 60 {
		d.Facts = append(d.Facts, Fact{Label: "key", Value: "what it does, in a sentence that is longer than the dialog is wide", Note: "not now"})
	}
	for w := 20; w < 140; w += 11 {
		for h := 10; h < 60; h += 7 {
			fits(t, d, w, h)
		}
	}
}

func TestWhatMustBeTypedArmsTheDangerousButton(t *testing.T) {
	now := time.Unix(0, 0)
	press := func(keys ...string) (out Outcome) {
		d := &Dialog{Opener: "X", Typing: "old bot", Buttons: []Button{Cancel(), {ID: "yes", Danger: true, Key: "y"}}}
		for _, key := range keys {
			if out = d.Handle(key, now); out.Closed {
				return out
			}
		}
		return out
	}
	whole := []string{"o", "l", "d", "space", "b", "o", "t"}
	for _, tc := range []struct {
		name string
		keys []string
		want Outcome
	}{
		{"all of it", append(whole[:7:7], "enter"), Outcome{Closed: true, Button: "yes"}},
		{"not all of it", append(whole[:6:6], "enter"), Outcome{Closed: true}},
		{"too much", append(whole[:7:7], "s", "enter"), Outcome{Closed: true}},
		{"mended", append(whole[:7:7], "s", "backspace", "enter"), Outcome{Closed: true, Button: "yes"}},
		{"the button's key alone", []string{"y"}, Outcome{}},
		{"the dangerous button without the word", []string{"tab", "enter"}, Outcome{}},
		{"esc", append(whole[:7:7], "esc"), Outcome{Closed: true}},
		{"n is a letter", []string{"n"}, Outcome{}},
	} {
		if got := press(tc.keys...); got != tc.want {
			t.Errorf("%s: %+v, want %+v", tc.name, got, tc.want)
		}
	}
}

func TestAWarningStaysInSightOnASmallScreen(t *testing.T) {
	d := &Dialog{Title: "Do it?", Body: []string{strings.Repeat("word ", 40)}, Facts: []Fact{{Label: "costs", Value: "much"}},
		Warning: "beware", Buttons: append(question().Buttons, Button{ID: "x", Label: "Something else altogether", Key: "o"})}
	got := draws(t, d, 60, 16)
	for _, want := range []string{"beware", "Cancel", "Do it", "Something else altogether"} {
		if !strings.Contains(got, want) {
			t.Errorf("%q is not in sight:\n%s", want, got)
		}
	}
}

func TestOnlyTheTopmostIsHeard(t *testing.T) {
	var s Stack
	a, b := &Dialog{ID: "a"}, &Dialog{ID: "b"}
	s.Push(a)
	s.Push(b)
	if s.Top() != b || s.Len() != 2 || !s.Has("a") {
		t.Error("stack")
	}
	s.Pop()
	s.Pop()
	s.Pop()
	if s.Top() != nil || s.Has("a") {
		t.Error("not empty")
	}
}

func TestWhatBarsADangerousButtonStandsWhereItWouldBeArmed(t *testing.T) {
	d := &Dialog{Title: "Do it?", Facts: []Fact{{Label: "costs", Value: "much"}}, Warnings: []string{"beware"}, Typing: "36",
		Barred:  []string{"too few are left: wait until noon", "it is under way already"},
		Buttons: []Button{Cancel(), {ID: "back", Label: "Another", Key: "b"}, {ID: "yes", Label: "Do it", Danger: true}}}
	for _, h := range []int{40, 16} {
		got := draws(t, d, 80, h)
		for _, want := range []string{"✖ too few are left: wait until noon", "✖ it is under way already", "Another"} {
			if !strings.Contains(got, want) {
				t.Errorf("%d lines: %q is not in sight:\n%s", h, want, got)
			}
		}
		if strings.Contains(got, "type 36") {
			t.Errorf("it can be typed:\n%s", got)
		}
	}
	if out := press(d, "3", "6", "right", "right", "enter"); out != (Outcome{}) {
		t.Errorf("got %+v", out)
	}
}

func TestOnASmallScreenWarningsCanComeFirst(t *testing.T) {
	d := &Dialog{Title: "Do it?", Warnings: []string{"beware"}, WarnFirst: true, Typing: "36", Buttons: question().Buttons}
	for range 20 {
		d.Facts = append(d.Facts, Fact{Label: "costs", Value: "much"})
	}
	if got := draws(t, d, 60, 16); !strings.Contains(got, "beware") {
		t.Errorf("the warning is not in sight:\n%s", got)
	}
}

func TestABarMarksWhatMatters(t *testing.T) {
	d := &Dialog{Facts: []Fact{{Label: "left", Value: "half", Bar: &Bar{Part: 50, Whole: 100, Mark: 80}}}}
	got := draws(t, d, 40, 20)
	if !strings.Contains(got, " █████████████░░░░░░░│░░░░░ ") {
		t.Errorf("the bar is\n%s", got)
	}
}
