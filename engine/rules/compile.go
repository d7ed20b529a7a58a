package rules

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/expr-lang/expr"
	"github.com/expr-lang/expr/file"
)

const (
	maxText  = 64 << 10 // bytes of an expression
	maxNodes = 10_000   // parts of it, which is a list of some thousand guilds
)

// names are what an expression can ask for, in the order of the documentation.
const names = "type, guild, shard, shards, size, kind, seq and d"

// functions are what an expression can call. None of them takes more time than its
// argument is long, and none depends on anything else.
func functions() []string {
	return append(listFunctions(), "first", "last", "lower", "upper", "trim", "abs", "min", "max", "bitand")
}

// listFunctions are those of them to which a list that is not there is an empty one.
func listFunctions() []string {
	return []string{"all", "any", "none", "one", "filter", "count", "len"}
}

// expression compiles when.
func (s *Set) expression(c *Config) (err error) {
	if c.blank() {
		return nil
	}
	defer func() {
		if p := recover(); p != nil { // a fault of the library's, as with 1 % 0
			err = &Error{Key: "when", Column: 1, Text: "the expression cannot be compiled: " + oneLine(fmt.Sprint(p))}
		}
	}()
	switch {
	case len(c.When) > maxText:
		return &Error{Key: "when", Column: 1, Text: fmt.Sprintf("%d bytes are too long for an expression; at most %d are allowed", len(c.When), maxText)}
	case !utf8.ValidString(c.When):
		return &Error{Key: "when", Column: 1, Text: "the expression is not UTF-8"}
	}
	r := new(whenRule)
	g, p := newGuard(), &paths{rule: r}
	options := []expr.Option{
		expr.Env(&scope{}), expr.AsBool(), expr.MaxNodes(maxNodes), expr.DisableAllBuiltins(),
		expr.Patch(g), expr.Patch(ids{}), expr.Patch(p), expr.Patch(truths{}),
	}
	for _, name := range functions() {
		options = append(options, expr.EnableBuiltin(name))
	}
	r.program, err = expr.Compile(c.When, options...)
	if fault := g.fault(); fault != nil {
		err = fault
	}
	if err != nil {
		return faulty(c.When, err)
	}
	r.errors.Store(0)
	s.when = r
	s.add(&r.rule, "when", strings.Join(strings.Fields(c.When), " "))
	return nil
}

// faulty is the error of an expression that cannot be compiled.
func faulty(when string, err error) *Error {
	out := &Error{Key: "when", Column: 1, Text: oneLine(err.Error())}
	var at *file.Error
	switch {
	case errors.As(err, &at):
		out.Column, out.Text = at.From+1, oneLine(at.Message)
	case strings.HasPrefix(out.Text, "expected bool, but got "):
		out.Text = "the expression gives " + strings.TrimPrefix(out.Text, "expected bool, but got ") +
			`, not true or false; compare it with something, as in type == "MESSAGE_CREATE"`
	}
	switch {
	case strings.HasPrefix(out.Text, "unknown name "):
		out.Text += "; there are " + names
	case strings.HasSuffix(out.Text, `Operator("=")`):
		out.Text += "; values are compared with =="
	}
	if before := []rune(when)[:min(out.Column-1, utf8.RuneCountInString(when))]; strings.ContainsRune(string(before), '\n') {
		out.Text = fmt.Sprintf("line %d: %s", 1+strings.Count(string(before), "\n"), out.Text)
	}
	return out
}

// reason is what went wrong when an expression was evaluated, on one line and in the
// words of expressions.
func reason(err error) string {
	words := strings.NewReplacer("interface conversion: interface {} is ", "the value is ", "<nil>", "nil", "interface {}", "any")
	var at *file.Error
	if errors.As(err, &at) {
		return fmt.Sprintf("column %d: %s", at.From+1, words.Replace(at.Message))
	}
	return words.Replace(err.Error())
}
