package frame

import "github.com/gatehouse-gateway/gatehouse/tui/style"

// Box describes the frame of a panel.
type Box struct {
	Title string // painted, on the upper border
	Note  string // painted, at the right end of the upper border
	Foot  string // painted, on the lower border
	Focus bool   // the panel has the keys
}

// Draw puts the frame around a body; the result is two cells wider and higher.
func (x Box) Draw(body Block, s *style.Sheet, g *style.Glyphs) Block {
	line := s.Border
	if x.Focus {
		line = s.BorderFocus
	}
	side := line.Paint(g.Vertical)
	out := Block{W: body.W + 2, Lines: make([]string, 0, len(body.Lines)+2)}
	out.Lines = append(out.Lines, x.edge(line, g, g.Corner[0], g.Corner[1], x.Title, x.Note, body.W))
	for _, l := range body.Lines {
		out.Lines = append(out.Lines, side+l+side)
	}
	out.Lines = append(out.Lines, x.edge(line, g, g.Corner[3], g.Corner[2], x.Foot, "", body.W))
	return out
}

// edge draws a horizontal border with up to two texts on it. The title wins
// over the note where there is not room for both.
func (x Box) edge(line style.Style, g *style.Glyphs, from, to, title, note string, w int) string {
	run := func(n int) string {
		out := make([]byte, 0, max(n, 0)*len(g.Horizontal))
		for range n {
			out = append(out, g.Horizontal...)
		}
		return string(out)
	}
	title = pad(title, w-2)
	rest := w - 1 - Width(title)
	if title == "" {
		rest = w
	}
	if nw := Width(note) + 2; note != "" && nw+2 <= rest {
		note = " " + note + " "
		rest -= nw + 1
		return line.Paint(from+run(lead(title))) + title + line.Paint(run(rest)) + note + line.Paint(run(1)+to)
	}
	return line.Paint(from+run(lead(title))) + title + line.Paint(run(rest)+to)
}

// lead is how much border stands before a text.
func lead(title string) int {
	if title == "" {
		return 0
	}
	return 1
}

// pad cuts a text for a border to w cells and puts blanks around it.
func pad(s string, w int) string {
	if s == "" || w < 3 {
		return ""
	}
	return " " + Cut(s, w-2) + " "
}
