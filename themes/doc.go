// Package themes holds the console's colours: named tokens in TOML files that
// are embedded in the program, with a loader that explains what is wrong with
// a theme of one's own.
//
// A theme is data. Drawing code asks for a [Token] and never holds a colour
// literal. Nothing here is written after loading, so every function and value
// may be used from any goroutine; the package owns none.
package themes
