package dialog

import (
	"slices"
	"time"
	"unicode/utf8"
)

// DeafFor is how long a dialog that opened by itself ignores every key, so that
// nobody answers what they have not read.
const DeafFor = 400 * time.Millisecond

// Dialog is one modal question, list, form or page of text.
type Dialog struct {
	ID      string
	Title   string
	Facts   []Fact   // a table: label, value
	Keys    bool     // the table's labels are keys
	Body    []string // paragraphs
	Warning string   // a paragraph that must not be overlooked
	// Warnings are further such paragraphs.
	Warnings []string
	// WarnFirst puts them before the table, for a screen on which what stands last
	// is not in sight.
	WarnFirst bool
	Items     []Item   // to choose from; none for a plain question
	Buttons   []Button // at the bottom; the first has the focus unless Focus says otherwise

	Focus  int // index of the button that Enter presses
	Choice int // index of the chosen item
	Scroll int // lines scrolled down

	// Fields make the dialog a form: keys go to the active one, and after the
	// last to the buttons.
	Fields []Field
	Active int // index of the field that has the keys; len(Fields) for the buttons

	// Typing is what must be typed before a dangerous button works; empty for
	// nothing. While it is not, no other button has a key.
	Typing string
	typed  string
	// Barred are the reasons why no dangerous button works; they stand where
	// Typing would.
	Barred []string
	// Enter is the ID of the button that Enter presses while a field has the keys;
	// empty to go on to the next field.
	Enter string
	Busy  string // what the form waits for; empty for nothing

	Opener string    // key that opened it; never confirms
	Deaf   time.Time // keys before this instant are ignored; zero for none
}

// Fact is one line of a dialog's table. A Fact without a Label and with a
// Heading begins a section.
type Fact struct {
	Heading string
	Label   string
	Value   string
	Note    string // dim, after the value
	Off     bool   // drawn as not possible now
	Bar     *Bar   // drawn below the value; nil for none
}

// Bar is how much of a whole something is.
type Bar struct {
	Part, Whole int64
	Mark        int64 // of Whole, a point that matters; 0 for none
	Alarm       bool  // more than it should be, or less
}

// Item is one choice of a list.
type Item struct {
	ID   string
	Text string
	Note string
	Off  bool // cannot be chosen; Note says why
	Dim  bool // drawn quieter than the others
}

// Button is an answer.
type Button struct {
	ID     string // what Handle reports; empty for "do nothing"
	Label  string
	Key    string // presses it directly; empty for none
	Danger bool
	Stays  bool // pressing it leaves the dialog open
}

// Cancel is the answer that changes nothing.
func Cancel() Button { return Button{Label: "Cancel", Key: "n"} }

// Outcome is what a key did to a dialog.
type Outcome struct {
	Closed bool
	Button string // ID of the button that was pressed; empty if it was dismissed
	Choice string // ID of the chosen item, if there are items
	Moved  bool   // another item is chosen now, for previews
	Edited bool   // a field may have changed
}

// Handle answers a key, named as Bubble Tea names it, at an instant.
func (d *Dialog) Handle(key string, now time.Time) Outcome {
	if now.Before(d.Deaf) {
		return Outcome{}
	}
	switch {
	case key == "esc":
		return Outcome{Closed: true}
	case len(d.Fields) > 0:
		return d.form(key)
	}
	switch key {
	case "enter":
		return d.press(d.Focus)
	case "tab", "right":
		d.turn(1)
		return Outcome{}
	case "shift+tab", "left":
		d.turn(-1)
		return Outcome{}
	case "up", "down", "pgup", "pgdown", "home", "end":
		return d.move(key)
	}
	if d.Typing != "" {
		d.typeKey(key)
		return Outcome{}
	}
	if key == d.Opener {
		return d.repeated()
	}
	for i, b := range d.Buttons {
		if b.Key != "" && b.Key == key {
			return d.press(i)
		}
	}
	return Outcome{}
}

// typeKey takes a letter of what must be typed. The dangerous button has the
// focus as long as all of it is there, and the first one otherwise.
func (d *Dialog) typeKey(key string) {
	switch {
	case key == "backspace":
		if _, n := utf8.DecodeLastRuneInString(d.typed); n > 0 {
			d.typed = d.typed[:len(d.typed)-n]
		}
	case key == "space":
		d.typed += " "
	case utf8.RuneCountInString(key) == 1 && len(d.typed) < 2*len(d.Typing)+8:
		d.typed += key
	}
	d.Focus = 0
	if d.armed() {
		d.Focus = max(0, slices.IndexFunc(d.Buttons, func(b Button) bool { return b.Danger }))
	}
}

// armed reports whether a dangerous button works.
func (d *Dialog) armed() bool { return len(d.Barred) == 0 && d.typed == d.Typing }

// repeated is what the opening key does when it comes again: it closes what
// only informs, and is ignored by what asks, because it may repeat by itself.
func (d *Dialog) repeated() Outcome {
	return Outcome{Closed: len(d.Buttons) == 0 && len(d.Items) == 0}
}

func (d *Dialog) press(i int) Outcome {
	out := Outcome{Closed: true}
	if i >= 0 && i < len(d.Buttons) {
		if d.Buttons[i].Danger && !d.armed() {
			return Outcome{}
		}
		out.Button = d.Buttons[i].ID
		out.Closed = !d.Buttons[i].Stays
	}
	if d.Choice < len(d.Items) {
		item := d.Items[d.Choice]
		if item.Off && (len(d.Buttons) == 0 || out.Button != "") {
			return Outcome{}
		}
		out.Choice = item.ID
	}
	return out
}

func (d *Dialog) turn(by int) {
	if n := len(d.Buttons); n > 0 {
		d.Focus = (d.Focus + by + n) % n
	}
}

// move changes the choice of a list, or scrolls a text.
func (d *Dialog) move(key string) Outcome {
	by := map[string]int{"up": -1, "down": 1, "pgup": -10, "pgdown": 10, "home": -1 << 20, "end": 1 << 20}[key]
	if len(d.Items) == 0 {
		d.Scroll = max(0, d.Scroll+by)
		return Outcome{}
	}
	before := d.Choice
	d.Choice = min(max(d.Choice+by, 0), len(d.Items)-1)
	return Outcome{Moved: d.Choice != before}
}

// Stack holds the dialogs that are open, the topmost last.
type Stack struct{ open []*Dialog }

// Push opens a dialog above the others.
func (s *Stack) Push(d *Dialog) { s.open = append(s.open, d) }

// Pop closes the topmost dialog.
func (s *Stack) Pop() {
	if n := len(s.open); n > 0 {
		s.open = s.open[:n-1]
	}
}

// Top is the dialog that hears keys, or nil.
func (s *Stack) Top() *Dialog {
	if len(s.open) == 0 {
		return nil
	}
	return s.open[len(s.open)-1]
}

// Len is how many dialogs are open.
func (s *Stack) Len() int { return len(s.open) }

// Has reports whether a dialog with this ID is open.
func (s *Stack) Has(id string) bool {
	for _, d := range s.open {
		if d.ID == id {
			return true
		}
	}
	return false
}
