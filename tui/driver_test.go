package tui

import (
	"context"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"

	"github.com/gatehouse-gateway/gatehouse/engine/clock"
	"github.com/gatehouse-gateway/gatehouse/themes"
	"github.com/gatehouse-gateway/gatehouse/tui/internal/opfake"
)

// driver runs a model as Bubble Tea would, without a terminal: commands run
// beside it, their messages come back in order. It lives in a synctest bubble,
// so time is false and passes at once.
type driver struct {
	t     *testing.T
	m     *model
	op    *opfake.Operator
	inbox chan tea.Msg
	quit  bool
}

// utc keeps goldens free of the machine's time zone.
type utc struct{ clock.Clock }

func (u utc) Now() time.Time { return u.Clock.Now().UTC() }

// setup is what a scenario begins with.
type setup struct {
	shards  int
	w, h    int
	calm    bool
	options func(o *Options)
	fleet   func(op *opfake.Operator)
}

// drive plays a scenario in a bubble of its own and ends everything after it.
func drive(t *testing.T, s setup, story func(d *driver)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		c := utc{clock.System()}
		op := opfake.New(c, s.shards)
		op.Calm = s.calm
		if s.fleet != nil {
			s.fleet(op)
		}
		o := Options{Operator: op, Clock: c, Glyphs: "braille", User: "ann", Mouse: true}
		if s.options != nil {
			s.options(&o)
		}
		o, err := o.defaults()
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		jobs := newTasks(ctx, c)
		m, err := newModel(o, jobs)
		if err != nil {
			t.Fatal(err)
		}
		d := &driver{t: t, m: m, op: op, inbox: make(chan tea.Msg, 4096)}
		d.send(tea.WindowSizeMsg{Width: s.w, Height: s.h})
		d.start(m.Init())
		d.settle()
		story(d)
		cancel()
		jobs.close()
		synctest.Wait()
	})
}

func (d *driver) start(cmd tea.Cmd) {
	if cmd == nil {
		return
	}
	go func() { d.inbox <- cmd() }()
}

// settle handles messages until everything waits for time or keys.
func (d *driver) settle() {
	for {
		synctest.Wait()
		select {
		case msg := <-d.inbox:
			d.send(msg)
		default:
			return
		}
	}
}

func (d *driver) send(msg tea.Msg) {
	switch msg := msg.(type) {
	case nil:
		return
	case tea.BatchMsg:
		for _, cmd := range msg {
			d.start(cmd)
		}
		return
	case tea.QuitMsg:
		d.quit = true
		return
	}
	_, cmd := d.m.Update(msg)
	d.m.View()
	d.start(cmd)
}

// press sends keys by name, each after the last has had its effect.
func (d *driver) press(keys ...string) {
	for _, k := range keys {
		d.send(keyMsg(k))
		d.settle()
	}
}

// write sends each letter as a key.
func (d *driver) write(text string) {
	for _, r := range text {
		if r == ' ' {
			d.press("space")
			continue
		}
		d.press(string(r))
	}
}

// pass lets time go by, with the ticks that fall into it.
func (d *driver) pass(span time.Duration) {
	end := time.After(span)
	for {
		select {
		case msg := <-d.inbox:
			d.send(msg)
		case <-end:
			d.settle()
			return
		}
	}
}

func keyMsg(name string) tea.KeyPressMsg {
	codes := map[string]rune{
		"left": tea.KeyLeft, "right": tea.KeyRight, "up": tea.KeyUp, "down": tea.KeyDown, "enter": tea.KeyEnter,
		"esc": tea.KeyEscape, "tab": tea.KeyTab, "home": tea.KeyHome, "end": tea.KeyEnd, "pgup": tea.KeyPgUp,
		"pgdown": tea.KeyPgDown, "backspace": tea.KeyBackspace,
	}
	if code, ok := codes[name]; ok {
		return tea.KeyPressMsg{Code: code}
	}
	if rest, ok := strings.CutPrefix(name, "ctrl+"); ok {
		return tea.KeyPressMsg{Code: rune(rest[0]), Mod: tea.ModCtrl}
	}
	if n, err := strconv.Atoi(strings.TrimPrefix(name, "f")); err == nil && name[0] == 'f' {
		return tea.KeyPressMsg{Code: tea.KeyF1 + rune(n-1)}
	}
	if name == "space" {
		return tea.KeyPressMsg{Code: tea.KeySpace, Text: " "}
	}
	return tea.KeyPressMsg{Code: []rune(name)[0], Text: name}
}

// screen is the frame without its colours.
func (d *driver) screen() string { return ansi.Strip(d.m.View().Content) }

// sees fails unless the screen shows every text.
func (d *driver) sees(texts ...string) {
	d.t.Helper()
	for _, text := range texts {
		if !strings.Contains(d.screen(), text) {
			d.t.Fatalf("the screen does not show %q:\n%s", text, d.screen())
		}
	}
}

func (d *driver) seesNot(texts ...string) {
	d.t.Helper()
	for _, text := range texts {
		if strings.Contains(d.screen(), text) {
			d.t.Fatalf("the screen shows %q:\n%s", text, d.screen())
		}
	}
}

// evil is text from outside that would steer the terminal.
const evil = "\x1b]0;owned\x07\x1b[2J\x1b[31mx\r\n\u202eabc\x00"

// harmless fails if anything of [evil] has reached the screen, or broken it.
func (d *driver) harmless(after []string) {
	d.t.Helper()
	content := d.m.View().Content
	for _, bad := range []string{"\x1b]", "\x1b[2J", "\x07", "\x00", "\r", "\u202e", "\x1b[31m"} {
		if strings.Contains(content, bad) {
			d.t.Errorf("%q reached the screen after %v", bad, after)
		}
	}
	checkSize(d.t, d, d.m.w, d.m.h)
}

// hold presses a key so long that it repeats.
func (d *driver) hold(key string) {
	for range 40 {
		d.press(key)
		d.pass(30 * time.Millisecond)
	}
}

// messageLine is the message line.
func (d *driver) messageLine() string {
	lines := strings.Split(d.screen(), "\n")
	return strings.TrimSpace(lines[len(lines)-2])
}

func sizeMsg(w, h int) tea.WindowSizeMsg { return tea.WindowSizeMsg{Width: w, Height: h} }

func themeFor(t *testing.T) themes.Theme {
	t.Helper()
	theme, err := themes.Load("")
	if err != nil {
		t.Fatal(err)
	}
	return theme
}
