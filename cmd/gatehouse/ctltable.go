package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"
	"unicode"

	"github.com/charmbracelet/x/ansi"

	"github.com/gatehouse-gateway/gatehouse/transport/control"
)

// printer writes what ctl shows to people, and remembers what went wrong.
type printer struct {
	w   io.Writer
	now time.Time // on Gatehouse's clock, for ages
	err error
}

// print shows a table on stdout.
func (c *ctl) print(show func(*printer)) error {
	p := &printer{w: c.stdout}
	show(p)
	return p.err
}

// printJSON shows an answer as the control API gives it, indented.
func (c *ctl) printJSON(wire any) error {
	data, err := control.Marshal(wire)
	if err != nil {
		return err
	}
	var pretty bytes.Buffer
	if err := json.Indent(&pretty, data, "", "  "); err != nil {
		return err
	}
	pretty.WriteByte('\n')
	_, err = c.stdout.Write(pretty.Bytes())
	return err
}

// line writes one line, without anything that could move a cursor.
func (p *printer) line(format string, args ...any) {
	if p.err == nil {
		_, p.err = fmt.Fprintln(p.w, strings.TrimRight(clean(fmt.Sprintf(format, args...)), " "))
	}
}

// blank writes an empty line.
func (p *printer) blank() { p.line("") }

// clean takes control characters out of a text that came from elsewhere.
func clean(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || r == '\u2028' || r == '\u2029' || unicode.Is(unicode.Bidi_Control, r) {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(text, "�"))
}

// table is rows of cells under titles. A title that begins with ">" stands over
// figures, which are aligned to the right.
type table struct {
	titles []string
	rows   [][]string
}

func newTable(titles ...string) *table { return &table{titles: titles} }

func (t *table) row(cells ...string) { t.rows = append(t.rows, cells) }

// table writes a table, every column as wide as its widest cell.
func (p *printer) table(t *table) {
	head := make([]string, len(t.titles))
	width := make([]int, len(t.titles))
	for i, title := range t.titles {
		head[i] = strings.TrimPrefix(title, ">")
	}
	rows := append([][]string{head}, t.rows...)
	for _, row := range rows {
		for i, cell := range row {
			width[i] = max(width[i], ansi.StringWidth(clean(cell)))
		}
	}
	for _, row := range rows {
		var line strings.Builder
		for i, cell := range row {
			pad := strings.Repeat(" ", width[i]-ansi.StringWidth(clean(cell)))
			if strings.HasPrefix(t.titles[i], ">") {
				line.WriteString(pad + cell + "  ")
			} else {
				line.WriteString(cell + pad + "  ")
			}
		}
		p.line("%s", line.String())
	}
}

// none stands where there is nothing to show.
const none = "–"

// orNone is a text, or the sign for none.
func orNone(text string) string {
	if text == "" {
		return none
	}
	return text
}

// count is a number in groups of three digits.
func count[N ~int | ~int64 | ~uint64](n N) string { return grouped(uint64(max(n, 0))) }

// counted is a number of things, such as "1 probe" or "2 probes".
func counted[N ~int | ~int64 | ~uint64](n N, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return count(n) + " " + thing + "s"
}

// rate is a figure a second.
func rate(perSecond float64) string { return fmt.Sprintf("%.1f", perSecond) }

// span is a duration as people say it; none for 0.
func span(d time.Duration) string {
	switch {
	case d == 0:
		return none
	case d < 0:
		return "-" + span(-d)
	case d < time.Millisecond:
		return "<1ms"
	case d < time.Second:
		return d.Round(time.Millisecond).String()
	case d < time.Minute:
		return d.Round(100 * time.Millisecond).String()
	case d < time.Hour:
		return strings.Replace(d.Round(time.Second).String(), "m0s", "m", 1)
	case d < 48*time.Hour:
		return strings.TrimSuffix(d.Round(time.Minute).String(), "0s")
	}
	return fmt.Sprintf("%dd%dh", d/(24*time.Hour), d%(24*time.Hour)/time.Hour)
}

// since is the age of an instant; none for the zero one.
func (p *printer) since(t time.Time) string {
	if t.IsZero() {
		return none
	}
	return span(max(p.now.Sub(t), time.Millisecond))
}

// size is a number of bytes.
func size(n int64) string {
	units := []string{"B", "KiB", "MiB", "GiB", "TiB"}
	value, unit := float64(n), 0
	for value >= 1024 && unit < len(units)-1 {
		value, unit = value/1024, unit+1
	}
	if unit == 0 || value >= 100 || value == float64(int64(value)) {
		return fmt.Sprintf("%.0f %s", value, units[unit])
	}
	return fmt.Sprintf("%.1f %s", value, units[unit])
}
