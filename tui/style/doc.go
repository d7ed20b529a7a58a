// Package style turns a theme and a glyph set into what drawing code writes:
// ready-made escape prefixes and one-cell signs.
//
// A [Sheet] and a [Glyphs] are built once per theme and never written again;
// they may be shared between goroutines. The package knows no terminal: colours
// are written in full and degraded by whoever owns the output.
package style
