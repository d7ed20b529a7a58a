package tui

import (
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"
)

// click clicks a cell, and lets go.
func (d *driver) click(x, y int) {
	d.send(tea.MouseClickMsg{X: x, Y: y, Button: tea.MouseLeft})
	d.send(tea.MouseReleaseMsg{X: x, Y: y, Button: tea.MouseLeft})
	d.settle()
}

// pull drags from one cell to another.
func (d *driver) pull(x, y, toX, toY int) {
	d.send(tea.MouseClickMsg{X: x, Y: y, Button: tea.MouseLeft})
	for i := range 5 {
		d.send(tea.MouseMotionMsg{X: x + (toX-x)*i/4, Y: y + (toY-y)*i/4, Button: tea.MouseLeft})
		checkSize(d.t, d, d.m.w, d.m.h)
	}
	d.send(tea.MouseReleaseMsg{X: toX, Y: toY, Button: tea.MouseLeft})
	d.settle()
}

func (d *driver) turn(x, y int, button tea.MouseButton) {
	d.send(tea.MouseWheelMsg{X: x, Y: y, Button: button})
	d.settle()
}

func TestEveryCellOfTheGridSelectsItsShard(t *testing.T) {
	for _, shards := range []int{8, 64, 300, 1000} {
		drive(t, setup{shards: shards, w: 160, h: 45, calm: true}, func(d *driver) {
			l := d.m.layout
			seen := map[int]bool{}
			for y := range l.shards.H {
				for x := range l.shards.W {
					i, ok := l.grid.At(x, y)
					if !ok || seen[i] || l.dividerAt(l.shards.X+1+x, l.shards.Y+1+y) != dividerNone {
						continue
					}
					seen[i] = true
					d.click(l.shards.X+1+x, l.shards.Y+1+y)
					if from, to := l.grid.Bucket(i); d.m.sel.index < from || d.m.sel.index >= to {
						t.Fatalf("%d shards: a click on %d selects %d", shards, i, d.m.sel.index)
					}
				}
			}
			if len(seen) == 0 {
				t.Error("no cell can be clicked")
			}
		})
	}
}

func TestASecondClickOpensWhatTheFirstHasSelected(t *testing.T) {
	drive(t, full(32), func(d *driver) {
		l := d.m.layout
		x, y := l.shards.X+3, l.shards.Y+1+l.grid.CellH
		d.click(x, y)
		if d.m.page != pageDash {
			t.Fatal("one click opens")
		}
		d.pass(time.Second)
		d.click(x, y) // too late for the first
		if d.m.page != pageDash {
			t.Fatal("two slow clicks open")
		}
		d.click(x, y)
		if d.m.page != pageDrawer {
			t.Fatalf("page %d", d.m.page)
		}
		d.sees("shard 4")
	})
	for page, key := range map[page]string{pageShards: "2", pageWorkers: "6"} {
		drive(t, full(32), func(d *driver) {
			d.press(key)
			at := d.m.layout.whole
			d.click(at.X+4, at.Y+2)
			d.click(at.X+4, at.Y+2)
			if d.m.page == page {
				t.Errorf("two clicks on page %s open nothing", key)
			}
		})
	}
}

func TestTheWheelMovesWhatIsUnderTheMouse(t *testing.T) {
	drive(t, full(32), func(d *driver) {
		l := d.m.layout
		d.turn(l.shards.X+3, l.shards.Y+3, tea.MouseWheelDown)
		if d.m.sel.index == 0 || d.m.log.back != 0 {
			t.Errorf("over the shards: cursor %d, log %d lines back", d.m.sel.index, d.m.log.back)
		}
		before := d.m.sel.index
		d.turn(l.log.X+3, l.log.Y+2, tea.MouseWheelUp)
		if d.m.sel.index != before || d.m.log.back == 0 {
			t.Errorf("over the log: cursor %d, log %d lines back", d.m.sel.index, d.m.log.back)
		}
		d.press("3")
		at := d.m.layout.whole
		d.turn(at.X+3, at.Y+3, tea.MouseWheelUp)
		name := d.m.sink
		d.turn(at.X+3, at.Y+3, tea.MouseWheelDown)
		if d.m.sink == name {
			t.Errorf("over the sinks: still %s", name)
		}
		d.did()
	})
}

func TestTheDividersAreDraggedAsFarAsThereIsRoom(t *testing.T) {
	for _, to := range []struct{ dx, dy int }{{-20, 0}, {12, 0}, {-500, 0}, {500, 0}} {
		drive(t, full(32), func(d *driver) {
			l := d.m.layout
			d.pull(l.drawer.X, l.drawer.Y+4, l.drawer.X+to.dx, l.drawer.Y+4)
			now := d.m.layout
			want := min(max(l.drawer.W-to.dx, leastDrawer), l.shards.W+l.drawer.W-leastShards)
			if now.drawer.W != want || now.shards.W+now.drawer.W != d.m.w || now.log != l.log {
				t.Errorf("dragged by %d: the drawer is %d wide, want %d", to.dx, now.drawer.W, want)
			}
			d.pull(now.drawer.X-1, now.drawer.Y+4, now.drawer.X-2, now.drawer.Y+4)
			if again := d.m.layout.drawer.W; to.dx > -500 && again != want+1 {
				t.Errorf("dragged on by 1: %d wide after %d", again, want)
			}
		})
	}
	for _, dy := range []int{-3, 2, -100, 100} {
		drive(t, full(32), func(d *driver) {
			l := d.m.layout
			d.pull(l.log.X+9, l.log.Y, l.log.X+9, l.log.Y+dy)
			now := d.m.layout
			want := min(max(l.log.H-dy, leastLog), l.log.H+l.charts.H-leastCharts)
			if now.log.H != want || now.charts.H+now.log.H != l.charts.H+l.log.H || now.shards != l.shards {
				t.Errorf("dragged by %d: the log is %d high, want %d", dy, now.log.H, want)
			}
		})
	}
}

func TestADoubleClickPutsADividerBack(t *testing.T) {
	drive(t, full(32), func(d *driver) {
		l := d.m.layout
		d.pull(l.drawer.X, l.drawer.Y+4, l.drawer.X-15, l.drawer.Y+4)
		d.pull(l.log.X+9, l.log.Y, l.log.X+9, l.log.Y-2)
		d.press("2", "1") // kept
		now := d.m.layout
		if now.drawer == l.drawer || now.log == l.log {
			t.Fatal("not kept")
		}
		d.click(now.drawer.X, now.drawer.Y+4)
		d.click(now.drawer.X, now.drawer.Y+4)
		d.click(now.log.X+20, now.log.Y)
		d.click(now.log.X+20, now.log.Y)
		if d.m.layout.drawer != l.drawer || d.m.layout.log != l.log {
			t.Errorf("%+v and %+v, want %+v and %+v", d.m.layout.drawer, d.m.layout.log, l.drawer, l.log)
		}
	})
}

func TestDraggedDividersFitEveryScreen(t *testing.T) {
	drive(t, full(32), func(d *driver) {
		l := d.m.layout
		d.pull(l.drawer.X, l.drawer.Y+4, l.drawer.X-60, l.drawer.Y+4)
		d.pull(l.log.X+9, l.log.Y, l.log.X+9, l.log.Y-30)
		for w := 1; w <= 210; w += 13 {
			for h := 1; h <= 62; h += 9 {
				d.send(sizeMsg(w, h))
				checkSize(t, d, w, h)
			}
		}
	})
}

func TestAMouseThatIsOffSaysSo(t *testing.T) {
	drive(t, full(32), func(d *driver) {
		d.seesNot("mouse off")
		d.press("M")
		d.sees("mouse off")
		if d.m.View().MouseMode != tea.MouseModeNone {
			t.Error("the console holds the mouse")
		}
		d.pass(20 * time.Second)
		d.sees("mouse off") // the badge stays
		d.press("M")
		d.sees("borders can be dragged")
	})
}
