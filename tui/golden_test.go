package tui

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/charmbracelet/x/ansi"

	"github.com/gatehouse-gateway/gatehouse/tui/internal/opfake"
)

var update = flag.Bool("update", false, "write the golden frames anew")

// golden compares a frame with the one on file, and every line with the width
// of the screen.
func golden(t *testing.T, name, frame string, w, h int) {
	t.Helper()
	lines := strings.Split(frame, "\n")
	if len(lines) != h {
		t.Errorf("%s has %d lines, the screen %d", name, len(lines), h)
	}
	for i, line := range lines {
		if got := ansi.StringWidth(line); got != w {
			t.Errorf("%s: line %d is %d cells wide, the screen %d: %q", name, i+1, got, w, ansi.Strip(line))
		}
	}
	path := filepath.Join("testdata", name+".txt")
	text := ansi.Strip(frame) + "\n"
	if *update {
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if string(want) != text {
		t.Errorf("%s differs from its golden frame (-update writes it anew):\n%s", name, text)
	}
}

// size is that of a screen.
type size struct{ w, h int }

// at is the scene on a screen of this size.
func (s size) at(scene opfake.Scene) setup {
	return setup{shards: 32, w: s.w, h: s.h, fleet: func(op *opfake.Operator) { op.Scene = scene }}
}

// play presses keys; "wait" lets three seconds pass.
func (d *driver) play(keys ...string) {
	for _, key := range keys {
		if key == "wait" {
			d.pass(3 * time.Second)
			continue
		}
		d.press(key)
	}
}

// view is a place in the console, and how to get there.
type view struct {
	name  string
	scene opfake.Scene
	keys  []string
}

// goldenViews compares views at sizes with their golden frames.
func goldenViews(t *testing.T, prefix string, sizes []size, views []view) {
	t.Helper()
	for _, v := range views {
		for _, s := range sizes {
			name := fmt.Sprintf("%s_%s_%dx%d", prefix, v.name, s.w, s.h)
			t.Run(name, func(t *testing.T) {
				drive(t, s.at(v.scene), func(d *driver) {
					d.play(v.keys...)
					golden(t, name, d.m.View().Content, s.w, s.h)
				})
			})
		}
	}
}

// goldenScenes compares what the first look shows of each scene.
func goldenScenes(t *testing.T, prefix string, sizes []size, scenes []opfake.Scene) {
	t.Helper()
	var views []view
	for _, s := range scenes {
		views = append(views, view{name: string(s), scene: s})
	}
	goldenViews(t, prefix, sizes, views)
}

// goldenPlain compares a view in ASCII and without colour.
func goldenPlain(t *testing.T, name string, v view) {
	t.Helper()
	s := size{120, 40}.at(v.scene)
	s.options = func(o *Options) { o.Glyphs, o.NoColor = "ascii", true }
	drive(t, s, func(d *driver) {
		d.play(v.keys...)
		content := d.m.View().Content
		golden(t, name+"_ascii_120x40", content, 120, 40)
		if strings.Contains(content, "\x1b[38") || strings.Contains(content, "\x1b[48") {
			t.Errorf("%s: there is colour in a frame without colour", name)
		}
		for _, r := range ansi.Strip(content) {
			if r > 126 {
				t.Fatalf("%s: %q in a frame of ASCII", name, r)
			}
		}
	})
}

// everySize draws views at many sizes, and checks each.
func everySize(t *testing.T, views []view) {
	t.Helper()
	for _, v := range views {
		drive(t, size{80, 24}.at(v.scene), func(d *driver) {
			d.play(v.keys...)
			for w := 8; w <= 210; w += 23 {
				for h := 3; h <= 62; h += 11 {
					d.send(sizeMsg(w, h))
					checkSize(t, d, w, h)
				}
			}
		})
	}
}

func TestFramesAtEverySize(t *testing.T) {
	for _, size := range []struct{ w, h int }{{200, 60}, {160, 45}, {120, 40}, {120, 30}, {80, 24}, {60, 16}, {40, 10}} {
		for _, shards := range []int{32, 4096} {
			name := fmt.Sprintf("%dx%d_%d", size.w, size.h, shards)
			t.Run(name, func(t *testing.T) {
				drive(t, setup{shards: shards, w: size.w, h: size.h}, func(d *driver) {
					golden(t, name, d.m.View().Content, size.w, size.h)
				})
			})
		}
	}
}

// The pages and dialogs, at the size that most people have.
func TestPagesAndDialogs(t *testing.T) {
	for _, page := range []struct {
		name string
		keys []string
	}{
		{"drawer", []string{"n", "enter"}},
		{"log", []string{"l"}},
		{"zoom", []string{"z"}},
		{"latency", []string{"c"}},
		{"filter", []string{"/", "!", "r", "e", "a", "d", "y"}},
		{"help", []string{"?"}},
		{"resume", []string{"r"}},
		{"reidentify", []string{"i"}},
		{"stop", []string{"s"}},
		{"sinks", []string{"p"}},
		{"themes", []string{"t"}},
		{"quit", []string{"q"}},
	} {
		for _, size := range []struct{ w, h int }{{120, 40}, {80, 24}} {
			name := fmt.Sprintf("page_%s_%dx%d", page.name, size.w, size.h)
			t.Run(name, func(t *testing.T) {
				drive(t, setup{shards: 32, w: size.w, h: size.h}, func(d *driver) {
					d.press(page.keys...)
					golden(t, name, d.m.View().Content, size.w, size.h)
				})
			})
		}
	}
}

func TestFramesInASCIIAndWithoutColour(t *testing.T) {
	plain := func(o *Options) { o.Glyphs, o.NoColor = "ascii", true }
	drive(t, setup{shards: 300, w: 120, h: 40, options: plain}, func(d *driver) {
		content := d.m.View().Content
		golden(t, "ascii_120x40", content, 120, 40)
		if strings.Contains(content, "\x1b[38") || strings.Contains(content, "\x1b[48") {
			t.Error("there is colour in a frame without colour")
		}
		for _, r := range ansi.Strip(content) {
			if r > 126 {
				t.Fatalf("%q in a frame of ASCII:\n%s", r, ansi.Strip(content))
			}
		}
	})
}

// Every line must have the width of the screen at every size, whatever the
// figures are; a line too long would wrap and shift all below it.
func TestNoSizeBreaksTheFrame(t *testing.T) {
	for _, shards := range []int{1, 3, 64, 65, 700, 4096} {
		drive(t, setup{shards: shards, w: 80, h: 24}, func(d *driver) {
			for w := 1; w <= 210; w += 13 {
				for h := 1; h <= 62; h += 9 {
					d.send(sizeMsg(w, h))
					checkSize(t, d, w, h)
				}
			}
		})
	}
}

func checkSize(t *testing.T, d *driver, w, h int) {
	t.Helper()
	lines := strings.Split(d.m.View().Content, "\n")
	if len(lines) != h {
		t.Fatalf("%d lines on a screen of %dx%d", len(lines), w, h)
	}
	for i, line := range lines {
		if got := ansi.StringWidth(line); got != w {
			t.Fatalf("line %d is %d cells wide on a screen of %dx%d: %q", i+1, got, w, h, ansi.Strip(line))
		}
	}
}

func TestEveryPageKeepsItsSize(t *testing.T) {
	drive(t, setup{shards: 500, w: 80, h: 24, fleet: func(op *opfake.Operator) { op.Calm = true }}, func(d *driver) {
		for _, keys := range [][]string{{"enter"}, {"l"}, {"w"}, {"esc"}, {"z"}, {"esc"}, {"?"}, {"esc"}, {"i"}, {"esc"}, {"R"}, {"esc"}, {"q"}} {
			d.press(keys...)
			for _, size := range []struct{ w, h int }{{9, 3}, {31, 7}, {60, 16}, {81, 25}, {119, 29}, {133, 37}, {230, 70}} {
				d.send(sizeMsg(size.w, size.h))
				checkSize(t, d, size.w, size.h)
			}
		}
	})
}
