package config

import (
	"errors"
	"fmt"
	"strings"
)

// Error is everything that is wrong with a configuration.
type Error struct {
	Problems []Problem // at least one, in the order of the table of keys
}

// Error is one line for each problem, each beginning with "config: ".
func (e *Error) Error() string {
	lines := make([]string, len(e.Problems))
	for i, p := range e.Problems {
		lines[i] = "config: " + p.String()
	}
	return strings.Join(lines, "\n")
}

// Problem is one thing that is wrong.
type Problem struct {
	Key    string // path of the key; empty if the file as a whole is meant
	What   string // is wrong, without values of secrets
	Source Source // where it was read; zero if nowhere
	Hint   string // what is allowed, or what to do; may be empty
}

// String is the problem on one line:
//
//	shards.total: "many" is not a number (gatehouse.yaml:3); allowed: 0 to 16384
func (p Problem) String() string {
	var b strings.Builder
	if p.Key != "" {
		b.WriteString(p.Key + ": ")
	}
	b.WriteString(p.What)
	if p.Source.Layer != LayerDefault {
		fmt.Fprintf(&b, " (%s)", p.Source)
	}
	if p.Hint != "" {
		b.WriteString("; " + p.Hint)
	}
	return oneLine(b.String())
}

// oneLine keeps what a user typed from breaking the line or the terminal.
func oneLine(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || r >= 0x80 && r < 0xa0 || r == '\u2028' || r == '\u2029' {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(s, "�"))
}

// valueError is a value that a key does not take.
type valueError struct{ what, hint string }

func (e *valueError) Error() string {
	if e.hint == "" {
		return e.what
	}
	return e.what + "; " + e.hint
}

// invalid makes a [valueError] that shows the value.
func invalid(raw any, isNot, hint string) error {
	return &valueError{what: quote(raw) + " " + isNot, hint: hint}
}

// quote shows a value as it was written, cut to a readable length.
func quote(raw any) string {
	const most = 60
	switch raw.(type) {
	case []any:
		return "a list"
	case map[string]any:
		return "a section"
	}
	text := []rune(fmt.Sprint(raw))
	if len(text) > most {
		text = append(text[:most], '…')
	}
	if _, ok := raw.(string); ok {
		return `"` + string(text) + `"`
	}
	return string(text)
}

// problemOf turns an error of a parser into a problem of a key.
func problemOf(key string, err error, src Source) Problem {
	if bad := (*valueError)(nil); errors.As(err, &bad) {
		return Problem{Key: key, What: bad.what, Hint: bad.hint, Source: src}
	}
	what, hint, _ := strings.Cut(err.Error(), "; ")
	return Problem{Key: key, What: what, Hint: hint, Source: src}
}
