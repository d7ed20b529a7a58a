package rules

import (
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/expr-lang/expr/ast"
	"github.com/expr-lang/expr/file"
)

// Visitors are called for the parts of a node before the node itself.

// ids makes strings of the numbers that are ids.
type ids struct{}

// Visit implements [ast.Visitor].
func (ids) Visit(node *ast.Node) {
	n, ok := (*node).(*ast.BinaryNode)
	if !ok {
		return
	}
	switch n.Operator {
	case "==", "!=":
		idText(&n.Left, n.Right)
		idText(&n.Right, n.Left)
	case "in":
		idText(&n.Left, nil)
		if list, ok := n.Right.(*ast.ArrayNode); ok {
			for i := range list.Nodes {
				idText(&list.Nodes[i], n.Left)
			}
		}
	}
}

// idText makes a string of a number that is compared with another node, if one of
// them can only be an id.
func idText(node *ast.Node, other ast.Node) {
	n, ok := (*node).(*ast.IntegerNode)
	if !ok || n.Value < 0 || !(n.Value > exact || isID(other)) {
		return
	}
	digits := strconv.Itoa(n.Value)
	if n.Value == 0 && isGuild(other) {
		digits = ""
	}
	ast.Patch(node, &ast.StringNode{Value: digits})
}

func isGuild(node ast.Node) bool {
	n, ok := node.(*ast.IdentifierNode)
	return ok && n.Value == "guild"
}

// isID reports whether a node can only be an id.
func isID(node ast.Node) bool {
	switch n := node.(type) {
	case *ast.IdentifierNode:
		return isGuild(n)
	case *ast.ChainNode:
		return isID(n.Node)
	case *ast.MemberNode:
		name, ok := n.Property.(*ast.StringNode)
		return ok && (name.Value == "id" || strings.HasSuffix(name.Value, "_id"))
	}
	return false
}

// paths replaces what an expression reads of d by calls that fetch just that.
type paths struct {
	rule *whenRule
}

// Visit implements [ast.Visitor].
func (p *paths) Visit(node *ast.Node) {
	switch n := (*node).(type) {
	case *ast.IdentifierNode:
		switch n.Value {
		case "d":
			p.replace(node, []step{{key: "d", index: -1}})
		case "guild":
			p.rule.guild = true
		}
	case *ast.MemberNode:
		p.member(node, n)
	}
}

// member replaces a field or an element.
func (p *paths) member(node *ast.Node, n *ast.MemberNode) {
	base := n.Node
	if chain, ok := base.(*ast.ChainNode); ok {
		base = chain.Node
	}
	if path := p.of(base); path != nil {
		switch property := n.Property.(type) {
		case *ast.StringNode:
			p.replace(node, append(slices.Clip(path), step{key: property.Value, index: -1}))
			return
		case *ast.IntegerNode:
			if property.Value >= 0 {
				p.replace(node, append(slices.Clip(path), step{index: property.Value}))
				return
			}
		}
	}
	if isUnknown(base) {
		call(node, getName, n.Node, n.Property)
	}
}

const (
	atName    = "(at)"
	getName   = "(get)"
	truthName = "(truth)"
	stepName  = "(step)"
	sumName   = "(sum)"
	listName  = "(list)"
)

// call puts a call in the place of a node.
func call(node *ast.Node, name string, args ...ast.Node) {
	callee := &ast.IdentifierNode{Value: name}
	callee.SetLocation((*node).Location())
	ast.Patch(node, &ast.CallNode{Callee: callee, Arguments: args})
}

// isUnknown reports whether the type of a node is known only when it is evaluated.
func isUnknown(node ast.Node) bool {
	t := node.Type()
	return t == nil || t.Kind() == reflect.Interface
}

// replace puts the call for a path in the place of a node.
func (p *paths) replace(node *ast.Node, path []step) {
	k := slices.IndexFunc(p.rule.paths, func(known []step) bool { return slices.Equal(known, path) })
	if k < 0 {
		k = len(p.rule.paths)
		p.rule.paths = append(p.rule.paths, path)
	}
	number := &ast.IntegerNode{Value: k}
	number.SetLocation((*node).Location())
	call(node, atName, number)
}

// of is the path that a node stands for; nil if it stands for none.
func (p *paths) of(node ast.Node) []step {
	call, ok := node.(*ast.CallNode)
	if !ok || len(call.Arguments) != 1 {
		return nil
	}
	callee, ok := call.Callee.(*ast.IdentifierNode)
	if !ok || callee.Value != atName {
		return nil
	}
	return p.rule.paths[call.Arguments[0].(*ast.IntegerNode).Value]
}

// truths lets a value that is not there stand for no where a yes or no is asked for,
// and for an empty list where one is asked for, and counts the rounds of loops.
type truths struct{}

// Visit implements [ast.Visitor].
func (truths) Visit(node *ast.Node) {
	switch n := (*node).(type) {
	case *ast.UnaryNode:
		if n.Operator == "!" || n.Operator == "not" {
			askTruth(&n.Node)
		}
	case *ast.BinaryNode:
		switch n.Operator {
		case "&&", "||", "and", "or":
			askTruth(&n.Left)
			askTruth(&n.Right)
		case "+":
			if isUnknown(n.Left) || isUnknown(n.Right) {
				call(node, sumName, n.Left, n.Right)
			}
		}
	case *ast.ConditionalNode:
		askTruth(&n.Cond)
	case *ast.BuiltinNode:
		if len(n.Arguments) > 0 && isUnknown(n.Arguments[0]) && slices.Contains(listFunctions(), n.Name) {
			call(&n.Arguments[0], listName, n.Arguments[0])
		}
	case *ast.PredicateNode: // of the functions that there are, all ask for one
		if t := n.Node.Type(); isUnknown(n.Node) || t.Kind() == reflect.Bool {
			call(&n.Node, stepName, n.Node)
		}
	}
}

func askTruth(node *ast.Node) {
	if isUnknown(*node) {
		call(node, truthName, *node)
	}
}

// guard refuses what the language has and a rule must not have: what could take long
// or much memory, and what it means nothing here.
type guard struct {
	err    *file.Error
	ranges map[ast.Node]bool // that are not known to be on the right of in
	loops  map[ast.Node]int  // how many of them stand in each other
}

func newGuard() *guard {
	return &guard{ranges: make(map[ast.Node]bool), loops: make(map[ast.Node]int)}
}

// fault is the first thing that was refused; nil if nothing was.
func (g *guard) fault() error {
	for node := range g.ranges {
		g.refuse(node, "a range can only stand behind in, as in shard in 0..63")
	}
	if g.err == nil {
		return nil
	}
	return g.err
}

// refuse notes what is wrong, if it is the first in the text.
func (g *guard) refuse(node ast.Node, format string, args ...any) {
	if at := node.Location(); g.err == nil || at.From < g.err.From {
		g.err = &file.Error{Location: at, Message: fmt.Sprintf(format, args...)}
	}
}

// Visit implements [ast.Visitor].
func (g *guard) Visit(node *ast.Node) {
	switch n := (*node).(type) {
	case *ast.IdentifierNode:
		if n.Value == "$env" {
			g.refuse(n, "unknown name $env; there are %s", names)
		}
	case *ast.VariableDeclaratorNode, *ast.SequenceNode:
		g.refuse(n, "a rule is one expression, without let and without ;")
	case *ast.CallNode:
		name := "a method"
		if callee, ok := n.Callee.(*ast.IdentifierNode); ok {
			name = callee.Value
		}
		g.noFunction(n, name)
	case *ast.BinaryNode:
		g.binary(n)
	case *ast.BuiltinNode:
		if !slices.Contains(functions(), n.Name) { // the parser knows loops that are not enabled
			g.noFunction(n, n.Name)
		}
		g.loop(n)
	}
}

func (g *guard) noFunction(node ast.Node, name string) {
	g.refuse(node, "%s cannot be called; there are the functions %s", name, strings.Join(functions(), ", "))
}

// maxSpan is how many numbers a range may have that is searched one by one.
const maxSpan = 1000

func (g *guard) binary(n *ast.BinaryNode) {
	switch n.Operator {
	case "..":
		g.ranges[n] = true
	case "in":
		r, ok := n.Right.(*ast.BinaryNode)
		if !ok || r.Operator != ".." {
			return
		}
		delete(g.ranges, r)
		from, ok := r.Left.(*ast.IntegerNode)
		to, also := r.Right.(*ast.IntegerNode)
		if _, plain := n.Left.(*ast.IdentifierNode); !ok || !also || !plain && to.Value-from.Value > maxSpan {
			g.refuse(r, "a range goes from one number to another, as in shard in 0..63; of a field in d, at most %d", maxSpan)
		}
	case "+":
		if kindIs(n.Left, reflect.String) || kindIs(n.Right, reflect.String) {
			g.refuse(n, "only numbers can be added; to look at two texts, ask for each")
		}
	case "matches":
		if _, ok := n.Right.(*ast.StringNode); !ok {
			g.refuse(n.Right, `what is matched must be written in quotes, as in d.content matches "^!"`)
		}
	}
}

func kindIs(node ast.Node, kind reflect.Kind) bool {
	t := node.Type()
	return t != nil && t.Kind() == kind
}

// maxLoops is how many loops can stand in each other.
const maxLoops = 3

// loop counts the loops within a loop.
func (g *guard) loop(n *ast.BuiltinNode) {
	within := loopsIn{of: g.loops}
	for _, arg := range n.Arguments {
		if body, ok := arg.(*ast.PredicateNode); ok {
			g.loops[n] = 1
			ast.Walk(&body.Node, &within)
		}
	}
	if g.loops[n] += within.most; g.loops[n] > maxLoops {
		g.refuse(n, "at most %d loops can stand in each other", maxLoops)
	}
}

// loopsIn finds the loops in a part of an expression.
type loopsIn struct {
	of   map[ast.Node]int
	most int
}

// Visit implements [ast.Visitor].
func (v *loopsIn) Visit(node *ast.Node) { v.most = max(v.most, v.of[*node]) }
