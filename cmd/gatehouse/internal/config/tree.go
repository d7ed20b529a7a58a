package config

import (
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
)

// tree is a file's content with the lines at which things stand.
type tree struct {
	line   int // from 1; 0 if unknown
	leaf   any // nil, string, bool, int64 or float64; of a node that is neither of the below
	fields []branch
	items  []tree
	kind   treeKind
}

// treeKind tells what a node is.
type treeKind uint8

const (
	kindLeaf treeKind = iota
	kindMap
	kindList
)

// branch is one key of a map.
type branch struct {
	name string
	line int
	tree tree
}

// empty reports whether a node says nothing: a key without a value is as good
// as no key.
func (t tree) empty() bool { return t.kind == kindLeaf && t.leaf == nil }

// value is the node without lines.
func (t tree) value() any {
	switch t.kind {
	case kindMap:
		m := make(map[string]any, len(t.fields))
		for _, f := range t.fields {
			m[f.name] = f.tree.value()
		}
		return m
	case kindList:
		list := make([]any, len(t.items))
		for i, item := range t.items {
			list[i] = item.value()
		}
		return list
	default:
		return t.leaf
	}
}

// treeOf makes a tree without lines of what a TOML or JSON decoder gives.
func treeOf(v any) tree {
	switch v := v.(type) {
	case map[string]any:
		t := tree{kind: kindMap}
		for _, name := range slices.Sorted(maps.Keys(v)) {
			t.fields = append(t.fields, branch{name: name, tree: treeOf(v[name])})
		}
		return t
	case []any:
		t := tree{kind: kindList}
		for _, item := range v {
			t.items = append(t.items, treeOf(item))
		}
		return t
	default:
		return tree{leaf: leafOf(v)}
	}
}

// leafOf brings the numbers of the decoders to int64 and float64.
func leafOf(v any) any {
	switch v := v.(type) {
	case nil, string, bool, int64, float64:
		return v
	case int:
		return int64(v)
	case json.Number:
		if n, err := v.Int64(); err == nil {
			return n
		}
		if f, err := v.Float64(); err == nil && strings.ContainsAny(v.String(), ".eE") {
			return f
		}
	case uint64:
		if v <= math.MaxInt64 {
			return int64(v)
		}
	}
	return fmt.Sprint(v)
}
