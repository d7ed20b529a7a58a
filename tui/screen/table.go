package screen

import (
	"slices"
	"strings"

	"github.com/gatehouse-gateway/gatehouse/tui/frame"
)

// column is a figure of every row of a table.
type column[T any] struct {
	name string
	w    int
	left bool
	rank int // what has the highest gives way first where there is no room; 0 never does
	cell func(l Look, v *T) string
}

// columnsLine is a row.
func columnsLine[T any](l Look, columns []column[T], v *T) string {
	var sb strings.Builder
	for i, c := range columns {
		if i > 0 {
			sb.WriteByte(' ')
		}
		text := c.cell(l, v)
		if c.left {
			sb.WriteString(frame.Fit(text, c.w))
		} else {
			sb.WriteString(frame.Fit(frame.Right(text, c.w), c.w))
		}
	}
	return sb.String()
}

// heading names the columns.
func heading[T any](l Look, columns []column[T]) string {
	var parts []string
	for _, c := range columns {
		if c.left {
			parts = append(parts, frame.Fit(c.name, c.w))
		} else {
			parts = append(parts, frame.Right(c.name, c.w))
		}
	}
	return l.label(strings.Join(parts, " "))
}

// columnsWidth is how wide the columns are with a blank between them.
func columnsWidth[T any](all []column[T]) int {
	n := len(all) - 1
	for _, c := range all {
		n += c.w
	}
	return n
}

// fitColumns leaves out columns, the highest rank first, until the others fit into
// w cells.
func fitColumns[T any](all []column[T], w int) []column[T] {
	for columnsWidth(all) > w {
		worst := 0
		for i := range all {
			if all[i].rank > all[worst].rank {
				worst = i
			}
		}
		if all[worst].rank == 0 {
			break
		}
		all = slices.Delete(all, worst, worst+1)
	}
	return all
}

// firstRow is the first of n rows in sight, with room for so many and the cursor
// among them.
func firstRow(cursor, n, room int) int {
	return min(max(0, cursor-room/2), max(0, n-room))
}

// cursored is a row of a table, marked if the cursor is on it.
func cursored(l Look, on bool, text string) string {
	if on {
		return " " + l.S.Accent.Bold().Paint(l.G.Right) + " " + text
	}
	return "   " + text
}
