package main

import (
	"bytes"
	"fmt"
	"html"
	"maps"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// The window around the screen, in pixels.
const (
	titleHeight = 34
	padding     = 10
	rounding    = 10
	fontSize    = 14.95 // 0.602 em, the advance of most monospaced fonts, is then a cell
	baseline    = 14.5  // below a cell's top
)

const fonts = "ui-monospace,'JetBrains Mono','SF Mono',Menlo,'DejaVu Sans Mono','Liberation Mono',Consolas,monospace"

// drawSVG draws the screen in a window. Text stays text; everything else is
// gathered into one path per colour, which keeps thousands of cells small.
func drawSVG(p *picture, title string) []byte {
	width, height := p.width*cellWidth+2*padding, p.height*cellHeight+titleHeight+padding
	var b bytes.Buffer
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" viewBox="0 0 %d %d" role="img">`+"\n", width, height, width, height)
	fmt.Fprintf(&b, "<title>%s</title>\n", html.EscapeString(title))
	drawWindow(&b, width, height, title)
	fmt.Fprintf(&b, `<g transform="translate(%d %d)">`+"\n", padding, titleHeight)
	drawBackgrounds(&b, p)
	drawShapes(&b, p)
	fmt.Fprintf(&b, `<g font-family="%s" font-size="%v" xml:space="preserve">`+"\n", fonts, fontSize)
	for y := range p.height {
		drawRow(&b, p, y)
	}
	b.WriteString("</g>\n</g>\n</svg>\n")
	return b.Bytes()
}

// drawWindow draws frame and title bar on the screen's own background.
func drawWindow(b *bytes.Buffer, width, height int, title string) {
	fmt.Fprintf(b, `<rect x=".5" y=".5" width="%d" height="%d" rx="%d" fill="%s" stroke="#3b434f"/>`+"\n", width-1, height-1, rounding, hex(background))
	for i, fill := range []string{"#ff5f57", "#febc2e", "#28c840"} {
		fmt.Fprintf(b, `<circle cx="%d" cy="%d" r="5.5" fill="%s"/>`, 20+i*18, titleHeight/2, fill)
	}
	fmt.Fprintf(b, "\n"+`<text x="%d" y="%d" text-anchor="middle" font-family="%s" font-size="13" fill="#949ba5">%s</text>`+"\n",
		width/2, titleHeight/2+5, fonts, html.EscapeString(title))
}

// drawBackgrounds paints what differs from the window's background.
func drawBackgrounds(b *bytes.Buffer, p *picture) {
	paths := map[string]*strings.Builder{}
	for y := range p.height {
		for x := 0; x < p.width; {
			c, from := p.at(x, y), x
			for x < p.width && p.at(x, y).bg == c.bg {
				x++
			}
			if c.bg != hex(background) {
				path(paths, c.bg).WriteString(rectangle(float64(from*cellWidth), float64(y*cellHeight), float64((x-from)*cellWidth), cellHeight))
			}
		}
	}
	b.WriteString(`<g shape-rendering="crispEdges">` + "\n")
	for _, fill := range slices.Sorted(maps.Keys(paths)) {
		fmt.Fprintf(b, `<path fill="%s" d="%s"/>`+"\n", fill, paths[fill])
	}
	b.WriteString("</g>\n")
}

// drawShapes draws lines, blocks and dots.
func drawShapes(b *bytes.Buffer, p *picture) {
	fills, strokes := map[string]*strings.Builder{}, map[string]*strings.Builder{}
	for y := range p.height {
		for x := range p.width {
			c := p.at(x, y)
			s, ok := c.shape(x, y)
			if !ok {
				continue
			}
			opacity := ""
			if c.faint {
				opacity = ` opacity=".6"`
			}
			if s.fill != "" {
				path(fills, fmt.Sprintf(`fill="%s"%s`, c.fg, opacity)).WriteString(s.fill)
			}
			if s.stroke != "" {
				path(strokes, fmt.Sprintf(`fill="none" stroke="%s" stroke-width="%v"%s`, c.fg, s.width, opacity)).WriteString(s.stroke)
			}
		}
	}
	for _, paths := range []map[string]*strings.Builder{fills, strokes} {
		for _, attributes := range slices.Sorted(maps.Keys(paths)) {
			fmt.Fprintf(b, `<path %s d="%s"/>`+"\n", attributes, paths[attributes])
		}
	}
}

// shape is how the cell is drawn if it is not set in type.
func (c cell) shape(x, y int) (shape, bool) {
	r, size := utf8.DecodeRuneInString(c.text)
	if size != len(c.text) || c.text == "" {
		return shape{}, false
	}
	return shapeOf(r, x*cellWidth, y*cellHeight)
}

func path(paths map[string]*strings.Builder, key string) *strings.Builder {
	if paths[key] == nil {
		paths[key] = &strings.Builder{}
	}
	return paths[key]
}

// drawRow sets the text of one row, a run of like cells at a time.
func drawRow(b *bytes.Buffer, p *picture, y int) {
	for x := 0; x < p.width; {
		if !p.typed(x, y) {
			x++
			continue
		}
		end := p.runEnd(x, y)
		var text strings.Builder
		for i := x; i < end; i++ {
			text.WriteString(p.at(i, y).text)
		}
		p.at(x, y).set(b, text.String(), x, y, end-x)
		x = end
	}
}

// typed tells whether the cell's character is set in type.
func (p *picture) typed(x, y int) bool {
	_, drawn := p.at(x, y).shape(x, y)
	return !drawn && !p.at(x, y).blank()
}

// runEnd is the column after the text run that starts at x. Single spaces are
// part of a run. Signs stand alone: they may come from a fallback font whose
// advance is another, and would push what follows.
func (p *picture) runEnd(x, y int) int {
	first := p.at(x, y)
	if first.wide {
		return min(x+2, p.width)
	}
	if !first.plain() {
		return x + 1
	}
	end := x + 1
	for end < p.width {
		c := p.at(end, y)
		next := end + 1
		if c.blank() && next < p.width && p.typed(next, y) {
			c, next = p.at(next, y), next+1
		}
		if !c.plain() || c.blank() || c.look() != first.look() {
			break
		}
		if _, drawn := c.shape(end, y); drawn {
			break
		}
		end = next
	}
	return end
}

// plain tells whether every monospaced font can be trusted with the cell.
func (c cell) plain() bool {
	r, size := utf8.DecodeRuneInString(c.text)
	return size == len(c.text) && !c.wide && (r < 0x0250 || (r < 0x0530 && unicode.IsLetter(r)))
}

// set writes one run of type. Its length is given, so that a font of another
// width is spread or squeezed into its cells.
func (c cell) set(b *bytes.Buffer, text string, x, y, cells int) {
	fmt.Fprintf(b, `<text x="%d" y="%s" fill="%s" textLength="%d"`, x*cellWidth, number(float64(y*cellHeight)+baseline), c.fg, cells*cellWidth)
	if cells == 1 || c.wide {
		b.WriteString(` lengthAdjust="spacingAndGlyphs"`)
	}
	if c.bold {
		b.WriteString(` font-weight="bold"`)
	}
	if c.italic {
		b.WriteString(` font-style="italic"`)
	}
	if c.faint {
		b.WriteString(` opacity=".6"`)
	}
	if c.underline {
		b.WriteString(` text-decoration="underline"`)
	} else if c.strike {
		b.WriteString(` text-decoration="line-through"`)
	}
	fmt.Fprintf(b, ">%s</text>\n", html.EscapeString(text))
}
