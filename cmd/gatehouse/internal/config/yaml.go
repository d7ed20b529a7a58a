package config

import (
	"fmt"

	"go.yaml.in/yaml/v3"
)

// Bounds of a YAML file after its aliases have been followed: a file of a few
// lines can stand for billions of nodes.
const (
	maxNodes = 20000
	maxDepth = 32
)

// yamlWalk copies YAML nodes into a tree and keeps the first error.
type yamlWalk struct {
	name string
	left int
	err  error
}

func (w *yamlWalk) fail(line int, what, hint string) tree {
	if w.err == nil {
		w.err = fileProblem(w.name, line, what, hint)
	}
	return tree{}
}

func (w *yamlWalk) node(n *yaml.Node, depth int) tree {
	w.left--
	if w.err != nil {
		return tree{}
	}
	if w.left < 0 || depth > maxDepth {
		return w.fail(n.Line, "too large or too deeply nested", "")
	}
	switch n.Kind {
	case yaml.DocumentNode:
		return w.node(n.Content[0], depth+1)
	case yaml.AliasNode:
		t := w.node(n.Alias, depth+1)
		t.line = n.Line
		return t
	case yaml.MappingNode:
		return w.mapping(n, depth)
	case yaml.SequenceNode:
		t := tree{kind: kindList, line: n.Line}
		for _, item := range n.Content {
			t.items = append(t.items, w.node(item, depth+1))
		}
		return t
	default:
		return w.scalar(n)
	}
}

func (w *yamlWalk) mapping(n *yaml.Node, depth int) tree {
	t := tree{kind: kindMap, line: n.Line}
	seen := map[string]int{}
	for i := 0; i+1 < len(n.Content) && w.err == nil; i += 2 {
		name := n.Content[i]
		if name.Kind != yaml.ScalarNode {
			return w.fail(name.Line, "a key is not a word", "")
		}
		if name.Tag == "!!merge" {
			return w.fail(name.Line, "merge keys (<<) are not supported", "write the keys out")
		}
		if first, twice := seen[name.Value]; twice {
			return w.fail(name.Line, fmt.Sprintf("%s is given twice, first in line %d", quote(name.Value), first), "remove one of them")
		}
		seen[name.Value] = name.Line
		t.fields = append(t.fields, branch{name: name.Value, line: name.Line, tree: w.node(n.Content[i+1], depth+1)})
	}
	return t
}

// scalar decodes a value. What YAML takes for a date stays the text it is.
func (w *yamlWalk) scalar(n *yaml.Node) tree {
	t := tree{line: n.Line, leaf: n.Value}
	switch n.Tag {
	case "!!null":
		t.leaf = nil
	case "!!bool", "!!int", "!!float":
		var v any
		if err := n.Decode(&v); err == nil {
			t.leaf = leafOf(v)
		}
	}
	return t
}
