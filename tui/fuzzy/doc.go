// Package fuzzy finds what somebody means who types a part of it: it ranks texts
// for a pattern, and names the nearest word to a mistyped one. It is pure.
package fuzzy
