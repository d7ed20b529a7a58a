package frame

import (
	"strings"
	"unicode"

	"github.com/charmbracelet/x/ansi"
)

// Width is how many cells s takes, escape sequences not counted.
func Width(s string) int {
	if plain(s) {
		return len(s)
	}
	return ansi.StringWidth(s)
}

// plain reports whether s is printable ASCII, one cell a byte.
func plain(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] < ' ' || s[i] > '~' {
			return false
		}
	}
	return true
}

// Clean makes text from outside harmless: control characters and escape
// sequences are dropped, with what turns the direction of writing or cannot be seen,
// line breaks and tabs become blanks.
func Clean(s string) string {
	if plain(s) {
		return s
	}
	s = ansi.Strip(s)
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n', r == '\r', r == '\t', r == '\u2028', r == '\u2029':
			return ' '
		case r < ' ', r >= 0x7f && r < 0xa0, unicode.Is(unicode.Bidi_Control, r), r == '\u200b', r == '\u2060', r == '\ufeff':
			return -1
		default:
			return r
		}
	}, s)
}

// Fit cuts s, with an ellipsis, or pads it with blanks, so that it takes exactly w cells.
func Fit(s string, w int) string {
	if w <= 0 {
		return ""
	}
	n := Width(s)
	if n > w {
		s = Cut(s, w)
		n = Width(s)
	}
	return s + Blank(w-n)
}

// Cut shortens s to at most w cells and marks the cut with an ellipsis.
func Cut(s string, w int) string {
	if w <= 0 {
		return ""
	}
	if w < 4 {
		return ansi.Truncate(s, w, "")
	}
	return ansi.Truncate(s, w, "…")
}

// Right pads s on the left, so that it takes at least w cells.
func Right(s string, w int) string { return Blank(w-Width(s)) + s }

// Ends puts left and right at the ends of w cells; left is cut if both do not fit.
func Ends(left, right string, w int) string {
	r := Width(right)
	if r >= w {
		return Fit(right, w)
	}
	return Fit(left, w-r) + right
}

// Blank is n blanks; none for n ≤ 0.
func Blank(n int) string {
	if n <= 0 {
		return ""
	}
	return strings.Repeat(" ", n)
}

// Wrap breaks s into lines of at most w cells, at most n of them; what does not
// fit is cut with an ellipsis.
func Wrap(s string, w, n int) []string {
	if w <= 0 || n <= 0 {
		return nil
	}
	lines := strings.Split(ansi.Wrap(s, w, ""), "\n")
	if len(lines) <= n {
		return lines
	}
	rest := strings.Join(lines[n-1:], " ")
	return append(lines[:n-1:n-1], Cut(rest, w))
}

// Break cuts s into lines of at most w cells wherever that falls, so that
// nothing is lost between them.
func Break(s string, w int) []string {
	if w <= 0 {
		return nil
	}
	return strings.Split(ansi.Hardwrap(s, w, true), "\n")
}

// ASCII replaces what a terminal without UTF-8 cannot show by signs of the same
// width. Escape sequences are ASCII and stay.
func ASCII(s string) string {
	var sb strings.Builder
	for _, r := range s {
		switch {
		case r < 0x80:
			sb.WriteRune(r)
		case r == '…':
			sb.WriteByte('~')
		case r == '–':
			sb.WriteByte('-')
		case r == '→':
			sb.WriteByte('>')
		case r == 'µ':
			sb.WriteByte('u')
		default:
			sb.WriteString(strings.Repeat("?", ansi.StringWidth(string(r))))
		}
	}
	return sb.String()
}
