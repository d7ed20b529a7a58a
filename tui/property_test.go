package tui

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/gatehouse-gateway/gatehouse/engine/ops"
	"github.com/gatehouse-gateway/gatehouse/tui/internal/opfake"
)

// everyScene are all states of the world that the fake engine knows.
func everyScene() []opfake.Scene {
	return slices.Concat([]opfake.Scene{""}, opfake.Scenes(), opfake.GatewayScenes(), opfake.ReshardScenes(), opfake.PipelineScenes())
}

// pageKeys turn to every page, and to what lies below it.
func pageKeys() []string {
	return []string{"1", "2", "enter", "esc", "3", "d", "esc", "4", "5", "6", "enter", "esc", "7", "8", "9", "enter", "esc", "1", "z", "esc"}
}

// Whatever the world is like, whichever signs are in use: every line of every frame
// has the width of the screen.
func TestEveryPageOfEverySceneFitsEveryScreen(t *testing.T) {
	kinds := []string{"braille", "block", "ascii"}
	for i, scene := range everyScene() {
		s := size{100, 30}.at(scene)
		s.options = func(o *Options) { o.Glyphs, o.NoColor = kinds[i%len(kinds)], i%2 == 0 }
		drive(t, s, func(d *driver) {
			random := rand.New(rand.NewPCG(uint64(i), 11))
			for _, key := range pageKeys() {
				d.send(sizeMsg(100, 30))
				d.press(key)
				for range 3 {
					w, h := 1+random.IntN(220), 1+random.IntN(70)
					d.send(sizeMsg(w, h))
					checkSize(t, d, w, h)
				}
			}
		})
	}
}

// A window that is dragged about: the console neither fails nor does anything, and the
// last frame is the right one.
func TestAStormOfSizesLeavesTheRightFrame(t *testing.T) {
	for _, shards := range []int{32, 4096} {
		drive(t, setup{shards: shards, w: 120, h: 40}, func(d *driver) {
			before := d.screen()
			random := rand.New(rand.NewPCG(3, uint64(shards)))
			for range 200 {
				w, h := 1+random.IntN(300), 1+random.IntN(100)
				d.send(sizeMsg(w, h))
				checkSize(t, d, w, h)
			}
			d.send(sizeMsg(120, 40))
			if d.screen() != before {
				t.Errorf("%d shards: the frame is another one:\n%s", shards, d.screen())
			}
			d.did()
		})
	}
}

// Any key on any page: no frame breaks, and nothing that harms is done unless somebody
// answers y, a letter of a dialog, or goes to its button.
func TestAnyKeyOnAnyPageHarmsNothing(t *testing.T) {
	for i, turn := range []string{"1", "2", "3", "4", "5", "6", "7", "8", "9"} {
		drive(t, setup{shards: 64, w: 120, h: 40}, func(d *driver) {
			for _, a := range d.m.actions {
				for _, key := range a.keys {
					if a.id == "quit" || a.id == "interrupt" {
						continue
					}
					d.press(turn)
					d.press(key)
					checkSize(t, d, 120, 40)
					for d.m.dialogs.Len() > 0 || d.m.confirm != nil || d.m.finding.kind != finderNone || d.m.filter.editing {
						d.press("esc")
					}
				}
			}
			for _, c := range d.op.Commands() {
				if gradeOf(c, d.m.live) != gradeNone {
					t.Errorf("page %d: the engine was asked %+v", i+1, c)
				}
			}
			if d.quit {
				t.Error("it has quit")
			}
		})
	}
}

// odd are texts that take more or fewer cells than letters, or steer the terminal.
func odd() []string {
	return []string{
		evil, "世界世界世界世界世界世界", "👩‍👩‍👧🏳️‍🌈🇩🇪🙂🙂🙂🙂", "e\u0301\u0302\u0303a\u0308o\u0327", "\u202eשלום עולם\u202c مرحبا",
		"\u200b\u200d\ufeff", "a\tb\vc\fd", "\x9b31m\x90q\x9c", "\xff\xfe broken \xc3(", strings.Repeat("x", 500), "",
	}
}

// poison puts a text into every text of a value.
func poison(v reflect.Value, text string, n *int) {
	switch v.Kind() {
	case reflect.String:
		*n++
		v.SetString(text + strconv.Itoa(*n))
	case reflect.Pointer:
		if !v.IsNil() && v.Type() != reflect.TypeFor[*time.Location]() {
			poison(v.Elem(), text, n)
		}
	case reflect.Slice, reflect.Array:
		for i := range v.Len() {
			poison(v.Index(i), text, n)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				poison(v.Field(i), text, n)
			}
		}
	}
}

// Names, errors and reasons come from outside. Whatever they are, no line gets wider
// than the screen, and nothing in them reaches the terminal.
func TestNoTextFromOutsideBreaksTheFrame(t *testing.T) {
	for i, text := range odd() {
		s := size{120, 40}.at(everyScene()[i%len(everyScene())])
		fleet := s.fleet
		s.fleet = func(op *opfake.Operator) {
			fleet(op)
			op.Change = func(s *ops.Snapshot) {
				n := 0
				poison(reflect.ValueOf(s), text, &n)
			}
		}
		t.Run(fmt.Sprintf("%.10q", text), func(t *testing.T) {
			drive(t, s, func(d *driver) {
				d.t = t
				keys := append(pageKeys(), ":", "p", "esc", "?", "esc", "p", "esc", "i", "esc", "D", "esc", "!", "esc")
				for k, key := range keys {
					d.press(key)
					d.harmless(keys[:k+1])
					if !utf8.ValidString(d.m.View().Content) {
						t.Fatalf("bytes that are no UTF-8 reached the screen after %v", keys[:k+1])
					}
					for _, r := range d.m.View().Content {
						if r >= 0x80 && r < 0xa0 || strings.ContainsRune("\t\v\f\u202e\u202c\u200f\u200b\ufeff", r) {
							t.Fatalf("%q reached the screen after %v", r, keys[:k+1])
						}
					}
				}
			})
		})
	}
}
